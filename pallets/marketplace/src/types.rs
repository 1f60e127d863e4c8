//! What is offered, what is bought, and how far a sale has come.

use crate::pricing::{pro_rata, PeriodPrice, ReadingPrice};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{pallet_prelude::ConstU32, traits::tokens::Balance as Amount, BoundedVec};
use msec_primitives::{
	market::cell_of, Action, Actions, DatasetId, LicenceId, ListingId, RangeCommitment,
};
use scale_info::TypeInfo;
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::traits::AtLeast32BitUnsigned;

pub use msec_primitives::{Cell, Kind, Place};

/// A unit as a UCUM code, such as `Cel`.
pub type Unit = BoundedVec<u8, ConstU32<16>>;
/// A few readings for everybody to see, in UTF-8.
pub type Sample = BoundedVec<u8, ConstU32<512>>;
/// A sealed key, as `msec_commitments::envelope` makes it.
pub type Envelope = BoundedVec<u8, ConstU32<{ msec_commitments::MAX_ENVELOPE_LENGTH }>>;
/// The ciphertext of one chunk.
pub type ChunkCiphertext = BoundedVec<u8, ConstU32<{ msec_commitments::MAX_CHUNK_CIPHERTEXT }>>;

/// What a buyer gets.
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
pub enum Right {
	/// The data that was committed to: the seller delivers its key.
	Read,
	/// To use a service. Nothing is delivered: the service asks the chain about whoever signs a request.
	Use,
	/// To command an actuator, which asks the chain likewise.
	Act,
}

impl Right {
	/// What a buyer may do.
	pub fn actions(&self) -> Actions {
		let action = match self {
			Self::Read => Action::Read,
			Self::Use => Action::Use,
			Self::Act => Action::Act,
		};
		Actions::of(&[Action::Describe, action])
	}
}

/// What a purchase costs.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Pricing<Balance, BlockNumber> {
	/// Nothing.
	Free,
	/// A price paid once, for everything committed to until then.
	OneTime {
		/// In the smallest unit of the currency.
		price: Balance,
	},
	/// A price for each period of a subscription: for everything committed to until it ends.
	PerPeriod(PeriodPrice<Balance, BlockNumber>),
	/// A price for each reading that is delivered, out of an allowance.
	PerReading(ReadingPrice<Balance>),
	/// Nothing, for a limited number of orders of each payer.
	FreeQuota {
		/// How many there can be at a time. An order counts until it is removed from the chain.
		orders: u32,
	},
}

impl<Balance: Amount, BlockNumber> Pricing<Balance, BlockNumber> {
	/// What the buyer pays, where that is paid once and for all.
	pub fn one_time_price(&self) -> Option<Balance> {
		match self {
			Self::Free | Self::FreeQuota { .. } => Some(Balance::default()),
			Self::OneTime { price } => Some(*price),
			Self::PerPeriod(_) | Self::PerReading(_) => None,
		}
	}
}

/// What an owner offers. Whoever buys signs the hash of this.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ListingTerms<Balance, BlockNumber> {
	/// What the offer is about: a data set, or a service or an actuator that has an entry as such.
	pub dataset: DatasetId,
	/// What a buyer gets.
	pub right: Right,
	/// What is measured, served or moved.
	pub kind: Kind,
	/// The unit of the readings.
	pub unit: Unit,
	/// Seconds from one reading to the next; 0 when they come irregularly.
	pub interval_seconds: u32,
	/// Where it is measured, as coarse as the owner wants.
	pub place: Place,
	/// What buyers may do with the data.
	pub licence: LicenceId,
	/// A few readings to look at before buying; may be empty.
	pub sample: Sample,
	/// What a purchase costs.
	pub pricing: Pricing<Balance, BlockNumber>,
	/// Blocks within which the key must be delivered after the purchase.
	pub delivery_period: BlockNumber,
	/// Blocks within which the buyer may dispute after the delivery.
	pub confirmation_period: BlockNumber,
	/// Blocks for which the buyer may fetch the data after the purchase.
	pub access_period: BlockNumber,
	/// For attested data: the most blocks since the verdict that trusts the device behind the data set;
	/// otherwise it cannot be bought.
	pub maximum_verdict_age: Option<BlockNumber>,
}

impl<Balance: Encode, BlockNumber: Encode> ListingTerms<Balance, BlockNumber> {
	/// BLAKE2b-256 of the SCALE encoding.
	pub fn hash(&self) -> H256 {
		self.using_encoded(blake2_256).into()
	}
}

impl<Balance, BlockNumber> ListingTerms<Balance, BlockNumber> {
	/// The cell under which the place is indexed.
	pub fn cell(&self) -> Cell {
		cell_of(&self.place)
	}
}

/// Whether a listing can be bought.
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
pub enum ListingStatus {
	/// Yes; attested data, while its device is trusted.
	Active,
	/// Not until the owner resumes it.
	Paused,
}

