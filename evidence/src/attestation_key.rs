//! Keys that sign quotes, and their signatures.

use crate::{
	constants::{
		attribute, TPM_ALG_ECC, TPM_ALG_ECDSA, TPM_ALG_NULL, TPM_ALG_SHA256, TPM_ECC_NIST_P256,
		TPM_RH_ENDORSEMENT,
	},
	hash::sha256,
	reader::{ReadError, Reader},
};
use p256::{
	ecdsa::{signature::hazmat::PrehashVerifier, Signature, VerifyingKey},
	EncodedPoint, FieldBytes,
};

/// Length of a name: that of SHA-256 and of the number that stands for it.
pub const NAME_LENGTH: usize = 34;

/// Name of an object: `TPM_ALG_SHA256`, and a digest (Part 1, 16).
pub type Name = [u8; NAME_LENGTH];

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

/// Why a signature is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureError {
	/// The bytes end too early.
	Truncated,
	/// The bytes go on after the end.
	TrailingBytes,
	/// It is not one of ECDSA with SHA-256.
	OtherAlgorithm,
	/// It does not fit the key and what was signed.
	Invalid,
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
		let mut reader = Reader::new(public_area);
		expect(&mut reader, [TPM_ALG_ECC, TPM_ALG_SHA256])?;
		let attributes = reader.u32()?;
		if attributes & REQUIRED != REQUIRED || attributes & attribute::DECRYPT != 0 {
			return Err(KeyError::NotRestricted);
		}
		let _authorization_policy = reader.sized()?;
		// No symmetric algorithm, the scheme, the curve, no key derivation.
		expect(&mut reader, [TPM_ALG_NULL, TPM_ALG_ECDSA, TPM_ALG_SHA256, TPM_ECC_NIST_P256])?;
		expect(&mut reader, [TPM_ALG_NULL])?;
		let (x, y) = (reader.sized()?, reader.sized()?);
		reader.finish()?;
		Ok(Self { name: name_of([public_area]), key: verifying_key(x, y)? })
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
		let signature = parse_signature(signature)?;
		self.key.verify_prehash(&sha256([attest]), &signature).map_err(|_| SignatureError::Invalid)
	}
}

fn name_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Name {
	let mut name = [0; NAME_LENGTH];
	let (algorithm, digest) = name.split_at_mut(2);
	algorithm.copy_from_slice(&TPM_ALG_SHA256.to_be_bytes());
	digest.copy_from_slice(&sha256(parts));
	name
}

fn expect<const N: usize>(reader: &mut Reader, wanted: [u16; N]) -> Result<(), KeyError> {
	for number in wanted {
		if reader.u16()? != number {
			return Err(KeyError::OtherAlgorithm);
		}
	}
	Ok(())
}

fn verifying_key(x: &[u8], y: &[u8]) -> Result<VerifyingKey, KeyError> {
	let (x, y) = padded(x).zip(padded(y)).ok_or(KeyError::InvalidPoint)?;
	let point = EncodedPoint::from_affine_coordinates(&x, &y, false);
	VerifyingKey::from_encoded_point(&point).map_err(|_| KeyError::InvalidPoint)
}

fn parse_signature(signature: &[u8]) -> Result<Signature, SignatureError> {
	let mut reader = Reader::new(signature);
	if (reader.u16()?, reader.u16()?) != (TPM_ALG_ECDSA, TPM_ALG_SHA256) {
		return Err(SignatureError::OtherAlgorithm);
	}
	let (r, s) = (reader.sized()?, reader.sized()?);
	reader.finish()?;
	let (r, s) = padded(r).zip(padded(s)).ok_or(SignatureError::Invalid)?;
	Signature::from_scalars(r, s).map_err(|_| SignatureError::Invalid)
}

/// A number of at most 32 bytes, from which TPMs may leave out leading zeros.
fn padded(number: &[u8]) -> Option<FieldBytes> {
	let zeros = size_of::<FieldBytes>().checked_sub(number.len())?;
	let mut padded = FieldBytes::default();
	padded[zeros..].copy_from_slice(number);
	Some(padded)
}

impl From<ReadError> for KeyError {
	fn from(error: ReadError) -> Self {
		match error {
			ReadError::Truncated => Self::Truncated,
			ReadError::TrailingBytes => Self::TrailingBytes,
		}
	}
}

impl From<ReadError> for SignatureError {
	fn from(error: ReadError) -> Self {
		match error {
			ReadError::Truncated => Self::Truncated,
			ReadError::TrailingBytes => Self::TrailingBytes,
		}
	}
}
