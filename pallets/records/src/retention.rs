//! Until when data sets are kept.

use crate::{Config, Error, Event, Pallet, Retentions};
use frame_support::{dispatch::DispatchResult, ensure};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_primitives::DatasetId;
use sp_core::H256;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_set_retention(
		who: T::AccountId,
		dataset: DatasetId,
		retain_until: BlockNumberFor<T>,
	) -> DispatchResult {
		Self::owned_dataset(&who, &dataset)?;
		let now = frame_system::Pallet::<T>::block_number();
		let is_shorter = Retentions::<T>::get(dataset).is_none_or(|present| retain_until < present);
		ensure!(retain_until > now && is_shorter, Error::<T>::InvalidRetention);
		Retentions::<T>::insert(dataset, retain_until);

		Self::deposit_event(Event::RetentionSet { dataset, retain_until });
		Ok(())
	}

	pub(crate) fn do_expire(dataset: DatasetId) -> DispatchResult {
		let details = Self::active_dataset(&dataset)?;
		let now = frame_system::Pallet::<T>::block_number();
		let is_over = Retentions::<T>::get(dataset).is_some_and(|until| now > until);
		ensure!(is_over, Error::<T>::NotExpired);
		Self::deposit_event(Event::RetentionEnded { dataset });
		Self::erase_dataset(dataset, details, H256::zero())
	}
}
