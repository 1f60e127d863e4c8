use crate::{mock::*, pallet::*, DemandEnd};
use frame_support::{assert_noop, assert_ok, pallet_prelude::Pays};
use msec_primitives::Offer;
use sp_core::H256;
use sp_runtime::{DispatchError, Permill};
use std::collections::BTreeMap;

#[test]
fn anybody_may_propose_what_fits() {
	ExtBuilder::default().build_and_execute(|| {
		let mut terms = demand_terms(BUYER, PRICE, 2);
		terms.beneficiary = FRIEND;
		let id = demand_with(BUYER, 1, terms);
		let listing = list_and_wait(600);
		events();
		let post = DemandSide::propose_match(signed(STRANGER), id, listing).unwrap();
		assert_eq!(post.pays_fee, Pays::No);
		assert_eq!(post.actual_weight, Some(<() as crate::WeightInfo>::propose_match()));
		let order = bought(BUYER).remove(0);
		assert_eq!((order.payer, order.beneficiary, order.price), (BUYER, FRIEND, 600));
		let matched = events();
		assert!(matches!(
			matched[..],
			[Event::Matched { demand, listing: from, price: 600, fills_left: 1, .. }]
				if demand == id && from == listing
		));
		// The order has its price and deposit, and the rest of the share is free.
		assert_eq!(budget_of(BUYER), PRICE + ORDER_DEPOSIT);
		assert_eq!(free(BUYER), FUNDS - 600 - ORDER_DEPOSIT - budget_of(BUYER) - deposit_of(BUYER));
	});
}

#[test]
fn the_last_fill_closes_the_demand() {
	ExtBuilder::default().build_and_execute(|| {
		let id = demand(BUYER, PRICE, 1);
		let listing = list_and_wait(600);
		events();
		assert_ok!(propose(id, listing));
		assert!(!stands(id));
		assert_eq!((budget_of(BUYER), deposit_of(BUYER)), (0, 0));
		assert_eq!(free(BUYER), FUNDS - 600 - ORDER_DEPOSIT);
		let closed =
			Event::DemandClosed { demand: id, account: BUYER, returned: 0, end: DemandEnd::Filled };
		assert_eq!(events()[1], closed);
		assert_noop!(propose(id, listing), Error::<Test>::NotFound);
	});
}

#[test]
fn matches_work_across_cells() {
	ExtBuilder::default().build_and_execute(|| {
		let mut terms = demand_terms(BUYER, PRICE, 3);
		terms.area = bytes(b"e");
		let id = demand_with(BUYER, 1, terms);
		for place in [b"ezjmg".as_slice(), b"e", b"ed"] {
			let listing = offer(an_offer(SELLER, place, PRICE));
			wait(MIN_AGE);
			assert_ok!(propose(id, listing));
		}
		assert!(!stands(id));
	});
}

fn assert_unfit(error: Error<Test>, change: impl FnOnce(&mut Offer<AccountId, u64, u64>)) {
	let id = demand(BUYER, PRICE, 1);
	let mut unfit = an_offer(SELLER, b"ezjmg", PRICE);
	change(&mut unfit);
	let listing = offer(unfit);
	wait(MIN_AGE);
	assert_noop!(propose(id, listing), error);
	assert_ok!(DemandSide::cancel_demand(signed(BUYER), id));
}

#[test]
fn each_condition_has_its_error() {
	ExtBuilder::default().build_and_execute(|| {
		assert_unfit(Error::OtherKind, |offer| offer.kind = bytes(b"humidity"));
		for place in ["ezj", "ez", "ezjn", "u33d"] {
			assert_unfit(Error::OutsideArea, |offer| offer.place = bytes(place.as_bytes()));
		}
		assert_unfit(Error::PriceTooHigh, |offer| offer.price = PRICE + 1);
		assert_unfit(Error::OwnListing, |offer| offer.seller = BUYER);
		let listing = list_and_wait(PRICE);
		assert_noop!(propose(H256::zero(), listing), Error::<Test>::NotFound);
		close(listing);
		let id = demand(BUYER, PRICE, 1);
		assert_noop!(propose(id, listing), Error::<Test>::NotOffered);
		assert_noop!(propose(id, H256::zero()), Error::<Test>::NotOffered);
	});
}

#[test]
fn the_beneficiary_cannot_be_the_seller() {
	ExtBuilder::default().build_and_execute(|| {
		let mut terms = demand_terms(BUYER, PRICE, 1);
		terms.beneficiary = SELLER;
		let id = demand_with(BUYER, 1, terms);
		let listing = list_and_wait(PRICE);
		assert_noop!(propose(id, listing), Error::<Test>::OwnListing);
	});
}

