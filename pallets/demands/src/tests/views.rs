use crate::{mock::*, DemandId};
use frame_support::assert_ok;
use msec_primitives::Kind;
use sp_core::H256;

fn kind() -> Kind {
	bytes(b"air-temperature")
}

fn ids<Item>(page: Vec<(H256, Item)>) -> Vec<H256> {
	page.into_iter().map(|(id, _)| id).collect()
}

#[test]
fn single_items_are_found_by_id() {
	ExtBuilder::default().build_and_execute(|| {
		let (demand, request) = (demand(BUYER, PRICE, 1), request(request_terms()));
		assert_eq!(DemandSide::demand(demand), Some(stored(demand)));
		assert_eq!(DemandSide::request(request).unwrap().account, BUYER);
		assert_eq!(DemandSide::demand(H256::zero()), None);
		assert_eq!(DemandSide::request(H256::zero()), None);
	});
}

#[test]
fn pages_of_an_area_follow_one_another_from_the_best() {
	ExtBuilder::default().build_and_execute(|| {
		let all: Vec<DemandId> = [30, 10, 40, 10, 50]
			.iter()
			.zip(0..)
			.map(|(price, salt)| demand_with(BUYER, salt, demand_terms(BUYER, *price, 1)))
			.collect();
		let best_first = [4, 2, 0, 1, 3].map(|index: usize| all[index]);
		let area = || bytes(b"ezjm");
		assert_eq!(ids(DemandSide::demands_by_area(kind(), area(), None, 2)), best_first[..2]);
		for start in 0..5 {
			let last = stored(best_first[start]);
			let after = Some((last.terms.highest_price, last.sequence));
			let page = DemandSide::demands_by_area(kind(), area(), after, 9);
			assert_eq!(ids(page), best_first[start + 1..]);
		}
		// A page begins also where a demand went meanwhile.
		assert_ok!(DemandSide::cancel_demand(signed(BUYER), best_first[2]));
		let page = DemandSide::demands_by_area(kind(), area(), Some((30, 0)), 9);
		assert_eq!(ids(page), best_first[3..]);
		assert!(DemandSide::demands_by_area(kind(), bytes(b"ezj"), None, 9).is_empty());
	});
}

#[test]
fn pages_of_an_account_follow_one_another() {
	ExtBuilder::default().build_and_execute(|| {
		let mut all: Vec<DemandId> =
			(0..3).map(|salt| demand_with(BUYER, salt, demand_terms(BUYER, 1, 1))).collect();
		all.sort();
		demand(OTHER, 1, 1);
		assert_eq!(ids(DemandSide::demands_of(BUYER, None, 2)), all[..2]);
		assert_eq!(ids(DemandSide::demands_of(BUYER, Some(all[1]), 9)), all[2..]);
		assert!(DemandSide::demands_of(STRANGER, None, 9).is_empty());
	});
}

#[test]
fn pages_of_offers_follow_one_another_from_the_cheapest() {
	ExtBuilder::default().build_and_execute(|| {
		let [dear, cheap, middle] = [30, 10, 20].map(list);
		let all = [(10, 1, cheap), (20, 1, middle), (30, 1, dear)];
		let page = |after, limit| DemandSide::offers_by_area(kind(), bytes(b"ezjm"), after, limit);
		assert_eq!(page(None, 2), all[..2]);
		assert_eq!(page(Some(all[0]), 9), all[1..]);
		close(middle);
		assert_eq!(page(Some(all[1]), 9), all[2..]);
	});
}

#[test]
fn requests_and_answers_come_in_pages() {
	ExtBuilder::default().build_and_execute(|| {
		let mut all: Vec<H256> = (0..3)
			.map(|salt| {
				let salt = H256::repeat_byte(salt);
				assert_ok!(DemandSide::create_request(signed(BUYER), salt, request_terms()));
				DemandSide::request_id(&BUYER, salt)
			})
			.collect();
		all.sort();
		assert_eq!(ids(DemandSide::requests_by_kind(kind(), None, 2)), all[..2]);
		assert_eq!(ids(DemandSide::requests_by_kind(kind(), Some(all[1]), 9)), all[2..]);
		assert_eq!(ids(DemandSide::requests_of(BUYER, None, 2)), all[..2]);
		assert_eq!(ids(DemandSide::requests_of(BUYER, Some(all[0]), 9)), all[1..]);
		assert!(DemandSide::requests_of(OTHER, None, 9).is_empty());
		for seller in [SELLER, RIVAL] {
			let listing = offer(an_offer(seller, b"ezjmg", PRICE));
			assert_ok!(DemandSide::answer_request(signed(seller), all[0], listing));
		}
		let answers = DemandSide::answers(all[0], None, 1);
		let first = answers[0].0;
		let rest = DemandSide::answers(all[0], Some(first), 9);
		assert_eq!(rest.len(), 1);
		assert_eq!(first + rest[0].0, SELLER + RIVAL);
	});
}

#[test]
fn a_page_has_at_most_a_hundred_items() {
	ExtBuilder::default().with_balance(BUYER, 10 * FUNDS).build_and_execute(|| {
		for salt in 0..101 {
			demand_with(BUYER, salt, demand_terms(BUYER, PRICE, 1));
		}
		assert_eq!(DemandSide::demands_of(BUYER, None, u32::MAX).len(), 100);
		assert_eq!(DemandSide::demands_by_area(kind(), bytes(b"ezjm"), None, 101).len(), 100);
	});
}
