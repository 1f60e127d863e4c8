//! What the finalized blocks of a run say: successes, how full they are, and what ended them.

use super::{
	chains::Chain,
	watch::{Run, SeenBlock},
};
use anyhow::{ensure, Context};
use msec_worker_common::chain::BlockClient;
use std::collections::BTreeMap;
use subxt::{
	dynamic::{self, At, Value},
	events::Phase,
};

/// A finalized block.
struct Counted {
	number: u64,
	/// When it was made, in milliseconds since 1970.
	timestamp: u64,
	/// Events of success.
	successes: usize,
	/// Of the weight that normal transactions may take, the part that they took.
	weight: f64,
	/// Bytes of all transactions.
	length: usize,
	/// How long the node took to build it, in milliseconds.
	built_in: u64,
	/// Why the node put no more into it.
	end: String,
}

/// The finalized blocks of a run.
pub struct Census {
	blocks: Vec<Counted>,
	/// What each transaction of the run weighs on average, in picoseconds.
	pub weight_per_transaction: f64,
}

impl Census {
	/// Counts the event of the run's success in the finalized blocks that held some of it.
	pub async fn take(chain: &Chain, run: &Run, pallet: &str, event: &str) -> anyhow::Result<Self> {
		let log = chain.log();
		let built = proposals(&log);
		let mut blocks = Vec::new();
		let (mut transactions, mut weight) = (0, 0.0);
		for seen in &run.blocks {
			let (counted, normal) = count(chain, seen, pallet, event, &built).await?;
			transactions += seen.transactions;
			weight += normal;
			blocks.push(counted);
		}
		let successes: usize = blocks.iter().map(|block| block.successes).sum();
		ensure!(successes == transactions, "{successes} of {transactions} transactions succeeded");
		// When sending has ended, blocks say nothing more about throughput.
		blocks.retain(|block| block.number <= run.last_number);
		ensure!(blocks.len() > 2, "the load lasted for too few blocks");
		Ok(Self { blocks, weight_per_transaction: weight / transactions as f64 })
	}

	/// Successes in a second, from the first block of the load to its last.
	pub fn per_second(&self) -> f64 {
		let measured = self.measured();
		let successes: usize = measured.iter().map(|block| block.successes).sum();
		let first = self.blocks[0].timestamp;
		let last = self.blocks[self.blocks.len() - 1].timestamp;
		successes as f64 * 1000.0 / (last - first) as f64
	}

	/// One line about all blocks.
	pub fn summary(&self) -> String {
		let measured = self.measured();
		let weight = mean(measured.iter().map(|block| block.weight)) * 100.0;
		let length = mean(measured.iter().map(|block| block.length as f64 / 1024.0));
		let successes = mean(measured.iter().map(|block| block.successes as f64));
		let built_in = mean(measured.iter().map(|block| block.built_in as f64));
		format!(
			"{:.0}/s in {} blocks; a block: {successes:.0} of {:.0} µs weight each, {weight:.0} % of the \
			 weight, {length:.0} KiB, built in {built_in:.0} ms; ended by {}",
			self.per_second(),
			measured.len(),
			self.weight_per_transaction / 1e6,
			self.ends(),
		)
	}

	/// The blocks without the first: they were under load during their whole slot.
	fn measured(&self) -> &[Counted] {
		&self.blocks[1..]
	}

	/// What ended the blocks, the most frequent first.
	fn ends(&self) -> String {
		let mut counts = BTreeMap::<&str, usize>::new();
		for block in self.measured() {
			*counts.entry(&block.end).or_default() += 1;
		}
		let mut ends: Vec<_> = counts.into_iter().collect();
		ends.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
		let ends: Vec<_> = ends.iter().map(|(end, count)| format!("{end} ({count})")).collect();
		ends.join(", ")
	}
}

async fn count(
	chain: &Chain,
	seen: &SeenBlock,
	pallet: &str,
	event: &str,
	built: &BTreeMap<u64, (u64, String)>,
) -> anyhow::Result<(Counted, f64)> {
	let block = chain.client.at(seen.hash).await?;
	let at = block.inner();
	let successes = successes(&block, pallet, event).await?;
	let taken = dynamic::storage::<(), Value>("System", "BlockWeight");
	let taken = at.storage().fetch(taken, ()).await?.decode()?;
	let taken = number(taken.at("normal").at("ref_time")).context("System.BlockWeight")?;
	let limits = at.constants().entry(dynamic::constant::<Value>("System", "BlockWeights"))?;
	let limit = number(limits.at("per_class").at("normal").at("max_total").at(0).at("ref_time"))
		.context("System.BlockWeights")?;
	let now = dynamic::storage::<(), u64>("Timestamp", "Now");
	let timestamp = at.storage().fetch(now, ()).await?.decode()?;
	let (built_in, end) =
		built.get(&seen.number).cloned().context("the node did not say how it built a block")?;
	let counted = Counted {
		number: seen.number,
		timestamp,
		successes,
		weight: taken / limit,
		length: seen.length,
		built_in,
		end,
	};
	Ok((counted, taken))
}

/// How many transactions of a block emitted the event.
async fn successes(block: &BlockClient, pallet: &str, event: &str) -> anyhow::Result<usize> {
	let mut successes = 0;
	for found in block.inner().events().fetch().await?.iter() {
		let found = found?;
		let in_transaction = matches!(found.phase(), Phase::ApplyExtrinsic(_));
		if in_transaction && found.pallet_name() == pallet && found.event_name() == event {
			successes += 1;
		}
	}
	Ok(successes)
}

/// Fails unless every transaction of a run emitted the event.
pub async fn ensure_success(
	chain: &Chain,
	run: &Run,
	pallet: &str,
	event: &str,
) -> anyhow::Result<()> {
	for seen in &run.blocks {
		let block = chain.client.at(seen.hash).await?;
		let (found, all) = (successes(&block, pallet, event).await?, seen.transactions);
		ensure!(found == all, "{found} of {all} transactions emitted {pallet}.{event}");
	}
	Ok(())
}

fn number(value: Option<&Value>) -> Option<f64> {
	value.and_then(|value| value.as_u128()).map(|number| number as f64)
}

/// From the node's log, for each block that it built, the milliseconds it took and why it ended:
/// `Prepared block for proposing at 5 (123 ms) hash: 0x…; parent_hash: 0x…; end: HitBlockWeightLimit; …`.
fn proposals(log: &str) -> BTreeMap<u64, (u64, String)> {
	let proposal = |line: &str| {
		let (_, rest) = line.split_once("Prepared block for proposing at ")?;
		let (number, rest) = rest.split_once(" (")?;
		let (milliseconds, rest) = rest.split_once(" ms)")?;
		let (_, rest) = rest.split_once("end: ")?;
		let (end, _) = rest.split_once(';')?;
		Some((number.parse().ok()?, (milliseconds.parse().ok()?, end.to_owned())))
	};
	log.lines().filter_map(proposal).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
	let (mut sum, mut count) = (0.0, 0);
	for value in values {
		sum += value;
		count += 1;
	}
	sum / f64::from(count.max(1))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_log_tells_how_blocks_were_built() {
		let log = "2026-11-25 20:00:00 🎁 Prepared block for proposing at 12 (345 ms) hash: 0x12; \
		           parent_hash: 0x34; end: HitBlockWeightLimit; extrinsics_count: 1900\n\
		           2026-11-25 20:00:00 🏆 Imported #12 (0x34 → 0x12)\n";
		let built = proposals(log);
		assert_eq!(built, BTreeMap::from([(12, (345, "HitBlockWeightLimit".to_owned()))]));
	}
}
