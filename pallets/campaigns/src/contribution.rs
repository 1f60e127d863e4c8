//! Contributions: submitted, decided, rewarded.

use crate::{pallet::*, CampaignId, CampaignOf, Contribution, Contributor, ContributorOf};
use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Consideration, EnsureOrigin, Footprint,
	},
};
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use sp_runtime::{traits::Saturating, DispatchError, DispatchResult};

/// What the key of a contributor takes, in bytes.
const KEY_SIZE: usize = 112;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_submit(
		who: T::AccountId,
		id: CampaignId,
		contribution: Contribution,
	) -> DispatchResult {
		let campaign = Campaigns::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(Self::now() <= campaign.terms.ends_at, Error::<T>::TooLate);
		ensure!(campaign.owner != who, Error::<T>::OwnCampaign);
		ensure!(campaign.budget >= campaign.terms.reward, Error::<T>::Exhausted);
		let mut contributor = match Contributors::<T>::get(id, &who) {
			Some(contributor) => contributor,
			None => Contributor {
				accepted: 0,
				pending: None,
				ticket: T::Consideration::new(&who, Self::contributor_footprint())?,
			},
		};
		ensure!(contributor.pending.is_none(), Error::<T>::AlreadyPending);
		let cap = campaign.terms.cap_per_account;
		ensure!(contributor.accepted < cap, Error::<T>::CapReached);
		contributor.pending = Some(contribution);
		Contributors::<T>::insert(id, &who, contributor);
		Self::deposit_event(Event::Submitted { campaign: id, contributor: who, contribution });
		Ok(())
	}

	pub(crate) fn do_accept(
		origin: OriginFor<T>,
		id: CampaignId,
		who: T::AccountId,
		contribution: Contribution,
	) -> DispatchResult {
		let (mut campaign, mut contributor) = Self::pending(origin, id, &who, contribution)?;
		let reward = campaign.terms.reward;
		ensure!(campaign.budget >= reward, Error::<T>::Exhausted);
		// The reward is no longer the owner's to freeze, hence `Force`.
		T::Currency::transfer_on_hold(
			&HoldReason::Budget.into(),
			&campaign.owner,
			&who,
			reward,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)?;
		campaign.budget = campaign.budget.saturating_sub(reward);
		contributor.pending = None;
		contributor.accepted = contributor.accepted.saturating_add(1);
		Campaigns::<T>::insert(id, campaign);
		Contributors::<T>::insert(id, &who, contributor);
		Self::deposit_event(Event::Accepted {
			campaign: id,
			contributor: who,
			contribution,
			reward,
		});
		Ok(())
	}

	pub(crate) fn do_reject(
		origin: OriginFor<T>,
		id: CampaignId,
		who: T::AccountId,
		contribution: Contribution,
	) -> DispatchResult {
		let (_, mut contributor) = Self::pending(origin, id, &who, contribution)?;
		contributor.pending = None;
		Contributors::<T>::insert(id, &who, contributor);
		Self::deposit_event(Event::Rejected { campaign: id, contributor: who, contribution });
		Ok(())
	}

	pub(crate) fn do_leave(
		signer: T::AccountId,
		id: CampaignId,
		who: T::AccountId,
	) -> DispatchResult {
		let contributor = Contributors::<T>::take(id, &who).ok_or(Error::<T>::NotFound)?;
		if Campaigns::<T>::contains_key(id) {
			ensure!(signer == who, Error::<T>::NotAuthorized);
			// Who has been rewarded is remembered, or the cap would mean nothing.
			ensure!(contributor.accepted == 0, Error::<T>::TooEarly);
		}
		contributor.ticket.drop(&who)?;
		Self::deposit_event(Event::Left { campaign: id, contributor: who });
		Ok(())
	}

	/// Campaign and contributor, when exactly this contribution waits for the origin's decision.
	fn pending(
		origin: OriginFor<T>,
		id: CampaignId,
		who: &T::AccountId,
		contribution: Contribution,
	) -> Result<(CampaignOf<T>, ContributorOf<T>), DispatchError> {
		let campaign = Campaigns::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		if let Err(origin) = T::AcceptOrigin::try_origin(origin) {
			ensure!(ensure_signed(origin)? == campaign.owner, Error::<T>::NotAuthorized);
		}
		ensure!(Self::now() <= Self::decide_by(&campaign.terms), Error::<T>::TooLate);
		let contributor = Contributors::<T>::get(id, who).ok_or(Error::<T>::NotFound)?;
		ensure!(contributor.pending == Some(contribution), Error::<T>::NotPending);
		Ok((campaign, contributor))
	}

	fn contributor_footprint() -> Footprint {
		let size = ContributorOf::<T>::max_encoded_len().saturating_add(KEY_SIZE);
		Footprint::from_parts(1, size)
	}
}
