//! Finding what is wrong with a delivery or withheld, and the proof of it for the chain.

use crate::{
	fetch::{open_batch, ChunkFault},
	posted::PostedChunk,
	stores::{Stores, StoresError},
};
use msec_commitments::{
	verify_wrong_data, verify_wrong_key, ChunkKey, ChunkProof, DisputeRejection, EnvelopeSecret,
	Hash, KeyCover, OpenError, OrderContext,
};
use msec_worker_common::{
	chain::{BoundedVec, Challenge, Order, RangeCommitment},
	H256,
};

/// What can be proved to the chain.
pub enum Ground {
	/// The delivered key is wrong; the proof names a chunk it gets wrong, where one is needed.
	Key(Option<ChunkProof>),
	/// A chunk's data is not what was committed to.
	Data {
		/// Which chunk.
		proof: ChunkProof,
		/// Its key.
		chunk_key: ChunkKey,
		/// What was committed to.
		ciphertext: Vec<u8>,
	},
}

/// Why there is no ground, or none was found.
#[derive(Debug, thiserror::Error)]
pub enum DisputeError {
	/// The stores fail.
	#[error(transparent)]
	Stores(#[from] StoresError),
	/// The chain would not accept what was found.
	#[error("the chain would reject the dispute: {0:?}")]
	Rejected(DisputeRejection),
	/// What could be examined is right, but not everything could be.
	#[error(
		"{missing} of {batches} batches could not be examined, and the others are right: {first}"
	)]
	Unavailable {
		/// How many.
		missing: u32,
		/// Of how many.
		batches: u32,
		/// What the stores say to the first of them.
		first: StoresError,
	},
	/// A proof cannot be made.
	#[error("the store's batches do not yield a proof")]
	NoProof,
}

/// Looks for what is wrong with the batches of `range`, whose keys `cover` has; `None` when everything
/// is right. An envelope that yields no such cover needs no search: it is [`Ground::Key`] by itself.
/// `progress` hears how many batches were examined.
///
/// # Errors
///
/// [`DisputeError::Unavailable`] when no ground was found, and the stores do not serve all batches.
pub async fn find_ground(
	stores: &Stores,
	range: &RangeCommitment,
	cover: &KeyCover,
	progress: &mut dyn FnMut(u32),
) -> Result<Option<Ground>, DisputeError> {
	if let Some(ground) = posted_ground(stores, cover) {
		return Ok(Some(ground));
	}
	let batches = stores.commitments(range).await?;
	let (mut missing, mut first_fault) = (0, None);
	for (commitment, index) in batches.iter().zip(0u32..) {
		// Whoever withholds one batch must not hide what is wrong with another.
		let frame = match stores.batch(index, commitment).await {
			Ok(frame) => frame,
			Err(fault) => {
				missing += 1;
				first_fault.get_or_insert(fault);
				continue;
			},
		};
		progress(index + 1);
		let Err((chunk, fault)) = open_batch(cover, &frame) else { continue };
		let (proof, ciphertext) = frame.prove(&batches, chunk).ok_or(DisputeError::NoProof)?;
		let ground = match fault {
			ChunkFault::Key => Ground::Key(Some(proof)),
			ChunkFault::Data => {
				data_ground(cover, proof, ciphertext).ok_or(DisputeError::NoProof)?
			},
		};
		return Ok(Some(ground));
	}
	match first_fault {
		Some(first) => Err(DisputeError::Unavailable { missing, batches: range.batches, first }),
		None => Ok(None),
	}
}

/// What is wrong with a chunk that was posted on the chain.
fn posted_ground(stores: &Stores, cover: &KeyCover) -> Option<Ground> {
	stores.posted().chunks().iter().find_map(|PostedChunk { proof, ciphertext }| {
		let key = cover.batch_key(proof.batch)?.chunk_key(proof.chunk);
		match key.open(&proof.commitment, ciphertext) {
			Ok(_) => None,
			Err(OpenError::OtherKey) => Some(Ground::Key(Some(proof.clone()))),
			Err(_) => data_ground(cover, proof.clone(), ciphertext.clone()),
		}
	})
}

