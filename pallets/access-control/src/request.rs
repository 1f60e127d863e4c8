//! Wishes for grants, and the answers to them.

use crate::{
	AccessRequest, AccessRequestOf, Config, Error, Event, GrantRequest, Pallet, RequestCounts,
	Requests, Wish,
};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{Consideration, Footprint, Get},
};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_primitives::{Action, DatasetId, DatasetInfo};
use sp_runtime::{traits::Saturating, ArithmeticError};

impl<T: Config> Pallet<T> {
	/// The place that a request takes, with its keys.
	pub(crate) fn request_footprint() -> Footprint {
		Footprint::from_mel::<(DatasetId, T::AccountId, AccessRequestOf<T>)>()
	}

	pub(crate) fn do_request_access(
		requester: T::AccountId,
		resource: DatasetId,
		wish: Wish<BlockNumberFor<T>>,
	) -> DispatchResult {
		let owner = Self::ensure_active(&resource)?;
		let Wish { actions, purpose, expires_at } = wish;
		let now = frame_system::Pallet::<T>::block_number();
		ensure!(requester != owner, Error::<T>::InvalidSubject);
		ensure!(actions.is_valid() && !actions.contains(Action::Grant), Error::<T>::InvalidActions);
		ensure!(expires_at.is_none_or(|end| end >= now), Error::<T>::InvalidPeriod);
		ensure!(!Requests::<T>::contains_key(resource, &requester), Error::<T>::AlreadyExists);
		let count = RequestCounts::<T>::get(resource);
		ensure!(count < T::MaxRequests::get(), Error::<T>::MaxRequestsExceeded);
		let count = count.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		let ticket = T::Consideration::new(&requester, Self::request_footprint())?;
		RequestCounts::<T>::insert(resource, count);
		let lapses_at = now.saturating_add(T::RequestPeriod::get());
		let request = AccessRequest { actions, purpose, expires_at, lapses_at, ticket };
		Requests::<T>::insert(resource, &requester, request);
		Self::deposit_event(Event::AccessRequested {
			resource,
			requester,
			actions,
			purpose,
			expires_at,
			lapses_at,
		});
		Ok(())
	}

	pub(crate) fn do_approve_request(
		by: T::AccountId,
		resource: DatasetId,
		requester: T::AccountId,
		wish: Wish<BlockNumberFor<T>>,
	) -> DispatchResult {
		let request = Requests::<T>::get(resource, &requester).ok_or(Error::<T>::NotFound)?;
		ensure!(!Self::has_lapsed(&request), Error::<T>::Lapsed);
		let AccessRequest { actions, purpose, expires_at, .. } = request;
		ensure!(wish == Wish { actions, purpose, expires_at }, Error::<T>::RequestChanged);
		let grant =
			GrantRequest { actions, not_before: None, expires_at, purpose, delegation_depth: 0 };
		Self::do_grant(by.clone(), resource, requester.clone(), grant)?;
		Self::remove_request(&resource, &requester)?;
		Self::deposit_event(Event::AccessApproved { resource, requester, by });
		Ok(())
	}

	pub(crate) fn do_refuse_request(
		by: T::AccountId,
		resource: DatasetId,
		requester: T::AccountId,
	) -> DispatchResult {
		let request = Requests::<T>::get(resource, &requester).ok_or(Error::<T>::NotFound)?;
		let is_owner = T::Datasets::owner(&resource).as_ref() == Some(&by);
		let is_over = Self::has_lapsed(&request) || Self::ensure_active(&resource).is_err();
		ensure!(is_owner || is_over, Error::<T>::NotAuthorized);
		Self::remove_request(&resource, &requester)?;
		Self::deposit_event(Event::AccessRefused { resource, requester, by });
		Ok(())
	}

	pub(crate) fn do_withdraw_request(
		requester: T::AccountId,
		resource: DatasetId,
	) -> DispatchResult {
		Self::remove_request(&resource, &requester)?;
		Self::deposit_event(Event::RequestWithdrawn { resource, requester });
		Ok(())
	}

	fn has_lapsed(request: &AccessRequestOf<T>) -> bool {
		frame_system::Pallet::<T>::block_number() > request.lapses_at
	}

	/// Removes a request and returns its deposit.
	fn remove_request(resource: &DatasetId, requester: &T::AccountId) -> DispatchResult {
		let request = Requests::<T>::take(resource, requester).ok_or(Error::<T>::NotFound)?;
		request.ticket.drop(requester)?;
		RequestCounts::<T>::try_mutate_exists(resource, |count| {
			let left =
				count.unwrap_or_default().checked_sub(1).ok_or(ArithmeticError::Underflow)?;
			*count = Some(left).filter(|left| *left > 0);
			Ok(())
		})
	}
}
