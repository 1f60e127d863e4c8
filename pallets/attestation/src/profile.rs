//! Reference values: published, retired.

use crate::{pallet::*, Profile, ProfileId, ProfileOf, ReferenceValuesOf};
use codec::{Encode, MaxEncodedLen};
use frame_support::{
	ensure,
	traits::{Consideration, Footprint},
};
use msec_evidence::PcrSelection;
use sp_io::hashing::blake2_256;
use sp_runtime::DispatchResult;

/// What the keys of a profile and of its reference values take, in bytes.
const KEYS_SIZE: usize = 128;

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
			published_at: frame_system::Pallet::<T>::block_number(),
			ticket,
		};
		Profiles::<T>::insert(id, profile);
		ProfileReferenceValues::<T>::insert(id, reference_values);
		Self::deposit_event(Event::ProfilePublished { profile: id, publisher });
		Ok(())
	}

	pub(crate) fn do_retire_profile(who: T::AccountId, id: ProfileId) -> DispatchResult {
		let profile = Profiles::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(profile.publisher == who, Error::<T>::NotAuthorized);
		Profiles::<T>::remove(id);
		ProfileReferenceValues::<T>::remove(id);
		profile.ticket.drop(&who)?;
		Self::deposit_event(Event::ProfileRetired { profile: id });
		Ok(())
	}

	/// The registers that a profile wants.
	pub(crate) fn selection_of_profile(id: ProfileId) -> Result<PcrSelection, Error<T>> {
		let values = ProfileReferenceValues::<T>::get(id).ok_or(Error::NotFound)?;
		values.selection().ok_or(Error::InvalidSelection)
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

	/// A profile and its reference values, as long as they are.
	fn profile_footprint(values: &ReferenceValuesOf<T>) -> Footprint {
		let size = values.encoded_size().saturating_add(ProfileOf::<T>::max_encoded_len());
		Footprint::from_parts(1, size.saturating_add(KEYS_SIZE))
	}
}
