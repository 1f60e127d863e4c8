//! From the embedded file to PostgreSQL and objects.

use crate::readings;
use msec_end_to_end::{
	market::{key, member, Market},
	postgres::Postgres,
	services::{store_command, Store},
	wait,
};
use reqwest::StatusCode;
use serde_json::json;
use std::{
	fs,
	sync::{Arc, Mutex},
};

const OPERATOR: &str = "//Ferdie";

/// The first batch of a data set, as its owner gets it as soon as the store serves.
async fn first_batch(store: &Store, dataset: &str) -> Vec<u8> {
	let path = format!("/v1/datasets/{dataset}/batches/0");
	wait::until("the batch is served", wait::A_FEW_BLOCKS, async || {
		let answer = store.ask(&path, &key("//Charlie")).await;
		(answer.status == StatusCode::OK).then_some(answer.body)
	})
	.await
}

#[tokio::test]
async fn a_store_moves_to_postgresql_and_objects_while_it_serves() {
	let market = Market::open().await;
	let options: Arc<Mutex<Vec<String>>> = Arc::default();
	let at_start = options.clone();
	let at_start = move || at_start.lock().expect("nobody panics with it").clone();
	let mut store = market.start_store_with("moving", OPERATOR, at_start).await;
	let operator = market.person("moving-operator", OPERATOR);
	operator.text(&["store", "register", &store.endpoint()]).await;
	let owner = &market.owner;
	owner.text(&["key", "create", "main"]).await;
	owner.text(&["key", "publish", "main"]).await;
	let create = ["dataset", "create", "weather", "--store", &store.account];
	let dataset = member(&owner.json(&create).await, "dataset");
	owner.text(&["publish", "weather", &readings::weather().to_string_lossy()]).await;
	let before = first_batch(&store, &dataset).await;

	let postgres = Postgres::start(&market.sandbox.logs()).await.expect("PostgreSQL starts");
	let objects = market.sandbox.folder("objects");
	let mut city = postgres.options().to_vec();
	city.push(format!("--objects={}", objects.display()));
	let migrate = [vec!["migrate".to_owned()], city.clone()].concat();
	*options.lock().expect("nobody panics with it") = migrate;
	store.service.restart().await;
	// What is being moved can be read, and takes more as soon as it is moved.
	assert_eq!(first_batch(&store, &dataset).await, before);
	let july = fs::read_to_string(readings::weather()).expect("the file is in the repository");
	let later = market.sandbox.file("later.csv", july.replace("2013-07", "2014-07"));
	owner.text(&["publish", "weather", &later.to_string_lossy()]).await;

	*options.lock().expect("nobody panics with it") = city.clone();
	store.service.restart().await;
	assert_eq!(first_batch(&store, &dataset).await, before);
	assert!(!store.data().join("batches.redb").exists());
	assert_eq!(fs::read_dir(store.data().join("keys")).expect("the store made it").count(), 0);
	assert_ne!(fs::read_dir(&objects).expect("the store made it").count(), 0);
	store.service.kill();
	let city: Vec<_> = city.iter().map(String::as_str).collect();
	let (status, report) = store_command(store.data(), &[&["scrub"][..], &city].concat()).await;
	assert!(status.success(), "{report}");
	assert_eq!((&report["datasets"], &report["batches"]), (&json!(1), &json!(2)));
}
