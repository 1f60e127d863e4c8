//! Quarantine: devices that are not trusted whatever their quotes say.

use crate::{pallet::*, DeviceId};
use frame_support::ensure;
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_quarantine(id: DeviceId) -> DispatchResult {
		let mut device = Devices::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(!device.is_quarantined, Error::<T>::AlreadyQuarantined);
		device.is_quarantined = true;
		Devices::<T>::insert(id, device);
		Self::deposit_event(Event::Quarantined { device: id });
		Ok(())
	}

	pub(crate) fn do_release(id: DeviceId) -> DispatchResult {
		let mut device = Devices::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(device.is_quarantined, Error::<T>::NotQuarantined);
		device.is_quarantined = false;
		Devices::<T>::insert(id, device);
		Self::deposit_event(Event::Released { device: id });
		Ok(())
	}
}
