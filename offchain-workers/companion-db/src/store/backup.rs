//! A whole store as one file, as it was at one moment: batches and owners, but no wrapped keys.
//!
//! The file begins with eight bytes, `MSecBak1`. Then, each behind a byte that tells what it is: a data set with its owner;
//! the frames of that data set, each behind its length (32 bits, little-endian); the numbers of batches that
//! were damaged; and at the end the SHA-256 of everything before.

use super::{embedded, Staged, Store, StoreFault};
use msec_commitments::Hash;
use msec_worker_common::{
	batch_frame::{Frame, FrameError, MAX_FRAME_LENGTH},
	signature::BodyDigest,
	AccountId32,
};
use serde::Serialize;
use std::{
	fs::{self, File},
	io::{self, BufReader, Read, Write},
	mem,
	ops::ControlFlow,
	path::{Path, PathBuf},
};

const MAGIC: &[u8; 8] = b"MSecBak1";
const END: u8 = 0;
const DATASET: u8 = 1;
const OWNED_DATASET: u8 = 2;
const FRAME: u8 = 3;
const DAMAGED: u8 = 4;
/// How many frames are restored in one step.
const RESTORED_AT_ONCE: usize = 64;
/// Where a store is restored before it takes its place.
const RESTORING: &str = "restoring";

/// A part of a store.
pub(super) enum Item {
	/// A data set with its owner, as far as that was noted; what follows is of it.
	Dataset(Hash, Option<AccountId32>),
	/// The bytes of a frame.
	Frame(Vec<u8>),
	/// A batch whose bytes are damaged.
	Damaged(u32),
}

/// What a backup holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
	/// Number of data sets.
	pub datasets: u64,
	/// Number of batches.
	pub batches: u64,
	/// Length of their frames.
	pub bytes: u64,
	/// Batches that were damaged, and are not in it.
	pub damaged: u64,
}

/// Why a backup is not made or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupFault {
	/// It cannot be written or read.
	#[error("the backup cannot be written or read: {0}")]
	Io(#[from] io::Error),
	/// The store does not do its part.
	#[error(transparent)]
	Store(#[from] StoreFault),
	/// It is not whole, or was altered.
	#[error("this is no whole backup: {0}")]
	Damaged(&'static str),
	/// There is a store already.
	#[error("{} is there already; restore into another directory, or move it away", .0.display())]
	AlreadyThere(PathBuf),
}

impl From<FrameError> for BackupFault {
	fn from(_: FrameError) -> Self {
		Self::Damaged("a frame of it is none")
	}
}

impl Store {
	/// Writes everything that is visible at this moment, as long as `goes_on` says so before each batch. What
	/// is written meanwhile is not in it.
	pub fn back_up(&self, sink: impl Write, goes_on: impl Fn() -> bool) -> Result<(), BackupFault> {
		let mut writer = Writer { sink, digest: BodyDigest::default() };
		writer.put(MAGIC)?;
		let mut outcome = Ok(());
		self.engine.snapshot(&mut |item| {
			outcome = match goes_on() {
				true => writer.item(&item),
				false => Err(io::ErrorKind::Interrupted.into()),
			};
			match outcome {
				Ok(()) => ControlFlow::Continue(()),
				Err(_) => ControlFlow::Break(()),
			}
		})?;
		outcome?;
		Ok(writer.finish()?)
	}
}

struct Writer<W> {
	sink: W,
	digest: BodyDigest,
}

impl<W: Write> Writer<W> {
	fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
		self.digest.update(bytes);
		self.sink.write_all(bytes)
	}

	fn item(&mut self, item: &Item) -> io::Result<()> {
		match item {
			Item::Dataset(id, None) => {
				self.put(&[DATASET])?;
				self.put(id)
			},
			Item::Dataset(id, Some(owner)) => {
				self.put(&[OWNED_DATASET])?;
				self.put(id)?;
				self.put(&owner.0)
			},
			Item::Frame(bytes) => {
				let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
				self.put(&[FRAME])?;
				self.put(&length.to_le_bytes())?;
				self.put(bytes)
			},
			Item::Damaged(batch) => {
				self.put(&[DAMAGED])?;
				self.put(&batch.to_le_bytes())
			},
		}
	}

	fn finish(mut self) -> io::Result<()> {
		self.put(&[END])?;
		let digest = self.digest.finish();
		self.sink.write_all(&digest)?;
		self.sink.flush()
	}
}

struct Reader<R> {
	source: R,
	digest: BodyDigest,
}

impl<R: Read> Reader<R> {
	fn take(&mut self, bytes: &mut [u8]) -> Result<(), BackupFault> {
		match self.source.read_exact(bytes) {
			Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
				return Err(BackupFault::Damaged("it is cut off"));
			},
			taken => taken?,
		}
		self.digest.update(bytes);
		Ok(())
	}

	fn array<const N: usize>(&mut self) -> Result<[u8; N], BackupFault> {
		let mut bytes = [0; N];
		self.take(&mut bytes)?;
		Ok(bytes)
	}

	/// The next part; `None` at the end, when nothing was altered.
	fn item(&mut self) -> Result<Option<Item>, BackupFault> {
		let [tag] = self.array::<1>()?;
		Ok(Some(match tag {
			DATASET => Item::Dataset(self.array()?, None),
			OWNED_DATASET => Item::Dataset(self.array()?, Some(AccountId32(self.array()?))),
			FRAME => {
				let length = u32::from_le_bytes(self.array()?) as usize;
				if length > MAX_FRAME_LENGTH {
					return Err(BackupFault::Damaged("a frame of it is too long"));
				}
				let mut bytes = vec![0; length];
				self.take(&mut bytes)?;
				Item::Frame(bytes)
			},
			DAMAGED => Item::Damaged(u32::from_le_bytes(self.array()?)),
			END => {
				let expected = mem::take(&mut self.digest).finish();
				return match self.array::<32>()? == expected {
					true => Ok(None),
					false => Err(BackupFault::Damaged("its checksum does not fit")),
				};
			},
			_ => return Err(BackupFault::Damaged("a part of it is unknown")),
		}))
	}
}

