use crate::{mock::*, pallet::*, ListingTermsOf, OrderState, Pricing, RefundReason};
use frame_support::{assert_noop, assert_ok, dispatch::Pays, traits::fungible::MutateFreeze};
use sp_core::H256;

fn order_at(price: u64) -> H256 {
	let id = buy(list(ListingTermsOf::<Test> { pricing: Pricing::OneTime { price }, ..terms() }));
	deliver(id, envelope(id, &Data::honest().tree, 3));
	id
}

#[test]
fn confirming_pays_seller_and_fee_at_once() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		events();
		run_to(3);
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		assert_eq!(order(id).state, OrderState::Settled { at: 3 });
		assert_eq!(free(OWNER), FUNDS - LISTING_DEPOSIT + PRICE - FEE);
		assert_eq!(free(TREASURY), FEE);
		assert_eq!((payment_of(BUYER), deposit_of(BUYER)), (0, ORDER_DEPOSIT));
		assert_eq!(free(BUYER), FUNDS - PRICE - ORDER_DEPOSIT);
		assert!(OpenAccess::get().contains_key(&id));
		let settled = Event::Settled { order: id, seller: OWNER, amount: PRICE - FEE, fee: FEE };
		assert_eq!(events(), [settled]);
	});
}

#[test]
fn only_the_beneficiary_confirms_and_once() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		assert_noop!(Marketplace::confirm(signed(BUYER), id), Error::<Test>::NotDelivered);
		deliver(id, envelope(id, &Data::honest().tree, 3));
		for stranger in [OWNER, STRANGER] {
			assert_noop!(Marketplace::confirm(signed(stranger), id), Error::<Test>::NotAuthorized);
		}
		assert_noop!(Marketplace::confirm(signed(BUYER), H256::zero()), Error::<Test>::NotFound);
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		assert_noop!(Marketplace::confirm(signed(BUYER), id), Error::<Test>::NotDelivered);
	});
}

#[test]
fn who_pays_for_a_friend_does_not_confirm() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(terms());
		let (hash, friend) = (terms().hash(), Some(FRIEND));
		assert_ok!(Marketplace::buy(signed(BUYER), listing, hash, PRICE, friend, buyer_key()));
		let id = Marketplace::order_id(&listing, &FRIEND, &buyer_key());
		deliver(id, envelope(id, &Data::honest().tree, 3));
		assert_noop!(Marketplace::confirm(signed(BUYER), id), Error::<Test>::NotAuthorized);
		assert_ok!(Marketplace::confirm(signed(FRIEND), id));
	});
}

#[test]
fn anybody_settles_when_the_time_to_dispute_is_over() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		events();
		run_to(1 + CONFIRMATION);
		assert_noop!(Marketplace::settle(signed(STRANGER), id), Error::<Test>::TooEarly);
		run_to(2 + CONFIRMATION);
		let outcome = Marketplace::settle(signed(STRANGER), id).unwrap();
		assert_eq!(outcome.pays_fee, Pays::No);
		assert_eq!(order(id).state, OrderState::Settled { at: 2 + CONFIRMATION });
		assert_eq!((free(TREASURY), payment_of(BUYER)), (FEE, 0));
		let settled = Event::Settled { order: id, seller: OWNER, amount: PRICE - FEE, fee: FEE };
		assert_eq!(events(), [settled]);
		assert_noop!(Marketplace::settle(signed(STRANGER), id), Error::<Test>::NotDelivered);
		assert_noop!(Marketplace::settle(signed(STRANGER), H256::zero()), Error::<Test>::NotFound);
	});
}

#[test]
fn what_is_free_settles_without_money() {
	ExtBuilder::default().build_and_execute(|| {
		let id = buy(list(ListingTermsOf::<Test> { pricing: Pricing::Free, ..terms() }));
		deliver(id, envelope(id, &Data::honest().tree, 3));
		events();
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		assert_eq!(free(BUYER), FUNDS - FREE_ORDER_DEPOSIT);
		assert_eq!(free(TREASURY), 0);
		assert_eq!(events(), [Event::Settled { order: id, seller: OWNER, amount: 0, fee: 0 }]);
	});
}

#[test]
fn the_fee_is_rounded_down() {
	ExtBuilder::default().build_and_execute(|| {
		let id = order_at(219);
		assert_eq!(order(id).fee, 10);
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		assert_eq!(free(TREASURY), 10);
		assert_eq!(free(OWNER), FUNDS - deposit_of(OWNER) + 209);
	});
}

#[test]
fn a_fee_that_nobody_can_receive_is_burned() {
	ExtBuilder::default().build_and_execute(|| {
		let issued = Balances::total_issuance();
		let id = order_at(MINIMUM_PRICE);
		events();
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		assert_eq!((free(TREASURY), payment_of(BUYER)), (0, 0));
		assert_eq!(Balances::total_issuance(), issued - 5);
		assert_eq!(free(OWNER), FUNDS - LISTING_DEPOSIT + 95);
		assert_eq!(events(), [Event::Settled { order: id, seller: OWNER, amount: 95, fee: 5 }]);
	});
}

#[test]
fn a_seller_whose_account_is_gone_is_paid() {
	ExtBuilder::default().with_balance(TREASURY, FUNDS).build_and_execute(|| {
		let id = order_at(MINIMUM_PRICE);
		let listing = order(id).listing;
		assert_ok!(Marketplace::retire_listing(signed(OWNER), listing));
		assert_ok!(Balances::transfer_all(signed(OWNER), FRIEND, false));
		assert!(!System::account_exists(&OWNER));
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		assert_eq!((free(OWNER), free(TREASURY)), (95, FUNDS + 5));
	});
}

