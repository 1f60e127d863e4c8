use crate::{
	mock::*, pallet::*, Discount, ListingTermsOf, OrderState, PeriodPrice, Pricing, Rate,
	RefundReason, Right, Subscription,
};
use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use msec_commitments::KeyTree;
use proptest::prelude::*;
use sp_core::H256;
use sp_runtime::{DispatchError, DispatchResult, Permill, TokenError};

const HELD: u64 = PRICE * PERIODS as u64;
const ENDS_AT: u64 = 1 + PERIOD * PERIODS as u64;

fn subscribe_as(payer: AccountId, listing: H256, periods: u32, max_price: u64) -> DispatchResult {
	let terms_hash = Listings::<Test>::get(listing).map(|listing| listing.terms_hash);
	let terms_hash = terms_hash.unwrap_or_default();
	let (beneficiary, buyer_key) = (None, buyer_key());
	let call = Call::subscribe { listing, terms_hash, periods, max_price, beneficiary, buyer_key };
	dispatch(payer, call)
}

/// What the seller and the fee have of `paid`.
fn assert_paid(paid: u64) {
	let fee = paid / 20;
	assert_eq!(free(OWNER), FUNDS - deposit_of(OWNER) + paid - fee);
	assert_eq!(free(TREASURY), fee);
}

/// The subscription ended: `paid` of the price was paid, and the rest is free again.
fn assert_settled(id: H256, paid: u64) {
	let at = System::block_number();
	assert_eq!(order(id).state, OrderState::Settled { at });
	assert_eq!(Marketplace::subscription(id), None);
	assert_paid(paid);
	assert_eq!((payment_of(BUYER), deposit_of(BUYER)), (0, SUBSCRIPTION_DEPOSIT));
	assert_eq!(free(BUYER), FUNDS - SUBSCRIPTION_DEPOSIT - paid);
}

fn paid_event(id: H256, paid: u64) -> Event<Test> {
	let fee = paid / 20;
	Event::InstalmentPaid { order: id, seller: OWNER, amount: paid - fee, fee }
}

fn settled_event(id: H256, paid: u64) -> Event<Test> {
	let fee = paid / 20;
	Event::Settled { order: id, seller: OWNER, amount: paid - fee, fee }
}

#[test]
fn subscribing_pins_and_holds_the_whole_time() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(subscription_terms());
		events();
		run_to(3);
		let id = subscribe(listing, PERIODS);
		let ends_at = 3 + PERIOD * u64::from(PERIODS);
		let expected = Subscription {
			rate: Rate::PerPeriod { pricing: period_price(), periods: PERIODS },
			starts_at: 3,
			ends_at,
			delivery_period: DELIVERY,
			maximum_verdict_age: None,
			delivered_at: 3,
			earned: 0,
			cleared: 0,
			paid: 0,
		};
		assert_eq!(subscription(id), expected);
		let order = order(id);
		assert_eq!((order.price, order.fee), (HELD, HELD / 20));
		assert_eq!((order.deliver_by, order.access_until), (3 + DELIVERY, ends_at + ACCESS));
		assert_eq!(order.terms_hash, subscription_terms().hash());
		assert_eq!((payment_of(BUYER), deposit_of(BUYER)), (HELD, SUBSCRIPTION_DEPOSIT));
		let access = Access {
			dataset: DATASET,
			subject: BUYER,
			actions: Right::Read.actions(),
			expires_at: ends_at + ACCESS,
		};
		assert_eq!(OpenAccess::get().get(&id), Some(&access));
		assert_eq!(Listings::<Test>::get(listing).unwrap().sales, 1);
		let opened = Event::OrderOpened {
			order: id,
			listing,
			dataset: DATASET,
			payer: BUYER,
			beneficiary: BUYER,
			price: HELD,
			batches: 3,
		};
		let subscribed = Event::Subscribed { order: id, starts_at: 3, ends_at };
		assert_eq!(events(), [opened, subscribed]);
	});
}

