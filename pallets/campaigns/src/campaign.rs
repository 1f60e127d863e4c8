//! The beginning and the end of campaigns.

use crate::{pallet::*, BalanceOf, Campaign, CampaignId, CampaignOf, CampaignTermsOf};
use codec::{Encode, MaxEncodedLen};
use frame_support::{
	ensure,
	traits::{
		fungible::{Inspect, MutateHold},
		tokens::Precision,
		Consideration, Footprint, Get,
	},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::{
	traits::{Saturating, Zero},
	DispatchResult,
};

/// What the keys of a campaign and of its index entry take, in bytes.
const KEYS_SIZE: usize = 176;

impl<T: Config> Pallet<T> {
	/// BLAKE2b-256 of the SCALE encoding of (owner, salt).
	pub fn campaign_id(owner: &T::AccountId, salt: H256) -> CampaignId {
		(owner, salt).using_encoded(blake2_256).into()
	}

	pub(crate) fn do_create_campaign(
		owner: T::AccountId,
		salt: H256,
		terms: CampaignTermsOf<T>,
		budget: BalanceOf<T>,
	) -> DispatchResult {
		Self::check_terms(&terms)?;
		ensure!(budget >= terms.reward, Error::<T>::BudgetTooLow);
		let id = Self::campaign_id(&owner, salt);
		ensure!(!Campaigns::<T>::contains_key(id), Error::<T>::AlreadyExists);

		T::Currency::hold(&HoldReason::Budget.into(), &owner, budget)?;
		let ticket = T::Consideration::new(&owner, Self::campaign_footprint())?;
		CampaignsByOwner::<T>::insert(&owner, id, ());
		Campaigns::<T>::insert(id, Campaign { owner: owner.clone(), terms, budget, ticket });
		Self::deposit_event(Event::CampaignCreated { campaign: id, owner, terms, budget });
		Ok(())
	}

	pub(crate) fn do_close_campaign(id: CampaignId) -> DispatchResult {
		let campaign = Campaigns::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		let can_reward = campaign.budget >= campaign.terms.reward;
		let is_over = Self::now() > Self::decide_by(&campaign.terms);
		ensure!(is_over || !can_reward, Error::<T>::TooEarly);

		let (owner, returned) = (campaign.owner, campaign.budget);
		if !returned.is_zero() {
			T::Currency::release(&HoldReason::Budget.into(), &owner, returned, Precision::Exact)?;
		}
		CampaignsByOwner::<T>::remove(&owner, id);
		Campaigns::<T>::remove(id);
		campaign.ticket.drop(&owner)?;
		Self::deposit_event(Event::CampaignClosed { campaign: id, owner, returned });
		Ok(())
	}

	/// Last block for a decision.
	pub(crate) fn decide_by(terms: &CampaignTermsOf<T>) -> BlockNumberFor<T> {
		terms.ends_at.saturating_add(T::DecisionPeriod::get())
	}

	pub(crate) fn now() -> BlockNumberFor<T> {
		frame_system::Pallet::<T>::block_number()
	}

	fn check_terms(terms: &CampaignTermsOf<T>) -> Result<(), Error<T>> {
		ensure!(terms.reward >= T::Currency::minimum_balance(), Error::RewardTooLow);
		ensure!(!terms.cap_per_account.is_zero(), Error::InvalidCap);
		let latest = Self::now().saturating_add(T::MaxCampaignPeriod::get());
		ensure!(terms.ends_at > Self::now() && terms.ends_at <= latest, Error::InvalidPeriod);
		Ok(())
	}

	fn campaign_footprint() -> Footprint {
		let size = CampaignOf::<T>::max_encoded_len().saturating_add(KEYS_SIZE);
		Footprint::from_parts(1, size)
	}
}
