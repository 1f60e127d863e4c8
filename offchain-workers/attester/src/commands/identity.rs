//! `msec-attester identity`

use super::Output;
use anyhow::Result;
use msec_attester::{agent, tpm::TpmClient};
use serde_json::json;

/// Options of `identity`.
#[derive(clap::Args)]
pub struct Identity {
	/// The TPM: device:/dev/tpmrm0, or swtpm:host=…,port=… for a software TPM.
	#[arg(long, value_name = "TCTI", env = "MSEC_ATTESTER_TPM")]
	#[arg(default_value = "swtpm:host=127.0.0.1,port=2321")]
	tpm: String,

	/// How it is printed.
	#[arg(long, value_enum, default_value_t)]
	output: Output,
}

impl Identity {
	#[tokio::main(flavor = "current_thread")]
	pub async fn run(self) -> Result<()> {
		let identity = agent::Identity::of(&TpmClient::new(&self.tpm)?).await?;
		let text = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
		let certificate = identity.certificate.as_deref().map(text);
		let (device, key) = (text(&identity.device), text(&identity.attestation_key));
		match self.output {
			Output::Json => println!(
				"{:#}",
				json!({
					"device": device,
					"attestation-key": key,
					"endorsement-key": text(&identity.endorsement_key),
					"certificate": certificate,
				})
			),
			Output::Text => {
				println!("device           {device}");
				println!("attestation key  {key}");
				println!("endorsement key  {}", text(&identity.endorsement_key));
				println!("certificate      {}", certificate.as_deref().unwrap_or("none"));
			},
		}
		Ok(())
	}
}
