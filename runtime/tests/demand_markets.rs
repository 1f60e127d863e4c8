//! Random markets of fifty actors over the real runtime: whatever demands, offers and orders meet in
//! whatever order, every condition holds, money is conserved, and everything comes to its end.

use crate::common::{self, *};
use frame_support::BoundedVec;
use msec_commitments::{BatchCommitment, EnvelopeSecret};
use msec_primitives::{DatasetId, ListingId, OrderId};
use msec_runtime::{
	configs::TreasuryAccount, AccountId, Demands, Records, Runtime, RuntimeCall, System, DAYS, MSEC,
};
use pallet_demands::{Call as Demand, DemandId, DemandTerms, RequestTerms};
use pallet_marketplace::{
	Call as Market, ListingTerms, Listings, OrderState, Orders, Pricing, Right, Sample,
};
use pallet_records::Call as Record;
use proptest::{prelude::*, sample::Index};
use sp_core::H256;
use sp_runtime::DispatchError;

const ACTORS: u8 = 50;
const SELLERS: u8 = 10;
const STORE: u8 = ACTORS + 1;
const ANYBODY: u8 = ACTORS + 2;
const PLACES: [&str; 4] = ["ezrqp", "ezrq", "ezrr1", "u33d"];
const AREAS: [&str; 5] = ["e", "ezr", "ezrq", "ezrqp", "u33d"];

#[derive(Clone, Debug)]
enum Step {
	List { seller: u8, salt: u8, place: usize, price: u8 },
	Change { listing: Index, price: u8 },
	Pause { listing: Index },
	Resume { listing: Index },
	Retire { listing: Index },
	Demand { account: u8, beneficiary: u8, area: usize, price: u8, fills: u8, period: u8 },
	Cancel { demand: Index },
	Expire { demand: Index },
	Propose { demand: Index, listing: Index },
	Request { account: u8, salt: u8, reward: u8, period: u8 },
	Answer { request: Index, listing: Index },
	Withdraw { request: Index, seller: u8 },
	Award { request: Index, seller: u8 },
	RefundRequest { request: Index },
	Reject { order: Index },
	Deliver { order: Index },
	Confirm { order: Index },
	End { order: Index },
	Deny { seller: u8, subject: u8 },
	Erase { seller: u8 },
	Advance { blocks: u8 },
}

fn step() -> impl Strategy<Value = Step> {
	let (seller, actor) = (|| 1..=SELLERS, || 1..=ACTORS);
	let index = any::<Index>;
	let price = || 0u8..20;
	prop_oneof![
		6 => (seller(), 0u8..3, 0..PLACES.len(), price())
			.prop_map(|(seller, salt, place, price)| Step::List { seller, salt, place, price }),
		1 => (index(), price()).prop_map(|(listing, price)| Step::Change { listing, price }),
		1 => index().prop_map(|listing| Step::Pause { listing }),
		1 => index().prop_map(|listing| Step::Resume { listing }),
		1 => index().prop_map(|listing| Step::Retire { listing }),
		8 => (actor(), actor(), 0..AREAS.len(), price(), 1u8..5, 1u8..100).prop_map(
			|(account, beneficiary, area, price, fills, period)| Step::Demand {
				account, beneficiary, area, price, fills, period,
			},
		),
		1 => index().prop_map(|demand| Step::Cancel { demand }),
		1 => index().prop_map(|demand| Step::Expire { demand }),
		20 => (index(), index())
			.prop_map(|(demand, listing)| Step::Propose { demand, listing }),
		1 => (actor(), 0u8..3, 1u8..20, 1u8..50).prop_map(
			|(account, salt, reward, period)| Step::Request { account, salt, reward, period }
		),
		2 => (index(), index()).prop_map(|(request, listing)| Step::Answer { request, listing }),
		1 => (index(), seller())
			.prop_map(|(request, seller)| Step::Withdraw { request, seller }),
		1 => (index(), seller()).prop_map(|(request, seller)| Step::Award { request, seller }),
		1 => index().prop_map(|request| Step::RefundRequest { request }),
		2 => index().prop_map(|order| Step::Reject { order }),
		4 => index().prop_map(|order| Step::Deliver { order }),
		2 => index().prop_map(|order| Step::Confirm { order }),
		2 => index().prop_map(|order| Step::End { order }),
		1 => (seller(), actor()).prop_map(|(seller, subject)| Step::Deny { seller, subject }),
		1 => seller().prop_map(|seller| Step::Erase { seller }),
		4 => (1u8..20).prop_map(|blocks| Step::Advance { blocks }),
	]
}

