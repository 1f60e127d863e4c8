//! Configuration of the store.

use crate::{
	http::{Connections, Limits},
	store::{remove_moved, CitySettings, Migration, Store, StoreFault},
};
use clap::Parser;
use msec_worker_common::{
	chain::MAX_HEAD_AGE,
	configuration::{load, required, ConfigurationError},
	keys::PasswordSource,
	AccountId32,
};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, path::PathBuf, time::Duration};
use tokio::runtime::Handle;

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
	#[arg(long, global = true, env = "MSEC_COMPANION_DB_CONFIG", value_name = "FILE")]
	config: Option<PathBuf>,

	#[command(flatten)]
	options: Options,

	/// What is to be done [default: serve].
	#[command(subcommand)]
	pub command: Option<Command>,
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Subcommand)]
pub enum Command {
	/// Serves data sets until it is stopped.
	#[default]
	Serve,
	/// Serves data sets, and meanwhile moves them from the redb file to PostgreSQL and objects.
	///
	/// Data sets move one after the other. Until one is moved, it can be read and erased, and uploads to
	/// it are refused with 503 and Retry-After. It can be stopped and started again at any moment.
	Migrate,
	/// Reads everything that is stored, and reports what is damaged.
	///
	/// A store that keeps everything in its directory has to be stopped before. The exit status is 0 when
	/// nothing is damaged, 1 when something is, and 2 when that cannot be found out.
	Scrub {
		/// How the report is printed.
		#[arg(long, value_enum, default_value_t)]
		output: Output,
	},
	/// Makes a backup of the store as it is at this moment, whether it serves or not.
	///
	/// It is one new file, named after the time, with the batches of all data sets and without wrapped keys. It
	/// is read again when it is written. PostgreSQL and objects have backups of their own.
	Backup {
		/// The folder for the file; made if it is not there.
		folder: PathBuf,
		/// How the summary is printed.
		#[arg(long, value_enum, default_value_t)]
		output: Output,
	},
	/// Makes the store of a backup in the data directory, where there must be none.
	///
	/// What was erased since the backup is destroyed again when the store starts.
	Restore {
		/// The backup.
		file: PathBuf,
		/// How the summary is printed.
		#[arg(long, value_enum, default_value_t)]
		output: Output,
	},
	/// Prints the description of the HTTP interface, as OpenAPI in JSON.
	Openapi,
}

/// A form of output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
	/// For people.
	#[default]
	Text,
	/// For programs.
	Json,
}

