//! What is refused, and how money comes back.

use crate::readings;
use msec_end_to_end::{
	ledger::{self, Ledger, ENDOWMENT},
	market::{address, key, member, Market},
	msec::write_private,
	process::built,
	requests::{now, Request},
	wait,
};
use msec_worker_common::keys::AccountKey;
use reqwest::{Method, StatusCode};
use serde_json::{json, Value};

/// Nobody can read from the store without having bought, or twice with one signature, or late.
#[tokio::test]
async fn what_is_refused_and_what_is_refunded() {
	let market = Market::open().await;
	market.owner.text(&["key", "create", "main"]).await;
	market.owner.text(&["key", "publish", "main"]).await;
	let dataset = market.publish("weather", &readings::weather()).await;

	let stranger = key("//Ferdie");
	let ((), (), listings) = tokio::join!(
		requests_are_refused(&market, &dataset, &stranger),
		a_tampered_chunk_is_refunded(&market),
		offer(&market),
	);
	tokio::join!(
		what_is_not_delivered_is_refunded(&market, &listings.short),
		a_wrong_key_is_refunded(&market, &listings.silent),
		what_is_free_costs_nothing(&market, &listings.free),
	);
	nobody_lost_anything(&market).await;
}

/// What the owner offers besides.
struct Listings {
	/// A data set for which nobody delivers, with little time for it.
	short: String,
	/// The same with more time.
	silent: String,
	/// What costs nothing.
	free: String,
}

async fn offer(market: &Market) -> Listings {
	let owner = &market.owner;
	owner.text(&market.dataset_arguments_without_agent("silent")).await;
	owner.text(&["publish", "silent", &readings::weather().to_string_lossy()]).await;
	Listings {
		short: market.list("silent", &["--price", "3", "--delivery-period", "16b"]).await,
		silent: market.list("silent", &["--price", "4"]).await,
		free: market.list("weather", &["--free"]).await,
	}
}

async fn requests_are_refused(market: &Market, dataset: &str, stranger: &AccountKey) {
	let (endpoint, store) = (market.store.endpoint(), market.store.account.as_str());
	let base = format!("/v1/datasets/{dataset}");
	let batch = format!("{base}/batches/0");
	let owner = key("//Charlie");

	let answer = Request::get(&batch).sign(stranger, store).send(&endpoint).await;
	assert_eq!(answer.status, StatusCode::FORBIDDEN);
	assert_eq!(answer.problem("refusal"), "NoGrant");

	let once = Request::get(&batch).sign(&owner, store);
	assert_eq!(once.send(&endpoint).await.status, StatusCode::OK);
	let replayed = once.send(&endpoint).await;
	assert_eq!(
		(replayed.status, replayed.problem("code")),
		(StatusCode::UNAUTHORIZED, "replayed".into())
	);

	let stale = Request { created: now() - 61, ..Request::get(&batch) };
	let answer = stale.sign(&owner, store).send(&endpoint).await;
	let outside = (StatusCode::UNAUTHORIZED, "outside-window".to_owned());
	assert_eq!((answer.status, answer.problem("code")), outside);
	let early = Request { created: now() + 70, ..Request::get(&batch) };
	let answer = early.sign(&owner, store).send(&endpoint).await;
	assert_eq!((answer.status, answer.problem("code")), outside);

	let elsewhere = Request::get(&batch).sign(&owner, &stranger.address());
	let answer = elsewhere.send(&endpoint).await;
	let other = (StatusCode::UNAUTHORIZED, "other-audience".to_owned());
	assert_eq!((answer.status, answer.problem("code")), other);

	tampered_requests_are_refused(&endpoint, store, &base, &owner, stranger).await;

	let unknown = format!("/v1/datasets/0x{}/batches/0", "ab".repeat(32));
	let answer = Request::get(unknown).sign(&owner, store).send(&endpoint).await;
	assert_eq!(
		(answer.status, answer.problem("refusal")),
		(StatusCode::FORBIDDEN, "UnknownResource".into())
	);
	let answer = Request::get(format!("/v1/datasets/{dataset}/batches/77"))
		.sign(&owner, store)
		.send(&endpoint)
		.await;
	assert_eq!(answer.status, StatusCode::NOT_FOUND);

	uploads_are_checked(market, dataset, &owner, stranger).await;
}

