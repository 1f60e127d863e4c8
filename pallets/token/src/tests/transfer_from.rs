use super::REFERENCE;
use crate::{mock::*, Allowance, Error, Event};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};

#[test]
fn a_spender_moves_a_part() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 300, 5));
		System::reset_events();
		assert_ok!(Token::transfer_from(RuntimeOrigin::signed(BOB), ALICE, CAROL, 100, REFERENCE));
		assert_eq!(Balances::free_balance(ALICE), ENDOWMENT - APPROVAL_DEPOSIT - 100);
		assert_eq!(Balances::free_balance(BOB), ENDOWMENT);
		assert_eq!(Balances::free_balance(CAROL), ENDOWMENT + 100);
		assert_eq!(deposit_of(ALICE), APPROVAL_DEPOSIT);
		let allowance = Allowance { remaining: 200, expires_at: 5 };
		assert_eq!(Token::allowance(ALICE, BOB), Some(allowance));
		let transferred = Event::TransferredFrom {
			owner: ALICE,
			spender: BOB,
			dest: CAROL,
			amount: 100,
			remaining: 200,
			reference: REFERENCE,
		};
		assert_eq!(token_events(), [transferred]);
	});
}

#[test]
fn a_spent_approval_ends_and_its_deposit_returns() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 300, 5));
		assert_ok!(Token::transfer_from(RuntimeOrigin::signed(BOB), ALICE, BOB, 100, REFERENCE));
		System::reset_events();
		assert_ok!(Token::transfer_from(RuntimeOrigin::signed(BOB), ALICE, BOB, 200, REFERENCE));
		assert_eq!(Token::allowance(ALICE, BOB), None);
		assert_eq!(Balances::free_balance(ALICE), ENDOWMENT - 300);
		assert_eq!(Balances::free_balance(BOB), ENDOWMENT + 300);
		assert_eq!(deposit_of(ALICE), 0);
		let transferred = Event::TransferredFrom {
			owner: ALICE,
			spender: BOB,
			dest: BOB,
			amount: 200,
			remaining: 0,
			reference: REFERENCE,
		};
		assert_eq!(token_events(), [transferred]);
		assert_noop!(
			Token::transfer_from(RuntimeOrigin::signed(BOB), ALICE, BOB, 1, REFERENCE),
			Error::<Test>::NotFound
		);
	});
}

#[test]
fn the_returning_deposit_may_be_spent_and_the_account_closed() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, ENDOWMENT, 5));
		assert_ok!(Token::transfer_from(
			RuntimeOrigin::signed(BOB),
			ALICE,
			BOB,
			ENDOWMENT,
			REFERENCE
		));
		assert!(!System::account_exists(&ALICE));
		assert_eq!(Balances::free_balance(BOB), 2 * ENDOWMENT);
		assert_eq!(Balances::total_issuance(), 3 * ENDOWMENT);
	});
}

#[test]
fn an_owner_with_a_deposit_keeps_the_existential_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 2 * ENDOWMENT, 5));
		let free = ENDOWMENT - APPROVAL_DEPOSIT;
		assert_noop!(
			Token::transfer_from(RuntimeOrigin::signed(BOB), ALICE, BOB, free, REFERENCE),
			TokenError::Frozen
		);
		let spendable = free - EXISTENTIAL_DEPOSIT;
		assert_ok!(Token::transfer_from(
			RuntimeOrigin::signed(BOB),
			ALICE,
			BOB,
			spendable,
			REFERENCE
		));
		assert_eq!(Balances::free_balance(ALICE), EXISTENTIAL_DEPOSIT);
	});
}

#[test]
fn an_approval_is_spent_until_its_last_block() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 300, 5));
		System::set_block_number(5);
		assert_ok!(Token::transfer_from(RuntimeOrigin::signed(BOB), ALICE, BOB, 100, REFERENCE));
		System::set_block_number(6);
		assert_noop!(
			Token::transfer_from(RuntimeOrigin::signed(BOB), ALICE, BOB, 100, REFERENCE),
			Error::<Test>::Expired
		);
	});
}

#[test]
fn an_allowance_is_never_overspent() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 300, 5));
		assert_ok!(Token::transfer_from(RuntimeOrigin::signed(BOB), ALICE, BOB, 100, REFERENCE));
		for amount in [201, Balance::MAX] {
			assert_noop!(
				Token::transfer_from(RuntimeOrigin::signed(BOB), ALICE, BOB, amount, REFERENCE),
				Error::<Test>::AllowanceExceeded
			);
		}
		assert_noop!(
			Token::transfer_from(RuntimeOrigin::signed(BOB), ALICE, BOB, 0, REFERENCE),
			Error::<Test>::ZeroAmount
		);
	});
}

#[test]
fn an_approval_is_for_its_spender_only() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 300, 5));
		for who in [ALICE, CAROL] {
			assert_noop!(
				Token::transfer_from(RuntimeOrigin::signed(who), ALICE, who, 1, REFERENCE),
				Error::<Test>::NotFound
			);
		}
		assert_noop!(
			Token::transfer_from(RuntimeOrigin::root(), ALICE, BOB, 1, REFERENCE),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn a_failed_transfer_leaves_the_allowance() {
	ExtBuilder::default().build_and_execute(|| {
		let amount = 2 * ENDOWMENT;
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, amount, 5));
		assert_noop!(
			Token::transfer_from(RuntimeOrigin::signed(BOB), ALICE, BOB, amount, REFERENCE),
			TokenError::FundsUnavailable
		);
		let allowance = Allowance { remaining: amount, expires_at: 5 };
		assert_eq!(Token::allowance(ALICE, BOB), Some(allowance));
		assert_eq!(deposit_of(ALICE), APPROVAL_DEPOSIT);
	});
}
