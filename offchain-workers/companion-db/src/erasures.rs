//! Destroying erased data sets, and what the store states about it.
//!
//! An erasure goes through files named after the data set: `.begun` says what there was before anything
//! was destroyed, `.destroyed` that all of it is gone, `.signed` is the certificate, and `.anchored` the
//! same when the chain has its hash. Where the chain has the hash of another one, because this folder was
//! lost since, it is `.repeated`, and not handed out. After a crash the next attempt goes on where this one ended, and
//! states what there was at first. As soon as there is one of these files, nothing of the data set is
//! written any more.

use crate::store::{Store, StoreFault};
use msec_commitments::Hash;
use msec_worker_common::{
	erasure_certificate::{Destruction, SignedCertificate},
	keys::AccountKey,
	H256,
};
use serde::{de::DeserializeOwned, Serialize};
use std::{
	collections::BTreeMap,
	fs::{self, File},
	io::{self, Write},
	path::{Path, PathBuf},
	sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
	time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::Notify;

const BEGUN: &str = "begun";
const DESTROYED: &str = "destroyed";
const SIGNED: &str = "signed";
const ANCHORED: &str = "anchored";
const REPEATED: &str = "repeated";
/// In the order in which they come: each is there before the former is removed.
const STATES: [&str; 5] = [BEGUN, DESTROYED, SIGNED, ANCHORED, REPEATED];

/// Destroys what a store has of erased data sets. Its methods block; clones share one folder.
#[derive(Clone)]
pub struct Erasures {
	store: Store,
	directory: Arc<PathBuf>,
	genesis: Hash,
	key: Option<Arc<AccountKey>>,
	/// Held while a data set is destroyed: what there was of those of which that could not be written down.
	unwritten: Arc<Mutex<BTreeMap<Hash, Destruction>>>,
	/// Held by whoever writes what an erasure would have to destroy, and while one begins.
	writing: Arc<RwLock<()>>,
	/// Told when one was.
	destroyed: Arc<Notify>,
}

impl Erasures {
	/// Keeps its files in `directory`. Without the `key` of the store's account nothing is certified; what
	/// was destroyed is certified once there is one.
	pub fn open(
		directory: &Path,
		store: Store,
		genesis: Hash,
		key: Option<Arc<AccountKey>>,
	) -> Result<Self, StoreFault> {
		fs::create_dir_all(directory)?;
		let directory = Arc::new(directory.to_owned());
		Ok(Self {
			store,
			directory,
			genesis,
			key,
			unwritten: Arc::default(),
			writing: Arc::default(),
			destroyed: Arc::default(),
		})
	}

	/// The store.
	pub fn store(&self) -> &Store {
		&self.store
	}

	/// Destroys everything of a data set that is a tombstone in the finalized block `block`: wrapped keys
	/// first, then ciphertext. Then certifies what there was, once for each data set. Where that cannot be
	/// written down, the keys are destroyed all the same.
	pub fn destroy(&self, dataset: &Hash, block: u64) -> Result<(), StoreFault> {
		let mut unwritten = self.unwritten();
		if self.is_stated(dataset, &STATES[1..])? {
			return self.store.erase(dataset);
		}
		let begun = self.path(dataset, BEGUN);
		let there_was = match read::<Destruction>(&begun)? {
			Some(there_was) => there_was,
			None => self.begin(dataset, block, &mut unwritten)?,
		};
		self.store.erase(dataset)?;
		let destruction = Destruction { time: now(), ..there_was };
		write(&self.path(dataset, DESTROYED), &destruction)?;
		fs::remove_file(&begun)?;
		self.destroyed.notify_one();
		Ok(())
	}

	/// Writes down what there is, when everybody who writes has ended and before anybody begins.
	fn begin(
		&self,
		dataset: &Hash,
		block: u64,
		unwritten: &mut BTreeMap<Hash, Destruction>,
	) -> Result<Destruction, StoreFault> {
		let _writing = self.writing.write().unwrap_or_else(PoisonError::into_inner);
		let there_was = match unwritten.get(dataset) {
			Some(there_was) => *there_was,
			None => self.count(dataset, block)?,
		};
		if let Err(error) = write(&self.path(dataset, BEGUN), &there_was) {
			unwritten.insert(*dataset, there_was);
			// Overwriting takes no room.
			self.store.erase_keys(dataset)?;
			return Err(error.into());
		}
		unwritten.remove(dataset);
		Ok(there_was)
	}

	fn unwritten(&self) -> MutexGuard<'_, BTreeMap<Hash, Destruction>> {
		self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Writes something of a data set, unless its destruction has begun, which waits for `job` otherwise.
	pub fn unless_erased<T>(
		&self,
		dataset: &Hash,
		job: impl FnOnce(&Store) -> Result<T, StoreFault>,
	) -> Result<T, StoreFault> {
		let _writing = self.writing.read().unwrap_or_else(PoisonError::into_inner);
		if self.is_stated(dataset, &STATES)? {
			return Err(StoreFault::Erased);
		}
		job(&self.store)
	}

	/// Whether one of `states` is written down of a data set.
	fn is_stated(&self, dataset: &Hash, states: &[&str]) -> Result<bool, StoreFault> {
		for state in states {
			if self.path(dataset, state).try_exists()? {
				return Ok(true);
			}
		}
		Ok(false)
	}

	/// Waits until something was destroyed that is not certified.
	pub async fn destroyed(&self) {
		self.destroyed.notified().await;
	}

	fn count(&self, dataset: &Hash, block: u64) -> Result<Destruction, StoreFault> {
		let totals = self.store.totals(dataset)?;
		Ok(Destruction {
			genesis: H256(self.genesis),
			dataset: H256(*dataset),
			keys: self.store.recipients(dataset)?.len() as u64,
			batches: totals.batches,
			bytes: totals.bytes,
			time: 0,
			block,
		})
	}

	/// Whether it is written down that the destruction of a data set has begun and not ended.
	pub fn has_begun(&self, dataset: &Hash) -> Result<bool, StoreFault> {
		Ok(self.path(dataset, BEGUN).try_exists()?)
	}

	/// The data sets whose destruction has begun and, since it was interrupted, not ended.
	pub fn interrupted(&self) -> Result<Vec<Hash>, StoreFault> {
		let mut datasets: Vec<_> = self.unwritten().keys().copied().collect();
		for entry in fs::read_dir(&*self.directory)? {
			let path = entry?.path();
			let mut dataset = [0; 32];
			let is_begun = path.extension().is_some_and(|extension| extension == BEGUN);
			let name = path.file_stem().unwrap_or_default().as_encoded_bytes();
			if is_begun && hex::decode_to_slice(name, &mut dataset).is_ok() {
				datasets.push(dataset);
			}
		}
		Ok(datasets)
	}

	/// Signs what was destroyed and not certified yet, and lists the certificates that the chain may not
	/// have.
	pub fn to_be_anchored(&self) -> Result<Vec<SignedCertificate>, StoreFault> {
		let Some(key) = &self.key else { return Ok(Vec::new()) };
		let mut certificates = Vec::new();
		for entry in fs::read_dir(&*self.directory)? {
			let path = entry?.path();
			match path.extension().and_then(|extension| extension.to_str()) {
				Some(DESTROYED) => {
					let Some(destruction) = read::<Destruction>(&path)? else { continue };
					let certificate = destruction.sign(key);
					write(&path.with_extension(SIGNED), &certificate)?;
					fs::remove_file(&path)?;
					certificates.push(certificate);
				},
				Some(SIGNED) => certificates.extend(read::<SignedCertificate>(&path)?),
				_ => {},
			}
		}
		Ok(certificates)
	}

	/// Remembers that the chain has the certificate of a data set.
	pub fn set_anchored(&self, dataset: &Hash) -> Result<(), StoreFault> {
		self.rename_signed(dataset, ANCHORED)
	}

	/// Remembers that the chain has an earlier certificate of a data set, which was lost here.
	pub fn set_repeated(&self, dataset: &Hash) -> Result<(), StoreFault> {
		self.rename_signed(dataset, REPEATED)
	}

	fn rename_signed(&self, dataset: &Hash, state: &str) -> Result<(), StoreFault> {
		fs::rename(self.path(dataset, SIGNED), self.path(dataset, state))?;
		Ok(sync(&self.directory)?)
	}

	/// The certificate of a data set, if there is one.
	pub fn certificate(&self, dataset: &Hash) -> Result<Option<SignedCertificate>, StoreFault> {
		match read(&self.path(dataset, ANCHORED))? {
			Some(certificate) => Ok(Some(certificate)),
			None => Ok(read(&self.path(dataset, SIGNED))?),
		}
	}

	fn path(&self, dataset: &Hash, state: &str) -> PathBuf {
		self.directory.join(hex::encode(dataset)).with_extension(state)
	}
}

fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
	match fs::read(path) {
		Ok(content) => Ok(Some(serde_json::from_slice(&content)?)),
		Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
		Err(error) => Err(error),
	}
}

