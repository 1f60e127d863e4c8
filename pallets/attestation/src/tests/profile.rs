use crate::{mock::*, pallet::*, Distrust, QuoteRejection, ReferenceValuesOf, Trust};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::TokenError;

/// 10, and 1 a byte: 125 of the reference values, 24 of the rest, 128 of the keys.
const PROFILE_DEPOSIT: u64 = 287;

#[test]
fn publishing_holds_a_deposit() {
	build_and_execute(|| {
		let id = profile();
		assert_eq!((deposit_of(CITY), free(CITY)), (PROFILE_DEPOSIT, FUNDS - PROFILE_DEPOSIT));
		let stored = Attestation::profile(id).unwrap();
		assert_eq!((stored.publisher, stored.published_at), (CITY, now()));
		assert_eq!(Attestation::reference_values(id), Some(reference_values()));
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
fn a_profile_leaves_at_once_when_it_is_retired() {
	with_trusted_device(|id| {
		let retire = |who| Attestation::retire_profile(signed(who), id);
		assert_noop!(retire(STRANGER), Error::<Test>::NotAuthorized);
		assert_ok!(retire(CITY));
		assert_eq!(events(), [Event::ProfileRetired { profile: id }]);
		assert_eq!((deposit_of(CITY), free(CITY)), (0, FUNDS));
		assert_eq!(Attestation::profile(id), None);
		assert_noop!(retire(CITY), Error::<Test>::NotFound);
	});
}

#[test]
fn devices_that_name_a_retired_profile_are_not_trusted_and_show_no_quotes() {
	with_trusted_device(|id| {
		assert_ok!(Attestation::retire_profile(signed(CITY), id));
		assert_eq!(trust(), Trust::NotTrusted(Distrust::ProfileRetired));
		let key = attestation_key(OTHER_TPM);
		assert_noop!(
			Attestation::register_device(signed(OWNER), OTHER_DEVICE, key, id),
			Error::<Test>::NotFound
		);
		run_to(1 + INTERVAL);
		assert_rejected(Evidence::new().call(), QuoteRejection::ProfileRetired);
		assert_ok!(Attestation::retire_device(signed(OWNER), DEVICE));
		assert_eq!(
			events().last(),
			Some(&Event::DeviceRetired { device: DEVICE, returned: BUDGET - FEE })
		);
	});
}

#[test]
fn publishing_again_revives_a_profile_but_no_old_result() {
	with_trusted_device(|id| {
		assert_ok!(Attestation::retire_profile(signed(CITY), id));
		// The same values of somebody else are another profile.
		assert_ok!(Attestation::publish_profile(signed(STRANGER), reference_values()));
		assert_eq!(trust(), Trust::NotTrusted(Distrust::ProfileRetired));
		run_to(1 + INTERVAL);
		assert_eq!(profile(), id);
		assert_eq!(deposit_of(CITY), PROFILE_DEPOSIT);
		assert_eq!(trust(), Trust::NotTrusted(Distrust::NotAppraised));
		assert_ok!(Evidence::new().submit());
		assert!(matches!(trust(), Trust::Trusted { .. }));
	});
}
