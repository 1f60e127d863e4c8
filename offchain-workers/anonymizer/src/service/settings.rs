//! Configuration of the service. What is hidden, and how, stands in [`crate::Settings`].

use super::{Credentials, Ganonymizer, Limits};
use msec_worker_common::{
	configuration::{load, ConfigurationError},
	keys::{read_secret, resolve, KeyError},
	AccountId32,
};
use serde::{Deserialize, Serialize};
use std::{net::SocketAddr, num::NonZero, path::PathBuf, thread, time::Duration};

const PREFIX: &str = "MSEC_ANONYMIZER_";
const DEFAULT_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8470);
const DEFAULT_HEALTH_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 8471);
const MEBIBYTE: u64 = 1024 * 1024;
/// Requests that may wait for each thread.
const QUEUE_PER_THREAD: usize = 4;

/// Options of the service, in each layer.
#[derive(Debug, clap::Args)]
pub struct Arguments {
	/// TOML file with any of this command's own options, without the dashes.
	#[arg(long, env = "MSEC_ANONYMIZER_SERVICE_CONFIG", value_name = "FILE")]
	service_config: Option<PathBuf>,

	#[command(flatten)]
	options: Options,
}

/// What can be set in each layer.
#[derive(Debug, Default, clap::Args, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Options {
	/// Where to serve [default: 127.0.0.1:8470].
	#[arg(long, value_name = "ADDRESS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	listen: Option<SocketAddr>,

	/// Where to serve /health/live, /health/ready and /metrics [default: 127.0.0.1:8471].
	#[arg(long, value_name = "ADDRESS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	health_listen: Option<SocketAddr>,

	/// The account (SS58) by which clients name this service in what they sign, so that nobody can send
	/// it elsewhere. Its key is not needed here.
	#[arg(long, value_name = "ACCOUNT")]
	#[serde(skip_serializing_if = "Option::is_none")]
	account: Option<AccountId32>,

	/// Accounts (SS58) whose signed requests are carried out, separated by commas; in the environment in
	/// brackets.
	#[arg(long, value_name = "ACCOUNTS", value_delimiter = ',')]
	#[serde(skip_serializing_if = "Option::is_none")]
	allow: Option<Vec<AccountId32>>,

	/// Images that are worked on at a time; each takes a thread with models of its own [default: one for
	/// each processor].
	#[arg(long, value_name = "NUMBER")]
	#[serde(skip_serializing_if = "Option::is_none")]
	threads: Option<NonZero<usize>>,

	/// Requests that may wait while all threads are busy; more are refused [default: four for each
	/// thread].
	#[arg(long, value_name = "NUMBER")]
	#[serde(skip_serializing_if = "Option::is_none")]
	queue: Option<usize>,

	/// Most mebibytes of an image as it is sent [default: 32].
	#[arg(long, value_name = "MIB")]
	#[serde(skip_serializing_if = "Option::is_none")]
	max_image_mib: Option<NonZero<u32>>,

	/// Most million pixels of an image; each thread takes up to 12 MB for a million [default: 25].
	#[arg(long, value_name = "MILLIONS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	max_megapixels: Option<NonZero<u32>>,

	/// Seconds after which a request that is not answered is refused, its upload included [default: 60].
	#[arg(long, value_name = "SECONDS")]
	#[serde(skip_serializing_if = "Option::is_none")]
	deadline: Option<NonZero<u32>>,

	/// Most connections at a time [default: 256].
	#[arg(long, value_name = "NUMBER")]
	#[serde(skip_serializing_if = "Option::is_none")]
	max_connections: Option<NonZero<u16>>,

	/// Record each result in this folder, signed with --device-key, for `msec publish`.
	#[arg(long, value_name = "DIRECTORY")]
	#[serde(skip_serializing_if = "Option::is_none")]
	provenance: Option<PathBuf>,

	/// Account of this device: a file with a secret URI that only its owner may read, or the name of a
	/// systemd credential.
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	device_key: Option<PathBuf>,

	/// Key under which records hash originals; made at first use.
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	originals_key: Option<PathBuf>,

	/// Also serve POST /image for clients of GANonymizer, which cannot sign: on a loopback address to
	/// everybody who reaches it, elsewhere only with --ganonymizer-credentials.
	#[arg(long)]
	#[serde(skip_serializing_if = "std::ops::Not::not", default)]
	ganonymizer: bool,

	/// File with USER:PASSWORD that clients of GANonymizer must send, readable by its owner only, or the
	/// name of a systemd credential.
	#[arg(long, value_name = "FILE")]
	#[serde(skip_serializing_if = "Option::is_none")]
	ganonymizer_credentials: Option<PathBuf>,
}