fn data_ground(cover: &KeyCover, proof: ChunkProof, ciphertext: Vec<u8>) -> Option<Ground> {
	let chunk_key = cover.batch_key(proof.batch)?.chunk_key(proof.chunk);
	Some(Ground::Data { proof, chunk_key, ciphertext })
}

/// The first chunk of `range` that no store serves and that was not `challenged` yet, as numbers of
/// batch and chunk; `None` when there is none.
pub async fn find_withheld(
	stores: &Stores,
	range: &RangeCommitment,
	challenged: &[Challenge],
) -> Option<(u32, u32)> {
	let listed = stores.commitments(range).await.ok();
	for batch in 0..range.batches {
		let expected = listed.as_ref().and_then(|batches| batches.get(batch as usize));
		let served = match expected {
			Some(expected) => stores.batch(batch, expected).await.is_ok(),
			None => stores.posted().frame(batch).is_some(),
		};
		if served {
			continue;
		}
		// Of a batch about which nobody tells anything, the first chunk is told of by an answer.
		let chunks = expected.map(|expected| expected.chunks);
		let chunks = chunks.or(stores.posted().chunks_of(batch)).unwrap_or(1);
		let is_new = |chunk: &u32| {
			!challenged.iter().any(|other| (other.batch, other.chunk) == (batch, *chunk))
		};
		if let Some(chunk) = (0..chunks).find(is_new) {
			return Some((batch, chunk));
		}
	}
	None
}

impl Ground {
	/// Decides as the chain will.
	pub fn check(
		&self,
		order_id: &H256,
		order: &Order,
		genesis: &Hash,
		envelope: &[u8],
		secret: &EnvelopeSecret,
	) -> Result<(), DisputeError> {
		let (batches, root) = (order.range.batches, &order.range.root.0);
		let verdict = match self {
			Self::Key(proof) => {
				let context =
					OrderContext { genesis: *genesis, order: order_id.0, dataset: order.dataset.0 };
				let buyer_key = &order.buyer_key;
				let proof = proof.as_ref();
				verify_wrong_key(secret, buyer_key, envelope, &context, batches, root, proof)
			},
			Self::Data { proof, chunk_key, ciphertext } => {
				verify_wrong_data(proof, chunk_key, ciphertext, batches, root)
			},
		};
		verdict.map_err(DisputeError::Rejected)
	}

	/// What it is, for people.
	pub fn describe(&self) -> String {
		match self {
			Self::Key(None) => "the envelope does not open or covers too few batches".to_owned(),
			Self::Key(Some(proof)) => {
				format!(
					"the delivered key is wrong for chunk {} of batch {}",
					proof.chunk, proof.batch
				)
			},
			Self::Data { proof, .. } => {
				format!("the data of chunk {} of batch {} is wrong", proof.chunk, proof.batch)
			},
		}
	}
}

