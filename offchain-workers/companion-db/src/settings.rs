//! Configuration of the store.

use crate::http::Limits;
use clap::Parser;
use msec_worker_common::{
	chain::MAX_HEAD_AGE,
	configuration::{load, required, ConfigurationError},
	keys::PasswordSource,
	AccountId32,
};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf, time::Duration};

const PREFIX: &str = "MSEC_COMPANION_DB_";
const DEFAULT_NODE: &str = "ws://127.0.0.1:9944";
const DEFAULT_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8460);
const DEFAULT_HEALTH_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8461);
/// As long as the chain keeps the anchors.
const DEFAULT_ACCESS_LOG_DAYS: u32 = 400;
const MEBIBYTE: u64 = 1024 * 1024;

/// Keeps the encrypted batches of M-Sec data sets and hands them out to whom the chain allows.
///
/// The store cannot read what it keeps. It asks its node for every decision, so that a grant or a
/// purchase opens access, and a revocation ends it, in the next block.
///
/// Before the first start: make an account, register the store on chain with it (`msec store register`)
/// and have a node running. Every option can also stand in the file given by --config (as `listen =
/// "0.0.0.0:8460"`) or in the environment (as MSEC_COMPANION_DB_LISTEN); options win over the
/// environment, the environment over the file. Put a TLS proxy in front before you listen to the world.
#[derive(Debug, Parser)]
#[command(name = "msec-companion-db", version)]
pub struct Arguments {
	/// TOML file with any of the options below, without the dashes.
	#[arg(long, env = "MSEC_COMPANION_DB_CONFIG", value_name = "FILE")]
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

	/// Where to serve data sets [default: 127.0.0.1:8460].
	#[arg(long, value_name = "ADDRESS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	listen: Option<SocketAddr>,

	/// Where to serve /health/live, /health/ready and /metrics [default: 127.0.0.1:8461].
	#[arg(long, value_name = "ADDRESS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	health_listen: Option<SocketAddr>,

	/// Where everything is kept; made if it is not there.
	#[arg(long, value_name = "DIRECTORY")]
	#[serde(skip_serializing_if = "Option::is_none")]
	data_directory: Option<PathBuf>,

	/// The account (SS58) under which this store is registered on chain.
	#[arg(long, value_name = "ACCOUNT")]
	#[serde(skip_serializing_if = "Option::is_none")]
	account: Option<AccountId32>,

	/// File with that account's key: a secret URI, or an encrypted JSON file of a wallet. With it the store
	/// anchors its access log on chain every day, and certifies erasures; the account needs some MSEC for
	/// fees. A systemd credential of that name comes first.
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	account_key: Option<PathBuf>,

	/// File with the password of an encrypted account key.
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	password_file: Option<PathBuf>,

	/// For how many days the lines of the access log are kept [default: 400].
	#[arg(long, value_name = "DAYS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	access_log_days: Option<u32>,

	/// Most mebibytes in one upload [default: 64].
	#[arg(long, value_name = "MIB")]
	#[serde(skip_serializing_if = "Option::is_none")]
	max_upload_mib: Option<u64>,

	/// Most uploads at a time; each takes up to 5 MiB of memory [default: 4].
	#[arg(long, value_name = "NUMBER")]
	#[serde(skip_serializing_if = "Option::is_none")]
	max_uploads: Option<usize>,

	/// Most mebibytes of one data set [default: 16384].
	#[arg(long, value_name = "MIB")]
	#[serde(skip_serializing_if = "Option::is_none")]
	max_dataset_mib: Option<u64>,

	/// An account (SS58) whose data sets are taken; may be repeated [default: everybody's].
	#[arg(long = "owner", value_name = "ACCOUNT")]
	#[serde(default, skip_serializing_if = "Vec::is_empty")]
	owners: Vec<AccountId32>,

	/// Age of the node's best block above which no request is served [default: 12].
	#[arg(long, value_name = "SECONDS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	max_head_age: Option<u64>,
}