/// What the service runs with.
#[derive(Debug, PartialEq, Eq)]
pub struct ServiceSettings {
	/// Where images are anonymized.
	pub listen: SocketAddr,
	/// Where health and metrics are served.
	pub health_listen: SocketAddr,
	/// The account by which clients name the service; without it no signed request is carried out.
	pub account: Option<AccountId32>,
	/// The accounts whose requests are carried out.
	pub allow: Vec<AccountId32>,
	/// Images that are worked on at a time.
	pub threads: usize,
	/// Requests that may wait.
	pub queue: usize,
	/// What is taken at once.
	pub limits: Limits,
	/// Who may use GANonymizer's route.
	pub ganonymizer: Ganonymizer,
	/// Where results are recorded, if they are.
	pub provenance: Option<Provenance>,
}

/// The files that records need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
	/// Folder for records.
	pub folder: PathBuf,
	/// The account that signs them.
	pub device_key: PathBuf,
	/// The key under which originals are hashed.
	pub originals_key: PathBuf,
}

/// Why the service has no settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
	/// The layers do not make a configuration.
	#[error(transparent)]
	Configuration(#[from] ConfigurationError),
	/// The credentials cannot be read.
	#[error(transparent)]
	Credentials(#[from] KeyError),
	/// The credentials have another form.
	#[error("{}: there must be one line USER:PASSWORD", .0.display())]
	MalformedCredentials(PathBuf),
	/// No request would be carried out.
	#[error(
		"nobody may ask: give the accounts of clients as --allow, as MSEC_ANONYMIZER_ALLOW or as `allow` \
		in the file given by --service-config"
	)]
	NobodyAllowed,
	/// Records need a folder and both keys.
	#[error("--provenance, --device-key and --originals-key belong together")]
	IncompleteProvenance,
	/// Clients cannot sign requests for this service alone.
	#[error(
		"the service needs an account by which clients name it: as --account, as \
		MSEC_ANONYMIZER_ACCOUNT or as `account` in the file given by --service-config"
	)]
	Nameless,
	/// Strangers could use GANonymizer's route.
	#[error(
		"GANonymizer's clients do not sign, and {0} can be reached from outside: listen on a loopback \
		address, or give --ganonymizer-credentials"
	)]
	OpenToStrangers(SocketAddr),
}

impl Arguments {
	/// Merges the layers.
	pub fn settings(&self) -> Result<ServiceSettings, SettingsError> {
		let options: Options =
			load(self.service_config.as_deref(), PREFIX, &["service_config"], &self.options)?;
		let listen = options.listen.unwrap_or_else(|| DEFAULT_LISTEN.into());
		let ganonymizer = options.ganonymizer(listen)?;
		let allow = options.allow.clone().unwrap_or_default();
		if allow.is_empty() && ganonymizer == Ganonymizer::Off {
			return Err(SettingsError::NobodyAllowed);
		}
		if !allow.is_empty() && options.account.is_none() {
			return Err(SettingsError::Nameless);
		}
		let threads = options
			.threads
			.or_else(|| thread::available_parallelism().ok())
			.map_or(1, NonZero::get);
		let provenance = options.provenance()?;
		Ok(ServiceSettings {
			listen,
			health_listen: options.health_listen.unwrap_or_else(|| DEFAULT_HEALTH_LISTEN.into()),
			account: options.account,
			allow,
			threads,
			queue: options.queue.unwrap_or(threads * QUEUE_PER_THREAD),
			limits: options.limits(),
			ganonymizer,
			provenance,
		})
	}
}

impl Options {
	fn provenance(&self) -> Result<Option<Provenance>, SettingsError> {
		match (&self.provenance, &self.device_key, &self.originals_key) {
			(None, None, None) => Ok(None),
			(Some(folder), Some(device_key), Some(originals_key)) => Ok(Some(Provenance {
				folder: folder.clone(),
				device_key: device_key.clone(),
				originals_key: originals_key.clone(),
			})),
			_ => Err(SettingsError::IncompleteProvenance),
		}
	}

	fn limits(&self) -> Limits {
		let mut limits = Limits::default();
		if let Some(mebibytes) = self.max_image_mib {
			limits.image.max_bytes = u64::from(mebibytes.get()) * MEBIBYTE;
		}
		if let Some(millions) = self.max_megapixels {
			limits.image.max_pixels = u64::from(millions.get()) * 1_000_000;
		}
		if let Some(seconds) = self.deadline {
			limits.deadline = Duration::from_secs(seconds.get().into());
		}
		if let Some(number) = self.max_connections {
			limits.max_connections = number.get().into();
		}
		limits
	}

