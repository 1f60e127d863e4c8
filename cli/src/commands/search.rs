//! `msec search`

use super::{
	context::{table, Context},
	listing,
};
use anyhow::Result;
use clap::Args;
use jiff::Timestamp;
use msec::{
	freshness::Freshness,
	geohash::Coordinates,
	market::{self, Query},
	ranking::{self, Ranked, Sort},
	Amount,
};
use serde_json::{json, Value};
use std::num::NonZeroUsize;

pub const LONG_ABOUT: &str = "\
Find offers, and sort them.

    msec search --kind air-temperature --max-price 5
    msec search --kind air-temperature --near 43.46,-3.81 --sort distance
    msec search --place ezjm --sort freshness

PRICES are those of one purchase, period or reading, whichever the listing sells.

DISTANCES are from the point of --near to the centre of the listing's place, along a great circle.

ATTESTED data is measured by a device that has proved its state to the chain. It can be bought only while \
the device is trusted; what cannot be bought now is not shown.

FRESHNESS is when the newest batch of a data set was committed to. The chain does not keep this; it is \
sought in the states that the node keeps, and where these end the result says \"before\".

THE SCORE is the expected share of a seller's sales that end well, from 0 to 1, by the orders that the \
chain still has, each weighed by its fee. Somebody without sales has 0.5.";

#[derive(Args)]
pub struct Search {
	/// What is measured, such as air-temperature.
	#[arg(long)]
	kind: Option<String>,
	/// Geohash in which the place lies.
	#[arg(long, value_name = "GEOHASH")]
	place: Option<String>,
	/// Point around which to look, in degrees: its cell of about 39 by 20 km, and the cells beside it.
	#[arg(long, value_name = "LATITUDE,LONGITUDE", allow_hyphen_values = true)]
	#[arg(conflicts_with = "place", required_if_eq("sort", "distance"))]
	near: Option<Coordinates>,
	/// Who sells.
	#[arg(long, value_name = "ACCOUNT")]
	owner: Option<String>,
	/// Lowest price in MSEC of one purchase, period or reading.
	#[arg(long, value_name = "MSEC")]
	min_price: Option<Amount>,
	/// Highest price in MSEC of one purchase, period or reading.
	#[arg(long, value_name = "MSEC")]
	max_price: Option<Amount>,
	/// Only attested data.
	#[arg(long)]
	attested: bool,
	/// Order of the results.
	#[arg(long, value_enum, default_value_t)]
	sort: Sort,
	/// How many results to show at a time.
	#[arg(long, value_name = "NUMBER", default_value = "50")]
	limit: NonZeroUsize,
	/// Which part of the results to show.
	#[arg(long, value_name = "NUMBER", default_value = "1")]
	page: NonZeroUsize,
}

impl Search {
	pub async fn run(self, context: &Context) -> Result<()> {
		let owner = self.owner.as_deref().map(|owner| context.address(owner)).transpose()?;
		let query = Query {
			kind: self.kind,
			place: self.place,
			near: self.near,
			owner,
			min_price: self.min_price.map(|amount| amount.0),
			max_price: self.max_price.map(|amount| amount.0),
			attested: self.attested,
			paused: false,
		};
		let (chain, block) = context.finalized().await?;
		let listings = market::search(&block, &query).await?;
		let spinner = context.spinner("sorting");
		let ranked = ranking::rank(&chain, &block, listings, self.sort, query.near.as_ref()).await;
		spinner.finish_and_clear();
		let ranked = ranked?;

		let (page, limit) = (self.page.get(), self.limit.get());
		let shown: Vec<_> = ranked.chunks(limit).nth(page - 1).unwrap_or_default().iter().collect();
		let values: Vec<_> = shown.iter().map(|found| value_of(found)).collect();
		context.print(&json!(values), || {
			let columns = Columns { distance: query.near.is_some(), sort: self.sort };
			let rows: Vec<_> = shown.iter().map(|found| columns.row(found)).collect();
			table(&columns.header(), &rows)
		});
		let pages = ranked.len().div_ceil(limit);
		if pages > 1 {
			context.note(format!("page {page} of {pages}; {} listings match", ranked.len()));
		}
		Ok(())
	}
}

/// What is shown besides the listing itself.
struct Columns {
	distance: bool,
	sort: Sort,
}

impl Columns {
	fn header(&self) -> Vec<&str> {
		let mut header = listing::HEADER.to_vec();
		header.extend(self.distance.then_some("DISTANCE"));
		match self.sort {
			Sort::Freshness => header.push("NEWEST DATA"),
			Sort::Score => header.push("SCORE"),
			Sort::Price | Sort::Newest | Sort::Sales | Sort::Distance => (),
		}
		header
	}

	fn row(&self, found: &Ranked) -> Vec<String> {
		let mut row = listing::row(&found.id, &found.listing);
		row.extend(found.distance.map(|distance| format!("{distance:.1} km")));
		if self.sort == Sort::Freshness {
			row.push(found.freshness.as_ref().map_or_else(|| "none".into(), freshness_text));
		}
		row.extend(found.score.map(|score| format!("{score:.2}")));
		row
	}
}

fn freshness_text(freshness: &Freshness) -> String {
	let before = if freshness.is_exact { "" } else { "before " };
	format!("{before}{}", time_text(freshness))
}

fn time_text(freshness: &Freshness) -> String {
	Timestamp::try_from(freshness.time)
		.map_or_else(|_| format!("block {}", freshness.block), |time| format!("{time:.0}"))
}

fn value_of(found: &Ranked) -> Value {
	let mut value = listing::value_of(&found.id, &found.listing);
	value["available"] = json!(true);
	if let Some(distance) = found.distance {
		value["distance_km"] = json!(rounded(distance));
	}
	if let Some(freshness) = &found.freshness {
		value["newest_batch"] = json!({
			"block": freshness.block,
			"time": time_text(freshness),
			"exact": freshness.is_exact,
		});
	}
	if let Some(score) = found.score {
		value["score"] = json!(rounded(score));
	}
	value
}

/// To three digits after the point.
fn rounded(number: f64) -> f64 {
	(number * 1_000.0).round() / 1_000.0
}