fn text<Bound: frame_support::traits::Get<u32>>(text: &str) -> BoundedVec<u8, Bound> {
	BoundedVec::truncate_from(text.as_bytes().to_vec())
}

fn dataset(seller: u8) -> DatasetId {
	Records::dataset_id(&account(seller), &H256::zero())
}

/// Every seller has a data set of one batch.
fn open_market() {
	let store = account(STORE);
	let register =
		Record::register_store { endpoint: text("http://127.0.0.1:1"), terms_hash: H256::zero() };
	call(&store, register).unwrap();
	for seller in 1..=SELLERS {
		let stores = BoundedVec::truncate_from(vec![store.clone()]);
		let create = Record::create_dataset { salt: H256::zero(), stores, key_agent: None };
		call(&account(seller), create).unwrap();
		let batches = BoundedVec::truncate_from(vec![BatchCommitment { chunks: 1, root: [7; 32] }]);
		let append = Record::append { dataset: dataset(seller), first_batch: 0, batches };
		call(&account(seller), append).unwrap();
	}
}

fn terms(dataset: DatasetId, place: &str, price: u8) -> ListingTerms<u128, u32> {
	ListingTerms {
		dataset,
		right: Right::Read,
		kind: text("air-temperature"),
		unit: text("Cel"),
		interval_seconds: 3600,
		place: text(place),
		licence: text("CC-BY-4.0"),
		sample: Sample::default(),
		pricing: match price {
			0 => Pricing::Free,
			price => Pricing::OneTime { price: u128::from(price) * MSEC },
		},
		delivery_period: 10,
		confirmation_period: 10,
		access_period: 100,
		maximum_verdict_age: None,
	}
}

fn pick<T: Ord + Copy>(all: impl Iterator<Item = T>, index: Index) -> Option<T> {
	let mut all: Vec<_> = all.collect();
	all.sort();
	(!all.is_empty()).then(|| all[index.index(all.len())])
}

fn pick_listing(index: Index) -> Option<ListingId> {
	pick(Listings::<Runtime>::iter_keys(), index)
}

fn pick_order(index: Index) -> Option<OrderId> {
	pick(Orders::<Runtime>::iter_keys(), index)
}

fn pick_demand(index: Index) -> Option<DemandId> {
	pick(pallet_demands::Demands::<Runtime>::iter_keys(), index)
}

fn pick_request(index: Index) -> Option<H256> {
	pick(pallet_demands::Requests::<Runtime>::iter_keys(), index)
}

fn seller_of(listing: ListingId) -> Option<AccountId> {
	Listings::<Runtime>::get(listing).map(|listing| listing.owner)
}

/// Keys that no other demand has.
fn keys(account: u8, salt: u64, count: u8) -> pallet_demands::BuyerKeys {
	let keys = (0..count).map(|index| {
		let mut secret = [index + 1; 32];
		secret[1] = account;
		secret[8..16].copy_from_slice(&salt.to_le_bytes());
		EnvelopeSecret::from_bytes(secret).public_key()
	});
	BoundedVec::truncate_from(keys.collect())
}

