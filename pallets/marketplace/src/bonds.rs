//! Bonds of those who dispute: held, returned, or lost.

use crate::{pallet::*, BalanceOf};
use frame_support::traits::{
	fungible::MutateHold,
	tokens::{Fortitude, Precision, Restriction},
	Get,
};
use sp_runtime::{
	traits::{Saturating, Zero},
	DispatchResult, Permill,
};

/// What whoever wins a complaint gets of the loser's bond, rounded down.
const WINNERS_SHARE: Permill = Permill::from_percent(50);

impl<T: Config> Pallet<T> {
	pub(crate) fn hold_bond(who: &T::AccountId, bond: BalanceOf<T>) -> DispatchResult {
		T::Currency::hold(&HoldReason::DisputeBond.into(), who, bond)
	}

	pub(crate) fn return_bond(who: &T::AccountId, bond: BalanceOf<T>) -> DispatchResult {
		if bond.is_zero() {
			return Ok(());
		}
		T::Currency::release(&HoldReason::DisputeBond.into(), who, bond, Precision::Exact)?;
		Ok(())
	}

	/// Half of the loser's bond is the winner's, the rest goes where fees go.
	pub(crate) fn award_bond(
		loser: &T::AccountId,
		winner: &T::AccountId,
		bond: BalanceOf<T>,
	) -> DispatchResult {
		let reward = WINNERS_SHARE.mul_floor(bond);
		Self::transfer_bond(loser, winner, reward)?;
		Self::forfeit_bond(loser, bond.saturating_sub(reward))
	}

	/// Sends a bond where fees go; burns it where that is not possible.
	pub(crate) fn forfeit_bond(who: &T::AccountId, bond: BalanceOf<T>) -> DispatchResult {
		if Self::transfer_bond(who, &T::FeeDestination::get(), bond).is_ok() {
			return Ok(());
		}
		let hold = HoldReason::DisputeBond.into();
		T::Currency::burn_held(&hold, who, bond, Precision::Exact, Fortitude::Force)?;
		Ok(())
	}

	// A bond is no longer its giver's to freeze, hence `Force`.
	fn transfer_bond(
		from: &T::AccountId,
		to: &T::AccountId,
		amount: BalanceOf<T>,
	) -> DispatchResult {
		if amount.is_zero() {
			return Ok(());
		}
		T::Currency::transfer_on_hold(
			&HoldReason::DisputeBond.into(),
			from,
			to,
			amount,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)?;
		Ok(())
	}
}
