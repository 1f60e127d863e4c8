//! Keys that sign batches, and work only while the device is in the state to which they are sealed.

use crate::{
	constants::attribute,
	pcr::{policy_pcr, PcrSelection},
	public_area::{name_of, Name, PublicArea, PublicAreaError},
	signature::{verify, SignatureError},
};
use p256::ecdsa::VerifyingKey;

/// What a batch key must be.
const REQUIRED: u32 = attribute::FIXED_TPM
	| attribute::FIXED_PARENT
	| attribute::SENSITIVE_DATA_ORIGIN
	| attribute::SIGN;
/// What it must not be.
const FORBIDDEN: u32 = attribute::USER_WITH_AUTH | attribute::RESTRICTED | attribute::DECRYPT;

/// Why bytes are no batch key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchKeyError {
	/// They end too early.
	Truncated,
	/// They go on after the end.
	TrailingBytes,
	/// The key is not one of P-256 for ECDSA with SHA-256.
	OtherAlgorithm,
	/// The key might leave the TPM, sign without its policy, or not sign batches at all.
	NotSealed,
	/// The key is no point of the curve.
	InvalidPoint,
}

/// A key of P-256 for ECDSA with SHA-256 that the TPM made, keeps, and uses only under its policy.
///
/// The user's role is the one that signs, and with `userWithAuth` clear a policy session alone takes it
/// (Part 1, 19.7). The administrator's role, which a password may take, lets the TPM certify the key, but
/// not sign with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchKey {
	name: Name,
	authorization_policy: [u8; 32],
	key: VerifyingKey,
}

impl BatchKey {
	/// Reads a marshalled `TPMT_PUBLIC` (Part 2, 12.2.4).
	///
	/// Whether a TPM really has the key is for an attestation key to say, by a
	/// [`crate::Certification`].
	pub fn parse(public_area: &[u8]) -> Result<Self, BatchKeyError> {
		let area = PublicArea::parse(public_area)?;
		if area.attributes & REQUIRED != REQUIRED || area.attributes & FORBIDDEN != 0 {
			return Err(BatchKeyError::NotSealed);
		}
		let authorization_policy = <[u8; 32]>::try_from(area.authorization_policy)
			.map_err(|_| BatchKeyError::NotSealed)?;
		let (name, key) = (name_of([public_area]), area.verifying_key()?);
		Ok(Self { name, authorization_policy, key })
	}

	/// The key's name (Part 1, 16): `TPM_ALG_SHA256` ‖ SHA-256(`TPMT_PUBLIC`).
	pub fn name(&self) -> Name {
		self.name
	}

	/// Whether the key works only while the selected registers have values with this digest.
	pub fn is_sealed_to(&self, selection: PcrSelection, pcr_digest: &[u8; 32]) -> bool {
		self.authorization_policy == policy_pcr(selection, pcr_digest)
	}

	/// Verifies a marshalled `TPMT_SIGNATURE` (Part 2, 11.3.4) over what has the SHA-256 `digest`, see
	/// [`crate::batches_digest`].
	pub fn verify(&self, digest: &[u8; 32], signature: &[u8]) -> Result<(), SignatureError> {
		verify(&self.key, digest, signature)
	}
}

impl From<PublicAreaError> for BatchKeyError {
	fn from(error: PublicAreaError) -> Self {
		match error {
			PublicAreaError::Truncated => Self::Truncated,
			PublicAreaError::TrailingBytes => Self::TrailingBytes,
			PublicAreaError::OtherAlgorithm => Self::OtherAlgorithm,
			PublicAreaError::InvalidPoint => Self::InvalidPoint,
		}
	}
}
