//! Data sets, commitments to their encrypted batches, and the stores that hold them.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the configuration, the calls, the events, the errors and the view
//! functions. Other pallets ask about data sets through [`msec_primitives::DatasetInfo`], which
//! [`Pallet`] implements.
//!
//! ## Overview
//!
//! - A *store* keeps ciphertext and serves it to whoever may read. Its operator registers where it
//!   answers and a hash of its terms. One account operates at most one store.
//! - An *encryption key* lets others seal something for an account.
//! - A *data set* belongs to one account and grows by *batches*. Only the owner, or whoever the
//!   owner lets write, appends. What was appended never changes. Neither readings nor ciphertext
//!   are on chain, only what commits to them.
//! - *Erasing* a data set leaves a tombstone: nothing can be appended, delivered or sold any more,
//!   and the identifier is never used again. That the keys are destroyed is the duty of those who
//!   hold them; each store that the data set named then *certifies* what it destroyed.
//! - A data set may have a *retention*: the last block in which it is kept. Afterwards anybody can
//!   erase it, and its stores do.
//!
//! Whoever adds an item pays a deposit for it, which returns when the item is removed. A data set's
//! deposit covers the most it can come to occupy, so that appending is free of deposits, whoever
//! does it. Erasing returns what the tombstone does not need.
//!
//! ## Low Level / Implementation Details
//!
//! A batch is a number of chunks and the head of the Merkle tree over them
//! ([`msec_commitments::BatchCommitment`]). It is a leaf of the data set's own tree, of which only
//! the peaks are kept: at most 32 hashes for 2³² − 1 batches. The head of the tree follows from the
//! peaks. It equals the Merkle tree head of RFC 9162, so that clients prove single chunks by
//! ordinary inclusion proofs.
//!
//! A call to append names the batch it begins with. Sending it twice therefore fails the second
//! time and cannot append twice.
//!
//! A data set may name a store that has left since. Nothing follows a store that leaves: clients
//! look its operator up and find nothing.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

mod batches;
mod dataset_info;
mod datasets;
mod encryption_keys;
mod erasure;
mod retention;
mod stores;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

