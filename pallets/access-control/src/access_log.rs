//! Anchoring the access logs of stores.

use crate::{AccessLogAnchor, AccessLogAnchors, Config, Error, Event, Pallet};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get};
use msec_primitives::StoreInfo;
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_anchor_access_log(
		store: T::AccountId,
		anchor: AccessLogAnchor,
	) -> DispatchResult {
		ensure!(T::Stores::is_registered(&store), Error::<T>::StoreNotFound);
		ensure!(anchor.entries > 0, Error::<T>::EmptyLog);
		let AccessLogAnchor { day, root, entries } = anchor;
		AccessLogAnchors::<T>::try_mutate(&store, |anchors| -> DispatchResult {
			let is_next = anchors.last().is_none_or(|last| last.day < day);
			ensure!(is_next, Error::<T>::UnexpectedDay);
			if anchors.len() as u32 >= T::MaxAnchors::get() {
				anchors.remove(0);
			}
			anchors.try_push(anchor).map_err(|_| DispatchError::Corruption)
		})?;
		Self::deposit_event(Event::AccessLogAnchored { store, day, root, entries });
		Ok(())
	}

	pub(crate) fn anchor_of(store: &T::AccountId, day: u32) -> Option<AccessLogAnchor> {
		let anchors = AccessLogAnchors::<T>::get(store);
		let position = anchors.binary_search_by_key(&day, |anchor| anchor.day).ok()?;
		anchors.get(position).copied()
	}
}
