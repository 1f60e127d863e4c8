use super::*;
use crate::{Error, Event, RequestCounts, Requests};
use frame_support::{assert_noop, assert_ok};
use msec_primitives::DatasetId;
use sp_runtime::{DispatchError, TokenError};

fn request_of(
	who: AccountId,
	resource: DatasetId,
	actions: &[Action],
	expires_at: Option<u64>,
) -> DispatchResult {
	let (origin, actions) = (RuntimeOrigin::signed(who), Actions::of(actions));
	let purpose = Some(Purpose::PublicBenefit);
	AccessControl::request_access(origin, resource, actions, purpose, expires_at)
}

fn request(who: AccountId) -> DispatchResult {
	request_of(who, AIR, &[Action::Read], Some(50))
}

fn approve_as(
	by: AccountId,
	requester: AccountId,
	actions: &[Action],
	expires_at: Option<u64>,
) -> DispatchResult {
	let (origin, actions) = (RuntimeOrigin::signed(by), Actions::of(actions));
	let purpose = Some(Purpose::PublicBenefit);
	AccessControl::approve_request(origin, AIR, requester, actions, purpose, expires_at)
}

fn approve(by: AccountId, requester: AccountId) -> DispatchResult {
	approve_as(by, requester, &[Action::Read], Some(50))
}

fn refuse(by: AccountId, requester: AccountId) -> DispatchResult {
	AccessControl::refuse_request(RuntimeOrigin::signed(by), AIR, requester)
}

fn withdraw(who: AccountId) -> DispatchResult {
	AccessControl::withdraw_request(RuntimeOrigin::signed(who), AIR)
}

fn deposit() -> Balance {
	price_of(AccessControl::request_footprint())
}

fn assert_gone(requester: AccountId) {
	assert!(!Requests::<Test>::contains_key(AIR, requester));
	assert!(!RequestCounts::<Test>::contains_key(AIR));
	assert_eq!(deposit_of(requester), 0);
}

#[test]
fn what_is_requested_is_granted_when_it_is_approved() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(request(ALICE));
		let (actions, purpose) = (Actions::of(&[Action::Read]), Some(Purpose::PublicBenefit));
		let requested = Event::AccessRequested {
			resource: AIR,
			requester: ALICE,
			actions,
			purpose,
			expires_at: Some(50),
			lapses_at: 1 + REQUEST_PERIOD,
		};
		assert_eq!(access_events(), [requested]);
		assert_eq!(deposit_of(ALICE), deposit());
		let may_for = |purpose| AccessControl::can_access(ALICE, AIR, Action::Read, purpose);
		assert_eq!(may_for(purpose), no(Refusal::NoGrant));
		let open = AccessControl::requests(AIR);
		assert_eq!(open.iter().map(|(who, _)| *who).collect::<Vec<_>>(), [ALICE]);

		System::set_block_number(1 + REQUEST_PERIOD);
		assert_ok!(approve(OWNER, ALICE));
		let granted = Event::Granted {
			resource: AIR,
			subject: ALICE,
			granter: OWNER,
			actions,
			not_before: 1 + REQUEST_PERIOD,
			expires_at: Some(50),
			purpose,
			delegation_depth: 0,
		};
		let approved = Event::AccessApproved { resource: AIR, requester: ALICE, by: OWNER };
		assert_eq!(access_events()[1..], [granted, approved]);
		assert_gone(ALICE);
		assert_eq!(deposit_of(OWNER), GRANT_DEPOSIT);
		assert_eq!(may_for(purpose), BY_GRANT);
		assert_eq!(may_for(None), no(Refusal::OtherPurpose));
		System::set_block_number(51);
		assert_eq!(may_for(purpose), no(Refusal::Expired));
	});
}

#[test]
fn a_delegate_approves_what_he_may_grant() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, BOB, &[Action::Grant, Action::Read], 1));
		assert_ok!(request(ALICE));
		assert_ok!(request_of(CAROL, AIR, &[Action::Write], None));
		assert_noop!(approve(DAVE, ALICE), Error::<Test>::NotAuthorized);
		let beyond = approve_as(BOB, CAROL, &[Action::Write], None);
		assert_eq!(beyond, Err(Error::<Test>::OwnRightsExceeded.into()));
		assert_ok!(approve(BOB, ALICE));
		let purpose = Some(Purpose::PublicBenefit);
		assert_eq!(AccessControl::can_access(ALICE, AIR, Action::Read, purpose), BY_GRANT);
		assert_eq!(deposit_of(BOB), GRANT_DEPOSIT);
		assert_eq!(RequestCounts::<Test>::get(AIR), 1);
	});
}

