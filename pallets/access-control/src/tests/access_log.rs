use super::*;
use crate::{AccessLogAnchor, Error, Event};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
use sp_runtime::DispatchError;

const ROOT: H256 = H256::repeat_byte(4);

fn anchor(store: AccountId, day: u32, entries: u32) -> DispatchResult {
	AccessControl::anchor_access_log(RuntimeOrigin::signed(store), day, ROOT, entries)
}

fn days() -> Vec<u32> {
	AccessControl::access_log_anchors(STORE).iter().map(|anchor| anchor.day).collect()
}

#[test]
fn a_store_anchors_each_day_once() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(anchor(STORE, 20_783, 5));
		assert_eq!(
			access_events(),
			[Event::AccessLogAnchored { store: STORE, day: 20_783, root: ROOT, entries: 5 }]
		);
		let kept = AccessLogAnchor { day: 20_783, root: ROOT, entries: 5 };
		assert_eq!(AccessControl::access_log_anchor(STORE, 20_783), Some(kept));
		assert_eq!(AccessControl::access_log_anchor(STORE, 20_782), None);
		assert_eq!(AccessControl::access_log_anchor(ALICE, 20_783), None);
		assert_noop!(anchor(STORE, 20_783, 6), Error::<Test>::UnexpectedDay);
	});
}

#[test]
fn days_ascend_and_may_have_gaps() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(anchor(STORE, 7, 1));
		assert_ok!(anchor(STORE, 9, 1));
		assert_noop!(anchor(STORE, 8, 1), Error::<Test>::UnexpectedDay);
		assert_eq!(days(), [7, 9]);
	});
}

#[test]
fn the_oldest_day_goes_when_there_are_too_many() {
	ExtBuilder::default().build_and_execute(|| {
		for day in 0..5 {
			assert_ok!(anchor(STORE, day, 1));
		}
		assert_eq!(days(), [2, 3, 4]);
		assert_eq!(AccessControl::access_log_anchor(STORE, 1), None);
		assert_noop!(anchor(STORE, 1, 1), Error::<Test>::UnexpectedDay);
	});
}

#[test]
fn only_registered_stores_anchor_and_only_days_with_lines() {
	ExtBuilder::default().build_and_execute(|| {
		for who in [OWNER, AGENT, ALICE] {
			assert_noop!(anchor(who, 1, 1), Error::<Test>::StoreNotFound);
		}
		assert_noop!(anchor(STORE, 1, 0), Error::<Test>::EmptyLog);
		assert_noop!(
			AccessControl::anchor_access_log(RuntimeOrigin::root(), 1, ROOT, 1),
			DispatchError::BadOrigin
		);
		assert_eq!(days(), [0; 0]);
	});
}
