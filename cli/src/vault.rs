//! Secrets in files, encrypted with a passphrase by age (scrypt, ChaCha20-Poly1305).

use age::{scrypt, secrecy::SecretString};
use base64::{engine::general_purpose::STANDARD, Engine};
use msec_worker_common::keys::{read_secret, write_secret, KeyError};
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

/// Why a secret cannot be kept or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
	/// The file cannot be read or written.
	#[error(transparent)]
	File(#[from] KeyError),
	/// The file's content is not what it should be.
	#[error("{0} is damaged: {1}")]
	Damaged(String, String),
	/// The passphrase does not open it.
	#[error("{0} does not open: {1}; is the password right?")]
	Locked(String, String),
	/// Encryption failed.
	#[error("cannot encrypt: {0}")]
	Encrypt(String),
}

#[derive(Serialize, Deserialize)]
struct Document<P> {
	#[serde(flatten)]
	public: P,
	/// An age file in base64.
	secret: String,
}

/// Encrypts as an age file.
pub fn encrypt(secret: &[u8], passphrase: &str) -> Result<Vec<u8>, VaultError> {
	let recipient = scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
	age::encrypt(&recipient, secret).map_err(|error| VaultError::Encrypt(error.to_string()))
}

/// Opens an age file; `name` is what errors call it.
pub fn decrypt(
	ciphertext: &[u8],
	passphrase: &str,
	name: &str,
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
	let identity = scrypt::Identity::new(SecretString::from(passphrase.to_owned()));
	age::decrypt(&identity, ciphertext)
		.map(Zeroizing::new)
		.map_err(|error| VaultError::Locked(name.to_owned(), error.to_string()))
}

/// Writes a new file with `public` in the clear and `secret` encrypted. Never overwrites.
pub fn save<P: Serialize>(
	path: &Path,
	public: &P,
	secret: &[u8],
	passphrase: &str,
) -> Result<(), VaultError> {
	let document = Document { public, secret: STANDARD.encode(encrypt(secret, passphrase)?) };
	let text = serde_json::to_vec_pretty(&document)
		.map_err(|error| VaultError::Encrypt(error.to_string()))?;
	Ok(write_secret(path, &text)?)
}

/// Reads what is in the clear.
pub fn public<P: DeserializeOwned>(path: &Path) -> Result<P, VaultError> {
	read(path).map(|document: Document<P>| document.public)
}

/// Reads and opens a file.
pub fn open<P: DeserializeOwned>(
	path: &Path,
	passphrase: &str,
) -> Result<(P, Zeroizing<Vec<u8>>), VaultError> {
	let document: Document<P> = read(path)?;
	let name = path.display().to_string();
	let ciphertext = STANDARD
		.decode(&document.secret)
		.map_err(|error| VaultError::Damaged(name.clone(), error.to_string()))?;
	Ok((document.public, decrypt(&ciphertext, passphrase, &name)?))
}

fn read<P: DeserializeOwned>(path: &Path) -> Result<Document<P>, VaultError> {
	let text = read_secret(path)?;
	serde_json::from_slice(&text)
		.map_err(|error| VaultError::Damaged(path.display().to_string(), error.to_string()))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[derive(Debug, PartialEq, Serialize, Deserialize)]
	struct Label {
		name: String,
	}

	#[test]
	fn a_secret_opens_with_its_passphrase_only() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("key.json");
		let label = Label { name: "garden".into() };
		save(&path, &label, b"secret", "correct horse").unwrap();
		assert_eq!(public::<Label>(&path).unwrap(), label);
		let (found, secret) = open::<Label>(&path, "correct horse").unwrap();
		assert_eq!((found, secret.as_slice()), (label, b"secret".as_slice()));
		assert!(matches!(open::<Label>(&path, "wrong"), Err(VaultError::Locked(..))));
		let text = std::fs::read_to_string(&path).unwrap();
		assert!(!text.contains("c2VjcmV0") && !text.contains("correct"));
	}

	#[test]
	fn a_damaged_file_is_named() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("key.json");
		write_secret(&path, b"{}").unwrap();
		let error = public::<Label>(&path).unwrap_err().to_string();
		assert!(error.contains("key.json is damaged"), "{error}");
	}
}
