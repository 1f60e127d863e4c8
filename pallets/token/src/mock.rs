//! A runtime of this pallet and balances, for the tests.

use crate as pallet_token;
use crate::{Minter, Minters};
use frame_support::{
	derive_impl, parameter_types,
	traits::{fungible::HoldConsideration, ConstU128, LinearStoragePrice},
};
use frame_system::EnsureRoot;
use sp_runtime::BuildStorage;

pub type AccountId = u64;
pub type Balance = u128;
pub type BlockNumber = u64;

pub const ALICE: AccountId = 1;
pub const BOB: AccountId = 2;
pub const CAROL: AccountId = 3;
/// Has no account until he receives something.
pub const NEWCOMER: AccountId = 9;

pub const EXISTENTIAL_DEPOSIT: Balance = 10;
pub const ENDOWMENT: Balance = 10_000;
pub const MAXIMUM_SUPPLY: Balance = 100_000;
/// 100 and 1 for each of 56 bytes: two accounts, an amount, a block and a ticket.
pub const APPROVAL_DEPOSIT: Balance = 156;

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
	pub type Token = pallet_token;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
	type AccountStore = System;
}

parameter_types! {
	pub const ApprovalHoldReason: RuntimeHoldReason =
		RuntimeHoldReason::Token(pallet_token::HoldReason::ApprovalDeposit);
}

impl pallet_token::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type MinterOrigin = EnsureRoot<AccountId>;
	type Consideration = HoldConsideration<
		AccountId,
		Balances,
		ApprovalHoldReason,
		LinearStoragePrice<ConstU128<100>, ConstU128<1>, Balance>,
	>;
	type MaximumSupply = ConstU128<MAXIMUM_SUPPLY>;
	type WeightInfo = ();
}

/// Makes the state in which a test begins.
pub struct ExtBuilder {
	balances: Vec<(AccountId, Balance)>,
	minters: Vec<(AccountId, Balance)>,
}

impl Default for ExtBuilder {
	/// Alice, Bob and Carol have the same endowment, and nobody may mint.
	fn default() -> Self {
		let balances = [ALICE, BOB, CAROL].map(|who| (who, ENDOWMENT)).to_vec();
		Self { balances, minters: Vec::new() }
	}
}

impl ExtBuilder {
	pub fn with_balance(mut self, who: AccountId, amount: Balance) -> Self {
		self.balances.retain(|(other, _)| *other != who);
		self.balances.push((who, amount));
		self
	}

	pub fn with_minter(mut self, who: AccountId, cap: Balance) -> Self {
		self.minters.push((who, cap));
		self
	}

	pub fn build(self) -> sp_io::TestExternalities {
		let balances =
			pallet_balances::GenesisConfig { balances: self.balances, ..Default::default() };
		let genesis = RuntimeGenesisConfig { balances, ..Default::default() };
		let storage = genesis.build_storage().expect("the genesis of the tests is valid; qed");
		let mut externalities = sp_io::TestExternalities::new(storage);
		externalities.execute_with(|| {
			// No events are kept in the block of genesis.
			System::set_block_number(1);
			for (who, cap) in self.minters {
				Minters::<Test>::insert(who, Minter { cap, minted: 0 });
			}
		});
		externalities
	}

	/// Runs `test` and checks the state that it leaves.
	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			Token::do_try_state().expect("the state stays sound; qed");
		});
	}
}

/// The events of this pallet since the beginning of the block, in order.
pub fn token_events() -> Vec<pallet_token::Event<Test>> {
	System::read_events_for_pallet()
}

/// What `who` holds as deposits for approvals.
pub fn deposit_of(who: AccountId) -> Balance {
	use frame_support::traits::fungible::InspectHold;
	Balances::balance_on_hold(&ApprovalHoldReason::get(), &who)
}
