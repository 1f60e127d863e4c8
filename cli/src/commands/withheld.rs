//! `msec order challenge` and `msec order answer`: ciphertext that the stores withhold.

use super::{
	arguments::parse_id,
	context::Context,
	order::{order_at, show, stores_of},
};
use anyhow::{anyhow, bail, Result};
use clap::Args;
use msec::{dispute, Amount};
use msec_worker_common::{
	chain::{runtime, Challenge, ChallengeState},
	H256,
};
use serde_json::{json, Value};
use subxt::utils::Static;

#[derive(Args)]
pub struct ChallengeOrder {
	/// The order's identifier; see `msec orders`.
	#[arg(value_parser = parse_id)]
	order: H256,
	/// Which batch, counted from 0 [default: the first that no store serves].
	#[arg(long, requires = "chunk")]
	batch: Option<u32>,
	/// Which chunk of the batch, counted from 0.
	#[arg(long, requires = "batch")]
	chunk: Option<u32>,
}

impl ChallengeOrder {
	pub async fn run(self, context: &Context) -> Result<()> {
		let submitter = context.submitter().await?;
		let chain = submitter.chain().clone();
		let block = chain.finalized().await?;
		let position = self.batch.zip(self.chunk);
		let position = match position {
			Some(position) => Some(position),
			None => {
				let order = order_at(&block, &self.order).await?;
				let challenged = block.challenges(&self.order.0).await?;
				let key = submitter.key();
				let stores = stores_of(&chain, &block, &self.order, &order, key).await?;
				let spinner = context.spinner("asking the stores");
				let found = dispute::find_withheld(&stores, &order.range, &challenged).await;
				spinner.finish_and_clear();
				found
			},
		};
		let Some((batch, chunk)) = position else {
			bail!("everything is served, posted or challenged; there is nothing to challenge");
		};
		let bond = runtime::constants().marketplace().challenge_bond();
		let bond = Amount(block.inner().constants().entry(bond)?);
		context.confirm(&format!(
			"Challenge chunk {chunk} of batch {batch}, with {bond} that are lost if it is posted?"
		))?;
		let call = runtime::transactions().marketplace().challenge(self.order, batch, chunk);
		context.execute_once(&submitter, "challenge", &call).await?;
		show(context, &chain.finalized().await?, &self.order).await
	}
}

/// Posts every chunk of an order that is challenged.
pub async fn answer(context: &Context, id: &H256) -> Result<()> {
	let submitter = context.submitter().await?;
	let chain = submitter.chain().clone();
	let block = chain.finalized().await?;
	let order = order_at(&block, id).await?;
	let challenges = block.challenges(&id.0).await?;
	let open: Vec<_> = challenges.iter().filter(|challenge| is_open(challenge)).collect();
	if open.is_empty() {
		bail!("no chunk of this order is challenged");
	}
	let stores = stores_of(&chain, &block, id, &order, submitter.key()).await?;
	let batches = stores.commitments(&order.range).await?;
	for Challenge { batch, chunk, .. } in open {
		let expected = batches
			.get(*batch as usize)
			.ok_or_else(|| anyhow!("the order did not buy batch {batch}"))?;
		let frame = stores.batch(*batch, expected).await?;
		let last = expected.chunks.saturating_sub(1);
		let (proof, ciphertext) = frame
			.prove(&batches, (*chunk).min(last))
			.ok_or_else(|| anyhow!("the store's batches do not yield a proof"))?;
		let call = runtime::transactions().marketplace().answer(
			*id,
			Static(proof),
			dispute::encode_ciphertext(&ciphertext),
		);
		context.execute_once(&submitter, "answer", &call).await?;
	}
	show(context, &chain.finalized().await?, id).await
}

fn is_open(challenge: &Challenge) -> bool {
	matches!(challenge.state, ChallengeState::Open { .. })
}

/// A challenge, for programs.
pub fn value_of(challenge: &Challenge) -> Value {
	let mut value = json!(challenge);
	value["bond"] = json!(challenge.bond.to_string());
	value
}

/// A challenge, for people.
pub fn describe(challenge: &Challenge) -> String {
	let Challenge { batch, chunk, .. } = challenge;
	match challenge.state {
		ChallengeState::Open { answer_by } => format!(
			"challenged: chunk {chunk} of batch {batch}, to be posted until block {answer_by}"
		),
		ChallengeState::Answered { at } => {
			format!("posted in block {at}: chunk {chunk} of batch {batch}")
		},
	}
}
