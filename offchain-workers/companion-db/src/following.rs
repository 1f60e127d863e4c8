//! What happens to data sets on the chain, block by block.
//!
//! The store reads the events of every finalized block, and remembers in a file the last one that it has
//! read and until when data sets are kept. At the first start, when blocks were missed whose events the node
//! no longer has, and once a day, it looks at every data set that is here, page by page.

use crate::{
	access::ChainAccess,
	duties::{blocking, datasets_after},
	erasures::Erasures,
	registry::Registry,
	store::StoreFault,
};
use codec::{Decode, Encode};
use msec_commitments::Hash;
use msec_worker_common::{chain::ChainError, database, AccountId32};
use redb::{Database, ReadableDatabase, TableDefinition};
use std::{path::Path, sync::Arc};

/// How many blocks are read one by one. When more were missed, looking at every data set takes less.
const MAX_BLOCKS: u64 = 1000;
/// Blocks between two looks at every data set: a day.
const LOOK_PERIOD: u64 = 28_800;
/// How many pages of data sets are looked at in one round.
const PAGES_AT_ONCE: usize = 10;
/// How many data sets whose time is over are erased in one round.
const EXPIRED_AT_ONCE: usize = 1000;
/// Memory for pages of the file.
const CACHE_BYTES: usize = 1024 * 1024;

/// How far the store is.
const PROGRESS: TableDefinition<(), &[u8]> = TableDefinition::new("progress");
/// Data sets, to the last block in which they are kept.
const UNTIL: TableDefinition<&[u8; 32], u32> = TableDefinition::new("until");
/// The same by that block.
const EXPIRING: TableDefinition<(u32, &[u8; 32]), ()> = TableDefinition::new("expiring");

#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
struct Progress {
	/// The last block whose events were read.
	block: Option<u64>,
	/// The block in which the last look at every data set began, unless it has to be repeated.
	looked: Option<u64>,
	/// While such a look goes on: the last data set of it, if there is one.
	looking: Option<Option<Hash>>,
}

/// The file of what was followed. Its methods block; clones share it.
#[derive(Clone)]
pub struct Followed(Arc<Database>);

impl Followed {
	/// Opens or makes the file.
	pub fn open(path: &Path) -> Result<Self, StoreFault> {
		let database = database::open(path, CACHE_BYTES)?;
		let write = database.begin_write()?;
		write.open_table(PROGRESS)?;
		write.open_table(UNTIL)?;
		write.open_table(EXPIRING)?;
		write.commit()?;
		Ok(Self(Arc::new(database)))
	}

	/// What cannot be read is begun anew.
	fn progress(&self) -> Result<Progress, StoreFault> {
		let table = self.0.begin_read()?.open_table(PROGRESS)?;
		let entry = table.get(())?;
		let decoded = entry.and_then(|entry| Progress::decode(&mut entry.value()).ok());
		Ok(decoded.unwrap_or_default())
	}

	fn save(&self, progress: &Progress) -> Result<(), StoreFault> {
		let write = self.0.begin_write()?;
		write.open_table(PROGRESS)?.insert((), progress.encode().as_slice())?;
		write.commit()?;
		Ok(())
	}

	fn retention(&self, dataset: &Hash) -> Result<Option<u32>, StoreFault> {
		let table = self.0.begin_read()?.open_table(UNTIL)?;
		Ok(table.get(dataset)?.map(|until| until.value()))
	}

	fn set_retention(&self, dataset: &Hash, until: Option<u32>) -> Result<(), StoreFault> {
		if self.retention(dataset)? == until {
			return Ok(());
		}
		let write = self.0.begin_write()?;
		{
			let mut untils = write.open_table(UNTIL)?;
			let mut expiring = write.open_table(EXPIRING)?;
			let former = untils.remove(dataset)?.map(|former| former.value());
			if let Some(former) = former {
				expiring.remove((former, dataset))?;
			}
			if let Some(until) = until {
				untils.insert(dataset, until)?;
				expiring.insert((until, dataset), ())?;
			}
		}
		write.commit()?;
		Ok(())
	}

	/// Data sets that are kept no longer at `block`, those first whose time has been over for longest.
	fn over(&self, block: u64) -> Result<Vec<Hash>, StoreFault> {
		let block = u32::try_from(block).unwrap_or(u32::MAX);
		let table = self.0.begin_read()?.open_table(EXPIRING)?;
		let entries = table.range(..(block, &[0u8; 32]))?;
		entries.take(EXPIRED_AT_ONCE).map(|entry| Ok(*entry?.0.value().1)).collect()
	}
}

