//! What keeps records, wrapped keys and frames.

use super::{backup::Item, publication::Publication, Staged, StoreFault, Stored, Totals};
use msec_commitments::Hash;
use msec_worker_common::{batch_frame::Frame, AccountId32};
use std::ops::{ControlFlow, Range, RangeInclusive};

/// Keeps what a store keeps. Methods block; what they wrote is durable when they return, except frames
/// that are staged, which are durable once they are published.
pub(super) trait Engine: Send + Sync {
	/// Writes a frame down without making it visible.
	fn stage(&self, frame: &Frame) -> Result<Staged, StoreFault>;

	/// Makes staged frames visible, or none of them.
	fn publish(&self, publication: Publication) -> Result<Vec<Stored>, StoreFault>;

	/// Removes staged frames; those that were published meanwhile stay.
	fn discard(&self, staged: &[Staged]) -> Result<(), StoreFault>;

	/// Batches in ascending order.
	fn list(
		&self,
		dataset: &Hash,
		batches: RangeInclusive<u32>,
		limit: usize,
	) -> Result<Vec<Stored>, StoreFault>;

	/// The last batch.
	fn last(&self, dataset: &Hash) -> Result<Option<Stored>, StoreFault>;

	/// Some segments of a frame, still behind their checksums; `None` when they are not there.
	fn segments(
		&self,
		stored: &Stored,
		range: Range<u32>,
	) -> Result<Option<Vec<Vec<u8>>>, StoreFault>;

	/// The counts of a data set.
	fn totals(&self, dataset: &Hash) -> Result<Totals, StoreFault>;

	/// Data sets behind `after` of which anything is kept, in ascending order.
	fn datasets(&self, after: Option<&Hash>, limit: usize) -> Result<Vec<Hash>, StoreFault>;

	/// Notes whose a data set is.
	fn assign(&self, dataset: &Hash, owner: &AccountId32) -> Result<(), StoreFault>;

	/// Whose a data set is, as far as that was noted.
	fn owner(&self, dataset: &Hash) -> Result<Option<AccountId32>, StoreFault>;

	/// Length of all frames of an owner's data sets.
	fn owned_bytes(&self, owner: &AccountId32) -> Result<u64, StoreFault>;

	/// Keeps the wrapped key tree of `recipient` in place of an older one.
	fn put_key(
		&self,
		dataset: &Hash,
		recipient: &AccountId32,
		wrapped: &[u8],
	) -> Result<(), StoreFault>;

	/// The wrapped key tree of `recipient`.
	fn key(&self, dataset: &Hash, recipient: &AccountId32) -> Result<Option<Vec<u8>>, StoreFault>;

	/// For whom keys are kept.
	fn recipients(&self, dataset: &Hash) -> Result<Vec<AccountId32>, StoreFault>;

	/// Destroys all wrapped keys of a data set.
	fn erase_keys(&self, dataset: &Hash) -> Result<(), StoreFault>;

	/// Removes some batches of a data set, and once there are none, that anything of it was kept;
	/// whether there may be more.
	fn erase_some(&self, dataset: &Hash) -> Result<bool, StoreFault>;

	/// Hands out everything that is visible at one moment, data set by data set, until `receive` has enough.
	fn snapshot(&self, receive: &mut dyn FnMut(Item) -> ControlFlow<()>) -> Result<(), StoreFault>;

	/// Segments of frames that are there, visible or not.
	#[cfg(test)]
	fn count_segments(&self) -> usize;
}
