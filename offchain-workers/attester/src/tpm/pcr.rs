//! Platform configuration registers of the SHA-256 bank.

use super::{command, Tpm, TpmError};
use msec_evidence::PcrSelection;
use tss_esapi::{
	handles::PcrHandle,
	interface_types::{algorithm::HashingAlgorithm, session_handles::AuthSession},
	structures::{Digest, DigestValues, PcrSelectionList, PcrSelectionListBuilder, PcrSlot},
};

/// How many values one answer holds (TPM 2.0 Library Part 2, TPML_DIGEST).
const VALUES_AT_ONCE: usize = 8;

impl Tpm {
	/// The values of the selected PCRs by ascending index.
	pub fn pcr_values(&mut self, selection: PcrSelection) -> Result<Vec<[u8; 32]>, TpmError> {
		let indices: Vec<u8> = selection.indices().collect();
		let mut values = Vec::with_capacity(indices.len());
		for part in indices.chunks(VALUES_AT_ONCE) {
			let selected = selection_list(part).map_err(command("read PCRs"))?;
			let (_, _, digests) = self.0.pcr_read(selected).map_err(command("read PCRs"))?;
			if digests.len() != part.len() {
				return Err(TpmError::InvalidAnswer("it has no SHA-256 bank of PCRs"));
			}
			for digest in digests.value() {
				let value = <[u8; 32]>::try_from(digest.value());
				values.push(value.map_err(|_| TpmError::InvalidAnswer("a PCR has no 32 bytes"))?);
			}
		}
		Ok(values)
	}

	/// Extends a PCR: its value becomes the hash of what it was and `digest`.
	pub fn pcr_extend(&mut self, index: u8, digest: [u8; 32]) -> Result<(), TpmError> {
		const WHAT: &str = "extend a PCR";
		let pcr = PcrHandle::try_from(u32::from(index)).map_err(command(WHAT))?;
		let digest = Digest::try_from(digest.to_vec()).map_err(command(WHAT))?;
		let mut digests = DigestValues::new();
		digests.set(HashingAlgorithm::Sha256, digest);
		self.0
			.execute_with_session(Some(AuthSession::Password), |context| {
				context.pcr_extend(pcr, digests)
			})
			.map_err(command(WHAT))
	}
}

/// A selection in the SHA-256 bank.
pub(super) fn selection_list(indices: &[u8]) -> tss_esapi::Result<PcrSelectionList> {
	let slots = indices
		.iter()
		.map(|index| PcrSlot::try_from(1u32.checked_shl(u32::from(*index)).unwrap_or_default()))
		.collect::<Result<Vec<_>, _>>()?;
	PcrSelectionListBuilder::new().with_selection(HashingAlgorithm::Sha256, &slots).build()
}
