//! Chunks that were posted on the chain, as answers to challenges.

use codec::Decode;
use msec_commitments::{
	sha256, BatchCommitment, ChunkCommitment, ChunkProof, MAX_CHUNK_CIPHERTEXT,
};
use msec_worker_common::{
	batch_frame::Frame,
	chain::{BlockClient, ChainClient, ChainError, ChallengeState, RangeCommitment},
	H256,
};
use std::collections::BTreeSet;

/// Most bytes of a proof and a ciphertext: the chunk's numbers and commitment, two paths of at most ten
/// and thirty-two hashes, the ciphertext, and the lengths of all three.
const MAX_LENGTH: usize = 12 + 96 + 42 * 32 + MAX_CHUNK_CIPHERTEXT as usize + 12;

/// A chunk from a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedChunk {
	/// That it belongs to what was bought.
	pub proof: ChunkProof,
	/// What was committed to.
	pub ciphertext: Vec<u8>,
}

/// What was posted of an order, every chunk proved to belong to what was bought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posted(Vec<PostedChunk>);

impl Posted {
	/// Reads the blocks in which challenges about `order` were answered.
	pub async fn read(
		chain: &ChainClient,
		block: &BlockClient,
		order: &H256,
		range: &RangeCommitment,
	) -> Result<Self, ChainError> {
		let challenges = block.challenges(&order.0).await?;
		let blocks: BTreeSet<u32> = challenges
			.iter()
			.filter_map(|challenge| match challenge.state {
				ChallengeState::Open { .. } => None,
				ChallengeState::Answered { at } => Some(at),
			})
			.collect();
		let mut posted = Self::default();
		for number in blocks {
			let (_, transactions) = chain.body(number.into()).await?;
			posted.add(order, range, &transactions);
		}
		Ok(posted)
	}

	/// Finds chunks in transactions: however a call is wrapped, its bytes are the order's identifier,
	/// the proof and the ciphertext.
	fn add(&mut self, order: &H256, range: &RangeCommitment, transactions: &[Vec<u8>]) {
		for transaction in transactions {
			for (position, window) in transaction.windows(order.0.len()).enumerate() {
				if window != order.0 {
					continue;
				}
				let rest = &transaction[position + window.len()..];
				let rest = &rest[..rest.len().min(MAX_LENGTH)];
				self.0.extend(decode(rest, range).filter(|chunk| !self.0.contains(chunk)));
			}
		}
	}

	/// The chunks in the order in which they were posted.
	pub fn chunks(&self) -> &[PostedChunk] {
		&self.0
	}

	/// How many chunks a batch has, where one of them was posted.
	pub fn chunks_of(&self, batch: u32) -> Option<u32> {
		self.of(batch).next().map(|chunk| chunk.proof.chunks)
	}

	/// A batch of which every chunk was posted.
	pub fn frame(&self, batch: u32) -> Option<Frame> {
		let chunks: Option<Vec<(ChunkCommitment, Vec<u8>)>> = (0..self.chunks_of(batch)?)
			.map(|number| {
				let chunk = self.of(batch).find(|chunk| chunk.proof.chunk == number)?;
				Some((chunk.proof.commitment, chunk.ciphertext.clone()))
			})
			.collect();
		Frame::new(batch, &chunks?).ok()
	}

	/// The commitments of the first `batches` batches, where all of them were posted.
	pub fn commitments(&self, batches: u32) -> Option<Vec<BatchCommitment>> {
		(0..batches).map(|batch| Some(self.frame(batch)?.commitment())).collect()
	}

	fn of(&self, batch: u32) -> impl Iterator<Item = &PostedChunk> {
		self.0.iter().filter(move |chunk| chunk.proof.batch == batch)
	}
}

/// The chunk that `bytes` begin with, if it belongs to the range.
fn decode(mut bytes: &[u8], range: &RangeCommitment) -> Option<PostedChunk> {
	let proof = ChunkProof::decode(&mut bytes).ok()?;
	let ciphertext = Vec::<u8>::decode(&mut bytes).ok()?;
	let is_bought = proof.commitment.ciphertext == sha256(&[&ciphertext])
		&& proof.verify(range.batches, &range.root.0);
	is_bought.then_some(PostedChunk { proof, ciphertext })
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use codec::Encode;
	use msec_commitments::Peaks;

	const ORDER: H256 = H256([3; 32]);

	/// Posts these chunks of `frames`, by number of batch and chunk.
	pub fn posted(frames: &[Frame], chunks: &[(u32, u32)]) -> Posted {
		let mut posted = Posted::default();
		let transactions: Vec<_> =
			chunks.iter().map(|(batch, chunk)| transaction(frames, *batch, *chunk)).collect();
		posted.add(&ORDER, &range(frames), &transactions);
		posted
	}

	pub fn range(frames: &[Frame]) -> RangeCommitment {
		let mut peaks = Peaks::default();
		frames.iter().for_each(|frame| peaks.append(&frame.commitment()).unwrap());
		RangeCommitment { batches: frames.len() as u32, root: H256(peaks.root()) }
	}

	/// What a transaction looks like: something before, and something behind.
	fn transaction(frames: &[Frame], batch: u32, chunk: u32) -> Vec<u8> {
		let batches: Vec<_> = frames.iter().map(Frame::commitment).collect();
		let (proof, ciphertext) = frames[batch as usize].prove(&batches, chunk).unwrap();
		let call = (ORDER.0, proof, ciphertext).encode();
		[&[1, 2, 3][..], &ORDER.0, &[4; 200], &call, &[5; 90]].concat()
	}

	fn frames() -> Vec<Frame> {
		let key =
			|batch: u8, chunk: u8| msec_commitments::ChunkKey::from_bytes([batch + chunk; 32]);
		(0..3u8)
			.map(|batch| {
				let seal = |chunk: u8| key(batch, chunk).seal(&[batch, chunk]).unwrap();
				Frame::new(batch.into(), &[seal(0), seal(1)]).unwrap()
			})
			.collect()
	}

	#[test]
	fn chunks_are_found_within_transactions() {
		let frames = frames();
		let posted = posted(&frames, &[(1, 1), (1, 1), (1, 0), (2, 1)]);
		assert_eq!(posted.chunks().len(), 3, "each is there once");
		assert_eq!(posted.frame(1), Some(frames[1].clone()));
		assert_eq!((posted.frame(2), posted.frame(0)), (None, None));
		assert_eq!((posted.chunks_of(2), posted.chunks_of(0)), (Some(2), None));
		assert_eq!(posted.commitments(3), None);
	}

	#[test]
	fn everything_posted_is_as_good_as_a_store() {
		let frames = frames();
		let all: Vec<_> = (0..3).flat_map(|batch| [(batch, 0), (batch, 1)]).collect();
		let commitments: Vec<_> = frames.iter().map(Frame::commitment).collect();
		assert_eq!(posted(&frames, &all).commitments(3), Some(commitments));
	}

	#[test]
	fn what_was_not_bought_is_not_taken() {
		let frames = frames();
		let mut posted = Posted::default();
		let transactions = [transaction(&frames, 0, 0)];
		posted.add(&ORDER, &range(&frames[..2]), &transactions);
		posted.add(&H256([4; 32]), &range(&frames), &transactions);
		let mut cut_off = transactions[0].clone();
		cut_off.truncate(transactions[0].len() - 100);
		posted.add(&ORDER, &range(&frames), &[cut_off]);
		let mut altered = transactions[0].clone();
		let last = altered.len() - 91;
		altered[last] ^= 1;
		posted.add(&ORDER, &range(&frames), &[altered]);
		assert_eq!(posted, Posted::default());
	}
}
