//! Secrets of data sets, wrapped in one of two suites: the one of [`crate::envelope`], or X-Wing, whose
//! confidentiality holds while either X25519 or ML-KEM-768 (FIPS 203) does.
//!
//! X-Wing (draft-connolly-cfrg-xwing-kem) is HPKE's KEM 0x647a. A wrapped secret is the suite's byte, the
//! encapsulated key, 1120 bytes with X-Wing, and the ciphertext.

use crate::{
	envelope::{
		check_wrapped_format, is_valid_recipient, unwrap_key_tree, wrap_info, wrap_key_tree,
		EnvelopeError, EnvelopeSecret, SUITE_X_WING,
	},
	hash::Hash,
	key_tree::KeyTree,
};
use alloc::{boxed::Box, vec::Vec};
use hpke::{
	aead::ChaCha20Poly1305, kdf::HkdfSha256, kem::XWing, Deserializable, Kem, OpModeR, OpModeS,
	Serializable,
};
use rand_chacha::{rand_core::SeedableRng, ChaCha20Rng};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const X25519_KEY_LENGTH: usize = 32;
/// Length of an X-Wing public key, in bytes.
const X_WING_KEY_LENGTH: usize = 1216;
/// Length of what X-Wing encapsulates, in bytes.
const ENCAPSULATED_LENGTH: usize = 1120;

/// An X-Wing secret key: the seed of 32 bytes. Wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct XWingSecret([u8; 32]);

/// The secret half of a key that secrets of data sets are wrapped for.
#[derive(Clone)]
pub enum WrappingSecret {
	/// X25519.
	X25519(EnvelopeSecret),
	/// X-Wing.
	XWing(XWingSecret),
}

/// The public half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrappingKey {
	/// X25519.
	X25519([u8; X25519_KEY_LENGTH]),
	/// X-Wing.
	XWing(Box<[u8; X_WING_KEY_LENGTH]>),
}

impl XWingSecret {
	/// A secret from 32 uniformly random bytes.
	pub fn from_bytes(bytes: [u8; 32]) -> Self {
		Self(bytes)
	}

	/// The secret's bytes, to be stored encrypted.
	pub fn as_bytes(&self) -> &[u8; 32] {
		&self.0
	}

	fn private_key(&self) -> <XWing as Kem>::PrivateKey {
		<XWing as Kem>::PrivateKey::from_bytes(&self.0).expect("any 32 bytes are a seed; qed")
	}
}

impl WrappingSecret {
	/// The key to which secrets are wrapped.
	pub fn public_key(&self) -> WrappingKey {
		match self {
			Self::X25519(secret) => WrappingKey::X25519(secret.public_key()),
			Self::XWing(secret) => {
				let key = XWing::sk_to_pk(&secret.private_key()).to_bytes();
				let mut bytes = Box::new([0; X_WING_KEY_LENGTH]);
				bytes.copy_from_slice(key.as_slice());
				WrappingKey::XWing(bytes)
			},
		}
	}

	/// The secret's 32 bytes, to be stored encrypted.
	pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
		match self {
			Self::X25519(secret) => secret.to_bytes(),
			Self::XWing(secret) => Zeroizing::new(*secret.as_bytes()),
		}
	}
}

impl WrappingKey {
	/// The key from its bytes, whose number tells the suite; `None` when nothing can be wrapped for it.
	pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
		if let Ok(key) = bytes.try_into() {
			return is_valid_recipient(&key).then_some(Self::X25519(key));
		}
		let key: Box<[u8; X_WING_KEY_LENGTH]> = Box::<[u8]>::from(bytes).try_into().ok()?;
		<XWing as Kem>::PublicKey::from_bytes(key.as_slice()).ok()?;
		Some(Self::XWing(key))
	}

	/// The key's bytes, 32 or 1216.
	pub fn as_bytes(&self) -> &[u8] {
		match self {
			Self::X25519(key) => key,
			Self::XWing(key) => key.as_slice(),
		}
	}
}

