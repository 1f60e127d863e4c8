//! Opening embedded databases.

use redb::{Database, DatabaseError, StorageError};
use std::{fs::File, io, path::Path};

/// Opens the database at `path`, or makes it, with `cache_bytes` of memory for its pages.
///
/// A new file takes its name when it is complete: what a process leaves that is killed while it writes
/// the first pages is no database, and nobody could open it again.
pub fn open(path: &Path, cache_bytes: usize) -> Result<Database, DatabaseError> {
	if !path.try_exists().map_err(StorageError::from)? {
		make(path)?;
	}
	Database::builder().set_cache_size(cache_bytes).open(path)
}

fn make(path: &Path) -> Result<(), DatabaseError> {
	let folder =
		path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
	let fresh = tempfile::NamedTempFile::new_in(folder).map_err(StorageError::from)?;
	drop(Database::builder().create(fresh.path())?);
	let named = match fresh.persist_noclobber(path) {
		// Another process was faster.
		Err(fault) if fault.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
		other => other.map(drop).map_err(|fault| fault.error),
	};
	named.and_then(|()| File::open(folder)?.sync_all()).map_err(StorageError::from)?;
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::os::unix::fs::PermissionsExt;

	#[test]
	fn a_database_is_made_once_and_nothing_else_stays() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("it.redb");
		drop(open(&path, 1 << 20).unwrap());
		drop(open(&path, 1 << 20).unwrap());
		make(&path).unwrap();
		drop(open(&path, 1 << 20).unwrap());
		assert_eq!(folder.path().read_dir().unwrap().count(), 1);
		assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
		let nowhere = folder.path().join("nowhere/it.redb");
		assert!(matches!(open(&nowhere, 1 << 20), Err(DatabaseError::Storage(_))));
	}
}
