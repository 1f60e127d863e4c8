//! Keys, commitments, proofs and envelopes for encrypted batches, for the chain and its clients alike.
//!
//! A data set is a sequence of *batches*, a batch a sequence of *chunks* of at most
//! [`MAX_CHUNK_PLAINTEXT`] bytes. One secret seed yields the key of every batch ([`key_tree`]), a batch
//! key the key of every chunk ([`chunk`]). A chunk's commitment is a leaf of its batch's Merkle tree
//! ([`tree`]), a batch's commitment a leaf of the data set's tree, of which the chain keeps the peaks
//! ([`range`]). The seeds for the batches that were sold reach the buyer in an [`envelope`]. What does
//! not match what was committed can be proved to the chain ([`dispute`]). With the feature `x-wing`,
//! secrets of data sets can be wrapped for keys that resist quantum computers (`wrapping`).
//!
//! A [`keyed_tree`] proves what a key has, or that it has nothing; access logs are committed to by it.
//!
//! Everything is deterministic, and no function here panics on any input.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod chunk;
pub mod dispute;
pub mod envelope;
pub mod key_tree;
pub mod keyed_tree;
pub mod proof;
pub mod range;
pub mod tree;
#[cfg(feature = "x-wing")]
pub mod wrapping;

mod hash;

pub use chunk::{
	ChunkCommitment, ChunkKey, OpenError, MAX_CHUNKS_PER_BATCH, MAX_CHUNK_CIPHERTEXT,
	MAX_CHUNK_PLAINTEXT,
};
pub use dispute::{verify_wrong_data, verify_wrong_key, DisputeRejection};
pub use envelope::{
	EnvelopeError, EnvelopeSecret, OrderContext, ReaderContext, MAX_ENVELOPE_LENGTH,
	MAX_WRAPPED_LENGTH,
};
pub use hash::{sha256, Hash};
pub use key_tree::{BatchKey, KeyCover, KeyTree};
pub use keyed_tree::{root_from_key_path, KeyPath, KeyedTree};
pub use proof::ChunkProof;
pub use range::{BatchCommitment, Peaks};
#[cfg(feature = "x-wing")]
pub use wrapping::{WrappingKey, WrappingSecret, XWingSecret};
