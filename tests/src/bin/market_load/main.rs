//! Measures how many transfers and purchases one validator takes through, beside the SDK's solochain
//! template, for `scripts/bench.sh market`.

mod market;
mod rows;
mod state;

use clap::Parser;
use msec_end_to_end::throughput::{
	accounts::Accounts,
	blocks::Census,
	chains::{Chain, Kind},
	load::{Load, Pace},
	rows::Rows,
	say,
	watch::Run,
};
use serde_json::Value;
use std::{path::PathBuf, time::Duration};

/// Measures how many transfers and purchases one validator takes through, beside the SDK's solochain
/// template.
#[derive(Parser)]
struct Options {
	/// File to which the measures are written, one line of JSON each.
	rows: PathBuf,

	/// The template's runtime, compiled for WebAssembly.
	#[arg(long)]
	template: PathBuf,

	/// Seconds that each load lasts.
	#[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(18..))]
	seconds: u64,

	/// Accounts that send, for each load.
	#[arg(long, default_value_t = 4000)]
	accounts: usize,
}

/// How many loads there are.
const SCENES: usize = 5;
/// Part of the measured throughput at which the time to finality is measured.
const PARTIAL_LOAD: f64 = 0.8;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
	let options = Options::parse();
	let duration = Duration::from_secs(options.seconds);
	let accounts = Accounts::new(SCENES, options.accounts);
	let mut table = Rows::create(&options.rows)?;

	say("The template's transfers");
	let template = Chain::template(&options.template, &accounts).await?;
	let most = Kind::Template.most_per_second() * options.seconds as usize;
	let load = Load::transfers(&template, accounts.of_scene(0), most).await?;
	let run = load.run(&template, Pace::Saturating(duration)).await?;
	let baseline = Census::take(&template, &run, "Balances", "Transfer").await?;
	drop(template);
	say(&baseline.summary());

	let chain = Chain::msec(&accounts).await?;
	let most = Kind::Msec.most_per_second() * options.seconds as usize;
	say("M-Sec's transfers");
	let load = Load::transfers(&chain, accounts.of_scene(0), most).await?;
	let run = load.run(&chain, Pace::Saturating(duration)).await?;
	let transfers = Census::take(&chain, &run, "Balances", "Transfer").await?;
	say(&transfers.summary());
	table.write(&rows::transfers(&transfers, &baseline))?;

	say("M-Sec's transfers at 80 % load");
	let rate = transfers.per_second() * PARTIAL_LOAD;
	let load = Load::transfers(&chain, accounts.of_scene(1), most).await?;
	let run = load.run(&chain, Pace::PerSecond(rate, duration)).await?;
	table.write(&finality(&chain, "transfers", run, rate, "Balances", "Transfer").await?)?;

	say("Listings and first orders");
	let market = market::Market::open(&chain, accounts.of_scene(2)).await?;
	for row in market.state_rows() {
		table.write(&row)?;
	}

	say("M-Sec's purchases");
	let load = market.purchases(&chain, accounts.of_scene(3), most).await?;
	let run = load.run(&chain, Pace::Saturating(duration)).await?;
	let purchases = Census::take(&chain, &run, "Marketplace", "OrderOpened").await?;
	say(&purchases.summary());
	table.write(&rows::purchases(&purchases, &transfers))?;

	say("M-Sec's purchases at 80 % load");
	let rate = purchases.per_second() * PARTIAL_LOAD;
	let load = market.purchases(&chain, accounts.of_scene(4), most).await?;
	let run = load.run(&chain, Pace::PerSecond(rate, duration)).await?;
	table.write(&finality(&chain, "purchases", run, rate, "Marketplace", "OrderOpened").await?)?;
	Ok(())
}

/// The time to finality of a run, after a look at whether everything succeeded.
async fn finality(
	chain: &Chain,
	what: &str,
	run: Run,
	rate: f64,
	pallet: &str,
	event: &str,
) -> anyhow::Result<Value> {
	let census = Census::take(chain, &run, pallet, event).await?;
	say(&census.summary());
	Ok(rows::finality(what, rate, &run, &census))
}
