//! Files that hold secrets.

use super::KeyError;
use rand::RngCore;
use std::{
	fs::{File, OpenOptions},
	io::{Read, Write},
	os::unix::fs::{OpenOptionsExt, PermissionsExt},
	path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Longest secret file, in bytes.
const MAX_LENGTH: u64 = 64 * 1024;

/// The file of that name among the systemd credentials if there is one, else the path itself.
pub fn resolve(path: &Path) -> PathBuf {
	credentials_directory()
		.filter(|_| path.is_relative())
		.map(|directory| directory.join(path))
		.filter(|credential| credential.is_file())
		.unwrap_or_else(|| path.to_owned())
}

/// Reads a secret, unless others than its owner may read it too. What systemd passes as a credential
/// is guarded by systemd.
pub fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
	let fault = |source| KeyError::Io { path: path.to_owned(), source };
	let file = File::open(path).map_err(fault)?;
	let mode = file.metadata().map_err(fault)?.permissions().mode() & 0o777;
	let credential = credentials_directory().is_some_and(|directory| path.starts_with(directory));
	if mode & 0o077 != 0 && !credential {
		return Err(KeyError::Permissions { path: path.to_owned(), mode });
	}
	let mut secret = Zeroizing::new(Vec::new());
	file.take(MAX_LENGTH).read_to_end(&mut secret).map_err(fault)?;
	Ok(secret)
}

/// Writes a secret that only its owner may read: all of it or nothing, and never over another file.
pub fn write_secret(path: &Path, secret: &[u8]) -> Result<(), KeyError> {
	let fault = |source| KeyError::Io { path: path.to_owned(), source };
	let directory = match path.parent() {
		Some(parent) if !parent.as_os_str().is_empty() => parent,
		_ => Path::new("."),
	};
	let temporary = directory.join(format!(".{:016x}.tmp", rand::rng().next_u64()));
	let written = write_and_link(&temporary, path, secret);
	let _ = std::fs::remove_file(&temporary);
	written.map_err(|error| match error.kind() {
		std::io::ErrorKind::AlreadyExists => KeyError::AlreadyExists(path.to_owned()),
		_ => fault(error),
	})?;
	File::open(directory).and_then(|directory| directory.sync_all()).map_err(fault)
}

/// A link, unlike a rename, fails when the target exists.
fn write_and_link(temporary: &Path, path: &Path, secret: &[u8]) -> std::io::Result<()> {
	let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
	file.write_all(secret)?;
	file.sync_all()?;
	std::fs::hard_link(temporary, path)
}

fn credentials_directory() -> Option<PathBuf> {
	std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_secret_is_written_for_its_owner_and_never_overwritten() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("key");
		write_secret(&path, b"secret").unwrap();
		assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
		assert_eq!(read_secret(&path).unwrap().as_slice(), b"secret");
		assert!(matches!(write_secret(&path, b"other"), Err(KeyError::AlreadyExists(_))));
		assert_eq!(read_secret(&path).unwrap().as_slice(), b"secret");
		assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
	}

	#[test]
	fn a_secret_that_others_may_read_is_refused_with_the_remedy() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("key");
		write_secret(&path, b"secret").unwrap();
		std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
		let error = read_secret(&path).unwrap_err().to_string();
		assert!(error.contains(&format!("chmod 600 {}", path.display())), "{error}");
	}

	#[test]
	fn a_missing_secret_names_its_file() {
		let error = read_secret(Path::new("/nowhere/key")).unwrap_err().to_string();
		assert!(error.contains("/nowhere/key"), "{error}");
	}
}
