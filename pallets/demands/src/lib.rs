//! # Demands Pallet
//!
//! Standing demands that buy what they find, and rewards for data that does not exist yet.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage, events, errors, view functions and
//! configuration.
//!
//! ## Overview
//!
//! A *demand* says what somebody wants to buy, where, for how much at most and how often. Its whole
//! budget is held. It buys at once from the cheapest offers of its cell, and later whenever anybody
//! *proposes a match* with a listing, for which the chain checks every condition. Each purchase is an
//! ordinary order at the offer's price, paid by the demand's account, so that refunds go there.
//!
//! A *request* asks for data that does not exist yet. Its reward is held. Contributors answer with
//! listings; the requester awards the reward, or an arbiter does after the deadline, or anybody sends
//! it back when nobody decided.
//!
//! ## Low Level / Implementation Details
//!
//! * **Order.** Among demands the highest price goes first, then the earliest; among offers the
//!   lowest price, then what has stood longest. A demand buys only when no better one could buy from
//!   the same listing; at most [`Config::MaxLooks`] of the better ones are looked at.
//! * **No repricing to a visible bid.** An offer has to stand unchanged for
//!   [`Config::MinOfferAge`] blocks before a demand buys from it.
//! * **Constant cost.** Both sides stand in books under ordered keys, which are read from the best on.
//!   What stands further behind is never read.
//! * **A demand can always pay.** Its budget covers the highest price and an order's storage deposit
//!   for each purchase. What a purchase does not need is free at once.
//! * A demand never buys from the same listing twice, and every purchase has a key of its own.
//! * A data set that is erased, a beneficiary who is denied: whatever makes a purchase fail makes the
//!   match fail, and leaves no trace.
//! * Offers reach this pallet through `OnOffer`, purchases go out through `Market`. Only offers that are
//!   free or paid once take part.
//! * Storage deposits: the account's for a demand or request, the contributor's for an answer. All
//!   return when the item goes; anybody may remove what has ended.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod book;
mod demand;
mod matching;
mod request;
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

pub use pallet::*;
pub use types::{
	Answer, BuyerKeys, Demand, DemandEnd, DemandId, DemandTerms, OfferRank, Rank, Request,
	RequestEnd, RequestId, RequestTerms, MAX_FILLS,
};
pub use weights::WeightInfo;

use frame_support::traits::fungible;
use frame_system::pallet_prelude::BlockNumberFor;
use msec_primitives::{ListingId, Offer};

/// The currency's amounts.
pub type BalanceOf<T> =
	<<T as Config>::Currency as fungible::Inspect<<T as frame_system::Config>::AccountId>>::Balance;
/// What a demand wants.
pub type DemandTermsOf<T> =
	DemandTerms<<T as frame_system::Config>::AccountId, BalanceOf<T>, BlockNumberFor<T>>;
/// A demand as stored.
pub type DemandOf<T> = Demand<
	<T as frame_system::Config>::AccountId,
	BalanceOf<T>,
	BlockNumberFor<T>,
	<T as Config>::Consideration,
>;
/// What a request asks for.
pub type RequestTermsOf<T> =
	RequestTerms<<T as frame_system::Config>::AccountId, BalanceOf<T>, BlockNumberFor<T>>;
/// A request as stored.
pub type RequestOf<T> = Request<
	<T as frame_system::Config>::AccountId,
	BalanceOf<T>,
	BlockNumberFor<T>,
	<T as Config>::Consideration,
>;
/// An answer as stored.
pub type AnswerOf<T> = Answer<<T as Config>::Consideration>;
/// A listing that can be bought now.
pub type OfferOf<T> =
	Offer<<T as frame_system::Config>::AccountId, BalanceOf<T>, BlockNumberFor<T>>;
