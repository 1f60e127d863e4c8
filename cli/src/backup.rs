//! Everything that opens something, as one encrypted file.
//!
//! A backup is an age file. One that is locked by the home's own password holds the secrets as they
//! are, each still under that password. One that is locked by a recovery phrase or for recipients holds
//! the password as well, so that nobody needs to remember it: whoever opens the backup brings the secrets
//! back under a password of his choice.

use crate::{
	home::{Home, HomeError, Settings, ACCOUNTS, SECRETS},
	vault,
};
use age::x25519::Recipient;
use bip39::Mnemonic;
use msec_worker_common::keys::{read_secret, write_secret, AccountKey, KeyError};
use serde::{Deserialize, Serialize};
use std::{
	path::{Path, PathBuf},
	str::FromStr,
};
use zeroize::{Zeroize, Zeroizing};

/// What errors call the file.
const NAME: &str = "the backup";

/// What closes a backup.
pub enum Lock<'a> {
	/// The password of the home.
	Password,
	/// A phrase that [`new_phrase`] made.
	Phrase(&'a str),
	/// Identities of age, at least one.
	Recipients(&'a [Recipient]),
}

/// What opens a backup.
pub enum Key<'a> {
	/// The password under which its secrets are.
	Password,
	/// The recovery phrase, as [`read_phrase`] reads it.
	Phrase(&'a str),
	/// A file (mode 600) with an identity of age.
	Identity(&'a Path),
}

/// What came of a restoration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
	/// Secrets that were brought back.
	pub restored: u32,
	/// Secrets that were there already and were left as they are.
	pub kept: u32,
	/// Those of the restored ones that keep a password of their own.
	pub under_other_password: u32,
}

#[derive(Serialize, Deserialize)]
struct Backup {
	version: u32,
	files: Vec<BackupFile>,
	/// What opens the files, unless that is what opens the backup.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	password: Option<String>,
	#[serde(default)]
	settings: Settings,
}

/// A secret, by its file name within the home folder.
#[derive(Serialize, Deserialize)]
struct BackupFile {
	name: String,
	content: String,
}

impl Drop for Backup {
	fn drop(&mut self) {
		self.password.zeroize();
	}
}

/// A new recovery phrase: 24 words of BIP-39 in English, with 256 bits of randomness.
pub fn new_phrase() -> Zeroizing<String> {
	let entropy = Zeroizing::new(rand::random::<[u8; 32]>());
	let words = Mnemonic::from_entropy(&*entropy).expect("32 bytes are 24 words; qed");
	Zeroizing::new(words.to_string())
}

/// A recovery phrase that somebody typed, in the form in which it opens a backup. The error says what is
/// wrong and never repeats a word.
pub fn read_phrase(text: &str) -> Result<Zeroizing<String>, String> {
	let text = Zeroizing::new(text.trim().to_lowercase());
	let words = Mnemonic::from_str(&text).map_err(|error| match error {
		bip39::Error::BadWordCount(count) => format!("a recovery phrase has 24 words, not {count}"),
		bip39::Error::UnknownWord(index) => {
			format!("word {} of the phrase is none of BIP-39", index + 1)
		},
		_ => "the words do not fit together; one of them is wrong or misplaced".to_owned(),
	})?;
	Ok(Zeroizing::new(words.to_string()))
}

impl Home {
	/// All accounts, keys, data sets, orders and demands, locked by `lock`, and how many they are.
	/// `password` is that of the home.
	pub fn backup(&self, lock: &Lock, password: &str) -> Result<(Vec<u8>, usize), HomeError> {
		let mut files = Vec::new();
		for directory in SECRETS {
			for name in self.names(directory)? {
				let text = read_secret(&self.file(directory, &name)?)?;
				let content = String::from_utf8_lossy(&text).into_owned();
				files.push(BackupFile { name: format!("{directory}/{name}"), content });
			}
		}
		let count = files.len();
		let carried = match lock {
			Lock::Password => None,
			Lock::Phrase(_) | Lock::Recipients(_) => {
				check_password(&files, password)?;
				Some(password.to_owned())
			},
		};
		let backup = Backup { version: 1, files, password: carried, settings: self.settings()? };
		let text = serde_json::to_vec(&backup)
			.map(Zeroizing::new)
			.map_err(|error| HomeError::Damaged(self.path().to_owned(), error.to_string()))?;
		let file = match lock {
			Lock::Password => vault::encrypt(&text, password)?,
			Lock::Phrase(phrase) => vault::encrypt(&text, phrase)?,
			Lock::Recipients(recipients) => vault::encrypt_for(&text, recipients)?,
		};
		Ok((file, count))
	}

	/// Brings back the secrets of a backup that are not there. They open with `password` afterwards.
	pub fn restore(&self, backup: &[u8], key: &Key, password: &str) -> Result<Restored, HomeError> {
		let text = match key {
			Key::Password => vault::decrypt(backup, password, NAME)?,
			Key::Phrase(phrase) => vault::decrypt(backup, phrase, NAME)?,
			Key::Identity(identities) => vault::decrypt_with(backup, identities, NAME)?,
		};
		let backup: Backup =
			serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
		if backup.version != 1 {
			return Err(damaged(format!("its version {} is unknown here", backup.version)));
		}
		let places = places(self, &backup.files)?;
		let old = backup.password.as_deref().filter(|old| *old != password);
		let mut outcome = Restored::default();
		for (file, (directory, path)) in backup.files.iter().zip(places) {
			if path.exists() {
				outcome.kept += 1;
				continue;
			}
			let (content, is_other) = match old {
				None => (Zeroizing::new(file.content.clone().into_bytes()), false),
				Some(old) => under_new_password(directory, file, old, password)?,
			};
			match write_secret(&path, &content) {
				Ok(()) => outcome.restored += 1,
				Err(KeyError::AlreadyExists(_)) => outcome.kept += 1,
				Err(error) => return Err(error.into()),
			}
			outcome.under_other_password += u32::from(is_other);
		}
		if self.settings()? == Settings::default() {
			self.save_settings(&backup.settings)?;
		}
		Ok(outcome)
	}
}

/// Where the files go; all names are checked before anything is written.
fn places<'a>(home: &Home, files: &'a [BackupFile]) -> Result<Vec<(&'a str, PathBuf)>, HomeError> {
	files
		.iter()
		.map(|file| {
			let (directory, name) = file
				.name
				.split_once('/')
				.filter(|(directory, _)| SECRETS.contains(directory))
				.ok_or_else(|| damaged(format!("it holds {:?}", file.name)))?;
			Ok((directory, home.file(directory, name)?))
		})
		.collect()
}

