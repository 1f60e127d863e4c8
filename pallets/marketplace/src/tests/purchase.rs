use crate::{mock::*, pallet::*, ListingTermsOf, Order, OrderState, Pricing, Right};
use frame_support::{assert_noop, assert_ok};
use msec_primitives::RangeCommitment;
use sp_core::H256;
use sp_runtime::{DispatchError, TokenError};

#[test]
fn buying_pins_all_that_was_agreed() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(terms());
		events();
		run_to(3);
		let id = buy(listing);
		let ticket = order(id).ticket;
		let expected = Order {
			listing,
			dataset: DATASET,
			seller: OWNER,
			payer: BUYER,
			beneficiary: BUYER,
			buyer_key: buyer_key(),
			terms_hash: terms().hash(),
			price: PRICE,
			fee: FEE,
			right: Right::Read,
			range: Data::honest().range,
			opened_at: 3,
			deliver_by: 3 + DELIVERY,
			confirmation_period: CONFIRMATION,
			access_until: 3 + ACCESS,
			state: OrderState::AwaitingDelivery,
			ticket,
		};
		assert_eq!(order(id), expected);
		assert_eq!(Listings::<Test>::get(listing).unwrap().sales, 1);
		assert!(AwaitingDelivery::<Test>::contains_key(DATASET, id));
		let opened = Event::OrderOpened {
			order: id,
			listing,
			dataset: DATASET,
			payer: BUYER,
			beneficiary: BUYER,
			price: PRICE,
			batches: 3,
		};
		assert_eq!(events(), [opened]);
	});
}

#[test]
fn buying_holds_price_and_deposit_and_opens_access() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_order();
		assert_eq!(payment_of(BUYER), PRICE);
		assert_eq!(deposit_of(BUYER), ORDER_DEPOSIT);
		assert_eq!(free(BUYER), FUNDS - PRICE - ORDER_DEPOSIT);
		let access = Access {
			dataset: DATASET,
			subject: BUYER,
			actions: Right::Read.actions(),
			expires_at: 1 + ACCESS,
		};
		assert_eq!(OpenAccess::get().get(&id), Some(&access));
	});
}

#[test]
fn buying_for_a_friend_separates_money_and_access() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(terms());
		let hash = terms().hash();
		assert_ok!(Marketplace::buy(
			signed(BUYER),
			listing,
			hash,
			PRICE,
			Some(FRIEND),
			buyer_key()
		));
		let id = Marketplace::order_id(&listing, &FRIEND, &buyer_key());
		assert_eq!((order(id).payer, order(id).beneficiary), (BUYER, FRIEND));
		assert_eq!((payment_of(BUYER), payment_of(FRIEND)), (PRICE, 0));
		assert_eq!((deposit_of(BUYER), deposit_of(FRIEND)), (ORDER_DEPOSIT, 0));
		assert_eq!(OpenAccess::get()[&id].subject, FRIEND);
		for account in [BUYER, FRIEND, OWNER] {
			assert!(OrdersByAccount::<Test>::contains_key(account, id));
		}
	});
}

#[test]
fn what_is_free_holds_the_deposit_only() {
	ExtBuilder::default().build_and_execute(|| {
		let id = buy(list(ListingTermsOf::<Test> { pricing: Pricing::Free, ..terms() }));
		assert_eq!((order(id).price, order(id).fee), (0, 0));
		assert_eq!((payment_of(BUYER), deposit_of(BUYER)), (0, FREE_ORDER_DEPOSIT));
	});
}

#[test]
fn the_buyer_signs_what_was_seen() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(terms());
		let buy = |terms_hash, max_price| {
			Marketplace::buy(signed(BUYER), listing, terms_hash, max_price, None, buyer_key())
		};
		assert_noop!(buy(H256::zero(), PRICE), Error::<Test>::TermsChanged);
		assert_noop!(buy(terms().hash(), PRICE - 1), Error::<Test>::PriceTooHigh);
		let dearer =
			ListingTermsOf::<Test> { pricing: Pricing::OneTime { price: PRICE + 1 }, ..terms() };
		assert_ok!(Marketplace::change_listing(signed(OWNER), listing, dearer));
		assert_noop!(buy(terms().hash(), PRICE + 1), Error::<Test>::TermsChanged);
	});
}

