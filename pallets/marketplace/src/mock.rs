//! A runtime of its own, with data sets and access kept in memory.

use crate::{
	self as pallet_marketplace, pallet::*, types::*, Discount, Envelope, ListingTerms,
	ListingTermsOf, OrderOf, PeriodPrice, Pricing, ReadingPrice, SubscriptionOf,
};
use alloc::{collections::BTreeMap, vec::Vec};
use frame_support::{
	assert_ok, derive_impl, ord_parameter_types, parameter_types,
	traits::{fungible::HoldConsideration, ConstU32, ConstU64, LinearStoragePrice},
};
use frame_system::EnsureSignedBy;
use msec_commitments::{
	envelope::seal_order, tree, BatchCommitment, ChunkCommitment, ChunkProof, EnvelopeSecret,
	KeyTree, Peaks,
};
use msec_primitives::{
	Actions, DatasetId, DatasetInfo, DatasetStatus, DeviceStatus, LicenceId, LicenceList,
	ListingId, Offer, OnOffer, OrderAccess, OrderId, RangeCommitment,
};
use sp_core::H256;
use sp_runtime::{BuildStorage, DispatchError, DispatchResult, Permill};

pub type AccountId = u64;

pub const OWNER: AccountId = 1;
pub const AGENT: AccountId = 2;
pub const BUYER: AccountId = 3;
pub const FRIEND: AccountId = 4;
pub const STRANGER: AccountId = 5;
pub const TREASURY: AccountId = 6;
pub const ARBITER: AccountId = 7;

pub const FUNDS: u64 = 100_000;
pub const PRICE: u64 = 1_000;
pub const FEE: u64 = 50;
pub const MINIMUM_PRICE: u64 = 100;
pub const DELIVERY: u64 = 10;
pub const CONFIRMATION: u64 = 20;
pub const ACCESS: u64 = 40;
pub const RETENTION: u64 = 50;
pub const CHALLENGE_BOND: u64 = 30;
pub const MAX_CHALLENGES: u32 = 3;
pub const EXTENSION: u64 = 8;
pub const MINIMUM_COMPLAINT_BOND: u64 = 50;
/// A tenth of [`PRICE`].
pub const COMPLAINT_BOND: u64 = 100;
pub const RESPONSE: u64 = 15;
pub const DECISION: u64 = 25;
/// 10, and 1 a byte: 111 of terms, 69 of the rest, 540 of keys.
pub const LISTING_DEPOSIT: u64 = 731;
/// 10, and 1 a byte: 254 of the order, 1,280 of the envelope, 704 of grant and keys.
pub const ORDER_DEPOSIT: u64 = 2_249;
/// As for an order, and 116 of the count.
pub const FREE_ORDER_DEPOSIT: u64 = ORDER_DEPOSIT + 116;
/// As for an order, and 1 a byte: 123 of the subscription, 96 of its key.
pub const SUBSCRIPTION_DEPOSIT: u64 = ORDER_DEPOSIT + 219;
/// Blocks of a subscription's period.
pub const PERIOD: u64 = 50;
/// The price of a subscription's block.
pub const BLOCK_PRICE: u64 = PRICE / PERIOD;
/// Three blocks are half a reading of [`terms`].
pub const SECONDS_PER_BLOCK: u32 = 100;
/// Periods of [`open_subscription`].
pub const PERIODS: u32 = 4;

pub const DATASET: DatasetId = H256::repeat_byte(0xda);
pub const SALT: H256 = H256::repeat_byte(0x5a);
pub const SECRET: [u8; 32] = [9; 32];

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(2)]
	pub type Marketplace = pallet_marketplace;
}

type Block = frame_system::mocking::MockBlock<Test>;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<u64>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type ExistentialDeposit = ConstU64<10>;
	type MaxFreezes = ConstU32<1>;
}

ord_parameter_types! {
	pub const Arbiter: AccountId = ARBITER;
}

