use super::REFERENCE;
use crate::{mock::*, Allowance, Error, Event};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};

#[test]
fn an_owner_approves_and_pays_a_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Token::allowance(ALICE, BOB), None);
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 300, 5));
		let allowance = Allowance { remaining: 300, expires_at: 5 };
		assert_eq!(Token::allowance(ALICE, BOB), Some(allowance));
		assert_eq!(Token::allowance(BOB, ALICE), None);
		assert_eq!(Balances::free_balance(ALICE), ENDOWMENT - APPROVAL_DEPOSIT);
		assert_eq!(deposit_of(ALICE), APPROVAL_DEPOSIT);
		assert_eq!(deposit_of(BOB), 0);
		let approved = Event::Approved { owner: ALICE, spender: BOB, amount: 300, expires_at: 5 };
		assert_eq!(token_events(), [approved]);
	});
}

#[test]
fn an_approval_replaces_its_predecessor_for_the_same_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 300, 5));
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 100, 9));
		let allowance = Allowance { remaining: 100, expires_at: 9 };
		assert_eq!(Token::allowance(ALICE, BOB), Some(allowance));
		assert_eq!(deposit_of(ALICE), APPROVAL_DEPOSIT);

		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), CAROL, 100, 9));
		assert_eq!(deposit_of(ALICE), 2 * APPROVAL_DEPOSIT);
	});
}

#[test]
fn an_expired_approval_may_be_replaced() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 300, 5));
		System::set_block_number(6);
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 100, 6));
		assert_ok!(Token::transfer_from(RuntimeOrigin::signed(BOB), ALICE, BOB, 40, REFERENCE));
		assert_eq!(deposit_of(ALICE), APPROVAL_DEPOSIT);
	});
}

#[test]
fn senseless_approvals_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		System::set_block_number(4);
		assert_noop!(
			Token::approve(RuntimeOrigin::signed(ALICE), ALICE, 300, 5),
			Error::<Test>::SelfApproval
		);
		assert_noop!(
			Token::approve(RuntimeOrigin::signed(ALICE), BOB, 0, 5),
			Error::<Test>::ZeroAmount
		);
		assert_noop!(
			Token::approve(RuntimeOrigin::signed(ALICE), BOB, 300, 3),
			Error::<Test>::InvalidExpiry
		);
		assert_noop!(Token::approve(RuntimeOrigin::root(), BOB, 300, 5), DispatchError::BadOrigin);
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 300, 4));
	});
}

#[test]
fn who_cannot_pay_the_deposit_cannot_approve() {
	let almost = APPROVAL_DEPOSIT + EXISTENTIAL_DEPOSIT - 1;
	ExtBuilder::default().with_balance(ALICE, almost).build_and_execute(|| {
		assert_noop!(
			Token::approve(RuntimeOrigin::signed(ALICE), BOB, 300, 5),
			TokenError::FundsUnavailable
		);
	});
}

#[test]
fn the_owner_cancels_and_the_deposit_returns() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 300, 5));
		System::reset_events();
		assert_ok!(Token::cancel_approval(RuntimeOrigin::signed(ALICE), BOB));
		assert_eq!(Token::allowance(ALICE, BOB), None);
		assert_eq!(Balances::free_balance(ALICE), ENDOWMENT);
		assert_eq!(deposit_of(ALICE), 0);
		let cancelled = Event::ApprovalCancelled { owner: ALICE, spender: BOB, remaining: 300 };
		assert_eq!(token_events(), [cancelled]);
		assert_noop!(
			Token::transfer_from(RuntimeOrigin::signed(BOB), ALICE, BOB, 1, REFERENCE),
			Error::<Test>::NotFound
		);
	});
}

#[test]
fn the_owner_cancels_an_expired_approval_too() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 300, 5));
		System::set_block_number(6);
		assert_ok!(Token::cancel_approval(RuntimeOrigin::signed(ALICE), BOB));
		assert_eq!(Balances::free_balance(ALICE), ENDOWMENT);
	});
}

#[test]
fn only_an_own_approval_can_be_cancelled() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 300, 5));
		for who in [BOB, CAROL] {
			assert_noop!(
				Token::cancel_approval(RuntimeOrigin::signed(who), BOB),
				Error::<Test>::NotFound
			);
		}
		assert_noop!(Token::cancel_approval(RuntimeOrigin::root(), BOB), DispatchError::BadOrigin);
	});
}

#[test]
fn anyone_removes_an_expired_approval_and_the_owner_has_the_deposit_back() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 300, 5));
		System::set_block_number(6);
		System::reset_events();
		let expired = Allowance { remaining: 300, expires_at: 5 };
		assert_eq!(Token::allowance(ALICE, BOB), Some(expired));
		assert_ok!(Token::remove_expired_approval(RuntimeOrigin::signed(CAROL), ALICE, BOB));
		assert_eq!(Token::allowance(ALICE, BOB), None);
		assert_eq!(Balances::free_balance(ALICE), ENDOWMENT);
		assert_eq!(Balances::free_balance(CAROL), ENDOWMENT);
		assert_eq!(deposit_of(ALICE), 0);
		let removed = Event::ExpiredApprovalRemoved { owner: ALICE, spender: BOB, remaining: 300 };
		assert_eq!(token_events(), [removed]);
	});
}

#[test]
fn an_approval_is_not_removed_before_it_expires() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Token::approve(RuntimeOrigin::signed(ALICE), BOB, 300, 5));
		System::set_block_number(5);
		assert_noop!(
			Token::remove_expired_approval(RuntimeOrigin::signed(CAROL), ALICE, BOB),
			Error::<Test>::NotExpired
		);
		assert_noop!(
			Token::remove_expired_approval(RuntimeOrigin::signed(CAROL), BOB, ALICE),
			Error::<Test>::NotFound
		);
		assert_noop!(
			Token::remove_expired_approval(RuntimeOrigin::none(), ALICE, BOB),
			DispatchError::BadOrigin
		);
	});
}
