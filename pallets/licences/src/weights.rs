//! Weights of the calls.
//!
//! `()` estimates from above: the state that a call touches at its longest, and generous times for
//! hashing in wasm. A runtime should measure its own.

use frame_support::weights::{
	constants::{ParityDbWeight, WEIGHT_REF_TIME_PER_MICROS},
	Weight,
};

/// The weight of each call.
pub trait WeightInfo {
	/// `publish`
	fn publish() -> Weight;
	/// `retire`
	fn retire() -> Weight;
}

/// Bytes of proof for one read: an item of the largest kind and its way down the trie.
const PROOF_SIZE_PER_READ: u64 = 4_096;

fn estimate(micros: u64, reads: u64, writes: u64) -> Weight {
	Weight::from_parts(
		micros.saturating_mul(WEIGHT_REF_TIME_PER_MICROS),
		reads.saturating_mul(PROOF_SIZE_PER_READ),
	)
	.saturating_add(ParityDbWeight::get().reads_writes(reads, writes))
}

impl WeightInfo for () {
	// Licence, count.
	fn publish() -> Weight {
		estimate(50, 2, 2)
	}
	fn retire() -> Weight {
		estimate(50, 1, 1)
	}
}
