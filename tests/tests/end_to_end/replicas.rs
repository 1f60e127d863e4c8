//! Two stores of one data set: what one of them lost, it fetches from the other.

use crate::readings;
use msec_end_to_end::{
	market::{address, key, member, Market},
	msec::write_private,
	process::built,
	requests::{Answer, Request},
	services::Store,
	wait,
};
use reqwest::StatusCode;

const SECOND_OPERATOR: &str = "//Ferdie";

/// Another store of the market, registered, with its account's key.
async fn second_store(market: &Market) -> Store {
	let key = market.sandbox.path().join("second.key");
	write_private(&key, SECOND_OPERATOR);
	let program = move || {
		let mut command = built("msec-companion-db");
		command.arg(format!("--account-key={}", key.display()));
		command
	};
	let (logs, data) = (market.sandbox.logs(), market.sandbox.folder("second"));
	let account = address(SECOND_OPERATOR).to_string();
	let mut store = Store::start_by(&logs, "second", &data, &account, &market.node.url(), program);
	store.service.wait_until_ready().await;
	let operator = market.person("second-operator", SECOND_OPERATOR);
	operator.text(&["store", "register", &store.endpoint()]).await;
	store
}

/// What a store answers the owner who asks for `path`.
async fn ask(path: &str, store: &Store) -> Answer {
	Request::get(path).sign(&key("//Charlie"), &store.account).send(&store.endpoint()).await
}

/// Asks until the answer has `status`: a store takes no requests that were signed before it started.
async fn ask_until(path: &str, store: &Store, status: StatusCode) -> Answer {
	wait::until("the store answers as expected", wait::A_FEW_BLOCKS, async || {
		let answer = ask(path, store).await;
		(answer.status == status).then_some(answer)
	})
	.await
}

/// Fault: a store loses its batches
/// Promise: it fetches them from another store of the data set
#[tokio::test]
async fn a_store_that_lost_everything_fetches_it_from_another_one() {
	let market = Market::open().await;
	let mut second = second_store(&market).await;
	let owner = &market.owner;
	owner.text(&["key", "create", "main"]).await;
	owner.text(&["key", "publish", "main"]).await;
	let account = second.account.clone();
	let create = [&market.dataset_arguments("pair")[..], &["--store", &account]].concat();
	let dataset = member(&owner.json(&create).await, "dataset");
	owner.text(&["publish", "pair", &readings::weather().to_string_lossy()]).await;
	let batch = format!("/v1/datasets/{dataset}/batches/0");
	let published = ask_until(&batch, &market.store, StatusCode::OK).await;
	assert_eq!(ask_until(&batch, &second, StatusCode::OK).await, published);

	second.service.kill();
	std::fs::remove_file(second.data().join("batches.redb")).expect("the store made it");
	second.service.restart().await;
	ask_until(&batch, &second, StatusCode::NOT_FOUND).await;
	// The owner leaves the keys again, by which the store learns what it is to keep.
	owner.text(&create).await;
	second.service.restart().await;
	assert_eq!(ask_until(&batch, &second, StatusCode::OK).await, published);

	let audit = owner.json(&["audit", "pair", "--store", &market.store.account]).await;
	let entries = audit["stores"][0]["entries"].as_array().expect("a store was asked");
	let fetched = entries.iter().filter(|entry| entry["account"] == account.as_str());
	let asked: Vec<_> = fetched.map(|entry| entry["operation"].to_string()).collect();
	assert!(asked.iter().any(|operation| operation.contains("replicate")), "{asked:?}");
}
