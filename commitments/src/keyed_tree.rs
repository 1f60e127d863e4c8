//! A Merkle tree with one place for every key: 256 levels, a level for each bit of the key, from the
//! highest bit of its first byte on, over the hashes of [`crate::tree`].
//!
//! A key has exactly one place, so that a path proves either the key's value or that it has none, and
//! whoever makes the tree cannot enter a key twice. A subtree without values is 32 zero bytes, which is
//! no digest that anybody knows something for.

use crate::{
	hash::Hash,
	tree::{leaf_hash, node_hash},
};
use alloc::vec::Vec;
use core::ops::Range;

/// Number of levels, one for each bit of a key.
const LEVELS: usize = 256;
/// What stands for a subtree without values.
const EMPTY: Hash = [0; 32];

/// The siblings on the way to a key, from the head downwards, each with its level; those that are empty
/// are left out.
pub type KeyPath = Vec<(u8, Hash)>;

/// The tree over some keys and their values.
#[derive(Clone, Debug)]
pub struct KeyedTree {
	leaves: Vec<Leaf>,
}

#[derive(Clone, Debug)]
struct Leaf {
	key: Hash,
	value: Hash,
	/// The first level on which no other key shares its subtree.
	level: usize,
	/// The head of its subtree there.
	head: Hash,
}

impl KeyedTree {
	/// The tree over `entries`, which have ascending keys; `None` when they do not ascend.
	pub fn new(entries: &[(Hash, Hash)]) -> Option<Self> {
		if entries.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
			return None;
		}
		let alone_after = |index: usize| {
			let key = &entries[index].0;
			let before = index.checked_sub(1).and_then(|index| entries.get(index));
			let neighbours = before.into_iter().chain(entries.get(index + 1));
			neighbours.map(|(other, _)| common_bits(key, other) + 1).max().unwrap_or(0)
		};
		let leaves = entries.iter().enumerate().map(|(index, (key, value))| {
			let level = alone_after(index);
			Leaf { key: *key, value: *value, level, head: head_of_one(key, value, level) }
		});
		Some(Self { leaves: leaves.collect() })
	}

	/// The head.
	pub fn root(&self) -> Hash {
		self.head(0..self.leaves.len(), 0)
	}

	/// The path to `key`, whether or not it has a value.
	pub fn path(&self, key: &Hash) -> KeyPath {
		let mut path = KeyPath::new();
		let mut range = 0..self.leaves.len();
		for level in 0..=u8::MAX {
			if range.is_empty() {
				break;
			}
			let (left, right) = self.split(&range, level.into());
			let (own, other) = if bit(key, level.into()) { (right, left) } else { (left, right) };
			if !other.is_empty() {
				path.push((level, self.head(other, usize::from(level) + 1)));
			}
			range = own;
		}
		path
	}

	/// The head of the subtree on `level` that has exactly the leaves in `range`.
	fn head(&self, range: Range<usize>, level: usize) -> Hash {
		match &self.leaves[range.clone()] {
			[] => EMPTY,
			[leaf] if leaf.level == level => leaf.head,
			[leaf] => head_of_one(&leaf.key, &leaf.value, level),
			_ => {
				let (left, right) = self.split(&range, level);
				node(&self.head(left, level + 1), &self.head(right, level + 1))
			},
		}
	}

	/// The leaves in `range` by their bit on `level`.
	fn split(&self, range: &Range<usize>, level: usize) -> (Range<usize>, Range<usize>) {
		let left = self.leaves[range.clone()].partition_point(|leaf| !bit(&leaf.key, level));
		let middle = range.start + left;
		(range.start..middle, middle..range.end)
	}
}

/// The head of a tree in which `path` leads to `key` with `value`, or without one; `None` when the levels
/// of the path do not ascend.
pub fn root_from_key_path(key: &Hash, value: Option<&Hash>, path: &[(u8, Hash)]) -> Option<Hash> {
	if path.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
		return None;
	}
	let mut siblings = path.iter().rev().peekable();
	let mut hash = value.map_or(EMPTY, |value| leaf(key, value));
	for level in (0..=u8::MAX).rev() {
		let sibling = siblings.next_if(|(at, _)| *at == level).map_or(EMPTY, |(_, hash)| *hash);
		hash = match bit(key, level.into()) {
			true => node(&sibling, &hash),
			false => node(&hash, &sibling),
		};
	}
	Some(hash)
}

