//! Putting data sets on offer.

use crate::{pallet::*, Listing, ListingOf, ListingStatus, ListingTermsOf, Pricing, Right};
use codec::{Encode, MaxEncodedLen};
use frame_support::{
	ensure,
	traits::{fungible::Inspect, Consideration, Footprint, Get},
};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_primitives::{
	market::{is_geohash, is_kind},
	DatasetId, DatasetInfo, DatasetStatus, LicenceList, ListingId,
};
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::{
	traits::{Saturating, Zero},
	DispatchResult,
};

/// What a listing's own key, its three index entries and the one of the demand side take, in bytes.
const KEYS_SIZE: usize = 540;

impl<T: Config> Pallet<T> {
	/// BLAKE2b-256 of the SCALE encoding of (owner, data set, salt).
	pub fn listing_id(owner: &T::AccountId, dataset: &DatasetId, salt: H256) -> ListingId {
		(owner, dataset, salt).using_encoded(blake2_256).into()
	}

	pub(crate) fn do_create_listing(
		owner: T::AccountId,
		salt: H256,
		terms: ListingTermsOf<T>,
	) -> DispatchResult {
		Self::ensure_active(&terms.dataset)?;
		let dataset_owner = T::Datasets::owner(&terms.dataset).ok_or(Error::<T>::NotFound)?;
		ensure!(dataset_owner == owner, Error::<T>::NotAuthorized);
		Self::check_terms(&terms)?;
		let id = Self::listing_id(&owner, &terms.dataset, salt);
		ensure!(!Listings::<T>::contains_key(id), Error::<T>::AlreadyExists);

		let now = frame_system::Pallet::<T>::block_number();
		let (dataset, terms_hash) = (terms.dataset, terms.hash());
		let listing = Listing {
			ticket: T::Consideration::new(&owner, Self::listing_footprint(&terms))?,
			owner: owner.clone(),
			terms,
			terms_hash,
			status: ListingStatus::Active,
			created_at: now,
			changed_at: now,
			sales: 0,
		};
		ListingsByOwner::<T>::insert(&owner, id, ());
		Self::index_terms(id, &listing.terms);
		Self::open_offer(&id, &listing);
		Listings::<T>::insert(id, listing);
		Self::deposit_event(Event::ListingCreated { listing: id, owner, dataset, terms_hash });
		Ok(())
	}

	pub(crate) fn do_change_listing(
		who: T::AccountId,
		id: ListingId,
		terms: ListingTermsOf<T>,
	) -> DispatchResult {
		let mut listing = Self::own_listing(&who, id)?;
		ensure!(listing.terms.dataset == terms.dataset, Error::<T>::OtherDataset);
		Self::check_terms(&terms)?;

		Self::close_offer(&id, &listing);
		Self::unindex_terms(id, &listing.terms);
		Self::index_terms(id, &terms);
		listing.ticket = listing.ticket.update(&who, Self::listing_footprint(&terms))?;
		listing.terms_hash = terms.hash();
		listing.terms = terms;
		listing.changed_at = frame_system::Pallet::<T>::block_number();
		let terms_hash = listing.terms_hash;
		Self::open_offer(&id, &listing);
		Listings::<T>::insert(id, listing);
		Self::deposit_event(Event::ListingChanged { listing: id, terms_hash });
		Ok(())
	}

	pub(crate) fn do_pause_listing(who: T::AccountId, id: ListingId) -> DispatchResult {
		let listing = Self::own_listing(&who, id)?;
		ensure!(listing.status == ListingStatus::Active, Error::<T>::Paused);
		Self::set_status(id, listing, ListingStatus::Paused);
		Self::deposit_event(Event::ListingPaused { listing: id });
		Ok(())
	}

	pub(crate) fn do_resume_listing(who: T::AccountId, id: ListingId) -> DispatchResult {
		let listing = Self::own_listing(&who, id)?;
		ensure!(listing.status == ListingStatus::Paused, Error::<T>::NotPaused);
		let terms = &listing.terms;
		Self::ensure_device_trusted(&terms.dataset, terms.maximum_verdict_age)?;
		Self::set_status(id, listing, ListingStatus::Active);
		Self::deposit_event(Event::ListingResumed { listing: id });
		Ok(())
	}

	pub(crate) fn do_retire_listing(who: T::AccountId, id: ListingId) -> DispatchResult {
		let listing = Self::own_listing(&who, id)?;
		Self::close_offer(&id, &listing);
		Self::unindex_terms(id, &listing.terms);
		ListingsByOwner::<T>::remove(&who, id);
		Listings::<T>::remove(id);
		listing.ticket.drop(&who)?;
		Self::deposit_event(Event::ListingRetired { listing: id });
		Ok(())
	}

	pub(crate) fn ensure_active(dataset: &DatasetId) -> Result<(), Error<T>> {
		match T::Datasets::status(dataset) {
			Some(DatasetStatus::Active) => Ok(()),
			Some(DatasetStatus::Erased) => Err(Error::Erased),
			None => Err(Error::NotFound),
		}
	}

