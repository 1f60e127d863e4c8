//! Signatures of TPMs (`TPMT_SIGNATURE`, Part 2, 11.3.4) of ECDSA with SHA-256.

use crate::{
	constants::{TPM_ALG_ECDSA, TPM_ALG_SHA256},
	public_area::padded,
	reader::{ReadError, Reader},
};
use p256::ecdsa::{signature::hazmat::PrehashVerifier, Signature, VerifyingKey};

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

/// Verifies a marshalled `TPMT_SIGNATURE` over what has this SHA-256.
pub fn verify(
	key: &VerifyingKey,
	digest: &[u8; 32],
	signature: &[u8],
) -> Result<(), SignatureError> {
	let signature = parse_signature(signature)?;
	key.verify_prehash(digest, &signature).map_err(|_| SignatureError::Invalid)
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

impl From<ReadError> for SignatureError {
	fn from(error: ReadError) -> Self {
		match error {
			ReadError::Truncated => Self::Truncated,
			ReadError::TrailingBytes => Self::TrailingBytes,
		}
	}
}
