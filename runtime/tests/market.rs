//! Random markets over the real runtime: whatever owners, buyers and strangers do in whatever order,
//! money is conserved, the state is consistent, and every order and deposit comes to its end.

use crate::common::*;
use frame_support::BoundedVec;
use msec_commitments::{
	envelope, tree, BatchCommitment, ChunkCommitment, ChunkKey, ChunkProof, EnvelopeSecret,
	KeyTree, OrderContext,
};
use msec_primitives::{Action, Actions, DatasetId, DatasetInfo, ListingId, OrderId};
use msec_runtime::{
	configs::TreasuryAccount, AccountId, Marketplace, Records, Runtime, RuntimeCall, RuntimeOrigin,
	System, DAYS, MSEC,
};
use pallet_access_control::Call as Access;
use pallet_marketplace::{
	Call as Market, Discount, ListingTerms, Listings, OrderState, Orders, PeriodPrice, Pricing,
	Right,
};
use pallet_records::Call as Record;
use proptest::{prelude::*, sample::Index};
use sp_core::H256;
use sp_runtime::{traits::Dispatchable, Permill};

const OWNERS: u8 = 2;
const BUYERS: u8 = 3;
const STORE: u8 = OWNERS + BUYERS + 1;
const AGENT: u8 = STORE + 1;
const ACCOUNTS: u8 = AGENT;
const CHUNKS: u32 = 2;
/// Secret of every order's key: which key it is does not matter here, only that it is each order's own.
const SECRET: u8 = 100;

#[derive(Clone, Debug)]
enum Step {
	Append { owner: u8, batches: u8, tampered: bool },
	Create { owner: u8, salt: u8, price: Option<u8>, period: u8 },
	Change { listing: Index, price: Option<u8> },
	Pause { listing: Index },
	Resume { listing: Index },
	Retire { listing: Index },
	Buy { listing: Index, payer: u8, beneficiary: u8, nonce: u8, stale: bool },
	Deliver { order: Index, by_agent: bool, wrong: bool },
	Confirm { order: Index, by: u8 },
	Claim { order: Index },
	Extend { order: Index, periods: u8 },
	End { order: Index, by: u8 },
	Settle { order: Index },
	Refund { order: Index },
	DisputeKey { order: Index },
	DisputeData { order: Index },
	Challenge { order: Index },
	Answer { order: Index },
	Complain { order: Index },
	Respond { order: Index },
	Decide { order: Index, payer_share: u32 },
	Prune { order: Index },
	Grant { owner: u8, subject: u8 },
	Deny { owner: u8, subject: u8 },
	Revoke { owner: u8, subject: u8 },
	Transfer { from: u8, to: u8, amount: u16 },
	Erase { owner: u8 },
	Advance { blocks: u8 },
}

