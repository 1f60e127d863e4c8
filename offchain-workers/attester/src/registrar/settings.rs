//! Configuration of the registrar.

use msec_worker_common::{
	configuration::{load, required, ConfigurationError},
	keys::PasswordSource,
	H256,
};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf};

const PREFIX: &str = "MSEC_REGISTRAR_";
const DEFAULT_NODE: &str = "ws://127.0.0.1:9944";
const DEFAULT_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8470);
const DEFAULT_HEALTH_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8471);
const DEFAULT_ENROLMENTS_PER_SECOND: u32 = 5;
/// So many enrolments are let through at once, in multiples of those in a second.
const BURST: u32 = 8;

/// Options of `msec-attester registrar`.
#[derive(Debug, clap::Args)]
pub struct RegistrarArguments {
	/// TOML file with any of the options below, without the dashes.
	#[arg(long, env = "MSEC_REGISTRAR_CONFIG", value_name = "FILE")]
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

	/// Where devices enrol [default: 127.0.0.1:8470].
	#[arg(long, value_name = "ADDRESS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	listen: Option<SocketAddr>,

	/// Where to serve /health/live, /health/ready and /metrics [default: 127.0.0.1:8471].
	#[arg(long, value_name = "ADDRESS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	health_listen: Option<SocketAddr>,

	/// Folder with certificates (*.pem) of the TPM manufacturers that are trusted.
	#[arg(long, value_name = "DIRECTORY")]
	#[serde(skip_serializing_if = "Option::is_none")]
	manufacturers: Option<PathBuf>,

	/// Identifiers of the profiles with which devices are endorsed, with commas between them.
	#[arg(long, value_name = "PROFILES", value_delimiter = ',', value_parser = parse_profile)]
	#[serde(default, skip_serializing_if = "Vec::is_empty")]
	profiles: Vec<H256>,

	/// File with the key of the accredited account: a secret URI, or an encrypted JSON file of a wallet. A
	/// systemd credential of that name comes first.
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	account_key: Option<PathBuf>,

	/// File with the password of an encrypted account key.
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	password_file: Option<PathBuf>,

	/// Where transactions under way are remembered; made if it is not there.
	#[arg(long, value_name = "DIRECTORY")]
	#[serde(skip_serializing_if = "Option::is_none")]
	state_directory: Option<PathBuf>,

	/// Runtime policy for IMA lists, in Keylime's signed envelope [default: lists are replayed only].
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	runtime_policy: Option<PathBuf>,

	/// Public key (PEM) that must have signed the runtime policy.
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	runtime_policy_key: Option<PathBuf>,

	/// Policy for logs of measured boots [default: logs are replayed only].
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	boot_policy: Option<PathBuf>,

	/// Most enrolments that are begun in a second, 1 to 1000 [default: 5].
	#[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1000))]
	#[serde(skip_serializing_if = "Option::is_none")]
	enrolments_per_second: Option<u32>,
}

/// What the registrar runs with.
#[derive(Debug)]
pub struct Settings {
	/// JSON-RPC address of the node.
	pub node: String,
	/// Where devices enrol.
	pub listen: SocketAddr,
	/// Where health and metrics are served.
	pub health_listen: SocketAddr,
	/// Folder with certificates of manufacturers.
	pub manufacturers: PathBuf,
	/// The profiles with which devices are endorsed.
	pub profiles: Vec<H256>,
	/// File with the account's key.
	pub account_key: PathBuf,
	/// What opens it, if it is encrypted.
	pub password: PasswordSource,
	/// Where the outbox is.
	pub state_directory: PathBuf,
	/// Runtime policy, and the key that must have signed it.
	pub runtime_policy: Option<(PathBuf, PathBuf)>,
	/// Policy for logs of measured boots.
	pub boot_policy: Option<PathBuf>,
	/// Most enrolments in a second.
	pub enrolments_per_second: u32,
	/// Most enrolments at once.
	pub burst: u32,
}

impl RegistrarArguments {
	/// Merges the layers.
	pub fn settings(&self) -> Result<Settings, ConfigurationError> {
		let options: Options = load(self.config.as_deref(), PREFIX, &["config"], &self.options)?;
		// The range is checked on the command line only.
		let rate =
			options.enrolments_per_second.unwrap_or(DEFAULT_ENROLMENTS_PER_SECOND).clamp(1, 1000);
		let profiles = Some(options.profiles).filter(|profiles| !profiles.is_empty());
		let runtime_policy = match options.runtime_policy {
			Some(policy) => {
				let key = required(options.runtime_policy_key, "runtime-policy-key", PREFIX)?;
				Some((policy, key))
			},
			None => None,
		};
		Ok(Settings {
			node: options.node.unwrap_or_else(|| DEFAULT_NODE.to_owned()),
			listen: options.listen.unwrap_or_else(|| DEFAULT_LISTEN.into()),
			health_listen: options.health_listen.unwrap_or_else(|| DEFAULT_HEALTH_LISTEN.into()),
			manufacturers: required(options.manufacturers, "manufacturers", PREFIX)?,
			profiles: required(profiles, "profiles", PREFIX)?,
			account_key: required(options.account_key, "account-key", PREFIX)?,
			password: options.password_file.map_or(PasswordSource::Prompt, PasswordSource::File),
			state_directory: required(options.state_directory, "state-directory", PREFIX)?,
			runtime_policy,
			boot_policy: options.boot_policy,
			enrolments_per_second: rate,
			burst: rate.saturating_mul(BURST),
		})
	}
}

fn parse_profile(text: &str) -> Result<H256, String> {
	let mut id = [0; 32];
	hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut id)
		.map_err(|_| "a profile's identifier is 0x and 64 hexadecimal digits".to_owned())?;
	Ok(H256(id))
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;

	#[derive(Parser)]
	struct Program {
		#[command(flatten)]
		arguments: RegistrarArguments,
	}

	#[test]
	fn key_state_manufacturers_and_profiles_are_enough() {
		let profiles = format!("0x{},{}", "01".repeat(32), "02".repeat(32));
		let given = ["", "--account-key", "a", "--state-directory", "b", "--manufacturers", "c"];
		let given = [&given[..], &["--profiles", &profiles]].concat();
		let settings = Program::parse_from(given).arguments.settings().unwrap();
		assert_eq!(settings.profiles, [H256([1; 32]), H256([2; 32])]);
		assert_eq!(settings.listen, SocketAddr::from(DEFAULT_LISTEN));
		assert_eq!(settings.password, PasswordSource::Prompt);
		assert_eq!((settings.enrolments_per_second, settings.burst), (5, 40));
	}

	#[test]
	fn a_runtime_policy_needs_the_key_that_signed_it() {
		let given = ["", "--account-key", "a", "--state-directory", "b", "--manufacturers", "c"];
		let profile = "01".repeat(32);
		let given = [&given[..], &["--profiles", &profile, "--runtime-policy", "d"]].concat();
		let error = Program::parse_from(&given).arguments.settings().unwrap_err().to_string();
		assert!(error.contains("--runtime-policy-key"), "{error}");
		let given = [&given[..], &["--runtime-policy-key", "e"]].concat();
		let settings = Program::parse_from(given).arguments.settings().unwrap();
		assert_eq!(settings.runtime_policy, Some(("d".into(), "e".into())));
	}

	#[test]
	fn what_is_missing_is_named() {
		let error = Program::parse_from([""]).arguments.settings().unwrap_err().to_string();
		assert!(error.contains("--manufacturers"), "{error}");
		assert!(error.contains("MSEC_REGISTRAR_MANUFACTURERS"), "{error}");
	}
}
