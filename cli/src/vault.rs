//! Secrets in files, encrypted with a passphrase by age (scrypt, ChaCha20-Poly1305).

use crate::home::replace_file;
use age::{
	scrypt, secrecy::SecretString, x25519, DecryptError, Decryptor, Encryptor, Identity,
	IdentityFile, Recipient,
};
use base64::{engine::general_purpose::STANDARD, Engine};
use msec_worker_common::keys::{read_secret, write_secret, KeyError};
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use std::{
	io::{self, Read, Write},
	path::Path,
};
use zeroize::Zeroizing;

/// Binary logarithm of scrypt's cost in new files: 128 MiB of memory, about half a second. It is fixed
/// because a trial would choose too little on a machine that is busy just then. Unit tests, whose secrets are
/// none, do not spend that time.
const WORK_FACTOR: u8 = if cfg!(test) { 10 } else { 17 };
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
	/// It was encrypted for somebody else, or in another way.
	#[error("{0} is not locked in this way; try --phrase, --identity FILE, or a password")]
	OtherLock(String),
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
	age::decrypt(&identity, ciphertext).map(Zeroizing::new).map_err(|error| fault(error, name))
}

fn fault(error: DecryptError, name: &str) -> VaultError {
	match error {
		DecryptError::DecryptionFailed => VaultError::Locked(name.to_owned()),
		DecryptError::NoMatchingKeys => VaultError::OtherLock(name.to_owned()),
		DecryptError::ExcessiveWork { required, .. } => {
			VaultError::ExcessiveWork(name.to_owned(), required)
		},
		error => VaultError::Damaged(name.to_owned(), error.to_string()),
	}
}

/// Encrypts as an age file that each of `recipients` opens.
pub fn encrypt_for(secret: &[u8], recipients: &[x25519::Recipient]) -> Result<Vec<u8>, VaultError> {
	let recipients = recipients.iter().map(|recipient| recipient as &dyn Recipient);
	let encryptor = Encryptor::with_recipients(recipients)
		.map_err(|error| VaultError::Encrypt(error.to_string()))?;
	write_stream(encryptor, secret).map_err(|error| VaultError::Encrypt(error.to_string()))
}

fn write_stream(encryptor: Encryptor, secret: &[u8]) -> io::Result<Vec<u8>> {
	let mut ciphertext = Vec::with_capacity(secret.len());
	let mut writer = encryptor.wrap_output(&mut ciphertext)?;
	writer.write_all(secret)?;
	writer.finish()?;
	Ok(ciphertext)
}

/// Opens an age file with the identities that a file (mode 600) of age holds; `name` is what errors call
/// the first.
pub fn decrypt_with(
	ciphertext: &[u8],
	identities: &Path,
	name: &str,
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
	let damaged = |reason: String| VaultError::Damaged(identities.display().to_string(), reason);
	let text = read_secret(identities)?;
	let identities = IdentityFile::from_buffer(text.as_slice())
		.map_err(|error| damaged(error.to_string()))?
		.into_identities()
		.map_err(|error| damaged(error.to_string()))?;
	let decryptor = Decryptor::new_buffered(ciphertext).map_err(|error| fault(error, name))?;
	let mut reader = decryptor
		.decrypt(identities.iter().map(|identity| identity.as_ref() as &dyn Identity))
		.map_err(|error| fault(error, name))?;
	let mut plaintext = Zeroizing::new(Vec::with_capacity(ciphertext.len()));
	reader
		.read_to_end(&mut plaintext)
		.map_err(|error| VaultError::Damaged(name.to_owned(), error.to_string()))?;
	Ok(plaintext)
}

/// The content of a file that [`save`] wrote, under another passphrase.
pub fn change_passphrase(
	text: &[u8],
	old: &str,
	new: &str,
	name: &str,
) -> Result<Vec<u8>, VaultError> {
	let (mut document, secret) = open_text(text, old, name)?;
	document["secret"] = STANDARD.encode(encrypt(&secret, new)?).into();
	serde_json::to_vec_pretty(&document).map_err(|error| VaultError::Encrypt(error.to_string()))
}

