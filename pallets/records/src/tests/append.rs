use crate::{mock::*, Datasets, Error, Event};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use msec_commitments::{range::MAX_PEAKS, tree, BatchCommitment, Peaks};
use msec_primitives::RangeCommitment;
use proptest::prelude::*;

fn append(who: AccountId, first_batch: u32, batches: Vec<BatchCommitment>) -> DispatchResult {
	let batches = batches.try_into().expect("the batches are few");
	Records::append(RuntimeOrigin::signed(who), dataset(), first_batch, batches)
}

/// The commitment to `batches` computed from all of them at once.
fn range_of(batches: &[BatchCommitment]) -> RangeCommitment {
	let leaves: Vec<_> = batches.iter().map(BatchCommitment::leaf_hash).collect();
	RangeCommitment { batches: batches.len() as u32, root: tree::root(&leaves).into() }
}

fn stored_range() -> RangeCommitment {
	Records::dataset(dataset()).unwrap().range.unwrap()
}

/// Gives the data set a number of batches too large to append in a test.
fn pretend_batches(count: u32) {
	let peaks = Peaks::new(count, vec![[1; 32]; count.count_ones() as usize]).unwrap();
	Datasets::<Test>::mutate(dataset(), |details| {
		details.as_mut().unwrap().set_peaks(&peaks).unwrap()
	});
}

#[test]
fn the_owner_and_writers_append() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		let all = batches(0..7);
		assert_ok!(append(OWNER, 0, all[..3].to_vec()));
		assert_ok!(append(WRITER, 3, all[3..].to_vec()));

		assert_eq!(stored_range(), range_of(&all));
		assert_eq!(Datasets::<Test>::get(dataset()).unwrap().peaks.len(), 3);
		let appended =
			|first_batch, range| Event::Appended { dataset: dataset(), first_batch, range };
		assert_eq!(take_events(), [appended(0, range_of(&all[..3])), appended(3, range_of(&all))]);
	});
}

#[test]
fn appending_asks_for_no_deposit() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		assert_ok!(append(WRITER, 0, batches(0..15)));

		assert_eq!(held(OWNER), DATASET_DEPOSIT);
		assert_eq!(held(WRITER), 0);
		assert_eq!(Balances::free_balance(WRITER), INITIAL_BALANCE);
	});
}

#[test]
fn others_do_not_append() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		for who in [AGENT, STRANGER, STORE] {
			assert_noop!(append(who, 0, batches(0..1)), Error::<Test>::NotAuthorized);
		}
	});
}

#[test]
fn nothing_is_appended_to_what_does_not_exist() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(append(OWNER, 0, batches(0..1)), Error::<Test>::NotFound);
	});
}

#[test]
fn sending_twice_appends_once() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		assert_ok!(append(OWNER, 0, batches(0..2)));
		assert_noop!(append(OWNER, 0, batches(0..2)), Error::<Test>::UnexpectedBatch);
		assert_noop!(append(OWNER, 3, batches(3..4)), Error::<Test>::UnexpectedBatch);

		assert_eq!(stored_range(), range_of(&batches(0..2)));
	});
}

#[test]
fn an_empty_append_is_refused() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		assert_noop!(append(OWNER, 0, vec![]), Error::<Test>::EmptyAppend);
	});
}

#[test]
fn batches_have_between_one_and_1024_chunks() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		let batch = |chunks| BatchCommitment { chunks, root: [1; 32] };
		for chunks in [0, 1_025, u32::MAX] {
			assert_noop!(
				append(OWNER, 0, vec![batch(1), batch(chunks)]),
				Error::<Test>::InvalidBatch
			);
		}
		assert_ok!(append(OWNER, 0, vec![batch(1), batch(1_024)]));
	});
}

#[test]
fn batches_are_never_more_than_can_be_counted() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		pretend_batches(u32::MAX - 1);
		assert_noop!(append(OWNER, u32::MAX - 1, batches(0..2)), Error::<Test>::MaxBatchesExceeded);
		assert_ok!(append(OWNER, u32::MAX - 1, batches(0..1)));
		assert_noop!(append(OWNER, u32::MAX, batches(0..1)), Error::<Test>::MaxBatchesExceeded);

		let details = Datasets::<Test>::get(dataset()).unwrap();
		assert_eq!((details.batches, details.peaks.len()), (u32::MAX, MAX_PEAKS));
		assert_eq!(held(OWNER), DATASET_DEPOSIT);
	});
}

proptest! {
	#![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

	#[test]
	fn what_is_stored_equals_what_all_batches_at_once_give(
		calls in prop::collection::vec(
			prop::collection::vec((1u32..=1_024, any::<[u8; 32]>()), 1..=16),
			0..8,
		)
	) {
		ExtBuilder::default().with_dataset().build_and_execute(|| {
			let mut all = Vec::new();
			for call in calls {
				let batches: Vec<_> = call
					.into_iter()
					.map(|(chunks, root)| BatchCommitment { chunks, root })
					.collect();
				assert_ok!(append(OWNER, all.len() as u32, batches.clone()));
				all.extend(batches);
				assert_eq!(stored_range(), range_of(&all));
			}

			let mut expected = Peaks::default();
			all.iter().for_each(|batch| expected.append(batch).expect("the batches are few"));
			let details = Datasets::<Test>::get(dataset()).expect("the data set exists");
			assert_eq!(details.batches, expected.batches());
			assert_eq!(details.peaks.as_slice(), expected.hashes());
		});
	}
}
