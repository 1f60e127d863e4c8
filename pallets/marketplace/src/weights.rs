//! Weights of the calls.
//!
//! `()` estimates from above: the state that a call touches at its longest, and generous times for
//! hashing and cryptography in wasm. A runtime should measure its own.

use frame_support::weights::Weight;
use msec_primitives::weights::estimate;

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
	/// `subscribe`
	fn subscribe() -> Weight;
	/// `deliver_instalment`
	fn deliver_instalment() -> Weight;
	/// `claim`
	fn claim() -> Weight;
	/// `extend_subscription`
	fn extend_subscription() -> Weight;
	/// `end_subscription`
	fn end_subscription() -> Weight;
	/// `open_allowance`
	fn open_allowance() -> Weight;
	/// `claim_readings`
	fn claim_readings() -> Weight;
	/// `create_bundle` with as many listings as there can be.
	fn create_bundle() -> Weight;
	/// `retire_bundle`
	fn retire_bundle() -> Weight;
	/// `buy_bundle` of so many listings.
	fn buy_bundle(listings: u32) -> Weight;
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

impl WeightInfo for () {
	// Data set, listing, account and holds of the owner, and the verdict about a device: its assignment, the
	// device, its registrar and profile; listing, four index entries, account, holds.
	fn create_listing() -> Weight {
		estimate(150, 10, 7)
	}
	// As above, with three index entries removed.
	fn change_listing() -> Weight {
		estimate(150, 8, 9)
	}
	fn pause_listing() -> Weight {
		estimate(50, 1, 2)
	}
	// As above, with the verdict.
	fn resume_listing() -> Weight {
		estimate(50, 5, 2)
	}
	fn retire_listing() -> Weight {
		estimate(100, 3, 7)
	}
	// Listing, data set, order, account, holds, grants, denials, the count of free orders and the verdict;
	// the same without the data set and the verdict, and four index entries.
	fn buy() -> Weight {
		estimate(1_000, 14, 11)
	}
	// Order, data set, subscription and the verdict; the first and the third, envelope and index.
	fn deliver() -> Weight {
		estimate(100, 8, 4)
	}
	// Order, subscription, challenge, complaint, data set and denial; payer, holds, seller and destination
	// of the fee.
	fn confirm() -> Weight {
		estimate(200, 10, 6)
	}
	fn settle() -> Weight {
		estimate(200, 10, 6)
	}
	// Order, subscription, data set, denial, challenges, complaint, payer, holds, grants, seller and
	// destination of the fee; and what pays a bond: beneficiary, seller, destination, and their holds.
	fn refund() -> Weight {
		estimate(400, 17, 17)
	}
	// The last two with a subscription's payment.
	fn dispute_key() -> Weight {
		estimate(3_200, 18, 16)
	}
	fn dispute_data() -> Weight {
		estimate(1_700, 17, 16)
	}
	// As `buy`, with the subscription.
	fn subscribe() -> Weight {
		estimate(1_000, 13, 11)
	}
	// Order, subscription, challenges, complaint, data set, denial and the verdict; order, subscription,
	// challenges and envelope.
	fn deliver_instalment() -> Weight {
		estimate(150, 12, 4)
	}
	// Order, subscription, challenge, complaint, data set and denial; payer, holds, seller and destination
	// of the fee.
	fn claim() -> Weight {
		estimate(200, 10, 5)
	}
	// Order, subscription, challenge, complaint, listing, data set, denial, payer, holds, grants and the
	// verdict.
	fn extend_subscription() -> Weight {
		estimate(250, 15, 5)
	}
	// As `claim`, with the grants.
	fn end_subscription() -> Weight {
		estimate(250, 12, 7)
	}
	fn open_allowance() -> Weight {
		estimate(1_000, 13, 11)
	}
	// Order, subscription, challenges, complaint, data set and denial; the first two.
	fn claim_readings() -> Weight {
		estimate(150, 7, 2)
	}
	// Eight listings, bundle, account and holds of the owner; the last three.
	fn create_bundle() -> Weight {
		estimate(200, 11, 3)
	}
	fn retire_bundle() -> Weight {
		estimate(100, 3, 3)
	}
	fn buy_bundle(listings: u32) -> Weight {
		estimate(100, 1, 0).saturating_add(Self::buy().saturating_mul(listings.into()))
	}
	// With the count of free orders.
	fn prune_order() -> Weight {
		estimate(200, 7, 11)
	}
	// Order, complaint, challenges; beneficiary and holds.
	fn challenge() -> Weight {
		estimate(100, 6, 4)
	}
	// Order, challenges; beneficiary, holds and destination of the bond.
	fn answer() -> Weight {
		estimate(500, 5, 6)
	}
	// Order, challenge, complaint, subscription; beneficiary and holds.
	fn complain() -> Weight {
		estimate(100, 6, 3)
	}
	fn respond() -> Weight {
		estimate(100, 4, 3)
	}
	// Order, complaint, subscription, data set and denial; payer, beneficiary and seller with their holds,
	// destination of fee and bond, challenges and grants.
	fn decide() -> Weight {
		estimate(500, 15, 13)
	}
	// As above.
	fn conclude() -> Weight {
		estimate(500, 15, 13)
	}
	// As `refund`.
	fn reject() -> Weight {
		Self::refund()
	}
}
