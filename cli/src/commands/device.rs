//! `msec device`

use super::{
	arguments::parse_id,
	context::{fields, Context},
	device_logs,
};
use anyhow::{anyhow, bail, Context as _, Result};
use clap::{Args, Subcommand};
use msec::{ids, Amount};
use msec_evidence::{qualifying_data, PCR_COUNT};
use msec_worker_common::{
	chain::{
		attestation::{self, Device, DeviceChallenge, Profile, ReferenceValues, Submission, Trust},
		BlockClient,
	},
	H256,
};
use serde::{de::DeserializeOwned, Deserialize};
use serde_json::{json, Value};
use std::path::{Path, PathBuf};

pub const LONG_ABOUT: &str = "\
Devices that prove to the chain, by their TPM, that they are what they claim.

A manufacturer or a city says what good devices look like. On a device that is known to be good:
    msec-attester profile --pcrs 0,2,4,7 > profile.json
    msec device profile publish profile.json

An owner registers a device, pays for its quotes in advance, and says what it measures:
    msec-attester identity --output json > identity.json
    msec device register identity.json --profile PROFILE
    msec device fund DEVICE 5
    msec device assign DEVICE garden

The agent on the device (msec-attester agent) does the rest. Anybody can look, and challenge:
    msec device status DEVICE
    msec device explain DEVICE
    msec device challenge DEVICE

Quotes can also be made by tpm2-tools, with a primary key of the endorsement hierarchy:
    msec device qualifying-data DEVICE
    tpm2_quote -c KEY -l sha256:0,2,4,7 -g sha256 -q DATA -m ATTEST -s SIGNATURE -o PCRS -F values
    msec device quote DEVICE --block BLOCK --attest ATTEST --signature SIGNATURE --pcrs PCRS";

/// Bytes of a value in the SHA-256 bank.
const PCR_LENGTH: usize = 32;

#[derive(Subcommand)]
pub enum DeviceCommand {
	/// Reference values, with which quotes are compared.
	#[command(subcommand)]
	Profile(ProfileCommand),
	/// Register a device of one's own, for ever.
	Register(Register),
	/// Compare a device of one's own with another profile; a registrar has to endorse it anew.
	ChangeProfile(ChangeProfile),
	/// Pay in advance for a device's quotes.
	Fund(Fund),
	/// Take back what was paid in advance.
	Withdraw(Fund),
	/// Say which data set a device measures.
	Assign(Assign),
	/// Say that no device measures a data set any more.
	Unassign {
		/// The data set: its identifier, or the name of one's own.
		dataset: String,
	},
	/// Show what the chain knows of a device.
	Status(DeviceArgument),
	/// Say in words why a device is trusted, or why not.
	Explain(DeviceArgument),
	/// Print what a quote must contain, and the block to which that binds it.
	QualifyingData(DeviceArgument),
	/// Send a quote that another program made, such as tpm2-tools.
	Quote(Quote),
	/// Demand a quote, against a bond: who is silent is no longer trusted.
	Challenge(DeviceArgument),
	/// End a challenge that was answered, or whose time is over.
	Settle(DeviceArgument),
	/// End a device of one's own; deposit and budget return, its identifier stays taken.
	Retire(DeviceArgument),
}

#[derive(Subcommand)]
pub enum ProfileCommand {
	/// Publish reference values, as `msec-attester profile` prints them.
	Publish {
		/// The file.
		file: PathBuf,
	},
	/// Show a profile.
	Show(ProfileArgument),
	/// End a profile of one's own, and with it the trust in all its devices; the deposit returns.
	Retire(ProfileArgument),
}

#[derive(Args)]
pub struct DeviceArgument {
	/// The device's identifier; see `msec-attester identity`.
	#[arg(value_parser = parse_id)]
	device: H256,
}

#[derive(Args)]
pub struct ProfileArgument {
	/// The profile's identifier; see `msec device profile publish`.
	#[arg(value_parser = parse_id)]
	profile: H256,
}

#[derive(Args)]
pub struct Register {
	/// What `msec-attester identity --output json` printed on the device.
	identity: PathBuf,
	/// With which profile its quotes are compared.
	#[arg(long, value_name = "PROFILE", value_parser = parse_id)]
	profile: H256,
}

#[derive(Args)]
pub struct ChangeProfile {
	/// The device's identifier.
	#[arg(value_parser = parse_id)]
	device: H256,
	/// With which profile its quotes are compared from now on.
	#[arg(long, value_name = "PROFILE", value_parser = parse_id)]
	profile: H256,
}

#[derive(Args)]
pub struct Fund {
	/// The device's identifier.
	#[arg(value_parser = parse_id)]
	device: H256,
	/// How much, in MSEC.
	amount: Amount,
}

