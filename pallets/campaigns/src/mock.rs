//! A runtime of its own.

use crate::{self as pallet_campaigns, pallet::*, CampaignId, CampaignTerms, CampaignTermsOf};
use alloc::vec::Vec;
use frame_support::{
	assert_ok, derive_impl, parameter_types,
	traits::{
		fungible::{HoldConsideration, InspectHold},
		ConstU64, LinearStoragePrice,
	},
};
use frame_system::EnsureRoot;
use sp_core::H256;
use sp_runtime::{BuildStorage, DispatchResult};

pub type AccountId = u64;

pub const CITY: AccountId = 1;
pub const ALICE: AccountId = 2;
pub const BOB: AccountId = 3;
pub const STRANGER: AccountId = 4;
pub const EVERYBODY: [AccountId; 4] = [CITY, ALICE, BOB, STRANGER];

pub const FUNDS: u64 = 100_000;
pub const EXISTENTIAL_DEPOSIT: u64 = 10;
pub const REWARD: u64 = 100;
pub const BUDGET: u64 = 350;
pub const END: u64 = 50;
pub const DECISION: u64 = 20;
pub const LONGEST: u64 = 1_000;
pub const SALT: H256 = H256::repeat_byte(0x5a);

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
	pub type Rewards = pallet_campaigns;
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
}

parameter_types! {
	pub const StorageDeposit: RuntimeHoldReason =
		RuntimeHoldReason::Rewards(HoldReason::StorageDeposit);
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
	type AcceptOrigin = EnsureRoot<AccountId>;
	type MaxCampaignPeriod = ConstU64<LONGEST>;
	type DecisionPeriod = ConstU64<DECISION>;
	type WeightInfo = ();
}

pub fn build() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	pallet_balances::GenesisConfig::<Test> {
		balances: EVERYBODY.map(|who| (who, FUNDS)).to_vec(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| System::set_block_number(1));
	ext
}

pub fn build_and_execute(test: impl FnOnce()) {
	build().execute_with(|| {
		test();
		assert_ok!(Rewards::do_try_state());
	});
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

pub fn terms() -> CampaignTermsOf<Test> {
	CampaignTerms {
		rules: H256::repeat_byte(0x12),
		reward: REWARD,
		cap_per_account: 2,
		ends_at: END,
	}
}

/// A campaign of [`CITY`] that can reward three contributions.
pub fn campaign() -> CampaignId {
	assert_ok!(Rewards::create_campaign(signed(CITY), SALT, terms(), BUDGET));
	Rewards::campaign_id(&CITY, SALT)
}

pub fn contribution(number: u8) -> H256 {
	H256::repeat_byte(number)
}

/// Submits and accepts.
pub fn reward(campaign: CampaignId, who: AccountId, number: u8) {
	assert_ok!(Rewards::submit(signed(who), campaign, contribution(number)));
	assert_ok!(Rewards::accept(signed(CITY), campaign, who, contribution(number)));
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
			RuntimeEvent::Rewards(event) => Some(event),
			_ => None,
		})
		.collect();
	System::reset_events();
	events
}

pub fn budget_of(who: AccountId) -> u64 {
	Balances::balance_on_hold(&HoldReason::Budget.into(), &who)
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