/// Most items a view function answers with.
pub const MAX_PAGE: u32 = 100;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use frame_support::{
		pallet_prelude::*,
		traits::{Consideration, Footprint},
	};
	use frame_system::pallet_prelude::*;
	use msec_primitives::{DatasetId, RangeCommitment};
	use sp_core::H256;

	/// The in-code version of the storage.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The overarching reason for holding balance.
		type RuntimeHoldReason: From<HoldReason>;

		/// The deposit for what is stored.
		type Consideration: Consideration<Self::AccountId, Footprint>;

		/// Decides who, besides the owner, may append to a data set.
		type AccessPolicy: msec_primitives::AccessPolicy<Self::AccountId>;

		/// Most bytes of a store's endpoint.
		#[pallet::constant]
		type MaxEndpointLength: Get<u32>;

		/// Most stores a data set names; at least one.
		#[pallet::constant]
		type MaxStores: Get<u32>;

		/// Most batches one call appends; at least one.
		#[pallet::constant]
		type MaxBatchesPerCall: Get<u32>;

		/// What the calls cost.
		type WeightInfo: WeightInfo;
	}

	/// Why balance is held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Deposit for a store, an encryption key or a data set.
		#[codec(index = 0)]
		StorageDeposit,
	}

	/// The registered stores by operator.
	// Accounts are chosen by their holders: hashed, to keep the trie balanced.
	#[pallet::storage]
	pub type Stores<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, StoreDetails<T>>;

	/// The encryption keys by account.
	#[pallet::storage]
	pub type EncryptionKeys<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, EncryptionKeyDetails<T>>;

	/// The data sets, and the tombstones of erased ones.
	// Identifiers are hashes already.
	#[pallet::storage]
	pub type Datasets<T: Config> = StorageMap<_, Identity, DatasetId, DatasetDetails<T>>;

	/// The data sets of each owner, tombstones included.
	#[pallet::storage]
	pub type DatasetsByOwner<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, DatasetId, (), OptionQuery>;

	/// The erasures, and which stores have certified them.
	// As for Datasets.
	#[pallet::storage]
	pub type Erasures<T: Config> = StorageMap<_, Identity, DatasetId, ErasureDetails<T>>;

	/// The last block in which a data set is kept, where there is one.
	// As for Datasets.
	#[pallet::storage]
	pub type Retentions<T: Config> = StorageMap<_, Identity, DatasetId, BlockNumberFor<T>>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A store was registered.
		StoreRegistered {
			/// The account that operates it.
			operator: T::AccountId,
			/// Where it answers.
			endpoint: EndpointOf<T>,
			/// Hash of its terms.
			terms_hash: H256,
		},
		/// A store has a new endpoint or new terms.
		StoreUpdated {
			/// The account that operates it.
			operator: T::AccountId,
			/// Where it answers from now on.
			endpoint: EndpointOf<T>,
			/// Hash of its terms from now on.
			terms_hash: H256,
		},
		/// A store left.
		StoreDeregistered {
			/// The account that operated it.
			operator: T::AccountId,
		},
		/// An account published an encryption key, which replaces any it had.
		EncryptionKeyPublished {
			/// The account.
			account: T::AccountId,
			/// What the key is for.
			suite: Suite,
			/// The public key.
			key: [u8; 32],
			/// Counts the account's keys since it last had none, from 1.
			version: u32,
		},
		/// An account withdrew its encryption key.
		EncryptionKeyRemoved {
			/// The account.
			account: T::AccountId,
		},
		/// A data set was made.
		DatasetCreated {
			/// Its identifier.
			dataset: DatasetId,
			/// Who made it.
			owner: T::AccountId,
			/// Operators of the stores that hold it.
			stores: StoresOf<T>,
			/// Who delivers keys on the owner's behalf.
			key_agent: Option<T::AccountId>,
		},
		/// A data set is held by other stores.
		StoresChanged {
			/// The data set.
			dataset: DatasetId,
			/// Operators of the stores from now on.
			stores: StoresOf<T>,
		},
		/// A data set has another key agent, or none.
		KeyAgentChanged {
			/// The data set.
			dataset: DatasetId,
			/// The key agent from now on.
			key_agent: Option<T::AccountId>,
		},
		/// Batches were appended to a data set.
		Appended {
			/// The data set.
			dataset: DatasetId,
			/// Index of the first of the new batches.
			first_batch: u32,
			/// The commitment to all batches, the new ones included.
			range: RangeCommitment,
		},
		/// A data set was erased.
		Erased {
			/// The data set.
			dataset: DatasetId,
			/// Reference to why, chosen by the owner.
			reason: H256,
			/// Number of batches it had.
			batches: u32,
		},
		/// A store certified what it destroyed of an erased data set.
		ErasureCertified {
			/// The data set.
			dataset: DatasetId,
			/// Who operates the store.
			store: T::AccountId,
			/// Hash of the certificate.
			certificate: H256,
		},
		/// A data set is kept until a block, and no longer.
		RetentionSet {
			/// The data set.
			dataset: DatasetId,
			/// The last block in which it is kept.
			retain_until: BlockNumberFor<T>,
		},
		/// The time for which a data set is kept has ended; it is erased.
		RetentionEnded {
			/// The data set.
			dataset: DatasetId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such store, encryption key or data set.
		NotFound,
		/// The account may not do this with the data set.
		NotAuthorized,
		/// The account has a store already, or the data set exists or existed.
		AlreadyExists,
		/// The data set was erased.
		Erased,
		/// The endpoint is not UTF-8, does not begin with http:// or https://, ends there, or
		/// contains white space or control characters.
		InvalidEndpoint,
		/// The encryption key is all zero.
		InvalidKey,
		/// A data set needs at least one store.
		NoStores,
		/// A store is named twice.
		DuplicateStore,
		/// One of the stores named is not registered.
		StoreNotFound,
		/// No batch to append.
		EmptyAppend,
		/// The first batch does not follow the last one of the data set.
		UnexpectedBatch,
		/// A batch has no chunk, or more than a batch can have.
		InvalidBatch,
		/// The data set would have more batches than can be counted.
		MaxBatchesExceeded,
		/// The data set is not erased.
		NotErased,
		/// The data set would have been kept longer, or it would not be kept at all.
		InvalidRetention,
		/// The data set is to be kept, or has no retention.
		NotExpired,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MaxStores::get() > 0, "a data set needs a store");
			assert!(T::MaxBatchesPerCall::get() > 0, "a call must be able to append a batch");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Register the store that the caller operates.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the store's operator.
		///
		/// ## Details
		///
		/// `endpoint` is where clients reach the store, `terms_hash` the BLAKE2b-256 hash of the
		/// document with its terms. The operator pays a deposit for the bytes stored.
		///
		/// ## Errors
		///
		/// - [`Error::AlreadyExists`]: the caller operates a store already.
		/// - [`Error::InvalidEndpoint`]: the endpoint is not an HTTP address.
		///
		/// ## Events
		///
		/// - [`Event::StoreRegistered`]
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::register_store())]
		pub fn register_store(
			origin: OriginFor<T>,
			endpoint: EndpointOf<T>,
			terms_hash: H256,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_register_store(who, endpoint, terms_hash)
		}

		/// Change the endpoint and the terms of the caller's store.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the store's operator.
		///
		/// ## Details
		///
		/// Both values are replaced. The deposit follows the length of the endpoint.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: the caller operates no store.
		/// - [`Error::InvalidEndpoint`]: the endpoint is not an HTTP address.
		///
		/// ## Events
		///
		/// - [`Event::StoreUpdated`]
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::update_store())]
		pub fn update_store(
			origin: OriginFor<T>,
			endpoint: EndpointOf<T>,
			terms_hash: H256,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_update_store(who, endpoint, terms_hash)
		}

		/// Remove the caller's store.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the store's operator.
		///
		/// ## Details
		///
		/// The deposit returns. Data sets that name the store go on naming it; their owners choose
		/// other stores with [`Pallet::set_stores`].
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: the caller operates no store.
		///
		/// ## Events
		///
		/// - [`Event::StoreDeregistered`]
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::deregister_store())]
		pub fn deregister_store(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_deregister_store(who)
		}

		/// Publish the caller's encryption key.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the account that holds the secret half.
		///
		/// ## Details
		///
		/// Replaces the key published before, if there is one, and counts its version up. The first
		/// key is version 1 and asks for a deposit.
		///
		/// ## Errors
		///
		/// - [`Error::InvalidKey`]: the key is all zero.
		/// - `Arithmetic::Overflow`: there were 2³² − 1 versions already.
		///
		/// ## Events
		///
		/// - [`Event::EncryptionKeyPublished`]
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::publish_encryption_key())]
		pub fn publish_encryption_key(
			origin: OriginFor<T>,
			suite: Suite,
			key: [u8; 32],
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_publish_encryption_key(who, suite, key)
		}

		/// Withdraw the caller's encryption key.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the account that published it.
		///
		/// ## Details
		///
		/// The deposit returns. A key published later begins with version 1 again.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: the caller has no key.
		///
		/// ## Events
		///
		/// - [`Event::EncryptionKeyRemoved`]
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::remove_encryption_key())]
		pub fn remove_encryption_key(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_remove_encryption_key(who)
		}

		/// Make a data set.
		///
		/// ## Dispatch Origin
		///
		/// Signed by its owner to be.
		///
		/// ## Details
		///
		/// Its identifier is the BLAKE2b-256 hash of the SCALE encoding of (owner, salt). `stores`
		/// are the operators of the stores that hold the ciphertext; whether they do is a matter of
		/// their terms. `key_agent` may deliver keys on the owner's behalf. The owner pays a
		/// deposit for the most the data set can come to occupy, however many batches it gets.
		///
		/// ## Errors
		///
		/// - [`Error::NoStores`], [`Error::DuplicateStore`], [`Error::StoreNotFound`]: about
		///   `stores`.
		/// - [`Error::AlreadyExists`]: the owner used the salt before.
		///
		/// ## Events
		///
		/// - [`Event::DatasetCreated`]
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::create_dataset(stores.len() as u32))]
		pub fn create_dataset(
			origin: OriginFor<T>,
			salt: H256,
			stores: StoresOf<T>,
			key_agent: Option<T::AccountId>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_create_dataset(who, salt, stores, key_agent)
		}

		/// Name other stores for a data set.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the data set's owner.
		///
		/// ## Details
		///
		/// The whole list is replaced. Moving the ciphertext is up to the owner.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: there is no such data set.
		/// - [`Error::Erased`]: it was erased.
		/// - [`Error::NotAuthorized`]: the caller is not its owner.
		/// - [`Error::NoStores`], [`Error::DuplicateStore`], [`Error::StoreNotFound`]: about
		///   `stores`.
		///
		/// ## Events
		///
		/// - [`Event::StoresChanged`]
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::set_stores(stores.len() as u32))]
		pub fn set_stores(
			origin: OriginFor<T>,
			dataset: DatasetId,
			stores: StoresOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_stores(who, dataset, stores)
		}

		/// Name the account that delivers keys for a data set, or none.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the data set's owner.
		///
		/// ## Details
		///
		/// The former agent loses the right at once.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: there is no such data set.
		/// - [`Error::Erased`]: it was erased.
		/// - [`Error::NotAuthorized`]: the caller is not its owner.
		///
		/// ## Events
		///
		/// - [`Event::KeyAgentChanged`]
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::set_key_agent())]
		pub fn set_key_agent(
			origin: OriginFor<T>,
			dataset: DatasetId,
			key_agent: Option<T::AccountId>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_key_agent(who, dataset, key_agent)
		}

		/// Commit a data set to further batches.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the data set's owner or an account that may write to it.
		///
		/// ## Details
		///
		/// `first_batch` is the index of the first of `batches` and must equal the number of
		/// batches the data set has. What is appended cannot be changed or taken back.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: there is no such data set.
		/// - [`Error::Erased`]: it was erased.
		/// - [`Error::NotAuthorized`]: the caller may not write to it.
		/// - [`Error::EmptyAppend`]: `batches` is empty.
		/// - [`Error::UnexpectedBatch`]: the data set has another number of batches than
		///   `first_batch`.
		/// - [`Error::InvalidBatch`]: a batch has no chunk or too many.
		/// - [`Error::MaxBatchesExceeded`]: the data set is full.
		///
		/// ## Events
		///
		/// - [`Event::Appended`]
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::append(batches.len() as u32))]
		pub fn append(
			origin: OriginFor<T>,
			dataset: DatasetId,
			first_batch: u32,
			batches: BatchesOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_append(who, dataset, first_batch, batches)
		}

		/// Erase a data set, for good.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the data set's owner.
		///
		/// ## Details
		///
		/// Its commitments, stores and key agent are dropped, and a tombstone stays, so that nobody
		/// takes the data set for one that never was. The deposit for all but the tombstone
		/// returns. `reason` is a reference of the owner's choice. The keys have to be destroyed by
		/// those who hold them.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: there is no such data set.
		/// - [`Error::Erased`]: it was erased before.
		/// - [`Error::NotAuthorized`]: the caller is not its owner.
		///
		/// ## Events
		///
		/// - [`Event::Erased`]
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::erase())]
		pub fn erase(origin: OriginFor<T>, dataset: DatasetId, reason: H256) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_erase(who, dataset, reason)
		}

		/// Certify that the caller's store has destroyed what it had of an erased data set.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the operator of a store that the data set named when it was erased.
		///
		/// ## Details
		///
		/// `certificate` is the hash of the certificate that the store hands out. Each store
		/// certifies once. Whether it is true, the chain cannot know.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: there is no such data set.
		/// - [`Error::NotErased`]: it is not erased.
		/// - [`Error::NotAuthorized`]: it did not name the caller's store.
		/// - [`Error::AlreadyExists`]: the store has certified it before.
		///
		/// ## Events
		///
		/// - [`Event::ErasureCertified`]
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::certify_erasure())]
		pub fn certify_erasure(
			origin: OriginFor<T>,
			dataset: DatasetId,
			certificate: H256,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_certify_erasure(who, dataset, certificate)
		}

		/// Say until when a data set is kept.
		///
		/// ## Dispatch Origin
		///
		/// Signed by the data set's owner.
		///
		/// ## Details
		///
		/// `retain_until` is the last block in which it is kept; afterwards anybody can erase it with
		/// [`Pallet::expire`], and its stores do. Once said, it can only be made earlier.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: there is no such data set.
		/// - [`Error::Erased`]: it was erased.
		/// - [`Error::NotAuthorized`]: the caller is not its owner.
		/// - [`Error::InvalidRetention`]: `retain_until` has passed, or is not earlier than what was
		///   said before.
		///
		/// ## Events
		///
		/// - [`Event::RetentionSet`]
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::set_retention())]
		pub fn set_retention(
			origin: OriginFor<T>,
			dataset: DatasetId,
			retain_until: BlockNumberFor<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_set_retention(who, dataset, retain_until)
		}

		/// Erase a data set whose time is over.
		///
		/// ## Dispatch Origin
		///
		/// Signed by anyone.
		///
		/// ## Details
		///
		/// It is as if the owner had erased it; what the tombstone does not need of the deposit
		/// returns to the owner.
		///
		/// ## Errors
		///
		/// - [`Error::NotFound`]: there is no such data set.
		/// - [`Error::Erased`]: it was erased before.
		/// - [`Error::NotExpired`]: it is to be kept, or nothing was said about it.
		///
		/// ## Events
		///
		/// - [`Event::RetentionEnded`]
		/// - [`Event::Erased`], with a reason of zeros
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::expire())]
		pub fn expire(origin: OriginFor<T>, dataset: DatasetId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::do_expire(dataset)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The data set `id`, or its tombstone.
		pub fn dataset(id: DatasetId) -> Option<DatasetView<T>> {
			Datasets::<T>::get(id).map(Into::into)
		}

		/// The data sets of `owner`, tombstones included, by ascending identifier: those after
		/// `start_after`, at most `limit` and never more than 100.
		pub fn datasets_by_owner(
			owner: T::AccountId,
			start_after: Option<DatasetId>,
			limit: u32,
		) -> Vec<DatasetId> {
			Self::page_of_datasets(owner, start_after, limit)
		}

		/// The store that `account` operates.
		pub fn store(account: T::AccountId) -> Option<StoreDetails<T>> {
			Stores::<T>::get(account)
		}

		/// The registered stores with their operators, in an order of the chain's own: those after
		/// `start_after`, at most `limit` and never more than 100.
		pub fn stores(
			start_after: Option<T::AccountId>,
			limit: u32,
		) -> Vec<(T::AccountId, StoreDetails<T>)> {
			Self::page_of_stores(start_after, limit)
		}

		/// When the data set was erased, and which stores have certified what they destroyed.
		pub fn erasure(dataset: DatasetId) -> Option<ErasureDetails<T>> {
			Erasures::<T>::get(dataset)
		}

		/// The last block in which the data set is kept, where there is one.
		pub fn retention(dataset: DatasetId) -> Option<BlockNumberFor<T>> {
			Retentions::<T>::get(dataset)
		}

		/// The encryption key of `account`.
		pub fn encryption_key(account: T::AccountId) -> Option<EncryptionKeyDetails<T>> {
			EncryptionKeys::<T>::get(account)
		}
	}
}
