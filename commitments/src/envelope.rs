//! Sealed keys: HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
//! ChaCha20-Poly1305.
//!
//! An envelope is one byte that names the suite, the 32 bytes of the encapsulated key, and the
//! ciphertext. What it is for is bound by HPKE's `info`: an envelope of one order opens no other.

use crate::{
	hash::Hash,
	key_tree::{KeyCover, KeyTree, MAX_COVER_LENGTH, MAX_KEY_TREE_LENGTH},
};
use alloc::vec::Vec;
use hpke::{
	aead::ChaCha20Poly1305, kdf::HkdfSha256, kem::X25519HkdfSha256, Deserializable, Kem, OpModeR,
	OpModeS, Serializable,
};
use rand_chacha::{rand_core::SeedableRng, ChaCha20Rng};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Suite byte: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.
pub const SUITE_X25519: u8 = 1;
/// Suite byte: X-Wing (draft-connolly-cfrg-xwing-kem), HKDF-SHA256, ChaCha20-Poly1305. Secrets of data sets
/// can be wrapped with it; the chain does not know it.
pub const SUITE_X_WING: u8 = 2;
/// Most bytes in an envelope.
pub const MAX_ENVELOPE_LENGTH: u32 = 1280;
/// Most bytes in the wrapped secret of a data set, in either suite.
pub const MAX_WRAPPED_LENGTH: u32 = 2048;

const X_WING_ENCAPSULATED_LENGTH: usize = 1120;
const _: () = assert!(
	1 + X_WING_ENCAPSULATED_LENGTH + MAX_KEY_TREE_LENGTH + TAG_LENGTH
		<= MAX_WRAPPED_LENGTH as usize
);

const KEY_LENGTH: usize = 32;
const TAG_LENGTH: usize = 16;
const OVERHEAD: usize = 1 + KEY_LENGTH + TAG_LENGTH;
const _: () = assert!(OVERHEAD + MAX_COVER_LENGTH <= MAX_ENVELOPE_LENGTH as usize);

/// An X25519 secret key (RFC 7748). Wiped when dropped.
#[derive(Clone)]
pub struct EnvelopeSecret(StaticSecret);

impl EnvelopeSecret {
	/// A secret from 32 uniformly random bytes.
	pub fn from_bytes(bytes: [u8; 32]) -> Self {
		Self(StaticSecret::from(bytes))
	}

	/// The secret's bytes, to be stored encrypted or revealed in a dispute.
	pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
		Zeroizing::new(self.0.to_bytes())
	}

	/// The key to which envelopes are sealed.
	pub fn public_key(&self) -> [u8; 32] {
		PublicKey::from(&self.0).to_bytes()
	}
}

/// What an order's envelope is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderContext {
	/// Hash of the chain's first block.
	pub genesis: Hash,
	/// The order.
	pub order: Hash,
	/// The data set that was bought.
	pub dataset: Hash,
}

impl OrderContext {
	fn info(&self) -> Vec<u8> {
		[b"m-sec order envelope".as_slice(), &self.genesis, &self.order, &self.dataset].concat()
	}
}

/// Why an envelope cannot be made or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvelopeError {
	/// The recipient's key is not a point that a secret can be shared with.
	InvalidRecipient,
	/// The suite is unknown or the length is impossible.
	Malformed,
	/// It was sealed for somebody or something else, or altered.
	Undecryptable,
	/// It opened, but does not hold the keys of the first batches of a data set.
	NotACover,
	/// The cover has more nodes than an envelope can hold.
	CoverTooLong,
}

/// Whether suite and length are those of an envelope.
pub fn check_format(envelope: &[u8]) -> bool {
	envelope.first() == Some(&SUITE_X25519)
		&& (OVERHEAD..=MAX_ENVELOPE_LENGTH as usize).contains(&envelope.len())
}

/// Whether suite and length are those of a wrapped secret.
pub fn check_wrapped_format(wrapped: &[u8]) -> bool {
	let overhead = match wrapped.first() {
		Some(&SUITE_X25519) => OVERHEAD,
		Some(&SUITE_X_WING) => 1 + X_WING_ENCAPSULATED_LENGTH + TAG_LENGTH,
		_ => return false,
	};
	(overhead..=MAX_WRAPPED_LENGTH as usize).contains(&wrapped.len())
}

