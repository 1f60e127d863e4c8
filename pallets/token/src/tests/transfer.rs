use super::REFERENCE;
use crate::{mock::*, Error, Event};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};

#[test]
fn a_transfer_carries_a_reference() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::transfer_with_reference(
			RuntimeOrigin::signed(ALICE),
			NEWCOMER,
			250,
			REFERENCE
		));
		assert_eq!(Balances::free_balance(ALICE), ENDOWMENT - 250);
		assert_eq!(Balances::free_balance(NEWCOMER), 250);
		let transferred =
			Event::Transferred { from: ALICE, to: NEWCOMER, amount: 250, reference: REFERENCE };
		assert_eq!(token_events(), [transferred]);
	});
}

#[test]
fn impossible_transfers_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let transfer =
			|origin, dest, amount| Token::transfer_with_reference(origin, dest, amount, REFERENCE);
		let alice = RuntimeOrigin::signed(ALICE);
		assert_noop!(transfer(alice.clone(), BOB, 0), Error::<Test>::ZeroAmount);
		assert_noop!(transfer(alice.clone(), BOB, ENDOWMENT + 1), TokenError::FundsUnavailable);
		assert_noop!(transfer(alice, NEWCOMER, EXISTENTIAL_DEPOSIT - 1), TokenError::BelowMinimum);
		assert_noop!(transfer(RuntimeOrigin::root(), BOB, 1), DispatchError::BadOrigin);
	});
}

#[test]
fn the_last_token_may_go() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::transfer_with_reference(
			RuntimeOrigin::signed(ALICE),
			BOB,
			ENDOWMENT,
			REFERENCE
		));
		assert!(!System::account_exists(&ALICE));
		assert_eq!(Balances::free_balance(BOB), 2 * ENDOWMENT);
	});
}
