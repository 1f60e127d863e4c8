//! Finding what is wrong with a delivery, and the proof of it for the chain.

use crate::{
	fetch::{open_batch, open_envelope, ChunkFault},
	stores::{Stores, StoresError},
};
use msec_commitments::{
	verify_wrong_data, verify_wrong_key, ChunkKey, ChunkProof, DisputeRejection, EnvelopeSecret,
	Hash, KeyCover, OrderContext,
};
use msec_worker_common::{
	batch_frame::Frame,
	chain::{runtime::runtime_types::bounded_collections::bounded_vec::BoundedVec, Order},
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
	/// A proof cannot be made.
	#[error("the store's batches do not yield a proof")]
	NoProof,
}

/// Looks for what is wrong with the delivery of `order`; `None` when everything is right. `progress`
/// hears how many batches were examined.
pub async fn find_ground(
	stores: &Stores,
	order_id: &H256,
	order: &Order,
	genesis: &Hash,
	envelope: &[u8],
	secret: &EnvelopeSecret,
	progress: &mut dyn FnMut(u32),
) -> Result<Option<Ground>, DisputeError> {
	let Ok(cover) = open_envelope(order_id, order, genesis, envelope, secret) else {
		return Ok(Some(Ground::Key(None)));
	};
	let batches = stores.commitments(&order.range).await?;
	for (commitment, index) in batches.iter().zip(0u32..) {
		let frame = stores.batch(index, commitment).await?;
		progress(index + 1);
		let Err((chunk, fault)) = open_batch(&cover, &frame) else { continue };
		let chunks: Vec<_> = frame.chunks().map(|chunk| chunk.commitment).collect();
		let proof =
			ChunkProof::new(&batches, index, &chunks, chunk).ok_or(DisputeError::NoProof)?;
		let ground = match fault {
			ChunkFault::Key => Ground::Key(Some(proof)),
			ChunkFault::Data => data_ground(&cover, &frame, proof).ok_or(DisputeError::NoProof)?,
		};
		return Ok(Some(ground));
	}
	Ok(None)
}

fn data_ground(cover: &KeyCover, frame: &Frame, proof: ChunkProof) -> Option<Ground> {
	let chunk_key = cover.batch_key(proof.batch)?.chunk_key(proof.chunk);
	let ciphertext = frame.chunks().nth(proof.chunk as usize)?.ciphertext.to_vec();
	Some(Ground::Data { proof, chunk_key, ciphertext })
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
