//! Answers to challenges: chunks that buyers miss, fetched from a store and posted on the chain.

use anyhow::{anyhow, ensure, Context};
use msec_commitments::{ChunkProof, Hash};
use msec_worker_common::{
	chain::{
		runtime, BlockClient, BoundedVec, Challenge, ChallengeState, Dataset, RangeCommitment,
		Static,
	},
	store_client::StoreClient,
	transactions::Submitter,
	AccountId32, H256,
};
use std::{
	collections::{HashMap, HashSet},
	time::Duration,
};
use tokio::task::JoinSet;

/// How many orders are answered for at the same time.
const MAX_ORDERS: usize = 32;
/// Longest that a store may take for one chunk.
const PATIENCE: Duration = Duration::from_secs(60);
/// After how many blocks an order is looked at again that is somebody else's, or could not be answered
/// for: half a minute.
const RETRY_AFTER: u64 = 10;

/// The challenged orders that are being answered for.
pub struct Answers {
	submitter: Submitter,
	under_way: HashSet<H256>,
	/// Orders to be left alone, and the block until which.
	postponed: HashMap<H256, u64>,
	tasks: JoinSet<(H256, anyhow::Result<usize>)>,
}

/// What is to be posted of one order.
struct Task {
	submitter: Submitter,
	order: H256,
	dataset: Hash,
	range: RangeCommitment,
	open: Vec<Challenge>,
	stores: Vec<(AccountId32, String)>,
}

impl Answers {
	pub fn new(submitter: Submitter) -> Self {
		Self {
			submitter,
			under_way: HashSet::new(),
			postponed: HashMap::new(),
			tasks: JoinSet::new(),
		}
	}

	/// Begins to answer the challenges of a finalized block. Fails only when the chain does.
	pub async fn serve(&mut self, head: &BlockClient) -> anyhow::Result<()> {
		let challenged = head.challenged().await?;
		let present: HashSet<H256> = challenged.iter().map(|(_, order)| *order).collect();
		self.postponed.retain(|order, _| present.contains(order));
		for (dataset, order) in challenged {
			let postponed = self.postponed.get(&order).is_some_and(|until| head.number() < *until);
			if postponed || self.under_way.contains(&order) || self.tasks.len() >= MAX_ORDERS {
				continue;
			}
			match self.task(head, dataset.0, order).await? {
				None => self.postpone(order, head.number()),
				Some(task) => {
					self.under_way.insert(order);
					self.tasks.spawn(async move { (order, task.run().await) });
				},
			}
		}
		Ok(())
	}

	/// Waits until the answers for an order are finalized or failed; `None` when none is under way.
	pub async fn next(&mut self, served: u64) -> Option<()> {
		let Ok((order, outcome)) = self.tasks.join_next().await? else {
			// Only a task that panicked or was cancelled ends so, and there are none.
			return None;
		};
		self.under_way.remove(&order);
		match outcome {
			Ok(chunks) => {
				tracing::info!(?order, chunks, "answered challenges");
				metrics::counter!("msec_agent_answers_total").increment(chunks as u64);
			},
			Err(error) => {
				tracing::warn!(?order, "challenges are not answered yet: {error:#}");
				metrics::counter!("msec_agent_failures_total").increment(1);
				self.postpone(order, served);
			},
		}
		Some(())
	}

	/// What is to be done for an order; `None` when it is nothing of this agent's.
	async fn task(
		&self,
		head: &BlockClient,
		dataset: Hash,
		id: H256,
	) -> anyhow::Result<Option<Task>> {
		let details = head.dataset(&dataset).await?.context("an order's data set is missing")?;
		if details.key_agent != Some(self.submitter.key().account_id()) || details.erased {
			return Ok(None);
		}
		let Some(order) = head.order(&id.0).await? else { return Ok(None) };
		let mut open = head.challenges(&id.0).await?;
		open.retain(|challenge| can_be_answered(challenge, head.number()));
		if open.is_empty() {
			return Ok(None);
		}
		let stores = stores_of(head, &details).await?;
		let submitter = self.submitter.clone();
		Ok(Some(Task { submitter, order: id, dataset, range: order.range, open, stores }))
	}

	fn postpone(&mut self, order: H256, head: u64) {
		self.postponed.insert(order, head + RETRY_AFTER);
	}
}

fn can_be_answered(challenge: &Challenge, now: u64) -> bool {
	match challenge.state {
		ChallengeState::Open { answer_by } => now < u64::from(answer_by),
		ChallengeState::Answered { .. } => false,
	}
}

async fn stores_of(
	block: &BlockClient,
	dataset: &Dataset,
) -> anyhow::Result<Vec<(AccountId32, String)>> {
	let mut stores = Vec::new();
	for operator in &dataset.stores {
		if let Some(store) = block.store(operator).await? {
			stores.push((*operator, store.endpoint));
		}
	}
	Ok(stores)
}

impl Task {
	/// Posts every chunk that is asked for; says how many these were.
	async fn run(self) -> anyhow::Result<usize> {
		for challenge in &self.open {
			let (proof, ciphertext) = self.find(challenge).await?;
			let key = format!(
				"answer 0x{} {} {}",
				hex::encode(self.order.0),
				challenge.batch,
				challenge.chunk
			);
			let call = runtime::transactions().marketplace().answer(
				self.order,
				Static(proof),
				BoundedVec(ciphertext),
			);
			self.submitter.execute(&key, &call).await?;
		}
		Ok(self.open.len())
	}

	/// The chunk that a challenge asks for, from the first store that has it.
	async fn find(&self, challenge: &Challenge) -> anyhow::Result<(ChunkProof, Vec<u8>)> {
		let mut faults = Vec::new();
		for (operator, endpoint) in &self.stores {
			let fetched =
				tokio::time::timeout(PATIENCE, self.fetch(operator, endpoint, challenge)).await;
			match fetched.unwrap_or_else(|_| Err(anyhow!("it takes too long"))) {
				Ok(found) => return Ok(found),
				Err(error) => faults.push(format!("the store of {operator}: {error:#}")),
			}
		}
		match faults.is_empty() {
			true => Err(anyhow!("none of its stores is registered")),
			false => Err(anyhow!(faults.join("; "))),
		}
	}

	async fn fetch(
		&self,
		operator: &AccountId32,
		endpoint: &str,
		challenge: &Challenge,
	) -> anyhow::Result<(ChunkProof, Vec<u8>)> {
		let client = StoreClient::new(endpoint, operator, self.submitter.key().clone())?;
		let batches = client.commitments(&self.dataset, self.range.batches).await?;
		let frame = client.batch(&self.dataset, challenge.batch).await?;
		// Where the batch has no such chunk, its last one is asked for.
		let last = frame.commitment().chunks.saturating_sub(1);
		let (proof, ciphertext) = frame
			.prove(&batches, challenge.chunk.min(last))
			.context("its batches do not yield a proof")?;
		let is_bought = proof.verify(self.range.batches, &self.range.root.0);
		ensure!(is_bought, "it has other batches than those committed to");
		Ok((proof, ciphertext))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn only_what_is_open_and_in_time_is_answered() {
		let challenge = |state| Challenge { batch: 0, chunk: 0, bond: 1, state };
		let open = challenge(ChallengeState::Open { answer_by: 5 });
		assert!(can_be_answered(&open, 4));
		assert!(!can_be_answered(&open, 5), "the next block would be too late");
		assert!(!can_be_answered(&challenge(ChallengeState::Answered { at: 3 }), 4));
	}
}