parameter_types! {
	pub const StorageDeposit: RuntimeHoldReason =
		RuntimeHoldReason::Marketplace(HoldReason::StorageDeposit);
	pub const FeeShare: Permill = Permill::from_percent(5);
	pub const ComplaintBondShare: Permill = Permill::from_percent(10);
	pub static Bond: u64 = CHALLENGE_BOND;
	pub static DefaultPayerShare: Permill = Permill::from_percent(40);
	pub static Datasets: BTreeMap<DatasetId, Dataset> = BTreeMap::new();
	pub static OpenAccess: BTreeMap<OrderId, Access> = BTreeMap::new();
	pub static AccessIsFull: bool = false;
	pub static Offers: BTreeMap<ListingId, Offer<AccountId, u64, u64>> = BTreeMap::new();
	pub static Denied: Vec<(DatasetId, AccountId)> = Vec::new();
	/// When devices were trusted last; `None` where nobody gives verdicts.
	pub static Verdicts: Option<BTreeMap<DatasetId, u64>> = None;
	/// What devices signed.
	pub static Attested: BTreeMap<DatasetId, RangeCommitment> = BTreeMap::new();
}

impl Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Consideration = HoldConsideration<
		AccountId,
		Balances,
		StorageDeposit,
		LinearStoragePrice<ConstU64<10>, ConstU64<1>, u64>,
	>;
	type Datasets = Datasets;
	type Access = OpenAccess;
	type Licences = Licences;
	type Devices = Verdicts;
	type OnOffer = Offers;
	type FeeShare = FeeShare;
	type FeeDestination = ConstU64<TREASURY>;
	type MinimumPrice = ConstU64<MINIMUM_PRICE>;
	type MinPeriod = ConstU64<5>;
	type MaxDeliveryPeriod = ConstU64<100>;
	type MaxConfirmationPeriod = ConstU64<100>;
	type MaxAccessPeriod = ConstU64<1_000>;
	type RetentionPeriod = ConstU64<RETENTION>;
	type ChallengeBond = Bond;
	type MaxChallenges = ConstU32<MAX_CHALLENGES>;
	type ExtensionPeriod = ConstU64<EXTENSION>;
	type ArbiterOrigin = EnsureSignedBy<Arbiter, AccountId>;
	type ComplaintBondShare = ComplaintBondShare;
	type MinimumComplaintBond = ConstU64<MINIMUM_COMPLAINT_BOND>;
	type ResponsePeriod = ConstU64<RESPONSE>;
	type DecisionPeriod = ConstU64<DECISION>;
	type DefaultPayerShare = DefaultPayerShare;
	type SecondsPerBlock = ConstU32<SECONDS_PER_BLOCK>;
	type WeightInfo = ();
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
	pub owner: AccountId,
	pub key_agent: Option<AccountId>,
	pub status: DatasetStatus,
	pub range: RangeCommitment,
}

impl Dataset {
	pub fn of(owner: AccountId, range: RangeCommitment) -> Self {
		Self { owner, key_agent: Some(AGENT), status: DatasetStatus::Active, range }
	}
}

