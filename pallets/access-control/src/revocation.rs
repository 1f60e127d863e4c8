//! Withdrawing grants, and removing what has lost its effect.

use crate::{
	Config, Denials, Error, Event, GrantOf, GrantSource, Grants, Pallet, RevocationEpochs,
};
use frame_support::{dispatch::DispatchResult, ensure, traits::Consideration};
use msec_primitives::{DatasetId, DatasetInfo, DatasetStatus};
use sp_runtime::{ArithmeticError, DispatchError};

impl<T: Config> Pallet<T> {
	/// Answers how many grants were withdrawn.
	pub(crate) fn do_revoke(
		by: T::AccountId,
		resource: DatasetId,
		subject: T::AccountId,
	) -> Result<u32, DispatchError> {
		let is_owner = T::Datasets::owner(&resource).as_ref() == Some(&by);
		let grants = Self::remove_grants(&resource, &subject, |grant| match &grant.source {
			GrantSource::Authority(granter) => is_owner || *granter == by,
			GrantSource::Order(_) => false,
		})?;
		ensure!(grants > 0, Error::<T>::NotFound);
		Self::deposit_event(Event::Revoked { resource, subject, by, grants });
		Ok(grants)
	}

	pub(crate) fn do_revoke_all(who: T::AccountId, resource: DatasetId) -> DispatchResult {
		Self::ensure_owner(&who, &resource)?;
		let epoch = RevocationEpochs::<T>::try_mutate(resource, |epoch| {
			*epoch = epoch.checked_add(1).ok_or(ArithmeticError::Overflow)?;
			Ok::<_, DispatchError>(*epoch)
		})?;
		Self::deposit_event(Event::RevokedAll { resource, epoch });
		Ok(())
	}

	/// Answers how many grants were removed.
	pub(crate) fn do_remove_stale(
		resource: DatasetId,
		subject: T::AccountId,
	) -> Result<u32, DispatchError> {
		let is_gone = T::Datasets::status(&resource) != Some(DatasetStatus::Active);
		let epoch = RevocationEpochs::<T>::get(resource);
		let now = frame_system::Pallet::<T>::block_number();
		let grants = Self::remove_grants(&resource, &subject, |grant| {
			is_gone || grant.is_void(epoch) || grant.has_ended(now)
		})?;
		let denial = is_gone && Self::remove_denial(&resource, &subject)?;
		ensure!(grants > 0 || denial, Error::<T>::NothingToRemove);
		Self::deposit_event(Event::StaleRemoved { resource, subject, grants, denial });
		Ok(grants)
	}

	pub(crate) fn ensure_owner(who: &T::AccountId, resource: &DatasetId) -> DispatchResult {
		let owner = T::Datasets::owner(resource).ok_or(Error::<T>::NotFound)?;
		ensure!(*who == owner, Error::<T>::NotAuthorized);
		Ok(())
	}

	/// Removes the grants that `condition` selects, returns their deposits and counts them.
	pub(crate) fn remove_grants(
		resource: &DatasetId,
		subject: &T::AccountId,
		condition: impl Fn(&GrantOf<T>) -> bool,
	) -> Result<u32, DispatchError> {
		Grants::<T>::try_mutate_exists(resource, subject, |list| {
			let mut grants = list.take().unwrap_or_default();
			let mut removed = 0u32;
			for grant in grants.iter_mut().filter(|grant| condition(grant)) {
				removed = removed.checked_add(1).ok_or(ArithmeticError::Overflow)?;
				if let (GrantSource::Authority(granter), Some(ticket)) =
					(&grant.source, grant.ticket.take())
				{
					ticket.drop(granter)?;
				}
			}
			grants.retain(|grant| !condition(grant));
			*list = Some(grants).filter(|grants| !grants.is_empty());
			Ok(removed)
		})
	}

	/// Removes the denial, returns its deposit and answers whether there was one.
	pub(crate) fn remove_denial(
		resource: &DatasetId,
		subject: &T::AccountId,
	) -> Result<bool, DispatchError> {
		let Some(denial) = Denials::<T>::take(resource, subject) else { return Ok(false) };
		denial.ticket.drop(&denial.by)?;
		Ok(true)
	}
}
