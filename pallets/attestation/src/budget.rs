//! Money for quotes: devices have none, so their owners set some aside.

use crate::{pallet::*, BalanceOf, DeviceId, DeviceOf};
use frame_support::traits::{
	fungible::MutateHold,
	tokens::{Fortitude, Precision, Restriction},
	Get,
};
use sp_runtime::{
	traits::{CheckedAdd, CheckedSub, Zero},
	ArithmeticError, DispatchResult,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_fund_quotes(
		who: T::AccountId,
		id: DeviceId,
		amount: BalanceOf<T>,
	) -> DispatchResult {
		let mut device = Self::owned_device(&who, id)?;
		T::Currency::hold(&HoldReason::QuoteBudget.into(), &who, amount)?;
		let budget = device.quote_budget.checked_add(&amount).ok_or(ArithmeticError::Overflow)?;
		device.quote_budget = budget;
		Devices::<T>::insert(id, device);
		Self::deposit_event(Event::QuotesFunded { device: id, amount });
		Ok(())
	}

	pub(crate) fn do_withdraw_quote_budget(
		who: T::AccountId,
		id: DeviceId,
		amount: BalanceOf<T>,
	) -> DispatchResult {
		let mut device = Self::owned_device(&who, id)?;
		Self::spend_budget(&mut device, amount)?;
		Self::release_budget(&who, amount)?;
		Devices::<T>::insert(id, device);
		Self::deposit_event(Event::QuoteBudgetWithdrawn { device: id, amount });
		Ok(())
	}

	/// Pays for a quote. The budget is no longer the owner's to freeze, hence `Force`.
	pub(crate) fn pay_for_quote(device: &mut DeviceOf<T>) -> DispatchResult {
		let fee = T::QuoteFee::get();
		Self::spend_budget(device, fee)?;
		T::Currency::transfer_on_hold(
			&HoldReason::QuoteBudget.into(),
			&device.owner,
			&T::FeeDestination::get(),
			fee,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)?;
		Ok(())
	}

	pub(crate) fn release_budget(who: &T::AccountId, amount: BalanceOf<T>) -> DispatchResult {
		if !amount.is_zero() {
			T::Currency::release(&HoldReason::QuoteBudget.into(), who, amount, Precision::Exact)?;
		}
		Ok(())
	}

	fn spend_budget(device: &mut DeviceOf<T>, amount: BalanceOf<T>) -> Result<(), Error<T>> {
		let rest = device.quote_budget.checked_sub(&amount);
		device.quote_budget = rest.ok_or(Error::QuoteBudgetTooLow)?;
		Ok(())
	}
}
