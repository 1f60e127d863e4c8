//! One secret for all batches of a data set, from which the keys of exactly the batches that were sold
//! can be handed out in a few hundred bytes.
//!
//! The batch keys are the leaves of a pseudorandom-function tree of height 32 (Goldreich, Goldwasser,
//! Micali, JACM 1986): a node's children are HMAC-SHA256 of the bit under the node's seed. The batches
//! [0, n) are the leaves below one node for each set bit of n, so a cover has at most 32 seeds and says
//! nothing of later batches.
//!
//! After a breach the secret is *renewed*: another tree with a seed of its own yields the keys from some
//! batch on, counted from that batch. Whoever knows the former seeds alone learns nothing of it. A
//! *generation* that is over is handed out as one node, which may have more leaves than there are batches:
//! nothing is encrypted with the others.

use crate::{
	chunk::ChunkKey,
	hash::{hmac_sha256, Hash},
};
use alloc::{vec, vec::Vec};
use codec::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const HEIGHT: u8 = 32;
/// Length of an encoded cover of `nodes` nodes is at most this times `nodes`, and one.
const ENCODED_NODE_LENGTH: usize = 1 + 4 + 32;
/// Most nodes in a cover.
pub const MAX_COVER_NODES: usize = 32;
/// Longest encoding of a cover, in bytes.
pub const MAX_COVER_LENGTH: usize = 2 + MAX_COVER_NODES * ENCODED_NODE_LENGTH;
/// Most generations of a secret. Those that are over take one node of a cover each, and leave 21 for two
/// million batches of the last one.
pub const MAX_GENERATIONS: usize = 12;
/// Longest encoding of a secret, in bytes.
pub const MAX_KEY_TREE_LENGTH: usize = MAX_GENERATIONS * ENCODED_GENERATION_LENGTH;
const ENCODED_GENERATION_LENGTH: usize = 4 + SEED_LENGTH;
const SEED_LENGTH: usize = 32;
/// In a node's height: it is the first of a later generation, and its index is that generation's first
/// batch.
const BEGINS_GENERATION: u8 = 0x80;

/// The secret of a data set: its generations in order, of which the first begins with batch 0.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyTree(Vec<Generation>);

#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
struct Generation {
	/// The first batch whose key it yields.
	first: u32,
	seed: [u8; SEED_LENGTH],
}

/// The secret of one batch.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct BatchKey([u8; 32]);

#[derive(Clone, PartialEq, Eq, Encode, Decode, Zeroize, ZeroizeOnDrop)]
struct KeyNode {
	/// Distance from the leaves, 0 to 31, and [`BEGINS_GENERATION`].
	height: u8,
	/// Position among the nodes of the same height in its generation.
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
		Self(vec![Generation { first: 0, seed }])
	}

	/// The secret whose batches from `first` on have keys that only `seed` yields, which must be uniformly
	/// random. No batch from `first` on may have been sealed yet. `None` when `first` lies in a generation
	/// that is over, when the last one would have more than 2³¹ batches, or when there are
	/// [`MAX_GENERATIONS`] already.
	pub fn renewed(&self, first: u32, seed: [u8; 32]) -> Option<Self> {
		let mut generations = self.0.clone();
		let last = self.last_generation();
		match first.checked_sub(last.first)? {
			// Nothing was sealed with the last generation.
			0 => drop(generations.pop()),
			length if length > 1 << (HEIGHT - 1) => return None,
			_ => (),
		}
		generations.push(Generation { first, seed });
		(generations.len() <= MAX_GENERATIONS).then_some(Self(generations))
	}

	/// How many generations there are.
	pub fn generations(&self) -> usize {
		self.0.len()
	}

	/// The first batch of the last generation.
	pub fn renewed_at(&self) -> u32 {
		self.last_generation().first
	}

	/// The secret as bytes, to be wrapped for owner and agent: the seed alone, or, of several generations,
	/// first batch and seed of each. At most [`MAX_KEY_TREE_LENGTH`] bytes.
	pub fn encode(&self) -> Zeroizing<Vec<u8>> {
		let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_KEY_TREE_LENGTH));
		if let [only] = self.0.as_slice() {
			bytes.extend_from_slice(&only.seed);
			return bytes;
		}
		for generation in &self.0 {
			bytes.extend_from_slice(&generation.first.to_le_bytes());
			bytes.extend_from_slice(&generation.seed);
		}
		bytes
	}

	/// Reads what [`Self::encode`] wrote; `None` for anything else.
	pub fn decode(bytes: &[u8]) -> Option<Self> {
		if let Ok(seed) = bytes.try_into() {
			return Some(Self::from_seed(seed));
		}
		if bytes.len() > MAX_KEY_TREE_LENGTH
			|| !bytes.len().is_multiple_of(ENCODED_GENERATION_LENGTH)
		{
			return None;
		}
		let mut parts = bytes.chunks_exact(ENCODED_GENERATION_LENGTH).map(|part| {
			let (first, seed) = part.split_first_chunk::<4>()?;
			Some((u32::from_le_bytes(*first), seed.try_into().ok()?))
		});
		let (0, seed) = parts.next()?? else { return None };
		let mut tree = Self::from_seed(seed);
		for part in parts {
			let (first, seed) = part?;
			if first == tree.renewed_at() {
				return None;
			}
			tree = tree.renewed(first, seed)?;
		}
		(tree.generations() > 1).then_some(tree)
	}

	/// The secret from which the owner makes the envelope of `order`: always the same for the same order
	/// and generation.
	pub fn envelope_seed(&self, order: &Hash) -> Zeroizing<[u8; 32]> {
		let seed = &self.last_generation().seed;
		Zeroizing::new(hmac_sha256(seed, &[b"m-sec owner's envelope seed", order]))
	}

	/// The key of batch `index`.
	pub fn batch_key(&self, index: u32) -> BatchKey {
		let generation =
			self.0.iter().rev().find(|generation| generation.first <= index).unwrap_or(&self.0[0]);
		BatchKey(descend(&generation.seed, HEIGHT, 0, index - generation.first))
	}

	/// The secrets of exactly the batches [0, `batches`).
	pub fn cover(&self, batches: u32) -> KeyCover {
		let mut nodes = Vec::new();
		let mut generations = self.0.iter().peekable();
		while let Some(generation) = generations.next() {
			let Some(length) = batches.checked_sub(generation.first).filter(|length| *length > 0)
			else {
				break;
			};
			let at = nodes.len();
			match generations.peek().filter(|next| next.first < batches) {
				Some(next) => nodes.push(generation.whole(next.first - generation.first)),
				None => generation.push_cover(length, &mut nodes),
			}
			if generation.first > 0 {
				let node: &mut KeyNode = &mut nodes[at];
				node.height |= BEGINS_GENERATION;
				node.index = generation.first;
			}
		}
		KeyCover { nodes, batches }
	}

	fn last_generation(&self) -> &Generation {
		self.0.last().expect("there is a first generation, and none is ever taken away; qed")
	}
}

