//! # Campaigns Pallet
//!
//! Rewards for accepted contributions, out of a budget that is held.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage, events, errors, view functions and
//! configuration.
//!
//! ## Overview
//!
//! A city, or anybody, opens a *campaign* with rules, a reward for each accepted contribution, a cap
//! for each account and a budget, which is held. Citizens and devices *submit* contributions by a
//! 32-byte reference. The campaign's owner or the council accepts, and the reward is paid at once, or
//! rejects. When the time is over or the budget used up, anybody closes the campaign, and what is left
//! returns to its owner.
//!
//! ## Low Level / Implementation Details
//!
//! * Whether a contribution deserves its reward is for people to judge, by the rules whose hash the
//!   campaign names. The chain counts, caps and pays.
//! * An account has one contribution that waits for a decision at a time. Whoever decides names it, so
//!   that nobody exchanges it in between.
//! * A cap holds for an account. Where one person must not use several, the rules have to say how
//!   contributors show who they are.
//! * Storage deposits: the owner's for the campaign, the contributor's for the entry that counts the
//!   rewards. Both return; whoever was rewarded leaves when the campaign is closed, and anybody may
//!   remove the entries of a closed campaign.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod campaign;
mod contribution;
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
pub use types::{Campaign, CampaignId, CampaignTerms, Contribution, Contributor};
pub use weights::WeightInfo;

use frame_support::traits::fungible;
use frame_system::pallet_prelude::BlockNumberFor;

/// The currency's amounts.
pub type BalanceOf<T> =
	<<T as Config>::Currency as fungible::Inspect<<T as frame_system::Config>::AccountId>>::Balance;
/// The terms of a campaign.
pub type CampaignTermsOf<T> = CampaignTerms<BalanceOf<T>, BlockNumberFor<T>>;
/// A campaign as stored.
pub type CampaignOf<T> = Campaign<
	<T as frame_system::Config>::AccountId,
	BalanceOf<T>,
	BlockNumberFor<T>,
	<T as Config>::Consideration,
