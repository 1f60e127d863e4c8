//! SHA-256 (FIPS 180-4).

use sha2::{Digest, Sha256};

/// SHA-256 over the concatenation of `parts`.
pub fn sha256<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
	let mut hasher = Sha256::new();
	for part in parts {
		hasher.update(part);
	}
	hasher.finalize().into()
}
