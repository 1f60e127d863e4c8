//! Listings that are sold together.

use super::{
	block::convert, runtime, runtime::runtime_types::pallet_marketplace::types as market,
	BlockClient, ChainError,
};
use crate::{AccountId32, H256};
use codec::Encode;
use msec_commitments::Hash;
use serde::Serialize;
use subxt::config::{substrate::BlakeTwo256, Hasher};

/// A listing in a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BundleMember {
	/// The listing.
	pub listing: H256,
	/// What its order costs as a part of the bundle, in the smallest unit.
	pub share: u128,
}

/// Several listings of one owner at one price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bundle {
	/// Who sells.
	pub owner: AccountId32,
	/// What is sold.
	pub members: Vec<BundleMember>,
}

/// What a buyer of a bundle signs for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BundleOffer {
	/// The sum of all shares, in the smallest unit.
	pub price: u128,
	/// Hash of the terms of all listings, as the chain computed it.
	pub terms_hash: H256,
}

impl Bundle {
	/// What the bundle costs, in the smallest unit. The chain lets no sum in that is too large.
	pub fn price(&self) -> u128 {
		self.members.iter().map(|member| member.share).fold(0, u128::saturating_add)
	}

	/// What a buyer signs for, where the listings' terms have these hashes.
	pub fn terms_hash(&self, hashes: &[H256]) -> H256 {
		let all: Vec<_> = self
			.members
			.iter()
			.zip(hashes)
			.map(|(member, hash)| (member.listing, *hash, member.share))
			.collect();
		BlakeTwo256.hash(&all.encode())
	}
}

impl<Ticket> From<market::Bundle<AccountId32, u128, Ticket>> for Bundle {
	fn from(bundle: market::Bundle<AccountId32, u128, Ticket>) -> Self {
		let members = bundle.members.0.into_iter();
		let members = members
			.map(|member| BundleMember { listing: member.listing, share: member.share })
			.collect();
		Self { owner: bundle.owner, members }
	}
}

impl BlockClient {
	/// A bundle.
	pub async fn bundle(&self, id: &Hash) -> Result<Option<Bundle>, ChainError> {
		let found = self.ask(runtime::view_functions().marketplace().bundle(H256(*id))).await?;
		Ok(found.map(Bundle::from))
	}

	/// The bundles after `start_after`, at most 100, by ascending identifier.
	pub async fn bundles(
		&self,
		start_after: Option<H256>,
		limit: u32,
	) -> Result<Vec<(H256, Bundle)>, ChainError> {
		let view = runtime::view_functions().marketplace();
		Ok(convert(self.ask(view.bundles(start_after, limit)).await?))
	}

	/// What a bundle costs now and what its buyer signs for; `None` when it cannot be bought.
	pub async fn bundle_offer(&self, id: &Hash) -> Result<Option<BundleOffer>, ChainError> {
		let view = runtime::view_functions().marketplace();
		let found = self.ask(view.bundle_offer(H256(*id))).await?;
		Ok(found.map(|offer| BundleOffer { price: offer.price, terms_hash: offer.terms_hash }))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_buyer_signs_for_every_member_with_its_terms_and_its_share() {
		let member = |byte, share| BundleMember { listing: H256([byte; 32]), share };
		let members = vec![member(1, 5), member(2, 7)];
		let bundle = Bundle { owner: AccountId32([9; 32]), members };
		assert_eq!(bundle.price(), 12);
		let hashes = [H256([3; 32]), H256([4; 32])];
		let signed: Vec<u8> = [
			&[8][..],
			&[1; 32],
			&[3; 32],
			&5u128.to_le_bytes(),
			&[2; 32],
			&[4; 32],
			&7u128.to_le_bytes(),
		]
		.concat();
		assert_eq!(bundle.terms_hash(&hashes), BlakeTwo256.hash(&signed));
	}
}
