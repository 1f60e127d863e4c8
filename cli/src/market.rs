//! Finding offers, orders, data sets and stores on chain.

use msec_worker_common::{
	chain::{runtime, Answer, BlockClient, ChainError, Demand, Listing, Order, Request, DEADLINE},
	AccountId32, H256,
};

/// Longest list that the chain gives at once.
const PAGE: u32 = 100;
/// Most characters of a place by which the chain finds listings.
const CELL_LENGTH: usize = 4;

/// What a buyer is looking for. Nothing said means anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
	/// Exactly this kind.
	pub kind: Option<String>,
	/// Within this geohash.
	pub place: Option<String>,
	/// Of this owner.
	pub owner: Option<AccountId32>,
	/// For at most this price of one purchase, period or reading, in the smallest unit.
	pub max_price: Option<u128>,
	/// Also what cannot be bought now.
	pub paused: bool,
}

impl Query {
	fn matches(&self, listing: &Listing) -> bool {
		let terms = &listing.terms;
		self.kind.as_ref().is_none_or(|kind| terms.kind == *kind)
			&& self.place.as_ref().is_none_or(|place| terms.place.starts_with(place.as_str()))
			&& self.owner.is_none_or(|owner| listing.owner == owner)
			&& self.max_price.is_none_or(|most| terms.pricing.price() <= most)
			&& (self.paused || listing.active)
	}
}

/// All listings that match, by ascending identifier.
pub async fn search(
	block: &BlockClient,
	query: &Query,
) -> Result<Vec<(H256, Listing)>, ChainError> {
	let cell =
		query.place.as_deref().filter(|place| place.is_char_boundary(CELL_LENGTH.min(place.len())));
	let cell = cell.map(|place| &place[..CELL_LENGTH.min(place.len())]);
	let mut found = Vec::new();
	if query.owner.is_none() && query.kind.is_none() && cell.is_none_or(|c| c.len() < CELL_LENGTH) {
		found = all_listings(block).await?;
	} else {
		let mut last = None;
		loop {
			let page = match (&query.owner, &query.kind, cell) {
				(Some(owner), _, _) => block.listings_by_owner(owner, last, PAGE).await?,
				(_, Some(kind), _) => block.listings_by_kind(kind, last, PAGE).await?,
				(_, _, cell) => {
					block.listings_by_cell(cell.unwrap_or_default(), last, PAGE).await?
				},
			};
			let Some((id, _)) = page.last() else { break };
			last = Some(*id);
			found.extend(page);
		}
	}
	found.retain(|(_, listing)| query.matches(listing));
	found.sort_by_key(|(id, _)| id.0);
	Ok(found)
}

async fn all_listings(block: &BlockClient) -> Result<Vec<(H256, Listing)>, ChainError> {
	let entry = block.inner().storage().entry(runtime::storage().marketplace().listings())?;
	let mut entries = entry.iter(()).await?;
	let mut found = Vec::new();
	while let Some(entry) =
		tokio::time::timeout(DEADLINE, entries.next()).await.map_err(|_| ChainError::TimedOut)?
	{
		let entry = entry?;
		let (id,) = entry.key()?.decode()?;
		found.push((id, Listing::from(entry.value().decode()?)));
	}
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
