use crate::{mock::*, pallet::*, DemandEnd, DemandTermsOf};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::{Permill, TokenError};

/// 10, and 1 a byte: 48 of terms without keys, 33 of the rest, 330 of keys in the state.
const DEPOSIT_WITHOUT_FILLS: u64 = 421;

fn deposit(fills: u64) -> u64 {
	DEPOSIT_WITHOUT_FILLS + 64 * fills
}

#[test]
fn creating_holds_budget_and_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		let id = demand(BUYER, PRICE, 3);
		let budget = 3 * (PRICE + ORDER_DEPOSIT);
		assert_eq!((budget_of(BUYER), deposit_of(BUYER)), (budget, deposit(3)));
		assert_eq!(free(BUYER), FUNDS - budget - deposit(3));
		let demand = stored(id);
		assert_eq!((demand.account, demand.sequence), (BUYER, 0));
		assert_eq!(demand.terms, demand_terms(BUYER, PRICE, 3));
		assert_eq!(demand.budget_per_fill, PRICE + ORDER_DEPOSIT);
		assert_eq!((demand.fills_left(), demand.next_key()), (3, Some(&[1; 32])));
		let created = Event::DemandCreated {
			demand: id,
			account: BUYER,
			kind: bytes(b"air-temperature"),
			area: bytes(b"ezjm"),
			highest_price: PRICE,
			fills: 3,
		};
		assert_eq!(events(), [created]);
	});
}

#[test]
fn the_deposit_grows_with_the_fills() {
	ExtBuilder::default().build_and_execute(|| {
		demand(BUYER, PRICE, 1);
		demand(OTHER, PRICE, 16);
		assert_eq!((deposit_of(BUYER), deposit_of(OTHER)), (deposit(1), deposit(16)));
	});
}

#[test]
fn creating_needs_a_fresh_salt_and_the_money() {
	ExtBuilder::default().build_and_execute(|| {
		demand(BUYER, PRICE, 1);
		assert_noop!(
			DemandSide::create_demand(signed(BUYER), SALT, demand_terms(BUYER, PRICE, 1)),
			Error::<Test>::AlreadyExists
		);
		assert_ok!(DemandSide::create_demand(
			signed(BUYER),
			H256::zero(),
			demand_terms(BUYER, PRICE, 1)
		));
	});
	ExtBuilder::default().with_balance(BUYER, PRICE).build_and_execute(|| {
		let call = Call::create_demand { salt: SALT, terms: demand_terms(BUYER, PRICE, 1) };
		assert_noop!(dispatch(BUYER, call), TokenError::FundsUnavailable);
	});
}

fn assert_refused(error: Error<Test>, change: impl FnOnce(&mut DemandTermsOf<Test>)) {
	let mut terms = demand_terms(BUYER, PRICE, 2);
	change(&mut terms);
	assert_noop!(DemandSide::create_demand(signed(BUYER), SALT, terms), error);
}

#[test]
fn each_field_of_the_terms_is_checked() {
	ExtBuilder::default().build_and_execute(|| {
		run_to(10);
		for kind in ["", "-", "Air", "air_x"] {
			assert_refused(Error::InvalidKind, |terms| terms.kind = bytes(kind.as_bytes()));
		}
		for area in ["", "a", "ezjI"] {
			assert_refused(Error::InvalidArea, |terms| terms.area = bytes(area.as_bytes()));
		}
		for end in [0, 10, 10 + LONGEST + 1, u64::MAX] {
			assert_refused(Error::InvalidPeriod, |terms| terms.expires_at = end);
		}
		assert_refused(Error::InvalidBuyerKey, |terms| terms.buyer_keys = keys(0));
		assert_refused(Error::InvalidBuyerKey, |terms| terms.buyer_keys[1] = INVALID_KEY);
	});
}

#[test]
fn what_nobody_could_check_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		assert_refused(Error::NoScores, |terms| terms.minimum_score = Some(Permill::zero()));
		assert_refused(Error::NoVerdicts, |terms| terms.maximum_verdict_age = Some(1));
		Scores::set(Some(Default::default()));
		Verdicts::set(Some(Default::default()));
		let mut terms = demand_terms(BUYER, PRICE, 1);
		terms.minimum_score = Some(Permill::zero());
		terms.maximum_verdict_age = Some(1);
		assert_ok!(DemandSide::create_demand(signed(BUYER), SALT, terms));
	});
}

#[test]
fn the_longest_period_is_accepted() {
	ExtBuilder::default().build_and_execute(|| {
		for (salt, end) in [(1, 2), (2, 1 + LONGEST)] {
			let mut terms = demand_terms(BUYER, PRICE, 1);
			terms.expires_at = end;
			demand_with(BUYER, salt, terms);
		}
	});
}

