//! Who may do what with which resource, until when, for which purpose.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, the storage, the events and the errors. Other pallets
//! ask through [`msec_primitives::AccessPolicy`], and open access for orders through
//! [`msec_primitives::OrderAccess`].
//!
//! ## Overview
//!
//! A resource is a data set; its owner may do everything with it. Everybody else needs a grant:
//!
//! - **Authority grants** are made by the owner, or by a delegate who holds the action `Grant`
//!   and passes on a part of his own rights. Whoever grants pays a storage deposit, which returns
//!   when the grant is revoked or removed as stale.
//! - **Order grants** come with a purchase and end with the order; the owner cannot revoke them.
//!
//! A **denial** by the owner wins over every grant, also over that of an order. The data set's key
//! agent may describe and read without a grant, unless denied.
//!
//! Where a data set is about one person, its owner names that **data subject**. From then on nobody
//! receives the data, whatever was granted or bought, for a purpose to which the data subject does not
//! consent. The owner can neither give the consent nor name somebody else; a withdrawal holds in the same
//! block. Where the owner states the **regions** of the stores, the data goes only to accounts in the same
//! region, to those in one that the council finds adequate, or under stated safeguards.
//!
//! Whoever wants a grant **requests** it; who may grant it approves, and the owner refuses.
//!
//! What stores decided about requests, they write down in an access log of their own. Each **anchors**
//! the root of every day here, so that it cannot change the log of that day any more.
//!
//! ## Low Level / Implementation Details
//!
//! Nothing is swept when time passes or rights are lost: whether a grant holds is computed when
//! asked. A delegated grant names the one grant of its granter that it passes on, and holds only
//! while that one holds and still covers it. The depth of delegation grows strictly on the way to
//! the owner, so this chain is never longer than [`Config::MaxDelegationDepth`] and has no cycle.
//! Withdrawing all authority grants of a resource is one step: its revocation epoch is raised, and
//! grants of an earlier epoch are void. Anyone may remove what is stale.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

