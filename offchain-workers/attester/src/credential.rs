//! TPM2_MakeCredential without a TPM (TPM 2.0 Library Part 1, 24 "Credential Protection").
//!
//! A secret is sealed for the TPM that holds an endorsement key, and bound to the Name of another key. The
//! TPM gives the secret out only if that other key is loaded in it too.

use crate::endorsement::EndorsementKey;
use aes::{
	cipher::{generic_array::GenericArray, AsyncStreamCipher, KeyIvInit},
	Aes128,
};
use hmac::{Hmac, KeyInit, Mac};
use rsa::{
	rand_core::{OsRng, RngCore},
	BigUint, Oaep, RsaPublicKey,
};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Length of the secret in bytes.
pub const SECRET_LENGTH: usize = 32;
/// Length of an object's Name: a hash algorithm and its digest.
pub const NAME_LENGTH: usize = 34;
/// What the seed is encrypted for; its terminating zero is part of the label (Part 1, B.10.4).
const IDENTITY: &str = "IDENTITY\0";
const EXPONENT: u32 = 65_537;
const AES_BITS: u32 = 128;
const AES_KEY_LENGTH: usize = 16;
const DIGEST_BITS: u32 = 256;

/// A sealed secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
	/// TPMS_ID_OBJECT.
	pub blob: Vec<u8>,
	/// The bytes of a TPM2B_ENCRYPTED_SECRET.
	pub encrypted_secret: Vec<u8>,
}

/// The endorsement key cannot be encrypted to.
#[derive(Debug, thiserror::Error)]
#[error("the endorsement key is no valid RSA key: {0}")]
pub struct InvalidKey(rsa::Error);

/// Seals `secret` for the TPM that holds `endorsement_key` and the key with this `name`.
pub fn make_credential(
	endorsement_key: &EndorsementKey,
	name: &[u8; NAME_LENGTH],
	secret: &[u8; SECRET_LENGTH],
) -> Result<Credential, InvalidKey> {
	let modulus = BigUint::from_bytes_be(endorsement_key.modulus());
	let key = RsaPublicKey::new(modulus, EXPONENT.into()).map_err(InvalidKey)?;
	let mut seed = Zeroizing::new([0; SECRET_LENGTH]);
	OsRng.fill_bytes(&mut *seed);
	let padding = Oaep::new_with_label::<rsa::sha2::Sha256, _>(IDENTITY);
	let encrypted_secret = key.encrypt(&mut OsRng, padding, &*seed).map_err(InvalidKey)?;
	Ok(Credential { blob: protect(&seed, name, secret), encrypted_secret })
}

/// Encrypts and then authenticates the secret with keys from the seed (Part 1, 24.4 and 24.5).
fn protect(
	seed: &[u8; SECRET_LENGTH],
	name: &[u8; NAME_LENGTH],
	secret: &[u8; SECRET_LENGTH],
) -> Vec<u8> {
	let mut identity = [&(SECRET_LENGTH as u16).to_be_bytes()[..], secret].concat();
	let storage = kdf_a(seed, b"STORAGE", name, AES_BITS);
	let key = GenericArray::from_slice(&storage[..AES_KEY_LENGTH]);
	cfb_mode::Encryptor::<Aes128>::new(key, &GenericArray::default()).encrypt(&mut identity);
	let integrity = kdf_a(seed, b"INTEGRITY", &[], DIGEST_BITS);
	let integrity = authenticate(&*integrity, &[&identity, name]);
	[&(integrity.len() as u16).to_be_bytes()[..], &integrity, &identity].concat()
}

/// KDFa with SHA-256 (Part 1, 11.4.10.2): one block of it, which is all that up to 256 bits need.
fn kdf_a(seed: &[u8], label: &[u8], context: &[u8], bits: u32) -> Zeroizing<[u8; 32]> {
	const FIRST: u32 = 1;
	let parts: [&[u8]; 5] = [&FIRST.to_be_bytes(), label, &[0], context, &bits.to_be_bytes()];
	Zeroizing::new(authenticate(seed, &parts))
}

fn authenticate(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
	let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length; qed");
	parts.iter().for_each(|part| mac.update(part));
	mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::endorsement::tests::public_area;
	use rsa::{traits::PublicKeyParts, RsaPrivateKey};
	use std::sync::LazyLock;

	/// What a TPM does with it (Part 3, 12.5 TPM2_ActivateCredential), from the same chapter.
	fn activate(credential: &Credential, name: &[u8; 34]) -> Option<Vec<u8>> {
		let padding = Oaep::new_with_label::<rsa::sha2::Sha256, _>(IDENTITY);
		let seed = KEY.decrypt(padding, &credential.encrypted_secret).ok()?;
		let (integrity, identity) = credential.blob.split_at_checked(34)?;
		let expected =
			authenticate(&*kdf_a(&seed, b"INTEGRITY", &[], DIGEST_BITS), &[identity, name]);
		if integrity[2..] != expected {
			return None;
		}
		let storage = kdf_a(&seed, b"STORAGE", name, AES_BITS);
		let mut plain = identity.to_vec();
		cfb_mode::Decryptor::<Aes128>::new_from_slices(&storage[..16], &[0; 16])
			.ok()?
			.decrypt(&mut plain);
		Some(plain[2..].to_vec())
	}

	static KEY: LazyLock<RsaPrivateKey> =
		LazyLock::new(|| RsaPrivateKey::new(&mut OsRng, 2048).unwrap());

	fn endorsement_key() -> EndorsementKey {
		EndorsementKey::parse(&public_area(&KEY.n().to_bytes_be())).unwrap()
	}

	#[test]
	fn only_the_named_key_beside_the_endorsement_key_opens_it() {
		let endorsement = endorsement_key();
		let (name, secret) = ([5; NAME_LENGTH], [9; SECRET_LENGTH]);
		let mut credential = make_credential(&endorsement, &name, &secret).unwrap();
		assert_eq!(credential.blob.len(), 2 + 32 + 2 + SECRET_LENGTH);
		assert_eq!(activate(&credential, &name), Some(secret.to_vec()));
		assert_eq!(activate(&credential, &[6; NAME_LENGTH]), None);
		credential.blob[40] ^= 1;
		assert_eq!(activate(&credential, &name), None);
	}

	#[test]
	fn two_credentials_have_nothing_in_common() {
		let endorsement = endorsement_key();
		let one = make_credential(&endorsement, &[5; 34], &[9; 32]).unwrap();
		let other = make_credential(&endorsement, &[5; 34], &[9; 32]).unwrap();
		assert_ne!(one.blob, other.blob);
		assert_ne!(one.encrypted_secret, other.encrypted_secret);
	}
}
