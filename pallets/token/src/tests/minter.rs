use super::REFERENCE;
use crate::{mock::*, Error, Event, Minter};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

#[test]
fn council_appoints_a_minter() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Token::minter(ALICE), None);
		assert_ok!(Token::set_minter(RuntimeOrigin::root(), ALICE, 500));
		assert_eq!(Token::minter(ALICE), Some(Minter { cap: 500, minted: 0 }));
		assert_eq!(token_events(), [Event::MinterSet { who: ALICE, cap: 500 }]);
		assert_eq!(Balances::free_balance(ALICE), ENDOWMENT);
	});
}

#[test]
fn a_new_cap_keeps_the_count() {
	ExtBuilder::default().with_minter(ALICE, 500).build_and_execute(|| {
		assert_ok!(Token::mint(RuntimeOrigin::signed(ALICE), BOB, 300, REFERENCE));
		assert_ok!(Token::set_minter(RuntimeOrigin::root(), ALICE, 400));
		assert_eq!(Token::minter(ALICE), Some(Minter { cap: 400, minted: 300 }));
		assert_noop!(
			Token::mint(RuntimeOrigin::signed(ALICE), BOB, 101, REFERENCE),
			Error::<Test>::MinterCapExceeded
		);
		assert_ok!(Token::mint(RuntimeOrigin::signed(ALICE), BOB, 100, REFERENCE));
	});
}

#[test]
fn a_cap_below_the_count_stops_the_minter() {
	ExtBuilder::default().with_minter(ALICE, 500).build_and_execute(|| {
		assert_ok!(Token::mint(RuntimeOrigin::signed(ALICE), BOB, 300, REFERENCE));
		assert_ok!(Token::set_minter(RuntimeOrigin::root(), ALICE, 200));
		assert_noop!(
			Token::mint(RuntimeOrigin::signed(ALICE), BOB, 1, REFERENCE),
			Error::<Test>::MinterCapExceeded
		);
	});
}

#[test]
fn council_removes_a_minter() {
	ExtBuilder::default().with_minter(ALICE, 500).build_and_execute(|| {
		assert_ok!(Token::mint(RuntimeOrigin::signed(ALICE), BOB, 300, REFERENCE));
		System::reset_events();
		assert_ok!(Token::remove_minter(RuntimeOrigin::root(), ALICE));
		assert_eq!(Token::minter(ALICE), None);
		assert_eq!(token_events(), [Event::MinterRemoved { who: ALICE, minted: 300 }]);
		assert_noop!(
			Token::mint(RuntimeOrigin::signed(ALICE), BOB, 1, REFERENCE),
			Error::<Test>::NotAuthorized
		);
	});
}

#[test]
fn a_minter_appointed_again_counts_from_zero() {
	ExtBuilder::default().with_minter(ALICE, 500).build_and_execute(|| {
		assert_ok!(Token::mint(RuntimeOrigin::signed(ALICE), BOB, 500, REFERENCE));
		assert_ok!(Token::remove_minter(RuntimeOrigin::root(), ALICE));
		assert_ok!(Token::set_minter(RuntimeOrigin::root(), ALICE, 500));
		assert_eq!(Token::minter(ALICE), Some(Minter { cap: 500, minted: 0 }));
	});
}

#[test]
fn who_is_not_a_minter_cannot_be_removed() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(Token::remove_minter(RuntimeOrigin::root(), ALICE), Error::<Test>::NotFound);
	});
}

#[test]
fn only_the_council_decides_who_mints() {
	ExtBuilder::default().with_minter(ALICE, 500).build_and_execute(|| {
		for origin in [RuntimeOrigin::signed(ALICE), RuntimeOrigin::none()] {
			assert_noop!(Token::set_minter(origin.clone(), ALICE, 1_000), DispatchError::BadOrigin);
			assert_noop!(Token::remove_minter(origin, ALICE), DispatchError::BadOrigin);
		}
	});
}
