//! `msec grant`, `msec revoke`, `msec deny` and `msec access`

use super::{arguments::Period, context::Context};
use anyhow::{bail, Result};
use clap::{Args, ValueEnum};
use msec::ids;
use msec_worker_common::{
	chain::{
		runtime::{self, runtime_types::msec_primitives::access::Actions},
		Action, Basis, Decision, Purpose, Refusal,
	},
	AccountId32, H256,
};
use serde_json::json;

/// An action on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ActionArgument {
	/// See metadata.
	Describe,
	/// Fetch stored ciphertext.
	Read,
	/// Receive new ciphertext as it arrives.
	Subscribe,
	/// Command an actuator.
	Act,
	/// Append and upload.
	Write,
	/// Pass rights on to others.
	Grant,
	/// Use a service.
	Use,
}

impl From<ActionArgument> for Action {
	fn from(argument: ActionArgument) -> Self {
		match argument {
			ActionArgument::Describe => Self::Describe,
			ActionArgument::Read => Self::Read,
			ActionArgument::Subscribe => Self::Subscribe,
			ActionArgument::Act => Self::Act,
			ActionArgument::Write => Self::Write,
			ActionArgument::Grant => Self::Grant,
			ActionArgument::Use => Self::Use,
		}
	}
}

/// A purpose on the command line, after the W3C Data Privacy Vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PurposeArgument {
	ServiceProvision,
	ResearchAndDevelopment,
	PublicBenefit,
	CommercialPurpose,
	EnforceSecurity,
	FulfilmentOfObligation,
}

impl From<PurposeArgument> for Purpose {
	fn from(argument: PurposeArgument) -> Self {
		match argument {
			PurposeArgument::ServiceProvision => Self::ServiceProvision,
			PurposeArgument::ResearchAndDevelopment => Self::ResearchAndDevelopment,
			PurposeArgument::PublicBenefit => Self::PublicBenefit,
			PurposeArgument::CommercialPurpose => Self::CommercialPurpose,
			PurposeArgument::EnforceSecurity => Self::EnforceSecurity,
			PurposeArgument::FulfilmentOfObligation => Self::FulfilmentOfObligation,
		}
	}
}

#[derive(Args)]
pub struct GrantAccess {
	/// Name or identifier of the data set.
	dataset: String,
	/// To whom.
	subject: String,
	/// What the subject may do.
	#[arg(long, value_enum, value_delimiter = ',', default_values_t = [ActionArgument::Describe, ActionArgument::Read])]
	actions: Vec<ActionArgument>,
	/// First block in which it holds [default: now].
	#[arg(long, value_name = "BLOCK")]
	not_before: Option<u32>,
	/// For how long it holds from now on, such as 30d [default: until it is revoked].
	#[arg(long = "for", value_name = "PERIOD")]
	period: Option<Period>,
	/// What it may be used for [default: anything].
	#[arg(long, value_enum)]
	purpose: Option<PurposeArgument>,
	/// How often it may be passed on; needs the action grant.
	#[arg(long, default_value_t, value_name = "TIMES")]
	depth: u8,
}

#[derive(Args)]
pub struct Revoke {
	/// Name or identifier of the data set.
	dataset: String,
	/// From whom.
	#[arg(required_unless_present = "all")]
	subject: Option<String>,
	/// From everybody. Orders keep what they bought.
	#[arg(long, conflicts_with = "subject")]
	all: bool,
}

#[derive(Args)]
pub struct Deny {
	/// Name or identifier of the data set.
	dataset: String,
	/// Whom.
	subject: String,
	/// End the exclusion instead.
	#[arg(long)]
	lift: bool,
}

#[derive(Args)]
pub struct Access {
	/// Name or identifier of the data set.
	dataset: String,
	/// Who.
	subject: String,
	/// Does what.
	#[arg(value_enum, default_value = "read")]
	action: ActionArgument,
	/// What for.
	#[arg(long, value_enum)]
	purpose: Option<PurposeArgument>,
}

