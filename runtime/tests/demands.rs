//! Supply meets demand over the real runtime.

use crate::common::{self, *};
use frame_support::{assert_noop, BoundedVec};
use msec_commitments::{BatchCommitment, EnvelopeSecret};
use msec_primitives::{DatasetId, ListingId, OrderId};
use msec_runtime::{
	configs::TreasuryAccount, AccountId, Demands, Executive, Marketplace, Records, Runtime, System,
	DAYS, MSEC,
};
use pallet_demands::{Call as Demand, DemandId, DemandTerms, Error, RequestTerms};
use pallet_marketplace::{
	Call as Market, Error as MarketError, ListingTerms, Listings, OrderState, Orders, Pricing,
	RefundReason, Right,
};
use pallet_records::Call as Record;
use sp_core::H256;
use sp_runtime::Permill;

const OWNER: u8 = 1;
const RIVAL: u8 = 2;
const BUYER: u8 = 3;
const FRIEND: u8 = 4;
const STORE: u8 = 5;
const ANYBODY: u8 = 6;
/// What a free order takes more as a deposit than others: a ten-thousandth of an MSEC for each byte of
/// the count of its payer's free orders.
const COUNT_DEPOSIT: u128 = 116 * MSEC / 10_000;

fn text<Bound: frame_support::traits::Get<u32>>(text: &str) -> BoundedVec<u8, Bound> {
	BoundedVec::truncate_from(text.as_bytes().to_vec())
}

/// A data set of one batch.
fn dataset(owner: u8) -> DatasetId {
	let (store, salt) = (account(STORE), H256::repeat_byte(owner));
	let register =
		Record::register_store { endpoint: text("http://127.0.0.1:1"), terms_hash: salt };
	// Whether it is registered already does not matter.
	let _ = call(&store, register);
	let stores = BoundedVec::truncate_from(vec![store]);
	call(&account(owner), Record::create_dataset { salt, stores, key_agent: None }).unwrap();
	let dataset = Records::dataset_id(&account(owner), &salt);
	let batches = BoundedVec::truncate_from(vec![BatchCommitment { chunks: 1, root: [7; 32] }]);
	call(&account(owner), Record::append { dataset, first_batch: 0, batches }).unwrap();
	dataset
}

fn terms(dataset: DatasetId, price: u128) -> ListingTerms<u128, u32> {
	ListingTerms {
		dataset,
		right: Right::Read,
		kind: text("air-temperature"),
		unit: text("Cel"),
		interval_seconds: 3600,
		place: text("ezrqp"),
		licence: text("CC-BY-4.0"),
		sample: BoundedVec::default(),
		pricing: Pricing::OneTime { price },
		delivery_period: 10,
		confirmation_period: 10,
		access_period: 100,
		maximum_verdict_age: None,
	}
}

fn list(owner: u8, price: u128) -> ListingId {
	let dataset = dataset(owner);
	let terms = terms(dataset, price);
	call(&account(owner), Market::create_listing { salt: H256::zero(), terms }).unwrap();
	Marketplace::listing_id(&account(owner), &dataset, H256::zero())
}

fn wanted(highest_price: u128, keys: std::ops::Range<u8>) -> DemandTerms<AccountId, u128, u32> {
	let keys = keys.map(|key| EnvelopeSecret::from_bytes([key; 32]).public_key());
	DemandTerms {
		kind: text("air-temperature"),
		area: text("ezrq"),
		highest_price,
		minimum_score: None,
		maximum_verdict_age: None,
		expires_at: 100,
		beneficiary: account(FRIEND),
		buyer_keys: BoundedVec::truncate_from(keys.collect()),
	}
}

fn demand(terms: DemandTerms<AccountId, u128, u32>) -> DemandId {
	call(&account(BUYER), Demand::create_demand { salt: H256::zero(), terms }).unwrap();
	Demands::demand_id(&account(BUYER), H256::zero())
}

fn propose(demand: DemandId, listing: ListingId) -> Result<(), sp_runtime::DispatchError> {
	call(&account(ANYBODY), Demand::propose_match { demand, listing })
}

fn only_order() -> OrderId {
	let orders: Vec<_> = Orders::<Runtime>::iter_keys().collect();
	assert_eq!(orders.len(), 1);
	orders[0]
}

fn deliver(order: OrderId) {
	let envelope = BoundedVec::truncate_from([&[1u8][..], &[9; 600]].concat());
	call(&account(OWNER), Market::deliver { order, envelope }).unwrap();
}

fn state(order: OrderId) -> OrderState<u32> {
	Orders::<Runtime>::get(order).unwrap().state
}

