use super::*;
use crate::store::Store;
use futures::{future::BoxFuture, FutureExt};
use msec_commitments::{BatchCommitment, ChunkKey, Peaks};
use msec_worker_common::{
	batch_frame::Frame,
	chain::{Action, ChainError, DatasetEvents, Decision, Purpose},
	store_client::{Problem, StoreError},
	AccountId32,
};
use std::{future, sync::Mutex};
use tempfile::TempDir;

const DATASET: Hash = [7; 32];
const QUOTA: u64 = u64::MAX;
/// More than one page, and more than one mountain.
const BATCHES: u32 = 1024 + 512 + 3;

fn frame(batch: u32, seed: u8) -> Frame {
	let chunk = ChunkKey::from_bytes([seed; 32]).seal(&batch.to_le_bytes()).unwrap();
	Frame::new(batch, &[chunk]).unwrap()
}

fn open(directory: &TempDir) -> Store {
	Store::open(directory.path()).unwrap()
}

/// What knows that nothing of a store is erased.
fn erasures(directory: &TempDir, store: &Store) -> Erasures {
	let path = directory.path().join("erasures");
	Erasures::open(&path, store.clone(), [3; 32], None).unwrap()
}

fn put(store: &Store, frames: &[Frame]) {
	let staged: Vec<_> = frames.iter().map(|frame| store.stage(frame).unwrap()).collect();
	store.publish(&DATASET, &staged, 0, QUOTA).unwrap();
}

/// The whole data set, and its peaks.
fn whole() -> (Vec<Frame>, Peaks) {
	let frames: Vec<_> = (0..BATCHES).map(|batch| frame(batch, 1)).collect();
	let mut peaks = Peaks::default();
	frames.iter().for_each(|frame| peaks.append(&frame.commitment()).unwrap());
	(frames, peaks)
}

/// What a replica says other than it should.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lie {
	Nothing,
	Heads,
	Commitments,
	Batches,
	NotThere,
	Silent,
}

/// A replica that answers from a store, and counts how often it is asked.
struct TestReplica {
	number: u8,
	store: Store,
	lie: Lie,
	asked: Arc<Mutex<u32>>,
}

fn replica(number: u8, store: &Store, lie: Lie) -> Box<TestReplica> {
	Box::new(TestReplica { number, store: store.clone(), lie, asked: Arc::default() })
}

impl TestReplica {
	async fn answer<T>(&self, answer: Option<T>) -> Result<T, StoreError> {
		*self.asked.lock().unwrap() += 1;
		if self.lie == Lie::Silent {
			future::pending::<()>().await;
		}
		let problem = || Problem {
			status: 404,
			title: "Not Found".into(),
			detail: String::new(),
			code: "not-found".into(),
			refusal: None,
		};
		answer.filter(|_| self.lie != Lie::NotThere).ok_or_else(|| StoreError::Refused(problem()))
	}
}

impl Replica for TestReplica {
	fn operator(&self) -> AccountId32 {
		AccountId32([self.number; 32])
	}

	fn heads_of_parts(
		&self,
		dataset: Hash,
		range: BatchRange,
	) -> BoxFuture<'_, Result<Vec<Hash>, StoreError>> {
		let mut heads = heads_of_parts(&self.store, &dataset, range).unwrap();
		if self.lie == Lie::Heads {
			heads.iter_mut().for_each(|heads| heads[0][0] ^= 1);
		}
		self.answer(heads).boxed()
	}

	fn commitments(
		&self,
		dataset: Hash,
		range: BatchRange,
	) -> BoxFuture<'_, Result<Option<Vec<BatchCommitment>>, StoreError>> {
		let found = self.store.list(&dataset, range.first(), range.end(), 1000).unwrap();
		let mut found: Vec<_> = found.iter().map(|stored| stored.commitment()).collect();
		if self.lie == Lie::Commitments {
			found[0].root[0] ^= 1;
		}
		let is_whole = found.len() == range.batches() as usize;
		self.answer(Some(Some(found).filter(|_| is_whole))).boxed()
	}

	fn batch(&self, dataset: Hash, batch: u32) -> BoxFuture<'_, Result<Frame, StoreError>> {
		let found = self.store.batch(&dataset, batch).unwrap();
		let frame = match self.lie {
			Lie::Batches => Some(frame(batch, 66)),
			_ => found.and_then(|stored| self.store.frame(&stored).unwrap()),
		};
		self.answer(frame).boxed()
	}
}

fn expect_whole(store: &Store, frames: &[Frame]) {
	for frame in frames {
		let stored = store.batch(&DATASET, frame.batch()).unwrap().unwrap();
		assert_eq!(store.frame(&stored).unwrap().as_ref(), Some(frame));
	}
}