fn step() -> impl Strategy<Value = Step> {
	let owner = || 1..=OWNERS;
	let buyer = || OWNERS + 1..=OWNERS + BUYERS;
	let index = any::<Index>;
	let price = || proptest::option::weighted(0.8, 1u8..);
	prop_oneof![
		3 => (owner(), 1u8..4, any::<bool>())
			.prop_map(|(owner, batches, tampered)| Step::Append { owner, batches, tampered }),
		3 => (owner(), any::<u8>(), price(), 2u8..20)
			.prop_map(|(owner, salt, price, period)| Step::Create { owner, salt, price, period }),
		1 => (index(), price()).prop_map(|(listing, price)| Step::Change { listing, price }),
		1 => index().prop_map(|listing| Step::Pause { listing }),
		1 => index().prop_map(|listing| Step::Resume { listing }),
		1 => index().prop_map(|listing| Step::Retire { listing }),
		8 => (index(), buyer(), buyer(), any::<u8>(), proptest::bool::weighted(0.1)).prop_map(
			|(listing, payer, beneficiary, nonce, stale)| Step::Buy {
				listing, payer, beneficiary, nonce, stale,
			},
		),
		8 => (index(), any::<bool>(), proptest::bool::weighted(0.3))
			.prop_map(|(order, by_agent, wrong)| Step::Deliver { order, by_agent, wrong }),
		3 => (index(), buyer()).prop_map(|(order, by)| Step::Confirm { order, by }),
		2 => index().prop_map(|order| Step::Claim { order }),
		1 => (index(), 0u8..4).prop_map(|(order, periods)| Step::Extend { order, periods }),
		1 => (index(), buyer()).prop_map(|(order, by)| Step::End { order, by }),
		2 => index().prop_map(|order| Step::Settle { order }),
		2 => index().prop_map(|order| Step::Refund { order }),
		3 => index().prop_map(|order| Step::DisputeKey { order }),
		3 => index().prop_map(|order| Step::DisputeData { order }),
		3 => index().prop_map(|order| Step::Challenge { order }),
		2 => index().prop_map(|order| Step::Answer { order }),
		3 => index().prop_map(|order| Step::Complain { order }),
		2 => index().prop_map(|order| Step::Respond { order }),
		2 => (index(), 0u32..1_000_001)
			.prop_map(|(order, payer_share)| Step::Decide { order, payer_share }),
		1 => index().prop_map(|order| Step::Prune { order }),
		1 => (owner(), buyer()).prop_map(|(owner, subject)| Step::Grant { owner, subject }),
		1 => (owner(), buyer()).prop_map(|(owner, subject)| Step::Deny { owner, subject }),
		1 => (owner(), buyer()).prop_map(|(owner, subject)| Step::Revoke { owner, subject }),
		1 => (1..=ACCOUNTS, 1..=ACCOUNTS, any::<u16>())
			.prop_map(|(from, to, amount)| Step::Transfer { from, to, amount }),
		1 => owner().prop_map(|owner| Step::Erase { owner }),
		3 => (1u8..30).prop_map(|blocks| Step::Advance { blocks }),
	]
}

/// A chunk's commitment and ciphertext.
type Chunk = (ChunkCommitment, Vec<u8>);
/// A batch's commitment and chunks.
type Batch = (BatchCommitment, Vec<Chunk>);

/// What the owners know off chain.
struct Sellers {
	datasets: Vec<(DatasetId, KeyTree)>,
	/// For each data set its batches, and for each batch its chunks with their ciphertexts.
	batches: Vec<Vec<Batch>>,
	secrets: Vec<(OrderId, EnvelopeSecret)>,
}

fn opened() -> Sellers {
	let store = account(STORE);
	let endpoint = BoundedVec::truncate_from(b"http://127.0.0.1:8090".to_vec());
	call(&store, Record::register_store { endpoint, terms_hash: H256::zero() }).unwrap();
	let datasets = (1..=OWNERS)
		.map(|owner| {
			let salt = H256::repeat_byte(owner);
			let stores = BoundedVec::truncate_from(vec![store.clone()]);
			let key_agent = Some(account(AGENT));
			call(&account(owner), Record::create_dataset { salt, stores, key_agent }).unwrap();
			(Records::dataset_id(&account(owner), &salt), KeyTree::from_seed([owner; 32]))
		})
		.collect();
	Sellers { datasets, batches: vec![Vec::new(); OWNERS.into()], secrets: Vec::new() }
}

fn terms(dataset: DatasetId, price: Option<u8>, period: u8) -> ListingTerms<u128, u32> {
	let text = |text: &str| text.as_bytes().to_vec();
	ListingTerms {
		dataset,
		right: Right::Read,
		kind: BoundedVec::truncate_from(text("air-temperature")),
		unit: BoundedVec::truncate_from(text("Cel")),
		interval_seconds: 3600,
		place: BoundedVec::truncate_from(text("ezrq")),
		licence: BoundedVec::truncate_from(text("CC-BY-4.0")),
		sample: BoundedVec::default(),
		pricing: pricing(price),
		delivery_period: period.into(),
		confirmation_period: period.into(),
		access_period: 100 + u32::from(period),
		maximum_verdict_age: None,
	}
}

