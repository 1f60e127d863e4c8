//! What somebody who wants to gain by the rules, or spoil the game for others, might try.

use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::{ArithmeticError, TokenError};

#[test]
fn repricing_to_a_visible_bid() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list_and_wait(300);
		let id = demand(BUYER, 100, 1);
		// The seller sees the bid and asks for as much as the bidder would pay for a rival's offer.
		let rival = offer(an_offer(RIVAL, b"ezjmg", 60));
		reprice(listing, 100);
		assert_noop!(propose(id, listing), Error::<Test>::OfferTooYoung);
		wait(MIN_AGE - 1);
		assert_noop!(propose(id, listing), Error::<Test>::OfferTooYoung);
		// Whoever was there as early and cheaper can be proposed as soon; anybody may propose.
		wait(1);
		assert_ok!(propose(id, rival));
		assert_noop!(propose(id, listing), Error::<Test>::NotFound);
		assert_eq!(bought(BUYER)[0].price, 60);
	});
}

#[test]
fn repricing_upwards_before_a_purchase() {
	ExtBuilder::default().build_and_execute(|| {
		let id = demand(BUYER, PRICE, 1);
		let listing = list_and_wait(100);
		reprice(listing, PRICE);
		assert_noop!(propose(id, listing), Error::<Test>::OfferTooYoung);
	});
}

#[test]
fn flash_offers() {
	ExtBuilder::default().build_and_execute(|| {
		let id = demand(BUYER, PRICE, 2);
		// Never there long enough to be bound by it.
		for _ in 0..10 {
			let flash = list_and_wait(1);
			let offered = close(flash);
			assert_noop!(propose(id, flash), Error::<Test>::NotOffered);
			let again = offer(msec_primitives::Offer { since: System::block_number(), ..offered });
			assert_noop!(propose(id, again), Error::<Test>::OfferTooYoung);
			close(again);
		}
		// A new demand is not drawn to them either.
		let steady = list_and_wait(50);
		list(1);
		let other = demand(OTHER, 2 * PRICE, 1);
		assert!(!stands(other));
		assert_eq!(bought(OTHER)[0].listing, steady);
	});
}

#[test]
fn spam_demands() {
	ExtBuilder::default().build_and_execute(|| {
		// A hundred demands of a single one who can never buy cost all that they pretend to pay, ...
		for salt in 0..100 {
			demand_with(SELLER, salt, demand_terms(SELLER, PRICE + 2, 1));
		}
		assert_eq!(budget_of(SELLER), 100 * (PRICE + 2 + ORDER_DEPOSIT));
		assert!(deposit_of(SELLER) > 0);
		// ... and keep nobody from buying, at a cost that is bounded.
		let id = demand(BUYER, PRICE, 1);
		let listing = list_and_wait(PRICE);
		let post = DemandSide::propose_match(signed(STRANGER), id, listing).unwrap();
		let looked = <() as crate::WeightInfo>::look().saturating_mul(MaxLooks::get().into());
		let weight = <() as crate::WeightInfo>::propose_match().saturating_add(looked);
		assert_eq!(post.actual_weight, Some(weight));
		assert!(!stands(id));
		// They go when their time is over, whoever asks.
		run_to(END + 1);
		for salt in 0..100 {
			let spam = DemandSide::demand_id(&SELLER, H256::repeat_byte(salt));
			assert_ok!(DemandSide::expire_demand(signed(STRANGER), spam));
		}
		assert_eq!(free(SELLER), FUNDS);
	});
}

#[test]
fn griefing_cancellations() {
	ExtBuilder::default().build_and_execute(|| {
		let honest = demand(BUYER, PRICE, 1);
		let listing = list(PRICE);
		// Steps ahead and back again: the other loses neither place nor money, and buys in that block.
		for _ in 0..10 {
			reprice(listing, PRICE);
			let griefer = demand(OTHER, PRICE + 1, 1);
			wait(MIN_AGE);
			assert_noop!(propose(honest, listing), Error::<Test>::Beaten);
			assert_ok!(DemandSide::cancel_demand(signed(OTHER), griefer));
		}
		assert_ok!(propose(honest, listing));
		assert_eq!(free(OTHER), FUNDS);
		close(listing);
		// Whoever comes back stands behind those who stayed.
		let first = demand(OTHER, PRICE, 1);
		let second = demand(FRIEND, PRICE, 1);
		assert_ok!(DemandSide::cancel_demand(signed(OTHER), first));
		let back = demand(OTHER, PRICE, 1);
		assert_eq!(back, first);
		let listing = list_and_wait(PRICE);
		assert_noop!(propose(back, listing), Error::<Test>::Beaten);
		assert_ok!(propose(second, listing));
		// What was bought stays bought.
		assert_ok!(propose(back, listing));
		assert_noop!(DemandSide::cancel_demand(signed(OTHER), back), Error::<Test>::NotFound);
		assert_eq!(bought(OTHER).len(), 1);
	});
}

