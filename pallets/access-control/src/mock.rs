//! A runtime of this pallet and balances, for the tests.

use crate as pallet_access_control;
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		fungible::HoldConsideration, ConstU128, ConstU32, ConstU64, ConstU8, Footprint,
		LinearStoragePrice,
	},
};
use frame_system::EnsureRoot;
use msec_primitives::{DatasetId, DatasetInfo, DatasetStatus, RangeCommitment, StoreInfo};
use sp_core::H256;
use sp_runtime::BuildStorage;
use std::collections::BTreeMap;

pub type AccountId = u64;
pub type Balance = u128;

/// Owns [`AIR`] and [`NOISE`].
pub const OWNER: AccountId = 1;
/// Delivers the keys of [`AIR`].
pub const AGENT: AccountId = 2;
pub const ALICE: AccountId = 3;
pub const BOB: AccountId = 4;
pub const CAROL: AccountId = 5;
pub const DAVE: AccountId = 6;
/// Operates a store.
pub const STORE: AccountId = 7;
/// Has nothing.
pub const PAUPER: AccountId = 99;

pub const AIR: DatasetId = H256::repeat_byte(1);
pub const NOISE: DatasetId = H256::repeat_byte(2);
pub const UNKNOWN: DatasetId = H256::repeat_byte(3);

pub const ENDOWMENT: Balance = 100_000;
/// 100 and 1 for each of 126 bytes: the keys and the longest grant.
pub const GRANT_DEPOSIT: Balance = 226;
/// 100 and 1 for each of 64 bytes: the keys, an account and a ticket.
pub const DENIAL_DEPOSIT: Balance = 164;
pub const MAX_GRANTS: u32 = 16;
pub const MAX_DELEGATION_DEPTH: u8 = 3;
pub const MAX_ANCHORS: u32 = 3;
pub const MAX_REQUESTS: u32 = 3;
pub const REQUEST_PERIOD: u64 = 20;

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
	pub type AccessControl = pallet_access_control;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<10>;
	type AccountStore = System;
}

parameter_types! {
	pub const AccessHoldReason: RuntimeHoldReason =
		RuntimeHoldReason::AccessControl(pallet_access_control::HoldReason::AccessDeposit);
	pub static Datasets: BTreeMap<DatasetId, Dataset> = BTreeMap::new();
	pub static Stores: Vec<AccountId> = vec![STORE];
}

impl pallet_access_control::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Consideration = HoldConsideration<
		AccountId,
		Balances,
		AccessHoldReason,
		LinearStoragePrice<ConstU128<100>, ConstU128<1>, Balance>,
	>;
	type Datasets = Registry;
	type Stores = Registry;
	type MaxAnchors = ConstU32<MAX_ANCHORS>;
	type MaxGrants = ConstU32<MAX_GRANTS>;
	type MaxDelegationDepth = ConstU8<MAX_DELEGATION_DEPTH>;
	type MaxRequests = ConstU32<MAX_REQUESTS>;
	type RequestPeriod = ConstU64<REQUEST_PERIOD>;
	type AdequacyOrigin = EnsureRoot<AccountId>;
	type WeightInfo = ();
}

/// What the tests know of a data set.
#[derive(Clone)]
pub struct Dataset {
	owner: AccountId,
	key_agent: Option<AccountId>,
	status: DatasetStatus,
	range: RangeCommitment,
}

impl Dataset {
	fn new(owner: AccountId, key_agent: Option<AccountId>) -> Self {
		let range = RangeCommitment { batches: 1, root: H256::zero() };
		Self { owner, key_agent, status: DatasetStatus::Active, range }
	}
}

/// Stands for the pallet that registers data sets.
pub struct Registry;

impl Registry {
	pub fn erase(dataset: DatasetId) {
		Self::change(dataset, |entry| entry.status = DatasetStatus::Erased);
	}

	pub fn hand_over(dataset: DatasetId, owner: AccountId) {
		Self::change(dataset, |entry| entry.owner = owner);
	}

	fn change(dataset: DatasetId, change: impl FnOnce(&mut Dataset)) {
		Datasets::mutate(|datasets| {
			change(datasets.get_mut(&dataset).expect("the data set exists; qed"));
		});
	}
}

impl DatasetInfo<AccountId> for Registry {
	fn owner(dataset: &DatasetId) -> Option<AccountId> {
		Datasets::get().get(dataset).map(|entry| entry.owner)
	}
	fn key_agent(dataset: &DatasetId) -> Option<AccountId> {
		Datasets::get().get(dataset).and_then(|entry| entry.key_agent)
	}
	fn status(dataset: &DatasetId) -> Option<DatasetStatus> {
		Datasets::get().get(dataset).map(|entry| entry.status)
	}
	fn range(dataset: &DatasetId) -> Option<RangeCommitment> {
		Datasets::get().get(dataset).map(|entry| entry.range)
	}
	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_dataset(owner: AccountId, range: RangeCommitment) -> DatasetId {
		let dataset = Dataset { range, ..Dataset::new(owner, None) };
		Datasets::mutate(|datasets| datasets.insert(range.root, dataset));
		range.root
	}
}

impl StoreInfo<AccountId> for Registry {
	fn is_registered(account: &AccountId) -> bool {
		Stores::get().contains(account)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_store(operator: &AccountId) {
		Stores::mutate(|stores| stores.push(*operator));
	}
}

/// Makes the state in which a test begins: the two data sets, and accounts with an endowment.
#[derive(Default)]
pub struct ExtBuilder {
	more_accounts: Vec<AccountId>,
}

impl ExtBuilder {
	pub fn with_accounts(mut self, accounts: impl IntoIterator<Item = AccountId>) -> Self {
		self.more_accounts.extend(accounts);
		self
	}

	pub fn build(self) -> sp_io::TestExternalities {
		let datasets =
			[(AIR, Dataset::new(OWNER, Some(AGENT))), (NOISE, Dataset::new(OWNER, None))];
		Datasets::set(datasets.into());
		let balances =
			(OWNER..=DAVE).chain(self.more_accounts).map(|who| (who, ENDOWMENT)).collect();
		let balances = pallet_balances::GenesisConfig { balances, ..Default::default() };
		let access_control = pallet_access_control::GenesisConfig {
			adequate_transfers: vec![(*b"EU", *b"JP")],
			..Default::default()
		};
		let genesis = RuntimeGenesisConfig { balances, access_control, ..Default::default() };
		let storage = genesis.build_storage().expect("the genesis of the tests is valid; qed");
		let mut externalities = sp_io::TestExternalities::new(storage);
		// No events are kept in the block of genesis.
		externalities.execute_with(|| System::set_block_number(1));
		externalities
	}

	/// Runs `test` and checks the state that it leaves.
	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			AccessControl::do_try_state().expect("the state stays sound; qed");
		});
	}
}

/// The events of this pallet since the beginning of the block, in order.
pub fn access_events() -> Vec<pallet_access_control::Event<Test>> {
	System::read_events_for_pallet()
}

/// What `who` holds as deposits for grants and denials.
pub fn deposit_of(who: AccountId) -> Balance {
	use frame_support::traits::fungible::InspectHold;
	let held = Balances::balance_on_hold(&AccessHoldReason::get(), &who);
	assert_eq!(Balances::free_balance(who) + held, ENDOWMENT, "a deposit went elsewhere");
	held
}

/// What is deposited for something that takes this place.
pub fn price_of(footprint: Footprint) -> Balance {
	100 + Balance::from(footprint.size)
}
