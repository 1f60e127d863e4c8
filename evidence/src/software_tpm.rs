//! Keys and what they sign in the form of a TPM's, for tests and benchmarks. Nothing is protected.

extern crate alloc;

use crate::{
	certification::Certification,
	constants::{
		attribute, TPM_ALG_ECC, TPM_ALG_ECDSA, TPM_ALG_NULL, TPM_ALG_SHA256, TPM_ECC_NIST_P256,
		TPM_GENERATED_VALUE, TPM_ST_ATTEST_CERTIFY, TPM_ST_ATTEST_QUOTE,
	},
	hash::sha256,
	quote::Quote,
};
use alloc::vec::Vec;
use p256::ecdsa::{signature::hazmat::PrehashSigner, Signature, SigningKey};

/// Attributes of an attestation key: those that it must have, `userWithAuth` and `noDA`.
pub const ATTESTATION_KEY_ATTRIBUTES: u32 = attribute::FIXED_TPM
	| attribute::FIXED_PARENT
	| attribute::SENSITIVE_DATA_ORIGIN
	| attribute::USER_WITH_AUTH
	| 1 << 10
	| attribute::RESTRICTED
	| attribute::SIGN;

/// Attributes of a batch key: those that it must have, and `noDA`.
pub const BATCH_KEY_ATTRIBUTES: u32 = attribute::FIXED_TPM
	| attribute::FIXED_PARENT
	| attribute::SENSITIVE_DATA_ORIGIN
	| 1 << 10
	| attribute::SIGN;

/// A TPM with one key, which is whatever its public area says.
pub struct SoftwareTpm(SigningKey);

impl SoftwareTpm {
	/// A TPM whose key has the secret `seed`, a number from 1 on.
	pub fn new(seed: u64) -> Self {
		let mut secret = [0; 32];
		secret[24..].copy_from_slice(&seed.to_be_bytes());
		Self(SigningKey::from_slice(&secret).expect("the seed is not zero"))
	}

	/// The attestation key as marshalled `TPMT_PUBLIC`.
	pub fn attestation_key(&self) -> Vec<u8> {
		self.public_area(ATTESTATION_KEY_ATTRIBUTES)
	}

	/// The key as a batch key under a policy as marshalled `TPMT_PUBLIC`.
	pub fn batch_key(&self, authorization_policy: &[u8; 32]) -> Vec<u8> {
		self.public_area_under(BATCH_KEY_ATTRIBUTES, authorization_policy)
	}

	/// A key with other attributes as marshalled `TPMT_PUBLIC`.
	pub fn public_area(&self, attributes: u32) -> Vec<u8> {
		self.public_area_under(attributes, &[])
	}

	/// A key with other attributes and a policy as marshalled `TPMT_PUBLIC`.
	pub fn public_area_under(&self, attributes: u32, authorization_policy: &[u8]) -> Vec<u8> {
		let point = self.0.verifying_key().to_encoded_point(false);
		let (x, y) = point.x().zip(point.y()).expect("the point is not compressed");
		let mut bytes = numbers([TPM_ALG_ECC, TPM_ALG_SHA256]);
		bytes.extend(attributes.to_be_bytes());
		bytes.extend(sized(authorization_policy));
		bytes.extend(numbers([TPM_ALG_NULL, TPM_ALG_ECDSA, TPM_ALG_SHA256]));
		bytes.extend(numbers([TPM_ECC_NIST_P256, TPM_ALG_NULL]));
		bytes.extend(sized(x));
		bytes.extend(sized(y));
		bytes
	}

	/// A signature over `attest` as marshalled `TPMT_SIGNATURE`.
	pub fn sign(&self, attest: &[u8]) -> Vec<u8> {
		self.sign_digest(&sha256([attest]))
	}

	/// A signature over what has this SHA-256 as marshalled `TPMT_SIGNATURE`.
	pub fn sign_digest(&self, digest: &[u8; 32]) -> Vec<u8> {
		let signature: Signature =
			self.0.sign_prehash(digest).expect("a digest of 32 bytes is signed");
		let (r, s) = signature.split_bytes();
		let mut bytes = numbers([TPM_ALG_ECDSA, TPM_ALG_SHA256]);
		bytes.extend(sized(&r));
		bytes.extend(sized(&s));
		bytes
	}
}

impl Quote<'_> {
	/// The quote as marshalled `TPMS_ATTEST`.
	pub fn marshal(&self) -> Vec<u8> {
		let mut bytes = TPM_GENERATED_VALUE.to_be_bytes().to_vec();
		bytes.extend(TPM_ST_ATTEST_QUOTE.to_be_bytes());
		bytes.extend(sized(self.qualified_signer));
		bytes.extend(sized(self.extra_data));
		bytes.extend(self.clock.to_be_bytes());
		bytes.extend(self.reset_count.to_be_bytes());
		bytes.extend(self.restart_count.to_be_bytes());
		bytes.push(self.safe.into());
		bytes.extend(self.firmware_version.to_be_bytes());
		bytes.extend(1u32.to_be_bytes());
		bytes.extend(TPM_ALG_SHA256.to_be_bytes());
		let [first, second, third, _] = self.selection.0.to_le_bytes();
		bytes.extend([3, first, second, third]);
		bytes.extend(sized(&self.pcr_digest));
		bytes
	}
}

impl Certification<'_> {
	/// The certification as marshalled `TPMS_ATTEST`, by a TPM without clock and firmware.
	pub fn marshal(&self) -> Vec<u8> {
		let mut bytes = TPM_GENERATED_VALUE.to_be_bytes().to_vec();
		bytes.extend(TPM_ST_ATTEST_CERTIFY.to_be_bytes());
		bytes.extend(sized(self.qualified_signer));
		bytes.extend(sized(self.extra_data));
		// Clock, both counters, whether the clock is safe, firmware.
		bytes.extend([0u8; 8 + 4 + 4 + 1 + 8]);
		bytes.extend(sized(self.name));
		bytes.extend(sized(self.qualified_name));
		bytes
	}
}

fn numbers<const N: usize>(numbers: [u16; N]) -> Vec<u8> {
	numbers.into_iter().flat_map(u16::to_be_bytes).collect()
}

fn sized(buffer: &[u8]) -> Vec<u8> {
	let length = u16::try_from(buffer.len()).expect("buffers of TPMs are short");
	[&length.to_be_bytes(), buffer].concat()
}
