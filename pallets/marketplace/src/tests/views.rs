use crate::{mock::*, pallet::*, ListingTermsOf};
use frame_support::assert_ok;
use sp_core::H256;

/// Listings of [`OWNER`] with the given salts, sorted by id.
fn many_listings(count: u64) -> Vec<H256> {
	let mut ids: Vec<_> = (0..count)
		.map(|index| {
			let salt = H256::from_low_u64_be(index);
			assert_ok!(Marketplace::create_listing(signed(OWNER), salt, terms()));
			Marketplace::listing_id(&OWNER, &DATASET, salt)
		})
		.collect();
	ids.sort();
	ids
}

fn ids<Item>(page: Vec<(H256, Item)>) -> Vec<H256> {
	page.into_iter().map(|(id, _)| id).collect()
}

#[test]
fn single_items_are_found_by_id() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		let listing = order(id).listing;
		assert_eq!(Marketplace::listing(listing), Listings::<Test>::get(listing));
		assert_eq!(Marketplace::order(id), Some(order(id)));
		assert_eq!(Marketplace::envelope(id), Envelopes::<Test>::get(id));
		let nothing = H256::zero();
		assert_eq!(Marketplace::listing(nothing), None);
		assert_eq!(Marketplace::order(nothing), None);
		assert_eq!(Marketplace::envelope(nothing), None);
	});
}

#[test]
fn pages_of_listings_follow_one_another() {
	ExtBuilder::default().build_and_execute(|| {
		let all = many_listings(5);
		let first = Marketplace::listings_by_owner(OWNER, None, 2);
		assert_eq!(first[0].1, Listings::<Test>::get(all[0]).unwrap());
		assert_eq!(ids(first), all[..2]);
		let (kind, cell) = (terms().kind, terms().cell());
		for start in 0..5 {
			let (after, rest) = (Some(all[start]), &all[start + 1..]);
			assert_eq!(ids(Marketplace::listings_by_owner(OWNER, after, 9)), rest);
			assert_eq!(ids(Marketplace::listings_by_kind(kind.clone(), after, 9)), rest);
			assert_eq!(ids(Marketplace::listings_by_cell(cell.clone(), after, 9)), rest);
		}
	});
}

#[test]
fn a_page_begins_where_a_listing_was_retired() {
	ExtBuilder::default().build_and_execute(|| {
		let all = many_listings(3);
		assert_ok!(Marketplace::retire_listing(signed(OWNER), all[1]));
		assert_eq!(ids(Marketplace::listings_by_owner(OWNER, Some(all[1]), 9)), all[2..]);
	});
}

#[test]
fn lists_hold_what_was_asked_for_only() {
	ExtBuilder::default().build_and_execute(|| {
		let here = list(terms());
		let elsewhere =
			ListingTermsOf::<Test> { kind: bytes(b"no2"), place: bytes(b"ez"), ..terms() };
		assert_ok!(Marketplace::create_listing(signed(OWNER), H256::zero(), elsewhere));
		let there = Marketplace::listing_id(&OWNER, &DATASET, H256::zero());
		assert_eq!(ids(Marketplace::listings_by_kind(bytes(b"no2"), None, 9)), [there]);
		assert_eq!(ids(Marketplace::listings_by_cell(bytes(b"ez"), None, 9)), [there]);
		assert_eq!(ids(Marketplace::listings_by_cell(bytes(b"ezjm"), None, 9)), [here]);
		assert_eq!(ids(Marketplace::listings_by_owner(STRANGER, None, 9)), []);
	});
}

#[test]
fn a_page_has_at_most_a_hundred_items() {
	ExtBuilder::default().build_and_execute(|| {
		let all = many_listings(101);
		assert_eq!(ids(Marketplace::listings_by_owner(OWNER, None, u32::MAX)), all[..100]);
		assert_eq!(Marketplace::listings_by_owner(OWNER, None, 0), []);
	});
}

#[test]
fn orders_are_listed_by_account_and_by_data_set() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(terms());
		let mut all: Vec<_> = (1..=3)
			.map(|key| {
				let (hash, key) = (terms().hash(), [key; 32]);
				let friend = Some(FRIEND);
				assert_ok!(Marketplace::buy(signed(BUYER), listing, hash, PRICE, friend, key));
				Marketplace::order_id(&listing, &FRIEND, &key)
			})
			.collect();
		all.sort();
		for account in [BUYER, FRIEND, OWNER] {
			assert_eq!(ids(Marketplace::orders_of(account, None, 2)), all[..2]);
			assert_eq!(ids(Marketplace::orders_of(account, Some(all[1]), 2)), all[2..]);
		}
		assert_eq!(ids(Marketplace::orders_of(AGENT, None, 9)), []);
		deliver(all[1], envelope(all[1], &Data::honest().tree, 3));
		assert_eq!(ids(Marketplace::awaiting_delivery(DATASET, None, 9)), [all[0], all[2]]);
		assert_eq!(ids(Marketplace::awaiting_delivery(DATASET, Some(all[0]), 9)), [all[2]]);
		assert_eq!(ids(Marketplace::awaiting_delivery(H256::zero(), None, 9)), []);
	});
}
