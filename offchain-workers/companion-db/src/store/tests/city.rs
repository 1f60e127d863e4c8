//! What is particular to PostgreSQL with objects.

use super::{
	servers::{Postgres, RUNTIME},
	*,
};
use std::{
	sync::atomic::{AtomicBool, AtomicU32, Ordering},
	time::{Duration, Instant},
};

#[test]
fn two_processes_never_write_at_the_same_time() {
	let place = CityPlace::with_folder();
	let store = place.open();
	put(&store, &frame(0, 1), 0).unwrap();
	let second = Store::connect(&place.settings, RUNTIME.handle().clone());
	assert_eq!(second.err(), Some(StoreFault::InUse));
	let reader = Store::connect_to_read(&place.settings, RUNTIME.handle().clone()).unwrap();
	assert_eq!(read(&reader, 0), Some(frame(0, 1)));
	drop(store);
	place.open();
}

#[test]
fn what_another_program_made_is_left_alone() {
	let place = CityPlace::with_folder();
	drop(place.open());
	place.execute("update companion_db.format set version = 2");
	let opened = Store::connect(&place.settings, RUNTIME.handle().clone());
	let Some(StoreFault::Configuration(reason)) = opened.err() else {
		panic!("another format is refused");
	};
	assert!(reason.contains("format 2"), "{reason}");
}

#[test]
fn a_wrong_password_is_told_at_the_start() {
	let mut place = CityPlace::with_folder();
	let directory = tempfile::tempdir().unwrap();
	let file = directory.path().join("password");
	msec_worker_common::keys::write_secret(&file, b"wrong").unwrap();
	place.settings.postgres_password_file = Some(file);
	let fault = Store::connect(&place.settings, RUNTIME.handle().clone()).err().unwrap();
	assert!(fault.to_string().contains("password authentication failed"), "{fault}");
}

/// Fault: PostgreSQL crashes and recovers while uploads go on
/// Promise: uploads that cannot be completed are answered with 503; what was acknowledged is there,
/// nothing by halves, and nothing stays that nobody sees
#[test]
fn a_crash_of_postgresql_loses_nothing() {
	let postgres = Postgres::start();
	let place = CityPlace::on(&postgres);
	let store = place.open();
	let (ended, acknowledged) = (AtomicBool::new(false), AtomicU32::new(0));
	thread::scope(|scope| {
		scope.spawn(|| {
			while !ended.load(Ordering::SeqCst) {
				let batch = acknowledged.load(Ordering::SeqCst) * 2;
				if upload_two(&store, batch) {
					acknowledged.fetch_add(1, Ordering::SeqCst);
				}
			}
		});
		for _ in 0..repetitions(3, 30) {
			let before = acknowledged.load(Ordering::SeqCst);
			wait_until(|| acknowledged.load(Ordering::SeqCst) > before + 5);
			postgres.crash();
		}
		let before = acknowledged.load(Ordering::SeqCst);
		wait_until(|| acknowledged.load(Ordering::SeqCst) > before + 5);
		ended.store(true, Ordering::SeqCst);
	});
	drop(store);

	let store = place.open();
	let expected = acknowledged.load(Ordering::SeqCst) * 2;
	let bytes = u64::from(expected) * frame(0, 1).bytes().len() as u64;
	assert_eq!(store.totals(&DATASET).unwrap(), Totals { batches: expected.into(), bytes });
	assert_eq!(segments_kept(&store), expected as usize);
	for batch in 0..expected {
		assert_eq!(read(&store, batch), Some(frame(batch, 1)));
	}
}

/// Whether two batches were acknowledged; both are visible then, else both or none.
fn upload_two(store: &Store, batch: u32) -> bool {
	let staged = [batch, batch + 1].map(|batch| store.stage(&frame(batch, 1)));
	let [Ok(first), Ok(second)] = staged else {
		return false;
	};
	match store.publish(&DATASET, &[first, second], 0, u64::MAX) {
		Ok(_) => true,
		Err(fault) => {
			assert!(matches!(fault, StoreFault::Unreachable(_)), "{fault}");
			// What cannot be removed now is removed at the next start.
			let _ = store.discard(&[first, second]);
			false
		},
	}
}

fn wait_until(is_so: impl Fn() -> bool) {
	let deadline = Instant::now() + Duration::from_secs(60);
	while !is_so() {
		assert!(Instant::now() < deadline);
		thread::sleep(Duration::from_millis(5));
	}
}
