//! Moving everything from the redb file to PostgreSQL and objects, while both serve.
//!
//! Data sets move one after the other. Until one is moved, it is read where it was, and nothing but
//! its erasure changes it; from then on it is in the new place. The file notes what is moved, so that
//! this can be stopped at any moment and goes on at the next start.

use super::{
	backup::Item,
	embedded::{self, Embedded},
	engine::Engine,
	publication::Publication,
	Staged, Store, StoreFault, Stored, Totals,
};
use msec_commitments::Hash;
use msec_worker_common::{batch_frame::Frame, AccountId32};
use std::{
	collections::BTreeMap,
	ops::{ControlFlow, Range, RangeInclusive},
	path::Path,
	sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How many batches are moved in one step.
const MOVED_AT_ONCE: usize = 64;

/// Moves everything of a store to another one.
pub struct Migration {
	moving: Arc<Moving>,
}

/// What a migration came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
	/// Data sets that are in the new place.
	pub datasets: u64,
	/// Length of the frames that were moved.
	pub bytes: u64,
	/// Data sets that stay where they were, with a batch that is damaged.
	pub damaged: Vec<(Hash, u32)>,
}

impl Migration {
	/// A store that serves from `directory` and from `to`, and what moves data sets to `to`.
	pub fn new(directory: &Path, to: Store) -> Result<(Store, Self), StoreFault> {
		let from = Arc::new(Embedded::open(directory)?);
		let old = Store::on(from.clone());
		let moving = Arc::new(Moving { from, old, to, copying: Mutex::new(()) });
		Ok((Store::on(moving.clone()), Self { moving }))
	}

	/// Moves what is not moved yet, as long as `goes_on` says so before each step. What is said to
	/// `progress` is the number of bytes since the last time.
	pub fn run(
		&self,
		goes_on: impl Fn() -> bool,
		mut progress: impl FnMut(u64),
	) -> Result<Moved, StoreFault> {
		let mut moved = Moved::default();
		for dataset in self.moving.old.datasets()? {
			if !self.moving.from.holds(&dataset)? {
				continue;
			}
			match self.move_dataset(&dataset, &goes_on, &mut progress) {
				Ok(Some(bytes)) => {
					moved.datasets += 1;
					moved.bytes += bytes;
				},
				Ok(None) => break,
				Err(StoreFault::DamagedBatch(batch)) => moved.damaged.push((dataset, batch)),
				Err(fault) => return Err(fault),
			}
		}
		Ok(moved)
	}

	/// Length of all frames that are not moved yet.
	pub fn bytes(&self) -> Result<u64, StoreFault> {
		let mut bytes = 0;
		for dataset in self.moving.old.datasets()? {
			if self.moving.from.holds(&dataset)? {
				bytes += self.moving.old.totals(&dataset)?.bytes;
			}
		}
		Ok(bytes)
	}

	/// The number of bytes that were moved; `None` when it was stopped.
	fn move_dataset(
		&self,
		dataset: &Hash,
		goes_on: &impl Fn() -> bool,
		progress: &mut impl FnMut(u64),
	) -> Result<Option<u64>, StoreFault> {
		let mut bytes = 0;
		let mut from = Some(0);
		while let Some(first) = from {
			if !goes_on() {
				return Ok(None);
			}
			let page = self.moving.old.list_from(dataset, first, MOVED_AT_ONCE)?;
			let last = page.last().filter(|_| page.len() == MOVED_AT_ONCE);
			from = last.and_then(|last| last.batch.checked_add(1));
			self.moving.copy(dataset, &page)?;
			let length = page.iter().map(Stored::bytes).sum();
			progress(length);
			bytes += length;
		}
		self.moving.finish(dataset)?;
		Ok(Some(bytes))
	}
}

/// Removes the file of a store whose data sets are all moved. To be called before the store of the
/// city serves; says so when something is not moved yet.
pub fn remove_moved(directory: &Path) -> Result<(), StoreFault> {
	let file = embedded::file(directory);
	if !file.try_exists()? {
		return Ok(());
	}
	let embedded = Arc::new(Embedded::open(directory)?);
	let datasets = Store::on(embedded.clone()).datasets()?;
	for dataset in &datasets {
		if embedded.holds(dataset)? {
			return Err(StoreFault::Configuration(format!(
				"{} has data sets that are not in PostgreSQL; \
				start `msec-companion-db migrate` to move them",
				file.display()
			)));
		}
	}
	for dataset in &datasets {
		embedded.erase_keys(dataset)?;
	}
	drop(embedded);
	std::fs::remove_file(&file)?;
	std::fs::File::open(directory)?.sync_all()?;
	Ok(())
}

/// Serves from two engines.
struct Moving {
	from: Arc<Embedded>,
	/// The same as a store.
	old: Store,
	to: Store,
	/// Held while something is copied, or erased, lest something erased is copied.
	copying: Mutex<()>,
}

impl Moving {
	fn copying(&self) -> MutexGuard<'_, ()> {
		self.copying.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Where a data set is.
	fn engine(&self, dataset: &Hash) -> Result<&dyn Engine, StoreFault> {
		let place = if self.from.holds(dataset)? { &self.old } else { &self.to };
		Ok(&*place.engine)
	}

	/// Refuses changes to what is not moved yet.
	fn changeable(&self, dataset: &Hash) -> Result<&dyn Engine, StoreFault> {
		if self.from.holds(dataset)? {
			return Err(StoreFault::Moving);
		}
		Ok(&*self.to.engine)
	}

