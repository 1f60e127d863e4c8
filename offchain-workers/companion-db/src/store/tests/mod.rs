use super::*;
use msec_commitments::{ChunkCommitment, ChunkKey};
use msec_worker_common::{batch_frame::MAX_FRAME_LENGTH, AccountId32};
use proptest::prelude::*;
use redb::{backends::FileBackend, Database, StorageBackend};
use std::{
	collections::BTreeMap,
	io,
	sync::atomic::{AtomicU64, Ordering},
};
use tempfile::TempDir;

const DATASET: Hash = [7; 32];
const OTHER: Hash = [8; 32];

fn sealed(size: usize, seed: u8) -> (ChunkCommitment, Vec<u8>) {
	ChunkKey::from_bytes([seed; 32]).seal(&vec![seed; size]).unwrap()
}

fn frame(batch: u32, seed: u8) -> Frame {
	Frame::new(batch, &[sealed(100, seed), sealed(4000, seed.wrapping_add(1))]).unwrap()
}

fn open(directory: &TempDir) -> Store {
	Store::open(directory.path()).unwrap()
}

fn put(store: &Store, frame: &Frame, on_chain: u32) -> Result<Stored, StoreFault> {
	let staged = store.stage(frame)?;
	match store.publish(&DATASET, &[staged], on_chain, u64::MAX) {
		Ok(stored) => Ok(stored[0]),
		Err(fault) => {
			store.discard(&[staged])?;
			Err(fault)
		},
	}
}

#[test]
fn keys_are_kept_for_a_bounded_number_of_recipients() {
	let directory = tempfile::tempdir().unwrap();
	let store = open(&directory);
	let put = |number: u16| {
		let mut account = [0; 32];
		account[..2].copy_from_slice(&number.to_le_bytes());
		store.put_key(&DATASET, &AccountId32(account), b"wrapped")
	};
	(0..256).for_each(|number| put(number).unwrap());
	assert!(matches!(put(256), Err(StoreFault::TooManyRecipients(256))));
	put(255).unwrap();
}

fn read(store: &Store, batch: u32) -> Option<Frame> {
	let stored = store.batch(&DATASET, batch).unwrap()?;
	let parts: Vec<_> = (0..stored.segments())
		.map(|index| store.segment(&stored, index).unwrap().unwrap())
		.collect();
	Some(Frame::decode(parts.concat().into()).unwrap())
}

fn segments_kept(store: &Store) -> usize {
	store.slot.with(batches::count_segments).unwrap()
}

#[test]
fn what_was_published_is_there_after_a_restart_and_what_was_staged_is_gone() {
	let directory = tempfile::tempdir().unwrap();
	{
		let store = open(&directory);
		put(&store, &frame(0, 1), 0).unwrap();
		store.stage(&frame(1, 2)).unwrap();
		assert_eq!(read(&store, 1), None);
		assert_eq!(segments_kept(&store), 2);
	}
	let store = open(&directory);
	assert_eq!(read(&store, 0), Some(frame(0, 1)));
	assert_eq!(read(&store, 1), None);
	assert_eq!(segments_kept(&store), 1);
}

/// The file as a kill at any moment leaves it: the store is never closed.
#[test]
fn a_copy_of_the_open_file_opens_with_everything_published() {
	let directory = tempfile::tempdir().unwrap();
	let store = open(&directory);
	for batch in 0..5 {
		put(&store, &frame(batch, 1), 0).unwrap();
		let copy = tempfile::tempdir().unwrap();
		std::fs::copy(directory.path().join("batches.redb"), copy.path().join("batches.redb"))
			.unwrap();
		let restored = open(&copy);
		for batch in 0..=batch {
			assert_eq!(read(&restored, batch), Some(frame(batch, 1)));
		}
	}
}

#[test]
fn the_same_batch_again_changes_nothing() {
	let directory = tempfile::tempdir().unwrap();
	let store = open(&directory);
	let first = put(&store, &frame(0, 1), 0).unwrap();
	assert_eq!(put(&store, &frame(0, 1), 1).unwrap(), first);
	assert_eq!(segments_kept(&store), 1);
	assert_eq!(store.totals(&DATASET).unwrap().batches, 1);
}

#[test]
fn a_batch_is_replaced_until_the_chain_has_it() {
	let directory = tempfile::tempdir().unwrap();
	let store = open(&directory);
	put(&store, &frame(0, 1), 0).unwrap();
	put(&store, &frame(0, 2), 0).unwrap();
	assert_eq!(read(&store, 0), Some(frame(0, 2)));
	assert!(matches!(put(&store, &frame(0, 3), 1), Err(StoreFault::Conflict(0))));
	assert_eq!(read(&store, 0), Some(frame(0, 2)));
	assert_eq!(segments_kept(&store), 1);
	let bytes = frame(0, 2).bytes().len() as u64;
	assert_eq!(store.totals(&DATASET).unwrap(), Totals { batches: 1, bytes });
}