#[test]
fn supply_meets_demand() {
	with_accounts(ANYBODY, || {
		let before = [OWNER, BUYER].map(|who| total_balance(&account(who)));
		let issuance = total_issuance();
		let id = demand(wanted(30 * MSEC, 1..3));
		let budget = held(&account(BUYER));
		let listing = list(OWNER, 20 * MSEC);
		assert_noop!(propose(id, listing), Error::<Runtime>::OfferTooYoung);
		advance(5);
		propose(id, listing).unwrap();
		check_state();
		// The order's deposit came out of the budget. The 10 MSEC that it did not need are free, and what
		// only a free order would have needed.
		assert_eq!(held(&account(BUYER)), budget - 10 * MSEC - COUNT_DEPOSIT);
		assert_noop!(propose(id, listing), Error::<Runtime>::AlreadyFilled);
		let order = only_order();
		let details = Orders::<Runtime>::get(order).unwrap();
		assert_eq!((details.payer, details.beneficiary), (account(BUYER), account(FRIEND)));
		assert_eq!((details.price, details.listing), (20 * MSEC, listing));

		deliver(order);
		call(&account(FRIEND), Market::confirm { order }).unwrap();
		call(&account(BUYER), Demand::cancel_demand { demand: id }).unwrap();
		advance(DAYS);
		call(&account(ANYBODY), Market::prune_order { order }).unwrap();
		assert_eq!(held(&account(BUYER)), 0);
		let after = [OWNER, BUYER].map(|who| total_balance(&account(who)));
		let fee = 20 * MSEC / 50;
		assert_eq!(after, [before[0] + 20 * MSEC - fee, before[1] - 20 * MSEC]);
		assert_eq!(total_balance(&TreasuryAccount::get()), ENDOWMENT + fee);
		assert_eq!(total_issuance(), issuance);
	});
}

#[test]
fn what_a_demand_bought_can_be_given_back() {
	with_accounts(ANYBODY, || {
		let before = total_balance(&account(BUYER));
		let listing = list(OWNER, 20 * MSEC);
		advance(5);
		let id = demand(wanted(30 * MSEC, 1..2));
		assert_eq!(Demands::demand(id), None, "it bought at once");
		assert_eq!(Listings::<Runtime>::get(listing).unwrap().sales, 1);
		let order = only_order();
		assert!(call(&account(BUYER), Market::reject { order }).is_err(), "it is the friend's");
		call(&account(FRIEND), Market::reject { order }).unwrap();
		let reason = RefundReason::Rejected;
		assert_eq!(state(order), OrderState::Refunded { at: System::block_number(), reason });
		advance(DAYS);
		call(&account(ANYBODY), Market::prune_order { order }).unwrap();
		assert_eq!((total_balance(&account(BUYER)), held(&account(BUYER))), (before, 0));
	});
}

#[test]
fn whom_the_owner_excludes_buys_nothing_and_stands_in_nobodys_way() {
	with_accounts(ANYBODY, || {
		let listing = list(OWNER, 20 * MSEC);
		let resource = Listings::<Runtime>::get(listing).unwrap().terms.dataset;
		let deny = pallet_access_control::Call::deny { resource, subject: account(FRIEND) };
		call(&account(OWNER), deny).unwrap();
		advance(5);
		let denied = demand(wanted(30 * MSEC, 1..2));
		assert!(propose(denied, listing).is_err());
		let terms = DemandTerms { beneficiary: account(BUYER), ..wanted(25 * MSEC, 5..6) };
		call(&account(BUYER), Demand::create_demand { salt: H256::repeat_byte(1), terms }).unwrap();
		assert_eq!(Orders::<Runtime>::get(only_order()).unwrap().beneficiary, account(BUYER));
		assert_eq!(Demands::demand(denied).unwrap().fills_left(), 1);
	});
}

#[test]
fn every_listing_on_offer_stands_in_the_book() {
	with_accounts(ANYBODY, || {
		let listing = list(OWNER, 20 * MSEC);
		list(RIVAL, 10 * MSEC);
		let offers = || {
			let page = Demands::offers_by_area(text("air-temperature"), text("ezrq"), None, 9);
			page.into_iter().map(|(price, ..)| price / MSEC).collect::<Vec<_>>()
		};
		assert_eq!(offers(), [10, 20]);
		call(&account(OWNER), Market::pause_listing { listing }).unwrap();
		assert_eq!(offers(), [10]);
		call(&account(OWNER), Market::resume_listing { listing }).unwrap();
		let dataset = Listings::<Runtime>::get(listing).unwrap().terms.dataset;
		let terms = terms(dataset, 5 * MSEC);
		call(&account(OWNER), Market::change_listing { listing, terms }).unwrap();
		assert_eq!(offers(), [5, 10]);
		call(&account(OWNER), Market::retire_listing { listing }).unwrap();
		assert_eq!(offers(), [10]);
	});
}

#[test]
fn conditions_that_nobody_can_check_yet_are_refused() {
	with_accounts(ANYBODY, || {
		let create = |terms| {
			let call = Demand::<Runtime>::create_demand { salt: H256::zero(), terms };
			common::call(&account(BUYER), call)
		};
		let minimum_score = Some(Permill::from_percent(50));
		let terms = DemandTerms { minimum_score, ..wanted(MSEC, 1..2) };
		assert_noop!(create(terms), Error::<Runtime>::NoScores);
	});
}

