//! Access that comes with an order.

use crate::{
	grant::grants_data, Config, Denials, Error, Event, Grant, GrantSource, Grants, Pallet,
	RevocationEpochs,
};
use frame_support::{defensive, dispatch::DispatchResult, ensure};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_primitives::{Actions, DatasetId, OrderAccess, OrderId};

impl<T: Config> OrderAccess<T::AccountId, BlockNumberFor<T>> for Pallet<T> {
	fn open(
		resource: &DatasetId,
		subject: &T::AccountId,
		order: OrderId,
		actions: Actions,
		expires_at: BlockNumberFor<T>,
	) -> DispatchResult {
		Self::ensure_active(resource)?;
		ensure!(!Denials::<T>::contains_key(resource, subject), Error::<T>::Denied);
		if grants_data(&actions) {
			ensure!(!Self::lacks_any_consent(resource), Error::<T>::NoConsent);
			ensure!(Self::may_transfer(resource, subject), Error::<T>::NoTransferBasis);
		}
		let now = frame_system::Pallet::<T>::block_number();
		Grants::<T>::try_mutate(resource, subject, |grants| {
			ensure!(
				!grants.iter().any(|grant| grant.is_of_order(&order)),
				Error::<T>::AlreadyExists
			);
			let grant = Grant {
				source: GrantSource::Order(order),
				passed_on: None,
				actions,
				not_before: now,
				expires_at: Some(expires_at),
				purpose: None,
				delegation_depth: 0,
				epoch: RevocationEpochs::<T>::get(resource),
				ticket: None,
			};
			Self::push(grants, grant, now)
		})?;
		let (resource, subject) = (*resource, subject.clone());
		Self::deposit_event(Event::OrderAccessOpened { resource, subject, order, expires_at });
		Ok(())
	}

	fn close(resource: &DatasetId, subject: &T::AccountId, order: OrderId) {
		match Self::remove_grants(resource, subject, |grant| grant.is_of_order(&order)) {
			Ok(0) => {},
			Ok(_) => {
				let (resource, subject) = (*resource, subject.clone());
				Self::deposit_event(Event::OrderAccessClosed { resource, subject, order });
			},
			Err(_) => {
				defensive!("order grants have no deposit that could fail to return");
			},
		}
	}

	fn is_denied(resource: &DatasetId, subject: &T::AccountId) -> bool {
		Denials::<T>::contains_key(resource, subject) || Self::lacks_any_consent(resource)
	}
}