/// A match opens exactly the order that demand and offer agree on.
fn propose(demand: DemandId, listing: ListingId) -> Result<(), DispatchError> {
	let wanted = Demands::demand(demand).unwrap();
	let offered = Listings::<Runtime>::get(listing).unwrap();
	let orders = Orders::<Runtime>::iter_keys().count();
	call(&account(ANYBODY), Demand::propose_match { demand, listing })?;
	let key = wanted.next_key().unwrap();
	let (_, order) = Orders::<Runtime>::iter().find(|(_, order)| order.buyer_key == *key).unwrap();
	assert_eq!(Orders::<Runtime>::iter_keys().count(), orders + 1);
	assert_eq!((&order.payer, &order.beneficiary), (&wanted.account, &wanted.terms.beneficiary));
	assert_eq!(order.terms_hash, offered.terms_hash);
	assert_eq!(Some(order.price), offered.terms.pricing.one_time_price());
	assert!(order.price <= wanted.terms.highest_price);
	assert!(offered.terms.place.starts_with(&wanted.terms.area));
	assert!(System::block_number() <= wanted.terms.expires_at);
	assert!(System::block_number() - offered.changed_at >= 5);
	assert!(offered.owner != wanted.account && offered.owner != wanted.terms.beneficiary);
	Ok(())
}

/// Ends an order, or removes it, by the call that anybody may make; the first that succeeds.
fn end_order(order: OrderId) -> Result<(), DispatchError> {
	let anybody = account(ANYBODY);
	call(&anybody, Market::refund { order })
		.or_else(|_| call(&anybody, Market::settle { order }))
		.or_else(|_| call(&anybody, Market::prune_order { order }))
}

fn play(step: Step, number: u64) -> Option<()> {
	let (who, call): (AccountId, RuntimeCall) = match step {
		Step::List { seller, salt, place, price } => {
			let terms = terms(dataset(seller), PLACES[place], price);
			let salt = H256::repeat_byte(salt);
			(account(seller), Market::create_listing { salt, terms }.into())
		},
		Step::Change { listing, price } => {
			let listing = pick_listing(listing)?;
			let current = Listings::<Runtime>::get(listing)?.terms;
			let place = String::from_utf8(current.place.to_vec()).unwrap();
			let terms = terms(current.dataset, &place, price);
			(seller_of(listing)?, Market::change_listing { listing, terms }.into())
		},
		Step::Pause { listing } => {
			let listing = pick_listing(listing)?;
			(seller_of(listing)?, Market::pause_listing { listing }.into())
		},
		Step::Resume { listing } => {
			let listing = pick_listing(listing)?;
			(seller_of(listing)?, Market::resume_listing { listing }.into())
		},
		Step::Retire { listing } => {
			let listing = pick_listing(listing)?;
			(seller_of(listing)?, Market::retire_listing { listing }.into())
		},
		Step::Demand { account: who, beneficiary, area, price, fills, period } => {
			let terms = DemandTerms {
				kind: text("air-temperature"),
				area: text(AREAS[area]),
				highest_price: u128::from(price) * MSEC,
				minimum_score: None,
				maximum_verdict_age: None,
				expires_at: System::block_number() + u32::from(period),
				beneficiary: account(beneficiary),
				buyer_keys: keys(who, number, fills),
			};
			let salt = H256::from_low_u64_be(number);
			(account(who), Demand::create_demand { salt, terms }.into())
		},
		Step::Cancel { demand } => {
			let demand = pick_demand(demand)?;
			(Demands::demand(demand)?.account, Demand::cancel_demand { demand }.into())
		},
		Step::Expire { demand } => {
			let demand = pick_demand(demand)?;
			(account(ANYBODY), Demand::expire_demand { demand }.into())
		},
		Step::Propose { demand, listing } => {
			return propose(pick_demand(demand)?, pick_listing(listing)?).ok();
		},
		Step::Request { account: who, salt, reward, period } => {
			let terms = RequestTerms {
				description: H256::zero(),
				kind: text("air-temperature"),
				area: text("e"),
				reward: u128::from(reward) * MSEC,
				deadline: System::block_number() + u32::from(period),
				arbiter: Some(account(ANYBODY)),
			};
			(account(who), Demand::create_request { salt: H256::repeat_byte(salt), terms }.into())
		},
		Step::Answer { request, listing } => {
			let (request, listing) = (pick_request(request)?, pick_listing(listing)?);
			(seller_of(listing)?, Demand::answer_request { request, listing }.into())
		},
		Step::Withdraw { request, seller } => {
			let (request, contributor) = (pick_request(request)?, account(seller));
			(contributor.clone(), Demand::withdraw_answer { request, contributor }.into())
		},
		Step::Award { request, seller } => {
			let (request, contributor) = (pick_request(request)?, account(seller));
			let answer = pallet_demands::Answers::<Runtime>::get(request, &contributor)?;
			let terms_hash = answer.terms_hash;
			let who = Demands::request(request)?.account;
			(who, Demand::award_request { request, contributor, terms_hash }.into())
		},
		Step::RefundRequest { request } => {
			let request = pick_request(request)?;
			(account(ANYBODY), Demand::refund_request { request }.into())
		},
		Step::Reject { order } => {
			let order = pick_order(order)?;
			(Orders::<Runtime>::get(order)?.beneficiary, Market::reject { order }.into())
		},
		Step::Deliver { order } => {
			let order = pick_order(order)?;
			let envelope = BoundedVec::truncate_from([&[1u8][..], &[9; 600]].concat());
			(Orders::<Runtime>::get(order)?.seller, Market::deliver { order, envelope }.into())
		},
		Step::Confirm { order } => {
			let order = pick_order(order)?;
			(Orders::<Runtime>::get(order)?.beneficiary, Market::confirm { order }.into())
		},
		Step::End { order } => return end_order(pick_order(order)?).ok(),
		Step::Deny { seller, subject } => {
			let (resource, subject) = (dataset(seller), account(subject));
			let deny = pallet_access_control::Call::deny { resource, subject };
			(account(seller), deny.into())
		},
		Step::Erase { seller } => {
			let (dataset, reason) = (dataset(seller), H256::zero());
			(account(seller), Record::erase { dataset, reason }.into())
		},
		Step::Advance { blocks } => {
			advance(blocks.into());
			return Some(());
		},
	};
	common::call(&who, call).ok()
}

