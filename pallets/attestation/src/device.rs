//! Devices: registered, changed, retired.

use crate::{pallet::*, Device, DeviceId, DeviceOf, ProfileId, PublicArea};
use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	traits::{Consideration, Footprint},
};
use msec_evidence::{AttestationKey, KeyError};
use sp_runtime::{traits::Zero, DispatchResult};

/// What the key of a device takes, in bytes.
const KEY_SIZE: usize = 80;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_register_device(
		owner: T::AccountId,
		id: DeviceId,
		attestation_key: PublicArea,
		profile: ProfileId,
	) -> DispatchResult {
		let is_known = Devices::<T>::contains_key(id) || RetiredDevices::<T>::contains_key(id);
		ensure!(!is_known, Error::<T>::DeviceAlreadyRegistered);
		AttestationKey::parse(&attestation_key).map_err(Error::<T>::from)?;
		let selection = Self::selection_of_profile(profile)?;
		let ticket = T::Consideration::new(&owner, Self::device_footprint())?;
		let device = Device {
			owner: owner.clone(),
			attestation_key,
			batch_key: None,
			profile,
			selection: selection.0,
			endorsement: None,
			was_endorsed: false,
			is_quarantined: false,
			quote_budget: Zero::zero(),
			last_quote: None,
			clock: None,
			result: None,
			challenge: None,
			ticket,
		};
		Devices::<T>::insert(id, device);
		Self::deposit_event(Event::DeviceRegistered { device: id, owner, profile });
		Ok(())
	}

	pub(crate) fn do_change_profile(
		who: T::AccountId,
		id: DeviceId,
		profile: ProfileId,
	) -> DispatchResult {
		let mut device = Self::owned_device(&who, id)?;
		device.selection = Self::selection_of_profile(profile)?.0;
		device.profile = profile;
		device.batch_key = None;
		device.endorsement = None;
		device.result = None;
		Devices::<T>::insert(id, device);
		Self::deposit_event(Event::ProfileChanged { device: id, profile });
		Ok(())
	}

	pub(crate) fn do_retire_device(who: T::AccountId, id: DeviceId) -> DispatchResult {
		let device = Self::owned_device(&who, id)?;
		Self::remove_device(id, device)
	}

	pub(crate) fn do_dismiss_registration(registrar: T::AccountId, id: DeviceId) -> DispatchResult {
		ensure!(Registrars::<T>::contains_key(&registrar), Error::<T>::NotAccredited);
		let device = Devices::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(!device.was_endorsed, Error::<T>::AlreadyEndorsed);
		Self::remove_device(id, device)
	}

	/// Gives everything back. Only what was the owner's beyond doubt stays bound for ever.
	fn remove_device(id: DeviceId, mut device: DeviceOf<T>) -> DispatchResult {
		Self::close_challenge(id, &mut device)?;
		let returned = device.quote_budget;
		Self::release_budget(&device.owner, returned)?;
		Devices::<T>::remove(id);
		if device.was_endorsed {
			RetiredDevices::<T>::insert(id, ());
		}
		device.ticket.drop(&device.owner)?;
		Self::deposit_event(Event::DeviceRetired { device: id, returned });
		Ok(())
	}

	/// The device, when `who` owns it.
	pub(crate) fn owned_device(who: &T::AccountId, id: DeviceId) -> Result<DeviceOf<T>, Error<T>> {
		let device = Devices::<T>::get(id).ok_or(Error::NotFound)?;
		ensure!(device.owner == *who, Error::NotAuthorized);
		Ok(device)
	}

	fn device_footprint() -> Footprint {
		let size = DeviceOf::<T>::max_encoded_len().saturating_add(KEY_SIZE);
		Footprint::from_parts(1, size)
	}
}

impl<T> From<KeyError> for Error<T> {
	fn from(error: KeyError) -> Self {
		match error {
			KeyError::NotRestricted => Self::AttestationKeyNotRestricted,
			KeyError::Truncated
			| KeyError::TrailingBytes
			| KeyError::OtherAlgorithm
			| KeyError::InvalidPoint => Self::AttestationKeyInvalid,
		}
	}
}
