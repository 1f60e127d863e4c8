//! Weights of the calls.
//!
//! The implementation for `()` estimates from above: reads and writes of storage at the price of
//! ParityDB, as in the node, and a generous constant for the computation.

use frame_support::weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight};

/// The weight of each call.
pub trait WeightInfo {
	/// Weight of `grant` by a delegate at the greatest distance from the owner.
	fn grant() -> Weight;
	/// Weight of `revoke` when it withdraws `g` grants.
	fn revoke(g: u32) -> Weight;
	/// Weight of `revoke_all`.
	fn revoke_all() -> Weight;
	/// Weight of `deny`.
	fn deny() -> Weight;
	/// Weight of `lift_denial`.
	fn lift_denial() -> Weight;
	/// Weight of `remove_stale` when it removes `g` grants and a denial.
	fn remove_stale(g: u32) -> Weight;
	/// Weight of `anchor_access_log` when as many days as possible are kept.
	fn anchor_access_log() -> Weight;
}

/// Proof size of one storage access, in bytes.
const PROOF_SIZE: u64 = 5_000;

/// Computation that takes `microseconds`, with `reads` and `writes` of storage.
fn estimate(microseconds: u64, reads: u64, writes: u64) -> Weight {
	let db: RuntimeDbWeight = ParityDbWeight::get();
	Weight::from_parts(microseconds.saturating_mul(1_000_000), reads.saturating_mul(PROOF_SIZE))
		.saturating_add(db.reads_writes(reads, writes))
}

/// Returning `g` deposits to different accounts: the account and its holds, each.
fn deposits_returned(g: u32) -> Weight {
	estimate(40, 2, 2).saturating_mul(g.into())
}

impl WeightInfo for () {
	// The data set, the epoch, the subject's list, the granter's account and holds; and for each
	// of sixteen grants of a delegate, a chain of at most two lists and two denials above his own.
	fn grant() -> Weight {
		estimate(400, 8 + 16 * 4, 3)
	}
	// The data set and the list.
	fn revoke(g: u32) -> Weight {
		estimate(40, 2, 1).saturating_add(deposits_returned(g))
	}
	// The data set and the epoch.
	fn revoke_all() -> Weight {
		estimate(20, 2, 1)
	}
	// The data set, the denial, the owner and his holds.
	fn deny() -> Weight {
		estimate(60, 4, 3)
	}
	// The data set, the denial, the owner and his holds.
	fn lift_denial() -> Weight {
		estimate(60, 4, 3)
	}
	// The data set, the epoch, the list and the denial with its deposit.
	fn remove_stale(g: u32) -> Weight {
		estimate(100, 6, 4).saturating_add(deposits_returned(g))
	}
	// The store and its anchors, of which there are some kibibytes.
	fn anchor_access_log() -> Weight {
		estimate(100, 8, 1)
	}
}
