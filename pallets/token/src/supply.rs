//! Minters, mints and burns.

use crate::{BalanceOf, BurnReason, Config, Error, Event, Minter, Minters, Pallet};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{
		fungible::{Inspect, Mutate},
		tokens::{Fortitude, Precision, Preservation},
		Get,
	},
};
use sp_core::H256;
use sp_runtime::traits::{CheckedAdd, Zero};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_set_minter(who: T::AccountId, cap: BalanceOf<T>) {
		let minted = Minters::<T>::get(&who).map_or(Zero::zero(), |minter| minter.minted);
		Minters::<T>::insert(&who, Minter { cap, minted });
		Self::deposit_event(Event::MinterSet { who, cap });
	}

	pub(crate) fn do_remove_minter(who: T::AccountId) -> DispatchResult {
		let Minter { minted, .. } = Minters::<T>::take(&who).ok_or(Error::<T>::NotFound)?;
		Self::deposit_event(Event::MinterRemoved { who, minted });
		Ok(())
	}

	pub(crate) fn do_mint(
		minter: T::AccountId,
		dest: T::AccountId,
		amount: BalanceOf<T>,
		reference: H256,
	) -> DispatchResult {
		Minters::<T>::try_mutate(&minter, |details| -> DispatchResult {
			let details = details.as_mut().ok_or(Error::<T>::NotAuthorized)?;
			ensure!(!amount.is_zero(), Error::<T>::ZeroAmount);
			details.minted = details
				.minted
				.checked_add(&amount)
				.filter(|minted| *minted <= details.cap)
				.ok_or(Error::<T>::MinterCapExceeded)?;
			Ok(())
		})?;
		T::Currency::total_issuance()
			.checked_add(&amount)
			.filter(|issuance| *issuance <= T::MaximumSupply::get())
			.ok_or(Error::<T>::MaximumSupplyExceeded)?;
		T::Currency::mint_into(&dest, amount)?;
		Self::deposit_event(Event::Minted { minter, dest, amount, reference });
		Ok(())
	}

	pub(crate) fn do_burn(
		who: T::AccountId,
		amount: BalanceOf<T>,
		reason: BurnReason,
	) -> DispatchResult {
		ensure!(!amount.is_zero(), Error::<T>::ZeroAmount);
		T::Currency::burn_from(
			&who,
			amount,
			Preservation::Expendable,
			Precision::Exact,
			Fortitude::Polite,
		)?;
		Self::deposit_event(Event::Burned { who, amount, reason });
		Ok(())
	}
}