	/// Copies batches that are not in the new place already.
	fn copy(&self, dataset: &Hash, page: &[Stored]) -> Result<(), StoreFault> {
		let (Some(first), Some(last)) = (page.first(), page.last()) else {
			return Ok(());
		};
		let _copying = self.copying();
		let present: BTreeMap<_, _> = self
			.to
			.engine
			.list(dataset, first.batch..=last.batch, usize::MAX)?
			.iter()
			.map(|stored| (stored.batch, stored.commitment()))
			.collect();
		let mut staged = Vec::new();
		for stored in page {
			if present.get(&stored.batch) == Some(&stored.commitment()) {
				continue;
			}
			// What is gone was erased meanwhile.
			if let Some(frame) = self.old.frame(stored)? {
				staged.push(self.to.stage(&frame)?);
			}
		}
		if staged.is_empty() {
			return Ok(());
		}
		self.to.publish(dataset, &staged, 0, u64::MAX).map(drop).inspect_err(|_| {
			// What cannot be removed now is removed at the next start.
			let _ = self.to.discard(&staged);
		})
	}

	/// Copies the rest of a data set whose batches are copied; from then on it is in the new place.
	fn finish(&self, dataset: &Hash) -> Result<(), StoreFault> {
		let _copying = self.copying();
		if let Some(owner) = self.from.owner(dataset)? {
			self.to.assign(dataset, &owner)?;
		}
		for recipient in self.old.recipients(dataset)? {
			if let Some(wrapped) = self.old.key(dataset, &recipient)? {
				self.to.put_key(dataset, &recipient, &wrapped)?;
			}
		}
		self.from.mark_moved(dataset)
	}
}

impl Engine for Moving {
	fn stage(&self, frame: &Frame) -> Result<Staged, StoreFault> {
		self.to.engine.stage(frame)
	}

	fn publish(&self, publication: Publication) -> Result<Vec<Stored>, StoreFault> {
		self.changeable(&publication.dataset)?.publish(publication)
	}

	fn discard(&self, staged: &[Staged]) -> Result<(), StoreFault> {
		self.to.engine.discard(staged)
	}

	fn list(
		&self,
		dataset: &Hash,
		batches: RangeInclusive<u32>,
		limit: usize,
	) -> Result<Vec<Stored>, StoreFault> {
		self.engine(dataset)?.list(dataset, batches, limit)
	}

	fn last(&self, dataset: &Hash) -> Result<Option<Stored>, StoreFault> {
		self.engine(dataset)?.last(dataset)
	}

	/// Who began to read before a data set was moved goes on reading in the old place.
	fn segments(
		&self,
		stored: &Stored,
		range: Range<u32>,
	) -> Result<Option<Vec<Vec<u8>>>, StoreFault> {
		match self.from.segments(stored, range.clone())? {
			Some(segments) => Ok(Some(segments)),
			None => self.to.engine.segments(stored, range),
		}
	}

	fn totals(&self, dataset: &Hash) -> Result<Totals, StoreFault> {
		self.engine(dataset)?.totals(dataset)
	}

	fn datasets(&self, after: Option<&Hash>, limit: usize) -> Result<Vec<Hash>, StoreFault> {
		let mut datasets = self.from.datasets(after, limit)?;
		datasets.extend(self.to.datasets_after(after, limit)?);
		datasets.sort_unstable();
		datasets.dedup();
		datasets.truncate(limit);
		Ok(datasets)
	}

	fn assign(&self, dataset: &Hash, owner: &AccountId32) -> Result<(), StoreFault> {
		self.engine(dataset)?.assign(dataset, owner)
	}

	fn owner(&self, dataset: &Hash) -> Result<Option<AccountId32>, StoreFault> {
		self.engine(dataset)?.owner(dataset)
	}

	fn owned_bytes(&self, owner: &AccountId32) -> Result<u64, StoreFault> {
		let mut bytes = self.to.owned_bytes(owner)?;
		for dataset in self.from.owned(owner)? {
			if self.from.holds(&dataset)? {
				bytes += self.from.totals(&dataset)?.bytes;
			}
		}
		Ok(bytes)
	}

	fn put_key(
		&self,
		dataset: &Hash,
		recipient: &AccountId32,
		wrapped: &[u8],
	) -> Result<(), StoreFault> {
		self.changeable(dataset)?.put_key(dataset, recipient, wrapped)
	}

	fn key(&self, dataset: &Hash, recipient: &AccountId32) -> Result<Option<Vec<u8>>, StoreFault> {
		self.engine(dataset)?.key(dataset, recipient)
	}

	fn recipients(&self, dataset: &Hash) -> Result<Vec<AccountId32>, StoreFault> {
		self.engine(dataset)?.recipients(dataset)
	}

	fn erase_keys(&self, dataset: &Hash) -> Result<(), StoreFault> {
		let _copying = self.copying();
		self.from.erase_keys(dataset)?;
		self.to.engine.erase_keys(dataset)
	}

	fn erase_some(&self, dataset: &Hash) -> Result<bool, StoreFault> {
		let _copying = self.copying();
		let has_more = self.from.erase_some(dataset)?;
		Ok(self.to.engine.erase_some(dataset)? || has_more)
	}

	fn snapshot(&self, _: &mut dyn FnMut(Item) -> ControlFlow<()>) -> Result<(), StoreFault> {
		let reason = "a store that moves is backed up when it has moved";
		Err(StoreFault::Configuration(reason.to_owned()))
	}

	#[cfg(test)]
	fn count_segments(&self) -> usize {
		self.from.count_segments() + self.to.engine.count_segments()
	}
}
