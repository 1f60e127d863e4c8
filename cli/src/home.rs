//! The folder with a user's accounts, keys and records.

use crate::{
	ids,
	vault::{self, VaultError},
};
use msec_commitments::{EnvelopeSecret, KeyTree, WrappingKey, WrappingSecret};
use msec_worker_common::{
	keys::{read_secret, wrapping_secret, write_secret, AccountKey, KeyError, Suite},
	AccountId32, H256,
};
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use std::{
	fs,
	io::Write,
	os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
	path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Why the folder does not serve.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
	/// A folder or file cannot be made or read.
	#[error("{}: {source}", .path.display())]
	Io {
		/// Which.
		path: PathBuf,
		/// What the system says.
		source: std::io::Error,
	},
	/// The name cannot be that of a file.
	#[error("{0:?} is not a name; use up to 64 letters, digits, '-' and '_'")]
	InvalidName(String),
	/// Nothing of this name is there.
	#[error("there is no {kind} {name:?}; {hint}")]
	Unknown {
		/// What was sought.
		kind: &'static str,
		/// Its name.
		name: String,
		/// What to do.
		hint: &'static str,
	},
	/// An account key does not load.
	#[error(transparent)]
	Key(#[from] KeyError),
	/// A secret does not open.
	#[error(transparent)]
	Vault(#[from] VaultError),
	/// A file's content is not what it should be.
	#[error("{0} is damaged: {1}")]
	Damaged(PathBuf, String),
}

/// What is chosen once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
	/// The account that signs when none is named.
	pub default_account: Option<String>,
	/// The encryption key of one's own for which new data sets' secrets are sealed, where it is not the
	/// published one: the chain publishes X25519 keys alone.
	#[serde(default)]
	pub owner_key: Option<String>,
}

/// An encryption key of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
	/// The public key, of X25519 or X-Wing, as 0x-hex.
	pub public_key: String,
	/// Counts the keys that had this name, from 1.
	#[serde(default = "first_version")]
	pub version: u32,
}

fn first_version() -> u32 {
	1
}

impl KeyRecord {
	fn new(secret: &WrappingSecret, version: u32) -> Self {
		let digits = hex::encode(secret.public_key().as_bytes());
		Self { public_key: format!("0x{digits}"), version }
	}

	/// The public key; `None` when it is damaged.
	pub fn key(&self) -> Option<WrappingKey> {
		let digits = self.public_key.strip_prefix("0x").unwrap_or(&self.public_key);
		WrappingKey::from_bytes(&hex::decode(digits).ok()?)
	}

	/// Its suite; `None` when it is damaged.
	pub fn suite(&self) -> Option<Suite> {
		Some(match self.key()? {
			WrappingKey::X25519(_) => Suite::X25519,
			WrappingKey::XWing(_) => Suite::XWing,
		})
	}
}

/// A data set of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetRecord {
	/// Its identifier, as 0x-hex.
	pub dataset: String,
	/// From which the identifier was made, as 0x-hex.
	pub salt: String,
	/// Its owner's address.
	pub owner: String,
}

/// A purchase of one's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
	/// Its identifier, as 0x-hex.
	pub order: String,
	/// What was bought from, as 0x-hex.
	pub listing: String,
	/// The order's X25519 public key, as 0x-hex.
	pub buyer_key: String,
	/// Who may read.
	pub beneficiary: String,
}

/// The key for one purchase of a demand of one's own, or for one member of a bundle that was bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemandKeyRecord {
	/// The identifier of the demand or of the bundle's purchase, as 0x-hex.
	pub demand: String,
	/// Counts the keys of the demand or purchase.
	pub index: u32,
	/// The X25519 public key, as 0x-hex.
	pub buyer_key: String,
}

pub(crate) const ACCOUNTS: &str = "accounts";
const KEYS: &str = "keys";
const DATASETS: &str = "datasets";
const ORDERS: &str = "orders";
const DEMANDS: &str = "demands";
const OUTBOX: &str = "outbox";
const INTENTS: &str = "intents";
/// What is worth a backup.
pub(crate) const SECRETS: [&str; 5] = [ACCOUNTS, KEYS, DATASETS, ORDERS, DEMANDS];

