//! What must hold at every moment.

use crate::{pallet::*, BalanceOf};
use alloc::collections::BTreeMap;
use frame_support::{ensure, traits::fungible::InspectHold};
use sp_runtime::{
	traits::{Saturating, Zero},
	TryRuntimeError,
};

impl<T: Config> Pallet<T> {
	/// Checks campaigns, their index and contributors, and that exactly the budgets are held.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut owed = BTreeMap::<T::AccountId, BalanceOf<T>>::new();
		for (id, campaign) in Campaigns::<T>::iter() {
			ensure!(
				CampaignsByOwner::<T>::contains_key(&campaign.owner, id),
				"a campaign is missing in the index"
			);
			let sum = owed.entry(campaign.owner).or_insert(Zero::zero());
			*sum = sum.saturating_add(campaign.budget);
			let cap = campaign.terms.cap_per_account;
			ensure!(
				Contributors::<T>::iter_prefix_values(id)
					.all(|contributor| contributor.accepted <= cap),
				"somebody was rewarded too often"
			);
		}
		ensure!(
			CampaignsByOwner::<T>::iter_keys().count() == Campaigns::<T>::iter_keys().count(),
			"the index of campaigns has a stray entry"
		);
		for (owner, budget) in owed {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Budget.into(), &owner) == budget,
				"what is held from an owner differs from the budgets of the campaigns"
			);
		}
		Ok(())
	}
}
