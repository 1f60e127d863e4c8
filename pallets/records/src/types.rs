//! What is stored, and what the view functions answer.

use crate::Config;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	traits::{ConstU32, Footprint},
	BoundedVec, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound,
};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_commitments::{range::MAX_PEAKS, BatchCommitment, Hash, Peaks};
use msec_primitives::{DatasetId, DatasetStatus, RangeCommitment};
use scale_info::TypeInfo;
use sp_core::H256;
use sp_runtime::DispatchError;

/// A store's address: `http://` or `https://` and more, without white space.
pub type EndpointOf<T> = BoundedVec<u8, <T as Config>::MaxEndpointLength>;
/// The operators of the stores that hold a data set.
pub type StoresOf<T> = BoundedVec<<T as frame_system::Config>::AccountId, <T as Config>::MaxStores>;
/// The batches of one call.
pub type BatchesOf<T> = BoundedVec<BatchCommitment, <T as Config>::MaxBatchesPerCall>;
/// The peaks of a data set's tree from left to right, one for each set bit of its batches' number.
pub type StoredPeaks = BoundedVec<Hash, ConstU32<{ MAX_PEAKS as u32 }>>;

/// How something is sealed for an encryption key.
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
pub enum Suite {
	/// HPKE (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.
	X25519,
}

/// That a store has certified an erasure.
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
pub struct ErasureCertificate<BlockNumber> {
	/// Hash of the certificate, which the store hands out.
	pub hash: H256,
	/// The block in which it was anchored.
	pub at: BlockNumber,
}

/// What a store owes an erased data set.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct ErasureDuty<AccountId, BlockNumber> {
	/// Who operates the store.
	pub store: AccountId,
	/// What it has certified.
	pub certificate: Option<ErasureCertificate<BlockNumber>>,
}

/// The duties of the stores that a data set named when it was erased.
pub type DutiesOf<T> = BoundedVec<
	ErasureDuty<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>,
	<T as Config>::MaxStores,
>;

/// An erasure.
#[derive(
	CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(T))]
#[codec(mel_bound())]
pub struct ErasureDetails<T: Config> {
	/// The block in which the data set was erased.
	pub erased_at: BlockNumberFor<T>,
	/// The stores that it named then, and what they certified.
	pub stores: DutiesOf<T>,
}

/// A registered store.
#[derive(
	CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(T))]
#[codec(mel_bound())]
pub struct StoreDetails<T: Config> {
	/// Where the store answers.
	pub endpoint: EndpointOf<T>,
	/// BLAKE2b-256 of the document that states the store's terms.
	pub terms_hash: H256,
	/// The operator's deposit.
	pub ticket: T::Consideration,
}

/// An account's encryption key.
#[derive(
	CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(T))]
#[codec(mel_bound())]
pub struct EncryptionKeyDetails<T: Config> {
	/// What the key is for.
	pub suite: Suite,
	/// The public key.
	pub key: [u8; 32],
	/// Counts the account's keys since it last had none, from 1.
	pub version: u32,
	/// The account's deposit.
	pub ticket: T::Consideration,
}

/// A data set, or the tombstone of one.
#[derive(
	CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(T))]
#[codec(mel_bound())]
pub struct DatasetDetails<T: Config> {
	/// Who made the data set and decides about it.
	pub owner: T::AccountId,
	/// Who delivers keys on the owner's behalf; none in a tombstone.
	pub key_agent: Option<T::AccountId>,
	/// Operators of the stores that hold the ciphertext, at least one; none in a tombstone. They
	/// were registered when they were named, and may have left since.
	pub stores: StoresOf<T>,
	/// Whether this is a tombstone.
	pub status: DatasetStatus,
	/// The block in which the data set was made.
	pub created_at: BlockNumberFor<T>,
	/// Number of batches committed to.
	pub batches: u32,
	/// The peaks over these batches; none in a tombstone.
	pub peaks: StoredPeaks,
	/// The owner's deposit.
	pub ticket: T::Consideration,
}

impl<T: Config> DatasetDetails<T> {
	/// What a data set of this status may come to occupy, its index entry included, and its retention
	/// or the certificates of its erasure. It does not depend on the batches, so that appending never
	/// asks for a deposit.
	pub fn footprint(status: DatasetStatus) -> Footprint {
		let id = DatasetId::max_encoded_len();
		let owner = T::AccountId::max_encoded_len();
		let tombstone = id
			.saturating_add(owner)
			.saturating_mul(2)
			.saturating_add(DatasetStatus::max_encoded_len())
			.saturating_add(BlockNumberFor::<T>::max_encoded_len())
			.saturating_add(u32::max_encoded_len());
		let size = match status {
			DatasetStatus::Erased => {
				tombstone.saturating_add(id).saturating_add(ErasureDetails::<T>::max_encoded_len())
			},
			DatasetStatus::Active => tombstone
				.saturating_add(Option::<T::AccountId>::max_encoded_len())
				.saturating_add(StoresOf::<T>::max_encoded_len())
				.saturating_add(StoredPeaks::max_encoded_len())
				.saturating_add(id)
				.saturating_add(BlockNumberFor::<T>::max_encoded_len()),
		};
		Footprint::from_parts(1, size)
	}

	/// The commitment to all batches; `None` for a tombstone.
	pub fn range(&self) -> Option<RangeCommitment> {
		match self.status {
			DatasetStatus::Active => self
				.peaks()
				.map(|peaks| RangeCommitment { batches: self.batches, root: peaks.root().into() }),
			DatasetStatus::Erased => None,
		}
	}

	/// The peaks to compute with; `None` when they do not fit the number of batches.
	pub(crate) fn peaks(&self) -> Option<Peaks> {
		Peaks::new(self.batches, self.peaks.to_vec())
	}

	/// Replaces the peaks and the number of batches.
	pub(crate) fn set_peaks(&mut self, peaks: &Peaks) -> Result<(), DispatchError> {
		self.peaks = peaks.hashes().to_vec().try_into().map_err(|_| DispatchError::Corruption)?;
		self.batches = peaks.batches();
		Ok(())
	}
}

/// A data set as clients see it.
#[derive(CloneNoBound, DebugNoBound, PartialEqNoBound, EqNoBound, Encode, Decode, TypeInfo)]
#[scale_info(skip_type_params(T))]
pub struct DatasetView<T: Config> {
	/// Who made the data set and decides about it.
	pub owner: T::AccountId,
	/// Who delivers keys on the owner's behalf.
	pub key_agent: Option<T::AccountId>,
	/// Operators of the stores that hold the ciphertext.
	pub stores: StoresOf<T>,
	/// Whether the data set was erased.
	pub status: DatasetStatus,
	/// The block in which the data set was made.
	pub created_at: BlockNumberFor<T>,
	/// Number of batches ever committed to.
	pub batches: u32,
	/// The commitment to all batches; `None` once erased.
	pub range: Option<RangeCommitment>,
}

impl<T: Config> From<DatasetDetails<T>> for DatasetView<T> {
	fn from(details: DatasetDetails<T>) -> Self {
		let range = details.range();
		Self {
			owner: details.owner,
			key_agent: details.key_agent,
			stores: details.stores,
			status: details.status,
			created_at: details.created_at,
			batches: details.batches,
			range,
		}
	}
}
