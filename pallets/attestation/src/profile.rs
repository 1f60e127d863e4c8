//! Reference values: published, used, retired.

use crate::{pallet::*, Profile, ProfileId, ProfileOf, ReferenceValuesOf};
use codec::{Encode, MaxEncodedLen};
use frame_support::{
	ensure,
	traits::{Consideration, DefensiveSaturating, Footprint},
};
use msec_evidence::PcrSelection;
use sp_io::hashing::blake2_256;
use sp_runtime::{DispatchError, DispatchResult};

/// What the key of a profile takes, in bytes.
const KEY_SIZE: usize = 64;

impl<T: Config> Pallet<T> {
	/// BLAKE2b-256 of the SCALE encoding of (publisher, reference values).
	pub fn profile_id(publisher: &T::AccountId, values: &ReferenceValuesOf<T>) -> ProfileId {
		(publisher, values).using_encoded(blake2_256).into()
	}

	pub(crate) fn do_publish_profile(
		publisher: T::AccountId,
		reference_values: ReferenceValuesOf<T>,
	) -> DispatchResult {
		Self::check_reference_values(&reference_values)?;
		let id = Self::profile_id(&publisher, &reference_values);
		ensure!(!Profiles::<T>::contains_key(id), Error::<T>::AlreadyExists);
		let footprint = Self::profile_footprint(&reference_values);
		let ticket = T::Consideration::new(&publisher, footprint)?;
		let profile = Profile {
			publisher: publisher.clone(),
			reference_values,
			is_retired: false,
			devices: 0,
			ticket,
		};
		Profiles::<T>::insert(id, profile);
		Self::deposit_event(Event::ProfilePublished { profile: id, publisher });
		Ok(())
	}

	pub(crate) fn do_retire_profile(who: T::AccountId, id: ProfileId) -> DispatchResult {
		let mut profile = Profiles::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(profile.publisher == who, Error::<T>::NotAuthorized);
		ensure!(!profile.is_retired, Error::<T>::ProfileRetired);
		profile.is_retired = true;
		Self::deposit_event(Event::ProfileRetired { profile: id });
		Self::keep_profile_while_needed(id, profile)
	}

	/// Counts a device that is compared with a profile; returns the registers that the profile wants.
	pub(crate) fn use_profile(id: ProfileId) -> Result<PcrSelection, DispatchError> {
		let mut profile = Profiles::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(!profile.is_retired, Error::<T>::ProfileRetired);
		let selection = profile.reference_values.selection().ok_or(Error::<T>::InvalidSelection)?;
		profile.devices = profile.devices.defensive_saturating_add(1);
		Profiles::<T>::insert(id, profile);
		Ok(selection)
	}

	/// Counts a device less.
	pub(crate) fn leave_profile(id: ProfileId) -> DispatchResult {
		let mut profile = Profiles::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		profile.devices = profile.devices.defensive_saturating_sub(1);
		Self::keep_profile_while_needed(id, profile)
	}

	/// Stores a profile, or removes a retired one that no device uses; then the deposit returns.
	fn keep_profile_while_needed(id: ProfileId, profile: ProfileOf<T>) -> DispatchResult {
		if !profile.is_retired || profile.devices > 0 {
			Profiles::<T>::insert(id, profile);
			return Ok(());
		}
		Profiles::<T>::remove(id);
		let publisher = profile.publisher;
		profile.ticket.drop(&publisher)?;
		Self::deposit_event(Event::ProfileRemoved { profile: id, publisher });
		Ok(())
	}

	fn check_reference_values(values: &ReferenceValuesOf<T>) -> Result<(), Error<T>> {
		let ascending = values.pcrs.is_sorted_by(|one, next| one.index < next.index);
		ensure!(ascending && values.selection().is_some(), Error::InvalidSelection);
		let is_matchable = values.pcrs.iter().all(|pcr| !pcr.allowed.is_empty());
		ensure!(is_matchable, Error::NoValueAllowed);
		let has_firmware = values.lowest_firmware <= values.highest_firmware;
		ensure!(has_firmware, Error::InvalidFirmwareRange);
		Self::check_verdict_period(values.validity)
	}

	/// A profile as long as its reference values.
	fn profile_footprint(values: &ReferenceValuesOf<T>) -> Footprint {
		let rest = ProfileOf::<T>::max_encoded_len()
			.saturating_sub(ReferenceValuesOf::<T>::max_encoded_len());
		let size = values.encoded_size().saturating_add(rest);
		Footprint::from_parts(1, size.saturating_add(KEY_SIZE))
	}
}
