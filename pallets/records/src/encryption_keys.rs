//! Publishing the keys for which others seal.

use crate::{Config, EncryptionKeyDetails, EncryptionKeys, Error, Event, Pallet, Suite};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{Consideration, Footprint},
};
use sp_runtime::ArithmeticError;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_publish_encryption_key(
		account: T::AccountId,
		suite: Suite,
		key: [u8; 32],
	) -> DispatchResult {
		ensure!(key != [0; 32], Error::<T>::InvalidKey);

		let (version, ticket) = match EncryptionKeys::<T>::get(&account) {
			Some(former) => {
				let version = former.version.checked_add(1).ok_or(ArithmeticError::Overflow)?;
				(version, former.ticket)
			},
			None => {
				let footprint = Self::encryption_key_footprint(&account);
				(1, T::Consideration::new(&account, footprint)?)
			},
		};
		let details = EncryptionKeyDetails { suite, key, version, ticket };
		EncryptionKeys::<T>::insert(&account, details);

		Self::deposit_event(Event::EncryptionKeyPublished { account, suite, key, version });
		Ok(())
	}

	pub(crate) fn do_remove_encryption_key(account: T::AccountId) -> DispatchResult {
		let details = EncryptionKeys::<T>::take(&account).ok_or(Error::<T>::NotFound)?;
		details.ticket.drop(&account)?;

		Self::deposit_event(Event::EncryptionKeyRemoved { account });
		Ok(())
	}

	/// What an encryption key's entry occupies; the same for every key of an account.
	pub(crate) fn encryption_key_footprint(account: &T::AccountId) -> Footprint {
		Footprint::from_encodable((account, Suite::X25519, [0u8; 32], 0u32))
	}
}
