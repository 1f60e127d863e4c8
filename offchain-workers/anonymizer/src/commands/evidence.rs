//! Options of what proves later which output came from which original.

use anyhow::{Context, Result};
use clap::Args;
use msec_anonymizer::{
	job::{Evidence, OriginalsKey},
	provenance::Recorder,
};
use msec_worker_common::keys::{AccountKey, PasswordSource};
use std::path::PathBuf;

/// The keys of this device, and where it records what it makes.
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

impl EvidenceArguments {
	/// Reads the keys, or makes that of originals, and opens the folder for records.
	pub fn open(&self) -> Result<Evidence> {
		Ok(Evidence { originals: self.originals_key()?, recorder: self.recorder()? })
	}

	fn originals_key(&self) -> Result<OriginalsKey> {
		let default = || {
			let folders = directories::ProjectDirs::from("", "", "msec")?;
			Some(folders.data_dir().join("originals.key"))
		};
		let path = self.originals_key.clone().or_else(default);
		Ok(OriginalsKey::open(&path.context("there is no home folder; use --originals-key")?)?)
	}

	fn recorder(&self) -> Result<Option<Recorder>> {
		let (Some(folder), Some(key)) = (&self.provenance, &self.device_key) else {
			return Ok(None);
		};
		let device = AccountKey::load(key, &PasswordSource::Prompt)?;
		Ok(Some(Recorder::open(folder, device)?))
	}
}