/// What the store runs with.
#[derive(Debug, PartialEq, Eq)]
pub struct Settings {
	/// JSON-RPC address of the node.
	pub node: String,
	/// Where data sets are served.
	pub listen: SocketAddr,
	/// Where health and metrics are served.
	pub health_listen: SocketAddr,
	/// Where everything is kept.
	pub data_directory: PathBuf,
	/// The account under which this store is registered.
	pub account: AccountId32,
	/// File with that account's key.
	pub account_key: Option<PathBuf>,
	/// What opens it, if it is encrypted.
	pub password: PasswordSource,
	/// For how many days the lines of the access log are kept.
	pub access_log_days: u32,
	/// Whose data sets are taken; everybody's when empty.
	pub owners: Vec<AccountId32>,
	/// What is taken.
	pub limits: Limits,
	/// Age of the best block above which no request is served.
	pub max_head_age: Duration,
}

impl Arguments {
	/// Merges the layers.
	pub fn settings(&self) -> Result<Settings, ConfigurationError> {
		let options: Options = load(self.config.as_deref(), PREFIX, &["config"], &self.options)?;
		let limits = Limits::default();
		Ok(Settings {
			node: options.node.unwrap_or_else(|| DEFAULT_NODE.to_owned()),
			listen: options.listen.unwrap_or_else(|| DEFAULT_LISTEN.into()),
			health_listen: options.health_listen.unwrap_or_else(|| DEFAULT_HEALTH_LISTEN.into()),
			data_directory: required(options.data_directory, "data-directory", PREFIX)?,
			account: required(options.account, "account", PREFIX)?,
			account_key: options.account_key,
			password: options.password_file.map_or(PasswordSource::Prompt, PasswordSource::File),
			access_log_days: options.access_log_days.unwrap_or(DEFAULT_ACCESS_LOG_DAYS),
			owners: options.owners,
			limits: Limits {
				max_upload_bytes: options
					.max_upload_mib
					.map_or(limits.max_upload_bytes, |mebibytes| {
						mebibytes.saturating_mul(MEBIBYTE)
					}),
				max_uploads: options.max_uploads.unwrap_or(limits.max_uploads),
				max_dataset_bytes: options
					.max_dataset_mib
					.map_or(limits.max_dataset_bytes, |mebibytes| {
						mebibytes.saturating_mul(MEBIBYTE)
					}),
			},
			max_head_age: options.max_head_age.map_or(MAX_HEAD_AGE, Duration::from_secs),
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

	#[test]
	fn account_and_directory_are_enough() {
		let arguments =
			Arguments::parse_from(["", "--account", ALICE, "--data-directory", "/srv/store"]);
		let settings = arguments.settings().unwrap();
		assert_eq!(settings.listen, SocketAddr::from(([127, 0, 0, 1], 8460)));
		assert_eq!(settings.account.to_string(), ALICE);
		assert_eq!(settings.limits, Limits::default());
		assert!(settings.owners.is_empty());
		assert_eq!((settings.account_key, settings.access_log_days), (None, 400));
	}

	#[test]
	fn quota_and_owners_can_be_set() {
		let given =
			["--account", ALICE, "--data-directory", "/srv/store", "--max-dataset-mib", "3"];
		let arguments = [&[""], &given[..], &["--owner", ALICE]].concat();
		let settings = Arguments::parse_from(arguments).settings().unwrap();
		assert_eq!(settings.limits.max_dataset_bytes, 3 * MEBIBYTE);
		assert_eq!(settings.owners, [settings.account]);
	}

	#[test]
	fn what_is_missing_is_named() {
		let error = Arguments::parse_from([""]).settings().unwrap_err().to_string();
		assert!(error.contains("--data-directory"), "{error}");
		assert!(error.contains("MSEC_COMPANION_DB_DATA_DIRECTORY"), "{error}");
	}
}
