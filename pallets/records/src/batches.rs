//! Committing data sets to batches.

use crate::{BatchesOf, Config, DatasetDetails, Datasets, Error, Event, Pallet};
use frame_support::{dispatch::DispatchResult, ensure};
use msec_commitments::{BatchCommitment, Peaks};
use msec_primitives::{AccessPolicy, Action, DatasetId, RangeCommitment};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_append(
		who: T::AccountId,
		dataset: DatasetId,
		first_batch: u32,
		batches: BatchesOf<T>,
	) -> DispatchResult {
		let mut details = Self::active_dataset(&dataset)?;
		ensure!(Self::may_append(&who, &dataset, &details), Error::<T>::NotAuthorized);
		ensure!(!batches.is_empty(), Error::<T>::EmptyAppend);
		ensure!(first_batch == details.batches, Error::<T>::UnexpectedBatch);
		ensure!(batches.iter().all(BatchCommitment::is_valid), Error::<T>::InvalidBatch);

		let mut peaks = details.peaks().ok_or(DispatchError::Corruption)?;
		Self::append_all(&mut peaks, &batches)?;
		let range = RangeCommitment { batches: peaks.batches(), root: peaks.root().into() };
		details.set_peaks(&peaks)?;
		Datasets::<T>::insert(dataset, details);

		Self::deposit_event(Event::Appended { dataset, first_batch, range });
		Ok(())
	}

	fn may_append(who: &T::AccountId, dataset: &DatasetId, details: &DatasetDetails<T>) -> bool {
		details.owner == *who
			|| T::AccessPolicy::can_access(who, dataset, Action::Write, None).is_allowed()
	}

	fn append_all(peaks: &mut Peaks, batches: &[BatchCommitment]) -> Result<(), Error<T>> {
		for batch in batches {
			peaks.append(batch).ok_or(Error::<T>::MaxBatchesExceeded)?;
		}
		Ok(())
	}
}
