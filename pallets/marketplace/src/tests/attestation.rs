use crate::{
	mock::*, pallet::*, BundleMember, ListingTermsOf, OrderState, PriceBand, Pricing, SearchScope,
};
use alloc::collections::BTreeMap;
use frame_support::{assert_noop, assert_ok};
use msec_primitives::{DatasetInfo, ListingId, Market, OrderId};
use sp_core::H256;
use sp_runtime::DispatchResult;

/// Blocks for which a verdict counts.
const AGE: u64 = 10;
const OTHER: H256 = H256::repeat_byte(2);

fn attested(terms: ListingTermsOf<Test>) -> ListingTermsOf<Test> {
	ListingTermsOf::<Test> { maximum_verdict_age: Some(AGE), ..terms }
}

/// The device behind [`DATASET`] shows a good quote in this block, and has signed all batches.
fn trust() {
	Verdicts::set(Some(BTreeMap::from([(DATASET, System::block_number())])));
	sign();
}

/// The device signs all batches of [`DATASET`].
fn sign() {
	let range = Datasets::range(&DATASET).unwrap();
	Attested::set(BTreeMap::from([(DATASET, range)]));
}

/// No device is trusted.
fn distrust() {
	Verdicts::set(Some(BTreeMap::new()));
}

fn take(listing: ListingId, key: u8) -> DispatchResult {
	let terms_hash = Listings::<Test>::get(listing).unwrap().terms_hash;
	let (max_price, beneficiary, buyer_key) = (PRICE, None, [key; 32]);
	dispatch(BUYER, Call::buy { listing, terms_hash, max_price, beneficiary, buyer_key })
}

fn not_trusted() -> DispatchResult {
	Err(Error::<Test>::DeviceNotTrusted.into())
}

/// Puts [`DATASET`] on offer as attested; then its device is no longer trusted.
fn list_and_distrust(terms: ListingTermsOf<Test>) -> ListingId {
	trust();
	let listing = list(attested(terms));
	distrust();
	listing
}

/// Delivers a fourth batch.
fn instalment(order: OrderId) -> DispatchResult {
	let envelope = envelope(order, &Data::honest().tree, 4);
	dispatch(AGENT, Call::deliver_instalment { order, batches: 4, envelope })
}

/// As [`running_subscription`], with a verdict of block 1.
fn attested_subscription() -> OrderId {
	trust();
	let id = subscribe(list(attested(subscription_terms())), PERIODS);
	run_to(11);
	deliver(id, envelope(id, &Data::honest().tree, 3));
	events();
	id
}

#[test]
fn the_age_of_a_verdict_is_checked() {
	ExtBuilder::default().build_and_execute(|| {
		let create = |terms| Marketplace::create_listing(signed(OWNER), SALT, terms);
		assert_noop!(create(attested(terms())), Error::<Test>::NoVerdicts);
		let listing = list(terms());
		let change = |terms| Marketplace::change_listing(signed(OWNER), listing, terms);
		assert_noop!(change(attested(terms())), Error::<Test>::NoVerdicts);
		distrust();
		let of_now = ListingTermsOf::<Test> { maximum_verdict_age: Some(0), ..terms() };
		assert_noop!(change(of_now.clone()), Error::<Test>::InvalidVerdictAge);
		trust();
		assert_ok!(change(attested(terms())));
		assert_ok!(Marketplace::retire_listing(signed(OWNER), listing));
		assert_noop!(create(of_now), Error::<Test>::InvalidVerdictAge);
		let youngest = ListingTermsOf::<Test> { maximum_verdict_age: Some(1), ..terms() };
		assert_ok!(create(youngest));
	});
}

