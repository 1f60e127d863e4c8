//! What is damaged on disk is found, named, and never handed out.

use super::*;
use crate::scrub::{scrub, Damage, Kind};
use std::{fs, path::Path};

/// Where some bytes are in the files of a folder, with old copies that nothing refers to any more.
fn find(folder: &Path, bytes: &[u8]) -> Vec<(PathBuf, usize)> {
	let mut found = Vec::new();
	for entry in fs::read_dir(folder).unwrap() {
		let path = entry.unwrap().path();
		if path.is_dir() {
			found.extend(find(&path, bytes));
		} else {
			let content = fs::read(&path).unwrap();
			let places = content.windows(bytes.len()).enumerate();
			found.extend(
				places
					.filter(|(_, window)| *window == bytes)
					.map(|(offset, _)| (path.clone(), offset)),
			);
		}
	}
	found
}

/// Replaces `length` bytes.
fn overwrite(places: &[(PathBuf, usize)], bytes: &[u8]) {
	assert!(!places.is_empty());
	for (path, offset) in places {
		let mut content = fs::read(path).unwrap();
		content[*offset..offset + bytes.len()].copy_from_slice(bytes);
		fs::write(path, content).unwrap();
	}
}

/// A store with three batches, and one of another data set.
fn fill(place: &dyn Place) {
	let store = place.open();
	for batch in 0..3 {
		put(&store, &frame(batch, batch as u8 * 10 + 1), 0).unwrap();
	}
	let staged = store.stage(&frame(0, 100)).unwrap();
	store.publish(&OTHER, &[staged], 0, u64::MAX).unwrap();
	assert_eq!(scrub(&store, |_| ()).unwrap().damaged, 0);
}

/// Batch 1 as it was written.
fn written() -> Frame {
	frame(1, 11)
}

fn expect_damage(place: &dyn Place) {
	let store = place.open();
	let stored = store.batch(&DATASET, 1).unwrap().unwrap();
	assert_eq!(store.segment(&stored, 0), Err(StoreFault::DamagedBatch(1)));
	assert_eq!(store.frame(&stored), Err(StoreFault::DamagedBatch(1)));
	assert_eq!(read(&store, 0), Some(frame(0, 1)));
	assert_eq!(read(&store, 2), Some(frame(2, 21)));

	let report = scrub(&store, |_| ()).unwrap();
	assert_eq!((report.datasets, report.batches, report.damaged), (2, 4, 1));
	let dataset = format!("0x{}", hex::encode(DATASET));
	assert_eq!(report.damage, [Damage { dataset, batch: Some(1), what: Kind::Frame }]);

	// Uploading it again does not help, because it is there; repairing does.
	put(&store, &written(), 2).unwrap();
	assert!(store.frame(&store.batch(&DATASET, 1).unwrap().unwrap()).is_err());
	let staged = [store.stage(&written()).unwrap()];
	store.repair(&DATASET, &staged, u64::MAX).unwrap();
	assert_eq!(read(&store, 1), Some(written()));
	assert_eq!(scrub(&store, |_| ()).unwrap().damaged, 0);
}

/// Fault: a bit of a frame flips on disk, on either engine
/// Promise: reading it is answered with 500 `damaged`, scrub names the batch, other batches are
/// served, and a repair replaces it
fn a_flipped_bit(place: &dyn Place) {
	fill(place);
	let bytes = &written().bytes()[1000..1064].to_vec();
	let mut flipped = bytes.clone();
	flipped[32] ^= 4;
	overwrite(&find(&place.files(), bytes), &flipped);
	expect_damage(place);
}

/// Fault: the end of a frame was never written, on either engine
/// Promise: as with a flipped bit
fn an_end_that_was_never_written(place: &dyn Place) {
	fill(place);
	let frame = written();
	let end = frame.bytes()[frame.bytes().len() - 64..].to_vec();
	overwrite(&find(&place.files(), &end), &[0; 64]);
	expect_damage(place);
}

