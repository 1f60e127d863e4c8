//! Whatever anybody calls in whatever order: money is conserved, and no order is stuck.

use crate::{
	mock::*, pallet::*, Envelope, Listing, ListingStatus, ListingTermsOf, OrderState, Pricing,
};
use frame_support::{assert_ok, traits::fungible::Inspect};
use msec_commitments::{EnvelopeSecret, KeyTree};
use proptest::prelude::*;
use sp_core::H256;
use sp_runtime::Permill;
use std::collections::BTreeMap;

/// [`OWNER`]'s data is honest, [`FRIEND`]'s is not.
const SPOILED: H256 = H256::repeat_byte(0xba);
const EVERYBODY: [AccountId; 5] = [OWNER, AGENT, BUYER, FRIEND, STRANGER];

#[derive(Clone, Debug)]
enum Step {
	List { spoiled: bool, salt: u8, pricing: usize },
	Change { listing: usize, pricing: usize },
	PauseOrResume { listing: usize },
	Retire { listing: usize },
	Buy { who: AccountId, listing: usize, beneficiary: Option<AccountId>, secret: u8 },
	Append { batches: u32 },
	DeliverInstalment { who: AccountId, order: usize, honest: bool },
	Claim { order: usize },
	ClaimReadings { order: usize, readings: u32 },
	Extend { order: usize, periods: u32 },
	End { who: AccountId, order: usize },
	Deliver { who: AccountId, order: usize, honest: bool },
	Confirm { who: AccountId, order: usize },
	Settle { who: AccountId, order: usize },
	Refund { who: AccountId, order: usize },
	Reject { order: usize },
	DisputeKey { order: usize },
	DisputeData { order: usize },
	Challenge { order: usize, batch: u32, chunk: u32 },
	Answer { who: AccountId, order: usize, batch: u32, chunk: u32 },
	Complain { order: usize },
	Respond { order: usize },
	Decide { order: usize, payer_share: u32 },
	Conclude { who: AccountId, order: usize },
	Prune { who: AccountId, order: usize },
	Erase { spoiled: bool },
	Deny { spoiled: bool, who: AccountId, denied: bool },
	Wait { blocks: u64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
	let who = || proptest::sample::select(EVERYBODY.to_vec());
	let deliverers = || proptest::sample::select(vec![AGENT, AGENT, OWNER, FRIEND]);
	let nth = || 0usize..8;
	let step = prop_oneof![
		8 => (any::<bool>(), 0u8..3, 0usize..5).prop_map(
			|(spoiled, salt, pricing)| Step::List { spoiled, salt, pricing }
		),
		2 => (nth(), 0usize..5).prop_map(|(listing, pricing)| Step::Change { listing, pricing }),
		2 => nth().prop_map(|listing| Step::PauseOrResume { listing }),
		2 => nth().prop_map(|listing| Step::Retire { listing }),
		16 => (who(), nth(), proptest::option::of(who()), 1u8..4).prop_map(
			|(who, listing, beneficiary, secret)| Step::Buy { who, listing, beneficiary, secret }
		),
		16 => (deliverers(), nth(), any::<bool>()).prop_map(
			|(who, order, honest)| Step::Deliver { who, order, honest }
		),
		3 => (3u32..9).prop_map(|batches| Step::Append { batches }),
		8 => (deliverers(), nth(), any::<bool>()).prop_map(
			|(who, order, honest)| Step::DeliverInstalment { who, order, honest }
		),
		4 => nth().prop_map(|order| Step::Claim { order }),
		4 => (nth(), 1u32..40).prop_map(
			|(order, readings)| Step::ClaimReadings { order, readings }
		),
		2 => (nth(), 1u32..4).prop_map(|(order, periods)| Step::Extend { order, periods }),
		1 => (who(), nth()).prop_map(|(who, order)| Step::End { who, order }),
		4 => (who(), nth()).prop_map(|(who, order)| Step::Confirm { who, order }),
		6 => (who(), nth()).prop_map(|(who, order)| Step::Settle { who, order }),
		3 => (who(), nth()).prop_map(|(who, order)| Step::Refund { who, order }),
		2 => nth().prop_map(|order| Step::Reject { order }),
		5 => nth().prop_map(|order| Step::DisputeKey { order }),
		5 => nth().prop_map(|order| Step::DisputeData { order }),
		8 => (nth(), 0u32..4, 0u32..3).prop_map(
			|(order, batch, chunk)| Step::Challenge { order, batch, chunk }
		),
		6 => (who(), nth(), 0u32..3, 0u32..2).prop_map(
			|(who, order, batch, chunk)| Step::Answer { who, order, batch, chunk }
		),
		6 => nth().prop_map(|order| Step::Complain { order }),
		6 => nth().prop_map(|order| Step::Respond { order }),
		6 => (nth(), 0u32..1_000_001).prop_map(
			|(order, payer_share)| Step::Decide { order, payer_share }
		),
		4 => (who(), nth()).prop_map(|(who, order)| Step::Conclude { who, order }),
		8 => (who(), nth()).prop_map(|(who, order)| Step::Prune { who, order }),
		1 => any::<bool>().prop_map(|spoiled| Step::Erase { spoiled }),
		2 => (any::<bool>(), who(), any::<bool>()).prop_map(
			|(spoiled, who, denied)| Step::Deny { spoiled, who, denied }
		),
		8 => (1u64..60).prop_map(|blocks| Step::Wait { blocks }),
	];
	proptest::collection::vec(step, 1..150)
}

/// What every account should own, held or free.
struct Ledger {
	accounts: BTreeMap<AccountId, u64>,
	/// The bond of each open complaint, and whether the seller gave one too.
	complaints: BTreeMap<H256, (u64, bool)>,
	/// What was paid of each subscription.
	paid: BTreeMap<H256, u64>,
}

impl Ledger {
	fn new() -> Self {
		let accounts = EVERYBODY.iter().chain([&TREASURY]);
		let accounts = accounts.map(|who| (*who, Balances::total_balance(who))).collect();
		Self { accounts, complaints: BTreeMap::new(), paid: BTreeMap::new() }
	}