#[test]
fn the_subscriber_signs_what_was_seen() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(subscription_terms());
		let refused = |periods, max_price, error: Error<Test>| {
			let outcome = subscribe_as(BUYER, listing, periods, max_price);
			assert_eq!(outcome, Err(error.into()));
		};
		refused(1, FUNDS, Error::TooFewPeriods);
		refused(PERIODS, HELD - 1, Error::PriceTooHigh);
		refused(21, FUNDS, Error::InvalidPeriod);
		refused(u32::MAX, u64::MAX, Error::InvalidPeriod);
		assert_eq!(subscribe_as(OWNER, listing, 2, FUNDS), Err(Error::<Test>::OwnListing.into()));
		let buy = |hash| Marketplace::buy(signed(BUYER), listing, hash, FUNDS, None, buyer_key());
		assert_noop!(buy(subscription_terms().hash()), Error::<Test>::OtherPricing);
		assert_noop!(buy(H256::zero()), Error::<Test>::TermsChanged);
		assert_ok!(Marketplace::pause_listing(signed(OWNER), listing));
		refused(PERIODS, HELD, Error::Paused);
		assert_ok!(Marketplace::change_listing(signed(OWNER), listing, terms()));
		assert_ok!(Marketplace::resume_listing(signed(OWNER), listing));
		refused(PERIODS, HELD, Error::OtherPricing);
		assert_eq!(
			subscribe_as(BUYER, H256::zero(), 2, FUNDS),
			Err(Error::<Test>::NotFound.into())
		);
	});
}

#[test]
fn a_subscription_that_fails_leaves_nothing_behind() {
	ExtBuilder::default().with_balance(BUYER, HELD + SUBSCRIPTION_DEPOSIT + 9).build_and_execute(
		|| {
			let listing = list(subscription_terms());
			let outcome = subscribe_as(BUYER, listing, PERIODS, HELD);
			assert_eq!(outcome, Err(TokenError::FundsUnavailable.into()));
			AccessIsFull::set(true);
			let outcome = subscribe_as(BUYER, listing, 2, HELD);
			assert_eq!(outcome, Err(DispatchError::Other("full")));
			assert_eq!(Subscriptions::<Test>::iter().count(), 0);
			assert_eq!((payment_of(BUYER), deposit_of(BUYER)), (0, 0));
			AccessIsFull::set(false);
			assert_ok!(subscribe_as(BUYER, listing, 2, HELD));
		},
	);
}

#[test]
fn one_may_subscribe_for_a_friend() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(subscription_terms());
		let (origin, hash) = (signed(BUYER), subscription_terms().hash());
		let friend = Some(FRIEND);
		assert_ok!(Marketplace::subscribe(origin, listing, hash, 2, 2_000, friend, buyer_key()));
		let id = Marketplace::order_id(&listing, &FRIEND, &buyer_key());
		assert_eq!((order(id).payer, order(id).beneficiary), (BUYER, FRIEND));
		assert_eq!((payment_of(BUYER), payment_of(FRIEND)), (2_000, 0));
		deliver(id, envelope(id, &Data::honest().tree, 3));
		for who in [STRANGER, OWNER] {
			let ended = Marketplace::end_subscription(signed(who), id);
			assert_noop!(ended, Error::<Test>::NotAuthorized);
		}
		assert_noop!(
			Marketplace::extend_subscription(signed(FRIEND), id, 1, FUNDS),
			Error::<Test>::NotAuthorized
		);
		assert_ok!(Marketplace::extend_subscription(signed(BUYER), id, 1, PRICE));
		assert_ok!(Marketplace::end_subscription(signed(FRIEND), id));
		// The minimum is owed.
		assert_eq!(free(BUYER), FUNDS - SUBSCRIPTION_DEPOSIT - 2_000);
	});
}

fn assert_pricing_refused(error: Error<Test>, change: impl FnOnce(&mut PeriodPrice<u64, u64>)) {
	let mut pricing = period_price();
	change(&mut pricing);
	let terms = ListingTermsOf::<Test> { pricing: Pricing::PerPeriod(pricing), ..terms() };
	assert_noop!(Marketplace::create_listing(signed(OWNER), SALT, terms), error);
}

