//! `msec campaign`

use super::{
	arguments::{parse_id, Period},
	context::{fields, table, Context},
};
use anyhow::{anyhow, bail, Context as _, Result};
use clap::{Args, Subcommand};
use codec::Encode;
use msec::{ids, market, Amount};
use msec_worker_common::{
	chain::{runtime, Campaign, CampaignTerms, Contributor},
	AccountId32, H256,
};
use serde_json::{json, Value};
use std::path::PathBuf;

pub const LONG_ABOUT: &str = "\
Rewards for everybody's contributions, out of a budget.

A city, or anybody, opens a campaign: rules, a reward for each accepted contribution, how often one account \
can be rewarded, and a budget, which is held:
    msec campaign create --rules rules.txt --reward 2 --cap 5 --budget 100 --period 30d

Citizens submit what they contributed, one thing at a time, such as a data set by its name:
    msec campaign list
    msec campaign submit CAMPAIGN balcony

The campaign's owner looks at it and accepts, which pays at once, or rejects:
    msec campaign show CAMPAIGN
    msec campaign accept CAMPAIGN ACCOUNT CONTRIBUTION

When the budget is used up, or thirty days after the end, anybody closes the campaign; what is left of the \
budget returns, and contributors get their deposits back by msec campaign leave.";

#[derive(Subcommand)]
pub enum CampaignCommand {
	/// Open a campaign; its budget is held.
	Create(Create),
	/// Show open campaigns: all, or somebody's.
	List(List),
	/// Show a campaign and who contributed.
	Show(CampaignArgument),
	/// Submit a contribution to somebody's campaign.
	Submit(Submit),
	/// Accept a contribution as the campaign's owner; its reward is paid at once.
	Accept(Decision),
	/// Reject a contribution as the campaign's owner.
	Reject(Decision),
	/// Leave a campaign as a contributor, or remove one of a closed campaign; the deposit returns.
	Leave(Leave),
	/// Close a campaign that can pay no more, or that is over; what is left returns to its owner.
	Close(CampaignArgument),
}

#[derive(Args)]
pub struct CampaignArgument {
	/// The campaign's identifier; see `msec campaign list`.
	#[arg(value_parser = parse_id)]
	campaign: H256,
}

#[derive(Args)]
pub struct Create {
	/// A file that says what is rewarded; its hash goes on chain, the file does not.
	#[arg(long, value_name = "FILE")]
	rules: PathBuf,
	/// What each accepted contribution earns, in MSEC.
	#[arg(long, value_name = "MSEC")]
	reward: Amount,
	/// How many contributions of one account are rewarded at most.
	#[arg(long, value_name = "NUMBER", default_value_t = 1)]
	cap: u32,
	/// How much there is for rewards, in MSEC.
	#[arg(long, value_name = "MSEC")]
	budget: Amount,
	/// How long contributions are taken.
	#[arg(long, value_name = "PERIOD", default_value = "30d")]
	period: Period,
}

#[derive(Args)]
pub struct List {
	/// Whose campaigns [default: everybody's].
	#[arg(long, value_name = "ACCOUNT")]
	of: Option<String>,
}

#[derive(Args)]
pub struct Submit {
	/// The campaign's identifier; see `msec campaign list`.
	#[arg(value_parser = parse_id)]
	campaign: H256,
	/// What was contributed: a data set of one's own by its name, or 32 bytes as 0x-hex, such as an
	/// identifier of the chain or the salted hash of a document. Everybody can see it.
	contribution: String,
}

#[derive(Args)]
pub struct Decision {
	/// The campaign's identifier.
	#[arg(value_parser = parse_id)]
	campaign: H256,
	/// Who contributed.
	#[arg(value_name = "ACCOUNT")]
	contributor: String,
	/// What was looked at, as `msec campaign show` says; nothing is decided about anything else.
	#[arg(value_parser = parse_id)]
	contribution: H256,
}

#[derive(Args)]
pub struct Leave {
	/// The campaign's identifier.
	#[arg(value_parser = parse_id)]
	campaign: H256,
	/// Who leaves [default: the account that signs]; somebody else only when the campaign is closed.
	#[arg(value_name = "ACCOUNT")]
	contributor: Option<String>,
}