#[test]
fn a_demand_for_attested_data_is_filled_while_the_device_is_trusted() {
	with_accounts(ANYBODY, || {
		let listing = list(OWNER, MSEC);
		let dataset = Listings::<Runtime>::get(listing).unwrap().terms.dataset;
		device::register(OWNER, STORE, dataset);
		advance(60);
		let terms = DemandTerms { maximum_verdict_age: Some(DAYS), ..wanted(MSEC, 1..2) };
		let demand = demand(terms);
		let quote = |quote| Executive::apply_extrinsic(device::bare(quote)).unwrap().unwrap();
		quote(device::sound_quote());
		assert_noop!(propose(demand, listing), Error::<Runtime>::NotAttested);
		let terms = Listings::<Runtime>::get(listing).unwrap().terms;
		let terms = ListingTerms { maximum_verdict_age: Some(DAYS), ..terms };
		call(&account(OWNER), Market::<Runtime>::change_listing { listing, terms }).unwrap();
		advance(10);
		assert_noop!(propose(demand, listing), Error::<Runtime>::NotOffered);
		device::sign_batches(OWNER, dataset);
		quote(device::quote_with(H256::zero()));
		assert_noop!(propose(demand, listing), Error::<Runtime>::NotOffered);
		advance(10);
		quote(device::sound_quote());
		propose(demand, listing).unwrap();
		assert_eq!(Orders::<Runtime>::get(only_order()).unwrap().seller, account(OWNER));
	});
}

#[test]
fn attested_data_is_unavailable_from_the_block_of_a_failing_quote() {
	with_accounts(ANYBODY, || {
		let listing = list(OWNER, MSEC);
		let terms = Listings::<Runtime>::get(listing).unwrap().terms;
		device::register(OWNER, STORE, terms.dataset);
		let terms = ListingTerms { maximum_verdict_age: Some(DAYS), ..terms };
		let terms_hash = terms.hash();
		let promise = || {
			let terms = terms.clone();
			call(&account(OWNER), Market::<Runtime>::change_listing { listing, terms })
		};
		let buy = |key| {
			let (max_price, beneficiary) = (MSEC, None);
			let buyer_key = EnvelopeSecret::from_bytes([key; 32]).public_key();
			let buy =
				Market::<Runtime>::buy { listing, terms_hash, max_price, beneficiary, buyer_key };
			call(&account(BUYER), buy)
		};
		advance(60);
		assert_noop!(promise(), MarketError::<Runtime>::DeviceNotTrusted);
		let sound = device::sound_quote();
		Executive::apply_extrinsic(device::bare(sound)).unwrap().unwrap();
		promise().unwrap();
		assert_noop!(buy(1), MarketError::<Runtime>::NotAttested);
		device::sign_batches(OWNER, terms.dataset);
		buy(1).unwrap();
		advance(10);
		let changed = device::quote_with(H256::zero());
		assert!(Marketplace::is_available(listing));
		Executive::apply_extrinsic(device::bare(changed)).unwrap().unwrap();
		assert!(!Marketplace::is_available(listing));
		assert_noop!(buy(2), MarketError::<Runtime>::DeviceNotTrusted);
		// What stands in the book of offers cannot be matched; the book is sound all the same.
		check_state();
		advance(10);
		let sound = device::sound_quote();
		Executive::apply_extrinsic(device::bare(sound)).unwrap().unwrap();
		buy(2).unwrap();
	});
}

#[test]
fn a_reward_reaches_whoever_made_the_data() {
	with_accounts(ANYBODY, || {
		let before = total_balance(&account(OWNER));
		let terms = RequestTerms {
			description: H256::repeat_byte(1),
			kind: text("air-temperature"),
			area: text("ez"),
			reward: 50 * MSEC,
			deadline: 100,
			arbiter: Some(account(FRIEND)),
		};
		call(&account(BUYER), Demand::create_request { salt: H256::zero(), terms }).unwrap();
		let request = Demands::request_id(&account(BUYER), H256::zero());
		let listing = list(OWNER, 20 * MSEC);
		let contributor = account(OWNER);
		call(&contributor, Demand::answer_request { request, listing }).unwrap();
		check_state();
		advance(100);
		let terms_hash = Listings::<Runtime>::get(listing).unwrap().terms_hash;
		let award = Demand::award_request { request, contributor: contributor.clone(), terms_hash };
		call(&account(FRIEND), award).unwrap();
		call(&account(ANYBODY), Demand::withdraw_answer { request, contributor }).unwrap();
		assert_eq!(total_balance(&account(OWNER)), before + 50 * MSEC);
		assert_eq!(total_balance(&account(BUYER)), ENDOWMENT - 50 * MSEC);
		assert_eq!(held(&account(BUYER)), 0);
	});
}
