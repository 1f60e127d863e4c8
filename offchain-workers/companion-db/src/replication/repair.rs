//! Finding what differs, and fetching it.

use super::{
	neighbours::Replica,
	ranges::{head, mountains, BatchRange, PAGE_HEIGHT},
};
use crate::{
	duties::blocking,
	erasures::Erasures,
	store::{Store, StoreFault},
};
use futures::{future::BoxFuture, FutureExt, TryFutureExt};
use msec_commitments::{tree, BatchCommitment, Hash, Peaks};
use msec_worker_common::{batch_frame::Frame, store_client::StoreError, AccountId32};
use std::{collections::BTreeMap, time::Duration};
use tokio::time::timeout;

/// Longest that a store may take to answer one question.
const PATIENCE: Duration = Duration::from_secs(if cfg!(test) { 3 } else { 60 });

/// What a repair came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
	/// Batches that were fetched.
	pub repaired: u64,
	/// Batches that differ and are nowhere to be had.
	pub missing: u64,
	/// Stores that said what is not so.
	pub liars: Vec<Liar>,
}

/// A store that said what is not so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Liar {
	/// Who runs it.
	pub operator: AccountId32,
	/// What it said.
	pub lie: String,
}

/// Fetches what a store lacks of the batches under the chain's peaks.
pub async fn repair(
	erasures: &Erasures,
	dataset: &Hash,
	peaks: &Peaks,
	replicas: &[Box<dyn Replica>],
	quota: u64,
) -> anyhow::Result<Findings> {
	let mut repair = Repair::new(erasures, dataset, replicas, quota);
	let mut pending = mountains(peaks);
	while let Some((range, expected)) = pending.pop() {
		let id = *dataset;
		if blocking(erasures, move |erasures| head(erasures.store(), &id, range)).await?
			== Some(expected)
		{
			continue;
		}
		if range.height() <= PAGE_HEIGHT {
			repair.repair_page(range, &expected).await?;
		} else if let Some(heads) = repair.heads_of_parts(range, &expected).await {
			pending.extend(range.parts().zip(heads));
		} else {
			repair.findings.missing += u64::from(range.batches());
		}
	}
	Ok(repair.findings)
}

/// Fetches batches of which a store knows the commitment, but whose bytes are damaged.
pub async fn repair_damaged(
	erasures: &Erasures,
	dataset: &Hash,
	damaged: &[u32],
	replicas: &[Box<dyn Replica>],
	quota: u64,
) -> anyhow::Result<Findings> {
	let mut repair = Repair::new(erasures, dataset, replicas, quota);
	for batch in damaged.iter().copied() {
		let id = *dataset;
		// A record that is damaged too differs from the chain, and is repaired as such.
		if let Some(commitment) =
			blocking(erasures, move |erasures| known(erasures.store(), &id, batch)).await?
		{
			repair.fetch(batch, &commitment).await?;
		}
	}
	Ok(repair.findings)
}

struct Repair<'a> {
	erasures: &'a Erasures,
	dataset: Hash,
	replicas: &'a [Box<dyn Replica>],
	quota: u64,
	/// Who took too long to answer, and is not asked again.
	slow: Vec<AccountId32>,
	findings: Findings,
}

impl<'a> Repair<'a> {
	fn new(
		erasures: &'a Erasures,
		dataset: &Hash,
		replicas: &'a [Box<dyn Replica>],
		quota: u64,
	) -> Self {
		Self {
			erasures,
			dataset: *dataset,
			replicas,
			quota,
			slow: Vec::new(),
			findings: Findings::default(),
		}
	}

	async fn heads_of_parts(&mut self, range: BatchRange, expected: &Hash) -> Option<Vec<Hash>> {
		let dataset = self.dataset;
		self.ask(
			|replica| replica.heads_of_parts(dataset, range).map_ok(Some).boxed(),
			|heads: &Vec<Hash>| {
				heads.len() == range.parts().count() && tree::root(heads) == *expected
			},
			"heads of ranges that do not lead to the chain's",
		)
		.await
	}

