//! Perfect subtrees of the tree over a data set's batches.

use crate::store::{Store, StoreFault};
use msec_commitments::{Hash, Peaks};

/// A range is told as up to two to the power of this many parts.
const PARTS_HEIGHT: u32 = 8;
/// Ranges of this height, or a smaller one, are told batch by batch.
pub(super) const PAGE_HEIGHT: u32 = 9;
/// Batches that are listed at once.
const PAGE: usize = 1000;

/// Two to the power of `height` batches from `first` on, which is a multiple of their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchRange {
	first: u32,
	height: u32,
}

impl BatchRange {
	/// A range; `None` when there is no such subtree.
	pub fn new(first: u32, height: u32) -> Option<Self> {
		let batches = 1u32.checked_shl(height)?;
		let fits = first.is_multiple_of(batches) && first.checked_add(batches).is_some();
		fits.then_some(Self { first, height })
	}

	/// The first batch.
	pub fn first(&self) -> u32 {
		self.first
	}

	/// Two to the power of this many batches.
	pub fn height(&self) -> u32 {
		self.height
	}

	/// Behind the last batch.
	pub fn end(&self) -> u32 {
		self.first + self.batches()
	}

	/// Number of batches.
	pub fn batches(&self) -> u32 {
		1 << self.height
	}

	/// Equal parts from left to right, at most 256, none of them smaller than a page of batches.
	pub fn parts(&self) -> impl Iterator<Item = Self> {
		let height = self.height.saturating_sub(PARTS_HEIGHT).max(PAGE_HEIGHT).min(self.height);
		(self.first..self.end()).step_by(1 << height).map(move |first| Self { first, height })
	}
}

/// The ranges under the peaks, from left to right.
pub fn mountains(peaks: &Peaks) -> Vec<(BatchRange, Hash)> {
	let heights = (0..u32::BITS).rev().filter(|height| (peaks.batches() >> height) & 1 == 1);
	let mut first = 0;
	let mut mountains = Vec::new();
	for (height, hash) in heights.zip(peaks.hashes()) {
		mountains.push((BatchRange { first, height }, *hash));
		// The peaks are those of a number of batches that fits.
		first += 1 << height;
	}
	mountains
}

/// Head of a range by what a store has; `None` when a batch is missing or damaged. Reads all of it.
pub fn head(store: &Store, dataset: &Hash, range: BatchRange) -> Result<Option<Hash>, StoreFault> {
	let mut peaks = Peaks::default();
	while peaks.batches() < range.batches() {
		let from = range.first + peaks.batches();
		let page = match store.list(dataset, from, range.end(), PAGE) {
			Err(StoreFault::DamagedBatch(_)) => return Ok(None),
			page => page?,
		};
		let is_whole = page.iter().zip(from..).all(|(stored, batch)| stored.batch == batch);
		if page.is_empty() || !is_whole {
			return Ok(None);
		}
		for stored in &page {
			if peaks.append(&stored.commitment()).is_none() {
				return Ok(None);
			}
		}
	}
	Ok(Some(peaks.root()))
}

/// Heads of the parts of a range; `None` when a batch is missing or damaged. Reads all of it.
pub fn heads_of_parts(
	store: &Store,
	dataset: &Hash,
	range: BatchRange,
) -> Result<Option<Vec<Hash>>, StoreFault> {
	range.parts().map(|part| head(store, dataset, part)).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_commitments::{tree, BatchCommitment};

	#[test]
	fn only_subtrees_are_ranges() {
		assert!(BatchRange::new(0, 0).is_some());
		assert!(BatchRange::new(8, 3).is_some());
		assert_eq!(BatchRange::new(4, 3), None);
		assert_eq!(BatchRange::new(0, 32), None);
		assert_eq!(BatchRange::new(1 << 31, 31), None);
	}

	#[test]
	fn parts_make_up_the_whole() {
		let parts: Vec<_> = BatchRange::new(1 << 20, 20).unwrap().parts().collect();
		assert_eq!(parts.len(), 256);
		assert_eq!(parts[1], BatchRange { first: (1 << 20) + 4096, height: 12 });
		let parts: Vec<_> = BatchRange::new(1024, 10).unwrap().parts().collect();
		assert_eq!(parts, [1024, 1536].map(|first| BatchRange { first, height: 9 }));
		let page = BatchRange::new(2, 1).unwrap();
		assert_eq!(page.parts().collect::<Vec<_>>(), [page]);
	}

	#[test]
	fn mountains_lead_to_the_peaks() {
		let batches: Vec<_> = (0..13)
			.map(|index| BatchCommitment { chunks: 1 + index, root: [index as u8; 32] })
			.collect();
		let mut peaks = Peaks::default();
		batches.iter().for_each(|batch| peaks.append(batch).unwrap());
		let leaves: Vec<_> = batches.iter().map(BatchCommitment::leaf_hash).collect();
		let expected = [(0, 3, 0..8), (8, 2, 8..12), (12, 0, 12..13)]
			.map(|(first, height, leaf)| (BatchRange { first, height }, tree::root(&leaves[leaf])));
		assert_eq!(mountains(&peaks), expected);
		assert!(mountains(&Peaks::default()).is_empty());
	}
}
