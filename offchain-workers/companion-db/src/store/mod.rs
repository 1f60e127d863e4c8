//! What is kept: encrypted batches and wrapped keys.
//!
//! Two engines keep it. [`Store::open`] keeps everything in one directory; [`Store::connect`] keeps
//! records and wrapped keys in PostgreSQL and frames as objects. Both promise the same.
//!
//! A frame is cut into segments under a number of its own, which is never used again. While an upload
//! is under way its frames are *staged*; publishing makes all of them visible in one transaction. What
//! a crash leaves staged is removed at the next start. Everything that is visible is durable when a
//! call returns. Checksums bind every segment and every record to its place: what is damaged is never
//! handed out.

pub mod backup;
mod city;
mod embedded;
mod engine;
mod fault;
mod migration;
mod publication;
mod record;

pub use city::CitySettings;
pub use embedded::Opener;
pub use fault::StoreFault;
pub use migration::{remove_moved, Migration, Moved};

use bytes::Bytes;
use city::{City, Role};
use embedded::Embedded;
use engine::Engine;
use msec_commitments::{BatchCommitment, Hash};
use msec_worker_common::{batch_frame::Frame, AccountId32};
use publication::{Publication, SameBatch};
use record::{open_segment, Record};
use std::{
	collections::BTreeSet,
	ops::Range,
	path::Path,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::runtime::Handle;

/// Memory for pages of the file.
const CACHE_BYTES: usize = 32 * 1024 * 1024;
/// Most recipients of keys of one data set.
const MAX_RECIPIENTS: usize = 256;
/// Most damaged batches that are noted until somebody repairs them.
const MAX_NOTED: usize = 10_000;
/// Data sets that are listed at once.
const DATASETS_AT_ONCE: usize = 1000;

/// The store. Its methods block; clones share one engine.
#[derive(Clone)]
pub struct Store {
	engine: Arc<dyn Engine>,
	/// What readers found damaged.
	damaged: Arc<Mutex<BTreeSet<(Hash, u32)>>>,
}

/// A frame that is written but not visible yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Staged {
	batch: u32,
	record: Record,
}

/// A batch that is visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
	/// Position in the data set.
	pub batch: u32,
	dataset: Hash,
	record: Record,
}

impl Stored {
	/// What the chain is told of the batch.
	pub fn commitment(&self) -> BatchCommitment {
		self.record.commitment()
	}

	/// Length of the frame.
	pub fn bytes(&self) -> u64 {
		self.record.bytes
	}

	/// In how many parts [`Store::segment`] hands the frame out.
	pub fn segments(&self) -> u32 {
		self.record.segments()
	}
}

/// Counts of a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
	/// Number of batches.
	pub batches: u64,
	/// Length of all frames.
	pub bytes: u64,
}

impl Store {
	fn on(engine: Arc<dyn Engine>) -> Self {
		Self { engine, damaged: Arc::default() }
	}

	/// Opens or makes the store in `directory`.
	pub fn open(directory: &Path) -> Result<Self, StoreFault> {
		let embedded = Embedded::open(directory)?;
		if embedded.has_moved()? {
			let reason =
				"data sets of this store were moved to PostgreSQL; configure `postgres` and \
				`objects`";
			return Err(StoreFault::Configuration(reason.to_owned()));
		}
		Ok(Self::on(Arc::new(embedded)))
	}

	/// Opens the store in `directory`, where there must be one.
	pub fn open_existing(directory: &Path) -> Result<Self, StoreFault> {
		if !embedded::file(directory).try_exists()? {
			let reason = format!("there is no store in {}", directory.display());
			return Err(StoreFault::Configuration(reason));
		}
		Self::open(directory)
	}

	/// A store whose file is opened, and after a fault opened again, by `opener`.
	pub fn with_opener(opener: Opener, directory: &Path) -> Result<Self, StoreFault> {
		Ok(Self::on(Arc::new(Embedded::with_opener(opener, directory)?)))
	}

	/// Opens or makes the store of a city; it is the only one that writes. Connections live in
	/// `runtime`, and neither this nor any other method may be called by a thread that drives it.
	pub fn connect(settings: &CitySettings, runtime: Handle) -> Result<Self, StoreFault> {
		Ok(Self::on(Arc::new(City::open(settings, Role::Writer, runtime)?)))
	}

