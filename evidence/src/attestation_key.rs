//! Keys that sign what the TPM itself says.

use crate::{
	constants::{attribute, TPM_RH_ENDORSEMENT},
	hash::sha256,
	public_area::{name_of, Name, PublicArea, PublicAreaError},
	signature::{verify, SignatureError},
};
use p256::ecdsa::VerifyingKey;

/// What an attestation key must be.
const REQUIRED: u32 = attribute::FIXED_TPM
	| attribute::FIXED_PARENT
	| attribute::SENSITIVE_DATA_ORIGIN
	| attribute::RESTRICTED
	| attribute::SIGN;

/// Why bytes are no attestation key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
	/// They end too early.
	Truncated,
	/// They go on after the end.
	TrailingBytes,
	/// The key is not one of P-256 for ECDSA with SHA-256.
	OtherAlgorithm,
	/// The key might leave the TPM, or sign or decrypt what did not come from it.
	NotRestricted,
	/// The key is no point of the curve.
	InvalidPoint,
}

/// A key of P-256 for ECDSA with SHA-256 that the TPM made, keeps, and uses only for what it made
/// itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationKey {
	name: Name,
	key: VerifyingKey,
}

impl AttestationKey {
	/// Reads a marshalled `TPMT_PUBLIC` (Part 2, 12.2.4).
	///
	/// Whether a TPM really has the key is for a registrar to find out, by a credential that only this
	/// TPM can activate.
	pub fn parse(public_area: &[u8]) -> Result<Self, KeyError> {
		let area = PublicArea::parse(public_area)?;
		if area.attributes & REQUIRED != REQUIRED || area.attributes & attribute::DECRYPT != 0 {
			return Err(KeyError::NotRestricted);
		}
		Ok(Self { name: name_of([public_area]), key: area.verifying_key()? })
	}

	/// The key's name (Part 1, 16): `TPM_ALG_SHA256` ‖ SHA-256(`TPMT_PUBLIC`).
	pub fn name(&self) -> Name {
		self.name
	}

	/// The key's qualified name (Part 1, 16) when it is a primary key of the endorsement hierarchy:
	/// `TPM_ALG_SHA256` ‖ SHA-256(`TPM_RH_ENDORSEMENT` ‖ name).
	pub fn qualified_name_in_endorsement_hierarchy(&self) -> Name {
		name_of([TPM_RH_ENDORSEMENT.to_be_bytes().as_slice(), &self.name])
	}

	/// Verifies a marshalled `TPMT_SIGNATURE` (Part 2, 11.3.4) over `attest`.
	///
	/// It says nothing about what was signed. The key's attributes are not covered by it either, but by
	/// the qualified name within the quote.
	pub fn verify(&self, attest: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
		verify(&self.key, &sha256([attest]), signature)
	}
}

impl From<PublicAreaError> for KeyError {
	fn from(error: PublicAreaError) -> Self {
		match error {
			PublicAreaError::Truncated => Self::Truncated,
			PublicAreaError::TrailingBytes => Self::TrailingBytes,
			PublicAreaError::OtherAlgorithm => Self::OtherAlgorithm,
			PublicAreaError::InvalidPoint => Self::InvalidPoint,
		}
	}
}
