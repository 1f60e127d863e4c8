//! Where the programs under test are.

use std::path::{Path, PathBuf};

/// The program called `name` out of the same build as the running test.
///
/// # Panics
///
/// When it was not built.
pub fn program(name: &str) -> PathBuf {
	built(directory().join(name), "--bins")
}

/// The example called `name` out of the same build as the running test.
///
/// # Panics
///
/// When it was not built.
pub fn example(name: &str) -> PathBuf {
	built(directory().join("examples").join(name), "--examples")
}

fn built(path: PathBuf, targets: &str) -> PathBuf {
	assert!(
		path.is_file(),
		"{} is missing; build the programs under test first: \
		 cargo build --release --workspace {targets}",
		path.display(),
	);
	path
}

/// The folder with the programs of this build.
pub fn directory() -> PathBuf {
	let test = std::env::current_exe().expect("the system knows the running program");
	let folder = test.parent().expect("a program lies in a folder; qed");
	match folder.file_name() {
		Some(name) if name == "deps" || name == "examples" => {
			folder.parent().unwrap_or(folder).to_owned()
		},
		_ => folder.to_owned(),
	}
}

/// The root of the repository.
pub fn repository() -> &'static Path {
	Path::new(env!("CARGO_MANIFEST_DIR"))
		.parent()
		.expect("the tests have a folder of their own; qed")
}

/// A file of `tests/data`.
pub fn data(name: &str) -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
}