#[test]
fn attested_data_is_offered_while_its_device_is_trusted() {
	ExtBuilder::default().build_and_execute(|| {
		distrust();
		let create = |terms| Marketplace::create_listing(signed(OWNER), SALT, terms);
		assert_noop!(create(attested(terms())), Error::<Test>::DeviceNotTrusted);
		let listing = list(terms());
		let change = |terms| Marketplace::change_listing(signed(OWNER), listing, terms);
		assert_noop!(change(attested(terms())), Error::<Test>::DeviceNotTrusted);
		trust();
		assert_ok!(change(attested(terms())));
		run_to(2 + AGE);
		assert_noop!(change(attested(terms())), Error::<Test>::DeviceNotTrusted);
		assert_ok!(Marketplace::pause_listing(signed(OWNER), listing));
		let resume = || Marketplace::resume_listing(signed(OWNER), listing);
		assert_noop!(resume(), Error::<Test>::DeviceNotTrusted);
		trust();
		assert_ok!(resume());
		distrust();
		assert_ok!(change(terms()));
	});
}

#[test]
fn attested_data_is_sold_while_its_device_is_trusted() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list_and_distrust(terms());
		assert_eq!(take(listing, 1), not_trusted());
		trust();
		assert_ok!(take(listing, 1));
		// Unavailable and available again within one block.
		distrust();
		assert_eq!(take(listing, 2), not_trusted());
		trust();
		assert_ok!(take(listing, 2));
		run_to(1 + AGE);
		assert_ok!(take(listing, 3));
		run_to(2 + AGE);
		assert_eq!(take(listing, 4), not_trusted());
		trust();
		assert_ok!(take(listing, 4));
	});
}

#[test]
fn what_costs_nothing_needs_the_verdict_too() {
	for pricing in [Pricing::Free, Pricing::FreeQuota { orders: 1 }] {
		ExtBuilder::default().build_and_execute(|| {
			let listing = list_and_distrust(ListingTermsOf::<Test> { pricing, ..terms() });
			assert_eq!(take(listing, 1), not_trusted());
			trust();
			assert_ok!(take(listing, 1));
		});
	}
}

#[test]
fn other_data_is_sold_without_a_verdict() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list(terms());
		assert_ok!(take(listing, 1));
		distrust();
		assert_ok!(take(listing, 2));
	});
}

#[test]
fn subscriptions_begin_and_are_extended_while_the_device_is_trusted() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list_and_distrust(subscription_terms());
		let hash = attested(subscription_terms()).hash();
		let origin = signed(BUYER);
		let subscribed =
			Marketplace::subscribe(origin, listing, hash, PERIODS, FUNDS, None, buyer_key());
		assert_noop!(subscribed, Error::<Test>::DeviceNotTrusted);
		trust();
		let id = subscribe(listing, PERIODS);
		assert_eq!(subscription(id).maximum_verdict_age, Some(AGE));
		run_to(2 + AGE);
		let extend = || Marketplace::extend_subscription(signed(BUYER), id, 1, FUNDS);
		assert_noop!(extend(), Error::<Test>::DeviceNotTrusted);
		trust();
		assert_ok!(extend());
	});
}

#[test]
fn a_subscription_is_delivered_while_the_device_is_trusted() {
	ExtBuilder::default().build_and_execute(|| {
		trust();
		let id = subscribe(list(attested(subscription_terms())), PERIODS);
		distrust();
		let first = || {
			let envelope = envelope(id, &Data::honest().tree, 3);
			Marketplace::deliver(signed(AGENT), id, envelope)
		};
		assert_noop!(first(), Error::<Test>::DeviceNotTrusted);
		trust();
		assert_ok!(first());
		append_up_to(4);
		run_to(31);
		assert_eq!(instalment(id), not_trusted());
		trust();
		assert_ok!(instalment(id));
	});
}

