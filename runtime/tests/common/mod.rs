//! The real runtime in memory: its first state, its accounts and its calls.

pub mod device;

use msec_runtime::{
	configs::TreasuryAccount, genesis_presets::licences, AccessControl, AccountId, Attestation,
	Balance, Balances, BalancesConfig, Campaigns, Demands, Licences, LicencesConfig, Marketplace,
	Records, Runtime, RuntimeCall, RuntimeGenesisConfig, RuntimeOrigin, System, Token, MSEC,
};
use sp_runtime::{traits::Dispatchable, BuildStorage, DispatchError};

/// What each account starts with.
pub const ENDOWMENT: Balance = 1_000 * MSEC;

/// The account made of 32 times `seed`.
pub fn account(seed: u8) -> AccountId {
	AccountId::new([seed; 32])
}

/// Runs `test` at block 1 of a chain where accounts 1 to `accounts` and the treasury have money, and
/// checks every pallet's state afterwards.
pub fn with_accounts<R>(accounts: u8, test: impl FnOnce() -> R) -> R {
	let mut balances: Vec<_> = (1..=accounts).map(|seed| (account(seed), ENDOWMENT)).collect();
	balances.push((TreasuryAccount::get(), ENDOWMENT));
	let genesis = RuntimeGenesisConfig {
		balances: BalancesConfig { balances, ..Default::default() },
		licences: LicencesConfig { licences: licences(), ..Default::default() },
		..Default::default()
	};
	let mut state: sp_io::TestExternalities =
		genesis.build_storage().expect("the genesis is valid").into();
	state.execute_with(|| {
		System::set_block_number(1);
		let result = test();
		check_state();
		result
	})
}

/// Lets every pallet check its state.
pub fn check_state() {
	Token::do_try_state().expect("token");
	Records::do_try_state().expect("records");
	AccessControl::do_try_state().expect("access-control");
	Marketplace::do_try_state().expect("marketplace");
	Demands::do_try_state().expect("demands");
	Campaigns::do_try_state().expect("campaigns");
	Licences::do_try_state().expect("licences");
	Attestation::do_try_state().expect("attestation");
}

/// Dispatches `call` as `who` would sign it, without fees.
pub fn call(who: &AccountId, call: impl Into<RuntimeCall>) -> Result<(), DispatchError> {
	let origin = RuntimeOrigin::signed(who.clone());
	call.into().dispatch(origin).map(|_| ()).map_err(|error| error.error)
}

/// Everything that `who` has, whether it is free to spend or held.
pub fn total_balance(who: &AccountId) -> Balance {
	use frame_support::traits::fungible::Inspect;
	<Balances as Inspect<AccountId>>::total_balance(who)
}

/// What is held from `who`, for whatever reason.
pub fn held(who: &AccountId) -> Balance {
	use frame_support::traits::fungible::InspectHold;
	<Balances as InspectHold<AccountId>>::total_balance_on_hold(who)
}

/// Moves the clock on by `blocks`.
pub fn advance(blocks: u32) {
	System::set_block_number(System::block_number() + blocks);
}

/// All money there is.
pub fn total_issuance() -> Balance {
	pallet_balances::TotalIssuance::<Runtime>::get()
}
