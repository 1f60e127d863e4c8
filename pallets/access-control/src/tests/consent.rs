use super::*;
use crate::{Consent, DataSubjects, Error, Event};
use frame_support::{assert_noop, assert_ok};
use msec_primitives::{DatasetId, OrderAccess, OrderId, Purposes};

const ORDER: OrderId = OrderId::repeat_byte(5);

fn name(who: AccountId, resource: DatasetId, subject: AccountId) -> DispatchResult {
	AccessControl::name_data_subject(RuntimeOrigin::signed(who), resource, subject)
}

fn consent(who: AccountId, purposes: Purposes, expires_at: Option<u64>) -> DispatchResult {
	AccessControl::give_consent(RuntimeOrigin::signed(who), AIR, purposes, expires_at)
}

fn withdraw(who: AccountId) -> DispatchResult {
	AccessControl::withdraw_consent(RuntimeOrigin::signed(who), AIR)
}

fn deposit() -> Balance {
	price_of(AccessControl::data_subject_footprint())
}

#[test]
fn nobody_receives_data_without_the_data_subjects_consent() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Describe, Action::Read, Action::Subscribe], 0));
		assert_ok!(AccessControl::open(&AIR, &BOB, ORDER, bought(), 9));
		System::reset_events();
		assert_ok!(name(OWNER, AIR, DAVE));
		assert_eq!(access_events(), [Event::DataSubjectNamed { resource: AIR, subject: DAVE }]);
		assert_eq!(deposit_of(OWNER), GRANT_DEPOSIT + deposit());
		for (subject, action) in
			[(ALICE, Action::Read), (ALICE, Action::Subscribe), (BOB, Action::Read)]
		{
			assert_eq!(may(subject, action), no(Refusal::NoConsent));
		}
		// Not the data itself, and not somebody who has nothing to begin with.
		assert_eq!(may(ALICE, Action::Describe), BY_GRANT);
		assert_eq!(may(CAROL, Action::Read), no(Refusal::NoGrant));
		assert_eq!(may(OWNER, Action::Read), Decision::Allow(Basis::Owner));
		assert_eq!(may(AGENT, Action::Read), Decision::Allow(Basis::KeyAgent));
		assert!(AccessControl::is_denied(&AIR, &BOB), "the order can be refunded");
	});
}

#[test]
fn the_owner_cannot_override_the_data_subject() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(name(OWNER, AIR, DAVE));
		assert_noop!(consent(OWNER, Purposes::ALL, None), Error::<Test>::NotAuthorized);
		assert_noop!(name(OWNER, AIR, ALICE), Error::<Test>::AlreadyExists);
		assert_ok!(give(OWNER, ALICE, &[Action::Read], 0));
		assert_eq!(may(ALICE, Action::Read), no(Refusal::NoConsent));
		assert_noop!(
			AccessControl::remove_protection(RuntimeOrigin::signed(OWNER), AIR),
			Error::<Test>::NothingToRemove
		);
	});
}

#[test]
fn consent_is_for_purposes_and_a_time() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Read], 0));
		assert_ok!(name(OWNER, AIR, DAVE));
		System::reset_events();
		let purposes = Purposes::of(&[Purpose::PublicBenefit]);
		assert_ok!(consent(DAVE, purposes, Some(5)));
		let given = Event::ConsentGiven { resource: AIR, purposes, expires_at: Some(5) };
		assert_eq!(access_events(), [given]);
		let may_for = |purpose| AccessControl::can_access(ALICE, AIR, Action::Read, purpose);
		assert_eq!(may_for(Some(Purpose::PublicBenefit)), BY_GRANT);
		assert_eq!(may_for(Some(Purpose::CommercialPurpose)), no(Refusal::NoConsent));
		assert_eq!(may_for(None), no(Refusal::NoConsent));
		System::set_block_number(5);
		assert_eq!(may_for(Some(Purpose::PublicBenefit)), BY_GRANT);
		System::set_block_number(6);
		assert_eq!(may_for(Some(Purpose::PublicBenefit)), no(Refusal::NoConsent));
		assert_ok!(consent(DAVE, Purposes::ALL, None));
		assert_eq!(may_for(None), BY_GRANT);
		let kept = AccessControl::data_subject(AIR).and_then(|subject| subject.consent);
		assert_eq!(kept, Some(Consent { purposes: Purposes::ALL, expires_at: None }));
		assert_eq!(deposit_of(DAVE), 0);
	});
}