/// Wraps a data set's secret for its owner or key agent. `seed` must be fresh randomness.
pub fn wrap(
	tree: &KeyTree,
	recipient: &WrappingKey,
	genesis: &Hash,
	dataset: &Hash,
	seed: [u8; 32],
) -> Result<Vec<u8>, EnvelopeError> {
	let key = match recipient {
		WrappingKey::X25519(key) => return wrap_key_tree(tree, key, genesis, dataset, seed),
		WrappingKey::XWing(key) => <XWing as Kem>::PublicKey::from_bytes(key.as_slice())
			.map_err(|_| EnvelopeError::InvalidRecipient)?,
	};
	let (encapsulated, ciphertext) =
		hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, XWing>(
			&OpModeS::Base,
			&key,
			&wrap_info(genesis, dataset),
			&tree.encode(),
			&[],
			&mut ChaCha20Rng::from_seed(seed),
		)
		.map_err(|_| EnvelopeError::InvalidRecipient)?;
	Ok([&[SUITE_X_WING], encapsulated.to_bytes().as_slice(), &ciphertext].concat())
}

/// Unwraps a data set's secret.
pub fn unwrap(
	wrapped: &[u8],
	secret: &WrappingSecret,
	genesis: &Hash,
	dataset: &Hash,
) -> Result<KeyTree, EnvelopeError> {
	let secret = match secret {
		WrappingSecret::X25519(secret) => {
			return unwrap_key_tree(wrapped, secret, genesis, dataset);
		},
		WrappingSecret::XWing(secret) => secret.private_key(),
	};
	if !check_wrapped_format(wrapped) || wrapped.first() != Some(&SUITE_X_WING) {
		return Err(EnvelopeError::Malformed);
	}
	let (encapsulated, ciphertext) = wrapped[1..].split_at(ENCAPSULATED_LENGTH);
	let encapsulated = <XWing as Kem>::EncappedKey::from_bytes(encapsulated)
		.map_err(|_| EnvelopeError::Malformed)?;
	let plaintext = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
		&OpModeR::Base,
		&secret,
		&encapsulated,
		&wrap_info(genesis, dataset),
		ciphertext,
		&[],
	)
	.map(Zeroizing::new)
	.map_err(|_| EnvelopeError::Undecryptable)?;
	KeyTree::decode(&plaintext).ok_or(EnvelopeError::Malformed)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const GENESIS: Hash = [1; 32];
	const DATASET: Hash = [3; 32];

	fn secrets() -> [WrappingSecret; 2] {
		[
			WrappingSecret::X25519(EnvelopeSecret::from_bytes([9; 32])),
			WrappingSecret::XWing(XWingSecret::from_bytes([9; 32])),
		]
	}

	#[test]
	fn a_secret_survives_wrapping_in_either_suite_and_opens_for_its_data_set_and_recipient_only() {
		let tree = KeyTree::from_seed([7; 32]).renewed(10, [8; 32]).unwrap();
		for (secret, other) in secrets().iter().zip(secrets().iter().rev()) {
			let key = secret.public_key();
			assert_eq!(WrappingKey::from_bytes(key.as_bytes()), Some(key.clone()));
			let wrapped = wrap(&tree, &key, &GENESIS, &DATASET, [5; 32]).unwrap();
			assert!(check_wrapped_format(&wrapped));
			assert!(unwrap(&wrapped, secret, &GENESIS, &DATASET) == Ok(tree.clone()));
			let elsewhere = unwrap(&wrapped, secret, &GENESIS, &[4; 32]);
			assert!(elsewhere == Err(EnvelopeError::Undecryptable));
			assert!(unwrap(&wrapped, other, &GENESIS, &DATASET) == Err(EnvelopeError::Malformed));
		}
		let stranger = WrappingSecret::XWing(XWingSecret::from_bytes([8; 32]));
		let wrapped = wrap(&tree, &secrets()[1].public_key(), &GENESIS, &DATASET, [5; 32]).unwrap();
		let opened = unwrap(&wrapped, &stranger, &GENESIS, &DATASET);
		assert!(opened == Err(EnvelopeError::Undecryptable));
	}

	#[test]
	fn what_is_no_key_is_refused() {
		assert_eq!(WrappingKey::from_bytes(&[0; 32]), None);
		assert_eq!(WrappingKey::from_bytes(&[1; 31]), None);
		assert_eq!(WrappingKey::from_bytes(&[1; X_WING_KEY_LENGTH + 1]), None);
		// Coefficients of ML-KEM are below 3329 (FIPS 203, section 7.2).
		assert_eq!(WrappingKey::from_bytes(&[0xff; X_WING_KEY_LENGTH]), None);
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(32))]

		#[test]
		fn arbitrary_wrapped_secrets_never_panic(
			mut bytes in proptest::collection::vec(any::<u8>(), 1..2100),
		) {
			bytes[0] = SUITE_X_WING;
			prop_assert!(unwrap(&bytes, &secrets()[1], &GENESIS, &DATASET).is_err());
		}
	}
}
