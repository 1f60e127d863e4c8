use super::*;
use crate::{Error, Event, GrantKey, GrantSource};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

const GRANT_AND_READ: &[Action] = &[Action::Grant, Action::Read];

#[test]
fn a_delegate_passes_rights_on_and_pays_the_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, GRANT_AND_READ, 2));
		System::reset_events();
		assert_ok!(give(ALICE, BOB, &[Action::Read], 0));
		assert_eq!(may(BOB, Action::Read), BY_GRANT);
		assert_eq!(deposit_of(OWNER), GRANT_DEPOSIT);
		assert_eq!(deposit_of(ALICE), GRANT_DEPOSIT);
		let grants = AccessControl::grants(AIR, BOB);
		assert_eq!(grants[0].source, GrantSource::Authority(ALICE));
		assert_eq!(grants[0].passed_on, Some(GrantKey { granter: OWNER, purpose: None }));
		let granted = Event::Granted {
			resource: AIR,
			subject: BOB,
			granter: ALICE,
			actions: Actions::of(&[Action::Read]),
			not_before: 1,
			expires_at: None,
			purpose: None,
			delegation_depth: 0,
		};
		assert_eq!(access_events(), [granted]);
	});
}

#[test]
fn rights_are_passed_on_as_often_as_the_owner_says() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, GRANT_AND_READ, 3));
		assert_ok!(give(ALICE, BOB, GRANT_AND_READ, 2));
		assert_ok!(give(BOB, CAROL, GRANT_AND_READ, 1));
		assert_noop!(give(CAROL, DAVE, GRANT_AND_READ, 1), Error::<Test>::OwnRightsExceeded);
		assert_ok!(give(CAROL, DAVE, &[Action::Read], 0));
		assert_noop!(give(DAVE, PAUPER, &[Action::Read], 0), Error::<Test>::NotAuthorized);
		assert_eq!(may(DAVE, Action::Read), BY_GRANT);
		assert_eq!(may(CAROL, Action::Grant), BY_GRANT);
	});
}

#[test]
fn a_delegate_passes_on_no_more_than_he_has() {
	ExtBuilder::default().build_and_execute(|| {
		let purpose = Some(Purpose::PublicBenefit);
		let other = Some(Purpose::CommercialPurpose);
		assert_ok!(give_until(OWNER, ALICE, GRANT_AND_READ, 1, Some(9), purpose));
		let give = |actions, depth, expires_at, purpose| {
			give_until(ALICE, BOB, actions, depth, expires_at, purpose)
		};
		let excess = DispatchError::from(Error::<Test>::OwnRightsExceeded);
		assert_noop!(give(&[Action::Write], 0, Some(9), purpose), excess);
		assert_noop!(give(GRANT_AND_READ, 1, Some(9), purpose), excess);
		assert_noop!(give(&[Action::Read], 0, Some(10), purpose), excess);
		assert_noop!(give(&[Action::Read], 0, None, purpose), excess);
		assert_noop!(give(&[Action::Read], 0, Some(9), None), excess);
		assert_noop!(give(&[Action::Read], 0, Some(9), other), excess);
		assert_ok!(give(&[Action::Read], 0, Some(9), purpose));
	});
}

#[test]
fn a_delegate_may_bind_what_he_passes_on_to_a_purpose() {
	ExtBuilder::default().build_and_execute(|| {
		let purpose = Some(Purpose::PublicBenefit);
		assert_ok!(give(OWNER, ALICE, GRANT_AND_READ, 1));
		assert_ok!(give_until(ALICE, BOB, &[Action::Read], 0, Some(9), purpose));
		assert_eq!(may(BOB, Action::Read), no(Refusal::OtherPurpose));
		assert_eq!(AccessControl::can_access(BOB, AIR, Action::Read, purpose), BY_GRANT);
	});
}

#[test]
fn of_several_rights_the_one_nearest_to_the_owner_is_passed_on() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, GRANT_AND_READ, 3));
		assert_ok!(give(ALICE, BOB, GRANT_AND_READ, 2));
		assert_ok!(give(OWNER, BOB, GRANT_AND_READ, 3));
		assert_ok!(give(BOB, CAROL, &[Action::Read], 0));
		let passed_on = AccessControl::grants(AIR, CAROL)[0].passed_on.clone();
		assert_eq!(passed_on, Some(GrantKey { granter: OWNER, purpose: None }));
	});
}

#[test]
fn what_was_passed_on_hangs_on_one_right_only() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, GRANT_AND_READ, 3));
		assert_ok!(give(ALICE, BOB, GRANT_AND_READ, 2));
		assert_ok!(give(OWNER, BOB, GRANT_AND_READ, 3));
		assert_ok!(give(BOB, CAROL, &[Action::Read], 0));
		assert_ok!(give(OWNER, BOB, &[Action::Read], 0));
		assert_eq!(may(CAROL, Action::Read), no(Refusal::Revoked));
		assert_ok!(give(BOB, CAROL, &[Action::Read], 0));
		assert_eq!(may(CAROL, Action::Read), BY_GRANT);
	});
}

