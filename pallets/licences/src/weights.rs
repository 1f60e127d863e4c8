//! Weights of the calls.
//!
//! `()` estimates from above: the state that a call touches at its longest, and generous times for
//! hashing in wasm. A runtime should measure its own.

use frame_support::weights::Weight;
use msec_primitives::weights::estimate;

/// The weight of each call.
pub trait WeightInfo {
	/// `publish`
	fn publish() -> Weight;
	/// `retire`
	fn retire() -> Weight;
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