#[derive(Args)]
pub struct Assign {
	/// The device's identifier.
	#[arg(value_parser = parse_id)]
	device: H256,
	/// The data set: its identifier, or the name of one's own.
	dataset: String,
}

#[derive(Args)]
pub struct Quote {
	/// The device's identifier.
	#[arg(value_parser = parse_id)]
	device: H256,
	/// The block that `msec device qualifying-data` named.
	#[arg(long, value_name = "NUMBER")]
	block: u32,
	/// What was signed: the file that `tpm2_quote --message` wrote.
	#[arg(long, value_name = "FILE")]
	attest: PathBuf,
	/// The signature: the file that `tpm2_quote --signature` wrote.
	#[arg(long, value_name = "FILE")]
	signature: PathBuf,
	/// The quoted PCRs: the file that `tpm2_quote --pcr` wrote with `--pcrs_format values`.
	#[arg(long, value_name = "FILE")]
	pcrs: PathBuf,
}

/// What of an identity is registered.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Identity {
	device: String,
	attestation_key: String,
}

impl DeviceCommand {
	pub async fn run(self, context: &Context) -> Result<()> {
		match self {
			Self::Profile(command) => command.run(context).await,
			Self::Register(register) => register.run(context).await,
			Self::ChangeProfile(ChangeProfile { device, profile }) => {
				context.confirm("Its endorsement and its result end. Change the profile?")?;
				let call = attestation::change_profile(device, profile);
				execute(context, "change-device-profile", &device, "changed", &call).await
			},
			Self::Fund(Fund { device, amount }) => {
				let call = attestation::fund_quotes(device, amount.0);
				execute(context, "fund-device", &device, "funded", &call).await
			},
			Self::Withdraw(Fund { device, amount }) => {
				let call = attestation::withdraw_quote_budget(device, amount.0);
				execute(context, "withdraw-device", &device, "paid back", &call).await
			},
			Self::Assign(Assign { device, dataset }) => {
				let call = attestation::assign_dataset(device, context.dataset(&dataset)?);
				execute(context, "assign-device", &device, "assigned", &call).await
			},
			Self::Unassign { dataset } => {
				let dataset = context.dataset(&dataset)?;
				let call = attestation::unassign_dataset(dataset);
				execute(context, "unassign-device", &dataset, "without a device", &call).await
			},
			Self::Status(DeviceArgument { device }) => status(context, &device).await,
			Self::Explain(DeviceArgument { device }) => explain(context, &device).await,
			Self::QualifyingData(DeviceArgument { device }) => {
				show_qualifying_data(context, &device).await
			},
			Self::Quote(quote) => quote.run(context).await,
			Self::Challenge(DeviceArgument { device }) => {
				context.confirm("A bond is held until the challenge is settled. Challenge?")?;
				let call = attestation::challenge(device);
				execute(context, "challenge-device", &device, "challenged", &call).await
			},
			Self::Settle(DeviceArgument { device }) => {
				let call = attestation::settle_challenge(device);
				execute(context, "settle-device", &device, "settled", &call).await
			},
			Self::Retire(DeviceArgument { device }) => {
				context.confirm("A retired device cannot come back. Retire it?")?;
				let call = attestation::retire_device(device);
				execute(context, "retire-device", &device, "retired", &call).await
			},
		}
	}
}

impl ProfileCommand {
	async fn run(self, context: &Context) -> Result<()> {
		match self {
			Self::Publish { file } => publish(context, &file).await,
			Self::Show(ProfileArgument { profile }) => {
				let (_, block) = context.finalized().await?;
				let found = profile_at(&block, &profile).await?;
				context.print(&json!(found), || profile_text(&found));
				Ok(())
			},
			Self::Retire(ProfileArgument { profile }) => {
				context.confirm("No device will be trusted by it any more. Retire it?")?;
				let call = attestation::retire_profile(profile);
				execute(context, "retire-profile", &profile, "retired", &call).await
			},
		}
	}
}

async fn publish(context: &Context, file: &Path) -> Result<()> {
	let values: ReferenceValues = read_json(file)?;
	let submitter = context.submitter().await?;
	let profile = ids::profile(&submitter.key().account_id(), &values);
	let call = attestation::publish_profile(values);
	context.execute_once(&submitter, "publish-profile", &call).await?;
	let profile = ids::hash_text(&profile.0);
	context.print(&json!({ "profile": profile }), || profile.clone());
	Ok(())
}

