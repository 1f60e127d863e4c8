//! # Marketplace Pallet
//!
//! Sells access to data sets: listings, purchases, escrow, delivery and disputes.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage, events, errors, view functions and
//! configuration.
//!
//! ## Overview
//!
//! An owner *lists* a data set under terms that have a hash. Whoever *buys* signs that hash and the
//! highest price to pay; in one call the price is held, access is opened and an *order* pins all that
//! was agreed. The owner or the data set's key agent *delivers* the key, sealed for the order's own
//! X25519 key, as an envelope that the chain keeps. From then on the beneficiary has a pinned time to
//! confirm, or to prove that the key or the data is not what was committed to.
//!
//! ```text
//!                            confirm, or settle after the time to dispute
//! buy ──► AwaitingDelivery ──deliver──► Delivered ──────────────────────────► Settled ──┐
//!               │                        │  │  ▲                                        │
//!               │ too late, or erased    │  │  └─ answer (to a challenge)               │
//!               │                        │  │                                           ├─ prune
//!               │                        │  │ decided, or undecided in time             │
//!               │                        │  └─────────────────────────────────► Divided ┤
//!               │ wrong key, wrong data, │                                              │
//!               │ withheld, no response  │                                              │
//!               └────────────────────────┴────────────────────────────────────► Refunded ┘
//! ```
//!
//! Two disputes take time. While one is open, the order is *frozen*: it cannot be confirmed or
//! settled, and can be disputed for as long. Proofs and withdrawals count all the same.
//!
//! * **Challenge.** The stores do not serve a chunk: the beneficiary demands with a bond that it be
//!   posted. Anybody may *answer* with the ciphertext and its path, which is in the block then for
//!   the beneficiary to decrypt; the bond goes where fees go and the answer is free, so that it pays
//!   the space in the block and nobody gains by withholding first. There is as much time for it as
//!   the seller asked for to deliver the key. Without an answer anybody may have the payer refunded,
//!   and the bond returns. A challenge for a chunk beyond the end of a batch is met by the batch's
//!   last one. What can be challenged of an order in all, of a subscription from one delivery to the
//!   next, is bounded; so is, thereby, for how long.
//! * **Complaint.** What cannot be proved, such as that readings are false, the beneficiary may put
//!   to the arbiters, with a bond and the hash of the evidence. The seller *responds* with a bond as
//!   high, or is taken to agree when the time is over. The arbiters *decide* which part of the price
//!   is the payer's; the fee is taken from the seller's part only. Whoever gets less than half pays:
//!   half of that bond is the other's, half goes where fees go. When the arbiters are silent, a
//!   configured part is the payer's, and both bonds return.
//!
//! A listing with a price per period is *subscribed* to. The order goes on until its end: new batches
//! are delivered in *instalments*, each with a time to dispute, and each lets the seller *claim* what
//! was used until it came. The subscriber can *extend* the subscription, or *end* it at once:
//!
//! ```text
//! subscribe ──► AwaitingDelivery ──deliver──► Delivered ──settle after its end, or end──► Settled
//!                                              │     ▲
//!                                              └─────┘ deliver_instalment, confirm, claim, extend
//! ```
//!
//! A listing with a price per reading is bought by an *allowance*, from which the seller *claims* what was
//! delivered; it is a subscription otherwise.
//!
//! A listing can also offer to *use* a service or to command an actuator (*act*). It is sold once, and
//! there is nothing to deliver: its orders begin as delivered, access is open at once, and the service
//! asks the chain about whoever signs a request to it. What can be disputed is a complaint.
//!
//! A listing can be of *attested* data: it says how old a verdict may be that trusts the device behind the
//! data set, and can neither be put on offer nor bought, nor a subscription to it delivered or extended,
//! while there is no such verdict. The key of what was bought once is owed all the same, and what was
//! delivered is paid. The chain knows the state of the device, and not that the data came from it.
//!
//! An owner's listings can be sold together as a *bundle*: it is bought by one order for each of them.
//!
//! A subscription that is frozen is neither delivered, claimed, extended nor ended. When a dispute about
//! it ends for the payer, the seller gets what could not be disputed any more before, and the rest goes
//! back. What arbiters divide is what its subscriber would owe on ending it, less that part; what is not
//! owed goes back in any case, and the subscription has ended.
//!
//! No order can be stuck: from every state a call that anybody may make leads on, at the latest when
//! a pinned time is over. Such a call costs no fee when it changes something. At every moment the
//! whole price is in one place: held from the payer, paid (seller and fee) or released; that of a
//! subscription is in parts. So is every bond: held, returned, or lost.
//!
//! ## Low Level / Implementation Details
//!
//! * The chain verifies proofs itself with `msec-commitments`. Wrong means: different from what the
//!   owner committed to. Whether committed readings are true cannot be proved this way; that is what
//!   [`Config::ArbiterOrigin`] is for.
//! * Identifiers are content hashes, so a re-organization cannot exchange what was signed for.
//! * Changing, pausing or retiring a listing never touches its orders.
//! * Storage deposits: the owner's for the listing, the payer's for the order with its envelope and
//!   its grant of access. Both return when the item is removed.
//! * The fee is pinned at the purchase. Where its destination cannot take it, it is burned, so that
//!   the seller's payment never waits for somebody else's account.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod allowance;
mod arbitration;
mod attestation;
mod bonds;
mod bundle;
mod challenge;
mod delivery;
mod demand_side;
pub mod discovery;
mod dispute;
mod escrow;
mod listing;
pub mod pricing;
mod purchase;
mod quota;
mod subscription;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use discovery::{PriceBand, SearchCursor, SearchPage, SearchScope};
pub use pallet::*;
pub use pricing::{Discount, Discounts, PeriodPrice, ReadingPrice};
pub use types::{
	Bundle, BundleMember, BundleMembers, BundleOffer, Cell, Challenge, ChallengeState,
	ChunkCiphertext, Complaint, ComplaintState, Envelope, Kind, Listing, ListingStatus,
	ListingTerms, Order, OrderState, Place, Pricing, Rate, RefundReason, Right, Sample,
	Subscription, Unit,
};
pub use weights::WeightInfo;

use frame_support::traits::fungible;
use frame_system::pallet_prelude::BlockNumberFor;

/// The currency's amounts.
pub type BalanceOf<T> =
	<<T as Config>::Currency as fungible::Inspect<<T as frame_system::Config>::AccountId>>::Balance;
/// The terms of a listing.
pub type ListingTermsOf<T> = ListingTerms<BalanceOf<T>, BlockNumberFor<T>>;
/// What a listing costs.
pub type PricingOf<T> = Pricing<BalanceOf<T>, BlockNumberFor<T>>;
/// By what a subscription is charged.
pub type RateOf<T> = Rate<BalanceOf<T>, BlockNumberFor<T>>;
/// A subscription as stored.
pub type SubscriptionOf<T> = Subscription<BalanceOf<T>, BlockNumberFor<T>>;
/// A listing as stored.
pub type ListingOf<T> = Listing<
	<T as frame_system::Config>::AccountId,
	BalanceOf<T>,
	BlockNumberFor<T>,
	<T as Config>::Consideration,
>;
/// A challenge as stored.
pub type ChallengeOf<T> = Challenge<BalanceOf<T>, BlockNumberFor<T>>;
/// A complaint as stored.
pub type ComplaintOf<T> = Complaint<BalanceOf<T>, BlockNumberFor<T>>;
/// A bundle as stored.
pub type BundleOf<T> =
	Bundle<<T as frame_system::Config>::AccountId, BalanceOf<T>, <T as Config>::Consideration>;
/// An order as stored.
pub type OrderOf<T> = Order<
	<T as frame_system::Config>::AccountId,
	BalanceOf<T>,
	BlockNumberFor<T>,
	<T as Config>::Consideration,
>;