#[test]
fn a_price_per_period_is_checked() {
	let discounts = |pairs: &[(u32, u32)]| {
		let discount = |(from_periods, percent): &(u32, u32)| Discount {
			from_periods: *from_periods,
			off: Permill::from_percent(*percent),
		};
		pairs.iter().map(discount).collect::<Vec<_>>().try_into().unwrap()
	};
	ExtBuilder::default().build_and_execute(|| {
		assert_pricing_refused(Error::PriceTooLow, |pricing| pricing.price = 0);
		assert_pricing_refused(Error::PriceTooLow, |pricing| pricing.price = 49);
		assert_pricing_refused(Error::PriceTooHigh, |pricing| pricing.price = u64::MAX);
		assert_pricing_refused(Error::InvalidPeriod, |pricing| pricing.period = 4);
		assert_pricing_refused(Error::InvalidPeriod, |pricing| pricing.period = 501);
		assert_pricing_refused(Error::InvalidPeriod, |pricing| pricing.period = u64::MAX);
		assert_pricing_refused(Error::TooFewPeriods, |pricing| pricing.minimum = 0);
		let wrong: [&[(u32, u32)]; 5] =
			[&[(5, 0)], &[(5, 100)], &[(5, 10), (5, 20)], &[(5, 20), (6, 20)], &[(6, 9), (5, 10)]];
		for pairs in wrong {
			assert_pricing_refused(Error::InvalidDiscount, |pricing| {
				pricing.discounts = discounts(pairs)
			});
		}
		// What the minimum costs with its discount must be possible to pay.
		assert_pricing_refused(Error::PriceTooLow, |pricing| {
			pricing.discounts = discounts(&[(1, 96)])
		});
		let pricing = PeriodPrice {
			price: 50,
			period: 5,
			discounts: discounts(&[(5, 1), (6, 2), (7, 3), (8, 99)]),
			..period_price()
		};
		let terms = ListingTermsOf::<Test> { pricing: Pricing::PerPeriod(pricing), ..terms() };
		let listing = list(terms);
		// Eight periods are not worth paying.
		assert_eq!(subscribe_as(BUYER, listing, 8, FUNDS), Err(Error::<Test>::PriceTooLow.into()));
		assert_ok!(subscribe_as(BUYER, listing, 7, 340));
		assert_eq!(payment_of(BUYER), 340);
	});
}

#[test]
fn longer_subscriptions_have_their_discount() {
	let pricing = period_price();
	assert_eq!(pricing.price_of(9), Some(9_000));
	assert_eq!(pricing.price_of(10), Some(9_000));
	assert_eq!(pricing.price_of(11), Some(9_900));
	assert_eq!(PeriodPrice { price: u64::MAX, ..pricing.clone() }.price_of(2), None);
	assert_eq!(pricing.price_of_use(449), 8_980);
	assert_eq!(pricing.price_of_use(500), 9_000);
	// A discount of a part of a unit is not given, and a part of a unit of use not charged.
	let odd = PeriodPrice { price: 333, period: 10, ..pricing };
	assert_eq!(odd.price_of(11), Some(3_663 - 366));
	assert_eq!(odd.price_of_use(1), 33);
}

#[test]
fn what_is_not_delivered_at_all_is_refunded() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_subscription();
		assert_noop!(Marketplace::end_subscription(signed(BUYER), id), Error::<Test>::NotDelivered);
		assert_noop!(Marketplace::claim(signed(OWNER), id), Error::<Test>::NothingToClaim);
		run_to(2 + DELIVERY);
		events();
		assert_ok!(Marketplace::refund(signed(STRANGER), id));
		assert_eq!(free(BUYER), FUNDS - SUBSCRIPTION_DEPOSIT);
		assert_eq!(Marketplace::subscription(id), None);
		assert!(OpenAccess::get().is_empty());
		let reason = RefundReason::NotDelivered;
		let refunded = Event::Refunded { order: id, payer: BUYER, amount: HELD, reason };
		assert_eq!(events(), [refunded]);
	});
}

#[test]
fn an_instalment_takes_the_place_of_the_delivery_before() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		let settle_after = 11 + CONFIRMATION;
		assert_eq!(order(id).state, OrderState::Delivered { settle_after });
		assert_eq!((subscription(id).delivered_at, subscription(id).earned), (11, 200));
		append_up_to(5);
		run_to(40);
		let sealed = envelope(id, &Data::honest().tree, 5);
		let outcome =
			Marketplace::deliver_instalment(signed(AGENT), id, 5, sealed.clone()).unwrap();
		assert_eq!(outcome.pays_fee, Pays::No);
		let settle_after = 40 + CONFIRMATION;
		assert_eq!(order(id).state, OrderState::Delivered { settle_after });
		assert_eq!(order(id).range, Data::of(5, |_| ()).range);
		assert_eq!(Envelopes::<Test>::get(id), Some(sealed.clone()));
		let expected =
			Subscription { delivered_at: 40, earned: 780, cleared: 200, ..subscription(id) };
		assert_eq!(subscription(id), expected);
		let envelope = sealed;
		let delivered =
			Event::InstalmentDelivered { order: id, batches: 5, envelope, settle_after };
		assert_eq!(events(), [delivered]);
	});
}