async fn tampered_requests_are_refused(
	endpoint: &str,
	store: &str,
	base: &str,
	owner: &AccountKey,
	stranger: &AccountKey,
) {
	let path = format!("{base}/batches");
	let signed = || Request::get(&path).sign(owner, store);
	let mut other_path = signed();
	other_path.request.path = format!("{path}/0");
	let mut other_query = signed();
	other_query.request.query = Some("from=1".into());
	let mut other_method = Request::get(base).sign(owner, store);
	other_method.request.method = Method::DELETE;
	let mut other_body = signed();
	other_body.request.method = Method::POST;
	other_body.request.body = b"more".to_vec();
	let mut other_signer = signed();
	other_signer.signature_input =
		other_signer.signature_input.replace(&owner.address(), &stranger.address());
	let mut other_nonce = signed();
	let nonce = other_nonce.request.nonce.clone();
	other_nonce.signature_input =
		other_nonce.signature_input.replace(&nonce, &nonce.chars().rev().collect::<String>());
	let mut other_digest = signed();
	other_digest.content_digest =
		Request { body: vec![1], ..Request::get(&path) }.sign(owner, store).content_digest;
	let mut no_signature = signed();
	no_signature.signature = String::new();
	let tampered = [
		other_path,
		other_query,
		other_method,
		other_body,
		other_signer,
		other_nonce,
		other_digest,
		no_signature,
	];
	for (number, request) in tampered.iter().enumerate() {
		let answer = request.send(endpoint).await;
		assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "request {number}: {answer:?}");
	}
}

