use crate::{mock::*, pallet::*, Distrust, LogTier, LogVerdict, Trust};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::traits::BadOrigin;

const FOUND: LogVerdict = LogVerdict { boot: LogTier::Affirming, ima: LogTier::Contraindicated };

#[test]
fn the_authorized_origin_accredits_and_revokes() {
	build_and_execute(|| {
		let root = RuntimeOrigin::root;
		assert_noop!(Attestation::accredit_registrar(signed(CITY), REGISTRAR), BadOrigin);
		assert_noop!(
			Attestation::revoke_registrar(root(), REGISTRAR),
			Error::<Test>::NotAccredited
		);
		assert_ok!(Attestation::accredit_registrar(root(), REGISTRAR));
		assert_noop!(
			Attestation::accredit_registrar(root(), REGISTRAR),
			Error::<Test>::AlreadyAccredited
		);
		assert_noop!(Attestation::revoke_registrar(signed(REGISTRAR), REGISTRAR), BadOrigin);
		assert_ok!(Attestation::revoke_registrar(root(), REGISTRAR));
		assert_ok!(Attestation::accredit_registrar(root(), REGISTRAR));
		let (registrar, revoked) = (REGISTRAR, 0);
		let expected = [
			Event::RegistrarAccredited { registrar, accreditation: revoked },
			Event::RegistrarRevoked { registrar, accreditation: revoked },
			Event::RegistrarAccredited { registrar, accreditation: 1 },
		];
		assert_eq!(events(), expected);
	});
}

#[test]
fn a_registrar_endorses_what_it_has_seen() {
	build_and_execute(|| {
		let profile = profile();
		register(DEVICE, TPM, profile);
		let endorse = |who, profile| Attestation::endorse(signed(who), DEVICE, profile);
		assert_noop!(endorse(REGISTRAR, profile), Error::<Test>::NotAccredited);
		accredit();
		events();
		assert_noop!(endorse(STRANGER, profile), Error::<Test>::NotAccredited);
		assert_noop!(endorse(REGISTRAR, H256::zero()), Error::<Test>::OtherProfile);
		assert_noop!(
			Attestation::endorse(signed(REGISTRAR), OTHER_DEVICE, profile),
			Error::<Test>::NotFound
		);
		assert_ok!(endorse(REGISTRAR, profile));
		let endorsed = Event::DeviceEndorsed { device: DEVICE, registrar: REGISTRAR, profile };
		assert_eq!(events(), [endorsed]);
		let endorsement = Attestation::device(DEVICE).unwrap().endorsement.unwrap();
		assert_eq!((endorsement.registrar, endorsement.accreditation), (REGISTRAR, 0));
		assert_eq!(endorsement.logs, None);
	});
}

#[test]
fn what_a_revoked_registrar_endorsed_is_void_for_ever() {
	with_trusted_device(|profile| {
		assert!(matches!(trust(), Trust::Trusted { .. }));
		assert_ok!(Attestation::revoke_registrar(RuntimeOrigin::root(), REGISTRAR));
		assert_eq!(trust(), Trust::NotTrusted(Distrust::RegistrarRevoked));
		accredit();
		assert_eq!(trust(), Trust::NotTrusted(Distrust::RegistrarRevoked));
		endorse(DEVICE, profile);
		assert!(matches!(trust(), Trust::Trusted { .. }));
	});
}

#[test]
fn a_registrar_states_what_it_thinks_of_logs() {
	with_trusted_device(|_| {
		let state = |who, until| Attestation::state_log_verdict(signed(who), DEVICE, FOUND, until);
		let before = trust();
		for until in [now() + LONGEST + 1, u64::MAX] {
			assert_noop!(state(REGISTRAR, until), Error::<Test>::InvalidPeriod);
		}
		assert_noop!(state(STRANGER, 1), Error::<Test>::NotAuthorized);
		assert_noop!(
			Attestation::state_log_verdict(signed(REGISTRAR), OTHER_DEVICE, FOUND, 1),
			Error::<Test>::NotFound
		);
		assert_ok!(state(REGISTRAR, now() + LONGEST));
		let (device, registrar, valid_until) = (DEVICE, REGISTRAR, now() + LONGEST);
		let stated = Event::LogVerdictStated { device, registrar, verdict: FOUND, valid_until };
		assert_eq!(events(), [stated]);
		let logs = Attestation::device(DEVICE).unwrap().endorsement.unwrap().logs.unwrap();
		assert_eq!((logs.verdict, logs.stated_at, logs.valid_until), (FOUND, 1, valid_until));
		assert_eq!(trust(), before);
	});
}

#[test]
fn a_statement_that_waited_becomes_no_younger() {
	with_trusted_device(|_| {
		let state = |until| Attestation::state_log_verdict(signed(REGISTRAR), DEVICE, FOUND, until);
		run_to(30);
		assert_noop!(state(29), Error::<Test>::StatementExpired);
		assert_noop!(state(0), Error::<Test>::StatementExpired);
		assert_ok!(state(30));
		let logs = || Attestation::device(DEVICE).unwrap().endorsement.unwrap().logs.unwrap();
		assert_eq!((logs().stated_at, logs().valid_until), (30, 30));
	});
}

#[test]
fn a_statement_about_nothing_replaces_none() {
	with_trusted_device(|_| {
		let state =
			|verdict| Attestation::state_log_verdict(signed(REGISTRAR), DEVICE, verdict, now() + 1);
		assert_ok!(state(FOUND));
		assert_noop!(state(LogVerdict::default()), Error::<Test>::NothingAppraised);
		let affirmed = LogVerdict { boot: LogTier::Affirming, ..LogVerdict::default() };
		assert_ok!(state(affirmed));
	});
}

#[test]
fn only_a_current_endorsement_lets_a_registrar_speak_of_logs() {
	build_and_execute(|| {
		let profile = profile();
		register(DEVICE, TPM, profile);
		accredit();
		let state = || Attestation::state_log_verdict(signed(REGISTRAR), DEVICE, FOUND, 1);
		assert_noop!(state(), Error::<Test>::NotAuthorized);
		endorse(DEVICE, profile);
		assert_ok!(state());
		assert_ok!(Attestation::revoke_registrar(RuntimeOrigin::root(), REGISTRAR));
		assert_noop!(state(), Error::<Test>::NotAccredited);
		accredit();
		assert_noop!(state(), Error::<Test>::NotAccredited);
		endorse(DEVICE, profile);
		assert_eq!(Attestation::device(DEVICE).unwrap().endorsement.unwrap().logs, None);
		assert_ok!(state());
	});
}
