//! Secrets in files, encrypted with a passphrase by age (scrypt, ChaCha20-Poly1305).

use age::{scrypt, secrecy::SecretString, DecryptError};
use base64::{engine::general_purpose::STANDARD, Engine};
use msec_worker_common::keys::{read_secret, write_secret, KeyError};
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

/// Binary logarithm of scrypt's cost in new files: 128 MiB of memory, about half a second. It is fixed
/// because a trial would choose too little on a machine that is busy just then.
const WORK_FACTOR: u8 = 17;
/// The most that a file may ask for: 4 GiB of memory, about half a minute.
const MAX_WORK_FACTOR: u8 = 22;

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
	#[error("{0} does not open; is the password right?")]
	Locked(String),
	/// It was encrypted with more work than is done here.
	#[error("{0} asks for scrypt with N = 2^{1}; at most 2^{MAX_WORK_FACTOR} is done here")]
	ExcessiveWork(String, u8),
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
	let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
	recipient.set_work_factor(WORK_FACTOR);
	age::encrypt(&recipient, secret).map_err(|error| VaultError::Encrypt(error.to_string()))
}

/// Opens an age file; `name` is what errors call it.
pub fn decrypt(
	ciphertext: &[u8],
	passphrase: &str,
	name: &str,
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
	let mut identity = scrypt::Identity::new(SecretString::from(passphrase.to_owned()));
	identity.set_max_work_factor(MAX_WORK_FACTOR);
	age::decrypt(&identity, ciphertext).map(Zeroizing::new).map_err(|error| match error {
		DecryptError::DecryptionFailed => VaultError::Locked(name.to_owned()),
		DecryptError::ExcessiveWork { required, .. } => {
			VaultError::ExcessiveWork(name.to_owned(), required)
		},
		error => VaultError::Damaged(name.to_owned(), error.to_string()),
	})
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
		assert!(matches!(open::<Label>(&path, "wrong"), Err(VaultError::Locked(_))));
		let text = std::fs::read_to_string(&path).unwrap();
		assert!(!text.contains("c2VjcmV0") && !text.contains("correct"));
	}

	#[test]
	fn files_of_other_work_factors_open_within_the_bound() {
		let mut recipient = scrypt::Recipient::new(SecretString::from("horse".to_owned()));
		recipient.set_work_factor(9);
		let file = age::encrypt(&recipient, b"secret").unwrap();
		assert_eq!(decrypt(&file, "horse", "it").unwrap().as_slice(), b"secret");

		let asking_for = |work_factor: u8| format!(" {work_factor}\n").into_bytes();
		let at = |file: &[u8], factor| {
			let wanted = asking_for(factor);
			file.windows(wanted.len()).position(|bytes| *bytes == *wanted)
		};
		let end = at(&file, 9).unwrap();
		let asks = [&file[..end], &asking_for(MAX_WORK_FACTOR + 1), &file[end + 3..]].concat();
		let refused = decrypt(&asks, "horse", "it");
		assert!(matches!(refused, Err(VaultError::ExcessiveWork(_, 23))), "{refused:?}");
		assert!(at(&encrypt(b"secret", "horse").unwrap(), WORK_FACTOR).is_some());
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
