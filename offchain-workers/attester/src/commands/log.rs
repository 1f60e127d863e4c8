//! `msec-attester log`

use super::Output;
use anyhow::{anyhow, Context, Result};
use clap::{Args, Subcommand};
use msec_attester::{
	files,
	log::{
		appraisal::Appraisal,
		boot::{self, MAX_LOG_LENGTH},
		envelope::{PolicyKey, MAX_ENVELOPE_LENGTH, MAX_KEY_LENGTH},
		policy::{RuntimePolicy, MAX_POLICY_LENGTH},
	},
};
use serde_json::json;
use std::{
	collections::BTreeMap,
	fs::File,
	io::BufReader,
	path::{Path, PathBuf},
};

/// Which log.
#[derive(Subcommand)]
pub enum Log {
	/// Replay the kernel's list of measured files, and hold it against a runtime policy.
	Ima(Ima),
	/// Replay the firmware's log of a measured boot.
	Boot(Boot),
}

/// Options of `log ima`.
#[derive(Args)]
pub struct Ima {
	/// The list, as in /sys/kernel/security/ima/ascii_runtime_measurements.
	list: PathBuf,

	/// Runtime policy in Keylime's JSON form [default: the list is only replayed].
	#[arg(long, value_name = "FILE")]
	policy: Option<PathBuf>,

	/// Public key (PEM) that must have signed the policy's envelope, as Keylime signs policies [default:
	/// the policy is not in an envelope].
	#[arg(long, value_name = "FILE", requires = "policy")]
	policy_key: Option<PathBuf>,

	/// How the result is printed.
	#[arg(long, value_enum, default_value_t)]
	output: Output,
}

/// Options of `log boot`.
#[derive(Args)]
pub struct Boot {
	/// The log, as in /sys/kernel/security/tpm0/binary_bios_measurements.
	log: PathBuf,

	/// How the result is printed.
	#[arg(long, value_enum, default_value_t)]
	output: Output,
}

impl Log {
	pub fn run(self) -> Result<()> {
		match self {
			Self::Ima(ima) => ima.run(),
			Self::Boot(boot) => boot.run(),
		}
	}
}

impl Ima {
	fn run(self) -> Result<()> {
		let policy = self.policy.as_deref().map(|path| self.read_policy(path)).transpose()?;
		let named = || self.list.display().to_string();
		let mut list = BufReader::new(File::open(&self.list).with_context(named)?);
		let mut appraisal = Appraisal::new(policy.as_ref());
		let end = appraisal.read(&mut list, |_| false);
		// What was found before the list could not be read further comes first.
		let finding = appraisal.finding().map(|finding| anyhow!("{finding}"));
		if let Err(error) = end {
			return Err(finding.unwrap_or(error.into()));
		}
		let replayed = appraisal.replayed();
		let values = BTreeMap::from([(replayed.pcr(), replayed.value())]);
		show(&values, replayed.entries(), self.output);
		finding.map_or(Ok(()), Err)
	}

	fn read_policy(&self, path: &Path) -> Result<RuntimePolicy> {
		let named = || path.display().to_string();
		let policy = match &self.policy_key {
			Some(key) => {
				let key = PolicyKey::from_pem(&read(key, MAX_KEY_LENGTH)?)
					.with_context(|| key.display().to_string())?;
				key.open(&read(path, MAX_ENVELOPE_LENGTH)?).with_context(named)?
			},
			None => read(path, MAX_POLICY_LENGTH)?,
		};
		RuntimePolicy::parse(&policy).with_context(named)
	}
}

impl Boot {
	fn run(self) -> Result<()> {
		let log = read(&self.log, MAX_LOG_LENGTH)?;
		let replayed = boot::replay(&log)?;
		show(&replayed.values, replayed.events.len(), self.output);
		Ok(())
	}
}

fn show(values: &BTreeMap<u8, [u8; 32]>, entries: usize, output: Output) {
	match output {
		Output::Json => {
			let pcrs: BTreeMap<_, _> =
				values.iter().map(|(pcr, value)| (pcr.to_string(), hex::encode(value))).collect();
			println!("{:#}", json!({ "entries": entries, "sha256": pcrs }));
		},
		Output::Text => {
			println!("{entries} entries; the SHA-256 bank of PCRs is then");
			for (pcr, value) in values {
				println!("{pcr:>6}  {}", hex::encode(value));
			}
		},
	}
}

fn read(path: &Path, limit: usize) -> Result<Vec<u8>> {
	files::read(path, limit).with_context(|| path.display().to_string())
}