impl DatasetInfo<AccountId> for Datasets {
	fn owner(dataset: &DatasetId) -> Option<AccountId> {
		Self::get().get(dataset).map(|dataset| dataset.owner)
	}
	fn key_agent(dataset: &DatasetId) -> Option<AccountId> {
		Self::get().get(dataset).and_then(|dataset| dataset.key_agent)
	}
	fn status(dataset: &DatasetId) -> Option<DatasetStatus> {
		Self::get().get(dataset).map(|dataset| dataset.status)
	}
	fn range(dataset: &DatasetId) -> Option<RangeCommitment> {
		let datasets = Self::get();
		let dataset = datasets.get(dataset)?;
		(dataset.status == DatasetStatus::Active).then_some(dataset.range)
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_dataset(owner: AccountId, range: RangeCommitment) -> DatasetId {
		Self::mutate(|datasets| datasets.insert(DATASET, Dataset::of(owner, range)));
		DATASET
	}
}

pub fn change_dataset(dataset: DatasetId, change: impl FnOnce(&mut Dataset)) {
	Datasets::mutate(|datasets| change(datasets.get_mut(&dataset).unwrap()));
}

pub fn erase(dataset: DatasetId) {
	change_dataset(dataset, |dataset| dataset.status = DatasetStatus::Erased);
}

/// The owner excludes `subject` from a data set, or ends that.
pub fn set_denied(dataset: DatasetId, subject: AccountId, denied: bool) {
	Denied::mutate(|denials| {
		denials.retain(|denial| *denial != (dataset, subject));
		if denied {
			denials.push((dataset, subject));
		}
	});
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
	pub dataset: DatasetId,
	pub subject: AccountId,
	pub actions: Actions,
	pub expires_at: u64,
}

impl OrderAccess<AccountId, u64> for OpenAccess {
	fn open(
		resource: &DatasetId,
		subject: &AccountId,
		order: OrderId,
		actions: Actions,
		expires_at: u64,
	) -> DispatchResult {
		if AccessIsFull::get() {
			return Err(DispatchError::Other("full"));
		}
		let access = Access { dataset: *resource, subject: *subject, actions, expires_at };
		note_new(Self::mutate(|open| open.insert(order, access)));
		Ok(())
	}
	fn close(resource: &DatasetId, subject: &AccountId, order: OrderId) {
		if let Some(access) = Self::mutate(|open| open.remove(&order)) {
			assert_eq!((access.dataset, access.subject), (*resource, *subject));
		}
	}
	fn is_denied(resource: &DatasetId, subject: &AccountId) -> bool {
		Denied::get().contains(&(*resource, *subject))
	}
}

/// One licence of SPDX may be named, and what the benchmarks name.
pub struct Licences;

impl LicenceList for Licences {
	fn may_be_named(identifier: &LicenceId) -> bool {
		identifier.as_slice() == b"CC-BY-4.0" || identifier.as_slice() == [b'a'; 64]
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_licence(_: &LicenceId) {}
}

impl DeviceStatus<u64> for Verdicts {
	fn is_available() -> bool {
		Self::get().is_some()
	}
	fn trusted_at(dataset: &DatasetId) -> Option<u64> {
		Self::get().and_then(|verdicts| verdicts.get(dataset).copied())
	}
	fn attested_range(dataset: &DatasetId) -> Option<RangeCommitment> {
		Attested::get().get(dataset).copied()
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_verdict(dataset: &DatasetId) {
		let range = Datasets::range(dataset).expect("the data set exists");
		Attested::mutate(|attested| attested.insert(*dataset, range));
		Self::mutate(|verdicts| {
			verdicts.get_or_insert_default().insert(*dataset, System::block_number());
		});
	}
}

/// Nothing is made twice. Benchmarks wipe the chain's state between their runs, and not the mocks'.
fn note_new<T>(before: Option<T>) {
	assert!(before.is_none() || cfg!(feature = "runtime-benchmarks"));
}

impl OnOffer<AccountId, u64, u64> for Offers {
	fn opened(listing: &ListingId, offer: &Offer<AccountId, u64, u64>) {
		note_new(Self::mutate(|offers| offers.insert(*listing, offer.clone())));
	}
	fn closed(listing: &ListingId, offer: &Offer<AccountId, u64, u64>) {
		Self::mutate(|offers| assert_eq!(offers.remove(listing).as_ref(), Some(offer)));
	}
}

/// Encrypted batches of two chunks each; three, unless another number is said.
pub struct Data {
	pub tree: KeyTree,
	pub chunks: Vec<Vec<(ChunkCommitment, Vec<u8>)>>,
	pub batches: Vec<BatchCommitment>,
	pub range: RangeCommitment,
}

impl Data {
	pub fn honest() -> Self {
		Self::spoiled(|_| ())
	}

	/// The commitment to the very last chunk is altered by `spoil`.
	pub fn spoiled(spoil: impl FnOnce(&mut ChunkCommitment)) -> Self {
		Self::of(3, spoil)
	}

	pub fn of(count: u32, spoil: impl FnOnce(&mut ChunkCommitment)) -> Self {
		let tree = KeyTree::from_seed([7; 32]);
		let seal = |batch, chunk| {
			let readings = [b"21.".as_slice(), &[b'0' + batch as u8 + chunk as u8]].concat();
			tree.batch_key(batch).chunk_key(chunk).seal(&readings).unwrap()
		};
		let mut chunks: Vec<Vec<_>> =
			(0..count).map(|batch| (0..2).map(|chunk| seal(batch, chunk)).collect()).collect();
		spoil(&mut chunks.last_mut().unwrap()[1].0);
		let batches: Vec<_> = chunks
			.iter()
			.map(|batch| {
				let leaves: Vec<_> = batch.iter().map(|(leaf, _)| leaf.leaf_hash()).collect();
				BatchCommitment { chunks: 2, root: tree::root(&leaves) }
			})
			.collect();
		let mut peaks = Peaks::default();
		batches.iter().for_each(|batch| peaks.append(batch).unwrap());
		let range = RangeCommitment { batches: count, root: peaks.root().into() };
		Self { tree, chunks, batches, range }
	}

