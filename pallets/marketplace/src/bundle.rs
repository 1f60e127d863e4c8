//! Several listings of one owner at one price.

use crate::{
	pallet::*, purchase::Purchase, types::BundleMember, BalanceOf, BundleMembers, BundleOf,
	BundleOffer,
};
use alloc::{collections::BTreeSet, vec::Vec};
use codec::{Encode, MaxEncodedLen};
use frame_support::{
	ensure,
	traits::{Consideration, Footprint, Get},
	BoundedVec,
};
use msec_primitives::BundleId;
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::{
	traits::{CheckedAdd, Zero},
	DispatchError, DispatchResult,
};

/// What a bundle's own key takes, in bytes.
const KEY_SIZE: usize = 64;

impl<T: Config> Pallet<T> {
	/// BLAKE2b-256 of the SCALE encoding of (owner, salt).
	pub fn bundle_id(owner: &T::AccountId, salt: H256) -> BundleId {
		(owner, salt).using_encoded(blake2_256).into()
	}

	pub(crate) fn do_create_bundle(
		owner: T::AccountId,
		salt: H256,
		members: BundleMembers<BalanceOf<T>>,
	) -> DispatchResult {
		ensure!(members.len() > 1, Error::<T>::TooFewMembers);
		let distinct: BTreeSet<_> = members.iter().map(|member| member.listing).collect();
		ensure!(distinct.len() == members.len(), Error::<T>::AlreadyExists);
		for member in &members {
			Self::own_listing(&owner, member.listing)?;
			ensure!(member.share >= T::MinimumPrice::get(), Error::<T>::PriceTooLow);
		}
		let price = Self::bundle_price(&members).ok_or(Error::<T>::PriceTooHigh)?;
		let id = Self::bundle_id(&owner, salt);
		ensure!(!Bundles::<T>::contains_key(id), Error::<T>::AlreadyExists);
		let ticket = T::Consideration::new(&owner, Self::bundle_footprint())?;
		Bundles::<T>::insert(id, BundleOf::<T> { owner: owner.clone(), members, ticket });
		Self::deposit_event(Event::BundleCreated { bundle: id, owner, price });
		Ok(())
	}

	pub(crate) fn do_retire_bundle(who: T::AccountId, id: BundleId) -> DispatchResult {
		let bundle = Bundles::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(bundle.owner == who, Error::<T>::NotAuthorized);
		Bundles::<T>::remove(id);
		bundle.ticket.drop(&who)?;
		Self::deposit_event(Event::BundleRetired { bundle: id });
		Ok(())
	}

	pub(crate) fn do_buy_bundle(
		payer: T::AccountId,
		id: BundleId,
		terms_hash: H256,
		max_price: BalanceOf<T>,
		beneficiary: T::AccountId,
		buyer_keys: Vec<[u8; 32]>,
	) -> DispatchResult {
		let bundle = Bundles::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		let offer = Self::offer_of_bundle(&bundle)?;
		ensure!(offer.terms_hash == terms_hash, Error::<T>::TermsChanged);
		ensure!(offer.price <= max_price, Error::<T>::PriceTooHigh);
		ensure!(buyer_keys.len() == bundle.members.len(), Error::<T>::OtherNumberOfKeys);
		let mut orders = BoundedVec::new();
		for (member, buyer_key) in bundle.members.iter().zip(buyer_keys) {
			let listing = Self::listing_for_sale(member.listing)?;
			let (payer, beneficiary) = (payer.clone(), beneficiary.clone());
			let purchase = Purchase { payer, beneficiary, buyer_key, price: member.share };
			let footprint = Self::order_footprint();
			let (order_id, order) = Self::pin_order(member.listing, listing, purchase, footprint)?;
			Self::open_order(order_id, order)?;
			orders.try_push(order_id).map_err(|_| DispatchError::Exhausted)?;
		}
		let price = offer.price;
		Self::deposit_event(Event::BundleBought { bundle: id, payer, price, orders });
		Ok(())
	}

	/// What is bought with a bundle now, and for how much; `None` when it cannot be bought.
	pub(crate) fn current_offer(id: BundleId) -> Option<BundleOffer<BalanceOf<T>>> {
		Self::offer_of_bundle(&Bundles::<T>::get(id)?).ok()
	}

	fn offer_of_bundle(bundle: &BundleOf<T>) -> Result<BundleOffer<BalanceOf<T>>, Error<T>> {
		let terms = |member: &BundleMember<BalanceOf<T>>| {
			let listing = Self::listing_for_sale(member.listing)?;
			Ok((member.listing, listing.terms_hash, member.share))
		};
		let all = bundle.members.iter().map(terms).collect::<Result<Vec<_>, Error<T>>>()?;
		let price = Self::bundle_price(&bundle.members).ok_or(Error::PriceTooHigh)?;
		Ok(BundleOffer { price, terms_hash: all.using_encoded(blake2_256).into() })
	}

	pub(crate) fn bundle_price(members: &BundleMembers<BalanceOf<T>>) -> Option<BalanceOf<T>> {
		members
			.iter()
			.try_fold(Zero::zero(), |sum: BalanceOf<T>, member| sum.checked_add(&member.share))
	}

	/// The largest bundle.
	fn bundle_footprint() -> Footprint {
		Footprint::from_parts(1, BundleOf::<T>::max_encoded_len().saturating_add(KEY_SIZE))
	}
}
