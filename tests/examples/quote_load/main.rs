//! Measures how many quotes of devices one validator takes through, and how soon data cannot be bought whose
//! device has changed or is silent, for `scripts/bench.sh attestation`.

mod device;
mod distrust;
mod fleet;
mod rows;

use clap::Parser;
use msec_end_to_end::throughput::{
	accounts::Accounts,
	blocks::Census,
	chains::{Chain, Kind},
	load::{Load, Pace},
	rows::Rows,
	say,
};
use std::{path::PathBuf, time::Duration};

/// Measures how many quotes of devices one validator takes through, and how soon data cannot be bought whose
/// device has changed or is silent.
#[derive(Parser)]
struct Options {
	/// File to which the measures are written, one line of JSON each.
	rows: PathBuf,

	/// Devices, each of another owner, that quote at the same time: enough for several full blocks.
	#[arg(long, default_value_t = 1_200, value_parser = clap::value_parser!(u32).range(500..=5_000))]
	devices: u32,

	/// Seconds that the load of transfers lasts.
	#[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(18..))]
	seconds: u64,
}

/// Devices whose data are on offer. One of them is challenged and stays silent, the others change.
const SELLERS: usize = 8;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
	let options = Options::parse();
	let count = options.devices as usize;
	let accounts = Accounts::new(2, SELLERS + count);
	let chain = Chain::msec(&accounts).await?;
	let bounds = rows::Bounds::of(&chain).await?;
	let mut table = Rows::create(&options.rows)?;

	say("Devices, their endorsements, and listings of attested data");
	let owners = accounts.of_scene(0);
	let devices = fleet::register(&chain, owners).await?;
	let (of_sellers, others) = devices.split_at(SELLERS);
	let sellers = fleet::sell(&chain, &owners[..SELLERS], of_sellers).await?;
	let (silent, changing) = sellers.split_first().expect("there are sellers; qed");
	let challenge = distrust::challenge_device(&chain, silent.device).await?;

	say(&format!("{count} quotes at once"));
	let run = fleet::quote(&chain, others).await?;
	let quotes = Census::take(&chain, &run, fleet::PALLET, "QuoteAppraised").await?;
	say(&quotes.summary());

	say("Transfers");
	let most = Kind::Msec.most_per_second() * options.seconds as usize;
	let load = Load::transfers(&chain, accounts.of_scene(1), most).await?;
	let run = load.run(&chain, Pace::Saturating(Duration::from_secs(options.seconds))).await?;
	let transfers = Census::take(&chain, &run, "Balances", "Transfer").await?;
	say(&transfers.summary());
	table.write(&rows::quotes(&bounds, &quotes, &transfers))?;

	say("Devices that change");
	let mut reactions = Vec::new();
	for seller in changing {
		reactions.push(distrust::show_change(&chain, seller).await?);
	}
	table.write(&rows::reactions(reactions)?)?;

	say("A device that stays silent");
	let silence = distrust::end_of(&chain, silent, &challenge).await?;
	table.write(&rows::silence(&bounds, &silence))?;
	Ok(())
}