/// Whether something can be sealed for `recipient`: no secret can be shared with points of low order.
pub fn is_valid_recipient(recipient: &[u8; 32]) -> bool {
	let mut point = *recipient;
	// X25519 ignores the highest bit.
	point[KEY_LENGTH - 1] &= 0x7f;
	!LOW_ORDER_POINTS.contains(&point)
}

/// Every encoding of a point of low order, of the curve and of its twist. The chain looks at a key with
/// each purchase, and comparing costs much less there than multiplying.
const LOW_ORDER_POINTS: [[u8; KEY_LENGTH]; 7] = [
	[0; KEY_LENGTH],
	small(1),
	[
		0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
		0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
		0xb8, 0x00,
	],
	[
		0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
		0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
		0x11, 0x57,
	],
	// The prime 2²⁵⁵ − 19 less one, itself (which is 0) and more by one (which is 1).
	near_prime(0xec),
	near_prime(0xed),
	near_prime(0xee),
];

const fn small(number: u8) -> [u8; KEY_LENGTH] {
	let mut point = [0; KEY_LENGTH];
	point[0] = number;
	point
}

const fn near_prime(lowest: u8) -> [u8; KEY_LENGTH] {
	let mut point = [0xff; KEY_LENGTH];
	point[0] = lowest;
	point[KEY_LENGTH - 1] = 0x7f;
	point
}

/// Seals the keys of an order's batches for its buyer. The same arguments yield the same bytes; `seed`
/// must be secret, and different for each order.
pub fn seal_order(
	cover: &KeyCover,
	recipient: &[u8; 32],
	context: &OrderContext,
	seed: [u8; 32],
) -> Result<Vec<u8>, EnvelopeError> {
	if !cover.fits() {
		return Err(EnvelopeError::CoverTooLong);
	}
	seal(&cover.encode(), recipient, &context.info(), seed)
}

/// Opens an order's envelope.
pub fn open_order(
	envelope: &[u8],
	secret: &EnvelopeSecret,
	context: &OrderContext,
) -> Result<KeyCover, EnvelopeError> {
	let plaintext = open(envelope, secret, &context.info())?;
	KeyCover::decode(&plaintext).ok_or(EnvelopeError::NotACover)
}

/// What is handed to a reader is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderContext {
	/// Hash of the chain's first block.
	pub genesis: Hash,
	/// The data set.
	pub dataset: Hash,
	/// The reader's account.
	pub reader: Hash,
}

impl ReaderContext {
	fn info(&self) -> Vec<u8> {
		[b"m-sec reader envelope".as_slice(), &self.genesis, &self.dataset, &self.reader].concat()
	}
}

/// Seals the keys of the first batches of a data set for somebody who may read them without an order.
/// `seed` must be fresh randomness.
pub fn seal_for_reader(
	cover: &KeyCover,
	recipient: &[u8; 32],
	context: &ReaderContext,
	seed: [u8; 32],
) -> Result<Vec<u8>, EnvelopeError> {
	if !cover.fits() {
		return Err(EnvelopeError::CoverTooLong);
	}
	seal(&cover.encode(), recipient, &context.info(), seed)
}

/// Opens what was sealed for a reader.
pub fn open_as_reader(
	envelope: &[u8],
	secret: &EnvelopeSecret,
	context: &ReaderContext,
) -> Result<KeyCover, EnvelopeError> {
	let plaintext = open(envelope, secret, &context.info())?;
	KeyCover::decode(&plaintext).ok_or(EnvelopeError::NotACover)
}

/// Wraps a data set's key tree for its owner or key agent. `seed` must be fresh randomness.
pub fn wrap_key_tree(
	tree: &KeyTree,
	recipient: &[u8; 32],
	genesis: &Hash,
	dataset: &Hash,
	seed: [u8; 32],
) -> Result<Vec<u8>, EnvelopeError> {
	seal(&tree.encode(), recipient, &wrap_info(genesis, dataset), seed)
}

