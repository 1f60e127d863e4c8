//! Free ports on the loopback interface.

use std::{
	net::{Ipv4Addr, TcpListener},
	sync::atomic::{AtomicU32, Ordering},
};

/// Below the range from which Linux takes ports for outgoing connections.
const FIRST: u32 = 10_000;
const COUNT: u32 = 20_000;

static TAKEN: AtomicU32 = AtomicU32::new(0);

/// A port that nobody listens at, and that no other call in this process was given. Processes that run
/// at the same time begin in different places.
pub fn free() -> u16 {
	let start = std::process::id().wrapping_mul(97);
	for _ in 0..COUNT {
		let step = TAKEN.fetch_add(1, Ordering::Relaxed);
		let port = (FIRST + start.wrapping_add(step) % COUNT) as u16;
		if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
			return port;
		}
	}
	panic!("no port is free");
}

/// Two free ports in a row; gives the first.
pub fn free_pair() -> u16 {
	let mut first = free();
	loop {
		let second = free();
		if first.checked_add(1) == Some(second) {
			return first;
		}
		first = second;
	}
}
