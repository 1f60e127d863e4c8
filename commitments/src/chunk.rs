//! Encryption of one chunk and the commitment to it.
//!
//! A chunk key is used once, so the nonce is zero. ChaCha20-Poly1305 (RFC 8439) does not commit to its
//! key; the commitment to the key beside it does.

use crate::hash::{hmac_sha256, sha256, Hash};
use crate::tree::leaf_hash;
use alloc::vec::Vec;
use chacha20poly1305::{
	aead::{Aead, KeyInit},
	ChaCha20Poly1305,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Most bytes of readings in a chunk.
pub const MAX_CHUNK_PLAINTEXT: usize = 4096;
/// Most bytes of a chunk's ciphertext: the readings and the 16 bytes of the authentication tag.
pub const MAX_CHUNK_CIPHERTEXT: u32 = MAX_CHUNK_PLAINTEXT as u32 + 16;
/// Most chunks in a batch: about four mebibytes of readings.
pub const MAX_CHUNKS_PER_BATCH: u32 = 1024;

/// What a leaf of a batch's tree says of a chunk.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct ChunkCommitment {
	/// HMAC-SHA256 of the plaintext under a salt that only holders of the chunk key can compute.
	pub plaintext: Hash,
	/// SHA-256 of the ciphertext.
	pub ciphertext: Hash,
	/// HMAC-SHA256 of a fixed label under the chunk key.
	pub key: Hash,
}

impl ChunkCommitment {
	/// The chunk as a leaf of its batch's tree.
	pub fn leaf_hash(&self) -> Hash {
		leaf_hash(&self.encode())
	}
}

/// The secret of one chunk.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct ChunkKey([u8; 32]);

/// Why a chunk does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
	/// The commitment was made to another key.
	OtherKey,
	/// The ciphertext is not the one that was committed to.
	OtherCiphertext,
	/// The committed ciphertext is not an encryption under the committed key.
	Undecryptable,
	/// What the ciphertext decrypts to is not the plaintext that was committed to.
	OtherPlaintext,
}

impl ChunkKey {
	/// A key from its bytes.
	pub fn from_bytes(bytes: [u8; 32]) -> Self {
		Self(bytes)
	}

	/// The key's bytes, to be revealed in a dispute.
	pub fn as_bytes(&self) -> &[u8; 32] {
		&self.0
	}

	/// The commitment to this key.
	pub fn commitment(&self) -> Hash {
		hmac_sha256(&self.0, &[b"m-sec key commitment"])
	}

	/// Encrypts `plaintext` and commits to it; `None` above [`MAX_CHUNK_PLAINTEXT`] bytes.
	pub fn seal(&self, plaintext: &[u8]) -> Option<(ChunkCommitment, Vec<u8>)> {
		if plaintext.len() > MAX_CHUNK_PLAINTEXT {
			return None;
		}
		let ciphertext = self.cipher().encrypt(&Default::default(), plaintext).ok()?;
		let commitment = ChunkCommitment {
			plaintext: self.plaintext_commitment(plaintext),
			ciphertext: sha256(&[&ciphertext]),
			key: self.commitment(),
		};
		Some((commitment, ciphertext))
	}

	/// Decrypts `ciphertext` and checks key, ciphertext and plaintext against `commitment`.
	pub fn open(
		&self,
		commitment: &ChunkCommitment,
		ciphertext: &[u8],
	) -> Result<Vec<u8>, OpenError> {
		if !equal(&self.commitment(), &commitment.key) {
			return Err(OpenError::OtherKey);
		}
		if !equal(&sha256(&[ciphertext]), &commitment.ciphertext) {
			return Err(OpenError::OtherCiphertext);
		}
		let plaintext = self
			.cipher()
			.decrypt(&Default::default(), ciphertext)
			.map_err(|_| OpenError::Undecryptable)?;
		if !equal(&self.plaintext_commitment(&plaintext), &commitment.plaintext) {
			return Err(OpenError::OtherPlaintext);
		}
		Ok(plaintext)
	}

	fn plaintext_commitment(&self, plaintext: &[u8]) -> Hash {
		let salt = Zeroizing::new(hmac_sha256(&self.0, &[b"m-sec plaintext salt"]));
		hmac_sha256(&salt, &[plaintext])
	}

	fn cipher(&self) -> ChaCha20Poly1305 {
		let key = Zeroizing::new(hmac_sha256(&self.0, &[b"m-sec chunk cipher"]));
		ChaCha20Poly1305::new((&*key).into())
	}
}

fn equal(left: &Hash, right: &Hash) -> bool {
	left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		#[test]
		fn what_was_sealed_opens(key: [u8; 32], plaintext in proptest::collection::vec(any::<u8>(), 0..=MAX_CHUNK_PLAINTEXT)) {
			let key = ChunkKey::from_bytes(key);
			let (commitment, ciphertext) = key.seal(&plaintext).unwrap();
			prop_assert!(ciphertext.len() <= MAX_CHUNK_CIPHERTEXT as usize);
			prop_assert_eq!(key.open(&commitment, &ciphertext), Ok(plaintext));
		}

		#[test]
		fn a_flipped_bit_is_found(position in 0usize..116, bit in 0u8..8) {
			let key = ChunkKey::from_bytes([1; 32]);
			let (mut commitment, mut ciphertext) = key.seal(&[42; 100]).unwrap();
			ciphertext[position] ^= 1 << bit;
			prop_assert_eq!(key.open(&commitment, &ciphertext), Err(OpenError::OtherCiphertext));
			commitment.ciphertext = sha256(&[&ciphertext]);
			prop_assert_eq!(key.open(&commitment, &ciphertext), Err(OpenError::Undecryptable));
		}
	}

	#[test]
	fn a_chunk_has_a_largest_size() {
		let key = ChunkKey::from_bytes([1; 32]);
		assert!(key.seal(&[0; MAX_CHUNK_PLAINTEXT + 1]).is_none());
	}

	#[test]
	fn another_key_or_plaintext_is_named() {
		let key = ChunkKey::from_bytes([1; 32]);
		let (mut commitment, ciphertext) = key.seal(b"21.5").unwrap();
		let other = ChunkKey::from_bytes([2; 32]);
		assert_eq!(other.open(&commitment, &ciphertext), Err(OpenError::OtherKey));
		commitment.plaintext = [0; 32];
		assert_eq!(key.open(&commitment, &ciphertext), Err(OpenError::OtherPlaintext));
	}
}
