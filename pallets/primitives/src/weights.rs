//! Estimates of what calls cost, for runtimes that have not measured it.

use frame_support::weights::{
	constants::{ParityDbWeight, WEIGHT_REF_TIME_PER_MICROS},
	Weight,
};

/// Bytes of proof for one read: an item of the largest kind and its way down the trie.
const PROOF_SIZE_PER_READ: u64 = 4_096;

/// The weight of a call that computes for so many microseconds and accesses ParityDB so often.
pub fn estimate(microseconds: u64, reads: u64, writes: u64) -> Weight {
	Weight::from_parts(
		microseconds.saturating_mul(WEIGHT_REF_TIME_PER_MICROS),
		reads.saturating_mul(PROOF_SIZE_PER_READ),
	)
	.saturating_add(ParityDbWeight::get().reads_writes(reads, writes))
}
