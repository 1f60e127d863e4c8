use crate::{mock::*, pallet::*, AttestedBatches};
use frame_support::{assert_noop, assert_ok};
use msec_evidence::{batches_digest, software_tpm::SoftwareTpm};
use msec_primitives::{DatasetId, DeviceStatus, RangeCommitment};
use sp_core::H256;
use sp_runtime::DispatchResult;

/// Runs `test` with [`AIR`] measured by a trusted device that has a batch key.
fn with_attested_dataset(test: impl FnOnce()) {
	with_trusted_device(|_| {
		assert_ok!(Attestation::assign_dataset(signed(OWNER), DEVICE, AIR));
		assert_ok!(BatchKeyEvidence::new().certify());
		events();
		test();
	});
}

fn signature_of(tpm: u64, genesis: H256, dataset: DatasetId, first: u32, end: u32) -> Vec<u8> {
	let RangeCommitment { batches, root } = range(end);
	let digest = batches_digest(&genesis.0, &dataset.0, first, batches, &root.0);
	SoftwareTpm::new(tpm).sign_digest(&digest)
}

fn attest_with(first: u32, range: RangeCommitment, signature: Vec<u8>) -> DispatchResult {
	let signature = signature.try_into().unwrap();
	Attestation::attest_batches(signed(STRANGER), AIR, first, range, signature)
}

/// The device signs the batches from `first` on, up to the number `end`.
fn attest(first: u32, end: u32) -> DispatchResult {
	attest_with(first, range(end), signature_of(BATCH_TPM, GENESIS, AIR, first, end))
}

fn attested() -> Option<AttestedBatches<u64>> {
	Attestation::attested_batches(AIR)
}

fn attested_from(first_batch: u32, end: u32) -> Option<AttestedBatches<u64>> {
	Some(AttestedBatches { first_batch, range: range(end), attested_at: now() })
}

#[test]
fn what_the_device_signed_is_attested() {
	with_attested_dataset(|| {
		let before = deposit_of(OWNER);
		append(4);
		assert_eq!(attested(), None);
		assert_ok!(attest(1, 4));
		assert_eq!(attested(), attested_from(1, 4));
		let (dataset, device, range) = (AIR, DEVICE, range(4));
		let expected = Event::BatchesAttested { dataset, device, first_batch: 1, range };
		assert_eq!(events(), [expected]);
		assert_eq!(deposit_of(OWNER), before);
	});
}

#[test]
fn what_follows_is_added_and_a_gap_begins_anew() {
	with_attested_dataset(|| {
		append(4);
		assert_ok!(attest(2, 4));
		append(6);
		run_to(2);
		assert_ok!(attest(4, 6));
		assert_eq!(attested(), attested_from(2, 6));
		append(9);
		assert_ok!(attest(8, 9));
		assert_eq!(attested(), attested_from(8, 9));
		// Earlier ones are added later, and those that overlap.
		assert_ok!(attest(7, 9));
		assert_eq!(attested(), attested_from(7, 9));
		append(10);
		assert_ok!(attest(0, 10));
		assert_eq!(attested(), attested_from(0, 10));
	});
}

#[test]
fn there_must_be_something_to_attest() {
	with_attested_dataset(|| {
		assert_noop!(attest(0, 0), Error::<Test>::NoBatches);
		append(4);
		assert_noop!(attest(4, 4), Error::<Test>::NoBatches);
		assert_ok!(attest(1, 4));
		for first in [1, 2, 3] {
			assert_noop!(attest(first, 4), Error::<Test>::AlreadyAttested);
		}
		assert_ok!(attest(0, 4));
	});
}

#[test]
fn the_batches_are_those_of_the_data_set() {
	with_attested_dataset(|| {
		append(4);
		assert_noop!(attest(0, 3), Error::<Test>::OtherRange);
		assert_noop!(attest(0, 5), Error::<Test>::OtherRange);
		let other_root = RangeCommitment { root: H256::repeat_byte(1), ..range(4) };
		let signature = signature_of(BATCH_TPM, GENESIS, AIR, 0, 4);
		assert_noop!(attest_with(0, other_root, signature), Error::<Test>::OtherRange);
		Ranges::mutate(|ranges| ranges.clear());
		assert_noop!(attest(0, 4), Error::<Test>::DatasetErased);
	});
}

#[test]
fn the_devices_batch_key_signs_all_of_it() {
	with_attested_dataset(|| {
		append(4);
		let key = BATCH_TPM;
		for other in [
			signature_of(TPM, GENESIS, AIR, 0, 4),
			signature_of(key, H256::repeat_byte(1), AIR, 0, 4),
			signature_of(key, GENESIS, H256::repeat_byte(1), 0, 4),
			signature_of(key, GENESIS, AIR, 1, 4),
			signature_of(key, GENESIS, AIR, 0, 5),
			vec![],
		] {
			assert_noop!(attest_with(0, range(4), other), Error::<Test>::SignatureInvalid);
		}
	});
}

#[test]
fn a_batch_key_must_be_certified() {
	with_trusted_device(|_| {
		append(4);
		assert_noop!(attest(0, 4), Error::<Test>::NotFound);
		assert_ok!(Attestation::assign_dataset(signed(OWNER), DEVICE, AIR));
		assert_noop!(attest(0, 4), Error::<Test>::NoBatchKey);
	});
}

#[test]
fn the_device_must_be_trusted_at_that_time() {
	with_attested_dataset(|| {
		append(4);
		assert_ok!(attest(0, 4));
		let before = attested();
		append(5);
		assert_ok!(Attestation::quarantine(RuntimeOrigin::root(), DEVICE));
		assert_noop!(attest(4, 5), Error::<Test>::NotTrusted);
		assert_ok!(Attestation::release(RuntimeOrigin::root(), DEVICE));
		run_to(1 + VALIDITY + 1);
		assert_noop!(attest(4, 5), Error::<Test>::NotTrusted);
		assert_eq!(attested(), before);
		assert_ok!(Evidence::new().submit());
		assert_ok!(attest(4, 5));
		assert_eq!(attested(), attested_from(0, 5));
		assert_ok!(Attestation::retire_device(signed(OWNER), DEVICE));
		append(6);
		assert_noop!(attest(5, 6), Error::<Test>::NotTrusted);
	});
}

#[test]
fn what_was_attested_goes_with_the_assignment() {
	with_attested_dataset(|| {
		append(4);
		assert_ok!(attest(0, 4));
		assert_ok!(Attestation::unassign_dataset(signed(OWNER), AIR));
		assert_eq!(attested(), None);
		assert_ok!(Attestation::assign_dataset(signed(OWNER), DEVICE, AIR));
		assert_eq!(attested(), None);
	});
}

#[test]
fn other_pallets_learn_of_it_when_nothing_is_missing() {
	with_attested_dataset(|| {
		let attested_range = || <Attestation as DeviceStatus<u64>>::attested_range(&AIR);
		append(4);
		assert_eq!(attested_range(), None);
		assert_ok!(attest(1, 4));
		assert_eq!(attested_range(), None);
		assert_ok!(attest(0, 4));
		append(5);
		assert_eq!(attested_range(), Some(range(4)));
		// The device needs no trust for what it signed while it had it.
		assert_ok!(Attestation::quarantine(RuntimeOrigin::root(), DEVICE));
		assert_eq!(attested_range(), Some(range(4)));
	});
}
