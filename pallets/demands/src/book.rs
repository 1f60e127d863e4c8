//! Demands and offers in the order of price, then time.
//!
//! The state is a trie over keys in their order, so a book is nothing but its entries under ordered keys:
//! finding the best costs one step down the trie, whatever stands behind it. Nothing is ever loaded or
//! moved but the entries that are looked at.

use crate::{pallet::*, BalanceOf, DemandId, DemandOf, OfferOf, OfferPositionOf, OfferRank, Rank};
use alloc::vec::Vec;
use core::iter::{from_fn, Peekable};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_primitives::{
	market::{areas_around, cell_of},
	Kind, ListingId, OnOffer, Place,
};
use sp_runtime::SaturatedConversion;

impl<T: Config> Pallet<T> {
	/// Where a demand with this price and number stands in its book.
	pub fn rank(highest_price: BalanceOf<T>, sequence: u64) -> Rank {
		let complement = u128::MAX - highest_price.saturated_into::<u128>();
		let mut rank = Rank::default();
		rank[..16].copy_from_slice(&complement.to_be_bytes());
		rank[16..].copy_from_slice(&sequence.to_be_bytes());
		rank
	}

	/// Where an offer stands among those of its cell.
	pub fn offer_rank(
		price: BalanceOf<T>,
		since: BlockNumberFor<T>,
		listing: &ListingId,
	) -> OfferRank {
		let mut rank = [0; 56];
		rank[..16].copy_from_slice(&price.saturated_into::<u128>().to_be_bytes());
		rank[16..24].copy_from_slice(&since.saturated_into::<u64>().to_be_bytes());
		rank[24..].copy_from_slice(listing.as_bytes());
		rank
	}

	/// Price, block since which it stands, and listing of an offer.
	pub(crate) fn offer_position(rank: &OfferRank) -> OfferPositionOf<T> {
		let (mut price, mut since) = ([0; 16], [0; 8]);
		price.copy_from_slice(&rank[..16]);
		since.copy_from_slice(&rank[16..24]);
		(
			u128::from_be_bytes(price).saturated_into(),
			u64::from_be_bytes(since).saturated_into(),
			ListingId::from_slice(&rank[24..]),
		)
	}

	pub(crate) fn rank_of(demand: &DemandOf<T>) -> Rank {
		Self::rank(demand.terms.highest_price, demand.sequence)
	}

	/// The demands whose area contains `place`, from the best on, whatever price they allow.
	pub(crate) fn demands_around(
		kind: &Kind,
		place: &Place,
	) -> impl Iterator<Item = (Rank, DemandId)> {
		let mut books: Vec<_> = areas_around(place)
			.map(|area| DemandBook::<T>::iter_prefix((kind, area)).peekable())
			.collect();
		from_fn(move || best_of(&mut books))
	}

	/// The listings on offer in the cell of `area`, from the cheapest on.
	pub(crate) fn offers_in(kind: &Kind, area: &Place) -> impl Iterator<Item = ListingId> {
		OfferBook::<T>::iter_key_prefix((kind, cell_of(area)))
			.map(|rank| Self::offer_position(&rank).2)
	}
}

impl<T: Config> OnOffer<T::AccountId, BalanceOf<T>, BlockNumberFor<T>> for Pallet<T> {
	fn opened(listing: &ListingId, offer: &OfferOf<T>) {
		let rank = Self::offer_rank(offer.price, offer.since, listing);
		OfferBook::<T>::insert((&offer.kind, cell_of(&offer.place)), rank, ());
	}

	fn closed(listing: &ListingId, offer: &OfferOf<T>) {
		let rank = Self::offer_rank(offer.price, offer.since, listing);
		OfferBook::<T>::remove((&offer.kind, cell_of(&offer.place)), rank);
	}
}

fn best_of<Entries>(books: &mut [Peekable<Entries>]) -> Option<(Rank, DemandId)>
where
	Entries: Iterator<Item = (Rank, DemandId)>,
{
	let heads = books.iter_mut().enumerate();
	let best = heads.filter_map(|(book, entries)| Some((entries.peek()?.0, book))).min()?.1;
	books.get_mut(best)?.next()
}