/// A data set on offer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Listing<AccountId, Balance, BlockNumber, Ticket> {
	/// Who sells.
	pub owner: AccountId,
	/// What is offered.
	pub terms: ListingTerms<Balance, BlockNumber>,
	/// BLAKE2b-256 of the SCALE encoding of `terms`.
	pub terms_hash: H256,
	/// Whether it can be bought.
	pub status: ListingStatus,
	/// When it was created.
	pub created_at: BlockNumber,
	/// When its terms or its status changed last.
	pub changed_at: BlockNumber,
	/// How many orders were opened.
	pub sales: u32,
	/// The owner's storage deposit.
	pub ticket: Ticket,
}

/// Why the payer got the money back.
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
pub enum RefundReason {
	/// No key was delivered in time.
	NotDelivered,
	/// The data set was erased before the order was settled.
	Erased,
	/// The owner excluded the beneficiary before the order was settled.
	Denied,
	/// The delivered key was proved wrong.
	WrongKey,
	/// The committed data was proved wrong.
	WrongData,
	/// A chunk that was challenged was not posted in time.
	Withheld,
	/// The seller did not respond to a complaint in time.
	NoResponse,
	/// A complaint ended with everything for the payer.
	Awarded,
	/// The beneficiary did not want it any more, before the key was there.
	Rejected,
}

/// How far an order has come.
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
pub enum OrderState<BlockNumber> {
	/// The price is held; the key is not there yet.
	AwaitingDelivery,
	/// The key is there, or none is needed; the beneficiary may dispute.
	Delivered {
		/// Last block of the beneficiary's time to dispute.
		settle_after: BlockNumber,
	},
	/// The seller was paid.
	Settled {
		/// When.
		at: BlockNumber,
	},
	/// The payer was refunded.
	Refunded {
		/// When.
		at: BlockNumber,
		/// Why.
		reason: RefundReason,
	},
	/// A complaint ended with a part for the payer and a part for the seller.
	Divided {
		/// When.
		at: BlockNumber,
	},
}

impl<BlockNumber: Copy> OrderState<BlockNumber> {
	/// When the order ended, where it did.
	pub fn ended_at(&self) -> Option<BlockNumber> {
		match self {
			Self::AwaitingDelivery | Self::Delivered { .. } => None,
			Self::Settled { at } | Self::Refunded { at, .. } | Self::Divided { at } => Some(*at),
		}
	}
}

/// A purchase. It pins everything that was agreed, whatever becomes of the listing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Order<AccountId, Balance, BlockNumber, Ticket> {
	/// What was bought from.
	pub listing: ListingId,
	/// The data set.
	pub dataset: DatasetId,
	/// Who is paid.
	pub seller: AccountId,
	/// Who pays, and gets refunds and the storage deposit.
	pub payer: AccountId,
	/// Who may read, confirm and dispute.
	pub beneficiary: AccountId,
	/// The X25519 public key to which the envelope is sealed.
	pub buyer_key: [u8; 32],
	/// Hash of the terms that were agreed.
	pub terms_hash: H256,
	/// What is held from the payer until the order ends.
	pub price: Balance,
	/// The part of the price that does not go to the seller.
	pub fee: Balance,
	/// What was bought.
	pub right: Right,
	/// The batches that were bought; none, where it is no data.
	pub range: RangeCommitment,
	/// When it was opened.
	pub opened_at: BlockNumber,
	/// Last block in which the key may be delivered.
	pub deliver_by: BlockNumber,
	/// Blocks to dispute after the delivery.
	pub confirmation_period: BlockNumber,
	/// Until when the beneficiary may fetch the data; a refund ends it at once.
	pub access_until: BlockNumber,
	/// How far it has come.
	pub state: OrderState<BlockNumber>,
	/// The payer's storage deposit.
	pub ticket: Ticket,
}

/// How far a challenge has come.
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
pub enum ChallengeState<BlockNumber> {
	/// The chunk is to be posted.
	Open {
		/// Last block in which it may be.
		answer_by: BlockNumber,
	},
	/// The chunk was posted.
	Answered {
		/// In which block's transactions it is.
		at: BlockNumber,
	},
}

/// A demand to post a chunk that the stores withhold.
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
pub struct Challenge<Balance, BlockNumber> {
	/// Which batch of the data set.
	pub batch: u32,
	/// Which chunk of the batch; where there is none of this number, the batch's last is asked for.
	pub chunk: u32,
	/// What is held from the beneficiary while it is open.
	pub bond: Balance,
	/// How far it has come.
	pub state: ChallengeState<BlockNumber>,
}

impl<Balance, BlockNumber: Copy> Challenge<Balance, BlockNumber> {
	/// Last block for the answer, when it is open.
	pub fn answer_by(&self) -> Option<BlockNumber> {
		match self.state {
			ChallengeState::Open { answer_by } => Some(answer_by),
			ChallengeState::Answered { .. } => None,
		}
	}