/// Unwraps a data set's key tree.
pub fn unwrap_key_tree(
	wrapped: &[u8],
	secret: &EnvelopeSecret,
	genesis: &Hash,
	dataset: &Hash,
) -> Result<KeyTree, EnvelopeError> {
	let plaintext = open(wrapped, secret, &wrap_info(genesis, dataset))?;
	KeyTree::decode(&plaintext).ok_or(EnvelopeError::Malformed)
}

pub(crate) fn wrap_info(genesis: &Hash, dataset: &Hash) -> Vec<u8> {
	[b"m-sec key tree".as_slice(), genesis, dataset].concat()
}

fn seal(
	plaintext: &[u8],
	recipient: &[u8; 32],
	info: &[u8],
	seed: [u8; 32],
) -> Result<Vec<u8>, EnvelopeError> {
	let recipient = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(recipient)
		.map_err(|_| EnvelopeError::InvalidRecipient)?;
	let (encapsulated, ciphertext) =
		hpke::single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
			&OpModeS::Base,
			&recipient,
			info,
			plaintext,
			&[],
			&mut ChaCha20Rng::from_seed(seed),
		)
		.map_err(|_| EnvelopeError::InvalidRecipient)?;
	Ok([&[SUITE_X25519], encapsulated.to_bytes().as_slice(), &ciphertext].concat())
}

