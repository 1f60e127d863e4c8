use super::*;
use crate::{Error, Event, Grants};
use frame_support::{assert_noop, assert_ok};
use msec_primitives::{OrderAccess, OrderId};
use sp_runtime::DispatchError;

const ORDER: OrderId = OrderId::repeat_byte(5);

fn remove_stale(subject: AccountId) -> DispatchResult {
	match AccessControl::remove_stale(RuntimeOrigin::signed(DAVE), AIR, subject) {
		Ok(_) => Ok(()),
		Err(error) => Err(error.error),
	}
}

#[test]
fn anyone_removes_grants_that_have_ended() {
	ExtBuilder::default().build_and_execute(|| {
		let purpose = Some(Purpose::PublicBenefit);
		assert_ok!(give_until(OWNER, ALICE, &[Action::Read], 0, Some(5), None));
		assert_ok!(give_until(OWNER, ALICE, &[Action::Read], 0, Some(6), purpose));
		assert_ok!(AccessControl::open(&AIR, &ALICE, ORDER, bought(), 5));
		System::set_block_number(5);
		assert_noop!(remove_stale(ALICE), Error::<Test>::NothingToRemove);

		System::set_block_number(6);
		System::reset_events();
		let post = AccessControl::remove_stale(RuntimeOrigin::signed(DAVE), AIR, ALICE);
		let weight = <() as crate::WeightInfo>::remove_stale(2);
		assert_eq!(post.expect("anyone may; qed").actual_weight, Some(weight));
		let removed =
			Event::StaleRemoved { resource: AIR, subject: ALICE, grants: 2, denial: false };
		assert_eq!(access_events(), [removed]);
		assert_eq!((deposit_of(OWNER), deposit_of(DAVE)), (GRANT_DEPOSIT, 0));
		assert_eq!(AccessControl::can_access(ALICE, AIR, Action::Read, purpose), BY_GRANT);
		assert_noop!(remove_stale(ALICE), Error::<Test>::NothingToRemove);
	});
}

#[test]
fn anyone_removes_grants_of_an_earlier_epoch() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Grant, Action::Read], 1));
		assert_ok!(give(OWNER, BOB, &[Action::Write], 0));
		assert_ok!(give(ALICE, BOB, &[Action::Read], 0));
		assert_ok!(AccessControl::open(&AIR, &BOB, ORDER, bought(), 9));
		assert_ok!(AccessControl::revoke_all(RuntimeOrigin::signed(OWNER), AIR));
		System::reset_events();
		assert_ok!(remove_stale(BOB));
		let removed = Event::StaleRemoved { resource: AIR, subject: BOB, grants: 2, denial: false };
		assert_eq!(access_events(), [removed]);
		assert_eq!((deposit_of(OWNER), deposit_of(ALICE)), (GRANT_DEPOSIT, 0));
		assert_eq!(may(BOB, Action::Read), Decision::Allow(Basis::Order(ORDER)));
	});
}

#[test]
fn of_an_erased_resource_everything_is_removed() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Read], 0));
		assert_ok!(AccessControl::open(&AIR, &ALICE, ORDER, bought(), 9));
		assert_ok!(AccessControl::deny(RuntimeOrigin::signed(OWNER), AIR, ALICE));
		assert_ok!(AccessControl::deny(RuntimeOrigin::signed(OWNER), AIR, BOB));
		Registry::erase(AIR);
		assert_eq!(deposit_of(OWNER), GRANT_DEPOSIT + 2 * DENIAL_DEPOSIT);
		System::reset_events();
		assert_ok!(remove_stale(ALICE));
		assert_ok!(remove_stale(BOB));
		let removed =
			|subject, grants| Event::StaleRemoved { resource: AIR, subject, grants, denial: true };
		assert_eq!(access_events(), [removed(ALICE, 2), removed(BOB, 0)]);
		assert_eq!(deposit_of(OWNER), 0);
		assert!(!Grants::<Test>::contains_key(AIR, ALICE));
	});
}

#[test]
fn what_may_have_effect_again_stays() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Grant, Action::Read], 1));
		assert_ok!(give(ALICE, BOB, &[Action::Read], 0));
		assert_ok!(AccessControl::revoke(RuntimeOrigin::signed(OWNER), AIR, ALICE));
		assert_ok!(AccessControl::deny(RuntimeOrigin::signed(OWNER), AIR, BOB));
		assert_noop!(remove_stale(BOB), Error::<Test>::NothingToRemove);
		assert_noop!(remove_stale(CAROL), Error::<Test>::NothingToRemove);
		assert_noop!(
			AccessControl::remove_stale(RuntimeOrigin::root(), AIR, BOB),
			DispatchError::BadOrigin
		);
		assert_eq!((deposit_of(OWNER), deposit_of(ALICE)), (DENIAL_DEPOSIT, GRANT_DEPOSIT));
	});
}