#[test]
fn a_conflict_keeps_the_whole_upload_out() {
	let directory = tempfile::tempdir().unwrap();
	let store = open(&directory);
	put(&store, &frame(0, 1), 0).unwrap();
	let staged = [store.stage(&frame(1, 1)).unwrap(), store.stage(&frame(0, 9)).unwrap()];
	assert!(matches!(store.publish(&DATASET, &staged, 1, u64::MAX), Err(StoreFault::Conflict(0))));
	store.discard(&staged).unwrap();
	assert_eq!(read(&store, 1), None);
	assert_eq!(segments_kept(&store), 1);
}

#[test]
fn discarding_what_was_published_does_no_harm() {
	let directory = tempfile::tempdir().unwrap();
	let store = open(&directory);
	let staged = store.stage(&frame(0, 1)).unwrap();
	store.publish(&DATASET, &[staged], 0, u64::MAX).unwrap();
	store.discard(&[staged]).unwrap();
	assert_eq!(read(&store, 0), Some(frame(0, 1)));
}

#[test]
fn the_largest_batch_is_read_in_small_parts() {
	let directory = tempfile::tempdir().unwrap();
	let store = open(&directory);
	let largest = Frame::new(3, &vec![sealed(4096, 1); 1024]).unwrap();
	assert_eq!(largest.bytes().len(), MAX_FRAME_LENGTH);
	let stored = put(&store, &largest, 0).unwrap();
	assert!(store.segment(&stored, 0).unwrap().unwrap().len() <= 64 * 1024);
	assert_eq!(read(&store, 3), Some(largest));
}

#[test]
fn a_page_has_bounds() {
	let directory = tempfile::tempdir().unwrap();
	let store = open(&directory);
	for batch in 0..10 {
		put(&store, &frame(batch, 1), 0).unwrap();
	}
	let batches = |from, to, limit| -> Vec<u32> {
		let page = store.list(&DATASET, from, to, limit).unwrap();
		page.iter().map(|stored| stored.batch).collect()
	};
	assert_eq!(batches(2, 5, 100), [2, 3, 4]);
	assert_eq!(batches(8, u32::MAX, 100), [8, 9]);
	assert_eq!(batches(0, 10, 3), [0, 1, 2]);
	assert_eq!(batches(5, 5, 100), [0; 0]);
	assert_eq!(batches(5, 2, 100), [0; 0]);
	assert_eq!(store.last(&DATASET).unwrap().unwrap().batch, 9);
	assert!(store.list(&OTHER, 0, u32::MAX, 100).unwrap().is_empty());
}

#[test]
fn erasing_destroys_one_data_set_and_spares_the_others() {
	let directory = tempfile::tempdir().unwrap();
	let store = open(&directory);
	for batch in (0..130).chain([u32::MAX]) {
		put(&store, &frame(batch, 1), 0).unwrap();
	}
	let staged = store.stage(&frame(0, 1)).unwrap();
	store.publish(&OTHER, &[staged], 0, u64::MAX).unwrap();
	let recipient = AccountId32([1; 32]);
	store.put_key(&DATASET, &recipient, b"old key").unwrap();
	store.put_key(&DATASET, &recipient, b"key").unwrap();
	store.put_key(&OTHER, &recipient, b"other key").unwrap();
	assert_eq!(store.key(&DATASET, &recipient).unwrap().unwrap(), b"key");
	assert_eq!(store.datasets().unwrap(), [DATASET, OTHER]);

	store.erase(&DATASET).unwrap();
	assert_eq!(store.datasets().unwrap(), [OTHER]);
	assert_eq!(store.key(&DATASET, &recipient).unwrap(), None);
	assert_eq!(store.last(&DATASET).unwrap(), None);
	assert_eq!(store.totals(&DATASET).unwrap(), Totals::default());
	assert_eq!(segments_kept(&store), 1);
	assert_eq!(store.key(&OTHER, &recipient).unwrap().unwrap(), b"other key");
	store.erase(&DATASET).unwrap();
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

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	#[test]
	fn the_store_is_a_map(steps in proptest::collection::vec((0u32..4, 0u8..3, 0u32..4, any::<bool>()), 1..20)) {
		let directory = tempfile::tempdir().unwrap();
		let mut store = open(&directory);
		let mut expected: BTreeMap<u32, Frame> = BTreeMap::new();
		for (batch, seed, on_chain, restart) in steps {
			let frame = frame(batch, seed);
			let conflict = batch < on_chain
				&& expected.get(&batch).is_some_and(|present| *present != frame);
			match put(&store, &frame, on_chain) {
				Ok(_) => prop_assert!(!conflict),
				Err(StoreFault::Conflict(at)) => prop_assert!(conflict && at == batch),
				Err(fault) => prop_assert!(false, "{}", fault),
			}
			if !conflict {
				expected.insert(batch, frame);
			}
			if restart {
				drop(store);
				store = open(&directory);
			}
			for batch in 0..4 {
				prop_assert_eq!(read(&store, batch), expected.get(&batch).cloned());
			}
			let bytes = expected.values().map(|frame| frame.bytes().len() as u64).sum();
			let totals = Totals { batches: expected.len() as u64, bytes };
			prop_assert_eq!(store.totals(&DATASET).unwrap(), totals);
			prop_assert_eq!(segments_kept(&store), expected.len());
		}
	}
}
