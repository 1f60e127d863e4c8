//! From the moment in which a device is no longer what it was to the block in which its data cannot be
//! bought.

use crate::{
	device::{Device, CHANGED},
	fleet::{Seller, PALLET},
};
use anyhow::{bail, ensure, Context};
use msec_end_to_end::{
	throughput::{chains::Chain, load::execute},
	wait,
};
use msec_worker_common::{
	chain::{
		attestation::{challenge, DeviceChallenge, Submission},
		runtime::{self, attestation::events::QuoteAppraised},
		BlockClient,
	},
	H256,
};
use std::time::{Duration, Instant};
use subxt_signer::sr25519::dev;

/// Longest time between two blocks, on a machine that has much else to do.
const BLOCK: Duration = Duration::from_secs(6);

/// What became of a quote that speaks against its device.
pub struct Reaction {
	/// From the node's taking the quote until the listing is unavailable in the best block.
	pub time: Duration,
	/// How many blocks that is: 1 is the next one.
	pub blocks: u64,
	/// Whether the listing is unavailable from the very block of the quote.
	pub is_immediate: bool,
}

/// What became of a device that was silent when it was challenged.
pub struct Silence {
	/// From the block of the challenge to the first in which the listing is unavailable.
	pub blocks: u64,
	/// The time between these blocks.
	pub time: Duration,
	/// Whether the listing is unavailable from the block after the last one for an answer, and not before.
	pub is_exact: bool,
}

/// Sends a quote of a device that has changed, and waits for what comes of it.
pub async fn show_change(chain: &Chain, seller: &Seller<'_>) -> anyhow::Result<Reaction> {
	let (genesis, bound_to) = (chain.client.genesis(), chain.client.finalized().await?);
	let quote = seller.device.quote(&genesis, &bound_to, CHANGED);
	let before = chain.client.best().await?;
	ensure!(is_available(&before, seller.listing).await?, "a listing was unavailable before");
	let submission = chain.client.send_quote(&quote).await?;
	let arrived = Instant::now();
	ensure!(submission == Submission::Sent, "a quote is not taken: {submission:?}");
	let seen_at = wait::until("the listing is unavailable", wait::A_FEW_BLOCKS, async || {
		let best = chain.client.best().await.expect("the node answers");
		let is_there = is_available(&best, seller.listing).await.expect("the node answers");
		(!is_there).then(|| best.number())
	})
	.await;
	let time = arrived.elapsed();
	wait_for_finality(chain, seen_at).await;
	let appraised_at = appraised_at(chain, seller.device, before.number(), seen_at).await?;
	let is_immediate = is_first_unavailable(chain, seller.listing, appraised_at).await?;
	Ok(Reaction { time, blocks: appraised_at - before.number(), is_immediate })
}

/// The block after `start` and up to `end` in which a quote of the device was appraised.
async fn appraised_at(chain: &Chain, device: &Device, start: u64, end: u64) -> anyhow::Result<u64> {
	for number in start + 1..=end {
		let events = chain.client.at_number(number).await?.events().await?;
		let appraised: Result<Vec<_>, _> = events.find::<QuoteAppraised>().collect();
		if appraised?.iter().any(|event| event.device == device.id) {
			return Ok(number);
		}
	}
	bail!("the quote is in no block");
}

/// Whether a listing is unavailable in a block, and available in the one before.
async fn is_first_unavailable(chain: &Chain, listing: H256, number: u64) -> anyhow::Result<bool> {
	let before = is_available(&chain.client.at_number(number - 1).await?, listing).await?;
	let after = is_available(&chain.client.at_number(number).await?, listing).await?;
	Ok(before && !after)
}

/// Challenges a device.
pub async fn challenge_device(chain: &Chain, device: &Device) -> anyhow::Result<DeviceChallenge> {
	execute(chain, &[dev::bob()], 0, (PALLET, "Challenged"), |_| challenge(device.id)).await?;
	let found = chain.client.finalized().await?.device(&device.id.0).await?;
	found.and_then(|found| found.challenge).context("the device is not challenged")
}

/// Waits for the end of a challenge that nobody answers.
pub async fn end_of(
	chain: &Chain,
	seller: &Seller<'_>,
	challenge: &DeviceChallenge,
) -> anyhow::Result<Silence> {
	let start = u64::from(challenge.challenged_at);
	let end = u64::from(challenge.answer_by) + 1;
	wait_for_finality(chain, end).await;
	let is_exact = is_first_unavailable(chain, seller.listing, end).await?;
	let begun = chain.client.at_number(start).await?.time().await?;
	let ended = chain.client.at_number(end).await?.time().await?;
	Ok(Silence { blocks: end - start, time: ended.duration_since(begun)?, is_exact })
}

async fn is_available(block: &BlockClient, listing: H256) -> anyhow::Result<bool> {
	Ok(block.ask(runtime::view_functions().marketplace().is_available(listing)).await?)
}

async fn wait_for_finality(chain: &Chain, number: u64) {
	let finalized = async || chain.client.finalized().await.expect("the node answers").number();
	let blocks = number.saturating_sub(finalized().await) as u32;
	let deadline = wait::A_FEW_BLOCKS + BLOCK * blocks;
	wait::until(&format!("block {number} is final"), deadline, async || {
		(finalized().await >= number).then_some(())
	})
	.await;
}
