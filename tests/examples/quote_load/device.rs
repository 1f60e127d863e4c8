//! Devices with TPMs in software.

use msec_commitments::Hash;
use msec_evidence::{
	batches_digest, certification_data, device_id, pcr_digest, policy_pcr, qualifying_data,
	software_tpm::SoftwareTpm, AttestationKey, BatchKey, Certification, Name, PcrSelection, Quote,
};
use msec_worker_common::{
	chain::{
		attestation::{
			attest_batches, certify_batch_key, register_device, submit_quote, PcrReference,
			ReferenceValues,
		},
		BlockClient, RangeCommitment,
	},
	H256,
};
use subxt::transactions::Payload;

/// The register that is quoted.
const PCR: u8 = 4;
/// What it contains as the profile says.
pub const ALLOWED: [u8; 32] = [0xb0; 32];
/// What it contains when the device has changed.
pub const CHANGED: [u8; 32] = [0xc0; 32];
/// The version of the TPM's firmware.
const FIRMWARE: u64 = 1;
/// For how many blocks a quote is trusted: a day.
pub const VALIDITY: u32 = 28_800;

/// With what all devices are compared.
pub fn reference_values() -> ReferenceValues {
	ReferenceValues {
		pcrs: vec![PcrReference { index: PCR, allowed: vec![H256(ALLOWED)] }],
		lowest_firmware: FIRMWARE,
		highest_firmware: FIRMWARE,
		validity: VALIDITY,
	}
}

fn selection() -> PcrSelection {
	PcrSelection::of([PCR]).expect("there is such a register; qed")
}

/// A device that keeps its keys to itself, as if it had a TPM.
pub struct Device {
	/// Under what identifier the chain knows it.
	pub id: H256,
	attestation_key: SoftwareTpm,
	batch_key: SoftwareTpm,
}

impl Device {
	/// The device with this number.
	pub fn new(number: usize) -> Self {
		let number = number as u64;
		Self {
			id: H256(device_id(&number.to_le_bytes())),
			attestation_key: SoftwareTpm::new(2 * number + 1),
			batch_key: SoftwareTpm::new(2 * number + 2),
		}
	}

	/// The call by which its owner registers it.
	pub fn register(&self, profile: H256) -> impl Payload {
		register_device(self.id, self.attestation_key.attestation_key(), profile)
	}

	/// A quote that is bound to `block`; the register contains `value`.
	pub fn quote(&self, genesis: &Hash, block: &BlockClient, value: [u8; 32]) -> impl Payload {
		let quote = Quote {
			qualified_signer: &self.qualified_name(),
			extra_data: &qualifying_data(genesis, &block.hash().0, &self.id.0),
			clock: block.number(),
			reset_count: 1,
			restart_count: 0,
			safe: true,
			firmware_version: FIRMWARE,
			selection: selection(),
			pcr_digest: pcr_digest([&value].into_iter()),
		};
		let attest = quote.marshal();
		let signature = self.attestation_key.sign(&attest);
		submit_quote(self.id, block.number() as u32, attest, signature, vec![H256(value)])
	}

	/// The call by which the batch key is certified. It is sealed to what the profile says.
	pub fn certify(&self, genesis: &Hash) -> impl Payload {
		let seal = policy_pcr(selection(), &pcr_digest([&ALLOWED].into_iter()));
		let public_area = self.batch_key.batch_key(&seal);
		let name = BatchKey::parse(&public_area).expect("a TPM made the key; qed").name();
		let attest = Certification {
			qualified_signer: &self.qualified_name(),
			extra_data: &certification_data(genesis, &self.id.0),
			name: &name,
			qualified_name: &[],
		}
		.marshal();
		let signature = self.attestation_key.sign(&attest);
		certify_batch_key(self.id, public_area, attest, signature)
	}

	/// The call by which all batches of a data set are attested.
	pub fn attest(&self, genesis: &Hash, dataset: H256, range: RangeCommitment) -> impl Payload {
		let digest = batches_digest(genesis, &dataset.0, 0, range.batches, &range.root.0);
		attest_batches(dataset, 0, range, self.batch_key.sign_digest(&digest))
	}

	fn qualified_name(&self) -> Name {
		AttestationKey::parse(&self.attestation_key.attestation_key())
			.expect("a TPM made the key; qed")
			.qualified_name_in_endorsement_hierarchy()
	}
}
