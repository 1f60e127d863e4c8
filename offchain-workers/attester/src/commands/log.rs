//! `msec-attester log`

use super::Output;
use anyhow::{bail, Context, Result};
use clap::{Args, Subcommand};
use msec_attester::log::{
	boot::{self, MAX_LOG_LENGTH},
	ima,
	policy::{RuntimePolicy, MAX_POLICY_LENGTH},
};
use serde_json::json;
use std::{
	collections::BTreeMap,
	fs::File,
	io::Read,
	path::{Path, PathBuf},
};

/// Longest IMA list in bytes.
const MAX_LIST_LENGTH: usize = 1024 * 1024 * 1024;

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
		let list = String::from_utf8(read(&self.list, MAX_LIST_LENGTH)?)
			.with_context(|| format!("{}: not text", self.list.display()))?;
		let replayed = ima::replay(&list)?;
		let finding = match &self.policy {
			Some(path) => {
				let policy = RuntimePolicy::parse(&read(path, MAX_POLICY_LENGTH)?)
					.with_context(|| path.display().to_string())?;
				policy.appraise(&replayed.entries)
			},
			None => None,
		};
		show(
			&BTreeMap::from([(replayed.pcr, replayed.value)]),
			replayed.entries.len(),
			self.output,
		);
		match finding {
			Some(finding) => bail!("{finding}"),
			None => Ok(()),
		}
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

/// Reads a file; those of the kernel do not say how long they are.
fn read(path: &Path, limit: usize) -> Result<Vec<u8>> {
	let named = || path.display().to_string();
	let mut content = Vec::new();
	let limit = limit as u64;
	let file = File::open(path).with_context(named)?;
	file.take(limit + 1).read_to_end(&mut content).with_context(named)?;
	match content.len() as u64 > limit {
		true => bail!("{}: longer than {limit} bytes", path.display()),
		false => Ok(content),
	}
}