	/// Panics when the runtime's configuration contradicts itself.
	pub(crate) fn check_configuration() {
		let price = T::MinimumPrice::get();
		let payment = price.saturating_sub(T::FeeShare::get().mul_floor(price));
		assert!(
			!payment.is_zero() && payment >= T::Currency::minimum_balance(),
			"the minimum price must leave the seller at least the existential deposit"
		);
		let (delivery, confirmation) =
			(T::MaxDeliveryPeriod::get(), T::MaxConfirmationPeriod::get());
		assert!(
			T::MinPeriod::get() <= delivery && T::MinPeriod::get() <= confirmation,
			"the shortest period must not be longer than the longest ones"
		);
		assert!(
			delivery.saturating_add(confirmation) <= T::MaxAccessPeriod::get(),
			"access must be able to last as long as the longest dispute"
		);
		assert!(
			!T::ChallengeBond::get().is_zero() && !T::MinimumComplaintBond::get().is_zero(),
			"disputes must not be free"
		);
		assert!(!T::MaxChallenges::get().is_zero(), "it must be possible to challenge");
	}

	pub(crate) fn own_listing(who: &T::AccountId, id: ListingId) -> Result<ListingOf<T>, Error<T>> {
		let listing = Listings::<T>::get(id).ok_or(Error::NotFound)?;
		ensure!(listing.owner == *who, Error::NotAuthorized);
		Ok(listing)
	}

	fn set_status(id: ListingId, mut listing: ListingOf<T>, status: ListingStatus) {
		Self::close_offer(&id, &listing);
		listing.status = status;
		listing.changed_at = frame_system::Pallet::<T>::block_number();
		Self::open_offer(&id, &listing);
		Listings::<T>::insert(id, listing);
	}

	fn index_terms(id: ListingId, terms: &ListingTermsOf<T>) {
		ListingsByKind::<T>::insert(&terms.kind, id, ());
		ListingsByCell::<T>::insert(terms.cell(), id, ());
	}

	fn unindex_terms(id: ListingId, terms: &ListingTermsOf<T>) {
		ListingsByKind::<T>::remove(&terms.kind, id);
		ListingsByCell::<T>::remove(terms.cell(), id);
	}

	/// The terms as long as they are, the rest at its longest.
	fn listing_footprint(terms: &ListingTermsOf<T>) -> Footprint {
		let rest = ListingOf::<T>::max_encoded_len()
			.saturating_sub(ListingTermsOf::<T>::max_encoded_len())
			.saturating_add(KEYS_SIZE);
		Footprint::from_parts(1, terms.encoded_size().saturating_add(rest))
	}

	fn check_terms(terms: &ListingTermsOf<T>) -> Result<(), Error<T>> {
		ensure!(is_kind(&terms.kind), Error::InvalidKind);
		ensure!(is_unit(&terms.unit), Error::InvalidUnit);
		ensure!(is_geohash(&terms.place), Error::InvalidPlace);
		ensure!(T::Licences::may_be_named(&terms.licence), Error::UnknownLicence);
		ensure!(core::str::from_utf8(&terms.sample).is_ok(), Error::InvalidSample);
		Self::check_pricing(terms)?;
		Self::check_periods(terms)?;
		Self::check_verdict_age(terms.maximum_verdict_age)?;
		Self::ensure_device_trusted(&terms.dataset, terms.maximum_verdict_age)
	}

	fn check_pricing(terms: &ListingTermsOf<T>) -> Result<(), Error<T>> {
		ensure!(
			terms.right == Right::Read || terms.pricing.one_time_price().is_some(),
			Error::OtherPricing
		);
		match &terms.pricing {
			Pricing::Free => Ok(()),
			Pricing::FreeQuota { orders: 0 } => Err(Error::QuotaExceeded),
			Pricing::FreeQuota { .. } => Ok(()),
			Pricing::OneTime { price } if *price >= T::MinimumPrice::get() => Ok(()),
			Pricing::OneTime { .. } => Err(Error::PriceTooLow),
			Pricing::PerPeriod(pricing) => Self::check_period_price(pricing),
			Pricing::PerReading(pricing) => {
				Self::check_reading_price(pricing, terms.interval_seconds)
			},
		}
	}

	fn check_periods(terms: &ListingTermsOf<T>) -> Result<(), Error<T>> {
		let within = |period: BlockNumberFor<T>, min, max| (min..=max).contains(&period);
		let shortest = T::MinPeriod::get();
		let shortest_access = terms.delivery_period.saturating_add(terms.confirmation_period);
		ensure!(
			within(terms.delivery_period, shortest, T::MaxDeliveryPeriod::get())
				&& within(terms.confirmation_period, shortest, T::MaxConfirmationPeriod::get())
				&& within(terms.access_period, shortest_access, T::MaxAccessPeriod::get()),
			Error::InvalidPeriod
		);
		Ok(())
	}
}

fn is_unit(unit: &[u8]) -> bool {
	core::str::from_utf8(unit)
		.is_ok_and(|unit| !unit.is_empty() && !unit.chars().any(char::is_control))
}