/// Whether `passphrase` opens the content of a file that [`save`] wrote.
pub fn check(text: &[u8], passphrase: &str, name: &str) -> Result<(), VaultError> {
	open_text(text, passphrase, name).map(drop)
}

fn open_text(
	text: &[u8],
	passphrase: &str,
	name: &str,
) -> Result<(serde_json::Value, Zeroizing<Vec<u8>>), VaultError> {
	let damaged = |reason: String| VaultError::Damaged(name.to_owned(), reason);
	let document: serde_json::Value =
		serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
	let secret = document["secret"].as_str().ok_or_else(|| damaged("it has no secret".into()))?;
	let ciphertext = STANDARD.decode(secret).map_err(|error| damaged(error.to_string()))?;
	let secret = decrypt(&ciphertext, passphrase, name)?;
	Ok((document, secret))
}

/// Writes a new file with `public` in the clear and `secret` encrypted. Never overwrites.
pub fn save<P: Serialize>(
	path: &Path,
	public: &P,
	secret: &[u8],
	passphrase: &str,
) -> Result<(), VaultError> {
	Ok(write_secret(path, &document(public, secret, passphrase)?)?)
}

/// Writes a file like [`save`], in place of the one that is there.
pub fn replace<P: Serialize>(
	path: &Path,
	public: &P,
	secret: &[u8],
	passphrase: &str,
) -> Result<(), VaultError> {
	let text = document(public, secret, passphrase)?;
	replace_file(path, &text)
		.map_err(|source| KeyError::Io { path: path.to_owned(), source }.into())
}

fn document<P: Serialize>(
	public: &P,
	secret: &[u8],
	passphrase: &str,
) -> Result<Vec<u8>, VaultError> {
	let document = Document { public, secret: STANDARD.encode(encrypt(secret, passphrase)?) };
	serde_json::to_vec_pretty(&document).map_err(|error| VaultError::Encrypt(error.to_string()))
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
	use age::secrecy::ExposeSecret;

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
	fn a_secret_can_have_another_passphrase() {
		let directory = tempfile::tempdir().unwrap();
		let [path, other] = ["key.json", "other.json"].map(|name| directory.path().join(name));
		let label = Label { name: "garden".into() };
		save(&path, &label, b"secret", "old").unwrap();
		let text = read_secret(&path).unwrap();
		let changed = change_passphrase(&text, "old", "new", "it").unwrap();
		write_secret(&other, &changed).unwrap();
		let (found, secret) = open::<Label>(&other, "new").unwrap();
		assert_eq!((found, secret.as_slice()), (label, b"secret".as_slice()));
		assert!(matches!(open::<Label>(&other, "old"), Err(VaultError::Locked(_))));
		let refused = change_passphrase(&text, "wrong", "new", "it");
		assert!(matches!(refused, Err(VaultError::Locked(_))));
		assert!(matches!(
			change_passphrase(b"{}", "old", "new", "it"),
			Err(VaultError::Damaged(..))
		));
	}

	#[test]
	fn a_file_for_recipients_opens_with_their_identities_only() {
		let directory = tempfile::tempdir().unwrap();
		let identities = [(), ()].map(|()| x25519::Identity::generate());
		let paths = [0, 1].map(|index| {
			let path = directory.path().join(format!("identity{index}"));
			let text = identities[index].to_string();
			write_secret(&path, text.expose_secret().as_bytes()).unwrap();
			path
		});
		let file = encrypt_for(b"secret", &[identities[0].to_public()]).unwrap();
		assert_eq!(decrypt_with(&file, &paths[0], "it").unwrap().as_slice(), b"secret");
		let refused = decrypt_with(&file, &paths[1], "it");
		assert!(matches!(refused, Err(VaultError::OtherLock(_))), "{refused:?}");
		assert!(matches!(decrypt(&file, "password", "it"), Err(VaultError::OtherLock(_))));
		for length in [0, 20, file.len() - 1] {
			let cut = decrypt_with(&file[..length], &paths[0], "it");
			assert!(matches!(cut, Err(VaultError::Damaged(..))), "{length}: {cut:?}");
		}
		assert!(encrypt_for(b"secret", &[]).is_err());
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