#[frame_support::pallet]
pub mod pallet {
	use super::{allowance::Allowance, types::MAX_BUNDLE_MEMBERS, *};
	use alloc::vec::Vec;
	use frame_support::{
		pallet_prelude::*,
		traits::{Consideration, Footprint},
	};
	use frame_system::pallet_prelude::*;
	use msec_commitments::ChunkProof;
	use msec_primitives::{
		BundleId, DatasetId, DatasetInfo, DeviceStatus, LicenceList, ListingId, OnOffer,
		OrderAccess, OrderId,
	};
	use sp_core::H256;
	use sp_runtime::Permill;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config:
		frame_system::Config<RuntimeEvent: From<Event<Self>>, Hash = sp_core::H256>
	{
		/// The runtime's reasons for holding money.
		type RuntimeHoldReason: From<HoldReason>;

		/// What prices are paid in.
		type Currency: fungible::Mutate<Self::AccountId>
			+ fungible::hold::Mutate<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// The deposit for stored listings and orders.
		type Consideration: Consideration<Self::AccountId, Footprint>;

		/// Knows the data sets.
		type Datasets: DatasetInfo<Self::AccountId>;

		/// Opens and closes access for buyers.
		type Access: OrderAccess<Self::AccountId, BlockNumberFor<Self>>;

		/// Knows what buyers may be allowed to do with what they buy.
		type Licences: LicenceList;

		/// Knows which devices are trusted.
		type Devices: DeviceStatus<BlockNumberFor<Self>>;

		/// Is told which offers there are.
		type OnOffer: OnOffer<Self::AccountId, BalanceOf<Self>, BlockNumberFor<Self>>;

		/// The part of each price that goes to [`Config::FeeDestination`], rounded down.
		#[pallet::constant]
		type FeeShare: Get<Permill>;

		/// Who receives the fees.
		#[pallet::constant]
		type FeeDestination: Get<Self::AccountId>;

		/// The lowest price that is not free. What it leaves to the seller must be at least the
		/// existential deposit.
		#[pallet::constant]
		type MinimumPrice: Get<BalanceOf<Self>>;

		/// The shortest period for delivery and for confirmation, in blocks.
		#[pallet::constant]
		type MinPeriod: Get<BlockNumberFor<Self>>;

		/// The longest period for delivery, in blocks.
		#[pallet::constant]
		type MaxDeliveryPeriod: Get<BlockNumberFor<Self>>;

		/// The longest period for confirmation, in blocks.
		#[pallet::constant]
		type MaxConfirmationPeriod: Get<BlockNumberFor<Self>>;

		/// The longest period of access, in blocks: an order and its deposit stay at least as long.
		#[pallet::constant]
		type MaxAccessPeriod: Get<BlockNumberFor<Self>>;

		/// Seconds from one block to the next, by which the frequency of readings is told.
		#[pallet::constant]
		type SecondsPerBlock: Get<u32>;

		/// Blocks from the end of an order until anybody may prune it.
		#[pallet::constant]
		type RetentionPeriod: Get<BlockNumberFor<Self>>;

		/// What is held for each challenge to post a chunk. It should exceed what the answer would cost.
		#[pallet::constant]
		type ChallengeBond: Get<BalanceOf<Self>>;

		/// Most challenges about one order, answered ones included; about a subscription, from one
		/// delivery to the next.
		#[pallet::constant]
		type MaxChallenges: Get<u32>;

		/// Blocks that remain to dispute a chunk after it was posted, unless the whole time to dispute
		/// was agreed to be shorter.
		#[pallet::constant]
		type ExtensionPeriod: Get<BlockNumberFor<Self>>;

		/// Who decides complaints.
		type ArbiterOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// The part of what is held for an order that is held for a complaint from either side, rounded
		/// up.
		#[pallet::constant]
		type ComplaintBondShare: Get<Permill>;

		/// The least that is held for a complaint from either side.
		#[pallet::constant]
		type MinimumComplaintBond: Get<BalanceOf<Self>>;

		/// Blocks in which a seller may respond to a complaint.
		#[pallet::constant]
		type ResponsePeriod: Get<BlockNumberFor<Self>>;

		/// Blocks in which the arbiters may decide.
		#[pallet::constant]
		type DecisionPeriod: Get<BlockNumberFor<Self>>;

		/// The payer's part of the price when the arbiters are silent.
		#[pallet::constant]
		type DefaultPayerShare: Get<Permill>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The deposit for a stored listing or order.
		StorageDeposit,
		/// The price of an order that has not ended.
		Payment,
		/// The bond of an open challenge or complaint.
		DisputeBond,
	}

	// Identifiers are hashes, hence `Identity`; accounts, kinds and cells are chosen freely.

	/// All listings.
	#[pallet::storage]
	pub type Listings<T: Config> = StorageMap<_, Identity, ListingId, ListingOf<T>>;

	/// The listings of each owner.
	#[pallet::storage]
	pub type ListingsByOwner<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, ListingId, ()>;

	/// The listings of each kind.
	#[pallet::storage]
	pub type ListingsByKind<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, Kind, Identity, ListingId, ()>;

	/// The listings of each cell: the first characters of their place, at most four.
	#[pallet::storage]
	pub type ListingsByCell<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, Cell, Identity, ListingId, ()>;

	/// All orders that are not pruned.
	#[pallet::storage]
	pub type Orders<T: Config> = StorageMap<_, Identity, OrderId, OrderOf<T>>;

	/// The orders of each payer, beneficiary and seller.
	#[pallet::storage]
	pub type OrdersByAccount<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, OrderId, ()>;

	/// The orders of each data set whose key is to be delivered.
	#[pallet::storage]
	pub type AwaitingDelivery<T: Config> =
		StorageDoubleMap<_, Identity, DatasetId, Identity, OrderId, ()>;

	/// The orders of each data set that are subscriptions and go on.
	#[pallet::storage]
	pub type Subscriptions<T: Config> =
		StorageDoubleMap<_, Identity, DatasetId, Identity, OrderId, SubscriptionOf<T>>;

	/// How many orders of a listing, that cost its payer nothing, were not pruned.
	#[pallet::storage]
	pub type FreeOrders<T: Config> =
		StorageDoubleMap<_, Identity, ListingId, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

	/// Listings that are sold together.
	#[pallet::storage]
	pub type Bundles<T: Config> = StorageMap<_, Identity, BundleId, BundleOf<T>>;

	/// The delivered keys, each sealed for its order.
	#[pallet::storage]
	pub type Envelopes<T: Config> = StorageMap<_, Identity, OrderId, Envelope>;

	/// The challenges about each order, answered ones included; about subscriptions, since the last
	/// delivery.
	#[pallet::storage]
	pub type Challenges<T: Config> = StorageMap<
		_,
		Identity,
		OrderId,
		BoundedVec<ChallengeOf<T>, <T as Config>::MaxChallenges>,
		ValueQuery,
	>;

	/// The orders of each data set of which a chunk is to be posted.
	#[pallet::storage]
	pub type OpenChallenges<T: Config> =
		StorageDoubleMap<_, Identity, DatasetId, Identity, OrderId, ()>;