#[test]
fn a_payer_cannot_freeze_the_payment() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		assert_ok!(Balances::set_freeze(&(), &BUYER, u64::MAX));
		run_to(2 + CONFIRMATION);
		assert_ok!(Marketplace::settle(signed(OWNER), id));
		assert_eq!(payment_of(BUYER), 0);
	});
}

#[test]
fn anybody_refunds_what_was_not_delivered_in_time() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		events();
		run_to(1 + DELIVERY);
		assert_noop!(Marketplace::refund(signed(STRANGER), id), Error::<Test>::TooEarly);
		run_to(2 + DELIVERY);
		let outcome = Marketplace::refund(signed(STRANGER), id).unwrap();
		assert_eq!(outcome.pays_fee, Pays::No);
		let (at, reason) = (2 + DELIVERY, RefundReason::NotDelivered);
		assert_eq!(order(id).state, OrderState::Refunded { at, reason });
		assert_eq!(order(id).access_until, at);
		assert!(!AwaitingDelivery::<Test>::contains_key(DATASET, id));
		assert!(OpenAccess::get().is_empty());
		assert_eq!((payment_of(BUYER), deposit_of(BUYER)), (0, ORDER_DEPOSIT));
		assert_eq!(free(BUYER), FUNDS - ORDER_DEPOSIT);
		let refunded = Event::Refunded { order: id, payer: BUYER, amount: PRICE, reason };
		assert_eq!(events(), [refunded]);
		assert_noop!(Marketplace::refund(signed(STRANGER), id), Error::<Test>::NotAwaitingDelivery);
		assert_noop!(Marketplace::refund(signed(STRANGER), H256::zero()), Error::<Test>::NotFound);
	});
}

#[test]
fn erasure_refunds_at_once_what_was_not_delivered() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		erase(DATASET);
		assert_ok!(Marketplace::refund(signed(STRANGER), id));
		let (at, reason) = (1, RefundReason::Erased);
		assert_eq!(order(id).state, OrderState::Refunded { at, reason });
		assert_eq!(free(BUYER), FUNDS - ORDER_DEPOSIT);
	});
}

fn assert_withdrawal_refunds(withdraw: fn(), reason: RefundReason) {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		let refund = || Marketplace::refund(signed(STRANGER), id);
		assert_noop!(refund(), Error::<Test>::NotAwaitingDelivery);
		withdraw();
		run_to(2 + CONFIRMATION);
		assert_noop!(Marketplace::settle(signed(OWNER), id), Error::<Test>::Withdrawn);
		events();
		assert_ok!(refund());
		let at = 2 + CONFIRMATION;
		assert_eq!(order(id).state, OrderState::Refunded { at, reason });
		assert_eq!((payment_of(BUYER), free(BUYER)), (0, FUNDS - ORDER_DEPOSIT));
		assert!(OpenAccess::get().is_empty());
		let refunded = Event::Refunded { order: id, payer: BUYER, amount: PRICE, reason };
		assert_eq!(events(), [refunded]);
		assert_noop!(refund(), Error::<Test>::NotAwaitingDelivery);
	});
}

#[test]
fn an_owner_who_erases_after_the_delivery_is_not_paid() {
	assert_withdrawal_refunds(|| erase(DATASET), RefundReason::Erased);
}

#[test]
fn an_owner_who_excludes_the_beneficiary_after_the_delivery_is_not_paid() {
	assert_withdrawal_refunds(|| set_denied(DATASET, BUYER, true), RefundReason::Denied);
}

#[test]
fn exclusion_refunds_at_once_what_was_not_delivered() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		set_denied(DATASET, BUYER, true);
		assert_ok!(Marketplace::refund(signed(STRANGER), id));
		let (at, reason) = (1, RefundReason::Denied);
		assert_eq!(order(id).state, OrderState::Refunded { at, reason });
		assert!(!AwaitingDelivery::<Test>::contains_key(DATASET, id));
	});
}

#[test]
fn who_is_content_confirms_in_spite_of_a_withdrawal() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		erase(DATASET);
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		assert_eq!(payment_of(BUYER), 0);
		let refund = Marketplace::refund(signed(BUYER), id);
		assert_noop!(refund, Error::<Test>::NotAwaitingDelivery);
	});
}

#[test]
fn an_exclusion_that_was_lifted_does_not_stand_in_the_way() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		set_denied(DATASET, BUYER, true);
		set_denied(DATASET, BUYER, false);
		let refund = Marketplace::refund(signed(BUYER), id);
		assert_noop!(refund, Error::<Test>::NotAwaitingDelivery);
		run_to(2 + CONFIRMATION);
		assert_ok!(Marketplace::settle(signed(STRANGER), id));
	});
}

#[test]
fn a_free_order_is_refunded_without_money() {
	ExtBuilder::default().build_and_execute(|| {
		let id = buy(list(ListingTermsOf::<Test> { pricing: Pricing::Free, ..terms() }));
		run_to(2 + DELIVERY);
		assert_ok!(Marketplace::refund(signed(STRANGER), id));
		assert_eq!(free(BUYER), FUNDS - FREE_ORDER_DEPOSIT);
	});
}
