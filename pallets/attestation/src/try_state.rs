//! What must hold at every moment.

use crate::{pallet::*, BalanceOf, DeviceOf};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{
	ensure,
	traits::{fungible::InspectHold, Get},
};
use msec_evidence::{AttestationKey, BatchKey, PcrSelection};
use msec_primitives::DatasetInfo;
use sp_runtime::{
	traits::{Saturating, Zero},
	TryRuntimeError,
};

impl<T: Config> Pallet<T> {
	/// Checks registrars, profiles, devices and assignments, and that exactly budgets and bonds are held.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_registrars()?;
		Self::check_profiles()?;
		for (id, device) in Devices::<T>::iter() {
			ensure!(!RetiredDevices::<T>::contains_key(id), "a retired device is registered");
			Self::check_device(&device)?;
		}
		Self::check_assignments()?;
		Self::check_holds()?;
		let (_, quotes) = QuotesInBlock::<T>::get();
		ensure!(quotes <= T::MaxQuotesPerBlock::get(), "a block accepted too many quotes");
		Ok(())
	}

	fn check_registrars() -> Result<(), TryRuntimeError> {
		let accreditations: BTreeSet<_> = Registrars::<T>::iter_values().collect();
		ensure!(
			accreditations.len() == Registrars::<T>::iter_keys().count(),
			"two registrars have one accreditation"
		);
		let next = NextAccreditation::<T>::get();
		ensure!(accreditations.iter().all(|given| *given < next), "an accreditation is not given");
		Ok(())
	}

	fn check_profiles() -> Result<(), TryRuntimeError> {
		let now = frame_system::Pallet::<T>::block_number();
		for (id, profile) in Profiles::<T>::iter() {
			let values = ProfileReferenceValues::<T>::get(id);
			let expected = values.map(|values| Self::profile_id(&profile.publisher, &values));
			ensure!(Some(id) == expected, "a profile has another identifier");
			ensure!(profile.published_at <= now, "a profile is from the future");
		}
		let are_of_profiles =
			ProfileReferenceValues::<T>::iter_keys().all(Profiles::<T>::contains_key);
		ensure!(are_of_profiles, "reference values have no profile");
		Ok(())
	}

	fn check_device(device: &DeviceOf<T>) -> Result<(), TryRuntimeError> {
		let key = AttestationKey::parse(&device.attestation_key);
		ensure!(key.is_ok(), "an attestation key is not one");
		let is_batch_key = device.batch_key.as_ref().is_none_or(|key| BatchKey::parse(key).is_ok());
		ensure!(is_batch_key, "a batch key is not one");
		let selection = PcrSelection(device.selection);
		let shows_others = ProfileReferenceValues::<T>::get(device.profile)
			.is_some_and(|values| values.selection() != Some(selection));
		ensure!(!shows_others, "a device shows other registers than its profile's");
		let next = NextAccreditation::<T>::get();
		let is_endorsed_by_nobody =
			device.endorsement.as_ref().is_some_and(|given| given.accreditation >= next);
		ensure!(!is_endorsed_by_nobody, "an endorsement names no accreditation");
		let is_undated = device.result.is_some() && device.last_quote.is_none();
		ensure!(!is_undated, "a result has no quote");
		Ok(())
	}

	fn check_assignments() -> Result<(), TryRuntimeError> {
		for (dataset, assignment) in Assignments::<T>::iter() {
			let Some(attested) = assignment.attested else { continue };
			ensure!(attested.first_batch < attested.range.batches, "attested batches are none");
			let are_committed = T::Datasets::range(&dataset)
				.is_none_or(|range| attested.range.batches <= range.batches);
			ensure!(are_committed, "there are fewer batches than attested ones");
		}
		Ok(())
	}

	fn check_holds() -> Result<(), TryRuntimeError> {
		let mut budgets = BTreeMap::<T::AccountId, BalanceOf<T>>::new();
		let mut bonds = BTreeMap::<T::AccountId, BalanceOf<T>>::new();
		for device in Devices::<T>::iter_values() {
			let budget = budgets.entry(device.owner).or_insert(Zero::zero());
			*budget = budget.saturating_add(device.quote_budget);
			if let Some(challenge) = device.challenge {
				let bond = bonds.entry(challenge.challenger).or_insert(Zero::zero());
				*bond = bond.saturating_add(challenge.bond);
			}
		}
		for (reason, owed) in
			[(HoldReason::QuoteBudget, budgets), (HoldReason::ChallengeBond, bonds)]
		{
			let reason = reason.into();
			for who in frame_system::Account::<T>::iter_keys() {
				let sum = owed.get(&who).copied().unwrap_or(Zero::zero());
				let held = T::Currency::balance_on_hold(&reason, &who);
				ensure!(held == sum, "what is held differs from budgets and bonds");
			}
		}
		Ok(())
	}
}
