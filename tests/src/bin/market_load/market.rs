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
	chain::{runtime, BoundedVec, DemandTerms, Listing, ListingTerms, Pricing, Right},
	H256,
};
use subxt::utils::Static;
use subxt_signer::sr25519::Keypair;

/// Owners, each with a data set and a listing.
const OWNERS: usize = 64;
/// Orders and demands by which the state of one is measured, each of another buyer.
const BUYERS: usize = 256;
/// Batches in each data set.
const BATCHES: u8 = 16;
/// One MSEC.
const PRICE: u128 = 1_000_000_000_000;
/// A sample as owners show it: a header and a few readings.
const SAMPLE: &str = "time,air_temperature\n2013-07-01T00:00:00Z,79.0\n2013-07-01T01:00:00Z,78.1\n";

/// Blocks for which a demand stands: a year.
const DEMAND_PERIOD: u32 = 365 * 28_800;

/// Listings to buy from.
pub struct Market {
	listings: Vec<(H256, Listing)>,
	listing: Size,
	order: Size,
	demand: Size,
}

/// What items of one sort occupy, in bytes.
struct Size {
	/// In the state, on average.
	taken: f64,
	/// So much the deposit pays for.
	paid: f64,
}

/// What the state holds of the market at some point.
struct Look {
	bytes: usize,
	deposited: u128,
}

impl Look {
	/// Takes in the whole state, and what `account` has deposited.
	async fn take(chain: &Chain, account: &Keypair) -> anyhow::Result<Self> {
		let deposited = state::deposited(chain, &address(account)).await?;
		Ok(Self { bytes: state::bytes(chain).await, deposited })
	}

	/// The size of one of the `count` items that came since `before`, of which the account has one.
	fn since(&self, before: &Self, count: usize) -> Size {
		let taken = (self.bytes - before.bytes) as f64 / count as f64;
		Size { taken, paid: state::bytes_paid_by(self.deposited - before.deposited) }
	}
}

impl Market {
	/// Makes data sets and listings, and has an order opened and a demand registered by each account that
	/// owns nothing.
	pub async fn open(chain: &Chain, keys: &[Keypair]) -> anyhow::Result<Self> {
		ensure!(keys.len() >= 1 + OWNERS + BUYERS, "there are too few accounts");
		let (operator, others) = keys.split_at(1);
		let (owners, others) = others.split_at(OWNERS);
		let buyers = &others[..BUYERS];

		register_store(chain, operator).await?;
		create_datasets(chain, owners, &operator[0]).await?;
		let before = Look::take(chain, &owners[0]).await?;
		let listings = list(chain, owners).await?;
		let listing = Look::take(chain, &owners[0]).await?.since(&before, owners.len());

		let before = Look::take(chain, &buyers[0]).await?;
		let purchases = purchases(chain, &listings, buyers, buyers.len()).await?;
		let run = purchases.run(chain, Pace::Everything).await?;
		ensure_success(chain, &run, "Marketplace", "OrderOpened").await?;
		let bought = Look::take(chain, &buyers[0]).await?;
		demand(chain, buyers).await?;
		let demanded = Look::take(chain, &buyers[0]).await?;
		let order = bought.since(&before, buyers.len());
		let demand = demanded.since(&bought, buyers.len());
		Ok(Self { listings, listing, order, demand })
	}

	/// About `most` purchases by `keys`, spread over all listings.
	pub async fn purchases(
		&self,
		chain: &Chain,
		keys: &[Keypair],
		most: usize,
	) -> anyhow::Result<Load> {
		purchases(chain, &self.listings, keys, most).await
	}

	/// What listings, orders and demands take in the state.
	pub fn state_rows(&self) -> [Row; 3] {
		let listing =
			format!("with deposit, index and place in the book; sample of {} bytes", SAMPLE.len());
		let order = "with access, deposit, price and index; its envelope is not delivered yet";
		let demand = "for one purchase, with deposit, budget, index and place in the book";
		[
			Row::state("a listing", self.listing.taken, self.listing.paid, &listing),
			Row::state("an order", self.order.taken, self.order.paid, order),
			Row::state("a demand", self.demand.taken, self.demand.paid, demand),
		]
	}
}

async fn purchases(
	chain: &Chain,
	listings: &[(H256, Listing)],
	keys: &[Keypair],
	most: usize,
) -> anyhow::Result<Load> {
	Load::sign(chain, keys, most, |buyer, nonce| {
		let (listing, details) = &listings[(buyer + nonce as usize) % listings.len()];
		let key = order_key(&keys[buyer], nonce);
		runtime::transactions().marketplace().buy(*listing, details.terms_hash, PRICE, None, key)
	})
	.await
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

/// Each buyer wants something that nobody offers.
async fn demand(chain: &Chain, buyers: &[Keypair]) -> anyhow::Result<()> {
	let expires_at = chain.client.finalized().await?.number() as u32 + DEMAND_PERIOD;
	let create = |buyer: usize, nonce| {
		let terms = DemandTerms {
			kind: "water-temperature".into(),
			area: "dr5x".into(),
			highest_price: PRICE,
			minimum_score: None,
			maximum_verdict_age: None,
			expires_at,
			beneficiary: address(&buyers[buyer]),
			buyer_keys: vec![order_key(&buyers[buyer], nonce)],
		};
		runtime::transactions().demands().create_demand(H256([0; 32]), terms.to_runtime())
	};
	let load = Load::sign_from(chain, buyers, 1..2, create).await?;
	let run = load.run(chain, Pace::Everything).await?;
	ensure_success(chain, &run, "Demands", "DemandCreated").await
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
		maximum_verdict_age: None,
	}
}

/// An X25519 key for an order. Nobody has its secret: nothing is delivered here.
fn order_key(buyer: &Keypair, nonce: u32) -> [u8; 32] {
	let mut key = buyer.public_key().0;
	key[..4].copy_from_slice(&nonce.to_le_bytes());
	key
}