/// The head on `level` of a subtree with one value.
fn head_of_one(key: &Hash, value: &Hash, level: usize) -> Hash {
	(level..LEVELS).rev().fold(leaf(key, value), |hash, level| match bit(key, level) {
		true => node(&EMPTY, &hash),
		false => node(&hash, &EMPTY),
	})
}

fn leaf(key: &Hash, value: &Hash) -> Hash {
	let mut data = [0; 64];
	data[..32].copy_from_slice(key);
	data[32..].copy_from_slice(value);
	leaf_hash(&data)
}

fn node(left: &Hash, right: &Hash) -> Hash {
	match *left == EMPTY && *right == EMPTY {
		true => EMPTY,
		false => node_hash(left, right),
	}
}

fn bit(key: &Hash, level: usize) -> bool {
	(key[level / 8] >> (7 - level % 8)) & 1 == 1
}

/// How many bits two keys have in common from the first on.
fn common_bits(one: &Hash, other: &Hash) -> usize {
	let differing = one.iter().zip(other).position(|(one, other)| one != other);
	differing.map_or(LEVELS, |byte| byte * 8 + (one[byte] ^ other[byte]).leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
	use super::*;
	use alloc::collections::BTreeMap;
	use proptest::prelude::*;

	fn key(first: u8, last: u8) -> Hash {
		let mut key = [0; 32];
		(key[0], key[31]) = (first, last);
		key
	}

	fn tree(entries: &[(Hash, Hash)]) -> KeyedTree {
		KeyedTree::new(entries).unwrap()
	}

	#[test]
	fn a_tree_of_nothing_has_the_empty_head_and_proves_that_keys_are_missing() {
		assert_eq!(tree(&[]).root(), EMPTY);
		assert!(tree(&[]).path(&key(1, 1)).is_empty());
		assert_eq!(root_from_key_path(&key(1, 1), None, &[]), Some(EMPTY));
	}

	#[test]
	fn keys_that_do_not_ascend_are_refused() {
		let (one, two) = ((key(1, 0), [1; 32]), (key(2, 0), [2; 32]));
		assert!(KeyedTree::new(&[one, two]).is_some());
		assert!(KeyedTree::new(&[two, one]).is_none());
		assert!(KeyedTree::new(&[one, one]).is_none());
	}

	/// The same head by the definition, level by level.
	fn head_by_definition(entries: &[(Hash, Hash)], level: usize) -> Hash {
		match entries {
			[] => EMPTY,
			[(key, value)] if level == LEVELS => leaf(key, value),
			_ => {
				let middle = entries.partition_point(|(key, _)| !bit(key, level));
				let (left, right) = entries.split_at(middle);
				node(&head_by_definition(left, level + 1), &head_by_definition(right, level + 1))
			},
		}
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(64))]

		#[test]
		fn what_is_there_and_what_is_missing_is_proved(
			entries in proptest::collection::btree_map((0u8..6, 0u8..6), any::<Hash>(), 0..12),
			asked in (0u8..6, 0u8..6),
		) {
			let entries: BTreeMap<Hash, Hash> =
				entries.into_iter().map(|((first, last), value)| (key(first, last), value)).collect();
			let list: Vec<_> = entries.iter().map(|(key, value)| (*key, *value)).collect();
			let tree = tree(&list);
			prop_assert_eq!(tree.root(), head_by_definition(&list, 0));
			let asked = key(asked.0, asked.1);
			let (value, path) = (entries.get(&asked), tree.path(&asked));
			prop_assert_eq!(root_from_key_path(&asked, value, &path), Some(tree.root()));
			// No other value, and neither presence for absence.
			let other = [9; 32];
			if value != Some(&other) {
				prop_assert_ne!(root_from_key_path(&asked, Some(&other), &path), Some(tree.root()));
			}
			if value.is_some() {
				prop_assert_ne!(root_from_key_path(&asked, None, &path), Some(tree.root()));
			}
		}

		#[test]
		fn arbitrary_paths_are_refused_without_panic(
			key: Hash, value: Option<Hash>, path in proptest::collection::vec((any::<u8>(), any::<Hash>()), 0..40),
		) {
			let head = root_from_key_path(&key, value.as_ref(), &path);
			let ascends = path.windows(2).all(|pair| pair[0].0 < pair[1].0);
			prop_assert_eq!(head.is_some(), ascends);
		}
	}
}
