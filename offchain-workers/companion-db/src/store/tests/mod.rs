//! The same tests for every engine, and what is particular to one.

mod city;
mod damage;
mod embedded;
mod kills;
mod migration;
mod servers;

use super::*;
use crate::erasures::Erasures;
use msec_commitments::{ChunkCommitment, ChunkKey};
use msec_worker_common::{batch_frame::MAX_FRAME_LENGTH, keys::AccountKey};
use proptest::prelude::*;
use servers::{CityPlace, RUNTIME};
use std::{collections::BTreeMap, path::PathBuf, thread};
use tempfile::TempDir;

const DATASET: Hash = [7; 32];
const OTHER: Hash = [8; 32];

/// Where a store is, to be opened again and again.
trait Place {
	fn try_open(&self) -> Result<Store, StoreFault>;

	fn open(&self) -> Store {
		self.try_open().unwrap()
	}

	/// For another process: the parts of where it is.
	fn described(&self) -> Vec<String>;

	/// Where frames are, when they are files.
	fn files(&self) -> PathBuf;
}

/// A directory with everything.
struct Directory(TempDir);

impl Directory {
	fn new() -> Self {
		Self(tempfile::tempdir().unwrap())
	}
}

impl Place for Directory {
	fn try_open(&self) -> Result<Store, StoreFault> {
		Store::open(self.0.path())
	}

	fn described(&self) -> Vec<String> {
		vec![self.0.path().to_str().unwrap().to_owned()]
	}

	fn files(&self) -> PathBuf {
		self.0.path().to_owned()
	}
}

/// The store at a place that another process described, a line for each part.
fn open_described(place: &str) -> Result<Store, StoreFault> {
	match place.lines().collect::<Vec<_>>()[..] {
		[directory] => Store::open(Path::new(directory)),
		[postgres, password_file, objects] => {
			let settings = CitySettings {
				postgres: postgres.to_owned(),
				postgres_password_file: Some(password_file.into()),
				objects: objects.to_owned(),
				ca_file: None,
			};
			Store::connect(&settings, RUNTIME.handle().clone())
		},
		_ => panic!("no place: {place:?}"),
	}
}

/// How often something is done: in the long version of the tests `long` times.
fn repetitions(short: u32, long: u32) -> u32 {
	if std::env::var_os("MSEC_TEST_FULL").is_some() {
		long
	} else {
		short
	}
}

/// Runs tests on every engine.
macro_rules! conformance {
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

		mod postgresql_and_s3 {
			$(
				#[test]
				fn $test() {
					super::$test(&super::CityPlace::with_bucket());
				}
			)*
		}
	};
}

conformance![
	a_batch_is_replaced_until_the_chain_has_it,
	a_conflict_keeps_the_whole_upload_out,
	a_data_set_has_a_quota,
	a_page_has_bounds,
	an_erasure_states_what_there_was,
	an_owner_has_the_bytes_of_all_data_sets,
	a_repair_replaces_whatever_is_there,
	data_sets_come_in_pages,
	discarding_what_was_published_does_no_harm,
	erasing_destroys_one_data_set_and_spares_the_others,
	keys_are_kept_for_a_bounded_number_of_recipients,
	the_largest_batch_is_read_in_small_parts,
	the_same_batch_again_changes_nothing,
	uploads_at_the_same_time_are_all_there,
	what_was_discarded_cannot_be_published,
	what_was_published_is_there_after_a_restart_and_what_was_staged_is_gone,
];

fn sealed(size: usize, seed: u8) -> (ChunkCommitment, Vec<u8>) {
	ChunkKey::from_bytes([seed; 32]).seal(&vec![seed; size]).unwrap()
}