	fn ganonymizer(&self, listen: SocketAddr) -> Result<Ganonymizer, SettingsError> {
		match &self.ganonymizer_credentials {
			_ if !self.ganonymizer => Ok(Ganonymizer::Off),
			Some(file) => {
				let path = resolve(file);
				let credentials = Credentials::parse(&read_secret(&path)?)
					.ok_or(SettingsError::MalformedCredentials(path))?;
				Ok(Ganonymizer::Guarded(credentials))
			},
			None if listen.ip().is_loopback() => Ok(Ganonymizer::Open),
			None => Err(SettingsError::OpenToStrangers(listen)),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;
	use msec_worker_common::keys::write_secret;

	const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
	const BOB: &str = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

	#[derive(Parser)]
	struct Command {
		#[command(flatten)]
		arguments: Arguments,
	}

	fn settings(arguments: &[&str]) -> Result<ServiceSettings, SettingsError> {
		Command::parse_from(std::iter::once(&"").chain(arguments)).arguments.settings()
	}

	#[test]
	fn the_accounts_of_both_sides_are_enough() {
		let error = settings(&["--allow", ALICE]).unwrap_err().to_string();
		assert!(error.contains("--account"), "{error}");
		let settings = settings(&["--allow", ALICE, "--account", BOB]).unwrap();
		assert_eq!(settings.account, Some(BOB.parse().unwrap()));
		assert_eq!(settings.listen, SocketAddr::from(([127, 0, 0, 1], 8470)));
		assert_eq!(settings.allow, [ALICE.parse().unwrap()]);
		assert_eq!(settings.limits, Limits::default());
		assert_eq!(settings.queue, settings.threads * QUEUE_PER_THREAD);
		assert_eq!(settings.ganonymizer, Ganonymizer::Off);
	}

	#[test]
	fn without_anybody_who_may_ask_nothing_is_served() {
		let error = settings(&[]).unwrap_err().to_string();
		assert!(error.contains("--allow") && error.contains("MSEC_ANONYMIZER_ALLOW"), "{error}");
	}

	#[test]
	fn the_file_has_the_same_keys() {
		let file = tempfile::NamedTempFile::new().unwrap();
		let content = format!(
			"account = \"{BOB}\"\nallow = [\"{ALICE}\", \"{BOB}\"]\nthreads = 3\nqueue = 0\nmax-image-mib = 2\nmax-megapixels = 8\n\
			deadline = 5\nganonymizer = true\n"
		);
		std::fs::write(file.path(), content).unwrap();
		let path = file.path().to_str().unwrap();
		let settings = settings(&["--service-config", path, "--threads", "2"]).unwrap();
		assert_eq!(settings.allow, [ALICE.parse().unwrap(), BOB.parse().unwrap()]);
		assert_eq!((settings.threads, settings.queue), (2, 0));
		assert_eq!(settings.limits.image.max_bytes, 2 * MEBIBYTE);
		assert_eq!(settings.limits.image.max_pixels, 8_000_000);
		assert_eq!(settings.limits.deadline, Duration::from_secs(5));
		assert_eq!(settings.ganonymizer, Ganonymizer::Open);
	}

	#[test]
	fn records_need_a_folder_and_both_keys() {
		let accounts = ["--allow", ALICE, "--account", BOB];
		let incomplete = [&accounts[..], &["--provenance", "/records"]].concat();
		let error = settings(&incomplete).unwrap_err();
		assert!(matches!(error, SettingsError::IncompleteProvenance), "{error}");
		let keys = ["--device-key", "/device.key", "--originals-key", "/originals.key"];
		let provenance = settings(&[&incomplete[..], &keys].concat()).unwrap().provenance.unwrap();
		assert_eq!(provenance.folder, PathBuf::from("/records"));
		assert_eq!(provenance.device_key, PathBuf::from("/device.key"));
		assert_eq!(provenance.originals_key, PathBuf::from("/originals.key"));
	}

	#[test]
	fn clients_that_cannot_sign_are_served_on_loopback_or_with_a_password() {
		let outside = ["--ganonymizer", "--listen", "0.0.0.0:1"];
		let error = settings(&outside).unwrap_err();
		assert!(matches!(error, SettingsError::OpenToStrangers(_)), "{error}");

		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("credentials");
		write_secret(&path, b"city:secret\n").unwrap();
		let guarded = [outside.as_slice(), &["--ganonymizer-credentials", path.to_str().unwrap()]];
		let expected = Credentials::parse(b"city:secret").unwrap();
		let settings_with_password = settings(&guarded.concat()).unwrap();
		assert_eq!(settings_with_password.ganonymizer, Ganonymizer::Guarded(expected));

		std::fs::remove_file(&path).unwrap();
		write_secret(&path, b"secret\n").unwrap();
		let error = settings(&guarded.concat()).unwrap_err();
		assert!(matches!(error, SettingsError::MalformedCredentials(_)), "{error}");
	}
}
