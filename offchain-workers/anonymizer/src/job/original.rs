//! Knowing an original again without telling anybody else which one it was.

use hmac::{Hmac, KeyInit, Mac};
use msec_worker_common::keys::{read_secret, write_secret, KeyError};
use rand::RngCore;
use sha2::Sha256;
use std::{
	fs::File,
	io::{self, Read},
	path::{Path, PathBuf},
};
use zeroize::Zeroizing;

const KEY_LENGTH: usize = 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum OriginalsKeyError {
	/// It cannot be read or written.
	#[error(transparent)]
	Key(#[from] KeyError),
	/// Its folder cannot be made.
	#[error("the folder of {} cannot be made: {source}", .path.display())]
	Folder {
		/// The key's file.
		path: PathBuf,
		/// What the system says.
		source: std::io::Error,
	},
	/// It has another form.
	#[error("{} is not a key of 64 hexadecimal digits; restore it from a backup, or name another file", .0.display())]
	Malformed(PathBuf),
}

/// The key under which originals are hashed. A plain hash would let everybody who has an original find
/// out what became of it.
pub struct OriginalsKey(Zeroizing<[u8; KEY_LENGTH]>);

impl OriginalsKey {
	/// Reads the key, 64 hexadecimal digits in a file that only its owner may read; makes it when it is
	/// not there.
	pub fn open(path: &Path) -> Result<Self, OriginalsKeyError> {
		if !path.exists() {
			make(path)?;
		}
		let digits = read_secret(path)?;
		let mut key = Zeroizing::new([0; KEY_LENGTH]);
		hex::decode_to_slice(digits.trim_ascii(), &mut *key)
			.map_err(|_| OriginalsKeyError::Malformed(path.to_owned()))?;
		Ok(Self(key))
	}

	/// HMAC-SHA-256 (RFC 2104) of an original.
	pub fn hash(&self, original: &[u8]) -> [u8; 32] {
		let mut mac = self.mac();
		mac.update(original);
		mac.finalize().into_bytes().into()
	}

	/// The same of an original that may be too large for the memory.
	pub fn hash_file(&self, original: &Path) -> io::Result<[u8; 32]> {
		let mut file = File::open(original)?;
		let mut mac = self.mac();
		let mut buffer = vec![0; 1 << 16];
		loop {
			match file.read(&mut buffer)? {
				0 => return Ok(mac.finalize().into_bytes().into()),
				length => mac.update(&buffer[..length]),
			}
		}
	}

	fn mac(&self) -> Hmac<Sha256> {
		Hmac::new_from_slice(&*self.0).expect("HMAC takes a key of any length; qed")
	}
}

fn make(path: &Path) -> Result<(), OriginalsKeyError> {
	if let Some(folder) = path.parent() {
		std::fs::create_dir_all(folder)
			.map_err(|source| OriginalsKeyError::Folder { path: path.to_owned(), source })?;
	}
	let mut key = Zeroizing::new([0; KEY_LENGTH]);
	rand::rng().fill_bytes(&mut *key);
	match write_secret(path, Zeroizing::new(hex::encode(*key)).as_bytes()) {
		// Another process was faster.
		Err(KeyError::AlreadyExists(_)) | Ok(()) => Ok(()),
		Err(error) => Err(error.into()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_key_is_made_once_and_decides_about_the_hash() {
		let directory = tempfile::tempdir().unwrap();
		let hash =
			|name: &str| OriginalsKey::open(&directory.path().join(name)).unwrap().hash(b"picture");
		let first = hash("folder/key");
		assert_eq!(hash("folder/key"), first);
		assert_ne!(hash("other-key"), first);
		let picture = directory.path().join("picture");
		std::fs::write(&picture, b"picture").unwrap();
		let key = OriginalsKey::open(&directory.path().join("folder/key")).unwrap();
		assert_eq!(key.hash_file(&picture).unwrap(), first);
	}

	#[test]
	fn another_form_is_refused() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("key");
		write_secret(&path, b"short").unwrap();
		assert!(matches!(OriginalsKey::open(&path), Err(OriginalsKeyError::Malformed(_))));
	}
}
