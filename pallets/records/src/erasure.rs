//! What stores certify of erased data sets.

use crate::{
	Config, DatasetDetails, Datasets, ErasureCertificate, ErasureDetails, ErasureDuty, Erasures,
	Error, Event, Pallet, Retentions,
};
use alloc::vec::Vec;
use frame_support::{dispatch::DispatchResult, ensure, traits::Consideration, BoundedVec};
use msec_primitives::{DatasetId, DatasetStatus};
use sp_core::H256;
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_erase(who: T::AccountId, dataset: DatasetId, reason: H256) -> DispatchResult {
		let details = Self::owned_dataset(&who, &dataset)?;
		Self::erase_dataset(dataset, details, reason)
	}

	/// Leaves a tombstone of an active data set, and a duty for each of its stores.
	pub(crate) fn erase_dataset(
		dataset: DatasetId,
		details: DatasetDetails<T>,
		reason: H256,
	) -> DispatchResult {
		let DatasetDetails { owner, stores, created_at, batches, ticket, .. } = details;
		let footprint = DatasetDetails::<T>::footprint(DatasetStatus::Erased);
		let ticket = ticket.update(&owner, footprint)?;
		let tombstone = DatasetDetails {
			owner,
			key_agent: None,
			stores: BoundedVec::new(),
			status: DatasetStatus::Erased,
			created_at,
			batches,
			peaks: BoundedVec::new(),
			ticket,
		};
		let duties = stores.into_iter().map(|store| ErasureDuty { store, certificate: None });
		let erasure = ErasureDetails::<T> {
			erased_at: frame_system::Pallet::<T>::block_number(),
			stores: duties.collect::<Vec<_>>().try_into().map_err(|_| DispatchError::Corruption)?,
		};
		Datasets::<T>::insert(dataset, tombstone);
		Erasures::<T>::insert(dataset, erasure);
		Retentions::<T>::remove(dataset);

		Self::deposit_event(Event::Erased { dataset, reason, batches });
		Ok(())
	}

	pub(crate) fn do_certify_erasure(
		store: T::AccountId,
		dataset: DatasetId,
		certificate: H256,
	) -> DispatchResult {
		let details = Datasets::<T>::get(dataset).ok_or(Error::<T>::NotFound)?;
		ensure!(details.status == DatasetStatus::Erased, Error::<T>::NotErased);
		Erasures::<T>::try_mutate(dataset, |erasure| -> DispatchResult {
			let erasure = erasure.as_mut().ok_or(Error::<T>::NotAuthorized)?;
			let duty = erasure
				.stores
				.iter_mut()
				.find(|duty| duty.store == store)
				.ok_or(Error::<T>::NotAuthorized)?;
			ensure!(duty.certificate.is_none(), Error::<T>::AlreadyExists);
			let at = frame_system::Pallet::<T>::block_number();
			duty.certificate = Some(ErasureCertificate { hash: certificate, at });
			Ok(())
		})?;

		Self::deposit_event(Event::ErasureCertified { dataset, store, certificate });
		Ok(())
	}
}
