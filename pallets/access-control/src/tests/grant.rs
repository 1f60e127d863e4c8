use super::*;
use crate::{Error, Event, Grant, GrantSource};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};

#[test]
fn the_owner_grants_and_pays_a_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		System::set_block_number(4);
		let actions = Actions::of(&[Action::Describe, Action::Read]);
		assert_ok!(AccessControl::grant(
			RuntimeOrigin::signed(OWNER),
			AIR,
			ALICE,
			actions,
			None,
			Some(9),
			Some(Purpose::PublicBenefit),
			0
		));
		let grants = AccessControl::grants(AIR, ALICE);
		let [Grant { source, passed_on, ticket, not_before, expires_at, purpose, .. }] =
			grants.as_slice()
		else {
			panic!("there is one grant");
		};
		assert_eq!(*source, GrantSource::Authority(OWNER));
		assert_eq!(*passed_on, None);
		assert!(ticket.is_some());
		assert_eq!((*not_before, *expires_at), (4, Some(9)));
		assert_eq!(*purpose, Some(Purpose::PublicBenefit));
		assert_eq!(deposit_of(OWNER), GRANT_DEPOSIT);
		assert_eq!(deposit_of(ALICE), 0);
		let granted = Event::Granted {
			resource: AIR,
			subject: ALICE,
			granter: OWNER,
			actions,
			not_before: 4,
			expires_at: Some(9),
			purpose: Some(Purpose::PublicBenefit),
			delegation_depth: 0,
		};
		assert_eq!(access_events(), [granted]);
	});
}

#[test]
fn a_grant_replaces_its_predecessor_for_the_same_purpose() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Read, Action::Write], 0));
		assert_ok!(give(OWNER, ALICE, &[Action::Read], 0));
		assert_eq!(AccessControl::grants(AIR, ALICE).len(), 1);
		assert_eq!(deposit_of(OWNER), GRANT_DEPOSIT);
		assert_eq!(may(ALICE, Action::Read), BY_GRANT);
		assert_eq!(may(ALICE, Action::Write), no(Refusal::NoGrant));

		let purpose = Some(Purpose::PublicBenefit);
		assert_ok!(give_until(OWNER, ALICE, &[Action::Write], 0, None, purpose));
		assert_eq!(AccessControl::grants(AIR, ALICE).len(), 2);
		assert_eq!(deposit_of(OWNER), 2 * GRANT_DEPOSIT);
		assert_eq!(may(ALICE, Action::Read), BY_GRANT);
	});
}

#[test]
fn a_grant_is_for_one_resource() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Read], 0));
		let decision = AccessControl::can_access(ALICE, NOISE, Action::Read, None);
		assert_eq!(decision, no(Refusal::NoGrant));
		assert!(AccessControl::grants(NOISE, ALICE).is_empty());
	});
}

#[test]
fn only_what_exists_can_be_granted() {
	ExtBuilder::default().build_and_execute(|| {
		let actions = Actions::of(&[Action::Read]);
		let grant = |resource| {
			let origin = RuntimeOrigin::signed(OWNER);
			AccessControl::grant(origin, resource, ALICE, actions, None, None, None, 0)
		};
		assert_noop!(grant(UNKNOWN), Error::<Test>::NotFound);
		Registry::erase(AIR);
		assert_noop!(grant(AIR), Error::<Test>::Erased);
	});
}

#[test]
fn strangers_do_not_grant() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(give(BOB, ALICE, &[Action::Read], 0), Error::<Test>::NotAuthorized);
		assert_noop!(give(AGENT, ALICE, &[Action::Read], 0), Error::<Test>::NotAuthorized);
		assert_noop!(
			AccessControl::grant(
				RuntimeOrigin::root(),
				AIR,
				ALICE,
				Actions::ALL,
				None,
				None,
				None,
				1
			),
			DispatchError::BadOrigin
		);
	});
}

#[test]
fn senseless_grants_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		System::set_block_number(4);
		let grant = |actions, not_before, expires_at| {
			let origin = RuntimeOrigin::signed(OWNER);
			AccessControl::grant(origin, AIR, ALICE, actions, not_before, expires_at, None, 0)
		};
		let read = Actions::of(&[Action::Read]);
		assert_noop!(grant(Actions::default(), None, None), Error::<Test>::InvalidActions);
		assert_noop!(grant(unknown_action(), None, None), Error::<Test>::InvalidActions);
		assert_noop!(grant(read, None, Some(3)), Error::<Test>::InvalidPeriod);
		assert_noop!(grant(read, Some(1), Some(3)), Error::<Test>::InvalidPeriod);
		assert_noop!(grant(read, Some(9), Some(8)), Error::<Test>::InvalidPeriod);
		assert_ok!(grant(read, Some(9), Some(9)));

		assert_noop!(give(OWNER, OWNER, &[Action::Read], 0), Error::<Test>::InvalidSubject);
		assert_noop!(give(OWNER, BOB, &[Action::Read], 1), Error::<Test>::InvalidDelegation);
		assert_noop!(give(OWNER, BOB, &[Action::Grant], 0), Error::<Test>::InvalidDelegation);
		assert_noop!(
			give(OWNER, BOB, &[Action::Grant], MAX_DELEGATION_DEPTH + 1),
			Error::<Test>::MaxDelegationDepthExceeded
		);
		assert_ok!(give(OWNER, BOB, &[Action::Grant], MAX_DELEGATION_DEPTH));
	});
}

#[test]
fn who_cannot_pay_the_deposit_cannot_grant() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, PAUPER, &[Action::Grant, Action::Read], 1));
		assert_noop!(give(PAUPER, ALICE, &[Action::Read], 0), TokenError::FundsUnavailable);
	});
}

#[test]
fn a_subject_has_a_bounded_number_of_grants() {
	let delegates = 100..100 + u64::from(MAX_GRANTS);
	ExtBuilder::default().with_accounts(delegates.clone()).build_and_execute(|| {
		for delegate in delegates {
			assert_ok!(give(OWNER, delegate, &[Action::Grant, Action::Read], 1));
			assert_ok!(give(delegate, ALICE, &[Action::Read], 0));
		}
		assert_noop!(give(OWNER, ALICE, &[Action::Read], 0), Error::<Test>::MaxGrantsExceeded);
		assert_ok!(give(100, ALICE, &[Action::Read], 0));
	});
}

fn unknown_action() -> Actions {
	use codec::Decode;
	Actions::decode(&mut [0b1000_0001u8].as_slice()).expect("any byte decodes; qed")
}
