//! A runtime of its own, with a market kept in memory.

use crate::{
	self as pallet_demands, pallet::*, DemandId, DemandOf, DemandTerms, DemandTermsOf, RequestId,
	RequestTerms, RequestTermsOf,
};
use alloc::{collections::BTreeMap, vec::Vec};
use codec::{Decode, Encode};
use frame_support::{
	assert_ok, derive_impl, parameter_types, storage_alias,
	traits::{
		fungible::{HoldConsideration, InspectHold, Mutate},
		tokens::Preservation,
		ConstU32, ConstU64, LinearStoragePrice,
	},
	BoundedVec,
};
use frame_system::EnsureRoot;
use msec_primitives::{
	DatasetId, DeviceStatus, ListingId, Market, Offer, OnOffer, OrderId, RangeCommitment,
	TrustScore,
};
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::{BuildStorage, DispatchError, DispatchResult, Permill};

pub type AccountId = u64;

pub const SELLER: AccountId = 1;
pub const RIVAL: AccountId = 2;
pub const BUYER: AccountId = 3;
pub const OTHER: AccountId = 4;
pub const FRIEND: AccountId = 5;
pub const STRANGER: AccountId = 6;
/// Holds what orders take.
pub const ESCROW: AccountId = 7;

pub const EVERYBODY: [AccountId; 6] = [SELLER, RIVAL, BUYER, OTHER, FRIEND, STRANGER];

pub const FUNDS: u64 = 1_000_000;
pub const EXISTENTIAL_DEPOSIT: u64 = 10;
pub const ORDER_DEPOSIT: u64 = 50;
pub const PRICE: u64 = 1_000;
pub const MIN_AGE: u64 = 5;
pub const LONGEST: u64 = 1_000;
pub const DECISION: u64 = 100;
/// Last block of the demands and requests in the tests.
pub const END: u64 = 500;

pub const SALT: H256 = H256::repeat_byte(0x5a);
/// Nothing can be sealed for this one.
pub const INVALID_KEY: [u8; 32] = [0; 32];

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
	pub type DemandSide = pallet_demands;
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
	type ExistentialDeposit = ConstU64<EXISTENTIAL_DEPOSIT>;
	type MaxFreezes = ConstU32<1>;
}

parameter_types! {
	pub const StorageDeposit: RuntimeHoldReason =
		RuntimeHoldReason::DemandSide(HoldReason::StorageDeposit);
	pub static MaxLooks: u32 = 4;
	pub static Offers: BTreeMap<ListingId, Offer<AccountId, u64, u64>> = BTreeMap::new();
	pub static NextListing: u64 = 0;
	/// Whoever cannot get access to what a listing sells.
	pub static Denied: Vec<(ListingId, AccountId)> = Vec::new();
	/// `None` when nobody keeps scores.
	pub static Scores: Option<BTreeMap<AccountId, Permill>> = None;
	/// `None` when nobody gives verdicts.
	pub static Verdicts: Option<BTreeMap<DatasetId, u64>> = None;
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
	type Market = Offers;
	type OrderDeposit = ConstU64<ORDER_DEPOSIT>;
	type Scores = Scores;
	type Devices = Verdicts;
	type ArbiterOrigin = EnsureRoot<AccountId>;
	type MinOfferAge = ConstU64<MIN_AGE>;
	type MaxDemandPeriod = ConstU64<LONGEST>;
	type DecisionPeriod = ConstU64<DECISION>;
	type MaxLooks = MaxLooks;
	type WeightInfo = ();
}

/// What the market remembers of an order.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Order {
	pub payer: AccountId,
	pub listing: ListingId,
	pub price: u64,
	pub beneficiary: AccountId,
	pub buyer_key: [u8; 32],
}

/// In the state, so that a purchase that is taken back leaves none.
#[storage_alias]
type Orders = StorageMap<Market, frame_support::Identity, OrderId, Order>;

impl Market<AccountId, u64, u64> for Offers {
	fn offer(listing: &ListingId) -> Option<Offer<AccountId, u64, u64>> {
		Self::get().get(listing).cloned()
	}