#[test]
fn only_an_active_listing_sells() {
	ExtBuilder::default().build_and_execute(|| {
		let hash = terms().hash();
		let buy =
			|listing| Marketplace::buy(signed(BUYER), listing, hash, PRICE, None, buyer_key());
		assert_noop!(buy(H256::zero()), Error::<Test>::NotFound);
		let listing = list(terms());
		assert_ok!(Marketplace::pause_listing(signed(OWNER), listing));
		assert_noop!(buy(listing), Error::<Test>::Paused);
		assert_ok!(Marketplace::resume_listing(signed(OWNER), listing));
		change_dataset(DATASET, |dataset| {
			dataset.range = RangeCommitment { batches: 0, root: H256::zero() }
		});
		assert_noop!(buy(listing), Error::<Test>::NothingToSell);
		erase(DATASET);
		assert_noop!(buy(listing), Error::<Test>::Erased);
	});
}

#[test]
fn nobody_buys_from_or_is_given_an_own_listing() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(terms());
		let buy = |payer, beneficiary| {
			let hash = terms().hash();
			Marketplace::buy(signed(payer), listing, hash, PRICE, beneficiary, buyer_key())
		};
		assert_noop!(buy(OWNER, None), Error::<Test>::OwnListing);
		assert_noop!(buy(OWNER, Some(FRIEND)), Error::<Test>::OwnListing);
		assert_noop!(buy(BUYER, Some(OWNER)), Error::<Test>::OwnListing);
	});
}

#[test]
fn the_buyer_key_must_be_usable_and_fresh() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(terms());
		let buy = |key| Marketplace::buy(signed(BUYER), listing, terms().hash(), PRICE, None, key);
		let mut one = [0; 32];
		one[0] = 1;
		for low_order in [[0; 32], one] {
			assert_noop!(buy(low_order), Error::<Test>::InvalidBuyerKey);
		}
		assert_ok!(buy(buyer_key()));
		assert_noop!(buy(buyer_key()), Error::<Test>::AlreadyExists);
		assert_ok!(buy([8; 32]));
		assert_eq!(payment_of(BUYER), 2 * PRICE);
	});
}

#[test]
fn the_payer_needs_price_and_deposit() {
	for (funds, outcome) in [
		(ORDER_DEPOSIT + 9, Err(TokenError::FundsUnavailable.into())),
		(PRICE + ORDER_DEPOSIT + 9, Err(TokenError::FundsUnavailable.into())),
		(PRICE + ORDER_DEPOSIT + 10, Ok(())),
	] {
		ExtBuilder::default().with_balance(BUYER, funds).build_and_execute(|| {
			let listing = list(terms());
			let hash = terms().hash();
			let bought = dispatch(
				BUYER,
				Call::buy {
					listing,
					terms_hash: hash,
					max_price: PRICE,
					beneficiary: None,
					buyer_key: buyer_key(),
				},
			);
			assert_eq!(bought, outcome);
			assert_eq!(Orders::<Test>::iter().count(), outcome.is_ok() as usize);
		});
	}
}

#[test]
fn refused_access_leaves_nothing_behind() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(terms());
		AccessIsFull::set(true);
		let bought = dispatch(
			BUYER,
			Call::buy {
				listing,
				terms_hash: terms().hash(),
				max_price: PRICE,
				beneficiary: None,
				buyer_key: buyer_key(),
			},
		);
		assert_eq!(bought, Err(DispatchError::Other("full")));
		assert_eq!((payment_of(BUYER), deposit_of(BUYER), free(BUYER)), (0, 0, FUNDS));
		assert_eq!(Listings::<Test>::get(listing).unwrap().sales, 0);
	});
}
