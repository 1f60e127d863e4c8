//! Data subjects and their consent, which nobody else can give or replace.

use crate::{Config, Consent, DataSubject, DataSubjectOf, DataSubjects, Error, Event, Pallet};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{Consideration, Footprint},
};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_primitives::{DatasetId, Purpose, Purposes};

impl<T: Config> Pallet<T> {
	/// The place that a data subject and the consent take, with the key.
	pub(crate) fn data_subject_footprint() -> Footprint {
		Footprint::from_mel::<(DatasetId, DataSubjectOf<T>)>()
	}

	pub(crate) fn do_name_data_subject(
		who: T::AccountId,
		resource: DatasetId,
		subject: T::AccountId,
	) -> DispatchResult {
		let owner = Self::ensure_active(&resource)?;
		ensure!(who == owner, Error::<T>::NotAuthorized);
		ensure!(subject != owner, Error::<T>::InvalidSubject);
		ensure!(!DataSubjects::<T>::contains_key(resource), Error::<T>::AlreadyExists);
		let ticket = T::Consideration::new(&who, Self::data_subject_footprint())?;
		let entry = DataSubject { account: subject.clone(), consent: None, named_by: who, ticket };
		DataSubjects::<T>::insert(resource, entry);
		Self::deposit_event(Event::DataSubjectNamed { resource, subject });
		Ok(())
	}

	pub(crate) fn do_give_consent(
		who: T::AccountId,
		resource: DatasetId,
		purposes: Purposes,
		expires_at: Option<BlockNumberFor<T>>,
	) -> DispatchResult {
		Self::ensure_active(&resource)?;
		ensure!(purposes.is_valid(), Error::<T>::InvalidPurposes);
		let now = frame_system::Pallet::<T>::block_number();
		ensure!(expires_at.is_none_or(|end| end >= now), Error::<T>::InvalidPeriod);
		Self::mutate_consent(&who, &resource, |consent| {
			*consent = Some(Consent { purposes, expires_at });
			Ok(())
		})?;
		Self::deposit_event(Event::ConsentGiven { resource, purposes, expires_at });
		Ok(())
	}

	pub(crate) fn do_withdraw_consent(who: T::AccountId, resource: DatasetId) -> DispatchResult {
		Self::mutate_consent(&who, &resource, |consent| {
			consent.take().map(drop).ok_or(Error::<T>::NotFound.into())
		})?;
		Self::deposit_event(Event::ConsentWithdrawn { resource });
		Ok(())
	}

	fn mutate_consent(
		who: &T::AccountId,
		resource: &DatasetId,
		mutate: impl FnOnce(&mut Option<Consent<BlockNumberFor<T>>>) -> DispatchResult,
	) -> DispatchResult {
		DataSubjects::<T>::try_mutate(resource, |entry| {
			let subject = entry.as_mut().ok_or(Error::<T>::NotFound)?;
			ensure!(subject.account == *who, Error::<T>::NotAuthorized);
			mutate(&mut subject.consent)
		})
	}

	/// Whether the data of `resource` may be used for `purpose` now, as far as its data subject decides.
	pub(crate) fn has_consent(resource: &DatasetId, purpose: Option<Purpose>) -> bool {
		Self::consent_now(resource).is_none_or(|purposes| purposes.covers(purpose))
	}

	/// Whether the data subject of `resource`, if there is one, consents to nothing at all.
	pub(crate) fn lacks_any_consent(resource: &DatasetId) -> bool {
		Self::consent_now(resource).is_some_and(|purposes| purposes == Purposes::default())
	}

	/// The purposes that are consented to now; `None` when nobody is to be asked.
	fn consent_now(resource: &DatasetId) -> Option<Purposes> {
		let now = frame_system::Pallet::<T>::block_number();
		let consent = DataSubjects::<T>::get(resource)?.consent;
		let holds = consent.filter(|consent| consent.expires_at.is_none_or(|end| now <= end));
		Some(holds.map(|consent| consent.purposes).unwrap_or_default())
	}
}
