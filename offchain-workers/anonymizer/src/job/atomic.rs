//! Files that are there as a whole or not at all.

use std::{
	fs::{self, File, Permissions},
	io::{self, Write},
	os::unix::fs::PermissionsExt,
	path::Path,
};

const PREFIX: &str = ".msec-anonymize-";
const SUFFIX: &str = ".tmp";
/// Who may read what is made, before the process's umask is taken off.
pub const FOR_EVERYBODY: u32 = 0o666;
/// Who may read what still shows somebody.
pub const FOR_OWNER: u32 = 0o600;

/// Writes a file, in place of one that may be there. When this returns, it is on the disk; when the
/// process is killed before, only a temporary file is left beside it.
pub fn write(
	path: &Path,
	mode: u32,
	content: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
	let folder = folder_of(path);
	let mut file = tempfile::Builder::new()
		.prefix(PREFIX)
		.suffix(SUFFIX)
		.permissions(Permissions::from_mode(mode))
		.tempfile_in(folder)?;
	// Who cleans up leaves locked files alone.
	file.as_file().lock()?;
	content(file.as_file_mut())?;
	file.as_file().sync_all()?;
	file.persist(path).map_err(|error| error.error)?;
	File::open(folder)?.sync_all()
}

/// Writes bytes; see [`write`].
pub fn write_bytes(path: &Path, bytes: &[u8]) -> io::Result<()> {
	write(path, FOR_EVERYBODY, |file| file.write_all(bytes))
}

/// The folder that holds a file.
pub fn folder_of(path: &Path) -> &Path {
	match path.parent() {
		Some(folder) if !folder.as_os_str().is_empty() => folder,
		_ => Path::new("."),
	}
}

/// Removes what killed processes left in a folder and those below it, as far as they can be read.
pub fn clean_tree(folder: &Path) {
	for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
		if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
			clean_tree(&entry.path());
		}
	}
	clean_folder(folder);
}

/// Removes what killed processes left in a folder, as far as it can be read.
pub fn clean_folder(folder: &Path) {
	for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
		let name = entry.file_name();
		let name = name.to_string_lossy();
		let temporary = name.starts_with(PREFIX) && name.ends_with(SUFFIX);
		if temporary && entry.file_type().is_ok_and(|kind| kind.is_file()) {
			remove_unless_locked(&entry.path());
		}
	}
}

fn remove_unless_locked(path: &Path) {
	if File::open(path).is_ok_and(|file| file.try_lock().is_ok()) {
		let _ = fs::remove_file(path);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_fails_leaves_what_was_there() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("file");
		write_bytes(&path, b"before").unwrap();
		let failed = write(&path, FOR_OWNER, |file| {
			file.write_all(b"half")?;
			Err(io::ErrorKind::StorageFull.into())
		});
		assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::StorageFull);
		assert_eq!(fs::read(&path).unwrap(), b"before");
		assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
	}

	#[test]
	fn only_what_dead_processes_left_is_removed() {
		let directory = tempfile::tempdir().unwrap();
		let folder = directory.path().join("below");
		fs::create_dir(&folder).unwrap();
		let [dead, alive, other] = [".msec-anonymize-1.tmp", ".msec-anonymize-2.tmp", "a.tmp"]
			.map(|name| folder.join(name));
		for path in [&dead, &alive, &other] {
			fs::write(path, b"").unwrap();
		}
		let lock = File::open(&alive).unwrap();
		lock.lock().unwrap();
		clean_tree(directory.path());
		assert_eq!([&dead, &alive, &other].map(|path| path.exists()), [false, true, true]);
	}
}
