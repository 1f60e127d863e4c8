//! Registering demands, and their end.

use crate::{
	pallet::*, BalanceOf, Demand, DemandEnd, DemandId, DemandOf, DemandTermsOf, MAX_FILLS,
};
use codec::{Encode, MaxEncodedLen};
use frame_support::{
	ensure,
	traits::{
		fungible::MutateHold, tokens::Precision, Consideration, DefensiveSaturating, Footprint, Get,
	},
	BoundedVec,
};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_primitives::{
	market::{is_geohash, is_kind},
	DeviceStatus, Market, TrustScore,
};
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::{
	traits::{CheckedAdd, CheckedMul, Saturating, Zero},
	ArithmeticError, DispatchError, DispatchResult,
};

/// What the keys of a demand and of its two index entries take, in bytes.
const KEYS_SIZE: usize = 330;

impl<T: Config> Pallet<T> {
	/// BLAKE2b-256 of the SCALE encoding of (account, salt).
	pub fn demand_id(account: &T::AccountId, salt: H256) -> DemandId {
		(account, salt).using_encoded(blake2_256).into()
	}

	/// Registers a demand and lets it buy; returns how many demands and offers were looked at.
	pub(crate) fn do_create_demand(
		account: T::AccountId,
		salt: H256,
		terms: DemandTermsOf<T>,
	) -> Result<u32, DispatchError> {
		Self::check_demand_terms(&terms)?;
		let id = Self::demand_id(&account, salt);
		ensure!(!Demands::<T>::contains_key(id), Error::<T>::AlreadyExists);
		let budget_per_fill = terms
			.highest_price
			.checked_add(&T::OrderDeposit::get())
			.ok_or(ArithmeticError::Overflow)?;
		let budget = Self::budget(budget_per_fill, terms.buyer_keys.len() as u32)
			.ok_or(ArithmeticError::Overflow)?;
		T::Currency::hold(&HoldReason::Budget.into(), &account, budget)?;

		let demand = Demand {
			ticket: T::Consideration::new(&account, Self::demand_footprint(&terms))?,
			account: account.clone(),
			sequence: Self::next_sequence(),
			budget_per_fill,
			filled_from: BoundedVec::new(),
			terms,
		};
		let book = (demand.terms.kind.clone(), demand.terms.area.clone());
		DemandBook::<T>::insert(&book, Self::rank_of(&demand), id);
		DemandsByAccount::<T>::insert(&account, id, ());
		Self::deposit_event(Event::DemandCreated {
			demand: id,
			account,
			kind: book.0,
			area: book.1,
			highest_price: demand.terms.highest_price,
			fills: demand.fills_left(),
		});
		Demands::<T>::insert(id, &demand);
		Ok(Self::match_offers(id, &demand.terms))
	}

	pub(crate) fn do_cancel_demand(who: T::AccountId, id: DemandId) -> DispatchResult {
		let demand = Demands::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(demand.account == who, Error::<T>::NotAuthorized);
		Self::close_demand(id, demand, DemandEnd::Cancelled)
	}

	pub(crate) fn do_expire_demand(id: DemandId) -> DispatchResult {
		let demand = Demands::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(Self::is_over(demand.terms.expires_at), Error::<T>::TooEarly);
		Self::close_demand(id, demand, DemandEnd::Expired)
	}

	/// Returns what is left of the budget and the deposit, and removes the demand.
	pub(crate) fn close_demand(
		id: DemandId,
		demand: DemandOf<T>,
		end: DemandEnd,
	) -> DispatchResult {
		let returned = demand.budget_per_fill.saturating_mul(demand.fills_left().into());
		Self::release_budget(&demand.account, returned)?;
		DemandBook::<T>::remove((&demand.terms.kind, &demand.terms.area), Self::rank_of(&demand));
		DemandsByAccount::<T>::remove(&demand.account, id);
		Demands::<T>::remove(id);
		let account = demand.account;
		demand.ticket.drop(&account)?;
		Self::deposit_event(Event::DemandClosed { demand: id, account, returned, end });
		Ok(())
	}

	pub(crate) fn release_budget(who: &T::AccountId, amount: BalanceOf<T>) -> DispatchResult {
		if !amount.is_zero() {
			T::Currency::release(&HoldReason::Budget.into(), who, amount, Precision::Exact)?;
		}
		Ok(())
	}

	/// Whether a last block has passed.
	pub(crate) fn is_over(last: BlockNumberFor<T>) -> bool {
		frame_system::Pallet::<T>::block_number() > last
	}

	fn budget(per_fill: BalanceOf<T>, fills: u32) -> Option<BalanceOf<T>> {
		per_fill.checked_mul(&fills.into())
	}

	fn next_sequence() -> u64 {
		NextSequence::<T>::mutate(|next| {
			let sequence = *next;
			*next = next.defensive_saturating_add(1);
			sequence
		})
	}

	/// A demand as long as its terms and all that it may be filled from.
	fn demand_footprint(terms: &DemandTermsOf<T>) -> Footprint {
		let fills = terms.buyer_keys.len().saturating_mul(H256::len_bytes());
		let rest = DemandOf::<T>::max_encoded_len()
			.saturating_sub(DemandTermsOf::<T>::max_encoded_len())
			.saturating_sub((MAX_FILLS as usize).saturating_mul(H256::len_bytes()));
		let size = terms.encoded_size().saturating_add(fills).saturating_add(rest);
		Footprint::from_parts(1, size.saturating_add(KEYS_SIZE))
	}

	fn check_demand_terms(terms: &DemandTermsOf<T>) -> DispatchResult {
		ensure!(is_kind(&terms.kind), Error::<T>::InvalidKind);
		ensure!(is_geohash(&terms.area), Error::<T>::InvalidArea);
		Self::check_period(terms.expires_at, T::MaxDemandPeriod::get())?;
		let keys = &terms.buyer_keys;
		ensure!(
			!keys.is_empty() && keys.iter().all(T::Market::is_valid_key),
			Error::<T>::InvalidBuyerKey
		);
		ensure!(terms.minimum_score.is_none() || T::Scores::is_available(), Error::<T>::NoScores);
		ensure!(
			terms.maximum_verdict_age.is_none() || T::Devices::is_available(),
			Error::<T>::NoVerdicts
		);
		Ok(())
	}

	/// Whether `last` lies ahead, but not further than `longest`.
	pub(crate) fn check_period(
		last: BlockNumberFor<T>,
		longest: BlockNumberFor<T>,
	) -> DispatchResult {
		let now = frame_system::Pallet::<T>::block_number();
		ensure!(last > now && last <= now.saturating_add(longest), Error::<T>::InvalidPeriod);
		Ok(())
	}
}
