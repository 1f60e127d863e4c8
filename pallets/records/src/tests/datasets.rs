use crate::{mock::*, DatasetView, Error, Event};
use codec::Encode;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use msec_commitments::sha256;
use msec_primitives::{DatasetId, DatasetStatus, RangeCommitment};
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::TokenError;

fn create(owner: AccountId, salt: H256, operators: &[AccountId]) -> DispatchResult {
	Records::create_dataset(RuntimeOrigin::signed(owner), salt, stores(operators), Some(AGENT))
}

fn set_stores(who: AccountId, dataset: DatasetId, operators: &[AccountId]) -> DispatchResult {
	Records::set_stores(RuntimeOrigin::signed(who), dataset, stores(operators))
}

fn set_key_agent(who: AccountId, dataset: DatasetId, agent: Option<AccountId>) -> DispatchResult {
	Records::set_key_agent(RuntimeOrigin::signed(who), dataset, agent)
}

#[test]
fn creating_stores_the_details_and_holds_the_deposit() {
	ExtBuilder::default().with_stores(&[STORE, OTHER_STORE]).build_and_execute(|| {
		System::set_block_number(5);
		assert_ok!(create(OWNER, SALT, &[STORE, OTHER_STORE]));

		let id = H256(blake2_256(&(OWNER, SALT).encode()));
		assert_eq!(
			Records::dataset(id),
			Some(DatasetView {
				owner: OWNER,
				key_agent: Some(AGENT),
				stores: stores(&[STORE, OTHER_STORE]),
				status: DatasetStatus::Active,
				created_at: 5,
				batches: 0,
				range: Some(RangeCommitment { batches: 0, root: sha256(&[]).into() }),
			})
		);
		assert_eq!(held(OWNER), DATASET_DEPOSIT);
		assert_eq!(Balances::free_balance(OWNER), INITIAL_BALANCE - DATASET_DEPOSIT);
		assert_eq!(
			take_events(),
			[Event::DatasetCreated {
				dataset: id,
				owner: OWNER,
				stores: stores(&[STORE, OTHER_STORE]),
				key_agent: Some(AGENT),
			}]
		);
	});
}

#[test]
fn a_salt_serves_each_owner_once() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		assert_noop!(create(OWNER, SALT, &[STORE]), Error::<Test>::AlreadyExists);
		assert_ok!(create(STRANGER, SALT, &[STORE]));
		assert_eq!(held(STRANGER), DATASET_DEPOSIT);
	});
}

#[test]
fn a_deposit_that_cannot_be_paid_stops_the_creation() {
	ExtBuilder::default().with_stores(&[STORE]).build_and_execute(|| {
		assert_noop!(create(99, SALT, &[STORE]), TokenError::FundsUnavailable);
	});
}

#[test]
fn stores_must_be_registered_and_named_once() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		let refused: [(&[AccountId], Error<Test>); 4] = [
			(&[], Error::NoStores),
			(&[STORE, STORE], Error::DuplicateStore),
			(&[OTHER_STORE], Error::StoreNotFound),
			(&[STORE, OTHER_STORE], Error::StoreNotFound),
		];
		for (operators, error) in refused {
			assert_noop!(create(STRANGER, SALT, operators), error);
		}
		assert_noop!(set_stores(OWNER, dataset(), &[]), Error::<Test>::NoStores);
		assert_noop!(set_stores(OWNER, dataset(), &[STORE, STORE]), Error::<Test>::DuplicateStore);
		assert_noop!(set_stores(OWNER, dataset(), &[OTHER_STORE]), Error::<Test>::StoreNotFound);
	});
}

#[test]
fn the_owner_names_other_stores() {
	ExtBuilder::default().with_dataset().with_stores(&[OTHER_STORE]).build_and_execute(|| {
		assert_ok!(set_stores(OWNER, dataset(), &[OTHER_STORE, STORE]));

		let expected = stores(&[OTHER_STORE, STORE]);
		assert_eq!(Records::dataset(dataset()).unwrap().stores, expected);
		assert_eq!(held(OWNER), DATASET_DEPOSIT);
		assert_eq!(take_events(), [Event::StoresChanged { dataset: dataset(), stores: expected }]);
	});
}

#[test]
fn the_owner_names_another_key_agent_or_none() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		assert_ok!(set_key_agent(OWNER, dataset(), Some(STRANGER)));
		assert_eq!(Records::dataset(dataset()).unwrap().key_agent, Some(STRANGER));
		assert_ok!(set_key_agent(OWNER, dataset(), None));
		assert_eq!(Records::dataset(dataset()).unwrap().key_agent, None);

		let changed = |key_agent| Event::KeyAgentChanged { dataset: dataset(), key_agent };
		assert_eq!(take_events(), [changed(Some(STRANGER)), changed(None)]);
	});
}

#[test]
fn only_the_owner_changes_a_data_set() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		for who in [WRITER, AGENT, STRANGER, STORE] {
			assert_noop!(set_stores(who, dataset(), &[STORE]), Error::<Test>::NotAuthorized);
			assert_noop!(set_key_agent(who, dataset(), None), Error::<Test>::NotAuthorized);
		}
	});
}

#[test]
fn only_a_data_set_that_exists_is_changed() {
	ExtBuilder::default().with_stores(&[STORE]).build_and_execute(|| {
		assert_noop!(set_stores(OWNER, dataset(), &[STORE]), Error::<Test>::NotFound);
		assert_noop!(set_key_agent(OWNER, dataset(), None), Error::<Test>::NotFound);
	});
}

#[test]
fn data_sets_are_listed_by_owner_and_page() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		let mut ids = vec![dataset()];
		for salt in 2..5u8 {
			let salt = H256::repeat_byte(salt);
			assert_ok!(create(OWNER, salt, &[STORE]));
			ids.push(Records::dataset_id(&OWNER, &salt));
		}
		assert_ok!(create(STRANGER, SALT, &[STORE]));
		ids.sort();

		assert_eq!(Records::datasets_by_owner(OWNER, None, u32::MAX), ids);
		assert_eq!(Records::datasets_by_owner(OWNER, None, 3), ids[..3]);
		assert_eq!(Records::datasets_by_owner(OWNER, Some(ids[2]), 3), ids[3..]);
		assert_eq!(Records::datasets_by_owner(OWNER, Some(ids[3]), 3), []);
		assert_eq!(Records::datasets_by_owner(OWNER, Some(H256::zero()), 1), ids[..1]);
		assert_eq!(Records::datasets_by_owner(AGENT, None, 3), []);
	});
}

#[test]
fn a_page_is_never_longer_than_the_bound() {
	ExtBuilder::default().with_stores(&[STORE]).build_and_execute(|| {
		Balances::force_set_balance(RuntimeOrigin::root(), OWNER, 1_000_000).unwrap();
		for salt in 0..=crate::MAX_PAGE {
			assert_ok!(create(OWNER, H256::from_low_u64_be(salt.into()), &[STORE]));
		}
		assert_eq!(Records::datasets_by_owner(OWNER, None, u32::MAX).len(), 100);
	});
}
