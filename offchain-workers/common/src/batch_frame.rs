//! How batches travel and rest: `MSB1`, then as little-endian 32-bit numbers the batch's index and its
//! number of chunks, then for each chunk the three hashes of its commitment, the length of its
//! ciphertext and the ciphertext. Frames follow one another without anything between.
//!
//! A [`Frame`] exists only when its ciphertexts are the committed ones and its sizes are within bounds.

use bytes::{Buf, Bytes, BytesMut};
use msec_commitments::{
	sha256, tree, BatchCommitment, BatchKey, ChunkCommitment, ChunkProof, Hash,
	MAX_CHUNKS_PER_BATCH, MAX_CHUNK_CIPHERTEXT,
};

const MAGIC: [u8; 4] = *b"MSB1";
const HEADER_LENGTH: usize = 12;
const COMMITMENT_LENGTH: usize = 96;
const CHUNK_HEADER_LENGTH: usize = COMMITMENT_LENGTH + 4;
/// A ciphertext has an authentication tag at least.
const MIN_CHUNK_CIPHERTEXT: u32 = 16;
/// Most bytes in a frame: about 4.1 MiB.
pub const MAX_FRAME_LENGTH: usize = HEADER_LENGTH
	+ MAX_CHUNKS_PER_BATCH as usize * (CHUNK_HEADER_LENGTH + MAX_CHUNK_CIPHERTEXT as usize);

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
	/// They do not begin as a frame does.
	#[error("a frame begins with MSB1")]
	NoFrame,
	/// A batch has no chunk, or too many.
	#[error("batch {batch} has {chunks} chunks; 1 to {MAX_CHUNKS_PER_BATCH} are possible")]
	ChunkCount {
		/// Which batch.
		batch: u32,
		/// How many chunks it claims.
		chunks: u32,
	},
	/// A ciphertext is too short or too long.
	#[error("chunk {chunk} of batch {batch} has {length} bytes; {MIN_CHUNK_CIPHERTEXT} to {MAX_CHUNK_CIPHERTEXT} are possible")]
	ChunkLength {
		/// Which batch.
		batch: u32,
		/// Which chunk.
		chunk: u32,
		/// How many bytes it claims.
		length: u32,
	},
	/// A ciphertext is not the one that was committed to.
	#[error("chunk {chunk} of batch {batch} is not the ciphertext that its commitment names")]
	OtherCiphertext {
		/// Which batch.
		batch: u32,
		/// Which chunk.
		chunk: u32,
	},
	/// The bytes end within a frame.
	#[error("the last frame is cut off")]
	Truncated,
	/// Something follows the frame.
	#[error("there is more than one frame")]
	Trailing,
}

/// One chunk of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FramedChunk<'a> {
	/// What the chain's tree says of the chunk.
	pub commitment: ChunkCommitment,
	/// What was committed to.
	pub ciphertext: &'a [u8],
}

/// A batch whose ciphertexts fit their commitments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
	batch: u32,
	commitment: BatchCommitment,
	bytes: Bytes,
}

impl Frame {
	/// Frames the chunks of batch `batch`.
	pub fn new(batch: u32, chunks: &[(ChunkCommitment, Vec<u8>)]) -> Result<Self, FrameError> {
		let count = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
		let mut bytes = Vec::new();
		put_header(&mut bytes, batch, count);
		for (commitment, ciphertext) in chunks {
			put_chunk(&mut bytes, commitment, ciphertext);
		}
		Self::decode(bytes.into())
	}