#[test]
fn what_a_former_owner_granted_falls() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, GRANT_AND_READ, 1));
		assert_ok!(give(ALICE, BOB, &[Action::Read], 0));
		Registry::hand_over(AIR, CAROL);
		for subject in [ALICE, BOB] {
			assert_eq!(may(subject, Action::Read), no(Refusal::Revoked));
		}
		assert_ok!(AccessControl::revoke(RuntimeOrigin::signed(OWNER), AIR, ALICE));
		assert_eq!(deposit_of(OWNER), 0);
	});
}

#[test]
fn what_was_passed_on_falls_with_the_right_it_hangs_on() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, GRANT_AND_READ, 3));
		assert_ok!(give(ALICE, BOB, GRANT_AND_READ, 2));
		assert_ok!(give(BOB, CAROL, &[Action::Read], 0));
		assert_eq!(may(CAROL, Action::Read), BY_GRANT);

		assert_ok!(AccessControl::revoke(RuntimeOrigin::signed(OWNER), AIR, ALICE));
		assert_eq!(may(BOB, Action::Read), no(Refusal::Revoked));
		assert_eq!(may(CAROL, Action::Read), no(Refusal::Revoked));
		assert_noop!(give(BOB, DAVE, &[Action::Read], 0), Error::<Test>::NotAuthorized);

		assert_ok!(give(OWNER, ALICE, GRANT_AND_READ, 3));
		assert_eq!(may(CAROL, Action::Read), BY_GRANT);
	});
}

#[test]
fn what_was_passed_on_falls_when_the_right_it_hangs_on_shrinks() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Grant, Action::Read, Action::Write], 2));
		assert_ok!(give(ALICE, BOB, GRANT_AND_READ, 1));
		assert_ok!(give(ALICE, CAROL, &[Action::Read, Action::Write], 0));

		// One step less: Bob's right to grant has no room any more.
		assert_ok!(give(OWNER, ALICE, &[Action::Grant, Action::Read, Action::Write], 1));
		assert_eq!(may(BOB, Action::Read), no(Refusal::Revoked));
		assert_eq!(may(CAROL, Action::Write), BY_GRANT);

		assert_ok!(give(OWNER, ALICE, GRANT_AND_READ, 1));
		assert_eq!(may(CAROL, Action::Write), no(Refusal::Revoked));

		assert_ok!(give(OWNER, ALICE, &[Action::Read, Action::Write], 0));
		assert_eq!(may(CAROL, Action::Read), no(Refusal::Revoked));
	});
}

#[test]
fn what_was_passed_on_ends_with_the_right_it_hangs_on() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, GRANT_AND_READ, 1));
		assert_ok!(give(ALICE, BOB, &[Action::Read], 0));
		assert_ok!(give_until(OWNER, ALICE, GRANT_AND_READ, 1, Some(5), None));
		System::set_block_number(5);
		assert_eq!(may(BOB, Action::Read), BY_GRANT);
		System::set_block_number(6);
		assert_eq!(may(BOB, Action::Read), no(Refusal::Revoked));
		assert_noop!(give(ALICE, CAROL, &[Action::Read], 0), Error::<Test>::NotAuthorized);
	});
}

#[test]
fn a_delegate_who_was_denied_passes_nothing_on() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, GRANT_AND_READ, 1));
		assert_ok!(give(ALICE, BOB, &[Action::Read], 0));
		assert_ok!(AccessControl::deny(RuntimeOrigin::signed(OWNER), AIR, ALICE));
		assert_eq!(may(BOB, Action::Read), no(Refusal::Revoked));
		assert_noop!(give(ALICE, CAROL, &[Action::Read], 0), Error::<Test>::NotAuthorized);
		assert_ok!(AccessControl::lift_denial(RuntimeOrigin::signed(OWNER), AIR, ALICE));
		assert_eq!(may(BOB, Action::Read), BY_GRANT);
	});
}

#[test]
fn delegates_cannot_hold_one_another_up() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, GRANT_AND_READ, 3));
		assert_ok!(give(ALICE, BOB, GRANT_AND_READ, 2));
		assert_ok!(give(BOB, ALICE, GRANT_AND_READ, 1));
		// Without the owner's grant, only what the two gave each other is left.
		crate::Grants::<Test>::mutate(AIR, ALICE, |grants| {
			grants.retain(|grant| grant.passed_on.is_some());
		});
		assert_eq!(may(ALICE, Action::Read), no(Refusal::Revoked));
		assert_eq!(may(BOB, Action::Read), no(Refusal::Revoked));
	});
}

#[test]
fn nobody_grants_to_himself_or_to_the_owner() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, GRANT_AND_READ, 2));
		assert_noop!(give(ALICE, ALICE, &[Action::Read], 0), Error::<Test>::InvalidSubject);
		assert_noop!(give(ALICE, OWNER, &[Action::Read], 0), Error::<Test>::InvalidSubject);
	});
}
