use crate::{mock::*, pallet::*, CampaignTermsOf};
use frame_support::{assert_noop, assert_ok, pallet_prelude::Pays};
use sp_core::H256;
use sp_runtime::TokenError;

/// 10, and 1 a byte: 76 of the campaign, 176 of keys.
const CAMPAIGN_DEPOSIT: u64 = 262;

#[test]
fn creating_holds_budget_and_deposit() {
	build_and_execute(|| {
		let id = campaign();
		assert_eq!((budget_of(CITY), deposit_of(CITY)), (BUDGET, CAMPAIGN_DEPOSIT));
		assert_eq!(free(CITY), FUNDS - BUDGET - CAMPAIGN_DEPOSIT);
		let stored = Campaigns::<Test>::get(id).unwrap();
		assert_eq!((stored.owner, stored.terms, stored.budget), (CITY, terms(), BUDGET));
		let created =
			Event::CampaignCreated { campaign: id, owner: CITY, terms: terms(), budget: BUDGET };
		assert_eq!(events(), [created]);
	});
}

fn assert_refused(
	error: Error<Test>,
	budget: u64,
	change: impl FnOnce(&mut CampaignTermsOf<Test>),
) {
	let mut terms = terms();
	change(&mut terms);
	assert_noop!(Rewards::create_campaign(signed(CITY), SALT, terms, budget), error);
}

#[test]
fn creating_checks_every_field() {
	build_and_execute(|| {
		assert_refused(Error::RewardTooLow, BUDGET, |terms| {
			terms.reward = EXISTENTIAL_DEPOSIT - 1;
		});
		assert_refused(Error::BudgetTooLow, REWARD - 1, |_| ());
		assert_refused(Error::InvalidCap, BUDGET, |terms| terms.cap_per_account = 0);
		for end in [0, 1, 1 + LONGEST + 1, u64::MAX] {
			assert_refused(Error::InvalidPeriod, BUDGET, |terms| terms.ends_at = end);
		}
		campaign();
		assert_refused(Error::AlreadyExists, BUDGET, |_| ());
		let call = Call::create_campaign { salt: H256::zero(), terms: terms(), budget: FUNDS };
		assert_noop!(dispatch(CITY, call), TokenError::FundsUnavailable);
		let call = Call::create_campaign { salt: H256::zero(), terms: terms(), budget: u64::MAX };
		assert_noop!(dispatch(CITY, call), TokenError::FundsUnavailable);
	});
}

#[test]
fn closing_returns_what_is_left_after_the_time_for_decisions() {
	build_and_execute(|| {
		let id = campaign();
		reward(id, ALICE, 1);
		events();
		run_to(END + DECISION);
		assert_noop!(Rewards::close_campaign(signed(CITY), id), Error::<Test>::TooEarly);
		run_to(END + DECISION + 1);
		let post = Rewards::close_campaign(signed(STRANGER), id).unwrap();
		assert_eq!(post.pays_fee, Pays::No);
		assert_eq!((budget_of(CITY), deposit_of(CITY), free(CITY)), (0, 0, FUNDS - REWARD));
		let returned = BUDGET - REWARD;
		assert_eq!(events(), [Event::CampaignClosed { campaign: id, owner: CITY, returned }]);
		assert_noop!(Rewards::close_campaign(signed(STRANGER), id), Error::<Test>::NotFound);
	});
}

#[test]
fn a_campaign_that_can_pay_no_more_is_closed_at_once() {
	build_and_execute(|| {
		let id = campaign();
		reward(id, ALICE, 1);
		reward(id, ALICE, 2);
		assert_noop!(Rewards::close_campaign(signed(STRANGER), id), Error::<Test>::TooEarly);
		reward(id, BOB, 3);
		assert_eq!(budget_of(CITY), BUDGET - 3 * REWARD);
		assert_ok!(Rewards::close_campaign(signed(STRANGER), id));
		assert_eq!(free(CITY), FUNDS - 3 * REWARD);
	});
}
