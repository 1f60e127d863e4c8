//! Two stores of one data set: what one of them lost, it fetches from the other.

use crate::readings;
use msec_end_to_end::{
	liar::Liar,
	market::{key, member, Market},
	msec::Msec,
	requests::Answer,
	services::Store,
	wait,
};
use reqwest::StatusCode;

const OWNER: &str = "//Charlie";
const SECOND_OPERATOR: &str = "//Ferdie";

/// Registers another store, which answers at `endpoint`.
async fn register(market: &Market, endpoint: &str) {
	let operator = market.person("second-operator", SECOND_OPERATOR);
	operator.text(&["store", "register", endpoint]).await;
}

/// Asks until the answer has `status`: a store takes no requests that were signed before it started.
async fn ask_until(path: &str, store: &Store, status: StatusCode) -> Answer {
	wait::until("the store answers as expected", wait::A_FEW_BLOCKS, async || {
		let answer = store.ask(path, &key(OWNER)).await;
		(answer.status == status).then_some(answer)
	})
	.await
}

/// A data set of one batch at the market's store and another one.
struct Pair {
	/// Arguments of the command that made it.
	create: Vec<String>,
	/// Where the batch is.
	batch: String,
}

impl Pair {
	/// Makes and publishes it.
	async fn publish(market: &Market, second: &str) -> Self {
		let owner = &market.owner;
		owner.text(&["key", "create", "main"]).await;
		owner.text(&["key", "publish", "main"]).await;
		let create = [&market.dataset_arguments("pair")[..], &["--store", second]].concat();
		let create: Vec<_> = create.into_iter().map(str::to_owned).collect();
		let dataset = member(&owner.json(&create).await, "dataset");
		owner.text(&["publish", "pair", &readings::weather().to_string_lossy()]).await;
		Self { create, batch: format!("/v1/datasets/{dataset}/batches/0") }
	}

	/// Takes the batches from a store, which fetches them when it is started the next time.
	async fn lose_batches(&self, owner: &Msec, store: &mut Store) {
		store.service.kill();
		std::fs::remove_file(store.data().join("batches.redb")).expect("the store made it");
		store.service.restart().await;
		ask_until(&self.batch, store, StatusCode::NOT_FOUND).await;
		// The owner leaves the keys again, by which the store learns what it is to keep.
		owner.text(&self.create).await;
	}
}

/// Fault: a store loses its batches
/// Promise: it fetches them from another store of the data set
#[tokio::test]
async fn a_store_that_lost_everything_fetches_it_from_another_one() {
	let market = Market::open().await;
	let mut second = market.start_store("second", SECOND_OPERATOR).await;
	register(&market, &second.endpoint()).await;
	let account = second.account.clone();
	let pair = Pair::publish(&market, &account).await;
	let published = ask_until(&pair.batch, &market.store, StatusCode::OK).await;
	assert_eq!(ask_until(&pair.batch, &second, StatusCode::OK).await, published);

	pair.lose_batches(&market.owner, &mut second).await;
	second.service.restart().await;
	assert_eq!(ask_until(&pair.batch, &second, StatusCode::OK).await, published);

	let owner = &market.owner;
	let audit = owner.json(&["audit", "pair", "--store", &market.store.account]).await;
	let entries = audit["stores"][0]["entries"].as_array().expect("a store was asked");
	let fetched = entries.iter().filter(|entry| entry["account"] == account.as_str());
	let asked: Vec<_> = fetched.map(|entry| entry["operation"].to_string()).collect();
	assert!(asked.iter().any(|operation| operation.contains("replicate")), "{asked:?}");
}

/// Whether a store names the other one as a liar in its metrics.
async fn names_liar(store: &Store, operator: &str) -> bool {
	let name = format!("msec_store_lies_total{{operator=\"{operator}\"}} ");
	store.service.metrics().await.lines().any(|line| line.starts_with(&name))
}

/// Fault: a store loses its batches, and the only other store of the data set serves them with a bit
/// flipped, seen through the built programs
/// Promise: the liar is named in the log and in `msec_store_lies_total`, nothing of what it serves is
/// stored, and when it no longer lies, the batches are fetched
#[tokio::test]
async fn a_store_that_lies_about_batches_is_named_and_not_believed() {
	let mut market = Market::open().await;
	let second = market.start_store("second", SECOND_OPERATOR).await;
	let liar = Liar::start(second.endpoint()).await;
	register(&market, liar.endpoint()).await;
	let pair = Pair::publish(&market, &second.account).await;
	let published = ask_until(&pair.batch, &market.store, StatusCode::OK).await;

	liar.set_lying(true);
	pair.lose_batches(&market.owner, &mut market.store).await;
	market.store.service.restart().await;
	wait::until("the liar is named", wait::A_FEW_BLOCKS, async || {
		names_liar(&market.store, &second.account).await.then_some(())
	})
	.await;
	let log = market.store.service.process().log();
	let names =
		|line: &str| line.contains("store of this data set lies") && line.contains(&second.account);
	assert!(log.lines().any(names), "{log}");
	ask_until(&pair.batch, &market.store, StatusCode::NOT_FOUND).await;

	liar.set_lying(false);
	market.store.service.restart().await;
	assert_eq!(ask_until(&pair.batch, &market.store, StatusCode::OK).await, published);
	assert!(!names_liar(&market.store, &second.account).await);
}
