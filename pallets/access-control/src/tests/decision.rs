use super::*;
use frame_support::assert_ok;
use msec_primitives::AccessPolicy;

const ALL: [Action; 6] =
	[Action::Describe, Action::Read, Action::Subscribe, Action::Act, Action::Write, Action::Grant];

#[test]
fn an_unknown_resource_is_for_nobody() {
	ExtBuilder::default().build_and_execute(|| {
		let decision = AccessControl::can_access(OWNER, UNKNOWN, Action::Describe, None);
		assert_eq!(decision, no(Refusal::UnknownResource));
	});
}

#[test]
fn an_erased_resource_is_for_nobody_any_more() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Read], 0));
		Registry::erase(AIR);
		for subject in [OWNER, AGENT, ALICE, BOB] {
			assert_eq!(may(subject, Action::Read), no(Refusal::Erased));
		}
	});
}

#[test]
fn the_owner_may_everything() {
	ExtBuilder::default().build_and_execute(|| {
		for action in ALL {
			assert_eq!(may(OWNER, action), Decision::Allow(Basis::Owner));
		}
	});
}

#[test]
fn the_key_agent_may_describe_and_read() {
	ExtBuilder::default().build_and_execute(|| {
		for action in ALL {
			let expected = match action {
				Action::Describe | Action::Read => Decision::Allow(Basis::KeyAgent),
				_ => no(Refusal::NoGrant),
			};
			assert_eq!(may(AGENT, action), expected);
		}
		let elsewhere = AccessControl::can_access(AGENT, NOISE, Action::Read, None);
		assert_eq!(elsewhere, no(Refusal::NoGrant));
		assert_ok!(give(OWNER, AGENT, &[Action::Write], 0));
		assert_eq!(may(AGENT, Action::Write), BY_GRANT);
	});
}

#[test]
fn others_may_what_they_were_granted() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Read, Action::Subscribe], 0));
		for action in ALL {
			let expected = match action {
				Action::Read | Action::Subscribe => BY_GRANT,
				_ => no(Refusal::NoGrant),
			};
			assert_eq!(may(ALICE, action), expected);
			assert_eq!(may(BOB, action), no(Refusal::NoGrant));
		}
	});
}

#[test]
fn a_grant_holds_from_its_first_to_its_last_block() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(AccessControl::grant(
			RuntimeOrigin::signed(OWNER),
			AIR,
			ALICE,
			Actions::of(&[Action::Read]),
			Some(3),
			Some(5),
			None,
			0
		));
		let expected = [
			(2, no(Refusal::NotYetValid)),
			(3, BY_GRANT),
			(5, BY_GRANT),
			(6, no(Refusal::Expired)),
		];
		for (block, decision) in expected {
			System::set_block_number(block);
			assert_eq!(may(ALICE, Action::Read), decision);
		}
	});
}

#[test]
fn a_grant_is_for_its_purpose() {
	ExtBuilder::default().build_and_execute(|| {
		let purpose = Some(Purpose::ResearchAndDevelopment);
		let other = Some(Purpose::CommercialPurpose);
		assert_ok!(give_until(OWNER, ALICE, &[Action::Read], 0, None, purpose));
		assert_ok!(give(OWNER, BOB, &[Action::Read], 0));
		let read =
			|subject, purpose| AccessControl::can_access(subject, AIR, Action::Read, purpose);
		assert_eq!(read(ALICE, purpose), BY_GRANT);
		assert_eq!(read(ALICE, other), no(Refusal::OtherPurpose));
		assert_eq!(read(ALICE, None), no(Refusal::OtherPurpose));
		for purpose in [purpose, other, None] {
			assert_eq!(read(BOB, purpose), BY_GRANT);
		}
	});
}

#[test]
fn of_several_grants_the_best_answers() {
	ExtBuilder::default().build_and_execute(|| {
		let read = |purpose| AccessControl::can_access(ALICE, AIR, Action::Read, purpose);
		let give = |not_before, expires_at, purpose| {
			let actions = Actions::of(&[Action::Read]);
			let origin = RuntimeOrigin::signed(OWNER);
			AccessControl::grant(origin, AIR, ALICE, actions, not_before, expires_at, purpose, 0)
		};
		assert_ok!(give(None, Some(3), None));
		System::set_block_number(4);
		assert_eq!(read(None), no(Refusal::Expired));
		assert_ok!(give(Some(9), None, Some(Purpose::PublicBenefit)));
		assert_eq!(read(None), no(Refusal::NotYetValid));
		assert_ok!(give(None, None, Some(Purpose::EnforceSecurity)));
		assert_eq!(read(None), no(Refusal::OtherPurpose));
		assert_eq!(read(Some(Purpose::EnforceSecurity)), BY_GRANT);
	});
}

#[test]
fn other_pallets_receive_the_same_answer() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(give(OWNER, ALICE, &[Action::Read], 0));
		for (subject, action) in [(OWNER, Action::Write), (ALICE, Action::Read), (BOB, Action::Act)]
		{
			let answer =
				<AccessControl as AccessPolicy<_>>::can_access(&subject, &AIR, action, None);
			assert_eq!(answer, may(subject, action));
		}
	});
}
