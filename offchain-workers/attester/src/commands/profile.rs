//! `msec-attester profile`

use anyhow::{anyhow, Result};
use msec_attester::tpm::TpmClient;
use msec_evidence::{PcrSelection, Quote};
use msec_worker_common::{
	chain::attestation::{PcrReference, ReferenceValues},
	H256,
};

/// Options of `profile`.
#[derive(clap::Args)]
pub struct Profile {
	/// The TPM: device:/dev/tpmrm0, or swtpm:host=…,port=… for a software TPM.
	#[arg(long, value_name = "TCTI", env = "MSEC_ATTESTER_TPM")]
	#[arg(default_value = "swtpm:host=127.0.0.1,port=2321")]
	tpm: String,

	/// The PCRs of the SHA-256 bank that matter, 0 to 23. PCR 10 differs after every start.
	#[arg(long, value_name = "INDICES", value_delimiter = ',', default_values_t = [0u8, 1, 2, 3, 4, 5, 7])]
	pcrs: Vec<u8>,

	/// For how many blocks a quote that fits is trusted; a day has 28800.
	#[arg(long, value_name = "BLOCKS", default_value_t = 28_800)]
	validity: u32,
}

impl Profile {
	#[tokio::main(flavor = "current_thread")]
	pub async fn run(self) -> Result<()> {
		let selection = PcrSelection::of(self.pcrs)
			.filter(|selection| selection.count() > 0)
			.ok_or_else(|| anyhow!("PCRs have the numbers 0 to 23"))?;
		let tpm = TpmClient::new(&self.tpm)?;
		let evidence = tpm.run(move |tpm| tpm.quote([0; 32], selection)).await?;
		let quote = Quote::parse(&evidence.attest)
			.map_err(|error| anyhow!("the TPM's quote cannot be read: {error:?}"))?;
		let pcrs = selection
			.indices()
			.zip(&evidence.pcr_values)
			.map(|(index, value)| PcrReference { index, allowed: vec![H256(*value)] });
		let reference_values = ReferenceValues {
			pcrs: pcrs.collect(),
			lowest_firmware: quote.firmware_version,
			highest_firmware: quote.firmware_version,
			validity: self.validity,
		};
		println!("{}", serde_json::to_string_pretty(&reference_values)?);
		Ok(())
	}
}
