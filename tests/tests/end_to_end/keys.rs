//! Who reads without buying, who may not, and what changes when keys do.

use crate::readings;
use msec_end_to_end::{
	market::{address, member, Market},
	services::Agent,
};
use serde_json::{json, Value};
use std::path::PathBuf;

const PURPOSE: [&str; 2] = ["--purpose", "public-benefit"];

/// Data set `name` with the readings of [`readings::many`] for `rows` rows.
async fn published(market: &Market, name: &str, rows: u32) -> String {
	let owner = &market.owner;
	if owner.json(&["key", "list"]).await == json!([]) {
		owner.text(&["key", "create", "main"]).await;
		owner.text(&["key", "publish", "main"]).await;
	}
	let file = market.sandbox.file(&format!("{name}.csv"), readings::many(rows));
	market.publish(name, &file).await
}

/// Arguments of `msec read` by way of the market's agent.
fn read(market: &Market, dataset: &str, name: &str) -> (Vec<String>, PathBuf) {
	let path = market.sandbox.path().join(name);
	let (endpoint, output) = (market.agent.readers_endpoint(), path.display().to_string());
	let arguments = ["read", dataset, "--key-agent", &endpoint, "-o", &output];
	(arguments.into_iter().chain(PURPOSE).map(str::to_owned).collect(), path)
}

#[tokio::test]
async fn a_reader_whose_request_is_approved_reads_while_the_data_subject_consents() {
	let market = Market::open().await;
	let (owner, reader) = (&market.owner, &market.buyer);
	let dataset = published(&market, "home", 40).await;
	let account = address("//Bob").to_string();

	let (arguments, path) = read(&market, &dataset, "read.csv");
	assert!(reader.refused(&arguments).await.contains("NoGrant"));
	reader.text(&[&["access", "request", &dataset, "--for", "1d"][..], &PURPOSE].concat()).await;
	let requests = owner.json(&["access", "requests", "home"]).await;
	assert_eq!(requests[0]["requester"], json!(account));
	assert_eq!(requests[0]["purpose"], json!("public-benefit"));
	owner.text(&["access", "approve", "home", &account]).await;
	assert_eq!(owner.json(&["access", "requests", "home"]).await, json!([]));
	reader.text(&arguments).await;
	let got = std::fs::read_to_string(&path).expect("the file was read");
	assert_eq!(got, readings::many(40));

	let subject = market.person("subject", "//Ferdie");
	owner.text(&["consent", "name", "home", &address("//Ferdie").to_string()]).await;
	let (arguments, path) = read(&market, &dataset, "again.csv");
	assert!(reader.refused(&arguments).await.contains("NoConsent"));
	owner.refused(&["consent", "give", "home"]).await;
	subject.text(&[&["consent", "give", &dataset][..], &PURPOSE].concat()).await;
	let status = reader.json(&["consent", "status", &dataset]).await;
	assert_eq!((&status["holds"], &status["purposes"]), (&json!(true), &json!(["public-benefit"])));
	reader.text(&arguments).await;
	assert!(path.exists());
	subject.text(&["consent", "withdraw", &dataset]).await;
	let (arguments, _) = read(&market, &dataset, "no-more.csv");
	assert!(reader.refused(&arguments).await.contains("NoConsent"));
}

#[tokio::test]
async fn data_goes_only_where_there_is_a_basis() {
	let market = Market::open().await;
	let (owner, reader) = (&market.owner, &market.buyer);
	let dataset = published(&market, "city", 10).await;
	let account = address("//Bob").to_string();
	owner.text(&["dataset", "protect", "city", "--basis", "public-task", "--region", "EU"]).await;
	let complaint = owner.refused(&["grant", "city", &account]).await;
	assert!(complaint.contains("NoTransferBasis"), "{complaint}");
	reader.text(&["region", "declare", "US"]).await;
	assert!(owner.refused(&["grant", "city", &account]).await.contains("NoTransferBasis"));
	reader.text(&["region", "declare", "JP"]).await;
	owner.text(&["grant", "city", &account]).await;
	let (arguments, _) = read(&market, &dataset, "city-read.csv");
	reader.text(&arguments).await;
	reader.text(&["region", "clear"]).await;
	let (arguments, _) = read(&market, &dataset, "city-again.csv");
	assert!(reader.refused(&arguments).await.contains("NoTransferBasis"));
}

#[tokio::test]
async fn after_a_breach_the_next_agent_delivers_and_the_owner_keeps_everything() {
	let mut market = Market::open().await;
	let dataset = published(&market, "stream", 20).await;
	let former = market.agent.account.clone();
	let folder = market.sandbox.folder("next-agent");
	let (logs, node) = (market.sandbox.logs(), market.node.url());
	let mut next = Agent::start(&logs, &folder, "//Ferdie//stash", &node);
	next.service.wait_until_ready().await;

	let arguments = ["dataset", "rotate-agent", &former, "--key-agent", &next.account];
	let key = ["--key-agent-key", &next.encryption_key];
	let elsewhere = market.person("elsewhere", "//Charlie");
	let complaint = elsewhere.refused(&[&arguments[..], &key].concat()).await;
	assert!(complaint.contains(&dataset), "{complaint}");
	let report = market.owner.json(&[&arguments[..], &key].concat()).await;
	let exposed = report["exposed"].as_array().expect("the report lists data sets");
	assert_eq!(exposed.len(), 1);
	let before = market.owner.json(&["dataset", "show", "stream"]).await;
	assert_eq!(member(&before, "key_agent"), next.account);
	assert_eq!(
		(&exposed[0]["name"], &exposed[0]["batches"]),
		(&json!("stream"), &before["batches"])
	);
	assert_eq!(exposed[0]["orders"], json!([]));
	let again = market.owner.json(&[&arguments[..], &key].concat()).await;
	assert_eq!(again["exposed"], json!([]), "nothing is left to do");

	// Keys of two generations, in one order, by the next agent.
	market.agent = next;
	let whole = readings::many(60);
	let rest: String = whole.lines().skip(21).map(|line| format!("{line}\n")).collect();
	let header = whole.lines().next().expect("there is a header");
	let file = market.sandbox.file("rest.csv", format!("{header}\n{rest}"));
	let (owner, buyer) = (&market.owner, &market.buyer);
	owner.text(&["publish", "stream", &file.to_string_lossy()]).await;
	let listing = market.list("stream", &["--price", "1"]).await;
	let order = member(&buyer.json(&["buy", &listing, "--wait"]).await, "order");
	let output = market.sandbox.path().join("bought.csv");
	buyer.text(&["fetch", &order, "-o", &output.to_string_lossy()]).await;
	assert_eq!(std::fs::read_to_string(&output).expect("the file was fetched"), whole);

	// The owner's own key changes its suite, and still brings the secret back.
	let rotated = owner.json(&["key", "rotate", "main", "--suite", "x-wing"]).await;
	assert_eq!((&rotated["version"], &rotated["secrets"]["sealed"]), (&json!(2), &json!(1)));
	let listed: Value = owner.json(&["key", "list"]).await;
	let names: Vec<_> = listed.as_array().into_iter().flatten().map(|key| &key["name"]).collect();
	assert_eq!(names, ["main", "main-v1"]);
	owner.text(&["dataset", "recover", "copy", &dataset, "--key", "main"]).await;
	let file = market.sandbox.file("more.csv", readings::many(3));
	owner.text(&["publish", "copy", &file.to_string_lossy()]).await;
}