impl Register {
	async fn run(self, context: &Context) -> Result<()> {
		let identity: Identity = read_json(&self.identity)?;
		let device = parse_id(&identity.device).map_err(|error| anyhow!(error))?;
		let digits = identity.attestation_key.trim_start_matches("0x");
		let key = hex::decode(digits).context("the attestation key is not hexadecimal")?;
		let call = attestation::register_device(device, key, self.profile);
		execute(context, "register-device", &device, "registered", &call).await
	}
}

async fn show_qualifying_data(context: &Context, device: &H256) -> Result<()> {
	let (chain, block) = context.finalized().await?;
	let data = hex::encode(qualifying_data(&chain.genesis(), &block.hash().0, &device.0));
	let value = json!({ "block": block.number(), "qualifying_data": data });
	context.print(&value, || {
		fields(&[("block", block.number().to_string()), ("qualifying data", data.clone())])
	});
	Ok(())
}

impl Quote {
	async fn run(self, context: &Context) -> Result<()> {
		let read = |path: &Path| std::fs::read(path).with_context(|| path.display().to_string());
		let (attest, signature) = (read(&self.attest)?, read(&self.signature)?);
		let values = pcr_values(&read(&self.pcrs)?)?;
		let call = attestation::submit_quote(self.device, self.block, attest, signature, values);
		if let Submission::Refused(reason) = context.chain().await?.send_quote(&call).await? {
			bail!("the chain does not take the quote: {reason}");
		}
		let id = ids::hash_text(&self.device.0);
		context.print(&json!({ "id": id, "status": "quoted" }), || {
			format!("the quote is on its way; see msec device status {id}")
		});
		Ok(())
	}
}

/// The values of PCRs, one after the other.
fn pcr_values(bytes: &[u8]) -> Result<Vec<H256>> {
	let values = bytes.chunks_exact(PCR_LENGTH);
	if !values.remainder().is_empty() || values.len() > usize::from(PCR_COUNT) {
		bail!(
			"the file of PCRs has {} bytes, not {PCR_LENGTH} for each PCR of the SHA-256 bank; \
			write it with --pcrs_format values",
			bytes.len()
		);
	}
	Ok(values.map(H256::from_slice).collect())
}

async fn execute<Call: subxt::transactions::Payload>(
	context: &Context,
	what: &str,
	subject: &H256,
	state: &str,
	call: &Call,
) -> Result<()> {
	let submitter = context.submitter().await?;
	context.execute_once(&submitter, what, call).await?;
	let id = ids::hash_text(&subject.0);
	context.print(&json!({ "id": id, "status": state }), || format!("{id} is {state}"));
	Ok(())
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
	let named = || path.display().to_string();
	let content = std::fs::read(path).with_context(named)?;
	serde_json::from_slice(&content).with_context(named)
}

async fn profile_at(block: &BlockClient, id: &H256) -> Result<Profile> {
	block
		.profile(&id.0)
		.await?
		.ok_or_else(|| anyhow!("there is no such profile, or it was retired"))
}

async fn device_at(block: &BlockClient, id: &H256) -> Result<Device> {
	block.device(&id.0).await?.ok_or_else(|| anyhow!("there is no such device, or it was retired"))
}

async fn status(context: &Context, id: &H256) -> Result<()> {
	let (_, block) = context.finalized().await?;
	let device = device_at(&block, id).await?;
	let trust = block.trust(&id.0).await?;
	let mut value = status_value(id, &device, &trust);
	value["logs"] = device_logs::value(Some(&device), block.number());
	context.print(&value, || {
		let endorsed = device.endorsement.as_ref().map_or_else(
			|| "by no registrar".to_owned(),
			|endorsement| format!("by {}", endorsement.registrar),
		);
		let quote = device
			.last_quote
			.map_or_else(|| "none".to_owned(), |quote| format!("in block {}", quote.accepted_at));
		let [boot_log, ima_list] = device_logs::rows(Some(&device), block.number());
		fields(&[
			("device", ids::hash_text(&id.0)),
			("owner", device.owner.to_string()),
			("profile", ids::hash_text(&device.profile.0)),
			("endorsed", endorsed),
			("last quote", quote),
			("quote budget", Amount(device.quote_budget).to_string()),
			("challenge", challenge_text(device.challenge.as_ref())),
			boot_log,
			ima_list,
			("trusted", trust_text(&trust)),
		])
	});
	Ok(())
}

fn status_value(id: &H256, device: &Device, trust: &Trust) -> Value {
	json!({
		"device": ids::hash_text(&id.0),
		"owner": device.owner.to_string(),
		"profile": ids::hash_text(&device.profile.0),
		"endorsed_by": device.endorsement.as_ref().map(|found| found.registrar.to_string()),
		"is_quarantined": device.is_quarantined,
		"quote_budget": device.quote_budget.to_string(),
		"last_quote": device.last_quote,
		"result": device.result,
		"challenge": device.challenge,
		"trusted": matches!(trust, Trust::Trusted { .. }),
		"reason": reason(trust),
	})
}

