//! Merkle trees as in Certificate Transparency (RFC 9162, section 2.1), over SHA-256.

use crate::hash::{sha256, Hash};
use alloc::vec::Vec;

/// Hash of a leaf: SHA-256(0x00 ‖ data).
pub fn leaf_hash(data: &[u8]) -> Hash {
	sha256(&[&[0], data])
}

/// Hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
	sha256(&[&[1], left, right])
}

/// Merkle tree head over leaf hashes; that of no leaves is SHA-256 of nothing.
pub fn root(leaves: &[Hash]) -> Hash {
	match leaves {
		[] => sha256(&[]),
		[leaf] => *leaf,
		_ => {
			let (left, right) = leaves.split_at(left_size(leaves.len()));
			node_hash(&root(left), &root(right))
		},
	}
}

/// Inclusion path of leaf `index`, from the leaf upwards; `None` when there is no such leaf.
pub fn inclusion_path(leaves: &[Hash], index: u32) -> Option<Vec<Hash>> {
	let mut index = index as usize;
	if index >= leaves.len() {
		return None;
	}
	let mut path = Vec::new();
	let mut rest = leaves;
	while rest.len() > 1 {
		let (left, right) = rest.split_at(left_size(rest.len()));
		if index < left.len() {
			path.push(root(right));
			rest = left;
		} else {
			path.push(root(left));
			index -= left.len();
			rest = right;
		}
	}
	path.reverse();
	Some(path)
}

/// Tree head of a tree of `size` leaves to which `path` leads from leaf hash `leaf` at `index`; `None`
/// when the path's length does not fit (RFC 9162, section 2.1.3.2).
pub fn root_from_path(leaf: &Hash, index: u32, size: u32, path: &[Hash]) -> Option<Hash> {
	let mut last = size.checked_sub(1)?;
	if index > last {
		return None;
	}
	let (mut node, mut hash) = (index, *leaf);
	for sibling in path {
		if last == 0 {
			return None;
		}
		// A last node without a sibling rises until it is a right child.
		while node == last && node & 1 == 0 {
			node >>= 1;
			last >>= 1;
		}
		hash = if node & 1 == 1 { node_hash(sibling, &hash) } else { node_hash(&hash, sibling) };
		node >>= 1;
		last >>= 1;
	}
	(last == 0).then_some(hash)
}

/// A tree that grows leaf by leaf and keeps only the heads of its perfect subtrees, from left to right:
/// one for each set bit of the number of leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
	leaves: u32,
	heads: Vec<Hash>,
}

impl Frontier {
	/// A tree as it was kept; `None` unless there is one head for each set bit of `leaves`.
	pub fn new(leaves: u32, heads: Vec<Hash>) -> Option<Self> {
		(leaves.count_ones() as usize == heads.len()).then_some(Self { leaves, heads })
	}

	/// Number of leaves.
	pub fn leaves(&self) -> u32 {
		self.leaves
	}

	/// The heads from left to right, at most 32.
	pub fn heads(&self) -> &[Hash] {
		&self.heads
	}

	/// Adds a leaf hash; `None`, and no change, when 2³² − 1 are already there.
	pub fn append(&mut self, leaf: Hash) -> Option<()> {
		let leaves = self.leaves.checked_add(1)?;
		let mut hash = leaf;
		for _ in 0..self.leaves.trailing_ones() {
			let left = self.heads.pop()?;
			hash = node_hash(&left, &hash);
		}
		self.heads.push(hash);
		self.leaves = leaves;
		Some(())
	}

	/// Merkle tree head over all leaves.
	pub fn root(&self) -> Hash {
		match self.heads.split_last() {
			None => sha256(&[]),
			Some((last, rest)) => {
				rest.iter().rev().fold(*last, |hash, head| node_hash(head, &hash))
			},
		}
	}
}

/// Whether `path` leads from leaf hash `leaf` at `index` to the head `root` of a tree of `size` leaves.
pub fn verify_inclusion(leaf: &Hash, index: u32, size: u32, path: &[Hash], root: &Hash) -> bool {
	root_from_path(leaf, index, size, path).is_some_and(|found| found == *root)
}

/// Largest power of two smaller than `size`, which is at least two.
fn left_size(size: usize) -> usize {
	size.next_power_of_two() / 2
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn leaves(count: u32) -> Vec<Hash> {
		(0..count).map(|index| leaf_hash(&index.to_le_bytes())).collect()
	}

	#[test]
	fn head_of_the_empty_tree_is_the_hash_of_nothing() {
		assert_eq!(
			hex::encode(root(&[])),
			"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		);
	}

	#[test]
	fn head_of_three_leaves_splits_at_two() {
		let all = leaves(3);
		assert_eq!(root(&all), node_hash(&node_hash(&all[0], &all[1]), &all[2]));
	}

	#[test]
	fn there_is_no_path_outside_the_tree() {
		assert_eq!(inclusion_path(&leaves(3), 3), None);
		assert!(!verify_inclusion(&leaf_hash(b""), 0, 0, &[], &root(&[])));
	}

	#[test]
	fn a_tree_that_grows_has_the_head_of_one_that_is_whole() {
		let all = leaves(40);
		let mut frontier = Frontier::default();
		for (index, leaf) in all.iter().enumerate() {
			assert_eq!(frontier.root(), root(&all[..index]));
			frontier.append(*leaf).unwrap();
		}
		assert_eq!(Frontier::new(40, frontier.heads().to_vec()), Some(frontier.clone()));
		assert_eq!(Frontier::new(41, frontier.heads().to_vec()), None);
		let mut full = Frontier::new(u32::MAX, leaves(32)).unwrap();
		assert_eq!(full.append(leaf_hash(b"")), None);
		assert_eq!(full.leaves(), u32::MAX);
	}

	proptest! {
		#[test]
		fn every_leaf_is_included_and_only_at_its_place(size in 1u32..70, index in 0u32..70) {
			let index = index % size;
			let all = leaves(size);
			let head = root(&all);
			let path = inclusion_path(&all, index).unwrap();
			prop_assert!(verify_inclusion(&all[index as usize], index, size, &path, &head));
			for other in (0..size).filter(|other| *other != index) {
				prop_assert!(!verify_inclusion(&all[index as usize], other, size, &path, &head));
			}
			let mut longer = path.clone();
			longer.push([0; 32]);
			prop_assert!(!verify_inclusion(&all[index as usize], index, size, &longer, &head));
			if let Some(shorter) = path.split_last().map(|(_, rest)| rest) {
				prop_assert!(!verify_inclusion(&all[index as usize], index, size, shorter, &head));
			}
		}

		#[test]
		fn arbitrary_proofs_are_refused_without_panic(
			leaf: Hash, index: u32, size: u32, path in proptest::collection::vec(any::<Hash>(), 0..40), head: Hash,
		) {
			prop_assert!(!verify_inclusion(&leaf, index, size, &path, &head));
		}
	}
}
