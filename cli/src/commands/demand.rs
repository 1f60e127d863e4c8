//! `msec demand`

use super::{
	arguments::{parse_id, Period},
	context::{fields, table, Context},
};
use anyhow::{anyhow, bail, Result};
use clap::{Args, Subcommand};
use codec::Encode;
use msec::{home::DemandKeyRecord, ids, market, Amount};
use msec_worker_common::{
	chain::{runtime, Demand, DemandTerms},
	keys::generate_envelope_secret,
	transactions::TransactionError,
	AccountId32, H256,
};
use serde_json::{json, Value};

/// Most purchases of one demand.
const MAX_FILLS: u32 = 16;

#[derive(Subcommand)]
pub enum DemandCommand {
	/// Say what you want to buy; it is bought as soon as somebody offers it.
	Create(Create),
	/// Show demands: one's own, somebody's, or all for a kind and an area.
	List(List),
	/// Show a demand.
	Show(DemandArgument),
	/// Withdraw a demand; what is left of its budget and the deposit return.
	Cancel(DemandArgument),
	/// Remove a demand whose time is over, whosever it is; its money returns to its account.
	Expire(DemandArgument),
	/// Let a demand, whosever it is, buy from a listing that fits.
	Propose(Propose),
}

#[derive(Args)]
pub struct DemandArgument {
	/// The demand's identifier.
	#[arg(value_parser = parse_id)]
	demand: H256,
}

#[derive(Args)]
pub struct Create {
	/// What is measured, such as air-temperature.
	#[arg(long)]
	kind: String,
	/// Geohash of 1 to 9 characters that contains the places wanted.
	#[arg(long, value_name = "GEOHASH")]
	area: String,
	/// The most that one purchase may cost, in MSEC.
	#[arg(long, value_name = "MSEC")]
	highest_price: Amount,
	/// How many purchases are wanted, each from another listing; at most 16.
	#[arg(long, value_name = "NUMBER", default_value_t = 1,
		value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_FILLS)))]
	fills: u32,
	/// How long the demand stands.
	#[arg(long, value_name = "PERIOD", default_value = "30d")]
	period: Period,
	/// Lowest score that a seller may have, in percent.
	#[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=100))]
	minimum_score: Option<u32>,
	/// The device must be trusted by a verdict that is at most so old.
	#[arg(long, value_name = "PERIOD")]
	maximum_verdict_age: Option<Period>,
	/// Who may read, confirm and dispute [default: who pays].
	#[arg(long, value_name = "ACCOUNT")]
	beneficiary: Option<String>,
}

#[derive(Args)]
pub struct List {
	/// Whose demands [default: those of the account that signs].
	#[arg(long, value_name = "ACCOUNT", conflicts_with = "kind")]
	of: Option<String>,
	/// All demands for this kind; --area is needed too.
	#[arg(long, requires = "area")]
	kind: Option<String>,
	/// All demands for exactly this area, the best first; --kind is needed too.
	#[arg(long, value_name = "GEOHASH", requires = "kind")]
	area: Option<String>,
}

#[derive(Args)]
pub struct Propose {
	/// The demand's identifier.
	#[arg(value_parser = parse_id)]
	demand: H256,
	/// The listing's identifier.
	#[arg(value_parser = parse_id)]
	listing: H256,
}

impl DemandCommand {
	pub async fn run(self, context: &Context) -> Result<()> {
		match self {
			Self::Create(create) => create.run(context).await,
			Self::List(list) => list.run(context).await,
			Self::Show(DemandArgument { demand: id }) => {
				let (_, block) = context.finalized().await?;
				let demand = block.demand(&id.0).await?;
				let demand = demand.ok_or_else(|| anyhow!("{GONE}"))?;
				context.print(&value_of(&id, &demand), || describe(&id, &demand));
				Ok(())
			},
			Self::Cancel(DemandArgument { demand }) => {
				let call = runtime::transactions().demands().cancel_demand(demand);
				remove(context, demand, "cancelled", &call).await
			},
			Self::Expire(DemandArgument { demand }) => {
				let call = runtime::transactions().demands().expire_demand(demand);
				remove(context, demand, "expired", &call).await
			},
			Self::Propose(propose) => propose.run(context).await,
		}
	}
}

