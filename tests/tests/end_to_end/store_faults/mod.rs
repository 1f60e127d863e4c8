//! What a store does when something breaks: processes, disks, nodes, connections.
//!
//! What the tests call `Fault` and `Promise` is in the table of docs/reliability.md.

mod clocks;
mod connections;
mod damage;
mod kills;
mod nodes;

use crate::readings;
use msec_end_to_end::{
	market::{key, Market},
	requests::{Answer, Request},
	services::Store,
	wait,
};
use msec_worker_common::keys::AccountKey;
use reqwest::StatusCode;
use std::sync::Arc;

/// A market with one data set of one batch.
struct Scene {
	market: Market,
	/// Identifier of the data set, as 0x-hex.
	dataset: String,
	owner: Arc<AccountKey>,
}

impl Scene {
	async fn open() -> Self {
		let market = Market::open().await;
		market.owner.text(&["key", "create", "main"]).await;
		market.owner.text(&["key", "publish", "main"]).await;
		let dataset = market.publish("weather", &readings::weather()).await;
		Self { market, dataset, owner: key("//Charlie") }
	}

	/// Where the batches are.
	fn batches(&self) -> String {
		format!("/v1/datasets/{}/batches", self.dataset)
	}

	/// Where the first batch is.
	fn batch(&self) -> String {
		format!("{}/0", self.batches())
	}

	/// What a store answers somebody who asks for the first batch.
	async fn ask(&self, store: &Store, reader: &AccountKey) -> Answer {
		Request::get(self.batch()).sign(reader, &store.account).send(&store.endpoint()).await
	}

	/// Asks as the owner until the answer has a status, and, when one is given, a code.
	async fn ask_until(&self, store: &Store, status: StatusCode, code: &str) -> Answer {
		let what = format!("the store answers {status} {code}");
		wait::until(&what, wait::A_FEW_BLOCKS, async || {
			let answer = self.ask(store, &self.owner).await;
			(answer.status == status && (code.is_empty() || answer.problem("code") == code))
				.then_some(answer)
		})
		.await
	}

	/// Asks as the owner until the batch is served.
	async fn ask_until_served(&self, store: &Store) -> Answer {
		self.ask_until(store, StatusCode::OK, "").await
	}
}
