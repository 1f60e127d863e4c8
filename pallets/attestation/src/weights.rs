//! Weights of the calls.
//!
//! `()` estimates from above: the state that a call touches at its longest, and generous times for
//! cryptography in wasm. A runtime should measure its own.

use frame_support::weights::Weight;
use msec_primitives::weights::estimate;

/// The weight of each call.
pub trait WeightInfo {
	/// `accredit_registrar`
	fn accredit_registrar() -> Weight;
	/// `revoke_registrar`
	fn revoke_registrar() -> Weight;
	/// `publish_profile`
	fn publish_profile() -> Weight;
	/// `retire_profile`
	fn retire_profile() -> Weight;
	/// `register_device`
	fn register_device() -> Weight;
	/// `endorse`
	fn endorse() -> Weight;
	/// `submit_quote`, with what is checked before it is put into a block.
	fn submit_quote() -> Weight;
	/// `challenge`
	fn challenge() -> Weight;
	/// `settle_challenge`
	fn settle_challenge() -> Weight;
	/// `state_log_verdict`
	fn state_log_verdict() -> Weight;
	/// `quarantine`
	fn quarantine() -> Weight;
	/// `release`
	fn release() -> Weight;
	/// `retire_device`
	fn retire_device() -> Weight;
	/// `fund_quotes`
	fn fund_quotes() -> Weight;
	/// `withdraw_quote_budget`
	fn withdraw_quote_budget() -> Weight;
	/// `assign_dataset`
	fn assign_dataset() -> Weight;
	/// `unassign_dataset`
	fn unassign_dataset() -> Weight;
	/// `change_profile`
	fn change_profile() -> Weight;
	/// `dismiss_registration`
	fn dismiss_registration() -> Weight;
	/// `certify_batch_key`
	fn certify_batch_key() -> Weight;
	/// `attest_batches`
	fn attest_batches() -> Weight;
}

impl WeightInfo for () {
	fn accredit_registrar() -> Weight {
		estimate(100, 2, 2)
	}
	fn revoke_registrar() -> Weight {
		estimate(100, 1, 1)
	}
	// Profile, account, holds.
	fn publish_profile() -> Weight {
		estimate(400, 3, 3)
	}
	fn retire_profile() -> Weight {
		estimate(300, 3, 3)
	}
	// Device, tombstone, profile, account, holds. A point of the curve is read.
	fn register_device() -> Weight {
		estimate(500, 5, 3)
	}
	// Registrar, device.
	fn endorse() -> Weight {
		estimate(100, 2, 1)
	}
	// Counter, device, registrar, both hashes of blocks, profile, both accounts, holds. The signature takes
	// 1.8 ms.
	fn submit_quote() -> Weight {
		estimate(2_200, 9, 5)
	}
	// Device, registrar, profile, account, holds.
	fn challenge() -> Weight {
		estimate(300, 5, 3)
	}
	// Device, both accounts, holds.
	fn settle_challenge() -> Weight {
		estimate(200, 4, 4)
	}
	fn state_log_verdict() -> Weight {
		estimate(100, 2, 1)
	}
	fn quarantine() -> Weight {
		estimate(100, 1, 1)
	}
	fn release() -> Weight {
		estimate(100, 1, 1)
	}
	// Device, tombstone, accounts of owner and challenger, holds of each.
	fn retire_device() -> Weight {
		estimate(400, 6, 6)
	}
	fn fund_quotes() -> Weight {
		estimate(150, 3, 3)
	}
	fn withdraw_quote_budget() -> Weight {
		estimate(150, 3, 3)
	}
	// Device, data set, assignment, account, holds.
	fn assign_dataset() -> Weight {
		estimate(200, 5, 3)
	}
	fn unassign_dataset() -> Weight {
		estimate(150, 3, 3)
	}
	// Device, profile.
	fn change_profile() -> Weight {
		estimate(200, 2, 1)
	}
	// Registrar, device, the owner's account and holds.
	fn dismiss_registration() -> Weight {
		estimate(300, 4, 3)
	}
	// Device, registrar, profile, first hash. Two points of the curve are read, a signature verified.
	fn certify_batch_key() -> Weight {
		estimate(2_500, 4, 1)
	}
	// Assignment, data set, device, registrar, profile, first hash. A signature is verified.
	fn attest_batches() -> Weight {
		estimate(2_200, 6, 1)
	}
}
