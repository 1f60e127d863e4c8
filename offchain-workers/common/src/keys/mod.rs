//! Account keys (sr25519) and encryption keys (X25519, X-Wing), and how they are kept in files.
//!
//! No type here shows its secret in `Debug` or `Display`; all are wiped when dropped.

mod account;
mod envelope;
mod keystore;
mod password;
mod secret_file;

pub use account::AccountKey;
pub use envelope::{
	generate_envelope_secret, generate_wrapping_secret, load_wrapping_secret, read_wrapping_key,
	save_envelope_secret, save_wrapping_secret, suite_of, wrapping_secret, Suite,
};
pub use password::PasswordSource;
pub use secret_file::{read_secret, resolve, write_secret};

use std::path::PathBuf;

/// Why a key cannot be loaded, made or saved.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
	/// The file cannot be read or written.
	#[error("{path}: {source}")]
	Io {
		/// Which file.
		path: PathBuf,
		/// What the system says.
		source: std::io::Error,
	},
	/// Others than its owner may read a secret.
	#[error("{path} can be read by others (mode {mode:03o}); run: chmod 600 {path}", path = .path.display())]
	Permissions {
		/// Which file.
		path: PathBuf,
		/// Its permission bits.
		mode: u32,
	},
	/// The file is there already.
	#[error("{} exists already and is not overwritten", .0.display())]
	AlreadyExists(PathBuf),
	/// The file's content is not a key.
	#[error("{path}: {reason}", path = .path.display())]
	Malformed {
		/// Which file.
		path: PathBuf,
		/// What is wrong with it.
		reason: String,
	},
	/// A phrase, seed or derivation path cannot be understood.
	#[error("not a mnemonic phrase, 0x-seed or derivation path: {0}")]
	InvalidUri(String),
	/// The keystore does not open.
	#[error("the keystore cannot be opened: {0}")]
	Keystore(String),
	/// No password was given for an encrypted key.
	#[error("no password: {0}")]
	NoPassword(String),
}
