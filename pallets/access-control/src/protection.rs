//! Legal bases, regions, and whether data may go from one to another.

use crate::{
	AdequateTransfers, Config, DataSubjects, DeclaredRegion, DeclaredRegionOf, DeclaredRegions,
	Error, Event, Pallet, Protection, ProtectionOf, Protections, StoreRegions,
};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{Consideration, Footprint},
};
use msec_primitives::{Action, DatasetId, DatasetInfo, DatasetStatus, LegalBasis, Region};
use sp_core::H256;

impl<T: Config> Pallet<T> {
	/// The place that a data set's protection takes, with the key.
	pub(crate) fn protection_footprint() -> Footprint {
		Footprint::from_mel::<(DatasetId, ProtectionOf<T>)>()
	}

	/// The place that an account's region takes, with the key.
	pub(crate) fn region_footprint() -> Footprint {
		Footprint::from_mel::<(T::AccountId, DeclaredRegionOf<T>)>()
	}

	pub(crate) fn do_set_protection(
		who: T::AccountId,
		resource: DatasetId,
		legal_basis: LegalBasis,
		regions: StoreRegions,
		safeguards: Option<H256>,
	) -> DispatchResult {
		let owner = Self::ensure_active(&resource)?;
		ensure!(who == owner, Error::<T>::NotAuthorized);
		let are_valid = !regions.is_empty() && regions.iter().all(Region::is_valid);
		ensure!(are_valid, Error::<T>::InvalidRegion);
		if let Some(former) = Protections::<T>::take(resource) {
			former.ticket.drop(&former.set_by)?;
		}
		let ticket = T::Consideration::new(&who, Self::protection_footprint())?;
		let set_by = who;
		let entry =
			Protection { legal_basis, regions: regions.clone(), safeguards, set_by, ticket };
		Protections::<T>::insert(resource, entry);
		Self::deposit_event(Event::ProtectionSet { resource, legal_basis, regions, safeguards });
		Ok(())
	}

	pub(crate) fn do_remove_protection(resource: DatasetId) -> DispatchResult {
		let is_gone = T::Datasets::status(&resource) != Some(DatasetStatus::Active);
		ensure!(is_gone, Error::<T>::NothingToRemove);
		let subject = DataSubjects::<T>::take(resource);
		let protection = Protections::<T>::take(resource);
		ensure!(subject.is_some() || protection.is_some(), Error::<T>::NothingToRemove);
		if let Some(subject) = subject {
			subject.ticket.drop(&subject.named_by)?;
		}
		if let Some(protection) = protection {
			protection.ticket.drop(&protection.set_by)?;
		}
		Self::deposit_event(Event::ProtectionRemoved { resource });
		Ok(())
	}

	pub(crate) fn do_declare_region(
		account: T::AccountId,
		region: Option<Region>,
	) -> DispatchResult {
		match region {
			Some(region) => {
				ensure!(region.is_valid(), Error::<T>::InvalidRegion);
				let ticket = match DeclaredRegions::<T>::take(&account) {
					Some(former) => former.ticket,
					None => T::Consideration::new(&account, Self::region_footprint())?,
				};
				DeclaredRegions::<T>::insert(&account, DeclaredRegion { region, ticket });
			},
			None => {
				let former = DeclaredRegions::<T>::take(&account).ok_or(Error::<T>::NotFound)?;
				former.ticket.drop(&account)?;
			},
		}
		Self::deposit_event(Event::RegionDeclared { account, region });
		Ok(())
	}

	pub(crate) fn do_set_adequacy(from: Region, to: Region, is_adequate: bool) -> DispatchResult {
		let are_valid = from.is_valid() && to.is_valid() && from != to;
		ensure!(are_valid, Error::<T>::InvalidRegion);
		match is_adequate {
			true => AdequateTransfers::<T>::insert((from, to), ()),
			false => AdequateTransfers::<T>::remove((from, to)),
		}
		Self::deposit_event(Event::AdequacySet { from, to, is_adequate });
		Ok(())
	}

	/// Whether the data of `resource` may go to where `subject` is. It may where nobody states that it is
	/// protected.
	pub(crate) fn may_transfer(resource: &DatasetId, subject: &T::AccountId) -> bool {
		let Some(protection) = Protections::<T>::get(resource) else { return true };
		if protection.safeguards.is_some() {
			return true;
		}
		let Some(to) = DeclaredRegions::<T>::get(subject).map(|declared| declared.region) else {
			return false;
		};
		let is_adequate =
			|from: &Region| *from == to || AdequateTransfers::<T>::contains_key((*from, to));
		protection.regions.iter().all(is_adequate)
	}
}

/// Whether `action` hands out the data itself, so that consent and regions matter.
pub(crate) fn hands_out_data(action: Action) -> bool {
	matches!(action, Action::Read | Action::Subscribe)
}