	pub fn proof(&self, batch: u32, chunk: u32) -> ChunkProof {
		let chunks: Vec<_> =
			self.chunks[batch as usize].iter().map(|(commitment, _)| *commitment).collect();
		ChunkProof::new(&self.batches, batch, &chunks, chunk).unwrap()
	}

	pub fn chunk_key(&self, batch: u32, chunk: u32) -> [u8; 32] {
		*self.tree.batch_key(batch).chunk_key(chunk).as_bytes()
	}

	pub fn ciphertext(&self, batch: u32, chunk: u32) -> ChunkCiphertext {
		self.chunks[batch as usize][chunk as usize].1.clone().try_into().unwrap()
	}
}

pub struct ExtBuilder {
	datasets: BTreeMap<DatasetId, Dataset>,
	balances: BTreeMap<AccountId, u64>,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self {
			datasets: BTreeMap::from([(DATASET, Dataset::of(OWNER, Data::honest().range))]),
			balances: [OWNER, AGENT, BUYER, FRIEND, STRANGER].map(|who| (who, FUNDS)).into(),
		}
	}
}

impl ExtBuilder {
	pub fn with_dataset(mut self, id: DatasetId, dataset: Dataset) -> Self {
		self.datasets.insert(id, dataset);
		self
	}

	pub fn with_balance(mut self, who: AccountId, balance: u64) -> Self {
		self.balances.insert(who, balance);
		self
	}

