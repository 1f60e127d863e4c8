use crate::{mock::*, pallet::*, Contraindication, Distrust, Trust, TrustTier};
use frame_support::{assert_noop, assert_ok};
use msec_evidence::software_tpm::{SoftwareTpm, ATTESTATION_KEY_ATTRIBUTES};
use sp_core::H256;
use sp_runtime::TokenError;

/// 10, and 1 a byte: 475 of the device, 80 of the key.
const DEVICE_DEPOSIT: u64 = 565;

#[test]
fn registering_holds_a_deposit() {
	build_and_execute(|| {
		let profile = profile();
		events();
		register(DEVICE, TPM, profile);
		assert_eq!((deposit_of(OWNER), free(OWNER)), (DEVICE_DEPOSIT, FUNDS - DEVICE_DEPOSIT));
		let stored = Attestation::device(DEVICE).unwrap();
		assert_eq!((stored.owner, stored.profile), (OWNER, profile));
		assert_eq!((stored.attestation_key, stored.selection), (attestation_key(TPM), 0x101));
		assert_eq!((stored.endorsement, stored.result), (None, None));
		let registered = Event::DeviceRegistered { device: DEVICE, owner: OWNER, profile };
		assert_eq!(events(), [registered]);
	});
}

#[test]
fn a_device_is_bound_to_its_owner_for_ever() {
	with_device(|profile| {
		let register = |who| {
			let key = attestation_key(OTHER_TPM);
			Attestation::register_device(signed(who), DEVICE, key, profile)
		};
		for who in [OWNER, STRANGER] {
			assert_noop!(register(who), Error::<Test>::DeviceAlreadyRegistered);
		}
		assert_ok!(Attestation::retire_device(signed(OWNER), DEVICE));
		for who in [OWNER, STRANGER] {
			assert_noop!(register(who), Error::<Test>::DeviceAlreadyRegistered);
		}
	});
}

#[test]
fn a_device_that_was_never_endorsed_is_free_again() {
	build_and_execute(|| {
		let profile = profile();
		register(DEVICE, TPM, profile);
		assert_ok!(Attestation::retire_device(signed(OWNER), DEVICE));
		assert_eq!(trust(), Trust::NotTrusted(Distrust::NotFound));
		let key = attestation_key(TPM);
		assert_ok!(Attestation::register_device(signed(STRANGER), DEVICE, key, profile));
		assert_eq!(Attestation::device(DEVICE).unwrap().owner, STRANGER);
	});
}

#[test]
fn a_registrar_dismisses_what_nobody_endorses() {
	build_and_execute(|| {
		let profile = profile();
		register(DEVICE, TPM, profile);
		fund(DEVICE);
		let dismiss = |who| Attestation::dismiss_registration(signed(who), DEVICE);
		assert_noop!(dismiss(REGISTRAR), Error::<Test>::NotAccredited);
		accredit();
		assert_noop!(
			Attestation::dismiss_registration(signed(REGISTRAR), OTHER_DEVICE),
			Error::<Test>::NotFound
		);
		events();
		assert_ok!(dismiss(REGISTRAR));
		assert_eq!(events(), [Event::DeviceRetired { device: DEVICE, returned: BUDGET }]);
		assert_eq!(free(OWNER), FUNDS);
		register(DEVICE, TPM, profile);
		endorse(DEVICE, profile);
		assert_noop!(dismiss(REGISTRAR), Error::<Test>::AlreadyEndorsed);
		assert_ok!(Attestation::change_profile(signed(OWNER), DEVICE, profile));
		assert_noop!(dismiss(REGISTRAR), Error::<Test>::AlreadyEndorsed);
	});
}

#[test]
fn only_restricted_keys_of_the_tpm_attest() {
	build_and_execute(|| {
		let profile = profile();
		let register = |key: Vec<u8>| {
			let key = key.try_into().unwrap();
			Attestation::register_device(signed(OWNER), DEVICE, key, profile)
		};
		let tpm = SoftwareTpm::new(TPM);
		let unrestricted = tpm.public_area(ATTESTATION_KEY_ATTRIBUTES & !(1 << 16));
		assert_noop!(register(unrestricted), Error::<Test>::AttestationKeyNotRestricted);
		let mut cut = tpm.attestation_key();
		cut.pop();
		let mut of_other_curve = tpm.attestation_key();
		of_other_curve[17] = 4;
		let longer = [tpm.attestation_key(), vec![0]].concat();
		let mut beside_the_curve = tpm.attestation_key();
		beside_the_curve[87] ^= 1;
		for key in [vec![], cut, of_other_curve, longer, beside_the_curve, vec![0xff; 128]] {
			assert_noop!(register(key), Error::<Test>::AttestationKeyInvalid);
		}
	});
}

#[test]
fn registering_needs_a_profile_and_funds() {
	build_and_execute(|| {
		let profile = profile();
		let register = |who, profile| {
			Attestation::register_device(signed(who), DEVICE, attestation_key(TPM), profile)
		};
		assert_noop!(register(OWNER, H256::zero()), Error::<Test>::NotFound);
		assert_noop!(register(99, profile), TokenError::FundsUnavailable);
	});
}

