//! Files and folders.

use std::{path::Path, process::Command};

/// Copies a folder with everything in it.
///
/// # Panics
///
/// When that fails.
pub fn copy_folder(from: &Path, to: &Path) {
	let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
	assert!(copied.is_ok_and(|status| status.success()), "{} is copied", from.display());
}
