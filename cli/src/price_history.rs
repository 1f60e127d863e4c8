//! What was paid for a kind of data in a place, day by day.
//!
//! It is read from the events of finalized blocks. The chain keeps no history of its own, so it reaches
//! back as far as the node keeps the states of blocks.

use crate::market::is_near;
use futures::{stream, StreamExt};
use jiff::{civil::Date, tz::TimeZone, Timestamp};
use msec_worker_common::{
	chain::{runtime::marketplace::events, BlockClient, ChainClient, ChainError, Pricing},
	H256,
};
use std::{collections::BTreeMap, ops::RangeInclusive};

/// Most blocks of one history: a week.
pub const MAX_BLOCKS: u64 = 7 * BLOCKS_PER_DAY as u64;
/// Blocks in a day.
const BLOCKS_PER_DAY: u32 = 28_800;
/// How many blocks are asked for at a time.
const CONCURRENT: usize = 16;

/// For what prices are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Per {
	/// A purchase that is paid once.
	#[default]
	Purchase,
	/// A day of a subscription.
	Day,
	/// A reading.
	Reading,
}

/// What purchases are looked for. Nothing said means anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryQuery {
	/// Of exactly this kind.
	pub kind: String,
	/// Within this geohash.
	pub place: Option<String>,
	/// In one of these cells.
	pub cells: Option<Vec<String>>,
	/// Sold in this way.
	pub per: Per,
}

/// What was paid on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayPrices {
	/// The day in UTC.
	pub day: Date,
	/// How many purchases there were.
	pub purchases: usize,
	/// The lowest price, in the smallest unit.
	pub lowest: u128,
	/// The price in the middle, or halfway between the two in the middle, rounded down.
	pub median: u128,
	/// The highest price.
	pub highest: u128,
}

/// What was paid in a range of blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
	/// The days on which something was bought, in order.
	pub days: Vec<DayPrices>,
	/// The first block that was read. It is later than asked for where the node has pruned the rest.
	pub first_block: u64,
	/// The last block that was read.
	pub last_block: u64,
}

/// Reads what was paid in `blocks`, from the last one to the first; `progress` is told how many were
/// read.
///
/// A listing that was retired in the block in which it was bought is not counted: nothing tells any more
/// what it was.
///
/// # Errors
///
/// When the chain does not answer, or the node keeps none of these blocks.
pub async fn read(
	chain: &ChainClient,
	query: &HistoryQuery,
	blocks: RangeInclusive<u64>,
	progress: &mut (dyn FnMut(u64) + Send),
) -> Result<History, ChainError> {
	let last_block = *blocks.end();
	let mut days: BTreeMap<Date, Vec<u128>> = BTreeMap::new();
	let mut first_block = None;
	let numbers = stream::iter(blocks.rev());
	let mut read = numbers.map(|number| read_block(chain, query, number)).buffered(CONCURRENT);
	while let Some(found) = read.next().await {
		let (number, purchases) = match found {
			Ok(found) => found,
			Err(error) if error.is_pruned() && first_block.is_some() => break,
			Err(error) => return Err(error),
		};
		first_block = Some(number);
		progress(last_block - number + 1);
		if let Some((day, prices)) = purchases {
			days.entry(day).or_default().extend(prices);
		}
	}
	let first_block = first_block.unwrap_or(last_block);
	let days = days.into_iter().filter_map(|(day, prices)| DayPrices::of(day, prices)).collect();
	Ok(History { days, first_block, last_block })
}

type Purchases = Option<(Date, Vec<u128>)>;

/// The block's number; its day and the prices that were agreed in it, where there are any.
async fn read_block(
	chain: &ChainClient,
	query: &HistoryQuery,
	number: u64,
) -> Result<(u64, Purchases), ChainError> {
	let block = chain.at_number(number).await?;
	let all = block.events().await?;
	let opened: Vec<_> = all.find::<events::OrderOpened>().collect::<Result<_, _>>()?;
	if opened.is_empty() {
		return Ok((number, None));
	}
	let subscribed = all.find::<events::Subscribed>().collect::<Result<Vec<_>, _>>()?;
	let durations: BTreeMap<H256, u32> = subscribed
		.into_iter()
		.map(|order| (order.order, order.ends_at.saturating_sub(order.starts_at)))
		.collect();
	let mut prices = Vec::new();
	for order in opened {
		if let Some(pricing) = pricing_of(&block, query, &order.listing).await? {
			let duration = durations.get(&order.order).copied();
			prices.extend(price(query.per, &pricing, order.price, duration));
		}
	}
	if prices.is_empty() {
		return Ok((number, None));
	}
	let time = Timestamp::try_from(block.time().await?)
		.map_err(|_| ChainError::InvalidAnswer("a block is from a time that does not exist"))?;
	Ok((number, Some((time.to_zoned(TimeZone::UTC).date(), prices))))
}

