use crate::{mock::*, Erasures, Error, Event, Retentions};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use msec_primitives::DatasetStatus;
use sp_core::H256;
use sp_runtime::DispatchError;

fn retain(who: AccountId, until: u64) -> DispatchResult {
	Records::set_retention(RuntimeOrigin::signed(who), dataset(), until)
}

fn expire() -> DispatchResult {
	Records::expire(RuntimeOrigin::signed(STRANGER), dataset())
}

#[test]
fn a_data_set_whose_time_is_over_is_erased_by_anybody() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		assert_ok!(retain(OWNER, 5));
		assert_eq!(take_events(), [Event::RetentionSet { dataset: dataset(), retain_until: 5 }]);
		assert_eq!(Records::retention(dataset()), Some(5));
		System::set_block_number(5);
		assert_noop!(expire(), Error::<Test>::NotExpired);
		System::set_block_number(6);
		assert_ok!(expire());
		assert_eq!(
			take_events(),
			[
				Event::RetentionEnded { dataset: dataset() },
				Event::Erased { dataset: dataset(), reason: H256::zero(), batches: 0 },
			]
		);
		assert_eq!(Records::dataset(dataset()).unwrap().status, DatasetStatus::Erased);
		assert!(Erasures::<Test>::contains_key(dataset()));
		assert!(!Retentions::<Test>::contains_key(dataset()));
		assert_eq!(held(OWNER), TOMBSTONE_DEPOSIT);
		assert_noop!(expire(), Error::<Test>::Erased);
	});
}

#[test]
fn a_retention_only_gets_shorter() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		assert_ok!(retain(OWNER, 50));
		for until in [0, 1, 50, 51] {
			assert_noop!(retain(OWNER, until), Error::<Test>::InvalidRetention);
		}
		assert_ok!(retain(OWNER, 49));
		assert_ok!(retain(OWNER, 2));
		assert_eq!(Records::retention(dataset()), Some(2));
	});
}

#[test]
fn only_the_owner_of_a_data_set_in_use_says_how_long_it_is_kept() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		for who in [WRITER, AGENT, STORE, STRANGER] {
			assert_noop!(retain(who, 5), Error::<Test>::NotAuthorized);
		}
		assert_noop!(
			Records::set_retention(RuntimeOrigin::signed(OWNER), H256::zero(), 5),
			Error::<Test>::NotFound
		);
		assert_noop!(
			Records::set_retention(RuntimeOrigin::none(), dataset(), 5),
			DispatchError::BadOrigin
		);
		assert_ok!(retain(OWNER, 5));
		assert_ok!(Records::erase(RuntimeOrigin::signed(OWNER), dataset(), H256::zero()));
		assert_eq!(Records::retention(dataset()), None);
		assert_noop!(retain(OWNER, 4), Error::<Test>::Erased);
	});
}

#[test]
fn what_nobody_said_anything_about_is_kept() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		System::set_block_number(1_000_000);
		assert_noop!(expire(), Error::<Test>::NotExpired);
		assert_noop!(
			Records::expire(RuntimeOrigin::signed(STRANGER), H256::zero()),
			Error::<Test>::NotFound
		);
		assert_noop!(Records::expire(RuntimeOrigin::none(), dataset()), DispatchError::BadOrigin);
	});
}
