//! Where demands meet offers.
//!
//! A purchase never takes an offer away from others, so what is first in the order of price and time
//! decides only who is served first. A demand that stands before another is therefore passed over as soon
//! as buying for it fails, and only so many are looked at: whoever wants to jump ahead has to put as
//! many demands before that have really bought from this listing already, and gains nothing by it.

use crate::{pallet::*, DemandEnd, DemandId, DemandOf, DemandTermsOf, OfferOf};
use frame_support::{
	defensive, ensure,
	storage::{with_storage_layer, with_transaction},
	traits::Get,
};
use msec_primitives::{DeviceStatus, ListingId, Market, TrustScore};
use sp_runtime::{traits::Saturating, DispatchError, DispatchResult, TransactionOutcome};

/// How many more demands and offers a call may look at.
struct Looks {
	left: u32,
	most: u32,
}

impl Looks {
	fn new(most: u32) -> Self {
		Self { left: most, most }
	}

	/// Takes one, if there is one.
	fn take(&mut self) -> bool {
		match self.left.checked_sub(1) {
			Some(left) => {
				self.left = left;
				true
			},
			None => false,
		}
	}

	fn taken(&self) -> u32 {
		self.most.saturating_sub(self.left)
	}
}

impl<T: Config> Pallet<T> {
	/// Lets a demand buy from a listing; returns how many other demands were looked at.
	pub(crate) fn do_propose_match(id: DemandId, listing: ListingId) -> Result<u32, DispatchError> {
		let mut looks = Looks::new(T::MaxLooks::get());
		Self::match_with(id, listing, &mut looks)?;
		Ok(looks.taken())
	}

	/// Lets a new demand buy from the cheapest offers of its cell; returns how many demands and offers
	/// were looked at.
	pub(crate) fn match_offers(id: DemandId, terms: &DemandTermsOf<T>) -> u32 {
		let mut looks = Looks::new(T::MaxLooks::get());
		for listing in Self::offers_in(&terms.kind, &terms.area) {
			if !Demands::<T>::contains_key(id) || !looks.take() {
				break;
			}
			let matched = with_storage_layer(|| Self::match_with(id, listing, &mut looks));
			// Those that follow are not cheaper.
			if matched == Err(Error::<T>::PriceTooHigh.into()) {
				break;
			}
		}
		looks.taken()
	}

	fn match_with(id: DemandId, listing: ListingId, looks: &mut Looks) -> DispatchResult {
		let demand = Demands::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		let offer = T::Market::offer(&listing).ok_or(Error::<T>::NotOffered)?;
		Self::check_match(&demand, &listing, &offer)?;
		Self::ensure_unbeaten(&demand, listing, &offer, looks)?;
		Self::fill(id, demand, listing, &offer)
	}

	/// Checks every condition, in the order of what costs least.
	fn check_match(
		demand: &DemandOf<T>,
		listing: &ListingId,
		offer: &OfferOf<T>,
	) -> Result<(), Error<T>> {
		let terms = &demand.terms;
		ensure!(!Self::is_over(terms.expires_at), Error::Expired);
		ensure!(offer.kind == terms.kind, Error::OtherKind);
		ensure!(offer.place.starts_with(&terms.area), Error::OutsideArea);
		ensure!(offer.price <= terms.highest_price, Error::PriceTooHigh);
		let is_seller = |account: &T::AccountId| *account == offer.seller;
		ensure!(!is_seller(&demand.account) && !is_seller(&terms.beneficiary), Error::OwnListing);
		ensure!(!demand.filled_from.contains(listing), Error::AlreadyFilled);
		let now = frame_system::Pallet::<T>::block_number();
		let ripe = offer.since.saturating_add(T::MinOfferAge::get());
		ensure!(now >= ripe, Error::OfferTooYoung);
		if let Some(minimum) = terms.minimum_score {
			ensure!(T::Scores::score(&offer.seller) >= minimum, Error::ScoreTooLow);
		}
		if let Some(age) = terms.maximum_verdict_age {
			ensure!(offer.is_attested, Error::NotAttested);
			let verdict = T::Devices::trusted_at(&offer.dataset).ok_or(Error::NotTrusted)?;
			ensure!(verdict.saturating_add(age) >= now, Error::VerdictTooOld);
		}
		Ok(())
	}

	/// Refuses when a better demand could buy from `listing` now.
	fn ensure_unbeaten(
		demand: &DemandOf<T>,
		listing: ListingId,
		offer: &OfferOf<T>,
		looks: &mut Looks,
	) -> Result<(), Error<T>> {
		let own = Self::rank_of(demand);
		let better = Self::demands_around(&offer.kind, &offer.place);
		for (_, id) in better.take_while(|(rank, _)| *rank < own) {
			if !looks.take() {
				break;
			}
			ensure!(!Self::could_fill(id, listing, offer), Error::Beaten);
		}
		Ok(())
	}

	/// Tries a purchase and takes it back.
	pub(crate) fn could_fill(id: DemandId, listing: ListingId, offer: &OfferOf<T>) -> bool {
		let Some(demand) = Demands::<T>::get(id) else {
			defensive!("a book names a demand that is not there");
			return false;
		};
		if Self::check_match(&demand, &listing, offer).is_err() {
			return false;
		}
		with_transaction(|| TransactionOutcome::Rollback(Self::fill(id, demand, listing, offer)))
			.is_ok()
	}

	/// Buys: what was held for this purchase pays the order, and the rest of it is free.
	fn fill(
		id: DemandId,
		mut demand: DemandOf<T>,
		listing: ListingId,
		offer: &OfferOf<T>,
	) -> DispatchResult {
		let buyer_key = *demand.next_key().ok_or(Error::<T>::AlreadyFilled)?;
		Self::release_budget(&demand.account, demand.budget_per_fill)?;
		let order = T::Market::buy_for(
			&demand.account,
			&listing,
			offer.terms_hash,
			demand.terms.highest_price,
			&demand.terms.beneficiary,
			buyer_key,
		)?;
		demand.filled_from.try_push(listing).map_err(|_| Error::<T>::AlreadyFilled)?;
		let fills_left = demand.fills_left();
		Self::deposit_event(Event::Matched {
			demand: id,
			listing,
			order,
			price: offer.price,
			fills_left,
		});
		if fills_left == 0 {
			return Self::close_demand(id, demand, DemandEnd::Filled);
		}
		Demands::<T>::insert(id, demand);
		Ok(())
	}
}