impl GrantAccess {
	pub async fn run(self, context: &Context) -> Result<()> {
		let (dataset, subject) = resolve(context, &self.dataset, &self.subject)?;
		let submitter = context.submitter().await?;
		let expires_at = match self.period {
			Some(Period(blocks)) => {
				let now = u32::try_from(submitter.chain().finalized().await?.number())?;
				Some(now.saturating_add(blocks))
			},
			None => None,
		};
		let actions =
			Actions(self.actions.iter().fold(0, |bits, action| bits | 1 << *action as u8));
		let call = runtime::transactions().access_control().grant(
			dataset,
			subject,
			actions,
			self.not_before,
			expires_at,
			self.purpose.map(Into::into),
			self.depth,
		);
		context.execute_once(&submitter, "grant", &call).await?;
		print(context, &dataset, &subject, "granted");
		Ok(())
	}
}

impl Revoke {
	pub async fn run(self, context: &Context) -> Result<()> {
		let dataset = context.dataset(&self.dataset)?;
		let Some(subject) = &self.subject else {
			let submitter = context.submitter().await?;
			context.confirm("Withdraw every grant of this data set?")?;
			let call = runtime::transactions().access_control().revoke_all(dataset);
			context.execute_once(&submitter, "revoke", &call).await?;
			let value = json!({ "dataset": ids::hash_text(&dataset.0), "result": "revoked" });
			context.print(&value, || "every grant is withdrawn".to_owned());
			return Ok(());
		};
		let subject = context.address(subject)?;
		let submitter = context.submitter().await?;
		let call = runtime::transactions().access_control().revoke(dataset, subject);
		context.execute_once(&submitter, "revoke", &call).await?;
		print(context, &dataset, &subject, "revoked");
		Ok(())
	}
}

impl Deny {
	pub async fn run(self, context: &Context) -> Result<()> {
		let (dataset, subject) = resolve(context, &self.dataset, &self.subject)?;
		let submitter = context.submitter().await?;
		let access_control = runtime::transactions().access_control();
		if self.lift {
			let call = access_control.lift_denial(dataset, subject);
			context.execute_once(&submitter, "deny", &call).await?;
		} else {
			let call = access_control.deny(dataset, subject);
			context.execute_once(&submitter, "deny", &call).await?;
		}
		print(context, &dataset, &subject, if self.lift { "denial lifted" } else { "denied" });
		Ok(())
	}
}

impl Access {
	pub async fn run(self, context: &Context) -> Result<()> {
		let (dataset, subject) = resolve(context, &self.dataset, &self.subject)?;
		let (_, block) = context.finalized().await?;
		let purpose = self.purpose.map(Into::into);
		let decision = block.can_access(&subject, &dataset.0, self.action.into(), purpose).await?;
		let (allowed, reason) = explain(&decision);
		let value = json!({
			"dataset": ids::hash_text(&dataset.0), "subject": subject.to_string(),
			"allowed": allowed, "reason": reason,
		});
		context.print(&value, || format!("{}: {reason}", if allowed { "yes" } else { "no" }));
		match allowed {
			true => Ok(()),
			false => bail!("access is denied"),
		}
	}
}

fn resolve(context: &Context, dataset: &str, subject: &str) -> Result<(H256, AccountId32)> {
	Ok((context.dataset(dataset)?, context.address(subject)?))
}

fn print(context: &Context, dataset: &H256, subject: &AccountId32, result: &str) {
	let value = json!({
		"dataset": ids::hash_text(&dataset.0), "subject": subject.to_string(), "result": result,
	});
	context.print(&value, || format!("{subject}: {result}"));
}

/// Whether somebody may do something, and why.
pub fn explain(decision: &Decision) -> (bool, &'static str) {
	match decision {
		Decision::Allow(Basis::Owner) => (true, "it is the owner"),
		Decision::Allow(Basis::KeyAgent) => (true, "it is the key agent"),
		Decision::Allow(Basis::Grant) => (true, "it has a grant"),
		Decision::Allow(Basis::Order(_)) => (true, "it has bought"),
		Decision::Deny(Refusal::UnknownResource) => (false, "there is no such data set"),
		Decision::Deny(Refusal::Erased) => (false, "the data set was erased"),
		Decision::Deny(Refusal::Denied) => (false, "it was denied explicitly"),
		Decision::Deny(Refusal::NoGrant) => (false, "no grant covers this"),
		Decision::Deny(Refusal::NotYetValid) => (false, "its grant begins later"),
		Decision::Deny(Refusal::Expired) => (false, "its grant has ended"),
		Decision::Deny(Refusal::OtherPurpose) => (false, "its grant is for another purpose"),
		Decision::Deny(Refusal::Revoked) => (false, "its grant was withdrawn"),
	}
}