	/// Encrypts `chunks`, each of at most [`MAX_CHUNK_PLAINTEXT`](msec_commitments::MAX_CHUNK_PLAINTEXT)
	/// bytes, as batch `batch`, whose key is `key`.
	pub fn seal(batch: u32, key: &BatchKey, chunks: &[&[u8]]) -> Result<Self, FrameError> {
		let count = chunk_count(batch, u32::try_from(chunks.len()).unwrap_or(u32::MAX))?;
		let plaintext: usize = chunks.iter().map(|chunk| chunk.len()).sum();
		let mut bytes = Vec::with_capacity(
			HEADER_LENGTH
				+ chunks.len() * (CHUNK_HEADER_LENGTH + MIN_CHUNK_CIPHERTEXT as usize)
				+ plaintext,
		);
		put_header(&mut bytes, batch, count);
		let mut leaves = Vec::with_capacity(chunks.len());
		for (chunk, number) in chunks.iter().zip(0..) {
			let (commitment, ciphertext) = key.chunk_key(number).seal(chunk).ok_or_else(|| {
				let length = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
				let length = length.saturating_add(MIN_CHUNK_CIPHERTEXT);
				FrameError::ChunkLength { batch, chunk: number, length }
			})?;
			leaves.push(commitment.leaf_hash());
			put_chunk(&mut bytes, &commitment, &ciphertext);
		}
		let commitment = BatchCommitment { chunks: count, root: tree::root(&leaves) };
		Ok(Self { batch, commitment, bytes: bytes.into() })
	}

	/// Reads exactly one frame.
	pub fn decode(bytes: Bytes) -> Result<Self, FrameError> {
		let mut decoder = FrameDecoder::default();
		decoder.push(&bytes);
		let frame = decoder.next_frame()?.ok_or(FrameError::Truncated)?;
		decoder.finish().map_err(|_| FrameError::Trailing)?;
		Ok(frame)
	}

	/// Position of the batch in its data set.
	pub fn batch(&self) -> u32 {
		self.batch
	}

	/// What the chain is told of the batch.
	pub fn commitment(&self) -> BatchCommitment {
		self.commitment
	}

	/// The frame as it travels.
	pub fn bytes(&self) -> &Bytes {
		&self.bytes
	}

	/// The chunks from first to last.
	pub fn chunks(&self) -> impl Iterator<Item = FramedChunk<'_>> {
		let mut rest = &self.bytes[HEADER_LENGTH..];
		std::iter::from_fn(move || {
			let (chunk, length) = split_chunk(rest)?;
			rest = &rest[length..];
			Some(chunk)
		})
	}

	/// Ciphertext of a chunk, and the proof that it belongs to the data set whose batches are
	/// `batches`; `None` when there is no such chunk or batch.
	pub fn prove(&self, batches: &[BatchCommitment], chunk: u32) -> Option<(ChunkProof, Vec<u8>)> {
		let commitments: Vec<_> = self.chunks().map(|chunk| chunk.commitment).collect();
		let proof = ChunkProof::new(batches, self.batch, &commitments, chunk)?;
		Some((proof, self.chunks().nth(chunk as usize)?.ciphertext.to_vec()))
	}
}

/// How many chunks a batch has, if it can have so many.
fn chunk_count(batch: u32, chunks: u32) -> Result<u32, FrameError> {
	let fits = (1..=MAX_CHUNKS_PER_BATCH).contains(&chunks);
	fits.then_some(chunks).ok_or(FrameError::ChunkCount { batch, chunks })
}

fn put_header(bytes: &mut Vec<u8>, batch: u32, chunks: u32) {
	bytes.extend(MAGIC);
	bytes.extend(batch.to_le_bytes());
	bytes.extend(chunks.to_le_bytes());
}

fn put_chunk(bytes: &mut Vec<u8>, commitment: &ChunkCommitment, ciphertext: &[u8]) {
	let length = u32::try_from(ciphertext.len()).unwrap_or(u32::MAX);
	for hash in [&commitment.plaintext, &commitment.ciphertext, &commitment.key] {
		bytes.extend(hash);
	}
	bytes.extend(length.to_le_bytes());
	bytes.extend(ciphertext);
}

/// A chunk as it stands in a frame, and as a store hands it out alone.
pub fn encode_chunk(commitment: &ChunkCommitment, ciphertext: &[u8]) -> Vec<u8> {
	let mut bytes = Vec::with_capacity(CHUNK_HEADER_LENGTH + ciphertext.len());
	put_chunk(&mut bytes, commitment, ciphertext);
	bytes
}

