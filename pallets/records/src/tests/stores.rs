use crate::{mock::*, Error, Event, StoreDetails, Stores};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::TokenError;

fn register(operator: AccountId, endpoint: &[u8]) -> frame_support::dispatch::DispatchResult {
	let origin = RuntimeOrigin::signed(operator);
	Records::register_store(origin, bounded_endpoint(endpoint), TERMS)
}

#[test]
fn registering_stores_the_details_and_holds_the_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(register(STORE, ENDPOINT));

		let store = Records::store(STORE).unwrap();
		assert_eq!(store.endpoint, endpoint());
		assert_eq!(store.terms_hash, TERMS);
		assert_eq!(held(STORE), STORE_DEPOSIT);
		assert_eq!(Balances::free_balance(STORE), INITIAL_BALANCE - STORE_DEPOSIT);
		assert_eq!(
			take_events(),
			[Event::StoreRegistered { operator: STORE, endpoint: endpoint(), terms_hash: TERMS }]
		);
	});
}

#[test]
fn an_account_operates_one_store() {
	ExtBuilder::default().with_stores(&[STORE]).build_and_execute(|| {
		assert_noop!(register(STORE, ENDPOINT), Error::<Test>::AlreadyExists);
	});
}

#[test]
fn a_deposit_that_cannot_be_paid_stops_the_registration() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(register(99, ENDPOINT), TokenError::FundsUnavailable);
	});
}

#[test]
fn endpoints_must_be_http_addresses() {
	ExtBuilder::default().with_stores(&[OTHER_STORE]).build_and_execute(|| {
		let refused: [&[u8]; 8] = [
			b"",
			b"https://",
			b"http://",
			b"store.example",
			b"ftp://store.example",
			b"https://store .example",
			b"https://store.example\x1b[2J",
			b"https://\xff",
		];
		for endpoint in refused {
			assert_noop!(register(STORE, endpoint), Error::<Test>::InvalidEndpoint);
			let origin = RuntimeOrigin::signed(OTHER_STORE);
			assert_noop!(
				Records::update_store(origin, bounded_endpoint(endpoint), TERMS),
				Error::<Test>::InvalidEndpoint
			);
		}
		assert_ok!(register(STORE, b"http://[::1]:8080/path"));
	});
}

#[test]
fn updating_replaces_both_values_and_the_deposit_follows_the_length() {
	ExtBuilder::default().with_stores(&[STORE]).build_and_execute(|| {
		let update = |endpoint: &[u8]| {
			let origin = RuntimeOrigin::signed(STORE);
			Records::update_store(origin, bounded_endpoint(endpoint), H256::repeat_byte(9))
		};
		assert_ok!(update(b"https://a.longer.store.example"));
		assert_eq!(held(STORE), STORE_DEPOSIT + 9);
		assert_ok!(update(b"http://a"));
		assert_eq!(held(STORE), STORE_DEPOSIT - 13);
		assert_eq!(Balances::free_balance(STORE), INITIAL_BALANCE - STORE_DEPOSIT + 13);

		let store = Records::store(STORE).unwrap();
		assert_eq!(store.endpoint.as_slice(), b"http://a");
		assert_eq!(store.terms_hash, H256::repeat_byte(9));
		let updated = |endpoint: &[u8]| Event::StoreUpdated {
			operator: STORE,
			endpoint: bounded_endpoint(endpoint),
			terms_hash: H256::repeat_byte(9),
		};
		assert_eq!(
			take_events(),
			[updated(b"https://a.longer.store.example"), updated(b"http://a")]
		);
	});
}

#[test]
fn only_a_registered_store_is_updated_or_deregistered() {
	ExtBuilder::default().build_and_execute(|| {
		let origin = RuntimeOrigin::signed(STORE);
		assert_noop!(
			Records::update_store(origin.clone(), endpoint(), TERMS),
			Error::<Test>::NotFound
		);
		assert_noop!(Records::deregister_store(origin), Error::<Test>::NotFound);
	});
}

#[test]
fn deregistering_returns_the_deposit() {
	ExtBuilder::default().with_stores(&[STORE]).build_and_execute(|| {
		assert_ok!(Records::deregister_store(RuntimeOrigin::signed(STORE)));

		assert_eq!(Records::store(STORE), None);
		assert_eq!(held(STORE), 0);
		assert_eq!(Balances::free_balance(STORE), INITIAL_BALANCE);
		assert_eq!(take_events(), [Event::StoreDeregistered { operator: STORE }]);
	});
}

#[test]
fn a_data_set_outlives_its_store() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		assert_ok!(Records::deregister_store(RuntimeOrigin::signed(STORE)));

		assert_eq!(Records::dataset(dataset()).unwrap().stores, stores(&[STORE]));
		assert_eq!(Records::store(STORE), None);
	});
}

#[test]
fn stores_are_listed_by_pages() {
	ExtBuilder::default().with_stores(&[STORE, OTHER_STORE, OWNER]).build_and_execute(|| {
		let all: Vec<(AccountId, StoreDetails<Test>)> = Stores::<Test>::iter().collect();
		assert_eq!(all.len(), 3);
		assert_eq!(Records::stores(None, u32::MAX), all);
		assert_eq!(Records::stores(None, 2), all[..2]);
		assert_eq!(Records::stores(Some(all[1].0), 2), all[2..]);
		assert_eq!(Records::stores(Some(all[2].0), 2), []);
		assert_eq!(Records::stores(None, 0), []);
	});
}