	fn standing_offer(listing: &ListingId) -> Option<Offer<AccountId, u64, u64>> {
		<Self as Market<_, _, _>>::offer(listing)
	}

	fn buy_for(
		payer: &AccountId,
		listing: &ListingId,
		terms_hash: H256,
		highest_price: u64,
		beneficiary: &AccountId,
		buyer_key: [u8; 32],
	) -> Result<OrderId, DispatchError> {
		let offer = <Self as Market<_, _, _>>::offer(listing).ok_or("no offer")?;
		assert_eq!(offer.terms_hash, terms_hash);
		assert!(offer.price <= highest_price);
		let id = (listing, beneficiary, buyer_key).using_encoded(blake2_256).into();
		if Orders::contains_key(id) {
			return Err("such an order exists".into());
		}
		Balances::transfer(payer, &ESCROW, offer.price + ORDER_DEPOSIT, Preservation::Preserve)?;
		let (payer, beneficiary) = (*payer, *beneficiary);
		let (listing, price) = (*listing, offer.price);
		Orders::insert(id, Order { payer, listing, price, beneficiary, buyer_key });
		if Denied::get().contains(&(listing, beneficiary)) {
			return Err("denied".into());
		}
		Ok(id)
	}

	fn is_valid_key(buyer_key: &[u8; 32]) -> bool {
		*buyer_key != INVALID_KEY
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_offer(
		seller: AccountId,
		kind: msec_primitives::Kind,
		place: msec_primitives::Place,
		price: u64,
	) -> ListingId {
		let is_attested = true;
		let offered =
			Offer { kind, place, price, is_attested, ..an_offer(seller, b"ezjmg", price) };
		Verdicts::benchmark_verdict(&offered.dataset);
		offer(offered)
	}
}

impl TrustScore<AccountId> for Scores {
	fn is_available() -> bool {
		Self::get().is_some()
	}
	fn score(account: &AccountId) -> Permill {
		Self::get().and_then(|scores| scores.get(account).copied()).unwrap_or_default()
	}
}

impl DeviceStatus<u64> for Verdicts {
	fn is_available() -> bool {
		Self::get().is_some()
	}
	fn trusted_at(dataset: &DatasetId) -> Option<u64> {
		Self::get().and_then(|verdicts| verdicts.get(dataset).copied())
	}
	fn attested_range(_: &DatasetId) -> Option<RangeCommitment> {
		None
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_verdict(dataset: &DatasetId) {
		Self::mutate(|verdicts| {
			verdicts.get_or_insert_default().insert(*dataset, System::block_number());
		});
	}
}

pub struct ExtBuilder {
	balances: BTreeMap<AccountId, u64>,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { balances: EVERYBODY.iter().chain(&[ESCROW]).map(|who| (*who, FUNDS)).collect() }
	}
}

impl ExtBuilder {
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
		MaxLooks::set(4);
		Offers::set(BTreeMap::new());
		NextListing::set(0);
		Denied::set(Vec::new());
		Scores::set(None);
		Verdicts::set(None);
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			assert_ok!(DemandSide::do_try_state());
		});
	}
}