	/// Opens the store of a city to look, while another process may write.
	pub fn connect_to_read(settings: &CitySettings, runtime: Handle) -> Result<Self, StoreFault> {
		Ok(Self::on(Arc::new(City::open(settings, Role::Reader, runtime)?)))
	}

	/// Writes a frame down without making it visible.
	pub fn stage(&self, frame: &Frame) -> Result<Staged, StoreFault> {
		self.engine.stage(frame)
	}

	/// Makes staged frames of one upload visible, or none of them. Batches below `on_chain` are the
	/// chain's and cannot be replaced; the data set has at most `quota` bytes afterwards.
	pub fn publish(
		&self,
		dataset: &Hash,
		staged: &[Staged],
		on_chain: u32,
		quota: u64,
	) -> Result<Vec<Stored>, StoreFault> {
		self.engine.publish(Publication {
			dataset: *dataset,
			staged: staged.to_vec(),
			on_chain,
			quota,
			same_batch: SameBatch::Stays,
		})
	}

	/// As [`Self::publish`], for batches that are known to be the chain's: they take the place of whatever
	/// is here, also of a batch with the same commitment, whose bytes may be damaged.
	pub fn repair(
		&self,
		dataset: &Hash,
		staged: &[Staged],
		quota: u64,
	) -> Result<Vec<Stored>, StoreFault> {
		self.engine.publish(Publication {
			dataset: *dataset,
			staged: staged.to_vec(),
			on_chain: 0,
			quota,
			same_batch: SameBatch::IsReplaced,
		})
	}

	/// Removes staged frames.
	pub fn discard(&self, staged: &[Staged]) -> Result<(), StoreFault> {
		self.engine.discard(staged)
	}

	/// The batches `[from, to)`, at most `limit`.
	pub fn list(
		&self,
		dataset: &Hash,
		from: u32,
		to: u32,
		limit: usize,
	) -> Result<Vec<Stored>, StoreFault> {
		if from >= to {
			return Ok(Vec::new());
		}
		self.engine.list(dataset, from..=to - 1, limit)
	}

	/// The batches from `from` on, at most `limit`.
	pub(crate) fn list_from(
		&self,
		dataset: &Hash,
		from: u32,
		limit: usize,
	) -> Result<Vec<Stored>, StoreFault> {
		self.engine.list(dataset, from..=u32::MAX, limit)
	}

	/// One batch.
	pub fn batch(&self, dataset: &Hash, batch: u32) -> Result<Option<Stored>, StoreFault> {
		Ok(self.engine.list(dataset, batch..=batch, 1)?.pop())
	}

	/// The last batch.
	pub fn last(&self, dataset: &Hash) -> Result<Option<Stored>, StoreFault> {
		self.engine.last(dataset)
	}

	/// Part `index` of a batch's frame; `None` when the batch was replaced or erased meanwhile.
	pub fn segment(&self, batch: &Stored, index: u32) -> Result<Option<Vec<u8>>, StoreFault> {
		let segments = self.segments(batch, index..index.saturating_add(1))?;
		Ok(segments.and_then(|segments| segments.first().map(|segment| segment.to_vec())))
	}

	/// Some parts of a batch's frame; `None` when the batch was replaced or erased meanwhile.
	pub fn segments(
		&self,
		batch: &Stored,
		range: Range<u32>,
	) -> Result<Option<Vec<Bytes>>, StoreFault> {
		let found = self.engine.segments(batch, range.clone())?.and_then(|checked| {
			let segments = range.zip(checked).map(|(index, bytes)| {
				let bytes = Bytes::from(bytes);
				open_segment(&batch.record, index, &bytes).map(|segment| bytes.slice_ref(segment))
			});
			segments.collect::<Option<Vec<_>>>()
		});
		match found {
			Some(segments) => Ok(Some(segments)),
			None if self.batch(&batch.dataset, batch.batch)? == Some(*batch) => {
				Err(self.note_damage(batch))
			},
			None => Ok(None),
		}
	}

	/// A batch's frame, compared with what the chain is told of it; `None` when the batch was replaced
	/// or erased meanwhile.
	pub fn frame(&self, batch: &Stored) -> Result<Option<Frame>, StoreFault> {
		let Some(segments) = self.segments(batch, 0..batch.segments())? else {
			return Ok(None);
		};
		match Frame::decode(segments.concat().into()) {
			Ok(frame)
				if frame.batch() == batch.batch && frame.commitment() == batch.commitment() =>
			{
				Ok(Some(frame))
			},
			_ => Err(self.note_damage(batch)),
		}
	}