#[test]
fn cancelling_returns_budget_and_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		let id = demand(BUYER, PRICE, 3);
		events();
		assert_ok!(DemandSide::cancel_demand(signed(BUYER), id));
		assert!(!stands(id));
		assert_eq!((budget_of(BUYER), deposit_of(BUYER), free(BUYER)), (0, 0, FUNDS));
		let returned = 3 * (PRICE + ORDER_DEPOSIT);
		let end = DemandEnd::Cancelled;
		assert_eq!(events(), [Event::DemandClosed { demand: id, account: BUYER, returned, end }]);
	});
}

#[test]
fn only_the_own_demand_can_be_cancelled() {
	ExtBuilder::default().build_and_execute(|| {
		let id = demand(BUYER, PRICE, 1);
		assert_noop!(DemandSide::cancel_demand(signed(STRANGER), id), Error::<Test>::NotAuthorized);
		assert_noop!(
			DemandSide::cancel_demand(signed(BUYER), H256::zero()),
			Error::<Test>::NotFound
		);
	});
}

#[test]
fn anybody_may_remove_an_expired_demand() {
	ExtBuilder::default().build_and_execute(|| {
		let id = demand(BUYER, PRICE, 2);
		events();
		run_to(END);
		assert_noop!(DemandSide::expire_demand(signed(STRANGER), id), Error::<Test>::TooEarly);
		run_to(END + 1);
		let post = DemandSide::expire_demand(signed(STRANGER), id).unwrap();
		assert_eq!(post.pays_fee, frame_support::pallet_prelude::Pays::No);
		assert_eq!((budget_of(BUYER), deposit_of(BUYER), free(BUYER)), (0, 0, FUNDS));
		let returned = 2 * (PRICE + ORDER_DEPOSIT);
		let end = DemandEnd::Expired;
		assert_eq!(events(), [Event::DemandClosed { demand: id, account: BUYER, returned, end }]);
		assert_noop!(DemandSide::expire_demand(signed(STRANGER), id), Error::<Test>::NotFound);
	});
}

#[test]
fn a_new_demand_buys_from_the_cheapest_old_offers() {
	ExtBuilder::default().build_and_execute(|| {
		let [dear, cheap, middle] = [900, 100, 500].map(list);
		wait(MIN_AGE);
		let id = demand(BUYER, PRICE, 2);
		assert!(!stands(id));
		let from: Vec<_> = bought(BUYER).iter().map(|order| order.listing).collect();
		assert!(from.contains(&cheap) && from.contains(&middle) && !from.contains(&dear));
		assert_eq!(free(BUYER), FUNDS - 600 - 2 * ORDER_DEPOSIT);
		assert_eq!((budget_of(BUYER), deposit_of(BUYER)), (0, 0));
	});
}

#[test]
fn a_new_demand_keeps_what_it_could_not_buy() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(PRICE);
		let too_dear = list(PRICE + 1);
		wait(MIN_AGE);
		let young = list(1);
		events();
		let id = demand(BUYER, PRICE, 3);
		assert_eq!(stored(id).filled_from.to_vec(), [listing]);
		assert_eq!(stored(id).next_key(), Some(&[2; 32]));
		assert_eq!(budget_of(BUYER), 2 * (PRICE + ORDER_DEPOSIT));
		let order = bought(BUYER).remove(0);
		assert_eq!((order.price, order.buyer_key, order.beneficiary), (PRICE, [1; 32], BUYER));
		assert!(matches!(events()[1], Event::Matched { fills_left: 2, price: PRICE, .. }));
		for other in [too_dear, young] {
			assert!(propose(id, other).is_err());
		}
	});
}

#[test]
fn a_new_demand_looks_at_a_bounded_number_of_offers() {
	ExtBuilder::default().build_and_execute(|| {
		let bound = MaxLooks::get() as u64;
		for price in 1..=2 * bound {
			list(price);
		}
		wait(MIN_AGE);
		let post = DemandSide::create_demand(signed(BUYER), SALT, demand_terms(BUYER, PRICE, 16));
		let looked = <() as crate::WeightInfo>::look().saturating_mul(bound);
		let weight = <() as crate::WeightInfo>::create_demand().saturating_add(looked);
		assert_eq!(post.unwrap().actual_weight, Some(weight));
		let mut prices: Vec<_> = bought(BUYER).iter().map(|order| order.price).collect();
		prices.sort();
		assert_eq!(prices, (1..=bound).collect::<Vec<_>>());
	});
}

#[test]
fn a_demand_for_a_small_place_looks_into_its_cell_only() {
	ExtBuilder::default().build_and_execute(|| {
		let inside = offer(an_offer(SELLER, b"ezjmgtw", 10));
		offer(an_offer(SELLER, b"ezjmf", 5));
		wait(MIN_AGE);
		let mut terms = demand_terms(BUYER, PRICE, 2);
		terms.area = bytes(b"ezjmg");
		let id = demand_with(BUYER, 1, terms);
		assert_eq!(stored(id).filled_from.to_vec(), [inside]);
	});
}