fn open(
	envelope: &[u8],
	secret: &EnvelopeSecret,
	info: &[u8],
) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
	if !check_format(envelope) {
		return Err(EnvelopeError::Malformed);
	}
	let (encapsulated, ciphertext) = envelope[1..].split_at(KEY_LENGTH);
	let secret = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(&*secret.to_bytes())
		.map_err(|_| EnvelopeError::Undecryptable)?;
	let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated)
		.map_err(|_| EnvelopeError::Malformed)?;
	hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
		&OpModeR::Base,
		&secret,
		&encapsulated,
		info,
		ciphertext,
		&[],
	)
	.map(Zeroizing::new)
	.map_err(|_| EnvelopeError::Undecryptable)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const CONTEXT: OrderContext =
		OrderContext { genesis: [1; 32], order: [2; 32], dataset: [3; 32] };

	#[test]
	fn the_same_order_yields_the_same_bytes() {
		let recipient = EnvelopeSecret::from_bytes([9; 32]).public_key();
		let cover = KeyTree::from_seed([7; 32]).cover(1000);
		let envelope = seal_order(&cover, &recipient, &CONTEXT, [5; 32]).unwrap();
		assert_eq!(seal_order(&cover, &recipient, &CONTEXT, [5; 32]), Ok(envelope.clone()));
		assert_ne!(seal_order(&cover, &recipient, &CONTEXT, [6; 32]), Ok(envelope));
	}

	#[test]
	fn an_envelope_opens_for_its_order_and_recipient_only() {
		let secret = EnvelopeSecret::from_bytes([9; 32]);
		let cover = KeyTree::from_seed([7; 32]).cover(u32::MAX);
		let envelope = seal_order(&cover, &secret.public_key(), &CONTEXT, [5; 32]).unwrap();
		assert!(check_format(&envelope));
		assert!(open_order(&envelope, &secret, &CONTEXT) == Ok(cover));
		let other = OrderContext { order: [4; 32], ..CONTEXT };
		assert!(open_order(&envelope, &secret, &other) == Err(EnvelopeError::Undecryptable));
		let stranger = EnvelopeSecret::from_bytes([8; 32]);
		assert!(open_order(&envelope, &stranger, &CONTEXT) == Err(EnvelopeError::Undecryptable));
	}

	#[test]
	fn what_is_sealed_for_a_reader_opens_for_that_reader_only() {
		let secret = EnvelopeSecret::from_bytes([9; 32]);
		let cover = KeyTree::from_seed([7; 32]).cover(1000);
		let context = ReaderContext { genesis: [1; 32], dataset: [3; 32], reader: [2; 32] };
		let sealed = seal_for_reader(&cover, &secret.public_key(), &context, [5; 32]).unwrap();
		assert!(open_as_reader(&sealed, &secret, &context) == Ok(cover));
		let other = ReaderContext { reader: [4; 32], ..context };
		let opened = open_as_reader(&sealed, &secret, &other);
		assert!(opened == Err(EnvelopeError::Undecryptable));
		assert!(open_order(&sealed, &secret, &CONTEXT) == Err(EnvelopeError::Undecryptable));
	}

	#[test]
	fn a_key_tree_survives_wrapping() {
		let secret = EnvelopeSecret::from_bytes([9; 32]);
		let tree = KeyTree::from_seed([7; 32]);
		let wrapped =
			wrap_key_tree(&tree, &secret.public_key(), &[1; 32], &[3; 32], [5; 32]).unwrap();
		assert!(check_wrapped_format(&wrapped));
		assert!(unwrap_key_tree(&wrapped, &secret, &[1; 32], &[3; 32]) == Ok(tree.clone()));
		assert!(open_order(&wrapped, &secret, &CONTEXT) == Err(EnvelopeError::Undecryptable));

		let renewed = tree.renewed(1000, [8; 32]).unwrap();
		let wrapped =
			wrap_key_tree(&renewed, &secret.public_key(), &[1; 32], &[3; 32], [5; 32]).unwrap();
		assert!(unwrap_key_tree(&wrapped, &secret, &[1; 32], &[3; 32]) == Ok(renewed));
	}

	#[test]
	fn a_cover_that_is_too_long_is_not_sealed() {
		let tree = KeyTree::from_seed([7; 32]).renewed(1, [8; 32]).unwrap();
		let cover = tree.renewed(2, [9; 32]).unwrap().cover(2 + (u32::MAX >> 1));
		let recipient = EnvelopeSecret::from_bytes([9; 32]).public_key();
		let sealed = seal_order(&cover, &recipient, &CONTEXT, [5; 32]);
		assert_eq!(sealed, Err(EnvelopeError::CoverTooLong));
	}

	fn shares_a_secret(recipient: &[u8; 32]) -> bool {
		StaticSecret::from([1; KEY_LENGTH])
			.diffie_hellman(&PublicKey::from(*recipient))
			.was_contributory()
	}

	#[test]
	fn keys_of_low_order_are_refused() {
		let cover = KeyTree::from_seed([7; 32]).cover(1);
		for mut point in LOW_ORDER_POINTS {
			for highest_bit in [0, 0x80] {
				point[KEY_LENGTH - 1] |= highest_bit;
				let sealed = seal_order(&cover, &point, &CONTEXT, [5; 32]);
				assert_eq!(sealed, Err(EnvelopeError::InvalidRecipient));
				assert!(!is_valid_recipient(&point));
				assert!(!shares_a_secret(&point));
			}
		}
		assert!(is_valid_recipient(&EnvelopeSecret::from_bytes([9; 32]).public_key()));
	}

	#[test]
	fn small_and_large_keys_are_valid_exactly_if_a_secret_can_be_shared() {
		for lowest in 0..=u8::MAX {
			for key in [small(lowest), near_prime(lowest)] {
				assert_eq!(is_valid_recipient(&key), shares_a_secret(&key), "{key:?}");
			}
		}
	}

	proptest! {
		#[test]
		fn arbitrary_envelopes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..1400)) {
			if let Some(suite) = bytes.first_mut() {
				*suite = SUITE_X25519;
			}
			let secret = EnvelopeSecret::from_bytes([9; 32]);
			prop_assert!(open_order(&bytes, &secret, &CONTEXT).is_err());
		}

		#[test]
		fn arbitrary_wrapped_secrets_never_panic(
			bytes in proptest::collection::vec(any::<u8>(), 0..2100),
		) {
			let secret = EnvelopeSecret::from_bytes([9; 32]);
			prop_assert!(unwrap_key_tree(&bytes, &secret, &[1; 32], &[3; 32]).is_err());
			prop_assert!(!check_wrapped_format(&bytes) || bytes.len() <= MAX_WRAPPED_LENGTH as usize);
		}

		#[test]
		fn keys_are_valid_exactly_if_a_secret_can_be_shared(key: [u8; 32]) {
			prop_assert_eq!(is_valid_recipient(&key), shares_a_secret(&key));
		}
	}
}