/// Ends everything by calls that anybody may make, and gives all deposits back.
fn wind_up() {
	let anybody = account(ANYBODY);
	advance(400 * DAYS);
	for demand in pallet_demands::Demands::<Runtime>::iter_keys().collect::<Vec<_>>() {
		call(&anybody, Demand::expire_demand { demand }).unwrap();
	}
	for request in pallet_demands::Requests::<Runtime>::iter_keys().collect::<Vec<_>>() {
		call(&anybody, Demand::refund_request { request }).unwrap();
	}
	for (request, contributor) in
		pallet_demands::Answers::<Runtime>::iter_keys().collect::<Vec<_>>()
	{
		call(&anybody, Demand::withdraw_answer { request, contributor }).unwrap();
	}
	for order in Orders::<Runtime>::iter_keys().collect::<Vec<_>>() {
		let state = Orders::<Runtime>::get(order).unwrap().state;
		if matches!(state, OrderState::AwaitingDelivery | OrderState::Delivered { .. }) {
			end_order(order).unwrap();
		}
	}
	advance(DAYS);
	for order in Orders::<Runtime>::iter_keys().collect::<Vec<_>>() {
		end_order(order).unwrap();
	}
	assert_eq!(Orders::<Runtime>::iter_keys().count(), 0);
	for actor in SELLERS + 1..=ACTORS {
		assert_eq!(held(&account(actor)), 0, "account {actor} has everything back");
	}
}

fn all_money() -> u128 {
	let accounts = (1..=ANYBODY).map(account).chain([TreasuryAccount::get()]);
	accounts.map(|who| total_balance(&who)).sum()
}

proptest! {
	#![proptest_config(ProptestConfig {
		cases: 64,
		failure_persistence: None,
		..ProptestConfig::default()
	})]

	#[test]
	fn every_condition_holds_and_everything_ends(
		steps in proptest::collection::vec(step(), 50..150),
	) {
		with_accounts(ANYBODY, || {
			open_market();
			let issuance = total_issuance();
			for (step, number) in steps.into_iter().zip(0..) {
				play(step, number);
				check_state();
				assert_eq!((total_issuance(), all_money()), (issuance, issuance));
			}
			wind_up();
			assert_eq!(all_money(), issuance);
		});
	}
}