async fn uploads_are_checked(
	market: &Market,
	dataset: &str,
	owner: &AccountKey,
	stranger: &AccountKey,
) {
	let (endpoint, store) = (market.store.endpoint(), market.store.account.as_str());
	let path = format!("/v1/datasets/{dataset}/batches");
	let frame = Request::get(format!("{path}/0")).sign(owner, store).send(&endpoint).await.body;
	let upload = |body: Vec<u8>| Request { body, ..Request::new(Method::POST, path.as_str()) };

	let answer = upload(frame.clone()).sign(stranger, store).send(&endpoint).await;
	assert_eq!(answer.status, StatusCode::FORBIDDEN);
	assert_eq!(
		upload(frame.clone()).sign(owner, store).send(&endpoint).await.status,
		StatusCode::OK
	);

	let mut cut_off = frame.clone();
	cut_off.truncate(frame.len() - 1);
	let mut flipped = frame.clone();
	*flipped.last_mut().expect("a frame has bytes") ^= 1;
	let mut endless = frame.clone();
	endless[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
	for hostile in [cut_off, flipped, endless, b"MSB1".to_vec(), vec![0xff; 5_000]] {
		let answer = upload(hostile).sign(owner, store).send(&endpoint).await;
		assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{answer:?}");
		assert!(!answer.problem("detail").is_empty(), "{answer:?}");
	}

	let mut other_body = upload(frame.clone()).sign(owner, store);
	other_body.request.body = [frame.as_slice(), &frame].concat();
	let answer = other_body.send(&endpoint).await;
	let mismatch = (StatusCode::UNPROCESSABLE_ENTITY, "digest-mismatch".to_owned());
	assert_eq!((answer.status, answer.problem("code")), mismatch);

	let still = Request::get(format!("{path}/0")).sign(owner, store).send(&endpoint).await;
	assert_eq!(still.body, frame, "nothing changed");
}

/// The tool for owners who cheat.
async fn cheat(market: &Market, uri: &str, arguments: &[&str]) -> Value {
	let key = market.sandbox.path().join("cheat.key");
	write_private(&key, uri);
	let mut command = built("msec-dishonest-owner");
	command.arg("--node").arg(market.node.url()).arg("--key").arg(&key).args(arguments);
	let output = tokio::process::Command::from(command).output().await.expect("it can be started");
	let error = String::from_utf8_lossy(&output.stderr);
	assert!(output.status.success(), "msec-dishonest-owner {arguments:?}: {error}");
	serde_json::from_slice(&output.stdout).expect("the tool prints JSON")
}

async fn a_tampered_chunk_is_refunded(market: &Market) {
	let file = readings::weather().to_string_lossy().into_owned();
	let published = cheat(
		market,
		"//Alice",
		&[
			"publish-tampered",
			"--store",
			&market.store.account,
			"--key-agent",
			&market.agent.account,
			"--key-agent-key",
			&market.agent.encryption_key,
			&file,
		],
	)
	.await;
	let victim = market.person("victim", "//Ferdie");
	let bought = victim.json(&["buy", &member(&published, "listing"), "--wait"]).await;
	let order = member(&bought, "order");
	let output = market.sandbox.path().join("tampered.csv");
	let complaint = victim.refused(&["fetch", &order, "-o", &output.to_string_lossy()]).await;
	let chunk = format!("chunk {} of batch 0", published["tampered_chunk"]);
	assert!(complaint.contains(&chunk) && complaint.contains("msec dispute"), "{complaint}");
	assert!(!output.exists(), "there is no file that looks complete");
	let disputed = victim.json(&["dispute", &order]).await;
	assert_eq!(
		(&disputed["state"], &disputed["reason"]),
		(&json!("refunded"), &json!("wrong-data"))
	);
	let dataset = member(&published, "dataset");
	let path = format!("/v1/datasets/{dataset}/batches/0");
	let answer = Request::get(path)
		.sign(&key("//Ferdie"), &market.store.account)
		.send(&market.store.endpoint())
		.await;
	assert_eq!(answer.status, StatusCode::FORBIDDEN, "who has the money back no longer reads");
}

/// Nobody delivers when the data set has no agent and the owner does nothing.
async fn what_is_not_delivered_is_refunded(market: &Market, listing: &str) {
	let buyer = market.person("patient", "//Alice");
	let order = member(&buyer.json(&["buy", listing]).await, "order");
	let complaint = buyer.refused(&["refund", &order]).await;
	assert!(complaint.contains("TooEarly"), "{complaint}");
	let deliver_by = u64::from(market.order(&order).await.deliver_by);
	wait::until("the time to deliver is over", wait::A_FEW_BLOCKS, async || {
		(market.height().await > deliver_by).then_some(())
	})
	.await;
	let refunded = buyer.json(&["refund", &order]).await;
	assert_eq!(
		(&refunded["state"], &refunded["reason"]),
		(&json!("refunded"), &json!("not-delivered"))
	);
}

async fn a_wrong_key_is_refunded(market: &Market, listing: &str) {
	let buyer = &market.buyer;
	let order = member(&buyer.json(&["buy", listing]).await, "order");
	cheat(market, "//Charlie", &["deliver-wrong-key", &order]).await;
	let output = market.sandbox.path().join("wrong-key.csv");
	let complaint = buyer.refused(&["fetch", &order, "-o", &output.to_string_lossy()]).await;
	assert!(complaint.contains("msec dispute"), "{complaint}");
	let disputed = buyer.json(&["dispute", &order]).await;
	assert_eq!(
		(&disputed["state"], &disputed["reason"]),
		(&json!("refunded"), &json!("wrong-key"))
	);
}

async fn what_is_free_costs_nothing(market: &Market, listing: &str) {
	let buyer = market.person("thrifty", "//Ferdie");
	let bought = buyer.json(&["buy", listing, "--wait"]).await;
	assert_eq!(member(&bought, "price"), "0");
	let order = member(&bought, "order");
	let output = market.sandbox.path().join("free.csv");
	buyer.text(&["fetch", &order, "-o", &output.to_string_lossy()]).await;
	let fetched = std::fs::read_to_string(output).expect("the file was fetched");
	assert_eq!(fetched, readings::expected_weather());
	let complaint = buyer.refused(&["dispute", &order]).await;
	assert!(complaint.contains("no ground"), "{complaint}");
	buyer.text(&["confirm", &order]).await;
}

/// After refunds and a free purchase, everybody has paid for transactions only.
async fn nobody_lost_anything(market: &Market) {
	let ledger = Ledger::read(&market.chain).await;
	assert_eq!((ledger.orders.opened, ledger.orders.refunded, ledger.orders.settled), (4, 3, 1));
	for uri in ["//Alice", "//Bob", "//Charlie", "//Ferdie"] {
		let account = address(uri);
		let total = ledger::total(&market.chain, &account).await;
		assert_eq!(total, ENDOWMENT - ledger.fees_of(&account), "{uri}");
	}
}
