//! Weights of the calls.
//!
//! `()` estimates from above: the state that a call touches at its longest, and generous times for
//! hashing and key checks in wasm. A runtime should measure its own.

use frame_support::weights::Weight;
use msec_primitives::weights::estimate;

/// The weight of each call.
pub trait WeightInfo {
	/// `create_demand`, without looking at anything.
	fn create_demand() -> Weight;
	/// Looking at one more demand or offer: a purchase that is tried.
	fn look() -> Weight;
	/// `cancel_demand`
	fn cancel_demand() -> Weight;
	/// `expire_demand`
	fn expire_demand() -> Weight;
	/// `propose_match`, when no other demand stands before.
	fn propose_match() -> Weight;
	/// `create_request`
	fn create_request() -> Weight;
	/// `answer_request`
	fn answer_request() -> Weight;
	/// `withdraw_answer`
	fn withdraw_answer() -> Weight;
	/// `award_request`
	fn award_request() -> Weight;
	/// `refund_request`
	fn refund_request() -> Weight;
}

impl WeightInfo for () {
	// Demand, counter, account, holds; demand, counter, two index entries, account, holds. Sixteen keys
	// are checked.
	fn create_demand() -> Weight {
		estimate(3_000, 5, 6)
	}
	// The book, the demand, the offer, the verdict by four reads, and all that a purchase touches.
	fn look() -> Weight {
		estimate(1_300, 21, 0)
	}
	fn cancel_demand() -> Weight {
		estimate(200, 3, 5)
	}
	fn expire_demand() -> Weight {
		estimate(200, 3, 5)
	}
	// Nine books, the demand, the offer, the verdict by four reads, and all that a purchase touches.
	fn propose_match() -> Weight {
		estimate(1_600, 31, 14)
	}
	fn create_request() -> Weight {
		estimate(200, 3, 5)
	}
	// With the verdict by four reads; so has `award_request`.
	fn answer_request() -> Weight {
		estimate(200, 9, 4)
	}
	fn withdraw_answer() -> Weight {
		estimate(150, 4, 4)
	}
	fn award_request() -> Weight {
		estimate(250, 10, 7)
	}
	fn refund_request() -> Weight {
		estimate(200, 3, 5)
	}
}
