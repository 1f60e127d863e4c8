//! `msec request`

use super::{
	arguments::{parse_id, Period},
	context::{fields, table, Context},
};
use anyhow::{anyhow, bail, Context as _, Result};
use clap::{Args, Subcommand};
use codec::Encode;
use msec::{ids, market, Amount};
use msec_worker_common::{
	chain::{runtime, Answer, Request, RequestTerms},
	AccountId32, H256,
};
use serde_json::{json, Value};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum RequestCommand {
	/// Reward data that does not exist yet.
	Create(Create),
	/// Show open requests: one's own, somebody's, or all for a kind.
	List(List),
	/// Show a request and the answers to it.
	Show(RequestArgument),
	/// Answer a request with a listing of one's own.
	Answer(AnswerArguments),
	/// Take an answer back, or remove one whose request has ended; its deposit returns.
	Withdraw(Contribution),
	/// Pay the reward for an answer, as the requester or the arbiter.
	Award(Contribution),
	/// Send the reward of a request back that nobody awarded in time.
	Refund(RequestArgument),
}

#[derive(Args)]
pub struct RequestArgument {
	/// The request's identifier.
	#[arg(value_parser = parse_id)]
	request: H256,
}

#[derive(Args)]
pub struct Create {
	/// A file that says what is wanted; its hash goes on chain, the file does not.
	#[arg(long, value_name = "FILE")]
	description: PathBuf,
	/// What shall be measured, such as air-temperature.
	#[arg(long)]
	kind: String,
	/// Geohash of 1 to 9 characters that contains the places wanted.
	#[arg(long, value_name = "GEOHASH")]
	area: String,
	/// What the chosen contributor receives, in MSEC.
	#[arg(long, value_name = "MSEC")]
	reward: Amount,
	/// How long answers are taken.
	#[arg(long, value_name = "PERIOD", default_value = "30d")]
	period: Period,
	/// Who decides when you do not [default: the council].
	#[arg(long, value_name = "ACCOUNT")]
	arbiter: Option<String>,
}

#[derive(Args)]
pub struct List {
	/// Whose requests [default: those of the account that signs].
	#[arg(long, value_name = "ACCOUNT", conflicts_with = "kind")]
	of: Option<String>,
	/// All requests for this kind.
	#[arg(long)]
	kind: Option<String>,
}

#[derive(Args)]
pub struct AnswerArguments {
	/// The request's identifier.
	#[arg(value_parser = parse_id)]
	request: H256,
	/// The listing's identifier.
	#[arg(value_parser = parse_id)]
	listing: H256,
}

#[derive(Args)]
pub struct Contribution {
	/// The request's identifier.
	#[arg(value_parser = parse_id)]
	request: H256,
	/// Who answered.
	#[arg(value_name = "ACCOUNT")]
	contributor: String,
}

impl RequestCommand {
	pub async fn run(self, context: &Context) -> Result<()> {
		match self {
			Self::Create(create) => create.run(context).await,
			Self::List(list) => list.run(context).await,
			Self::Show(RequestArgument { request }) => show(context, request).await,
			Self::Answer(AnswerArguments { request, listing }) => {
				let call = runtime::transactions().demands().answer_request(request, listing);
				execute(context, request, "answered", &call).await
			},
			Self::Withdraw(Contribution { request, contributor }) => {
				let contributor = context.address(&contributor)?;
				let call = runtime::transactions().demands().withdraw_answer(request, contributor);
				execute(context, request, "without this answer", &call).await
			},
			Self::Award(contribution) => contribution.award(context).await,
			Self::Refund(RequestArgument { request }) => {
				let call = runtime::transactions().demands().refund_request(request);
				execute(context, request, "refunded", &call).await
			},
		}
	}
}

impl Create {
	async fn run(self, context: &Context) -> Result<()> {
		for (name, value, longest) in [("--kind", &self.kind, 32), ("--area", &self.area, 9)] {
			if value.len() > longest {
				bail!("{name} may have at most {longest} bytes, not {}", value.len());
			}
		}
		let path = &self.description;
		let document =
			std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
		let arbiter = self.arbiter.as_deref().map(|name| context.address(name)).transpose()?;
		let submitter = context.submitter().await?;
		let block = submitter.chain().finalized().await?;
		let account = submitter.key().account_id();
		context.confirm(&format!("Hold {} until it is awarded or returns?", self.reward))?;
		let description = ids::document(&document);
		let (reward, period) = (self.reward.0, self.period.0);
		let words = (description, &self.kind, &self.area, reward, period, arbiter).encode();
		let fingerprint = ids::fingerprint("request", &account, &words);
		let salt = context.choose(&fingerprint)?;
		let id = ids::demand(&account, &salt);
		let terms = RequestTerms {
			description,
			kind: self.kind,
			area: self.area,
			reward,
			deadline: u32::try_from(block.number())?.saturating_add(period),
			arbiter,
		};
		let call = runtime::transactions().demands().create_request(salt, terms.to_runtime());
		let key = format!("request/{}", ids::hash_text(&id.0));
		let done = context.execute(&submitter, &key, &call).await;
		context.end_unless_unknown(&fingerprint, &done)?;
		done?;
		show(context, id).await
	}
}