#[test]
fn an_expired_demand_buys_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		let id = demand(BUYER, PRICE, 2);
		let [first, second] = [list(PRICE), list(PRICE)];
		run_to(END);
		assert_ok!(propose(id, first));
		run_to(END + 1);
		assert_noop!(propose(id, second), Error::<Test>::Expired);
	});
}

#[test]
fn scores_and_verdicts_are_checked_when_they_matter() {
	ExtBuilder::default().build_and_execute(|| {
		let half = Permill::from_percent(50);
		Scores::set(Some(BTreeMap::from([(SELLER, Permill::from_percent(49))])));
		Verdicts::set(Some(BTreeMap::new()));
		let mut terms = demand_terms(BUYER, PRICE, 1);
		(terms.minimum_score, terms.maximum_verdict_age) = (Some(half), Some(10));
		let id = demand_with(BUYER, 1, terms);
		let listing = list(PRICE);
		run_to(50);
		assert_noop!(propose(id, listing), Error::<Test>::ScoreTooLow);
		Scores::set(Some(BTreeMap::from([(SELLER, half)])));
		assert_noop!(propose(id, listing), Error::<Test>::NotAttested);
		let listing = offer(Offer { is_attested: true, ..an_offer(SELLER, b"ezjmg", PRICE) });
		run_to(50 + MIN_AGE);
		assert_noop!(propose(id, listing), Error::<Test>::NotTrusted);
		let dataset = an_offer(SELLER, b"ezjmg", PRICE).dataset;
		Verdicts::set(Some(BTreeMap::from([(dataset, 39 + MIN_AGE)])));
		assert_noop!(propose(id, listing), Error::<Test>::VerdictTooOld);
		Verdicts::set(Some(BTreeMap::from([(dataset, 40 + MIN_AGE)])));
		assert_ok!(propose(id, listing));
	});
}

#[test]
fn a_demand_buys_once_from_a_listing() {
	ExtBuilder::default().build_and_execute(|| {
		let id = demand(BUYER, PRICE, 2);
		let listing = list_and_wait(PRICE);
		assert_ok!(propose(id, listing));
		assert_noop!(propose(id, listing), Error::<Test>::AlreadyFilled);
		// Nor on other terms.
		reprice(listing, 1);
		wait(MIN_AGE);
		assert_noop!(propose(id, listing), Error::<Test>::AlreadyFilled);
	});
}

#[test]
fn a_match_that_the_market_refuses_leaves_no_trace() {
	ExtBuilder::default().build_and_execute(|| {
		let id = demand(BUYER, PRICE, 1);
		let listing = list_and_wait(PRICE);
		Denied::set(vec![(listing, BUYER)]);
		assert_noop!(propose(id, listing), DispatchError::Other("denied"));
		Denied::set(vec![]);
		assert_ok!(propose(id, listing));
	});
}

#[test]
fn the_highest_price_goes_first_then_the_earliest() {
	ExtBuilder::default().build_and_execute(|| {
		let late = demand(BUYER, PRICE, 1);
		let high = demand(OTHER, PRICE + 1, 1);
		let later = demand(FRIEND, PRICE, 1);
		let listing = list_and_wait(10);
		assert_noop!(propose(late, listing), Error::<Test>::Beaten);
		assert_noop!(propose(later, listing), Error::<Test>::Beaten);
		assert_ok!(propose(high, listing));
		assert_noop!(propose(later, listing), Error::<Test>::Beaten);
		assert_ok!(propose(late, listing));
		assert_ok!(propose(later, listing));
	});
}

#[test]
fn demands_for_larger_areas_stand_in_the_same_order() {
	ExtBuilder::default().build_and_execute(|| {
		let in_area = |account, salt, area: &str, price| {
			let mut terms = demand_terms(account, price, 1);
			terms.area = bytes(area.as_bytes());
			terms.buyer_keys[0] = [salt; 32];
			demand_with(account, salt, terms)
		};
		let areas = ["ezjmgtwuz", "ezjmg", "ezjm", "ezj", "e"];
		let ids: Vec<_> = areas
			.iter()
			.zip([10, 30, 20, 50, 40])
			.map(|(area, price)| in_area(BUYER, area.len() as u8, area, price))
			.collect();
		let elsewhere = in_area(OTHER, 1, "ezjmf", 1_000);
		let listing = offer(an_offer(SELLER, b"ezjmgtwuz", 1));
		wait(MIN_AGE);
		MaxLooks::set(5);
		assert_noop!(propose(elsewhere, listing), Error::<Test>::OutsideArea);
		for (place, first) in [3, 4, 1, 2, 0].iter().enumerate() {
			for beaten in [3, 4, 1, 2, 0].iter().skip(place + 1) {
				assert_noop!(propose(ids[*beaten], listing), Error::<Test>::Beaten);
			}
			assert_ok!(propose(ids[*first], listing));
		}
	});
}