/// A user's folder.
#[derive(Clone, Debug)]
pub struct Home(PathBuf);

impl Home {
	/// Opens the folder, making it when it is not there, for its owner only.
	pub fn open(path: &Path) -> Result<Self, HomeError> {
		for directory in ["", ACCOUNTS, KEYS, DATASETS, ORDERS, DEMANDS, OUTBOX, INTENTS] {
			let directory = path.join(directory);
			fs::DirBuilder::new()
				.recursive(true)
				.mode(0o700)
				.create(&directory)
				.map_err(|source| HomeError::Io { path: directory, source })?;
		}
		Ok(Self(path.to_owned()))
	}

	/// Where it is.
	pub fn path(&self) -> &Path {
		&self.0
	}

	/// The outbox of an account.
	pub fn outbox(&self, account: &AccountId32) -> PathBuf {
		self.0.join(OUTBOX).join(format!("{account}.redb"))
	}

	/// The journal of publications.
	pub fn journal(&self) -> PathBuf {
		self.0.join("journal.redb")
	}

	/// The settings, or the default ones.
	pub fn settings(&self) -> Result<Settings, HomeError> {
		let path = self.0.join("settings.toml");
		match fs::read_to_string(&path) {
			Ok(text) => {
				toml::from_str(&text).map_err(|error| HomeError::Damaged(path, error.to_string()))
			},
			Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Settings::default()),
			Err(source) => Err(HomeError::Io { path, source }),
		}
	}

	/// Replaces the settings.
	pub fn save_settings(&self, settings: &Settings) -> Result<(), HomeError> {
		let path = self.0.join("settings.toml");
		let text = toml::to_string(settings)
			.map_err(|error| HomeError::Damaged(path.clone(), error.to_string()))?;
		replace_file(&path, text.as_bytes()).map_err(|source| HomeError::Io { path, source })
	}

	/// Names of the accounts.
	pub fn accounts(&self) -> Result<Vec<String>, HomeError> {
		self.names(ACCOUNTS)
	}

	/// Saves an account, encrypted, in a new file that wallets can read.
	pub fn save_account(
		&self,
		name: &str,
		key: &AccountKey,
		password: &str,
	) -> Result<PathBuf, HomeError> {
		let path = self.file(ACCOUNTS, name)?;
		write_secret(&path, key.to_keystore(name, password).as_bytes())?;
		Ok(path)
	}

	/// The encrypted file of an account.
	pub fn account_file(&self, name: &str) -> Result<String, HomeError> {
		let path = self.existing(ACCOUNTS, name, "account", "see `msec account list`")?;
		let text = read_secret(&path)?;
		String::from_utf8(text.to_vec())
			.map_err(|error| HomeError::Damaged(path, error.to_string()))
	}

	/// An account's address, which its file shows without a password.
	pub fn account_address(&self, name: &str) -> Result<AccountId32, HomeError> {
		#[derive(Deserialize)]
		struct Keystore {
			address: String,
		}
		let damaged = |reason: String| HomeError::Damaged(self.0.join(ACCOUNTS).join(name), reason);
		let keystore: Keystore = serde_json::from_str(&self.account_file(name)?)
			.map_err(|error| damaged(error.to_string()))?;
		keystore.address.parse().map_err(|_| damaged("its address is not one".to_owned()))
	}

	/// Opens an account.
	pub fn account(&self, name: &str, password: &str) -> Result<AccountKey, HomeError> {
		Ok(AccountKey::from_keystore(&self.account_file(name)?, password)?)
	}

	/// Names and records of the encryption keys.
	pub fn keys(&self) -> Result<Vec<(String, KeyRecord)>, HomeError> {
		self.records(KEYS)
	}

	/// Saves an encryption key in a new file.
	pub fn save_key(
		&self,
		name: &str,
		secret: &WrappingSecret,
		passphrase: &str,
	) -> Result<KeyRecord, HomeError> {
		self.save_key_version(name, secret, first_version(), passphrase)
	}

	fn save_key_version(
		&self,
		name: &str,
		secret: &WrappingSecret,
		version: u32,
		passphrase: &str,
	) -> Result<KeyRecord, HomeError> {
		let record = KeyRecord::new(secret, version);
		vault::save(&self.file(KEYS, name)?, &record, &*secret.to_bytes(), passphrase)?;
		Ok(record)
	}

	/// What is known of an encryption key without its passphrase.
	pub fn key_record(&self, name: &str) -> Result<KeyRecord, HomeError> {
		let path = self.existing(KEYS, name, "key", "see `msec key list`")?;
		Ok(vault::public(&path)?)
	}

	/// Opens an encryption key.
	pub fn key(&self, name: &str, passphrase: &str) -> Result<WrappingSecret, HomeError> {
		let path = self.existing(KEYS, name, "key", "see `msec key list`")?;
		let (record, secret): (KeyRecord, _) = vault::open(&path, passphrase)?;
		let suite = record
			.suite()
			.ok_or_else(|| HomeError::Damaged(path.clone(), "its public key is none".to_owned()))?;
		Ok(wrapping_secret(suite, *secret_bytes(&path, &secret)?))
	}

	/// Ends a rotation of `name` that was interrupted in its last step; `None` when there is none.
	pub fn resume_rotation(&self, name: &str) -> Result<Option<KeyRecord>, HomeError> {
		let is_there = |name: &str| Ok::<_, HomeError>(self.file(KEYS, name)?.exists());
		match !is_there(name)? && is_there(&next_name(name))? {
			true => self.end_rotation(name).map(Some),
			false => Ok(None),
		}
	}

	/// The key that is to take the place of `name`: that of an attempt before, or the new one that `make`
	/// makes.
	pub fn begin_rotation(
		&self,
		name: &str,
		make: impl FnOnce() -> WrappingSecret,
		passphrase: &str,
	) -> Result<WrappingSecret, HomeError> {
		let next = next_name(name);
		let version = self.key_record(name)?.version;
		if !self.file(KEYS, &next)?.exists() {
			let secret = make();
			self.save_key_version(&next, &secret, version.saturating_add(1), passphrase)?;
		}
		self.key(&next, passphrase)
	}

	/// Puts the key of [`Self::begin_rotation`] in the place of `name`; the one before stays under
	/// another name.
	pub fn end_rotation(&self, name: &str) -> Result<KeyRecord, HomeError> {
		let (path, next) = (self.file(KEYS, name)?, self.file(KEYS, &next_name(name))?);
		let fault = |source| HomeError::Io { path: path.clone(), source };
		if path.exists() {
			let version = self.key_record(name)?.version;
			fs::rename(&path, self.file(KEYS, &former_name(name, version))?).map_err(fault)?;
		}
		fs::rename(&next, &path).map_err(fault)?;
		fs::File::open(self.0.join(KEYS)).and_then(|folder| folder.sync_all()).map_err(fault)?;
		self.key_record(name)
	}

	/// Opens `name` and the keys that had this name before, the youngest first.
	pub fn key_versions(
		&self,
		name: &str,
		passphrase: &str,
	) -> Result<Vec<WrappingSecret>, HomeError> {
		let mut secrets = vec![self.key(name, passphrase)?];
		for version in (1..self.key_record(name)?.version).rev() {
			let former = former_name(name, version);
			if self.file(KEYS, &former)?.exists() {
				secrets.push(self.key(&former, passphrase)?);
			}
		}
		Ok(secrets)
	}

	/// Names and records of the data sets.
	pub fn datasets(&self) -> Result<Vec<(String, DatasetRecord)>, HomeError> {
		self.records(DATASETS)
	}

	/// Saves a data set and its secret in a new file.
	pub fn save_dataset(
		&self,
		name: &str,
		record: &DatasetRecord,
		tree: &KeyTree,
		passphrase: &str,
	) -> Result<(), HomeError> {
		Ok(vault::save(&self.file(DATASETS, name)?, record, &tree.encode(), passphrase)?)
	}

	/// Keeps another secret of a data set in place of the one before: one or the other, whatever happens.
	pub fn replace_key_tree(
		&self,
		name: &str,
		tree: &KeyTree,
		passphrase: &str,
	) -> Result<(), HomeError> {
		let path = self.existing(DATASETS, name, "data set", "see `msec dataset list`")?;
		// Whoever has not the passphrase of the one before does not choose that of the next.
		let (record, _): (DatasetRecord, _) = vault::open(&path, passphrase)?;
		Ok(vault::replace(&path, &record, &tree.encode(), passphrase)?)
	}

	/// What is known of a data set without its passphrase.
	pub fn dataset_record(&self, name: &str) -> Result<DatasetRecord, HomeError> {
		let path = self.existing(DATASETS, name, "data set", "see `msec dataset list`")?;
		Ok(vault::public(&path)?)
	}

	/// Opens a data set's secret.
	pub fn key_tree(&self, name: &str, passphrase: &str) -> Result<KeyTree, HomeError> {
		let path = self.existing(DATASETS, name, "data set", "see `msec dataset list`")?;
		let (_, secret): (DatasetRecord, _) = vault::open(&path, passphrase)?;
		KeyTree::decode(&secret).ok_or_else(|| {
			HomeError::Damaged(path, "its secret is not that of a data set".to_owned())
		})
	}

	/// Destroys a data set's secret here. Backups are for their keeper to destroy.
	pub fn forget_dataset(&self, name: &str) -> Result<(), HomeError> {
		let path = self.existing(DATASETS, name, "data set", "see `msec dataset list`")?;
		fs::remove_file(&path).map_err(|source| HomeError::Io { path, source })
	}

	/// Names, which are the identifiers, and records of the purchases.
	pub fn orders(&self) -> Result<Vec<(String, OrderRecord)>, HomeError> {
		self.records(ORDERS)
	}

	/// Saves a purchase and its secret in a new file.
	pub fn save_order(
		&self,
		record: &OrderRecord,
		secret: &EnvelopeSecret,
		passphrase: &str,
	) -> Result<(), HomeError> {
		let path = self.file(ORDERS, &record.order)?;
		Ok(vault::save(&path, record, &*secret.to_bytes(), passphrase)?)
	}

	/// Removes the secret of a purchase that never came about.
	pub fn forget_order(&self, order: &H256) -> Result<(), HomeError> {
		let path = self.file(ORDERS, &ids::hash_text(&order.0))?;
		fs::remove_file(&path).map_err(|source| HomeError::Io { path, source })
	}

	/// Opens the secret of a purchase, which somebody made by hand, or a demand or a bundle's buyer under
	/// `buyer_key`.
	pub fn order_secret(
		&self,
		order: &H256,
		buyer_key: &[u8; 32],
		passphrase: &str,
	) -> Result<EnvelopeSecret, HomeError> {
		const HINT: &str = "only who bought has its secret; restore it by `msec key restore`";
		let of_demand = self.file(DEMANDS, &ids::hash_text(buyer_key))?;
		if of_demand.exists() {
			let (_, secret): (DemandKeyRecord, _) = vault::open(&of_demand, passphrase)?;
			return Ok(EnvelopeSecret::from_bytes(*secret_bytes(&of_demand, &secret)?));
		}
		let path = self.existing(ORDERS, &ids::hash_text(&order.0), "secret of order", HINT)?;
		let (_, secret): (OrderRecord, _) = vault::open(&path, passphrase)?;
		Ok(EnvelopeSecret::from_bytes(*secret_bytes(&path, &secret)?))
	}

	/// The keys of a demand, or of a bundle's purchase, in their order.
	pub fn demand_keys(&self, demand: &H256) -> Result<Vec<DemandKeyRecord>, HomeError> {
		let demand = ids::hash_text(&demand.0);
		let known: Vec<(String, DemandKeyRecord)> = self.records(DEMANDS)?;
		let mut keys: Vec<_> =
			known.into_iter().map(|(_, key)| key).filter(|key| key.demand == demand).collect();
		keys.sort_by_key(|key| key.index);
		Ok(keys)
	}

	/// Saves a key of a demand, or of a bundle's purchase, and its secret in a new file.
	pub fn save_demand_key(
		&self,
		record: &DemandKeyRecord,
		secret: &EnvelopeSecret,
		passphrase: &str,
	) -> Result<(), HomeError> {
		let path = self.file(DEMANDS, &record.buyer_key)?;
		Ok(vault::save(&path, record, &*secret.to_bytes(), passphrase)?)
	}

	/// Removes the keys of a demand, or of a bundle's purchase, that never came about.
	pub fn forget_demand(&self, demand: &H256) -> Result<(), HomeError> {
		for key in self.demand_keys(demand)? {
			let path = self.file(DEMANDS, &key.buyer_key)?;
			fs::remove_file(&path).map_err(|source| HomeError::Io { path, source })?;
		}
		Ok(())
	}

	/// What a command with this fingerprint chose before it was interrupted.
	pub fn intent(&self, fingerprint: &H256) -> Result<Option<H256>, HomeError> {
		let path = self.intent_file(fingerprint);
		match fs::read_to_string(&path) {
			Ok(text) => match ids::parse_hash(&text) {
				Ok(choice) => Ok(Some(H256(choice))),
				Err(reason) => Err(HomeError::Damaged(path, reason)),
			},
			Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
			Err(source) => Err(HomeError::Io { path, source }),
		}
	}

	/// Writes down what a command chooses, before it acts.
	pub fn begin(&self, fingerprint: &H256, choice: &H256) -> Result<(), HomeError> {
		let path = self.intent_file(fingerprint);
		replace_file(&path, ids::hash_text(&choice.0).as_bytes())
			.map_err(|source| HomeError::Io { path, source })
	}

	/// Forgets a command that has ended.
	pub fn end(&self, fingerprint: &H256) -> Result<(), HomeError> {
		let path = self.intent_file(fingerprint);
		match fs::remove_file(&path) {
			Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
				Err(HomeError::Io { path, source: error })
			},
			_ => Ok(()),
		}
	}

	fn intent_file(&self, fingerprint: &H256) -> PathBuf {
		self.0.join(INTENTS).join(ids::hash_text(&fingerprint.0))
	}

	pub(crate) fn file(&self, directory: &str, name: &str) -> Result<PathBuf, HomeError> {
		let valid = (1..=80).contains(&name.len())
			&& name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
		if !valid {
			return Err(HomeError::InvalidName(name.to_owned()));
		}
		Ok(self.0.join(directory).join(format!("{name}.json")))
	}

	fn existing(
		&self,
		directory: &str,
		name: &str,
		kind: &'static str,
		hint: &'static str,
	) -> Result<PathBuf, HomeError> {
		let path = self.file(directory, name)?;
		match path.exists() {
			true => Ok(path),
			false => Err(HomeError::Unknown { kind, name: name.to_owned(), hint }),
		}
	}

	pub(crate) fn names(&self, directory: &str) -> Result<Vec<String>, HomeError> {
		let path = self.0.join(directory);
		let fault = |source| HomeError::Io { path: path.clone(), source };
		let mut names = Vec::new();
		for entry in fs::read_dir(&path).map_err(fault)? {
			let name = entry.map_err(fault)?.file_name();
			names.extend(name.to_str().and_then(|name| name.strip_suffix(".json")).map(Into::into));
		}
		names.sort();
		Ok(names)
	}

	fn records<P: DeserializeOwned>(&self, directory: &str) -> Result<Vec<(String, P)>, HomeError> {
		let names = self.names(directory)?;
		names
			.into_iter()
			.map(|name| {
				let record = vault::public(&self.file(directory, &name)?)?;
				Ok((name, record))
			})
			.collect()
	}
}

