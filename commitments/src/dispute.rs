//! What a buyer can prove to anybody, after FairSwap (Dziembowski, Eckey, Faust, CCS 2018): that the
//! delivered key is not the committed one, or that the committed ciphertext does not hold the committed
//! readings. The chain runs these functions to decide; the buyer's client runs them before it asks.

use crate::{
	chunk::{ChunkKey, OpenError},
	envelope::{open_order, EnvelopeSecret, OrderContext},
	hash::Hash,
	proof::ChunkProof,
};

/// Why a dispute has no ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeRejection {
	/// The revealed key is not the order's, or not the one the chunk was committed with.
	OtherKey,
	/// The envelope opens, so only a chunk can show that its keys are wrong.
	ProofMissing,
	/// The chunk does not belong to the range that was bought.
	ProofInvalid,
	/// The delivered key is the one that was committed to.
	KeyIsCorrect,
	/// The revealed ciphertext is not the one that was committed to.
	OtherCiphertext,
	/// The ciphertext decrypts to exactly what was committed to.
	DataIsCorrect,
}

/// Decides whether the `envelope` of an order fails to give the keys of the `batches` that were bought.
///
/// `secret` is the buyer's secret of this order, revealed. `proof` names a chunk whose key the envelope
/// gets wrong; it is not needed when the envelope does not open or covers too few batches.
pub fn verify_wrong_key(
	secret: &EnvelopeSecret,
	buyer_key: &[u8; 32],
	envelope: &[u8],
	context: &OrderContext,
	batches: u32,
	range_root: &Hash,
	proof: Option<&ChunkProof>,
) -> Result<(), DisputeRejection> {
	if secret.public_key() != *buyer_key {
		return Err(DisputeRejection::OtherKey);
	}
	let Ok(cover) = open_order(envelope, secret, context) else { return Ok(()) };
	if cover.batches() < batches {
		return Ok(());
	}
	let proof = proof.ok_or(DisputeRejection::ProofMissing)?;
	if !proof.verify(batches, range_root) {
		return Err(DisputeRejection::ProofInvalid);
	}
	match cover.batch_key(proof.batch) {
		Some(key) if key.chunk_key(proof.chunk).commitment() == proof.commitment.key => {
			Err(DisputeRejection::KeyIsCorrect)
		},
		_ => Ok(()),
	}
}

