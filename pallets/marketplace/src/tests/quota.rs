use crate::{mock::*, pallet::*, ListingTermsOf, Pricing};
use frame_support::{assert_noop, assert_ok};
use msec_primitives::{ListingId, OrderId};
use sp_runtime::DispatchResult;

fn quota(orders: u32) -> ListingTermsOf<Test> {
	ListingTermsOf::<Test> { pricing: Pricing::FreeQuota { orders }, ..terms() }
}

fn take(who: AccountId, listing: ListingId, key: u8) -> DispatchResult {
	let terms_hash = Listings::<Test>::get(listing).unwrap().terms_hash;
	let (max_price, beneficiary, buyer_key) = (0, None, [key; 32]);
	dispatch(who, Call::buy { listing, terms_hash, max_price, beneficiary, buyer_key })
}

fn refund_and_prune(listing: ListingId, key: u8) -> OrderId {
	let id = Marketplace::order_id(&listing, &BUYER, &[key; 32]);
	run_to(System::block_number() + DELIVERY + 1);
	assert_ok!(Marketplace::refund(signed(STRANGER), id));
	run_to(System::block_number() + RETENTION + 1);
	assert_ok!(Marketplace::prune_order(signed(STRANGER), id));
	id
}

#[test]
fn each_account_has_so_many_free_orders_at_a_time() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(quota(2));
		assert_ok!(take(BUYER, listing, 1));
		assert_ok!(take(BUYER, listing, 2));
		assert_eq!(take(BUYER, listing, 3), Err(Error::<Test>::QuotaExceeded.into()));
		assert_ok!(take(FRIEND, listing, 3));
		assert_eq!(FreeOrders::<Test>::get(listing, BUYER), 2);
		assert_eq!(deposit_of(BUYER), 2 * FREE_ORDER_DEPOSIT);
		assert_eq!(payment_of(BUYER), 0);
		refund_and_prune(listing, 1);
		assert_eq!(FreeOrders::<Test>::get(listing, BUYER), 1);
		assert_ok!(take(BUYER, listing, 4));
		refund_and_prune(listing, 2);
		refund_and_prune(listing, 4);
		assert!(!FreeOrders::<Test>::contains_key(listing, BUYER));
		assert_eq!((deposit_of(BUYER), free(BUYER)), (0, FUNDS));
	});
}

#[test]
fn who_buys_for_friends_uses_the_own_quota() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(quota(1));
		let terms_hash = quota(1).hash();
		let buy = |friend, key| {
			Marketplace::buy(signed(BUYER), listing, terms_hash, 0, Some(friend), [key; 32])
		};
		assert_ok!(buy(FRIEND, 1));
		assert_noop!(buy(STRANGER, 2), Error::<Test>::QuotaExceeded);
	});
}

#[test]
fn orders_count_that_were_opened_without_a_quota() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(ListingTermsOf::<Test> { pricing: Pricing::Free, ..terms() });
		assert_ok!(take(BUYER, listing, 1));
		assert_ok!(Marketplace::change_listing(signed(OWNER), listing, quota(1)));
		assert_eq!(take(BUYER, listing, 2), Err(Error::<Test>::QuotaExceeded.into()));
		refund_and_prune(listing, 1);
		assert_ok!(take(BUYER, listing, 2));
	});
}

#[test]
fn what_costs_something_is_not_counted() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		assert_eq!(FreeOrders::<Test>::iter().count(), 0);
		let listing = order(id).listing;
		assert_ok!(Marketplace::change_listing(signed(OWNER), listing, quota(1)));
		assert_ok!(take(BUYER, listing, 1));
	});
}

#[test]
fn a_quota_of_nothing_is_no_offer() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Marketplace::create_listing(signed(OWNER), SALT, quota(0)),
			Error::<Test>::QuotaExceeded
		);
	});
}
