//! What must hold at every moment.

use crate::{pallet::*, BalanceOf, MAX_FILLS};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{ensure, traits::fungible::InspectHold};
use msec_primitives::{market::cell_of, Market};
use sp_runtime::{
	traits::{Saturating, Zero},
	TryRuntimeError,
};

impl<T: Config> Pallet<T> {
	/// Checks demands, offers, requests, their books and indexes, and that exactly what they need is
	/// held.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_demands()?;
		Self::check_offers()?;
		Self::check_requests()?;
		Self::check_held()
	}

	// With every demand in both indexes once, equal counts leave no room for stray entries.
	fn check_demands() -> Result<(), TryRuntimeError> {
		let mut sequences = BTreeSet::new();
		for (id, demand) in Demands::<T>::iter() {
			let book = (&demand.terms.kind, &demand.terms.area);
			ensure!(
				DemandBook::<T>::get(book, Self::rank_of(&demand)) == Some(id)
					&& DemandsByAccount::<T>::contains_key(&demand.account, id),
				"a demand is missing in an index"
			);
			ensure!(
				(1..=MAX_FILLS).contains(&demand.fills_left()),
				"a demand that is filled still stands"
			);
			ensure!(
				demand.filled_from.iter().collect::<BTreeSet<_>>().len()
					== demand.filled_from.len(),
				"a demand bought from a listing twice"
			);
			ensure!(sequences.insert(demand.sequence), "two demands have one number");
			ensure!(demand.sequence < NextSequence::<T>::get(), "a demand is from the future");
		}
		let demands = Demands::<T>::iter_keys().count();
		ensure!(
			DemandBook::<T>::iter_keys().count() == demands
				&& DemandsByAccount::<T>::iter_keys().count() == demands,
			"an index of demands has a stray entry"
		);
		Ok(())
	}

	fn check_offers() -> Result<(), TryRuntimeError> {
		let mut listings = BTreeSet::new();
		for (book, rank) in OfferBook::<T>::iter_keys() {
			let (_, _, listing) = Self::offer_position(&rank);
			let offer = T::Market::standing_offer(&listing).ok_or("a book has a stray offer")?;
			ensure!(
				book == (offer.kind.clone(), cell_of(&offer.place))
					&& rank == Self::offer_rank(offer.price, offer.since, &listing),
				"an offer stands in another place"
			);
			ensure!(listings.insert(listing), "an offer stands twice");
		}
		Ok(())
	}

	fn check_requests() -> Result<(), TryRuntimeError> {
		for (id, request) in Requests::<T>::iter() {
			ensure!(
				RequestsByKind::<T>::contains_key(&request.terms.kind, id)
					&& RequestsByAccount::<T>::contains_key(&request.account, id),
				"a request is missing in an index"
			);
			ensure!(
				Answers::<T>::iter_prefix(id).count() == request.answers as usize,
				"a request counts its answers wrongly"
			);
		}
		let requests = Requests::<T>::iter_keys().count();
		ensure!(
			RequestsByKind::<T>::iter_keys().count() == requests
				&& RequestsByAccount::<T>::iter_keys().count() == requests,
			"an index of requests has a stray entry"
		);
		Ok(())
	}

	fn check_held() -> Result<(), TryRuntimeError> {
		let mut owed = BTreeMap::<T::AccountId, (BalanceOf<T>, BalanceOf<T>)>::new();
		for demand in Demands::<T>::iter_values() {
			let budget = demand.budget_per_fill.saturating_mul(demand.fills_left().into());
			let (sum, _) = owed.entry(demand.account).or_insert((Zero::zero(), Zero::zero()));
			*sum = sum.saturating_add(budget);
		}
		for request in Requests::<T>::iter_values() {
			let (_, sum) = owed.entry(request.account).or_insert((Zero::zero(), Zero::zero()));
			*sum = sum.saturating_add(request.terms.reward);
		}
		for (account, (budget, reward)) in owed {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Budget.into(), &account) == budget,
				"what is held from an account differs from the budgets of its demands"
			);
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Reward.into(), &account) == reward,
				"what is held from an account differs from the rewards of its requests"
			);
		}
		Ok(())
	}
}
