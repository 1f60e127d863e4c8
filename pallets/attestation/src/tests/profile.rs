use crate::{mock::*, pallet::*, Distrust, ReferenceValuesOf, Trust};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::TokenError;

/// 10, and 1 a byte: 125 of the reference values, 21 of the rest, 64 of the key.
const PROFILE_DEPOSIT: u64 = 220;

#[test]
fn publishing_holds_a_deposit() {
	build_and_execute(|| {
		let id = profile();
		assert_eq!((deposit_of(CITY), free(CITY)), (PROFILE_DEPOSIT, FUNDS - PROFILE_DEPOSIT));
		let stored = Attestation::profile(id).unwrap();
		assert_eq!((stored.publisher, stored.reference_values), (CITY, reference_values()));
		assert_eq!((stored.is_retired, stored.devices), (false, 0));
		assert_eq!(events(), [Event::ProfilePublished { profile: id, publisher: CITY }]);
		assert_eq!(Attestation::profile(H256::zero()), None);
	});
}

fn assert_refused(error: Error<Test>, change: impl FnOnce(&mut ReferenceValuesOf<Test>)) {
	let mut values = reference_values();
	change(&mut values);
	assert_noop!(Attestation::publish_profile(signed(CITY), values), error);
}

#[test]
fn publishing_checks_every_field() {
	build_and_execute(|| {
		assert_refused(Error::InvalidSelection, |values| values.pcrs = Default::default());
		assert_refused(Error::InvalidSelection, |values| values.pcrs[1].index = 0);
		assert_refused(Error::InvalidSelection, |values| values.pcrs[0].index = 9);
		assert_refused(Error::InvalidSelection, |values| values.pcrs[1].index = 24);
		assert_refused(Error::NoValueAllowed, |values| {
			values.pcrs[1].allowed = Default::default();
		});
		assert_refused(Error::InvalidFirmwareRange, |values| {
			values.lowest_firmware = values.highest_firmware + 1;
		});
		for validity in [0, LONGEST + 1, u64::MAX] {
			assert_refused(Error::InvalidPeriod, |values| values.validity = validity);
		}
		profile();
		assert_refused(Error::AlreadyExists, |_| ());
		assert_noop!(
			Attestation::publish_profile(signed(99), reference_values()),
			TokenError::FundsUnavailable
		);
		assert_ok!(Attestation::publish_profile(signed(STRANGER), reference_values()));
	});
}

#[test]
fn the_extremes_are_accepted() {
	build_and_execute(|| {
		let mut values = reference_values();
		values.pcrs[1].index = 23;
		values.lowest_firmware = values.highest_firmware;
		values.validity = LONGEST;
		assert_ok!(Attestation::publish_profile(signed(CITY), values));
	});
}

#[test]
fn an_unused_profile_leaves_when_it_is_retired() {
	build_and_execute(|| {
		let id = profile();
		events();
		let retire = |who| Attestation::retire_profile(signed(who), id);
		assert_noop!(retire(STRANGER), Error::<Test>::NotAuthorized);
		assert_ok!(retire(CITY));
		let expected = [
			Event::ProfileRetired { profile: id },
			Event::ProfileRemoved { profile: id, publisher: CITY },
		];
		assert_eq!(events(), expected);
		assert_eq!((deposit_of(CITY), free(CITY)), (0, FUNDS));
		assert_noop!(retire(CITY), Error::<Test>::NotFound);
	});
}

#[test]
fn a_profile_in_use_stays_until_its_last_device_leaves() {
	with_trusted_device(|id| {
		register(OTHER_DEVICE, OTHER_TPM, id);
		events();
		assert_ok!(Attestation::retire_profile(signed(CITY), id));
		assert_eq!(events(), [Event::ProfileRetired { profile: id }]);
		assert_eq!(deposit_of(CITY), PROFILE_DEPOSIT);
		assert_eq!(trust(), Trust::NotTrusted(Distrust::ProfileRetired));
		assert_noop!(Attestation::retire_profile(signed(CITY), id), Error::<Test>::ProfileRetired);
		let key = attestation_key(3);
		assert_noop!(
			Attestation::register_device(signed(OWNER), H256::zero(), key, id),
			Error::<Test>::ProfileRetired
		);

		assert_ok!(Attestation::retire_device(signed(OWNER), OTHER_DEVICE));
		assert_eq!(deposit_of(CITY), PROFILE_DEPOSIT);
		events();
		assert_ok!(Attestation::retire_device(signed(OWNER), DEVICE));
		assert_eq!(events()[0], Event::ProfileRemoved { profile: id, publisher: CITY });
		assert_eq!((deposit_of(CITY), free(CITY)), (0, FUNDS));
	});
}
