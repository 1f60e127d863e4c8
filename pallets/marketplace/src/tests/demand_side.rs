use crate::{mock::*, pallet::*, ListingTermsOf, OrderState, Pricing, RefundReason};
use frame_support::{assert_noop, assert_ok};
use msec_primitives::{Market, Offer};
use sp_core::H256;

fn offer_now() -> Option<Offer<AccountId, u64, u64>> {
	let offers = Offers::get();
	assert!(offers.len() <= 1);
	offers.into_values().next()
}

#[test]
fn the_demand_side_is_told_of_every_change() {
	ExtBuilder::default().build_and_execute(|| {
		let id = list(terms());
		let expected = Offer {
			seller: OWNER,
			dataset: DATASET,
			kind: terms().kind,
			place: terms().place,
			price: PRICE,
			terms_hash: terms().hash(),
			is_attested: false,
			since: 1,
		};
		assert_eq!(offer_now(), Some(expected.clone()));
		assert_eq!(Marketplace::offer(&id), Some(expected));
		run_to(3);
		let free = ListingTermsOf::<Test> { pricing: Pricing::Free, ..terms() };
		assert_ok!(Marketplace::change_listing(signed(OWNER), id, free));
		assert_eq!(offer_now().map(|offer| (offer.price, offer.since)), Some((0, 3)));
		assert_ok!(Marketplace::pause_listing(signed(OWNER), id));
		assert_eq!((offer_now(), Marketplace::offer(&id)), (None, None));
		// What is changed while it is paused is not on offer.
		assert_ok!(Marketplace::change_listing(signed(OWNER), id, terms()));
		assert_eq!(offer_now(), None);
		run_to(5);
		assert_ok!(Marketplace::resume_listing(signed(OWNER), id));
		assert_eq!(offer_now().map(|offer| (offer.price, offer.since)), Some((PRICE, 5)));
		assert_ok!(Marketplace::retire_listing(signed(OWNER), id));
		assert_eq!((offer_now(), Marketplace::offer(&id)), (None, None));
	});
}

#[test]
fn buying_for_somebody_opens_an_ordinary_order() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(terms());
		let hash = terms().hash();
		let buy = |terms_hash, price| {
			Marketplace::buy_for(&BUYER, &listing, terms_hash, price, &FRIEND, buyer_key())
		};
		assert_noop!(buy(H256::zero(), PRICE), Error::<Test>::TermsChanged);
		assert_noop!(buy(hash, PRICE - 1), Error::<Test>::PriceTooHigh);
		let id = buy(hash, PRICE).unwrap();
		assert_eq!((order(id).payer, order(id).beneficiary), (BUYER, FRIEND));
		assert_eq!((payment_of(BUYER), deposit_of(BUYER)), (PRICE, ORDER_DEPOSIT));
	});
}

#[test]
fn what_is_not_paid_once_is_not_matched() {
	let quota = ListingTermsOf::<Test> { pricing: Pricing::FreeQuota { orders: 1 }, ..terms() };
	for terms in [quota, subscription_terms(), reading_terms()] {
		ExtBuilder::default().build_and_execute(|| {
			let id = list(terms.clone());
			assert_eq!((offer_now(), Marketplace::offer(&id)), (None, None));
			// A change to one price puts it on offer.
			let paid_once = crate::mock::terms();
			assert_ok!(Marketplace::change_listing(signed(OWNER), id, paid_once));
			assert_eq!(offer_now().map(|offer| offer.price), Some(PRICE));
			assert_ok!(Marketplace::change_listing(signed(OWNER), id, terms));
			assert_eq!(offer_now(), None);
		});
	}
}

#[test]
fn only_keys_that_can_be_sealed_for_are_valid() {
	assert!(Marketplace::is_valid_key(&buyer_key()));
	assert!(!Marketplace::is_valid_key(&[0; 32]));
}

#[test]
fn the_beneficiary_rejects_before_the_delivery() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		run_to(4);
		events();
		assert_noop!(Marketplace::reject(signed(OWNER), id), Error::<Test>::NotAuthorized);
		assert_noop!(Marketplace::reject(signed(BUYER), H256::zero()), Error::<Test>::NotFound);
		assert_ok!(Marketplace::reject(signed(BUYER), id));
		let reason = RefundReason::Rejected;
		assert_eq!(order(id).state, OrderState::Refunded { at: 4, reason });
		assert_eq!((payment_of(BUYER), free(BUYER)), (0, FUNDS - ORDER_DEPOSIT));
		assert!(!OpenAccess::get().contains_key(&id));
		assert_eq!(events(), [Event::Refunded { order: id, payer: BUYER, amount: PRICE, reason }]);
		assert_noop!(Marketplace::reject(signed(BUYER), id), Error::<Test>::NotAwaitingDelivery);
		run_to(4 + RETENTION + ACCESS);
		assert_ok!(Marketplace::prune_order(signed(STRANGER), id));
		assert_eq!(free(BUYER), FUNDS);
	});
}

#[test]
fn what_was_delivered_cannot_be_rejected() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		assert_noop!(Marketplace::reject(signed(BUYER), id), Error::<Test>::NotAwaitingDelivery);
	});
}
