//! Weights of the calls.
//!
//! `()` estimates from above: the state that a call touches at its longest, and generous times for
//! hashing in wasm. A runtime should measure its own.

use frame_support::weights::Weight;
use msec_primitives::weights::estimate;

/// The weight of each call.
pub trait WeightInfo {
	/// `create_campaign`
	fn create_campaign() -> Weight;
	/// `submit`
	fn submit() -> Weight;
	/// `accept`
	fn accept() -> Weight;
	/// `reject`
	fn reject() -> Weight;
	/// `leave`
	fn leave() -> Weight;
	/// `close_campaign`
	fn close_campaign() -> Weight;
}

impl WeightInfo for () {
	// Campaign, index, account, holds.
	fn create_campaign() -> Weight {
		estimate(200, 3, 4)
	}
	// Campaign, contributor, account, holds.
	fn submit() -> Weight {
		estimate(150, 4, 3)
	}
	// Campaign, contributor, both accounts, holds.
	fn accept() -> Weight {
		estimate(200, 5, 5)
	}
	fn reject() -> Weight {
		estimate(100, 2, 1)
	}
	fn leave() -> Weight {
		estimate(150, 4, 3)
	}
	fn close_campaign() -> Weight {
		estimate(200, 3, 4)
	}
}
