//! MSEC beyond plain balances: minters with caps, allowances, transfers with a reference, burns.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, the storage, the events and the errors.
//!
//! ## Overview
//!
//! The native currency itself is another pallet's, reached through [`Config::Currency`]. This
//! pallet adds what a currency of a community needs besides:
//!
//! - **Minters** are appointed by [`Config::MinterOrigin`], each with a cap on what it may mint.
//!   Minting never lifts the total issuance above [`Config::MaximumSupply`].
//! - **Burns** destroy the holder's own tokens and say why.
//! - **Approvals** let a spender take up to an amount from an owner until a block. The owner pays
//!   a storage deposit, which returns when the approval is spent, cancelled or removed after it
//!   expired.
//! - **References** of 32 bytes tie a transfer to a document that stays off chain. They are meant
//!   for hashes and random identifiers; names and other personal data do not belong there.
//!
//! ## Low Level / Implementation Details
//!
//! All transfers and burns are made with the preservation `Expendable`: an account that keeps
//! less than the existential deposit is closed and the remainder is lost. An owner with a storage
//! deposit on hold cannot be closed this way, and keeps the existential deposit.

#![cfg_attr(not(feature = "std"), no_std)]

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

mod allowance;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
mod supply;
#[cfg(test)]
mod tests;
mod transfer;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible::Mutate, Consideration, Footprint},
	};
	use frame_system::pallet_prelude::*;
	use sp_core::H256;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The overarching hold reason.
		type RuntimeHoldReason: From<HoldReason>;

		/// The native currency.
		type Currency: Mutate<Self::AccountId>;

		/// Who appoints and removes minters.
		type MinterOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// What an owner deposits for an approval.
		type Consideration: Consideration<Self::AccountId, Footprint>;

		/// The total issuance that minting never exceeds.
		#[pallet::constant]
		type MaximumSupply: Get<BalanceOf<Self>>;

		/// The weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds money.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The storage deposit for an approval.
		ApprovalDeposit,
	}

	/// Who may mint, how much, and how much of it is done.
	// Blake2_128Concat: accounts are chosen by outsiders.
	#[pallet::storage]
	pub type Minters<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, MinterOf<T>>;

	/// What each owner lets each spender take.
	// Blake2_128Concat: accounts are chosen by outsiders.
	#[pallet::storage]
	pub type Approvals<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Blake2_128Concat,
		T::AccountId,
		ApprovalOf<T>,
	>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(crate) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A minter was appointed, or its cap was changed.
		MinterSet {
			/// The minter.
			who: T::AccountId,
			/// The most it may mint from its appointment on, in all.
			cap: BalanceOf<T>,
		},
		/// A minter may not mint any more.
		MinterRemoved {
			/// The former minter.
			who: T::AccountId,
			/// What it minted since its appointment.
			minted: BalanceOf<T>,
		},
		/// Tokens were created.
		Minted {
			/// Who created them.
			minter: T::AccountId,
			/// Who received them.
			dest: T::AccountId,
			/// How many.
			amount: BalanceOf<T>,
			/// What they were created for.
			reference: H256,
		},
		/// Tokens were destroyed by their holder.
		Burned {
			/// The holder.
			who: T::AccountId,
			/// How many.
			amount: BalanceOf<T>,
			/// Why.
			reason: BurnReason,
		},
		/// An owner lets a spender take tokens; an earlier approval of the two is replaced.
		Approved {
			/// Whose tokens.
			owner: T::AccountId,
			/// Who may take them.
			spender: T::AccountId,
			/// How many may be taken from now on.
			amount: BalanceOf<T>,
			/// The last block in which they may be taken.
			expires_at: BlockNumberFor<T>,
		},
		/// An owner withdrew an approval.
		ApprovalCancelled {
			/// Whose tokens.
			owner: T::AccountId,
			/// Who may not take them any more.
			spender: T::AccountId,
			/// What was not spent.
			remaining: BalanceOf<T>,
		},
		/// An expired approval was removed.
		ExpiredApprovalRemoved {
			/// Whose tokens.
			owner: T::AccountId,
			/// Who could have taken them.
			spender: T::AccountId,
			/// What was not spent.
			remaining: BalanceOf<T>,
		},
		/// A spender moved tokens of an owner.
		TransferredFrom {
			/// Whose tokens.
			owner: T::AccountId,
			/// Who moved them.
			spender: T::AccountId,
			/// Who received them.
			dest: T::AccountId,
			/// How many.
			amount: BalanceOf<T>,
			/// What the spender may still take; zero ends the approval.
			remaining: BalanceOf<T>,
			/// What they were moved for.
			reference: H256,
		},
		/// A holder moved tokens and said what for.
		Transferred {
			/// Who gave.
			from: T::AccountId,
			/// Who received.
			to: T::AccountId,
			/// How many.
			amount: BalanceOf<T>,
			/// What they were moved for.
			reference: H256,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such minter or approval.
		NotFound,
		/// The caller is not a minter.
		NotAuthorized,
		/// The amount is zero.
		ZeroAmount,
		/// The minter's cap does not allow this amount.
		MinterCapExceeded,
		/// The total issuance would exceed the maximum supply.
		MaximumSupplyExceeded,
		/// Nobody approves himself as a spender.
		SelfApproval,
		/// The approval would end before the current block.
		InvalidExpiry,
		/// The approval has ended.
		Expired,
		/// The approval has not ended yet.
		NotExpired,
		/// The approval does not allow this amount.
		AllowanceExceeded,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Appoint a minter or change the cap of one.
		///
		/// ## Dispatch Origin
		///
		/// [`Config::MinterOrigin`].
		///
		/// ## Details
		///
		/// `cap` counts everything minted since the appointment. A new cap keeps that count; a
		/// cap below it stops the minter.
		///
		/// ## Errors
		///
		/// Those of the origin.
		///
		/// ## Events
		///
		/// [`Event::MinterSet`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::set_minter())]
		pub fn set_minter(
			origin: OriginFor<T>,
			who: T::AccountId,
			cap: BalanceOf<T>,
		) -> DispatchResult {
			T::MinterOrigin::ensure_origin(origin)?;
			Self::do_set_minter(who, cap);
			Ok(())
		}

		/// Remove a minter.
		///
		/// ## Dispatch Origin
		///
		/// [`Config::MinterOrigin`].
		///
		/// ## Details
		///
		/// What the minter created stays. Appointed again, it begins to count from zero.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: `who` is not a minter.
		///
		/// ## Events
		///
		/// [`Event::MinterRemoved`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::remove_minter())]
		pub fn remove_minter(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
			T::MinterOrigin::ensure_origin(origin)?;
			Self::do_remove_minter(who)
		}

		/// Create tokens.
		///
		/// ## Dispatch Origin
		///
		/// Signed by a minter.
		///
		/// ## Details
		///
		/// `dest` receives `amount` new tokens, in the smallest unit. `reference` says what for.
		///
		/// ## Errors
		///
		/// - [`Error::NotAuthorized`]: the caller is not a minter.
		/// - [`Error::ZeroAmount`]: the amount is zero.
		/// - [`Error::MinterCapExceeded`]: the minter's cap does not allow the amount.
		/// - [`Error::MaximumSupplyExceeded`]: the total issuance would be too high.
		/// - Those of the currency, as when `dest` would stay below the existential deposit.
		///
		/// ## Events
		///
		/// [`Event::Minted`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::mint())]
		pub fn mint(
			origin: OriginFor<T>,
			dest: T::AccountId,
			amount: BalanceOf<T>,
			reference: H256,
		) -> DispatchResult {
			let minter = ensure_signed(origin)?;
			Self::do_mint(minter, dest, amount, reference)
		}

		/// Destroy own tokens.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the holder.
		///
		/// ## Details
		///
		/// What is on hold cannot be burned. A remainder below the existential deposit is lost.
		///
		/// ## Errors
		///
		/// - [`Error::ZeroAmount`]: the amount is zero.
		/// - Those of the currency, as when the caller has less than `amount`.
		///
		/// ## Events
		///
		/// [`Event::Burned`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::burn())]
		pub fn burn(
			origin: OriginFor<T>,
			amount: BalanceOf<T>,
			reason: BurnReason,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_burn(who, amount, reason)
		}

		/// Let a spender take tokens of the caller.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the owner of the tokens.
		///
		/// ## Details
		///
		/// The spender may take up to `amount` in all, until the block `expires_at`, inclusive. An
		/// earlier approval for the same spender is replaced, whatever is left of it: a spender
		/// who is quick may spend the old amount first and the new one after. To be sure, cancel
		/// before approving anew. The owner pays a storage deposit once; the amount itself is not
		/// held.
		///
		/// ## Errors
		///
		/// - [`Error::SelfApproval`]: the spender is the caller.
		/// - [`Error::ZeroAmount`]: the amount is zero; cancel instead.
		/// - [`Error::InvalidExpiry`]: `expires_at` is in the past.
		/// - Those of the deposit.
		///
		/// ## Events
		///
		/// [`Event::Approved`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::approve())]
		pub fn approve(
			origin: OriginFor<T>,
			spender: T::AccountId,
			amount: BalanceOf<T>,
			expires_at: BlockNumberFor<T>,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_approve(owner, spender, amount, expires_at)
		}

		/// Withdraw an approval.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the owner of the tokens.
		///
		/// ## Details
		///
		/// The deposit returns, expired or not.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: the caller has no approval for this spender.
		///
		/// ## Events
		///
		/// [`Event::ApprovalCancelled`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::cancel_approval())]
		pub fn cancel_approval(origin: OriginFor<T>, spender: T::AccountId) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_cancel_approval(owner, spender)
		}

		/// Remove an approval that has expired.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anyone.
		///
		/// ## Details
		///
		/// The deposit returns to the owner of the tokens.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: there is no such approval.
		/// - [`Error::NotExpired`]: it may still be spent.
		///
		/// ## Events
		///
		/// [`Event::ExpiredApprovalRemoved`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::remove_expired_approval())]
		pub fn remove_expired_approval(
			origin: OriginFor<T>,
			owner: T::AccountId,
			spender: T::AccountId,
		) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_remove_expired_approval(owner, spender)
		}

		/// Move tokens of an owner who approved it.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the approved spender.
		///
		/// ## Details
		///
		/// The allowance falls by `amount`. At zero the approval is removed and its deposit
		/// returns to the owner before the tokens move, so that it may be part of them. The
		/// transfer is `Expendable`: an owner who keeps less than the existential deposit, and
		/// has nothing on hold, loses the remainder and the account. `reference` says what for.
		///
		/// ## Errors
		///
		/// - [`Error::ZeroAmount`]: the amount is zero.
		/// - [`Error::NotFound`]: the owner did not approve the caller.
		/// - [`Error::Expired`]: the approval has ended.
		/// - [`Error::AllowanceExceeded`]: the amount is more than what remains.
		/// - Those of the currency, as when the owner has less than `amount`.
		///
		/// ## Events
		///
		/// [`Event::TransferredFrom`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::transfer_from())]
		pub fn transfer_from(
			origin: OriginFor<T>,
			owner: T::AccountId,
			dest: T::AccountId,
			amount: BalanceOf<T>,
			reference: H256,
		) -> DispatchResult {
			let spender = ensure_signed(origin)?;
			Self::do_transfer_from(owner, spender, dest, amount, reference)
		}

		/// Move own tokens and say what for.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the holder.
		///
		/// ## Details
		///
		/// The transfer is `Expendable`: a holder who keeps less than the existential deposit, and
		/// has nothing on hold, loses the remainder and the account.
		///
		/// ## Errors
		///
		/// - [`Error::ZeroAmount`]: the amount is zero.
		/// - Those of the currency, as when the caller has less than `amount`.
		///
		/// ## Events
		///
		/// [`Event::Transferred`].
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::transfer_with_reference())]
		pub fn transfer_with_reference(
			origin: OriginFor<T>,
			dest: T::AccountId,
			amount: BalanceOf<T>,
			reference: H256,
		) -> DispatchResult {
			let from = ensure_signed(origin)?;
			Self::do_transfer_with_reference(from, dest, amount, reference)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// What `spender` may still take from `owner` and until when, or `None` without approval.
		/// An expired approval is answered too, until somebody removes it.
		pub fn allowance(owner: T::AccountId, spender: T::AccountId) -> Option<AllowanceOf<T>> {
			Approvals::<T>::get(owner, spender).map(|approval| approval.allowance)
		}

		/// The cap of `who` and what it has minted, or `None` when it is not a minter.
		pub fn minter(who: T::AccountId) -> Option<MinterOf<T>> {
			Minters::<T>::get(who)
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
