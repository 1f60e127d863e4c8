//! Public areas of keys of P-256 for ECDSA with SHA-256 (`TPMT_PUBLIC`, Part 2, 12.2.4).

use crate::{
	constants::{TPM_ALG_ECC, TPM_ALG_ECDSA, TPM_ALG_NULL, TPM_ALG_SHA256, TPM_ECC_NIST_P256},
	hash::sha256,
	reader::{ReadError, Reader},
};
use p256::{ecdsa::VerifyingKey, EncodedPoint, FieldBytes};

/// Length of a name: that of SHA-256 and of the number that stands for it.
pub const NAME_LENGTH: usize = 34;

/// Name of an object: `TPM_ALG_SHA256`, and a digest (Part 1, 16).
pub type Name = [u8; NAME_LENGTH];

/// Why bytes are no such public area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicAreaError {
	/// They end too early.
	Truncated,
	/// They go on after the end.
	TrailingBytes,
	/// The key is not one of P-256 for ECDSA with SHA-256.
	OtherAlgorithm,
	/// The key is no point of the curve.
	InvalidPoint,
}

/// The parts of a public area that differ from key to key.
pub struct PublicArea<'a> {
	/// `TPMA_OBJECT`, see [`crate::constants::attribute`].
	pub attributes: u32,
	/// The digest of a policy, or nothing.
	pub authorization_policy: &'a [u8],
	x: &'a [u8],
	y: &'a [u8],
}

impl<'a> PublicArea<'a> {
	/// Reads a marshalled `TPMT_PUBLIC`. Whether its numbers are a point of the curve is not looked at.
	pub fn parse(bytes: &'a [u8]) -> Result<Self, PublicAreaError> {
		let mut reader = Reader::new(bytes);
		expect(&mut reader, [TPM_ALG_ECC, TPM_ALG_SHA256])?;
		let (attributes, authorization_policy) = (reader.u32()?, reader.sized()?);
		// No symmetric algorithm, the scheme, the curve, no key derivation.
		expect(&mut reader, [TPM_ALG_NULL, TPM_ALG_ECDSA, TPM_ALG_SHA256, TPM_ECC_NIST_P256])?;
		expect(&mut reader, [TPM_ALG_NULL])?;
		let (x, y) = (reader.sized()?, reader.sized()?);
		reader.finish()?;
		Ok(Self { attributes, authorization_policy, x, y })
	}

	/// The key.
	pub fn verifying_key(&self) -> Result<VerifyingKey, PublicAreaError> {
		let numbers = padded(self.x).zip(padded(self.y));
		let (x, y) = numbers.ok_or(PublicAreaError::InvalidPoint)?;
		let point = EncodedPoint::from_affine_coordinates(&x, &y, false);
		VerifyingKey::from_encoded_point(&point).map_err(|_| PublicAreaError::InvalidPoint)
	}
}

/// The name over the concatenation of `parts`.
pub fn name_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Name {
	let mut name = [0; NAME_LENGTH];
	let (algorithm, digest) = name.split_at_mut(2);
	algorithm.copy_from_slice(&TPM_ALG_SHA256.to_be_bytes());
	digest.copy_from_slice(&sha256(parts));
	name
}

/// A number of at most 32 bytes, from which TPMs may leave out leading zeros.
pub fn padded(number: &[u8]) -> Option<FieldBytes> {
	let zeros = size_of::<FieldBytes>().checked_sub(number.len())?;
	let mut padded = FieldBytes::default();
	padded[zeros..].copy_from_slice(number);
	Some(padded)
}

fn expect<const N: usize>(reader: &mut Reader, wanted: [u16; N]) -> Result<(), PublicAreaError> {
	for number in wanted {
		if reader.u16()? != number {
			return Err(PublicAreaError::OtherAlgorithm);
		}
	}
	Ok(())
}

impl From<ReadError> for PublicAreaError {
	fn from(error: ReadError) -> Self {
		match error {
			ReadError::Truncated => Self::Truncated,
			ReadError::TrailingBytes => Self::TrailingBytes,
		}
	}
}
