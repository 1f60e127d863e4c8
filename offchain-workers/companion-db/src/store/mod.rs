//! What is kept on disk: batches in one redb file, wrapped keys in one small file each.
//!
//! A frame is cut into segments under a number of its own, which is never used again. While an upload
//! is under way its frames are *staged*; publishing makes all of them visible in one transaction. What
//! a crash leaves staged is removed at the next start. Everything is durable when a call returns.

mod batches;
mod database;
mod key_files;

pub use database::{Opener, StoreFault};

use batches::Record;
use database::Slot;
use key_files::KeyFiles;
use msec_commitments::{BatchCommitment, Hash};
use msec_worker_common::{batch_frame::Frame, AccountId32};
use std::{path::Path, sync::Arc};

/// Memory for pages of the file.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// The store. Its methods block; clones share one file.
#[derive(Clone)]
pub struct Store {
	slot: Arc<Slot>,
	keys: Arc<KeyFiles>,
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
	record: Record,
}

impl Stored {
	/// What the chain is told of the batch.
	pub fn commitment(&self) -> BatchCommitment {
		BatchCommitment { chunks: self.record.chunks, root: self.record.root }
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
	/// Opens or makes the store in `directory`.
	pub fn open(directory: &Path) -> Result<Self, StoreFault> {
		std::fs::create_dir_all(directory)?;
		let path = directory.join("batches.redb");
		let opener = move || msec_worker_common::database::open(&path, CACHE_BYTES);
		Self::with_opener(Box::new(opener), directory)
	}

	/// A store whose file is opened, and after a fault opened again, by `opener`.
	pub fn with_opener(opener: Opener, directory: &Path) -> Result<Self, StoreFault> {
		let keys = KeyFiles::open(&directory.join("keys"))?;
		let slot = Slot::new(opener);
		slot.with(batches::prepare)?;
		Ok(Self { slot: Arc::new(slot), keys: Arc::new(keys) })
	}

	/// Writes a frame down without making it visible.
	pub fn stage(&self, frame: &Frame) -> Result<Staged, StoreFault> {
		self.slot.with(|database| batches::stage(database, frame))
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
		self.slot.with(|database| batches::publish(database, dataset, staged, on_chain, quota))
	}

	/// Removes staged frames.
	pub fn discard(&self, staged: &[Staged]) -> Result<(), StoreFault> {
		self.slot.with(|database| batches::discard(database, staged))
	}

	/// The batches `[from, to)`, at most `limit`.
	pub fn list(
		&self,
		dataset: &Hash,
		from: u32,
		to: u32,
		limit: usize,
	) -> Result<Vec<Stored>, StoreFault> {
		self.slot.with(|database| batches::list(database, dataset, from, to, limit))
	}

	/// One batch.
	pub fn batch(&self, dataset: &Hash, batch: u32) -> Result<Option<Stored>, StoreFault> {
		Ok(self.list(dataset, batch, batch.saturating_add(1), 1)?.pop())
	}

	/// The last batch.
	pub fn last(&self, dataset: &Hash) -> Result<Option<Stored>, StoreFault> {
		self.slot.with(|database| batches::last(database, dataset))
	}

	/// Part `index` of a batch's frame; `None` when the batch was replaced or erased meanwhile.
	pub fn segment(&self, batch: &Stored, index: u32) -> Result<Option<Vec<u8>>, StoreFault> {
		self.slot.with(|database| batches::segment(database, batch.record.blob, index))
	}

	/// The counts of a data set.
	pub fn totals(&self, dataset: &Hash) -> Result<Totals, StoreFault> {
		self.slot.with(|database| batches::totals(database, dataset))
	}

	/// The data sets of which anything is kept.
	pub fn datasets(&self) -> Result<Vec<Hash>, StoreFault> {
		let mut datasets = self.slot.with(batches::datasets)?;
		datasets.extend(self.keys.datasets()?);
		datasets.sort_unstable();
		datasets.dedup();
		Ok(datasets)
	}

	/// Keeps the wrapped key tree of `recipient` in place of an older one.
	pub fn put_key(
		&self,
		dataset: &Hash,
		recipient: &AccountId32,
		wrapped: &[u8],
	) -> Result<(), StoreFault> {
		self.keys.put(dataset, recipient, wrapped)
	}

	/// The wrapped key tree of `recipient`.
	pub fn key(
		&self,
		dataset: &Hash,
		recipient: &AccountId32,
	) -> Result<Option<Vec<u8>>, StoreFault> {
		Ok(self.keys.get(dataset, recipient)?)
	}

	/// The accounts for which wrapped key trees are kept.
	pub fn recipients(&self, dataset: &Hash) -> Result<Vec<AccountId32>, StoreFault> {
		Ok(self.keys.recipients(dataset)?)
	}

	/// Destroys everything of a data set: its wrapped keys first, then its ciphertext.
	pub fn erase(&self, dataset: &Hash) -> Result<(), StoreFault> {
		self.keys.erase(dataset)?;
		while self.slot.with(|database| batches::erase_some(database, dataset))? {}
		Ok(())
	}
}

#[cfg(test)]
mod tests;
