//! `msec listing`

use super::{
	arguments::{parse_id, parse_seconds, Period},
	context::{fields, table, Context},
	price::{describe_price, price_text, put_price, PriceArguments},
};
use anyhow::{anyhow, bail, Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use codec::Encode;
use msec::{
	ids,
	market::{self, Query},
};
use msec_worker_common::{
	chain::{runtime, BlockClient, ChainError, Listing, ListingTerms, Pricing, Right},
	H256,
};
use serde_json::{json, Value};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum ListingCommand {
	/// Put a data set on offer.
	Create(Create),
	/// Change the terms of an offer; orders that were opened keep theirs.
	Change(Change),
	/// Stop selling for the time being.
	Pause(ListingArgument),
	/// Sell again.
	Resume(ListingArgument),
	/// Remove an offer; its deposit returns, its orders go on.
	Retire(ListingArgument),
	/// Show an offer.
	Show(ListingArgument),
	/// Show all offers of the account.
	List,
}

#[derive(Args)]
pub struct ListingArgument {
	/// The listing's identifier.
	#[arg(value_parser = parse_id)]
	listing: H256,
}

/// A right on the command line.
#[derive(Clone, Copy, ValueEnum)]
enum RightArgument {
	/// The data, whose key is delivered.
	Read,
	/// Use of a service, which asks the chain about whoever signs a request.
	Use,
	/// Commands to an actuator, which asks the chain likewise.
	Act,
}

impl From<RightArgument> for Right {
	fn from(argument: RightArgument) -> Self {
		match argument {
			RightArgument::Read => Self::Read,
			RightArgument::Use => Self::Use,
			RightArgument::Act => Self::Act,
		}
	}
}

/// Terms on the command line; what is not said keeps its value.
#[derive(Args, Clone)]
pub struct Terms {
	/// What a buyer gets [default: read].
	#[arg(long, value_enum)]
	right: Option<RightArgument>,
	/// What is measured: lower-case words joined by '-', such as air-temperature.
	#[arg(long)]
	kind: Option<String>,
	/// Unit of the readings as a UCUM code, such as Cel.
	#[arg(long)]
	unit: Option<String>,
	/// Time from one reading to the next, such as 10m; 0s when irregular [default: 0s].
	#[arg(long, value_name = "TIME", value_parser = parse_seconds)]
	interval: Option<u32>,
	/// Geohash of 1 to 9 characters; the fewer, the coarser. Homes deserve 4 at most.
	#[arg(long, value_name = "GEOHASH")]
	place: Option<String>,
	/// Identifier of a licence on the chain's list, such as CC-BY-4.0.
	#[arg(long, value_name = "SPDX")]
	licence: Option<String>,
	/// A file with a few readings for everybody to see; at most 512 bytes.
	#[arg(long, value_name = "FILE")]
	sample: Option<PathBuf>,
	#[command(flatten)]
	price: PriceArguments,
	/// Time within which the key must be delivered [default: 1h].
	#[arg(long, value_name = "PERIOD")]
	delivery_period: Option<Period>,
	/// Time within which the buyer may dispute after the delivery [default: 1d].
	#[arg(long, value_name = "PERIOD")]
	confirmation_period: Option<Period>,
	/// Time for which the buyer may fetch the data after the purchase [default: 30d].
	#[arg(long, value_name = "PERIOD")]
	access_period: Option<Period>,
	/// Sell attested data: only while the device is trusted by a verdict that is at most so old.
	#[arg(long, value_name = "PERIOD")]
	attested_within: Option<Period>,
	/// Sell whatever is known of the device [default].
	#[arg(long, conflicts_with = "attested_within")]
	not_attested: bool,
}

#[derive(Args)]
pub struct Create {
	/// Name or identifier of the data set.
	dataset: String,
	#[command(flatten)]
	terms: Terms,
}

#[derive(Args)]
pub struct Change {
	/// The listing's identifier.
	#[arg(value_parser = parse_id)]
	listing: H256,
	#[command(flatten)]
	terms: Terms,
}

impl Terms {
	/// Puts what is said in place of what `terms` has.
	fn apply(self, terms: &mut ListingTerms) -> Result<()> {
		let replace = |value: Option<String>, place: &mut String| {
			if let Some(value) = value {
				*place = value;
			}
		};
		if let Some(right) = self.right {
			terms.right = right.into();
		}
		replace(self.kind, &mut terms.kind);
		replace(self.unit, &mut terms.unit);
		replace(self.place, &mut terms.place);
		replace(self.licence, &mut terms.licence);
		if let Some(path) = self.sample {
			terms.sample = std::fs::read_to_string(&path)
				.with_context(|| format!("{} must be text in UTF-8", path.display()))?;
		}
		if let Some(seconds) = self.interval {
			terms.interval_seconds = seconds;
		}
		self.price.apply(&mut terms.pricing)?;
		let periods = [
			(self.delivery_period, &mut terms.delivery_period),
			(self.confirmation_period, &mut terms.confirmation_period),
			(self.access_period, &mut terms.access_period),
		];
		for (period, place) in periods {
			if let Some(Period(blocks)) = period {
				*place = blocks;
			}
		}
		if self.attested_within.is_some() || self.not_attested {
			terms.maximum_verdict_age = self.attested_within.map(|Period(blocks)| blocks);
		}
		for (name, value, longest) in [
			("--kind", &terms.kind, 32),
			("--unit", &terms.unit, 16),
			("--place", &terms.place, 9),
			("--licence", &terms.licence, 64),
			("--sample", &terms.sample, 512),
		] {
			if value.len() > longest {
				bail!("{name} may have at most {longest} bytes, not {}", value.len());
			}
		}
		Ok(())
	}

	fn ensure_complete(&self) -> Result<()> {
		let said = [
			("--kind", self.kind.is_some()),
			("--unit", self.unit.is_some()),
			("--place", self.place.is_some()),
			("--licence", self.licence.is_some()),
			("--price or --free", self.price.is_complete()),
		];
		let missing: Vec<_> =
			said.iter().filter(|(_, said)| !said).map(|(name, _)| *name).collect();
		match missing.is_empty() {
			true => Ok(()),
			false => bail!("a listing needs {}", missing.join(", ")),
		}
	}
}

const HOUR: u32 = 1_200;
const DAY: u32 = 24 * HOUR;

impl ListingCommand {
	pub async fn run(self, context: &Context) -> Result<()> {
		match self {
			Self::Create(create) => create.run(context).await,
			Self::Change(change) => change.run(context).await,
			Self::Pause(ListingArgument { listing }) => {
				let call = runtime::transactions().marketplace().pause_listing(listing);
				execute(context, listing, "paused", &call).await
			},
			Self::Resume(ListingArgument { listing }) => {
				let call = runtime::transactions().marketplace().resume_listing(listing);
				execute(context, listing, "active", &call).await
			},
			Self::Retire(ListingArgument { listing }) => {
				let call = runtime::transactions().marketplace().retire_listing(listing);
				execute(context, listing, "retired", &call).await
			},
			Self::Show(ListingArgument { listing }) => {
				let (_, block) = context.finalized().await?;
				let found = block.listing(&listing.0).await?;
				let found = found.ok_or_else(|| anyhow!("there is no such listing"))?;
				print_listing(context, &block, &listing, &found).await
			},
			Self::List => {
				let owner = Some(context.account_address()?);
				let query = Query { owner, paused: true, ..Query::default() };
				let (_, block) = context.finalized().await?;
				print_own(context, &block, &market::search(&block, &query).await?).await
			},
		}
	}
}

impl Create {
	async fn run(self, context: &Context) -> Result<()> {
		self.terms.ensure_complete()?;
		let dataset = context.dataset(&self.dataset)?;
		let mut terms = ListingTerms {
			dataset,
			right: Right::Read,
			kind: String::new(),
			unit: String::new(),
			interval_seconds: 0,
			place: String::new(),
			licence: String::new(),
			sample: String::new(),
			pricing: Pricing::Free,
			delivery_period: HOUR,
			confirmation_period: DAY,
			access_period: 30 * DAY,
			maximum_verdict_age: None,
		};
		self.terms.apply(&mut terms)?;
		let submitter = context.submitter().await?;
		let owner = submitter.key().account_id();
		let fingerprint = ids::fingerprint("list", &owner, &terms.to_runtime().encode());
		let salt = context.choose(&fingerprint)?;
		let id = ids::listing(&owner, &dataset, &salt);
		let call = runtime::transactions().marketplace().create_listing(salt, terms.to_runtime());
		let key = format!("listing/{}", ids::hash_text(&id.0));
		let done = context.execute(&submitter, &key, &call).await;
		context.end_unless_unknown(&fingerprint, &done)?;
		done?;
		let listing = ids::hash_text(&id.0);
		let value = json!({ "listing": listing, "dataset": ids::hash_text(&dataset.0) });
		context.print(&value, || {
			let price = describe_price(&terms.pricing);
			fields(&[("listing", listing.clone()), ("price", price)])
		});
		Ok(())
	}
}

impl Change {
	async fn run(self, context: &Context) -> Result<()> {
		let submitter = context.submitter().await?;
		let block = submitter.chain().finalized().await?;
		let found = block.listing(&self.listing.0).await?;
		let mut terms = found.ok_or_else(|| anyhow!("there is no such listing"))?.terms;
		self.terms.apply(&mut terms)?;
		let call =
			runtime::transactions().marketplace().change_listing(self.listing, terms.to_runtime());
		context.execute_once(&submitter, "change", &call).await?;
		let block = submitter.chain().finalized().await?;
		let changed = block.listing(&self.listing.0).await?;
		let changed = changed.ok_or_else(|| anyhow!("the listing was retired meanwhile"))?;
		print_listing(context, &block, &self.listing, &changed).await
	}
}

async fn execute<Call: subxt::transactions::Payload>(
	context: &Context,
	listing: H256,
	status: &str,
	call: &Call,
) -> Result<()> {
	let submitter = context.submitter().await?;
	context.execute_once(&submitter, status, call).await?;
	let listing = ids::hash_text(&listing.0);
	let value = json!({ "listing": listing, "status": status });
	context.print(&value, || format!("{listing} is {status}"));
	Ok(())
}

async fn print_listing(
	context: &Context,
	block: &BlockClient,
	id: &H256,
	listing: &Listing,
) -> Result<()> {
	let distrust = distrust(block, &listing.terms).await?;
	let distrust = distrust.as_deref();
	context.print(&available_value_of(id, listing, distrust), || describe(id, listing, distrust));
	Ok(())
}

async fn print_own(
	context: &Context,
	block: &BlockClient,
	listings: &[(H256, Listing)],
) -> Result<()> {
	let (mut values, mut rows) = (Vec::new(), Vec::new());
	for (id, listing) in listings {
		let distrust = distrust(block, &listing.terms).await?;
		let distrust = distrust.as_deref();
		values.push(available_value_of(id, listing, distrust));
		let mut row = row(id, listing);
		row.push(status_text(listing, distrust));
		rows.push(row);
	}
	context.print(&json!(values), || {
		let header: Vec<_> = HEADER.into_iter().chain(["STATUS"]).collect();
		table(&header, &rows)
	});
	Ok(())
}

/// What [`row`] shows of a listing.
pub const HEADER: [&str; 8] =
	["LISTING", "KIND", "UNIT", "PLACE", "PRICE", "LICENCE", "ATTESTED", "SALES"];

/// A listing for people, in one line.
pub fn row(id: &H256, listing: &Listing) -> Vec<String> {
	let terms = &listing.terms;
	vec![
		ids::hash_text(&id.0),
		terms.kind.clone(),
		terms.unit.clone(),
		terms.place.clone(),
		price_text(&terms.pricing),
		terms.licence.clone(),
		if terms.maximum_verdict_age.is_some() { "yes".into() } else { "no".into() },
		listing.sales.to_string(),
	]
}

/// A listing for programs.
pub fn value_of(id: &H256, listing: &Listing) -> Value {
	let terms = &listing.terms;
	let mut value = json!({
		"listing": ids::hash_text(&id.0),
		"owner": listing.owner.to_string(),
		"dataset": ids::hash_text(&terms.dataset.0),
		"right": terms.right,
		"kind": terms.kind,
		"unit": terms.unit,
		"interval_seconds": terms.interval_seconds,
		"place": terms.place,
		"licence": terms.licence,
		"sample": terms.sample,
		"delivery_period": terms.delivery_period,
		"confirmation_period": terms.confirmation_period,
		"access_period": terms.access_period,
		"maximum_verdict_age": terms.maximum_verdict_age,
		"terms_hash": ids::hash_text(&listing.terms_hash.0),
		"status": if listing.active { "active" } else { "paused" },
		"created_at": listing.created_at,
		"changed_at": listing.changed_at,
		"sales": listing.sales,
	});
	put_price(&mut value, &terms.pricing);
	value
}

/// A listing for programs, with whether it can be bought now.
fn available_value_of(id: &H256, listing: &Listing, distrust: Option<&str>) -> Value {
	let mut value = value_of(id, listing);
	value["available"] = json!(listing.active && distrust.is_none());
	value["distrust"] = json!(distrust);
	value
}

/// Whether a listing can be bought now, for people.
fn status_text(listing: &Listing, distrust: Option<&str>) -> String {
	match (listing.active, distrust) {
		(false, _) => "paused".into(),
		(true, None) => "active".into(),
		(true, Some(reason)) => format!("unavailable: {reason}"),
	}
}

/// What a buyer gets, for people.
pub fn right_text(right: Right) -> &'static str {
	match right {
		Right::Read => "to read the data",
		Right::Use => "to use a service",
		Right::Act => "to command an actuator",
	}
}

