//! Transfers that say what for.

use crate::{BalanceOf, Config, Error, Event, Pallet};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{fungible::Mutate, tokens::Preservation},
};
use sp_core::H256;
use sp_runtime::traits::Zero;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_transfer_with_reference(
		from: T::AccountId,
		to: T::AccountId,
		amount: BalanceOf<T>,
		reference: H256,
	) -> DispatchResult {
		ensure!(!amount.is_zero(), Error::<T>::ZeroAmount);
		T::Currency::transfer(&from, &to, amount, Preservation::Expendable)?;
		Self::deposit_event(Event::Transferred { from, to, amount, reference });
		Ok(())
	}
}