/// Fault: two frames change places on disk, with their checksums, on either engine
/// Promise: neither is handed out for the other, and scrub names both
fn two_frames_that_changed_places(place: &dyn Place) {
	fill(place);
	let checksum = 16;
	let with_checksum = |frame: &Frame| {
		let places = find(&place.files(), frame.bytes());
		let begins: Vec<_> =
			places.into_iter().map(|(path, offset)| (path, offset - checksum)).collect();
		let (path, begin) = begins.last().unwrap().clone();
		let content = fs::read(path).unwrap();
		(begins, content[begin..begin + checksum + frame.bytes().len()].to_vec())
	};
	let (first_places, first) = with_checksum(&written());
	let (second_places, second) = with_checksum(&frame(0, 100));
	overwrite(&first_places, &second);
	overwrite(&second_places, &first);

	let store = place.open();
	let stored = store.batch(&DATASET, 1).unwrap().unwrap();
	assert_eq!(store.segment(&stored, 0), Err(StoreFault::DamagedBatch(1)));
	let stored = store.batch(&OTHER, 0).unwrap().unwrap();
	assert_eq!(store.segment(&stored, 0), Err(StoreFault::DamagedBatch(0)));
	assert_eq!(scrub(&store, |_| ()).unwrap().damaged, 2);
}

macro_rules! in_files {
	($($test:ident),* $(,)?) => {
		mod redb_file {
			$(
				#[test]
				fn $test() {
					super::$test(&super::Directory::new());
				}
			)*
		}

		mod postgresql_and_folder {
			$(
				#[test]
				fn $test() {
					super::$test(&super::CityPlace::with_folder());
				}
			)*
		}
	};
}

in_files![a_flipped_bit, an_end_that_was_never_written, two_frames_that_changed_places];

/// Fault: an object is cut off or gone
/// Promise: as with a flipped bit
#[test]
fn an_object_that_is_cut_off_or_gone_is_damaged() {
	let place = CityPlace::with_folder();
	fill(&place);
	let object = find(&place.files(), written().bytes()).pop().unwrap().0;
	let content = fs::read(&object).unwrap();
	for length in [content.len() - 1, 10, 0] {
		fs::write(&object, &content[..length]).unwrap();
		let store = place.open();
		let stored = store.batch(&DATASET, 1).unwrap().unwrap();
		assert_eq!(store.frame(&stored), Err(StoreFault::DamagedBatch(1)), "{length}");
	}
	fs::remove_file(&object).unwrap();
	expect_damage(&place);
}

/// Fault: somebody changes records in PostgreSQL
/// Promise: reading the batch is answered with 500 `damaged`, and scrub names the record, or the
/// data set whose counts are wrong
#[test]
fn a_record_that_postgresql_has_otherwise_is_damaged() {
	let place = CityPlace::with_folder();
	fill(&place);
	place.execute("update companion_db.batches set chunks = 1 where batch = 1");
	let store = place.open();
	assert_eq!(store.batch(&DATASET, 1), Err(StoreFault::DamagedBatch(1)));
	assert_eq!(store.list(&DATASET, 0, 9, 9), Err(StoreFault::DamagedBatch(1)));
	let report = scrub(&store, |_| ()).unwrap();
	assert_eq!((report.batches, report.damaged, report.damage[0].what), (3, 1, Kind::Record));
	let staged = [store.stage(&written()).unwrap()];
	store.repair(&DATASET, &staged, u64::MAX).unwrap();
	assert_eq!(scrub(&store, |_| ()).unwrap().damaged, 0);
	drop(store);

	place.execute("update companion_db.datasets set bytes = bytes + 1 where batches = 3");
	let report = scrub(&place.open(), |_| ()).unwrap();
	assert_eq!((report.damaged, report.damage[0].what), (1, Kind::Totals));
}