impl List {
	async fn run(self, context: &Context) -> Result<()> {
		let (_, block) = context.finalized().await?;
		let found = match (&self.kind, &self.of) {
			(Some(kind), _) => market::requests_by_kind(&block, kind).await?,
			(None, Some(account)) => {
				market::requests_of(&block, &context.address(account)?).await?
			},
			(None, None) => market::requests_of(&block, &context.account_address()?).await?,
		};
		let values: Vec<_> = found.iter().map(|(id, request)| value_of(id, request, &[])).collect();
		context.print(&json!(values), || {
			let rows: Vec<_> = found.iter().map(|(id, request)| row(id, request)).collect();
			table(&["REQUEST", "KIND", "AREA", "REWARD", "ANSWERS", "UNTIL"], &rows)
		});
		Ok(())
	}
}

impl Contribution {
	/// Awards for the terms that the contributor's listing has now.
	async fn award(self, context: &Context) -> Result<()> {
		let contributor = context.address(&self.contributor)?;
		let block = context.chain().await?.finalized().await?;
		let request = block.request(&self.request.0).await?;
		let reward = request.ok_or_else(|| anyhow!("{GONE}"))?.terms.reward;
		let answers = market::answers(&block, &self.request).await?;
		let answer = answers.into_iter().find(|(account, _)| *account == contributor);
		let (_, answer) = answer.ok_or_else(|| anyhow!("{contributor} has not answered"))?;
		let listing = ids::hash_text(&answer.listing.0);
		context.confirm(&format!("Pay {} to {contributor} for {listing}?", Amount(reward)))?;
		let call = runtime::transactions().demands().award_request(
			self.request,
			contributor,
			answer.terms_hash,
		);
		execute(context, self.request, "awarded", &call).await
	}
}

const GONE: &str = "there is no such request; one that was awarded or refunded is gone";

async fn show(context: &Context, id: H256) -> Result<()> {
	let (_, block) = context.finalized().await?;
	let request = block.request(&id.0).await?.ok_or_else(|| anyhow!("{GONE}"))?;
	let answers = market::answers(&block, &id).await?;
	context.print(&value_of(&id, &request, &answers), || describe(&id, &request, &answers));
	Ok(())
}

async fn execute<Call: subxt::transactions::Payload>(
	context: &Context,
	request: H256,
	status: &str,
	call: &Call,
) -> Result<()> {
	let submitter = context.submitter().await?;
	context.execute_once(&submitter, status, call).await?;
	let request = ids::hash_text(&request.0);
	let value = json!({ "request": request, "status": status });
	context.print(&value, || format!("{request} is {status}"));
	Ok(())
}

fn row(id: &H256, request: &Request) -> Vec<String> {
	let terms = &request.terms;
	vec![
		ids::hash_text(&id.0),
		terms.kind.clone(),
		terms.area.clone(),
		Amount(terms.reward).to_string(),
		request.answers.to_string(),
		terms.deadline.to_string(),
	]
}

fn value_of(id: &H256, request: &Request, answers: &[(AccountId32, Answer)]) -> Value {
	let terms = &request.terms;
	let answers: Vec<_> = answers
		.iter()
		.map(|(contributor, answer)| {
			json!({
				"contributor": contributor.to_string(),
				"listing": ids::hash_text(&answer.listing.0),
				"terms_hash": ids::hash_text(&answer.terms_hash.0),
			})
		})
		.collect();
	json!({
		"request": ids::hash_text(&id.0),
		"account": request.account.to_string(),
		"description": ids::hash_text(&terms.description.0),
		"kind": terms.kind,
		"area": terms.area,
		"reward": terms.reward.to_string(),
		"deadline": terms.deadline,
		"arbiter": terms.arbiter.map(|arbiter| arbiter.to_string()),
		"answers": answers,
	})
}

fn describe(id: &H256, request: &Request, answers: &[(AccountId32, Answer)]) -> String {
	let terms = &request.terms;
	let arbiter = terms.arbiter.map_or("the council".to_owned(), |arbiter| arbiter.to_string());
	let text = fields(&[
		("request", ids::hash_text(&id.0)),
		("kind", terms.kind.clone()),
		("area", terms.area.clone()),
		("description", ids::hash_text(&terms.description.0)),
		("reward", Amount(terms.reward).to_string()),
		("answers", format!("{}, until block {}", request.answers, terms.deadline)),
		("requester", request.account.to_string()),
		("arbiter", arbiter),
	]);
	if answers.is_empty() {
		return text;
	}
	let rows: Vec<_> = answers
		.iter()
		.map(|(contributor, answer)| {
			vec![contributor.to_string(), ids::hash_text(&answer.listing.0)]
		})
		.collect();
	format!("{text}\n\n{}", table(&["CONTRIBUTOR", "LISTING"], &rows))
}