#[tokio::test]
async fn a_new_store_fetches_everything() {
	let (frames, peaks) = whole();
	let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
	let (store, other) = (open(&here), open(&there));
	put(&other, &frames);
	let replicas: [Box<dyn Replica>; 1] = [replica(1, &other, Lie::Nothing)];
	let erasures = erasures(&here, &store);
	let findings = repair(&erasures, &DATASET, &peaks, &replicas, QUOTA).await.unwrap();
	assert_eq!(findings, Findings { repaired: BATCHES.into(), ..Findings::default() });
	expect_whole(&store, &frames);
	let again = repair(&erasures, &DATASET, &peaks, &replicas, QUOTA).await.unwrap();
	assert_eq!(again, Findings::default());
}

#[tokio::test]
async fn only_what_differs_is_asked_for() {
	let (frames, peaks) = whole();
	let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
	let (store, other) = (open(&here), open(&there));
	put(&other, &frames);
	// One batch is missing, and one is another one.
	let missing = 700;
	let kept: Vec<_> = frames
		.iter()
		.filter(|frame| frame.batch() != missing)
		.map(|kept| if kept.batch() == 1030 { frame(1030, 9) } else { kept.clone() })
		.collect();
	put(&store, &kept);
	let replica = replica(1, &other, Lie::Nothing);
	let asked = replica.asked.clone();
	let replicas: [Box<dyn Replica>; 1] = [replica];
	let erasures = erasures(&here, &store);
	let findings = repair(&erasures, &DATASET, &peaks, &replicas, QUOTA).await.unwrap();
	assert_eq!(findings.missing, 0);
	assert_eq!(store.totals(&DATASET).unwrap().batches, u64::from(BATCHES));
	assert_eq!(findings.repaired, 2);
	expect_whole(&store, &frames);
	// The heads of the first mountain, two pages, and two batches.
	assert_eq!(*asked.lock().unwrap(), 5);
}

/// Fault: another store of the data set lies about what it has
/// Promise: it is named in the log and in `msec_store_lies_total`, nothing of what it says is
/// taken, and a store that does not lie is asked
#[tokio::test]
async fn who_lies_is_named_and_another_store_is_asked() {
	let (frames, peaks) = whole();
	let there = tempfile::tempdir().unwrap();
	let other = open(&there);
	put(&other, &frames);
	for lie in [Lie::Heads, Lie::Commitments, Lie::Batches] {
		let here = tempfile::tempdir().unwrap();
		let store = open(&here);
		let replicas: [Box<dyn Replica>; 3] = [
			replica(1, &other, Lie::NotThere),
			replica(2, &other, lie),
			replica(3, &other, Lie::Nothing),
		];
		let erasures = erasures(&here, &store);
		let findings = repair(&erasures, &DATASET, &peaks, &replicas, QUOTA).await.unwrap();
		let liars: Vec<_> = findings.liars.iter().map(|liar| liar.operator).collect();
		assert_eq!(liars, [AccountId32([2; 32])]);
		assert_eq!((findings.repaired, findings.missing), (BATCHES.into(), 0));
		expect_whole(&store, &frames);
	}
}

#[tokio::test]
async fn what_nobody_has_is_missing_and_nothing_false_is_taken() {
	let (frames, peaks) = whole();
	let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
	let (store, other) = (open(&here), open(&there));
	put(&other, &frames);
	let replicas: [Box<dyn Replica>; 1] = [replica(1, &other, Lie::Batches)];
	let erasures = erasures(&here, &store);
	let findings = repair(&erasures, &DATASET, &peaks, &replicas, QUOTA).await.unwrap();
	assert_eq!((findings.repaired, findings.missing), (0, BATCHES.into()));
	assert_eq!(findings.liars.len(), 1);
	assert_eq!(store.totals(&DATASET).unwrap().batches, 0);
}

#[tokio::test]
async fn a_store_that_has_less_is_no_liar() {
	let (frames, peaks) = whole();
	let directories = [(); 3].map(|()| tempfile::tempdir().unwrap());
	let [store, less, other] = directories.each_ref().map(open);
	put(&less, &frames[..100]);
	put(&other, &frames);
	let replicas: [Box<dyn Replica>; 2] =
		[replica(1, &less, Lie::Nothing), replica(2, &other, Lie::Nothing)];
	let erasures = erasures(&directories[0], &store);
	let findings = repair(&erasures, &DATASET, &peaks, &replicas, QUOTA).await.unwrap();
	assert_eq!(findings, Findings { repaired: BATCHES.into(), ..Findings::default() });
}

/// Fault: a reader finds a batch damaged, and another store has it
/// Promise: it is fetched again and replaced
#[tokio::test]
async fn what_a_reader_finds_damaged_is_fetched_again() {
	let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
	let frames = [frame(0, 1), frame(1, 2)];
	let other = open(&there);
	put(&other, &frames);
	put(&open(&here), &frames);
	let file = here.path().join("batches.redb");
	let mut content = std::fs::read(&file).unwrap();
	let needle = &frames[1].bytes()[112..128];
	let places: Vec<_> = (0..content.len() - needle.len())
		.filter(|at| content[*at..at + needle.len()] == *needle)
		.collect();
	places.iter().for_each(|at| content[*at] ^= 1);
	std::fs::write(&file, content).unwrap();

	let store = open(&here);
	let stored = store.batch(&DATASET, 1).unwrap().unwrap();
	store.frame(&stored).unwrap_err();
	assert!(store.take_damaged(&[8; 32]).is_empty());
	assert_eq!(store.take_damaged(&DATASET), [1]);
	assert!(store.take_damaged(&DATASET).is_empty());
	let replicas: [Box<dyn Replica>; 1] = [replica(1, &other, Lie::Nothing)];
	let erasures = erasures(&here, &store);
	let findings = repair_damaged(&erasures, &DATASET, &[1], &replicas, QUOTA).await.unwrap();
	assert_eq!(findings.repaired, 1);
	expect_whole(&store, &frames);
}

