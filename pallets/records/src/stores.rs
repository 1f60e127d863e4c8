//! Registering the stores that hold ciphertext.

use crate::{Config, EndpointOf, Error, Event, Pallet, StoreDetails, Stores, MAX_PAGE};
use alloc::vec::Vec;
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{Consideration, Footprint},
};
use sp_core::H256;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register_store(
		operator: T::AccountId,
		endpoint: EndpointOf<T>,
		terms_hash: H256,
	) -> DispatchResult {
		ensure!(!Stores::<T>::contains_key(&operator), Error::<T>::AlreadyExists);
		ensure!(is_http_address(&endpoint), Error::<T>::InvalidEndpoint);

		let footprint = Self::store_footprint(&operator, &endpoint, &terms_hash);
		let ticket = T::Consideration::new(&operator, footprint)?;
		let details = StoreDetails { endpoint: endpoint.clone(), terms_hash, ticket };
		Stores::<T>::insert(&operator, details);

		Self::deposit_event(Event::StoreRegistered { operator, endpoint, terms_hash });
		Ok(())
	}

	pub(crate) fn do_update_store(
		operator: T::AccountId,
		endpoint: EndpointOf<T>,
		terms_hash: H256,
	) -> DispatchResult {
		let store = Stores::<T>::get(&operator).ok_or(Error::<T>::NotFound)?;
		ensure!(is_http_address(&endpoint), Error::<T>::InvalidEndpoint);

		let footprint = Self::store_footprint(&operator, &endpoint, &terms_hash);
		let ticket = store.ticket.update(&operator, footprint)?;
		let details = StoreDetails { endpoint: endpoint.clone(), terms_hash, ticket };
		Stores::<T>::insert(&operator, details);

		Self::deposit_event(Event::StoreUpdated { operator, endpoint, terms_hash });
		Ok(())
	}

	pub(crate) fn do_deregister_store(operator: T::AccountId) -> DispatchResult {
		let store = Stores::<T>::take(&operator).ok_or(Error::<T>::NotFound)?;
		store.ticket.drop(&operator)?;

		Self::deposit_event(Event::StoreDeregistered { operator });
		Ok(())
	}

	pub(crate) fn page_of_stores(
		start_after: Option<T::AccountId>,
		limit: u32,
	) -> Vec<(T::AccountId, StoreDetails<T>)> {
		let stores = match start_after {
			Some(operator) => Stores::<T>::iter_from(Stores::<T>::hashed_key_for(operator)),
			None => Stores::<T>::iter(),
		};
		stores.take(limit.min(MAX_PAGE) as usize).collect()
	}

	/// What a store's entry occupies.
	pub(crate) fn store_footprint(
		operator: &T::AccountId,
		endpoint: &EndpointOf<T>,
		terms_hash: &H256,
	) -> Footprint {
		Footprint::from_encodable((operator, endpoint, terms_hash))
	}
}

/// Whether `endpoint` is an HTTP address as far as can be told without resolving it.
pub(crate) fn is_http_address(endpoint: &[u8]) -> bool {
	let Ok(address) = core::str::from_utf8(endpoint) else { return false };
	let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
	rest.is_some_and(|rest| {
		!rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control())
	})
}