#[test]
fn order_flood_on_one_listing() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list_and_wait(1);
		// Beneficiaries besides, so that each demand could stand on its own.
		for salt in 0..50 {
			let mut terms = demand_terms(OTHER, PRICE, 16);
			terms.beneficiary = 1_000 + u64::from(salt);
			demand_with(OTHER, salt, terms);
		}
		// Each demand bought once, however many purchases it wants, and can do so no more.
		assert_eq!(bought(OTHER).len(), 50);
		for salt in 0..50 {
			let id = DemandSide::demand_id(&OTHER, H256::repeat_byte(salt));
			assert_noop!(propose(id, listing), Error::<Test>::AlreadyFilled);
		}
		// All of them stand before, and none in the way.
		let late = demand(BUYER, 1, 2);
		let newest = list_and_wait(1);
		assert_noop!(propose(late, newest), Error::<Test>::Beaten);
		assert_eq!(bought(BUYER).len(), 1, "it bought from the first listing when it came");
	});
}

#[test]
fn overflow_at_extreme_prices() {
	ExtBuilder::default().build_and_execute(|| {
		for (price, fills) in [(u64::MAX, 1), (u64::MAX - ORDER_DEPOSIT, 2), (u64::MAX / 2, 16)] {
			assert_noop!(
				DemandSide::create_demand(signed(BUYER), SALT, demand_terms(BUYER, price, fills)),
				ArithmeticError::Overflow
			);
		}
		let most = demand_terms(BUYER, u64::MAX - ORDER_DEPOSIT, 1);
		let call = Call::create_demand { salt: SALT, terms: most };
		assert_noop!(dispatch(BUYER, call), TokenError::FundsUnavailable);
		// Both ends of the scale have their place in the books.
		let priceless = list(u64::MAX);
		let for_nothing = list(0);
		wait(MIN_AGE);
		let id = demand(BUYER, 0, 2);
		assert_eq!(stored(id).filled_from.to_vec(), [for_nothing]);
		assert_noop!(propose(id, priceless), Error::<Test>::PriceTooHigh);
		assert!(DemandSide::rank(u64::MAX, 7) < DemandSide::rank(u64::MAX - 1, 0));
		assert!(DemandSide::rank(0, u64::MAX) > DemandSide::rank(0, u64::MAX - 1));
	});
}

#[test]
fn existential_deposit_edge_cases() {
	// Everything but what an account must have can be held, and pays the purchase in full.
	let deposit = {
		let mut deposit = 0;
		ExtBuilder::default().build_and_execute(|| {
			demand(BUYER, PRICE, 1);
			deposit = deposit_of(BUYER);
		});
		deposit
	};
	let needed = PRICE + ORDER_DEPOSIT + deposit + EXISTENTIAL_DEPOSIT;
	ExtBuilder::default().with_balance(BUYER, needed - 1).build_and_execute(|| {
		let call = Call::create_demand { salt: SALT, terms: demand_terms(BUYER, PRICE, 1) };
		assert_noop!(dispatch(BUYER, call), TokenError::FundsUnavailable);
	});
	ExtBuilder::default().with_balance(BUYER, needed).build_and_execute(|| {
		let id = demand(BUYER, PRICE, 1);
		assert_eq!(free(BUYER), EXISTENTIAL_DEPOSIT);
		// The rest cannot be moved away underneath it.
		assert!(Balances::transfer_allow_death(signed(BUYER), OTHER, 1).is_err());
		let listing = list_and_wait(PRICE);
		assert_ok!(propose(id, listing));
		assert_eq!(free(BUYER), EXISTENTIAL_DEPOSIT + deposit);
	});
}
