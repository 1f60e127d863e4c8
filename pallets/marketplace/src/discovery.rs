//! Finding listings: all of them, an owner's, a kind's or those of some cells, within a band of prices.

use crate::{pallet::*, views::MAX_PAGE_LENGTH, BalanceOf, Cell, Kind, ListingOf, Pricing};
use alloc::{boxed::Box, vec::Vec};
use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::{pallet_prelude::ConstU32, traits::tokens::Balance as Amount, BoundedVec};
use msec_primitives::ListingId;
use scale_info::TypeInfo;

/// Most cells of one search: a cell with its eight neighbours, and the coarser cells that contain them.
pub const MAX_SEARCH_CELLS: u32 = 32;

/// Among which listings is sought.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum SearchScope<AccountId> {
	/// All.
	All,
	/// Those of this owner.
	Owner(AccountId),
	/// Those of exactly this kind.
	Kind(Kind),
	/// Those whose place, cut to four characters, is one of these cells.
	Cells(BoundedVec<Cell, ConstU32<MAX_SEARCH_CELLS>>),
}

/// What a purchase, a period or a reading may cost, in the smallest unit of the currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct PriceBand<Balance> {
	/// At least this.
	pub lowest: Balance,
	/// At most this.
	pub highest: Balance,
}

/// Where a search goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct SearchCursor {
	/// In which of the scope's cells, counted from 0; 0 in a scope without cells.
	pub cell: u32,
	/// After which listing, which need not exist any more.
	pub listing: ListingId,
}

/// A part of what a search finds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct SearchPage<Listing> {
	/// The listings of this part that are within the band; there may be none.
	pub listings: Vec<(ListingId, Listing)>,
	/// Those among them that cannot be bought now: they are paused, or their device is not trusted.
	pub unavailable: Vec<ListingId>,
	/// Where to go on; `None` when everything was looked at.
	pub next: Option<SearchCursor>,
}

impl<Balance: Amount> PriceBand<Balance> {
	fn contains<BlockNumber>(&self, pricing: &Pricing<Balance, BlockNumber>) -> bool {
		let price = match pricing {
			Pricing::Free | Pricing::FreeQuota { .. } => Balance::default(),
			Pricing::OneTime { price } => *price,
			Pricing::PerPeriod(pricing) => pricing.price,
			Pricing::PerReading(pricing) => pricing.price,
		};
		self.lowest <= price && price <= self.highest
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_search(
		scope: SearchScope<T::AccountId>,
		prices: PriceBand<BalanceOf<T>>,
		start_after: Option<SearchCursor>,
		limit: u32,
	) -> SearchPage<ListingOf<T>> {
		let limit = limit.clamp(1, MAX_PAGE_LENGTH) as usize;
		let looked_at: Vec<_> = Self::places_in(scope, start_after).take(limit).collect();
		let listings: Vec<_> = looked_at
			.iter()
			.filter_map(|place| Some((place.listing, Listings::<T>::get(place.listing)?)))
			.filter(|(_, listing)| prices.contains(&listing.terms.pricing))
			.collect();
		let unavailable = listings
			.iter()
			.filter(|(_, listing)| Self::ensure_for_sale(listing).is_err())
			.map(|(id, _)| *id)
			.collect();
		let next = looked_at.last().filter(|_| looked_at.len() == limit).copied();
		SearchPage { listings, unavailable, next }
	}

	/// The places of the scope's listings, after `start_after`.
	fn places_in(
		scope: SearchScope<T::AccountId>,
		start_after: Option<SearchCursor>,
	) -> Box<dyn Iterator<Item = SearchCursor>> {
		let after = start_after.map(|place| place.listing);
		let place = |listing| SearchCursor { cell: 0, listing };
		match scope {
			SearchScope::All => Box::new(Self::ids_of_all(after).map(place)),
			SearchScope::Owner(owner) => Box::new(Self::ids_of_owner(&owner, after).map(place)),
			SearchScope::Kind(kind) => Box::new(Self::ids_of_kind(&kind, after).map(place)),
			SearchScope::Cells(cells) => {
				let first = start_after.map_or(0, |place| place.cell);
				let rest = (0..).zip(cells).skip_while(move |(number, _)| *number < first);
				Box::new(rest.flat_map(move |(number, cell)| {
					let after = after.filter(|_| number == first);
					Self::ids_of_cell(&cell, after)
						.map(move |listing| SearchCursor { cell: number, listing })
				}))
			},
		}
	}
}