/// An offer's price, the block since which it stands, and its listing.
pub type OfferPositionOf<T> = (BalanceOf<T>, BlockNumberFor<T>, ListingId);

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use frame_support::{
		dispatch::PostDispatchInfo,
		pallet_prelude::*,
		traits::{Consideration, Footprint},
	};
	use frame_system::pallet_prelude::*;
	use msec_primitives::{Cell, DeviceStatus, Kind, Market, OrderId, Place, TrustScore};
	use sp_core::H256;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config:
		frame_system::Config<RuntimeEvent: From<Event<Self>>, Hash = sp_core::H256>
	{
		/// The runtime's reasons for holding money.
		type RuntimeHoldReason: From<HoldReason>;

		/// What is paid in.
		type Currency: fungible::Mutate<Self::AccountId>
			+ fungible::hold::Mutate<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// The deposit for stored demands, requests and answers.
		type Consideration: Consideration<Self::AccountId, Footprint>;

		/// Where offers are bought. Its `OnOffer` must be this pallet.
		type Market: Market<Self::AccountId, BalanceOf<Self>, BlockNumberFor<Self>>;

		/// The most that an order of [`Config::Market`] takes as its storage deposit.
		type OrderDeposit: Get<BalanceOf<Self>>;

		/// The scores of those who sell.
		type Scores: TrustScore<Self::AccountId>;

		/// The verdicts about devices.
		type Devices: DeviceStatus<BlockNumberFor<Self>>;

		/// Decides about requests that name no arbiter.
		type ArbiterOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Blocks for which an offer must have stood unchanged before a demand buys from it.
		#[pallet::constant]
		type MinOfferAge: Get<BlockNumberFor<Self>>;

		/// The longest time that a demand can stand or a request take answers, in blocks.
		#[pallet::constant]
		type MaxDemandPeriod: Get<BlockNumberFor<Self>>;

		/// Blocks for a decision about a request after its deadline.
		#[pallet::constant]
		type DecisionPeriod: Get<BlockNumberFor<Self>>;

		/// Most demands and offers that one call looks at besides those it names.
		#[pallet::constant]
		type MaxLooks: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The deposit for a stored demand, request or answer.
		StorageDeposit,
		/// What a demand may still spend.
		Budget,
		/// The reward of an open request.
		Reward,
	}

	// Identifiers are hashes, hence `Identity`; accounts, kinds and places are chosen freely. The keys
	// within a book are `Identity` because their order matters. They are short, so that nobody can make
	// a long way down the trie: 48 steps at most for a demand, 112 for an offer.

	/// All standing demands.
	#[pallet::storage]
	pub type Demands<T: Config> = StorageMap<_, Identity, DemandId, DemandOf<T>>;

	/// The demands of each account.
	#[pallet::storage]
	pub type DemandsByAccount<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, DemandId, ()>;

	/// The demands for each kind and area, the best first.
	#[pallet::storage]
	pub type DemandBook<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, (Kind, Place), Identity, Rank, DemandId>;

	/// The offers of each kind and cell, the cheapest first.
	#[pallet::storage]
	pub type OfferBook<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, (Kind, Cell), Identity, OfferRank, ()>;

	/// The number that the next demand gets.
	#[pallet::storage]
	pub type NextSequence<T: Config> = StorageValue<_, u64, ValueQuery>;

	/// All open requests.
	#[pallet::storage]
	pub type Requests<T: Config> = StorageMap<_, Identity, RequestId, RequestOf<T>>;

	/// The open requests for each kind.
	#[pallet::storage]
	pub type RequestsByKind<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, Kind, Identity, RequestId, ()>;

	/// The open requests of each account.
	#[pallet::storage]
	pub type RequestsByAccount<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, RequestId, ()>;

	/// The answers to each request by their contributors, until they are withdrawn.
	#[pallet::storage]
	pub type Answers<T: Config> =
		StorageDoubleMap<_, Identity, RequestId, Blake2_128Concat, T::AccountId, AnswerOf<T>>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Somebody wants to buy something, and its budget is held.
		DemandCreated {
			/// The new demand.
			demand: DemandId,
			/// Who pays.
			account: T::AccountId,
			/// What is wanted.
			kind: Kind,
			/// Where.
			area: Place,
			/// The most that one purchase may cost.
			highest_price: BalanceOf<T>,
			/// How many purchases are wanted.
			fills: u32,
		},
		/// A demand bought from a listing.
		Matched {
			/// The demand.
			demand: DemandId,
			/// What was bought from.
			listing: ListingId,
			/// The order that was opened.
			order: OrderId,
			/// What it costs.
			price: BalanceOf<T>,
			/// How many purchases are still wanted.
			fills_left: u32,
		},
		/// A demand ended; its deposit returned.
		DemandClosed {
			/// The demand that was.
			demand: DemandId,
			/// Who had registered it.
			account: T::AccountId,
			/// What was left of its budget.
			returned: BalanceOf<T>,
			/// Why.
			end: DemandEnd,
		},
		/// Somebody rewards data that does not exist yet; the reward is held.
		RequestCreated {
			/// The new request.
			request: RequestId,
			/// Who pays.
			account: T::AccountId,
			/// What is asked for.
			terms: RequestTermsOf<T>,
		},
		/// A contributor answered a request.
		RequestAnswered {
			/// The request.
			request: RequestId,
			/// Who answered.
			contributor: T::AccountId,
			/// With what.
			listing: ListingId,
			/// Hash of its terms.
			terms_hash: H256,
		},
		/// An answer was removed; its deposit returned.
		AnswerWithdrawn {
			/// The request that was answered.
			request: RequestId,
			/// Who had answered.
			contributor: T::AccountId,
		},
		/// A request ended; its deposit returned.
		RequestClosed {
			/// The request that was.
			request: RequestId,
			/// Who had asked.
			account: T::AccountId,
			/// The reward.
			amount: BalanceOf<T>,
			/// Where it went.
			end: RequestEnd<T::AccountId>,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such demand, request or answer.
		NotFound,
		/// The signer may not do this.
		NotAuthorized,
		/// There is such a demand, request or answer already.
		AlreadyExists,
		/// The kind is not made of lower-case ASCII words joined by '-'.
		InvalidKind,
		/// The area is not a geohash.
		InvalidArea,
		/// The end lies in the past or too far ahead.
		InvalidPeriod,
		/// There is no key, or nothing can be sealed for one of them.
		InvalidBuyerKey,
		/// A score is demanded, but nobody keeps scores on this chain.
		NoScores,
		/// A verdict is demanded, but nobody gives verdicts on this chain.
		NoVerdicts,
		/// The reward is lower than what an account must have.
		RewardTooLow,
		/// The time for this has not come.
		TooEarly,
		/// The time for this is over.
		TooLate,
		/// The demand's time is over.
		Expired,
		/// The listing does not exist, is paused, is not paid once, or its device is not trusted.
		NotOffered,
		/// The listing is of another kind.
		OtherKind,
		/// The listing's place is not known to lie in the area.
		OutsideArea,
		/// The listing costs more than is allowed.
		PriceTooHigh,
		/// Nobody can buy from an own listing.
		OwnListing,
		/// The demand bought from this listing already.
		AlreadyFilled,
		/// The listing has not stood unchanged for long enough.
		OfferTooYoung,
		/// The seller's score is too low.
		ScoreTooLow,
		/// The listing is not of attested data.
		NotAttested,
		/// The device is not trusted.
		NotTrusted,
		/// The verdict that trusts the device is too old.
		VerdictTooOld,
		/// A better demand could buy from this listing and must do so first.
		Beaten,
		/// Nobody can answer an own request.
		OwnRequest,
		/// The answer's listing has other terms than the signer or the contributor agreed to.
		TermsChanged,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(
				core::mem::size_of::<BalanceOf<T>>() <= core::mem::size_of::<u128>(),
				"a price must fit its place in a book"
			);
			assert!(T::MaxLooks::get() > 0, "a demand must be able to look at an offer");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Registers a demand, which buys at once what it finds.
		///
		/// ## Dispatch Origin
		///
		/// Signed by who pays.
		///
		/// ## Details
		///
		/// The demand's id is BLAKE2b-256 of the SCALE encoding of (account, `salt`). For each
		/// purchase the highest price and an order's deposit are held, and a storage deposit for the
		/// demand. It buys from the cheapest old enough offers of its area's cell, as many as it
		/// wants and [`Config::MaxLooks`] allows. The fee is for what was looked at.
		///
		/// ## Errors
		///
		/// * [`Error::InvalidKind`], [`Error::InvalidArea`], [`Error::InvalidPeriod`],
		///   [`Error::InvalidBuyerKey`]: the terms are not acceptable.
		/// * [`Error::NoScores`], [`Error::NoVerdicts`]: nobody could tell whether they hold.
		/// * [`Error::AlreadyExists`]: the salt was used already.
		/// * Errors of arithmetic and of the currency, when the budget is more than the signer has.
		///
		/// ## Events
		///
		/// [`Event::DemandCreated`], [`Event::Matched`], [`Event::DemandClosed`]
		#[pallet::call_index(0)]
		#[pallet::weight(create_demand_weight::<T>(T::MaxLooks::get()))]
		pub fn create_demand(
			origin: OriginFor<T>,
			salt: H256,
			terms: DemandTermsOf<T>,
		) -> DispatchResultWithPostInfo {
			let account = ensure_signed(origin)?;
			let looks = Self::do_create_demand(account, salt, terms)?;
			Ok(Some(create_demand_weight::<T>(looks)).into())
		}

		/// Withdraws a demand.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the demand's account.
		///
		/// ## Details
		///
		/// What is left of the budget and the deposit return. Orders that it opened go on.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such demand, or somebody else's.
		///
		/// ## Events
		///
		/// [`Event::DemandClosed`]
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::cancel_demand())]
		pub fn cancel_demand(origin: OriginFor<T>, demand: DemandId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_cancel_demand(who, demand)
		}

		/// Removes a demand whose time is over.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anybody.
		///
		/// ## Details
		///
		/// What is left of the budget and the deposit return to the demand's account. There is no
		/// fee when it succeeds.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`]: no such demand.
		/// * [`Error::TooEarly`]: its time is not over.
		///
		/// ## Events
		///
		/// [`Event::DemandClosed`]
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::expire_demand())]
		pub fn expire_demand(origin: OriginFor<T>, demand: DemandId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_expire_demand(demand)?;
			Ok(Pays::No.into())
		}

		/// Lets a demand buy from a listing.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anybody.
		///
		/// ## Details
		///
		/// Opens an order at the listing's price, paid from the demand's budget. A better demand that
		/// cannot buy from this listing is passed over; at most [`Config::MaxLooks`] are looked at.
		/// There is no fee when it succeeds.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotOffered`]: no such demand, or nothing to buy.
		/// * [`Error::Expired`], [`Error::OtherKind`], [`Error::OutsideArea`],
		///   [`Error::PriceTooHigh`], [`Error::OwnListing`], [`Error::AlreadyFilled`],
		///   [`Error::OfferTooYoung`], [`Error::ScoreTooLow`], [`Error::NotAttested`],
		///   [`Error::NotTrusted`], [`Error::VerdictTooOld`]: they do not fit.
		/// * [`Error::Beaten`]: a better demand has to buy first.
		/// * Errors of the market and of access control.
		///
		/// ## Events
		///
		/// [`Event::Matched`], [`Event::DemandClosed`]
		#[pallet::call_index(3)]
		#[pallet::weight(propose_match_weight::<T>(T::MaxLooks::get()))]
		pub fn propose_match(
			origin: OriginFor<T>,
			demand: DemandId,
			listing: ListingId,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let looks = Self::do_propose_match(demand, listing)?;
			let actual_weight = Some(propose_match_weight::<T>(looks));
			Ok(PostDispatchInfo { actual_weight, pays_fee: Pays::No })
		}

		/// Rewards data that does not exist yet.
		///
		/// ## Dispatch Origin
		///
		/// Signed by who pays.
		///
		/// ## Details
		///
		/// The request's id is BLAKE2b-256 of the SCALE encoding of (account, `salt`). The reward and
		/// a storage deposit are held.
		///
		/// ## Errors
		///
		/// * [`Error::InvalidKind`], [`Error::InvalidArea`], [`Error::InvalidPeriod`],
		///   [`Error::RewardTooLow`]: the terms are not acceptable.
		/// * [`Error::AlreadyExists`]: the salt was used already.
		/// * Errors of the currency, when the signer lacks funds.
		///
		/// ## Events
		///
		/// [`Event::RequestCreated`]
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::create_request())]
		pub fn create_request(
			origin: OriginFor<T>,
			salt: H256,
			terms: RequestTermsOf<T>,
		) -> DispatchResult {
			let account = ensure_signed(origin)?;
			Self::do_create_request(account, salt, terms)
		}

		/// Answers a request with a listing.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the listing's seller.
		///
		/// ## Details
		///
		/// The answer stands for the terms that the listing has now. A storage deposit is taken from
		/// the contributor, who can have one answer to a request at a time.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::TooLate`], [`Error::OwnRequest`]: there is nothing to answer,
		///   not any more, or not for the signer.
		/// * [`Error::AlreadyExists`]: withdraw the other answer first.
		/// * [`Error::NotOffered`], [`Error::NotAuthorized`], [`Error::OtherKind`],
		///   [`Error::OutsideArea`]: the listing does not serve.
		/// * Errors of the currency, when the signer lacks funds.
		///
		/// ## Events
		///
		/// [`Event::RequestAnswered`]
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::answer_request())]
		pub fn answer_request(
			origin: OriginFor<T>,
			request: RequestId,
			listing: ListingId,
		) -> DispatchResult {
			let contributor = ensure_signed(origin)?;
			Self::do_answer_request(contributor, request, listing)
		}

		/// Removes an answer.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the contributor; by anybody, when the request has ended.
		///
		/// ## Details
		///
		/// The deposit returns to the contributor.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such answer, or somebody else's.
		///
		/// ## Events
		///
		/// [`Event::AnswerWithdrawn`]
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::withdraw_answer())]
		pub fn withdraw_answer(
			origin: OriginFor<T>,
			request: RequestId,
			contributor: T::AccountId,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw_answer(who, request, contributor)
		}

		/// Pays the reward of a request to a contributor.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the requester; after the deadline also by the arbiter whom the request names, or
		/// by [`Config::ArbiterOrigin`] where it names none.
		///
		/// ## Details
		///
		/// `terms_hash` is the hash of the terms of the answer's listing, as whoever decides saw them.
		/// The request ends, and its deposit returns.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such request or answer, or not for the
		///   origin to decide.
		/// * [`Error::TooEarly`], [`Error::TooLate`]: the arbiter's time has not come, or the time for
		///   every decision is over.
		/// * [`Error::NotOffered`], [`Error::TermsChanged`]: the listing is gone or is another.
		///
		/// ## Events
		///
		/// [`Event::RequestClosed`]
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::award_request())]
		pub fn award_request(
			origin: OriginFor<T>,
			request: RequestId,
			contributor: T::AccountId,
			terms_hash: H256,
		) -> DispatchResult {
			Self::do_award_request(origin, request, contributor, terms_hash)
		}

		/// Sends the reward of a request back that nobody awarded.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anybody.
		///
		/// ## Details
		///
		/// Possible after the deadline when no answer stands, otherwise after the time for a decision.
		/// There is no fee when it succeeds.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`]: no such request.
		/// * [`Error::TooEarly`]: the reward may still be awarded.
		///
		/// ## Events
		///
		/// [`Event::RequestClosed`]
		#[pallet::call_index(14)]
		#[pallet::weight(T::WeightInfo::refund_request())]
		pub fn refund_request(
			origin: OriginFor<T>,
			request: RequestId,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_refund_request(request)?;
			Ok(Pays::No.into())
		}
	}

	fn create_demand_weight<T: Config>(looks: u32) -> Weight {
		let looking = T::WeightInfo::look().saturating_mul(looks.into());
		T::WeightInfo::create_demand().saturating_add(looking)
	}

	fn propose_match_weight<T: Config>(looks: u32) -> Weight {
		let looking = T::WeightInfo::look().saturating_mul(looks.into());
		T::WeightInfo::propose_match().saturating_add(looking)
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// A standing demand.
		pub fn demand(demand: DemandId) -> Option<DemandOf<T>> {
			Demands::<T>::get(demand)
		}

		/// The demands for exactly `kind` and `area` from the best on, after the one with the highest
		/// price and the number `start_after`, at most 100.
		pub fn demands_by_area(
			kind: Kind,
			area: Place,
			start_after: Option<(BalanceOf<T>, u64)>,
			limit: u32,
		) -> Vec<(DemandId, DemandOf<T>)> {
			Self::page_of_area(kind, area, start_after, limit)
		}

		/// The demands of `account` in the order of their ids, after `start_after`, at most 100.
		pub fn demands_of(
			account: T::AccountId,
			start_after: Option<DemandId>,
			limit: u32,
		) -> Vec<(DemandId, DemandOf<T>)> {
			Self::page_of_account(account, start_after, limit)
		}

		/// The offers of `kind` in the cell of `area` from the cheapest on, after `start_after`, at
		/// most 100: price, block since which it stands, listing.
		pub fn offers_by_area(
			kind: Kind,
			area: Place,
			start_after: Option<OfferPositionOf<T>>,
			limit: u32,
		) -> Vec<OfferPositionOf<T>> {
			Self::page_of_offers(kind, area, start_after, limit)
		}

		/// An open request.
		pub fn request(request: RequestId) -> Option<RequestOf<T>> {
			Requests::<T>::get(request)
		}

		/// The open requests for exactly `kind` in the order of their ids, after `start_after`, at most
		/// 100.
		pub fn requests_by_kind(
			kind: Kind,
			start_after: Option<RequestId>,
			limit: u32,
		) -> Vec<(RequestId, RequestOf<T>)> {
			Self::page_of_kind(kind, start_after, limit)
		}

		/// The open requests of `account` in the order of their ids, after `start_after`, at most 100.
		pub fn requests_of(
			account: T::AccountId,
			start_after: Option<RequestId>,
			limit: u32,
		) -> Vec<(RequestId, RequestOf<T>)> {
			Self::page_of_requester(account, start_after, limit)
		}

		/// The answers to `request` with their contributors, after `start_after`, at most 100.
		pub fn answers(
			request: RequestId,
			start_after: Option<T::AccountId>,
			limit: u32,
		) -> Vec<(T::AccountId, AnswerOf<T>)> {
			Self::page_of_answers(request, start_after, limit)
		}
	}
}
