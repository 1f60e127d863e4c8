use super::*;
use crate::{Denials, Error, Event};
use frame_support::{assert_noop, assert_ok};
use msec_primitives::{OrderAccess, OrderId};
use sp_runtime::{DispatchError, TokenError};

const ORDER: OrderId = OrderId::repeat_byte(5);

#[test]
fn a_denial_wins_over_everything() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Read], 0));
		assert_ok!(AccessControl::open(&AIR, &BOB, ORDER, bought(), 9));
		for subject in [ALICE, BOB, AGENT] {
			assert!(may(subject, Action::Read).is_allowed());
			System::reset_events();
			assert_ok!(AccessControl::deny(RuntimeOrigin::signed(OWNER), AIR, subject));
			assert_eq!(may(subject, Action::Read), no(Refusal::Denied));
			assert_eq!(access_events(), [Event::Denied { resource: AIR, subject }]);
		}
		assert_eq!(deposit_of(OWNER), GRANT_DEPOSIT + 3 * DENIAL_DEPOSIT);
	});
}

#[test]
fn a_lifted_denial_leaves_what_was_granted() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(AccessControl::deny(RuntimeOrigin::signed(OWNER), AIR, ALICE));
		assert_ok!(give(OWNER, ALICE, &[Action::Read], 0));
		assert_eq!(may(ALICE, Action::Read), no(Refusal::Denied));
		System::reset_events();
		assert_ok!(AccessControl::lift_denial(RuntimeOrigin::signed(OWNER), AIR, ALICE));
		assert_eq!(may(ALICE, Action::Read), BY_GRANT);
		assert_eq!(access_events(), [Event::DenialLifted { resource: AIR, subject: ALICE }]);
		assert_eq!(deposit_of(OWNER), GRANT_DEPOSIT);
		assert!(!Denials::<Test>::contains_key(AIR, ALICE));
	});
}

#[test]
fn a_denial_is_for_one_resource() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(AccessControl::deny(RuntimeOrigin::signed(OWNER), NOISE, ALICE));
		assert_ok!(give(OWNER, ALICE, &[Action::Read], 0));
		assert_eq!(may(ALICE, Action::Read), BY_GRANT);
	});
}

#[test]
fn impossible_denials_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let deny = |who, resource, subject| {
			AccessControl::deny(RuntimeOrigin::signed(who), resource, subject)
		};
		assert_noop!(deny(OWNER, UNKNOWN, ALICE), Error::<Test>::NotFound);
		assert_noop!(deny(ALICE, AIR, BOB), Error::<Test>::NotAuthorized);
		assert_noop!(deny(OWNER, AIR, OWNER), Error::<Test>::OwnerNotDeniable);
		assert_ok!(deny(OWNER, AIR, ALICE));
		assert_noop!(deny(OWNER, AIR, ALICE), Error::<Test>::AlreadyExists);
		Registry::erase(AIR);
		assert_noop!(deny(OWNER, AIR, BOB), Error::<Test>::Erased);
		assert_noop!(
			AccessControl::deny(RuntimeOrigin::root(), NOISE, BOB),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn who_cannot_pay_the_deposit_cannot_deny() {
	ExtBuilder::default().build_and_execute(|| {
		let rest = DENIAL_DEPOSIT + 10 - 1;
		assert_ok!(Balances::burn(RuntimeOrigin::signed(OWNER), ENDOWMENT - rest, true));
		assert_noop!(
			AccessControl::deny(RuntimeOrigin::signed(OWNER), AIR, ALICE),
			TokenError::FundsUnavailable
		);
	});
}

#[test]
fn only_the_owner_lifts_a_denial_and_only_an_existing_one() {
	ExtBuilder::default().build_and_execute(|| {
		let lift = |who, resource, subject| {
			AccessControl::lift_denial(RuntimeOrigin::signed(who), resource, subject)
		};
		assert_noop!(lift(OWNER, AIR, ALICE), Error::<Test>::NotFound);
		assert_noop!(lift(OWNER, UNKNOWN, ALICE), Error::<Test>::NotFound);
		assert_ok!(AccessControl::deny(RuntimeOrigin::signed(OWNER), AIR, ALICE));
		assert_noop!(lift(ALICE, AIR, ALICE), Error::<Test>::NotAuthorized);
		assert_noop!(
			AccessControl::lift_denial(RuntimeOrigin::none(), AIR, ALICE),
			DispatchError::BadOrigin
		);
	});
}
