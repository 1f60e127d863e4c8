//! Pages of listings, bundles and orders.

use crate::{pallet::*, BundleOf, Cell, Kind, ListingOf, OrderOf, SubscriptionOf};
use alloc::vec::Vec;
use frame_support::storage::KeyPrefixIterator;
use msec_primitives::{BundleId, DatasetId, ListingId, OrderId};
use sp_core::H256;

/// Most items in a page.
pub(crate) const MAX_PAGE_LENGTH: u32 = 100;

impl<T: Config> Pallet<T> {
	pub(crate) fn page_of_owner(
		owner: T::AccountId,
		start_after: Option<ListingId>,
		limit: u32,
	) -> Vec<(ListingId, ListingOf<T>)> {
		page(Self::ids_of_owner(&owner, start_after), limit, Listings::<T>::get)
	}

	pub(crate) fn page_of_kind(
		kind: Kind,
		start_after: Option<ListingId>,
		limit: u32,
	) -> Vec<(ListingId, ListingOf<T>)> {
		page(Self::ids_of_kind(&kind, start_after), limit, Listings::<T>::get)
	}

	pub(crate) fn page_of_cell(
		cell: Cell,
		start_after: Option<ListingId>,
		limit: u32,
	) -> Vec<(ListingId, ListingOf<T>)> {
		page(Self::ids_of_cell(&cell, start_after), limit, Listings::<T>::get)
	}

	pub(crate) fn ids_of_all(start_after: Option<ListingId>) -> KeyPrefixIterator<ListingId> {
		match start_after {
			Some(id) => Listings::<T>::iter_keys_from(Listings::<T>::hashed_key_for(id)),
			None => Listings::<T>::iter_keys(),
		}
	}

	pub(crate) fn ids_of_owner(
		owner: &T::AccountId,
		start_after: Option<ListingId>,
	) -> KeyPrefixIterator<ListingId> {
		match start_after {
			Some(id) => ListingsByOwner::<T>::iter_key_prefix_from(
				owner,
				ListingsByOwner::<T>::hashed_key_for(owner, id),
			),
			None => ListingsByOwner::<T>::iter_key_prefix(owner),
		}
	}

	pub(crate) fn ids_of_kind(
		kind: &Kind,
		start_after: Option<ListingId>,
	) -> KeyPrefixIterator<ListingId> {
		match start_after {
			Some(id) => ListingsByKind::<T>::iter_key_prefix_from(
				kind,
				ListingsByKind::<T>::hashed_key_for(kind, id),
			),
			None => ListingsByKind::<T>::iter_key_prefix(kind),
		}
	}

	pub(crate) fn ids_of_cell(
		cell: &Cell,
		start_after: Option<ListingId>,
	) -> KeyPrefixIterator<ListingId> {
		match start_after {
			Some(id) => ListingsByCell::<T>::iter_key_prefix_from(
				cell,
				ListingsByCell::<T>::hashed_key_for(cell, id),
			),
			None => ListingsByCell::<T>::iter_key_prefix(cell),
		}
	}

	pub(crate) fn page_of_bundles(
		start_after: Option<BundleId>,
		limit: u32,
	) -> Vec<(BundleId, BundleOf<T>)> {
		let ids = match start_after {
			Some(id) => Bundles::<T>::iter_keys_from(Bundles::<T>::hashed_key_for(id)),
			None => Bundles::<T>::iter_keys(),
		};
		page(ids, limit, Bundles::<T>::get)
	}

	pub(crate) fn page_of_account(
		account: T::AccountId,
		start_after: Option<OrderId>,
		limit: u32,
	) -> Vec<(OrderId, OrderOf<T>)> {
		let ids = match start_after {
			Some(id) => OrdersByAccount::<T>::iter_key_prefix_from(
				&account,
				OrdersByAccount::<T>::hashed_key_for(&account, id),
			),
			None => OrdersByAccount::<T>::iter_key_prefix(&account),
		};
		page(ids, limit, Orders::<T>::get)
	}

	pub(crate) fn page_awaiting(
		dataset: DatasetId,
		start_after: Option<OrderId>,
		limit: u32,
	) -> Vec<(OrderId, OrderOf<T>)> {
		let ids = match start_after {
			Some(id) => AwaitingDelivery::<T>::iter_key_prefix_from(
				dataset,
				AwaitingDelivery::<T>::hashed_key_for(dataset, id),
			),
			None => AwaitingDelivery::<T>::iter_key_prefix(dataset),
		};
		page(ids, limit, Orders::<T>::get)
	}

	pub(crate) fn page_challenged(
		dataset: DatasetId,
		start_after: Option<OrderId>,
		limit: u32,
	) -> Vec<(OrderId, OrderOf<T>)> {
		let ids = match start_after {
			Some(id) => OpenChallenges::<T>::iter_key_prefix_from(
				dataset,
				OpenChallenges::<T>::hashed_key_for(dataset, id),
			),
			None => OpenChallenges::<T>::iter_key_prefix(dataset),
		};
		page(ids, limit, Orders::<T>::get)
	}

	pub(crate) fn page_of_subscriptions(
		dataset: DatasetId,
		start_after: Option<OrderId>,
		limit: u32,
	) -> Vec<(OrderId, SubscriptionOf<T>)> {
		let ids = match start_after {
			Some(id) => Subscriptions::<T>::iter_key_prefix_from(
				dataset,
				Subscriptions::<T>::hashed_key_for(dataset, id),
			),
			None => Subscriptions::<T>::iter_key_prefix(dataset),
		};
		page(ids, limit, |id| Subscriptions::<T>::get(dataset, id))
	}
}

fn page<Item>(
	ids: impl Iterator<Item = H256>,
	limit: u32,
	get: impl Fn(H256) -> Option<Item>,
) -> Vec<(H256, Item)> {
	ids.take(limit.min(MAX_PAGE_LENGTH) as usize)
		.filter_map(|id| get(id).map(|item| (id, item)))
		.collect()
}
