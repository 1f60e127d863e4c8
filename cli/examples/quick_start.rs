//! Buys the cheapest air temperatures near New York, and prints them.
//!
//! Usage: `quick_start NODE FOLDER`, with the secret phrase of the account in `MSEC_PHRASE`.

use anyhow::{ensure, Context, Result};
use msec::{
	fetch, ids,
	market::{self, Query},
	stores::Stores,
};
use msec_worker_common::{
	chain::{runtime, ChainClient, Order, Pricing},
	keys::{generate_envelope_secret, save_envelope_secret, AccountKey},
	transactions::Submitter,
	H256,
};
use std::{path::Path, sync::Arc, time::Duration};

#[tokio::main]
async fn main() -> Result<()> {
	let mut arguments = std::env::args().skip(1);
	let node = arguments.next().context("where is the node?")?;
	let folder = arguments.next().context("where may files be kept?")?;
	let key = Arc::new(AccountKey::from_uri(&std::env::var("MSEC_PHRASE")?)?);
	print!("{}", buy(&node, Path::new(&folder), key).await?);
	Ok(())
}

async fn buy(node: &str, folder: &Path, key: Arc<AccountKey>) -> Result<String> {
	let chain = ChainClient::connect(node).await?;
	let submitter = Submitter::open(&folder.join("outbox.redb"), chain.clone(), key.clone())?;

	// Search.
	let query = Query {
		kind: Some("air-temperature".into()),
		place: Some("dr5x".into()),
		max_price: Some("5".parse::<msec::Amount>()?.0),
		..Query::default()
	};
	let mut offers = market::search(&chain.finalized().await?, &query).await?;
	// What is sold by the period or by the reading is bought by other calls.
	offers.retain(|(_, offer)| {
		matches!(offer.terms.pricing, Pricing::Free | Pricing::OneTime { .. })
	});
	let cheapest = offers.iter().min_by_key(|(_, offer)| offer.terms.pricing.price());
	let (listing, offer) = cheapest.context("nothing is on offer")?;

	// Buy. Without its secret the order would be worthless, so that is on disk before anything is paid.
	let secret = generate_envelope_secret();
	let order_id = ids::order(listing, &key.account_id(), &secret.public_key());
	let name = format!("{}.key", ids::hash_text(&order_id.0));
	save_envelope_secret(&folder.join(name), &secret)?;
	ensure!(offer.terms.hash() == offer.terms_hash, "the node shows other terms");
	let price = offer.terms.pricing.price();
	let calls = runtime::transactions().marketplace();
	let call = calls.buy(*listing, offer.terms_hash, price, None, secret.public_key());
	submitter.execute(&format!("buy/{order_id:?}"), &call).await?;

	// Wait for the key, fetch, decrypt and verify.
	let (order, envelope) = wait_for_key(&chain, &order_id).await?;
	let cover = fetch::open_envelope(&order_id, &order, &chain.genesis(), &envelope, &secret)?;
	let block = chain.finalized().await?;
	let details = block.dataset(&order.dataset.0).await?.context("the data set is gone")?;
	let stores = Stores::connect(&block, &order.dataset.0, &details, &key).await?;
	let path = folder.join("bought.csv");
	fetch::fetch(&stores, &order_id, &order.range, &cover, &path, &mut |_| ()).await?;

	// Everything is what was committed to: the seller may be paid.
	submitter.execute(&format!("confirm/{order_id:?}"), &calls.confirm(order_id)).await?;
	Ok(std::fs::read_to_string(path)?)
}

async fn wait_for_key(chain: &ChainClient, id: &H256) -> Result<(Order, Vec<u8>)> {
	loop {
		let block = chain.finalized().await?;
		let order = block.order(&id.0).await?.context("there is no such order")?;
		if let Some(envelope) = block.envelope(&id.0).await? {
			return Ok((order, envelope));
		}
		ensure!(block.number() <= u64::from(order.deliver_by), "no key in time: refund the order");
		tokio::time::sleep(Duration::from_secs(1)).await;
	}
}
