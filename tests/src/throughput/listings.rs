//! Data sets and listings of many owners.

use super::{accounts::address, chains::Chain, load::execute};
use anyhow::{ensure, Context};
use msec_commitments::BatchCommitment;
use msec_worker_common::{
	chain::{runtime, BoundedVec, Listing, ListingTerms, Pricing, Right},
	H256,
};
use subxt::utils::Static;
use subxt_signer::sr25519::Keypair;

/// Batches in each data set.
const BATCHES: u8 = 16;
/// What each listing costs, one MSEC.
pub const PRICE: u128 = 1_000_000_000_000;
/// A sample as owners show it: a header and a few readings.
pub const SAMPLE: &str =
	"time,air_temperature\n2013-07-01T00:00:00Z,79.0\n2013-07-01T01:00:00Z,78.1\n";

/// Has `operator` register a store, as its first transaction. Nobody answers there.
pub async fn register_store(chain: &Chain, operator: &Keypair) -> anyhow::Result<()> {
	let operators = std::slice::from_ref(operator);
	execute(chain, operators, 0, ("Records", "StoreRegistered"), |_| {
		let endpoint = BoundedVec(b"http://127.0.0.1:8460".to_vec());
		runtime::transactions().records().register_store(endpoint, H256([0; 32]))
	})
	.await
}

/// Makes a data set with batches for each owner, with this nonce and the next.
pub async fn create_datasets(
	chain: &Chain,
	owners: &[Keypair],
	nonce: u32,
	store: &Keypair,
) -> anyhow::Result<Vec<H256>> {
	execute(chain, owners, nonce, ("Records", "DatasetCreated"), |_| {
		let stores = BoundedVec(vec![address(store)]);
		runtime::transactions().records().create_dataset(H256([0; 32]), stores, None)
	})
	.await?;
	let datasets = datasets(chain, owners).await?;
	let batches = (0..BATCHES).map(|batch| BatchCommitment { chunks: 1, root: [batch; 32] });
	let batches: Vec<_> = batches.map(Static).collect();
	execute(chain, owners, nonce + 1, ("Records", "Appended"), |owner| {
		let batches = BoundedVec(batches.clone());
		runtime::transactions().records().append(datasets[owner], 0, batches)
	})
	.await?;
	Ok(datasets)
}

async fn datasets(chain: &Chain, owners: &[Keypair]) -> anyhow::Result<Vec<H256>> {
	let block = chain.client.finalized().await?;
	let mut all = Vec::new();
	for owner in owners {
		let own = block.datasets_by_owner(&address(owner), None, 1).await?;
		all.push(*own.first().context("a data set was not created")?);
	}
	Ok(all)
}

/// Lists each owner's data set with this nonce; gives the listings. They are of attested data when a verdict
/// must not be older than so many blocks.
pub async fn list(
	chain: &Chain,
	owners: &[Keypair],
	nonce: u32,
	datasets: &[H256],
	maximum_verdict_age: Option<u32>,
) -> anyhow::Result<Vec<(H256, Listing)>> {
	execute(chain, owners, nonce, ("Marketplace", "ListingCreated"), |owner| {
		let terms = terms(datasets[owner], maximum_verdict_age).to_runtime();
		runtime::transactions().marketplace().create_listing(H256([0; 32]), terms)
	})
	.await?;
	let block = chain.client.finalized().await?;
	let mut all = Vec::new();
	for owner in owners {
		all.extend(block.listings_by_owner(&address(owner), None, 1).await?);
	}
	ensure!(all.len() == owners.len(), "only {} listings were created", all.len());
	Ok(all)
}

fn terms(dataset: H256, maximum_verdict_age: Option<u32>) -> ListingTerms {
	ListingTerms {
		dataset,
		right: Right::Read,
		kind: "air-temperature".into(),
		unit: "[degF]".into(),
		interval_seconds: 3_600,
		place: "dr5x".into(),
		licence: "CC0-1.0".into(),
		sample: SAMPLE.into(),
		pricing: Pricing::OneTime { price: PRICE },
		delivery_period: 200,
		confirmation_period: 200,
		access_period: 28_800,
		maximum_verdict_age,
	}
}