#[test]
fn an_instalment_must_be_due_and_of_all_there_is() {
	ExtBuilder::default().build_and_execute(|| {
		let id = open_subscription();
		let sealed = envelope(id, &Data::honest().tree, 4);
		let instalment = |who, batches| {
			Marketplace::deliver_instalment(signed(who), id, batches, sealed.clone())
		};
		append_up_to(4);
		assert_noop!(instalment(AGENT, 4), Error::<Test>::NotDelivered);
		run_to(11);
		deliver(id, sealed.clone());
		run_to(11 + CONFIRMATION);
		assert_noop!(instalment(AGENT, 4), Error::<Test>::TooEarly);
		run_to(12 + CONFIRMATION);
		assert_noop!(instalment(STRANGER, 4), Error::<Test>::NotAuthorized);
		assert_noop!(instalment(BUYER, 4), Error::<Test>::NotAuthorized);
		assert_noop!(instalment(AGENT, 3), Error::<Test>::OtherRange);
		assert_noop!(instalment(AGENT, 5), Error::<Test>::OtherRange);
		let malformed = Marketplace::deliver_instalment(signed(AGENT), id, 4, bytes(&[1]));
		assert_noop!(malformed, Error::<Test>::InvalidEnvelope);
		let unknown =
			Marketplace::deliver_instalment(signed(AGENT), H256::zero(), 4, sealed.clone());
		assert_noop!(unknown, Error::<Test>::NotFound);
		assert_ok!(instalment(OWNER, 4));
		run_to(100);
		assert_noop!(instalment(OWNER, 4), Error::<Test>::NothingNew);
		set_denied(DATASET, BUYER, true);
		assert_noop!(instalment(OWNER, 4), Error::<Test>::Withdrawn);
		erase(DATASET);
		assert_noop!(instalment(OWNER, 4), Error::<Test>::Erased);
	});
}

#[test]
fn other_orders_have_no_instalments() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_order();
		append_up_to(4);
		run_to(100);
		let sealed = envelope(id, &Data::honest().tree, 4);
		let instalment = Marketplace::deliver_instalment(signed(AGENT), id, 4, sealed);
		assert_noop!(instalment, Error::<Test>::NotSubscribed);
		assert_noop!(Marketplace::claim(signed(OWNER), id), Error::<Test>::NotSubscribed);
		assert_noop!(
			Marketplace::end_subscription(signed(BUYER), id),
			Error::<Test>::NotSubscribed
		);
		let extended = Marketplace::extend_subscription(signed(BUYER), id, 1, FUNDS);
		assert_noop!(extended, Error::<Test>::NotSubscribed);
		for outcome in [
			Marketplace::claim(signed(OWNER), H256::zero()),
			Marketplace::end_subscription(signed(BUYER), H256::zero()),
			Marketplace::extend_subscription(signed(BUYER), H256::zero(), 1, FUNDS),
		] {
			assert_noop!(outcome, Error::<Test>::NotFound);
		}
	});
}

#[test]
fn the_seller_claims_what_was_used_and_cannot_be_disputed_any_more() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		let claim = || Marketplace::claim(signed(OWNER), id);
		for other in [AGENT, BUYER, STRANGER] {
			assert_noop!(Marketplace::claim(signed(other), id), Error::<Test>::NotAuthorized);
		}
		run_to(11 + CONFIRMATION);
		assert_noop!(claim(), Error::<Test>::NothingToClaim);
		run_to(12 + CONFIRMATION);
		assert_ok!(claim());
		// Nothing was committed to since the delivery: 31 blocks were used.
		assert_paid(31 * BLOCK_PRICE);
		assert_eq!(payment_of(BUYER), HELD - 31 * BLOCK_PRICE);
		assert_eq!(events(), [paid_event(id, 31 * BLOCK_PRICE)]);
		assert_noop!(claim(), Error::<Test>::NothingToClaim);
		append_up_to(4);
		run_to(61);
		assert_noop!(claim(), Error::<Test>::NothingToClaim);
		deliver_instalment(id, 4);
		assert_noop!(claim(), Error::<Test>::NothingToClaim);
		append_up_to(5);
		run_to(62 + CONFIRMATION);
		assert_ok!(claim());
		// Used until the instalment came, and no longer.
		assert_paid(60 * BLOCK_PRICE);
		assert_eq!(subscription(id).paid, 60 * BLOCK_PRICE);
	});
}

#[test]
fn what_was_cleared_can_be_claimed_while_the_next_delivery_is_disputed() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		append_up_to(4);
		run_to(61);
		deliver_instalment(id, 4);
		assert_ok!(Marketplace::claim(signed(OWNER), id));
		assert_paid(10 * BLOCK_PRICE);
	});
}

