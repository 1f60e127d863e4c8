//! Granting, by the owner and by delegates.

use crate::{
	evaluation::Circumstances, Config, Denials, Error, Event, Grant, GrantKey, GrantOf,
	GrantRequest, GrantSource, Grants, Pallet,
};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{Consideration, Footprint, Get},
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_primitives::{Action, Actions, DatasetId, DatasetInfo, DatasetStatus};
use sp_runtime::DispatchError;

/// All grants of one subject for one resource.
pub(crate) type GrantList<T> = BoundedVec<GrantOf<T>, <T as Config>::MaxGrants>;

impl<T: Config> Pallet<T> {
	/// The place that one grant takes, with its keys.
	pub(crate) fn grant_footprint() -> Footprint {
		Footprint::from_mel::<(DatasetId, T::AccountId, GrantOf<T>)>()
	}

	pub(crate) fn do_grant(
		granter: T::AccountId,
		resource: DatasetId,
		subject: T::AccountId,
		request: GrantRequest<BlockNumberFor<T>>,
	) -> DispatchResult {
		let owner = Self::ensure_active(&resource)?;
		ensure!(subject != granter && subject != owner, Error::<T>::InvalidSubject);
		let circumstances = Circumstances::<T>::of(&resource, &owner);
		let mut grant = Self::proposed(&circumstances, &granter, &request)?;
		ensure!(
			!grants_data(&request.actions) || Self::may_transfer(&resource, &subject),
			Error::<T>::NoTransferBasis
		);
		if granter != owner {
			grant.passed_on = Some(Self::authority_to_pass_on(&circumstances, &granter, &grant)?);
		}
		Grants::<T>::try_mutate(resource, &subject, |grants| {
			Self::put_authority_grant(grants, &granter, grant, circumstances.now)
		})?;
		let GrantRequest { actions, expires_at, purpose, delegation_depth, .. } = request;
		let not_before = request.not_before.unwrap_or(circumstances.now);
		Self::deposit_event(Event::Granted {
			resource,
			subject,
			granter,
			actions,
			not_before,
			expires_at,
			purpose,
			delegation_depth,
		});
		Ok(())
	}

	/// The owner of a resource that is in use.
	pub(crate) fn ensure_active(resource: &DatasetId) -> Result<T::AccountId, DispatchError> {
		let owner = T::Datasets::owner(resource).ok_or(Error::<T>::NotFound)?;
		let is_active = T::Datasets::status(resource) == Some(DatasetStatus::Active);
		ensure!(is_active, Error::<T>::Erased);
		Ok(owner)
	}

	/// The grant that `request` describes, checked by itself; its deposit is not paid yet.
	fn proposed(
		circumstances: &Circumstances<T>,
		granter: &T::AccountId,
		request: &GrantRequest<BlockNumberFor<T>>,
	) -> Result<GrantOf<T>, DispatchError> {
		let GrantRequest { actions, not_before, expires_at, purpose, delegation_depth } = *request;
		let not_before = not_before.unwrap_or(circumstances.now);
		let may_grant = actions.contains(Action::Grant);
		ensure!(actions.is_valid(), Error::<T>::InvalidActions);
		ensure!(
			expires_at.is_none_or(|end| end >= not_before && end >= circumstances.now),
			Error::<T>::InvalidPeriod
		);
		ensure!(may_grant == (delegation_depth > 0), Error::<T>::InvalidDelegation);
		ensure!(
			delegation_depth <= T::MaxDelegationDepth::get(),
			Error::<T>::MaxDelegationDepthExceeded
		);
		Ok(Grant {
			source: GrantSource::Authority(granter.clone()),
			passed_on: None,
			actions,
			not_before,
			expires_at,
			purpose,
			delegation_depth,
			epoch: circumstances.epoch,
			ticket: None,
		})
	}

	/// The grant by which the delegate `granter` may make `grant`: of several, the one that is
	/// nearest to the owner.
	fn authority_to_pass_on(
		circumstances: &Circumstances<T>,
		granter: &T::AccountId,
		grant: &GrantOf<T>,
	) -> Result<GrantKey<T::AccountId>, DispatchError> {
		ensure!(
			!Denials::<T>::contains_key(circumstances.resource, granter),
			Error::<T>::NotAuthorized
		);
		let mut own_grants = Grants::<T>::get(circumstances.resource, granter);
		own_grants.retain(|own| {
			own.actions.contains(Action::Grant) && Self::is_in_force(circumstances, own)
		});
		ensure!(!own_grants.is_empty(), Error::<T>::NotAuthorized);
		own_grants
			.into_iter()
			.filter(|own| own.covers(grant) && own.outlasts(grant))
			.max_by_key(|own| own.delegation_depth)
			.and_then(|own| own.key())
			.ok_or(Error::<T>::OwnRightsExceeded.into())
	}

	/// Puts `grant` in the place of its predecessor or in a new one, and takes the deposit.
	fn put_authority_grant(
		grants: &mut GrantList<T>,
		granter: &T::AccountId,
		mut grant: GrantOf<T>,
		now: BlockNumberFor<T>,
	) -> DispatchResult {
		let footprint = Self::grant_footprint();
		let key = GrantKey { granter: granter.clone(), purpose: grant.purpose };
		if let Some(predecessor) = grants.iter_mut().find(|predecessor| predecessor.has_key(&key)) {
			let ticket = predecessor.ticket.take();
			grant.ticket = ticket.map(|ticket| ticket.update(granter, footprint)).transpose()?;
			*predecessor = grant;
			return Ok(());
		}
		grant.ticket = Some(T::Consideration::new(granter, footprint)?);
		Self::push(grants, grant, now)
	}

	/// Adds a grant; in a full list, order grants that have ended make room.
	pub(crate) fn push(
		grants: &mut GrantList<T>,
		grant: GrantOf<T>,
		now: BlockNumberFor<T>,
	) -> DispatchResult {
		if grants.is_full() {
			grants.retain(|old| old.ticket.is_some() || !old.has_ended(now));
		}
		grants.try_push(grant).map_err(|_| Error::<T>::MaxGrantsExceeded.into())
	}
}

/// Whether `actions` hand out the data itself.
pub(crate) fn grants_data(actions: &Actions) -> bool {
	actions.contains(Action::Read) || actions.contains(Action::Subscribe)
}

impl<AccountId: Clone, BlockNumber, Ticket> Grant<AccountId, BlockNumber, Ticket> {
	/// Its name among the subject's grants, if an authority made it.
	pub(crate) fn key(&self) -> Option<GrantKey<AccountId>> {
		match &self.source {
			GrantSource::Authority(granter) => {
				Some(GrantKey { granter: granter.clone(), purpose: self.purpose })
			},
			GrantSource::Order(_) => None,
		}
	}
}
