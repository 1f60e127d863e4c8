//! What is sold besides data: the use of a service, and commands to an actuator.

use crate::{
	mock::*, pallet::*, types::ListingTerms, ListingTermsOf, OrderState, Pricing, RefundReason,
	Right,
};
use frame_support::{assert_noop, assert_ok};
use msec_primitives::{Action, Market, RangeCommitment};
use sp_core::H256;

const NOT_DATA: [Right; 2] = [Right::Use, Right::Act];

/// The data set has no batches: a service needs none.
fn right_terms(right: Right) -> ListingTermsOf<Test> {
	change_dataset(DATASET, |dataset| {
		dataset.range = RangeCommitment { batches: 0, root: H256::zero() };
	});
	ListingTerms { right, ..terms() }
}

#[test]
fn access_is_open_at_once_and_nothing_is_delivered() {
	for (right, action) in [(Right::Use, Action::Use), (Right::Act, Action::Act)] {
		ExtBuilder::default().build_and_execute(|| {
			let order = buy(list(right_terms(right)));
			let settle_after = 1 + CONFIRMATION;
			let bought = Orders::<Test>::get(order).unwrap();
			assert_eq!(bought.state, OrderState::Delivered { settle_after });
			assert_eq!((bought.right, bought.range.batches), (right, 0));
			assert!(!AwaitingDelivery::<Test>::contains_key(DATASET, order));
			let actions = OpenAccess::get()[&order].actions;
			assert!(actions.contains(action) && actions.contains(Action::Describe));
			assert!(!actions.contains(Action::Read));
			assert_noop!(
				Marketplace::deliver(signed(OWNER), order, bytes(&[1; 80])),
				Error::<Test>::NotAwaitingDelivery
			);
			let before = Balances::free_balance(OWNER);
			System::set_block_number(settle_after + 1);
			assert_ok!(Marketplace::settle(signed(STRANGER), order));
			assert_eq!(Balances::free_balance(OWNER), before + PRICE - PRICE / 20);
			// What was paid for lasts as long as was agreed.
			assert!(OpenAccess::get().contains_key(&order));
		});
	}
}

#[test]
fn only_a_complaint_can_dispute_it() {
	ExtBuilder::default().build_and_execute(|| {
		let order = buy(list(right_terms(Right::Use)));
		let buyer = || signed(BUYER);
		assert_noop!(
			Marketplace::dispute_key(buyer(), order, SECRET, None),
			Error::<Test>::NotDelivered
		);
		let data = Data::honest();
		let (proof, key) = (data.proof(0, 0), data.chunk_key(0, 0));
		assert_noop!(
			Marketplace::dispute_data(buyer(), order, proof, key, data.ciphertext(0, 0)),
			Error::<Test>::ProofInvalid
		);
		assert_noop!(Marketplace::challenge(buyer(), order, 0, 0), Error::<Test>::NoSuchChunk);
		assert_ok!(Marketplace::complain(buyer(), order, H256::repeat_byte(1)));
		System::set_block_number(System::block_number() + RESPONSE + 1);
		assert_ok!(Marketplace::conclude(signed(STRANGER), order));
		let refunded =
			OrderState::Refunded { at: System::block_number(), reason: RefundReason::NoResponse };
		assert_eq!(Orders::<Test>::get(order).unwrap().state, refunded);
		assert!(!OpenAccess::get().contains_key(&order));
	});
}

#[test]
fn an_owner_who_withdraws_it_is_not_paid() {
	ExtBuilder::default().build_and_execute(|| {
		let order = buy(list(right_terms(Right::Act)));
		set_denied(DATASET, BUYER, true);
		assert_ok!(Marketplace::refund(signed(STRANGER), order));
		let refunded = OrderState::Refunded { at: 1, reason: RefundReason::Denied };
		assert_eq!(Orders::<Test>::get(order).unwrap().state, refunded);
	});
}

#[test]
fn it_is_sold_once() {
	ExtBuilder::default().build_and_execute(|| {
		for right in NOT_DATA {
			for pricing in [subscription_terms().pricing, reading_terms().pricing] {
				let terms = ListingTerms { pricing, ..right_terms(right) };
				assert_noop!(
					Marketplace::create_listing(signed(OWNER), SALT, terms),
					Error::<Test>::OtherPricing
				);
			}
		}
		assert_ok!(Marketplace::create_listing(
			signed(OWNER),
			SALT,
			ListingTerms { pricing: Pricing::FreeQuota { orders: 1 }, ..right_terms(Right::Use) }
		));
	});
}

#[test]
fn no_demand_for_data_is_met_by_it() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(right_terms(Right::Use));
		assert_eq!(<Marketplace as Market<_, _, _>>::offer(&listing), None);
		assert!(Offers::get().is_empty());
	});
}

#[test]
fn nothing_of_an_erased_entry_is_sold() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(right_terms(Right::Use));
		erase(DATASET);
		let terms_hash = Listings::<Test>::get(listing).unwrap().terms_hash;
		assert_noop!(
			Marketplace::buy(signed(BUYER), listing, terms_hash, PRICE, None, buyer_key()),
			Error::<Test>::Erased
		);
	});
}
