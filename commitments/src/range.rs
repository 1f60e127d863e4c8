//! A data set's tree over its batches, kept as peaks so that appending costs O(log n) and no batch is
//! stored. The peaks are the perfect subtrees of the tree of RFC 9162 from left to right, one for each
//! set bit of the number of batches.

use crate::{
	chunk::MAX_CHUNKS_PER_BATCH,
	hash::Hash,
	tree::{leaf_hash, Frontier},
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Most peaks a range can have: one a bit of the number of batches.
pub const MAX_PEAKS: usize = 32;

/// What the chain is told of a batch.
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
pub struct BatchCommitment {
	/// Number of chunks, from 1 to [`MAX_CHUNKS_PER_BATCH`].
	pub chunks: u32,
	/// Head of the Merkle tree over the chunks' commitments.
	pub root: Hash,
}

impl BatchCommitment {
	/// The batch as a leaf of the data set's tree.
	pub fn leaf_hash(&self) -> Hash {
		leaf_hash(&self.encode())
	}

	/// Whether the number of chunks is one that a batch can have.
	pub fn is_valid(&self) -> bool {
		(1..=MAX_CHUNKS_PER_BATCH).contains(&self.chunks)
	}
}

/// The peaks of a data set's tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peaks(Frontier);

impl Peaks {
	/// Peaks as they were stored; `None` unless there is one for each set bit of `batches`.
	pub fn new(batches: u32, hashes: Vec<Hash>) -> Option<Self> {
		Frontier::new(batches, hashes).map(Self)
	}

	/// Number of batches.
	pub fn batches(&self) -> u32 {
		self.0.leaves()
	}

	/// The peaks from left to right, at most [`MAX_PEAKS`].
	pub fn hashes(&self) -> &[Hash] {
		self.0.heads()
	}

	/// Adds a batch; `None`, and no change, when 2³² − 1 are already there.
	pub fn append(&mut self, batch: &BatchCommitment) -> Option<()> {
		self.0.append(batch.leaf_hash())
	}

	/// Merkle tree head over all batches.
	pub fn root(&self) -> Hash {
		self.0.root()
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::tree;
	use proptest::prelude::*;

	proptest! {
		#[test]
		fn peaks_have_the_root_of_the_whole_tree(count in 0u32..200) {
			let batches: Vec<_> =
				(0..count).map(|index| BatchCommitment { chunks: 1 + index, root: [index as u8; 32] }).collect();
			let mut peaks = Peaks::default();
			for batch in &batches {
				peaks.append(batch).unwrap();
			}
			let leaves: Vec<_> = batches.iter().map(BatchCommitment::leaf_hash).collect();
			prop_assert_eq!(peaks.root(), tree::root(&leaves));
			prop_assert_eq!(Peaks::new(count, peaks.hashes().to_vec()), Some(peaks));
		}
	}

	#[test]
	fn a_full_range_takes_no_more() {
		let mut peaks = Peaks::new(u32::MAX, alloc::vec![[0; 32]; MAX_PEAKS]).unwrap();
		assert_eq!(peaks.append(&BatchCommitment { chunks: 1, root: [0; 32] }), None);
		assert_eq!(peaks.batches(), u32::MAX);
	}

	#[test]
	fn peaks_that_do_not_fit_their_number_are_refused() {
		assert_eq!(Peaks::new(3, alloc::vec![[0; 32]]), None);
	}
}
