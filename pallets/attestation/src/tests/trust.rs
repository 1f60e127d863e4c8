use crate::{mock::*, Distrust, Trust};
use frame_support::assert_ok;

fn assert_distrusted(reason: Distrust) {
	assert_eq!(trust(), Trust::NotTrusted(reason));
}

#[test]
fn each_condition_is_needed() {
	build_and_execute(|| {
		assert_distrusted(Distrust::NotFound);
		let profile = profile();
		register(DEVICE, TPM, profile);
		fund(DEVICE);
		assert_distrusted(Distrust::NotEndorsed);
		accredit();
		endorse(DEVICE, profile);
		assert_distrusted(Distrust::NotAppraised);
		assert_ok!(Evidence::new().submit());
		assert_eq!(trust(), Trust::Trusted { appraised_at: 1, valid_until: 1 + VALIDITY });
	});
}

#[test]
fn trust_ends_with_its_last_block() {
	with_trusted_device(|_| {
		run_to(1 + VALIDITY);
		assert!(matches!(trust(), Trust::Trusted { .. }));
		run_to(1 + VALIDITY + 1);
		assert_distrusted(Distrust::Expired);
	});
}

#[test]
fn a_renewed_quote_prolongs_it() {
	with_trusted_device(|_| {
		run_to(VALIDITY);
		assert_ok!(Evidence::new().submit());
		run_to(1 + VALIDITY + 1);
		let valid_until = 2 * VALIDITY;
		assert_eq!(trust(), Trust::Trusted { appraised_at: VALIDITY, valid_until });
	});
}

#[test]
fn losing_a_budget_does_not_end_it_at_once() {
	with_trusted_device(|_| {
		let rest = BUDGET - FEE;
		assert_ok!(Attestation::withdraw_quote_budget(signed(OWNER), DEVICE, rest));
		assert!(matches!(trust(), Trust::Trusted { .. }));
	});
}
