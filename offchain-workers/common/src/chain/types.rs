//! What the chain stores, in types that are easy to use.

use super::{
	runtime::runtime_types::{
		msec_primitives::dataset as generated_dataset,
		pallet_demands::types as demands,
		pallet_licences::types as licences,
		pallet_marketplace::{pricing, types as market},
		pallet_records::types as records,
		sp_arithmetic::per_things::Permill,
	},
	BoundedVec, ChainError,
};
use crate::{AccountId32, H256};
use codec::Encode;
use msec_commitments::Peaks;
use serde::Serialize;
use subxt::{
	config::{substrate::BlakeTwo256, Hasher},
	ext::{scale_decode::DecodeAsType, scale_encode::EncodeAsType},
};

/// Parts of a whole, of which the chain's discounts are told.
const MILLION: u128 = 1_000_000;

/// The first `batches` batches of a data set, committed to by one hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, DecodeAsType, EncodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
#[encode_as_type(crate_path = "subxt::ext::scale_encode")]
pub struct RangeCommitment {
	/// Number of batches, counted from the first.
	pub batches: u32,
	/// Merkle tree head over the batches.
	pub root: H256,
}

/// A data set, or the tombstone of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
	/// Who decides about it.
	pub owner: AccountId32,
	/// Who delivers keys on the owner's behalf.
	pub key_agent: Option<AccountId32>,
	/// The operators of the stores that hold the ciphertext.
	pub stores: Vec<AccountId32>,
	/// Whether this is a tombstone.
	pub erased: bool,
	/// Number of batches committed to.
	pub batches: u32,
	/// The peaks over these batches; `None` in a tombstone.
	pub peaks: Option<Peaks>,
}

impl Dataset {
	/// The commitment to all batches; `None` for a tombstone.
	pub fn range(&self) -> Option<RangeCommitment> {
		let root = self.peaks.as_ref()?.root();
		Some(RangeCommitment { batches: self.batches, root: H256(root) })
	}
}

/// A registered store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
	/// Where the store answers.
	pub endpoint: String,
	/// Hash of the document that states its terms.
	pub terms_hash: H256,
}

/// An account's published encryption key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptionKey {
	/// X25519 public key.
	pub key: [u8; 32],
	/// Counts the account's keys.
	pub version: u32,
}

/// What an account has, in the smallest unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Account {
	/// Free to be spent or held.
	pub free: u128,
	/// Held for deposits and orders.
	pub held: u128,
	/// Number of transactions signed.
	pub nonce: u32,
}

/// What is taken off the price of a longer subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Discount {
	/// The fewest periods to which it applies.
	pub from_periods: u32,
	/// The part of the price that is taken off, in millionths.
	pub millionths: u32,
}

/// What a subscription costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeriodPrice {
	/// For one period, in the smallest unit.
	pub price: u128,
	/// The period, in blocks.
	pub period: u32,
	/// The fewest periods that are sold, and that are owed in any case.
	pub minimum: u32,
	/// What is taken off for longer subscriptions, in ascending order.
	pub discounts: Vec<Discount>,
}

impl PeriodPrice {
	/// What `periods` periods cost, as the chain computes it; `None` when that is more money than there
	/// can be.
	pub fn price_of(&self, periods: u32) -> Option<u128> {
		let full = self.price.checked_mul(periods.into())?;
		let applies = |discount: &&Discount| discount.from_periods <= periods;
		let millionths =
			self.discounts.iter().rev().find(applies).map_or(0, |found| found.millionths);
		let off = |amount: u128| amount * u128::from(millionths);
		Some(full - off(full / MILLION) - off(full % MILLION) / MILLION)
	}
}

/// What readings cost one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReadingPrice {
	/// For one reading, in the smallest unit.
	pub price: u128,
	/// How many readings are owed in any case.
	pub minimum: u32,
}