/// Decides whether a chunk's committed ciphertext fails to decrypt, under the committed key, to the
/// committed plaintext.
pub fn verify_wrong_data(
	proof: &ChunkProof,
	chunk_key: &ChunkKey,
	ciphertext: &[u8],
	batches: u32,
	range_root: &Hash,
) -> Result<(), DisputeRejection> {
	if !proof.verify(batches, range_root) {
		return Err(DisputeRejection::ProofInvalid);
	}
	match chunk_key.open(&proof.commitment, ciphertext) {
		Err(OpenError::OtherKey) => Err(DisputeRejection::OtherKey),
		Err(OpenError::OtherCiphertext) => Err(DisputeRejection::OtherCiphertext),
		Err(OpenError::Undecryptable | OpenError::OtherPlaintext) => Ok(()),
		Ok(_) => Err(DisputeRejection::DataIsCorrect),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		chunk::ChunkCommitment,
		envelope::seal_order,
		hash::sha256,
		key_tree::KeyTree,
		range::{BatchCommitment, Peaks},
		tree,
	};
	use alloc::vec::Vec;

	const CONTEXT: OrderContext =
		OrderContext { genesis: [1; 32], order: [2; 32], dataset: [3; 32] };
	const BATCHES: u32 = 5;
	const CHUNKS: u32 = 3;

	struct Sale {
		tree: KeyTree,
		secret: EnvelopeSecret,
		chunks: Vec<Vec<(ChunkCommitment, Vec<u8>)>>,
		range: Vec<BatchCommitment>,
		root: Hash,
	}

	/// A sale of five batches whose very last chunk `spoil` may alter before it is committed to.
	fn sale(spoil: impl Fn(&mut ChunkCommitment, &mut Vec<u8>)) -> Sale {
		let tree = KeyTree::from_seed([7; 32]);
		let mut chunks: Vec<Vec<_>> = (0..BATCHES)
			.map(|batch| {
				let key = tree.batch_key(batch);
				(0..CHUNKS).map(|chunk| key.chunk_key(chunk).seal(b"readings").unwrap()).collect()
			})
			.collect();
		let (commitment, ciphertext) = chunks.last_mut().unwrap().last_mut().unwrap();
		spoil(commitment, ciphertext);
		let range: Vec<_> = chunks
			.iter()
			.map(|batch| {
				let leaves: Vec<_> = batch.iter().map(|(leaf, _)| leaf.leaf_hash()).collect();
				BatchCommitment { chunks: CHUNKS, root: tree::root(&leaves) }
			})
			.collect();
		let mut peaks = Peaks::default();
		range.iter().for_each(|batch| peaks.append(batch).unwrap());
		let secret = EnvelopeSecret::from_bytes([9; 32]);
		Sale { tree, secret, chunks, range, root: peaks.root() }
	}

	impl Sale {
		fn proof(&self) -> ChunkProof {
			let chunks: Vec<_> = self.chunks[4].iter().map(|(commitment, _)| *commitment).collect();
			ChunkProof::new(&self.range, 4, &chunks, 2).unwrap()
		}

		fn envelope(&self, tree: &KeyTree, batches: u32) -> Vec<u8> {
			seal_order(&tree.cover(batches), &self.secret.public_key(), &CONTEXT, [5; 32]).unwrap()
		}

		fn dispute_key(
			&self,
			envelope: &[u8],
			proof: Option<&ChunkProof>,
		) -> Result<(), DisputeRejection> {
			let buyer_key = self.secret.public_key();
			let (secret, root) = (&self.secret, &self.root);
			verify_wrong_key(secret, &buyer_key, envelope, &CONTEXT, BATCHES, root, proof)
		}

		fn dispute_data(&self) -> Result<(), DisputeRejection> {
			let key = self.tree.batch_key(4).chunk_key(2);
			verify_wrong_data(&self.proof(), &key, &self.chunks[4][2].1, BATCHES, &self.root)
		}
	}

	#[test]
	fn a_correct_delivery_cannot_be_disputed() {
		let sale = sale(|_, _| ());
		let envelope = sale.envelope(&sale.tree, BATCHES);
		assert_eq!(sale.dispute_key(&envelope, None), Err(DisputeRejection::ProofMissing));
		assert_eq!(
			sale.dispute_key(&envelope, Some(&sale.proof())),
			Err(DisputeRejection::KeyIsCorrect)
		);
		assert_eq!(sale.dispute_data(), Err(DisputeRejection::DataIsCorrect));
	}

	#[test]
	fn a_wrong_key_is_proved() {
		let sale = sale(|_, _| ());
		let wrong = sale.envelope(&KeyTree::from_seed([8; 32]), BATCHES);
		assert_eq!(sale.dispute_key(&wrong, Some(&sale.proof())), Ok(()));
		assert_eq!(sale.dispute_key(&sale.envelope(&sale.tree, BATCHES - 1), None), Ok(()));
		let mut garbage = sale.envelope(&sale.tree, BATCHES);
		*garbage.last_mut().unwrap() ^= 1;
		assert_eq!(sale.dispute_key(&garbage, None), Ok(()));
	}

	#[test]
	fn a_proof_for_other_data_is_refused() {
		let sale = sale(|_, _| ());
		let wrong = sale.envelope(&KeyTree::from_seed([8; 32]), BATCHES);
		let foreign = ChunkProof { batch: 3, ..sale.proof() };
		assert_eq!(sale.dispute_key(&wrong, Some(&foreign)), Err(DisputeRejection::ProofInvalid));
	}

	#[test]
	fn only_the_orders_own_secret_counts() {
		let sale = sale(|_, _| ());
		let stranger = EnvelopeSecret::from_bytes([1; 32]);
		let verdict = verify_wrong_key(
			&stranger,
			&sale.secret.public_key(),
			&[],
			&CONTEXT,
			BATCHES,
			&sale.root,
			None,
		);
		assert_eq!(verdict, Err(DisputeRejection::OtherKey));
	}

	#[test]
	fn wrong_data_is_proved() {
		let other_plaintext = sale(|commitment, _| commitment.plaintext = [0; 32]);
		assert_eq!(other_plaintext.dispute_data(), Ok(()));
		let undecryptable = sale(|commitment, ciphertext| {
			ciphertext[0] ^= 1;
			commitment.ciphertext = sha256(&[ciphertext]);
		});
		assert_eq!(undecryptable.dispute_data(), Ok(()));
	}

	#[test]
	fn what_a_store_altered_is_not_the_owners_fault() {
		let mut sale = sale(|_, _| ());
		sale.chunks[4][2].1[0] ^= 1;
		assert_eq!(sale.dispute_data(), Err(DisputeRejection::OtherCiphertext));
	}

	#[test]
	fn a_key_of_another_chunk_proves_nothing() {
		let sale = sale(|commitment, _| commitment.plaintext = [0; 32]);
		let other = sale.tree.batch_key(4).chunk_key(1);
		let ciphertext = &sale.chunks[4][2].1;
		assert_eq!(
			verify_wrong_data(&sale.proof(), &other, ciphertext, BATCHES, &sale.root),
			Err(DisputeRejection::OtherKey)
		);
	}
}
