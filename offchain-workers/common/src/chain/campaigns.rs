//! Campaigns, which reward contributions.

use super::{
	block::convert, runtime, runtime::runtime_types::pallet_campaigns::types as campaigns,
	BlockClient, ChainError,
};
use crate::{AccountId32, H256};
use msec_commitments::Hash;
use serde::Serialize;

/// What a campaign rewards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CampaignTerms {
	/// Hash of the document that says what is rewarded.
	pub rules: H256,
	/// What each accepted contribution earns, in the smallest unit.
	pub reward: u128,
	/// Most contributions of one account that are rewarded.
	pub cap_per_account: u32,
	/// Last block in which contributions are taken.
	pub ends_at: u32,
}

/// An open campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Campaign {
	/// Who pays, and accepts.
	pub owner: AccountId32,
	/// What is rewarded.
	pub terms: CampaignTerms,
	/// What is still held for rewards, in the smallest unit.
	pub budget: u128,
}

/// What a campaign knows of a contributor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Contributor {
	/// How many contributions were rewarded.
	pub accepted: u32,
	/// What waits for a decision.
	pub pending: Option<H256>,
}

impl CampaignTerms {
	/// The terms as calls take them.
	pub fn to_runtime(&self) -> campaigns::CampaignTerms<u128, u32> {
		campaigns::CampaignTerms {
			rules: self.rules,
			reward: self.reward,
			cap_per_account: self.cap_per_account,
			ends_at: self.ends_at,
		}
	}
}

impl<Ticket> From<campaigns::Campaign<AccountId32, u128, u32, Ticket>> for Campaign {
	fn from(campaign: campaigns::Campaign<AccountId32, u128, u32, Ticket>) -> Self {
		let terms = campaign.terms;
		Self {
			owner: campaign.owner,
			terms: CampaignTerms {
				rules: terms.rules,
				reward: terms.reward,
				cap_per_account: terms.cap_per_account,
				ends_at: terms.ends_at,
			},
			budget: campaign.budget,
		}
	}
}

impl BlockClient {
	/// An open campaign.
	pub async fn campaign(&self, id: &Hash) -> Result<Option<Campaign>, ChainError> {
		let found = self.ask(runtime::view_functions().campaigns().campaign(H256(*id))).await?;
		Ok(found.map(Campaign::from))
	}

	/// The open campaigns after `start_after`, at most 100, by ascending identifier.
	pub async fn campaigns(
		&self,
		start_after: Option<H256>,
		limit: u32,
	) -> Result<Vec<(H256, Campaign)>, ChainError> {
		let view = runtime::view_functions().campaigns();
		Ok(convert(self.ask(view.campaigns(start_after, limit)).await?))
	}

	/// The open campaigns of `owner` after `start_after`, at most 100, by ascending identifier.
	pub async fn campaigns_by_owner(
		&self,
		owner: &AccountId32,
		start_after: Option<H256>,
		limit: u32,
	) -> Result<Vec<(H256, Campaign)>, ChainError> {
		let view = runtime::view_functions().campaigns();
		Ok(convert(self.ask(view.campaigns_by_owner(*owner, start_after, limit)).await?))
	}

	/// The contributors to a campaign after `start_after`, at most 100.
	pub async fn contributors(
		&self,
		campaign: &Hash,
		start_after: Option<AccountId32>,
		limit: u32,
	) -> Result<Vec<(AccountId32, Contributor)>, ChainError> {
		let view = runtime::view_functions().campaigns();
		let page = self.ask(view.contributors(H256(*campaign), start_after, limit)).await?;
		let contributors = page.into_iter().map(|(account, found)| {
			(account, Contributor { accepted: found.accepted, pending: found.pending })
		});
		Ok(contributors.collect())
	}
}