fn frame(batch: u32, seed: u8) -> Frame {
	Frame::new(batch, &[sealed(100, seed), sealed(4000, seed.wrapping_add(1))]).unwrap()
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

fn read(store: &Store, batch: u32) -> Option<Frame> {
	let stored = store.batch(&DATASET, batch).unwrap()?;
	let parts: Vec<_> = (0..stored.segments())
		.map(|index| store.segment(&stored, index).unwrap().unwrap())
		.collect();
	Some(Frame::decode(parts.concat().into()).unwrap())
}

/// Segments of frames, visible or not.
fn segments_kept(store: &Store) -> usize {
	store.engine.count_segments()
}

fn keys_are_kept_for_a_bounded_number_of_recipients(place: &dyn Place) {
	let store = place.open();
	let put = |number: u16| {
		let mut account = [0; 32];
		account[..2].copy_from_slice(&number.to_le_bytes());
		store.put_key(&DATASET, &AccountId32(account), b"wrapped")
	};
	(0..256).for_each(|number| put(number).unwrap());
	assert!(matches!(put(256), Err(StoreFault::TooManyRecipients(256))));
	put(255).unwrap();
}

fn what_was_published_is_there_after_a_restart_and_what_was_staged_is_gone(place: &dyn Place) {
	{
		let store = place.open();
		put(&store, &frame(0, 1), 0).unwrap();
		store.stage(&frame(1, 2)).unwrap();
		assert_eq!(read(&store, 1), None);
		assert_eq!(segments_kept(&store), 2);
	}
	let store = place.open();
	assert_eq!(read(&store, 0), Some(frame(0, 1)));
	assert_eq!(read(&store, 1), None);
	assert_eq!(segments_kept(&store), 1);
}

fn the_same_batch_again_changes_nothing(place: &dyn Place) {
	let store = place.open();
	let first = put(&store, &frame(0, 1), 0).unwrap();
	assert_eq!(put(&store, &frame(0, 1), 1).unwrap(), first);
	assert_eq!(segments_kept(&store), 1);
	assert_eq!(store.totals(&DATASET).unwrap().batches, 1);
}

fn a_batch_is_replaced_until_the_chain_has_it(place: &dyn Place) {
	let store = place.open();
	put(&store, &frame(0, 1), 0).unwrap();
	put(&store, &frame(0, 2), 0).unwrap();
	assert_eq!(read(&store, 0), Some(frame(0, 2)));
	assert!(matches!(put(&store, &frame(0, 3), 1), Err(StoreFault::Conflict(0))));
	assert_eq!(read(&store, 0), Some(frame(0, 2)));
	assert_eq!(segments_kept(&store), 1);
	let bytes = frame(0, 2).bytes().len() as u64;
	assert_eq!(store.totals(&DATASET).unwrap(), Totals { batches: 1, bytes });
}

fn a_conflict_keeps_the_whole_upload_out(place: &dyn Place) {
	let store = place.open();
	put(&store, &frame(0, 1), 0).unwrap();
	let staged = [store.stage(&frame(1, 1)).unwrap(), store.stage(&frame(0, 9)).unwrap()];
	assert!(matches!(store.publish(&DATASET, &staged, 1, u64::MAX), Err(StoreFault::Conflict(0))));
	store.discard(&staged).unwrap();
	assert_eq!(read(&store, 1), None);
	assert_eq!(segments_kept(&store), 1);
}

fn discarding_what_was_published_does_no_harm(place: &dyn Place) {
	let store = place.open();
	let staged = store.stage(&frame(0, 1)).unwrap();
	store.publish(&DATASET, &[staged], 0, u64::MAX).unwrap();
	store.discard(&[staged]).unwrap();
	assert_eq!(read(&store, 0), Some(frame(0, 1)));
}

fn the_largest_batch_is_read_in_small_parts(place: &dyn Place) {
	let store = place.open();
	let largest = Frame::new(3, &vec![sealed(4096, 1); 1024]).unwrap();
	assert_eq!(largest.bytes().len(), MAX_FRAME_LENGTH);
	let stored = put(&store, &largest, 0).unwrap();
	assert!(store.segment(&stored, 0).unwrap().unwrap().len() <= 64 * 1024);
	assert_eq!(read(&store, 3), Some(largest));
}

fn a_page_has_bounds(place: &dyn Place) {
	let store = place.open();
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

fn an_erasure_states_what_there_was(place: &dyn Place) {
	let store = place.open();
	let written = [0, 1].map(|batch| put(&store, &frame(batch, 1), 0).unwrap());
	for recipient in [1, 2] {
		store.put_key(&DATASET, &AccountId32([recipient; 32]), b"key").unwrap();
	}
	let folder = tempfile::tempdir().unwrap();
	let key = Arc::new(AccountKey::from_seed(&[5; 32]));
	let erasures = Erasures::open(folder.path(), store.clone(), [3; 32], Some(key)).unwrap();
	erasures.destroy(&DATASET, 77).unwrap();
	assert!(store.datasets().unwrap().is_empty());
	let destruction = erasures.to_be_anchored().unwrap()[0].destruction;
	let bytes = written.iter().map(Stored::bytes).sum();
	assert_eq!((destruction.keys, destruction.batches, destruction.bytes), (2, 2, bytes));
}

fn erasing_destroys_one_data_set_and_spares_the_others(place: &dyn Place) {
	let store = place.open();
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

fn a_data_set_has_a_quota(place: &dyn Place) {
	let store = place.open();
	put(&store, &frame(0, 1), 0).unwrap();
	let bytes = store.totals(&DATASET).unwrap().bytes;
	let staged = [store.stage(&frame(1, 2)).unwrap()];
	let refused = store.publish(&DATASET, &staged, 0, 2 * bytes - 1);
	assert_eq!(refused, Err(StoreFault::QuotaExceeded(2 * bytes - 1)));
	assert_eq!(read(&store, 1), None);
	store.publish(&DATASET, &staged, 0, 2 * bytes).unwrap();
	assert_eq!(read(&store, 1), Some(frame(1, 2)));
}

fn a_repair_replaces_whatever_is_there(place: &dyn Place) {
	let store = place.open();
	let first = put(&store, &frame(0, 1), 0).unwrap();
	let staged = [store.stage(&frame(0, 1)).unwrap(), store.stage(&frame(1, 1)).unwrap()];
	let repaired = store.repair(&DATASET, &staged, u64::MAX).unwrap();
	assert_ne!(repaired[0], first);
	assert_eq!(repaired[0].commitment(), first.commitment());
	assert_eq!(read(&store, 0), Some(frame(0, 1)));
	assert_eq!(read(&store, 1), Some(frame(1, 1)));
	assert_eq!(store.totals(&DATASET).unwrap().bytes, 2 * first.bytes());
	assert_eq!(segments_kept(&store), 2);
	let other = [store.stage(&frame(0, 9)).unwrap()];
	store.repair(&DATASET, &other, u64::MAX).unwrap();
	assert_eq!(read(&store, 0), Some(frame(0, 9)));
	assert_eq!(segments_kept(&store), 2);
}

fn an_owner_has_the_bytes_of_all_data_sets(place: &dyn Place) {
	let [alice, bob] = [1, 2].map(|number| AccountId32([number; 32]));
	let store = place.open();
	store.assign(&DATASET, &alice).unwrap();
	store.assign(&OTHER, &alice).unwrap();
	let bytes = put(&store, &frame(0, 1), 0).unwrap().bytes();
	let staged = store.stage(&frame(0, 2)).unwrap();
	store.publish(&OTHER, &[staged], 0, u64::MAX).unwrap();
	assert_eq!(store.owned_bytes(&alice).unwrap(), 2 * bytes);
	assert_eq!(store.owned_bytes(&bob).unwrap(), 0);
	store.assign(&OTHER, &bob).unwrap();
	store.assign(&OTHER, &bob).unwrap();
	assert_eq!(store.owned_bytes(&alice).unwrap(), bytes);
	store.erase(&OTHER).unwrap();
	assert_eq!(store.owned_bytes(&bob).unwrap(), 0);
	assert_eq!(store.datasets().unwrap(), [DATASET]);
}

fn data_sets_come_in_pages(place: &dyn Place) {
	let store = place.open();
	assert_eq!(store.datasets().unwrap(), [[0; 32]; 0]);
	let datasets: Vec<Hash> = (1..=5).map(|number| [number; 32]).collect();
	for dataset in &datasets {
		store.put_key(dataset, &AccountId32([1; 32]), b"wrapped").unwrap();
	}
	assert_eq!(store.datasets().unwrap(), datasets);
	assert_eq!(store.datasets_after(None, 2).unwrap(), datasets[..2]);
	assert_eq!(store.datasets_after(Some(&datasets[1]), 2).unwrap(), datasets[2..4]);
	assert_eq!(store.datasets_after(Some(&[2; 32]), 9).unwrap(), datasets[2..]);
	assert_eq!(store.datasets_after(Some(&[9; 32]), 9).unwrap(), [[0; 32]; 0]);
	assert_eq!(store.recipients(&datasets[0]).unwrap(), [AccountId32([1; 32])]);
	assert!(store.recipients(&DATASET).unwrap().is_empty());
}

fn uploads_at_the_same_time_are_all_there(place: &dyn Place) {
	const UPLOADERS: u32 = 6;
	const UPLOADS: u32 = 5;
	let store = place.open();
	thread::scope(|scope| {
		for uploader in 0..UPLOADERS {
			let store = &store;
			scope.spawn(move || {
				for upload in 0..UPLOADS {
					put(store, &frame(upload * UPLOADERS + uploader, 1), 0).unwrap();
				}
			});
		}
	});
	let expected = u64::from(UPLOADERS * UPLOADS);
	let bytes = frame(0, 1).bytes().len() as u64;
	assert_eq!(
		store.totals(&DATASET).unwrap(),
		Totals { batches: expected, bytes: expected * bytes }
	);
	for batch in 0..UPLOADERS * UPLOADS {
		assert_eq!(read(&store, batch), Some(frame(batch, 1)));
	}
}

fn what_was_discarded_cannot_be_published(place: &dyn Place) {
	let store = place.open();
	let staged = [store.stage(&frame(0, 1)).unwrap()];
	store.discard(&staged).unwrap();
	store.discard(&staged).unwrap();
	let refused = store.publish(&DATASET, &staged, 0, u64::MAX);
	assert_eq!(refused, Err(StoreFault::StagedLost));
	assert_eq!(read(&store, 0), None);
	assert_eq!(segments_kept(&store), 0);
}

/// What a store did in one step: the batch, what is in it, how many are on chain, and whether the store
/// was opened again.
type Step = (u32, u8, u32, bool);

fn steps() -> impl Strategy<Value = Vec<Step>> {
	proptest::collection::vec((0u32..4, 0u8..3, 0u32..4, any::<bool>()), 1..20)
}

fn behaves_like_a_map(place: &dyn Place, steps: Vec<Step>) -> Result<(), TestCaseError> {
	let mut store = place.open();
	let mut expected: BTreeMap<u32, Frame> = BTreeMap::new();
	for (batch, seed, on_chain, restart) in steps {
		let frame = frame(batch, seed);
		let conflict =
			batch < on_chain && expected.get(&batch).is_some_and(|present| *present != frame);
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
			store = place.open();
		}
		for batch in 0..4 {
			prop_assert_eq!(read(&store, batch), expected.get(&batch).cloned());
		}
		let bytes = expected.values().map(|frame| frame.bytes().len() as u64).sum();
		let totals = Totals { batches: expected.len() as u64, bytes };
		prop_assert_eq!(store.totals(&DATASET).unwrap(), totals);
		prop_assert_eq!(segments_kept(&store), expected.len());
	}
	Ok(())
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]

	#[test]
	fn a_store_in_a_directory_is_a_map(steps in steps()) {
		behaves_like_a_map(&Directory::new(), steps)?;
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(8))]

	#[test]
	fn a_store_of_a_city_is_a_map(steps in steps()) {
		behaves_like_a_map(&CityPlace::with_folder(), steps)?;
	}
}