/// Free, once, or for each ten blocks.
fn pricing(price: Option<u8>) -> Pricing<u128, u32> {
	let Some(number) = price else { return Pricing::Free };
	let price = u128::from(number) * MSEC;
	if number % 2 == 0 {
		return Pricing::OneTime { price };
	}
	let discount = Discount { from_periods: 3, off: Permill::from_percent(10) };
	let discounts = BoundedVec::truncate_from(vec![discount]);
	Pricing::PerPeriod(PeriodPrice { price: price / 7, period: 10, minimum: 1, discounts })
}

fn pick<T: Clone>(mut all: Vec<T>, index: Index) -> Option<T> {
	(!all.is_empty()).then(|| all.swap_remove(index.index(all.len())))
}

fn pick_listing(index: Index) -> Option<ListingId> {
	let mut all: Vec<_> = Listings::<Runtime>::iter_keys().collect();
	all.sort();
	pick(all, index)
}

fn pick_order(index: Index) -> Option<OrderId> {
	let mut all: Vec<_> = Orders::<Runtime>::iter_keys().collect();
	all.sort();
	pick(all, index)
}

impl Sellers {
	/// Does `step` as far as it can be done; that it may fail is part of the game.
	fn play(&mut self, step: Step) -> Option<()> {
		let stranger = account(ACCOUNTS);
		let outcome = match step {
			Step::Append { owner, batches, tampered } => self.append(owner, batches, tampered),
			Step::Create { owner, salt, price, period } => {
				let terms = terms(self.dataset(owner), price, period);
				call(
					&account(owner),
					Market::create_listing { salt: H256::repeat_byte(salt), terms },
				)
			},
			Step::Change { listing, price } => {
				let listing = pick_listing(listing)?;
				let details = Listings::<Runtime>::get(listing)?;
				let terms = terms(details.terms.dataset, price, 5);
				call(&details.owner, Market::change_listing { listing, terms })
			},
			Step::Pause { listing } => {
				let listing = pick_listing(listing)?;
				call(&Listings::<Runtime>::get(listing)?.owner, Market::pause_listing { listing })
			},
			Step::Resume { listing } => {
				let listing = pick_listing(listing)?;
				call(&Listings::<Runtime>::get(listing)?.owner, Market::resume_listing { listing })
			},
			Step::Retire { listing } => {
				let listing = pick_listing(listing)?;
				call(&Listings::<Runtime>::get(listing)?.owner, Market::retire_listing { listing })
			},
			Step::Buy { listing, payer, beneficiary, nonce, stale } => {
				self.buy(pick_listing(listing)?, payer, beneficiary, nonce, stale)?
			},
			Step::Deliver { order, by_agent, wrong } => {
				self.deliver(pick_order(order)?, by_agent, wrong)?
			},
			Step::Confirm { order, by } => {
				call(&account(by), Market::confirm { order: pick_order(order)? })
			},
			Step::Claim { order } => {
				let order = pick_order(order)?;
				call(&Orders::<Runtime>::get(order)?.seller, Market::claim { order })
			},
			Step::Extend { order, periods } => {
				let order = pick_order(order)?;
				let (periods, max_price) = (periods.into(), 1_000 * MSEC);
				let payer = Orders::<Runtime>::get(order)?.payer;
				call(&payer, Market::extend_subscription { order, periods, max_price })
			},
			Step::End { order, by } => {
				call(&account(by), Market::end_subscription { order: pick_order(order)? })
			},
			Step::Settle { order } => call(&stranger, Market::settle { order: pick_order(order)? }),
			Step::Refund { order } => call(&stranger, Market::refund { order: pick_order(order)? }),
			Step::DisputeKey { order } => self.dispute_key(pick_order(order)?)?,
			Step::DisputeData { order } => self.dispute_data(pick_order(order)?)?,
			Step::Challenge { order } => {
				let order = pick_order(order)?;
				let details = Orders::<Runtime>::get(order)?;
				let (batch, chunk) = (details.range.batches - 1, CHUNKS - 1);
				call(&details.beneficiary, Market::challenge { order, batch, chunk })
			},
			Step::Answer { order } => {
				let order = pick_order(order)?;
				let (proof, _, ciphertext) = self.last_chunk(order)?;
				let ciphertext = BoundedVec::truncate_from(ciphertext);
				call(&stranger, Market::answer { order, proof, ciphertext })
			},
			Step::Complain { order } => {
				let (order, evidence) = (pick_order(order)?, H256::zero());
				let beneficiary = Orders::<Runtime>::get(order)?.beneficiary;
				call(&beneficiary, Market::complain { order, evidence })
			},
			Step::Respond { order } => {
				let (order, evidence) = (pick_order(order)?, H256::zero());
				call(&Orders::<Runtime>::get(order)?.seller, Market::respond { order, evidence })
			},
			Step::Decide { order, payer_share } => {
				let (order, evidence) = (pick_order(order)?, H256::zero());
				let payer_share = Permill::from_parts(payer_share);
				let decide = Market::decide { order, payer_share, evidence };
				RuntimeCall::from(decide)
					.dispatch(RuntimeOrigin::root())
					.map(|_| ())
					.map_err(|error| error.error)
			},
			Step::Prune { order } => {
				call(&stranger, Market::prune_order { order: pick_order(order)? })
			},
			Step::Grant { owner, subject } => {
				let grant = Access::grant {
					resource: self.dataset(owner),
					subject: account(subject),
					actions: Actions::of(&[Action::Read]),
					not_before: None,
					expires_at: Some(System::block_number() + 10),
					purpose: None,
					delegation_depth: 0,
				};
				call(&account(owner), grant)
			},
			Step::Deny { owner, subject } => {
				let (resource, subject) = (self.dataset(owner), account(subject));
				call(&account(owner), Access::deny { resource, subject })
			},
			Step::Revoke { owner, subject } => {
				let (resource, subject) = (self.dataset(owner), account(subject));
				call(&account(owner), Access::revoke { resource, subject })
			},
			Step::Transfer { from, to, amount } => {
				let transfer = pallet_token::Call::transfer_with_reference {
					dest: account(to),
					amount: u128::from(amount) * MSEC / 1000,
					reference: H256::zero(),
				};
				call(&account(from), transfer)
			},
			Step::Erase { owner } => {
				let (dataset, reason) = (self.dataset(owner), H256::zero());
				call(&account(owner), Record::erase { dataset, reason })
			},
			Step::Advance { blocks } => {
				advance(blocks.into());
				Ok(())
			},
		};
		outcome.ok()
	}

