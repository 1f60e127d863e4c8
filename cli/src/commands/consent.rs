//! `msec consent`

use super::{
	access::{purpose_names, PurposeArgument},
	arguments::Period,
	context::Context,
	dataset::text_of,
};
use anyhow::{anyhow, Result};
use clap::{Args, Subcommand, ValueEnum};
use msec::ids;
use msec_worker_common::{
	chain::{protection::Purposes, runtime},
	H256,
};
use serde_json::json;

pub const LONG_ABOUT: &str = "\
The consent of the person whom a data set is about.

Its owner names that person once, and cannot take it back or name somebody else:
    msec consent name garden ACCOUNT

From then on nobody but the owner and the key agent receives the data, whatever is granted or bought, \
unless the person consents to the purpose for which it is asked. Whoever declares no purpose needs a \
consent to all of them. A withdrawal holds in the same block:
    msec consent give DATASET --purpose public-benefit,research-and-development --for 365d
    msec consent withdraw DATASET

What was decrypted before, stays decrypted.";

#[derive(Subcommand)]
pub enum ConsentCommand {
	/// Name the person whom a data set of one's own is about, for good.
	Name {
		/// Name or identifier of the data set.
		dataset: String,
		/// The person's account.
		subject: String,
	},
	/// Consent to the use of data about oneself, in place of an earlier consent.
	Give(Give),
	/// Withdraw one's consent.
	Withdraw {
		/// The data set.
		dataset: String,
	},
	/// Show whom a data set is about, and what that person consents to.
	Status {
		/// The data set.
		dataset: String,
	},
}

#[derive(Args)]
pub struct Give {
	/// The data set.
	dataset: String,
	/// What the data may be used for [default: anything].
	#[arg(long = "purpose", value_enum, value_delimiter = ',')]
	purposes: Vec<PurposeArgument>,
	/// For how long from now on, such as 365d [default: until it is withdrawn].
	#[arg(long = "for", value_name = "PERIOD")]
	period: Option<Period>,
}

impl ConsentCommand {
	pub async fn run(self, context: &Context) -> Result<()> {
		match self {
			Self::Name { dataset, subject } => name(context, &dataset, &subject).await,
			Self::Give(give) => give.run(context).await,
			Self::Withdraw { dataset } => {
				let id = context.dataset(&dataset)?;
				let submitter = context.submitter().await?;
				let call = runtime::transactions().access_control().withdraw_consent(id);
				context.execute_once(&submitter, "consent", &call).await?;
				print(context, &id, "withdrawn");
				Ok(())
			},
			Self::Status { dataset } => status(context, &dataset).await,
		}
	}
}

async fn name(context: &Context, dataset: &str, subject: &str) -> Result<()> {
	let (id, account) = (context.dataset(dataset)?, context.address(subject)?);
	let submitter = context.submitter().await?;
	context.confirm(&format!(
		"Say that {dataset} is about {account}? This cannot be undone: nobody receives its data without \
		that account's consent."
	))?;
	let call = runtime::transactions().access_control().name_data_subject(id, account);
	context.execute_once(&submitter, "consent", &call).await?;
	let value = json!({ "dataset": ids::hash_text(&id.0), "data_subject": account.to_string() });
	context.print(&value, || format!("{account} decides about the consent"));
	Ok(())
}

impl Give {
	async fn run(self, context: &Context) -> Result<()> {
		let id = context.dataset(&self.dataset)?;
		let submitter = context.submitter().await?;
		let purposes = match self.purposes.as_slice() {
			[] => PurposeArgument::value_variants(),
			purposes => purposes,
		};
		let bits = purposes.iter().fold(0, |bits, purpose| bits | 1 << *purpose as u8);
		let expires_at = match self.period {
			Some(period) => Some(period.block_at_its_end(submitter.chain()).await?),
			None => None,
		};
		let call =
			runtime::transactions().access_control().give_consent(id, Purposes(bits), expires_at);
		context.execute_once(&submitter, "consent", &call).await?;
		print(context, &id, "given");
		Ok(())
	}
}

async fn status(context: &Context, dataset: &str) -> Result<()> {
	let id = context.dataset(dataset)?;
	let (_, block) = context.finalized().await?;
	let subject = block.data_subject(&id.0).await?;
	let subject = subject.ok_or_else(|| anyhow!("no data subject is named for this data set"))?;
	let now = block.number();
	let holds = subject
		.consent
		.is_some_and(|consent| consent.expires_at.is_none_or(|end| now <= u64::from(end)));
	let value = json!({
		"dataset": ids::hash_text(&id.0),
		"data_subject": subject.account.to_string(),
		"holds": holds,
		"purposes": subject.consent.map(|consent| purpose_names(consent.purposes)),
		"expires_at": subject.consent.and_then(|consent| consent.expires_at),
	});
	context.print(&value, || text_of(&value));
	Ok(())
}

fn print(context: &Context, dataset: &H256, result: &str) {
	let value = json!({ "dataset": ids::hash_text(&dataset.0), "consent": result });
	context.print(&value, || format!("consent {result}"));
}
