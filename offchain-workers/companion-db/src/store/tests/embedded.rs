//! What is particular to the redb file.

use super::*;
use redb::{backends::FileBackend, Database, ReadableTable, StorageBackend, TableDefinition};
use std::{
	io,
	sync::atomic::{AtomicU64, Ordering},
};

/// The file as a kill at any moment leaves it: the store is never closed.
#[test]
fn a_copy_of_the_open_file_opens_with_everything_published() {
	let place = Directory::new();
	let store = place.open();
	for batch in 0..5 {
		put(&store, &frame(batch, 1), 0).unwrap();
		let copy = Directory::new();
		std::fs::copy(place.0.path().join("batches.redb"), copy.0.path().join("batches.redb"))
			.unwrap();
		let restored = copy.open();
		for batch in 0..=batch {
			assert_eq!(read(&restored, batch), Some(frame(batch, 1)));
		}
	}
}

/// A disk that has room for so many bytes.
#[derive(Debug)]
struct SmallDisk {
	file: FileBackend,
	room: Arc<AtomicU64>,
}

impl SmallDisk {
	fn check(&self, end: u64) -> Result<(), io::Error> {
		if end <= self.room.load(Ordering::SeqCst) {
			Ok(())
		} else {
			Err(io::ErrorKind::StorageFull.into())
		}
	}
}

impl StorageBackend for SmallDisk {
	fn len(&self) -> Result<u64, io::Error> {
		self.file.len()
	}

	fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
		self.file.read(offset, out)
	}

	fn set_len(&self, len: u64) -> Result<(), io::Error> {
		self.check(len)?;
		self.file.set_len(len)
	}

	fn sync_data(&self) -> Result<(), io::Error> {
		self.file.sync_data()
	}

	fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
		self.check(offset + data.len() as u64)?;
		self.file.write(offset, data)
	}

	fn close(&self) -> Result<(), io::Error> {
		self.file.close()
	}
}

/// Fault: writes to the redb file fail because there is no room
/// Promise: the upload is refused, nothing of it is there, what is there can be read, and writing
/// goes on when there is room
#[test]
fn a_full_disk_stores_nothing_by_halves_and_is_survived() {
	let directory = tempfile::tempdir().unwrap();
	let path = directory.path().join("batches.redb");
	let room = Arc::new(AtomicU64::new(u64::MAX));
	let opener = {
		let room = room.clone();
		move || {
			let file = std::fs::File::options()
				.read(true)
				.write(true)
				.create(true)
				.truncate(false)
				.open(&path)?;
			let disk = SmallDisk { file: FileBackend::new(file)?, room: room.clone() };
			Database::builder().create_with_backend(disk)
		}
	};
	let store = Store::with_opener(Box::new(opener), directory.path()).unwrap();
	put(&store, &frame(0, 1), 0).unwrap();
	let used = std::fs::metadata(directory.path().join("batches.redb")).unwrap().len();
	room.store(used, Ordering::SeqCst);
	let fault = (1..2000).find_map(|batch| put(&store, &frame(batch, 1), 0).err()).unwrap();
	assert!(matches!(fault, StoreFault::Full), "{fault}");

	assert_eq!(read(&store, 0), Some(frame(0, 1)));
	room.store(u64::MAX, Ordering::SeqCst);
	put(&store, &frame(5000, 1), 0).unwrap();
	assert_eq!(read(&store, 5000), Some(frame(5000, 1)));
}

/// Fault: records of two batches change places in the redb file
/// Promise: reading them is answered with 500 `damaged`, and scrub names both
#[test]
fn a_record_in_the_place_of_another_is_damaged() {
	const BATCHES: TableDefinition<(&[u8; 32], u32), &[u8]> = TableDefinition::new("batches");
	let place = Directory::new();
	{
		let store = place.open();
		for batch in 0..3 {
			put(&store, &frame(batch, 1), 0).unwrap();
		}
	}
	let database = Database::open(place.0.path().join("batches.redb")).unwrap();
	let write = database.begin_write().unwrap();
	{
		let mut batches = write.open_table(BATCHES).unwrap();
		let [first, second] =
			[0, 1].map(|batch| batches.get((&DATASET, batch)).unwrap().unwrap().value().to_vec());
		batches.insert((&DATASET, 0), second.as_slice()).unwrap();
		batches.insert((&DATASET, 1), first.as_slice()).unwrap();
	}
	write.commit().unwrap();
	drop(database);

	let store = place.open();
	assert_eq!(store.batch(&DATASET, 0), Err(StoreFault::DamagedBatch(0)));
	assert_eq!(store.list(&DATASET, 1, 3, 10), Err(StoreFault::DamagedBatch(1)));
	assert_eq!(read(&store, 2), Some(frame(2, 1)));
	let report = crate::scrub::scrub(&store, |_| ()).unwrap();
	let found: Vec<_> = report.damage.iter().map(|damage| (damage.batch, damage.what)).collect();
	let record = crate::scrub::Kind::Record;
	assert_eq!(found, [(Some(0), record), (Some(1), record)]);
	// Nothing that is damaged keeps a data set from being erased.
	store.erase(&DATASET).unwrap();
	assert_eq!(store.datasets().unwrap(), [[0; 32]; 0]);
}

/// Fault: the redb file is cut off
/// Promise: the store does not start and says why; it makes no new file in its place
#[test]
fn a_file_that_is_cut_off_is_not_opened() {
	let place = Directory::new();
	{
		let store = place.open();
		for batch in 0..100 {
			put(&store, &frame(batch, 1), 0).unwrap();
		}
	}
	let path = place.0.path().join("batches.redb");
	let content = std::fs::read(&path).unwrap();
	for length in [content.len() - 1, content.len() / 2, 4096, 100, 9, 0] {
		std::fs::write(&path, &content[..length]).unwrap();
		let fault = place.try_open().err();
		assert!(matches!(fault, Some(StoreFault::Disk(_))), "{length}: {fault:?}");
		assert_eq!(std::fs::read(&path).unwrap().len(), length, "it is left alone");
	}
	std::fs::write(&path, &content).unwrap();
	assert_eq!(read(&place.open(), 99), Some(frame(99, 1)));
}

#[test]
fn a_file_is_open_once() {
	let place = Directory::new();
	let store = place.open();
	assert_eq!(Store::open(place.0.path()).err(), Some(StoreFault::InUse));
	drop(store);
	place.open();
}