/// A listing for people. `distrust` says why attested data cannot be bought now.
pub fn describe(id: &H256, listing: &Listing, distrust: Option<&str>) -> String {
	let terms = &listing.terms;
	let interval = match terms.interval_seconds {
		0 => "irregular".to_owned(),
		seconds => format!("every {seconds} seconds"),
	};
	let attested = terms.maximum_verdict_age.map_or_else(
		|| "no".to_owned(),
		|age| format!("sold while the device is trusted by a verdict of the last {}", Period(age)),
	);
	let mut text = fields(&[
		("listing", ids::hash_text(&id.0)),
		("status", status_text(listing, distrust)),
		("right", right_text(terms.right).to_owned()),
		("kind", format!("{} in {}, {interval}", terms.kind, terms.unit)),
		("place", terms.place.clone()),
		("licence", terms.licence.clone()),
		("price", describe_price(&terms.pricing)),
		("attested", attested),
		("seller", listing.owner.to_string()),
		("data set", ids::hash_text(&terms.dataset.0)),
		("key delivered within", Period(terms.delivery_period).to_string()),
		("time to dispute", Period(terms.confirmation_period).to_string()),
		("access", Period(terms.access_period).to_string()),
		("sales", listing.sales.to_string()),
		("terms", ids::hash_text(&listing.terms_hash.0)),
	]);
	if !terms.sample.is_empty() {
		// What strangers wrote must not steer the terminal.
		let sample: String =
			terms.sample.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
		text.push_str(&format!("\n\nsample:\n{}", sample.trim_end()));
	}
	text
}

/// Refuses when attested data can be neither bought nor bought for longer, and says why.
pub async fn ensure_device_trusted(block: &BlockClient, terms: &ListingTerms) -> Result<()> {
	match distrust(block, terms).await? {
		None => Ok(()),
		Some(reason) => bail!("the data is attested, and cannot be bought now: {reason}"),
	}
}

/// Why attested data cannot be bought now, in words.
async fn distrust(block: &BlockClient, terms: &ListingTerms) -> Result<Option<String>, ChainError> {
	block.distrust(&terms.dataset.0, terms.maximum_verdict_age).await
}
