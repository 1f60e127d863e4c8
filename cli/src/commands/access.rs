//! `msec grant`, `msec revoke`, `msec deny` and `msec access`

use super::{
	arguments::Period,
	context::{table, Context},
};
use anyhow::{bail, Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use msec::ids;
use msec_worker_common::{
	chain::{
		grants::{Grant, GrantSource},
		protection::AccessRequest,
		runtime::{self, runtime_types::msec_primitives::access::Actions},
		Action, Basis, Decision, Purpose, Refusal,
	},
	AccountId32, H256,
};
use serde_json::{json, Value};

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

impl PurposeArgument {
	/// Its name, as requests to stores and key agents declare it.
	pub fn name(self) -> String {
		let value = self.to_possible_value();
		value.map(|value| value.get_name().to_owned()).unwrap_or_default()
	}
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
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Access {
	#[command(subcommand)]
	command: Option<AccessCommand>,
	/// Name or identifier of the data set.
	#[arg(required = true)]
	dataset: Option<String>,
	/// Who.
	#[arg(required = true)]
	subject: Option<String>,
	/// Does what.
	#[arg(value_enum, default_value = "read")]
	action: ActionArgument,
	/// What for.
	#[arg(long, value_enum)]
	purpose: Option<PurposeArgument>,
}

#[derive(Subcommand)]
enum AccessCommand {
	/// Ask for a grant.
	Request(Request),
	/// Show who asks for a grant, and for what.
	Requests {
		/// Name or identifier of the data set.
		dataset: String,
	},
	/// Grant what somebody asks for.
	Approve(Answer),
	/// Refuse what somebody asks for, or remove a request that has lapsed.
	Refuse(Answer),
	/// Ask for a grant no longer.
	Withdraw {
		/// Name or identifier of the data set.
		dataset: String,
	},
}

#[derive(Args)]
struct Request {
	/// Name or identifier of the data set.
	dataset: String,
	/// What one wants to do.
	#[arg(long, value_enum, value_delimiter = ',', default_values_t = [ActionArgument::Describe, ActionArgument::Read])]
	actions: Vec<ActionArgument>,
	/// What for [default: anything].
	#[arg(long, value_enum)]
	purpose: Option<PurposeArgument>,
	/// For how long from now on, such as 30d [default: without end].
	#[arg(long = "for", value_name = "PERIOD")]
	period: Option<Period>,
}

#[derive(Args)]
struct Answer {
	/// Name or identifier of the data set.
	dataset: String,
	/// Who asks.
	requester: String,
}

impl GrantAccess {
	pub async fn run(self, context: &Context) -> Result<()> {
		let (dataset, subject) = resolve(context, &self.dataset, &self.subject)?;
		let submitter = context.submitter().await?;
		let expires_at = match self.period {
			Some(period) => Some(period.block_at_its_end(submitter.chain()).await?),
			None => None,
		};
		let call = runtime::transactions().access_control().grant(
			dataset,
			subject,
			set_of(&self.actions),
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
		if let Some(command) = self.command {
			return command.run(context).await;
		}
		let (Some(dataset), Some(subject)) = (&self.dataset, &self.subject) else {
			bail!("say which data set, and who");
		};
		let (dataset, subject) = resolve(context, dataset, subject)?;
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

impl AccessCommand {
	async fn run(self, context: &Context) -> Result<()> {
		let access_control = runtime::transactions().access_control();
		match self {
			Self::Request(request) => request.run(context).await,
			Self::Requests { dataset } => requests(context, &dataset).await,
			Self::Approve(Answer { dataset, requester }) => {
				let (dataset, requester) = resolve(context, &dataset, &requester)?;
				let request = open_request(context, &dataset, &requester).await?;
				let call = access_control.approve_request(
					dataset,
					requester,
					Actions(request.actions),
					request.purpose,
					request.expires_at,
				);
				let submitter = context.submitter().await?;
				context.execute_once(&submitter, "approve", &call).await?;
				print(context, &dataset, &requester, "granted");
				Ok(())
			},
			Self::Refuse(Answer { dataset, requester }) => {
				let (dataset, requester) = resolve(context, &dataset, &requester)?;
				let call = access_control.refuse_request(dataset, requester);
				let submitter = context.submitter().await?;
				context.execute_once(&submitter, "refuse", &call).await?;
				print(context, &dataset, &requester, "refused");
				Ok(())
			},
			Self::Withdraw { dataset } => {
				let dataset = context.dataset(&dataset)?;
				let submitter = context.submitter().await?;
				let call = access_control.withdraw_request(dataset);
				context.execute_once(&submitter, "withdraw", &call).await?;
				print(context, &dataset, &submitter.key().account_id(), "withdrawn");
				Ok(())
			},
		}
	}
}

impl Request {
	async fn run(self, context: &Context) -> Result<()> {
		let dataset = context.dataset(&self.dataset)?;
		let submitter = context.submitter().await?;
		let expires_at = match self.period {
			Some(period) => Some(period.block_at_its_end(submitter.chain()).await?),
			None => None,
		};
		let call = runtime::transactions().access_control().request_access(
			dataset,
			set_of(&self.actions),
			self.purpose.map(Into::into),
			expires_at,
		);
		context.execute_once(&submitter, "request", &call).await?;
		print(context, &dataset, &submitter.key().account_id(), "requested");
		Ok(())
	}
}

/// What `requester` asks for. It is this that is approved, and nothing that comes later.
async fn open_request(
	context: &Context,
	dataset: &H256,
	requester: &AccountId32,
) -> Result<AccessRequest> {
	let (_, block) = context.finalized().await?;
	let open = block.access_requests(&dataset.0).await?;
	let found = open.into_iter().find(|(who, _)| who == requester);
	found.map(|(_, request)| request).with_context(|| {
		format!("{requester} asks for nothing, or is answered already; see msec access requests")
	})
}

async fn requests(context: &Context, dataset: &str) -> Result<()> {
	let id = context.dataset(dataset)?;
	let (_, block) = context.finalized().await?;
	let (mut rows, mut values) = (Vec::new(), Vec::new());
	for (requester, request) in block.access_requests(&id.0).await? {
		let actions = action_names(request.actions);
		let purpose = request.purpose.map(|purpose| purpose_names(1 << purpose as u8).concat());
		let lapsed = u64::from(request.lapses_at) < block.number();
		let mut value = request_value(&requester, &request);
		value["lapsed"] = json!(lapsed);
		values.push(value);
		let until = request.expires_at.map_or("-".to_owned(), |end| end.to_string());
		let lapses = if lapsed { "lapsed".to_owned() } else { request.lapses_at.to_string() };
		let purpose = purpose.unwrap_or_else(|| "anything".to_owned());
		rows.push(vec![requester.to_string(), actions.join(","), purpose, until, lapses]);
	}
	let header = ["REQUESTER", "ACTIONS", "PURPOSE", "UNTIL BLOCK", "LAPSES AT"];
	context.print(&json!(values), || table(&header, &rows));
	Ok(())
}

/// A request for access in results for programs.
pub fn request_value(requester: &AccountId32, request: &AccessRequest) -> Value {
	json!({
		"requester": requester.to_string(),
		"actions": action_names(request.actions),
		"purpose": request.purpose.map(|purpose| purpose_names(1 << purpose as u8).concat()),
		"expires_at": request.expires_at,
		"lapses_at": request.lapses_at,
	})
}

/// A grant in results for programs.
pub fn grant_value(grant: &Grant) -> Value {
	let (granter, order) = match grant.source {
		GrantSource::Authority(granter) => (Some(granter.to_string()), None),
		GrantSource::Order(order) => (None, Some(ids::hash_text(&order.0))),
	};
	json!({
		"dataset": ids::hash_text(&grant.dataset.0),
		"subject": grant.subject.to_string(),
		"granter": granter,
		"order": order,
		"actions": action_names(grant.actions),
		"not_before": grant.not_before,
		"expires_at": grant.expires_at,
		"purpose": grant.purpose.map(|purpose| purpose_names(1 << purpose as u8).concat()),
		"delegation_depth": grant.delegation_depth,
	})
}

/// The set that the chain makes of actions.
fn set_of(actions: &[ActionArgument]) -> Actions {
	Actions(actions.iter().fold(0, |bits, action| bits | 1 << *action as u8))
}

/// Names of the actions in a set.
fn action_names(bits: u8) -> Vec<String> {
	names(ActionArgument::value_variants(), bits)
}

/// Names of the purposes in a set.
pub fn purpose_names(bits: u8) -> Vec<String> {
	names(PurposeArgument::value_variants(), bits)
}

/// Names of the values whose bits are set, the first value's the lowest.
fn names<V: ValueEnum>(values: &[V], bits: u8) -> Vec<String> {
	let set = values.iter().enumerate().filter(|(index, _)| bits & (1 << index) != 0);
	set.filter_map(|(_, value)| Some(value.to_possible_value()?.get_name().to_owned())).collect()
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
		Decision::Deny(Refusal::NoConsent) => {
			(false, "the data subject does not consent to this purpose")
		},
		Decision::Deny(Refusal::NoTransferBasis) => {
			(false, "the data may not go to the region where it is, or it does not say where")
		},
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn sets_are_named_in_the_order_of_the_chain() {
		let actions = set_of(&[ActionArgument::Describe, ActionArgument::Use]);
		assert_eq!(action_names(actions.0), ["describe", "use"]);
		assert_eq!(purpose_names(0b10_0001), ["service-provision", "fulfilment-of-obligation"]);
		assert!(purpose_names(0).is_empty());
	}
}
