//! The list of licences over the real runtime.

use crate::common::*;
use frame_support::{assert_noop, assert_ok};
use msec_primitives::LicenceId;
use msec_runtime::{AccountId, Licences, OriginCaller, Runtime, RuntimeOrigin};
use sp_core::H256;
use sp_io::hashing::sha2_256;
use sp_runtime::DispatchError::BadOrigin;

fn identifier(text: &str) -> LicenceId {
	LicenceId::truncate_from(text.as_bytes().to_vec())
}

#[test]
fn a_chain_begins_with_our_own_licence_as_its_text_is() {
	let text = include_bytes!("../../docs/licences/LicenseRef-M-Sec-Own-Use-1.0.txt");
	with_accounts(1, || {
		let licence = Licences::licence(identifier("LicenseRef-M-Sec-Own-Use-1.0")).unwrap();
		assert_eq!(licence.text_hash, H256(sha2_256(text)));
		assert!(!licence.allows_resale);
	});
}

#[test]
fn the_council_publishes_and_one_city_does_not() {
	with_accounts(1, || {
		let name = || identifier("LicenseRef-Santander-1.0");
		let alone = RuntimeOrigin::signed(account(1));
		assert_noop!(Licences::publish(alone, name(), H256::zero(), false), BadOrigin);
		let council = pallet_collective::RawOrigin::<AccountId, _>::Members(2, 3);
		let council = RuntimeOrigin::from(OriginCaller::Council(council));
		assert_ok!(Licences::publish(council, name(), H256::zero(), false));
		assert!(pallet_licences::Licences::<Runtime>::contains_key(name()));
	});
}
