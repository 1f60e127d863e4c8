use crate::mock::*;
use frame_support::assert_ok;
use msec_commitments::Peaks;
use msec_primitives::{DatasetInfo, DatasetStatus, RangeCommitment};
use sp_core::H256;

fn append_three() -> RangeCommitment {
	let mut peaks = Peaks::default();
	batches(0..3).iter().for_each(|batch| peaks.append(batch).expect("there are three"));
	let origin = RuntimeOrigin::signed(OWNER);
	let batches = batches(0..3).try_into().expect("there are three");
	assert_ok!(Records::append(origin, dataset(), 0, batches));
	RangeCommitment { batches: 3, root: peaks.root().into() }
}

#[test]
fn other_pallets_learn_of_a_data_set() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		let range = append_three();

		assert_eq!(<Records as DatasetInfo<_>>::owner(&dataset()), Some(OWNER));
		assert_eq!(<Records as DatasetInfo<_>>::key_agent(&dataset()), Some(AGENT));
		assert_eq!(<Records as DatasetInfo<_>>::status(&dataset()), Some(DatasetStatus::Active));
		assert_eq!(<Records as DatasetInfo<_>>::range(&dataset()), Some(range));
	});
}

#[test]
fn of_a_tombstone_only_owner_and_status_are_left() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		append_three();
		assert_ok!(Records::erase(RuntimeOrigin::signed(OWNER), dataset(), H256::zero()));

		assert_eq!(<Records as DatasetInfo<_>>::owner(&dataset()), Some(OWNER));
		assert_eq!(<Records as DatasetInfo<_>>::key_agent(&dataset()), None);
		assert_eq!(<Records as DatasetInfo<_>>::status(&dataset()), Some(DatasetStatus::Erased));
		assert_eq!(<Records as DatasetInfo<_>>::range(&dataset()), None);
	});
}

#[test]
fn nothing_is_known_of_what_does_not_exist() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(<Records as DatasetInfo<AccountId>>::owner(&dataset()), None);
		assert_eq!(<Records as DatasetInfo<AccountId>>::key_agent(&dataset()), None);
		assert_eq!(<Records as DatasetInfo<AccountId>>::status(&dataset()), None);
		assert_eq!(<Records as DatasetInfo<AccountId>>::range(&dataset()), None);
	});
}