const GONE: &str = "there is no such campaign; one that was closed is gone";

impl CampaignCommand {
	pub async fn run(self, context: &Context) -> Result<()> {
		match self {
			Self::Create(create) => create.run(context).await,
			Self::List(list) => list.run(context).await,
			Self::Show(CampaignArgument { campaign }) => show(context, &campaign).await,
			Self::Submit(submit) => submit.run(context).await,
			Self::Accept(decision) => decision.accept(context).await,
			Self::Reject(decision) => decision.reject(context).await,
			Self::Leave(leave) => leave.run(context).await,
			Self::Close(CampaignArgument { campaign }) => {
				let call = runtime::transactions().campaigns().close_campaign(campaign);
				execute(context, &campaign, "closed", &call).await
			},
		}
	}
}

impl Create {
	async fn run(self, context: &Context) -> Result<()> {
		if self.budget < self.reward {
			bail!("a budget of {} does not pay one reward of {}", self.budget, self.reward);
		}
		let path = &self.rules;
		let document =
			std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
		let submitter = context.submitter().await?;
		let block = submitter.chain().finalized().await?;
		let owner = submitter.key().account_id();
		context.confirm(&format!("Hold {} for rewards?", self.budget))?;
		let rules = ids::document(&document);
		let (reward, budget) = (self.reward.0, self.budget.0);
		let words = (rules, reward, self.cap, budget, self.period.0).encode();
		let fingerprint = ids::fingerprint("campaign", &owner, &words);
		let salt = context.choose(&fingerprint)?;
		let id = ids::campaign(&owner, &salt);
		let terms = CampaignTerms {
			rules,
			reward,
			cap_per_account: self.cap,
			ends_at: u32::try_from(block.number())?.saturating_add(self.period.0),
		};
		let call =
			runtime::transactions().campaigns().create_campaign(salt, terms.to_runtime(), budget);
		let key = format!("campaign/{}", ids::hash_text(&id.0));
		let done = context.execute(&submitter, &key, &call).await;
		context.end_unless_unknown(&fingerprint, &done)?;
		done?;
		show(context, &id).await
	}
}

impl List {
	async fn run(self, context: &Context) -> Result<()> {
		let owner = self.of.as_deref().map(|account| context.address(account)).transpose()?;
		let (_, block) = context.finalized().await?;
		let found = market::campaigns(&block, owner.as_ref()).await?;
		let values: Vec<_> = found.iter().map(|(id, campaign)| value_of(id, campaign)).collect();
		context.print(&json!(values), || {
			let rows: Vec<_> = found.iter().map(|(id, campaign)| row(id, campaign)).collect();
			table(&["CAMPAIGN", "REWARD", "AT MOST", "LEFT", "UNTIL", "OWNER"], &rows)
		});
		Ok(())
	}
}

impl Submit {
	async fn run(self, context: &Context) -> Result<()> {
		let contribution = context
			.dataset(&self.contribution)
			.context("a contribution is a data set of your own, or 32 bytes as 0x-hex")?;
		let call = runtime::transactions().campaigns().submit(self.campaign, contribution);
		let submitter = context.submitter().await?;
		context.execute_once(&submitter, "submit", &call).await?;
		let (campaign, contribution) =
			(ids::hash_text(&self.campaign.0), ids::hash_text(&contribution.0));
		let value =
			json!({ "campaign": campaign, "contribution": contribution, "status": "submitted" });
		context.print(&value, || format!("{contribution} waits for a decision"));
		Ok(())
	}
}

impl Decision {
	async fn accept(self, context: &Context) -> Result<()> {
		let contributor = context.address(&self.contributor)?;
		let (_, block) = context.finalized().await?;
		let campaign = block.campaign(&self.campaign.0).await?;
		let reward = Amount(campaign.ok_or_else(|| anyhow!("{GONE}"))?.terms.reward);
		context.confirm(&format!("Pay {reward} to {contributor}?"))?;
		let call = runtime::transactions().campaigns().accept(
			self.campaign,
			contributor,
			self.contribution,
		);
		let submitter = context.submitter().await?;
		context.execute_once(&submitter, "accept", &call).await?;
		show(context, &self.campaign).await
	}

