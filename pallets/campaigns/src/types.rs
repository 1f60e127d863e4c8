//! What is rewarded, and who contributed.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::H256;

/// Identifies a campaign: BLAKE2b-256 of the SCALE encoding of (owner, salt).
pub type CampaignId = H256;
/// Identifies what somebody contributed: 32 bytes that say nothing by themselves, such as a data set's
/// identifier or the salted hash of a document.
pub type Contribution = H256;

/// The terms of a campaign.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct CampaignTerms<Balance, BlockNumber> {
	/// BLAKE2b-256 of the document that says what is rewarded.
	pub rules: H256,
	/// What each accepted contribution earns, in the smallest unit of the currency.
	pub reward: Balance,
	/// Most contributions of one account that are rewarded.
	pub cap_per_account: u32,
	/// Last block in which contributions are taken.
	pub ends_at: BlockNumber,
}

/// A campaign as stored.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Campaign<AccountId, Balance, BlockNumber, Ticket> {
	/// Who pays, and accepts.
	pub owner: AccountId,
	/// What is rewarded.
	pub terms: CampaignTerms<Balance, BlockNumber>,
	/// What is still held for rewards.
	pub budget: Balance,
	/// The owner's storage deposit.
	pub ticket: Ticket,
}

/// What a campaign knows of a contributor.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Contributor<Ticket> {
	/// How many contributions were rewarded.
	pub accepted: u32,
	/// What waits for a decision.
	pub pending: Option<Contribution>,
	/// The contributor's storage deposit.
	pub ticket: Ticket,
}
