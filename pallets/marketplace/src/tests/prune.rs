use crate::{mock::*, pallet::*, ListingTermsOf};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;

fn assert_nothing_left() {
	assert_eq!(Orders::<Test>::iter().count(), 0);
	assert_eq!(Envelopes::<Test>::iter().count(), 0);
	assert_eq!(OrdersByAccount::<Test>::iter().count(), 0);
	assert_eq!(AwaitingDelivery::<Test>::iter().count(), 0);
	assert!(OpenAccess::get().is_empty());
}

#[test]
fn a_settled_order_is_pruned_after_retention() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		run_to(7);
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		events();
		run_to(7 + RETENTION);
		assert_noop!(Marketplace::prune_order(signed(STRANGER), id), Error::<Test>::TooEarly);
		run_to(8 + RETENTION);
		assert_ok!(Marketplace::prune_order(signed(STRANGER), id));
		assert_nothing_left();
		assert_eq!((deposit_of(BUYER), free(BUYER)), (0, FUNDS - PRICE));
		assert_eq!(events(), [Event::Pruned { order: id }]);
		assert_noop!(Marketplace::prune_order(signed(STRANGER), id), Error::<Test>::NotFound);
	});
}

#[test]
fn a_settled_order_stays_as_long_as_its_access() {
	ExtBuilder::default().build_and_execute(|| {
		let id = buy(list(ListingTermsOf::<Test> { access_period: 200, ..terms() }));
		deliver(id, envelope(id, &Data::honest().tree, 3));
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		run_to(201);
		assert_noop!(Marketplace::prune_order(signed(STRANGER), id), Error::<Test>::TooEarly);
		assert!(OpenAccess::get().contains_key(&id));
		run_to(202);
		assert_ok!(Marketplace::prune_order(signed(STRANGER), id));
		assert_nothing_left();
	});
}

#[test]
fn a_refunded_order_waits_for_retention_only() {
	ExtBuilder::default().build_and_execute(|| {
		let id = buy(list(ListingTermsOf::<Test> { access_period: 200, ..terms() }));
		run_to(2 + DELIVERY);
		assert_ok!(Marketplace::refund(signed(BUYER), id));
		run_to(2 + DELIVERY + RETENTION);
		assert_noop!(Marketplace::prune_order(signed(BUYER), id), Error::<Test>::TooEarly);
		run_to(3 + DELIVERY + RETENTION);
		assert_ok!(Marketplace::prune_order(signed(BUYER), id));
		assert_nothing_left();
		assert_eq!(free(BUYER), FUNDS);
	});
}

#[test]
fn an_order_that_goes_on_is_not_pruned() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		assert_noop!(Marketplace::prune_order(signed(BUYER), id), Error::<Test>::NotEnded);
		deliver(id, envelope(id, &Data::honest().tree, 3));
		run_to(1_000);
		assert_noop!(Marketplace::prune_order(signed(BUYER), id), Error::<Test>::NotEnded);
	});
}

#[test]
fn the_same_purchase_is_possible_again_after_pruning() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		let listing = order(id).listing;
		run_to(100);
		assert_ok!(Marketplace::refund(signed(BUYER), id));
		run_to(200);
		assert_ok!(Marketplace::prune_order(signed(BUYER), id));
		assert_eq!(buy(listing), id);
	});
}

#[test]
fn the_deposit_returns_to_who_paid_it() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(terms());
		let (hash, friend) = (terms().hash(), Some(FRIEND));
		assert_ok!(Marketplace::buy(signed(BUYER), listing, hash, PRICE, friend, buyer_key()));
		let id: H256 = Marketplace::order_id(&listing, &FRIEND, &buyer_key());
		erase(DATASET);
		assert_ok!(Marketplace::refund(signed(STRANGER), id));
		run_to(2 + RETENTION);
		assert_ok!(Marketplace::prune_order(signed(STRANGER), id));
		assert_nothing_left();
		assert_eq!((free(BUYER), free(FRIEND)), (FUNDS, FUNDS));
	});
}