/// What a purchase costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "pricing", rename_all = "kebab-case")]
pub enum Pricing {
	/// Nothing.
	Free,
	/// Nothing, for a limited number of orders of each payer.
	FreeQuota {
		/// How many there can be at a time.
		orders: u32,
	},
	/// A price paid once.
	OneTime {
		/// In the smallest unit.
		price: u128,
	},
	/// A price for each period of a subscription.
	PerPeriod(PeriodPrice),
	/// A price for each reading that is delivered.
	PerReading(ReadingPrice),
}

impl Pricing {
	/// The price of one purchase, period or reading, in the smallest unit.
	pub fn price(&self) -> u128 {
		match self {
			Self::Free | Self::FreeQuota { .. } => 0,
			Self::OneTime { price }
			| Self::PerPeriod(PeriodPrice { price, .. })
			| Self::PerReading(ReadingPrice { price, .. }) => *price,
		}
	}

	fn to_runtime(&self) -> market::Pricing<u128, u32> {
		match self {
			Self::Free => market::Pricing::Free,
			Self::FreeQuota { orders } => market::Pricing::FreeQuota { orders: *orders },
			Self::OneTime { price } => market::Pricing::OneTime { price: *price },
			Self::PerPeriod(PeriodPrice { price, period, minimum, discounts }) => {
				let discounts = discounts.iter().map(|discount| pricing::Discount {
					from_periods: discount.from_periods,
					off: Permill(discount.millionths),
				});
				market::Pricing::PerPeriod(pricing::PeriodPrice {
					price: *price,
					period: *period,
					minimum: *minimum,
					discounts: BoundedVec(discounts.collect()),
				})
			},
			Self::PerReading(ReadingPrice { price, minimum }) => {
				market::Pricing::PerReading(pricing::ReadingPrice {
					price: *price,
					minimum: *minimum,
				})
			},
		}
	}
}

/// By what a subscription is charged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Rate {
	/// By the time for which it is used.
	PerPeriod {
		/// What a period costs.
		pricing: PeriodPrice,
		/// How many were bought.
		periods: u32,
	},
	/// By the readings that the seller claims to have delivered.
	PerReading {
		/// What a reading costs.
		pricing: ReadingPrice,
		/// How many were claimed so far.
		claimed: u32,
	},
}

/// What makes an order a subscription that goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subscription {
	/// By what it is charged.
	pub rate: Rate,
	/// The block from which it is used.
	pub starts_at: u32,
	/// The block in which it ends.
	pub ends_at: u32,
	/// Blocks to deliver a last time after the end.
	pub delivery_period: u32,
	/// For attested data, how old the evidence of its device may be at a delivery, in blocks.
	pub maximum_verdict_age: Option<u32>,
	/// Block of the last delivery.
	pub delivered_at: u32,
	/// What the deliveries have earned so far, in the smallest unit.
	pub earned: u128,
	/// What was paid so far, fees included, in the smallest unit.
	pub paid: u128,
}

/// What an identifier of a licence stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Licence {
	/// SHA-256 of its text in UTF-8.
	pub text_hash: H256,
	/// Whether it allows buyers to sell the data on.
	pub allows_resale: bool,
	/// Whether no new terms may name it.
	pub is_retired: bool,
}

/// What a buyer gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
	/// Data; the seller delivers its key.
	Read,
	/// Use of a service; access is open at once.
	Use,
	/// Commands to an actuator; access is open at once.
	Act,
}

/// What an owner offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListingTerms {
	/// What the offer is about.
	pub dataset: H256,
	/// What a buyer gets.
	pub right: Right,
	/// What is measured, such as `air-temperature`.
	pub kind: String,
	/// The unit of the readings as a UCUM code.
	pub unit: String,
	/// Seconds from one reading to the next; 0 when they come irregularly.
	pub interval_seconds: u32,
	/// Geohash of 1 to 9 characters.
	pub place: String,
	/// Identifier of a licence on the chain's list.
	pub licence: String,
	/// A few readings to look at.
	pub sample: String,
	/// What a purchase costs.
	pub pricing: Pricing,
	/// Blocks within which the key must be delivered.
	pub delivery_period: u32,
	/// Blocks within which the buyer may dispute.
	pub confirmation_period: u32,
	/// Blocks for which the buyer may fetch the data.
	pub access_period: u32,
	/// For attested data: the most blocks since the verdict that trusts the device.
	pub maximum_verdict_age: Option<u32>,
}

