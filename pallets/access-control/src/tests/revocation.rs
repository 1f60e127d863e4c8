use super::*;
use crate::{Error, Event, RevocationEpochs};
use frame_support::{assert_noop, assert_ok};
use msec_primitives::{OrderAccess, OrderId};
use sp_runtime::{ArithmeticError, DispatchError};

const ORDER: OrderId = OrderId::repeat_byte(5);

#[test]
fn the_owner_withdraws_every_authority_grant_of_a_subject() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Grant, Action::Read], 1));
		assert_ok!(give(OWNER, BOB, &[Action::Write], 0));
		assert_ok!(give(ALICE, BOB, &[Action::Read], 0));
		assert_eq!((deposit_of(OWNER), deposit_of(ALICE)), (2 * GRANT_DEPOSIT, GRANT_DEPOSIT));
		System::reset_events();

		let post = AccessControl::revoke(RuntimeOrigin::signed(OWNER), AIR, BOB);
		let weight = <() as crate::WeightInfo>::revoke(2);
		assert_eq!(post.expect("the owner may; qed").actual_weight, Some(weight));
		assert_eq!(may(BOB, Action::Read), no(Refusal::NoGrant));
		assert_eq!((deposit_of(OWNER), deposit_of(ALICE)), (GRANT_DEPOSIT, 0));
		let revoked = Event::Revoked { resource: AIR, subject: BOB, by: OWNER, grants: 2 };
		assert_eq!(access_events(), [revoked]);
	});
}

#[test]
fn a_delegate_withdraws_his_own() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Grant, Action::Read], 1));
		assert_ok!(give(OWNER, BOB, &[Action::Write], 0));
		assert_ok!(give(ALICE, BOB, &[Action::Read], 0));
		System::reset_events();

		assert_ok!(AccessControl::revoke(RuntimeOrigin::signed(ALICE), AIR, BOB));
		assert_eq!(may(BOB, Action::Read), no(Refusal::NoGrant));
		assert_eq!(may(BOB, Action::Write), BY_GRANT);
		assert_eq!((deposit_of(OWNER), deposit_of(ALICE)), (2 * GRANT_DEPOSIT, 0));
		let revoked = Event::Revoked { resource: AIR, subject: BOB, by: ALICE, grants: 1 };
		assert_eq!(access_events(), [revoked]);
	});
}

#[test]
fn a_former_delegate_has_his_deposit_back() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Grant, Action::Read], 1));
		assert_ok!(give(ALICE, BOB, &[Action::Read], 0));
		assert_ok!(AccessControl::revoke(RuntimeOrigin::signed(OWNER), AIR, ALICE));
		assert_eq!(deposit_of(ALICE), GRANT_DEPOSIT);
		assert_ok!(AccessControl::revoke(RuntimeOrigin::signed(ALICE), AIR, BOB));
		assert_eq!(deposit_of(ALICE), 0);
	});
}

#[test]
fn what_an_order_granted_is_not_withdrawn() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(AccessControl::open(&AIR, &BOB, ORDER, bought(), 9));
		assert_noop!(
			AccessControl::revoke(RuntimeOrigin::signed(OWNER), AIR, BOB),
			Error::<Test>::NotFound
		);
		assert_ok!(give(OWNER, BOB, &[Action::Write], 0));
		assert_ok!(AccessControl::revoke(RuntimeOrigin::signed(OWNER), AIR, BOB));
		assert_ok!(AccessControl::revoke_all(RuntimeOrigin::signed(OWNER), AIR));
		assert_eq!(may(BOB, Action::Read), Decision::Allow(Basis::Order(ORDER)));
		assert_eq!(may(BOB, Action::Write), no(Refusal::NoGrant));
	});
}

#[test]
fn nobody_withdraws_what_others_granted() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, BOB, &[Action::Read], 0));
		for who in [ALICE, BOB] {
			assert_noop!(
				AccessControl::revoke(RuntimeOrigin::signed(who), AIR, BOB),
				Error::<Test>::NotFound
			);
		}
		assert_noop!(
			AccessControl::revoke(RuntimeOrigin::signed(OWNER), UNKNOWN, BOB),
			Error::<Test>::NotFound
		);
		assert_noop!(
			AccessControl::revoke(RuntimeOrigin::root(), AIR, BOB),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn the_owner_withdraws_everything_in_one_step() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Grant, Action::Read], 1));
		assert_ok!(give(ALICE, BOB, &[Action::Read], 0));
		System::reset_events();
		assert_ok!(AccessControl::revoke_all(RuntimeOrigin::signed(OWNER), AIR));
		assert_eq!(access_events(), [Event::RevokedAll { resource: AIR, epoch: 1 }]);
		for subject in [ALICE, BOB] {
			assert_eq!(may(subject, Action::Read), no(Refusal::Revoked));
		}
		assert_noop!(give(ALICE, CAROL, &[Action::Read], 0), Error::<Test>::NotAuthorized);
		assert_eq!((deposit_of(OWNER), deposit_of(ALICE)), (GRANT_DEPOSIT, GRANT_DEPOSIT));

		// What is granted anew holds, what was passed on before does not come back.
		assert_ok!(give(OWNER, ALICE, &[Action::Grant, Action::Read], 1));
		assert_eq!(may(ALICE, Action::Read), BY_GRANT);
		assert_eq!(may(BOB, Action::Read), no(Refusal::Revoked));
		assert_eq!(deposit_of(OWNER), GRANT_DEPOSIT);
	});
}

#[test]
fn only_the_owner_withdraws_everything() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Grant, Action::Read], 1));
		assert_noop!(
			AccessControl::revoke_all(RuntimeOrigin::signed(ALICE), AIR),
			Error::<Test>::NotAuthorized
		);
		assert_noop!(
			AccessControl::revoke_all(RuntimeOrigin::signed(OWNER), UNKNOWN),
			Error::<Test>::NotFound
		);
		assert_noop!(
			AccessControl::revoke_all(RuntimeOrigin::none(), AIR),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn epochs_do_not_wrap() {
	ExtBuilder::default().build_and_execute(|| {
		RevocationEpochs::<Test>::insert(AIR, u32::MAX);
		assert_noop!(
			AccessControl::revoke_all(RuntimeOrigin::signed(OWNER), AIR),
			ArithmeticError::Overflow
		);
	});
}
