//! What a TPM says of its registers (`TPMS_ATTEST` of type `TPM_ST_ATTEST_QUOTE`, Part 2, 10.12.8).

use crate::{
	attest::{Header, HeaderError},
	constants::{TPM_ALG_SHA256, TPM_ST_ATTEST_QUOTE},
	pcr::{PcrSelection, SELECT_LENGTH},
	reader::{ReadError, Reader},
};

/// Why bytes are not a quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
	/// They end too early.
	Truncated,
	/// They go on after the end.
	TrailingBytes,
	/// They do not begin as what a TPM makes itself.
	NotTpmGenerated,
	/// They are an attestation of another type.
	NotQuote,
	/// `TPMI_YES_NO` is neither.
	InvalidBoolean,
	/// They do not select 24 registers' worth of exactly one bank, that of SHA-256.
	OtherBank,
	/// The digest of the registers is not one of SHA-256.
	OtherDigest,
}

/// A quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote<'a> {
	/// Qualified name of the key that signed.
	pub qualified_signer: &'a [u8],
	/// What the caller of the TPM gave, see [`crate::qualifying_data`].
	pub extra_data: &'a [u8],
	/// Milliseconds that the TPM was on, since it was cleared.
	pub clock: u64,
	/// How often the TPM was reset since it was cleared.
	pub reset_count: u32,
	/// How often it was restarted or resumed since the reset.
	pub restart_count: u32,
	/// Whether no higher clock was reported before.
	pub safe: bool,
	/// Version of the TPM's firmware, in the manufacturer's own form.
	pub firmware_version: u64,
	/// Which registers were quoted.
	pub selection: PcrSelection,
	/// SHA-256 over their values, see [`crate::pcr_digest`].
	pub pcr_digest: [u8; 32],
}

impl<'a> Quote<'a> {
	/// Reads a marshalled `TPMS_ATTEST`. Nothing is verified.
	pub fn parse(attest: &'a [u8]) -> Result<Self, ParseError> {
		let mut reader = Reader::new(attest);
		let header = Header::read(&mut reader, TPM_ST_ATTEST_QUOTE)?;
		let quote = Self {
			qualified_signer: header.qualified_signer,
			extra_data: header.extra_data,
			clock: header.clock,
			reset_count: header.reset_count,
			restart_count: header.restart_count,
			safe: header.safe,
			firmware_version: header.firmware_version,
			selection: selection(&mut reader)?,
			pcr_digest: reader.sized()?.try_into().map_err(|_| ParseError::OtherDigest)?,
		};
		reader.finish()?;
		Ok(quote)
	}
}

/// `TPML_PCR_SELECTION` of one bank (Part 2, 10.9.7).
fn selection(reader: &mut Reader) -> Result<PcrSelection, ParseError> {
	let (banks, bank, length) = (reader.u32()?, reader.u16()?, reader.u8()?);
	if (banks, bank, length) != (1, TPM_ALG_SHA256, SELECT_LENGTH) {
		return Err(ParseError::OtherBank);
	}
	let [first, second, third] = reader.array()?;
	Ok(PcrSelection(u32::from_le_bytes([first, second, third, 0])))
}

impl From<ReadError> for ParseError {
	fn from(error: ReadError) -> Self {
		match error {
			ReadError::Truncated => Self::Truncated,
			ReadError::TrailingBytes => Self::TrailingBytes,
		}
	}
}

impl From<HeaderError> for ParseError {
	fn from(error: HeaderError) -> Self {
		match error {
			HeaderError::Truncated => Self::Truncated,
			HeaderError::NotTpmGenerated => Self::NotTpmGenerated,
			HeaderError::OtherType => Self::NotQuote,
			HeaderError::InvalidBoolean => Self::InvalidBoolean,
		}
	}
}