/// Writes a file whole or not at all.
fn write(path: &Path, content: &impl Serialize) -> io::Result<()> {
	let temporary = path.with_extension("tmp");
	let mut file = File::create(&temporary)?;
	file.write_all(&serde_json::to_vec(content)?)?;
	file.sync_all()?;
	fs::rename(&temporary, path)?;
	path.parent().map_or(Ok(()), sync)
}

fn sync(directory: &Path) -> io::Result<()> {
	File::open(directory)?.sync_all()
}

fn now() -> u64 {
	SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_commitments::ChunkKey;
	use msec_worker_common::{batch_frame::Frame, AccountId32};
	use std::{sync::Barrier, thread};
	use tempfile::TempDir;

	const DATASET: Hash = [7; 32];

	fn filled(directory: &TempDir) -> (Store, u64) {
		let store = Store::open(directory.path()).unwrap();
		let sealed = ChunkKey::from_bytes([1; 32]).seal(&[1; 100]).unwrap();
		let frame = Frame::new(0, &[sealed]).unwrap();
		let staged = store.stage(&frame).unwrap();
		store.publish(&DATASET, &[staged], 0, u64::MAX).unwrap();
		store.put_key(&DATASET, &AccountId32([1; 32]), b"key").unwrap();
		store.put_key(&DATASET, &AccountId32([2; 32]), b"key").unwrap();
		(store, frame.bytes().len() as u64)
	}

	fn erasures(directory: &TempDir, store: &Store, key: Option<Arc<AccountKey>>) -> Erasures {
		let path = directory.path().join("erasures");
		Erasures::open(&path, store.clone(), [3; 32], key).unwrap()
	}

	fn key() -> Option<Arc<AccountKey>> {
		Some(Arc::new(AccountKey::from_seed(&[5; 32])))
	}

	#[test]
	fn what_is_destroyed_is_counted_signed_and_stated_once() {
		let directory = tempfile::tempdir().unwrap();
		let (store, bytes) = filled(&directory);
		let erasures = erasures(&directory, &store, key());
		erasures.destroy(&DATASET, 77).unwrap();
		assert!(store.datasets().unwrap().is_empty());
		assert_eq!(erasures.certificate(&DATASET).unwrap(), None);
		let certificates = erasures.to_be_anchored().unwrap();
		let [certificate] = certificates[..] else { panic!("{certificates:?}") };
		let Destruction { genesis, dataset, keys, batches, bytes: destroyed, block, .. } =
			certificate.destruction;
		assert_eq!((genesis.0, dataset.0), ([3; 32], DATASET));
		assert_eq!((keys, batches, destroyed, block), (2, 1, bytes, 77));
		assert!(certificate.is_genuine());
		erasures.destroy(&DATASET, 99).unwrap();
		assert_eq!(erasures.to_be_anchored().unwrap(), [certificate]);
		erasures.set_anchored(&DATASET).unwrap();
		erasures.destroy(&DATASET, 99).unwrap();
		assert!(erasures.to_be_anchored().unwrap().is_empty());
		assert_eq!(erasures.certificate(&DATASET).unwrap(), Some(certificate));
	}

	#[test]
	fn an_erasure_that_was_interrupted_states_what_there_was_at_first() {
		let directory = tempfile::tempdir().unwrap();
		let (store, bytes) = filled(&directory);
		let erasures = erasures(&directory, &store, key());
		let there_was = erasures.count(&DATASET, 77).unwrap();
		write(&erasures.path(&DATASET, BEGUN), &there_was).unwrap();
		store.erase(&DATASET).unwrap();
		assert_eq!(erasures.interrupted().unwrap(), [DATASET]);
		erasures.destroy(&DATASET, 80).unwrap();
		assert!(erasures.interrupted().unwrap().is_empty());
		let destruction = erasures.to_be_anchored().unwrap()[0].destruction;
		assert_eq!((destruction.keys, destruction.bytes, destruction.block), (2, bytes, 77));
	}

	#[test]
	fn what_is_written_while_an_erasure_begins_is_destroyed_with_it() {
		let directory = tempfile::tempdir().unwrap();
		let (store, _) = filled(&directory);
		let erasures = erasures(&directory, &store, key());
		let writing = Barrier::new(2);
		thread::scope(|scope| {
			scope.spawn(|| {
				let put = |store: &Store| {
					writing.wait();
					store.put_key(&DATASET, &AccountId32([3; 32]), b"key")
				};
				erasures.unless_erased(&DATASET, put).unwrap();
			});
			writing.wait();
			erasures.destroy(&DATASET, 77).unwrap();
		});
		assert!(store.datasets().unwrap().is_empty());
		assert_eq!(erasures.to_be_anchored().unwrap()[0].destruction.keys, 3);
	}

	#[test]
	fn nothing_is_written_from_the_beginning_of_an_erasure_on() {
		let directory = tempfile::tempdir().unwrap();
		let (store, _) = filled(&directory);
		let erasures = erasures(&directory, &store, key());
		let put = || {
			erasures.unless_erased(&DATASET, |store| {
				store.put_key(&DATASET, &AccountId32([3; 32]), b"key")
			})
		};
		put().unwrap();
		erasures.begin(&DATASET, 77, &mut BTreeMap::new()).unwrap();
		assert_eq!(put(), Err(StoreFault::Erased));
		erasures.destroy(&DATASET, 77).unwrap();
		assert_eq!(put(), Err(StoreFault::Erased));
		erasures.to_be_anchored().unwrap();
		assert_eq!(put(), Err(StoreFault::Erased));
		erasures.set_anchored(&DATASET).unwrap();
		assert_eq!(put(), Err(StoreFault::Erased));
		assert!(store.datasets().unwrap().is_empty());
		erasures.unless_erased(&[8; 32], |_| Ok(())).unwrap();
	}

	#[test]
	fn keys_are_destroyed_also_when_that_cannot_be_written_down() {
		let directory = tempfile::tempdir().unwrap();
		let (store, bytes) = filled(&directory);
		let erasures = erasures(&directory, &store, key());
		// A folder stands where the file would be written.
		let obstacle = erasures.path(&DATASET, "tmp");
		fs::create_dir(&obstacle).unwrap();
		for block in [77, 78] {
			erasures.destroy(&DATASET, block).unwrap_err();
			assert!(store.recipients(&DATASET).unwrap().is_empty());
			assert_eq!(erasures.has_begun(&DATASET), Ok(false));
			assert_eq!(erasures.interrupted().unwrap(), [DATASET]);
		}
		fs::remove_dir(&obstacle).unwrap();
		erasures.destroy(&DATASET, 79).unwrap();
		assert!(erasures.interrupted().unwrap().is_empty());
		assert!(store.datasets().unwrap().is_empty());
		let destruction = erasures.to_be_anchored().unwrap()[0].destruction;
		assert_eq!((destruction.keys, destruction.bytes, destruction.block), (2, bytes, 77));
	}

	#[test]
	fn without_a_key_it_is_certified_later() {
		let directory = tempfile::tempdir().unwrap();
		let (store, _) = filled(&directory);
		let keyless = erasures(&directory, &store, None);
		keyless.destroy(&DATASET, 77).unwrap();
		assert!(keyless.to_be_anchored().unwrap().is_empty());
		assert_eq!(erasures(&directory, &store, key()).to_be_anchored().unwrap().len(), 1);
	}
}