/// Reads what [`encode_chunk`] wrote; `None` unless length and ciphertext fit.
pub fn decode_chunk(bytes: &[u8]) -> Option<FramedChunk<'_>> {
	let (chunk, length) = split_chunk(bytes)?;
	let fits = length == bytes.len() && sha256(&[chunk.ciphertext]) == chunk.commitment.ciphertext;
	fits.then_some(chunk)
}

/// Takes frames out of a stream of bytes, holding one of them in memory at most.
#[derive(Default)]
pub struct FrameDecoder {
	buffer: BytesMut,
	/// Bytes of the buffer that were checked.
	checked: usize,
	header: Option<(u32, u32)>,
	leaves: Vec<Hash>,
}

impl FrameDecoder {
	/// Adds the next bytes. To be followed by [`Self::next_frame`] until it yields nothing.
	pub fn push(&mut self, bytes: &[u8]) {
		self.buffer.extend_from_slice(bytes);
	}

	/// The next frame, once it is there as a whole.
	pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
		let Some((batch, chunks)) = self.header()? else {
			return Ok(None);
		};
		while self.leaves.len() < chunks as usize {
			if !self.check_chunk(batch)? {
				return Ok(None);
			}
		}
		let root = tree::root(&self.leaves);
		let bytes = self.buffer.split_to(self.checked).freeze();
		self.checked = 0;
		self.header = None;
		self.leaves.clear();
		Ok(Some(Frame { batch, commitment: BatchCommitment { chunks, root }, bytes }))
	}

	/// To be called at the end of the stream.
	pub fn finish(&self) -> Result<(), FrameError> {
		if self.buffer.is_empty() {
			Ok(())
		} else {
			Err(FrameError::Truncated)
		}
	}

	fn header(&mut self) -> Result<Option<(u32, u32)>, FrameError> {
		if self.header.is_some() {
			return Ok(self.header);
		}
		let compared = self.buffer.len().min(MAGIC.len());
		if self.buffer[..compared] != MAGIC[..compared] {
			return Err(FrameError::NoFrame);
		}
		if self.buffer.len() < HEADER_LENGTH {
			return Ok(None);
		}
		let mut fields = &self.buffer[MAGIC.len()..HEADER_LENGTH];
		let batch = fields.get_u32_le();
		let chunks = chunk_count(batch, fields.get_u32_le())?;
		// All that the frame may need at once, lest the buffer doubles until it is twice as long.
		self.buffer
			.reserve(chunks as usize * (CHUNK_HEADER_LENGTH + MAX_CHUNK_CIPHERTEXT as usize));
		self.checked = HEADER_LENGTH;
		self.header = Some((batch, chunks));
		Ok(self.header)
	}

	/// Checks the next chunk; `false` when it is not there as a whole yet.
	fn check_chunk(&mut self, batch: u32) -> Result<bool, FrameError> {
		// The number of chunks is bounded.
		let index = self.leaves.len() as u32;
		let rest = &self.buffer[self.checked..];
		if let Some(mut length) = rest.get(COMMITMENT_LENGTH..CHUNK_HEADER_LENGTH) {
			let length = length.get_u32_le();
			if !(MIN_CHUNK_CIPHERTEXT..=MAX_CHUNK_CIPHERTEXT).contains(&length) {
				return Err(FrameError::ChunkLength { batch, chunk: index, length });
			}
		}
		let Some((chunk, length)) = split_chunk(rest) else {
			return Ok(false);
		};
		if sha256(&[chunk.ciphertext]) != chunk.commitment.ciphertext {
			return Err(FrameError::OtherCiphertext { batch, chunk: index });
		}
		self.leaves.push(chunk.commitment.leaf_hash());
		self.checked += length;
		Ok(true)
	}
}