	/// When it was answered, where it was.
	pub fn answered_at(&self) -> Option<BlockNumber> {
		match self.state {
			ChallengeState::Open { .. } => None,
			ChallengeState::Answered { at } => Some(at),
		}
	}
}

/// How far a complaint has come.
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
pub enum ComplaintState<BlockNumber> {
	/// The seller may respond.
	AwaitingResponse {
		/// Last block in which the seller may.
		respond_by: BlockNumber,
	},
	/// The seller responded; the arbiters may decide.
	AwaitingDecision {
		/// Hash of what the seller shows the arbiters.
		evidence: H256,
		/// Last block in which they may.
		decide_by: BlockNumber,
	},
}

impl<BlockNumber> ComplaintState<BlockNumber> {
	/// Whether the seller responded, so that a bond is held from the seller too.
	pub fn has_response(&self) -> bool {
		matches!(self, Self::AwaitingDecision { .. })
	}
}

/// A claim that cannot be proved to the chain, for arbiters to decide.
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
pub struct Complaint<Balance, BlockNumber> {
	/// Hash of what the beneficiary shows the arbiters.
	pub evidence: H256,
	/// What is held from the beneficiary, and from a seller who responded.
	pub bond: Balance,
	/// How far it has come.
	pub state: ComplaintState<BlockNumber>,
}

/// By what a subscription is charged.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Rate<Balance, BlockNumber> {
	/// By the time for which it is used.
	PerPeriod {
		/// What a period costs.
		pricing: PeriodPrice<Balance, BlockNumber>,
		/// How many were bought.
		periods: u32,
	},
	/// By the readings that the seller claims to have delivered.
	PerReading {
		/// What a reading costs.
		pricing: ReadingPrice<Balance>,
		/// Seconds from one reading to the next, as the listing says.
		interval_seconds: u32,
		/// How many were claimed so far.
		claimed: u32,
		/// How many batches there were when readings were claimed last, or at the beginning.
		batches: u32,
	},
}

/// An order that goes on: what is held for it is earned little by little.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Subscription<Balance, BlockNumber> {
	/// By what it is charged.
	pub rate: Rate<Balance, BlockNumber>,
	/// The block from which it is used.
	pub starts_at: BlockNumber,
	/// The block in which it ends.
	pub ends_at: BlockNumber,
	/// Blocks to deliver and to claim readings a last time after the end.
	pub delivery_period: BlockNumber,
	/// The most blocks since the verdict that trusts the device, where attested data was agreed.
	pub maximum_verdict_age: Option<BlockNumber>,
	/// When its keys were delivered last; its start, until they were delivered for the first time.
	pub delivered_at: BlockNumber,
	/// What the deliveries have earned so far, the last one included.
	pub earned: Balance,
	/// The part of it whose time to dispute was over when the last delivery or claim came.
	pub cleared: Balance,
	/// What was paid so far, fees included.
	pub paid: Balance,
}

impl<Balance, BlockNumber> Subscription<Balance, BlockNumber>
where
	Balance: Amount,
	BlockNumber: AtLeast32BitUnsigned + Copy,
{
	/// The part of `price`, which is for the whole time, that has been used at block `at`; part of a unit
	/// is not used yet. Readings are charged by claims: only their minimum is used by itself.
	pub fn accrued(&self, price: Balance, at: BlockNumber) -> Balance {
		match &self.rate {
			Rate::PerPeriod { .. } => {
				let used = at.min(self.ends_at).saturating_sub(self.starts_at);
				pro_rata(price, used, self.ends_at.saturating_sub(self.starts_at))
			},
			Rate::PerReading { pricing, .. } => {
				pricing.price_of(pricing.minimum).unwrap_or(price).min(price)
			},
		}
	}

	/// Last block of a delivery, or a claim of readings, after the end.
	pub fn deliver_by(&self) -> BlockNumber {
		self.ends_at.saturating_add(self.delivery_period)
	}
}

/// Most listings of a bundle.
pub const MAX_BUNDLE_MEMBERS: u32 = 8;

/// A listing in a bundle.
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
pub struct BundleMember<Balance> {
	/// The listing.
	pub listing: ListingId,
	/// What its order costs as a part of the bundle, in the smallest unit of the currency.
	pub share: Balance,
}

/// The listings of a bundle, whose shares are its price.
pub type BundleMembers<Balance> = BoundedVec<BundleMember<Balance>, ConstU32<MAX_BUNDLE_MEMBERS>>;

/// Several listings of one owner at one price.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Bundle<AccountId, Balance, Ticket> {
	/// Who sells.
	pub owner: AccountId,
	/// What is sold.
	pub members: BundleMembers<Balance>,
	/// The owner's storage deposit.
	pub ticket: Ticket,
}

/// What a buyer of a bundle signs for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct BundleOffer<Balance> {
	/// The sum of all shares.
	pub price: Balance,
	/// BLAKE2b-256 of the SCALE encoding of a list: for each listing its identifier, the hash of its
	/// terms and its share.
	pub terms_hash: H256,
}