/// An offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listing {
	/// Who sells.
	pub owner: AccountId32,
	/// What is offered.
	pub terms: ListingTerms,
	/// Hash of the terms, as the chain computed it.
	pub terms_hash: H256,
	/// Whether its owner sells it; attested data can be bought only while its device is trusted.
	pub active: bool,
	/// Block of its creation.
	pub created_at: u32,
	/// Block of its last change.
	pub changed_at: u32,
	/// How many orders were opened.
	pub sales: u32,
}

/// Why a payer got the money back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
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
	/// The beneficiary gave the order back before its key was there.
	Rejected,
}

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum OrderState {
	/// The price is held; the key is not there yet.
	AwaitingDelivery,
	/// The key is there; the beneficiary may dispute.
	Delivered {
		/// Last block for a dispute.
		settle_after: u32,
	},
	/// The seller was paid.
	Settled {
		/// In which block.
		at: u32,
	},
	/// The payer was refunded.
	Refunded {
		/// In which block.
		at: u32,
		/// Why.
		reason: RefundReason,
	},
	/// A complaint ended with a part for the payer and a part for the seller.
	Divided {
		/// In which block.
		at: u32,
	},
}

/// A demand to post a chunk that the stores withhold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Challenge {
	/// Which batch of the data set.
	pub batch: u32,
	/// Which chunk of the batch; its last, where there is none of this number.
	pub chunk: u32,
	/// What was held from the beneficiary, in the smallest unit.
	pub bond: u128,
	/// How far it has come.
	#[serde(flatten)]
	pub state: ChallengeState,
}

/// How far a challenge has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum ChallengeState {
	/// The chunk is to be posted.
	Open {
		/// Last block for it.
		answer_by: u32,
	},
	/// The chunk was posted.
	Answered {
		/// In which block's transactions it is.
		at: u32,
	},
}

/// A claim that arbiters decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Complaint {
	/// Hash of what the beneficiary shows the arbiters.
	pub evidence: H256,
	/// What is held from the beneficiary, and from a seller who responded, in the smallest unit.
	pub bond: u128,
	/// How far it has come.
	#[serde(flatten)]
	pub state: ComplaintState,
}

/// How far a complaint has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum ComplaintState {
	/// The seller may respond.
	AwaitingResponse {
		/// Last block for it.
		respond_by: u32,
	},
	/// The arbiters may decide.
	AwaitingDecision {
		/// Hash of what the seller shows the arbiters.
		response: H256,
		/// Last block for it.
		decide_by: u32,
	},
}

/// A purchase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Order {
	/// What was bought from.
	pub listing: H256,
	/// The data set.
	pub dataset: H256,
	/// Who is paid.
	pub seller: AccountId32,
	/// Who pays.
	pub payer: AccountId32,
	/// Who may read, confirm and dispute.
	pub beneficiary: AccountId32,
	/// X25519 public key to which the envelope is sealed.
	pub buyer_key: [u8; 32],
	/// Hash of the terms that were agreed.
	pub terms_hash: H256,
	/// What is held from the payer, in the smallest unit.
	pub price: u128,
	/// The part of the price that does not go to the seller.
	pub fee: u128,
	/// What was bought.
	pub right: Right,
	/// The batches that were bought; none, where it is no data.
	pub range: RangeCommitment,
	/// Block of the purchase.
	pub opened_at: u32,
	/// Last block for the delivery.
	pub deliver_by: u32,
	/// Blocks to dispute after the delivery.
	pub confirmation_period: u32,
	/// Block until which the beneficiary may fetch the data.
	pub access_until: u32,
	/// How far it has come.
	#[serde(flatten)]
	pub state: OrderState,
}

