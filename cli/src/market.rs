//! Finding what there is on chain: offers, orders, demands, campaigns, data sets and stores.

use crate::geohash::{Coordinates, CELL_LENGTH};
use msec_worker_common::{
	chain::{
		Answer, BlockClient, Bundle, Campaign, ChainError, Contributor, Demand, Listing, Order,
		PriceBand, Request, SearchScope,
	},
	AccountId32, H256,
};

/// Longest list that the chain gives at once.
const PAGE: u32 = 100;
/// Most listings of one search.
pub const MAX_FOUND: usize = 10_000;

/// What a buyer is looking for. Nothing said means anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
	/// Exactly this kind.
	pub kind: Option<String>,
	/// Within this geohash.
	pub place: Option<String>,
	/// In the cell of this point or beside it, or in a coarser place that contains one of these.
	pub near: Option<Coordinates>,
	/// Of this owner.
	pub owner: Option<AccountId32>,
	/// For at least this price of one purchase, period or reading, in the smallest unit.
	pub min_price: Option<u128>,
	/// For at most this price of one purchase, period or reading, in the smallest unit.
	pub max_price: Option<u128>,
	/// Only attested data.
	pub attested: bool,
	/// Also what cannot be bought now.
	pub paused: bool,
}

/// Why there is no answer to a search.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
	/// The chain was not asked.
	#[error(transparent)]
	Chain(#[from] ChainError),
	/// What was found is too much to be sorted.
	#[error("more than {MAX_FOUND} listings match; narrow the search")]
	TooMany,
}

impl Query {
	fn matches(&self, listing: &Listing) -> bool {
		let terms = &listing.terms;
		self.kind.as_ref().is_none_or(|kind| terms.kind == *kind)
			&& self.place.as_ref().is_none_or(|place| terms.place.starts_with(place.as_str()))
			&& self.owner.is_none_or(|owner| listing.owner == owner)
			&& (!self.attested || terms.maximum_verdict_age.is_some())
			&& (self.paused || listing.active)
	}

	/// The narrowest index of the chain that has everything that matches.
	fn scope(&self) -> SearchScope {
		let cell = self.place.as_deref().and_then(|place| place.get(..CELL_LENGTH));
		match self {
			Self { owner: Some(owner), .. } => SearchScope::Owner(*owner),
			Self { near: Some(near), .. } => SearchScope::Cells(near.cells_around()),
			Self { kind, .. } => match (cell, kind) {
				(Some(cell), _) => SearchScope::Cells(vec![cell.to_owned()]),
				(None, Some(kind)) => SearchScope::Kind(kind.clone()),
				(None, None) => SearchScope::All,
			},
		}
	}
}

/// Whether `place` is found in one of these cells.
pub fn is_near(place: &str, cells: &[String]) -> bool {
	let cell = place.get(..CELL_LENGTH).unwrap_or(place);
	cells.iter().any(|known| known == cell)
}

/// All listings that match, by ascending identifier.
///
/// # Errors
///
/// When the chain does not answer, or more than [`MAX_FOUND`] listings match.
pub async fn search(
	block: &BlockClient,
	query: &Query,
) -> Result<Vec<(H256, Listing)>, SearchError> {
	let scope = query.scope();
	let near = query.near.map(|near| near.cells_around());
	let is_wanted = |listing: &Listing| {
		query.matches(listing)
			&& near.as_ref().is_none_or(|cells| is_near(&listing.terms.place, cells))
	};
	let prices = PriceBand {
		lowest: query.min_price.unwrap_or_default(),
		highest: query.max_price.unwrap_or(u128::MAX),
	};
	let (mut found, mut cursor) = (Vec::new(), None);
	loop {
		let page = block.search_listings(&scope, prices.clone(), cursor, PAGE).await?;
		let is_shown = |id: &H256| query.paused || !page.unavailable.contains(id);
		let listings = page.listings.into_iter();
		found.extend(listings.filter(|(id, listing)| is_shown(id) && is_wanted(listing)));
		if found.len() > MAX_FOUND {
			return Err(SearchError::TooMany);
		}
		match page.next {
			Some(next) => cursor = Some(next),
			None => break,
		}
	}
	found.sort_by_key(|(id, _)| id.0);
	Ok(found)
}

/// All orders in which `account` is payer, beneficiary or seller, the youngest first.
pub async fn orders_of(
	block: &BlockClient,
	account: &AccountId32,
) -> Result<Vec<(H256, Order)>, ChainError> {
	let mut found: Vec<(H256, Order)> = Vec::new();
	loop {
		let page = block.orders_of(account, found.last().map(|(id, _)| *id), PAGE).await?;
		if page.is_empty() {
			found.sort_by_key(|(_, order)| std::cmp::Reverse(order.opened_at));
			return Ok(found);
		}
		found.extend(page);
	}
}

/// All demands of `account`, by ascending identifier.
pub async fn demands_of(
	block: &BlockClient,
	account: &AccountId32,
) -> Result<Vec<(H256, Demand)>, ChainError> {
	let mut found: Vec<(H256, Demand)> = Vec::new();
	loop {
		let page = block.demands_of(account, found.last().map(|(id, _)| *id), PAGE).await?;
		if page.is_empty() {
			return Ok(found);
		}
		found.extend(page);
	}
}

/// All demands for exactly `kind` and `area`, from the best on.
pub async fn demands_by_area(
	block: &BlockClient,
	kind: &str,
	area: &str,
) -> Result<Vec<(H256, Demand)>, ChainError> {
	let mut found: Vec<(H256, Demand)> = Vec::new();
	loop {
		let last = found.last().map(|(_, last)| (last.terms.highest_price, last.sequence));
		let page = block.demands_by_area(kind, area, last, PAGE).await?;
		if page.is_empty() {
			return Ok(found);
		}
		found.extend(page);
	}
}

