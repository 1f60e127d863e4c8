//! What is known of a batch, and checksums that find damage on disk. They are no defence against who
//! alters the disk on purpose: readers check what they get against the chain.

use super::StoreFault;
use codec::{Decode, Encode};
use msec_commitments::{BatchCommitment, Hash};
use twox_hash::{XxHash3_128, XxHash3_64};

/// Under which number a frame is kept; none is used twice.
pub(super) type Blob = u128;

/// Most bytes of a frame in one segment. With its checksum it is a little less than redb's page of
/// 64 KiB holds, so that no page is half empty.
pub(super) const SEGMENT_LENGTH: usize = 64 * 1024 - 144;
const CHECKSUM_LENGTH: usize = 16;
/// Bytes of a segment with its checksum.
pub(super) const CHECKED_LENGTH: usize = SEGMENT_LENGTH + CHECKSUM_LENGTH;

/// What is known of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Record {
	pub blob: Blob,
	pub chunks: u32,
	pub root: Hash,
	pub bytes: u64,
}

impl Record {
	pub fn new(blob: Blob, commitment: &BatchCommitment, bytes: usize) -> Self {
		Self { blob, chunks: commitment.chunks, root: commitment.root, bytes: bytes as u64 }
	}

	pub fn commitment(&self) -> BatchCommitment {
		BatchCommitment { chunks: self.chunks, root: self.root }
	}

	pub fn segments(&self) -> u32 {
		// A frame has a few mebibytes at most.
		self.bytes.div_ceil(SEGMENT_LENGTH as u64) as u32
	}

	/// Bytes of the frame in segment `index`.
	pub fn segment_length(&self, index: u32) -> usize {
		let before = u64::from(index) * SEGMENT_LENGTH as u64;
		self.bytes.saturating_sub(before).min(SEGMENT_LENGTH as u64) as usize
	}

	/// Binds the record to its place.
	pub fn checksum(&self, dataset: &Hash, batch: u32) -> u128 {
		XxHash3_128::oneshot(&(dataset, batch, self).encode())
	}

	/// The record as it stands in an entry of the file, with its checksum.
	pub fn to_entry(self, dataset: &Hash, batch: u32) -> Vec<u8> {
		(self, self.checksum(dataset, batch)).encode()
	}

	pub fn from_entry(entry: &[u8], dataset: &Hash, batch: u32) -> Result<Self, StoreFault> {
		let damaged = StoreFault::DamagedBatch(batch);
		let (record, checksum) =
			<(Self, u128)>::decode(&mut &*entry).map_err(|_| damaged.clone())?;
		record.checked(dataset, batch, checksum).ok_or(damaged)
	}

	/// The record, if it has this checksum.
	pub fn checked(self, dataset: &Hash, batch: u32, checksum: u128) -> Option<Self> {
		(self.checksum(dataset, batch) == checksum).then_some(self)
	}
}

/// The segments of a frame, each behind its checksum.
pub(super) fn checked_segments(
	blob: Blob,
	frame: &[u8],
) -> impl Iterator<Item = (u32, Vec<u8>)> + '_ {
	(0..).zip(frame.chunks(SEGMENT_LENGTH)).map(move |(index, segment)| {
		let checksum = segment_checksum(blob, index, segment).to_le_bytes();
		(index, [&checksum[..], segment].concat())
	})
}

/// A segment without its checksum; `None` unless it is whole, unaltered and in its place.
pub(super) fn open_segment<'a>(record: &Record, index: u32, checked: &'a [u8]) -> Option<&'a [u8]> {
	let (checksum, segment) = checked.split_first_chunk::<CHECKSUM_LENGTH>()?;
	let fits = segment.len() == record.segment_length(index)
		&& u128::from_le_bytes(*checksum) == segment_checksum(record.blob, index, segment);
	fits.then_some(segment)
}

fn segment_checksum(blob: Blob, index: u32, segment: &[u8]) -> u128 {
	let place = XxHash3_64::oneshot(&(blob, index).encode());
	XxHash3_128::oneshot_with_seed(place, segment)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_segment_is_bound_to_its_place_and_its_length() {
		let frame = vec![7; 2 * SEGMENT_LENGTH + 1];
		let commitment = BatchCommitment { chunks: 1, root: [1; 32] };
		let record = Record::new(5, &commitment, frame.len());
		let segments: Vec<_> = checked_segments(5, &frame).map(|(_, bytes)| bytes).collect();
		assert_eq!(segments.len(), record.segments() as usize);
		assert_eq!(open_segment(&record, 0, &segments[0]), Some(&frame[..SEGMENT_LENGTH]));
		assert_eq!(open_segment(&record, 2, &segments[2]), Some(&frame[..1]));
		assert_eq!(open_segment(&record, 1, &segments[0]), None);
		assert_eq!(open_segment(&Record { blob: 6, ..record }, 0, &segments[0]), None);
		assert_eq!(open_segment(&record, 0, &segments[0][..CHECKED_LENGTH - 1]), None);
		assert_eq!(open_segment(&record, 0, &[]), None);
		let mut flipped = segments[0].clone();
		flipped[CHECKED_LENGTH / 2] ^= 1;
		assert_eq!(open_segment(&record, 0, &flipped), None);
	}

	#[test]
	fn a_record_is_bound_to_its_place() {
		let record = Record::new(5, &BatchCommitment { chunks: 1, root: [1; 32] }, 100);
		let entry = record.to_entry(&[2; 32], 3);
		assert_eq!(Record::from_entry(&entry, &[2; 32], 3), Ok(record));
		let damaged = Err(StoreFault::DamagedBatch(4));
		assert_eq!(Record::from_entry(&entry, &[2; 32], 4), damaged);
		assert_eq!(Record::from_entry(&entry, &[9; 32], 4), damaged);
		assert_eq!(Record::from_entry(&entry[1..], &[2; 32], 4), damaged);
	}
}
