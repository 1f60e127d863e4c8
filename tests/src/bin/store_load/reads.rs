//! Small reads that the chain allows: as many as possible, and a steady stream of them.
//!
//! In the stream each read has a time at which it is due, whatever became of those before. Its latency
//! counts from then on, so that a store that stalls is charged for all that had to wait.

use crate::{
	rows::{milliseconds, Row},
	say,
	site::Site,
};
use anyhow::ensure;
use msec::ids::hash_text;
use msec_commitments::{KeyTree, MAX_CHUNK_PLAINTEXT};
use msec_worker_common::{
	batch_frame::Frame,
	keys::AccountKey,
	signature::{sign_request, BodyDigest, RequestParts},
};
use reqwest::{Client, Request};
use std::{sync::Arc, time::Duration};
use tokio::{
	sync::Semaphore,
	task::{spawn_blocking, JoinSet},
	time::{sleep_until, timeout_at, Instant},
};

/// Batches that are read, of one chunk each.
const BATCHES: u32 = 1000;
/// Batches in one upload.
const BATCHES_PER_UPLOAD: usize = 100;
/// Who reads at the same time, when as much as possible is read.
const CLIENTS: u32 = 32;
/// For how long as much as possible is read.
const SATURATION: Duration = Duration::from_secs(10);
/// Reads of the stream: 1,000 a second for 20 seconds.
const READS: u32 = 20_000;
const INTERVAL: Duration = Duration::from_millis(1);
/// For how long answers are waited for after the last read was due. All were signed before the first,
/// and signatures are good for a minute.
const PATIENCE: Duration = Duration::from_secs(25);
/// Most connections of the stream.
const CONNECTIONS: usize = 256;
/// Of a hundred reads 99 must take less than this.
const TARGET: Duration = Duration::from_millis(10);

/// Reads as the owner.
struct Reader {
	http: Client,
	endpoint: String,
	store: String,
	key: Arc<AccountKey>,
	dataset: String,
}

pub async fn measure() -> anyhow::Result<Vec<Row>> {
	let site = Site::open(&["--max-requests-per-second=0"]).await?;
	let reader = Arc::new(prepare(&site).await?);
	say("Small reads, as many as possible");
	let per_second = throughput(&reader).await?;
	say("Small reads, 1,000 a second");
	let latencies = Latencies::of(&reader).await?;
	let most = Row::new("small reads", per_second, "1/s").with_note(format!(
		"{CLIENTS} clients on the same processors, which sign each request; 4 KiB, every request \
		decided by the chain's state and written down durably",
	));
	Ok(vec![most, latencies.row()])
}

/// Fills a data set with what is read.
async fn prepare(site: &Site) -> anyhow::Result<Reader> {
	let dataset = site.create_dataset("reads").await;
	let tree = KeyTree::from_seed(rand::random());
	let seal = |batch| Frame::seal(batch, &tree.batch_key(batch), &[&[7; MAX_CHUNK_PLAINTEXT]]);
	let frames = (0..BATCHES).map(seal).collect::<Result<Vec<_>, _>>()?;
	let client = site.client()?;
	for frames in frames.chunks(BATCHES_PER_UPLOAD) {
		client.upload(&dataset, frames).await?;
	}
	Ok(Reader {
		http: Client::new(),
		endpoint: site.store.endpoint(),
		store: site.store.account.clone(),
		key: site.owner_key(),
		dataset: hash_text(&dataset),
	})
}

impl Reader {
	/// A signed request; one after the other they go through all batches.
	fn request(&self, number: u32) -> reqwest::Result<Request> {
		let path = format!("/v1/datasets/{}/batches/{}", self.dataset, number % BATCHES);
		let parts = RequestParts { method: "GET", path: &path, query: None };
		let headers = sign_request(&self.key, &self.store, &parts, &BodyDigest::of(&[]));
		let mut request = self.http.get(format!("{}{path}", self.endpoint));
		for (name, value) in headers.iter() {
			request = request.header(name, value);
		}
		request.build()
	}

	/// Whether the answer came as a whole.
	async fn send(&self, request: Request) -> bool {
		match self.http.execute(request).await {
			Ok(response) => response.status().is_success() && response.bytes().await.is_ok(),
			Err(_) => false,
		}
	}
}

/// Reads a second when everybody reads again as soon as there is an answer.
async fn throughput(reader: &Arc<Reader>) -> anyhow::Result<f64> {
	let begun = Instant::now();
	let mut clients = JoinSet::new();
	for client in 0..CLIENTS {
		let reader = reader.clone();
		clients.spawn(async move {
			let mut reads = 0;
			while begun.elapsed() < SATURATION {
				let request = reader.request(client + reads * CLIENTS)?;
				ensure!(reader.send(request).await, "a read fails");
				reads += 1;
			}
			anyhow::Ok(reads)
		});
	}
	let mut reads = 0;
	while let Some(client) = clients.join_next().await {
		reads += client??;
	}
	Ok(f64::from(reads) / begun.elapsed().as_secs_f64())
}

/// What the reads of the stream took that were answered, in ascending order.
struct Latencies(Vec<Duration>);

impl Latencies {
	async fn of(reader: &Arc<Reader>) -> anyhow::Result<Self> {
		let signing = reader.clone();
		let sign = move || {
			let requests = (0..READS).map(|number| signing.request(number));
			requests.collect::<reqwest::Result<Vec<_>>>()
		};
		let requests = spawn_blocking(sign).await??;
		let connections = Arc::new(Semaphore::new(CONNECTIONS));
		let begun = Instant::now();
		let mut reads = JoinSet::new();
		for (request, number) in requests.into_iter().zip(0u32..) {
			let due = begun + INTERVAL * number;
			sleep_until(due).await;
			let (reader, connections) = (reader.clone(), connections.clone());
			reads.spawn(async move {
				let _connection = connections.acquire().await.ok()?;
				reader.send(request).await.then(|| due.elapsed())
			});
		}
		let deadline = begun + INTERVAL * READS + PATIENCE;
		let mut answered = Vec::new();
		while let Ok(Some(read)) = timeout_at(deadline, reads.join_next()).await {
			answered.extend(read?);
		}
		answered.sort();
		Ok(Self(answered))
	}

	/// What all but the slowest of a thousand reads took; those without an answer are the slowest.
	fn per_mille(&self, fast: usize) -> Duration {
		let index = READS as usize * fast / 1000;
		self.0.get(index).copied().unwrap_or(PATIENCE)
	}

	fn row(&self) -> Row {
		let value = self.per_mille(990);
		Row::new("small reads: p99 at 1,000/s", milliseconds(value), "ms")
			.with_target("< 10 ms", value < TARGET)
			.with_note(format!(
				"p50 {:.1} ms, p99.9 {:.1} ms, from when each was due; {} of {READS} answered within \
				{} s; 4 KiB, every request decided by the chain's state and written down durably",
				milliseconds(self.per_mille(500)),
				milliseconds(self.per_mille(999)),
				self.0.len(),
				PATIENCE.as_secs(),
			))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn reads_without_an_answer_are_the_slowest() {
		let answered = READS as u64 - READS as u64 / 200;
		let latencies = Latencies((0..answered).map(Duration::from_micros).collect());
		assert_eq!(latencies.per_mille(500), Duration::from_micros(READS as u64 / 2));
		assert_eq!(latencies.per_mille(990), Duration::from_micros(READS as u64 / 100 * 99));
		assert_eq!(latencies.per_mille(999), PATIENCE);
	}
}