/// What a standing demand wants to buy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DemandTerms {
	/// What is measured.
	pub kind: String,
	/// A geohash that contains the places wanted.
	pub area: String,
	/// The most that one purchase may cost, in the smallest unit.
	pub highest_price: u128,
	/// The lowest score of a seller in millionths, if any matters.
	pub minimum_score: Option<u32>,
	/// The most blocks since a verdict that trusts the device, if that matters.
	pub maximum_verdict_age: Option<u32>,
	/// Last block in which it buys.
	pub expires_at: u32,
	/// Who may read, confirm and dispute.
	pub beneficiary: AccountId32,
	/// X25519 public keys, one for each purchase.
	pub buyer_keys: Vec<[u8; 32]>,
}

/// A standing demand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Demand {
	/// Who pays.
	pub account: AccountId32,
	/// What is wanted.
	pub terms: DemandTerms,
	/// Counts all demands.
	pub sequence: u64,
	/// What is held for each purchase that is still to come, in the smallest unit.
	pub budget_per_fill: u128,
	/// What was bought from, in order.
	pub filled_from: Vec<H256>,
}

/// A reward for data that does not exist yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestTerms {
	/// Hash of the document that says what is wanted.
	pub description: H256,
	/// What shall be measured.
	pub kind: String,
	/// A geohash that contains the places wanted.
	pub area: String,
	/// What the chosen contributor receives, in the smallest unit.
	pub reward: u128,
	/// Last block in which answers are taken.
	pub deadline: u32,
	/// Who decides besides the requester; the council when nobody is named.
	pub arbiter: Option<AccountId32>,
}

/// An open request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Request {
	/// Who asks and pays.
	pub account: AccountId32,
	/// What is wanted.
	pub terms: RequestTerms,
	/// How many answers stand.
	pub answers: u32,
}

/// What somebody offers in answer to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
	/// The listing that offers what was asked for.
	pub listing: H256,
	/// Hash of its terms.
	pub terms_hash: H256,
}

impl DemandTerms {
	/// The terms as calls take them.
	pub fn to_runtime(&self) -> demands::DemandTerms<AccountId32, u128, u32> {
		demands::DemandTerms {
			kind: bounded(&self.kind),
			area: bounded(&self.area),
			highest_price: self.highest_price,
			minimum_score: self.minimum_score.map(Permill),
			maximum_verdict_age: self.maximum_verdict_age,
			expires_at: self.expires_at,
			beneficiary: self.beneficiary,
			buyer_keys: BoundedVec(self.buyer_keys.clone()),
		}
	}
}

impl From<demands::DemandTerms<AccountId32, u128, u32>> for DemandTerms {
	fn from(terms: demands::DemandTerms<AccountId32, u128, u32>) -> Self {
		Self {
			kind: text(terms.kind),
			area: text(terms.area),
			highest_price: terms.highest_price,
			minimum_score: terms.minimum_score.map(|score| score.0),
			maximum_verdict_age: terms.maximum_verdict_age,
			expires_at: terms.expires_at,
			beneficiary: terms.beneficiary,
			buyer_keys: terms.buyer_keys.0,
		}
	}
}

impl<Ticket> From<demands::Demand<AccountId32, u128, u32, Ticket>> for Demand {
	fn from(demand: demands::Demand<AccountId32, u128, u32, Ticket>) -> Self {
		Self {
			account: demand.account,
			terms: demand.terms.into(),
			sequence: demand.sequence,
			budget_per_fill: demand.budget_per_fill,
			filled_from: demand.filled_from.0,
		}
	}
}

impl RequestTerms {
	/// The terms as calls take them.
	pub fn to_runtime(&self) -> demands::RequestTerms<AccountId32, u128, u32> {
		demands::RequestTerms {
			description: self.description,
			kind: bounded(&self.kind),
			area: bounded(&self.area),
			reward: self.reward,
			deadline: self.deadline,
			arbiter: self.arbiter,
		}
	}
}

impl From<demands::RequestTerms<AccountId32, u128, u32>> for RequestTerms {
	fn from(terms: demands::RequestTerms<AccountId32, u128, u32>) -> Self {
		Self {
			description: terms.description,
			kind: text(terms.kind),
			area: text(terms.area),
			reward: terms.reward,
			deadline: terms.deadline,
			arbiter: terms.arbiter,
		}
	}
}

