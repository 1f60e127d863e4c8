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
	/// Weight of `name_data_subject`.
	fn name_data_subject() -> Weight;
	/// Weight of `give_consent`.
	fn give_consent() -> Weight;
	/// Weight of `withdraw_consent`.
	fn withdraw_consent() -> Weight;
	/// Weight of `set_protection` in place of an earlier one, with the most regions.
	fn set_protection() -> Weight;
	/// Weight of `declare_region` for the first time.
	fn declare_region() -> Weight;
	/// Weight of `set_adequacy`.
	fn set_adequacy() -> Weight;
	/// Weight of `remove_protection` when it removes a data subject and a protection.
	fn remove_protection() -> Weight;
	/// Weight of `request_access`.
	fn request_access() -> Weight;
	/// Weight of `approve_request` by a delegate at the greatest distance from the owner.
	fn approve_request() -> Weight;
	/// Weight of `refuse_request`.
	fn refuse_request() -> Weight;
	/// Weight of `withdraw_request`.
	fn withdraw_request() -> Weight;
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
	// of sixteen grants of a delegate, a chain of at most two lists and two denials above his own; the
	// protection, the subject's region and whether it is adequate for eight others.
	fn grant() -> Weight {
		estimate(400, 8 + 16 * 4 + 10, 3)
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
	// The data set, the data subject, the owner and his holds.
	fn name_data_subject() -> Weight {
		estimate(60, 4, 3)
	}
	// The data set and the data subject.
	fn give_consent() -> Weight {
		estimate(30, 2, 1)
	}
	// The data subject.
	fn withdraw_consent() -> Weight {
		estimate(30, 1, 1)
	}
	// The data set, the protection, the owner and his holds.
	fn set_protection() -> Weight {
		estimate(100, 4, 3)
	}
	// The region, the account and its holds.
	fn declare_region() -> Weight {
		estimate(60, 3, 3)
	}
	// The pair.
	fn set_adequacy() -> Weight {
		estimate(20, 1, 1)
	}
	// The data set, the data subject, the protection, and the deposits of both.
	fn remove_protection() -> Weight {
		estimate(120, 7, 6)
	}
	// The data set, the request, the count, the requester and his holds.
	fn request_access() -> Weight {
		estimate(70, 5, 4)
	}
	// The request, the count, the requester and his holds, and what a grant costs.
	fn approve_request() -> Weight {
		estimate(70, 4, 4).saturating_add(Self::grant())
	}
	// The data set, the request, the count, the requester and his holds.
	fn refuse_request() -> Weight {
		estimate(70, 5, 4)
	}
	// The request, the count, the requester and his holds.
	fn withdraw_request() -> Weight {
		estimate(70, 4, 4)
	}
}
