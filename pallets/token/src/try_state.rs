//! What holds between any two blocks.

use crate::{Approvals, Config, Pallet};
use frame_support::{
	ensure,
	traits::{fungible::Inspect, Get},
};
use sp_runtime::{traits::Zero, TryRuntimeError};

impl<T: Config> Pallet<T> {
	/// Checks that the supply is within its maximum and that every approval may be spent by
	/// somebody other than its owner.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		ensure!(
			T::Currency::total_issuance() <= T::MaximumSupply::get(),
			"the total issuance exceeds the maximum supply"
		);
		for (owner, spender, approval) in Approvals::<T>::iter() {
			ensure!(owner != spender, "an owner approved himself");
			ensure!(!approval.allowance.remaining.is_zero(), "a spent approval was kept");
		}
		Ok(())
	}
}