const GONE: &str =
	"there is no such demand; one that is filled or cancelled is gone, its orders are in `msec orders`";

impl Create {
	async fn run(self, context: &Context) -> Result<()> {
		for (name, value, longest) in [("--kind", &self.kind, 32), ("--area", &self.area, 9)] {
			if value.len() > longest {
				bail!("{name} may have at most {longest} bytes, not {}", value.len());
			}
		}
		let submitter = context.submitter().await?;
		let block = submitter.chain().finalized().await?;
		let account = submitter.key().account_id();
		let beneficiary = match &self.beneficiary {
			Some(account) => context.address(account)?,
			None => account,
		};
		let budget = self.highest_price.0.saturating_mul(self.fills.into());
		context.confirm(&format!(
			"Hold {} and the deposits of {} orders until they are bought or you cancel?",
			Amount(budget),
			self.fills
		))?;
		let fingerprint = ids::fingerprint("demand", &account, &self.words(&beneficiary));
		let salt = context.choose(&fingerprint)?;
		let id = ids::demand(&account, &salt);
		// Without these secrets the purchases would be worthless; they are on disk before money is held.
		let buyer_keys = purchase_keys(context, &id, self.fills)?;
		let terms = DemandTerms {
			kind: self.kind,
			area: self.area,
			highest_price: self.highest_price.0,
			minimum_score: self.minimum_score.map(|percent| percent * 10_000),
			maximum_verdict_age: self.maximum_verdict_age.map(|Period(blocks)| blocks),
			expires_at: u32::try_from(block.number())?.saturating_add(self.period.0),
			beneficiary,
			buyer_keys,
		};
		let call = runtime::transactions().demands().create_demand(salt, terms.to_runtime());
		let key = format!("demand/{}", ids::hash_text(&id.0));
		let done = context.execute(&submitter, &key, &call).await;
		context.end_unless_unknown(&fingerprint, &done)?;
		if let Err(TransactionError::Failed { .. } | TransactionError::Rejected(_)) = &done {
			context.home().forget_demand(&id)?;
		}
		done?;
		let stands = submitter.chain().finalized().await?.demand(&id.0).await?;
		print_created(context, &id, stands.as_ref());
		Ok(())
	}

	/// By what an interrupted command is known again.
	fn words(&self, beneficiary: &AccountId32) -> Vec<u8> {
		let conditions = (self.minimum_score, self.maximum_verdict_age.map(|period| period.0));
		let (price, period) = (self.highest_price.0, self.period.0);
		(&self.kind, &self.area, price, self.fills, period, conditions, beneficiary).encode()
	}
}

/// The keys of a demand or of a bundle's purchase, those of `count` that are missing made and kept.
pub fn purchase_keys(context: &Context, id: &H256, count: u32) -> Result<Vec<[u8; 32]>> {
	let known = context.home().demand_keys(id)?;
	for index in u32::try_from(known.len())?..count {
		let secret = generate_envelope_secret();
		let record = DemandKeyRecord {
			demand: ids::hash_text(&id.0),
			index,
			buyer_key: ids::hash_text(&secret.public_key()),
		};
		context.home().save_demand_key(&record, &secret, context.new_password()?)?;
	}
	let keys = context.home().demand_keys(id)?.into_iter();
	keys.map(|key| ids::parse_hash(&key.buyer_key).map_err(|error| anyhow!(error))).collect()
}

fn print_created(context: &Context, id: &H256, demand: Option<&Demand>) {
	match demand {
		Some(demand) => context.print(&value_of(id, demand), || describe(id, demand)),
		None => {
			let demand = ids::hash_text(&id.0);
			let value = json!({ "demand": demand, "status": "filled" });
			context
				.print(&value, || format!("{demand} has bought all it wanted; see `msec orders`"));
		},
	}
}

