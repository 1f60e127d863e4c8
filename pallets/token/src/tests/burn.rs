use crate::{mock::*, BurnReason, Error, Event};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::{DispatchError, TokenError};

#[test]
fn a_holder_burns_and_says_why() {
	ExtBuilder::default().build_and_execute(|| {
		let reasons = [
			BurnReason::Redemption,
			BurnReason::Penalty,
			BurnReason::Correction,
			BurnReason::Other(H256::repeat_byte(1)),
		];
		for reason in reasons {
			System::reset_events();
			assert_ok!(Token::burn(RuntimeOrigin::signed(ALICE), 100, reason));
			assert_eq!(token_events(), [Event::Burned { who: ALICE, amount: 100, reason }]);
		}
		assert_eq!(Balances::free_balance(ALICE), ENDOWMENT - 400);
		assert_eq!(Balances::total_issuance(), 3 * ENDOWMENT - 400);
	});
}

#[test]
fn nothing_is_not_burned() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Token::burn(RuntimeOrigin::signed(ALICE), 0, BurnReason::Penalty),
			Error::<Test>::ZeroAmount
		);
	});
}

#[test]
fn nobody_burns_more_than_he_has() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Token::burn(RuntimeOrigin::signed(ALICE), ENDOWMENT + 1, BurnReason::Penalty),
			TokenError::FundsUnavailable
		);
		assert_noop!(
			Token::burn(RuntimeOrigin::none(), 1, BurnReason::Penalty),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn what_is_on_hold_cannot_be_burned() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 1, 10));
		let free = ENDOWMENT - APPROVAL_DEPOSIT;
		assert_noop!(
			Token::burn(RuntimeOrigin::signed(ALICE), free, BurnReason::Redemption),
			TokenError::FundsUnavailable
		);
		let spendable = free - EXISTENTIAL_DEPOSIT;
		assert_ok!(Token::burn(RuntimeOrigin::signed(ALICE), spendable, BurnReason::Redemption));
		assert_eq!(Balances::free_balance(ALICE), EXISTENTIAL_DEPOSIT);
		assert_eq!(deposit_of(ALICE), APPROVAL_DEPOSIT);
	});
}

#[test]
fn a_remainder_below_the_existential_deposit_is_lost() {
	ExtBuilder::default().build_and_execute(|| {
		let amount = ENDOWMENT - EXISTENTIAL_DEPOSIT + 1;
		assert_ok!(Token::burn(RuntimeOrigin::signed(ALICE), amount, BurnReason::Redemption));
		assert_eq!(Balances::free_balance(ALICE), 0);
		assert_eq!(Balances::total_issuance(), 2 * ENDOWMENT);
	});
}