pub fn bytes<Bound: frame_support::traits::Get<u32>>(bytes: &[u8]) -> BoundedVec<u8, Bound> {
	bytes.to_vec().try_into().unwrap()
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub fn an_offer(seller: AccountId, place: &[u8], price: u64) -> Offer<AccountId, u64, u64> {
	Offer {
		seller,
		dataset: H256::from_low_u64_be(seller),
		kind: bytes(b"air-temperature"),
		place: bytes(place),
		price,
		terms_hash: H256::from_low_u64_be(price),
		is_attested: false,
		since: System::block_number(),
	}
}

/// Puts something on offer.
pub fn offer(offer: Offer<AccountId, u64, u64>) -> ListingId {
	let listing = NextListing::mutate(|next| {
		*next += 1;
		blake2_256(&next.encode()).into()
	});
	reopen(listing, offer);
	listing
}

fn reopen(listing: ListingId, offer: Offer<AccountId, u64, u64>) {
	DemandSide::opened(&listing, &offer);
	Offers::mutate(|offers| offers.insert(listing, offer));
}

/// Ends an offer.
pub fn close(listing: ListingId) -> Offer<AccountId, u64, u64> {
	let offer = Offers::mutate(|offers| offers.remove(&listing)).unwrap();
	DemandSide::closed(&listing, &offer);
	offer
}

/// Changes the price of an offer.
pub fn reprice(listing: ListingId, price: u64) {
	let (terms_hash, since) = (H256::from_low_u64_be(price), System::block_number());
	let offer = close(listing);
	reopen(listing, Offer { price, terms_hash, since, ..offer });
}

/// An offer of [`SELLER`] in `ezjmg`.
pub fn list(price: u64) -> ListingId {
	offer(an_offer(SELLER, b"ezjmg", price))
}

/// An offer that has stood for long enough.
pub fn list_and_wait(price: u64) -> ListingId {
	let listing = list(price);
	wait(MIN_AGE);
	listing
}

/// A demand of `account` for `ezjm`.
pub fn demand_terms(account: AccountId, highest_price: u64, fills: u8) -> DemandTermsOf<Test> {
	DemandTerms {
		kind: bytes(b"air-temperature"),
		area: bytes(b"ezjm"),
		highest_price,
		minimum_score: None,
		maximum_verdict_age: None,
		expires_at: END,
		beneficiary: account,
		buyer_keys: keys(fills),
	}
}

pub fn keys(count: u8) -> crate::BuyerKeys {
	(1..=count).map(|key| [key; 32]).collect::<Vec<_>>().try_into().unwrap()
}

/// Registers a demand with the salt made of `salt`.
pub fn demand_with(account: AccountId, salt: u8, terms: DemandTermsOf<Test>) -> DemandId {
	let salt = H256::repeat_byte(salt);
	assert_ok!(DemandSide::create_demand(signed(account), salt, terms));
	DemandSide::demand_id(&account, salt)
}

/// Registers a demand of `account`.
pub fn demand(account: AccountId, highest_price: u64, fills: u8) -> DemandId {
	demand_with(account, 0x5a, demand_terms(account, highest_price, fills))
}

pub fn stored(id: DemandId) -> DemandOf<Test> {
	crate::Demands::<Test>::get(id).unwrap()
}

pub fn stands(id: DemandId) -> bool {
	crate::Demands::<Test>::contains_key(id)
}

pub fn propose(demand: DemandId, listing: ListingId) -> DispatchResult {
	dispatch(STRANGER, Call::propose_match { demand, listing })
}

/// What `who` bought, in no particular order.
pub fn bought(who: AccountId) -> Vec<Order> {
	Orders::iter_values().filter(|order| order.payer == who).collect()
}

pub fn request_terms() -> RequestTermsOf<Test> {
	RequestTerms {
		description: H256::repeat_byte(0xde),
		kind: bytes(b"air-temperature"),
		area: bytes(b"ez"),
		reward: PRICE,
		deadline: END,
		arbiter: None,
	}
}

pub fn request(terms: RequestTermsOf<Test>) -> RequestId {
	assert_ok!(DemandSide::create_request(signed(BUYER), SALT, terms));
	DemandSide::request_id(&BUYER, SALT)
}

pub fn wait(blocks: u64) {
	run_to(System::block_number() + blocks);
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
			RuntimeEvent::DemandSide(event) => Some(event),
			_ => None,
		})
		.collect();
	System::reset_events();
	events
}

pub fn budget_of(who: AccountId) -> u64 {
	Balances::balance_on_hold(&HoldReason::Budget.into(), &who)
}

pub fn reward_of(who: AccountId) -> u64 {
	Balances::balance_on_hold(&HoldReason::Reward.into(), &who)
}

pub fn deposit_of(who: AccountId) -> u64 {
	Balances::balance_on_hold(&HoldReason::StorageDeposit.into(), &who)
}

pub fn free(who: AccountId) -> u64 {
	Balances::free_balance(who)
}

/// Calls as a transaction does: what fails leaves no trace.
pub fn dispatch(who: AccountId, call: Call<Test>) -> DispatchResult {
	use sp_runtime::traits::Dispatchable;
	RuntimeCall::from(call).dispatch(signed(who)).map(|_| ()).map_err(|failure| failure.error)
}
