use crate::{mock::*, pallet::*, AttestedBatches};
use frame_support::assert_ok;
use sp_core::H256;

/// A device that is sound but for what `spoil` does must be found.
fn assert_found(message: &'static str, spoil: impl FnOnce(H256)) {
	build().execute_with(|| {
		let profile = device();
		assert_ok!(Attestation::do_try_state());
		spoil(profile);
		assert_eq!(Attestation::do_try_state(), Err(message.into()));
	});
}

fn change_device(change: impl FnOnce(&mut crate::DeviceOf<Test>)) {
	Devices::<Test>::mutate(DEVICE, |device| change(device.as_mut().unwrap()));
}

#[test]
fn unsound_registrars_are_found() {
	assert_found("two registrars have one accreditation", |_| {
		Registrars::<Test>::insert(STRANGER, 0);
	});
	assert_found("an accreditation is not given", |_| {
		Registrars::<Test>::insert(STRANGER, 1);
	});
}

#[test]
fn unsound_profiles_are_found() {
	assert_found("a profile has another identifier", |id| {
		Profiles::<Test>::mutate(id, |profile| profile.as_mut().unwrap().publisher = STRANGER);
	});
	assert_found("a profile has another identifier", |id| {
		ProfileReferenceValues::<Test>::remove(id);
	});
	assert_found("reference values have no profile", |_| {
		ProfileReferenceValues::<Test>::insert(H256::zero(), reference_values());
	});
	assert_found("a profile is from the future", |id| {
		Profiles::<Test>::mutate(id, |profile| profile.as_mut().unwrap().published_at = 2);
	});
}

#[test]
fn unsound_devices_are_found() {
	assert_found("a retired device is registered", |_| {
		RetiredDevices::<Test>::insert(DEVICE, ());
	});
	assert_found("an attestation key is not one", |_| {
		change_device(|device| device.attestation_key[17] ^= 1);
	});
	assert_found("a batch key is not one", |_| {
		change_device(|device| device.batch_key = Some(device.attestation_key.clone()));
	});
	assert_found("a device shows other registers than its profile's", |_| {
		change_device(|device| device.selection = 1);
	});
	assert_found("an endorsement names no accreditation", |_| {
		change_device(|device| device.endorsement.as_mut().unwrap().accreditation = 1);
	});
	assert_found("a result has no quote", |_| {
		assert_ok!(Evidence::new().submit());
		change_device(|device| device.last_quote = None);
	});
}

#[test]
fn unsound_attested_batches_are_found() {
	let attested = |first_batch, batches| {
		let range = range(batches);
		assert_ok!(Attestation::assign_dataset(signed(OWNER), DEVICE, AIR));
		Assignments::<Test>::mutate(AIR, |assignment| {
			let attested = AttestedBatches { first_batch, range, attested_at: 1 };
			assignment.as_mut().unwrap().attested = Some(attested);
		});
	};
	assert_found("attested batches are none", |_| attested(0, 0));
	assert_found("there are fewer batches than attested ones", |_| attested(0, 1));
}

#[test]
fn unsound_amounts_are_found() {
	let message = "what is held differs from budgets and bonds";
	assert_found(message, |_| change_device(|device| device.quote_budget += 1));
	assert_found(message, |_| {
		assert_ok!(Evidence::new().submit());
		assert_ok!(Attestation::challenge(signed(STRANGER), DEVICE));
		change_device(|device| device.challenge.as_mut().unwrap().bond += 1);
	});
	assert_found("a block accepted too many quotes", |_| {
		QuotesInBlock::<Test>::put((1, PER_BLOCK + 1));
	});
}