	fn transfer(&mut self, from: AccountId, to: AccountId, amount: u64) {
		*self.accounts.get_mut(&from).unwrap() -= amount;
		*self.accounts.get_mut(&to).unwrap() += amount;
	}

	fn award(&mut self, loser: AccountId, winner: AccountId, bond: u64) {
		self.transfer(loser, winner, bond / 2);
		self.transfer(loser, TREASURY, bond - bond / 2);
	}

	/// Money moves when an order is settled or divided, when an instalment is paid, when a challenge is
	/// answered, and when a complaint is lost; at no other time.
	fn follow(&mut self, events: Vec<Event<Test>>) {
		for event in events {
			self.follow_event(event);
		}
	}

	fn follow_event(&mut self, event: Event<Test>) {
		match event {
			Event::Settled { order: id, seller, amount, fee } => {
				self.transfer(order(id).payer, seller, amount);
				self.transfer(order(id).payer, TREASURY, fee);
			},
			Event::InstalmentPaid { order: id, seller, amount, fee } => {
				self.transfer(order(id).payer, seller, amount);
				self.transfer(order(id).payer, TREASURY, fee);
				*self.paid.entry(id).or_default() += amount + fee;
			},
			Event::Divided { payer, refund, seller, amount, fee, order: id } => {
				let paid = self.paid.get(&id).copied().unwrap_or_default();
				assert_eq!(paid + refund + amount + fee, order(id).price);
				self.transfer(payer, seller, amount);
				self.transfer(payer, TREASURY, fee);
			},
			Event::Answered { order: id, bond, .. } => {
				self.transfer(order(id).beneficiary, TREASURY, bond);
			},
			Event::Complained { order: id, bond, .. } => {
				assert_eq!(self.complaints.insert(id, (bond, false)), None);
			},
			Event::Responded { order: id, .. } => self.complaints.get_mut(&id).unwrap().1 = true,
			Event::Decided { order: id, payer_share, .. } => {
				let (bond, _) = self.complaints.remove(&id).unwrap();
				let (buyer, seller) = (order(id).beneficiary, order(id).seller);
				match payer_share.deconstruct() {
					..500_000 => self.award(buyer, seller, bond),
					500_000 => (),
					_ => self.award(seller, buyer, bond),
				}
			},
			Event::Undecided { order: id, .. } => {
				assert!(self.complaints.remove(&id).unwrap().1);
			},
			Event::Refunded { order: id, .. } => {
				if let Some((bond, true)) = self.complaints.remove(&id) {
					self.award(order(id).seller, order(id).beneficiary, bond);
				}
			},
			_ => (),
		}
	}