	/// The open complaints.
	#[pallet::storage]
	pub type Complaints<T: Config> = StorageMap<_, Identity, OrderId, ComplaintOf<T>>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A data set was put on offer.
		ListingCreated {
			/// The new listing.
			listing: ListingId,
			/// Who sells.
			owner: T::AccountId,
			/// What is sold.
			dataset: DatasetId,
			/// Hash of the terms.
			terms_hash: H256,
		},
		/// The terms of a listing changed.
		ListingChanged {
			/// The listing.
			listing: ListingId,
			/// Hash of the new terms.
			terms_hash: H256,
		},
		/// A listing cannot be bought for the time being.
		ListingPaused {
			/// The listing.
			listing: ListingId,
		},
		/// A paused listing can be bought again.
		ListingResumed {
			/// The listing.
			listing: ListingId,
		},
		/// A listing was removed; its orders go on.
		ListingRetired {
			/// The listing that was.
			listing: ListingId,
		},
		/// Something was bought and its price is held.
		OrderOpened {
			/// The new order.
			order: OrderId,
			/// What was bought from.
			listing: ListingId,
			/// The data set.
			dataset: DatasetId,
			/// Who pays.
			payer: T::AccountId,
			/// Who may read.
			beneficiary: T::AccountId,
			/// What is held from the payer.
			price: BalanceOf<T>,
			/// How many batches of the data set were bought, counted from its first.
			batches: u32,
		},
		/// Listings are sold together.
		BundleCreated {
			/// The new bundle.
			bundle: BundleId,
			/// Who sells.
			owner: T::AccountId,
			/// What it costs.
			price: BalanceOf<T>,
		},
		/// A bundle was removed; its listings stay, and its orders go on.
		BundleRetired {
			/// The bundle that was.
			bundle: BundleId,
		},
		/// All listings of a bundle were bought, each by an order of its own.
		BundleBought {
			/// The bundle.
			bundle: BundleId,
			/// Who pays.
			payer: T::AccountId,
			/// What is held for all orders.
			price: BalanceOf<T>,
			/// The orders, in the order of the bundle's listings.
			orders: BoundedVec<OrderId, ConstU32<MAX_BUNDLE_MEMBERS>>,
		},
		/// An order that was opened is a subscription.
		Subscribed {
			/// The order.
			order: OrderId,
			/// The block from which it is used.
			starts_at: BlockNumberFor<T>,
			/// The block in which it ends.
			ends_at: BlockNumberFor<T>,
		},
		/// A subscription will end later, and what that costs more is held; or it is charged by the reading,
		/// and ended early.
		SubscriptionChanged {
			/// The order.
			order: OrderId,
			/// The block in which it ends now.
			ends_at: BlockNumberFor<T>,
			/// What the whole time costs now.
			price: BalanceOf<T>,
		},
		/// The keys of what was committed to since the last delivery of a subscription were delivered.
		InstalmentDelivered {
			/// The order.
			order: OrderId,
			/// How many batches of the data set the key opens, counted from its first.
			batches: u32,
			/// The key, sealed for the buyer.
			envelope: Envelope,
			/// Last block of the beneficiary's time to dispute.
			settle_after: BlockNumberFor<T>,
		},
		/// The seller charges readings to an allowance.
		ReadingsClaimed {
			/// The order.
			order: OrderId,
			/// How many readings.
			readings: u32,
			/// What they earn beyond the minimum.
			amount: BalanceOf<T>,
			/// Last block of the beneficiary's time to dispute.
			settle_after: BlockNumberFor<T>,
		},
		/// A part of what is held for a subscription was paid.
		InstalmentPaid {
			/// The order.
			order: OrderId,
			/// Who was paid.
			seller: T::AccountId,
			/// What the seller received.
			amount: BalanceOf<T>,
			/// What was taken as a fee besides.
			fee: BalanceOf<T>,
		},
		/// What a subscription did not use of its price was released.
		RestReleased {
			/// The order.
			order: OrderId,
			/// Who has the money back.
			payer: T::AccountId,
			/// How much.
			amount: BalanceOf<T>,
		},
		/// An order's key was delivered.
		Delivered {
			/// The order.
			order: OrderId,
			/// The key, sealed for the buyer.
			envelope: Envelope,
			/// Last block of the beneficiary's time to dispute.
			settle_after: BlockNumberFor<T>,
		},
		/// An order's seller was paid, and the order ended.
		Settled {
			/// The order.
			order: OrderId,
			/// Who was paid.
			seller: T::AccountId,
			/// What the seller received; for a subscription, besides what was paid before.
			amount: BalanceOf<T>,
			/// What was taken as a fee besides.
			fee: BalanceOf<T>,
		},
		/// An order's price was released; for a subscription, what was not due to the seller.
		Refunded {
			/// The order.
			order: OrderId,
			/// Who has the money back.
			payer: T::AccountId,
			/// How much.
			amount: BalanceOf<T>,
			/// Why.
			reason: RefundReason,
		},
		/// An ended order was removed from the state.
		Pruned {
			/// The order that was.
			order: OrderId,
		},
		/// A chunk is to be posted; the order is frozen.
		Challenged {
			/// The order.
			order: OrderId,
			/// Which batch of the data set.
			batch: u32,
			/// Which chunk of the batch; its last, where there is none of this number.
			chunk: u32,
			/// The order's beneficiary.
			challenger: T::AccountId,
			/// What is held from the challenger.
			bond: BalanceOf<T>,
			/// Last block for the answer.
			answer_by: BlockNumberFor<T>,
		},
		/// A chunk that was challenged is among the transactions of this block.
		Answered {
			/// The order.
			order: OrderId,
			/// Which batch was challenged.
			batch: u32,
			/// Which chunk was challenged.
			chunk: u32,
			/// Who posted it.
			answerer: T::AccountId,
			/// What the challenger lost to where fees go.
			bond: BalanceOf<T>,
			/// Last block of the beneficiary's time to dispute from now on.
			settle_after: BlockNumberFor<T>,
		},
		/// A complaint was made; the order is frozen.
		Complained {
			/// The order.
			order: OrderId,
			/// The order's beneficiary.
			complainant: T::AccountId,
			/// Hash of the evidence.
			evidence: H256,
			/// What is held from the complainant.
			bond: BalanceOf<T>,
			/// Last block for the seller's response.
			respond_by: BlockNumberFor<T>,
		},
		/// A seller responded to a complaint.
		Responded {
			/// The order.
			order: OrderId,
			/// The order's seller.
			respondent: T::AccountId,
			/// Hash of the evidence.
			evidence: H256,
			/// What is held from the respondent.
			bond: BalanceOf<T>,
			/// Last block for the arbiters' decision.
			decide_by: BlockNumberFor<T>,
		},
		/// The arbiters decided.
		Decided {
			/// The order.
			order: OrderId,
			/// The payer's part of the price. Above a half the seller loses the bond, below the
			/// complainant.
			payer_share: Permill,
			/// Hash of the grounds.
			evidence: H256,
		},
		/// The arbiters were silent; both bonds returned.
		Undecided {
			/// The order.
			order: OrderId,
			/// The payer's part of the price.
			payer_share: Permill,
		},
		/// The price of an order was divided after a complaint.
		Divided {
			/// The order.
			order: OrderId,
			/// Who has a part of the money back.
			payer: T::AccountId,
			/// How much.
			refund: BalanceOf<T>,
			/// Who was paid.
			seller: T::AccountId,
			/// What the seller received.
			amount: BalanceOf<T>,
			/// What was taken as a fee besides.
			fee: BalanceOf<T>,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such listing, order or data set.
		NotFound,
		/// The signer may not do this.
		NotAuthorized,
		/// There is such a listing or order already; choose another salt or a fresh key. Or the chunk
		/// was challenged, or the complaint responded to, before.
		AlreadyExists,
		/// The kind is not made of lower-case ASCII words joined by '-'.
		InvalidKind,
		/// The unit is empty, not UTF-8, or contains control characters.
		InvalidUnit,
		/// The place is not a geohash.
		InvalidPlace,
		/// No new terms may name this licence: it is not on the list of licences, or retired.
		UnknownLicence,
		/// The sample is not UTF-8.
		InvalidSample,
		/// The price is below the minimum; a listing may be free instead.
		PriceTooLow,
		/// A period is too short or too long, or access would end before the time to dispute.
		InvalidPeriod,
		/// The most blocks since a verdict are at least one.
		InvalidVerdictAge,
		/// Attested data is offered, but nobody gives verdicts on this chain.
		NoVerdicts,
		/// Attested data was agreed, and its device is not trusted now by a verdict that is young enough.
		DeviceNotTrusted,
		/// Attested data was agreed, and its device has not signed each batch from the first one on.
		NotAttested,
		/// A listing cannot change to another data set.
		OtherDataset,
		/// The listing is paused.
		Paused,
		/// The listing is not paused.
		NotPaused,
		/// The data set was erased.
		Erased,
		/// The data set has no batches yet.
		NothingToSell,
		/// The listing's terms are not those the signer saw.
		TermsChanged,
		/// The price is higher than the signer is willing to pay.
		PriceTooHigh,
		/// The payer has as many free orders of the listing as there can be, or there can be none.
		QuotaExceeded,
		/// A bundle has at least two listings.
		TooFewMembers,
		/// A bundle is bought with one key for each of its listings.
		OtherNumberOfKeys,
		/// The listing is not sold in this way: once, by the period or by the reading. What is not data is
		/// sold once.
		OtherPricing,
		/// A subscription has a minimum of periods, and an extension at least one.
		TooFewPeriods,
		/// Discounts are not in ascending order, or take off nothing or everything.
		InvalidDiscount,
		/// Readings that come irregularly cannot be charged one by one.
		InvalidInterval,
		/// More readings than there can be in the new batches, or by the advertised frequency.
		TooManyReadings,
		/// The readings cost more than is held for them.
		AllowanceExceeded,
		/// The order is not a subscription that goes on.
		NotSubscribed,
		/// Nothing was committed to since the last delivery.
		NothingNew,
		/// The data set holds another number of batches.
		OtherRange,
		/// Nothing is due that was not paid.
		NothingToClaim,
		/// Nobody can buy from, or be given, an own listing.
		OwnListing,
		/// Nothing can be sealed for this X25519 key.
		InvalidBuyerKey,
		/// The order does not wait for its key.
		NotAwaitingDelivery,
		/// Suite or length are not those of an envelope.
		InvalidEnvelope,
		/// The order's key is not there, or the order has ended.
		NotDelivered,
		/// The order has not ended.
		NotEnded,
		/// The owner erased the data set or excluded the beneficiary: the price goes back.
		Withdrawn,
		/// The time for this has not come.
		TooEarly,
		/// The time for this is over.
		TooLate,
		/// The revealed key is not the order's, or not the one the chunk was committed with.
		OtherKey,
		/// The envelope opens, so a chunk must show that its keys are wrong.
		ProofMissing,
		/// The chunk does not belong to what was bought.
		ProofInvalid,
		/// The delivered key is the one that was committed to.
		KeyIsCorrect,
		/// The revealed ciphertext is not the one that was committed to.
		OtherCiphertext,
		/// The ciphertext decrypts to exactly what was committed to.
		DataIsCorrect,
		/// An open challenge or complaint must end first.
		Frozen,
		/// What was bought has no such batch, or no batch has so many chunks.
		NoSuchChunk,
		/// As many challenges as possible were made about this order.
		MaxChallengesExceeded,
		/// No open challenge asks for this chunk.
		NotChallenged,
		/// The order is free, or all of it was paid: arbiters have nothing to divide.
		NothingToDivide,
		/// There is no open complaint about this order.
		NoComplaint,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			Self::check_configuration();
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Puts a data set on offer.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the owner of the data set.
		///
		/// ## Details
		///
		/// The listing's id is BLAKE2b-256 of the SCALE encoding of (owner, data set, `salt`). A
		/// storage deposit is taken from the owner.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::Erased`], [`Error::NotAuthorized`]: the data set does not
		///   exist, was erased, or belongs to somebody else.
		/// * [`Error::InvalidKind`], [`Error::InvalidUnit`], [`Error::InvalidPlace`],
		///   [`Error::UnknownLicence`], [`Error::InvalidSample`], [`Error::PriceTooLow`],
		///   [`Error::PriceTooHigh`], [`Error::TooFewPeriods`], [`Error::InvalidDiscount`],
		///   [`Error::InvalidInterval`], [`Error::QuotaExceeded`], [`Error::InvalidPeriod`],
		///   [`Error::InvalidVerdictAge`]: the terms are not acceptable.
		/// * [`Error::NoVerdicts`]: nobody could tell whether the device is trusted.
		/// * [`Error::DeviceNotTrusted`]: they are of attested data, and the device is not trusted now.
		/// * [`Error::AlreadyExists`]: the salt was used already.
		///
		/// ## Events
		///
		/// [`Event::ListingCreated`]
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::create_listing())]
		pub fn create_listing(
			origin: OriginFor<T>,
			salt: H256,
			terms: ListingTermsOf<T>,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_create_listing(owner, salt, terms)
		}

		/// Replaces the terms of a listing.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the listing's owner.
		///
		/// ## Details
		///
		/// Orders that were opened before keep their terms. Purchases signed for the old terms fail.
		/// The storage deposit is adjusted to the new length.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such listing, or somebody else's.
		/// * [`Error::OtherDataset`]: the data set must stay the same.
		/// * [`Error::InvalidKind`], [`Error::InvalidUnit`], [`Error::InvalidPlace`],
		///   [`Error::UnknownLicence`], [`Error::InvalidSample`], [`Error::PriceTooLow`],
		///   [`Error::PriceTooHigh`], [`Error::TooFewPeriods`], [`Error::InvalidDiscount`],
		///   [`Error::InvalidInterval`], [`Error::QuotaExceeded`], [`Error::InvalidPeriod`],
		///   [`Error::InvalidVerdictAge`]: the terms are not acceptable.
		/// * [`Error::NoVerdicts`]: nobody could tell whether the device is trusted.
		/// * [`Error::DeviceNotTrusted`]: they are of attested data, and the device is not trusted now.
		///
		/// ## Events
		///
		/// [`Event::ListingChanged`]
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::change_listing())]
		pub fn change_listing(
			origin: OriginFor<T>,
			listing: ListingId,
			terms: ListingTermsOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_change_listing(who, listing, terms)
		}

		/// Stops sales from a listing for the time being.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the listing's owner.
		///
		/// ## Details
		///
		/// Orders go on.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such listing, or somebody else's.
		/// * [`Error::Paused`]: it is paused already.
		///
		/// ## Events
		///
		/// [`Event::ListingPaused`]
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::pause_listing())]
		pub fn pause_listing(origin: OriginFor<T>, listing: ListingId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_pause_listing(who, listing)
		}

		/// Lets a paused listing be bought again.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the listing's owner.
		///
		/// ## Details
		///
		/// The terms are as they were.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such listing, or somebody else's.
		/// * [`Error::NotPaused`]: it is not paused.
		/// * [`Error::DeviceNotTrusted`]: it is of attested data, and the device is not trusted now.
		///
		/// ## Events
		///
		/// [`Event::ListingResumed`]
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::resume_listing())]
		pub fn resume_listing(origin: OriginFor<T>, listing: ListingId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_resume_listing(who, listing)
		}

		/// Removes a listing.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the listing's owner.
		///
		/// ## Details
		///
		/// Orders go on. The storage deposit returns to the owner.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such listing, or somebody else's.
		///
		/// ## Events
		///
		/// [`Event::ListingRetired`]
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::retire_listing())]
		pub fn retire_listing(origin: OriginFor<T>, listing: ListingId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_retire_listing(who, listing)
		}

		/// Buys everything that a data set holds now.
		///
		/// ## Dispatch Origin
		///
		/// Signed by who pays.
		///
		/// ## Details
		///
		/// Holds the price and a storage deposit from the signer, opens access for the beneficiary
		/// (the signer, where none is named), and pins the terms and the batches committed to so
		/// far. `buyer_key` is a fresh X25519 public key of the beneficiary's for this order. The
		/// order's id is BLAKE2b-256 of the SCALE encoding of (listing, beneficiary, `buyer_key`).
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::Paused`]: the listing does not exist, or is paused.
		/// * [`Error::DeviceNotTrusted`]: it is of attested data, and the device is not trusted now.
		/// * [`Error::NotAttested`]: it is of attested data, and the device did not sign it.
		/// * [`Error::TermsChanged`]: its terms do not have the hash `terms_hash`.
		/// * [`Error::OtherPricing`]: it is sold by the period or by the reading.
		/// * [`Error::QuotaExceeded`]: it is free, and the signer has as many of its orders as one account
		///   can have.
		/// * [`Error::PriceTooHigh`]: its price is above `max_price`.
		/// * [`Error::OwnListing`]: payer or beneficiary is the seller.
		/// * [`Error::InvalidBuyerKey`]: nothing can be sealed for `buyer_key`.
		/// * [`Error::Erased`], [`Error::NothingToSell`]: the data set was erased or is empty.
		/// * [`Error::AlreadyExists`]: the same key was used for the same listing already.
		/// * Errors of the currency, when the signer lacks funds, and of access control.
		///
		/// ## Events
		///
		/// [`Event::OrderOpened`]
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::buy())]
		pub fn buy(
			origin: OriginFor<T>,
			listing: ListingId,
			terms_hash: H256,
			max_price: BalanceOf<T>,
			beneficiary: Option<T::AccountId>,
			buyer_key: [u8; 32],
		) -> DispatchResult {
			let payer = ensure_signed(origin)?;
			let beneficiary = beneficiary.unwrap_or_else(|| payer.clone());
			Self::do_buy(payer, listing, terms_hash, max_price, beneficiary, buyer_key)
		}

		/// Delivers the key of an order.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the order's seller or the key agent of its data set.
		///
		/// ## Details
		///
		/// The envelope is kept until the order is pruned. The beneficiary's time to dispute begins.
		/// There is no fee for a delivery that is accepted.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such order, or not the signer's to
		///   deliver.
		/// * [`Error::NotAwaitingDelivery`]: the key was delivered already, or the order has ended.
		/// * [`Error::TooLate`]: the time for delivery is over.
		/// * [`Error::Erased`], [`Error::Withdrawn`]: the data set was erased, or the beneficiary is
		///   excluded or nobody consents any more.
		/// * [`Error::InvalidEnvelope`]: suite or length are not those of an envelope.
		/// * [`Error::DeviceNotTrusted`]: it is a subscription to attested data, and the device is not
		///   trusted now.
		///
		/// ## Events
		///
		/// [`Event::Delivered`]
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::deliver())]
		pub fn deliver(
			origin: OriginFor<T>,
			order: OrderId,
			envelope: Envelope,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_deliver(who, order, envelope)?;
			Ok(Pays::No.into())
		}

		/// Accepts a delivery, so that the seller is paid at once.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the order's beneficiary.
		///
		/// ## Details
		///
		/// Ends the time to dispute. Access stays open as long as it was agreed. A subscription goes on: what
		/// was earned is paid.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such order, or somebody else's.
		/// * [`Error::NotDelivered`]: the key is not there, or the order has ended.
		/// * [`Error::Frozen`]: a challenge or a complaint is open.
		///
		/// ## Events
		///
		/// [`Event::Settled`]; while a subscription goes on, [`Event::InstalmentPaid`]
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::confirm())]
		pub fn confirm(origin: OriginFor<T>, order: OrderId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_confirm(who, order)
		}

		/// Pays the seller of an order whose time to dispute is over.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anybody.
		///
		/// ## Details
		///
		/// There is no fee when it succeeds. A subscription is settled after its end, when everything that
		/// was committed to is delivered or the time to deliver is over: what the deliveries do not reach
		/// is released.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`]: no such order.
		/// * [`Error::NotDelivered`]: the key is not there, or the order has ended.
		/// * [`Error::TooEarly`]: the time to dispute is not over, or the subscription goes on.
		/// * [`Error::Frozen`]: a challenge or a complaint is open.
		/// * [`Error::Withdrawn`]: the data set is erased or the beneficiary excluded.
		///
		/// ## Events
		///
		/// [`Event::Settled`], [`Event::RestReleased`]
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::settle())]
		pub fn settle(origin: OriginFor<T>, order: OrderId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_settle(order)?;
			Ok(Pays::No.into())
		}

		/// Returns the price of an order whose key was not delivered, of which a chunk is withheld, or
		/// which the owner withdrew.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anybody.
		///
		/// ## Details
		///
		/// Possible once the time for delivery is over, or the time in which a challenged chunk was to
		/// be posted; and, until the order is settled, while the data set is erased or its owner
		/// excludes the beneficiary. Closes access. Of a subscription, what was earned and is not in
		/// dispute any more is paid, and the rest returned. Bonds of open challenges return; the seller
		/// loses an open complaint. There is no fee when it succeeds.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`]: no such order.
		/// * [`Error::NotAwaitingDelivery`]: the key was delivered and nothing withdrawn, or the order
		///   has ended.
		/// * [`Error::TooEarly`]: the key may still be delivered, or the chunk posted.
		///
		/// ## Events
		///
		/// [`Event::InstalmentPaid`], [`Event::Refunded`]
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::refund())]
		pub fn refund(origin: OriginFor<T>, order: OrderId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_refund(order)?;
			Ok(Pays::No.into())
		}

		/// Proves that the delivered key is not the one that was committed to, and gets the price
		/// back for the payer.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the order's beneficiary.
		///
		/// ## Details
		///
		/// Reveals the X25519 secret of this order to everybody, even when the proof fails. The
		/// chain opens the envelope with it. An envelope that does not open, or holds the keys of
		/// too few batches, is wrong by itself; otherwise `proof` names a chunk whose key it gets
		/// wrong. There is no fee when it succeeds. Closes access.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such order, or somebody else's.
		/// * [`Error::NotDelivered`], [`Error::TooLate`]: there is nothing to dispute, or not any more.
		/// * [`Error::OtherKey`], [`Error::ProofMissing`], [`Error::ProofInvalid`],
		///   [`Error::KeyIsCorrect`]: the dispute has no ground.
		///
		/// ## Events
		///
		/// [`Event::Refunded`]
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::dispute_key())]
		pub fn dispute_key(
			origin: OriginFor<T>,
			order: OrderId,
			secret: [u8; 32],
			proof: Option<ChunkProof>,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_dispute_key(who, order, secret, proof)?;
			Ok(Pays::No.into())
		}

		/// Proves that a chunk does not hold what was committed to, and gets the price back for the
		/// payer.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the order's beneficiary.
		///
		/// ## Details
		///
		/// Reveals one chunk's key and ciphertext to everybody, even when the proof fails. There is
		/// no fee when it succeeds. Closes access.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such order, or somebody else's.
		/// * [`Error::NotDelivered`], [`Error::TooLate`]: there is nothing to dispute, or not any more.
		/// * [`Error::ProofInvalid`], [`Error::OtherKey`], [`Error::OtherCiphertext`],
		///   [`Error::DataIsCorrect`]: the dispute has no ground.
		///
		/// ## Events
		///
		/// [`Event::Refunded`]
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::dispute_data())]
		pub fn dispute_data(
			origin: OriginFor<T>,
			order: OrderId,
			proof: ChunkProof,
			chunk_key: [u8; 32],
			ciphertext: ChunkCiphertext,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_dispute_data(who, order, proof, chunk_key, ciphertext)?;
			Ok(Pays::No.into())
		}

		/// Buys a subscription: what a data set holds now, and what is committed to until it ends.
		///
		/// ## Dispatch Origin
		///
		/// Signed by who pays.
		///
		/// ## Details
		///
		/// As [`Pallet::buy`], for a listing with a price per period. The price of all `periods` is held.
		/// The subscription begins in this block. Access stays open for the listing's period of access
		/// after its end.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::Paused`]: the listing does not exist, or is paused.
		/// * [`Error::DeviceNotTrusted`]: it is of attested data, and the device is not trusted now.
		/// * [`Error::NotAttested`]: it is of attested data, and the device did not sign it.
		/// * [`Error::TermsChanged`]: its terms do not have the hash `terms_hash`.
		/// * [`Error::OtherPricing`]: it is not sold by the period.
		/// * [`Error::TooFewPeriods`]: `periods` is less than the minimum.
		/// * [`Error::PriceTooLow`], [`Error::PriceTooHigh`]: the price of all periods is below what can
		///   be paid, or above `max_price`.
		/// * [`Error::InvalidPeriod`]: all periods are longer than the longest access.
		/// * [`Error::OwnListing`]: payer or beneficiary is the seller.
		/// * [`Error::InvalidBuyerKey`]: nothing can be sealed for `buyer_key`.
		/// * [`Error::Erased`], [`Error::NothingToSell`]: the data set was erased or is empty.
		/// * [`Error::AlreadyExists`]: the same key was used for the same listing already.
		/// * Errors of the currency, when the signer lacks funds, and of access control.
		///
		/// ## Events
		///
		/// [`Event::OrderOpened`], [`Event::Subscribed`]
		#[pallet::call_index(20)]
		#[pallet::weight(T::WeightInfo::subscribe())]
		pub fn subscribe(
			origin: OriginFor<T>,
			listing: ListingId,
			terms_hash: H256,
			periods: u32,
			max_price: BalanceOf<T>,
			beneficiary: Option<T::AccountId>,
			buyer_key: [u8; 32],
		) -> DispatchResult {
			let payer = ensure_signed(origin)?;
			let who = beneficiary.unwrap_or_else(|| payer.clone());
			Self::do_subscribe(payer, listing, terms_hash, periods, max_price, who, buyer_key)
		}

		/// Delivers the keys of what was committed to since the last delivery of a subscription.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the order's seller or the key agent of its data set.
		///
		/// ## Details
		///
		/// The envelope takes the place of the one before; it opens all `batches`, which must be all that
		/// the data set holds now. What was used until now is earned, and the beneficiary's time to
		/// dispute begins anew. Possible when the time to dispute the delivery before is over, and once
		/// more after the end of the subscription, within the period of delivery, or as long after a
		/// challenge that was answered. There is no fee for a delivery that is accepted.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such order, or not the signer's to
		///   deliver.
		/// * [`Error::NotSubscribed`]: it is no subscription, or has ended.
		/// * [`Error::Frozen`]: a challenge or a complaint is open.
		/// * [`Error::NotDelivered`]: the first delivery has not come.
		/// * [`Error::TooEarly`], [`Error::TooLate`]: the delivery before can be disputed, or the last
		///   delivery was made, or its time is over.
		/// * [`Error::Erased`], [`Error::Withdrawn`]: the data set was erased, or the beneficiary is
		///   excluded.
		/// * [`Error::NothingNew`]: nothing was committed to since.
		/// * [`Error::OtherRange`]: it does not hold `batches` batches, or its device has not signed as many.
		/// * [`Error::InvalidEnvelope`]: suite or length are not those of an envelope.
		/// * [`Error::DeviceNotTrusted`]: it is of attested data, and the device is not trusted now.
		/// * [`Error::NotAttested`]: it is of attested data, and the device did not sign it.
		///
		/// ## Events
		///
		/// [`Event::InstalmentDelivered`]
		#[pallet::call_index(21)]
		#[pallet::weight(T::WeightInfo::deliver_instalment())]
		pub fn deliver_instalment(
			origin: OriginFor<T>,
			order: OrderId,
			batches: u32,
			envelope: Envelope,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_deliver_instalment(who, order, batches, envelope)?;
			Ok(Pays::No.into())
		}

		/// Pays the seller of a subscription what is due.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the order's seller.
		///
		/// ## Details
		///
		/// Due is what was used until the last delivery that can no longer be disputed; where nothing was
		/// committed to since, what was used until now.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such order, or somebody else's.
		/// * [`Error::NotSubscribed`]: it is no subscription, or has ended.
		/// * [`Error::Frozen`]: a challenge or a complaint is open.
		/// * [`Error::NothingToClaim`]: everything that is due was paid.
		///
		/// ## Events
		///
		/// [`Event::InstalmentPaid`]
		#[pallet::call_index(22)]
		#[pallet::weight(T::WeightInfo::claim())]
		pub fn claim(origin: OriginFor<T>, order: OrderId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_claim(who, order)
		}

		/// Adds periods to a subscription.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the order's payer.
		///
		/// ## Details
		///
		/// At the terms that were agreed, as long as the listing still offers exactly these. Holds what
		/// all periods together, at their discount, cost more than what was agreed before.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such order or listing, or somebody else's.
		/// * [`Error::NotSubscribed`], [`Error::TooLate`]: it is no subscription, or has ended.
		/// * [`Error::Frozen`]: a challenge or a complaint is open.
		/// * [`Error::OtherPricing`]: it is charged by the reading.
		/// * [`Error::Paused`], [`Error::TermsChanged`]: the listing does not offer these terms.
		/// * [`Error::DeviceNotTrusted`]: it is of attested data, and the device is not trusted now.
		/// * [`Error::NotAttested`]: it is of attested data, and the device did not sign it.
		/// * [`Error::Withdrawn`]: the data set is erased or the beneficiary excluded.
		/// * [`Error::TooFewPeriods`]: `periods` is zero.
		/// * [`Error::PriceTooLow`], [`Error::PriceTooHigh`]: the price is below what can be paid, or it
		///   is more than `max_price` above what was agreed before.
		/// * [`Error::InvalidPeriod`]: all periods are longer than the longest access.
		/// * Errors of the currency, when the signer lacks funds, and of access control.
		///
		/// ## Events
		///
		/// [`Event::SubscriptionChanged`]
		#[pallet::call_index(23)]
		#[pallet::weight(T::WeightInfo::extend_subscription())]
		pub fn extend_subscription(
			origin: OriginFor<T>,
			order: OrderId,
			periods: u32,
			max_price: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_extend_subscription(who, order, periods, max_price)
		}

		/// Ends a subscription at once: what was used is paid, the rest released.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the order's payer or beneficiary.
		///
		/// ## Details
		///
		/// What was used is paid block by block, rounded down to a whole unit, at the discount for as many
		/// whole periods as were used, and the listing's minimum of periods at least. Time for which the
		/// next delivery is late does not count. The last delivery can no longer be disputed: dispute
		/// first. Access stays open for the listing's period of access from now on. Where readings are
		/// charged, what is delivered can still be claimed within the period of delivery; then the rest
		/// is released by [`Pallet::settle`].
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such order, or somebody else's.
		/// * [`Error::NotSubscribed`]: it is no subscription, or has ended.
		/// * [`Error::Frozen`]: a challenge or a complaint is open.
		/// * [`Error::NotDelivered`]: the key is not there. It may be under way; if it does not come in
		///   time, everything can be refunded.
		/// * [`Error::Withdrawn`]: the data set is erased or the beneficiary excluded: refund it.
		/// * Errors of access control.
		///
		/// ## Events
		///
		/// [`Event::Settled`], [`Event::RestReleased`]; where readings are charged,
		/// [`Event::SubscriptionChanged`]
		#[pallet::call_index(24)]
		#[pallet::weight(T::WeightInfo::end_subscription())]
		pub fn end_subscription(origin: OriginFor<T>, order: OrderId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_end_subscription(who, order)
		}

		/// Buys readings one by one, for at most `amount` and for `duration` blocks.
		///
		/// ## Dispatch Origin
		///
		/// Signed by who pays.
		///
		/// ## Details
		///
		/// As [`Pallet::subscribe`], for a listing with a price per reading. The amount is held. The first
		/// delivery earns the listing's minimum; from then on the seller claims readings. What was not
		/// claimed is released after the end.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::Paused`]: the listing does not exist, or is paused.
		/// * [`Error::DeviceNotTrusted`]: it is of attested data, and the device is not trusted now.
		/// * [`Error::NotAttested`]: it is of attested data, and the device did not sign it.
		/// * [`Error::TermsChanged`]: its terms do not have the hash `terms_hash`.
		/// * [`Error::OtherPricing`]: it is not sold by the reading.
		/// * [`Error::PriceTooLow`]: `amount` is less than the minimum costs.
		/// * [`Error::InvalidPeriod`]: the duration is too short or too long.
		/// * [`Error::OwnListing`]: payer or beneficiary is the seller.
		/// * [`Error::InvalidBuyerKey`]: nothing can be sealed for `buyer_key`.
		/// * [`Error::Erased`], [`Error::NothingToSell`]: the data set was erased or is empty.
		/// * [`Error::AlreadyExists`]: the same key was used for the same listing already.
		/// * Errors of the currency, when the signer lacks funds, and of access control.
		///
		/// ## Events
		///
		/// [`Event::OrderOpened`], [`Event::Subscribed`]
		#[pallet::call_index(25)]
		#[pallet::weight(T::WeightInfo::open_allowance())]
		pub fn open_allowance(
			origin: OriginFor<T>,
			listing: ListingId,
			terms_hash: H256,
			amount: BalanceOf<T>,
			duration: BlockNumberFor<T>,
			beneficiary: Option<T::AccountId>,
			buyer_key: [u8; 32],
		) -> DispatchResult {
			let payer = ensure_signed(origin)?;
			let who = beneficiary.unwrap_or_else(|| payer.clone());
			let allowance = Allowance { amount, duration };
			Self::do_open_allowance(payer, listing, terms_hash, allowance, who, buyer_key)
		}

		/// Charges readings that were delivered to an allowance.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the order's seller.
		///
		/// ## Details
		///
		/// The chain does not see readings: how many there are is the seller's word. It accepts no more
		/// than the advertised frequency yields from the beginning of the order to its last delivery, no
		/// more than the batches can hold that were delivered since the claim before, and no more than
		/// the allowance pays for. The beneficiary's time to dispute the delivery begins anew; then
		/// [`Pallet::claim`] pays.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such order, or somebody else's.
		/// * [`Error::NotSubscribed`], [`Error::OtherPricing`]: it is not charged by the reading, or has
		///   ended.
		/// * [`Error::Frozen`]: a challenge or a complaint is open.
		/// * [`Error::NotDelivered`]: the key is not there.
		/// * [`Error::TooEarly`], [`Error::TooLate`]: the delivery or claim before can be disputed, or the
		///   time to claim is over.
		/// * [`Error::Erased`]: the data set was erased.
		/// * [`Error::NothingNew`]: no batches were delivered since the claim before.
		/// * [`Error::TooManyReadings`], [`Error::AllowanceExceeded`]: more than can be claimed.
		///
		/// ## Events
		///
		/// [`Event::ReadingsClaimed`]
		#[pallet::call_index(26)]
		#[pallet::weight(T::WeightInfo::claim_readings())]
		pub fn claim_readings(
			origin: OriginFor<T>,
			order: OrderId,
			readings: u32,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_claim_readings(who, order, readings)
		}

		/// Puts several listings together, to be sold at one price.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the owner of all the listings.
		///
		/// ## Details
		///
		/// The price is the sum of the shares. The listings go on being sold on their own, at their own
		/// prices. The bundle's id is BLAKE2b-256 of the SCALE encoding of (owner, `salt`). A storage
		/// deposit is taken from the owner.
		///
		/// ## Errors
		///
		/// * [`Error::TooFewMembers`]: there are fewer than two listings.
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such listing, or somebody else's.
		/// * [`Error::PriceTooLow`], [`Error::PriceTooHigh`]: a share is below the minimum, or all of them
		///   are more money than there can be.
		/// * [`Error::AlreadyExists`]: a listing is named twice, or the salt was used already.
		///
		/// ## Events
		///
		/// [`Event::BundleCreated`]
		#[pallet::call_index(27)]
		#[pallet::weight(T::WeightInfo::create_bundle())]
		pub fn create_bundle(
			origin: OriginFor<T>,
			salt: H256,
			members: BundleMembers<BalanceOf<T>>,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_create_bundle(owner, salt, members)
		}

		/// Removes a bundle.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the bundle's owner.
		///
		/// ## Details
		///
		/// Its listings stay, and its orders go on. The storage deposit returns to the owner.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such bundle, or somebody else's.
		///
		/// ## Events
		///
		/// [`Event::BundleRetired`]
		#[pallet::call_index(28)]
		#[pallet::weight(T::WeightInfo::retire_bundle())]
		pub fn retire_bundle(origin: OriginFor<T>, bundle: BundleId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_retire_bundle(who, bundle)
		}

		/// Buys all listings of a bundle.
		///
		/// ## Dispatch Origin
		///
		/// Signed by who pays.
		///
		/// ## Details
		///
		/// Opens one order for each listing, as [`Pallet::buy`] does, at its share of the price: all of
		/// them or none. From then on each goes its own way. There is a fresh key for each, in the order
		/// of the bundle's listings. `terms_hash` is that of [`BundleOffer`], by which the signer agrees to
		/// the terms of all listings.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::Paused`]: the bundle or a listing of it does not exist, or is
		///   paused.
		/// * [`Error::DeviceNotTrusted`]: a listing is of attested data, and the device is not trusted now.
		/// * [`Error::NotAttested`]: a listing is of attested data, and the device did not sign it.
		/// * [`Error::TermsChanged`]: the terms do not have the hash `terms_hash`.
		/// * [`Error::PriceTooHigh`]: the price is above `max_price`.
		/// * [`Error::OtherNumberOfKeys`]: there is not one key for each listing.
		/// * [`Error::OwnListing`]: payer or beneficiary is the seller.
		/// * [`Error::InvalidBuyerKey`]: nothing can be sealed for a key.
		/// * [`Error::Erased`], [`Error::NothingToSell`]: a data set was erased or is empty.
		/// * [`Error::AlreadyExists`]: a key was used for the same listing already.
		/// * Errors of the currency, when the signer lacks funds, and of access control.
		///
		/// ## Events
		///
		/// [`Event::OrderOpened`] for each listing, [`Event::BundleBought`]
		#[pallet::call_index(29)]
		#[pallet::weight(T::WeightInfo::buy_bundle(buyer_keys.len() as u32))]
		pub fn buy_bundle(
			origin: OriginFor<T>,
			bundle: BundleId,
			terms_hash: H256,
			max_price: BalanceOf<T>,
			beneficiary: Option<T::AccountId>,
			buyer_keys: BoundedVec<[u8; 32], ConstU32<MAX_BUNDLE_MEMBERS>>,
		) -> DispatchResult {
			let payer = ensure_signed(origin)?;
			let who = beneficiary.unwrap_or_else(|| payer.clone());
			Self::do_buy_bundle(payer, bundle, terms_hash, max_price, who, buyer_keys.into())
		}

		/// Removes an order that ended long enough ago.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anybody.
		///
		/// ## Details
		///
		/// Possible when both the retention period after the order's end and the agreed access are
		/// over. Removes the order, its envelope and its grant of access. The storage deposit
		/// returns to the payer.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`]: no such order.
		/// * [`Error::NotEnded`]: it is neither settled nor refunded.
		/// * [`Error::TooEarly`]: it must be kept longer.
		///
		/// ## Events
		///
		/// [`Event::Pruned`]
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::prune_order())]
		pub fn prune_order(origin: OriginFor<T>, order: OrderId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_prune_order(order)
		}

		/// Demands that a chunk which the stores do not serve be posted on the chain.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the order's beneficiary.
		///
		/// ## Details
		///
		/// `batch` counts from the data set's first, `chunk` from the batch's first. Holds a bond from
		/// the signer, which is lost when the chunk is posted and returns otherwise. Freezes the order.
		/// There is as much time for the answer as there was for the delivery of the key.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such order, or somebody else's.
		/// * [`Error::NotDelivered`], [`Error::TooLate`]: there is nothing to dispute, or not any more.
		/// * [`Error::Frozen`]: a complaint is open.
		/// * [`Error::NoSuchChunk`]: the batch was not bought, or no batch has so many chunks.
		/// * [`Error::AlreadyExists`]: the chunk was challenged before.
		/// * [`Error::MaxChallengesExceeded`]: there were too many challenges about this order.
		/// * Errors of the currency, when the signer lacks funds.
		///
		/// ## Events
		///
		/// [`Event::Challenged`]
		#[pallet::call_index(30)]
		#[pallet::weight(T::WeightInfo::challenge())]
		pub fn challenge(
			origin: OriginFor<T>,
			order: OrderId,
			batch: u32,
			chunk: u32,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_challenge(who, order, batch, chunk)
		}

		/// Posts a chunk that was challenged.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anybody.
		///
		/// ## Details
		///
		/// `proof` leads from the chunk to the range that the order pinned. Where the batch has no chunk
		/// of the number that was challenged, its last one is to be posted. The chunk is in the block's
		/// body and not in the state. The challenger's bond goes where fees go. The beneficiary has time
		/// again to dispute what was posted. There is no fee when it succeeds.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`]: no such order.
		/// * [`Error::ProofInvalid`], [`Error::OtherCiphertext`]: the chunk is not one that was bought.
		/// * [`Error::NotChallenged`]: no open challenge asks for this chunk.
		/// * [`Error::TooLate`]: the time for the answer is over.
		///
		/// ## Events
		///
		/// [`Event::Answered`]
		#[pallet::call_index(31)]
		#[pallet::weight(T::WeightInfo::answer())]
		pub fn answer(
			origin: OriginFor<T>,
			order: OrderId,
			proof: ChunkProof,
			ciphertext: ChunkCiphertext,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_answer(who, order, proof, ciphertext)?;
			Ok(Pays::No.into())
		}

		/// Puts to the arbiters what cannot be proved to the chain.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the order's beneficiary.
		///
		/// ## Details
		///
		/// `evidence` is a hash of what the arbiters are to be shown; the chain keeps nothing else of
		/// it. Holds a bond from the signer. Freezes the order until its end.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such order, or somebody else's.
		/// * [`Error::NotDelivered`], [`Error::TooLate`]: there is nothing to dispute, or not any more.
		/// * [`Error::Frozen`]: a challenge or a complaint is open.
		/// * [`Error::NothingToDivide`]: the order is free, or all of it was paid.
		/// * Errors of the currency, when the signer lacks funds.
		///
		/// ## Events
		///
		/// [`Event::Complained`]
		#[pallet::call_index(32)]
		#[pallet::weight(T::WeightInfo::complain())]
		pub fn complain(origin: OriginFor<T>, order: OrderId, evidence: H256) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_complain(who, order, evidence)
		}

		/// Contradicts a complaint.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the order's seller.
		///
		/// ## Details
		///
		/// `evidence` is a hash of what the arbiters are to be shown. Holds a bond from the signer, as
		/// high as the complainant's.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such order, or somebody else's.
		/// * [`Error::NoComplaint`], [`Error::AlreadyExists`]: there is no complaint, or it was responded
		///   to.
		/// * [`Error::TooLate`]: the time for the response is over.
		/// * Errors of the currency, when the signer lacks funds.
		///
		/// ## Events
		///
		/// [`Event::Responded`]
		#[pallet::call_index(33)]
		#[pallet::weight(T::WeightInfo::respond())]
		pub fn respond(origin: OriginFor<T>, order: OrderId, evidence: H256) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_respond(who, order, evidence)
		}

		/// Decides a complaint that the seller contradicted.
		///
		/// ## Dispatch Origin
		///
		/// [`Config::ArbiterOrigin`].
		///
		/// ## Details
		///
		/// `payer_share` of the price goes back to the payer, the rest to the seller, who alone bears
		/// the fee on it. Whoever gets less than a half loses the bond: half of it to the other side,
		/// half to where fees go. When everything is the payer's, access is closed.
		///
		/// A subscription ends. What is divided of it is what its subscriber would owe on ending it now, less
		/// what could not be disputed any more, which is the seller's. The rest goes back.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NoComplaint`]: no such order, or no complaint.
		/// * [`Error::TooEarly`]: the seller has not responded.
		/// * [`Error::TooLate`]: the time for the decision is over.
		///
		/// ## Events
		///
		/// [`Event::Decided`], and [`Event::Divided`], [`Event::Refunded`] or [`Event::Settled`]
		#[pallet::call_index(34)]
		#[pallet::weight(T::WeightInfo::decide())]
		pub fn decide(
			origin: OriginFor<T>,
			order: OrderId,
			payer_share: Permill,
			evidence: H256,
		) -> DispatchResult {
			T::ArbiterOrigin::ensure_origin(origin)?;
			Self::do_decide(order, payer_share, evidence)
		}

		/// Ends a complaint that the seller did not respond to, or the arbiters did not decide, in time.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anybody.
		///
		/// ## Details
		///
		/// Without a response the payer has everything back. Without a decision the price is divided
		/// by [`Config::DefaultPayerShare`]. Both bonds return. There is no fee when it succeeds.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NoComplaint`]: no such order, or no complaint.
		/// * [`Error::TooEarly`]: the time for response or decision is not over.
		/// * [`Error::Withdrawn`]: the data set is erased or the beneficiary excluded.
		///
		/// ## Events
		///
		/// [`Event::Refunded`]; or [`Event::Undecided`], and [`Event::Divided`], [`Event::Refunded`] or
		/// [`Event::Settled`]
		#[pallet::call_index(35)]
		#[pallet::weight(T::WeightInfo::conclude())]
		pub fn conclude(origin: OriginFor<T>, order: OrderId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_conclude(order)?;
			Ok(Pays::No.into())
		}

		/// Gives an order back before its key is there.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the order's beneficiary.
		///
		/// ## Details
		///
		/// Meant for orders that a standing demand opened. Releases the price and closes access.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such order, or somebody else's.
		/// * [`Error::NotAwaitingDelivery`]: the key was delivered, or the order has ended.
		///
		/// ## Events
		///
		/// [`Event::Refunded`]
		#[pallet::call_index(40)]
		#[pallet::weight(T::WeightInfo::reject())]
		pub fn reject(origin: OriginFor<T>, order: OrderId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_reject(who, order)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// A listing.
		pub fn listing(listing: ListingId) -> Option<ListingOf<T>> {
			Listings::<T>::get(listing)
		}

		/// The listings of `owner` in the order of their ids, after `start_after`, at most 100.
		pub fn listings_by_owner(
			owner: T::AccountId,
			start_after: Option<ListingId>,
			limit: u32,
		) -> Vec<(ListingId, ListingOf<T>)> {
			Self::page_of_owner(owner, start_after, limit)
		}

		/// The listings of exactly `kind` in the order of their ids, after `start_after`, at most
		/// 100.
		pub fn listings_by_kind(
			kind: Kind,
			start_after: Option<ListingId>,
			limit: u32,
		) -> Vec<(ListingId, ListingOf<T>)> {
			Self::page_of_kind(kind, start_after, limit)
		}

		/// The listings whose place, cut to four characters, is exactly `cell`, in the order of
		/// their ids, after `start_after`, at most 100.
		pub fn listings_by_cell(
			cell: Cell,
			start_after: Option<ListingId>,
			limit: u32,
		) -> Vec<(ListingId, ListingOf<T>)> {
			Self::page_of_cell(cell, start_after, limit)
		}

		/// A part of the listings in `scope` whose price is within `prices`: of `limit` of them, at least
		/// 1 and at most 100, after `start_after`. Cells are looked through one after the other, listings
		/// in the order of their ids. `start_after` is what the part before gave.
		pub fn search_listings(
			scope: SearchScope<T::AccountId>,
			prices: PriceBand<BalanceOf<T>>,
			start_after: Option<SearchCursor>,
			limit: u32,
		) -> SearchPage<ListingOf<T>> {
			Self::do_search(scope, prices, start_after, limit)
		}

		/// Whether a listing can be bought now: it is there, it is not paused, and, where it is of attested
		/// data, the device is trusted.
		pub fn is_available(listing: ListingId) -> bool {
			Self::listing_for_sale(listing).is_ok()
		}

		/// An order that is not pruned.
		pub fn order(order: OrderId) -> Option<OrderOf<T>> {
			Orders::<T>::get(order)
		}

		/// The delivered key of an order.
		pub fn envelope(order: OrderId) -> Option<Envelope> {
			Envelopes::<T>::get(order)
		}

		/// A bundle.
		pub fn bundle(bundle: BundleId) -> Option<BundleOf<T>> {
			Bundles::<T>::get(bundle)
		}

		/// The bundles in the order of their ids, after `start_after`, at most 100.
		pub fn bundles(start_after: Option<BundleId>, limit: u32) -> Vec<(BundleId, BundleOf<T>)> {
			Self::page_of_bundles(start_after, limit)
		}

		/// What a bundle costs now and what its buyer signs for; nothing when a listing of it cannot be
		/// bought.
		pub fn bundle_offer(bundle: BundleId) -> Option<BundleOffer<BalanceOf<T>>> {
			Self::current_offer(bundle)
		}

		/// What makes an order a subscription that goes on.
		pub fn subscription(order: OrderId) -> Option<SubscriptionOf<T>> {
			Subscriptions::<T>::get(Orders::<T>::get(order)?.dataset, order)
		}

		/// The orders of `dataset` that are subscriptions and go on, in the order of their ids, after
		/// `start_after`, at most 100.
		pub fn subscriptions_of_dataset(
			dataset: DatasetId,
			start_after: Option<OrderId>,
			limit: u32,
		) -> Vec<(OrderId, SubscriptionOf<T>)> {
			Self::page_of_subscriptions(dataset, start_after, limit)
		}

		/// The orders in which `account` is payer, beneficiary or seller, in the order of their ids,
		/// after `start_after`, at most 100.
		pub fn orders_of(
			account: T::AccountId,
			start_after: Option<OrderId>,
			limit: u32,
		) -> Vec<(OrderId, OrderOf<T>)> {
			Self::page_of_account(account, start_after, limit)
		}

		/// The orders of `dataset` whose key is to be delivered, in the order of their ids, after
		/// `start_after`, at most 100.
		pub fn awaiting_delivery(
			dataset: DatasetId,
			start_after: Option<OrderId>,
			limit: u32,
		) -> Vec<(OrderId, OrderOf<T>)> {
			Self::page_awaiting(dataset, start_after, limit)
		}

		/// The challenges about an order, answered ones included.
		pub fn challenges(order: OrderId) -> Vec<ChallengeOf<T>> {
			Challenges::<T>::get(order).into()
		}

		/// The orders of `dataset` of which a chunk is to be posted, in the order of their ids, after
		/// `start_after`, at most 100.
		pub fn challenged(
			dataset: DatasetId,
			start_after: Option<OrderId>,
			limit: u32,
		) -> Vec<(OrderId, OrderOf<T>)> {
			Self::page_challenged(dataset, start_after, limit)
		}

		/// The open complaint about an order.
		pub fn complaint(order: OrderId) -> Option<ComplaintOf<T>> {
			Complaints::<T>::get(order)
		}
	}
}
