//! What a TPM says of a key in it (`TPMS_ATTEST` of type `TPM_ST_ATTEST_CERTIFY`, Part 2, 10.12.3 and
//! 10.12.8).

use crate::{
	attest::{Header, HeaderError},
	constants::TPM_ST_ATTEST_CERTIFY,
	reader::{ReadError, Reader},
};

/// Why bytes are not a certification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificationError {
	/// They end too early.
	Truncated,
	/// They go on after the end.
	TrailingBytes,
	/// They do not begin as what a TPM makes itself.
	NotTpmGenerated,
	/// They are an attestation of another type.
	NotCertification,
	/// `TPMI_YES_NO` is neither.
	InvalidBoolean,
}

/// A TPM's word that both halves of a key are in it. Clock and firmware of the TPM at that time are not
/// kept: the key stays the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certification<'a> {
	/// Qualified name of the key that signed.
	pub qualified_signer: &'a [u8],
	/// What the caller of the TPM gave, see [`crate::certification_data`].
	pub extra_data: &'a [u8],
	/// Name of the key.
	pub name: &'a [u8],
	/// Its qualified name.
	pub qualified_name: &'a [u8],
}

impl<'a> Certification<'a> {
	/// Reads a marshalled `TPMS_ATTEST`. Nothing is verified.
	pub fn parse(attest: &'a [u8]) -> Result<Self, CertificationError> {
		let mut reader = Reader::new(attest);
		let Header { qualified_signer, extra_data, .. } =
			Header::read(&mut reader, TPM_ST_ATTEST_CERTIFY)?;
		let (name, qualified_name) = (reader.sized()?, reader.sized()?);
		reader.finish()?;
		Ok(Self { qualified_signer, extra_data, name, qualified_name })
	}
}

impl From<ReadError> for CertificationError {
	fn from(error: ReadError) -> Self {
		match error {
			ReadError::Truncated => Self::Truncated,
			ReadError::TrailingBytes => Self::TrailingBytes,
		}
	}
}

impl From<HeaderError> for CertificationError {
	fn from(error: HeaderError) -> Self {
		match error {
			HeaderError::Truncated => Self::Truncated,
			HeaderError::NotTpmGenerated => Self::NotTpmGenerated,
			HeaderError::OtherType => Self::NotCertification,
			HeaderError::InvalidBoolean => Self::InvalidBoolean,
		}
	}
}