impl Generation {
	/// The lowest node on the left that has at least `length` leaves, which are 1 to 2³¹.
	fn whole(&self, length: u32) -> KeyNode {
		let height = length.next_power_of_two().trailing_zeros() as u8;
		KeyNode { height, index: 0, seed: descend(&self.seed, HEIGHT, height, 0) }
	}

	/// The nodes below which exactly the first `length` leaves lie.
	fn push_cover(&self, length: u32, nodes: &mut Vec<KeyNode>) {
		let mut first = 0u32;
		for height in (0..HEIGHT).rev().filter(|height| length & (1 << height) != 0) {
			let seed = descend(&self.seed, HEIGHT, height, first >> height);
			nodes.push(KeyNode { height, index: first >> height, seed });
			// Wraps only after the last node of a full range, and is not read again then.
			first = first.wrapping_add(1 << height);
		}
	}
}

impl KeyNode {
	fn begins_generation(&self) -> bool {
		self.height & BEGINS_GENERATION != 0
	}

	fn height(&self) -> u8 {
		self.height & !BEGINS_GENERATION
	}

	fn position(&self) -> u32 {
		match self.begins_generation() {
			true => 0,
			false => self.index,
		}
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

	/// Whether it has as many nodes as an envelope can hold.
	pub fn fits(&self) -> bool {
		self.nodes.len() <= MAX_COVER_NODES
	}

	/// The key of batch `index`, when it is covered.
	pub fn batch_key(&self, index: u32) -> Option<BatchKey> {
		if index >= self.batches {
			return None;
		}
		let (mut first, mut found) = (0, None);
		for node in &self.nodes {
			if node.begins_generation() {
				first = node.index;
			}
			let Some(leaf) = index.checked_sub(first) else { break };
			if leaf >> node.height() == node.position() {
				// What a later generation has is not that of an earlier one.
				found = Some((node, leaf));
			}
		}
		let (node, leaf) = found?;
		Some(BatchKey(descend(&node.seed, node.height(), 0, leaf)))
	}

	/// SCALE encoding, at most [`MAX_COVER_LENGTH`] bytes if the cover [fits](Self::fits).
	pub fn encode(&self) -> Zeroizing<Vec<u8>> {
		Zeroizing::new(self.nodes.encode())
	}

	/// Reads a cover; `None` unless its nodes lie side by side from batch 0 on and nothing follows. Where a
	/// generation begins, it takes over from what the one before has left.
	pub fn decode(bytes: &[u8]) -> Option<Self> {
		if bytes.len() > MAX_COVER_LENGTH {
			return None;
		}
		let mut rest = bytes;
		let nodes = Vec::<KeyNode>::decode(&mut rest).ok()?;
		if !rest.is_empty() || nodes.len() > MAX_COVER_NODES {
			return None;
		}
		let (mut first, mut batches) = (0u32, 0u32);
		for node in &nodes {
			let size = (node.height() < HEIGHT).then(|| 1u32 << node.height())?;
			if node.begins_generation() {
				if node.index <= first || node.index > batches {
					return None;
				}
				(first, batches) = (node.index, node.index);
			} else if u64::from(node.index) << node.height() != u64::from(batches - first) {
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
		fn a_cover_of_several_generations_yields_the_keys_of_its_batches_and_no_other(
			lengths in proptest::collection::vec(1u32..5000, 1..MAX_GENERATIONS),
			batches in 0u32..60_000, inside: u32, outside: u32,
		) {
			let mut tree = KeyTree::from_seed([1; 32]);
			for (length, seed) in lengths.iter().zip(2u8..) {
				tree = tree.renewed(tree.renewed_at() + length, [seed; 32]).unwrap();
			}
			prop_assert!(KeyTree::decode(&tree.encode()) == Some(tree.clone()));
			let cover = tree.cover(batches);
			prop_assert!(cover.fits());
			prop_assert_eq!(cover.batches(), batches);
			if let Some(inside) = inside.checked_rem(batches) {
				prop_assert!(cover.batch_key(inside) == Some(tree.batch_key(inside)));
			}
			prop_assert!(cover.batch_key(batches.saturating_add(outside)).is_none());
			prop_assert!(KeyCover::decode(&cover.encode()) == Some(cover));
		}

		#[test]
		fn arbitrary_secrets_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
			if let Some(tree) = KeyTree::decode(&bytes) {
				prop_assert_eq!(&*tree.encode(), &bytes);
			}
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

	/// The defect of the product before: who could read went on reading what came after.
	#[test]
	fn a_revoked_agent_cannot_read_new_data() {
		let old = KeyTree::from_seed([7; 32]);
		let new = old.renewed(1000, [8; 32]).unwrap();
		assert!((0..1000).all(|batch| old.batch_key(batch) == new.batch_key(batch)));
		let known: Vec<_> = (0..4096).map(|batch| old.batch_key(batch)).collect();
		assert!((1000..1100).all(|batch| !known.contains(&new.batch_key(batch))));
		// Buyers of what is over have one node for all of it, and no more of what follows than they bought.
		let cover = new.cover(1001);
		assert_eq!(cover.nodes.len(), 2);
		assert!(cover.batch_key(1000) == Some(new.batch_key(1000)));
		assert!(cover.batch_key(1001).is_none());
	}

	#[test]
	fn a_secret_is_renewed_within_its_bounds() {
		let tree = KeyTree::from_seed([1; 32]);
		assert_eq!(tree.encode().as_slice(), [1; 32]);
		assert_eq!((tree.generations(), tree.renewed_at()), (1, 0));
		let unused = tree.renewed(0, [2; 32]).unwrap();
		assert!(unused == KeyTree::from_seed([2; 32]));
		let later = tree.renewed(5, [2; 32]).unwrap();
		assert_eq!((later.generations(), later.renewed_at()), (2, 5));
		assert!(later.renewed(4, [3; 32]).is_none());
		assert!(later.renewed(5, [3; 32]) == tree.renewed(5, [3; 32]));
		assert!(tree.renewed((1 << 31) + 1, [2; 32]).is_none());
		let mut full = tree;
		for first in 1..MAX_GENERATIONS as u32 {
			full = full.renewed(first, [9; 32]).unwrap();
		}
		assert!(full.renewed(100, [9; 32]).is_none());
		assert_eq!(full.encode().len(), MAX_KEY_TREE_LENGTH);
		assert!(KeyTree::decode(&full.encode()[..36]).is_none(), "one generation is its seed");
	}

	#[test]
	fn a_cover_of_too_many_nodes_does_not_fit() {
		let tree = KeyTree::from_seed([1; 32]).renewed(1, [2; 32]).unwrap();
		let tree = tree.renewed(2, [3; 32]).unwrap();
		// Two nodes for the first two generations, and one for each of the 31 bits set.
		let cover = tree.cover(2 + (u32::MAX >> 1));
		assert_eq!(cover.nodes.len(), MAX_COVER_NODES + 1);
		assert!(!cover.fits());
		assert!(tree.cover(2 + (u32::MAX >> 2)).fits());
	}

	#[test]
	fn generations_take_over_in_order() {
		let tree = KeyTree::from_seed([7; 32]).renewed(5, [8; 32]).unwrap();
		let cover = tree.cover(6);
		let node = cover.nodes[1].clone();
		assert_eq!((node.height, node.index), (BEGINS_GENERATION, 5));
		for index in [0, 9] {
			let mut cover = tree.cover(6);
			cover.nodes[1].index = index;
			assert!(KeyCover::decode(&cover.encode()).is_none(), "{index}");
		}
		let alone = KeyCover { nodes: vec![node], batches: 6 };
		assert!(KeyCover::decode(&alone.encode()).is_none());
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
