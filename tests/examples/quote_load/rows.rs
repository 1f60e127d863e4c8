//! The lines of the table that the benchmark makes.

use crate::distrust::{Reaction, Silence};
use anyhow::Context;
use msec_end_to_end::throughput::{blocks::Census, chains::Chain};
use msec_worker_common::chain::runtime;
use serde_json::{json, Value};

/// When so much of what the runtime lets into blocks is in them, nothing else limits.
const FULL: f64 = 0.98;

/// What the runtime lets into blocks.
pub struct Bounds {
	/// Most quotes in a block.
	quotes_per_block: u32,
	/// Time between two blocks in milliseconds.
	block_milliseconds: u64,
	/// Blocks in which a challenged device must answer.
	challenge_period: u32,
}

impl Bounds {
	/// Asks the chain.
	pub async fn of(chain: &Chain) -> anyhow::Result<Self> {
		let block = chain.client.finalized().await?;
		let constants = block.inner().constants();
		let attestation = runtime::constants().attestation();
		Ok(Self {
			quotes_per_block: constants.entry(attestation.max_quotes_per_block())?,
			block_milliseconds: constants.entry(runtime::constants().aura().slot_duration())?,
			challenge_period: constants.entry(attestation.challenge_period())?,
		})
	}

	fn quotes_per_second(&self) -> f64 {
		f64::from(self.quotes_per_block) * 1000.0 / self.block_milliseconds as f64
	}
}

/// Quotes in full blocks, beside what the runtime lets in, and transfers on the same chain.
pub fn quotes(bounds: &Bounds, quotes: &Census, transfers: &Census) -> Value {
	let (value, baseline) = (quotes.per_second(), bounds.quotes_per_second());
	let ratio = value / baseline;
	let limit = match ratio >= FULL {
		true => "the bound limits",
		false => "the node limits, which does not fill what the bound allows",
	};
	json!({
		"name": "quotes in full blocks", "value": value, "unit": "1/s",
		"baseline": "bound of quotes in a block", "baseline_value": baseline, "ratio": ratio,
		"target": null, "holds": null,
		"note": format!(
			"{limit}: {} in a block; {} — transfers on the same chain: {}",
			bounds.quotes_per_block,
			quotes.summary(),
			transfers.summary(),
		),
	})
}

/// From the arrival of quotes that speak against their devices to unavailable listings.
pub fn reactions(mut reactions: Vec<Reaction>) -> anyhow::Result<Value> {
	reactions.sort_by_key(|reaction| reaction.time);
	let median = reactions.get(reactions.len() / 2).context("no device changed")?;
	let slowest = reactions.last().context("no device changed")?;
	let blocks = reactions.iter().map(|reaction| reaction.blocks).max();
	Ok(json!({
		"name": "changed PCR to unavailable listing", "value": median.time.as_secs_f64(), "unit": "s",
		"baseline": null, "baseline_value": null, "ratio": null,
		"target": "block of the quote",
		"holds": reactions.iter().all(|reaction| reaction.is_immediate),
		"note": format!(
			"from the arrival of the quote, median of {}; at most {:.1} s and {} block(s)",
			reactions.len(),
			slowest.time.as_secs_f64(),
			blocks.unwrap_or_default(),
		),
	}))
}

/// From the challenge of a silent device to its unavailable listing.
pub fn silence(bounds: &Bounds, silence: &Silence) -> Value {
	let (value, baseline) = (silence.blocks, bounds.challenge_period);
	json!({
		"name": "challenge to unavailable listing", "value": value, "unit": "blocks",
		"baseline": "time to answer", "baseline_value": baseline,
		"ratio": value as f64 / f64::from(baseline),
		"target": "block after the last for an answer", "holds": silence.is_exact,
		"note": format!("{:.0} s, of a device that stays silent", silence.time.as_secs_f64()),
	})
}