/// What one round of following needs.
pub struct Follower<'a> {
	/// What destroys.
	pub erasures: &'a Erasures,
	/// What the chain says.
	pub chain: &'a dyn ChainAccess,
	/// What the chain is told; without it nothing expires.
	pub registry: Option<&'a dyn Registry>,
	/// The account under which this store is registered.
	pub operator: AccountId32,
	/// What was followed before.
	pub followed: Followed,
}

/// What a round came to.
#[derive(Default)]
struct Round {
	/// How many data sets were destroyed.
	destroyed: usize,
	/// Why the first data set failed that did.
	failure: Option<anyhow::Error>,
}

impl Round {
	/// Counts what was destroyed, and whether it did not fail. When the chain cannot be asked, the round ends.
	fn add(&mut self, destroyed: anyhow::Result<usize>) -> anyhow::Result<bool> {
		match destroyed {
			Ok(destroyed) => {
				self.destroyed += destroyed;
				Ok(true)
			},
			Err(error) if error.is::<ChainError>() => Err(error),
			Err(error) => {
				self.failure.get_or_insert(error);
				Ok(false)
			},
		}
	}

	fn end(self) -> anyhow::Result<usize> {
		self.failure.map_or(Ok(self.destroyed), Err)
	}
}

impl Follower<'_> {
	/// Reads what happened since the last round, and destroys what is erased; how many data sets. One that
	/// fails does not keep the others back.
	pub async fn follow(&self) -> anyhow::Result<usize> {
		let mut round = Round::default();
		for dataset in blocking(self.erasures, Erasures::interrupted).await? {
			round.add(self.look_at(&dataset).await)?;
		}
		let head = self.chain.finalized_block().await?;
		let mut progress = self.with(|followed| followed.progress()).await?;
		let read = self.read_blocks(&mut progress, head, &mut round).await;
		let is_due = |looked| head.saturating_sub(looked) >= LOOK_PERIOD;
		if progress.looking.is_none() && progress.looked.is_none_or(is_due) {
			(progress.looked, progress.looking) = (Some(head), Some(None));
		}
		self.save(&progress).await?;
		read?;
		self.look(&mut progress, &mut round).await?;
		round.end()
	}

	/// Has the chain erase the data sets whose time is over, and destroys them; how many they were. Another
	/// store may be faster, and one that fails does not keep the others back.
	pub async fn expire(&self) -> anyhow::Result<usize> {
		let Some(registry) = self.registry else { return Ok(0) };
		let head = self.chain.finalized_block().await?;
		let (mut expired, mut failure) = (0, None);
		for dataset in self.with(move |followed| followed.over(head)).await? {
			match self.expire_one(registry, &dataset, head).await {
				Ok(true) => expired += 1,
				Ok(false) => {},
				Err(error) => failure = Some(error),
			}
		}
		failure.map_or(Ok(expired), Err)
	}

	async fn expire_one(
		&self,
		registry: &dyn Registry,
		dataset: &Hash,
		head: u64,
	) -> anyhow::Result<bool> {
		let until = registry.retention(dataset).await?;
		let is_over = until.is_some_and(|until| head > until.into());
		if is_over {
			registry.expire(dataset).await?;
			self.look_at(dataset).await?;
		} else {
			self.note(dataset, until).await?;
		}
		Ok(is_over)
	}

	/// Reads the events of the blocks up to `head`. Where some are not to be had, or there are too many,
	/// every data set is to be looked at.
	async fn read_blocks(
		&self,
		progress: &mut Progress,
		head: u64,
		round: &mut Round,
	) -> anyhow::Result<()> {
		let first = progress.block.map(|block| block.saturating_add(1));
		let Some(first) = first.filter(|first| head.saturating_sub(*first) < MAX_BLOCKS) else {
			*progress = Progress { block: Some(head), ..Progress::default() };
			return Ok(());
		};
		let mut is_settled = true;
		for number in first..=head {
			match self.read_block(number, round).await {
				Ok(settled) => is_settled &= settled,
				Err(error) if is_pruned(&error) => {
					*progress = Progress { block: Some(head), ..Progress::default() };
					return Ok(());
				},
				Err(error) => return Err(error),
			}
			// A block that is to be read again does not keep back what later ones erase.
			if is_settled {
				progress.block = Some(number);
			}
		}
		Ok(())
	}

	/// Whether the block need not be read again.
	async fn read_block(&self, number: u64, round: &mut Round) -> anyhow::Result<bool> {
		let events = self.chain.dataset_events(number).await?;
		let mut is_settled = true;
		for dataset in events.erased {
			let destroyed = self.destroy_kept(&dataset).await;
			is_settled &= self.settle(&dataset, destroyed, round).await?;
		}
		for dataset in events.changed {
			// It may name this store before anything of it is here.
			let found = self.chain.finalized_dataset(&dataset).await?;
			if found.is_some_and(|found| found.stores.contains(&self.operator)) {
				let destroyed = self.look_at(&dataset).await;
				is_settled &= self.settle(&dataset, destroyed, round).await?;
			}
		}
		Ok(is_settled)
	}

	/// Destroys what is kept of a data set that a block says is erased.
	async fn destroy_kept(&self, dataset: &Hash) -> anyhow::Result<usize> {
		let id = *dataset;
		let is_kept = blocking(self.erasures, move |erasures| erasures.store().keeps(&id)).await?;
		let destroyed = if is_kept { self.look_at(dataset).await? } else { 0 };
		self.note(dataset, None).await?;
		Ok(destroyed)
	}

	/// Counts what became of a data set; whether it need not be found again, because it did not fail or is
	/// known to be interrupted.
	async fn settle(
		&self,
		dataset: &Hash,
		destroyed: anyhow::Result<usize>,
		round: &mut Round,
	) -> anyhow::Result<bool> {
		let id = *dataset;
		Ok(round.add(destroyed)?
			|| blocking(self.erasures, move |erasures| erasures.has_begun(&id)).await?)
	}

	/// Looks at some more data sets, while a look at all of them goes on.
	async fn look(&self, progress: &mut Progress, round: &mut Round) -> anyhow::Result<()> {
		for _ in 0..PAGES_AT_ONCE {
			let Some(after) = progress.looking else { break };
			let page = datasets_after(self.erasures, after).await?;
			for dataset in &page {
				let destroyed = self.look_at(dataset).await;
				if !self.settle(dataset, destroyed, round).await? {
					// After this look another one begins.
					progress.looked = None;
				}
			}
			progress.looking = page.last().map(|last| Some(*last));
			self.save(progress).await?;
		}
		Ok(())
	}

	/// Destroys a data set that is erased in the finalized state, and otherwise notes until when it is kept;
	/// how many were destroyed.
	async fn look_at(&self, dataset: &Hash) -> anyhow::Result<usize> {
		let id = *dataset;
		let found = self.chain.finalized_dataset(dataset).await?;
		if found.is_some_and(|found| found.erased) {
			let block = self.chain.finalized_block().await?;
			blocking(self.erasures, move |erasures| erasures.destroy(&id, block)).await?;
			self.note(dataset, None).await?;
			return Ok(1);
		}
		if let Some(registry) = self.registry {
			self.note(dataset, registry.retention(dataset).await?).await?;
		}
		Ok(0)
	}

	async fn note(&self, dataset: &Hash, until: Option<u32>) -> anyhow::Result<()> {
		let dataset = *dataset;
		self.with(move |followed| followed.set_retention(&dataset, until)).await
	}

	async fn save(&self, progress: &Progress) -> anyhow::Result<()> {
		let progress = progress.clone();
		self.with(move |followed| followed.save(&progress)).await
	}

	async fn with<T: Send + 'static>(
		&self,
		job: impl FnOnce(&Followed) -> Result<T, StoreFault> + Send + 'static,
	) -> anyhow::Result<T> {
		let followed = self.followed.clone();
		Ok(tokio::task::spawn_blocking(move || job(&followed)).await??)
	}
}

