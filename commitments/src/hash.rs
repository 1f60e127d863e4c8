//! SHA-256 (FIPS 180-4) and HMAC-SHA256 (RFC 2104) as used throughout.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// SHA-256 over the concatenation of `parts`.
pub fn sha256(parts: &[&[u8]]) -> Hash {
	let mut hasher = Sha256::new();
	for part in parts {
		hasher.update(part);
	}
	hasher.finalize().into()
}

/// HMAC-SHA256 under `key` over the concatenation of `parts`.
pub(crate) fn hmac_sha256(key: &[u8; 32], parts: &[&[u8]]) -> Hash {
	let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length; qed");
	for part in parts {
		mac.update(part);
	}
	mac.finalize().into_bytes().into()
}