	fn dataset(&self, owner: u8) -> DatasetId {
		self.datasets[usize::from(owner) - 1].0
	}

	/// Appends batches whose last chunk is not what it was committed to be, when `tampered`.
	fn append(
		&mut self,
		owner: u8,
		count: u8,
		tampered: bool,
	) -> Result<(), sp_runtime::DispatchError> {
		let index = usize::from(owner) - 1;
		let (dataset, tree) = self.datasets[index].clone();
		let first_batch = self.batches[index].len() as u32;
		let mut appended = Vec::new();
		for batch in first_batch..first_batch + u32::from(count) {
			let key = tree.batch_key(batch);
			let mut chunks: Vec<_> = (0..CHUNKS)
				.map(|chunk| key.chunk_key(chunk).seal(&[batch as u8; 20]).unwrap())
				.collect();
			if tampered {
				chunks.last_mut().unwrap().0.plaintext = [0; 32];
			}
			let leaves: Vec<_> = chunks.iter().map(|(chunk, _)| chunk.leaf_hash()).collect();
			appended.push((BatchCommitment { chunks: CHUNKS, root: tree::root(&leaves) }, chunks));
		}
		let batches = BoundedVec::truncate_from(appended.iter().map(|(batch, _)| *batch).collect());
		call(&account(owner), Record::append { dataset, first_batch, batches })?;
		self.batches[index].extend(appended);
		Ok(())
	}

