//! Who the device is.

use crate::tpm::{Tpm, TpmClient, TpmError};
use msec_evidence::device_id;

/// The public halves of a device's keys, and where they come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
	/// The device's identifier on chain: hash of the endorsement key's public area.
	pub device: [u8; 32],
	/// Public area of the endorsement key, a TPMT_PUBLIC.
	pub endorsement_key: Vec<u8>,
	/// Its certificate in DER; `None` where the TPM holds none.
	pub certificate: Option<Vec<u8>>,
	/// Public area of the attestation key, a TPMT_PUBLIC.
	pub attestation_key: Vec<u8>,
}

impl Identity {
	/// Asks the TPM.
	pub async fn of(tpm: &TpmClient) -> Result<Self, TpmError> {
		tpm.run(Self::read).await
	}

	fn read(tpm: &mut Tpm) -> Result<Self, TpmError> {
		let endorsement = tpm.endorsement()?;
		Ok(Self {
			device: device_id(&endorsement.public_area),
			endorsement_key: endorsement.public_area,
			certificate: endorsement.certificate,
			attestation_key: tpm.attestation_key()?,
		})
	}
}