/// Whether the node no longer has a block's state, and so its events.
fn is_pruned(error: &anyhow::Error) -> bool {
	error.downcast_ref::<ChainError>().is_some_and(ChainError::is_pruned)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn open(directory: &tempfile::TempDir) -> Followed {
		Followed::open(&directory.path().join("followed.redb")).unwrap()
	}

	#[test]
	fn progress_survives_a_restart() {
		let directory = tempfile::tempdir().unwrap();
		let followed = open(&directory);
		assert_eq!(followed.progress(), Ok(Progress::default()));
		let progress = Progress { block: Some(7), looked: Some(5), looking: Some(Some([1; 32])) };
		followed.save(&progress).unwrap();
		drop(followed);
		assert_eq!(open(&directory).progress(), Ok(progress));
	}

	#[test]
	fn data_sets_are_over_after_their_last_block() {
		let directory = tempfile::tempdir().unwrap();
		let followed = open(&directory);
		for (dataset, until) in [([1; 32], 9), ([2; 32], 5), ([3; 32], 5)] {
			followed.set_retention(&dataset, Some(until)).unwrap();
		}
		assert_eq!(followed.over(5), Ok(vec![]));
		assert_eq!(followed.over(6), Ok(vec![[2; 32], [3; 32]]));
		assert_eq!(followed.over(10), Ok(vec![[2; 32], [3; 32], [1; 32]]));
		followed.set_retention(&[1; 32], Some(3)).unwrap();
		followed.set_retention(&[2; 32], None).unwrap();
		assert_eq!(followed.over(10), Ok(vec![[1; 32], [3; 32]]));
		assert_eq!(followed.over(u64::MAX), Ok(vec![[1; 32], [3; 32]]));
	}
}