impl List {
	async fn run(self, context: &Context) -> Result<()> {
		let (_, block) = context.finalized().await?;
		let found = match (self.kind, self.area) {
			(Some(kind), Some(area)) => market::demands_by_area(&block, &kind, &area).await?,
			_ => {
				let account = match &self.of {
					Some(account) => context.address(account)?,
					None => context.account_address()?,
				};
				market::demands_of(&block, &account).await?
			},
		};
		let values: Vec<_> = found.iter().map(|(id, demand)| value_of(id, demand)).collect();
		context.print(&json!(values), || {
			let rows: Vec<_> = found.iter().map(|(id, demand)| row(id, demand)).collect();
			table(&["DEMAND", "KIND", "AREA", "HIGHEST PRICE", "BOUGHT", "UNTIL"], &rows)
		});
		Ok(())
	}
}

impl Propose {
	async fn run(self, context: &Context) -> Result<()> {
		let submitter = context.submitter().await?;
		let block = submitter.chain().finalized().await?;
		if block.demand(&self.demand.0).await?.is_none() {
			bail!("{GONE}");
		}
		let call = runtime::transactions().demands().propose_match(self.demand, self.listing);
		context.execute_once(&submitter, "propose", &call).await?;
		let (demand, listing) = (ids::hash_text(&self.demand.0), ids::hash_text(&self.listing.0));
		let value = json!({ "demand": demand, "listing": listing, "status": "matched" });
		context.print(&value, || format!("{demand} has bought from {listing}"));
		Ok(())
	}
}

async fn remove<Call: subxt::transactions::Payload>(
	context: &Context,
	demand: H256,
	status: &str,
	call: &Call,
) -> Result<()> {
	let submitter = context.submitter().await?;
	context.execute_once(&submitter, status, call).await?;
	let demand = ids::hash_text(&demand.0);
	let value = json!({ "demand": demand, "status": status });
	context.print(&value, || format!("{demand} is {status}"));
	Ok(())
}

fn bought(demand: &Demand) -> String {
	format!("{} of {}", demand.filled_from.len(), demand.terms.buyer_keys.len())
}

fn row(id: &H256, demand: &Demand) -> Vec<String> {
	let terms = &demand.terms;
	vec![
		ids::hash_text(&id.0),
		terms.kind.clone(),
		terms.area.clone(),
		Amount(terms.highest_price).to_string(),
		bought(demand),
		terms.expires_at.to_string(),
	]
}

fn value_of(id: &H256, demand: &Demand) -> Value {
	let terms = &demand.terms;
	let listings: Vec<_> =
		demand.filled_from.iter().map(|listing| ids::hash_text(&listing.0)).collect();
	json!({
		"demand": ids::hash_text(&id.0),
		"account": demand.account.to_string(),
		"beneficiary": terms.beneficiary.to_string(),
		"kind": terms.kind,
		"area": terms.area,
		"highest_price": terms.highest_price.to_string(),
		"minimum_score": terms.minimum_score,
		"maximum_verdict_age": terms.maximum_verdict_age,
		"expires_at": terms.expires_at,
		"fills": terms.buyer_keys.len(),
		"filled_from": listings,
		"budget_per_fill": demand.budget_per_fill.to_string(),
		"status": "standing",
	})
}

fn describe(id: &H256, demand: &Demand) -> String {
	let terms = &demand.terms;
	let any = || "any".to_owned();
	fields(&[
		("demand", ids::hash_text(&id.0)),
		("kind", terms.kind.clone()),
		("area", terms.area.clone()),
		("highest price", Amount(terms.highest_price).to_string()),
		("bought", bought(demand)),
		("held for each", Amount(demand.budget_per_fill).to_string()),
		("stands", format!("until block {}", terms.expires_at)),
		(
			"seller's score",
			terms.minimum_score.map_or_else(any, |score| {
				format!("at least {} percent", f64::from(score) / 10_000.0)
			}),
		),
		(
			"device",
			terms.maximum_verdict_age.map_or_else(any, |age| {
				format!("trusted, by a verdict of the last {}", Period(age))
			}),
		),
		("payer", demand.account.to_string()),
		("buyer", terms.beneficiary.to_string()),
	])
}
