use crate::{mock::*, DatasetView, Datasets, Error, Event};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use msec_primitives::DatasetStatus;
use sp_core::H256;

const REASON: H256 = H256::repeat_byte(8);

fn erase(who: AccountId) -> DispatchResult {
	Records::erase(RuntimeOrigin::signed(who), dataset(), REASON)
}

fn append(who: AccountId, first_batch: u32, count: u32) -> DispatchResult {
	let batches = batches(first_batch..first_batch + count).try_into().expect("they are few");
	Records::append(RuntimeOrigin::signed(who), dataset(), first_batch, batches)
}

#[test]
fn erasing_leaves_a_tombstone_and_its_deposit() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		assert_ok!(append(OWNER, 0, 3));
		System::set_block_number(9);
		take_events();
		assert_ok!(erase(OWNER));

		assert_eq!(
			Records::dataset(dataset()),
			Some(DatasetView {
				owner: OWNER,
				key_agent: None,
				stores: stores(&[]),
				status: DatasetStatus::Erased,
				created_at: 1,
				batches: 3,
				range: None,
			})
		);
		assert!(Datasets::<Test>::get(dataset()).unwrap().peaks.is_empty());
		assert_eq!(held(OWNER), TOMBSTONE_DEPOSIT);
		assert_eq!(Balances::free_balance(OWNER), INITIAL_BALANCE - TOMBSTONE_DEPOSIT);
		assert_eq!(Records::datasets_by_owner(OWNER, None, 1), [dataset()]);
		assert_eq!(
			take_events(),
			[Event::Erased { dataset: dataset(), reason: REASON, batches: 3 }]
		);
	});
}

#[test]
fn only_the_owner_erases() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		for who in [WRITER, AGENT, STRANGER, STORE] {
			assert_noop!(erase(who), Error::<Test>::NotAuthorized);
		}
	});
}

#[test]
fn only_a_data_set_that_exists_is_erased() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(erase(OWNER), Error::<Test>::NotFound);
	});
}

#[test]
fn a_tombstone_never_changes() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		assert_ok!(erase(OWNER));
		let tombstone = Datasets::<Test>::get(dataset());

		let origin = RuntimeOrigin::signed(OWNER);
		assert_noop!(erase(OWNER), Error::<Test>::Erased);
		assert_noop!(append(OWNER, 0, 1), Error::<Test>::Erased);
		assert_noop!(append(WRITER, 0, 1), Error::<Test>::Erased);
		assert_noop!(
			Records::set_stores(origin.clone(), dataset(), stores(&[STORE])),
			Error::<Test>::Erased
		);
		assert_noop!(
			Records::set_key_agent(origin.clone(), dataset(), Some(AGENT)),
			Error::<Test>::Erased
		);
		assert_noop!(
			Records::create_dataset(origin, SALT, stores(&[STORE]), None),
			Error::<Test>::AlreadyExists
		);
		assert_eq!(Datasets::<Test>::get(dataset()), tombstone);
	});
}
