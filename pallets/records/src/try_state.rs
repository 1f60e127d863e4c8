//! What must hold of the state between any two blocks.

use crate::{
	datasets::has_duplicates, stores::is_http_address, Config, DatasetDetails, Datasets,
	DatasetsByOwner, EncryptionKeys, Erasures, Pallet, Retentions, Stores,
};
use frame_support::ensure;
use msec_primitives::DatasetStatus;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks that the stored items are well formed and agree with one another.
	///
	/// - Endpoints are HTTP addresses; encryption keys are not zero and have a version.
	/// - The index by owner has an entry for each data set and no other.
	/// - Data sets in use name stores, none twice, and have one peak for each set bit of the number
	///   of batches; tombstones have neither stores nor key agent nor peaks.
	/// - Erasures are of tombstones, retentions of data sets in use.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::try_state_stores()?;
		Self::try_state_encryption_keys()?;
		Self::try_state_index()?;
		Self::try_state_erasures()?;
		Datasets::<T>::iter_values().try_for_each(|details| Self::try_state_dataset(&details))
	}

	fn try_state_erasures() -> Result<(), TryRuntimeError> {
		let status = |dataset| Datasets::<T>::get(dataset).map(|details| details.status);
		for (dataset, erasure) in Erasures::<T>::iter() {
			let is_tombstone = status(dataset) == Some(DatasetStatus::Erased);
			ensure!(is_tombstone, "an erasure of what is not erased");
			ensure!(!erasure.stores.is_empty(), "an erasure without a store");
		}
		for dataset in Retentions::<T>::iter_keys() {
			let is_active = status(dataset) == Some(DatasetStatus::Active);
			ensure!(is_active, "a retention of what is not in use");
		}
		Ok(())
	}

	fn try_state_stores() -> Result<(), TryRuntimeError> {
		for store in Stores::<T>::iter_values() {
			ensure!(is_http_address(&store.endpoint), "endpoint is not an HTTP address");
		}
		Ok(())
	}

	fn try_state_encryption_keys() -> Result<(), TryRuntimeError> {
		for details in EncryptionKeys::<T>::iter_values() {
			ensure!(details.key != [0; 32], "encryption key is zero");
			ensure!(details.version > 0, "encryption key without a version");
		}
		Ok(())
	}

	fn try_state_index() -> Result<(), TryRuntimeError> {
		for (owner, dataset, ()) in DatasetsByOwner::<T>::iter() {
			let details = Datasets::<T>::get(dataset).ok_or("indexed data set does not exist")?;
			ensure!(details.owner == owner, "data set is indexed under another owner");
		}
		for (dataset, details) in Datasets::<T>::iter() {
			let indexed = DatasetsByOwner::<T>::contains_key(details.owner, dataset);
			ensure!(indexed, "data set is not indexed under its owner");
		}
		Ok(())
	}

	fn try_state_dataset(details: &DatasetDetails<T>) -> Result<(), TryRuntimeError> {
		match details.status {
			DatasetStatus::Active => {
				ensure!(!details.stores.is_empty(), "data set without a store");
				ensure!(!has_duplicates(&details.stores), "data set names a store twice");
				ensure!(details.peaks().is_some(), "peaks do not fit the number of batches");
			},
			DatasetStatus::Erased => {
				ensure!(details.stores.is_empty(), "tombstone names a store");
				ensure!(details.key_agent.is_none(), "tombstone names a key agent");
				ensure!(details.peaks.is_empty(), "tombstone has peaks");
			},
		}
		Ok(())
	}
}
