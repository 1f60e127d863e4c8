//! Finding listings on chain.

use super::{
	block::convert, runtime, runtime::runtime_types::pallet_marketplace::discovery, types::bounded,
	BlockClient, BoundedVec, ChainError, Listing,
};
use crate::{AccountId32, H256};

pub use discovery::SearchCursor;
/// What a purchase, a period or a reading may cost, in the smallest unit, ends included.
pub type PriceBand = discovery::PriceBand<u128>;

/// Among which listings is sought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchScope {
	/// All.
	All,
	/// Those of this owner.
	Owner(AccountId32),
	/// Those of exactly this kind.
	Kind(String),
	/// Those whose place, cut to four characters, is one of these cells, at most 32.
	Cells(Vec<String>),
}

/// A part of what a search finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPage {
	/// The listings of this part; there may be none.
	pub listings: Vec<(H256, Listing)>,
	/// Those among them that cannot be bought now: they are paused, or their device is not trusted.
	pub unavailable: Vec<H256>,
	/// Where to go on; `None` when everything was looked at.
	pub next: Option<SearchCursor>,
}

impl SearchScope {
	fn to_runtime(&self) -> discovery::SearchScope<AccountId32> {
		match self {
			Self::All => discovery::SearchScope::All,
			Self::Owner(owner) => discovery::SearchScope::Owner(*owner),
			Self::Kind(kind) => discovery::SearchScope::Kind(bounded(kind)),
			Self::Cells(cells) => {
				let cells = cells.iter().map(|cell| bounded(cell)).collect();
				discovery::SearchScope::Cells(BoundedVec(cells))
			},
		}
	}
}

impl BlockClient {
	/// The listings in `scope` whose price is within `prices`, of `limit` (1 to 100) that are looked at
	/// after `start_after`. Cells are looked through one after the other, listings by ascending
	/// identifier.
	pub async fn search_listings(
		&self,
		scope: &SearchScope,
		prices: PriceBand,
		start_after: Option<SearchCursor>,
		limit: u32,
	) -> Result<SearchPage, ChainError> {
		let view = runtime::view_functions().marketplace();
		let question = view.search_listings(scope.to_runtime(), prices, start_after, limit);
		let page = self.ask(question).await?;
		let (listings, unavailable) = (convert(page.listings), page.unavailable);
		Ok(SearchPage { listings, unavailable, next: page.next })
	}
}
