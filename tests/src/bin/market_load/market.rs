//! Listings to buy from, and purchases.

use crate::{rows, state};
use anyhow::ensure;
use msec_end_to_end::throughput::{
	accounts::address,
	blocks::ensure_success,
	chains::Chain,
	listings::{self, PRICE, SAMPLE},
	load::{execute, Load, Pace},
};
use msec_worker_common::{
	chain::{runtime, DemandTerms, Listing},
	H256,
};
use serde_json::Value;
use subxt_signer::sr25519::Keypair;

/// Owners, each with a data set and a listing.
const OWNERS: usize = 64;
/// Orders and demands by which the state of one is measured, each of another buyer.
const BUYERS: usize = 256;
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

		listings::register_store(chain, &operator[0]).await?;
		let datasets = listings::create_datasets(chain, owners, 0, &operator[0]).await?;
		let before = Look::take(chain, &owners[0]).await?;
		let listings = listings::list(chain, owners, 2, &datasets, None).await?;
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
	pub fn state_rows(&self) -> [Value; 3] {
		let listing =
			format!("with deposit, index and place in the book; sample of {} bytes", SAMPLE.len());
		let order = "with access, deposit, price and index; its envelope is not delivered yet";
		let demand = "for one purchase, with deposit, budget, index and place in the book";
		[
			rows::state("a listing", self.listing.taken, self.listing.paid, &listing),
			rows::state("an order", self.order.taken, self.order.paid, order),
			rows::state("a demand", self.demand.taken, self.demand.paid, demand),
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

/// Each buyer wants something that nobody offers.
async fn demand(chain: &Chain, buyers: &[Keypair]) -> anyhow::Result<()> {
	let expires_at = chain.client.finalized().await?.number() as u32 + DEMAND_PERIOD;
	execute(chain, buyers, 1, ("Demands", "DemandCreated"), |buyer| {
		let terms = DemandTerms {
			kind: "water-temperature".into(),
			area: "dr5x".into(),
			highest_price: PRICE,
			minimum_score: None,
			maximum_verdict_age: None,
			expires_at,
			beneficiary: address(&buyers[buyer]),
			buyer_keys: vec![order_key(&buyers[buyer], 1)],
		};
		runtime::transactions().demands().create_demand(H256([0; 32]), terms.to_runtime())
	})
	.await
}

/// An X25519 key for an order. Nobody has its secret: nothing is delivered here.
fn order_key(buyer: &Keypair, nonce: u32) -> [u8; 32] {
	let mut key = buyer.public_key().0;
	key[..4].copy_from_slice(&nonce.to_le_bytes());
	key
}