/// A ciphertext as an argument of a call.
pub fn encode_ciphertext(ciphertext: &[u8]) -> BoundedVec<u8> {
	BoundedVec(ciphertext.to_vec())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		posted::tests::{posted, range},
		stores::fake::{stores, FakeStore},
	};
	use msec_commitments::KeyTree;
	use msec_worker_common::{batch_frame::Frame, chain::ChallengeState};

	const TREE: [u8; 32] = [1; 32];

	/// Three batches; in the last of them one chunk is not what it is said to be, if so wished.
	fn frames(tampered: bool) -> Vec<Frame> {
		let tree = KeyTree::from_seed(TREE);
		let frame = |batch: u32| {
			let key = tree.batch_key(batch);
			let mut chunks: Vec<_> =
				(0..2).map(|chunk| key.chunk_key(chunk).seal(b"time,a\n1,2\n").unwrap()).collect();
			if tampered && batch == 2 {
				chunks[1].0.plaintext = [0; 32];
			}
			Frame::new(batch, &chunks).unwrap()
		};
		(0..3).map(frame).collect()
	}

	async fn search(frames: Vec<Frame>, withheld: &[u32]) -> Result<Option<Ground>, DisputeError> {
		let range = range(&frames);
		let cover = KeyTree::from_seed(TREE).cover(3);
		let stores = stores(&[FakeStore { frames, withheld: withheld.to_vec() }]).await;
		find_ground(&stores, &range, &cover, &mut |_| ()).await
	}

	#[tokio::test]
	async fn a_withheld_batch_does_not_hide_what_is_wrong_with_another() {
		let ground = search(frames(true), &[0]).await.unwrap();
		let Some(Ground::Data { proof, .. }) = ground else { panic!("there is a ground") };
		assert_eq!((proof.batch, proof.chunk), (2, 1));
	}

	#[tokio::test]
	async fn what_could_not_be_examined_is_not_said_to_be_right() {
		assert!(search(frames(false), &[]).await.unwrap().is_none());
		let missing = search(frames(false), &[0, 2]).await;
		assert!(matches!(missing, Err(DisputeError::Unavailable { missing: 2, batches: 3, .. })));
	}

	#[tokio::test]
	async fn what_was_posted_is_examined_without_any_store() {
		let frames = frames(true);
		let range = range(&frames);
		let cover = KeyTree::from_seed(TREE).cover(3);
		let silent = stores(&[]).await.with_posted(posted(&frames, &[(0, 0), (2, 1)]));
		let ground = find_ground(&silent, &range, &cover, &mut |_| ()).await.unwrap();
		let Some(Ground::Data { proof, .. }) = ground else { panic!("there is a ground") };
		assert_eq!((proof.batch, proof.chunk), (2, 1));
		let other = KeyTree::from_seed([2; 32]).cover(3);
		let ground = find_ground(&silent, &range, &other, &mut |_| ()).await.unwrap();
		let Some(Ground::Key(Some(proof))) = ground else { panic!("there is a ground") };
		assert_eq!((proof.batch, proof.chunk), (0, 0));
	}

	fn challenge(batch: u32, chunk: u32) -> Challenge {
		let state = ChallengeState::Answered { at: 1 };
		Challenge { batch, chunk, bond: 1, state }
	}

	#[tokio::test]
	async fn what_is_withheld_is_found_chunk_by_chunk() {
		let frames = frames(false);
		let range = range(&frames);
		let fake = |withheld| FakeStore { frames: frames.clone(), withheld };
		let honest = stores(&[fake(vec![])]).await;
		assert_eq!(find_withheld(&honest, &range, &[]).await, None);
		let partial = stores(&[fake(vec![1, 2])]).await;
		assert_eq!(find_withheld(&partial, &range, &[]).await, Some((1, 0)));
		let challenged = [challenge(1, 0), challenge(1, 1)];
		assert_eq!(find_withheld(&partial, &range, &challenged).await, Some((2, 0)));
		let helped = partial.with_posted(posted(&frames, &[(1, 0), (1, 1), (2, 0)]));
		assert_eq!(find_withheld(&helped, &range, &[challenge(2, 0)]).await, Some((2, 1)));
	}

	#[tokio::test]
	async fn of_stores_that_say_nothing_a_first_chunk_is_asked_for() {
		let frames = frames(false);
		let range = range(&frames);
		assert_eq!(find_withheld(&stores(&[]).await, &range, &[]).await, Some((0, 0)));
		let helped = stores(&[]).await.with_posted(posted(&frames, &[(0, 0)]));
		let challenged = [challenge(0, 0)];
		assert_eq!(find_withheld(&helped, &range, &challenged).await, Some((0, 1)));
	}
}
