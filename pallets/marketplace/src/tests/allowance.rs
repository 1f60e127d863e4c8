use crate::{
	mock::*, pallet::*, ListingTermsOf, OrderState, Pricing, Rate, ReadingPrice, RefundReason,
};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::DispatchResult;

const MINIMUM: u64 = 200;
const HELD: u64 = 1_000;
const ENDS_AT: u64 = 301;

fn claim_readings(id: H256, readings: u32) -> DispatchResult {
	dispatch(OWNER, Call::claim_readings { order: id, readings })
}

fn assert_refused(id: H256, readings: u32, error: Error<Test>) {
	assert_eq!(claim_readings(id, readings), Err(error.into()));
}

/// What the seller and the fee have of `paid`.
fn assert_paid(paid: u64) {
	assert_eq!(free(OWNER), FUNDS - deposit_of(OWNER) + paid - paid / 20);
	assert_eq!(free(TREASURY), paid / 20);
}

/// Four batches, delivered at block 131, and accepted: then 21 readings can be there.
fn delivered_allowance() -> H256 {
	let id = running_allowance();
	append_up_to(4);
	run_to(131);
	deliver_instalment(id, 4);
	assert_ok!(Marketplace::confirm(signed(BUYER), id));
	assert_paid(MINIMUM);
	events();
	id
}

#[test]
fn an_allowance_is_held_for_its_time() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(reading_terms());
		let hash = reading_terms().hash();
		let open = |amount, duration| {
			let (beneficiary, buyer_key) = (None, buyer_key());
			let terms_hash = hash;
			dispatch(
				BUYER,
				Call::open_allowance {
					listing,
					terms_hash,
					amount,
					duration,
					beneficiary,
					buyer_key,
				},
			)
		};
		assert_eq!(open(MINIMUM - 1, 300), Err(Error::<Test>::PriceTooLow.into()));
		assert_eq!(open(HELD, 4), Err(Error::<Test>::InvalidPeriod.into()));
		assert_eq!(open(HELD, 1_001), Err(Error::<Test>::InvalidPeriod.into()));
		events();
		assert_ok!(open(HELD, 300));
		let id = Marketplace::order_id(&listing, &BUYER, &buyer_key());
		assert_eq!((payment_of(BUYER), deposit_of(BUYER)), (HELD, SUBSCRIPTION_DEPOSIT));
		let pricing = ReadingPrice { price: 10, minimum: 20 };
		let rate = Rate::PerReading { pricing, interval_seconds: 600, claimed: 0, batches: 3 };
		assert_eq!(subscription(id).rate, rate);
		assert_eq!((subscription(id).starts_at, subscription(id).ends_at), (1, ENDS_AT));
		assert_eq!(order(id).access_until, ENDS_AT + ACCESS);
		let subscribed = Event::Subscribed { order: id, starts_at: 1, ends_at: ENDS_AT };
		assert_eq!(events().last(), Some(&subscribed));
		let bought = Marketplace::buy(signed(BUYER), listing, hash, HELD, None, [8; 32]);
		assert_noop!(bought, Error::<Test>::OtherPricing);
		let origin = signed(BUYER);
		let subscribed = Marketplace::subscribe(origin, listing, hash, 2, HELD, None, buyer_key());
		assert_noop!(subscribed, Error::<Test>::OtherPricing);
	});
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(subscription_terms());
		let (origin, hash) = (signed(BUYER), subscription_terms().hash());
		let open = Marketplace::open_allowance(origin, listing, hash, HELD, 300, None, buyer_key());
		assert_noop!(open, Error::<Test>::OtherPricing);
	});
}

#[test]
fn a_price_per_reading_is_checked() {
	ExtBuilder::default().build_and_execute(|| {
		let refused = |price, minimum, interval_seconds, error: Error<Test>| {
			let pricing = Pricing::PerReading(ReadingPrice { price, minimum });
			let terms = ListingTermsOf::<Test> { pricing, interval_seconds, ..terms() };
			assert_noop!(Marketplace::create_listing(signed(OWNER), SALT, terms), error);
		};
		refused(10, 20, 0, Error::InvalidInterval);
		refused(10, 9, 600, Error::PriceTooLow);
		refused(0, 20, 600, Error::PriceTooLow);
		refused(u64::MAX, 2, 600, Error::PriceTooHigh);
	});
}

#[test]
fn the_first_delivery_earns_the_minimum() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_allowance();
		assert_eq!(subscription(id).earned, MINIMUM);
		assert_noop!(Marketplace::claim(signed(OWNER), id), Error::<Test>::NothingToClaim);
		run_to(200);
		assert_ok!(Marketplace::claim(signed(OWNER), id));
		assert_paid(MINIMUM);
	});
}

#[test]
fn readings_are_claimed_disputable_and_then_paid() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_allowance();
		run_to(140);
		assert_ok!(claim_readings(id, 21));
		let settle_after = 140 + CONFIRMATION;
		assert_eq!(order(id).state, OrderState::Delivered { settle_after });
		// Twenty are the minimum, which was paid.
		let claimed = Event::ReadingsClaimed { order: id, readings: 21, amount: 10, settle_after };
		assert_eq!(events(), [claimed]);
		run_to(settle_after);
		assert_noop!(Marketplace::claim(signed(OWNER), id), Error::<Test>::NothingToClaim);
		run_to(settle_after + 1);
		assert_ok!(Marketplace::claim(signed(OWNER), id));
		assert_eq!(payment_of(BUYER), HELD - MINIMUM - 10);
	});
}

