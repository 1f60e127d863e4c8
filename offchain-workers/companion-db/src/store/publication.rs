//! What publishing staged frames changes, for every engine the same.

use super::{
	record::{Blob, Record},
	Staged, StoreFault, Stored, Totals,
};
use msec_commitments::Hash;
use std::collections::BTreeMap;

/// What becomes of a batch that is there already with the same commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SameBatch {
	/// It stays, and what was staged is not needed.
	Stays,
	/// Its bytes are replaced, because they are damaged.
	IsReplaced,
}

/// Staged frames of one upload, to become visible together.
#[derive(Clone, Debug)]
pub(super) struct Publication {
	pub dataset: Hash,
	pub staged: Vec<Staged>,
	/// Batches below are the chain's and do not change.
	pub on_chain: u32,
	/// Most bytes of the data set afterwards.
	pub quota: u64,
	pub same_batch: SameBatch,
}

/// What a publication changes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Changes {
	/// The batches that were uploaded, as they are afterwards.
	pub stored: Vec<Stored>,
	/// Records that are written.
	pub records: BTreeMap<u32, Record>,
	/// Frames that are not visible afterwards.
	pub obsolete: Vec<Blob>,
	pub totals: Totals,
}

impl Publication {
	/// The changes to a data set that has `totals`, and of which `present` finds records.
	pub fn changes(
		&self,
		totals: Totals,
		present: impl Fn(u32) -> Result<Option<Record>, StoreFault>,
	) -> Result<Changes, StoreFault> {
		let mut changes =
			Changes { stored: Vec::new(), records: BTreeMap::new(), obsolete: Vec::new(), totals };
		for staged in &self.staged {
			let former = match changes.records.get(&staged.batch) {
				Some(record) => Ok(Some(*record)),
				None => present(staged.batch),
			};
			let record = match former {
				Ok(former) => self.change(&mut changes, staged, former)?,
				Err(StoreFault::DamagedBatch(_)) if self.same_batch == SameBatch::IsReplaced => {
					// It is counted already, and its commitment leaves no choice of its length.
					changes.records.insert(staged.batch, staged.record);
					staged.record
				},
				Err(fault) => return Err(fault),
			};
			changes.stored.push(Stored { batch: staged.batch, dataset: self.dataset, record });
		}
		if changes.totals.bytes > self.quota {
			return Err(StoreFault::QuotaExceeded(self.quota));
		}
		Ok(changes)
	}

	/// The record that is there afterwards.
	fn change(
		&self,
		changes: &mut Changes,
		staged: &Staged,
		former: Option<Record>,
	) -> Result<Record, StoreFault> {
		match former {
			None => changes.totals.batches += 1,
			Some(former) => {
				let is_same = former.commitment() == staged.record.commitment();
				if is_same && self.same_batch == SameBatch::Stays {
					changes.obsolete.push(staged.record.blob);
					return Ok(former);
				}
				if !is_same && staged.batch < self.on_chain {
					return Err(StoreFault::Conflict(staged.batch));
				}
				changes.obsolete.push(former.blob);
				changes.totals.bytes = changes.totals.bytes.saturating_sub(former.bytes);
			},
		}
		changes.totals.bytes = changes.totals.bytes.saturating_add(staged.record.bytes);
		changes.records.insert(staged.batch, staged.record);
		Ok(staged.record)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn staged(batch: u32, blob: Blob, root: u8) -> Staged {
		Staged { batch, record: Record { blob, chunks: 1, root: [root; 32], bytes: 10 } }
	}

	fn publication(staged: Vec<Staged>) -> Publication {
		Publication {
			dataset: [7; 32],
			staged,
			on_chain: 0,
			quota: u64::MAX,
			same_batch: SameBatch::Stays,
		}
	}

	#[test]
	fn a_batch_twice_in_one_upload_counts_once() {
		let publication = publication(vec![staged(0, 1, 1), staged(0, 2, 2), staged(0, 3, 2)]);
		let changes = publication.changes(Totals::default(), |_| Ok(None)).unwrap();
		assert_eq!(changes.totals, Totals { batches: 1, bytes: 10 });
		assert_eq!(changes.obsolete, [1, 3]);
		assert_eq!(changes.records.len(), 1);
		assert_eq!(changes.records[&0].blob, 2);
	}

	#[test]
	fn a_repair_replaces_the_same_batch_and_counts_it_once() {
		let former = staged(0, 1, 1).record;
		let totals = Totals { batches: 1, bytes: 10 };
		let mut repair = publication(vec![staged(0, 2, 1)]);
		repair.same_batch = SameBatch::IsReplaced;
		let changes = repair.changes(totals, |_| Ok(Some(former))).unwrap();
		assert_eq!((changes.obsolete, changes.totals), (vec![1], totals));
		assert_eq!(changes.records[&0].blob, 2);
		let changes = repair.changes(totals, |_| Err(StoreFault::DamagedBatch(0))).unwrap();
		assert_eq!(changes.totals, totals);
	}
}
