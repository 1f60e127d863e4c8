//! Which device measures which data set.

use crate::{pallet::*, Assignment, AssignmentOf, DeviceId};
use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	traits::{Consideration, Footprint},
};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_primitives::{DatasetId, DatasetInfo, DatasetStatus, DeviceStatus, RangeCommitment};
use sp_runtime::DispatchResult;

/// What the key of an assignment takes, in bytes.
const KEY_SIZE: usize = 64;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_assign_dataset(
		who: T::AccountId,
		device: DeviceId,
		dataset: DatasetId,
	) -> DispatchResult {
		Self::owned_device(&who, device)?;
		let owner = T::Datasets::owner(&dataset).ok_or(Error::<T>::NotFound)?;
		ensure!(owner == who, Error::<T>::NotAuthorized);
		let is_active = T::Datasets::status(&dataset) == Some(DatasetStatus::Active);
		ensure!(is_active, Error::<T>::DatasetErased);
		ensure!(!Assignments::<T>::contains_key(dataset), Error::<T>::AlreadyAssigned);
		let ticket = T::Consideration::new(&who, Self::assignment_footprint())?;
		Assignments::<T>::insert(dataset, Assignment { device, owner, attested: None, ticket });
		Self::deposit_event(Event::DatasetAssigned { dataset, device });
		Ok(())
	}

	pub(crate) fn do_unassign_dataset(who: T::AccountId, dataset: DatasetId) -> DispatchResult {
		let assignment = Assignments::<T>::get(dataset).ok_or(Error::<T>::NotFound)?;
		ensure!(assignment.owner == who, Error::<T>::NotAuthorized);
		Assignments::<T>::remove(dataset);
		assignment.ticket.drop(&who)?;
		let device = assignment.device;
		Self::deposit_event(Event::DatasetUnassigned { dataset, device });
		Ok(())
	}

	pub(crate) fn assignment_footprint() -> Footprint {
		let size = AssignmentOf::<T>::max_encoded_len().saturating_add(KEY_SIZE);
		Footprint::from_parts(1, size)
	}
}

impl<T: Config> DeviceStatus<BlockNumberFor<T>> for Pallet<T> {
	fn is_available() -> bool {
		true
	}

	fn trusted_at(dataset: &DatasetId) -> Option<BlockNumberFor<T>> {
		let device = Assignments::<T>::get(dataset)?.device;
		let device = Devices::<T>::get(device)?;
		Self::trusted_result(&device).ok()?;
		device.last_quote.map(|quote| quote.block_number)
	}

	fn attested_range(dataset: &DatasetId) -> Option<RangeCommitment> {
		let attested = Assignments::<T>::get(dataset)?.attested?;
		(attested.first_batch == 0).then_some(attested.range)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_verdict(dataset: &DatasetId) {
		Self::benchmark_trust(*dataset);
	}
}