/// Reads a backup to its end.
fn read(
	source: impl Read,
	mut receive: impl FnMut(Item) -> Result<(), BackupFault>,
) -> Result<Summary, BackupFault> {
	let mut reader = Reader { source, digest: BodyDigest::default() };
	if reader.array::<8>()? != *MAGIC {
		return Err(BackupFault::Damaged("it does not begin as one"));
	}
	let mut summary = Summary::default();
	while let Some(item) = reader.item()? {
		match &item {
			Item::Dataset(..) => summary.datasets += 1,
			Item::Frame(bytes) => {
				summary.batches += 1;
				summary.bytes += bytes.len() as u64;
			},
			Item::Damaged(_) => summary.damaged += 1,
		}
		receive(item)?;
	}
	Ok(summary)
}

/// Reads all of a backup and checks every frame.
pub fn verify(file: &Path) -> Result<Summary, BackupFault> {
	read(BufReader::new(File::open(file)?), |item| {
		if let Item::Frame(bytes) = item {
			Frame::decode(bytes.into())?;
		}
		Ok(())
	})
}

/// Makes the store of a backup in `directory`, where there must be none. It takes its place when it is whole.
pub fn restore(file: &Path, directory: &Path) -> Result<Summary, BackupFault> {
	let place = embedded::file(directory);
	if place.try_exists()? {
		return Err(BackupFault::AlreadyThere(place));
	}
	let temporary = directory.join(RESTORING);
	remove_all(&temporary)?;
	let mut restoring =
		Restoring { store: Store::open(&temporary)?, dataset: None, staged: Vec::new() };
	let summary = read(BufReader::new(File::open(file)?), |item| restoring.item(item))?;
	restoring.flush()?;
	drop(restoring);
	fs::rename(embedded::file(&temporary), &place)?;
	remove_all(&temporary)?;
	File::open(directory)?.sync_all()?;
	Ok(summary)
}

/// Removes a folder, if it is there.
fn remove_all(folder: &Path) -> io::Result<()> {
	match fs::remove_dir_all(folder) {
		Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
		removed => removed,
	}
}

/// A store that is being filled.
struct Restoring {
	store: Store,
	dataset: Option<(Hash, Option<AccountId32>)>,
	staged: Vec<Staged>,
}

impl Restoring {
	fn item(&mut self, item: Item) -> Result<(), BackupFault> {
		match item {
			Item::Dataset(id, owner) => {
				self.flush()?;
				self.dataset = Some((id, owner));
			},
			Item::Frame(bytes) => {
				let frame = Frame::decode(bytes.into())?;
				self.staged.push(self.store.stage(&frame)?);
				if self.staged.len() >= RESTORED_AT_ONCE {
					self.flush()?;
				}
			},
			// Another store has it, or its owner.
			Item::Damaged(_) => {},
		}
		Ok(())
	}

