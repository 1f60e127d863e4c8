use crate::{mock::*, pallet::*, CampaignTermsOf};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::{traits::BadOrigin, TokenError};

/// 10, and 1 a byte: 45 of the contributor, 112 of the key.
const CONTRIBUTOR_DEPOSIT: u64 = 167;

#[test]
fn submitting_takes_one_deposit() {
	build_and_execute(|| {
		let id = campaign();
		events();
		assert_ok!(Rewards::submit(signed(ALICE), id, contribution(1)));
		assert_eq!(deposit_of(ALICE), CONTRIBUTOR_DEPOSIT);
		let stored = Contributors::<Test>::get(id, ALICE).unwrap();
		assert_eq!((stored.accepted, stored.pending), (0, Some(contribution(1))));
		let submitted =
			Event::Submitted { campaign: id, contributor: ALICE, contribution: contribution(1) };
		assert_eq!(events(), [submitted]);
		assert_noop!(
			Rewards::submit(signed(ALICE), id, contribution(2)),
			Error::<Test>::AlreadyPending
		);
		assert_ok!(Rewards::accept(signed(CITY), id, ALICE, contribution(1)));
		assert_ok!(Rewards::submit(signed(ALICE), id, contribution(2)));
		assert_eq!(deposit_of(ALICE), CONTRIBUTOR_DEPOSIT);
	});
}

#[test]
fn submitting_needs_a_campaign_that_takes_it() {
	build_and_execute(|| {
		let id = campaign();
		let submit = |who| Rewards::submit(signed(who), id, contribution(1));
		assert_noop!(
			Rewards::submit(signed(ALICE), H256::zero(), contribution(1)),
			Error::<Test>::NotFound
		);
		assert_noop!(submit(CITY), Error::<Test>::OwnCampaign);
		assert_noop!(submit(99), TokenError::FundsUnavailable);
		run_to(END);
		assert_ok!(submit(ALICE));
		run_to(END + 1);
		assert_noop!(submit(BOB), Error::<Test>::TooLate);
	});
}

#[test]
fn accepting_pays_at_once() {
	build_and_execute(|| {
		let id = campaign();
		assert_ok!(Rewards::submit(signed(ALICE), id, contribution(1)));
		events();
		assert_ok!(Rewards::accept(signed(CITY), id, ALICE, contribution(1)));
		assert_eq!(free(ALICE), FUNDS + REWARD - CONTRIBUTOR_DEPOSIT);
		assert_eq!(budget_of(CITY), BUDGET - REWARD);
		assert_eq!(Campaigns::<Test>::get(id).unwrap().budget, BUDGET - REWARD);
		let stored = Contributors::<Test>::get(id, ALICE).unwrap();
		assert_eq!((stored.accepted, stored.pending), (1, None));
		let accepted = Event::Accepted {
			campaign: id,
			contributor: ALICE,
			contribution: contribution(1),
			reward: REWARD,
		};
		assert_eq!(events(), [accepted]);
	});
}

#[test]
fn owner_and_council_decide() {
	build_and_execute(|| {
		let id = campaign();
		for who in [ALICE, BOB] {
			assert_ok!(Rewards::submit(signed(who), id, contribution(1)));
		}
		let accept = |origin, who| Rewards::accept(origin, id, who, contribution(1));
		assert_noop!(accept(signed(STRANGER), ALICE), Error::<Test>::NotAuthorized);
		assert_noop!(accept(signed(ALICE), ALICE), Error::<Test>::NotAuthorized);
		assert_noop!(accept(RuntimeOrigin::none(), ALICE), BadOrigin);
		assert_ok!(accept(signed(CITY), ALICE));
		assert_ok!(accept(RuntimeOrigin::root(), BOB));
		assert_noop!(
			Rewards::reject(signed(STRANGER), id, ALICE, contribution(1)),
			Error::<Test>::NotAuthorized
		);
	});
}

#[test]
fn exactly_what_waits_is_decided_in_time() {
	build_and_execute(|| {
		let id = campaign();
		assert_ok!(Rewards::submit(signed(ALICE), id, contribution(1)));
		let accept = |who, number| Rewards::accept(signed(CITY), id, who, contribution(number));
		assert_noop!(
			Rewards::accept(signed(CITY), H256::zero(), ALICE, contribution(1)),
			Error::<Test>::NotFound
		);
		assert_noop!(accept(BOB, 1), Error::<Test>::NotFound);
		assert_noop!(accept(ALICE, 2), Error::<Test>::NotPending);
		run_to(END + DECISION + 1);
		assert_noop!(accept(ALICE, 1), Error::<Test>::TooLate);
		run_to(END + DECISION + 1);
		assert_noop!(
			Rewards::reject(signed(CITY), id, ALICE, contribution(1)),
			Error::<Test>::TooLate
		);
	});
}