	fn buy(
		&mut self,
		listing: ListingId,
		payer: u8,
		beneficiary: u8,
		nonce: u8,
		stale: bool,
	) -> Option<Result<(), sp_runtime::DispatchError>> {
		let details = Listings::<Runtime>::get(listing)?;
		let secret = EnvelopeSecret::from_bytes([SECRET.wrapping_add(nonce); 32]);
		let buyer_key = secret.public_key();
		let beneficiary = account(beneficiary);
		let order = Marketplace::order_id(&listing, &beneficiary, &buyer_key);
		let terms_hash = if stale { H256::zero() } else { details.terms_hash };
		let (max_price, beneficiary) = (1_000 * MSEC, Some(beneficiary));
		let buy = match details.terms.pricing {
			Pricing::PerPeriod(_) => {
				let periods = u32::from(nonce % 5);
				Market::subscribe {
					listing,
					terms_hash,
					periods,
					max_price,
					beneficiary,
					buyer_key,
				}
			},
			_ => Market::buy { listing, terms_hash, max_price, beneficiary, buyer_key },
		};
		let outcome = call(&account(payer), buy);
		if outcome.is_ok() {
			self.secrets.push((order, secret));
		}
		Some(outcome)
	}

	fn deliver(
		&self,
		order: OrderId,
		by_agent: bool,
		wrong: bool,
	) -> Option<Result<(), sp_runtime::DispatchError>> {
		let details = Orders::<Runtime>::get(order)?;
		let (_, tree) = self.datasets.iter().find(|(dataset, _)| *dataset == details.dataset)?;
		let tree = if wrong { &KeyTree::from_seed([0; 32]) } else { tree };
		let is_first = details.state == OrderState::AwaitingDelivery;
		let batches = match is_first {
			true => details.range.batches,
			false => Records::range(&details.dataset)?.batches,
		};
		let cover = tree.cover(batches);
		let context = context(order, details.dataset);
		let envelope = envelope::seal_order(&cover, &details.buyer_key, &context, order.0).unwrap();
		let by = if by_agent { account(AGENT) } else { details.seller };
		let envelope = BoundedVec::truncate_from(envelope);
		Some(match is_first {
			true => call(&by, Market::deliver { order, envelope }),
			false => call(&by, Market::deliver_instalment { order, batches, envelope }),
		})
	}

	fn last_chunk(&self, order: OrderId) -> Option<(ChunkProof, ChunkKey, Vec<u8>)> {
		let details = Orders::<Runtime>::get(order)?;
		let index = self.datasets.iter().position(|(dataset, _)| *dataset == details.dataset)?;
		let batches = &self.batches[index][..details.range.batches as usize];
		let commitments: Vec<_> = batches.iter().map(|(batch, _)| *batch).collect();
		let (last, chunk) = (details.range.batches - 1, CHUNKS - 1);
		let chunks: Vec<_> = batches[last as usize].1.iter().map(|(chunk, _)| *chunk).collect();
		let proof = ChunkProof::new(&commitments, last, &chunks, chunk).unwrap();
		assert!(proof.verify(details.range.batches, details.range.root.as_fixed_bytes()));
		let key = self.datasets[index].1.batch_key(last).chunk_key(chunk);
		Some((proof, key, batches[last as usize].1[chunk as usize].1.clone()))
	}

	fn dispute_key(&self, order: OrderId) -> Option<Result<(), sp_runtime::DispatchError>> {
		let beneficiary = Orders::<Runtime>::get(order)?.beneficiary;
		let (_, secret) = self.secrets.iter().rev().find(|(id, _)| *id == order)?;
		let (proof, ..) = self.last_chunk(order)?;
		let dispute = Market::dispute_key { order, secret: *secret.to_bytes(), proof: Some(proof) };
		Some(call(&beneficiary, dispute))
	}

	fn dispute_data(&self, order: OrderId) -> Option<Result<(), sp_runtime::DispatchError>> {
		let beneficiary = Orders::<Runtime>::get(order)?.beneficiary;
		let (proof, key, ciphertext) = self.last_chunk(order)?;
		let dispute = Market::dispute_data {
			order,
			proof,
			chunk_key: *key.as_bytes(),
			ciphertext: BoundedVec::truncate_from(ciphertext),
		};
		Some(call(&beneficiary, dispute))
	}

