//! Weights of the calls.
//!
//! The implementation for `()` estimates from above: reads and writes of storage at the price of
//! ParityDB, as in the node, and a generous constant for the computation.

use frame_support::weights::{constants::ParityDbWeight, RuntimeDbWeight, Weight};

/// The weight of each call.
pub trait WeightInfo {
	/// Weight of `set_minter`.
	fn set_minter() -> Weight;
	/// Weight of `remove_minter`.
	fn remove_minter() -> Weight;
	/// Weight of `mint`.
	fn mint() -> Weight;
	/// Weight of `burn`.
	fn burn() -> Weight;
	/// Weight of `approve`.
	fn approve() -> Weight;
	/// Weight of `cancel_approval`.
	fn cancel_approval() -> Weight;
	/// Weight of `remove_expired_approval`.
	fn remove_expired_approval() -> Weight;
	/// Weight of `transfer_from`, when it removes the approval.
	fn transfer_from() -> Weight;
	/// Weight of `transfer_with_reference`.
	fn transfer_with_reference() -> Weight;
}

/// Proof size of one storage access, in bytes.
const PROOF_SIZE: u64 = 4_000;

/// Computation that takes `microseconds`, with `reads` and `writes` of storage.
fn estimate(microseconds: u64, reads: u64, writes: u64) -> Weight {
	let db: RuntimeDbWeight = ParityDbWeight::get();
	Weight::from_parts(microseconds.saturating_mul(1_000_000), reads.saturating_mul(PROOF_SIZE))
		.saturating_add(db.reads_writes(reads, writes))
}

impl WeightInfo for () {
	// The minter.
	fn set_minter() -> Weight {
		estimate(15, 1, 1)
	}
	// The minter.
	fn remove_minter() -> Weight {
		estimate(15, 1, 1)
	}
	// The minter, the issuance and the receiver.
	fn mint() -> Weight {
		estimate(50, 3, 3)
	}
	// The holder and the issuance.
	fn burn() -> Weight {
		estimate(40, 2, 2)
	}
	// The approval, the owner and his holds.
	fn approve() -> Weight {
		estimate(60, 3, 3)
	}
	// The approval, the owner and his holds.
	fn cancel_approval() -> Weight {
		estimate(60, 3, 3)
	}
	// The approval, the owner and his holds.
	fn remove_expired_approval() -> Weight {
		estimate(60, 3, 3)
	}
	// The approval, the owner, his holds, the receiver and the issuance.
	fn transfer_from() -> Weight {
		estimate(110, 5, 5)
	}
	// The holder, the receiver and the issuance.
	fn transfer_with_reference() -> Weight {
		estimate(60, 3, 3)
	}
}