#[test]
fn a_refused_or_withdrawn_request_is_gone() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(request(ALICE));
		assert_noop!(refuse(BOB, ALICE), Error::<Test>::NotAuthorized);
		System::reset_events();
		assert_ok!(refuse(OWNER, ALICE));
		let refused = Event::AccessRefused { resource: AIR, requester: ALICE, by: OWNER };
		assert_eq!(access_events(), [refused]);
		assert_gone(ALICE);

		assert_ok!(request(ALICE));
		System::reset_events();
		assert_ok!(withdraw(ALICE));
		let withdrawn = Event::RequestWithdrawn { resource: AIR, requester: ALICE };
		assert_eq!(access_events(), [withdrawn]);
		assert_gone(ALICE);
		for answer in [approve(OWNER, ALICE), refuse(OWNER, ALICE), withdraw(ALICE)] {
			assert_eq!(answer, Err(Error::<Test>::NotFound.into()));
		}
		assert_eq!(may(ALICE, Action::Read), no(Refusal::NoGrant));
	});
}

#[test]
fn anyone_removes_what_has_lapsed_or_asks_for_what_is_erased() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(request(ALICE));
		System::set_block_number(2 + REQUEST_PERIOD);
		assert_noop!(approve(OWNER, ALICE), Error::<Test>::Lapsed);
		assert_ok!(refuse(DAVE, ALICE));
		assert_gone(ALICE);
		assert_ok!(request(ALICE));
		Registry::erase(AIR);
		assert_noop!(approve(OWNER, ALICE), Error::<Test>::Erased);
		assert_ok!(refuse(DAVE, ALICE));
		assert_gone(ALICE);
	});
}

#[test]
fn nothing_else_is_approved_than_what_was_seen() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(request(ALICE));
		assert_ok!(withdraw(ALICE));
		assert_ok!(request_of(ALICE, AIR, &[Action::Read, Action::Write], Some(50)));
		assert_noop!(approve(OWNER, ALICE), Error::<Test>::RequestChanged);
		assert_ok!(withdraw(ALICE));
		assert_ok!(request_of(ALICE, AIR, &[Action::Read], None));
		assert_noop!(approve(OWNER, ALICE), Error::<Test>::RequestChanged);
		assert_ok!(approve_as(OWNER, ALICE, &[Action::Read], None));
	});
}

#[test]
fn requests_are_bounded() {
	ExtBuilder::default().build_and_execute(|| {
		for requester in [ALICE, BOB, CAROL] {
			assert_ok!(request(requester));
		}
		assert_noop!(request(DAVE), Error::<Test>::MaxRequestsExceeded);
		assert_ok!(request_of(DAVE, NOISE, &[Action::Read], None));
		assert_ok!(withdraw(BOB));
		assert_ok!(request(DAVE));
		assert_eq!(AccessControl::requests(AIR).len(), MAX_REQUESTS as usize);
	});
}

#[test]
fn impossible_requests_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		System::set_block_number(4);
		let ask = |who, resource, actions: &[Action], end| request_of(who, resource, actions, end);
		assert_noop!(ask(ALICE, UNKNOWN, &[Action::Read], None), Error::<Test>::NotFound);
		assert_noop!(ask(OWNER, AIR, &[Action::Read], None), Error::<Test>::InvalidSubject);
		for actions in [&[][..], &[Action::Read, Action::Grant]] {
			assert_noop!(ask(ALICE, AIR, actions, None), Error::<Test>::InvalidActions);
		}
		assert_noop!(ask(ALICE, AIR, &[Action::Read], Some(3)), Error::<Test>::InvalidPeriod);
		assert_noop!(
			ask(PAUPER, AIR, &[Action::Read], None),
			DispatchError::Token(TokenError::FundsUnavailable)
		);
		assert_ok!(request(ALICE));
		assert_noop!(request(ALICE), Error::<Test>::AlreadyExists);
		Registry::erase(AIR);
		assert_noop!(request(BOB), Error::<Test>::Erased);
	});
}