/// Fault: another store of the data set takes longer than a minute to answer
/// Promise: it is not asked again for this data set, and the next store is asked
#[tokio::test]
async fn who_is_silent_is_waited_for_once() {
	let (frames, peaks) = whole();
	let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
	let (store, other) = (open(&here), open(&there));
	put(&other, &frames);
	let silent = replica(1, &other, Lie::Silent);
	let asked = silent.asked.clone();
	let replicas: [Box<dyn Replica>; 2] = [silent, replica(2, &other, Lie::Nothing)];
	let erasures = erasures(&here, &store);
	let findings = repair(&erasures, &DATASET, &peaks, &replicas, QUOTA).await.unwrap();
	assert_eq!(findings, Findings { repaired: BATCHES.into(), ..Findings::default() });
	assert_eq!(*asked.lock().unwrap(), 1);
}

/// A chain, and one other store, for data sets that all have the same batches.
struct SameEverywhere {
	dataset: Dataset,
	other: Store,
}

impl Neighbours for SameEverywhere {
	fn of<'a>(
		&'a self,
		_: &'a Dataset,
	) -> BoxFuture<'a, Result<Vec<Box<dyn Replica>>, ChainError>> {
		let replica: Box<dyn Replica> = replica(1, &self.other, Lie::Nothing);
		async move { Ok(vec![replica]) }.boxed()
	}
}

impl ChainAccess for SameEverywhere {
	fn decide<'a>(
		&'a self,
		_: &'a AccountId32,
		_: &'a Hash,
		_: Action,
		_: Option<Purpose>,
	) -> BoxFuture<'a, Result<(Decision, u64), ChainError>> {
		unreachable!("a repair asks nothing of the kind")
	}

	fn dataset<'a>(&'a self, _: &'a Hash) -> BoxFuture<'a, Result<Option<Dataset>, ChainError>> {
		unreachable!("a repair goes by the finalized state")
	}

	fn finalized_dataset<'a>(
		&'a self,
		_: &'a Hash,
	) -> BoxFuture<'a, Result<Option<Dataset>, ChainError>> {
		async move { Ok(Some(self.dataset.clone())) }.boxed()
	}

	fn finalized_block(&self) -> BoxFuture<'_, Result<u64, ChainError>> {
		unreachable!("a repair asks nothing of the kind")
	}

	fn finalized_time(&self) -> BoxFuture<'_, Result<u64, ChainError>> {
		unreachable!("a repair asks nothing of the kind")
	}

	fn dataset_events(&self, _: u64) -> BoxFuture<'_, Result<DatasetEvents, ChainError>> {
		unreachable!("a repair asks nothing of the kind")
	}
}

/// Fault: a data set cannot be repaired, because it has all the bytes that it may have
/// Promise: the others are repaired, and what is damaged of it is not forgotten
#[tokio::test]
async fn a_data_set_that_cannot_be_repaired_keeps_no_other_back() {
	const FULL: Hash = [1; 32];
	let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
	let (store, other) = (open(&here), open(&there));
	let (wanted, unknown) = (frame(0, 1), frame(9, 9));
	for dataset in [FULL, DATASET] {
		let staged = other.stage(&wanted).unwrap();
		other.publish(&dataset, &[staged], 0, QUOTA).unwrap();
	}
	let staged = store.stage(&unknown).unwrap();
	store.publish(&FULL, &[staged], 0, QUOTA).unwrap();
	store.note_damaged(&FULL, &[9]);
	store.put_key(&DATASET, &AccountId32([1; 32]), b"wrapped").unwrap();
	let mut peaks = Peaks::default();
	peaks.append(&wanted.commitment()).unwrap();
	let dataset = Dataset {
		owner: AccountId32([1; 32]),
		key_agent: None,
		stores: Vec::new(),
		erased: false,
		batches: 1,
		peaks: Some(peaks),
	};
	let same = Arc::new(SameEverywhere { dataset, other });
	let quota = wanted.bytes().len() as u64;
	let replication = Replication {
		erasures: erasures(&here, &store),
		chain: same.clone(),
		neighbours: same,
		quota,
	};
	replication.round().await.unwrap();
	expect_whole(&store, &[wanted]);
	assert_eq!(store.batch(&FULL, 0).unwrap(), None);
	assert_eq!(store.take_damaged(&FULL), [9]);
}