fn challenge_text(challenge: Option<&DeviceChallenge>) -> String {
	match challenge {
		None => "none".to_owned(),
		Some(DeviceChallenge { is_answered: true, .. }) => "answered".to_owned(),
		Some(DeviceChallenge { answer_by, .. }) => format!("to be answered by block {answer_by}"),
	}
}

fn reason(trust: &Trust) -> Option<String> {
	match trust {
		Trust::Trusted { .. } => None,
		Trust::NotTrusted(distrust) => Some(distrust.to_string()),
	}
}

fn trust_text(trust: &Trust) -> String {
	match trust {
		Trust::Trusted { appraised_at, valid_until } => {
			format!("yes, by a quote in block {appraised_at}, until block {valid_until}")
		},
		Trust::NotTrusted(distrust) => format!("no: {distrust}"),
	}
}

/// Why, and what can be done about it.
async fn explain(context: &Context, id: &H256) -> Result<()> {
	let (_, block) = context.finalized().await?;
	let trust = block.trust(&id.0).await?;
	let device = block.device(&id.0).await?;
	let remedy = match &trust {
		Trust::Trusted { .. } => None,
		Trust::NotTrusted(distrust) => remedy(distrust),
	};
	let value = json!({
		"device": ids::hash_text(&id.0),
		"trusted": matches!(trust, Trust::Trusted { .. }),
		"reason": reason(&trust),
		"remedy": remedy,
		"logs": device_logs::value(device.as_ref(), block.number()),
	});
	context.print(&value, || {
		let mut rows = vec![("trusted", trust_text(&trust))];
		rows.extend(remedy.map(|remedy| ("remedy", remedy.to_owned())));
		rows.extend(device_logs::rows(device.as_ref(), block.number()));
		fields(&rows)
	});
	Ok(())
}

fn remedy(distrust: &attestation::Distrust) -> Option<&'static str> {
	use attestation::{Contraindication, Distrust};
	Some(match distrust {
		Distrust::NotFound => "its owner registers it: msec device register",
		Distrust::NotEndorsed | Distrust::RegistrarRevoked => {
			"its agent enrols with an accredited registrar: msec-attester agent --registrar URL"
		},
		Distrust::NotAppraised | Distrust::Expired => {
			"its agent runs and has a budget for quotes: msec device status, msec device fund"
		},
		Distrust::ChallengeUnanswered => "its agent runs; its next quote counts again",
		Distrust::Contraindicated(Contraindication::PcrNotAllowed { .. }) => {
			"it is started with the software that its profile allows, or a profile is published for \
			what it runs now; `msec-attester log` replays its logs"
		},
		Distrust::Contraindicated(Contraindication::FirmwareNotAllowed) => {
			"its TPM gets the firmware that its profile allows"
		},
		Distrust::Contraindicated(Contraindication::ClockUnsafe) => {
			"it stays on until its TPM has saved its clock, and quotes again"
		},
		Distrust::Contraindicated(Contraindication::ClockWentBack) => {
			"somebody looks at the device: its TPM was replaced, restored or cleared"
		},
		Distrust::ProfileRetired => {
			"its owner names another profile: msec device change-profile; or whoever retired this one \
			publishes it again"
		},
		Distrust::Retired | Distrust::Quarantined => return None,
	})
}

fn profile_text(profile: &Profile) -> String {
	let values = &profile.reference_values;
	let mut rows = vec![
		("publisher".to_owned(), profile.publisher.to_string()),
		("published".to_owned(), format!("in block {}", profile.published_at)),
		(
			"firmware".to_owned(),
			format!("{:#x} to {:#x}", values.lowest_firmware, values.highest_firmware),
		),
		("validity".to_owned(), format!("{} blocks", values.validity)),
	];
	for pcr in &values.pcrs {
		let allowed: Vec<_> = pcr.allowed.iter().map(|value| ids::hash_text(&value.0)).collect();
		rows.push((format!("PCR {}", pcr.index), allowed.join(" ")));
	}
	let rows: Vec<_> = rows.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
	fields(&rows)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn values_of_pcrs_are_read_one_after_the_other() {
		let bytes = [[1; PCR_LENGTH], [2; PCR_LENGTH]].concat();
		assert_eq!(pcr_values(&bytes).unwrap(), [H256([1; 32]), H256([2; 32])]);
		for length in [1, 31, 33, 25 * PCR_LENGTH] {
			let complaint = pcr_values(&vec![0; length]).unwrap_err().to_string();
			assert!(complaint.contains("--pcrs_format values"), "{complaint}");
		}
	}
}