#[test]
fn confirming_pays_until_now_and_lets_the_next_instalment_come() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		run_to(15);
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		assert_eq!(order(id).state, OrderState::Delivered { settle_after: 14 });
		assert_paid(14 * BLOCK_PRICE);
		assert_eq!(events(), [paid_event(id, 14 * BLOCK_PRICE)]);
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		assert_eq!(events(), []);
		let dispute = Marketplace::dispute_key(signed(BUYER), id, SECRET, None);
		assert_noop!(dispute, Error::<Test>::TooLate);
		append_up_to(4);
		deliver_instalment(id, 4);
		assert_eq!(order(id).state, OrderState::Delivered { settle_after: 15 + CONFIRMATION });
	});
}

#[test]
fn ending_pays_what_was_used_and_releases_the_rest() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		run_to(152);
		assert_ok!(Marketplace::end_subscription(signed(BUYER), id));
		assert_settled(id, 151 * BLOCK_PRICE);
		let rest = HELD - 151 * BLOCK_PRICE;
		let released = Event::RestReleased { order: id, payer: BUYER, amount: rest };
		assert_eq!(events(), [settled_event(id, 151 * BLOCK_PRICE), released]);
		assert_eq!(order(id).access_until, 152 + ACCESS);
		assert_eq!(OpenAccess::get()[&id].expires_at, 152 + ACCESS);
		assert_noop!(
			Marketplace::end_subscription(signed(BUYER), id),
			Error::<Test>::NotSubscribed
		);
		assert_noop!(Marketplace::claim(signed(OWNER), id), Error::<Test>::NotSubscribed);
		run_to(153 + RETENTION);
		assert_ok!(Marketplace::prune_order(signed(STRANGER), id));
		assert_eq!((deposit_of(BUYER), free(BUYER)), (0, FUNDS - 151 * BLOCK_PRICE));
	});
}

#[test]
fn what_was_claimed_before_is_not_paid_again() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		run_to(101);
		assert_ok!(Marketplace::claim(signed(OWNER), id));
		assert_paid(100 * BLOCK_PRICE);
		run_to(151);
		events();
		assert_ok!(Marketplace::end_subscription(signed(BUYER), id));
		assert_settled(id, 150 * BLOCK_PRICE);
		let rest = HELD - 150 * BLOCK_PRICE;
		let released = Event::RestReleased { order: id, payer: BUYER, amount: rest };
		assert_eq!(events(), [settled_event(id, 50 * BLOCK_PRICE), released]);
	});
}

#[test]
fn who_ends_at_once_owes_the_minimum() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		assert_ok!(Marketplace::end_subscription(signed(BUYER), id));
		assert_settled(id, 2 * PRICE);
	});
}

#[test]
fn who_ends_early_has_no_discount_for_a_long_time() {
	for (block, owed) in [(151, 3_000), (449, 8_960), (495, 9_000), (501, 9_000)] {
		ExtBuilder::default().build_and_execute(|| {
			let id = subscribe(list(subscription_terms()), 10);
			assert_eq!(order(id).price, 9_000);
			deliver(id, envelope(id, &Data::honest().tree, 3));
			run_to(block);
			assert_ok!(Marketplace::end_subscription(signed(BUYER), id));
			assert_settled(id, owed);
		});
	}
}

#[test]
fn time_for_which_an_instalment_is_late_is_not_owed() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		append_up_to(4);
		run_to(111);
		deliver_instalment(id, 4);
		append_up_to(5);
		run_to(200);
		assert_ok!(Marketplace::end_subscription(signed(BUYER), id));
		// It could come after the time to dispute, and then within the period of delivery.
		assert_settled(id, (110 + CONFIRMATION + DELIVERY) * BLOCK_PRICE);
	});
}

#[test]
fn a_subscription_is_settled_after_its_end() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		run_to(ENDS_AT - 1);
		assert_noop!(Marketplace::settle(signed(STRANGER), id), Error::<Test>::TooEarly);
		run_to(ENDS_AT);
		let outcome = Marketplace::settle(signed(STRANGER), id).unwrap();
		assert_eq!(outcome.pays_fee, Pays::No);
		assert_settled(id, HELD);
		assert_eq!(events(), [settled_event(id, HELD)]);
		assert_eq!(order(id).access_until, ENDS_AT + ACCESS);
		assert!(OpenAccess::get().contains_key(&id));
	});
}

