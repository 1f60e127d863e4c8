//! The clock of the store jumps.

use super::Scene;
use msec_end_to_end::{process::built, requests::Request, services::Store, wait};
use reqwest::StatusCode;
use std::{
	fs,
	path::{Path, PathBuf},
};

/// Debian's libfaketime; the linker knows where libraries are.
const FAKETIME: &str = "/usr/$LIB/faketime/libfaketimeMT.so.1";

/// A file that says by how much a clock is wrong.
struct Clock(PathBuf);

impl Clock {
	fn set(&self, seconds: i32) {
		let next = self.0.with_extension("next");
		fs::write(&next, format!("{seconds:+}s")).expect("the temporary folder can be written to");
		fs::rename(&next, &self.0).expect("the temporary folder can be written to");
	}
}

/// The market's store, started again with a clock of its own. It waits by the right one.
async fn store_with_clock(scene: &mut Scene, clock: &Path) -> Store {
	let market = &mut scene.market;
	market.store.service.kill();
	let (logs, data, node) = (market.sandbox.logs(), market.store.data(), market.node.url());
	let clock = clock.to_owned();
	let program = move || {
		let mut command = built("msec-companion-db");
		command
			.env("LD_PRELOAD", FAKETIME)
			.env("FAKETIME_TIMESTAMP_FILE", &clock)
			.env("FAKETIME_NO_CACHE", "1")
			.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
		command
	};
	let mut store = Store::start_by(&logs, "store", data, &market.store.account, &node, program);
	store.service.wait_until_ready().await;
	store
}

/// Fault: the clock of the store is ten minutes ahead, then right, then ten minutes behind, then right
/// again, seen through the built programs
/// Promise: signatures by the right time are refused with 401 `outside-window` for as long as it is wrong
/// and served at once afterwards, no request passes twice, and the access log goes on
#[tokio::test]
async fn a_clock_that_jumps_is_survived() {
	let mut scene = Scene::open().await;
	let clock = Clock(scene.market.sandbox.path().join("clock"));
	clock.set(0);
	let mut store = store_with_clock(&mut scene, &clock.0).await;
	let served = scene.ask_until_served(&store).await;
	let accepted = Request::get(scene.batch()).sign(&scene.owner, &store.account);
	assert_eq!(accepted.send(&store.endpoint()).await, served);
	for seconds in [600, -600] {
		clock.set(seconds);
		let answer = scene.ask(&store, &scene.owner).await;
		assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
		assert_eq!(answer.problem("code"), "outside-window");
		if seconds > 0 {
			wait::until("the store says that the chain is old", wait::A_FEW_BLOCKS, async || {
				(!store.service.is_ready().await).then_some(())
			})
			.await;
		}
		clock.set(0);
		assert_eq!(scene.ask(&store, &scene.owner).await, served);
		let again = accepted.send(&store.endpoint()).await;
		assert_eq!(again.status, StatusCode::UNAUTHORIZED, "{again:?}");
	}
	store.service.kill();
	scene.market.store.service.restart().await;
	assert_eq!(scene.ask_until_served(&scene.market.store).await, served);
}