impl<Ticket> From<demands::Request<AccountId32, u128, u32, Ticket>> for Request {
	fn from(request: demands::Request<AccountId32, u128, u32, Ticket>) -> Self {
		Self { account: request.account, terms: request.terms.into(), answers: request.answers }
	}
}

impl<Ticket> From<demands::Answer<Ticket>> for Answer {
	fn from(answer: demands::Answer<Ticket>) -> Self {
		Self { listing: answer.listing, terms_hash: answer.terms_hash }
	}
}

impl ListingTerms {
	/// The terms as calls take them.
	pub fn to_runtime(&self) -> market::ListingTerms<u128, u32> {
		market::ListingTerms {
			dataset: self.dataset,
			right: self.right.into(),
			kind: bounded(&self.kind),
			unit: bounded(&self.unit),
			interval_seconds: self.interval_seconds,
			place: bounded(&self.place),
			licence: bounded(&self.licence),
			sample: bounded(&self.sample),
			pricing: self.pricing.to_runtime(),
			delivery_period: self.delivery_period,
			confirmation_period: self.confirmation_period,
			access_period: self.access_period,
			maximum_verdict_age: self.maximum_verdict_age,
		}
	}

	/// What a buyer signs for: BLAKE2b-256 of the SCALE encoding, as the chain computes it.
	pub fn hash(&self) -> H256 {
		BlakeTwo256.hash(&self.to_runtime().encode())
	}
}

impl From<market::ListingTerms<u128, u32>> for ListingTerms {
	fn from(terms: market::ListingTerms<u128, u32>) -> Self {
		Self {
			dataset: terms.dataset,
			right: terms.right.into(),
			kind: text(terms.kind),
			unit: text(terms.unit),
			interval_seconds: terms.interval_seconds,
			place: text(terms.place),
			licence: text(terms.licence),
			sample: text(terms.sample),
			pricing: terms.pricing.into(),
			delivery_period: terms.delivery_period,
			confirmation_period: terms.confirmation_period,
			access_period: terms.access_period,
			maximum_verdict_age: terms.maximum_verdict_age,
		}
	}
}

impl From<licences::Licence> for Licence {
	fn from(licence: licences::Licence) -> Self {
		let licences::Licence { text_hash, allows_resale, is_retired } = licence;
		Self { text_hash, allows_resale, is_retired }
	}
}

impl From<Right> for market::Right {
	fn from(right: Right) -> Self {
		match right {
			Right::Read => Self::Read,
			Right::Use => Self::Use,
			Right::Act => Self::Act,
		}
	}
}

impl From<market::Right> for Right {
	fn from(right: market::Right) -> Self {
		match right {
			market::Right::Read => Self::Read,
			market::Right::Use => Self::Use,
			market::Right::Act => Self::Act,
		}
	}
}

impl From<pricing::PeriodPrice<u128, u32>> for PeriodPrice {
	fn from(pricing: pricing::PeriodPrice<u128, u32>) -> Self {
		let discounts = pricing.discounts.0.into_iter().map(|discount| Discount {
			from_periods: discount.from_periods,
			millionths: discount.off.0,
		});
		Self {
			price: pricing.price,
			period: pricing.period,
			minimum: pricing.minimum,
			discounts: discounts.collect(),
		}
	}
}

impl From<pricing::ReadingPrice<u128>> for ReadingPrice {
	fn from(pricing: pricing::ReadingPrice<u128>) -> Self {
		Self { price: pricing.price, minimum: pricing.minimum }
	}
}

impl From<market::Pricing<u128, u32>> for Pricing {
	fn from(pricing: market::Pricing<u128, u32>) -> Self {
		match pricing {
			market::Pricing::Free => Self::Free,
			market::Pricing::FreeQuota { orders } => Self::FreeQuota { orders },
			market::Pricing::OneTime { price } => Self::OneTime { price },
			market::Pricing::PerPeriod(pricing) => Self::PerPeriod(pricing.into()),
			market::Pricing::PerReading(pricing) => Self::PerReading(pricing.into()),
		}
	}
}