/// What can be set in each layer.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Options {
	/// JSON-RPC address of the node [default: ws://127.0.0.1:9944].
	#[arg(long, global = true, value_name = "URL")]
	#[serde(skip_serializing_if = "Option::is_none")]
	node: Option<String>,

	/// Where to serve data sets [default: 127.0.0.1:8460].
	#[arg(long, global = true, value_name = "ADDRESS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	listen: Option<SocketAddr>,

	/// Where to serve /health/live, /health/ready and /metrics [default: 127.0.0.1:8461].
	#[arg(long, global = true, value_name = "ADDRESS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	health_listen: Option<SocketAddr>,

	/// Where everything is kept; made if it is not there.
	#[arg(long, global = true, value_name = "DIRECTORY")]
	#[serde(skip_serializing_if = "Option::is_none")]
	data_directory: Option<PathBuf>,

	/// PostgreSQL for records and wrapped keys, as libpq writes it, without a password: "host=/run/postgresql
	/// dbname=msec user=msec" or "postgresql://msec@db.city.example/msec". To be used with --objects
	/// [default: one redb file in the data directory].
	#[arg(long, global = true, value_name = "CONNECTION")]
	#[serde(skip_serializing_if = "Option::is_none")]
	postgres: Option<String>,

	/// File with the password for PostgreSQL: mode 600, or the name of a systemd credential.
	#[arg(long, global = true, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	postgres_password_file: Option<PathBuf>,

	/// Where frames are kept with PostgreSQL: a folder, or s3://BUCKET/PREFIX with the region, the endpoint
	/// and credentials that the variables AWS_REGION, AWS_ENDPOINT, AWS_ACCESS_KEY_ID,
	/// AWS_SECRET_ACCESS_KEY and so on give.
	#[arg(long, global = true, value_name = "LOCATION")]
	#[serde(skip_serializing_if = "Option::is_none")]
	objects: Option<String>,

	/// PEM file of authorities that are trusted for PostgreSQL and objects besides the system's.
	#[arg(long, global = true, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	ca_file: Option<PathBuf>,

	/// The account (SS58) under which this store is registered on chain.
	#[arg(long, global = true, value_name = "ACCOUNT")]
	#[serde(skip_serializing_if = "Option::is_none")]
	account: Option<AccountId32>,

	/// File with that account's key: a secret URI, or an encrypted JSON file of a wallet. With it the store
	/// anchors its access log on chain every day, certifies erasures, and fetches from other stores of a
	/// data set what is missing or damaged here; the account needs some MSEC for fees. A systemd credential
	/// of that name comes first [default: none of this].
	#[arg(long, global = true, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	account_key: Option<PathBuf>,

	/// File with the password of an encrypted account key.
	#[arg(long, global = true, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	password_file: Option<PathBuf>,

	/// For how many days the lines of the access log are kept [default: 400].
	#[arg(long, global = true, value_name = "DAYS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	access_log_days: Option<u32>,

	/// Most mebibytes in one upload [default: 64].
	#[arg(long, global = true, value_name = "MIB")]
	#[serde(skip_serializing_if = "Option::is_none")]
	max_upload_mib: Option<u64>,

	/// Most uploads at a time; each takes up to 5 MiB of memory. Of small ones there may be more [default: 4].
	#[arg(long, global = true, value_name = "NUMBER")]
	#[serde(skip_serializing_if = "Option::is_none")]
	max_uploads: Option<usize>,

	/// Most mebibytes of one data set [default: 16384].
	#[arg(long, global = true, value_name = "MIB")]
	#[serde(skip_serializing_if = "Option::is_none")]
	max_dataset_mib: Option<u64>,

	/// Most mebibytes of all data sets of one owner [default: any number].
	#[arg(long, global = true, value_name = "MIB")]
	#[serde(skip_serializing_if = "Option::is_none")]
	max_owner_mib: Option<u64>,

	/// Most requests of one account in a second, and twice as many at once; 0 for any number [default: 1000].
	#[arg(long, global = true, value_name = "NUMBER")]
	#[serde(skip_serializing_if = "Option::is_none")]
	max_requests_per_second: Option<u32>,

	/// Most connections at a time; further ones wait [default: 1024].
	#[arg(long, global = true, value_name = "NUMBER")]
	#[serde(skip_serializing_if = "Option::is_none")]
	max_connections: Option<u32>,

	/// An account (SS58) whose data sets are taken; may be repeated [default: everybody's].
	#[arg(long = "owner", global = true, value_name = "ACCOUNT")]
	#[serde(default, skip_serializing_if = "Vec::is_empty")]
	owners: Vec<AccountId32>,

	/// Age of the node's best block above which no request is served [default: 12].
	#[arg(long, global = true, value_name = "SECONDS")]
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
	pub storage: Storage,
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
	/// How many connections there may be.
	pub connections: Connections,
	/// Age of the best block above which no request is served.
	pub max_head_age: Duration,
}

/// Where everything is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
	/// What belongs to this process; without a city everything.
	pub data_directory: PathBuf,
	/// PostgreSQL and objects.
	pub city: Option<CitySettings>,
}

impl Storage {
	/// Opens the store to serve. Blocks; connections live in `runtime`.
	pub fn open(&self, runtime: Handle) -> Result<Store, StoreFault> {
		let Some(city) = &self.city else {
			return Store::open(&self.data_directory);
		};
		remove_moved(&self.data_directory)?;
		Store::connect(city, runtime)
	}

	/// The file in which the store keeps what it has followed of the chain.
	pub fn followed(&self) -> PathBuf {
		self.data_directory.join("followed.redb")
	}

