//! How long a store is away when it is started again with ten million chunks.

use crate::{
	rows::{median, Row},
	say,
	site::Site,
};
use anyhow::{ensure, Context};
use futures::{stream, StreamExt};
use msec::ids::hash_text;
use msec_commitments::{ChunkCommitment, Hash, KeyTree, MAX_CHUNKS_PER_BATCH};
use msec_end_to_end::{requests, services::Store};
use msec_worker_common::{batch_frame::Frame, store_client::StoreClient};
use reqwest::StatusCode;
use std::{
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::task::spawn_blocking;

const CHUNKS: u32 = 10_000_000;
/// Batches in which they are.
const BATCHES: u32 = CHUNKS.div_ceil(MAX_CHUNKS_PER_BATCH);
/// Batches in one request.
const BATCHES_PER_UPLOAD: u32 = 32;
/// Requests that are under way: as many as the store takes of one account.
const UPLOADS: usize = 2;
/// A reading of a sensor.
const READING: &[u8] = b"2024-01-01T00:00:00Z,21.35,48.5\n";
/// How often the store is stopped, and killed; the median counts.
const RUNS: u32 = 3;
/// A start must take less than this.
const TARGET: Duration = Duration::from_secs(3);
/// Between two looks at what the store says.
const GLANCE: Duration = Duration::from_millis(5);
/// Longest that a stop, a start or an answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long starts took.
#[derive(Default)]
struct Times {
	/// Until it was ready, after a stop.
	stopped: Vec<Duration>,
	/// Until it was ready, after a kill.
	killed: Vec<Duration>,
	/// Until it answered a request, after a kill.
	answered: Vec<Duration>,
}

pub async fn measure() -> anyhow::Result<Vec<Row>> {
	let mut site = Site::open(&[]).await?;
	let dataset = site.create_dataset("sensors").await;
	say("Ten million chunks");
	let filling = Filling { client: site.client()?, dataset, chunks: Arc::new(chunks()?) };
	filling.fill().await?;
	let mut times = Times::default();
	for run in 0..RUNS {
		say(&format!("Starts, {} of {RUNS}", run + 1));
		let status = site.store.service.process().terminate(PATIENCE).await;
		ensure!(status.success(), "the store does not stop well: {status}");
		times.stopped.push(start(&mut site.store, Instant::now()).await?);
		// What was written last is on the disk, but the file was not closed.
		filling.clone().upload(BATCHES + (run + 1) * BATCHES_PER_UPLOAD).await?;
		site.store.service.kill();
		let begun = Instant::now();
		times.killed.push(start(&mut site.store, begun).await?);
		wait_for_answer(&site, &dataset, begun).await?;
		times.answered.push(begun.elapsed());
	}
	Ok(rows(&times))
}

fn rows(times: &Times) -> Vec<Row> {
	let row = |name: &str, times: &[Duration]| {
		let value = median(times);
		Row::new(format!("restart: {name}"), value.as_secs_f64(), "s")
			.with_target("< 3 s", value < TARGET)
	};
	vec![
		row("ready after a stop", &times.stopped).with_note(
			"10,000,000 chunks of one reading in batches of 1,024, on redb; median of 3",
		),
		row("ready after kill -9", &times.killed),
		row("first answer after kill -9", &times.answered).with_note(
			"a store takes no request that was signed before it could know which ones were used",
		),
	]
}

/// What fills the store.
#[derive(Clone)]
struct Filling {
	client: StoreClient,
	dataset: Hash,
	chunks: Arc<Vec<(ChunkCommitment, Vec<u8>)>>,
}

/// The chunks of a batch. All batches have the same ones: a store cannot tell.
fn chunks() -> anyhow::Result<Vec<(ChunkCommitment, Vec<u8>)>> {
	let key = KeyTree::from_seed(rand::random()).batch_key(0);
	let sealed: Option<Vec<_>> =
		(0..MAX_CHUNKS_PER_BATCH).map(|number| key.chunk_key(number).seal(READING)).collect();
	sealed.context("a reading is too long")
}

impl Filling {
	async fn fill(&self) -> anyhow::Result<()> {
		let mut uploads = stream::iter((0..BATCHES).step_by(BATCHES_PER_UPLOAD as usize))
			.map(|first| tokio::spawn(self.clone().upload(first)))
			.buffer_unordered(UPLOADS);
		while let Some(uploaded) = uploads.next().await {
			uploaded??;
		}
		let stored = self.client.dataset(&self.dataset).await?;
		ensure!(stored.batches >= u64::from(BATCHES), "only {} batches are there", stored.batches);
		Ok(())
	}

	/// Uploads the batches from `first` on.
	async fn upload(self, first: u32) -> anyhow::Result<()> {
		let chunks = self.chunks.clone();
		let make = move || {
			let batches = first..first + BATCHES_PER_UPLOAD;
			let frames = batches.map(|batch| Frame::new(batch, &chunks));
			frames.collect::<Result<Vec<_>, _>>()
		};
		let frames = spawn_blocking(make).await??;
		self.client.upload(&self.dataset, &frames).await?;
		Ok(())
	}
}

/// Starts the store; how long after `begun` it was ready.
async fn start(store: &mut Store, begun: Instant) -> anyhow::Result<Duration> {
	store.service.start();
	while !store.service.is_ready().await {
		store.service.process().assert_running();
		ensure!(begun.elapsed() < PATIENCE, "the store does not get ready");
		tokio::time::sleep(GLANCE).await;
	}
	Ok(begun.elapsed())
}

/// Asks again and again, with a new signature each time.
async fn wait_for_answer(site: &Site, dataset: &Hash, begun: Instant) -> anyhow::Result<()> {
	let path = format!("/v1/datasets/{}", hash_text(dataset));
	loop {
		let request = requests::Request::get(&path).sign(&site.owner_key(), &site.store.account);
		let answer = request.send(&site.store.endpoint()).await;
		if answer.status == StatusCode::OK {
			return Ok(());
		}
		ensure!(begun.elapsed() < PATIENCE, "the store answers {}", answer.status);
		tokio::time::sleep(GLANCE).await;
	}
}
