//! What was begun and is not answered yet: enrolments, and appraisals of logs.

use std::{
	collections::HashMap,
	sync::{Mutex, PoisonError},
	time::{Duration, Instant},
};
use zeroize::Zeroizing;

/// Length of a name in bytes. It is random, so that nobody can answer for somebody else.
pub(super) const ID_LENGTH: usize = 16;

/// Names what was begun.
pub(super) type PendingId = [u8; ID_LENGTH];

/// What is to be answered.
pub(super) struct Enrolment {
	pub device: [u8; 32],
	pub attestation_key: Vec<u8>,
	pub secret: Zeroizing<[u8; 32]>,
}

/// What is open, of bounded number, each for a bounded time.
pub(super) struct Pending<T> {
	open: Mutex<HashMap<PendingId, (Instant, T)>>,
	capacity: usize,
	patience: Duration,
}

/// There are as many open as there may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl<T> Pending<T> {
	pub fn new(capacity: usize, patience: Duration) -> Self {
		Self { open: Mutex::default(), capacity, patience }
	}

	/// Begins something.
	pub fn open(&self, begun: T, now: Instant) -> Result<PendingId, Full> {
		let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
		if open.len() >= self.capacity {
			open.retain(|_, (since, _)| now.duration_since(*since) < self.patience);
		}
		if open.len() >= self.capacity {
			return Err(Full);
		}
		let id = rand::random();
		open.insert(id, (now, begun));
		Ok(id)
	}

	/// Ends it: there is one answer to each.
	pub fn take(&self, id: &PendingId, now: Instant) -> Option<T> {
		let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
		let (since, begun) = open.remove(id)?;
		(now.duration_since(since) < self.patience).then_some(begun)
	}
}

/// Reads a name as it stands in paths.
pub(super) fn parse_id(text: &str) -> Option<PendingId> {
	let mut id = [0; ID_LENGTH];
	hex::decode_to_slice(text.strip_prefix("0x")?, &mut id).ok()?;
	Some(id)
}

#[cfg(test)]
mod tests {
	use super::*;

	const PATIENCE: Duration = Duration::from_secs(10);

	fn enrolment() -> Enrolment {
		Enrolment { device: [1; 32], attestation_key: vec![2], secret: Zeroizing::new([3; 32]) }
	}

	#[test]
	fn an_enrolment_is_answered_once_and_in_time() {
		let pending = Pending::new(4, PATIENCE);
		let begun = Instant::now();
		let id = pending.open(enrolment(), begun).unwrap();
		assert!(pending.take(&[0; ID_LENGTH], begun).is_none());
		assert!(pending.take(&id, begun).is_some());
		assert!(pending.take(&id, begun).is_none());
		let late = pending.open(enrolment(), begun).unwrap();
		assert!(pending.take(&late, begun + PATIENCE).is_none());
	}

	#[test]
	fn the_expired_make_place_when_all_places_are_taken() {
		let pending = Pending::new(2, PATIENCE);
		let begun = Instant::now();
		pending.open(enrolment(), begun).unwrap();
		pending.open(enrolment(), begun + PATIENCE / 2).unwrap();
		assert_eq!(pending.open(enrolment(), begun + PATIENCE / 2), Err(Full));
		assert!(pending.open(enrolment(), begun + PATIENCE).is_ok());
		assert_eq!(pending.open(enrolment(), begun + PATIENCE), Err(Full));
	}
}