/// Whether the first file of each kind opens, so that the password in a backup is of use.
fn check_password(files: &[BackupFile], password: &str) -> Result<(), HomeError> {
	for directory in SECRETS {
		let Some(file) = files.iter().find(|file| file.name.starts_with(directory)) else {
			continue;
		};
		match directory {
			ACCOUNTS => drop(AccountKey::from_keystore(&file.content, password)?),
			_ => vault::check(file.content.as_bytes(), password, &file.name)?,
		}
	}
	Ok(())
}

/// The content of a file under `new` in place of `old`, or as it is when `old` does not open it, and
/// whether the latter is so.
fn under_new_password(
	directory: &str,
	file: &BackupFile,
	old: &str,
	new: &str,
) -> Result<(Zeroizing<Vec<u8>>, bool), HomeError> {
	let as_it_is = || Ok((Zeroizing::new(file.content.clone().into_bytes()), true));
	if directory == ACCOUNTS {
		let Ok(key) = AccountKey::from_keystore(&file.content, old) else { return as_it_is() };
		let name = file.name.trim_start_matches(ACCOUNTS).trim_start_matches('/');
		return Ok((Zeroizing::new(key.to_keystore(name, new).into_bytes()), false));
	}
	match vault::change_passphrase(file.content.as_bytes(), old, new, &file.name) {
		Ok(content) => Ok((Zeroizing::new(content), false)),
		Err(vault::VaultError::Locked(_)) => as_it_is(),
		Err(error) => Err(error.into()),
	}
}