	fn flush(&mut self) -> Result<(), BackupFault> {
		let staged = mem::take(&mut self.staged);
		if staged.is_empty() {
			return Ok(());
		}
		let (id, owner) = self.dataset.ok_or(BackupFault::Damaged("a frame of no data set"))?;
		self.store.publish(&id, &staged, 0, u64::MAX)?;
		if let Some(owner) = owner {
			self.store.assign(&id, &owner)?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_commitments::ChunkKey;
	use tempfile::TempDir;

	const OWNER: AccountId32 = AccountId32([5; 32]);
	const WRAPPED: &[u8] = b"a wrapped key that is nowhere else";

	fn frame(batch: u32, seed: u8) -> Frame {
		let chunk = ChunkKey::from_bytes([seed; 32]).seal(&[seed; 4000]).unwrap();
		Frame::new(batch, &[chunk]).unwrap()
	}

	fn put(store: &Store, dataset: &Hash, frame: &Frame) {
		let staged = store.stage(frame).unwrap();
		store.publish(dataset, &[staged], 0, u64::MAX).unwrap();
	}

	/// A store with some batches of two data sets, and keys.
	fn filled(directory: &TempDir) -> Store {
		let store = Store::open(directory.path()).unwrap();
		for batch in 0..70 {
			put(&store, &[1; 32], &frame(batch, 1));
		}
		put(&store, &[2; 32], &frame(u32::MAX, 2));
		store.assign(&[1; 32], &OWNER).unwrap();
		store.put_key(&[1; 32], &OWNER, WRAPPED).unwrap();
		store.put_key(&[3; 32], &OWNER, WRAPPED).unwrap();
		store
	}

	fn back_up(store: &Store, directory: &TempDir) -> PathBuf {
		let path = directory.path().join("store.backup");
		store.back_up(File::create(&path).unwrap(), || true).unwrap();
		path
	}

	#[test]
	fn a_backup_brings_everything_back_but_the_wrapped_keys() {
		let directories = [(); 3].map(|()| tempfile::tempdir().unwrap());
		let store = filled(&directories[0]);
		let file = back_up(&store, &directories[1]);
		let bytes = 70 * frame(0, 1).bytes().len() as u64 + frame(0, 2).bytes().len() as u64;
		let summary = Summary { datasets: 3, batches: 71, bytes, damaged: 0 };
		assert_eq!(verify(&file).unwrap(), summary);
		let content = fs::read(&file).unwrap();
		assert!(!content.windows(WRAPPED.len()).any(|part| part == WRAPPED));

		let place = directories[2].path().join("new");
		assert_eq!(restore(&file, &place).unwrap(), summary);
		assert!(matches!(restore(&file, &place), Err(BackupFault::AlreadyThere(_))));
		assert!(!place.join(RESTORING).exists());
		let restored = Store::open(&place).unwrap();
		assert_eq!(restored.datasets().unwrap(), [[1; 32], [2; 32]]);
		for batch in 0..70 {
			let stored = restored.batch(&[1; 32], batch).unwrap().unwrap();
			assert_eq!(restored.frame(&stored).unwrap(), Some(frame(batch, 1)));
		}
		assert_eq!(restored.totals(&[1; 32]).unwrap(), store.totals(&[1; 32]).unwrap());
		assert_eq!(restored.owned_bytes(&OWNER).unwrap(), store.owned_bytes(&OWNER).unwrap());
		assert!(restored.recipients(&[1; 32]).unwrap().is_empty());
	}

	#[test]
	fn a_backup_is_of_one_moment() {
		let directories = [(); 2].map(|()| tempfile::tempdir().unwrap());
		let store = filled(&directories[0]);
		let path = directories[1].path().join("store.backup");
		let changed = std::cell::Cell::new(false);
		// Everything changes while the first part of it is on its way.
		let change = || {
			if !changed.replace(true) {
				put(&store, &[1; 32], &frame(3, 9));
				put(&store, &[1; 32], &frame(70, 9));
				store.erase(&[2; 32]).unwrap();
			}
			true
		};
		store.back_up(File::create(&path).unwrap(), change).unwrap();
		let place = directories[1].path().join("new");
		assert_eq!(restore(&path, &place).unwrap().batches, 71);
		let restored = Store::open(&place).unwrap();
		let stored = restored.batch(&[1; 32], 3).unwrap().unwrap();
		assert_eq!(restored.frame(&stored).unwrap(), Some(frame(3, 1)));
		assert!(restored.batch(&[2; 32], u32::MAX).unwrap().is_some());
	}

	#[test]
	fn what_is_cut_off_or_altered_is_refused_and_leaves_no_store() {
		let directories = [(); 2].map(|()| tempfile::tempdir().unwrap());
		let store = filled(&directories[0]);
		let file = back_up(&store, &directories[1]);
		let whole = fs::read(&file).unwrap();
		let mut spoilt: Vec<Vec<u8>> =
			[0, 7, 8, 50, whole.len() / 2, whole.len() - 1].map(|end| whole[..end].to_vec()).into();
		for at in [0, 8, 9, 45, whole.len() / 2, whole.len() - 1] {
			let mut flipped = whole.clone();
			flipped[at] ^= 0x40;
			spoilt.push(flipped);
		}
		let place = directories[1].path().join("new");
		for content in spoilt {
			fs::write(&file, content).unwrap();
			assert!(matches!(verify(&file), Err(BackupFault::Damaged(_))));
			assert!(matches!(restore(&file, &place), Err(BackupFault::Damaged(_))));
			assert!(!embedded::file(&place).exists());
		}
	}

	#[test]
	fn a_backup_that_is_stopped_is_none() {
		let directories = [(); 2].map(|()| tempfile::tempdir().unwrap());
		let store = filled(&directories[0]);
		let left = std::cell::Cell::new(10);
		let goes_on = || left.replace(left.get() - 1) > 0;
		let path = directories[1].path().join("store.backup");
		let stopped = store.back_up(File::create(&path).unwrap(), goes_on);
		assert!(matches!(stopped, Err(BackupFault::Io(_))));
		assert!(verify(&path).is_err());
	}
}
