//! Registrars, and their word for devices.

use crate::{pallet::*, Accreditation, DeviceId, Endorsement, LogStatement, LogVerdict, ProfileId};
use frame_support::{
	ensure,
	traits::{DefensiveSaturating, Get},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{
	traits::{Saturating, Zero},
	DispatchResult,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_accredit_registrar(registrar: T::AccountId) -> DispatchResult {
		ensure!(!Registrars::<T>::contains_key(&registrar), Error::<T>::AlreadyAccredited);
		let accreditation = Self::next_accreditation();
		Registrars::<T>::insert(&registrar, accreditation);
		Self::deposit_event(Event::RegistrarAccredited { registrar, accreditation });
		Ok(())
	}

	pub(crate) fn do_revoke_registrar(registrar: T::AccountId) -> DispatchResult {
		let accreditation = Registrars::<T>::take(&registrar).ok_or(Error::<T>::NotAccredited)?;
		Self::deposit_event(Event::RegistrarRevoked { registrar, accreditation });
		Ok(())
	}

	pub(crate) fn do_endorse(
		registrar: T::AccountId,
		id: DeviceId,
		profile: ProfileId,
	) -> DispatchResult {
		let accreditation = Registrars::<T>::get(&registrar).ok_or(Error::<T>::NotAccredited)?;
		let mut device = Devices::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(device.profile == profile, Error::<T>::OtherProfile);
		let endorsement = Endorsement { registrar: registrar.clone(), accreditation, logs: None };
		device.endorsement = Some(endorsement);
		device.was_endorsed = true;
		// Whoever cleared a TPM for good reason begins anew.
		device.clock = None;
		Devices::<T>::insert(id, device);
		Self::deposit_event(Event::DeviceEndorsed { device: id, registrar, profile });
		Ok(())
	}

	pub(crate) fn do_state_log_verdict(
		registrar: T::AccountId,
		id: DeviceId,
		verdict: LogVerdict,
		valid_until: BlockNumberFor<T>,
	) -> DispatchResult {
		ensure!(verdict != LogVerdict::default(), Error::<T>::NothingAppraised);
		let stated_at = frame_system::Pallet::<T>::block_number();
		Self::check_statement_period(stated_at, valid_until)?;
		let mut device = Devices::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		let own = device.endorsement.as_mut().filter(|given| given.registrar == registrar);
		let endorsement = own.ok_or(Error::<T>::NotAuthorized)?;
		ensure!(Self::is_accredited(endorsement), Error::<T>::NotAccredited);

		endorsement.logs = Some(LogStatement { verdict, stated_at, valid_until });
		Devices::<T>::insert(id, device);
		Self::deposit_event(Event::LogVerdictStated {
			device: id,
			registrar,
			verdict,
			valid_until,
		});
		Ok(())
	}

	/// Whether the accreditation under which an endorsement was given still holds.
	pub(crate) fn is_accredited(
		endorsement: &Endorsement<T::AccountId, BlockNumberFor<T>>,
	) -> bool {
		Registrars::<T>::get(&endorsement.registrar) == Some(endorsement.accreditation)
	}

	/// Whether a verdict may last for so many blocks.
	pub(crate) fn check_verdict_period(period: BlockNumberFor<T>) -> Result<(), Error<T>> {
		let is_valid = !period.is_zero() && period <= T::MaxVerdictPeriod::get();
		ensure!(is_valid, Error::InvalidPeriod);
		Ok(())
	}

	/// Whether a statement of this block may count until another.
	fn check_statement_period(
		stated_at: BlockNumberFor<T>,
		valid_until: BlockNumberFor<T>,
	) -> Result<(), Error<T>> {
		ensure!(stated_at <= valid_until, Error::StatementExpired);
		let period = valid_until.saturating_sub(stated_at);
		ensure!(period <= T::MaxVerdictPeriod::get(), Error::InvalidPeriod);
		Ok(())
	}

	fn next_accreditation() -> Accreditation {
		NextAccreditation::<T>::mutate(|next| {
			let accreditation = *next;
			*next = next.defensive_saturating_add(1);
			accreditation
		})
	}
}