>;
/// A contributor as stored.
pub type ContributorOf<T> = Contributor<<T as Config>::Consideration>;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use frame_support::{
		pallet_prelude::*,
		traits::{Consideration, Footprint},
	};
	use frame_system::pallet_prelude::*;
	use sp_core::H256;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The runtime's reasons for holding money.
		type RuntimeHoldReason: From<HoldReason>;

		/// What is paid in.
		type Currency: fungible::Mutate<Self::AccountId>
			+ fungible::hold::Mutate<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// The deposit for stored campaigns and contributors.
		type Consideration: Consideration<Self::AccountId, Footprint>;

		/// Decides about contributions besides a campaign's owner.
		type AcceptOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// The longest time that a campaign can take contributions, in blocks.
		#[pallet::constant]
		type MaxCampaignPeriod: Get<BlockNumberFor<Self>>;

		/// Blocks for decisions after a campaign's end.
		#[pallet::constant]
		type DecisionPeriod: Get<BlockNumberFor<Self>>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The deposit for a stored campaign or contributor.
		StorageDeposit,
		/// What a campaign may still pay.
		Budget,
	}

	// Identifiers are hashes, hence `Identity`; accounts are chosen freely.

	/// All open campaigns.
	#[pallet::storage]
	pub type Campaigns<T: Config> = StorageMap<_, Identity, CampaignId, CampaignOf<T>>;

	/// The open campaigns of each owner.
	#[pallet::storage]
	pub type CampaignsByOwner<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, CampaignId, ()>;

	/// Who contributed to each campaign, until they leave.
	#[pallet::storage]
	pub type Contributors<T: Config> =
		StorageDoubleMap<_, Identity, CampaignId, Blake2_128Concat, T::AccountId, ContributorOf<T>>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A campaign began; its budget is held.
		CampaignCreated {
			/// The new campaign.
			campaign: CampaignId,
			/// Who pays.
			owner: T::AccountId,
			/// What is rewarded.
			terms: CampaignTermsOf<T>,
			/// How much there is for rewards.
			budget: BalanceOf<T>,
		},
		/// A contribution waits for a decision.
		Submitted {
			/// The campaign.
			campaign: CampaignId,
			/// Who contributed.
			contributor: T::AccountId,
			/// What.
			contribution: Contribution,
		},
		/// A contribution was accepted and rewarded.
		Accepted {
			/// The campaign.
			campaign: CampaignId,
			/// Who was paid.
			contributor: T::AccountId,
			/// For what.
			contribution: Contribution,
			/// How much.
			reward: BalanceOf<T>,
		},
		/// A contribution was not accepted.
		Rejected {
			/// The campaign.
			campaign: CampaignId,
			/// Who contributed.
			contributor: T::AccountId,
			/// What.
			contribution: Contribution,
		},
		/// A contributor was removed; the deposit returned.
		Left {
			/// The campaign.
			campaign: CampaignId,
			/// Who had contributed.
			contributor: T::AccountId,
		},
		/// A campaign ended; its deposit returned.
		CampaignClosed {
			/// The campaign that was.
			campaign: CampaignId,
			/// Who had paid.
			owner: T::AccountId,
			/// What was left of the budget.
			returned: BalanceOf<T>,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such campaign or contributor.
		NotFound,
		/// The signer may not do this.
		NotAuthorized,
		/// There is such a campaign already; choose another salt.
		AlreadyExists,
		/// The reward is lower than what an account must have.
		RewardTooLow,
		/// The budget does not pay a single reward.
		BudgetTooLow,
		/// Nobody could be rewarded.
		InvalidCap,
		/// The end lies in the past or too far ahead.
		InvalidPeriod,
		/// The time for this has not come.
		TooEarly,
		/// The time for this is over.
		TooLate,
		/// Nobody can contribute to an own campaign.
		OwnCampaign,
		/// The budget does not pay another reward.
		Exhausted,
		/// Another contribution of this account waits for a decision.
		AlreadyPending,
		/// This contribution does not wait for a decision.
		NotPending,
		/// The account was rewarded as often as it can be.
		CapReached,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Opens a campaign.
		///
		/// ## Dispatch Origin
		///
		/// Signed by who pays.
		///
		/// ## Details
		///
		/// The campaign's id is BLAKE2b-256 of the SCALE encoding of (owner, `salt`). The budget and a
		/// storage deposit are held.
		///
		/// ## Errors
		///
		/// * [`Error::RewardTooLow`], [`Error::BudgetTooLow`], [`Error::InvalidCap`],
		///   [`Error::InvalidPeriod`]: the terms are not acceptable.
		/// * [`Error::AlreadyExists`]: the salt was used already.
		/// * Errors of the currency, when the signer lacks funds.
		///
		/// ## Events
		///
		/// [`Event::CampaignCreated`]
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::create_campaign())]
		pub fn create_campaign(
			origin: OriginFor<T>,
			salt: H256,
			terms: CampaignTermsOf<T>,
			budget: BalanceOf<T>,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_create_campaign(owner, salt, terms, budget)
		}

		/// Submits a contribution.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the contributor.
		///
		/// ## Details
		///
		/// The first contribution takes a storage deposit, which stays until the contributor leaves.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::TooLate`], [`Error::Exhausted`]: no such campaign, or not any
		///   more.
		/// * [`Error::OwnCampaign`]: the signer is the campaign's owner.
		/// * [`Error::AlreadyPending`]: another contribution has to be decided first.
		/// * [`Error::CapReached`]: the signer was rewarded as often as the campaign allows.
		/// * Errors of the currency, when the signer lacks funds.
		///
		/// ## Events
		///
		/// [`Event::Submitted`]
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::submit())]
		pub fn submit(
			origin: OriginFor<T>,
			campaign: CampaignId,
			contribution: Contribution,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_submit(who, campaign, contribution)
		}

		/// Accepts a contribution and pays its reward.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the campaign's owner, or [`Config::AcceptOrigin`].
		///
		/// ## Details
		///
		/// Possible until [`Config::DecisionPeriod`] after the campaign's end.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such campaign or contributor, or not for
		///   the origin to decide.
		/// * [`Error::TooLate`]: the time for decisions is over.
		/// * [`Error::NotPending`]: the contributor has another contribution, or none.
		/// * [`Error::Exhausted`]: the budget is used up.
		///
		/// ## Events
		///
		/// [`Event::Accepted`]
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::accept())]
		pub fn accept(
			origin: OriginFor<T>,
			campaign: CampaignId,
			contributor: T::AccountId,
			contribution: Contribution,
		) -> DispatchResult {
			Self::do_accept(origin, campaign, contributor, contribution)
		}

		/// Rejects a contribution.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the campaign's owner, or [`Config::AcceptOrigin`].
		///
		/// ## Details
		///
		/// The contributor may submit another one.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such campaign or contributor, or not for
		///   the origin to decide.
		/// * [`Error::TooLate`]: the time for decisions is over.
		/// * [`Error::NotPending`]: the contributor has another contribution, or none.
		///
		/// ## Events
		///
		/// [`Event::Rejected`]
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::reject())]
		pub fn reject(
			origin: OriginFor<T>,
			campaign: CampaignId,
			contributor: T::AccountId,
			contribution: Contribution,
		) -> DispatchResult {
			Self::do_reject(origin, campaign, contributor, contribution)
		}

		/// Removes a contributor.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the contributor; by anybody, when the campaign is closed.
		///
		/// ## Details
		///
		/// The deposit returns to the contributor. A contribution that waits is withdrawn.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`], [`Error::NotAuthorized`]: no such contributor, or somebody else.
		/// * [`Error::TooEarly`]: whoever was rewarded stays until the campaign is closed.
		///
		/// ## Events
		///
		/// [`Event::Left`]
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::leave())]
		pub fn leave(
			origin: OriginFor<T>,
			campaign: CampaignId,
			contributor: T::AccountId,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_leave(who, campaign, contributor)
		}

		/// Closes a campaign that can pay no more, or whose time for decisions is over.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anybody.
		///
		/// ## Details
		///
		/// What is left of the budget and the deposit return to the owner. There is no fee when it
		/// succeeds.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`]: no such campaign.
		/// * [`Error::TooEarly`]: it can still reward somebody.
		///
		/// ## Events
		///
		/// [`Event::CampaignClosed`]
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::close_campaign())]
		pub fn close_campaign(
			origin: OriginFor<T>,
			campaign: CampaignId,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_close_campaign(campaign)?;
			Ok(Pays::No.into())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// An open campaign.
		pub fn campaign(campaign: CampaignId) -> Option<CampaignOf<T>> {
			Campaigns::<T>::get(campaign)
		}

		/// The open campaigns in the order of their ids, after `start_after`, at most 100.
		pub fn campaigns(
			start_after: Option<CampaignId>,
			limit: u32,
		) -> Vec<(CampaignId, CampaignOf<T>)> {
			Self::page_of_campaigns(start_after, limit)
		}

		/// The open campaigns of `owner` in the order of their ids, after `start_after`, at most 100.
		pub fn campaigns_by_owner(
			owner: T::AccountId,
			start_after: Option<CampaignId>,
			limit: u32,
		) -> Vec<(CampaignId, CampaignOf<T>)> {
			Self::page_of_owner(owner, start_after, limit)
		}

		/// What `campaign` knows of `account`.
		pub fn contributor(
			campaign: CampaignId,
			account: T::AccountId,
		) -> Option<ContributorOf<T>> {
			Contributors::<T>::get(campaign, account)
		}

		/// The contributors to `campaign`, after `start_after`, at most 100.
		pub fn contributors(
			campaign: CampaignId,
			start_after: Option<T::AccountId>,
			limit: u32,
		) -> Vec<(T::AccountId, ContributorOf<T>)> {
			Self::page_of_contributors(campaign, start_after, limit)
		}
	}
}
