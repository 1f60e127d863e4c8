//! How whoever looks for data meets the listings.

use crate::{pallet::*, BalanceOf, ListingOf, ListingStatus, Pricing, Right};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_commitments::envelope::is_valid_recipient;
use msec_primitives::{ListingId, Market, Offer, OnOffer, OrderId};
use sp_core::H256;
use sp_runtime::{traits::Zero, DispatchError};

type OfferOf<T> = Offer<<T as frame_system::Config>::AccountId, BalanceOf<T>, BlockNumberFor<T>>;

impl<T: Config> Pallet<T> {
	pub(crate) fn open_offer(id: &ListingId, listing: &ListingOf<T>) {
		if let Some(offer) = Self::offer_of(listing) {
			T::OnOffer::opened(id, &offer);
		}
	}

	pub(crate) fn close_offer(id: &ListingId, listing: &ListingOf<T>) {
		if let Some(offer) = Self::offer_of(listing) {
			T::OnOffer::closed(id, &offer);
		}
	}

	fn offer_of(listing: &ListingOf<T>) -> Option<OfferOf<T>> {
		let terms = &listing.terms;
		if terms.right != Right::Read {
			return None;
		}
		// A demand cannot know how much of a payer's quota is left.
		let price = match &terms.pricing {
			Pricing::Free => Zero::zero(),
			Pricing::OneTime { price } => *price,
			Pricing::FreeQuota { .. } | Pricing::PerPeriod(_) | Pricing::PerReading(_) => {
				return None;
			},
		};
		(listing.status == ListingStatus::Active).then(|| Offer {
			seller: listing.owner.clone(),
			dataset: terms.dataset,
			kind: terms.kind.clone(),
			place: terms.place.clone(),
			price,
			terms_hash: listing.terms_hash,
			is_attested: terms.maximum_verdict_age.is_some(),
			since: listing.changed_at,
		})
	}
}

impl<T: Config> Market<T::AccountId, BalanceOf<T>, BlockNumberFor<T>> for Pallet<T> {
	fn offer(listing: &ListingId) -> Option<OfferOf<T>> {
		let listing = Listings::<T>::get(listing)?;
		Self::ensure_for_sale(&listing).ok()?;
		Self::offer_of(&listing)
	}

	fn standing_offer(listing: &ListingId) -> Option<OfferOf<T>> {
		Self::offer_of(&Listings::<T>::get(listing)?)
	}

	fn buy_for(
		payer: &T::AccountId,
		listing: &ListingId,
		terms_hash: H256,
		highest_price: BalanceOf<T>,
		beneficiary: &T::AccountId,
		buyer_key: [u8; 32],
	) -> Result<OrderId, DispatchError> {
		let (payer, beneficiary) = (payer.clone(), beneficiary.clone());
		let id = Self::order_id(listing, &beneficiary, &buyer_key);
		Self::do_buy(payer, *listing, terms_hash, highest_price, beneficiary, buyer_key)?;
		Ok(id)
	}

	fn is_valid_key(buyer_key: &[u8; 32]) -> bool {
		is_valid_recipient(buyer_key)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn benchmark_offer(
		seller: T::AccountId,
		kind: msec_primitives::Kind,
		place: msec_primitives::Place,
		price: BalanceOf<T>,
	) -> ListingId {
		crate::benchmarking::offer::<T>(seller, kind, place, price)
	}
}
