//! Files that are not as the store wrote them.

use super::Scene;
use memchr::memmem;
use msec_end_to_end::services::scrub;
use reqwest::StatusCode;
use serde_json::json;
use std::fs;

/// Fault: a bit of the store's file flips, or the file is cut off, seen through the built programs
/// Promise: the batch is answered with 500 `damaged`, and `scrub` ends with 1 and names it; a file
/// that was cut off keeps the store from starting, and `scrub` ends with 2
#[tokio::test]
async fn damaged_files_are_named_and_nothing_of_them_is_served() {
	let mut scene = Scene::open().await;
	let served = scene.ask_until_served(&scene.market.store).await;
	scene.market.store.service.kill();
	let data = scene.market.store.data().to_owned();
	let file = data.join("batches.redb");
	let (status, report) = scrub(&data).await;
	assert!(status.success(), "{report}");
	assert_eq!(report["damaged"], json!(0));
	// What the kill left open is closed by now.
	let whole = fs::read(&file).expect("the store made it");

	let mut flipped = whole.clone();
	let part = &served.body[500..564];
	let places: Vec<_> = memmem::find_iter(&flipped, part).collect();
	assert!(!places.is_empty(), "the frame is in the file");
	places.into_iter().for_each(|place| flipped[place] ^= 16);
	fs::write(&file, &flipped).expect("the temporary folder can be written to");
	let (status, report) = scrub(&data).await;
	assert_eq!(status.code(), Some(1), "{report}");
	assert_eq!(report["damage"][0]["batch"], json!(0));
	assert_eq!(report["damage"][0]["dataset"], json!(scene.dataset));
	scene.market.store.service.restart().await;
	let code = "damaged";
	scene.ask_until(&scene.market.store, StatusCode::INTERNAL_SERVER_ERROR, code).await;

	scene.market.store.service.kill();
	fs::write(&file, &whole[..whole.len() / 2]).expect("the temporary folder can be written to");
	let (status, _) = scrub(&data).await;
	assert_eq!(status.code(), Some(2));
	scene.market.store.service.start();
	let ended = scene.market.store.service.process().wait_until_ended().await;
	assert!(!ended.success(), "{ended}");
	let log = scene.market.store.service.process().log();
	assert!(log.contains("the store's disk fails"), "{log}");

	fs::write(&file, &whole).expect("the temporary folder can be written to");
	scene.market.store.service.restart().await;
	assert_eq!(scene.ask_until_served(&scene.market.store).await, served);
}