/// The chunk at the beginning of `bytes` and its length there; `None` when it is cut off.
fn split_chunk(bytes: &[u8]) -> Option<(FramedChunk<'_>, usize)> {
	let (header, rest) = bytes.split_at_checked(CHUNK_HEADER_LENGTH)?;
	let hash = |at: usize| -> Option<Hash> { header.get(at..at + 32)?.try_into().ok() };
	let commitment = ChunkCommitment { plaintext: hash(0)?, ciphertext: hash(32)?, key: hash(64)? };
	let length = (&header[COMMITMENT_LENGTH..]).get_u32_le() as usize;
	let ciphertext = rest.get(..length)?;
	Some((FramedChunk { commitment, ciphertext }, CHUNK_HEADER_LENGTH + length))
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_commitments::{ChunkKey, KeyTree, Peaks, MAX_CHUNK_PLAINTEXT};
	use proptest::prelude::*;

	fn chunks(sizes: &[usize]) -> Vec<(ChunkCommitment, Vec<u8>)> {
		let seal = |(index, size): (usize, &usize)| {
			ChunkKey::from_bytes([index as u8; 32]).seal(&vec![7; *size]).unwrap()
		};
		sizes.iter().enumerate().map(seal).collect()
	}

	fn frame(batch: u32, sizes: &[usize]) -> Frame {
		Frame::new(batch, &chunks(sizes)).unwrap()
	}

	#[test]
	fn the_largest_batch_fits() {
		let largest = frame(0, &[MAX_CHUNK_PLAINTEXT; MAX_CHUNKS_PER_BATCH as usize]);
		assert_eq!(largest.bytes().len(), MAX_FRAME_LENGTH);
	}

	#[test]
	fn a_chunk_is_proved_with_its_ciphertext() {
		let frames = [frame(0, &[3]), frame(1, &[1, 2]), frame(2, &[4])];
		let batches: Vec<_> = frames.iter().map(Frame::commitment).collect();
		let mut peaks = Peaks::default();
		batches.iter().for_each(|batch| peaks.append(batch).unwrap());
		let (proof, ciphertext) = frames[1].prove(&batches, 1).unwrap();
		assert_eq!((proof.batch, proof.chunk, proof.chunks), (1, 1, 2));
		assert_eq!(sha256(&[&ciphertext]), proof.commitment.ciphertext);
		assert!(proof.verify(3, &peaks.root()));
		assert_eq!(frames[1].prove(&batches, 2), None);
		assert_eq!(frames[1].prove(&batches[..1], 0), None);
	}

	#[test]
	fn bounds_are_named() {
		let too_many = chunks(&[1; MAX_CHUNKS_PER_BATCH as usize + 1]);
		let expected = FrameError::ChunkCount { batch: 3, chunks: MAX_CHUNKS_PER_BATCH + 1 };
		assert_eq!(Frame::new(3, &too_many), Err(expected));
		assert_eq!(Frame::new(3, &[]), Err(FrameError::ChunkCount { batch: 3, chunks: 0 }));
		let mut long = chunks(&[1, 1]);
		long[1].1 = vec![0; MAX_CHUNK_CIPHERTEXT as usize + 1];
		let expected =
			FrameError::ChunkLength { batch: 3, chunk: 1, length: MAX_CHUNK_CIPHERTEXT + 1 };
		assert_eq!(Frame::new(3, &long), Err(expected));
	}

	#[test]
	fn sealing_makes_the_frame_of_the_sealed_chunks() {
		let key = KeyTree::from_seed([1; 32]).batch_key(3);
		let plain: [&[u8]; 3] = [b"", b"21.5", &[7; MAX_CHUNK_PLAINTEXT]];
		let seal = |(number, chunk)| key.chunk_key(number).seal(chunk).unwrap();
		let chunks: Vec<_> = (0..).zip(plain).map(seal).collect();
		assert_eq!(Frame::seal(3, &key, &plain), Frame::new(3, &chunks));
		let none = FrameError::ChunkCount { batch: 3, chunks: 0 };
		assert_eq!(Frame::seal(3, &key, &[]), Err(none));
		let length = MAX_CHUNK_CIPHERTEXT + 1;
		let too_long = FrameError::ChunkLength { batch: 3, chunk: 1, length };
		assert_eq!(Frame::seal(3, &key, &[b"", &[0; MAX_CHUNK_PLAINTEXT + 1]]), Err(too_long));
	}

	#[test]
	fn an_oversized_claim_is_refused_before_its_bytes_arrive() {
		let mut decoder = FrameDecoder::default();
		let mut bytes = frame(0, &[1]).bytes().to_vec();
		bytes.truncate(HEADER_LENGTH + COMMITMENT_LENGTH);
		bytes.extend(u32::MAX.to_le_bytes());
		decoder.push(&bytes);
		let expected = FrameError::ChunkLength { batch: 0, chunk: 0, length: u32::MAX };
		assert_eq!(decoder.next_frame(), Err(expected));
	}

	#[test]
	fn a_single_chunk_travels_alone() {
		let frame = frame(0, &[10, 20]);
		for chunk in frame.chunks() {
			let bytes = encode_chunk(&chunk.commitment, chunk.ciphertext);
			assert_eq!(decode_chunk(&bytes), Some(chunk));
			assert_eq!(decode_chunk(&bytes[..bytes.len() - 1]), None);
			let mut altered = bytes.clone();
			*altered.last_mut().unwrap() ^= 1;
			assert_eq!(decode_chunk(&altered), None);
		}
	}

	#[test]
	fn two_frames_are_not_one() {
		let bytes = [frame(0, &[1]).bytes().as_ref(), frame(1, &[1]).bytes()].concat();
		assert_eq!(Frame::decode(bytes.into()), Err(FrameError::Trailing));
	}

	proptest! {
		#[test]
		fn frames_survive_any_cutting(
			sizes in proptest::collection::vec(0usize..300, 1..8), batch: u32, step in 1usize..500,
		) {
			let frames = [frame(batch, &sizes), frame(batch.wrapping_add(1), &sizes)];
			let bytes = frames.each_ref().map(|frame| frame.bytes().as_ref()).concat();
			let mut decoder = FrameDecoder::default();
			let mut decoded = Vec::new();
			for part in bytes.chunks(step) {
				decoder.push(part);
				while let Some(frame) = decoder.next_frame().unwrap() {
					decoded.push(frame);
				}
			}
			prop_assert_eq!(decoder.finish(), Ok(()));
			prop_assert_eq!(&decoded[..], &frames[..]);
			let expected = chunks(&sizes);
			let found: Vec<_> =
				decoded[0].chunks().map(|chunk| (chunk.commitment, chunk.ciphertext.to_vec())).collect();
			prop_assert_eq!(found, expected);
		}

		#[test]
		fn a_cut_frame_is_refused(sizes in proptest::collection::vec(0usize..50, 1..4), cut: usize) {
			let bytes = frame(0, &sizes).bytes().clone();
			let cut = cut % bytes.len();
			prop_assert_eq!(Frame::decode(bytes.slice(..cut)), Err(FrameError::Truncated));
		}

		#[test]
		fn a_flipped_bit_changes_the_batch_or_is_refused(position: usize, bit in 0u8..8) {
			let original = frame(5, &[30, 40]);
			let mut bytes = original.bytes().to_vec();
			let position = position % bytes.len();
			bytes[position] ^= 1 << bit;
			if let Ok(altered) = Frame::decode(bytes.into()) {
				let same = (altered.batch(), altered.commitment()) == (5, original.commitment());
				prop_assert!(!same);
			}
		}

		#[test]
		fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
			let framed = [&MAGIC[..], &bytes].concat();
			let _ = Frame::decode(framed.into());
			let _ = decode_chunk(&bytes);
		}
	}
}
