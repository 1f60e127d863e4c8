//! The store is killed at random moments.

use msec_commitments::{ChunkKey, Hash};
use msec_end_to_end::{
	market::{hash, key, Market},
	repetitions::repetitions,
	services::scrub,
	wait,
};
use msec_worker_common::{
	batch_frame::Frame,
	store_client::{StoreClient, MAX_PAGE},
};
use rand::Rng;
use serde_json::json;
use std::{
	collections::{BTreeMap, BTreeSet},
	sync::{
		atomic::{AtomicU32, Ordering},
		Arc, Mutex,
	},
	time::Duration,
};
use tokio::task::JoinSet;

/// Batches in each upload.
const BATCHES: u32 = 3;
const UPLOADERS: usize = 4;
/// Longest time from an upload that is acknowledged to a kill.
const MOST: Duration = Duration::from_millis(500);

/// Uploads that go on and on.
#[derive(Default)]
struct Load {
	next: AtomicU32,
	acknowledged: Mutex<BTreeSet<u32>>,
}

impl Load {
	/// Uploads until the task is aborted. While the store is down the client tries again.
	async fn run(self: Arc<Self>, client: StoreClient, dataset: Hash) {
		loop {
			let upload = self.next.fetch_add(1, Ordering::SeqCst);
			if client.upload(&dataset, &frames(upload)).await.is_ok() {
				self.acknowledged.lock().expect("nobody panics with it; qed").insert(upload);
			}
		}
	}

	fn acknowledged(&self) -> BTreeSet<u32> {
		self.acknowledged.lock().expect("nobody panics with it; qed").clone()
	}

	/// Waits until the store has acknowledged something that it had not before.
	async fn wait_for_more(&self) {
		let before = self.acknowledged().len();
		wait::until("uploads go on", wait::A_FEW_BLOCKS, async || {
			(self.acknowledged().len() > before).then_some(())
		})
		.await;
	}
}

/// What is uploaded together.
fn frames(upload: u32) -> Vec<Frame> {
	(0..BATCHES)
		.map(|batch| {
			let number = upload * BATCHES + batch;
			let seed = (number % 251) as u8;
			let chunk = ChunkKey::from_bytes([seed; 32]).seal(&[seed; 2_000]);
			Frame::new(number, &[chunk.expect("a chunk can be sealed")]).expect("a frame is made")
		})
		.collect()
}

/// Fault: the store is killed with SIGKILL at random moments while clients upload over HTTP
/// Promise: whatever was acknowledged is there; an upload is there whole or not at all; nothing is
/// damaged, and the access log goes on
#[tokio::test]
async fn a_store_that_is_killed_at_random_moments_loses_nothing() {
	let mut market = Market::open().await;
	market.owner.text(&["key", "create", "main"]).await;
	market.owner.text(&["key", "publish", "main"]).await;
	let dataset = hash(&market.create_dataset("load").await);
	let operator = market.store.account.parse().expect("the store has an account");
	let client = StoreClient::new(&market.store.endpoint(), &operator, key("//Charlie"))
		.expect("the store has an address");
	let load = Arc::new(Load::default());
	let mut uploaders = JoinSet::new();
	for _ in 0..UPLOADERS {
		uploaders.spawn(load.clone().run(client.clone(), dataset));
	}
	for _ in 0..repetitions(3, 200) {
		load.wait_for_more().await;
		let pause = rand::rng().random_range(Duration::ZERO..MOST);
		tokio::time::sleep(pause).await;
		market.store.service.kill();
		market.store.service.restart().await;
	}
	load.wait_for_more().await;
	uploaders.shutdown().await;
	// What the aborted tasks had sent is not under way any more.
	market.store.service.restart().await;

	let acknowledged = load.acknowledged();
	let present = present(&client, &dataset).await;
	for (upload, batches) in &present {
		assert_eq!(*batches, BATCHES, "upload {upload} is there by halves");
		for frame in frames(*upload) {
			let read = client.batch(&dataset, frame.batch()).await.expect("the store answers");
			assert!(read == frame, "batch {} is the one that was uploaded", frame.batch());
		}
	}
	let lost: Vec<_> =
		acknowledged.iter().filter(|upload| !present.contains_key(*upload)).collect();
	assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
	market.owner.text(&["audit", "load"]).await;

	market.store.service.kill();
	let (status, report) = scrub(market.store.data()).await;
	assert!(status.success(), "{report}");
	assert_eq!(report["damaged"], json!(0));
	assert!(report["batches"].as_u64() >= Some(present.len() as u64 * u64::from(BATCHES)));
}

/// How many batches the store has of each upload.
async fn present(client: &StoreClient, dataset: &Hash) -> BTreeMap<u32, u32> {
	let last = client.dataset(dataset).await.expect("the store answers").next_batch;
	let mut present = BTreeMap::new();
	let mut from = 0;
	while from < last {
		let to = from.saturating_add(MAX_PAGE);
		let page = client.batches(dataset, from, to).await.expect("the store answers");
		for stored in page {
			*present.entry(stored.batch / BATCHES).or_default() += 1;
		}
		from = to;
	}
	present
}
