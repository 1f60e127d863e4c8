//! A device with a TPM in software.

use super::{account, advance, call};
use frame_support::{assert_ok, BoundedVec};
use msec_evidence::{
	batches_digest, certification_data, pcr_digest, policy_pcr, qualifying_data,
	software_tpm::SoftwareTpm, AttestationKey, BatchKey, Certification, PcrSelection, Quote,
};
use msec_primitives::{DatasetId, DatasetInfo};
use msec_runtime::{
	Attestation, Records, Runtime, RuntimeOrigin, System, UncheckedExtrinsic, DAYS, MSEC,
};
use pallet_attestation::{Call, DeviceId, PcrReference, ReferenceValues};
use sp_core::H256;

pub const DEVICE: DeviceId = H256::repeat_byte(0xde);
/// What the device's only quoted register contains.
const BOOT: H256 = H256::repeat_byte(0xb0);

fn tpm() -> SoftwareTpm {
	SoftwareTpm::new(1)
}

fn attestation_key() -> BoundedVec<u8, frame_support::traits::ConstU32<128>> {
	BoundedVec::truncate_from(tpm().attestation_key())
}

fn reference_values() -> ReferenceValues<u32> {
	let pcr = PcrReference { index: 4, allowed: BoundedVec::truncate_from(vec![BOOT]) };
	ReferenceValues {
		pcrs: BoundedVec::truncate_from(vec![pcr]),
		lowest_firmware: 0,
		highest_firmware: 9,
		validity: DAYS,
	}
}

/// Registers [`DEVICE`] of `owner` with a budget, lets `registrar` endorse it, and assigns `dataset`.
pub fn register(owner: u8, registrar: u8, dataset: DatasetId) {
	let (owner, registrar) = (account(owner), account(registrar));
	let values = reference_values();
	let profile = Attestation::profile_id(&owner, &values);
	assert_ok!(call(&owner, Call::<Runtime>::publish_profile { profile: values }));
	let register = Call::<Runtime>::register_device {
		device: DEVICE,
		attestation_key: attestation_key(),
		profile,
	};
	assert_ok!(call(&owner, register));
	assert_ok!(call(&owner, Call::<Runtime>::fund_quotes { device: DEVICE, amount: MSEC }));
	assert_ok!(call(&owner, Call::<Runtime>::assign_dataset { device: DEVICE, dataset }));
	let root = RuntimeOrigin::root();
	assert_ok!(Attestation::accredit_registrar(root, registrar.clone()));
	assert_ok!(call(&registrar, Call::<Runtime>::endorse { device: DEVICE, profile }));
}

/// Goes to the next block; a quote that is bound to this one. The register contains `boot`.
pub fn quote_with(boot: H256) -> Call<Runtime> {
	let block_number = System::block_number();
	let block_hash = H256::from_low_u64_be(block_number.into());
	frame_system::BlockHash::<Runtime>::insert(block_number, block_hash);
	advance(1);
	let key = AttestationKey::parse(&attestation_key()).unwrap();
	let quote = Quote {
		qualified_signer: &key.qualified_name_in_endorsement_hierarchy(),
		extra_data: &qualifying_data(&System::block_hash(0).0, &block_hash.0, &DEVICE.0),
		clock: block_number.into(),
		reset_count: 1,
		restart_count: 0,
		safe: true,
		firmware_version: 1,
		selection: PcrSelection::of([4]).unwrap(),
		pcr_digest: pcr_digest([boot.as_fixed_bytes()].into_iter()),
	};
	let attest = quote.marshal();
	Call::submit_quote {
		device: DEVICE,
		block_number,
		signature: BoundedVec::truncate_from(tpm().sign(&attest)),
		attest: BoundedVec::truncate_from(attest),
		pcr_values: BoundedVec::truncate_from(vec![boot]),
	}
}

/// A quote that matches the profile, as [`quote_with`] makes it.
pub fn sound_quote() -> Call<Runtime> {
	quote_with(BOOT)
}

/// Has the device, whose last quote was [`sound_quote`], sign all batches of `dataset` with a new key.
pub fn sign_batches(owner: u8, dataset: DatasetId) {
	let owner = account(owner);
	let genesis = System::block_hash(0);
	let attestation_key = AttestationKey::parse(&attestation_key()).unwrap();
	let seal = pcr_digest([BOOT.as_fixed_bytes()].into_iter());
	let signer = SoftwareTpm::new(2);
	let public_area = signer.batch_key(&policy_pcr(PcrSelection::of([4]).unwrap(), &seal));
	let attest = Certification {
		qualified_signer: &attestation_key.qualified_name_in_endorsement_hierarchy(),
		extra_data: &certification_data(&genesis.0, &DEVICE.0),
		name: &BatchKey::parse(&public_area).unwrap().name(),
		qualified_name: &[],
	}
	.marshal();
	let certify = Call::<Runtime>::certify_batch_key {
		device: DEVICE,
		public_area: BoundedVec::truncate_from(public_area),
		signature: BoundedVec::truncate_from(tpm().sign(&attest)),
		attest: BoundedVec::truncate_from(attest),
	};
	assert_ok!(call(&owner, certify));
	let range = Records::range(&dataset).unwrap();
	let digest = batches_digest(&genesis.0, &dataset.0, 0, range.batches, &range.root.0);
	let signature = BoundedVec::truncate_from(signer.sign_digest(&digest));
	let attest = Call::<Runtime>::attest_batches { dataset, first_batch: 0, range, signature };
	assert_ok!(call(&owner, attest));
}

/// The transaction that carries a quote: it has no signature.
pub fn bare(quote: Call<Runtime>) -> UncheckedExtrinsic {
	UncheckedExtrinsic::new_bare(quote.into())
}