	/// Opens the store to look only. Blocks; connections live in `runtime`.
	pub fn open_to_read(&self, runtime: Handle) -> Result<Store, StoreFault> {
		match &self.city {
			Some(city) => Store::connect_to_read(city, runtime),
			None => Store::open(&self.data_directory),
		}
	}

	/// Opens the store to serve while it moves. Blocks; connections live in `runtime`.
	pub fn migrate(&self, runtime: Handle) -> Result<(Store, Migration), StoreFault> {
		let Some(city) = &self.city else {
			let reason = "there is nowhere to move to; configure `postgres` and `objects`";
			return Err(StoreFault::Configuration(reason.to_owned()));
		};
		Migration::new(&self.data_directory, Store::connect(city, runtime)?)
	}
}

impl Options {
	fn storage(&self) -> Result<Storage, ConfigurationError> {
		let data_directory = required(self.data_directory.clone(), "data-directory", PREFIX)?;
		if self.postgres.is_none() && self.objects.is_none() {
			return Ok(Storage { data_directory, city: None });
		}
		let city = CitySettings {
			postgres: required(self.postgres.clone(), "postgres", PREFIX)?,
			postgres_password_file: self.postgres_password_file.clone(),
			objects: required(self.objects.clone(), "objects", PREFIX)?,
			ca_file: self.ca_file.clone(),
		};
		Ok(Storage { data_directory, city: Some(city) })
	}
}

impl Arguments {
	fn options(&self) -> Result<Options, ConfigurationError> {
		load(self.config.as_deref(), PREFIX, &["config"], &self.options)
	}

	/// Merges the layers; only where everything is kept.
	pub fn storage(&self) -> Result<Storage, ConfigurationError> {
		self.options()?.storage()
	}

	/// Merges the layers.
	pub fn settings(&self) -> Result<Settings, ConfigurationError> {
		let options = self.options()?;
		let storage = options.storage()?;
		let (limits, connections) = (Limits::default(), Connections::default());
		Ok(Settings {
			node: options.node.unwrap_or_else(|| DEFAULT_NODE.to_owned()),
			listen: options.listen.unwrap_or_else(|| DEFAULT_LISTEN.into()),
			health_listen: options.health_listen.unwrap_or_else(|| DEFAULT_HEALTH_LISTEN.into()),
			storage,
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
				max_owner_bytes: options
					.max_owner_mib
					.map(|mebibytes| mebibytes.saturating_mul(MEBIBYTE)),
				max_requests_per_second: options
					.max_requests_per_second
					.unwrap_or(limits.max_requests_per_second),
			},
			connections: Connections {
				most: options.max_connections.unwrap_or(connections.most),
				..connections
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
	fn a_city_needs_postgresql_and_objects() {
		let given = ["", "--account", ALICE, "--data-directory", "/srv/store"];
		let parse = |more: &[&str]| {
			Arguments::parse_from([&given[..], more].concat()).storage().map(|storage| storage.city)
		};
		assert_eq!(parse(&[]).unwrap(), None);
		let error = parse(&["--postgres", "host=/run/postgresql"]).unwrap_err().to_string();
		assert!(error.contains("--objects"), "{error}");
		let error = parse(&["--objects", "s3://frames"]).unwrap_err().to_string();
		assert!(error.contains("--postgres"), "{error}");
		let both = ["--postgres", "host=/run/postgresql", "--objects", "s3://frames"];
		assert_eq!(parse(&both).unwrap().unwrap().objects, "s3://frames");
	}

	#[test]
	fn options_may_stand_behind_the_command() {
		let arguments = Arguments::parse_from([
			"",
			"scrub",
			"--data-directory",
			"/srv/store",
			"--output",
			"json",
		]);
		assert_eq!(arguments.command, Some(Command::Scrub { output: Output::Json }));
		let expected = Storage { data_directory: "/srv/store".into(), city: None };
		assert_eq!(arguments.storage().unwrap(), expected);
	}

	#[test]
	fn what_is_missing_is_named() {
		let error = Arguments::parse_from([""]).settings().unwrap_err().to_string();
		assert!(error.contains("--data-directory"), "{error}");
		assert!(error.contains("MSEC_COMPANION_DB_DATA_DIRECTORY"), "{error}");
	}
}