#[test]
fn whoever_cannot_buy_beats_nobody() {
	ExtBuilder::default().build_and_execute(|| {
		let own = demand(SELLER, PRICE + 3, 1);
		let filled = demand(OTHER, PRICE + 2, 2);
		let denied = demand(FRIEND, PRICE + 1, 1);
		let id = demand(BUYER, PRICE, 1);
		let listing = list_and_wait(PRICE);
		Denied::set(vec![(listing, FRIEND)]);
		assert_ok!(propose(filled, listing));
		let before = [SELLER, OTHER, FRIEND].map(|who| (free(who), budget_of(who)));
		events();
		let post = DemandSide::propose_match(signed(STRANGER), id, listing).unwrap();
		let looked = <() as crate::WeightInfo>::look().saturating_mul(3);
		let weight = <() as crate::WeightInfo>::propose_match().saturating_add(looked);
		assert_eq!(post.actual_weight, Some(weight));
		// What was tried for the others was taken back.
		assert_eq!([SELLER, OTHER, FRIEND].map(|who| (free(who), budget_of(who))), before);
		assert_eq!(events().len(), 2);
		assert!([own, filled, denied].into_iter().all(stands));
	});
}

#[test]
fn an_expired_demand_beats_nobody() {
	ExtBuilder::default().build_and_execute(|| {
		let mut terms = demand_terms(OTHER, PRICE + 1, 1);
		terms.expires_at = 20;
		let expired = demand_with(OTHER, 1, terms);
		let id = demand(BUYER, PRICE, 1);
		let listing = list(PRICE);
		run_to(20);
		assert_noop!(propose(id, listing), Error::<Test>::Beaten);
		run_to(21);
		assert_ok!(propose(id, listing));
		assert!(stands(expired));
	});
}

#[test]
fn no_more_demands_are_passed_over_than_the_bound_allows_to_look_at() {
	ExtBuilder::default().build_and_execute(|| {
		let bound = MaxLooks::get();
		for salt in 0..=bound as u8 {
			demand_with(SELLER, salt, demand_terms(SELLER, PRICE + 2, 1));
		}
		let better = demand(OTHER, PRICE + 1, 1);
		let id = demand(BUYER, PRICE, 1);
		let listing = list_and_wait(PRICE);
		// The better one is not seen, and can still buy.
		assert_ok!(propose(id, listing));
		assert_ok!(propose(better, listing));
	});
}

#[test]
fn a_new_demand_does_not_jump_ahead() {
	ExtBuilder::default().build_and_execute(|| {
		let [first, second] = [list(10), list(20)];
		let before = demand(OTHER, PRICE, 1);
		wait(MIN_AGE);
		let id = demand(BUYER, PRICE, 2);
		assert!(stored(id).filled_from.is_empty());
		assert_noop!(propose(id, first), Error::<Test>::Beaten);
		assert_ok!(propose(before, first));
		assert_ok!(propose(id, first));
		assert_ok!(propose(id, second));
	});
}

#[test]
fn what_is_free_is_bought_for_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		let id = demand(BUYER, 0, 1);
		let listing = list_and_wait(0);
		assert_ok!(propose(id, listing));
		assert_eq!(free(BUYER), FUNDS - ORDER_DEPOSIT);
	});
}

#[test]
fn what_is_offered_stands_in_the_order_of_price_and_age() {
	ExtBuilder::default().build_and_execute(|| {
		let dear = list(500);
		let cheap = list(100);
		wait(1);
		let younger = list(100);
		let order = || {
			let page =
				DemandSide::offers_by_area(bytes(b"air-temperature"), bytes(b"ezjmgtw"), None, 100);
			page.into_iter().map(|(_, _, listing)| listing).collect::<Vec<_>>()
		};
		assert_eq!(order(), [cheap, younger, dear]);
		reprice(cheap, 100);
		wait(1);
		reprice(dear, 50);
		assert_eq!(order()[0], dear);
		close(dear);
		assert_eq!(order().len(), 2);
	});
}