/// Where the key is kept that is to take the place of `name`.
fn next_name(name: &str) -> String {
	format!("{name}-next")
}

/// Where the key is kept that had `name` as version `version`.
fn former_name(name: &str, version: u32) -> String {
	format!("{name}-v{version}")
}

fn secret_bytes(path: &Path, secret: &[u8]) -> Result<Zeroizing<[u8; 32]>, HomeError> {
	secret
		.try_into()
		.map(Zeroizing::new)
		.map_err(|_| HomeError::Damaged(path.to_owned(), "its secret has not 32 bytes".to_owned()))
}

/// Makes or empties a file that only its owner may read, also where others could read an older one.
pub fn create_private(path: &Path) -> std::io::Result<fs::File> {
	let file =
		fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
	file.set_permissions(fs::Permissions::from_mode(0o600))?;
	Ok(file)
}

/// Replaces a file at once and durably, for its owner only.
pub fn replace_file(path: &Path, content: &[u8]) -> std::io::Result<()> {
	let mut temporary = path.as_os_str().to_owned();
	temporary.push(".new");
	let temporary = PathBuf::from(temporary);
	let mut file = create_private(&temporary)?;
	file.write_all(content)?;
	file.sync_all()?;
	fs::rename(&temporary, path)?;
	let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
	fs::File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_worker_common::keys::suite_of;

	fn home() -> (tempfile::TempDir, Home) {
		let directory = tempfile::tempdir().unwrap();
		let home = Home::open(&directory.path().join("home")).unwrap();
		(directory, home)
	}

	#[test]
	fn settings_survive() {
		let (_directory, home) = home();
		assert_eq!(home.settings().unwrap(), Settings::default());
		let settings =
			Settings { default_account: Some("owner".into()), owner_key: Some("main".into()) };
		home.save_settings(&settings).unwrap();
		assert_eq!(home.settings().unwrap(), settings);
	}

	#[test]
	fn what_was_begun_is_known_until_it_ends() {
		let (_directory, home) = home();
		let (fingerprint, choice) = (H256([1; 32]), H256([2; 32]));
		assert_eq!(home.intent(&fingerprint).unwrap(), None);
		home.begin(&fingerprint, &choice).unwrap();
		assert_eq!(home.intent(&fingerprint).unwrap(), Some(choice));
		home.end(&fingerprint).unwrap();
		home.end(&fingerprint).unwrap();
		assert_eq!(home.intent(&fingerprint).unwrap(), None);
	}

	#[test]
	fn accounts_are_kept_encrypted() {
		let (_directory, home) = home();
		let key = AccountKey::from_seed(&[7; 32]);
		home.save_account("owner", &key, "password").unwrap();
		assert_eq!(home.accounts().unwrap(), ["owner"]);
		assert_eq!(home.account_address("owner").unwrap(), key.account_id());
		assert_eq!(home.account("owner", "password").unwrap().public(), key.public());
		assert!(home.account("owner", "other").is_err());
		assert!(matches!(home.account("nobody", ""), Err(HomeError::Unknown { .. })));
	}

	#[test]
	fn names_cannot_leave_the_folder() {
		let (_directory, home) = home();
		for name in ["", "../x", "a/b", "a.b", &"x".repeat(81)] {
			assert!(matches!(home.key_record(name), Err(HomeError::InvalidName(_))), "{name}");
		}
	}

	#[test]
	fn a_key_is_rotated_whenever_it_was_interrupted() {
		let (_directory, home) = home();
		let secret = |suite, byte| wrapping_secret(suite, [byte; 32]);
		let old = secret(Suite::X25519, 1);
		assert_eq!(home.save_key("main", &old, "one").unwrap().version, 1);
		let first = home.begin_rotation("main", || secret(Suite::XWing, 2), "one").unwrap();
		let again = home.begin_rotation("main", || secret(Suite::XWing, 3), "one").unwrap();
		assert_eq!(again.public_key(), first.public_key());
		assert_eq!(home.key("main", "one").unwrap().public_key(), old.public_key());
		// Killed between the two renames.
		let [path, former] = ["main", "main-v1"].map(|name| home.file(KEYS, name).unwrap());
		fs::rename(&path, &former).unwrap();
		assert_eq!(home.resume_rotation("main").unwrap().unwrap().version, 2);
		assert!(home.resume_rotation("main").unwrap().is_none());
		let next = home.begin_rotation("main", || secret(Suite::X25519, 4), "one").unwrap();
		assert_eq!(home.key("main", "one").unwrap().public_key(), first.public_key());
		let record = home.end_rotation("main").unwrap();
		assert_eq!((record.version, record.suite()), (3, Some(Suite::X25519)));
		let versions: Vec<_> = home.key_versions("main", "one").unwrap();
		let keys: Vec<_> = versions.iter().map(WrappingSecret::public_key).collect();
		assert_eq!(keys, [next.public_key(), first.public_key(), old.public_key()]);
		assert_eq!(suite_of(&versions[1]), Suite::XWing);
	}

	/// The defect of the product before: "master secret kept in clear".
	#[test]
	fn no_file_of_the_home_has_a_secret_in_clear() {
		let (directory, home) = home();
		let secrets = [[0x5a; 32], [0x6b; 32], [0x7c; 32]];
		home.save_key("main", &wrapping_secret(Suite::XWing, secrets[0]), "one").unwrap();
		let record = DatasetRecord {
			dataset: ids::hash_text(&[1; 32]),
			salt: ids::hash_text(&[2; 32]),
			owner: "owner".into(),
		};
		let tree = KeyTree::from_seed(secrets[1]);
		home.save_dataset("garden", &record, &tree, "one").unwrap();
		let renewed = tree.renewed(5, secrets[2]).unwrap();
		assert!(home.replace_key_tree("garden", &renewed, "other").is_err());
		home.replace_key_tree("garden", &renewed, "one").unwrap();
		assert!(home.key_tree("garden", "one").unwrap() == renewed);
		assert_eq!(home.dataset_record("garden").unwrap(), record);
		for folder in [KEYS, DATASETS] {
			for entry in fs::read_dir(directory.path().join("home").join(folder)).unwrap() {
				let path = entry.unwrap().path();
				assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
				let content = fs::read(&path).unwrap();
				for secret in secrets {
					let digits = hex::encode(secret);
					for trace in [&secret[..], digits.as_bytes()] {
						let found = content.windows(trace.len()).any(|part| part == trace);
						assert!(!found, "{}", path.display());
					}
				}
			}
		}
	}

	#[test]
	fn the_keys_of_a_demand_open_its_orders() {
		let (_directory, home) = home();
		let (demand, order) = (H256([1; 32]), H256([2; 32]));
		let secrets = [3, 4].map(|byte| EnvelopeSecret::from_bytes([byte; 32]));
		for (index, secret) in [1, 0].into_iter().zip(&secrets) {
			let demand = ids::hash_text(&demand.0);
			let buyer_key = ids::hash_text(&secret.public_key());
			let record = DemandKeyRecord { demand, index, buyer_key };
			home.save_demand_key(&record, secret, "one").unwrap();
		}
		let indexes: Vec<_> =
			home.demand_keys(&demand).unwrap().iter().map(|key| key.index).collect();
		assert_eq!(indexes, [0, 1]);
		let key = secrets[0].public_key();
		assert_eq!(home.order_secret(&order, &key, "one").unwrap().public_key(), key);
		assert!(home.order_secret(&order, &key, "other").is_err());
		assert!(home.order_secret(&order, &[9; 32], "one").is_err());
		home.forget_demand(&demand).unwrap();
		assert!(home.demand_keys(&demand).unwrap().is_empty());
		assert!(home.order_secret(&order, &key, "one").is_err());
	}
}
