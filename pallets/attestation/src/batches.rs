//! Batches that a device signed while it was trusted.

use crate::{pallet::*, AttestedBatches, DeviceOf};
use frame_support::ensure;
use frame_system::pallet_prelude::BlockNumberFor;
use msec_evidence::{batches_digest, BatchKey};
use msec_primitives::{DatasetId, DatasetInfo, RangeCommitment};
use sp_runtime::DispatchResult;

type AttestedBatchesOf<T> = AttestedBatches<BlockNumberFor<T>>;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_attest_batches(
		dataset: DatasetId,
		first_batch: u32,
		range: RangeCommitment,
		signature: &[u8],
	) -> DispatchResult {
		let mut assignment = Assignments::<T>::get(dataset).ok_or(Error::<T>::NotFound)?;
		ensure!(first_batch < range.batches, Error::<T>::NoBatches);
		let committed = T::Datasets::range(&dataset).ok_or(Error::<T>::DatasetErased)?;
		ensure!(range == committed, Error::<T>::OtherRange);
		let attested = Self::attested_with(assignment.attested, first_batch, range)?;
		let id = assignment.device;
		let device = Devices::<T>::get(id).ok_or(Error::<T>::NotTrusted)?;
		Self::trusted_result(&device).map_err(|_| Error::<T>::NotTrusted)?;
		Self::check_batches(&device, dataset, first_batch, range, signature)?;
		assignment.attested = Some(attested);
		Assignments::<T>::insert(dataset, assignment);
		Self::deposit_event(Event::BatchesAttested { dataset, device: id, first_batch, range });
		Ok(())
	}

	/// What is attested when the batches from `first_batch` to the end of `range` are as well. A gap begins
	/// anew.
	fn attested_with(
		before: Option<AttestedBatchesOf<T>>,
		first_batch: u32,
		range: RangeCommitment,
	) -> Result<AttestedBatchesOf<T>, Error<T>> {
		let first_batch = match before {
			Some(before) if first_batch <= before.range.batches => {
				let adds = first_batch < before.first_batch || before.range.batches < range.batches;
				ensure!(adds, Error::AlreadyAttested);
				first_batch.min(before.first_batch)
			},
			_ => first_batch,
		};
		let attested_at = frame_system::Pallet::<T>::block_number();
		Ok(AttestedBatches { first_batch, range, attested_at })
	}

	/// Whether the device's batch key signed these batches.
	fn check_batches(
		device: &DeviceOf<T>,
		dataset: DatasetId,
		first_batch: u32,
		range: RangeCommitment,
		signature: &[u8],
	) -> Result<(), Error<T>> {
		let key = device.batch_key.as_ref().ok_or(Error::NoBatchKey)?;
		let digest = batches_digest(
			Self::genesis_hash().as_fixed_bytes(),
			dataset.as_fixed_bytes(),
			first_batch,
			range.batches,
			range.root.as_fixed_bytes(),
		);
		BatchKey::parse(key)?.verify(&digest, signature).map_err(|_| Error::SignatureInvalid)
	}
}
