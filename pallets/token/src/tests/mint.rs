use super::REFERENCE;
use crate::{mock::*, Error, Event, Minter};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};

#[test]
fn a_minter_creates_tokens() {
	ExtBuilder::default().with_minter(ALICE, 500).build_and_execute(|| {
		assert_ok!(Token::mint(RuntimeOrigin::signed(ALICE), NEWCOMER, 500, REFERENCE));
		assert_eq!(Balances::free_balance(NEWCOMER), 500);
		assert_eq!(Balances::free_balance(ALICE), ENDOWMENT);
		assert_eq!(Balances::total_issuance(), 3 * ENDOWMENT + 500);
		assert_eq!(Token::minter(ALICE), Some(Minter { cap: 500, minted: 500 }));
		let minted =
			Event::Minted { minter: ALICE, dest: NEWCOMER, amount: 500, reference: REFERENCE };
		assert_eq!(token_events(), [minted]);
	});
}

#[test]
fn others_do_not_mint() {
	ExtBuilder::default().with_minter(ALICE, 500).build_and_execute(|| {
		assert_noop!(
			Token::mint(RuntimeOrigin::signed(BOB), BOB, 1, REFERENCE),
			Error::<Test>::NotAuthorized
		);
		assert_noop!(
			Token::mint(RuntimeOrigin::root(), BOB, 1, REFERENCE),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn nothing_is_not_minted() {
	ExtBuilder::default().with_minter(ALICE, 500).build_and_execute(|| {
		assert_noop!(
			Token::mint(RuntimeOrigin::signed(ALICE), BOB, 0, REFERENCE),
			Error::<Test>::ZeroAmount
		);
	});
}

#[test]
fn the_cap_counts_all_mints_together() {
	ExtBuilder::default().with_minter(ALICE, 500).build_and_execute(|| {
		assert_ok!(Token::mint(RuntimeOrigin::signed(ALICE), BOB, 499, REFERENCE));
		for amount in [2, Balance::MAX] {
			assert_noop!(
				Token::mint(RuntimeOrigin::signed(ALICE), BOB, amount, REFERENCE),
				Error::<Test>::MinterCapExceeded
			);
		}
		assert_ok!(Token::mint(RuntimeOrigin::signed(ALICE), BOB, 1, REFERENCE));
		assert_eq!(Balances::free_balance(BOB), ENDOWMENT + 500);
	});
}

#[test]
fn the_supply_never_exceeds_its_maximum() {
	ExtBuilder::default().with_minter(ALICE, Balance::MAX).build_and_execute(|| {
		let left = MAXIMUM_SUPPLY - 3 * ENDOWMENT;
		for amount in [left + 1, Balance::MAX] {
			assert_noop!(
				Token::mint(RuntimeOrigin::signed(ALICE), BOB, amount, REFERENCE),
				Error::<Test>::MaximumSupplyExceeded
			);
		}
		assert_ok!(Token::mint(RuntimeOrigin::signed(ALICE), BOB, left, REFERENCE));
		assert_eq!(Balances::total_issuance(), MAXIMUM_SUPPLY);
	});
}

#[test]
fn a_new_account_receives_the_existential_deposit_or_nothing() {
	ExtBuilder::default().with_minter(ALICE, 500).build_and_execute(|| {
		assert_noop!(
			Token::mint(RuntimeOrigin::signed(ALICE), NEWCOMER, EXISTENTIAL_DEPOSIT - 1, REFERENCE),
			TokenError::BelowMinimum
		);
	});
}
