//! The signature schemes of the chain's accounts.

use subxt::utils::AccountId32;
use subxt_signer::{ecdsa, sr25519};

/// A signature scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
	/// Schnorr over Ristretto, in the context `substrate`.
	Sr25519,
	/// EdDSA over Curve25519 (RFC 8032).
	Ed25519,
	/// ECDSA over secp256k1 of the BLAKE2b-256 digest.
	EcdsaSecp256k1Blake2,
}

impl Algorithm {
	/// The name in the parameter `alg`.
	pub fn name(self) -> &'static str {
		match self {
			Self::Sr25519 => "sr25519",
			Self::Ed25519 => "ed25519",
			Self::EcdsaSecp256k1Blake2 => "ecdsa-secp256k1-blake2",
		}
	}

	/// The scheme of that name.
	pub fn from_name(name: &str) -> Option<Self> {
		[Self::Sr25519, Self::Ed25519, Self::EcdsaSecp256k1Blake2]
			.into_iter()
			.find(|algorithm| algorithm.name() == name)
	}
}

/// A public key of one of the schemes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicKey {
	/// Ristretto point.
	Sr25519([u8; 32]),
	/// Compressed Edwards point.
	Ed25519([u8; 32]),
	/// Compressed point.
	EcdsaSecp256k1Blake2([u8; 33]),
}

impl PublicKey {
	/// Reads the parameter `keyid`: the account in SS58, or the public key as 0x-hex. An ECDSA account
	/// is a hash, so its key can be given as hex only.
	pub fn from_key_id(algorithm: Algorithm, key_id: &str) -> Option<Self> {
		match algorithm {
			Algorithm::Sr25519 => key_of_account(key_id).map(Self::Sr25519),
			Algorithm::Ed25519 => key_of_account(key_id).map(Self::Ed25519),
			Algorithm::EcdsaSecp256k1Blake2 => {
				let mut key = [0; 33];
				hex::decode_to_slice(key_id.strip_prefix("0x")?, &mut key).ok()?;
				Some(Self::EcdsaSecp256k1Blake2(key))
			},
		}
	}

	/// The account that the key controls.
	pub fn account(&self) -> AccountId32 {
		match self {
			Self::Sr25519(key) | Self::Ed25519(key) => AccountId32(*key),
			Self::EcdsaSecp256k1Blake2(key) => ecdsa::PublicKey(*key).to_account_id(),
		}
	}

	/// Whether `signature` is one of `message` by this key.
	pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
		match self {
			Self::Sr25519(key) => signature.try_into().is_ok_and(|signature| {
				sr25519::verify(&sr25519::Signature(signature), message, &sr25519::PublicKey(*key))
			}),
			Self::Ed25519(key) => verify_ed25519(key, message, signature).is_some(),
			Self::EcdsaSecp256k1Blake2(key) => signature.try_into().is_ok_and(|signature| {
				ecdsa::verify(&ecdsa::Signature(signature), message, &ecdsa::PublicKey(*key))
			}),
		}
	}
}

fn verify_ed25519(key: &[u8; 32], message: &[u8], signature: &[u8]) -> Option<()> {
	let key = ed25519_zebra::VerificationKey::try_from(*key).ok()?;
	let signature = ed25519_zebra::Signature::try_from(signature).ok()?;
	key.verify(&signature, message).ok()
}

fn key_of_account(key_id: &str) -> Option<[u8; 32]> {
	match key_id.strip_prefix("0x") {
		Some(digits) => {
			let mut key = [0; 32];
			hex::decode_to_slice(digits, &mut key).ok()?;
			Some(key)
		},
		None => key_id.parse::<AccountId32>().ok().map(|account| account.0),
	}
}