#[test]
fn retiring_returns_deposit_and_budget() {
	with_trusted_device(|_| {
		assert_noop!(
			Attestation::retire_device(signed(STRANGER), DEVICE),
			Error::<Test>::NotAuthorized
		);
		assert_ok!(Attestation::retire_device(signed(OWNER), DEVICE));
		let returned = BUDGET - FEE;
		assert_eq!(events(), [Event::DeviceRetired { device: DEVICE, returned }]);
		assert_eq!(free(OWNER), FUNDS - FEE);
		assert_eq!((deposit_of(OWNER), held(HoldReason::QuoteBudget, OWNER)), (0, 0));
		assert_eq!(Attestation::device(DEVICE), None);
		assert_eq!(trust(), Trust::NotTrusted(Distrust::Retired));
		assert_noop!(Attestation::retire_device(signed(OWNER), DEVICE), Error::<Test>::NotFound);
	});
}

#[test]
fn a_new_profile_needs_a_new_endorsement_and_a_new_quote() {
	with_trusted_device(|old| {
		let mut values = reference_values();
		values.pcrs = [allowed(8, &[RENEWED_KERNEL])].to_vec().try_into().unwrap();
		assert_ok!(Attestation::publish_profile(signed(CITY), values.clone()));
		let new = Attestation::profile_id(&CITY, &values);
		events();
		let change = |who, profile| Attestation::change_profile(signed(who), DEVICE, profile);
		assert_noop!(change(STRANGER, new), Error::<Test>::NotAuthorized);
		assert_noop!(change(OWNER, H256::zero()), Error::<Test>::NotFound);
		let unknown = Attestation::change_profile(signed(OWNER), OTHER_DEVICE, new);
		assert_eq!(unknown, Err(Error::<Test>::NotFound.into()));
		assert_ok!(change(OWNER, new));
		assert_eq!(events(), [Event::ProfileChanged { device: DEVICE, profile: new }]);
		assert_eq!(Attestation::device(DEVICE).unwrap().profile, new);
		assert_eq!(trust(), Trust::NotTrusted(Distrust::NotEndorsed));

		assert_noop!(
			Attestation::endorse(signed(REGISTRAR), DEVICE, old),
			Error::<Test>::OtherProfile
		);
		endorse(DEVICE, new);
		assert_eq!(trust(), Trust::NotTrusted(Distrust::NotAppraised));
		run_to(1 + INTERVAL);
		let evidence = Evidence::new().but(|evidence| {
			evidence.selection = msec_evidence::PcrSelection::of([8]).unwrap();
			evidence.pcr_values = [RENEWED_KERNEL].into();
		});
		assert_ok!(evidence.submit());
		assert!(matches!(trust(), Trust::Trusted { .. }));
	});
}

#[test]
fn changing_to_the_same_profile_changes_nothing_but_the_trust() {
	with_trusted_device(|profile| {
		let change = || Attestation::change_profile(signed(OWNER), DEVICE, profile);
		assert_ok!(change());
		assert_eq!(trust(), Trust::NotTrusted(Distrust::NotEndorsed));
		assert_ok!(Attestation::retire_profile(signed(CITY), profile));
		assert_noop!(change(), Error::<Test>::NotFound);
	});
}

#[test]
fn a_device_whose_profile_was_retired_gets_another() {
	with_trusted_device(|old| {
		assert_ok!(Attestation::publish_profile(signed(STRANGER), reference_values()));
		let new = Attestation::profile_id(&STRANGER, &reference_values());
		assert_ok!(Attestation::retire_profile(signed(CITY), old));
		events();
		assert_ok!(Attestation::change_profile(signed(OWNER), DEVICE, new));
		assert_eq!(events(), [Event::ProfileChanged { device: DEVICE, profile: new }]);
		endorse(DEVICE, new);
		run_to(1 + INTERVAL);
		assert_ok!(Evidence::new().submit());
		assert!(matches!(trust(), Trust::Trusted { .. }));
	});
}

#[test]
fn a_new_endorsement_lets_the_counters_begin_anew() {
	with_device(|profile| {
		assert_ok!(Evidence::new().but(|evidence| evidence.counters = (7, 0, 1)).submit());
		run_to(1 + INTERVAL);
		let cleared = || Evidence::new().but(|evidence| evidence.counters = (0, 0, 1));
		assert_ok!(cleared().submit());
		let reason = Contraindication::ClockWentBack;
		assert_eq!(trust(), Trust::NotTrusted(Distrust::Contraindicated(reason)));
		endorse(DEVICE, profile);
		run_to(1 + 2 * INTERVAL);
		assert_ok!(cleared().submit());
		assert_eq!(Attestation::device(DEVICE).unwrap().result.unwrap().tier, TrustTier::Affirming);
	});
}
