//! Watches the transactions of a load get into blocks, and the blocks become final.

use super::load::{Journal, Rpc};
use anyhow::{ensure, Context};
use msec_worker_common::{chain::Config, H256};
use std::{
	collections::{BTreeMap, HashMap},
	sync::Arc,
	time::{Duration, Instant},
};
use subxt::{
	config::{substrate::BlakeTwo256, Hasher},
	rpcs::client::RpcSubscription,
};

/// Longest time from the end of a load until all of it is final.
const SETTLING: Duration = Duration::from_secs(180);

type Heads = RpcSubscription<<Config as subxt::Config>::Header>;

/// A block that held some of the load.
pub struct SeenBlock {
	/// Its height.
	pub number: u64,
	/// Its hash.
	pub hash: H256,
	/// How many transactions of the load it held.
	pub transactions: usize,
	/// Bytes of all transactions in it.
	pub length: usize,
}

/// What became of a load.
pub struct Run {
	/// The blocks that held some of it, in ascending order.
	pub blocks: Vec<SeenBlock>,
	/// For each transaction the time from sending to finality, ascending.
	pub to_finality: Vec<Duration>,
	/// Height of the last block for which there was more than it could hold.
	pub last_number: u64,
}

impl Run {
	/// Height of the last block but one that held some of the load.
	pub fn last_but_one(&self) -> u64 {
		self.blocks.iter().rev().nth(1).map_or(0, |block| block.number)
	}

	/// The time to finality that so many of a hundred transactions did not exceed.
	pub fn to_finality_percentile(&self, percent: usize) -> Duration {
		let rank = (self.to_finality.len() * percent).div_ceil(100);
		self.to_finality.get(rank.saturating_sub(1)).copied().unwrap_or_default()
	}
}

/// What is seen of a chain under load.
pub struct Watch {
	rpc: Rpc,
	best_heads: Heads,
	finalized_heads: Heads,
	journal: Arc<Journal>,
	/// The transactions of the load, by hash.
	indices: HashMap<H256, usize>,
	/// The blocks on the best chain up to this height have been looked into.
	pub included_to: u64,
	finalized_to: u64,
	included: usize,
	/// What each block held of the load.
	blocks: BTreeMap<u64, (SeenBlock, Vec<usize>)>,
	to_finality: Vec<Duration>,
}

impl Watch {
	/// Begins with the block after the best one.
	pub async fn new(
		rpc: Rpc,
		journal: Arc<Journal>,
		indices: HashMap<H256, usize>,
	) -> anyhow::Result<Self> {
		let best_heads = rpc.chain_subscribe_new_heads().await?;
		let finalized_heads = rpc.chain_subscribe_finalized_heads().await?;
		let best = rpc.chain_get_header(None).await?.context("a chain has a best block")?;
		Ok(Self {
			rpc,
			best_heads,
			finalized_heads,
			journal,
			indices,
			included_to: best.number,
			finalized_to: best.number,
			included: 0,
			blocks: BTreeMap::new(),
			to_finality: Vec::new(),
		})
	}

	/// Watches for `duration`. When `refill`, as many transactions may be sent as get into blocks.
	pub async fn follow_for(&mut self, duration: Duration, refill: bool) -> anyhow::Result<()> {
		let end = Instant::now() + duration;
		while Instant::now() < end {
			let before = self.included;
			self.step(end).await?;
			if refill {
				self.journal.permit(self.included - before);
			}
		}
		Ok(())
	}

	/// Watches until everything that the pool took is final.
	pub async fn follow_until_settled(&mut self) -> anyhow::Result<()> {
		let end = Instant::now() + SETTLING;
		while self.to_finality.len() < self.journal.accepted() {
			ensure!(
				Instant::now() < end,
				"of {} transactions only {} are final after {} seconds",
				self.journal.accepted(),
				self.to_finality.len(),
				SETTLING.as_secs(),
			);
			self.step(end).await?;
		}
		Ok(())
	}

	/// What was seen.
	pub fn finish(mut self) -> Run {
		self.to_finality.sort_unstable();
		let blocks = self.blocks.into_values().map(|(block, _)| block).collect();
		Run { blocks, to_finality: self.to_finality, last_number: self.included_to }
	}

	/// Takes in the next head, or nothing until `end`.
	async fn step(&mut self, end: Instant) -> anyhow::Result<()> {
		const ENDED: &str = "the node ended a subscription";
		tokio::select! {
			head = self.best_heads.next() => {
				let number = head.context(ENDED)??.number;
				self.include_to(number).await
			},
			head = self.finalized_heads.next() => {
				let (number, now) = (head.context(ENDED)??.number, self.journal.now());
				self.include_to(number).await?;
				self.finalize_to(number, now);
				Ok(())
			},
			() = tokio::time::sleep_until(end.into()) => Ok(()),
		}
	}

	async fn include_to(&mut self, best: u64) -> anyhow::Result<()> {
		while self.included_to < best {
			let number = self.included_to + 1;
			let hash = self.rpc.chain_get_block_hash(Some(number.into())).await?;
			let hash = hash.context("the best chain has no gaps")?;
			let block = self.rpc.chain_get_block(Some(hash)).await?;
			let transactions = block.context("the node has its blocks")?.block.extrinsics;
			let length = transactions.iter().map(|bytes| bytes.0.len()).sum();
			let held: Vec<_> = transactions
				.iter()
				.filter_map(|bytes| self.indices.get(&BlakeTwo256.hash(&bytes.0)).copied())
				.collect();
			self.included += held.len();
			self.included_to = number;
			if !held.is_empty() {
				let seen = SeenBlock { number, hash, transactions: held.len(), length };
				self.blocks.insert(number, (seen, held));
			}
		}
		Ok(())
	}

	/// Notes that the blocks up to `number` are final since `now`.
	fn finalize_to(&mut self, number: u64, now: u64) {
		if number <= self.finalized_to {
			return;
		}
		let became_final = self.blocks.range(self.finalized_to + 1..=number);
		let sent = became_final
			.flat_map(|(_, (_, held))| held)
			.filter_map(|index| self.journal.sent_at(*index));
		self.to_finality.extend(sent.map(|sent| Duration::from_micros(now.saturating_sub(sent))));
		self.finalized_to = number;
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn percentiles_are_those_of_the_nearest_rank() {
		let to_finality = (1..=40).map(Duration::from_secs).collect();
		let run = Run { blocks: vec![], to_finality, last_number: 0 };
		assert_eq!(run.to_finality_percentile(50), Duration::from_secs(20));
		assert_eq!(run.to_finality_percentile(95), Duration::from_secs(38));
		assert_eq!(run.to_finality_percentile(100), Duration::from_secs(40));
	}

	#[test]
	fn the_last_block_of_a_load_need_not_be_full() {
		let seen = |number| SeenBlock { number, hash: H256([0; 32]), transactions: 1, length: 1 };
		let of = |numbers: &[u64]| Run {
			blocks: numbers.iter().copied().map(seen).collect(),
			to_finality: vec![],
			last_number: 0,
		};
		assert_eq!(of(&[3, 5, 6]).last_but_one(), 5);
		assert_eq!(of(&[3]).last_but_one(), 0);
	}
}
