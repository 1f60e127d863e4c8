//! One secret for all batches of a data set, from which the keys of exactly the batches that were sold
//! can be handed out in a few hundred bytes.
//!
//! The batch keys are the leaves of a pseudorandom-function tree of height 32 (Goldreich, Goldwasser,
//! Micali, JACM 1986): a node's children are HMAC-SHA256 of the bit under the node's seed. The batches
//! [0, n) are the leaves below one node for each set bit of n, so a cover has at most 32 seeds and says
//! nothing of later batches.

use crate::{
	chunk::ChunkKey,
	hash::{hmac_sha256, Hash},
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const HEIGHT: u8 = 32;
/// Length of an encoded cover of `nodes` nodes is at most this times `nodes`, and one.
const ENCODED_NODE_LENGTH: usize = 1 + 4 + 32;
/// Most nodes in a cover.
pub const MAX_COVER_NODES: usize = 32;
/// Longest encoding of a cover, in bytes.
pub const MAX_COVER_LENGTH: usize = 2 + MAX_COVER_NODES * ENCODED_NODE_LENGTH;

/// The secret of a data set.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct KeyTree([u8; 32]);

/// The secret of one batch.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct BatchKey([u8; 32]);

#[derive(Clone, PartialEq, Eq, Encode, Decode, Zeroize, ZeroizeOnDrop)]
struct KeyNode {
	/// Distance from the leaves, 0 to 31.
	height: u8,
	/// Position among the nodes of the same height.
	index: u32,
	seed: [u8; 32],
}

/// The secrets of the first batches of a data set.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyCover {
	nodes: Vec<KeyNode>,
	batches: u32,
}

impl KeyTree {
	/// The tree that grows from `seed`, which must be uniformly random.
	pub fn from_seed(seed: [u8; 32]) -> Self {
		Self(seed)
	}

	/// The seed, to be wrapped for owner and agent.
	pub fn seed(&self) -> &[u8; 32] {
		&self.0
	}

	/// The secret from which the owner makes the envelope of `order`: always the same for the same order.
	pub fn envelope_seed(&self, order: &Hash) -> Zeroizing<[u8; 32]> {
		Zeroizing::new(hmac_sha256(&self.0, &[b"m-sec owner's envelope seed", order]))
	}

	/// The key of batch `index`.
	pub fn batch_key(&self, index: u32) -> BatchKey {
		BatchKey(descend(&self.0, HEIGHT, 0, index))
	}

	/// The secrets of exactly the batches [0, `batches`).
	pub fn cover(&self, batches: u32) -> KeyCover {
		let mut nodes = Vec::new();
		let mut first = 0u32;
		for height in (0..HEIGHT).rev().filter(|height| batches & (1 << height) != 0) {
			let seed = descend(&self.0, HEIGHT, height, first >> height);
			nodes.push(KeyNode { height, index: first >> height, seed });
			// Wraps only after the last node of a full range, and is not read again then.
			first = first.wrapping_add(1 << height);
		}
		KeyCover { nodes, batches }
	}
}

impl BatchKey {
	/// The key of the batch's chunk `index`.
	pub fn chunk_key(&self, index: u32) -> ChunkKey {
		ChunkKey::from_bytes(hmac_sha256(&self.0, &[b"m-sec chunk key", &index.to_le_bytes()]))
	}
}

impl KeyCover {
	/// Number of batches whose keys the cover yields, counted from the first.
	pub fn batches(&self) -> u32 {
		self.batches
	}

	/// The key of batch `index`, when it is covered.
	pub fn batch_key(&self, index: u32) -> Option<BatchKey> {
		let node = self.nodes.iter().find(|node| index >> node.height == node.index)?;
		Some(BatchKey(descend(&node.seed, node.height, 0, index)))
	}

	/// SCALE encoding, at most [`MAX_COVER_LENGTH`] bytes.
	pub fn encode(&self) -> Zeroizing<Vec<u8>> {
		Zeroizing::new(self.nodes.encode())
	}

	/// Reads a cover; `None` unless its nodes lie side by side from batch 0 on and nothing follows.
	pub fn decode(bytes: &[u8]) -> Option<Self> {
		if bytes.len() > MAX_COVER_LENGTH {
			return None;
		}
		let mut rest = bytes;
		let nodes = Vec::<KeyNode>::decode(&mut rest).ok()?;
		if !rest.is_empty() || nodes.len() > MAX_COVER_NODES {
			return None;
		}
		let mut batches = 0u32;
		for node in &nodes {
			let size = (node.height < HEIGHT).then(|| 1u32 << node.height)?;
			if u64::from(node.index) << node.height != u64::from(batches) {
				return None;
			}
			batches = batches.checked_add(size)?;
		}
		Some(Self { nodes, batches })
	}
}

/// The seed of node `index` at height `to`, below the node at height `from` whose seed is `seed`.
fn descend(seed: &[u8; 32], from: u8, to: u8, index: u32) -> [u8; 32] {
	let mut node = Zeroizing::new(*seed);
	for level in (to..from).rev() {
		let bit = (index >> (level - to)) & 1;
		*node = hmac_sha256(&node, &[&[bit as u8]]);
	}
	*node
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		#[test]
		fn a_cover_yields_the_keys_of_its_batches_and_no_other(
			seed: [u8; 32], batches: u32, inside: u32, outside: u32,
		) {
			let tree = KeyTree::from_seed(seed);
			let cover = tree.cover(batches);
			prop_assert_eq!(cover.batches(), batches);
			if let Some(inside) = inside.checked_rem(batches) {
				prop_assert!(cover.batch_key(inside) == Some(tree.batch_key(inside)));
			}
			let outside = batches.saturating_add(outside);
			prop_assert!(cover.batch_key(outside).is_none());
			let encoded = cover.encode();
			prop_assert!(encoded.len() <= MAX_COVER_LENGTH);
			prop_assert!(KeyCover::decode(&encoded) == Some(cover));
		}

		#[test]
		fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1500)) {
			if let Some(cover) = KeyCover::decode(&bytes) {
				prop_assert_eq!(&*cover.encode(), &bytes);
			}
		}
	}

	#[test]
	fn the_seed_of_an_envelope_depends_on_tree_and_order_only() {
		let tree = KeyTree::from_seed([7; 32]);
		let seed = tree.envelope_seed(&[1; 32]);
		assert_eq!(seed, tree.envelope_seed(&[1; 32]));
		assert_ne!(seed, tree.envelope_seed(&[2; 32]));
		assert_ne!(seed, KeyTree::from_seed([8; 32]).envelope_seed(&[1; 32]));
	}

	#[test]
	fn nodes_must_lie_side_by_side() {
		let tree = KeyTree::from_seed([7; 32]);
		let mut cover = tree.cover(3);
		cover.nodes.swap(0, 1);
		assert!(KeyCover::decode(&cover.encode()).is_none());
		let mut cover = tree.cover(3);
		cover.nodes.remove(0);
		assert!(KeyCover::decode(&cover.encode()).is_none());
	}

	#[test]
	fn a_full_cover_keeps_within_its_length() {
		let cover = KeyTree::from_seed([7; 32]).cover(u32::MAX);
		assert_eq!(cover.nodes.len(), MAX_COVER_NODES);
		assert!(cover.encode().len() <= MAX_COVER_LENGTH);
		assert!(KeyCover::decode(&cover.encode()) == Some(cover));
	}
}
