//! Approvals, and transfers by those who were approved.

use crate::{
	Allowance, AllowanceOf, Approval, ApprovalOf, Approvals, BalanceOf, Config, Error, Event,
	Pallet,
};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{fungible::Mutate, tokens::Preservation, Consideration, Footprint},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::H256;
use sp_runtime::{
	traits::{CheckedSub, Zero},
	DispatchError,
};

impl<T: Config> Pallet<T> {
	/// The place that one approval takes, with its keys.
	pub(crate) fn approval_footprint() -> Footprint {
		Footprint::from_mel::<(T::AccountId, T::AccountId, ApprovalOf<T>)>()
	}

	pub(crate) fn do_approve(
		owner: T::AccountId,
		spender: T::AccountId,
		amount: BalanceOf<T>,
		expires_at: BlockNumberFor<T>,
	) -> DispatchResult {
		ensure!(owner != spender, Error::<T>::SelfApproval);
		ensure!(!amount.is_zero(), Error::<T>::ZeroAmount);
		let allowance = Allowance { remaining: amount, expires_at };
		ensure!(!Self::is_expired(&allowance), Error::<T>::InvalidExpiry);

		let footprint = Self::approval_footprint();
		Approvals::<T>::try_mutate(&owner, &spender, |approval| -> DispatchResult {
			let ticket = match approval.take() {
				Some(Approval { ticket, .. }) => ticket.update(&owner, footprint)?,
				None => T::Consideration::new(&owner, footprint)?,
			};
			*approval = Some(Approval { allowance, ticket });
			Ok(())
		})?;
		Self::deposit_event(Event::Approved { owner, spender, amount, expires_at });
		Ok(())
	}

	pub(crate) fn do_cancel_approval(owner: T::AccountId, spender: T::AccountId) -> DispatchResult {
		let remaining = Self::take_approval(&owner, &spender)?.remaining;
		Self::deposit_event(Event::ApprovalCancelled { owner, spender, remaining });
		Ok(())
	}

	pub(crate) fn do_remove_expired_approval(
		owner: T::AccountId,
		spender: T::AccountId,
	) -> DispatchResult {
		let allowance = Self::take_approval(&owner, &spender)?;
		ensure!(Self::is_expired(&allowance), Error::<T>::NotExpired);
		let remaining = allowance.remaining;
		Self::deposit_event(Event::ExpiredApprovalRemoved { owner, spender, remaining });
		Ok(())
	}

	pub(crate) fn do_transfer_from(
		owner: T::AccountId,
		spender: T::AccountId,
		dest: T::AccountId,
		amount: BalanceOf<T>,
		reference: H256,
	) -> DispatchResult {
		ensure!(!amount.is_zero(), Error::<T>::ZeroAmount);
		let remaining = Self::spend_allowance(&owner, &spender, amount)?;
		T::Currency::transfer(&owner, &dest, amount, Preservation::Expendable)?;
		Self::deposit_event(Event::TransferredFrom {
			owner,
			spender,
			dest,
			amount,
			remaining,
			reference,
		});
		Ok(())
	}

	/// Takes `amount` from the allowance and answers what remains.
	fn spend_allowance(
		owner: &T::AccountId,
		spender: &T::AccountId,
		amount: BalanceOf<T>,
	) -> Result<BalanceOf<T>, DispatchError> {
		let mut approval = Approvals::<T>::get(owner, spender).ok_or(Error::<T>::NotFound)?;
		ensure!(!Self::is_expired(&approval.allowance), Error::<T>::Expired);
		let remaining = approval
			.allowance
			.remaining
			.checked_sub(&amount)
			.ok_or(Error::<T>::AllowanceExceeded)?;
		if remaining.is_zero() {
			Self::take_approval(owner, spender)?;
		} else {
			approval.allowance.remaining = remaining;
			Approvals::<T>::insert(owner, spender, approval);
		}
		Ok(remaining)
	}

	/// Removes an approval and returns its deposit to the owner.
	fn take_approval(
		owner: &T::AccountId,
		spender: &T::AccountId,
	) -> Result<AllowanceOf<T>, DispatchError> {
		let Approval { allowance, ticket } =
			Approvals::<T>::take(owner, spender).ok_or(Error::<T>::NotFound)?;
		ticket.drop(owner)?;
		Ok(allowance)
	}

	fn is_expired(allowance: &AllowanceOf<T>) -> bool {
		frame_system::Pallet::<T>::block_number() > allowance.expires_at
	}
}