	async fn reject(self, context: &Context) -> Result<()> {
		let contributor = context.address(&self.contributor)?;
		let call = runtime::transactions().campaigns().reject(
			self.campaign,
			contributor,
			self.contribution,
		);
		let submitter = context.submitter().await?;
		context.execute_once(&submitter, "reject", &call).await?;
		show(context, &self.campaign).await
	}
}

impl Leave {
	async fn run(self, context: &Context) -> Result<()> {
		let contributor = match &self.contributor {
			Some(account) => context.address(account)?,
			None => context.account_address()?,
		};
		let call = runtime::transactions().campaigns().leave(self.campaign, contributor);
		execute(context, &self.campaign, "left", &call).await
	}
}

async fn execute<Call: subxt::transactions::Payload>(
	context: &Context,
	campaign: &H256,
	status: &str,
	call: &Call,
) -> Result<()> {
	let submitter = context.submitter().await?;
	context.execute_once(&submitter, status, call).await?;
	let campaign = ids::hash_text(&campaign.0);
	let value = json!({ "campaign": campaign, "status": status });
	context.print(&value, || format!("{campaign} is {status}"));
	Ok(())
}

async fn show(context: &Context, id: &H256) -> Result<()> {
	let (_, block) = context.finalized().await?;
	let campaign = block.campaign(&id.0).await?.ok_or_else(|| anyhow!("{GONE}"))?;
	let contributors = market::contributors(&block, id).await?;
	let mut value = value_of(id, &campaign);
	value["contributors"] = contributors.iter().map(contributor_value).collect();
	context.print(&value, || describe(id, &campaign, &contributors));
	Ok(())
}

fn row(id: &H256, campaign: &Campaign) -> Vec<String> {
	let Campaign { owner, terms, budget } = campaign;
	vec![
		ids::hash_text(&id.0),
		Amount(terms.reward).to_string(),
		terms.cap_per_account.to_string(),
		Amount(*budget).to_string(),
		terms.ends_at.to_string(),
		owner.to_string(),
	]
}

fn value_of(id: &H256, campaign: &Campaign) -> Value {
	let Campaign { owner, terms, budget } = campaign;
	json!({
		"campaign": ids::hash_text(&id.0),
		"owner": owner.to_string(),
		"rules": ids::hash_text(&terms.rules.0),
		"reward": terms.reward.to_string(),
		"cap": terms.cap_per_account,
		"ends_at": terms.ends_at,
		"budget": budget.to_string(),
	})
}

fn contributor_value((account, contributor): &(AccountId32, Contributor)) -> Value {
	let pending = contributor.pending.map(|contribution| ids::hash_text(&contribution.0));
	json!({
		"account": account.to_string(),
		"accepted": contributor.accepted,
		"pending": pending,
	})
}

fn describe(id: &H256, campaign: &Campaign, contributors: &[(AccountId32, Contributor)]) -> String {
	let Campaign { owner, terms, budget } = campaign;
	let cap = terms.cap_per_account;
	let text = fields(&[
		("campaign", ids::hash_text(&id.0)),
		("rules", ids::hash_text(&terms.rules.0)),
		("reward", format!("{}, at most {cap} for each account", Amount(terms.reward))),
		("budget left", Amount(*budget).to_string()),
		("contributions", format!("until block {}", terms.ends_at)),
		("owner", owner.to_string()),
	]);
	if contributors.is_empty() {
		return text;
	}
	let rows: Vec<_> = contributors
		.iter()
		.map(|(account, contributor)| {
			let pending = contributor.pending.map(|contribution| ids::hash_text(&contribution.0));
			let accepted = contributor.accepted.to_string();
			vec![account.to_string(), accepted, pending.unwrap_or_default()]
		})
		.collect();
	format!("{text}\n\n{}", table(&["CONTRIBUTOR", "ACCEPTED", "WAITS FOR A DECISION"], &rows))
}
