//! A runtime of its own.

use crate::{self as pallet_licences, pallet::*, Licence};
use alloc::vec::Vec;
use frame_support::{assert_ok, derive_impl, traits::ConstU32};
use frame_system::EnsureRoot;
use msec_primitives::LicenceId;
use sp_core::H256;
use sp_runtime::BuildStorage;

pub const MOST: u32 = 3;
pub const TEXT: H256 = H256::repeat_byte(0x7e);
/// On the list from the beginning.
pub const FIRST: &str = "CC0-1.0";

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
	pub type List = pallet_licences;
}

type Block = frame_system::mocking::MockBlock<Test>;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
}

impl Config for Test {
	type PublishOrigin = EnsureRoot<u64>;
	type MaxLicences = ConstU32<MOST>;
	type WeightInfo = ();
}

pub fn build() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	GenesisConfig::<Test> {
		licences: [(identifier(FIRST), licence(true))].into(),
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
		assert_ok!(List::do_try_state());
	});
}

pub fn identifier(text: &str) -> LicenceId {
	LicenceId::truncate_from(text.as_bytes().to_vec())
}

pub fn licence(allows_resale: bool) -> Licence {
	Licence { text_hash: TEXT, allows_resale, is_retired: false }
}

/// This pallet's events since the last call.
pub fn events() -> Vec<Event<Test>> {
	let events = System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::List(event) => Some(event),
			_ => None,
		})
		.collect();
	System::reset_events();
	events
}
