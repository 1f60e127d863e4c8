use crate::{mock::*, pallet::*, ChallengeOutcome, Contraindication, Distrust, Trust};
use frame_support::{assert_noop, assert_ok, pallet_prelude::Pays};
use sp_runtime::TokenError;

/// The block of the challenge, after which the device may show another quote.
const AT: u64 = 1 + INTERVAL;

fn challenge() {
	run_to(AT);
	assert_ok!(Attestation::challenge(signed(STRANGER), DEVICE));
	events();
}

fn settle() -> frame_support::dispatch::DispatchResultWithPostInfo {
	Attestation::settle_challenge(signed(CITY), DEVICE)
}

fn is_trusted() -> bool {
	matches!(trust(), Trust::Trusted { .. })
}

#[test]
fn challenging_holds_a_bond() {
	with_trusted_device(|_| {
		run_to(AT);
		assert_ok!(Attestation::challenge(signed(STRANGER), DEVICE));
		assert_eq!(held(HoldReason::ChallengeBond, STRANGER), BOND);
		let (challenger, bond, answer_by) = (STRANGER, BOND, AT + ANSWER);
		let challenged = Event::Challenged { device: DEVICE, challenger, bond, answer_by };
		assert_eq!(events(), [challenged]);
		assert!(is_trusted());
	});
}

#[test]
fn only_trusted_devices_of_others_are_challenged_once() {
	with_device(|_| {
		let challenge = |who, device| Attestation::challenge(signed(who), device);
		assert_noop!(challenge(STRANGER, OTHER_DEVICE), Error::<Test>::NotFound);
		assert_noop!(challenge(STRANGER, DEVICE), Error::<Test>::NotTrusted);
		assert_ok!(Evidence::new().submit());
		assert_noop!(challenge(OWNER, DEVICE), Error::<Test>::OwnDevice);
		assert_noop!(challenge(99, DEVICE), TokenError::FundsUnavailable);
		assert_ok!(challenge(STRANGER, DEVICE));
		assert_noop!(challenge(CITY, DEVICE), Error::<Test>::AlreadyChallenged);
		run_to(1 + ANSWER + 1);
		assert_noop!(challenge(CITY, DEVICE), Error::<Test>::AlreadyChallenged);
	});
}

#[test]
fn an_answer_earns_the_bond() {
	with_trusted_device(|_| {
		challenge();
		run_to(AT + 1);
		assert_ok!(Evidence::new().submit());
		assert_eq!(events()[1], Event::ChallengeAnswered { device: DEVICE });
		let before = free(OWNER);
		let post = settle().unwrap();
		assert_eq!(post.pays_fee, Pays::No);
		assert_eq!((free(OWNER), free(STRANGER)), (before + BOND, FUNDS - BOND));
		assert_eq!(held(HoldReason::ChallengeBond, STRANGER), 0);
		let outcome = ChallengeOutcome::Answered;
		assert_eq!(events(), [Event::ChallengeSettled { device: DEVICE, outcome, bond: BOND }]);
		assert!(is_trusted());
		assert_noop!(settle(), Error::<Test>::NotChallenged);
		assert_ok!(Attestation::challenge(signed(STRANGER), DEVICE));
	});
}

#[test]
fn a_quote_that_speaks_against_the_device_is_no_answer() {
	with_trusted_device(|_| {
		challenge();
		run_to(AT + 1);
		assert_ok!(Evidence::new().but(|evidence| evidence.firmware = 0).submit());
		assert!(!events().contains(&Event::ChallengeAnswered { device: DEVICE }));
		assert!(!is_trusted());
		assert_noop!(settle(), Error::<Test>::TooEarly);
		run_to(AT + ANSWER + 1);
		let before = free(OWNER);
		assert_ok!(settle());
		assert_eq!((free(OWNER), free(STRANGER)), (before, FUNDS));
		let reason = Contraindication::FirmwareNotAllowed;
		assert_eq!(trust(), Trust::NotTrusted(Distrust::Contraindicated(reason)));
	});
}

