//! The store's node is away, or on another fork.

use super::Scene;
use crate::node::boot_address;
use msec_end_to_end::{
	files::copy_folder,
	market::{address, key},
	node::{Node, DEVELOPMENT},
	repetitions::repetitions,
	requests::{Answer, Request},
	services::Store,
	wait,
};
use reqwest::{Method, StatusCode};
use std::{
	fs,
	time::{Duration, Instant},
};

/// Between two requests to a store that refuses.
const INTERVAL: Duration = Duration::from_millis(500);
const READER: &str = "//Ferdie";

/// Another node of the chain, which makes no blocks.
async fn observer(scene: &Scene) -> Node {
	let peer = format!("--reserved-nodes={}", boot_address(&scene.market.node).await);
	let observer = Node::start(&scene.market.sandbox, "observer", &[&DEVELOPMENT, &peer]).await;
	observer.wait_for_finality(scene.market.node.finalized().await).await;
	observer
}

/// The market's store, started again at another node.
async fn move_store(scene: &mut Scene, node: &Node) -> Store {
	let market = &mut scene.market;
	market.store.service.kill();
	let (logs, data) = (market.sandbox.logs(), market.store.data());
	let mut store = Store::start(&logs, data, &market.store.account, &node.url());
	store.service.wait_until_ready().await;
	store
}

/// Neither reads nor writes are served for as long as nothing new is seen of the chain.
async fn stays_closed(scene: &Scene, store: &Store, time: Duration) {
	let begun = Instant::now();
	while begun.elapsed() < time {
		let read = scene.ask(store, &scene.owner).await;
		let write = Request { body: vec![1], ..Request::new(Method::POST, scene.batches()) };
		let write = write.sign(&scene.owner, &store.account).send(&store.endpoint()).await;
		for answer in [read, write] {
			assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{answer:?}");
		}
		tokio::time::sleep(INTERVAL).await;
	}
	assert!(!store.service.is_ready().await, "the store says that it cannot do its job");
}

/// Fault: the node sees no new blocks for minutes, does not answer, or is killed
/// Promise: reads and writes are refused with 503 `stale-head` or `chain-unavailable`, readiness
/// says so, and the store goes on by itself when the node is back
#[tokio::test]
async fn a_store_whose_node_is_away_refuses_and_goes_on_afterwards() {
	let refused = StatusCode::SERVICE_UNAVAILABLE;
	let minutes = Duration::from_secs(repetitions(5, 180).into());
	let mut scene = Scene::open().await;
	let mut observer = observer(&scene).await;
	let store = move_store(&mut scene, &observer).await;
	let served = scene.ask_until_served(&store).await;

	scene.market.node.process().signal("STOP");
	scene.ask_until(&store, refused, "stale-head").await;
	stays_closed(&scene, &store, minutes).await;
	scene.market.node.process().signal("CONT");
	assert_eq!(scene.ask_until_served(&store).await, served);

	observer.process().signal("STOP");
	scene.ask_until(&store, refused, "chain-unavailable").await;
	observer.process().signal("CONT");
	assert_eq!(scene.ask_until_served(&store).await, served);

	observer.kill();
	scene.ask_until(&store, refused, "chain-unavailable").await;
	observer.restart().await;
	assert_eq!(scene.ask_until_served(&store).await, served);
}

/// What somebody is answered whose grant was revoked.
async fn ask_as_reader(scene: &Scene) -> Answer {
	scene.ask(&scene.market.store, &key(READER)).await
}

/// Fault: the node is on another fork than the one whose blocks it called final, and a right that
/// was withdrawn is still there
/// Promise: everything is refused with 503 `other-fork` for as long as the node does not have the
/// last block that it called final, and served again when it has
#[tokio::test]
async fn a_node_that_takes_back_what_was_final_is_not_believed() {
	let mut scene = Scene::open().await;
	let reader = address(READER).to_string();
	let owner = scene.market.owner.clone();
	owner.text(&["grant", "weather", &reader]).await;
	wait::until("the reader is served", wait::A_FEW_BLOCKS, async || {
		(ask_as_reader(&scene).await.status == StatusCode::OK).then_some(())
	})
	.await;

	// Until here both forks are the same.
	let chain = scene.market.node.base_path().clone();
	let [fork, truth] = ["fork", "truth"].map(|name| scene.market.sandbox.path().join(name));
	scene.market.node.kill();
	copy_folder(&chain, &fork);
	scene.market.node.restart().await;
	owner.text(&["revoke", "weather", &reader]).await;
	scene.ask_until_served(&scene.market.store).await;
	assert_eq!(ask_as_reader(&scene).await.problem("refusal"), "NoGrant");
	let height = scene.market.node.finalized().await;

	scene.market.node.kill();
	fs::rename(&chain, &truth).expect("the temporary folder can be written to");
	fs::rename(&fork, &chain).expect("the temporary folder can be written to");
	scene.market.node.restart().await;
	scene.market.node.wait_for_finality(height + 2).await;
	let refused = StatusCode::SERVICE_UNAVAILABLE;
	scene.ask_until(&scene.market.store, refused, "other-fork").await;
	let answer = ask_as_reader(&scene).await;
	assert_eq!((answer.status, answer.problem("code")), (refused, "other-fork".to_owned()));
	wait::until("the store says that it cannot do its job", wait::A_FEW_BLOCKS, async || {
		(!scene.market.store.service.is_ready().await).then_some(())
	})
	.await;

	scene.market.node.kill();
	fs::remove_dir_all(&chain).expect("the temporary folder can be written to");
	fs::rename(&truth, &chain).expect("the temporary folder can be written to");
	scene.market.node.restart().await;
	scene.ask_until_served(&scene.market.store).await;
	assert_eq!(ask_as_reader(&scene).await.problem("refusal"), "NoGrant");
}