	pub fn build(self) -> sp_io::TestExternalities {
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		pallet_balances::GenesisConfig::<Test> {
			balances: self.balances.into_iter().collect(),
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		Datasets::set(self.datasets);
		OpenAccess::set(BTreeMap::new());
		AccessIsFull::set(false);
		Offers::set(BTreeMap::new());
		Denied::set(Vec::new());
		Verdicts::set(None);
		Attested::set(BTreeMap::new());
		Bond::set(CHALLENGE_BOND);
		DefaultPayerShare::set(Permill::from_percent(40));
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			assert_ok!(Marketplace::do_try_state());
		});
	}
}

pub fn bytes<Bound: frame_support::traits::Get<u32>>(
	bytes: &[u8],
) -> frame_support::BoundedVec<u8, Bound> {
	bytes.to_vec().try_into().unwrap()
}

pub fn terms() -> ListingTermsOf<Test> {
	ListingTerms {
		dataset: DATASET,
		right: Right::Read,
		kind: bytes(b"air-temperature"),
		unit: bytes(b"Cel"),
		interval_seconds: 600,
		place: bytes(b"ezjmg"),
		licence: bytes(b"CC-BY-4.0"),
		sample: bytes(b"21.5"),
		pricing: Pricing::OneTime { price: PRICE },
		delivery_period: DELIVERY,
		confirmation_period: CONFIRMATION,
		access_period: ACCESS,
		maximum_verdict_age: None,
	}
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// Puts [`DATASET`] on offer under `terms`.
pub fn list(terms: ListingTermsOf<Test>) -> ListingId {
	assert_ok!(Marketplace::create_listing(signed(OWNER), SALT, terms));
	Marketplace::listing_id(&OWNER, &DATASET, SALT)
}

pub fn buyer_key() -> [u8; 32] {
	EnvelopeSecret::from_bytes(SECRET).public_key()
}

/// [`BUYER`] buys at the listing's own conditions.
pub fn buy(listing: ListingId) -> OrderId {
	let terms_hash = Listings::<Test>::get(listing).unwrap().terms_hash;
	assert_ok!(Marketplace::buy(signed(BUYER), listing, terms_hash, PRICE, None, buyer_key()));
	Marketplace::order_id(&listing, &BUYER, &buyer_key())
}

/// [`PRICE`] for each [`PERIOD`], for two at least; a tenth off from ten on.
pub fn period_price() -> PeriodPrice<u64, u64> {
	let discount = Discount { from_periods: 10, off: Permill::from_percent(10) };
	let discounts = vec![discount].try_into().unwrap();
	PeriodPrice { price: PRICE, period: PERIOD, minimum: 2, discounts }
}

pub fn subscription_terms() -> ListingTermsOf<Test> {
	ListingTerms { pricing: Pricing::PerPeriod(period_price()), ..terms() }
}

/// [`BUYER`] subscribes at the listing's own conditions.
pub fn subscribe(listing: ListingId, periods: u32) -> OrderId {
	let hash = Listings::<Test>::get(listing).unwrap().terms_hash;
	let origin = signed(BUYER);
	assert_ok!(Marketplace::subscribe(origin, listing, hash, periods, FUNDS, None, buyer_key()));
	Marketplace::order_id(&listing, &BUYER, &buyer_key())
}

/// A subscription of [`PERIODS`] that waits for its key.
pub fn open_subscription() -> OrderId {
	subscribe(list(subscription_terms()), PERIODS)
}

/// A subscription of [`PERIODS`] that began at block 1 and was delivered at block 11.
pub fn running_subscription() -> OrderId {
	let id = open_subscription();
	run_to(11);
	deliver(id, envelope(id, &Data::honest().tree, 3));
	events();
	id
}

/// 10 for each reading, of which there is one in six blocks; twenty at least.
pub fn reading_terms() -> ListingTermsOf<Test> {
	let pricing = Pricing::PerReading(ReadingPrice { price: 10, minimum: 20 });
	ListingTerms { pricing, ..terms() }
}

/// An allowance of 1,000 for 300 blocks that began at block 1 and was delivered at block 11.
pub fn running_allowance() -> OrderId {
	let listing = list(reading_terms());
	let (origin, hash) = (signed(BUYER), reading_terms().hash());
	assert_ok!(Marketplace::open_allowance(origin, listing, hash, 1_000, 300, None, buyer_key()));
	let id = Marketplace::order_id(&listing, &BUYER, &buyer_key());
	run_to(11);
	deliver(id, envelope(id, &Data::honest().tree, 3));
	events();
	id
}

/// Puts more honest batches into [`DATASET`], so that it holds `batches`.
pub fn append_up_to(batches: u32) {
	change_dataset(DATASET, |dataset| dataset.range = Data::of(batches, |_| ()).range);
}

/// Delivers an honest instalment of `batches`.
pub fn deliver_instalment(id: OrderId, batches: u32) {
	let sealed = envelope(id, &Data::honest().tree, batches);
	assert_ok!(Marketplace::deliver_instalment(signed(AGENT), id, batches, sealed));
}

pub fn subscription(id: OrderId) -> SubscriptionOf<Test> {
	Marketplace::subscription(id).unwrap()
}

/// An order at [`PRICE`] that waits for its key.
pub fn open_order() -> OrderId {
	buy(list(terms()))
}

/// An order that was delivered honestly.
pub fn delivered_order() -> OrderId {
	let order = open_order();
	deliver(order, envelope(order, &Data::honest().tree, 3));
	order
}

pub fn deliver(order: OrderId, envelope: Envelope) {
	assert_ok!(Marketplace::deliver(signed(AGENT), order, envelope));
}

pub fn order(id: OrderId) -> OrderOf<Test> {
	Orders::<Test>::get(id).unwrap()
}

/// The keys of the first `batches` batches of `tree`, sealed for `id`.
pub fn envelope(id: OrderId, tree: &KeyTree, batches: u32) -> Envelope {
	let order = order(id);
	let context = Marketplace::order_context(id, &order);
	let sealed = seal_order(&tree.cover(batches), &order.buyer_key, &context, [5; 32]).unwrap();
	sealed.try_into().unwrap()
}

pub fn run_to(block: u64) {
	assert!(block >= System::block_number());
	System::set_block_number(block);
}

/// This pallet's events since the last call.
pub fn events() -> Vec<Event<Test>> {
	let events = System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Marketplace(event) => Some(event),
			_ => None,
		})
		.collect();
	System::reset_events();
	events
}

pub fn payment_of(who: AccountId) -> u64 {
	held(who, HoldReason::Payment)
}

pub fn bond_of(who: AccountId) -> u64 {
	held(who, HoldReason::DisputeBond)
}

pub fn deposit_of(who: AccountId) -> u64 {
	held(who, HoldReason::StorageDeposit)
}

fn held(who: AccountId, reason: HoldReason) -> u64 {
	use frame_support::traits::fungible::InspectHold;
	Balances::balance_on_hold(&reason.into(), &who)
}

pub fn free(who: AccountId) -> u64 {
	Balances::free_balance(who)
}

/// Calls as a transaction does: what fails leaves no trace.
pub fn dispatch(who: AccountId, call: Call<Test>) -> DispatchResult {
	use sp_runtime::traits::Dispatchable;
	RuntimeCall::from(call).dispatch(signed(who)).map(|_| ()).map_err(|failure| failure.error)
}
