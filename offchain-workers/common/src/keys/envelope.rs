//! Envelope keys in files: 64 hexadecimal digits.

use super::{read_secret, resolve, write_secret, KeyError};
use msec_commitments::EnvelopeSecret;
use rand::RngCore;
use std::path::Path;
use zeroize::Zeroizing;

/// A new X25519 secret.
pub fn generate_envelope_secret() -> EnvelopeSecret {
	let mut bytes = Zeroizing::new([0u8; 32]);
	rand::rng().fill_bytes(&mut *bytes);
	EnvelopeSecret::from_bytes(*bytes)
}

/// Loads a secret that [`save_envelope_secret`] wrote, or a systemd credential.
pub fn load_envelope_secret(path: &Path) -> Result<EnvelopeSecret, KeyError> {
	let path = resolve(path);
	let text = read_secret(&path)?;
	let text = text.trim_ascii();
	let digits = text.strip_prefix(b"0x").unwrap_or(text);
	let mut bytes = Zeroizing::new([0u8; 32]);
	hex::decode_to_slice(digits, &mut *bytes).map_err(|_| KeyError::Malformed {
		path,
		reason: "an X25519 secret is 64 hexadecimal digits".into(),
	})?;
	Ok(EnvelopeSecret::from_bytes(*bytes))
}

/// Saves a secret in a new file that only its owner may read.
pub fn save_envelope_secret(path: &Path, secret: &EnvelopeSecret) -> Result<(), KeyError> {
	let digits = Zeroizing::new(hex::encode(secret.to_bytes().as_slice()));
	write_secret(path, digits.as_bytes())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_saved_secret_is_loaded_again() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("x25519");
		let secret = generate_envelope_secret();
		save_envelope_secret(&path, &secret).unwrap();
		assert_eq!(load_envelope_secret(&path).unwrap().public_key(), secret.public_key());
	}

	#[test]
	fn other_content_is_named() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("x25519");
		write_secret(&path, b"not hexadecimal").unwrap();
		let error = load_envelope_secret(&path).err().unwrap().to_string();
		assert!(error.contains("64 hexadecimal digits"), "{error}");
	}
}
