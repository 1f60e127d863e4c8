//! # Licences Pallet
//!
//! What buyers may do with data: licences by identifier, bound to their text for ever.
//!
//! ## Pallet API
//!
//! See the [`pallet`] module for the calls, storage, events, errors, view functions and
//! configuration.
//!
//! ## Overview
//!
//! Terms of sale name a licence by its identifier: one of the SPDX License List, or one that begins
//! with `LicenseRef-` for a text of one's own (SPDX Specification 2.3, annex D). This list says which
//! text an identifier stands for, by its hash, and whether the text allows to sell the data on. A
//! licence can be *retired*: then no new terms may name it, and those that do keep their meaning.
//!
//! ## Low Level / Implementation Details
//!
//! * Nothing is removed or changed, because orders name licences for as long as anybody may ask what
//!   was agreed. Therefore the list is short, and only [`Config::PublishOrigin`] adds to it.
//! * The pallet reads no texts. Whoever shows one to a buyer compares its hash.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

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

pub use pallet::*;
pub use types::Licence;
pub use weights::WeightInfo;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use frame_support::{pallet_prelude::*, DefaultNoBound};
	use frame_system::pallet_prelude::*;
	use msec_primitives::{market::is_licence_id, LicenceId, LicenceList};
	use sp_core::H256;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Decides which licences there are.
		type PublishOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Most licences.
		#[pallet::constant]
		type MaxLicences: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// All licences.
	#[pallet::storage]
	pub type Licences<T: Config> = CountedStorageMap<_, Blake2_128Concat, LicenceId, Licence>;

	/// The licences that a chain begins with.
	#[pallet::genesis_config]
	#[derive(DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Identifiers and what they stand for.
		pub licences: Vec<(LicenceId, Licence)>,
		#[serde(skip)]
		pub config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			assert!(self.licences.len() <= T::MaxLicences::get() as usize, "too many licences");
			for (identifier, licence) in &self.licences {
				assert!(is_licence_id(identifier), "not an identifier of SPDX");
				Licences::<T>::insert(identifier, licence);
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(fn deposit_event)]
	pub enum Event<T: Config> {
		/// A licence was added to the list.
		LicencePublished {
			/// Its identifier.
			identifier: LicenceId,
			/// SHA-256 of its text in UTF-8.
			text_hash: H256,
			/// Whether it allows buyers to sell the data on.
			allows_resale: bool,
		},
		/// No new terms may name a licence.
		LicenceRetired {
			/// Its identifier.
			identifier: LicenceId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// There is no such licence.
		NotFound,
		/// The identifier stands for a text already.
		AlreadyExists,
		/// The identifier is not made of ASCII letters, digits, '-' and '.'.
		InvalidIdentifier,
		/// The list is full.
		MaxLicencesExceeded,
		/// The licence is retired already.
		Retired,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Adds a licence to the list.
		///
		/// ## Dispatch Origin
		///
		/// [`Config::PublishOrigin`]
		///
		/// ## Details
		///
		/// `text_hash` is SHA-256 of the text in UTF-8. Neither can be changed later; a new version of a
		/// text needs an identifier of its own.
		///
		/// ## Errors
		///
		/// * [`Error::InvalidIdentifier`]: SPDX identifiers are not written so.
		/// * [`Error::AlreadyExists`]: the identifier stands for a text already.
		/// * [`Error::MaxLicencesExceeded`]: the list is full.
		///
		/// ## Events
		///
		/// [`Event::LicencePublished`]
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::publish())]
		pub fn publish(
			origin: OriginFor<T>,
			identifier: LicenceId,
			text_hash: H256,
			allows_resale: bool,
		) -> DispatchResult {
			T::PublishOrigin::ensure_origin(origin)?;
			ensure!(is_licence_id(&identifier), Error::<T>::InvalidIdentifier);
			ensure!(!Licences::<T>::contains_key(&identifier), Error::<T>::AlreadyExists);
			ensure!(
				Licences::<T>::count() < T::MaxLicences::get(),
				Error::<T>::MaxLicencesExceeded
			);
			let licence = Licence { text_hash, allows_resale, is_retired: false };
			Licences::<T>::insert(&identifier, licence);
			Self::deposit_event(Event::LicencePublished { identifier, text_hash, allows_resale });
			Ok(())
		}

		/// Lets no new terms name a licence.
		///
		/// ## Dispatch Origin
		///
		/// [`Config::PublishOrigin`]
		///
		/// ## Details
		///
		/// Terms and orders that name it keep their meaning.
		///
		/// ## Errors
		///
		/// * [`Error::NotFound`]: there is no such licence.
		/// * [`Error::Retired`]: it is retired already.
		///
		/// ## Events
		///
		/// [`Event::LicenceRetired`]
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::retire())]
		pub fn retire(origin: OriginFor<T>, identifier: LicenceId) -> DispatchResult {
			T::PublishOrigin::ensure_origin(origin)?;
			Licences::<T>::try_mutate(&identifier, |licence| {
				let licence = licence.as_mut().ok_or(Error::<T>::NotFound)?;
				ensure!(!licence.is_retired, Error::<T>::Retired);
				licence.is_retired = true;
				Ok::<_, DispatchError>(())
			})?;
			Self::deposit_event(Event::LicenceRetired { identifier });
			Ok(())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// What an identifier stands for.
		pub fn licence(identifier: LicenceId) -> Option<Licence> {
			Licences::<T>::get(identifier)
		}

		/// All licences, at most [`Config::MaxLicences`], in no particular order.
		pub fn licences() -> Vec<(LicenceId, Licence)> {
			Licences::<T>::iter().collect()
		}
	}

	impl<T: Config> LicenceList for Pallet<T> {
		fn may_be_named(identifier: &LicenceId) -> bool {
			Licences::<T>::get(identifier).is_some_and(|licence| !licence.is_retired)
		}

		#[cfg(feature = "runtime-benchmarks")]
		fn benchmark_licence(identifier: &LicenceId) {
			let licence =
				Licence { text_hash: H256::zero(), allows_resale: false, is_retired: false };
			Licences::<T>::insert(identifier, licence);
		}
	}
}
