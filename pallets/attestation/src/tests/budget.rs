use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

#[test]
fn the_owner_funds_and_withdraws() {
	with_device(|_| {
		assert_eq!(held(HoldReason::QuoteBudget, OWNER), BUDGET);
		assert_ok!(Attestation::fund_quotes(signed(OWNER), DEVICE, 30));
		assert_ok!(Attestation::withdraw_quote_budget(signed(OWNER), DEVICE, 50));
		assert_eq!(held(HoldReason::QuoteBudget, OWNER), BUDGET - 20);
		assert_eq!(Attestation::device(DEVICE).unwrap().quote_budget, BUDGET - 20);
		let expected = [
			Event::QuotesFunded { device: DEVICE, amount: 30 },
			Event::QuoteBudgetWithdrawn { device: DEVICE, amount: 50 },
		];
		assert_eq!(events(), expected);
		let rest = BUDGET - 20;
		assert_ok!(Attestation::withdraw_quote_budget(signed(OWNER), DEVICE, rest));
		assert_eq!(held(HoldReason::QuoteBudget, OWNER), 0);
	});
}

#[test]
fn nobody_else_does() {
	with_device(|_| {
		assert_noop!(
			Attestation::fund_quotes(signed(STRANGER), DEVICE, 1),
			Error::<Test>::NotAuthorized
		);
		assert_noop!(
			Attestation::withdraw_quote_budget(signed(STRANGER), DEVICE, 1),
			Error::<Test>::NotAuthorized
		);
		assert_noop!(
			Attestation::fund_quotes(signed(OWNER), OTHER_DEVICE, 1),
			Error::<Test>::NotFound
		);
		assert_noop!(
			Attestation::withdraw_quote_budget(signed(OWNER), OTHER_DEVICE, 1),
			Error::<Test>::NotFound
		);
	});
}

#[test]
fn there_is_no_more_than_there_is() {
	with_device(|profile| {
		assert_noop!(
			Attestation::fund_quotes(signed(OWNER), DEVICE, FUNDS),
			TokenError::FundsUnavailable
		);
		assert_noop!(
			Attestation::fund_quotes(signed(OWNER), DEVICE, u64::MAX),
			TokenError::FundsUnavailable
		);
		register(OTHER_DEVICE, OTHER_TPM, profile);
		fund(OTHER_DEVICE);
		assert_noop!(
			Attestation::withdraw_quote_budget(signed(OWNER), DEVICE, BUDGET + 1),
			Error::<Test>::QuoteBudgetTooLow
		);
	});
}