#[test]
fn one_instalment_may_come_after_the_end() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		append_up_to(4);
		run_to(ENDS_AT - 1);
		deliver_instalment(id, 4);
		append_up_to(5);
		run_to(ENDS_AT + DELIVERY);
		assert_noop!(Marketplace::settle(signed(STRANGER), id), Error::<Test>::TooEarly);
		// The delivery before can still be disputed; the last one does not wait for that.
		deliver_instalment(id, 5);
		append_up_to(6);
		let sealed = envelope(id, &Data::honest().tree, 6);
		let another = || Marketplace::deliver_instalment(signed(AGENT), id, 6, sealed.clone());
		assert_noop!(another(), Error::<Test>::TooLate);
		run_to(ENDS_AT + DELIVERY + CONFIRMATION);
		assert_noop!(another(), Error::<Test>::TooLate);
		assert_noop!(Marketplace::settle(signed(STRANGER), id), Error::<Test>::TooEarly);
		run_to(ENDS_AT + DELIVERY + CONFIRMATION + 1);
		assert_ok!(Marketplace::settle(signed(STRANGER), id));
		assert_settled(id, HELD);
	});
}

#[test]
fn what_no_delivery_reaches_is_released_at_the_end() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		append_up_to(4);
		run_to(ENDS_AT + DELIVERY);
		assert_noop!(Marketplace::settle(signed(OWNER), id), Error::<Test>::TooEarly);
		run_to(ENDS_AT + DELIVERY + 1);
		let sealed = envelope(id, &Data::honest().tree, 4);
		let late = Marketplace::deliver_instalment(signed(AGENT), id, 4, sealed);
		assert_noop!(late, Error::<Test>::TooLate);
		events();
		assert_ok!(Marketplace::settle(signed(STRANGER), id));
		assert_settled(id, 10 * BLOCK_PRICE);
		let rest = HELD - 10 * BLOCK_PRICE;
		let released = Event::RestReleased { order: id, payer: BUYER, amount: rest };
		assert_eq!(events(), [settled_event(id, 10 * BLOCK_PRICE), released]);
	});
}

#[test]
fn confirming_the_last_delivery_settles() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		append_up_to(4);
		run_to(ENDS_AT);
		deliver_instalment(id, 4);
		events();
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		assert_settled(id, HELD);
		assert_eq!(events(), [settled_event(id, HELD)]);
	});
}

fn assert_withdrawal_is_pro_rata(withdraw: fn(), reason: RefundReason) {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		append_up_to(4);
		run_to(61);
		deliver_instalment(id, 4);
		withdraw();
		assert_noop!(Marketplace::end_subscription(signed(BUYER), id), Error::<Test>::Withdrawn);
		let extended = Marketplace::extend_subscription(signed(BUYER), id, 1, FUNDS);
		assert_noop!(extended, Error::<Test>::Withdrawn);
		run_to(70);
		events();
		let outcome = Marketplace::refund(signed(STRANGER), id).unwrap();
		assert_eq!(outcome.pays_fee, Pays::No);
		// The delivery of block 61 could still be disputed; the one of block 11 could not.
		assert_paid(10 * BLOCK_PRICE);
		let amount = HELD - 10 * BLOCK_PRICE;
		assert_eq!(free(BUYER), FUNDS - SUBSCRIPTION_DEPOSIT - 10 * BLOCK_PRICE);
		assert_eq!(order(id).state, OrderState::Refunded { at: 70, reason });
		assert_eq!(Marketplace::subscription(id), None);
		assert!(OpenAccess::get().is_empty());
		let refunded = Event::Refunded { order: id, payer: BUYER, amount, reason };
		assert_eq!(events(), [paid_event(id, 10 * BLOCK_PRICE), refunded]);
	});
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		run_to(100);
		withdraw();
		// Until the delivery of block 11, which can no longer be disputed; not until now.
		run_to(ENDS_AT + DELIVERY + 1);
		assert_noop!(Marketplace::settle(signed(OWNER), id), Error::<Test>::Withdrawn);
		assert_ok!(Marketplace::refund(signed(STRANGER), id));
		assert_paid(10 * BLOCK_PRICE);
	});
}

#[test]
fn erasure_during_a_subscription_refunds_the_rest() {
	assert_withdrawal_is_pro_rata(|| erase(DATASET), RefundReason::Erased);
}

#[test]
fn exclusion_during_a_subscription_refunds_the_rest() {
	assert_withdrawal_is_pro_rata(|| set_denied(DATASET, BUYER, true), RefundReason::Denied);
}

