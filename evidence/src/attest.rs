//! What all attestations of a TPM begin with (`TPMS_ATTEST`, Part 2, 10.12.8).

use crate::{
	constants::TPM_GENERATED_VALUE,
	reader::{ReadError, Reader},
};

/// Why bytes do not begin as an attestation of the wanted type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
	/// They end too early.
	Truncated,
	/// They do not begin as what a TPM makes itself.
	NotTpmGenerated,
	/// They are an attestation of another type.
	OtherType,
	/// `TPMI_YES_NO` is neither.
	InvalidBoolean,
}

/// The fields before those that the type of the attestation decides about.
pub struct Header<'a> {
	/// Qualified name of the key that signed.
	pub qualified_signer: &'a [u8],
	/// What the caller of the TPM gave.
	pub extra_data: &'a [u8],
	/// Milliseconds that the TPM was on, since it was cleared.
	pub clock: u64,
	/// How often the TPM was reset since it was cleared.
	pub reset_count: u32,
	/// How often it was restarted or resumed since the reset.
	pub restart_count: u32,
	/// Whether no higher clock was reported before.
	pub safe: bool,
	/// Version of the TPM's firmware.
	pub firmware_version: u64,
}

impl<'a> Header<'a> {
	/// Reads the header of an attestation of type `wanted`, a `TPMI_ST_ATTEST`.
	pub fn read(reader: &mut Reader<'a>, wanted: u16) -> Result<Self, HeaderError> {
		if reader.u32()? != TPM_GENERATED_VALUE {
			return Err(HeaderError::NotTpmGenerated);
		}
		if reader.u16()? != wanted {
			return Err(HeaderError::OtherType);
		}
		Ok(Self {
			qualified_signer: reader.sized()?,
			extra_data: reader.sized()?,
			clock: reader.u64()?,
			reset_count: reader.u32()?,
			restart_count: reader.u32()?,
			safe: yes_or_no(reader)?,
			firmware_version: reader.u64()?,
		})
	}
}

/// `TPMI_YES_NO` (Part 2, 9.2).
fn yes_or_no(reader: &mut Reader) -> Result<bool, HeaderError> {
	match reader.u8()? {
		0 => Ok(false),
		1 => Ok(true),
		_ => Err(HeaderError::InvalidBoolean),
	}
}

impl From<ReadError> for HeaderError {
	// Nothing can trail what goes on.
	fn from(_: ReadError) -> Self {
		Self::Truncated
	}
}
