//! Configuration of the agent.

use clap::{Parser, Subcommand};
use msec_worker_common::{
	configuration::{load, required, ConfigurationError},
	keys::{PasswordSource, Suite},
};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf};

const PREFIX: &str = "MSEC_KEY_AGENT_";
const DEFAULT_NODE: &str = "ws://127.0.0.1:9944";
const DEFAULT_HEALTH_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8462);

/// Delivers the keys of sold data sets on behalf of their owners.
///
/// An owner names the agent's account and encryption key when making a data set. The agent watches
/// finalized blocks for orders of such data sets, seals the keys of what was bought for each buyer, and
/// sends them to the chain. It can be stopped at any time; the same order always gets the same envelope,
/// and gets it once. When a buyer challenges a chunk that stores withhold, the agent fetches it from a
/// store and posts it.
///
/// Make its keys with `msec-key-agent keygen --directory DIRECTORY` and give its account some MSEC for
/// fees, which the chain returns. Run it as a user of its own, who alone may read the keys. Every option
/// can also stand in the file given by --config or in the environment (as MSEC_KEY_AGENT_NODE).
#[derive(Debug, Parser)]
#[command(name = "msec-key-agent", version, args_conflicts_with_subcommands = true)]
pub struct Arguments {
	#[command(subcommand)]
	pub command: Option<Command>,

	#[command(flatten)]
	pub run: RunArguments,
}

/// What else the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
	/// Makes the agent's account key and encryption key, and prints their public halves.
	Keygen(KeygenArguments),
}

/// Options of `keygen`.
#[derive(Debug, clap::Args)]
pub struct KeygenArguments {
	/// Where the files account.key and envelope.key are written, readable by their owner only.
	#[arg(long, value_name = "DIRECTORY")]
	pub directory: PathBuf,

	/// The kind of the encryption key: x25519, or x-wing, which resists quantum computers as well.
	#[arg(long, default_value_t)]
	pub suite: Suite,

	/// How the public keys are printed.
	#[arg(long, value_enum, default_value_t = Output::Text)]
	pub output: Output,
}

/// A form of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
	/// For people.
	Text,
	/// For programs.
	Json,
}

/// Options of the service itself.
#[derive(Debug, clap::Args)]
pub struct RunArguments {
	/// TOML file with any of the options below, without the dashes.
	#[arg(long, env = "MSEC_KEY_AGENT_CONFIG", value_name = "FILE")]
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

	/// File with the account's key: a secret URI, or an encrypted JSON file of a wallet. A systemd
	/// credential of that name comes first.
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	account_key: Option<PathBuf>,

	/// File with the password of an encrypted account key.
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	password_file: Option<PathBuf>,

	/// File with the secret of the key to which owners wrap the keys of their data sets. A systemd
	/// credential of that name comes first.
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	envelope_key: Option<PathBuf>,

	/// Where transactions under way are remembered; made if it is not there.
	#[arg(long, value_name = "DIRECTORY")]
	#[serde(skip_serializing_if = "Option::is_none")]
	state_directory: Option<PathBuf>,

	/// Where to serve /health/live, /health/ready and /metrics [default: 127.0.0.1:8462].
	#[arg(long, value_name = "ADDRESS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	health_listen: Option<SocketAddr>,

	/// Where readers with a grant ask for keys, behind a proxy that speaks TLS, such as 127.0.0.1:8463
	/// [default: nowhere].
	#[arg(long, value_name = "ADDRESS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	readers_listen: Option<SocketAddr>,
}

/// What the agent runs with.
#[derive(Debug)]
pub struct Settings {
	/// JSON-RPC address of the node.
	pub node: String,
	/// File with the account's key.
	pub account_key: PathBuf,
	/// What opens it, if it is encrypted.
	pub password: PasswordSource,
	/// File with the secret of the encryption key.
	pub envelope_key: PathBuf,
	/// Where the outbox is.
	pub state_directory: PathBuf,
	/// Where health and metrics are served.
	pub health_listen: SocketAddr,
	/// Where readers ask for keys, if anywhere.
	pub readers_listen: Option<SocketAddr>,
}

impl RunArguments {
	/// Merges the layers.
	pub fn settings(&self) -> Result<Settings, ConfigurationError> {
		let options: Options = load(self.config.as_deref(), PREFIX, &["config"], &self.options)?;
		Ok(Settings {
			node: options.node.unwrap_or_else(|| DEFAULT_NODE.to_owned()),
			account_key: required(options.account_key, "account-key", PREFIX)?,
			password: options.password_file.map_or(PasswordSource::Prompt, PasswordSource::File),
			envelope_key: required(options.envelope_key, "envelope-key", PREFIX)?,
			state_directory: required(options.state_directory, "state-directory", PREFIX)?,
			health_listen: options.health_listen.unwrap_or_else(|| DEFAULT_HEALTH_LISTEN.into()),
			readers_listen: options.readers_listen,
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn keys_and_state_are_enough() {
		let arguments = Arguments::parse_from([
			"",
			"--account-key",
			"a",
			"--envelope-key",
			"b",
			"--state-directory",
			"c",
		]);
		let settings = arguments.run.settings().unwrap();
		assert_eq!(settings.node, DEFAULT_NODE);
		assert_eq!(settings.password, PasswordSource::Prompt);
		assert_eq!(settings.readers_listen, None);
	}

	#[test]
	fn what_is_missing_is_named() {
		let arguments = Arguments::parse_from([""]);
		let error = arguments.run.settings().unwrap_err().to_string();
		assert!(error.contains("--account-key"), "{error}");
	}
}
