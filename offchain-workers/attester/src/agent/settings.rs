//! Configuration of the agent.

use super::LogFiles;
use msec_worker_common::configuration::{load, ConfigurationError};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

const PREFIX: &str = "MSEC_ATTESTER_";
const DEFAULT_NODE: &str = "ws://127.0.0.1:9944";
const DEFAULT_TPM: &str = "swtpm:host=127.0.0.1,port=2321";
const DEFAULT_HEALTH_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8472);
const DEFAULT_QUOTE_INTERVAL: Duration = Duration::from_secs(6 * 3600);

/// Options of `msec-attester agent`.
#[derive(Debug, clap::Args)]
pub struct AgentArguments {
	/// TOML file with any of the options below, without the dashes.
	#[arg(long, env = "MSEC_ATTESTER_CONFIG", value_name = "FILE")]
	config: Option<PathBuf>,

	#[command(flatten)]
	options: Options,
}

/// What can be set in each layer.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Options {
	/// JSON-RPC address of the node [default: ws://127.0.0.1:9944].
	#[arg(long, value_name = "URL")]
	#[serde(skip_serializing_if = "Option::is_none")]
	node: Option<String>,

	/// The TPM: device:/dev/tpmrm0, or swtpm:host=…,port=… for a software TPM [default: swtpm at port
	/// 2321 of this machine].
	#[arg(long, value_name = "TCTI")]
	#[serde(skip_serializing_if = "Option::is_none")]
	tpm: Option<String>,

	/// Address of the registrar, at which the device enrols until it is endorsed [default: none].
	#[arg(long, value_name = "URL")]
	#[serde(skip_serializing_if = "Option::is_none")]
	registrar: Option<String>,

	/// PEM file with certificates between the TPM's own and its manufacturer's, for the registrar.
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	intermediates: Option<PathBuf>,

	/// The firmware's log of the measured boot, for the registrar [default: it is not shown].
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	boot_log: Option<PathBuf>,

	/// The kernel's list of measured files (ascii_runtime_measurements), for the registrar [default: it is
	/// not shown].
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	ima_list: Option<PathBuf>,

	/// Socket at which batches are signed for `msec publish --attested` [default: none].
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	batch_socket: Option<PathBuf>,

	/// Longest time between two quotes [default: 21600].
	#[arg(long, value_name = "SECONDS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	quote_interval: Option<u64>,

	/// Where to serve /health/live, /health/ready and /metrics [default: 127.0.0.1:8472].
	#[arg(long, value_name = "ADDRESS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	health_listen: Option<SocketAddr>,
}

/// What the agent runs with.
#[derive(Debug)]
pub struct Settings {
	/// JSON-RPC address of the node.
	pub node: String,
	/// TCTI of the TPM.
	pub tpm: String,
	/// Address of the registrar.
	pub registrar: Option<String>,
	/// File with intermediate certificates.
	pub intermediates: Option<PathBuf>,
	/// Which logs the registrar is shown.
	pub logs: LogFiles,
	/// Where batches are signed.
	pub batch_socket: Option<PathBuf>,
	/// Longest time between two quotes.
	pub quote_interval: Duration,
	/// Where health and metrics are served.
	pub health_listen: SocketAddr,
}

impl AgentArguments {
	/// Merges the layers.
	pub fn settings(&self) -> Result<Settings, ConfigurationError> {
		let options: Options = load(self.config.as_deref(), PREFIX, &["config"], &self.options)?;
		Ok(Settings {
			node: options.node.unwrap_or_else(|| DEFAULT_NODE.to_owned()),
			tpm: options.tpm.unwrap_or_else(|| DEFAULT_TPM.to_owned()),
			registrar: options.registrar,
			intermediates: options.intermediates,
			batch_socket: options.batch_socket,
			logs: LogFiles { boot: options.boot_log, ima: options.ima_list },
			quote_interval: options
				.quote_interval
				.map_or(DEFAULT_QUOTE_INTERVAL, Duration::from_secs),
			health_listen: options.health_listen.unwrap_or_else(|| DEFAULT_HEALTH_LISTEN.into()),
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;

	#[derive(Parser)]
	struct Program {
		#[command(flatten)]
		arguments: AgentArguments,
	}

	#[test]
	fn nothing_is_needed_for_a_trial() {
		let settings = Program::parse_from([""]).arguments.settings().unwrap();
		assert_eq!(settings.tpm, DEFAULT_TPM);
		assert_eq!(settings.quote_interval, DEFAULT_QUOTE_INTERVAL);
		assert_eq!(settings.registrar, None);
		assert_eq!(settings.batch_socket, None);
		assert!(settings.logs.is_empty());
	}

	#[test]
	fn a_device_of_its_own_can_be_named() {
		let given = ["", "--tpm", "device:/dev/tpmrm0", "--quote-interval", "60"];
		let settings = Program::parse_from(given).arguments.settings().unwrap();
		assert_eq!(settings.tpm, "device:/dev/tpmrm0");
		assert_eq!(settings.quote_interval, Duration::from_secs(60));
	}
}