impl From<market::Subscription<u128, u32>> for Subscription {
	fn from(subscription: market::Subscription<u128, u32>) -> Self {
		let rate = match subscription.rate {
			market::Rate::PerPeriod { pricing, periods } => {
				Rate::PerPeriod { pricing: pricing.into(), periods }
			},
			market::Rate::PerReading { pricing, claimed, .. } => {
				Rate::PerReading { pricing: pricing.into(), claimed }
			},
		};
		Self {
			rate,
			starts_at: subscription.starts_at,
			ends_at: subscription.ends_at,
			delivery_period: subscription.delivery_period,
			maximum_verdict_age: subscription.maximum_verdict_age,
			delivered_at: subscription.delivered_at,
			earned: subscription.earned,
			paid: subscription.paid,
		}
	}
}

impl<Ticket> From<market::Listing<AccountId32, u128, u32, Ticket>> for Listing {
	fn from(listing: market::Listing<AccountId32, u128, u32, Ticket>) -> Self {
		Self {
			owner: listing.owner,
			terms: listing.terms.into(),
			terms_hash: listing.terms_hash,
			active: listing.status == market::ListingStatus::Active,
			created_at: listing.created_at,
			changed_at: listing.changed_at,
			sales: listing.sales,
		}
	}
}

impl From<market::RefundReason> for RefundReason {
	fn from(reason: market::RefundReason) -> Self {
		match reason {
			market::RefundReason::NotDelivered => Self::NotDelivered,
			market::RefundReason::Erased => Self::Erased,
			market::RefundReason::Denied => Self::Denied,
			market::RefundReason::WrongKey => Self::WrongKey,
			market::RefundReason::WrongData => Self::WrongData,
			market::RefundReason::Withheld => Self::Withheld,
			market::RefundReason::NoResponse => Self::NoResponse,
			market::RefundReason::Awarded => Self::Awarded,
			market::RefundReason::Rejected => Self::Rejected,
		}
	}
}

impl From<market::OrderState<u32>> for OrderState {
	fn from(state: market::OrderState<u32>) -> Self {
		match state {
			market::OrderState::AwaitingDelivery => Self::AwaitingDelivery,
			market::OrderState::Delivered { settle_after } => Self::Delivered { settle_after },
			market::OrderState::Settled { at } => Self::Settled { at },
			market::OrderState::Refunded { at, reason } => {
				Self::Refunded { at, reason: reason.into() }
			},
			market::OrderState::Divided { at } => Self::Divided { at },
		}
	}
}

impl From<market::Challenge<u128, u32>> for Challenge {
	fn from(challenge: market::Challenge<u128, u32>) -> Self {
		Self {
			batch: challenge.batch,
			chunk: challenge.chunk,
			bond: challenge.bond,
			state: match challenge.state {
				market::ChallengeState::Open { answer_by } => ChallengeState::Open { answer_by },
				market::ChallengeState::Answered { at } => ChallengeState::Answered { at },
			},
		}
	}
}

impl From<market::Complaint<u128, u32>> for Complaint {
	fn from(complaint: market::Complaint<u128, u32>) -> Self {
		Self {
			evidence: complaint.evidence,
			bond: complaint.bond,
			state: match complaint.state {
				market::ComplaintState::AwaitingResponse { respond_by } => {
					ComplaintState::AwaitingResponse { respond_by }
				},
				market::ComplaintState::AwaitingDecision { evidence: response, decide_by } => {
					ComplaintState::AwaitingDecision { response, decide_by }
				},
			},
		}
	}
}

impl<Ticket> From<market::Order<AccountId32, u128, u32, Ticket>> for Order {
	fn from(order: market::Order<AccountId32, u128, u32, Ticket>) -> Self {
		Self {
			listing: order.listing,
			dataset: order.dataset,
			seller: order.seller,
			payer: order.payer,
			beneficiary: order.beneficiary,
			buyer_key: order.buyer_key,
			terms_hash: order.terms_hash,
			price: order.price,
			fee: order.fee,
			right: order.right.into(),
			range: RangeCommitment { batches: order.range.batches, root: order.range.root },
			opened_at: order.opened_at,
			deliver_by: order.deliver_by,
			confirmation_period: order.confirmation_period,
			access_until: order.access_until,
			state: order.state.into(),
		}
	}
}

