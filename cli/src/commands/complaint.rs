//! `msec order complain` and `msec order respond`: what arbiters decide.

use super::{arguments::parse_id, context::Context, order::show};
use anyhow::{Context as _, Result};
use clap::Args;
use msec::{ids::hash_text, provenance, Amount};
use msec_worker_common::{
	chain::{runtime, Complaint, ComplaintState},
	H256,
};
use serde_json::{json, Value};
use std::{fs::File, path::PathBuf};

#[derive(Args)]
pub struct Evidence {
	/// The order's identifier; see `msec orders`.
	#[arg(value_parser = parse_id)]
	order: H256,
	/// What the arbiters are to be shown. Only its SHA-256 goes on the chain: keep the file.
	#[arg(long, value_name = "FILE")]
	evidence: PathBuf,
}

impl Evidence {
	pub async fn complain(self, context: &Context) -> Result<()> {
		let hash = self.hash()?;
		let call = runtime::transactions().marketplace().complain(self.order, hash);
		let question =
			"Complain to the arbiters, with a bond that is lost if they give the seller more?";
		self.submit(context, "complain", question, &call).await
	}

	pub async fn respond(self, context: &Context) -> Result<()> {
		let hash = self.hash()?;
		let call = runtime::transactions().marketplace().respond(self.order, hash);
		let question = "Contradict, with a bond that is lost if the arbiters give the payer more?";
		self.submit(context, "respond", question, &call).await
	}

	fn hash(&self) -> Result<H256> {
		let file = File::open(&self.evidence).and_then(provenance::hash_of);
		file.map(H256).with_context(|| self.evidence.display().to_string())
	}

	async fn submit<Call: subxt::transactions::Payload>(
		&self,
		context: &Context,
		verb: &str,
		question: &str,
		call: &Call,
	) -> Result<()> {
		let submitter = context.submitter().await?;
		context.confirm(question)?;
		context.execute_once(&submitter, verb, call).await?;
		show(context, &submitter.chain().finalized().await?, &self.order).await
	}
}

/// A complaint, for programs.
pub fn value_of(complaint: &Complaint) -> Value {
	let mut value = json!(complaint);
	value["bond"] = json!(complaint.bond.to_string());
	value
}

/// A complaint, for people.
pub fn describe(complaint: &Complaint) -> String {
	let (evidence, bond) = (hash_text(&complaint.evidence.0), Amount(complaint.bond));
	let next = match complaint.state {
		ComplaintState::AwaitingResponse { respond_by } => {
			format!("the seller may respond until block {respond_by}")
		},
		ComplaintState::AwaitingDecision { response, decide_by } => {
			let response = hash_text(&response.0);
			format!("response {response}, the arbiters may decide until block {decide_by}")
		},
	};
	format!("complaint: evidence {evidence}, bond {bond}; {next}")
}
