//! Files of bounded length.

use std::{
	fs::File,
	io::{self, ErrorKind, Read},
	path::Path,
};

/// Reads a file of at most `limit` bytes; those of the kernel do not say how long they are.
pub fn read(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
	let mut content = Vec::new();
	File::open(path)?.take(limit as u64 + 1).read_to_end(&mut content)?;
	match content.len() > limit {
		true => Err(io::Error::new(
			ErrorKind::InvalidData,
			format!("the file is longer than {limit} bytes"),
		)),
		false => Ok(content),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn files_are_read_up_to_their_limit() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("file");
		std::fs::write(&path, b"four").unwrap();
		assert_eq!(read(&path, 4).unwrap(), b"four");
		let error = read(&path, 3).unwrap_err();
		assert_eq!(error.to_string(), "the file is longer than 3 bytes");
	}

	#[test]
	fn files_without_end_and_without_length_are_bounded() {
		assert!(read(Path::new("/dev/zero"), 1_000).is_err());
		assert!(!read(Path::new("/proc/self/status"), 100_000).unwrap().is_empty());
	}
}
