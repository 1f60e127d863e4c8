//! Pages of campaigns and contributors.

use crate::{pallet::*, CampaignId, CampaignOf, ContributorOf};
use alloc::vec::Vec;

/// Most items in a page.
const MAX_PAGE_LENGTH: u32 = 100;

impl<T: Config> Pallet<T> {
	pub(crate) fn page_of_campaigns(
		start_after: Option<CampaignId>,
		limit: u32,
	) -> Vec<(CampaignId, CampaignOf<T>)> {
		let campaigns = match start_after {
			Some(id) => Campaigns::<T>::iter_from(Campaigns::<T>::hashed_key_for(id)),
			None => Campaigns::<T>::iter(),
		};
		campaigns.take(length(limit)).collect()
	}

	pub(crate) fn page_of_owner(
		owner: T::AccountId,
		start_after: Option<CampaignId>,
		limit: u32,
	) -> Vec<(CampaignId, CampaignOf<T>)> {
		let ids = match start_after {
			Some(id) => CampaignsByOwner::<T>::iter_key_prefix_from(
				&owner,
				CampaignsByOwner::<T>::hashed_key_for(&owner, id),
			),
			None => CampaignsByOwner::<T>::iter_key_prefix(&owner),
		};
		ids.take(length(limit))
			.filter_map(|id| Campaigns::<T>::get(id).map(|campaign| (id, campaign)))
			.collect()
	}

	pub(crate) fn page_of_contributors(
		campaign: CampaignId,
		start_after: Option<T::AccountId>,
		limit: u32,
	) -> Vec<(T::AccountId, ContributorOf<T>)> {
		let contributors = match start_after {
			Some(account) => Contributors::<T>::iter_prefix_from(
				campaign,
				Contributors::<T>::hashed_key_for(campaign, account),
			),
			None => Contributors::<T>::iter_prefix(campaign),
		};
		contributors.take(length(limit)).collect()
	}
}

fn length(limit: u32) -> usize {
	limit.min(MAX_PAGE_LENGTH) as usize
}