	fn check(&self) {
		for (who, owned) in &self.accounts {
			assert_eq!(Balances::total_balance(who), *owned, "of account {who}");
		}
		assert_eq!(Balances::total_issuance(), self.accounts.values().sum::<u64>());
	}
}

fn nth_listing(nth: usize) -> Option<H256> {
	let mut ids: Vec<_> = Listings::<Test>::iter_keys().collect();
	ids.sort();
	ids.get(nth % ids.len().max(1)).copied()
}

fn nth_order(nth: usize) -> Option<H256> {
	let mut ids: Vec<_> = Orders::<Test>::iter_keys().collect();
	ids.sort();
	ids.get(nth % ids.len().max(1)).copied()
}

fn terms_of(spoiled: bool, pricing: usize) -> ListingTermsOf<Test> {
	let dataset = if spoiled { SPOILED } else { DATASET };
	let all = [
		Pricing::Free,
		Pricing::FreeQuota { orders: 1 },
		Pricing::OneTime { price: PRICE },
		Pricing::PerPeriod(period_price()),
		reading_terms().pricing,
	];
	let pricing = all[pricing].clone();
	ListingTermsOf::<Test> { dataset, pricing, ..terms() }
}

fn secret_of(id: H256) -> [u8; 32] {
	let is_its =
		|secret: &u8| EnvelopeSecret::from_bytes([*secret; 32]).public_key() == order(id).buyer_key;
	[(1..4).find(is_its).unwrap(); 32]
}

fn sealed(id: H256, honest: bool, batches: u32) -> Envelope {
	let seed = if honest { [7; 32] } else { [8; 32] };
	envelope(id, &KeyTree::from_seed(seed), batches)
}

/// [`Step::Append`] puts no more into [`OWNER`]'s data set than there is.
/// Nothing is put into an erased one.
fn append(batches: u32) {
	use msec_primitives::DatasetInfo;
	if Datasets::range(&DATASET).is_some_and(|range| range.batches < batches) {
		append_up_to(batches);
	}
}

/// The call of a step, when there is something to call it for.
fn call(step: Step, spoiled_data: &Data) -> Option<(AccountId, Call<Test>)> {
	Some(match step {
		Step::List { spoiled, salt, pricing } => {
			let who = if spoiled { FRIEND } else { OWNER };
			let (salt, terms) = (H256::repeat_byte(salt), terms_of(spoiled, pricing));
			(who, Call::create_listing { salt, terms })
		},
		Step::Change { listing, pricing } => {
			let id = nth_listing(listing)?;
			let listing = Listings::<Test>::get(id)?;
			let terms = terms_of(listing.terms.dataset == SPOILED, pricing);
			(listing.owner, Call::change_listing { listing: id, terms })
		},
		Step::PauseOrResume { listing } => {
			let id = nth_listing(listing)?;
			let listing = Listings::<Test>::get(id)?;
			let call = match listing.status {
				ListingStatus::Active => Call::pause_listing { listing: id },
				ListingStatus::Paused => Call::resume_listing { listing: id },
			};
			(listing.owner, call)
		},
		Step::Retire { listing } => {
			let listing = nth_listing(listing)?;
			(Listings::<Test>::get(listing)?.owner, Call::retire_listing { listing })
		},
		Step::Buy { who, listing, beneficiary, secret } => {
			let listing = nth_listing(listing)?;
			let Listing { terms, terms_hash, .. } = Listings::<Test>::get(listing)?;
			let buyer_key = EnvelopeSecret::from_bytes([secret; 32]).public_key();
			let (periods, max_price) = (secret.into(), FUNDS);
			let call = match terms.pricing {
				Pricing::PerPeriod(_) => Call::subscribe {
					listing,
					terms_hash,
					periods,
					max_price,
					beneficiary,
					buyer_key,
				},
				Pricing::PerReading(_) => Call::open_allowance {
					listing,
					terms_hash,
					amount: MINIMUM_PRICE * u64::from(secret),
					duration: PERIOD * u64::from(secret),
					beneficiary,
					buyer_key,
				},
				_ => Call::buy { listing, terms_hash, max_price, beneficiary, buyer_key },
			};
			(who, call)
		},
		Step::Append { batches } => {
			append(batches);
			return None;
		},
		Step::DeliverInstalment { who, order, honest } => {
			let id = nth_order(order)?;
			let batches = Datasets::get()[&Orders::<Test>::get(id)?.dataset].range.batches;
			let envelope = sealed(id, honest, batches);
			(who, Call::deliver_instalment { order: id, batches, envelope })
		},
		Step::Claim { order } => {
			let order = nth_order(order)?;
			(Orders::<Test>::get(order)?.seller, Call::claim { order })
		},
		Step::ClaimReadings { order, readings } => {
			let order = nth_order(order)?;
			(Orders::<Test>::get(order)?.seller, Call::claim_readings { order, readings })
		},
		Step::Extend { order, periods } => {
			let id = nth_order(order)?;
			let max_price = FUNDS;
			let call = Call::extend_subscription { order: id, periods, max_price };
			(Orders::<Test>::get(id)?.payer, call)
		},
		Step::End { who, order } => (who, Call::end_subscription { order: nth_order(order)? }),
		Step::Deliver { who, order, honest } => {
			let id = nth_order(order)?;
			let batches = Orders::<Test>::get(id)?.range.batches;
			(who, Call::deliver { order: id, envelope: sealed(id, honest, batches) })
		},
		Step::Confirm { who, order } => (who, Call::confirm { order: nth_order(order)? }),
		Step::Settle { who, order } => (who, Call::settle { order: nth_order(order)? }),
		Step::Refund { who, order } => (who, Call::refund { order: nth_order(order)? }),
		Step::Reject { order } => {
			let order = nth_order(order)?;
			(Orders::<Test>::get(order)?.beneficiary, Call::reject { order })
		},
		Step::DisputeKey { order } => {
			let id = nth_order(order)?;
			let order = Orders::<Test>::get(id)?;
			let honest = Data::of(order.range.batches, |_| ());
			let data = if order.dataset == SPOILED { spoiled_data } else { &honest };
			let (secret, proof) = (secret_of(id), Some(data.proof(1, 0)));
			(order.beneficiary, Call::dispute_key { order: id, secret, proof })
		},
		Step::DisputeData { order } => {
			let order = nth_order(order)?;
			let proof = spoiled_data.proof(2, 1);
			let chunk_key = spoiled_data.chunk_key(2, 1);
			let ciphertext = spoiled_data.ciphertext(2, 1);
			let who = Orders::<Test>::get(order)?.beneficiary;
			(who, Call::dispute_data { order, proof, chunk_key, ciphertext })
		},
		Step::Challenge { order, batch, chunk } => {
			let order = nth_order(order)?;
			(Orders::<Test>::get(order)?.beneficiary, Call::challenge { order, batch, chunk })
		},
		Step::Answer { who, order, batch, chunk } => {
			let order = nth_order(order)?;
			let bought = Orders::<Test>::get(order)?;
			let honest = Data::of(bought.range.batches, |_| ());
			let data = if bought.dataset == SPOILED { spoiled_data } else { &honest };
			let (proof, ciphertext) = (data.proof(batch, chunk), data.ciphertext(batch, chunk));
			(who, Call::answer { order, proof, ciphertext })
		},
		Step::Complain { order } => {
			let (order, evidence) = (nth_order(order)?, H256::zero());
			(Orders::<Test>::get(order)?.beneficiary, Call::complain { order, evidence })
		},
		Step::Respond { order } => {
			let (order, evidence) = (nth_order(order)?, H256::zero());
			(Orders::<Test>::get(order)?.seller, Call::respond { order, evidence })
		},
		Step::Decide { order, payer_share } => {
			let (order, evidence) = (nth_order(order)?, H256::zero());
			let payer_share = Permill::from_parts(payer_share);
			(ARBITER, Call::decide { order, payer_share, evidence })
		},
		Step::Conclude { who, order } => (who, Call::conclude { order: nth_order(order)? }),
		Step::Prune { who, order } => (who, Call::prune_order { order: nth_order(order)? }),
		Step::Erase { spoiled } => {
			erase(if spoiled { SPOILED } else { DATASET });
			return None;
		},
		Step::Deny { spoiled, who, denied } => {
			set_denied(if spoiled { SPOILED } else { DATASET }, who, denied);
			return None;
		},
		Step::Wait { blocks } => {
			run_to(System::block_number() + blocks);
			return None;
		},
	})
}

fn is_withdrawn(id: H256) -> bool {
	use msec_primitives::{DatasetInfo, DatasetStatus, OrderAccess};
	let order = order(id);
	Datasets::status(&order.dataset) == Some(DatasetStatus::Erased)
		|| OpenAccess::is_denied(&order.dataset, &order.beneficiary)
}

/// A stranger leads every order to its end and out of the state.
fn finish(ledger: &mut Ledger) {
	run_to(System::block_number() + 1_100);
	for id in Orders::<Test>::iter_keys().collect::<Vec<_>>() {
		let call = match order(id).state {
			OrderState::AwaitingDelivery => Call::refund { order: id },
			OrderState::Delivered { .. } if is_withdrawn(id) => Call::refund { order: id },
			OrderState::Delivered { .. }
				if OpenChallenges::<Test>::contains_key(order(id).dataset, id) =>
			{
				Call::refund { order: id }
			},
			OrderState::Delivered { .. } if Complaints::<Test>::contains_key(id) => {
				Call::conclude { order: id }
			},
			OrderState::Delivered { .. } => Call::settle { order: id },
			OrderState::Settled { .. }
			| OrderState::Refunded { .. }
			| OrderState::Divided { .. } => continue,
		};
		assert_ok!(dispatch(STRANGER, call));
		ledger.follow(events());
		ledger.check();
	}
	run_to(System::block_number() + 1_000);
	for id in Orders::<Test>::iter_keys().collect::<Vec<_>>() {
		assert_ok!(dispatch(STRANGER, Call::prune_order { order: id }));
	}
	for id in Listings::<Test>::iter_keys().collect::<Vec<_>>() {
		let owner = Listings::<Test>::get(id).unwrap().owner;
		assert_ok!(dispatch(owner, Call::retire_listing { listing: id }));
	}
	ledger.check();
}

fn assert_nothing_is_left() {
	assert_eq!(Orders::<Test>::iter().count(), 0);
	assert_eq!(Envelopes::<Test>::iter().count(), 0);
	assert_eq!(OrdersByAccount::<Test>::iter().count(), 0);
	assert_eq!(AwaitingDelivery::<Test>::iter().count(), 0);
	assert_eq!(Subscriptions::<Test>::iter().count(), 0);
	assert_eq!(FreeOrders::<Test>::iter().count(), 0);
	assert_eq!(Listings::<Test>::iter().count(), 0);
	assert_eq!(Challenges::<Test>::iter().count(), 0);
	assert_eq!(OpenChallenges::<Test>::iter().count(), 0);
	assert_eq!(Complaints::<Test>::iter().count(), 0);
	assert!(OpenAccess::get().is_empty());
	for who in EVERYBODY {
		assert_eq!((payment_of(who), deposit_of(who), bond_of(who)), (0, 0, 0));
	}
}

proptest! {
	#![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

	#[test]
	fn money_is_conserved_and_no_order_is_stuck(steps in steps()) {
		let spoiled_data = Data::spoiled(|commitment| commitment.plaintext = [0; 32]);
		ExtBuilder::default()
			.with_dataset(SPOILED, Dataset::of(FRIEND, spoiled_data.range))
			.with_balance(TREASURY, FUNDS)
			.build_and_execute(|| {
				let mut ledger = Ledger::new();
				for step in steps {
					if let Some((who, call)) = call(step, &spoiled_data) {
						// A refused call must change nothing, which the ledger shows.
						let _ = dispatch(who, call);
					}
					ledger.follow(events());
					ledger.check();
					assert_ok!(Marketplace::do_try_state());
				}
				finish(&mut ledger);
				assert_nothing_is_left();
			});
	}
}
