//! Weights of the calls.
//!
//! `()` estimates from above: the state that a call touches at its longest, and generous times for
//! hashing and cryptography in wasm. A runtime should measure its own.

use frame_support::weights::{
	constants::{ParityDbWeight, WEIGHT_REF_TIME_PER_MICROS},
	Weight,
};

/// The weight of each call.
pub trait WeightInfo {
	/// `create_listing`
	fn create_listing() -> Weight;
	/// `change_listing`
	fn change_listing() -> Weight;
	/// `pause_listing`
	fn pause_listing() -> Weight;
	/// `resume_listing`
	fn resume_listing() -> Weight;
	/// `retire_listing`
	fn retire_listing() -> Weight;
	/// `buy`
	fn buy() -> Weight;
	/// `deliver`
	fn deliver() -> Weight;
	/// `confirm`
	fn confirm() -> Weight;
	/// `settle`
	fn settle() -> Weight;
	/// `refund`
	fn refund() -> Weight;
	/// `dispute_key`: two shared secrets and forty levels of Merkle path.
	fn dispute_key() -> Weight;
	/// `dispute_data`: a chunk decrypted and hashed, and forty levels of Merkle path.
	fn dispute_data() -> Weight;
	/// `prune_order`
	fn prune_order() -> Weight;
	/// `challenge`
	fn challenge() -> Weight;
	/// `answer`: a chunk hashed, and forty levels of Merkle path.
	fn answer() -> Weight;
	/// `complain`
	fn complain() -> Weight;
	/// `respond`
	fn respond() -> Weight;
	/// `decide`
	fn decide() -> Weight;
	/// `conclude`
	fn conclude() -> Weight;
	/// `reject`
	fn reject() -> Weight;
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
	// Data set, listing, account and holds of the owner; listing, four index entries, account, holds.
	fn create_listing() -> Weight {
		estimate(150, 6, 7)
	}
	// As above, with three index entries removed.
	fn change_listing() -> Weight {
		estimate(150, 4, 9)
	}
	fn pause_listing() -> Weight {
		estimate(50, 1, 2)
	}
	fn resume_listing() -> Weight {
		estimate(50, 1, 2)
	}
	fn retire_listing() -> Weight {
		estimate(100, 3, 7)
	}
	// Listing, data set, order, account, holds, grants and denials; the same without the data set, and
	// four index entries.
	fn buy() -> Weight {
		estimate(1_000, 9, 10)
	}
	fn deliver() -> Weight {
		estimate(100, 3, 3)
	}
	// Order, challenge, complaint; payer, holds, seller and destination of the fee.
	fn confirm() -> Weight {
		estimate(200, 7, 5)
	}
	// As above, with data set and denial.
	fn settle() -> Weight {
		estimate(200, 9, 5)
	}
	// Order, data set, denial, challenges, complaint, payer, holds and grants; and what pays a bond:
	// beneficiary, seller, destination, and their holds.
	fn refund() -> Weight {
		estimate(400, 14, 14)
	}
	fn dispute_key() -> Weight {
		estimate(3_200, 14, 13)
	}
	fn dispute_data() -> Weight {
		estimate(1_700, 13, 13)
	}
	fn prune_order() -> Weight {
		estimate(200, 6, 10)
	}
	// Order, complaint, challenges; beneficiary and holds.
	fn challenge() -> Weight {
		estimate(100, 6, 4)
	}
	// Order, challenges; beneficiary, holds and destination of the bond.
	fn answer() -> Weight {
		estimate(500, 5, 6)
	}
	// Order, challenge, complaint; beneficiary and holds.
	fn complain() -> Weight {
		estimate(100, 5, 3)
	}
	fn respond() -> Weight {
		estimate(100, 4, 3)
	}
	// Order, complaint; payer, beneficiary and seller with their holds, destination of fee and bond,
	// challenges and grants.
	fn decide() -> Weight {
		estimate(500, 12, 12)
	}
	// As above, with data set and denial.
	fn conclude() -> Weight {
		estimate(500, 14, 12)
	}
	// As `refund`.
	fn reject() -> Weight {
		Self::refund()
	}
}