#[test]
fn a_withdrawal_holds_in_the_same_block() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Read], 0));
		assert_ok!(name(OWNER, AIR, DAVE));
		assert_ok!(consent(DAVE, Purposes::ALL, None));
		assert_ok!(AccessControl::open(&AIR, &BOB, ORDER, bought(), 9));
		assert_eq!(may(ALICE, Action::Read), BY_GRANT);
		assert!(!AccessControl::is_denied(&AIR, &BOB));
		System::reset_events();
		assert_ok!(withdraw(DAVE));
		assert_eq!(access_events(), [Event::ConsentWithdrawn { resource: AIR }]);
		assert_eq!(may(ALICE, Action::Read), no(Refusal::NoConsent));
		assert_eq!(may(BOB, Action::Read), no(Refusal::NoConsent));
		assert!(AccessControl::is_denied(&AIR, &BOB));
		assert_noop!(withdraw(DAVE), Error::<Test>::NotFound);
	});
}

#[test]
fn an_order_that_would_buy_nothing_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(name(OWNER, AIR, DAVE));
		let open = |order, actions| AccessControl::open(&AIR, &BOB, order, actions, 9);
		assert_noop!(open(ORDER, bought()), Error::<Test>::NoConsent);
		// The use of a service hands out no data.
		assert_ok!(open(OrderId::repeat_byte(6), Actions::of(&[Action::Use])));
		assert_ok!(consent(DAVE, Purposes::of(&[Purpose::PublicBenefit]), None));
		assert_ok!(open(ORDER, bought()));
	});
}

#[test]
fn impossible_data_subjects_and_consents_are_refused() {
	ExtBuilder::default().build_and_execute(|| {
		System::set_block_number(4);
		assert_noop!(name(OWNER, UNKNOWN, DAVE), Error::<Test>::NotFound);
		assert_noop!(name(ALICE, AIR, DAVE), Error::<Test>::NotAuthorized);
		assert_noop!(name(OWNER, AIR, OWNER), Error::<Test>::InvalidSubject);
		assert_noop!(consent(DAVE, Purposes::ALL, None), Error::<Test>::NotFound);
		assert_noop!(withdraw(DAVE), Error::<Test>::NotFound);
		assert_ok!(name(OWNER, AIR, DAVE));
		assert_noop!(consent(DAVE, Purposes::default(), None), Error::<Test>::InvalidPurposes);
		assert_noop!(consent(DAVE, Purposes::ALL, Some(3)), Error::<Test>::InvalidPeriod);
		assert_noop!(withdraw(DAVE), Error::<Test>::NotFound);
		assert_noop!(withdraw(ALICE), Error::<Test>::NotAuthorized);
		Registry::erase(AIR);
		assert_noop!(consent(DAVE, Purposes::ALL, None), Error::<Test>::Erased);
		assert_noop!(name(OWNER, AIR, DAVE), Error::<Test>::Erased);
	});
}

#[test]
fn the_deposit_returns_when_the_data_set_is_erased() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(name(OWNER, AIR, DAVE));
		assert_eq!(deposit_of(OWNER), deposit());
		Registry::erase(AIR);
		System::reset_events();
		let remove = || AccessControl::remove_protection(RuntimeOrigin::signed(CAROL), AIR);
		assert_ok!(remove());
		assert_eq!(access_events(), [Event::ProtectionRemoved { resource: AIR }]);
		assert_eq!(deposit_of(OWNER), 0);
		assert!(!DataSubjects::<Test>::contains_key(AIR));
		assert_noop!(remove(), Error::<Test>::NothingToRemove);
	});
}
