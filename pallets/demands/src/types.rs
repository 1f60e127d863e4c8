//! What is looked for, and in which order.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{pallet_prelude::ConstU32, BoundedVec};
use msec_primitives::{Kind, ListingId, Place};
use scale_info::TypeInfo;
use sp_core::H256;
use sp_runtime::Permill;

/// Most purchases that one demand can make.
pub const MAX_FILLS: u32 = 16;

/// Identifies a demand: BLAKE2b-256 of the SCALE encoding of (account, salt).
pub type DemandId = H256;
/// Identifies a request: BLAKE2b-256 of the SCALE encoding of (account, salt).
pub type RequestId = H256;
/// X25519 public keys, one for each purchase.
pub type BuyerKeys = BoundedVec<[u8; 32], ConstU32<MAX_FILLS>>;

/// A demand's place in its book. Compared byte by byte, the lowest goes first: the highest price, and
/// among equal prices the earliest. 16 bytes of the price's complement, 8 of the sequence number.
pub type Rank = [u8; 24];
/// An offer's place among those of its cell. Compared byte by byte, the lowest goes first: the lowest
/// price, and among equal prices what has stood longest. 16 bytes of the price, 8 of the block since
/// which it stands, 32 of the listing.
pub type OfferRank = [u8; 56];

/// What somebody wants to buy. Every condition must hold at the moment of the purchase.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct DemandTerms<AccountId, Balance, BlockNumber> {
	/// What is measured.
	pub kind: Kind,
	/// A geohash that contains the places wanted.
	pub area: Place,
	/// The most that one purchase may cost, in the smallest unit of the currency.
	pub highest_price: Balance,
	/// The lowest score that a seller may have, if any matters.
	pub minimum_score: Option<Permill>,
	/// The device must be trusted by a verdict that is at most so many blocks old, if that matters.
	pub maximum_verdict_age: Option<BlockNumber>,
	/// Last block in which the demand buys.
	pub expires_at: BlockNumber,
	/// Who may read, confirm and dispute.
	pub beneficiary: AccountId,
	/// The beneficiary's keys. Each purchase takes the next one, so that revealing one in a dispute
	/// opens no other; there are as many purchases as keys.
	pub buyer_keys: BuyerKeys,
}

/// A standing demand.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Demand<AccountId, Balance, BlockNumber, Ticket> {
	/// Who pays.
	pub account: AccountId,
	/// What is wanted.
	pub terms: DemandTerms<AccountId, Balance, BlockNumber>,
	/// Counts all demands; decides between equal prices.
	pub sequence: u64,
	/// What is held for each purchase that is still to come: the highest price, and what an order's
	/// deposit took when the demand was registered.
	pub budget_per_fill: Balance,
	/// What was bought from, in order.
	pub filled_from: BoundedVec<ListingId, ConstU32<MAX_FILLS>>,
	/// The storage deposit.
	pub ticket: Ticket,
}

impl<AccountId, Balance, BlockNumber, Ticket> Demand<AccountId, Balance, BlockNumber, Ticket> {
	/// How many purchases are still to come.
	pub fn fills_left(&self) -> u32 {
		self.terms.buyer_keys.len().saturating_sub(self.filled_from.len()) as u32
	}

	/// The key of the next purchase.
	pub fn next_key(&self) -> Option<&[u8; 32]> {
		self.terms.buyer_keys.get(self.filled_from.len())
	}
}

/// Why a demand ended.
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
pub enum DemandEnd {
	/// Every purchase was made.
	Filled,
	/// Its account withdrew it.
	Cancelled,
	/// Its time was over.
	Expired,
}

/// A reward for data that does not exist yet.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct RequestTerms<AccountId, Balance, BlockNumber> {
	/// BLAKE2b-256 of the document that says what is wanted.
	pub description: H256,
	/// What shall be measured.
	pub kind: Kind,
	/// A geohash that contains the places wanted.
	pub area: Place,
	/// What the chosen contributor receives, in the smallest unit of the currency.
	pub reward: Balance,
	/// Last block in which answers are taken.
	pub deadline: BlockNumber,
	/// Who decides besides the requester; the arbiters of the chain, when nobody is named.
	pub arbiter: Option<AccountId>,
}

/// An open request.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Request<AccountId, Balance, BlockNumber, Ticket> {
	/// Who asks and pays.
	pub account: AccountId,
	/// What is wanted.
	pub terms: RequestTerms<AccountId, Balance, BlockNumber>,
	/// How many answers stand.
	pub answers: u32,
	/// The storage deposit.
	pub ticket: Ticket,
}

/// How a request ended.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum RequestEnd<AccountId> {
	/// The reward was paid.
	Awarded {
		/// To whom.
		contributor: AccountId,
	},
	/// The reward went back.
	Refunded,
}

/// What somebody offers in answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Answer<Ticket> {
	/// The listing that offers what was asked for.
	pub listing: ListingId,
	/// Hash of its terms. The answer stands for these only.
	pub terms_hash: H256,
	/// The contributor's storage deposit.
	pub ticket: Ticket,
}