/// All open requests of `account`, by ascending identifier.
pub async fn requests_of(
	block: &BlockClient,
	account: &AccountId32,
) -> Result<Vec<(H256, Request)>, ChainError> {
	let mut found: Vec<(H256, Request)> = Vec::new();
	loop {
		let page = block.requests_of(account, found.last().map(|(id, _)| *id), PAGE).await?;
		if page.is_empty() {
			return Ok(found);
		}
		found.extend(page);
	}
}

/// All open requests for exactly `kind`, by ascending identifier.
pub async fn requests_by_kind(
	block: &BlockClient,
	kind: &str,
) -> Result<Vec<(H256, Request)>, ChainError> {
	let mut found: Vec<(H256, Request)> = Vec::new();
	loop {
		let page = block.requests_by_kind(kind, found.last().map(|(id, _)| *id), PAGE).await?;
		if page.is_empty() {
			return Ok(found);
		}
		found.extend(page);
	}
}

/// All answers to a request with their contributors.
pub async fn answers(
	block: &BlockClient,
	request: &H256,
) -> Result<Vec<(AccountId32, Answer)>, ChainError> {
	let mut found: Vec<(AccountId32, Answer)> = Vec::new();
	loop {
		let last = found.last().map(|(account, _)| *account);
		let page = block.answers(&request.0, last, PAGE).await?;
		if page.is_empty() {
			return Ok(found);
		}
		found.extend(page);
	}
}

/// All bundles, or those of `owner`, by ascending identifier.
pub async fn bundles(
	block: &BlockClient,
	owner: Option<&AccountId32>,
) -> Result<Vec<(H256, Bundle)>, ChainError> {
	let (mut found, mut last) = (Vec::new(), None);
	loop {
		let page = block.bundles(last, PAGE).await?;
		let Some((id, _)) = page.last() else { return Ok(found) };
		last = Some(*id);
		let wanted = |bundle: &Bundle| owner.is_none_or(|owner| bundle.owner == *owner);
		found.extend(page.into_iter().filter(|(_, bundle)| wanted(bundle)));
	}
}

/// All open campaigns, or those of `owner`, by ascending identifier.
pub async fn campaigns(
	block: &BlockClient,
	owner: Option<&AccountId32>,
) -> Result<Vec<(H256, Campaign)>, ChainError> {
	let mut found: Vec<(H256, Campaign)> = Vec::new();
	loop {
		let last = found.last().map(|(id, _)| *id);
		let page = match owner {
			Some(owner) => block.campaigns_by_owner(owner, last, PAGE).await?,
			None => block.campaigns(last, PAGE).await?,
		};
		if page.is_empty() {
			return Ok(found);
		}
		found.extend(page);
	}
}

/// All contributors to a campaign.
pub async fn contributors(
	block: &BlockClient,
	campaign: &H256,
) -> Result<Vec<(AccountId32, Contributor)>, ChainError> {
	let mut found: Vec<(AccountId32, Contributor)> = Vec::new();
	loop {
		let last = found.last().map(|(account, _)| *account);
		let page = block.contributors(&campaign.0, last, PAGE).await?;
		if page.is_empty() {
			return Ok(found);
		}
		found.extend(page);
	}
}

/// All data sets of `owner`, tombstones included.
pub async fn datasets_of(
	block: &BlockClient,
	owner: &AccountId32,
) -> Result<Vec<H256>, ChainError> {
	let mut found: Vec<H256> = Vec::new();
	loop {
		let page = block.datasets_by_owner(owner, found.last().copied(), PAGE).await?;
		if page.is_empty() {
			return Ok(found);
		}
		found.extend(page);
	}
}

/// All registered stores with their operators.
pub async fn stores(
	block: &BlockClient,
) -> Result<Vec<(AccountId32, msec_worker_common::chain::Store)>, ChainError> {
	let mut found: Vec<(AccountId32, _)> = Vec::new();
	loop {
		let page = block.stores(found.last().map(|(operator, _)| *operator), PAGE).await?;
		if page.is_empty() {
			return Ok(found);
		}
		found.extend(page);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_narrowest_index_is_asked() {
		let (owner, near) = (AccountId32([1; 32]), "40.64,-73.76".parse::<Coordinates>().unwrap());
		let anything = Query::default();
		let kind = Query { kind: Some("no2".into()), ..anything.clone() };
		let coarse = Query { place: Some("dr5".into()), ..kind.clone() };
		let fine = Query { place: Some("dr5x1".into()), ..kind.clone() };
		let around = Query { near: Some(near), ..kind.clone() };
		let owned = Query { owner: Some(owner), ..around.clone() };
		for (query, scope) in [
			(anything, SearchScope::All),
			(kind, SearchScope::Kind("no2".into())),
			(coarse, SearchScope::Kind("no2".into())),
			(fine, SearchScope::Cells(vec!["dr5x".into()])),
			(around, SearchScope::Cells(near.cells_around())),
			(owned, SearchScope::Owner(owner)),
		] {
			assert_eq!(query.scope(), scope, "{query:?}");
		}
	}

	#[test]
	fn places_are_found_by_their_cell() {
		let cells = ["dr5x".to_owned(), "dr".to_owned()];
		for (place, expected) in
			[("dr5x", true), ("dr5x1", true), ("dr", true), ("dr5", false), ("dr5r", false)]
		{
			assert_eq!(is_near(place, &cells), expected, "{place}");
		}
	}
}
