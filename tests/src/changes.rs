//! Seeing on the disk how far a process has come.

use std::{
	collections::BTreeMap,
	fs,
	path::{Path, PathBuf},
	time::SystemTime,
};

/// Length and time of the last change of each file.
type Files = BTreeMap<PathBuf, (u64, SystemTime)>;

/// Counts how often the files in a folder are seen to change.
pub struct Changes {
	folder: PathBuf,
	seen: Files,
	count: u32,
}

impl Changes {
	/// Counts from now on. The folder need not be there yet.
	pub fn of(folder: &Path) -> Self {
		Self { folder: folder.to_owned(), seen: files(folder), count: 0 }
	}

	/// Looks at the folder, and tells how many times it was another than at the look before.
	pub fn count(&mut self) -> u32 {
		let files = files(&self.folder);
		if files != self.seen {
			self.seen = files;
			self.count += 1;
		}
		self.count
	}
}

fn files(folder: &Path) -> Files {
	let mut found = Files::new();
	let mut folders = vec![folder.to_owned()];
	while let Some(folder) = folders.pop() {
		// What vanishes while it is looked at is not there.
		for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
			let Ok(metadata) = entry.metadata() else { continue };
			if metadata.is_dir() {
				folders.push(entry.path());
			} else if let Ok(changed) = metadata.modified() {
				found.insert(entry.path(), (metadata.len(), changed));
			}
		}
	}
	found
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn each_difference_counts_once() {
		let directory = tempfile::tempdir().expect("the temporary folder can be written to");
		let folder = directory.path().join("later");
		let mut changes = Changes::of(&folder);
		assert_eq!(changes.count(), 0);
		fs::create_dir(&folder).expect("the temporary folder can be written to");
		fs::write(folder.join("a"), "1").expect("the temporary folder can be written to");
		assert_eq!((changes.count(), changes.count()), (1, 1));
		fs::write(folder.join("a"), "22").expect("the temporary folder can be written to");
		fs::write(folder.join("b"), "3").expect("the temporary folder can be written to");
		assert_eq!(changes.count(), 2);
		fs::remove_file(folder.join("a")).expect("the temporary folder can be written to");
		assert_eq!(changes.count(), 3);
	}
}