/// What a listing asked for in this block, where it is one that is looked for.
async fn pricing_of(
	block: &BlockClient,
	query: &HistoryQuery,
	listing: &H256,
) -> Result<Option<Pricing>, ChainError> {
	let terms = block.listing(&listing.0).await?.map(|listing| listing.terms);
	let matching = terms.filter(|terms| {
		terms.kind == query.kind
			&& query.place.as_ref().is_none_or(|place| terms.place.starts_with(place.as_str()))
			&& query.cells.as_ref().is_none_or(|cells| is_near(&terms.place, cells))
	});
	Ok(matching.map(|terms| terms.pricing))
}

/// What a purchase, a day or a reading cost in an order that opened for `price` altogether, and that is a
/// subscription for `duration` blocks where there is one; `None` for an order of another sort.
fn price(per: Per, pricing: &Pricing, price: u128, duration: Option<u32>) -> Option<u128> {
	match (per, pricing, duration) {
		(Per::Purchase, _, None) => Some(price),
		(Per::Day, Pricing::PerPeriod(_), Some(blocks)) if blocks > 0 => {
			// Rounded down; first divided, where the product would be too large.
			let (blocks, day) = (u128::from(blocks), u128::from(BLOCKS_PER_DAY));
			let per_day = price.checked_mul(day).map(|product| product / blocks);
			Some(per_day.unwrap_or_else(|| (price / blocks).saturating_mul(day)))
		},
		(Per::Reading, Pricing::PerReading(pricing), Some(_)) => Some(pricing.price),
		_ => None,
	}
}

impl DayPrices {
	fn of(day: Date, mut prices: Vec<u128>) -> Option<Self> {
		prices.sort_unstable();
		let (lowest, highest) = (*prices.first()?, *prices.last()?);
		let (lower, upper) = (prices[(prices.len() - 1) / 2], prices[prices.len() / 2]);
		let median = lower + (upper - lower) / 2;
		Some(Self { day, purchases: prices.len(), lowest, median, highest })
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_worker_common::chain::{PeriodPrice, ReadingPrice};

	#[test]
	fn a_day_has_its_lowest_median_and_highest_price() {
		let day = Date::constant(2026, 7, 1);
		let of = |prices: &[u128]| {
			DayPrices::of(day, prices.to_vec())
				.map(|found| (found.purchases, found.lowest, found.median, found.highest))
		};
		assert_eq!(of(&[]), None);
		assert_eq!(of(&[7]), Some((1, 7, 7, 7)));
		assert_eq!(of(&[9, 0, 2]), Some((3, 0, 2, 9)));
		assert_eq!(
			of(&[u128::MAX, 1, u128::MAX - 3, 0]),
			Some((4, 0, u128::MAX / 2 - 1, u128::MAX))
		);
	}

	#[test]
	fn each_sort_of_sale_has_its_price() {
		let period = PeriodPrice { price: 9, period: 20, minimum: 1, discounts: Vec::new() };
		let reading = Pricing::PerReading(ReadingPrice { price: 3, minimum: 1 });
		let (once, period) = (Pricing::OneTime { price: 50 }, Pricing::PerPeriod(period));
		for (per, pricing, paid, duration, expected) in [
			(Per::Purchase, &once, 50, None, Some(50)),
			(Per::Purchase, &Pricing::Free, 0, None, Some(0)),
			// As a member of a bundle, a subscription is bought once.
			(Per::Purchase, &period, 8, None, Some(8)),
			(Per::Purchase, &period, 90, Some(200), None),
			(Per::Day, &period, 90, Some(200), Some(90 * 144)),
			(Per::Day, &period, 10, Some(86_400), Some(3)),
			(Per::Day, &period, u128::MAX, Some(28_801), Some(u128::MAX / 28_801 * 28_800)),
			(Per::Day, &once, 50, None, None),
			(Per::Day, &reading, 100, Some(200), None),
			(Per::Reading, &reading, 100, Some(200), Some(3)),
			(Per::Reading, &period, 90, Some(200), None),
		] {
			assert_eq!(price(per, pricing, paid, duration), expected, "{per:?} {pricing:?}");
		}
	}
}
