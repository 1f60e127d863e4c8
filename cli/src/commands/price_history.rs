//! `msec prices`

use super::{
	arguments::Period,
	context::{table, Context},
	plot::curve,
};
use anyhow::{bail, Result};
use clap::Args;
use msec::{
	geohash::Coordinates,
	price_history::{self, DayPrices, History, HistoryQuery, Per, MAX_BLOCKS},
	Amount,
};
use serde_json::json;

/// The smallest units in an MSEC, for drawing.
const MSEC: f32 = 1e12;

pub const LONG_ABOUT: &str = "\
What was paid for a kind of data, day by day: the lowest, the median and the highest price.

    msec prices --kind air-temperature --near 43.46,-3.81
    msec prices --kind air-temperature --place ezj --per day --since 14d --until 7d

Prices are read from the events of finalized blocks, a week at most at a time; for what is older, go back \
by --since and --until. A node that prunes states tells of its last blocks only, and the command says from \
which one on. Ask a node that runs with --state-pruning archive.";

#[derive(Args)]
pub struct Prices {
	/// What is measured, such as air-temperature.
	#[arg(long)]
	kind: String,
	/// Geohash in which the place lies [default: everywhere].
	#[arg(long, value_name = "GEOHASH", conflicts_with = "near")]
	place: Option<String>,
	/// Point in degrees: its cell of about 39 by 20 km, and the cells beside it.
	#[arg(long, value_name = "LATITUDE,LONGITUDE", allow_hyphen_values = true)]
	near: Option<Coordinates>,
	/// For what the prices are.
	#[arg(long, value_enum, default_value_t)]
	per: Per,
	/// How long ago the history begins.
	#[arg(long, value_name = "PERIOD", default_value = "1d")]
	since: Period,
	/// How long ago the history ends.
	#[arg(long, value_name = "PERIOD", default_value = "0b")]
	until: Period,
}

impl Prices {
	pub async fn run(self, context: &Context) -> Result<()> {
		let (since, until) = (u64::from(self.since.0), u64::from(self.until.0));
		if since <= until {
			bail!("--since must be longer ago than --until");
		}
		if since - until > MAX_BLOCKS {
			bail!("at most {MAX_BLOCKS} blocks, a week, at a time; go back by --since and --until");
		}
		let (chain, block) = context.finalized().await?;
		let last = block.number().saturating_sub(until);
		if last == 0 {
			bail!("the chain is not so old; it has {} blocks", block.number());
		}
		let first = (block.number() + 1).saturating_sub(since).max(1);
		let query = HistoryQuery {
			kind: self.kind,
			place: self.place,
			cells: self.near.map(|near| near.cells_around()),
			per: self.per,
		};
		let bar = context.bar(last - first + 1, false);
		bar.set_message("blocks");
		let mut progress = |blocks| bar.set_position(blocks);
		let history = price_history::read(&chain, &query, first..=last, &mut progress).await;
		bar.finish_and_clear();
		let history = match history {
			Err(error) if error.is_pruned() => bail!(
				"the node has pruned the states of these blocks; ask one that runs with --state-pruning archive"
			),
			history => history?,
		};
		let is_complete = history.first_block == first;
		if !is_complete {
			context.note(format!(
				"the node has pruned the states before block {}, so this is not the whole of it; ask one \
				 that runs with --state-pruning archive",
				history.first_block
			));
		}
		print(context, &query, &history, is_complete);
		Ok(())
	}
}

fn print(context: &Context, query: &HistoryQuery, history: &History, is_complete: bool) {
	let days: Vec<_> = history
		.days
		.iter()
		.map(|prices| {
			json!({
				"day": prices.day.to_string(),
				"purchases": prices.purchases,
				"lowest": prices.lowest.to_string(),
				"median": prices.median.to_string(),
				"highest": prices.highest.to_string(),
			})
		})
		.collect();
	let value = json!({
		"kind": query.kind,
		"first_block": history.first_block,
		"last_block": history.last_block,
		"complete": is_complete,
		"days": days,
	});
	context.print(&value, || {
		if history.days.is_empty() {
			let History { first_block, last_block, .. } = history;
			return format!("nothing was bought from block {first_block} to block {last_block}");
		}
		let rows: Vec<_> = history.days.iter().map(row).collect();
		let rows = table(&["DAY", "PURCHASES", "LOWEST", "MEDIAN", "HIGHEST"], &rows);
		match medians(&history.days).as_slice() {
			[] | [_] => rows,
			points => format!("{rows}\n\nmedian in MSEC, by day\n{}", curve(points)),
		}
	});
}

fn row(prices: &DayPrices) -> Vec<String> {
	vec![
		prices.day.to_string(),
		prices.purchases.to_string(),
		Amount(prices.lowest).to_string(),
		Amount(prices.median).to_string(),
		Amount(prices.highest).to_string(),
	]
}

/// Days since the first one, with the median of each.
fn medians(days: &[DayPrices]) -> Vec<(f32, f32)> {
	let Some(first) = days.first() else { return Vec::new() };
	let since = |prices: &DayPrices| prices.day.duration_since(first.day).as_hours() / 24;
	days.iter().map(|prices| (since(prices) as f32, prices.median as f32 / MSEC)).collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use jiff::civil::Date;

	#[test]
	fn medians_are_drawn_by_day() {
		let prices = |day, median| DayPrices {
			day: Date::constant(2026, 2, day),
			purchases: 1,
			lowest: 0,
			median,
			highest: u128::MAX,
		};
		let days = [prices(26, 2_500_000_000_000), prices(28, 0)];
		assert_eq!(medians(&days), [(0.0, 2.5), (2.0, 0.0)]);
		assert_eq!(medians(&[]), []);
	}
}