mod access_log;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod consent;
mod denial;
mod evaluation;
mod grant;
#[cfg(test)]
mod mock;
mod order;
mod protection;
mod request;
mod revocation;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use frame_support::{
		pallet_prelude::*,
		traits::{Consideration, Footprint},
		DefaultNoBound,
	};
	use frame_system::pallet_prelude::*;
	use msec_primitives::{
		Action, Actions, DatasetId, DatasetInfo, Decision, LegalBasis, Purpose, Purposes, Region,
		StoreInfo,
	};
	use sp_core::H256;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The overarching hold reason.
		type RuntimeHoldReason: From<HoldReason>;

		/// What is deposited for a grant, a denial, a request, and what is stated of data and accounts.
		type Consideration: Consideration<Self::AccountId, Footprint>;

		/// Who owns which data set.
		type Datasets: DatasetInfo<Self::AccountId>;

		/// Which accounts operate stores.
		type Stores: StoreInfo<Self::AccountId>;

		/// How many days of each store's access log are kept in the state; at least one.
		#[pallet::constant]
		type MaxAnchors: Get<u32>;

		/// The most grants that a subject has for one resource, of all granters and orders.
		#[pallet::constant]
		type MaxGrants: Get<u32>;

		/// How often a right may be passed on, counted from the owner's grant.
		#[pallet::constant]
		type MaxDelegationDepth: Get<u8>;

		/// The most requests that are open for one resource.
		#[pallet::constant]
		type MaxRequests: Get<u32>;

		/// For how many blocks a request can be approved.
		#[pallet::constant]
		type RequestPeriod: Get<BlockNumberFor<Self>>;

		/// Decides from which region to which data may go.
		type AdequacyOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// The weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The storage deposit for a grant, a denial, a request, a data subject, a protection or a region.
		AccessDeposit,
	}

	/// What each subject was granted for each resource.
	// Identity: written only for ids of existing data sets, which are hashes.
	// Blake2_128Concat: accounts are chosen by outsiders.
	#[pallet::storage]
	pub type Grants<T: Config> = StorageDoubleMap<
		_,
		Identity,
		DatasetId,
		Blake2_128Concat,
		T::AccountId,
		BoundedVec<GrantOf<T>, T::MaxGrants>,
		ValueQuery,
	>;

	/// Who is excluded from which resource.
	// Hashers as in Grants.
	#[pallet::storage]
	pub type Denials<T: Config> =
		StorageDoubleMap<_, Identity, DatasetId, Blake2_128Concat, T::AccountId, DenialOf<T>>;

	/// How often all authority grants of a resource were withdrawn at once.
	// Identity: as in Grants.
	#[pallet::storage]
	pub type RevocationEpochs<T: Config> = StorageMap<_, Identity, DatasetId, u32, ValueQuery>;

	/// The last days of each store whose access log was anchored, by ascending days.
	// Blake2_128Concat: accounts are chosen by outsiders.
	#[pallet::storage]
	pub type AccessLogAnchors<T: Config> = StorageMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		BoundedVec<AccessLogAnchor, T::MaxAnchors>,
		ValueQuery,
	>;

	/// Whom a data set is about, and what that person consents to.
	// Identity: as in Grants.
	#[pallet::storage]
	pub type DataSubjects<T: Config> = StorageMap<_, Identity, DatasetId, DataSubjectOf<T>>;

	/// What owners state of data sets under data protection law.
	// Identity: as in Grants.
	#[pallet::storage]
	pub type Protections<T: Config> = StorageMap<_, Identity, DatasetId, ProtectionOf<T>>;

	/// Where accounts say they are.
	// Blake2_128Concat: as in Grants.
	#[pallet::storage]
	pub type DeclaredRegions<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, DeclaredRegionOf<T>>;

	/// From which region to which data may go because its protection is adequate there.
	// Twox64Concat: four bytes that the council chooses.
	#[pallet::storage]
	pub type AdequateTransfers<T: Config> = StorageMap<_, Twox64Concat, (Region, Region), ()>;

	/// Requests for access that are not answered yet.
	// Hashers as in Grants.
	#[pallet::storage]
	pub type Requests<T: Config> = StorageDoubleMap<
		_,
		Identity,
		DatasetId,
		Blake2_128Concat,
		T::AccountId,
		AccessRequestOf<T>,
	>;

	/// How many requests are open for each resource.
	// Identity: as in Grants.
	#[pallet::storage]
	pub type RequestCounts<T: Config> = StorageMap<_, Identity, DatasetId, u32, ValueQuery>;

	#[pallet::genesis_config]
	#[derive(DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// From which region to which data may go, each as two capital letters.
		pub adequate_transfers: Vec<([u8; 2], [u8; 2])>,
		#[serde(skip)]
		pub config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for (from, to) in &self.adequate_transfers {
				let (from, to) = (Region(*from), Region(*to));
				let are_valid = from.is_valid() && to.is_valid() && from != to;
				assert!(are_valid, "not two different regions");
				AdequateTransfers::<T>::insert((from, to), ());
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A subject was granted rights; an earlier grant of the same granter for the same
		/// purpose is replaced.
		Granted {
			/// The data set.
			resource: DatasetId,
			/// Who received the rights.
			subject: T::AccountId,
			/// Who gave them.
			granter: T::AccountId,
			/// What the subject may do.
			actions: Actions,
			/// The first block in which the grant holds.
			not_before: BlockNumberFor<T>,
			/// The last block in which it holds, if it ends.
			expires_at: Option<BlockNumberFor<T>>,
			/// What it may be used for; anything, if `None`.
			purpose: Option<Purpose>,
			/// How often it may be passed on.
			delegation_depth: u8,
		},
		/// Grants were withdrawn.
		Revoked {
			/// The data set.
			resource: DatasetId,
			/// Whose rights.
			subject: T::AccountId,
			/// Who withdrew them.
			by: T::AccountId,
			/// How many grants.
			grants: u32,
		},
		/// All authority grants of a resource were withdrawn.
		RevokedAll {
			/// The data set.
			resource: DatasetId,
			/// The epoch that began; grants of earlier ones are void.
			epoch: u32,
		},
		/// A subject was excluded from a resource.
		Denied {
			/// The data set.
			resource: DatasetId,
			/// Who is excluded.
			subject: T::AccountId,
		},
		/// A subject is not excluded any more.
		DenialLifted {
			/// The data set.
			resource: DatasetId,
			/// Who was excluded.
			subject: T::AccountId,
		},
		/// Grants, or a denial, that had lost their effect were removed.
		StaleRemoved {
			/// The data set.
			resource: DatasetId,
			/// Whose grants or denial.
			subject: T::AccountId,
			/// How many grants.
			grants: u32,
			/// Whether a denial.
			denial: bool,
		},
		/// An order opened access.
		OrderAccessOpened {
			/// The data set.
			resource: DatasetId,
			/// Who may describe and read it.
			subject: T::AccountId,
			/// The order.
			order: msec_primitives::OrderId,
			/// The last block in which the access holds.
			expires_at: BlockNumberFor<T>,
		},
		/// The access of an order ended.
		OrderAccessClosed {
			/// The data set.
			resource: DatasetId,
			/// Who had access.
			subject: T::AccountId,
			/// The order.
			order: msec_primitives::OrderId,
		},
		/// A store anchored a day of its access log.
		AccessLogAnchored {
			/// Who operates the store.
			store: T::AccountId,
			/// The day, counted from 1970-01-01 in UTC.
			day: u32,
			/// What the day's lines are committed to by.
			root: H256,
			/// How many lines it has.
			entries: u32,
		},
		/// A data set is about one person, whose consent it needs from now on.
		DataSubjectNamed {
			/// The data set.
			resource: DatasetId,
			/// Who decides about the consent.
			subject: T::AccountId,
		},
		/// The data subject gave consent, in place of an earlier one.
		ConsentGiven {
			/// The data set.
			resource: DatasetId,
			/// What the data may be used for.
			purposes: Purposes,
			/// The last block in which the consent holds, if it ends.
			expires_at: Option<BlockNumberFor<T>>,
		},
		/// The data subject withdrew the consent.
		ConsentWithdrawn {
			/// The data set.
			resource: DatasetId,
		},
		/// The owner stated why data may be processed and where it is.
		ProtectionSet {
			/// The data set.
			resource: DatasetId,
			/// Why the data may be processed.
			legal_basis: LegalBasis,
			/// Where its stores are.
			regions: StoreRegions,
			/// Hash of the document with the safeguards for transfers, if there is one.
			safeguards: Option<H256>,
		},
		/// Data subject and protection of an erased data set were removed.
		ProtectionRemoved {
			/// The data set.
			resource: DatasetId,
		},
		/// An account said where it is.
		RegionDeclared {
			/// Which account.
			account: T::AccountId,
			/// The region; `None` when it says so no longer.
			region: Option<Region>,
		},
		/// Data may go from one region to another, or no longer.
		AdequacySet {
			/// From where.
			from: Region,
			/// To where.
			to: Region,
			/// Whether it may.
			is_adequate: bool,
		},
		/// Somebody wants a grant.
		AccessRequested {
			/// The data set.
			resource: DatasetId,
			/// Who wants it.
			requester: T::AccountId,
			/// What the requester wants to do.
			actions: Actions,
			/// What for; anything, if `None`.
			purpose: Option<Purpose>,
			/// The last block in which the grant is to hold, if it is to end.
			expires_at: Option<BlockNumberFor<T>>,
			/// The last block in which the request can be approved.
			lapses_at: BlockNumberFor<T>,
		},
		/// A request was approved; the grant follows from [`Event::Granted`].
		AccessApproved {
			/// The data set.
			resource: DatasetId,
			/// Who wanted it.
			requester: T::AccountId,
			/// Who granted it.
			by: T::AccountId,
		},
		/// A request was refused, or removed after it had lapsed.
		AccessRefused {
			/// The data set.
			resource: DatasetId,
			/// Who wanted it.
			requester: T::AccountId,
			/// Who refused or removed it.
			by: T::AccountId,
		},
		/// A requester wants the grant no longer.
		RequestWithdrawn {
			/// The data set.
			resource: DatasetId,
			/// Who wanted it.
			requester: T::AccountId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such resource, grant, denial, data subject, consent, region or request.
		NotFound,
		/// The caller is neither the owner nor, where delegates may do this, a delegate.
		NotAuthorized,
		/// The resource was erased.
		Erased,
		/// Such a denial, order grant, data subject or request exists already.
		AlreadyExists,
		/// The set of actions is empty or has unknown members.
		InvalidActions,
		/// The grant would end before the current block or before it begins.
		InvalidPeriod,
		/// The right to grant and a delegation depth above zero go together.
		InvalidDelegation,
		/// Nobody grants to himself or to the owner.
		InvalidSubject,
		/// The right would be passed on too often.
		MaxDelegationDepthExceeded,
		/// The delegate would pass on more than his own rights.
		OwnRightsExceeded,
		/// The subject has the most grants for this resource that are possible.
		MaxGrantsExceeded,
		/// The owner cannot be denied.
		OwnerNotDeniable,
		/// The subject is denied, so that an order would buy nothing.
		Denied,
		/// Nothing has lost its effect.
		NothingToRemove,
		/// The caller operates no registered store.
		StoreNotFound,
		/// The day, or a later one, is anchored already.
		UnexpectedDay,
		/// A day without a line is not anchored.
		EmptyLog,
		/// The set of purposes is empty or has unknown members.
		InvalidPurposes,
		/// A region is two capital letters; a data set has at least one, and a transfer two that differ.
		InvalidRegion,
		/// The data subject has given no consent, so that an order would buy nothing.
		NoConsent,
		/// The data may not go to where the subject is. Safeguards, or an adequate region, would allow it.
		NoTransferBasis,
		/// There are too many open requests for this resource.
		MaxRequestsExceeded,
		/// The request can no longer be approved.
		Lapsed,
		/// The request is not the one that was to be approved.
		RequestChanged,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Let a subject do something with a resource.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the owner of the resource, or by a delegate: a holder of the action `Grant`.
		///
		/// ## Details
		///
		/// The grant holds from the block `not_before` (now, if `None`) to the block `expires_at`
		/// inclusive (without end, if `None`), for one purpose or any. With the action `Grant` the
		/// subject may pass it on `delegation_depth` times; without it the depth is zero.
		///
		/// A delegate passes on at most his own actions, to a smaller depth, with no later end,
		/// and for his own purpose if his is bound. The grant holds only while his own does.
		///
		/// An earlier grant of the caller for the same subject and purpose is replaced. The caller
		/// pays a storage deposit.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`], [`Error::Erased`]: there is no such resource, or no longer.
		/// - [`Error::InvalidSubject`]: the subject is the caller or the owner.
		/// - [`Error::InvalidActions`]: the actions are none or unknown.
		/// - [`Error::InvalidPeriod`]: the grant would never hold.
		/// - [`Error::InvalidDelegation`]: `delegation_depth` does not fit the actions.
		/// - [`Error::NoTransferBasis`]: the data may not go to where the subject is.
		/// - [`Error::MaxDelegationDepthExceeded`]: `delegation_depth` is too large.
		/// - [`Error::NotAuthorized`]: the caller may not grant.
		/// - [`Error::OwnRightsExceeded`]: the caller, a delegate, may not grant this much.
		/// - [`Error::MaxGrantsExceeded`]: the subject has too many grants.
		/// - Those of the deposit.
		///
		/// ## Events
		///
		/// [`Event::Granted`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::grant())]
		pub fn grant(
			origin: OriginFor<T>,
			resource: DatasetId,
			subject: T::AccountId,
			actions: Actions,
			not_before: Option<BlockNumberFor<T>>,
			expires_at: Option<BlockNumberFor<T>>,
			purpose: Option<Purpose>,
			delegation_depth: u8,
		) -> DispatchResult {
			let granter = ensure_signed(origin)?;
			let request =
				GrantRequest { actions, not_before, expires_at, purpose, delegation_depth };
			Self::do_grant(granter, resource, subject, request)
		}

		/// Withdraw what a subject was granted.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the owner of the resource, or by anyone who granted the subject something.
		///
		/// ## Details
		///
		/// The owner withdraws all authority grants of the subject, a delegate his own. Each
		/// deposit returns to who paid it. Grants that came with an order stay.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: there is nothing that the caller may withdraw.
		///
		/// ## Events
		///
		/// [`Event::Revoked`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::revoke(T::MaxGrants::get()))]
		pub fn revoke(
			origin: OriginFor<T>,
			resource: DatasetId,
			subject: T::AccountId,
		) -> DispatchResultWithPostInfo {
			let by = ensure_signed(origin)?;
			let grants = Self::do_revoke(by, resource, subject)?;
			Ok(Some(T::WeightInfo::revoke(grants)).into())
		}

		/// Withdraw all authority grants of a resource.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the owner of the resource.
		///
		/// ## Details
		///
		/// They are void from now on, those passed on by delegates too. The deposits return when
		/// the grants are removed as stale or replaced. Grants that came with an order stay.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: there is no such resource.
		/// - [`Error::NotAuthorized`]: the caller is not the owner.
		///
		/// ## Events
		///
		/// [`Event::RevokedAll`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::revoke_all())]
		pub fn revoke_all(origin: OriginFor<T>, resource: DatasetId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_revoke_all(who, resource)
		}

		/// Exclude a subject from a resource, whatever it is granted.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the owner of the resource.
		///
		/// ## Details
		///
		/// The denial also wins over grants that came with an order, and keeps the subject from
		/// passing rights on. The caller pays a storage deposit.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`], [`Error::Erased`]: there is no such resource, or no longer.
		/// - [`Error::NotAuthorized`]: the caller is not the owner.
		/// - [`Error::OwnerNotDeniable`]: the subject is the owner.
		/// - [`Error::AlreadyExists`]: the subject is denied already.
		/// - Those of the deposit.
		///
		/// ## Events
		///
		/// [`Event::Denied`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::deny())]
		pub fn deny(
			origin: OriginFor<T>,
			resource: DatasetId,
			subject: T::AccountId,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_deny(who, resource, subject)
		}

		/// End the exclusion of a subject.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the owner of the resource.
		///
		/// ## Details
		///
		/// Grants that hold count again. The deposit returns.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: there is no such resource, or the subject is not denied.
		/// - [`Error::NotAuthorized`]: the caller is not the owner.
		///
		/// ## Events
		///
		/// [`Event::DenialLifted`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::lift_denial())]
		pub fn lift_denial(
			origin: OriginFor<T>,
			resource: DatasetId,
			subject: T::AccountId,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_lift_denial(who, resource, subject)
		}

		/// Remove what has lost its effect for a subject.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anyone.
		///
		/// ## Details
		///
		/// Removed are grants that have ended or are of an earlier epoch, and, once the resource
		/// is erased, all grants and the denial. Each deposit returns to who paid it. A grant whose
		/// granter lost the right to grant stays, for he may receive it again.
		///
		/// ## Errors
		///
		/// - [`Error::NothingToRemove`]: everything still has, or may still have, effect.
		///
		/// ## Events
		///
		/// [`Event::StaleRemoved`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::remove_stale(T::MaxGrants::get()))]
		pub fn remove_stale(
			origin: OriginFor<T>,
			resource: DatasetId,
			subject: T::AccountId,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let grants = Self::do_remove_stale(resource, subject)?;
			Ok(Some(T::WeightInfo::remove_stale(grants)).into())
		}

		/// Anchor a day of the access log of the caller's store.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the operator of a registered store.
		///
		/// ## Details
		///
		/// `day` counts from 1970-01-01 in UTC, `root` commits to the day's `entries` lines. Each day
		/// is anchored once, and days in ascending order; days without a line are left out. The chain
		/// does not compare the day with its clock: who anchors a day to come cannot anchor those
		/// before it. The last days are kept in the state, all of them in events. What is kept has a
		/// fixed bound for each store, which has paid a deposit for its registration; nothing more is
		/// deposited.
		///
		/// ## Errors
		///
		/// - [`Error::StoreNotFound`]: the caller operates no registered store.
		/// - [`Error::EmptyLog`]: `entries` is zero.
		/// - [`Error::UnexpectedDay`]: the day, or a later one, is anchored already.
		///
		/// ## Events
		///
		/// [`Event::AccessLogAnchored`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::anchor_access_log())]
		pub fn anchor_access_log(
			origin: OriginFor<T>,
			day: u32,
			root: H256,
			entries: u32,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_anchor_access_log(who, AccessLogAnchor { day, root, entries })
		}

		/// Say that a data set is about one person, whose consent it needs from now on.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the owner of the resource.
		///
		/// ## Details
		///
		/// Until the data subject gives consent, only the owner and the key agent receive the data. This
		/// cannot be undone, nor can somebody else be named. Make it one batch with the creation of the data
		/// set where that matters. The caller pays a storage deposit, which returns when the data set is
		/// erased.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`], [`Error::Erased`]: there is no such resource, or no longer.
		/// - [`Error::NotAuthorized`]: the caller is not the owner.
		/// - [`Error::InvalidSubject`]: the data subject is the owner.
		/// - [`Error::AlreadyExists`]: a data subject is named already.
		/// - Those of the deposit.
		///
		/// ## Events
		///
		/// [`Event::DataSubjectNamed`].
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::name_data_subject())]
		pub fn name_data_subject(
			origin: OriginFor<T>,
			resource: DatasetId,
			subject: T::AccountId,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_name_data_subject(who, resource, subject)
		}

		/// Consent to the use of data about oneself.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the data subject.
		///
		/// ## Details
		///
		/// Replaces an earlier consent. It holds for these purposes until the block `expires_at` inclusive,
		/// or until it is withdrawn. Who declares no purpose needs a consent to all of them. Consent gives
		/// nobody access; it lets grants and orders have effect.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`], [`Error::Erased`]: there is no such resource or data subject, or no longer.
		/// - [`Error::NotAuthorized`]: the caller is not the data subject.
		/// - [`Error::InvalidPurposes`]: the purposes are none or unknown.
		/// - [`Error::InvalidPeriod`]: the consent would have ended already.
		///
		/// ## Events
		///
		/// [`Event::ConsentGiven`].
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::give_consent())]
		pub fn give_consent(
			origin: OriginFor<T>,
			resource: DatasetId,
			purposes: Purposes,
			expires_at: Option<BlockNumberFor<T>>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_give_consent(who, resource, purposes, expires_at)
		}

		/// Withdraw the consent to the use of data about oneself.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the data subject.
		///
		/// ## Details
		///
		/// From this block on nobody but the owner and the key agent receives the data. Orders that are not
		/// settled can be refunded.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: there is no such data subject or consent.
		/// - [`Error::NotAuthorized`]: the caller is not the data subject.
		///
		/// ## Events
		///
		/// [`Event::ConsentWithdrawn`].
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::withdraw_consent())]
		pub fn withdraw_consent(origin: OriginFor<T>, resource: DatasetId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw_consent(who, resource)
		}

		/// State why the data of a data set may be processed, and where it is.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the owner of the resource.
		///
		/// ## Details
		///
		/// Replaces an earlier statement. `regions` are those of all stores. Without `safeguards`, the hash of
		/// a document, the data goes only to accounts in a region to which each of these regions allows it;
		/// existing grants and orders are measured against it from now on. The caller pays a storage deposit,
		/// which returns when the data set is erased.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`], [`Error::Erased`]: there is no such resource, or no longer.
		/// - [`Error::NotAuthorized`]: the caller is not the owner.
		/// - [`Error::InvalidRegion`]: there is no region, or one is not written in two capital letters.
		/// - Those of the deposit.
		///
		/// ## Events
		///
		/// [`Event::ProtectionSet`].
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::set_protection())]
		pub fn set_protection(
			origin: OriginFor<T>,
			resource: DatasetId,
			legal_basis: LegalBasis,
			regions: StoreRegions,
			safeguards: Option<H256>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_protection(who, resource, legal_basis, regions, safeguards)
		}

		/// Say where one is, or no longer.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anyone.
		///
		/// ## Details
		///
		/// The chain does not verify it: who says what is not so breaks the terms under which the data was
		/// granted. The caller pays a storage deposit, which returns when the region is `None`.
		///
		/// ## Errors
		///
		/// - [`Error::InvalidRegion`]: the region is not written in two capital letters.
		/// - [`Error::NotFound`]: the caller has said nothing that could be taken back.
		/// - Those of the deposit.
		///
		/// ## Events
		///
		/// [`Event::RegionDeclared`].
		#[pallet::call_index(14)]
		#[pallet::weight(T::WeightInfo::declare_region())]
		pub fn declare_region(origin: OriginFor<T>, region: Option<Region>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_declare_region(who, region)
		}

		/// Decide whether data may go from one region to another because it is protected adequately there.
		///
		/// ## Dispatch Origin
		///
		/// [`Config::AdequacyOrigin`].
		///
		/// ## Details
		///
		/// One direction alone. Grants and orders are measured against it from now on.
		///
		/// ## Errors
		///
		/// - [`Error::InvalidRegion`]: these are not two different regions.
		///
		/// ## Events
		///
		/// [`Event::AdequacySet`].
		#[pallet::call_index(15)]
		#[pallet::weight(T::WeightInfo::set_adequacy())]
		pub fn set_adequacy(
			origin: OriginFor<T>,
			from: Region,
			to: Region,
			is_adequate: bool,
		) -> DispatchResult {
			T::AdequacyOrigin::ensure_origin(origin)?;
			Self::do_set_adequacy(from, to, is_adequate)
		}

		/// Remove data subject and protection of a data set that is erased.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anyone.
		///
		/// ## Details
		///
		/// Each deposit returns to who paid it.
		///
		/// ## Errors
		///
		/// - [`Error::NothingToRemove`]: the data set is in use, or has neither.
		///
		/// ## Events
		///
		/// [`Event::ProtectionRemoved`].
		#[pallet::call_index(16)]
		#[pallet::weight(T::WeightInfo::remove_protection())]
		pub fn remove_protection(origin: OriginFor<T>, resource: DatasetId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_remove_protection(resource)
		}

		/// Ask for a grant.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anyone but the owner.
		///
		/// ## Details
		///
		/// The grant would hold from its approval until the block `expires_at` inclusive, for one purpose or
		/// any. The right to grant cannot be asked for. The request can be approved for
		/// [`Config::RequestPeriod`] blocks. The caller pays a storage deposit, which returns with the answer,
		/// the withdrawal or the removal.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`], [`Error::Erased`]: there is no such resource, or no longer.
		/// - [`Error::InvalidSubject`]: the caller is the owner.
		/// - [`Error::InvalidActions`]: the actions are none, unknown, or include `Grant`.
		/// - [`Error::InvalidPeriod`]: the grant would have ended already.
		/// - [`Error::AlreadyExists`]: the caller has a request for this resource.
		/// - [`Error::MaxRequestsExceeded`]: too many requests are open.
		/// - Those of the deposit.
		///
		/// ## Events
		///
		/// [`Event::AccessRequested`].
		#[pallet::call_index(17)]
		#[pallet::weight(T::WeightInfo::request_access())]
		pub fn request_access(
			origin: OriginFor<T>,
			resource: DatasetId,
			actions: Actions,
			purpose: Option<Purpose>,
			expires_at: Option<BlockNumberFor<T>>,
		) -> DispatchResult {
			let requester = ensure_signed(origin)?;
			Self::do_request_access(requester, resource, Wish { actions, purpose, expires_at })
		}

		/// Grant what was asked for.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the owner of the resource, or by a delegate who may grant this much.
		///
		/// ## Details
		///
		/// As [`Pallet::grant`] with what the request says, and without the right to pass it on. The request
		/// is removed and its deposit returns. The signer repeats what is asked for: a requester may withdraw
		/// a request and make another one in the meantime.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: there is no such request.
		/// - [`Error::Lapsed`]: it is too old.
		/// - [`Error::RequestChanged`]: something else is asked for.
		/// - Those of [`Pallet::grant`].
		///
		/// ## Events
		///
		/// [`Event::Granted`] and [`Event::AccessApproved`].
		#[pallet::call_index(18)]
		#[pallet::weight(T::WeightInfo::approve_request())]
		pub fn approve_request(
			origin: OriginFor<T>,
			resource: DatasetId,
			requester: T::AccountId,
			actions: Actions,
			purpose: Option<Purpose>,
			expires_at: Option<BlockNumberFor<T>>,
		) -> DispatchResult {
			let by = ensure_signed(origin)?;
			let wish = Wish { actions, purpose, expires_at };
			Self::do_approve_request(by, resource, requester, wish)
		}

		/// Refuse what was asked for, or remove a request that has lapsed.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the owner of the resource; by anyone once the request has lapsed or the resource is
		/// erased.
		///
		/// ## Details
		///
		/// The request's deposit returns.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: there is no such request.
		/// - [`Error::NotAuthorized`]: the caller is not the owner, and the request is open.
		///
		/// ## Events
		///
		/// [`Event::AccessRefused`].
		#[pallet::call_index(19)]
		#[pallet::weight(T::WeightInfo::refuse_request())]
		pub fn refuse_request(
			origin: OriginFor<T>,
			resource: DatasetId,
			requester: T::AccountId,
		) -> DispatchResult {
			let by = ensure_signed(origin)?;
			Self::do_refuse_request(by, resource, requester)
		}

		/// Ask for a grant no longer.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the requester.
		///
		/// ## Details
		///
		/// The deposit returns.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: the caller has no request for this resource.
		///
		/// ## Events
		///
		/// [`Event::RequestWithdrawn`].
		#[pallet::call_index(20)]
		#[pallet::weight(T::WeightInfo::withdraw_request())]
		pub fn withdraw_request(origin: OriginFor<T>, resource: DatasetId) -> DispatchResult {
			let requester = ensure_signed(origin)?;
			Self::do_withdraw_request(requester, resource)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// Whether `subject` may do `action` with `resource` for `purpose`, now, and why or why
		/// not. Without a purpose, grants bound to one do not count.
		pub fn can_access(
			subject: T::AccountId,
			resource: DatasetId,
			action: Action,
			purpose: Option<Purpose>,
		) -> Decision {
			Self::decide(&subject, &resource, action, purpose)
		}

		/// Everything `subject` was granted for `resource`, also what does not hold now.
		pub fn grants(
			resource: DatasetId,
			subject: T::AccountId,
		) -> BoundedVec<GrantOf<T>, T::MaxGrants> {
			Grants::<T>::get(resource, subject)
		}

		/// What `store` anchored of `day` of its access log, as far as it is still in the state.
		pub fn access_log_anchor(store: T::AccountId, day: u32) -> Option<AccessLogAnchor> {
			Self::anchor_of(&store, day)
		}

		/// The last days that `store` anchored, in ascending order.
		pub fn access_log_anchors(
			store: T::AccountId,
		) -> BoundedVec<AccessLogAnchor, T::MaxAnchors> {
			AccessLogAnchors::<T>::get(store)
		}

		/// Whom `resource` is about, if that is one person, and what that person consents to.
		pub fn data_subject(resource: DatasetId) -> Option<DataSubjectOf<T>> {
			DataSubjects::<T>::get(resource)
		}

		/// Why the data of `resource` may be processed, and where it is, if its owner has said so.
		pub fn protection(resource: DatasetId) -> Option<ProtectionOf<T>> {
			Protections::<T>::get(resource)
		}

		/// Where `account` says it is.
		pub fn region(account: T::AccountId) -> Option<Region> {
			DeclaredRegions::<T>::get(account).map(|declared| declared.region)
		}

		/// Whether data may go from one region to another.
		pub fn is_adequate(from: Region, to: Region) -> bool {
			from == to || AdequateTransfers::<T>::contains_key((from, to))
		}

		/// The requests for `resource` that are not answered, with their requesters; lapsed ones too.
		pub fn requests(resource: DatasetId) -> Vec<(T::AccountId, AccessRequestOf<T>)> {
			Requests::<T>::iter_prefix(resource).take(T::MaxRequests::get() as usize).collect()
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MaxAnchors::get() > 0, "a store must be able to anchor a day");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
