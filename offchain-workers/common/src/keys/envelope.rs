//! Encryption keys in files: 64 hexadecimal digits, after `x-wing:` where that is the suite.

use super::{read_secret, resolve, write_secret, KeyError};
use msec_commitments::{EnvelopeSecret, WrappingKey, WrappingSecret, XWingSecret};
use rand::RngCore;
use std::{fmt, path::Path, str::FromStr};
use zeroize::Zeroizing;

const X_WING_PREFIX: &[u8] = b"x-wing:";
/// Most bytes of a file with a public key: its digits, `0x` and a line's end.
const MAX_PUBLIC_LENGTH: u64 = 4096;

/// What kind an encryption key is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Suite {
	/// X25519 (RFC 7748). The only kind that is published on chain and that orders have.
	#[default]
	X25519,
	/// X-Wing: X25519 and ML-KEM-768 together, of which either suffices.
	XWing,
}

impl FromStr for Suite {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		match text {
			"x25519" => Ok(Self::X25519),
			"x-wing" => Ok(Self::XWing),
			_ => Err("a suite is x25519 or x-wing".to_owned()),
		}
	}
}

impl fmt::Display for Suite {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		formatter.write_str(match self {
			Self::X25519 => "x25519",
			Self::XWing => "x-wing",
		})
	}
}

/// The suite of a secret.
pub fn suite_of(secret: &WrappingSecret) -> Suite {
	match secret {
		WrappingSecret::X25519(_) => Suite::X25519,
		WrappingSecret::XWing(_) => Suite::XWing,
	}
}

/// A secret of `suite` from its 32 bytes.
pub fn wrapping_secret(suite: Suite, bytes: [u8; 32]) -> WrappingSecret {
	match suite {
		Suite::X25519 => WrappingSecret::X25519(EnvelopeSecret::from_bytes(bytes)),
		Suite::XWing => WrappingSecret::XWing(XWingSecret::from_bytes(bytes)),
	}
}

/// A new X25519 secret.
pub fn generate_envelope_secret() -> EnvelopeSecret {
	EnvelopeSecret::from_bytes(*random())
}

/// A new secret of `suite`.
pub fn generate_wrapping_secret(suite: Suite) -> WrappingSecret {
	wrapping_secret(suite, *random())
}

fn random() -> Zeroizing<[u8; 32]> {
	let mut bytes = Zeroizing::new([0u8; 32]);
	rand::rng().fill_bytes(&mut *bytes);
	bytes
}

/// Loads a secret that [`save_wrapping_secret`] wrote, or a systemd credential.
pub fn load_wrapping_secret(path: &Path) -> Result<WrappingSecret, KeyError> {
	let path = resolve(path);
	let text = read_secret(&path)?;
	let text = text.trim_ascii();
	let (suite, digits) = match text.strip_prefix(X_WING_PREFIX) {
		Some(digits) => (Suite::XWing, digits),
		None => (Suite::X25519, text),
	};
	let digits = digits.strip_prefix(b"0x").unwrap_or(digits);
	let mut bytes = Zeroizing::new([0u8; 32]);
	hex::decode_to_slice(digits, &mut *bytes).map_err(|_| KeyError::Malformed {
		path,
		reason: "an encryption key's secret is 64 hexadecimal digits, after x-wing: in that suite"
			.into(),
	})?;
	Ok(wrapping_secret(suite, *bytes))
}

/// Saves a secret in a new file that only its owner may read.
pub fn save_wrapping_secret(path: &Path, secret: &WrappingSecret) -> Result<(), KeyError> {
	let prefix: &[u8] = match suite_of(secret) {
		Suite::X25519 => b"",
		Suite::XWing => X_WING_PREFIX,
	};
	let digits = Zeroizing::new(hex::encode(secret.to_bytes().as_slice()));
	write_secret(path, &Zeroizing::new([prefix, digits.as_bytes()].concat()))
}

/// Saves an X25519 secret in a new file that only its owner may read.
pub fn save_envelope_secret(path: &Path, secret: &EnvelopeSecret) -> Result<(), KeyError> {
	save_wrapping_secret(path, &WrappingSecret::X25519(secret.clone()))
}

/// A public key: 64 hexadecimal digits (X25519) or 2432 (X-Wing), with or without `0x`, or the name of a
/// file that holds them.
pub fn read_wrapping_key(text: &str) -> Result<WrappingKey, String> {
	match parse_wrapping_key(text) {
		Some(key) => Ok(key),
		None => {
			let fault =
				|reason: &str| format!("{text:?} is neither a public key nor a file: {reason}");
			let content =
				read_public(Path::new(text)).map_err(|error| fault(&error.to_string()))?;
			parse_wrapping_key(content.trim())
				.ok_or_else(|| fault("its content is no key of X25519 or X-Wing"))
		},
	}
}

fn read_public(path: &Path) -> std::io::Result<String> {
	let mut text = String::new();
	std::io::Read::read_to_string(
		&mut std::io::Read::take(std::fs::File::open(path)?, MAX_PUBLIC_LENGTH),
		&mut text,
	)?;
	Ok(text)
}

fn parse_wrapping_key(text: &str) -> Option<WrappingKey> {
	let bytes = hex::decode(text.strip_prefix("0x").unwrap_or(text)).ok()?;
	WrappingKey::from_bytes(&bytes)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_saved_secret_is_loaded_again() {
		let directory = tempfile::tempdir().unwrap();
		for suite in [Suite::X25519, Suite::XWing] {
			let path = directory.path().join(suite.to_string());
			let secret = generate_wrapping_secret(suite);
			save_wrapping_secret(&path, &secret).unwrap();
			let loaded = load_wrapping_secret(&path).unwrap();
			assert_eq!(suite_of(&loaded), suite);
			assert_eq!(loaded.public_key(), secret.public_key());
			assert_eq!(suite.to_string().parse(), Ok(suite));
		}
		assert!("rsa".parse::<Suite>().is_err());
	}

	#[test]
	fn other_content_is_named() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("x25519");
		write_secret(&path, b"not hexadecimal").unwrap();
		let error = load_wrapping_secret(&path).err().unwrap().to_string();
		assert!(error.contains("64 hexadecimal digits"), "{error}");
	}

	#[test]
	fn public_keys_are_given_as_digits_or_in_a_file() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("key.pub");
		for suite in [Suite::X25519, Suite::XWing] {
			let key = generate_wrapping_secret(suite).public_key();
			let digits = format!("0x{}", hex::encode(key.as_bytes()));
			assert_eq!(read_wrapping_key(&digits), Ok(key.clone()));
			std::fs::write(&path, format!("{digits}\n")).unwrap();
			assert_eq!(read_wrapping_key(path.to_str().unwrap()), Ok(key));
		}
		std::fs::write(&path, "nothing").unwrap();
		assert!(read_wrapping_key(path.to_str().unwrap()).unwrap_err().contains("no key"));
		assert!(read_wrapping_key("/nowhere/key").unwrap_err().contains("/nowhere/key"));
		assert!(read_wrapping_key(&"0".repeat(64)).is_err(), "of low order");
	}
}
