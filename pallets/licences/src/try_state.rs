//! What must hold at every moment.

use crate::pallet::*;
use frame_support::{ensure, traits::Get};
use msec_primitives::market::is_licence_id;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// Checks that the list is as long as it says, and that all identifiers are.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let count = Licences::<T>::count();
		ensure!(count <= T::MaxLicences::get(), "there are too many licences");
		ensure!(
			Licences::<T>::iter_keys().count() == count as usize,
			"the licences are not as many as were counted"
		);
		ensure!(
			Licences::<T>::iter_keys().all(|identifier| is_licence_id(&identifier)),
			"a licence has no identifier of SPDX"
		);
		Ok(())
	}
}
