//! What other pallets learn of data sets.

use crate::{Config, Datasets, Pallet};
use msec_primitives::{DatasetId, DatasetInfo, DatasetStatus, RangeCommitment};

impl<T: Config> DatasetInfo<T::AccountId> for Pallet<T> {
	fn owner(dataset: &DatasetId) -> Option<T::AccountId> {
		Datasets::<T>::get(dataset).map(|details| details.owner)
	}

	fn key_agent(dataset: &DatasetId) -> Option<T::AccountId> {
		Datasets::<T>::get(dataset).and_then(|details| details.key_agent)
	}

	fn status(dataset: &DatasetId) -> Option<DatasetStatus> {
		Datasets::<T>::get(dataset).map(|details| details.status)
	}

	fn range(dataset: &DatasetId) -> Option<RangeCommitment> {
		Datasets::<T>::get(dataset).and_then(|details| details.range())
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_dataset(owner: T::AccountId, range: RangeCommitment) -> DatasetId {
		crate::benchmarking::dataset::<T>(owner, range)
	}
}