#[test]
fn quotes_from_before_the_challenge_are_no_answer() {
	with_trusted_device(|_| {
		challenge();
		run_to(AT + 1);
		assert_ok!(Evidence::new().bound_to(AT - 1).submit());
		assert!(!events().contains(&Event::ChallengeAnswered { device: DEVICE }));
		assert_noop!(settle(), Error::<Test>::TooEarly);
		run_to(AT + ANSWER + 1);
		assert_eq!(trust(), Trust::NotTrusted(Distrust::ChallengeUnanswered));
	});
}

#[test]
fn the_block_of_the_challenge_is_late_enough() {
	with_trusted_device(|_| {
		challenge();
		run_to(AT + 1);
		assert_ok!(Evidence::new().bound_to(AT).submit());
		assert!(events().contains(&Event::ChallengeAnswered { device: DEVICE }));
	});
}

#[test]
fn the_last_block_for_an_answer_counts() {
	with_trusted_device(|_| {
		challenge();
		run_to(AT + ANSWER);
		assert!(is_trusted());
		assert_noop!(settle(), Error::<Test>::TooEarly);
		assert_ok!(Evidence::new().submit());
		run_to(AT + ANSWER + 1);
		assert!(is_trusted());
		assert_ok!(settle());
		assert_eq!(free(STRANGER), FUNDS - BOND);
	});
}

#[test]
fn silence_ends_the_trust_before_anybody_settles() {
	with_trusted_device(|_| {
		challenge();
		run_to(AT + ANSWER + 1);
		assert_eq!(trust(), Trust::NotTrusted(Distrust::ChallengeUnanswered));
		assert_ok!(settle());
		assert_eq!((free(STRANGER), held(HoldReason::ChallengeBond, STRANGER)), (FUNDS, 0));
		let outcome = ChallengeOutcome::Unanswered;
		assert_eq!(events(), [Event::ChallengeSettled { device: DEVICE, outcome, bond: BOND }]);
		assert_eq!(trust(), Trust::NotTrusted(Distrust::Expired));
	});
}

#[test]
fn a_late_quote_makes_new_trust_and_no_answer() {
	with_trusted_device(|_| {
		challenge();
		run_to(AT + ANSWER + 1);
		assert_ok!(Evidence::new().submit());
		assert!(!events().contains(&Event::ChallengeAnswered { device: DEVICE }));
		assert!(is_trusted());
		assert_ok!(settle());
		assert_eq!(free(STRANGER), FUNDS);
		assert!(is_trusted());
	});
}

#[test]
fn a_second_quote_answers_nothing_more() {
	with_trusted_device(|_| {
		challenge();
		run_to(AT + 1);
		assert_ok!(Evidence::new().submit());
		events();
		run_to(AT + 1 + INTERVAL);
		assert_ok!(Evidence::new().submit());
		assert_eq!(events().len(), 1);
	});
}

#[test]
fn retiring_does_not_keep_the_bond() {
	with_trusted_device(|_| {
		challenge();
		assert_ok!(Attestation::retire_device(signed(OWNER), DEVICE));
		assert_eq!((free(STRANGER), free(OWNER)), (FUNDS, FUNDS - FEE));
		let outcome = ChallengeOutcome::Unanswered;
		let expected = [
			Event::ChallengeSettled { device: DEVICE, outcome, bond: BOND },
			Event::DeviceRetired { device: DEVICE, returned: BUDGET - FEE },
		];
		assert_eq!(events(), expected);
		assert_noop!(settle(), Error::<Test>::NotFound);
	});
}

#[test]
fn retiring_after_an_answer_keeps_it() {
	with_trusted_device(|_| {
		challenge();
		run_to(AT + 1);
		assert_ok!(Evidence::new().submit());
		assert_ok!(Attestation::retire_device(signed(OWNER), DEVICE));
		assert_eq!((free(STRANGER), free(OWNER)), (FUNDS - BOND, FUNDS - 2 * FEE + BOND));
	});
}