fn damaged(reason: String) -> HomeError {
	HomeError::Damaged(PathBuf::from(NAME), reason)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{home::DatasetRecord, ids};
	use msec_commitments::{KeyTree, WrappingSecret};
	use msec_worker_common::keys::{wrapping_secret, Suite};

	fn home() -> (tempfile::TempDir, Home) {
		let directory = tempfile::tempdir().unwrap();
		let home = Home::open(&directory.path().join("home")).unwrap();
		(directory, home)
	}

	fn secret(byte: u8) -> WrappingSecret {
		wrapping_secret(Suite::X25519, [byte; 32])
	}

	fn garden() -> DatasetRecord {
		DatasetRecord {
			dataset: ids::hash_text(&[1; 32]),
			salt: ids::hash_text(&[2; 32]),
			owner: "owner".into(),
		}
	}

	fn filled(password: &str) -> (tempfile::TempDir, Home) {
		let (directory, home) = home();
		home.save_account("owner", &AccountKey::from_seed(&[7; 32]), password).unwrap();
		home.save_key("main", &secret(3), password).unwrap();
		let tree = KeyTree::from_seed([4; 32]);
		home.save_dataset("garden", &garden(), &tree, password).unwrap();
		(directory, home)
	}

	fn assert_whole(home: &Home, password: &str) {
		assert_eq!(home.key("main", password).unwrap().public_key(), secret(3).public_key());
		assert_eq!(home.dataset_record("garden").unwrap(), garden());
		assert!(home.key_tree("garden", password).unwrap() == KeyTree::from_seed([4; 32]));
		let account = AccountKey::from_seed(&[7; 32]);
		assert_eq!(home.account("owner", password).unwrap().public(), account.public());
	}

	#[test]
	fn a_backup_brings_everything_back_and_overwrites_nothing() {
		let (_directory, full) = filled("one");
		let settings = Settings { default_account: Some("owner".into()), owner_key: None };
		full.save_settings(&settings).unwrap();
		let (backup, count) = full.backup(&Lock::Password, "one").unwrap();
		assert_eq!(count, 3);
		let (_elsewhere, other) = home();
		assert!(other.restore(&backup, &Key::Password, "wrong").is_err());
		let all = Restored { restored: 3, ..Default::default() };
		assert_eq!(other.restore(&backup, &Key::Password, "one").unwrap(), all);
		let none = Restored { kept: 3, ..Default::default() };
		assert_eq!(other.restore(&backup, &Key::Password, "one").unwrap(), none);
		assert_whole(&other, "one");
		assert_eq!(other.settings().unwrap(), settings);
	}

	#[test]
	fn a_phrase_brings_everything_back_without_the_password() {
		let (_directory, full) = filled("forgotten");
		full.save_key("foreign", &secret(5), "another").unwrap();
		let phrase = new_phrase();
		// The first key by name decides whether the password is right.
		assert!(full.backup(&Lock::Phrase(&phrase), "forgotten").is_err());
		std::fs::rename(
			full.file("keys", "foreign").unwrap(),
			full.file("keys", "z-foreign").unwrap(),
		)
		.unwrap();
		let (backup, _) = full.backup(&Lock::Phrase(&phrase), "forgotten").unwrap();
		let (_elsewhere, other) = home();
		let wrong = new_phrase();
		assert!(other.restore(&backup, &Key::Phrase(&wrong), "new").is_err());
		let outcome = other.restore(&backup, &Key::Phrase(&phrase), "new").unwrap();
		let expected = Restored { restored: 4, kept: 0, under_other_password: 1 };
		assert_eq!(outcome, expected);
		assert_whole(&other, "new");
		assert!(other.key("main", "forgotten").is_err());
		assert!(other.key("z-foreign", "another").is_ok());
	}

	#[test]
	fn what_is_no_backup_changes_nothing() {
		let (_directory, full) = filled("one");
		let (backup, _) = full.backup(&Lock::Password, "one").unwrap();
		let (_elsewhere, other) = home();
		for length in [0, 10, backup.len() / 2, backup.len() - 1] {
			assert!(other.restore(&backup[..length], &Key::Password, "one").is_err());
		}
		let mut altered = backup;
		let middle = altered.len() / 2;
		altered[middle] ^= 1;
		assert!(other.restore(&altered, &Key::Password, "one").is_err());
		for name in ["elsewhere/x", "keys/../x", "keys"] {
			let content = String::new();
			let files = vec![BackupFile { name: name.into(), content }];
			let settings = Settings::default();
			let backup = Backup { version: 1, files, password: None, settings };
			let text = serde_json::to_vec(&backup).unwrap();
			let file = vault::encrypt(&text, "one").unwrap();
			assert!(other.restore(&file, &Key::Password, "one").is_err(), "{name}");
		}
		assert!(other.keys().unwrap().is_empty() && other.accounts().unwrap().is_empty());
	}

	#[test]
	fn a_phrase_is_read_as_people_type_it_and_faults_are_told() {
		let phrase = new_phrase();
		assert_eq!(phrase.split(' ').count(), 24);
		let typed = format!("  {} ", phrase.to_uppercase().replace(' ', "\n"));
		assert_eq!(read_phrase(&typed).unwrap(), phrase);
		let cut = phrase.rsplit_once(' ').unwrap().0;
		assert_eq!(read_phrase(cut).unwrap_err(), "a recovery phrase has 24 words, not 23");
		let unknown = format!("{cut} msec");
		assert_eq!(read_phrase(&unknown).unwrap_err(), "word 24 of the phrase is none of BIP-39");
	}
}