#[test]
fn a_wrong_instalment_costs_all_that_was_not_cleared() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		append_up_to(4);
		run_to(61);
		let wrong = envelope(id, &KeyTree::from_seed([8; 32]), 4);
		assert_ok!(Marketplace::deliver_instalment(signed(AGENT), id, 4, wrong));
		events();
		let proof = Some(Data::of(4, |_| ()).proof(3, 0));
		assert_ok!(Marketplace::dispute_key(signed(BUYER), id, SECRET, proof));
		assert_paid(10 * BLOCK_PRICE);
		let (amount, reason) = (HELD - 10 * BLOCK_PRICE, RefundReason::WrongKey);
		let refunded = Event::Refunded { order: id, payer: BUYER, amount, reason };
		assert_eq!(events(), [paid_event(id, 10 * BLOCK_PRICE), refunded]);
		assert_eq!(free(BUYER), FUNDS - SUBSCRIPTION_DEPOSIT - 10 * BLOCK_PRICE);
	});
}

#[test]
fn wrong_data_of_an_instalment_is_refunded() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		let data = Data::of(4, |commitment| commitment.plaintext = [0; 32]);
		change_dataset(DATASET, |dataset| dataset.range = data.range);
		run_to(61);
		deliver_instalment(id, 4);
		let (proof, key) = (data.proof(3, 1), data.chunk_key(3, 1));
		let ciphertext = data.ciphertext(3, 1);
		assert_ok!(Marketplace::dispute_data(signed(BUYER), id, proof, key, ciphertext));
		let (at, reason) = (61, RefundReason::WrongData);
		assert_eq!(order(id).state, OrderState::Refunded { at, reason });
	});
}

#[test]
fn an_extension_adds_periods_at_the_terms_that_were_agreed() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		run_to(101);
		assert_ok!(Marketplace::claim(signed(OWNER), id));
		events();
		assert_noop!(
			Marketplace::extend_subscription(signed(BUYER), id, 2, 2 * PRICE - 1),
			Error::<Test>::PriceTooHigh
		);
		assert_ok!(Marketplace::extend_subscription(signed(BUYER), id, 2, 2 * PRICE));
		let ends_at = ENDS_AT + 2 * PERIOD;
		let rate = Rate::PerPeriod { pricing: period_price(), periods: 6 };
		assert_eq!((subscription(id).rate, subscription(id).ends_at), (rate, ends_at));
		assert_eq!((order(id).price, order(id).fee), (6_000, 300));
		assert_eq!(order(id).access_until, ends_at + ACCESS);
		assert_eq!(OpenAccess::get()[&id].expires_at, ends_at + ACCESS);
		assert_eq!(payment_of(BUYER), 6_000 - 100 * BLOCK_PRICE);
		assert_eq!(events(), [Event::SubscriptionChanged { order: id, ends_at, price: 6_000 }]);
		run_to(ends_at - 1);
		assert_noop!(Marketplace::settle(signed(STRANGER), id), Error::<Test>::TooEarly);
		run_to(ends_at);
		assert_ok!(Marketplace::settle(signed(STRANGER), id));
		assert_settled(id, 6_000);
	});
}

#[test]
fn an_extension_reaches_discounts_and_never_costs_less_than_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		let id = subscribe(list(subscription_terms()), 9);
		deliver(id, envelope(id, &Data::honest().tree, 3));
		assert_eq!(payment_of(BUYER), 9_000);
		assert_ok!(Marketplace::extend_subscription(signed(BUYER), id, 1, 0));
		assert_eq!((order(id).price, payment_of(BUYER)), (9_000, 9_000));
		assert_ok!(Marketplace::extend_subscription(signed(BUYER), id, 1, 900));
		assert_eq!((order(id).price, payment_of(BUYER)), (9_900, 9_900));
	});
}

#[test]
fn an_extension_needs_the_same_offer_and_time_that_is_left() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		let listing = order(id).listing;
		let extend = |periods| Marketplace::extend_subscription(signed(BUYER), id, periods, FUNDS);
		assert_noop!(extend(0), Error::<Test>::TooFewPeriods);
		assert_noop!(extend(17), Error::<Test>::InvalidPeriod);
		assert_noop!(extend(u32::MAX), Error::<Test>::InvalidPeriod);
		assert_ok!(Marketplace::pause_listing(signed(OWNER), listing));
		assert_noop!(extend(1), Error::<Test>::Paused);
		assert_ok!(Marketplace::resume_listing(signed(OWNER), listing));
		let changed = ListingTermsOf::<Test> { interval_seconds: 1, ..subscription_terms() };
		assert_ok!(Marketplace::change_listing(signed(OWNER), listing, changed));
		assert_noop!(extend(1), Error::<Test>::TermsChanged);
		assert_ok!(Marketplace::change_listing(signed(OWNER), listing, subscription_terms()));
		run_to(ENDS_AT);
		assert_noop!(extend(1), Error::<Test>::TooLate);
	});
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		let listing = order(id).listing;
		assert_ok!(Marketplace::retire_listing(signed(OWNER), listing));
		let extended = Marketplace::extend_subscription(signed(BUYER), id, 1, FUNDS);
		assert_noop!(extended, Error::<Test>::NotFound);
	});
}