	fn note_damage(&self, batch: &Stored) -> StoreFault {
		self.note_damaged(&batch.dataset, &[batch.batch]);
		StoreFault::DamagedBatch(batch.batch)
	}

	/// Notes batches that are damaged, as far as there is room for notes.
	pub fn note_damaged(&self, dataset: &Hash, batches: &[u32]) {
		let mut damaged = self.damaged();
		let room = MAX_NOTED.saturating_sub(damaged.len());
		damaged.extend(batches.iter().take(room).map(|batch| (*dataset, *batch)));
	}

	/// Batches of a data set that were noted since the last time.
	pub fn take_damaged(&self, dataset: &Hash) -> Vec<u32> {
		let mut damaged = self.damaged();
		let noted: Vec<_> = damaged.range((*dataset, 0)..=(*dataset, u32::MAX)).copied().collect();
		for entry in &noted {
			damaged.remove(entry);
		}
		noted.into_iter().map(|(_, batch)| batch).collect()
	}

	fn damaged(&self) -> MutexGuard<'_, BTreeSet<(Hash, u32)>> {
		self.damaged.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// The counts of a data set.
	pub fn totals(&self, dataset: &Hash) -> Result<Totals, StoreFault> {
		self.engine.totals(dataset)
	}

	/// Notes whose a data set is.
	pub fn assign(&self, dataset: &Hash, owner: &AccountId32) -> Result<(), StoreFault> {
		self.engine.assign(dataset, owner)
	}

	/// Length of all frames of the data sets that are an owner's, as far as that was noted.
	pub fn owned_bytes(&self, owner: &AccountId32) -> Result<u64, StoreFault> {
		self.engine.owned_bytes(owner)
	}

	/// Whether batches or wrapped keys of a data set are kept.
	pub fn keeps(&self, dataset: &Hash) -> Result<bool, StoreFault> {
		Ok(self.totals(dataset)?.batches > 0 || !self.recipients(dataset)?.is_empty())
	}

	/// The data sets of which anything is kept.
	pub fn datasets(&self) -> Result<Vec<Hash>, StoreFault> {
		let mut datasets = Vec::new();
		loop {
			let page = self.datasets_after(datasets.last(), DATASETS_AT_ONCE)?;
			let is_last = page.len() < DATASETS_AT_ONCE;
			datasets.extend(page);
			if is_last {
				return Ok(datasets);
			}
		}
	}

	/// Data sets of which anything is kept, in ascending order from behind `after`, at most `limit`.
	pub fn datasets_after(
		&self,
		after: Option<&Hash>,
		limit: usize,
	) -> Result<Vec<Hash>, StoreFault> {
		self.engine.datasets(after, limit)
	}

	/// Keeps the wrapped key tree of `recipient` in place of an older one.
	pub fn put_key(
		&self,
		dataset: &Hash,
		recipient: &AccountId32,
		wrapped: &[u8],
	) -> Result<(), StoreFault> {
		self.engine.put_key(dataset, recipient, wrapped)
	}

	/// The wrapped key tree of `recipient`.
	pub fn key(
		&self,
		dataset: &Hash,
		recipient: &AccountId32,
	) -> Result<Option<Vec<u8>>, StoreFault> {
		self.engine.key(dataset, recipient)
	}

	/// For whom wrapped keys of a data set are kept.
	pub fn recipients(&self, dataset: &Hash) -> Result<Vec<AccountId32>, StoreFault> {
		self.engine.recipients(dataset)
	}

	/// Destroys all wrapped keys of a data set, which takes no room.
	pub fn erase_keys(&self, dataset: &Hash) -> Result<(), StoreFault> {
		self.engine.erase_keys(dataset)
	}

	/// Destroys everything of a data set: its wrapped keys first, then its ciphertext.
	pub fn erase(&self, dataset: &Hash) -> Result<(), StoreFault> {
		self.erase_keys(dataset)?;
		while self.engine.erase_some(dataset)? {}
		self.take_damaged(dataset);
		Ok(())
	}
}

#[cfg(test)]
mod tests;
