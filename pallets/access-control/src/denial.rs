//! Excluding subjects, and ending it.

use crate::{Config, Denial, DenialOf, Denials, Error, Event, Pallet};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{Consideration, Footprint},
};
use msec_primitives::DatasetId;

impl<T: Config> Pallet<T> {
	/// The place that one denial takes, with its keys.
	pub(crate) fn denial_footprint() -> Footprint {
		Footprint::from_mel::<(DatasetId, T::AccountId, DenialOf<T>)>()
	}

	pub(crate) fn do_deny(
		who: T::AccountId,
		resource: DatasetId,
		subject: T::AccountId,
	) -> DispatchResult {
		let owner = Self::ensure_active(&resource)?;
		ensure!(who == owner, Error::<T>::NotAuthorized);
		ensure!(subject != owner, Error::<T>::OwnerNotDeniable);
		ensure!(!Denials::<T>::contains_key(resource, &subject), Error::<T>::AlreadyExists);
		let ticket = T::Consideration::new(&who, Self::denial_footprint())?;
		Denials::<T>::insert(resource, &subject, Denial { by: who, ticket });
		Self::deposit_event(Event::Denied { resource, subject });
		Ok(())
	}

	pub(crate) fn do_lift_denial(
		who: T::AccountId,
		resource: DatasetId,
		subject: T::AccountId,
	) -> DispatchResult {
		Self::ensure_owner(&who, &resource)?;
		ensure!(Self::remove_denial(&resource, &subject)?, Error::<T>::NotFound);
		Self::deposit_event(Event::DenialLifted { resource, subject });
		Ok(())
	}
}