#[test]
fn an_extension_needs_the_money() {
	let funds = HELD + SUBSCRIPTION_DEPOSIT + 10;
	ExtBuilder::default().with_balance(BUYER, funds).build_and_execute(|| {
		let id = running_subscription();
		let before = (order(id), subscription(id));
		let call = Call::extend_subscription { order: id, periods: 1, max_price: PRICE };
		assert_eq!(dispatch(BUYER, call), Err(TokenError::FundsUnavailable.into()));
		assert_eq!((order(id), subscription(id)), before);
	});
}

#[test]
fn what_the_sellers_account_cannot_take_goes_back() {
	let pricing = PeriodPrice { price: 200, period: 400, minimum: 1, ..period_price() };
	let terms = ListingTermsOf::<Test> { pricing: Pricing::PerPeriod(pricing), ..terms() };
	ExtBuilder::default().with_balance(TREASURY, FUNDS).build_and_execute(|| {
		let listing = list(terms);
		let id = subscribe(listing, 1);
		run_to(11);
		deliver(id, envelope(id, &Data::honest().tree, 3));
		assert_ok!(Marketplace::retire_listing(signed(OWNER), listing));
		assert_ok!(Balances::transfer_all(signed(OWNER), FRIEND, false));
		assert!(!System::account_exists(&OWNER));
		run_to(12 + CONFIRMATION);
		// Five for ten blocks, which is below the existential deposit.
		append_up_to(4);
		let claimed = dispatch(OWNER, Call::claim { order: id });
		assert_eq!(claimed, Err(TokenError::CannotCreate.into()));
		erase(DATASET);
		assert_ok!(Marketplace::refund(signed(STRANGER), id));
		assert_eq!(free(BUYER), FUNDS - SUBSCRIPTION_DEPOSIT);
		assert_eq!(free(TREASURY), FUNDS);
	});
}

#[test]
fn subscriptions_are_listed_by_data_set() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(subscription_terms());
		let mut all: Vec<_> = (1..=3)
			.map(|key| {
				let (origin, hash) = (signed(BUYER), subscription_terms().hash());
				let key = [key; 32];
				assert_ok!(Marketplace::subscribe(origin, listing, hash, 2, FUNDS, None, key));
				Marketplace::order_id(&listing, &BUYER, &key)
			})
			.collect();
		all.sort();
		let page = |after, limit| {
			let found = Marketplace::subscriptions_of_dataset(DATASET, after, limit);
			found.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
		};
		assert_eq!(page(None, 2), all[..2]);
		assert_eq!(page(Some(all[1]), 9), all[2..]);
		let first = Marketplace::subscriptions_of_dataset(DATASET, None, 1);
		assert_eq!(first[0].1, subscription(all[0]));
		assert_eq!(Marketplace::subscriptions_of_dataset(H256::zero(), None, 9), []);
		assert_eq!(Marketplace::subscription(H256::zero()), None);
	});
}

proptest! {
	/// Extreme prices and times: nothing overflows, and nobody owes more than was held.
	#[test]
	fn no_price_or_time_overflows(
		price in 1u64..,
		period in 1u64..,
		periods in 1u32..,
		used: u64,
		at: u64,
	) {
		let pricing = PeriodPrice { price, period, ..period_price() };
		if let (Some(held), Some(duration)) = (pricing.price_of(periods), pricing.duration_of(periods)) {
			let subscription = Subscription {
				rate: Rate::PerPeriod { pricing: pricing.clone(), periods },
				starts_at: 1,
				ends_at: duration.saturating_add(1),
				delivery_period: DELIVERY,
				maximum_verdict_age: None,
				delivered_at: 1,
				earned: 0,
				cleared: 0,
				paid: 0,
			};
			prop_assert!(subscription.accrued(held, at) <= held);
			prop_assert_eq!(subscription.accrued(held, subscription.ends_at), held);
		}
		pricing.price_of_use(used);
	}
}
