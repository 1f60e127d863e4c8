//! Listings to buy from, and purchases.

use crate::{
	accounts::address,
	blocks::ensure_success,
	chains::Chain,
	load::{Load, Pace},
	rows::Row,
	state,
};
use anyhow::{ensure, Context};
use msec_commitments::BatchCommitment;
use msec_worker_common::{
	chain::{runtime, BoundedVec, Listing, ListingTerms, Pricing, Right},
	H256,
};
use subxt::utils::Static;
use subxt_signer::sr25519::Keypair;

/// Owners, each with a data set and a listing.
const OWNERS: usize = 64;
/// Orders by which the state of an order is measured, each of another buyer.
const BUYERS: usize = 256;
/// Batches in each data set.
const BATCHES: u8 = 16;
/// One MSEC.
const PRICE: u128 = 1_000_000_000_000;
/// A sample as owners show it: a header and a few readings.
const SAMPLE: &str = "time,air_temperature\n2013-07-01T00:00:00Z,79.0\n2013-07-01T01:00:00Z,78.1\n";

/// Listings to buy from.
pub struct Market {
	listings: Vec<(H256, Listing)>,
	bytes_per_listing: f64,
	bytes_per_order: f64,
}

impl Market {
	/// Makes data sets and listings, and has one order opened by each account that owns nothing.
	pub async fn open(chain: &Chain, keys: &[Keypair]) -> anyhow::Result<Self> {
		ensure!(keys.len() >= 1 + OWNERS + BUYERS, "there are too few accounts");
		let (operator, others) = keys.split_at(1);
		let (owners, others) = others.split_at(OWNERS);
		let buyers = &others[..BUYERS];

		register_store(chain, operator).await?;
		create_datasets(chain, owners, &operator[0]).await?;
		let before = state::bytes(chain).await;
		let listings = list(chain, owners).await?;
		let listed = state::bytes(chain).await;
		let mut market = Self { listings, bytes_per_listing: 0.0, bytes_per_order: 0.0 };
		let purchases = market.purchases(chain, buyers, buyers.len()).await?;
		let run = purchases.run(chain, Pace::Everything).await?;
		ensure_success(chain, &run, "Marketplace", "OrderOpened").await?;
		let bought = state::bytes(chain).await;
		market.bytes_per_listing = (listed - before) as f64 / owners.len() as f64;
		market.bytes_per_order = (bought - listed) as f64 / buyers.len() as f64;
		Ok(market)
	}

	/// About `most` purchases by `keys`, spread over all listings.
	pub async fn purchases(
		&self,
		chain: &Chain,
		keys: &[Keypair],
		most: usize,
	) -> anyhow::Result<Load> {
		Load::sign(chain, keys, most, |buyer, nonce| {
			let (listing, details) = &self.listings[(buyer + nonce as usize) % self.listings.len()];
			let key = order_key(&keys[buyer], nonce);
			runtime::transactions().marketplace().buy(
				*listing,
				details.terms_hash,
				PRICE,
				None,
				key,
			)
		})
		.await
	}

	/// What listings and orders take in the state.
	pub fn state_rows(&self) -> [Row; 2] {
		let listing = format!("with deposit and index; sample of {} bytes", SAMPLE.len());
		let order = "with access, deposit, price and index; its envelope is not delivered yet";
		[
			Row::state("a listing", self.bytes_per_listing, &listing),
			Row::state("an order", self.bytes_per_order, order),
		]
	}
}

async fn register_store(chain: &Chain, operator: &[Keypair]) -> anyhow::Result<()> {
	let register = |_, _| {
		let endpoint = BoundedVec(b"http://127.0.0.1:8460".to_vec());
		runtime::transactions().records().register_store(endpoint, H256([0; 32]))
	};
	let run = Load::sign_from(chain, operator, 0..1, register)
		.await?
		.run(chain, Pace::Everything)
		.await?;
	ensure_success(chain, &run, "Records", "StoreRegistered").await
}

async fn create_datasets(chain: &Chain, owners: &[Keypair], store: &Keypair) -> anyhow::Result<()> {
	let create = |_, _| {
		let stores = BoundedVec(vec![address(store)]);
		runtime::transactions().records().create_dataset(H256([0; 32]), stores, None)
	};
	let load = Load::sign_from(chain, owners, 0..1, create).await?;
	let run = load.run(chain, Pace::Everything).await?;
	ensure_success(chain, &run, "Records", "DatasetCreated").await?;
	let datasets = datasets(chain, owners).await?;
	let batches = (0..BATCHES).map(|batch| BatchCommitment { chunks: 1, root: [batch; 32] });
	let batches: Vec<_> = batches.map(Static).collect();
	let append = |owner: usize, _| {
		let batches = BoundedVec(batches.clone());
		runtime::transactions().records().append(datasets[owner], 0, batches)
	};
	let load = Load::sign_from(chain, owners, 1..2, append).await?;
	let run = load.run(chain, Pace::Everything).await?;
	ensure_success(chain, &run, "Records", "Appended").await
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

/// Each owner's data set is listed; gives the listings.
async fn list(chain: &Chain, owners: &[Keypair]) -> anyhow::Result<Vec<(H256, Listing)>> {
	let datasets = datasets(chain, owners).await?;
	let create = |owner: usize, _| {
		let terms = terms(datasets[owner]).to_runtime();
		runtime::transactions().marketplace().create_listing(H256([0; 32]), terms)
	};
	let load = Load::sign_from(chain, owners, 2..3, create).await?;
	let run = load.run(chain, Pace::Everything).await?;
	ensure_success(chain, &run, "Marketplace", "ListingCreated").await?;
	let block = chain.client.finalized().await?;
	let mut all = Vec::new();
	for owner in owners {
		all.extend(block.listings_by_owner(&address(owner), None, 1).await?);
	}
	ensure!(all.len() == owners.len(), "only {} listings were created", all.len());
	Ok(all)
}

fn terms(dataset: H256) -> ListingTerms {
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
	}
}

/// An X25519 key for an order. Nobody has its secret: nothing is delivered here.
fn order_key(buyer: &Keypair, nonce: u32) -> [u8; 32] {
	let mut key = buyer.public_key().0;
	key[..4].copy_from_slice(&nonce.to_le_bytes());
	key
}
