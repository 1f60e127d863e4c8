//! What the other pallets need to know of a data set.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::H256;

/// Identifies a data set: BLAKE2b-256 of the SCALE encoding of (owner, salt).
pub type DatasetId = H256;
/// Identifies a listing: BLAKE2b-256 of the SCALE encoding of (owner, data set, salt).
pub type ListingId = H256;
/// Identifies a bundle of listings: BLAKE2b-256 of the SCALE encoding of (owner, salt).
pub type BundleId = H256;
/// Identifies an order: BLAKE2b-256 of the SCALE encoding of (listing, beneficiary, buyer key).
pub type OrderId = H256;

/// Whether a data set can still be appended to, read and sold.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum DatasetStatus {
	/// In use.
	Active,
	/// Its keys are destroyed; only this tombstone remains.
	Erased,
}

/// The first `batches` batches of a data set, committed to by one hash.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct RangeCommitment {
	/// Number of batches, counted from the first.
	pub batches: u32,
	/// Merkle tree head over the batches (RFC 9162, section 2.1.1).
	pub root: H256,
}

/// Answers questions about stores.
pub trait StoreInfo<AccountId> {
	/// Whether `account` operates a registered store.
	fn is_registered(account: &AccountId) -> bool;

	/// Registers a store of `operator`, who gets what that takes.
	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_store(operator: &AccountId);
}

/// Without a registry there is no store.
impl<AccountId> StoreInfo<AccountId> for () {
	fn is_registered(_: &AccountId) -> bool {
		false
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_store(_: &AccountId) {}
}

/// Answers questions about data sets.
pub trait DatasetInfo<AccountId> {
	/// The owner, or `None` when the data set does not exist.
	fn owner(dataset: &DatasetId) -> Option<AccountId>;
	/// The account that delivers keys on behalf of the owner, where one is named.
	fn key_agent(dataset: &DatasetId) -> Option<AccountId>;
	/// The status, or `None` when the data set does not exist.
	fn status(dataset: &DatasetId) -> Option<DatasetStatus>;
	/// All batches committed so far, or `None` when the data set does not exist or was erased.
	fn range(dataset: &DatasetId) -> Option<RangeCommitment>;

	/// Makes a data set of `owner` with exactly the batches that `range` commits to, whose number is
	/// zero or a power of two.
	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_dataset(owner: AccountId, range: RangeCommitment) -> DatasetId;
}