	/// Fetches the batches of a range that differ.
	async fn repair_page(&mut self, range: BatchRange, expected: &Hash) -> anyhow::Result<()> {
		let dataset = self.dataset;
		let present =
			blocking(self.erasures, move |erasures| present(erasures.store(), &dataset, range))
				.await?;
		let commitments = self
			.ask(
				|replica| replica.commitments(dataset, range),
				|found: &Vec<BatchCommitment>| leads_to(found, expected),
				"commitments that do not lead to the chain's",
			)
			.await;
		let Some(commitments) = commitments else {
			self.findings.missing += u64::from(range.batches()) - present.len() as u64;
			return Ok(());
		};
		for (batch, commitment) in (range.first()..).zip(commitments) {
			if present.get(&batch) != Some(&commitment) {
				self.fetch(batch, &commitment).await?;
			}
		}
		Ok(())
	}

	/// Fetches one batch.
	async fn fetch(&mut self, batch: u32, commitment: &BatchCommitment) -> anyhow::Result<()> {
		let dataset = self.dataset;
		let frame = self
			.ask(
				|replica| replica.batch(dataset, batch).map_ok(Some).boxed(),
				|frame: &Frame| frame.batch() == batch && frame.commitment() == *commitment,
				"a batch that is not the one that was committed to",
			)
			.await;
		let Some(frame) = frame else {
			self.findings.missing += 1;
			return Ok(());
		};
		let quota = self.quota;
		blocking(self.erasures, move |erasures| {
			let staged = [erasures.store().stage(&frame)?];
			let repair = |store: &Store| store.repair(&dataset, &staged, quota);
			erasures.unless_erased(&dataset, repair).map(drop).inspect_err(|_| {
				// What cannot be removed now is removed at the next start.
				let _ = erasures.store().discard(&staged);
			})
		})
		.await?;
		self.findings.repaired += 1;
		Ok(())
	}

	/// Asks one store after the other until an answer stands the check.
	async fn ask<T>(
		&mut self,
		question: impl for<'r> Fn(&'r dyn Replica) -> BoxFuture<'r, Result<Option<T>, StoreError>>,
		check: impl Fn(&T) -> bool,
		lie: &str,
	) -> Option<T> {
		for replica in self.replicas {
			let operator = replica.operator();
			let has_lied = self.findings.liars.iter().any(|liar| liar.operator == operator);
			if has_lied || self.slow.contains(&operator) {
				continue;
			}
			let Ok(answer) = timeout(PATIENCE, question(replica.as_ref())).await else {
				tracing::info!(%operator, "a store that takes too long is not asked again");
				self.slow.push(operator);
				continue;
			};
			match answer {
				// To have not everything yet is no lie.
				Ok(None) => {},
				Ok(Some(answer)) if check(&answer) => return Some(answer),
				Ok(Some(_)) => self.findings.liars.push(Liar { operator, lie: lie.to_owned() }),
				Err(error @ StoreError::InvalidAnswer(_)) => {
					self.findings.liars.push(Liar { operator, lie: error.to_string() });
				},
				Err(error) => {
					tracing::info!(%operator, %error, "another store of the data set is asked");
				},
			}
		}
		None
	}
}

fn leads_to(commitments: &[BatchCommitment], expected: &Hash) -> bool {
	let leaves: Vec<_> = commitments.iter().map(BatchCommitment::leaf_hash).collect();
	tree::root(&leaves) == *expected
}

/// What a store knows of a batch; nothing when that is damaged.
fn known(store: &Store, dataset: &Hash, batch: u32) -> Result<Option<BatchCommitment>, StoreFault> {
	match store.batch(dataset, batch) {
		Err(StoreFault::DamagedBatch(_)) => Ok(None),
		found => Ok(found?.map(|stored| stored.commitment())),
	}
}

/// What a store knows of the batches of a range.
fn present(
	store: &Store,
	dataset: &Hash,
	range: BatchRange,
) -> Result<BTreeMap<u32, BatchCommitment>, StoreFault> {
	let mut present = BTreeMap::new();
	for batch in range.first()..range.end() {
		if let Some(commitment) = known(store, dataset, batch)? {
			present.insert(batch, commitment);
		}
	}
	Ok(present)
}