#[test]
fn a_subscriber_owes_the_minimum_whether_or_not_the_device_is_trusted() {
	for is_trusted in [true, false] {
		ExtBuilder::default().build_and_execute(|| {
			let id = attested_subscription();
			run_to(31);
			if is_trusted {
				trust();
			}
			assert_ok!(Marketplace::end_subscription(signed(BUYER), id));
			assert_eq!(order(id).state, OrderState::Settled { at: 31 });
			// Thirty blocks were used; the minimum is a hundred.
			let owed = 2 * PRICE;
			assert_eq!(free(OWNER), FUNDS - deposit_of(OWNER) + owed - owed / 20);
			assert_eq!((payment_of(BUYER), free(BUYER)), (0, FUNDS - SUBSCRIPTION_DEPOSIT - owed));
		});
	}
}

#[test]
fn a_subscription_keeps_its_condition_when_the_listing_changes() {
	ExtBuilder::default().build_and_execute(|| {
		let id = attested_subscription();
		let listing = order(id).listing;
		assert_ok!(Marketplace::change_listing(signed(OWNER), listing, subscription_terms()));
		distrust();
		append_up_to(4);
		run_to(32);
		assert_eq!(instalment(id), not_trusted());
	});
}

#[test]
fn readings_are_bought_and_delivered_while_the_device_is_trusted() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list_and_distrust(reading_terms());
		let hash = attested(reading_terms()).hash();
		let open = || {
			let origin = signed(BUYER);
			Marketplace::open_allowance(origin, listing, hash, 1_000, 300, None, buyer_key())
		};
		assert_noop!(open(), Error::<Test>::DeviceNotTrusted);
		trust();
		assert_ok!(open());
		let id = Marketplace::order_id(&listing, &BUYER, &buyer_key());
		run_to(11);
		deliver(id, envelope(id, &Data::honest().tree, 3));
		append_up_to(4);
		run_to(131);
		assert_eq!(instalment(id), not_trusted());
		trust();
		assert_ok!(instalment(id));
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		// What was delivered is paid.
		distrust();
		assert_ok!(Marketplace::claim_readings(signed(OWNER), id, 21));
	});
}

#[test]
fn a_bundle_is_sold_while_all_its_devices_are_trusted() {
	let other = Dataset::of(OWNER, Data::honest().range);
	ExtBuilder::default().with_dataset(OTHER, other).build_and_execute(|| {
		let plain = ListingTermsOf::<Test> { dataset: OTHER, ..terms() };
		assert_ok!(Marketplace::create_listing(signed(OWNER), SALT, plain));
		let listings = [list_and_distrust(terms()), Marketplace::listing_id(&OWNER, &OTHER, SALT)];
		let members = listings.map(|listing| BundleMember { listing, share: PRICE });
		let members = members.to_vec().try_into().unwrap();
		assert_ok!(Marketplace::create_bundle(signed(OWNER), SALT, members));
		let id = Marketplace::bundle_id(&OWNER, SALT);
		let buy = |terms_hash| {
			let (max_price, beneficiary) = (2 * PRICE, None);
			let buyer_keys = vec![[1; 32], [2; 32]].try_into().unwrap();
			let bundle = id;
			dispatch(
				BUYER,
				Call::buy_bundle { bundle, terms_hash, max_price, beneficiary, buyer_keys },
			)
		};
		assert_eq!(Marketplace::bundle_offer(id), None);
		assert_eq!(buy(H256::zero()), not_trusted());
		trust();
		assert_ok!(buy(Marketplace::bundle_offer(id).unwrap().terms_hash));
	});
}

#[test]
fn the_demand_side_meets_attested_data_while_its_device_is_trusted() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list_and_distrust(terms());
		let hash = attested(terms()).hash();
		let buy = || {
			Marketplace::buy_for(&BUYER, &listing, hash, PRICE, &FRIEND, buyer_key()).map(|_| ())
		};
		// It stands in the book, and cannot be bought.
		assert_eq!(Marketplace::standing_offer(&listing).as_ref(), Offers::get().get(&listing));
		assert_eq!(Marketplace::offer(&listing), None);
		assert_noop!(buy(), Error::<Test>::DeviceNotTrusted);
		trust();
		assert!(Marketplace::offer(&listing).is_some());
		assert_eq!(Marketplace::offer(&listing), Marketplace::standing_offer(&listing));
		assert_ok!(buy());
		distrust();
		assert_ok!(Marketplace::retire_listing(signed(OWNER), listing));
		assert!(Offers::get().is_empty());
	});
}

