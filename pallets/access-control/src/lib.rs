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

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

mod access_log;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod denial;
mod evaluation;
mod grant;
#[cfg(test)]
mod mock;
mod order;
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
	use frame_support::{
		pallet_prelude::*,
		traits::{Consideration, Footprint},
	};
	use frame_system::pallet_prelude::*;
	use msec_primitives::{Action, Actions, DatasetId, DatasetInfo, Decision, Purpose, StoreInfo};
	use sp_core::H256;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The overarching hold reason.
		type RuntimeHoldReason: From<HoldReason>;

		/// What is deposited for a grant or a denial.
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

		/// The weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The storage deposit for a grant or a denial.
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
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such resource, grant or denial.
		NotFound,
		/// The caller is neither the owner nor, where delegates may do this, a delegate.
		NotAuthorized,
		/// The resource was erased.
		Erased,
		/// Such a denial or order grant exists already.
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
