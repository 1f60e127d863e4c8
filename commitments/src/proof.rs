//! Proof that a chunk belongs to a data set.

use crate::{
	chunk::ChunkCommitment,
	hash::Hash,
	range::BatchCommitment,
	tree::{inclusion_path, root_from_path, verify_inclusion},
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode};
use scale_info::TypeInfo;

/// A chunk's commitment with its way up to the data set's tree head.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct ChunkProof {
	/// Which batch of the data set.
	pub batch: u32,
	/// Which chunk of the batch.
	pub chunk: u32,
	/// How many chunks the batch has.
	pub chunks: u32,
	/// The chunk's leaf.
	pub commitment: ChunkCommitment,
	/// From the chunk's leaf to the batch's head, at most 10 hashes.
	pub chunk_path: Vec<Hash>,
	/// From the batch's leaf to the data set's head, at most 32 hashes.
	pub batch_path: Vec<Hash>,
}

impl ChunkProof {
	/// Proves chunk `chunk` of batch `batch`, given all chunks of that batch and all batches of the
	/// range; `None` when there is no such chunk.
	pub fn new(
		batches: &[BatchCommitment],
		batch: u32,
		chunks: &[ChunkCommitment],
		chunk: u32,
	) -> Option<Self> {
		let batch_leaves: Vec<_> = batches.iter().map(BatchCommitment::leaf_hash).collect();
		let chunk_leaves: Vec<_> = chunks.iter().map(ChunkCommitment::leaf_hash).collect();
		Some(Self {
			batch,
			chunk,
			chunks: chunks.len().try_into().ok()?,
			commitment: *chunks.get(chunk as usize)?,
			chunk_path: inclusion_path(&chunk_leaves, chunk)?,
			batch_path: inclusion_path(&batch_leaves, batch)?,
		})
	}

	/// Whether the chunk belongs to the range of `batches` batches with the head `range_root`.
	pub fn verify(&self, batches: u32, range_root: &Hash) -> bool {
		let leaf = self.commitment.leaf_hash();
		let Some(root) = root_from_path(&leaf, self.chunk, self.chunks, &self.chunk_path) else {
			return false;
		};
		let batch = BatchCommitment { chunks: self.chunks, root };
		batch.is_valid()
			&& verify_inclusion(
				&batch.leaf_hash(),
				self.batch,
				batches,
				&self.batch_path,
				range_root,
			)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{range::Peaks, tree};
	use proptest::prelude::*;

	fn commitment(seed: u32) -> ChunkCommitment {
		let hash = tree::leaf_hash(&seed.to_le_bytes());
		ChunkCommitment { plaintext: hash, ciphertext: hash, key: hash }
	}

	proptest! {
		#[test]
		fn a_chunk_is_proved_at_its_place_only(
			batches in 1u32..12, chunks in 1u32..40, batch in 0u32..12, chunk in 0u32..40,
		) {
			let (batch, chunk) = (batch % batches, chunk % chunks);
			let leaves = |batch: u32| -> Vec<_> {
				(0..chunks).map(|chunk| commitment(batch * chunks + chunk)).collect()
			};
			let range: Vec<_> = (0..batches)
				.map(|batch| {
					let hashes: Vec<_> = leaves(batch).iter().map(ChunkCommitment::leaf_hash).collect();
					BatchCommitment { chunks, root: tree::root(&hashes) }
				})
				.collect();
			let mut peaks = Peaks::default();
			range.iter().for_each(|batch| peaks.append(batch).unwrap());
			let proof = ChunkProof::new(&range, batch, &leaves(batch), chunk).unwrap();
			prop_assert!(proof.verify(batches, &peaks.root()));
			for wrong in [
				ChunkProof { batch: batch + 1, ..proof.clone() },
				ChunkProof { chunk: chunk + 1, ..proof.clone() },
				ChunkProof { chunks: chunks + 1, ..proof.clone() },
				ChunkProof { commitment: commitment(u32::MAX), ..proof.clone() },
			] {
				prop_assert!(!wrong.verify(batches, &peaks.root()));
			}
		}
	}
}