	/// Ends everything by calls that anybody may make, and gives all deposits back.
	fn wind_up(&self) {
		let anybody = account(ACCOUNTS);
		advance(31 * DAYS);
		for order in Orders::<Runtime>::iter_keys().collect::<Vec<_>>() {
			match Orders::<Runtime>::get(order).unwrap().state {
				OrderState::AwaitingDelivery => call(&anybody, Market::refund { order }).unwrap(),
				OrderState::Delivered { .. } => call(&anybody, Market::settle { order })
					.or_else(|_| call(&anybody, Market::refund { order }))
					.or_else(|_| call(&anybody, Market::conclude { order }))
					.unwrap(),
				OrderState::Settled { .. }
				| OrderState::Refunded { .. }
				| OrderState::Divided { .. } => (),
			}
		}
		advance(31 * DAYS);
		for order in Orders::<Runtime>::iter_keys().collect::<Vec<_>>() {
			call(&anybody, Market::prune_order { order }).unwrap();
		}
		for (listing, details) in Listings::<Runtime>::iter().collect::<Vec<_>>() {
			call(&details.owner, Market::retire_listing { listing }).unwrap();
		}
		for buyer in OWNERS + 1..=OWNERS + BUYERS {
			assert_eq!(held(&account(buyer)), 0, "buyer {buyer} has everything back");
		}
		assert_eq!(Orders::<Runtime>::iter().count(), 0);
	}
}

fn context(order: OrderId, dataset: DatasetId) -> OrderContext {
	OrderContext { genesis: System::block_hash(0).0, order: order.0, dataset: dataset.0 }
}

fn everybody() -> impl Iterator<Item = AccountId> {
	(1..=ACCOUNTS).map(account).chain([TreasuryAccount::get()])
}

proptest! {
	#![proptest_config(ProptestConfig { max_shrink_iters: 2000, ..Default::default() })]

	#[test]
	fn money_is_conserved_and_everything_ends(steps in proptest::collection::vec(step(), 1..160)) {
		with_accounts(ACCOUNTS, || {
			let issuance = total_issuance();
			let mut market = opened();
			for step in steps {
				market.play(step);
				check_state();
				prop_assert_eq!(total_issuance(), issuance);
				prop_assert_eq!(everybody().map(|who| total_balance(&who)).sum::<u128>(), issuance);
			}
			market.wind_up();
			prop_assert_eq!(everybody().map(|who| total_balance(&who)).sum::<u128>(), issuance);
			Ok(())
		})?;
	}
}

#[test]
fn a_sale_moves_exactly_the_price() {
	with_accounts(ACCOUNTS, || {
		let mut market = opened();
		let (owner, buyer) = (account(1), account(3));
		market.append(1, 3, false).unwrap();
		let salt = H256::zero();
		let terms = terms(market.dataset(1), Some(100), 10);
		call(&owner, Market::create_listing { salt, terms }).unwrap();
		let listing = Listings::<Runtime>::iter_keys().next().unwrap();
		let before = [&owner, &buyer, &TreasuryAccount::get()].map(total_balance);
		market.buy(listing, 3, 3, 1, false).unwrap().unwrap();
		let order = Orders::<Runtime>::iter_keys().next().unwrap();
		market.deliver(order, true, false).unwrap().unwrap();
		assert!(market.dispute_key(order).unwrap().is_err());
		assert!(market.dispute_data(order).unwrap().is_err());
		call(&buyer, Market::confirm { order }).unwrap();
		let after = [&owner, &buyer, &TreasuryAccount::get()].map(total_balance);
		assert_eq!(after[0], before[0] + 98 * MSEC);
		assert_eq!(after[1], before[1] - 100 * MSEC);
		assert_eq!(after[2], before[2] + 2 * MSEC);
		market.wind_up();
	});
}
