//! Several stores of one data set: each fetches from the others what it lacks.
//!
//! The chain has the peaks over a data set's batches. Where what a store has does not lead to a peak, it
//! asks another store for the heads of smaller and smaller ranges, until it knows which batches differ.
//! Whatever the other store says has to lead to a head that is known already, and so to the chain: a
//! store that lies is found at once, and named.

mod neighbours;
mod ranges;
mod repair;

pub use neighbours::{Neighbours, NodeNeighbours, Replica};
pub use ranges::{heads_of_parts, mountains, BatchRange};
pub use repair::{repair, repair_damaged, Findings, Liar};

use crate::{access::ChainAccess, duties::datasets_after, erasures::Erasures};
use msec_commitments::Hash;
use msec_worker_common::chain::Dataset;
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Time between two rounds.
const PAUSE: Duration = Duration::from_secs(300);
/// Longest that one data set may keep the others waiting in a round.
const LONGEST: Duration = Duration::from_secs(3600);

/// What a store repairs itself with.
pub struct Replication {
	/// Knows what is repaired, and what is not because it is erased.
	pub erasures: Erasures,
	/// Says what should be there.
	pub chain: Arc<dyn ChainAccess>,
	/// Where it is to be had.
	pub neighbours: Arc<dyn Neighbours>,
	/// Most bytes of one data set.
	pub quota: u64,
}

impl Replication {
	/// Repairs again and again until `stop`.
	pub async fn run(&self, stop: CancellationToken) {
		loop {
			match stop.run_until_cancelled(self.round()).await {
				None => return,
				Some(Ok(())) => {},
				Some(Err(error)) => tracing::warn!(%error, "the repair is tried again later"),
			}
			tokio::select! {
				() = stop.cancelled() => return,
				() = tokio::time::sleep(PAUSE) => {},
			}
		}
	}

	/// Repairs every data set once. One that fails does not keep the others back.
	pub async fn round(&self) -> anyhow::Result<()> {
		let mut after = None;
		loop {
			let page = datasets_after(&self.erasures, after).await?;
			for id in &page {
				if let Some(dataset) = self.chain.finalized_dataset(id).await? {
					self.try_to_repair(id, &dataset).await;
				}
			}
			match page.last() {
				Some(last) => after = Some(*last),
				None => return Ok(()),
			}
		}
	}

	/// Repairs a data set; what fails is tried again in the next round.
	async fn try_to_repair(&self, id: &Hash, dataset: &Dataset) {
		let damaged = self.erasures.store().take_damaged(id);
		let repaired = timeout(LONGEST, self.repair_one(id, dataset, &damaged)).await;
		if let Err(error) = repaired.map_err(anyhow::Error::from).flatten() {
			self.erasures.store().note_damaged(id, &damaged);
			metrics::counter!("msec_store_failed_repairs_total").increment(1);
			let dataset = format!("0x{}", hex::encode(id));
			tracing::warn!(dataset, %error, "the repair is tried again later");
		}
	}

	async fn repair_one(
		&self,
		id: &Hash,
		dataset: &Dataset,
		damaged: &[u32],
	) -> anyhow::Result<()> {
		let Some(peaks) = dataset.peaks.as_ref().filter(|_| !dataset.erased) else {
			return Ok(());
		};
		let replicas = self.neighbours.of(dataset).await?;
		if replicas.is_empty() {
			return Ok(());
		}
		let findings = repair(&self.erasures, id, peaks, &replicas, self.quota).await;
		let findings = findings.inspect(|findings| tell(id, findings));
		// What is damaged is replaced also where there is no room for what is missing.
		let replaced = repair_damaged(&self.erasures, id, damaged, &replicas, self.quota).await?;
		tell(id, &replaced);
		findings.map(drop)
	}
}

fn tell(id: &Hash, findings: &Findings) {
	let dataset = format!("0x{}", hex::encode(id));
	for liar in &findings.liars {
		let operator = liar.operator.to_string();
		tracing::error!(dataset, operator, lie = liar.lie, "a store of this data set lies");
		metrics::counter!("msec_store_lies_total", "operator" => operator).increment(1);
	}
	metrics::counter!("msec_store_repaired_batches_total").increment(findings.repaired);
	if findings.repaired > 0 {
		tracing::info!(dataset, batches = findings.repaired, "fetched from other stores");
	}
	if findings.missing > 0 {
		tracing::warn!(dataset, batches = findings.missing, "no other store has these either");
	}
}

#[cfg(test)]
mod tests;
