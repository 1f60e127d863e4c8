//! What other pallets learn of data sets and stores.

use crate::{Config, Datasets, Pallet, Stores};
use msec_primitives::{DatasetId, DatasetInfo, DatasetStatus, RangeCommitment, StoreInfo};

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

impl<T: Config> StoreInfo<T::AccountId> for Pallet<T> {
	fn is_registered(account: &T::AccountId) -> bool {
		Stores::<T>::contains_key(account)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_store(operator: &T::AccountId) {
		crate::benchmarking::store::<T>(operator)
	}
}
