//! Quotes.

use super::{command, pcr::selection_list, Tpm, TpmError};
use msec_evidence::{pcr_digest, PcrSelection, Quote};
use tss_esapi::{
	interface_types::session_handles::AuthSession,
	structures::{Data, SignatureScheme},
	traits::Marshall,
};

/// How often PCRs are read again that changed before they were quoted.
const ATTEMPTS: usize = 8;

/// Evidence (RFC 9334): what the TPM signed, and what it signed it about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
	/// TPMS_ATTEST.
	pub attest: Vec<u8>,
	/// TPMT_SIGNATURE over it.
	pub signature: Vec<u8>,
	/// The values of the selected PCRs by ascending index.
	pub pcr_values: Vec<[u8; 32]>,
}

impl Tpm {
	/// Has the attestation key quote the selected PCRs of the SHA-256 bank together with
	/// `qualifying_data`.
	pub fn quote(
		&mut self,
		qualifying_data: [u8; 32],
		selection: PcrSelection,
	) -> Result<Evidence, TpmError> {
		const WHAT: &str = "quote";
		let indices: Vec<u8> = selection.indices().collect();
		let selected = selection_list(&indices).map_err(command(WHAT))?;
		let nonce = Data::try_from(qualifying_data.to_vec()).map_err(command(WHAT))?;
		self.with_attestation_key(|tpm, key| {
			for _ in 0..ATTEMPTS {
				let pcr_values = tpm.pcr_values(selection)?;
				let (attest, signature) = tpm
					.0
					.execute_with_session(Some(AuthSession::Password), |context| {
						context.quote(key, nonce.clone(), SignatureScheme::Null, selected.clone())
					})
					.map_err(command(WHAT))?;
				let attest = attest.marshall().map_err(command(WHAT))?;
				let signature = signature.marshall().map_err(command(WHAT))?;
				let quoted = Quote::parse(&attest)
					.map_err(|_| TpmError::InvalidAnswer("a quote is none"))?
					.pcr_digest;
				if quoted == pcr_digest(pcr_values.iter()) {
					return Ok(Evidence { attest, signature, pcr_values });
				}
			}
			Err(TpmError::Unsteady)
		})
	}
}
