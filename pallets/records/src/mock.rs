//! A runtime for the tests.

use crate as pallet_records;
use crate::{
	DatasetDetails, Datasets, EncryptionKeys, EndpointOf, Event, HoldReason, StoreDetails, Stores,
	StoresOf,
};
use frame_support::{
	derive_impl, parameter_types,
	traits::{
		fungible::{HoldConsideration, InspectHold},
		ConstU32, ConstU64, Footprint, LinearStoragePrice,
	},
};
use msec_commitments::BatchCommitment;
use msec_primitives::{AccessPolicy, Action, Basis, DatasetId, Decision, Purpose, Refusal};
use sp_core::H256;
use sp_runtime::{
	traits::{BlakeTwo256, Convert, Hash},
	BuildStorage,
};
use std::collections::BTreeMap;

pub type AccountId = u64;
pub type Balance = u64;

pub const OWNER: AccountId = 1;
/// May write to every data set, but nothing else.
pub const WRITER: AccountId = 2;
pub const AGENT: AccountId = 3;
pub const STRANGER: AccountId = 4;
pub const STORE: AccountId = 10;
pub const OTHER_STORE: AccountId = 11;

pub const INITIAL_BALANCE: Balance = 10_000;
/// Deposits in units of the mock's price: 10 an item and 1 a byte.
pub const STORE_DEPOSIT: Balance = 72;
pub const ENCRYPTION_KEY_DEPOSIT: Balance = 55;
pub const DATASET_DEPOSIT: Balance = 1_210;
pub const TOMBSTONE_DEPOSIT: Balance = 340;

pub const ENDPOINT: &[u8] = b"https://store.example";
pub const TERMS: H256 = H256::repeat_byte(7);
pub const SALT: H256 = H256::repeat_byte(1);

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
	pub type System = frame_system::Pallet<Test>;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances::Pallet<Test>;
	#[runtime::pallet_index(2)]
	pub type Records = pallet_records::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
}

parameter_types! {
	pub const StorageDeposit: RuntimeHoldReason =
		RuntimeHoldReason::Records(HoldReason::StorageDeposit);
}

type Price = LinearStoragePrice<ConstU64<10>, ConstU64<1>, Balance>;

impl pallet_records::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Consideration = HoldConsideration<AccountId, Balances, StorageDeposit, Price>;
	type AccessPolicy = WriterMayWrite;
	type MaxEndpointLength = ConstU32<64>;
	type MaxStores = ConstU32<4>;
	type MaxBatchesPerCall = ConstU32<16>;
	type WeightInfo = ();
}

/// Lets [`WRITER`] write, and nobody do anything else.
pub struct WriterMayWrite;

impl AccessPolicy<AccountId> for WriterMayWrite {
	fn can_access(
		subject: &AccountId,
		_: &DatasetId,
		action: Action,
		_: Option<Purpose>,
	) -> Decision {
		match (*subject, action) {
			(WRITER, Action::Write) => Decision::Allow(Basis::Grant),
			_ => Decision::Deny(Refusal::NoGrant),
		}
	}
}

/// Builds the state that a test begins with.
#[derive(Default)]
pub struct ExtBuilder {
	stores: Vec<AccountId>,
	datasets: Vec<(AccountId, H256)>,
}

impl ExtBuilder {
	/// Registers stores with [`ENDPOINT`] and [`TERMS`].
	pub fn with_stores(mut self, operators: &[AccountId]) -> Self {
		self.stores.extend(operators);
		self
	}

	/// Registers [`STORE`] and makes a data set of [`OWNER`] held there.
	pub fn with_dataset(self) -> Self {
		let mut builder = self.with_stores(&[STORE]);
		builder.datasets.push((OWNER, SALT));
		builder
	}

	pub fn build(self) -> sp_io::TestExternalities {
		let mut storage = frame_system::GenesisConfig::<Test>::default()
			.build_storage()
			.expect("the genesis of the system pallet is valid");
		let accounts = [OWNER, WRITER, AGENT, STRANGER, STORE, OTHER_STORE];
		pallet_balances::GenesisConfig::<Test> {
			balances: accounts.map(|account| (account, INITIAL_BALANCE)).to_vec(),
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.expect("the genesis of the balances pallet is valid");

		let mut externalities = sp_io::TestExternalities::from(storage);
		externalities.execute_with(|| {
			System::set_block_number(1);
			for operator in self.stores {
				Records::register_store(RuntimeOrigin::signed(operator), endpoint(), TERMS)
					.expect("the store is new");
			}
			for (owner, salt) in self.datasets {
				let origin = RuntimeOrigin::signed(owner);
				Records::create_dataset(origin, salt, stores(&[STORE]), Some(AGENT))
					.expect("the data set is new");
			}
			System::reset_events();
		});
		externalities
	}

	/// Runs `test`, then checks the pallet's invariants and every deposit.
	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Records::do_try_state().expect("the state is valid");
			check_deposits();
		});
	}
}

/// Checks that each account has on hold what its items cost, and no more.
fn check_deposits() {
	let mut expected = BTreeMap::<AccountId, Balance>::new();
	let mut add = |who: AccountId, footprint: Footprint| {
		*expected.entry(who).or_default() += Price::convert(footprint)
	};
	for (operator, StoreDetails { endpoint, terms_hash, .. }) in Stores::<Test>::iter() {
		add(operator, Records::store_footprint(&operator, &endpoint, &terms_hash));
	}
	for account in EncryptionKeys::<Test>::iter_keys() {
		add(account, Records::encryption_key_footprint(&account));
	}
	for details in Datasets::<Test>::iter_values() {
		add(details.owner, DatasetDetails::<Test>::footprint(details.status));
	}
	for account in frame_system::Account::<Test>::iter_keys() {
		assert_eq!(held(account), expected.remove(&account).unwrap_or_default());
	}
	assert!(expected.is_empty());
}

pub fn held(who: AccountId) -> Balance {
	Balances::balance_on_hold(&StorageDeposit::get(), &who)
}

/// This pallet's events since the last call.
pub fn take_events() -> Vec<Event<Test>> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}

pub fn endpoint() -> EndpointOf<Test> {
	bounded_endpoint(ENDPOINT)
}

pub fn bounded_endpoint(bytes: &[u8]) -> EndpointOf<Test> {
	bytes.to_vec().try_into().expect("the endpoint is short")
}

pub fn stores(operators: &[AccountId]) -> StoresOf<Test> {
	operators.to_vec().try_into().expect("the stores are few")
}

/// The data set of [`ExtBuilder::with_dataset`].
pub fn dataset() -> DatasetId {
	BlakeTwo256::hash_of(&(OWNER, SALT))
}

/// Batches that differ from one another.
pub fn batches(indexes: core::ops::Range<u32>) -> Vec<BatchCommitment> {
	indexes
		.map(|index| BatchCommitment {
			chunks: 1 + index % 1_024,
			root: BlakeTwo256::hash_of(&index).into(),
		})
		.collect()
}
