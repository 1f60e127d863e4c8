use crate::{mock::*, pallet::*, Licence};
use frame_support::{assert_noop, assert_ok};
use msec_primitives::LicenceList;
use proptest::prelude::*;
use sp_core::H256;
use sp_runtime::DispatchError::BadOrigin;

fn publish(name: &str) -> sp_runtime::DispatchResult {
	List::publish(RuntimeOrigin::root(), identifier(name), TEXT, false)
}

#[test]
fn a_chain_begins_with_licences() {
	build_and_execute(|| {
		assert_eq!(List::licence(identifier(FIRST)), Some(licence(true)));
		assert_eq!(List::licences(), [(identifier(FIRST), licence(true))]);
		assert!(List::may_be_named(&identifier(FIRST)));
	});
}

#[test]
fn publishing_binds_an_identifier_to_a_text() {
	build_and_execute(|| {
		let name = identifier("LicenseRef-Santander-1.0");
		assert!(!List::may_be_named(&name));
		assert_ok!(publish("LicenseRef-Santander-1.0"));
		assert_eq!(List::licence(name.clone()), Some(licence(false)));
		assert!(List::may_be_named(&name));
		assert_eq!(List::licences().len(), 2);
		let event = Event::LicencePublished {
			identifier: name.clone(),
			text_hash: TEXT,
			allows_resale: false,
		};
		assert_eq!(events(), [event]);
		let other_text = List::publish(RuntimeOrigin::root(), name, H256::zero(), true);
		assert_noop!(other_text, Error::<Test>::AlreadyExists);
	});
}

#[test]
fn only_the_origin_for_it_decides() {
	build_and_execute(|| {
		let origin = RuntimeOrigin::signed(1);
		let name = identifier("ODbL-1.0");
		assert_noop!(List::publish(origin.clone(), name, TEXT, true), BadOrigin);
		assert_noop!(List::retire(origin, identifier(FIRST)), BadOrigin);
	});
}

#[test]
fn identifiers_are_those_of_spdx() {
	build_and_execute(|| {
		for name in ["", "CC BY", "CC_BY", "MIT OR CC0-1.0", "Ⓒ", "a\n"] {
			assert_noop!(publish(name), Error::<Test>::InvalidIdentifier);
		}
	});
}

#[test]
fn the_list_has_an_end() {
	build_and_execute(|| {
		for name in ["a", "b"] {
			assert_ok!(publish(name));
		}
		assert_noop!(publish("c"), Error::<Test>::MaxLicencesExceeded);
	});
}

#[test]
fn what_is_retired_keeps_its_meaning() {
	build_and_execute(|| {
		let name = identifier(FIRST);
		assert_ok!(List::retire(RuntimeOrigin::root(), name.clone()));
		assert_eq!(events(), [Event::LicenceRetired { identifier: name.clone() }]);
		assert!(!List::may_be_named(&name));
		let retired = Licence { is_retired: true, ..licence(true) };
		assert_eq!(List::licence(name.clone()), Some(retired));
		assert_noop!(publish(FIRST), Error::<Test>::AlreadyExists);
		assert_noop!(List::retire(RuntimeOrigin::root(), name), Error::<Test>::Retired);
		let unknown = List::retire(RuntimeOrigin::root(), identifier("ODbL-1.0"));
		assert_noop!(unknown, Error::<Test>::NotFound);
	});
}

proptest! {
	#[test]
	fn what_is_published_is_found_unchanged(
		name in "[A-Za-z0-9.-]{1,64}",
		text: [u8; 32],
		allows_resale: bool,
	) {
		build_and_execute(|| {
			let (name, text_hash) = (identifier(&name), H256(text));
			assert_ok!(List::publish(RuntimeOrigin::root(), name.clone(), text_hash, allows_resale));
			let found = Licence { text_hash, allows_resale, is_retired: false };
			assert_eq!(List::licence(name), Some(found));
		});
	}
}