#[test]
fn views_tell_what_is_available_now() {
	ExtBuilder::default().build_and_execute(|| {
		let listing = list_and_distrust(terms());
		let unavailable = || {
			let prices = PriceBand { lowest: 0, highest: u64::MAX };
			let page = Marketplace::search_listings(SearchScope::All, prices, None, 9);
			assert_eq!(page.listings.len(), 1);
			page.unavailable
		};
		assert!(!Marketplace::is_available(listing));
		assert_eq!(unavailable(), [listing]);
		trust();
		assert!(Marketplace::is_available(listing));
		assert_eq!(unavailable(), []);
		assert_ok!(Marketplace::pause_listing(signed(OWNER), listing));
		assert!(!Marketplace::is_available(listing));
		assert_eq!(unavailable(), [listing]);
		assert!(!Marketplace::is_available(H256::zero()));
	});
}

#[test]
fn an_order_that_was_opened_goes_on() {
	ExtBuilder::default().build_and_execute(|| {
		trust();
		let id = buy(list(attested(terms())));
		distrust();
		deliver(id, envelope(id, &Data::honest().tree, 3));
		assert_ok!(Marketplace::confirm(signed(BUYER), id));
		assert_eq!(order(id).state, OrderState::Settled { at: 1 });
	});
}

#[test]
fn attested_data_is_what_the_device_signed() {
	ExtBuilder::default().build_and_execute(|| {
		trust();
		let listing = list(attested(terms()));
		let signed_range = Datasets::range(&DATASET).unwrap();
		append_up_to(4);
		let id = buy(listing);
		assert_eq!(order(id).range, signed_range);
		sign();
		assert_ok!(take(listing, 1));
		let id = Marketplace::order_id(&listing, &BUYER, &[1; 32]);
		assert_eq!(order(id).range.batches, 4);
		// Other listings are of all data.
		Attested::set(BTreeMap::new());
		assert_ok!(Marketplace::change_listing(signed(OWNER), listing, terms()));
		assert_ok!(take(listing, 2));
	});
}

#[test]
fn nothing_is_sold_as_attested_before_the_device_signs() {
	ExtBuilder::default().build_and_execute(|| {
		trust();
		Attested::set(BTreeMap::new());
		let listing = list(attested(terms()));
		assert!(!Marketplace::is_available(listing));
		assert_eq!(Marketplace::offer(&listing), None);
		assert_eq!(take(listing, 1), Err(Error::<Test>::NotAttested.into()));
		sign();
		assert!(Marketplace::is_available(listing));
		assert_ok!(take(listing, 1));
	});
}

#[test]
fn subscribers_get_what_the_device_signed() {
	ExtBuilder::default().build_and_execute(|| {
		let id = attested_subscription();
		append_up_to(4);
		run_to(32);
		Verdicts::set(Some(BTreeMap::from([(DATASET, 32)])));
		assert_eq!(instalment(id), Err(Error::<Test>::NothingNew.into()));
		sign();
		append_up_to(5);
		let envelope = envelope(id, &Data::honest().tree, 5);
		let all = Marketplace::deliver_instalment(signed(AGENT), id, 5, envelope);
		assert_noop!(all, Error::<Test>::OtherRange);
		assert_ok!(instalment(id));
		assert_eq!(order(id).range.batches, 4);
		Attested::set(BTreeMap::new());
		run_to(53);
		Verdicts::set(Some(BTreeMap::from([(DATASET, 53)])));
		assert_eq!(instalment(id), Err(Error::<Test>::NotAttested.into()));
	});
}
