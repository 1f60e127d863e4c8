//! Who read what is audited, what is held is exported, and an erasure is certified.

use crate::readings;
use msec_end_to_end::{
	market::{address, key, Market},
	requests::Request,
};
use reqwest::StatusCode;
use serde_json::{json, Value};

fn entries(audit: &Value) -> Vec<Value> {
	audit["stores"][0]["entries"].as_array().expect("a store was asked").clone()
}

/// The grants in an export.
fn grants(folder: &str) -> Value {
	let path = std::path::Path::new(folder).join("chain.json");
	let content = std::fs::read(path).expect("it was exported");
	let state: Value = serde_json::from_slice(&content).expect("it is JSON");
	state["grants"].clone()
}

#[tokio::test]
async fn a_store_accounts_for_what_it_served_and_destroyed() {
	let mut market = Market::open().await;
	let owner = market.owner.clone();
	owner.text(&["key", "create", "main"]).await;
	owner.text(&["key", "publish", "main"]).await;
	let dataset = market.publish("weather", &readings::weather()).await;
	let (endpoint, store) = (market.store.endpoint(), market.store.account.clone());
	let batch = format!("/v1/datasets/{dataset}/batches/0");
	let answer = Request::get(&batch).sign(&key("//Ferdie"), &store).send(&endpoint).await;
	assert_eq!(answer.status, StatusCode::FORBIDDEN);

	let stranger_account = address("//Ferdie").to_string();
	let audit = owner.json(&["audit", "weather"]).await;
	assert_eq!(audit["stores"][0]["store"], json!(store));
	let refused: Vec<_> = entries(&audit)
		.into_iter()
		.filter(|entry| entry["outcome"] == json!({ "refused": "NoGrant" }))
		.collect();
	assert_eq!(refused.len(), 1);
	assert_eq!(refused[0]["account"], json!(stranger_account));
	assert_eq!(refused[0]["operation"], json!({ "read": { "from": 0, "to": 1 } }));
	assert_eq!(refused[0]["anchored"], json!(false), "today has not ended");
	let stranger = market.person("stranger", "//Ferdie");
	let own = stranger.json(&["audit", &dataset, "--own"]).await;
	assert_eq!(entries(&own).len(), 1);
	let complaint = stranger.refused(&["audit", &dataset]).await;
	assert!(complaint.contains("403"), "{complaint}");
	let operator = market.person("operator", "//Dave");
	let all = operator.json(&["audit", "--all"]).await;
	assert!(entries(&all).len() > entries(&audit).len());

	// What was written down is there after a kill, and the chain of hashes goes on.
	market.store.service.restart().await;
	let again = owner.json(&["audit", "weather"]).await;
	let before = entries(&audit);
	assert_eq!(entries(&again)[..before.len()], before);

	owner.text(&["grant", "weather", &stranger_account]).await;
	let folder = market.sandbox.path().join("export").to_string_lossy().into_owned();
	let exported = owner.json(&["export", "dataset", "weather", &folder]).await;
	let verified = owner.json(&["export", "verify", &folder]).await;
	assert_eq!(exported["files"], verified["files"]);
	assert_eq!(grants(&folder)[0]["subject"], json!(stranger_account));
	let folder = market.sandbox.path().join("person").to_string_lossy().into_owned();
	stranger.text(&["export", "account", &folder]).await;
	assert_eq!(grants(&folder)[0]["dataset"], json!(dataset));

	owner.text(&["dataset", "erase", "weather"]).await;
	let erasure = market.wait_for_certificates(&dataset).await;
	assert_eq!(erasure["stores"][0]["status"], json!("certified"));
	let destruction = &erasure["stores"][0]["certificate"]["destruction"];
	assert_eq!(destruction["keys"], json!(2), "those of the owner and of the key agent");
}
