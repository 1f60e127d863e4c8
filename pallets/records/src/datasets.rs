//! Making and changing data sets.

use crate::{
	Config, DatasetDetails, Datasets, DatasetsByOwner, Error, Event, Pallet, Stores, StoresOf,
	MAX_PAGE,
};
use alloc::vec::Vec;
use frame_support::{dispatch::DispatchResult, ensure, traits::Consideration, BoundedVec};
use msec_primitives::{DatasetId, DatasetStatus};
use sp_core::H256;
use sp_runtime::{
	traits::{BlakeTwo256, Hash},
	DispatchError,
};

impl<T: Config> Pallet<T> {
	/// The identifier of the data set that `owner` makes with `salt`.
	pub fn dataset_id(owner: &T::AccountId, salt: &H256) -> DatasetId {
		BlakeTwo256::hash_of(&(owner, salt))
	}

	pub(crate) fn do_create_dataset(
		owner: T::AccountId,
		salt: H256,
		stores: StoresOf<T>,
		key_agent: Option<T::AccountId>,
	) -> DispatchResult {
		Self::ensure_stores(&stores)?;
		let dataset = Self::dataset_id(&owner, &salt);
		ensure!(!Datasets::<T>::contains_key(dataset), Error::<T>::AlreadyExists);

		let footprint = DatasetDetails::<T>::footprint(DatasetStatus::Active);
		let details = DatasetDetails {
			owner: owner.clone(),
			key_agent: key_agent.clone(),
			stores: stores.clone(),
			status: DatasetStatus::Active,
			created_at: frame_system::Pallet::<T>::block_number(),
			batches: 0,
			peaks: BoundedVec::new(),
			ticket: T::Consideration::new(&owner, footprint)?,
		};
		Datasets::<T>::insert(dataset, details);
		DatasetsByOwner::<T>::insert(&owner, dataset, ());

		Self::deposit_event(Event::DatasetCreated { dataset, owner, stores, key_agent });
		Ok(())
	}

	pub(crate) fn do_set_stores(
		who: T::AccountId,
		dataset: DatasetId,
		stores: StoresOf<T>,
	) -> DispatchResult {
		let mut details = Self::owned_dataset(&who, &dataset)?;
		Self::ensure_stores(&stores)?;
		details.stores = stores.clone();
		Datasets::<T>::insert(dataset, details);

		Self::deposit_event(Event::StoresChanged { dataset, stores });
		Ok(())
	}

	pub(crate) fn do_set_key_agent(
		who: T::AccountId,
		dataset: DatasetId,
		key_agent: Option<T::AccountId>,
	) -> DispatchResult {
		let mut details = Self::owned_dataset(&who, &dataset)?;
		details.key_agent = key_agent.clone();
		Datasets::<T>::insert(dataset, details);

		Self::deposit_event(Event::KeyAgentChanged { dataset, key_agent });
		Ok(())
	}

	pub(crate) fn page_of_datasets(
		owner: T::AccountId,
		start_after: Option<DatasetId>,
		limit: u32,
	) -> Vec<DatasetId> {
		let datasets = match start_after {
			Some(id) => {
				let key = DatasetsByOwner::<T>::hashed_key_for(&owner, id);
				DatasetsByOwner::<T>::iter_key_prefix_from(&owner, key)
			},
			None => DatasetsByOwner::<T>::iter_key_prefix(&owner),
		};
		datasets.take(limit.min(MAX_PAGE) as usize).collect()
	}

	/// The data set, unless it does not exist or was erased.
	pub(crate) fn active_dataset(dataset: &DatasetId) -> Result<DatasetDetails<T>, DispatchError> {
		let details = Datasets::<T>::get(dataset).ok_or(Error::<T>::NotFound)?;
		ensure!(details.status == DatasetStatus::Active, Error::<T>::Erased);
		Ok(details)
	}

	/// The data set, unless it does not exist, was erased, or `who` is not its owner.
	pub(crate) fn owned_dataset(
		who: &T::AccountId,
		dataset: &DatasetId,
	) -> Result<DatasetDetails<T>, DispatchError> {
		let details = Self::active_dataset(dataset)?;
		ensure!(details.owner == *who, Error::<T>::NotAuthorized);
		Ok(details)
	}

	/// Refuses lists that are empty, name a store twice, or name an account that operates none.
	fn ensure_stores(stores: &[T::AccountId]) -> DispatchResult {
		ensure!(!stores.is_empty(), Error::<T>::NoStores);
		ensure!(!has_duplicates(stores), Error::<T>::DuplicateStore);
		ensure!(stores.iter().all(Stores::<T>::contains_key), Error::<T>::StoreNotFound);
		Ok(())
	}
}

/// Whether an item appears twice. Quadratic: for short lists.
pub(crate) fn has_duplicates<Item: PartialEq>(items: &[Item]) -> bool {
	items.iter().enumerate().any(|(index, item)| items[..index].contains(item))
}
