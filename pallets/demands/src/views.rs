//! Pages of demands, offers and requests.

use crate::{
	pallet::*, AnswerOf, BalanceOf, DemandId, DemandOf, OfferPositionOf, RequestId, RequestOf,
};
use alloc::vec::Vec;
use msec_primitives::{market::cell_of, Kind, Place};
use sp_core::H256;

/// Most items in a page.
const MAX_PAGE_LENGTH: u32 = 100;

impl<T: Config> Pallet<T> {
	pub(crate) fn page_of_area(
		kind: Kind,
		area: Place,
		start_after: Option<(BalanceOf<T>, u64)>,
		limit: u32,
	) -> Vec<(DemandId, DemandOf<T>)> {
		let book = (kind, area);
		let entries = match start_after {
			Some((price, sequence)) => DemandBook::<T>::iter_prefix_from(
				&book,
				DemandBook::<T>::hashed_key_for(&book, Self::rank(price, sequence)),
			),
			None => DemandBook::<T>::iter_prefix(&book),
		};
		page(entries.map(|(_, id)| id), limit, Demands::<T>::get)
	}

	pub(crate) fn page_of_account(
		account: T::AccountId,
		start_after: Option<DemandId>,
		limit: u32,
	) -> Vec<(DemandId, DemandOf<T>)> {
		let ids = match start_after {
			Some(id) => DemandsByAccount::<T>::iter_key_prefix_from(
				&account,
				DemandsByAccount::<T>::hashed_key_for(&account, id),
			),
			None => DemandsByAccount::<T>::iter_key_prefix(&account),
		};
		page(ids, limit, Demands::<T>::get)
	}

	pub(crate) fn page_of_offers(
		kind: Kind,
		area: Place,
		start_after: Option<OfferPositionOf<T>>,
		limit: u32,
	) -> Vec<OfferPositionOf<T>> {
		let book = (kind, cell_of(&area));
		let ranks = match start_after {
			Some((price, since, listing)) => OfferBook::<T>::iter_key_prefix_from(
				&book,
				OfferBook::<T>::hashed_key_for(&book, Self::offer_rank(price, since, &listing)),
			),
			None => OfferBook::<T>::iter_key_prefix(&book),
		};
		ranks.take(length(limit)).map(|rank| Self::offer_position(&rank)).collect()
	}

	pub(crate) fn page_of_kind(
		kind: Kind,
		start_after: Option<RequestId>,
		limit: u32,
	) -> Vec<(RequestId, RequestOf<T>)> {
		let ids = match start_after {
			Some(id) => RequestsByKind::<T>::iter_key_prefix_from(
				&kind,
				RequestsByKind::<T>::hashed_key_for(&kind, id),
			),
			None => RequestsByKind::<T>::iter_key_prefix(&kind),
		};
		page(ids, limit, Requests::<T>::get)
	}

	pub(crate) fn page_of_requester(
		account: T::AccountId,
		start_after: Option<RequestId>,
		limit: u32,
	) -> Vec<(RequestId, RequestOf<T>)> {
		let ids = match start_after {
			Some(id) => RequestsByAccount::<T>::iter_key_prefix_from(
				&account,
				RequestsByAccount::<T>::hashed_key_for(&account, id),
			),
			None => RequestsByAccount::<T>::iter_key_prefix(&account),
		};
		page(ids, limit, Requests::<T>::get)
	}

	pub(crate) fn page_of_answers(
		request: RequestId,
		start_after: Option<T::AccountId>,
		limit: u32,
	) -> Vec<(T::AccountId, AnswerOf<T>)> {
		let answers = match start_after {
			Some(account) => Answers::<T>::iter_prefix_from(
				request,
				Answers::<T>::hashed_key_for(request, account),
			),
			None => Answers::<T>::iter_prefix(request),
		};
		answers.take(length(limit)).collect()
	}
}

fn length(limit: u32) -> usize {
	limit.min(MAX_PAGE_LENGTH) as usize
}

fn page<Item>(
	ids: impl Iterator<Item = H256>,
	limit: u32,
	get: impl Fn(H256) -> Option<Item>,
) -> Vec<(H256, Item)> {
	ids.take(length(limit)).filter_map(|id| get(id).map(|item| (id, item))).collect()
}
