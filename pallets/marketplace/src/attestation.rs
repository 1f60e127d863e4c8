//! Attested data: it is offered and sold, and delivered to subscribers, only while the device that is
//! assigned to the data set is trusted.
//!
//! That is asked whenever it matters, and never stored: a listing cannot be bought from the very block of a
//! quote that speaks against the device, and can be again from the block of the next good one.
//!
//! The chain knows the state of the device, and not that the data came from it: which device measures a
//! data set, and what is published in it, is the owner's word.

use crate::pallet::*;
use frame_support::ensure;
use frame_system::pallet_prelude::BlockNumberFor;
use msec_primitives::{DatasetId, DeviceStatus};
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
}
