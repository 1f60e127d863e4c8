//! What a store states about an erased data set, signed with its account's key. Bytes are described in
//! `docs/protocol.md`, "Erasure certificates".

use crate::{keys::AccountKey, signature::PublicKey, AccountId32, H256};
use msec_commitments::{sha256, Hash};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Begins everything that is signed, so that no other signature of the key fits.
const DOMAIN: &[u8] = b"m-sec erasure certificate";
/// Bytes of a signature.
const SIGNATURE_LENGTH: usize = 64;

/// What a store destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Destruction {
	/// Hash of the chain's first block.
	#[schema(value_type = String)]
	pub genesis: H256,
	/// The data set.
	#[schema(value_type = String)]
	pub dataset: H256,
	/// How many wrapped keys were destroyed.
	pub keys: u64,
	/// How many batches were destroyed.
	pub batches: u64,
	/// Length of the ciphertext that was destroyed, in bytes.
	pub bytes: u64,
	/// When it was all destroyed, in seconds since 1970, by the store's clock.
	pub time: u64,
	/// The finalized block in which the store saw the tombstone.
	pub block: u64,
}

/// A store's statement of what it destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Text", into = "Text")]
pub struct SignedCertificate {
	/// What is stated.
	pub destruction: Destruction,
	/// The account of the store.
	#[schema(value_type = String)]
	pub store: AccountId32,
	#[schema(value_type = String)]
	signature: [u8; SIGNATURE_LENGTH],
}

impl Destruction {
	/// Signs the statement with the store's key.
	pub fn sign(self, key: &AccountKey) -> SignedCertificate {
		let store = key.account_id();
		SignedCertificate { destruction: self, store, signature: key.sign(&self.message(&store)) }
	}

	/// What is signed. Every part has a fixed length.
	fn message(&self, store: &AccountId32) -> Vec<u8> {
		[
			DOMAIN,
			&self.genesis.0,
			&self.dataset.0,
			&store.0,
			&self.keys.to_le_bytes(),
			&self.batches.to_le_bytes(),
			&self.bytes.to_le_bytes(),
			&self.time.to_le_bytes(),
			&self.block.to_le_bytes(),
		]
		.concat()
	}
}

impl SignedCertificate {
	/// Whether the signature is the store's, over exactly this statement.
	pub fn is_genuine(&self) -> bool {
		let message = self.destruction.message(&self.store);
		PublicKey::Sr25519(self.store.0).verify(&message, &self.signature)
	}

	/// What the chain is told: the hash of the statement. Signatures are random, so it leaves the
	/// signature out.
	pub fn hash(&self) -> Hash {
		sha256(&[&self.destruction.message(&self.store)])
	}
}

/// A certificate as texts and numbers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
	destruction: Destruction,
	store: AccountId32,
	signature: String,
}

impl From<SignedCertificate> for Text {
	fn from(SignedCertificate { destruction, store, signature }: SignedCertificate) -> Self {
		Self { destruction, store, signature: format!("0x{}", hex::encode(signature)) }
	}
}

impl TryFrom<Text> for SignedCertificate {
	type Error = &'static str;

	fn try_from(Text { destruction, store, signature }: Text) -> Result<Self, Self::Error> {
		let mut bytes = [0; SIGNATURE_LENGTH];
		signature
			.strip_prefix("0x")
			.and_then(|digits| hex::decode_to_slice(digits, &mut bytes).ok())
			.ok_or("the signature is not 0x and 128 hexadecimal digits")?;
		Ok(Self { destruction, store, signature: bytes })
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn destruction() -> Destruction {
		Destruction {
			genesis: H256([1; 32]),
			dataset: H256([2; 32]),
			keys: 2,
			batches: 3,
			bytes: 4_000,
			time: 1_790_000_000,
			block: 77,
		}
	}

	fn key() -> AccountKey {
		AccountKey::from_seed(&[7; 32])
	}

	#[test]
	fn a_certificate_survives_text_and_is_genuine() {
		let certificate = destruction().sign(&key());
		let text = serde_json::to_string(&certificate).unwrap();
		let read: SignedCertificate = serde_json::from_str(&text).unwrap();
		assert_eq!(read, certificate);
		assert!(read.is_genuine());
		// The hash does not depend on the signature, which is another each time.
		assert_eq!(destruction().sign(&key()).hash(), certificate.hash());
	}

	#[test]
	fn a_certificate_of_anything_else_is_not_genuine() {
		let certificate = destruction().sign(&key());
		let with = |change: &dyn Fn(&mut SignedCertificate)| {
			let mut certificate = certificate;
			change(&mut certificate);
			assert_ne!(certificate.hash(), destruction().sign(&key()).hash());
			certificate.is_genuine()
		};
		assert!(!with(&|certificate| certificate.destruction.genesis = H256([9; 32])));
		assert!(!with(&|certificate| certificate.destruction.dataset = H256([9; 32])));
		assert!(!with(&|certificate| certificate.destruction.keys += 1));
		assert!(!with(&|certificate| certificate.destruction.batches += 1));
		assert!(!with(&|certificate| certificate.destruction.bytes += 1));
		assert!(!with(&|certificate| certificate.destruction.time += 1));
		assert!(!with(&|certificate| certificate.destruction.block += 1));
		assert!(!with(&|certificate| certificate.store = AccountId32([9; 32])));
	}

	proptest! {
		#[test]
		fn arbitrary_texts_are_refused_without_panic(text in ".{0,300}") {
			prop_assert!(serde_json::from_str::<SignedCertificate>(&text).is_err());
		}
	}
}
