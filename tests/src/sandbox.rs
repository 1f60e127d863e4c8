//! A temporary folder for everything that a test leaves on the disk.

use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A temporary folder, removed at the end of the test.
pub struct Sandbox(TempDir);

impl Default for Sandbox {
	fn default() -> Self {
		let folder = tempfile::Builder::new().prefix("msec-test-").tempdir();
		Self(folder.expect("the temporary folder can be written to"))
	}
}

impl Sandbox {
	/// The folder.
	pub fn path(&self) -> &Path {
		self.0.path()
	}

	/// A folder in it, made when it is not there.
	pub fn folder(&self, name: &str) -> PathBuf {
		let path = self.path().join(name);
		std::fs::create_dir_all(&path).expect("the temporary folder can be written to");
		path
	}

	/// A file in it with that content.
	pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
		let path = self.path().join(name);
		std::fs::write(&path, content).expect("the temporary folder can be written to");
		path
	}

	/// The folder for the logs of all services.
	pub fn logs(&self) -> PathBuf {
		self.folder("logs")
	}

	/// The folder for what commands showed to people.
	pub fn terminals(&self) -> PathBuf {
		self.folder("terminals")
	}
}
