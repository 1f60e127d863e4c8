//! What was erased does not come back with an old backup.

use crate::readings;
use msec_end_to_end::{
	market::{key, member, Market, STORE_OPERATOR},
	services::{scrub, store_command, Store},
	wait,
};
use reqwest::StatusCode;
use serde_json::{json, Value};
use std::{fs, path::Path};

const SECOND_OPERATOR: &str = "//Ferdie";

/// Runs a command of the store's program that must succeed, over what is in `data`; gives what the backup
/// holds.
async fn held(data: &Path, command: &str, path: &str) -> (String, Value) {
	let (status, mut summary) = store_command(data, &[command, path]).await;
	assert!(status.success(), "{command} {path}: {status}");
	(member(&summary, "file"), summary["held"].take())
}

/// How many data sets have keys in the folder of a store.
fn keys(data: &Path) -> usize {
	fs::read_dir(data.join("keys")).expect("the store made it").count()
}

/// Waits until a store has destroyed a data set whose certificate it lost. The batch is not served
/// meanwhile, and no other certificate is handed out.
async fn wait_until_destroyed_again(store: &Store, dataset: &str) {
	let owner = key("//Charlie");
	let path = format!("/v1/datasets/{dataset}");
	let name = format!("{}.repeated", dataset.trim_start_matches("0x"));
	let repeated = store.data().join("erasures").join(name);
	wait::until("the data set is destroyed again", wait::A_FEW_BLOCKS, async || {
		let batch = store.ask(&format!("{path}/batches/0"), &owner).await;
		assert_ne!(batch.status, StatusCode::OK, "what was erased is served");
		let certificate = store.ask(&format!("{path}/erasure"), &owner).await;
		(repeated.exists() && certificate.status == StatusCode::NOT_FOUND).then_some(())
	})
	.await;
}

/// Fault: a data set is erased, and then one of its two stores is restored from a backup that holds it,
/// seen through the built programs
/// Promise: the store destroys it again by itself, serves nothing of it meanwhile, and the backup brings
/// back no keys
#[tokio::test]
async fn what_was_erased_does_not_come_back_with_an_old_backup() {
	let mut market = Market::open().await;
	let second = market.start_store("second", SECOND_OPERATOR).await;
	let operator = market.person("second-operator", SECOND_OPERATOR);
	operator.text(&["store", "register", &second.endpoint()]).await;
	let owner = market.owner.clone();
	owner.text(&["key", "create", "main"]).await;
	owner.text(&["key", "publish", "main"]).await;
	let create = [&market.dataset_arguments("pair")[..], &["--store", &second.account]].concat();
	let dataset = member(&owner.json(&create).await, "dataset");
	owner.text(&["publish", "pair", &readings::weather().to_string_lossy()]).await;

	let folder = market.sandbox.path().join("backups");
	let data = market.store.data();
	assert_eq!(keys(data), 1);
	let (backup, held_before) = held(data, "backup", &folder.to_string_lossy()).await;
	assert_eq!((&held_before["datasets"], &held_before["batches"]), (&json!(1), &json!(1)));

	owner.text(&["dataset", "erase", "pair"]).await;
	let erasure = market.wait_for_certificates(&dataset).await;
	let stores = erasure["stores"].as_array().expect("the data set had stores");
	assert_eq!(stores.len(), 2);
	for duty in stores {
		assert_eq!(duty["status"], json!("certified"));
		let destruction = &duty["certificate"]["destruction"];
		assert_eq!((&destruction["keys"], &destruction["batches"]), (&json!(2), &json!(1)));
		assert_eq!(destruction["bytes"], held_before["bytes"]);
	}
	assert_eq!((keys(market.store.data()), keys(second.data())), (0, 0));

	market.store.service.kill();
	let data = market.sandbox.folder("restored");
	let (_, restored) = held(&data, "restore", &backup).await;
	assert_eq!(restored, held_before);
	market.store = market.start_store("restored", STORE_OPERATOR).await;
	wait_until_destroyed_again(&market.store, &dataset).await;
	let batch = format!("/v1/datasets/{dataset}/batches/0");
	let answer = market.store.ask(&batch, &key("//Charlie")).await;
	assert_eq!(answer.problem("refusal"), "Erased");

	market.store.service.kill();
	assert_eq!(keys(&data), 0);
	let (status, left) = scrub(&data).await;
	assert!(status.success(), "{left}");
	assert_eq!((&left["datasets"], &left["batches"]), (&json!(0), &json!(0)));
}