#[test]
fn the_last_block_for_a_decision_counts() {
	build_and_execute(|| {
		let id = campaign();
		assert_ok!(Rewards::submit(signed(ALICE), id, contribution(1)));
		run_to(END + DECISION);
		assert_ok!(Rewards::accept(signed(CITY), id, ALICE, contribution(1)));
		assert_noop!(
			Rewards::accept(signed(CITY), id, ALICE, contribution(1)),
			Error::<Test>::NotPending
		);
	});
}

#[test]
fn rejecting_lets_the_contributor_try_again() {
	build_and_execute(|| {
		let id = campaign();
		assert_ok!(Rewards::submit(signed(ALICE), id, contribution(1)));
		events();
		assert_ok!(Rewards::reject(signed(CITY), id, ALICE, contribution(1)));
		let rejected =
			Event::Rejected { campaign: id, contributor: ALICE, contribution: contribution(1) };
		assert_eq!(events(), [rejected]);
		assert_eq!(budget_of(CITY), BUDGET);
		reward(id, ALICE, 2);
	});
}

#[test]
fn an_account_is_rewarded_up_to_the_cap() {
	build_and_execute(|| {
		let id = campaign();
		reward(id, ALICE, 1);
		reward(id, ALICE, 2);
		assert_noop!(
			Rewards::submit(signed(ALICE), id, contribution(3)),
			Error::<Test>::CapReached
		);
		// Nor after coming back.
		assert_noop!(Rewards::leave(signed(ALICE), id, ALICE), Error::<Test>::TooEarly);
	});
}

#[test]
fn what_the_budget_does_not_pay_is_not_accepted() {
	build_and_execute(|| {
		let id = campaign();
		for who in [BOB, STRANGER] {
			assert_ok!(Rewards::submit(signed(who), id, contribution(9)));
		}
		reward(id, ALICE, 1);
		reward(id, ALICE, 2);
		assert_ok!(Rewards::accept(signed(CITY), id, BOB, contribution(9)));
		assert_noop!(
			Rewards::accept(signed(CITY), id, STRANGER, contribution(9)),
			Error::<Test>::Exhausted
		);
		assert_noop!(Rewards::submit(signed(BOB), id, contribution(1)), Error::<Test>::Exhausted);
	});
}

#[test]
fn contributors_leave_with_their_deposit() {
	build_and_execute(|| {
		let id = campaign();
		assert_ok!(Rewards::submit(signed(ALICE), id, contribution(1)));
		events();
		assert_noop!(Rewards::leave(signed(BOB), id, ALICE), Error::<Test>::NotAuthorized);
		assert_noop!(Rewards::leave(signed(BOB), id, BOB), Error::<Test>::NotFound);
		assert_ok!(Rewards::leave(signed(ALICE), id, ALICE));
		assert_eq!((deposit_of(ALICE), free(ALICE)), (0, FUNDS));
		assert_eq!(events(), [Event::Left { campaign: id, contributor: ALICE }]);
		assert_noop!(
			Rewards::accept(signed(CITY), id, ALICE, contribution(1)),
			Error::<Test>::NotFound
		);
	});
}

#[test]
fn anybody_removes_the_contributors_of_a_closed_campaign() {
	build_and_execute(|| {
		let id = campaign();
		reward(id, ALICE, 1);
		assert_ok!(Rewards::submit(signed(BOB), id, contribution(2)));
		run_to(END + DECISION + 1);
		assert_ok!(Rewards::close_campaign(signed(STRANGER), id));
		for who in [ALICE, BOB] {
			assert_ok!(Rewards::leave(signed(STRANGER), id, who));
			assert_eq!(deposit_of(who), 0);
		}
		assert_eq!(Contributors::<Test>::iter().count(), 0);
	});
}

#[test]
fn two_campaigns_do_not_touch_one_another() {
	build_and_execute(|| {
		let first = campaign();
		let terms = CampaignTermsOf::<Test> { reward: 3 * REWARD, ..terms() };
		assert_ok!(Rewards::create_campaign(signed(CITY), H256::zero(), terms, 3 * REWARD));
		let second = Rewards::campaign_id(&CITY, H256::zero());
		reward(second, ALICE, 1);
		assert_eq!(budget_of(CITY), BUDGET);
		assert_ok!(Rewards::close_campaign(signed(STRANGER), second));
		reward(first, ALICE, 1);
	});
}
