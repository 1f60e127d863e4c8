//! Moving from the redb file to PostgreSQL and objects.

use super::{servers::RUNTIME, *};
use std::cell::Cell;

const THIRD: Hash = [9; 32];
const RECIPIENT: AccountId32 = AccountId32([1; 32]);

/// A store in a directory with batches of two data sets and keys of two.
fn fill(directory: &Directory) {
	let store = directory.open();
	for batch in 0..70 {
		put(&store, &frame(batch, 1), 0).unwrap();
	}
	let staged = store.stage(&frame(0, 2)).unwrap();
	store.publish(&OTHER, &[staged], 0, u64::MAX).unwrap();
	store.assign(&DATASET, &RECIPIENT).unwrap();
	store.put_key(&DATASET, &RECIPIENT, b"key").unwrap();
	store.put_key(&THIRD, &RECIPIENT, b"third key").unwrap();
}

fn begin(directory: &Directory, place: &CityPlace) -> (Store, Migration) {
	Migration::new(directory.0.path(), place.open()).unwrap()
}

fn expect_everything(store: &Store) {
	assert_eq!(store.datasets().unwrap(), [DATASET, OTHER, THIRD]);
	for batch in 0..70 {
		assert_eq!(read(store, batch), Some(frame(batch, 1)));
	}
	let bytes = frame(0, 1).bytes().len() as u64;
	assert_eq!(store.totals(&DATASET).unwrap(), Totals { batches: 70, bytes: 70 * bytes });
	assert_eq!(store.owned_bytes(&RECIPIENT).unwrap(), 70 * bytes);
	assert_eq!(store.last(&DATASET).unwrap().unwrap().batch, 69);
	let stored = store.batch(&OTHER, 0).unwrap().unwrap();
	assert_eq!(store.frame(&stored).unwrap(), Some(frame(0, 2)));
	assert_eq!(store.key(&DATASET, &RECIPIENT).unwrap().unwrap(), b"key");
	assert_eq!(store.key(&THIRD, &RECIPIENT).unwrap().unwrap(), b"third key");
}

fn whole(migration: &Migration) -> Moved {
	migration.run(|| true, |_| ()).unwrap()
}

#[test]
fn everything_is_there_before_while_and_after_it_moves() {
	let (directory, place) = (Directory::new(), CityPlace::with_folder());
	fill(&directory);
	let (store, migration) = begin(&directory, &place);
	expect_everything(&store);
	let steps = Cell::new(0);
	let moved = migration.run(
		|| {
			expect_everything(&store);
			steps.set(steps.get() + 1);
			true
		},
		|_| (),
	);
	assert_eq!(moved.unwrap().datasets, 3);
	// Two pages of the first data set, one of each of the others.
	assert_eq!(steps.get(), 4);
	expect_everything(&store);
	assert_eq!(migration.bytes(), Ok(0));
	drop((store, migration));

	// The next start removes the file.
	remove_moved(directory.0.path()).unwrap();
	assert!(!directory.0.path().join("batches.redb").exists());
	assert_eq!(directory.0.path().join("keys").read_dir().unwrap().count(), 0);
	expect_everything(&place.open());
}

#[test]
fn it_goes_on_where_it_was_stopped() {
	let (directory, place) = (Directory::new(), CityPlace::with_folder());
	fill(&directory);
	for stop_after in 0..4 {
		let (store, migration) = begin(&directory, &place);
		let steps = Cell::new(0);
		let goes_on = || {
			steps.set(steps.get() + 1);
			steps.get() <= stop_after
		};
		migration.run(goes_on, |_| ()).unwrap();
		expect_everything(&store);
		drop((store, migration));
		let unfinished = remove_moved(directory.0.path());
		let is_refused = matches!(unfinished, Err(StoreFault::Configuration(_)));
		assert_eq!(is_refused, directory.0.path().join("batches.redb").exists());
	}
	let (store, migration) = begin(&directory, &place);
	whole(&migration);
	expect_everything(&store);
}

#[test]
fn what_is_not_moved_changes_only_by_its_erasure() {
	let (directory, place) = (Directory::new(), CityPlace::with_folder());
	fill(&directory);
	let (store, migration) = begin(&directory, &place);
	assert_eq!(put(&store, &frame(70, 1), 0), Err(StoreFault::Moving));
	assert_eq!(store.put_key(&DATASET, &RECIPIENT, b"new"), Err(StoreFault::Moving));
	let fresh = [store.stage(&frame(0, 1)).unwrap()];
	store.publish(&[10; 32], &fresh, 0, u64::MAX).unwrap();
	store.erase(&OTHER).unwrap();
	assert_eq!(store.datasets().unwrap(), [DATASET, THIRD, [10; 32]]);

	whole(&migration);
	assert_eq!(store.datasets().unwrap(), [DATASET, THIRD, [10; 32]]);
	put(&store, &frame(70, 1), 0).unwrap();
	store.put_key(&DATASET, &RECIPIENT, b"new").unwrap();
	assert_eq!(store.key(&DATASET, &RECIPIENT).unwrap().unwrap(), b"new");
	// What is erased after it moved is destroyed in the old place too.
	store.erase(&DATASET).unwrap();
	let key = directory.0.path().join("keys").join(hex::encode(DATASET));
	assert!(!key.exists());
	assert_eq!(store.datasets().unwrap(), [THIRD, [10; 32]]);
}

#[test]
fn who_reads_while_a_data_set_moves_reads_on() {
	let (directory, place) = (Directory::new(), CityPlace::with_folder());
	fill(&directory);
	let (store, migration) = begin(&directory, &place);
	let stored = store.batch(&DATASET, 5).unwrap().unwrap();
	whole(&migration);
	assert_eq!(store.frame(&stored).unwrap(), Some(frame(5, 1)));
}

#[test]
fn what_moved_is_not_served_from_the_old_place_again() {
	let (directory, place) = (Directory::new(), CityPlace::with_folder());
	fill(&directory);
	let (store, migration) = begin(&directory, &place);
	whole(&migration);
	drop((store, migration));
	let opened = Store::open(directory.0.path());
	assert!(matches!(opened.err(), Some(StoreFault::Configuration(_))));
	let reader = Store::connect_to_read(&place.settings, RUNTIME.handle().clone()).unwrap();
	expect_everything(&reader);
}
