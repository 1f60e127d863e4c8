//! Attested data: it is offered and sold, and delivered to subscribers, only while the device that is
//! assigned to the data set is trusted.
//!
//! That is asked whenever it matters, and never stored: a listing cannot be bought from the very block of a
//! quote that speaks against the device, and can be again from the block of the next good one.
//!
//! What is sold of it are the batches that the device signed while it was trusted, from the first one on
//! without a gap. Batches that it has not signed yet wait; those that it never signs, and what follows them,
//! are not sold as attested.

use crate::pallet::*;
use frame_support::ensure;
use frame_system::pallet_prelude::BlockNumberFor;
use msec_primitives::{DatasetId, DatasetInfo, DeviceStatus, RangeCommitment};
use sp_runtime::traits::{Saturating, Zero};

impl<T: Config> Pallet<T> {
	/// Whether a listing can ask for this.
	pub(crate) fn check_verdict_age(
		maximum_age: Option<BlockNumberFor<T>>,
	) -> Result<(), Error<T>> {
		if let Some(age) = maximum_age {
			ensure!(!age.is_zero(), Error::InvalidVerdictAge);
			ensure!(T::Devices::is_available(), Error::NoVerdicts);
		}
		Ok(())
	}

	/// Refuses when attested data was agreed, and the device behind `dataset` is not trusted now by a
	/// verdict that is young enough.
	pub(crate) fn ensure_device_trusted(
		dataset: &DatasetId,
		maximum_age: Option<BlockNumberFor<T>>,
	) -> Result<(), Error<T>> {
		if let Some(age) = maximum_age {
			let verdict = T::Devices::trusted_at(dataset).ok_or(Error::DeviceNotTrusted)?;
			let now = frame_system::Pallet::<T>::block_number();
			ensure!(verdict.saturating_add(age) >= now, Error::DeviceNotTrusted);
		}
		Ok(())
	}

	/// The batches of `dataset` that are sold: all of them, or those that its device signed when attested
	/// data is agreed.
	pub(crate) fn range_on_offer(
		dataset: &DatasetId,
		maximum_age: Option<BlockNumberFor<T>>,
	) -> Result<RangeCommitment, Error<T>> {
		match maximum_age {
			Some(_) => T::Devices::attested_range(dataset).ok_or(Error::NotAttested),
			None => T::Datasets::range(dataset).ok_or(Error::NotFound),
		}
	}
}
