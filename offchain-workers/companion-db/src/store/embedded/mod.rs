//! Everything in the data directory: batches in one redb file, wrapped keys in one small file each.

mod batches;
mod commits;
mod database;
mod key_files;

pub use database::Opener;

use super::{
	backup::Item, engine::Engine, publication::Publication, Staged, StoreFault, Stored, Totals,
	CACHE_BYTES,
};
use commits::Commits;
use database::Slot;
use key_files::KeyFiles;
use msec_commitments::Hash;
use msec_worker_common::{batch_frame::Frame, AccountId32};
use std::{
	ops::{ControlFlow, Range, RangeInclusive},
	path::{Path, PathBuf},
};

pub(super) struct Embedded {
	slot: Slot,
	commits: Commits,
	keys: KeyFiles,
}

/// The file of a store.
pub(super) fn file(directory: &Path) -> PathBuf {
	directory.join("batches.redb")
}

impl Embedded {
	/// Opens or makes the file in `directory`.
	pub fn open(directory: &Path) -> Result<Self, StoreFault> {
		std::fs::create_dir_all(directory)?;
		let path = file(directory);
		let opener = move || msec_worker_common::database::open(&path, CACHE_BYTES);
		Self::with_opener(Box::new(opener), directory)
	}

	/// With a file that is opened, and after a fault opened again, by `opener`.
	pub fn with_opener(opener: Opener, directory: &Path) -> Result<Self, StoreFault> {
		let keys = KeyFiles::open(&directory.join("keys"))?;
		let slot = Slot::new(opener);
		slot.with(batches::prepare)?;
		Ok(Self { slot, commits: Commits::default(), keys })
	}

	/// Whether anything of a data set is kept that no other engine has.
	pub fn holds(&self, dataset: &Hash) -> Result<bool, StoreFault> {
		self.slot.with(|opened| batches::holds(opened, dataset))
	}

	/// The data sets of an owner.
	pub fn owned(&self, owner: &AccountId32) -> Result<Vec<Hash>, StoreFault> {
		self.slot.with(|opened| batches::owned(opened, &owner.0))
	}

	/// Notes that another engine has a data set.
	pub fn mark_moved(&self, dataset: &Hash) -> Result<(), StoreFault> {
		self.slot.with(|opened| batches::mark_moved(opened, dataset))
	}

	/// Whether another engine has any data set.
	pub fn has_moved(&self) -> Result<bool, StoreFault> {
		self.slot.with(batches::has_moved)
	}
}

impl Engine for Embedded {
	fn stage(&self, frame: &Frame) -> Result<Staged, StoreFault> {
		self.slot.with(|opened| batches::stage(opened, frame))
	}

	fn publish(&self, publication: Publication) -> Result<Vec<Stored>, StoreFault> {
		self.commits.commit(publication, |publications| {
			self.slot.with(|opened| batches::publish(opened, publications))
		})
	}

	fn discard(&self, staged: &[Staged]) -> Result<(), StoreFault> {
		self.slot.with(|opened| batches::discard(opened, staged))
	}

	fn list(
		&self,
		dataset: &Hash,
		batches: RangeInclusive<u32>,
		limit: usize,
	) -> Result<Vec<Stored>, StoreFault> {
		self.slot.with(|opened| batches::list(opened, dataset, batches, limit))
	}

	fn last(&self, dataset: &Hash) -> Result<Option<Stored>, StoreFault> {
		self.slot.with(|opened| batches::last(opened, dataset))
	}

	fn segments(
		&self,
		stored: &Stored,
		range: Range<u32>,
	) -> Result<Option<Vec<Vec<u8>>>, StoreFault> {
		self.slot.with(|opened| batches::segments(opened, stored.record.blob, range))
	}

	fn totals(&self, dataset: &Hash) -> Result<Totals, StoreFault> {
		self.slot.with(|opened| batches::totals(opened, dataset))
	}

	fn datasets(&self, after: Option<&Hash>, limit: usize) -> Result<Vec<Hash>, StoreFault> {
		self.slot.with(|opened| batches::datasets(opened, after, limit))
	}

	fn assign(&self, dataset: &Hash, owner: &AccountId32) -> Result<(), StoreFault> {
		self.slot.with(|opened| batches::assign(opened, dataset, &owner.0))
	}

	fn owner(&self, dataset: &Hash) -> Result<Option<AccountId32>, StoreFault> {
		Ok(self.slot.with(|opened| batches::owner(opened, dataset))?.map(AccountId32))
	}

	fn owned_bytes(&self, owner: &AccountId32) -> Result<u64, StoreFault> {
		let mut bytes = 0;
		for dataset in self.owned(owner)? {
			bytes += self.totals(&dataset)?.bytes;
		}
		Ok(bytes)
	}

	fn put_key(
		&self,
		dataset: &Hash,
		recipient: &AccountId32,
		wrapped: &[u8],
	) -> Result<(), StoreFault> {
		self.slot.with(|opened| batches::note(opened, dataset))?;
		self.keys.put(dataset, recipient, wrapped)?;
		// Again, lest the data set was erased meanwhile and nobody would erase this key.
		self.slot.with(|opened| batches::note(opened, dataset))
	}

	fn key(&self, dataset: &Hash, recipient: &AccountId32) -> Result<Option<Vec<u8>>, StoreFault> {
		Ok(self.keys.get(dataset, recipient)?)
	}

	fn recipients(&self, dataset: &Hash) -> Result<Vec<AccountId32>, StoreFault> {
		Ok(self.keys.recipients(dataset)?)
	}

	fn erase_keys(&self, dataset: &Hash) -> Result<(), StoreFault> {
		Ok(self.keys.erase(dataset)?)
	}

	fn erase_some(&self, dataset: &Hash) -> Result<bool, StoreFault> {
		self.slot.with(|opened| batches::erase_some(opened, dataset))
	}

	fn snapshot(&self, receive: &mut dyn FnMut(Item) -> ControlFlow<()>) -> Result<(), StoreFault> {
		self.slot.with(|opened| batches::snapshot(opened, receive))
	}

	#[cfg(test)]
	fn count_segments(&self) -> usize {
		self.slot.with(batches::count_segments).unwrap()
	}
}