#[test]
fn no_more_is_claimed_than_frequency_batches_and_allowance_yield() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_allowance();
		// 130 blocks of 100 seconds, one reading in 600 seconds.
		assert_refused(id, 22, Error::TooManyReadings);
		assert_refused(id, u32::MAX, Error::TooManyReadings);
		assert_ok!(claim_readings(id, 21));
		assert_refused(id, 1, Error::TooEarly);
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		assert_refused(id, 1, Error::NothingNew);
		append_up_to(5);
		run_to(140);
		deliver_instalment(id, 5);
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		assert_refused(id, 3, Error::TooManyReadings);
		assert_ok!(claim_readings(id, 2));
	});
	let often = ListingTermsOf::<Test> { interval_seconds: 1, ..reading_terms() };
	ExtBuilder::default().build_and_execute(|| {
		let id = running_allowance();
		let listing = order(id).listing;
		assert_ok!(Marketplace::change_listing(signed(OWNER), listing, often.clone()));
		let (origin, hash) = (signed(FRIEND), often.hash());
		let key = buyer_key();
		assert_ok!(Marketplace::open_allowance(origin, listing, hash, HELD, 300, None, key));
		let id = Marketplace::order_id(&listing, &FRIEND, &key);
		deliver(id, envelope(id, &Data::honest().tree, 3));
		append_up_to(4);
		run_to(100);
		deliver_instalment(id, 4);
		assert_ok!(Marketplace::confirm(signed(FRIEND), id));
		assert_refused(id, 101, Error::AllowanceExceeded);
		assert_ok!(claim_readings(id, 100));
		// The allowance is used up: it need not last until its end.
		assert_noop!(Marketplace::settle(signed(STRANGER), id), Error::<Test>::TooEarly);
		run_to(101 + CONFIRMATION);
		assert_ok!(Marketplace::settle(signed(STRANGER), id));
		assert_eq!(payment_of(FRIEND), 0);
	});
}

#[test]
fn who_may_claim_readings_of_what() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_allowance();
		for other in [AGENT, BUYER, STRANGER] {
			let claim = Marketplace::claim_readings(signed(other), id, 1);
			assert_noop!(claim, Error::<Test>::NotAuthorized);
		}
		assert_refused(H256::zero(), 1, Error::NotFound);
		assert_refused(id, 1, Error::TooEarly);
		run_to(12 + CONFIRMATION);
		assert_refused(id, 1, Error::NothingNew);
		erase(DATASET);
		assert_refused(id, 1, Error::Erased);
	});
	ExtBuilder::default().build_and_execute(|| {
		let id = running_subscription();
		run_to(12 + CONFIRMATION);
		assert_refused(id, 1, Error::OtherPricing);
	});
	ExtBuilder::default().build_and_execute(|| {
		assert_refused(delivered_order(), 1, Error::NotSubscribed);
	});
}

#[test]
fn the_rest_goes_back_after_the_end() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_allowance();
		run_to(ENDS_AT + DELIVERY);
		assert_noop!(Marketplace::settle(signed(STRANGER), id), Error::<Test>::TooEarly);
		run_to(ENDS_AT + DELIVERY + 1);
		assert_refused(id, 1, Error::TooLate);
		assert_ok!(Marketplace::settle(signed(STRANGER), id));
		assert_eq!(order(id).state, OrderState::Settled { at: ENDS_AT + DELIVERY + 1 });
		assert_paid(MINIMUM);
		assert_eq!(free(BUYER), FUNDS - SUBSCRIPTION_DEPOSIT - MINIMUM);
		let settled = Event::Settled { order: id, seller: OWNER, amount: 0, fee: 0 };
		let amount = HELD - MINIMUM;
		assert_eq!(events(), [settled, Event::RestReleased { order: id, payer: BUYER, amount }]);
	});
}

#[test]
fn who_ends_early_can_be_charged_for_what_was_delivered() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_allowance();
		run_to(150);
		assert_ok!(Marketplace::end_subscription(signed(BUYER), id));
		let changed = Event::SubscriptionChanged { order: id, ends_at: 150, price: HELD };
		assert_eq!(events(), [changed]);
		assert_eq!(order(id).access_until, 150 + ACCESS);
		run_to(150 + DELIVERY);
		assert_ok!(claim_readings(id, 21));
		assert_ok!(Marketplace::end_subscription(signed(BUYER), id));
		assert_eq!(subscription(id).ends_at, 150);
		run_to(150 + DELIVERY + CONFIRMATION + 1);
		assert_ok!(Marketplace::settle(signed(STRANGER), id));
		assert_eq!(free(BUYER), FUNDS - SUBSCRIPTION_DEPOSIT - MINIMUM - 10);
	});
}

#[test]
fn an_allowance_is_not_extended() {
	ExtBuilder::default().build_and_execute(|| {
		let id = running_allowance();
		let extended = Marketplace::extend_subscription(signed(BUYER), id, 1, FUNDS);
		assert_noop!(extended, Error::<Test>::OtherPricing);
	});
}

#[test]
fn what_is_claimed_and_disputable_goes_back_on_erasure() {
	ExtBuilder::default().build_and_execute(|| {
		let id = delivered_allowance();
		assert_ok!(claim_readings(id, 21));
		erase(DATASET);
		events();
		assert_ok!(Marketplace::refund(signed(STRANGER), id));
		assert_paid(MINIMUM);
		let (amount, reason) = (HELD - MINIMUM, RefundReason::Erased);
		assert_eq!(events(), [Event::Refunded { order: id, payer: BUYER, amount, reason }]);
	});
}
