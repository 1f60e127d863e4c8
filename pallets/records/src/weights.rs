//! What the calls cost.

use frame_support::weights::Weight;
use msec_primitives::weights::estimate;

/// What each call costs.
pub trait WeightInfo {
	/// Weight of `register_store`.
	fn register_store() -> Weight;
	/// Weight of `update_store`.
	fn update_store() -> Weight;
	/// Weight of `deregister_store`.
	fn deregister_store() -> Weight;
	/// Weight of `publish_encryption_key`.
	fn publish_encryption_key() -> Weight;
	/// Weight of `remove_encryption_key`.
	fn remove_encryption_key() -> Weight;
	/// Weight of `create_dataset` with `stores` stores.
	fn create_dataset(stores: u32) -> Weight;
	/// Weight of `set_stores` with `stores` stores.
	fn set_stores(stores: u32) -> Weight;
	/// Weight of `set_key_agent`.
	fn set_key_agent() -> Weight;
	/// Weight of `append` with `batches` batches, the access decision included.
	fn append(batches: u32) -> Weight;
	/// Weight of `erase`.
	fn erase() -> Weight;
	/// Weight of `certify_erasure`.
	fn certify_erasure() -> Weight;
	/// Weight of `set_retention`.
	fn set_retention() -> Weight;
	/// Weight of `expire`.
	fn expire() -> Weight;
}

/// Microseconds of computation of any call, its deposit and event included.
const BASE: u64 = 50;
/// Microseconds for the root over 32 peaks: 31 hashes of two blocks each.
const ROOT: u64 = 150;
/// Microseconds a batch: a leaf and, on average, one node, each a hash of one or two blocks.
const BATCH: u64 = 12;
/// Reads of an access decision along a full chain of delegates.
const DECISION_READS: u64 = 16;

/// Estimates on the safe side, for databases as fast as ParityDB.
impl WeightInfo for () {
	// Reads and writes: the store, the account, its holds.
	fn register_store() -> Weight {
		estimate(BASE, 3, 3)
	}

	fn update_store() -> Weight {
		estimate(BASE, 3, 3)
	}

	fn deregister_store() -> Weight {
		estimate(BASE, 3, 3)
	}

	// Reads and writes: the key, the account, its holds.
	fn publish_encryption_key() -> Weight {
		estimate(BASE, 3, 3)
	}

	fn remove_encryption_key() -> Weight {
		estimate(BASE, 3, 3)
	}

	// Reads: the data set, the account, its holds, each store. Writes: those three and the index.
	fn create_dataset(stores: u32) -> Weight {
		estimate(BASE, u64::from(stores).saturating_add(3), 4)
	}

	// Reads: the data set, each store. Writes: the data set.
	fn set_stores(stores: u32) -> Weight {
		estimate(BASE, u64::from(stores).saturating_add(1), 1)
	}

	// Reads and writes: the data set.
	fn set_key_agent() -> Weight {
		estimate(BASE, 1, 1)
	}

	// Reads: the data set, the access decision. Writes: the data set.
	fn append(batches: u32) -> Weight {
		let hashing = u64::from(batches).saturating_mul(BATCH).saturating_add(ROOT);
		estimate(hashing.saturating_add(BASE), DECISION_READS.saturating_add(1), 1)
	}

	// Reads: the data set, the account, its holds. Writes: those, the erasure and the retention.
	fn erase() -> Weight {
		estimate(BASE, 3, 5)
	}

	// Reads: the data set, the erasure. Writes: the erasure.
	fn certify_erasure() -> Weight {
		estimate(BASE, 2, 1)
	}

	// Reads: the data set, the retention. Writes: the retention.
	fn set_retention() -> Weight {
		estimate(BASE, 2, 1)
	}

	// As `erase`, and the retention is read.
	fn expire() -> Weight {
		estimate(BASE, 4, 5)
	}
}
