//! Options for what proves later which output came from which original.

use anyhow::{Context, Result};
use clap::Args;
use msec_anonymizer::{
	job::{Evidence, OriginalsKey},
	provenance::Recorder,
};
use msec_worker_common::keys::{AccountKey, PasswordSource};
use std::path::PathBuf;

/// Keys and the folder for records.
#[derive(Args, Clone, Debug)]
pub struct EvidenceArguments {
	/// Key under which reports hash originals; made at first use [default: in the user's data folder].
	#[arg(long, env = "MSEC_ANONYMIZE_ORIGINALS_KEY", value_name = "FILE")]
	originals_key: Option<PathBuf>,
	/// Record each result in this folder, signed with --device-key, for `msec publish`.
	#[arg(long, requires = "device_key", value_name = "DIRECTORY")]
	provenance: Option<PathBuf>,
	/// Account of this device: a file with a secret URI that only its owner may read, or of a wallet.
	#[arg(long, requires = "provenance", value_name = "FILE")]
	device_key: Option<PathBuf>,
}

/// What the options name, opened.
pub struct OpenEvidence {
	originals: OriginalsKey,
	/// Signs records, if they are wanted.
	pub recorder: Option<Recorder>,
}

impl EvidenceArguments {
	/// Reads the key for originals, or makes it, and opens the folder for records, if there is one.
	pub fn open(&self) -> Result<OpenEvidence> {
		let default = || {
			let folders = directories::ProjectDirs::from("", "", "msec")?;
			Some(folders.data_dir().join("originals.key"))
		};
		let path = self.originals_key.clone().or_else(default);
		let originals =
			OriginalsKey::open(&path.context("there is no home folder; use --originals-key")?)?;
		Ok(OpenEvidence { originals, recorder: self.recorder()? })
	}

	fn recorder(&self) -> Result<Option<Recorder>> {
		let (Some(folder), Some(key)) = (&self.provenance, &self.device_key) else {
			return Ok(None);
		};
		let device = AccountKey::load(key, &PasswordSource::Prompt)?;
		Ok(Some(Recorder::open(folder, device)?))
	}
}

impl OpenEvidence {
	/// For jobs.
	pub fn evidence(&self) -> Evidence<'_> {
		Evidence { originals: &self.originals, recorder: self.recorder.as_ref() }
	}
}