impl TryFrom<records::DatasetDetails> for Dataset {
	type Error = ChainError;

	fn try_from(details: records::DatasetDetails) -> Result<Self, ChainError> {
		let erased = details.status == generated_dataset::DatasetStatus::Erased;
		let peaks = if erased {
			None
		} else {
			let peaks = Peaks::new(details.batches, details.peaks.0)
				.ok_or(ChainError::InvalidAnswer("a data set's peaks do not fit its batches"))?;
			Some(peaks)
		};
		Ok(Self {
			owner: details.owner,
			key_agent: details.key_agent,
			stores: details.stores.0,
			erased,
			batches: details.batches,
			peaks,
		})
	}
}

impl From<records::StoreDetails> for Store {
	fn from(details: records::StoreDetails) -> Self {
		Self { endpoint: text(details.endpoint), terms_hash: details.terms_hash }
	}
}

/// A text as the chain's bounded types have it. Bounds are checked by the chain.
pub(super) fn bounded(text: &str) -> BoundedVec<u8> {
	BoundedVec(text.as_bytes().to_vec())
}

/// What the chain lets in is UTF-8.
pub(super) fn text(bytes: BoundedVec<u8>) -> String {
	String::from_utf8_lossy(&bytes.0).into_owned()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_hash_is_over_every_field() {
		let terms = ListingTerms {
			dataset: H256([1; 32]),
			right: Right::Read,
			kind: "air-temperature".into(),
			unit: "Cel".into(),
			interval_seconds: 60,
			place: "u33d".into(),
			licence: "CC-BY-4.0".into(),
			sample: String::new(),
			pricing: Pricing::OneTime { price: 5 },
			delivery_period: 10,
			confirmation_period: 20,
			access_period: 30,
			maximum_verdict_age: Some(40),
		};
		assert_eq!(ListingTerms::from(terms.to_runtime()), terms);
		for other in [
			ListingTerms { right: Right::Act, ..terms.clone() },
			ListingTerms { pricing: Pricing::Free, ..terms.clone() },
			ListingTerms { pricing: Pricing::OneTime { price: 6 }, ..terms.clone() },
			ListingTerms { sample: "x".into(), ..terms.clone() },
			ListingTerms { access_period: 31, ..terms.clone() },
			ListingTerms { maximum_verdict_age: None, ..terms.clone() },
		] {
			assert_ne!(other.hash(), terms.hash());
		}
	}

	#[test]
	fn all_prices_come_back_from_the_chain() {
		let discounts = vec![
			Discount { from_periods: 7, millionths: 50_000 },
			Discount { from_periods: 30, millionths: 100_000 },
		];
		for pricing in [
			Pricing::Free,
			Pricing::FreeQuota { orders: 3 },
			Pricing::OneTime { price: u128::MAX },
			Pricing::PerPeriod(PeriodPrice { price: 5, period: 28_800, minimum: 2, discounts }),
			Pricing::PerReading(ReadingPrice { price: 6, minimum: 10 }),
		] {
			assert_eq!(Pricing::from(pricing.to_runtime()), pricing);
		}
	}

	#[test]
	fn discounts_are_rounded_down() {
		let discounts = vec![
			Discount { from_periods: 2, millionths: 100_000 },
			Discount { from_periods: 5, millionths: 500_000 },
		];
		let pricing = PeriodPrice { price: 333, period: 10, minimum: 1, discounts };
		assert_eq!(pricing.price_of(1), Some(333));
		assert_eq!(pricing.price_of(2), Some(666 - 66));
		assert_eq!(pricing.price_of(5), Some(1_665 - 832));
		let dear = PeriodPrice { price: u128::MAX / 2, ..pricing };
		assert_eq!(dear.price_of(2), Some(u128::MAX - 1 - (u128::MAX - 1) / 10));
		assert_eq!(dear.price_of(3), None);
	}
}
