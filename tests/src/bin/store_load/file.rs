//! One file that does not compress, encrypted and stored, fetched and decrypted, beside `age`, which
//! encrypts and decrypts it on the disk.

use crate::{
	rows::{median, Row},
	say,
	site::Site,
};
use anyhow::{anyhow, ensure};
use futures::{stream, StreamExt};
use msec::fetch::open_batch;
use msec_commitments::{Hash, KeyCover, KeyTree, MAX_CHUNKS_PER_BATCH, MAX_CHUNK_PLAINTEXT};
use msec_end_to_end::process::guarded;
use msec_worker_common::{batch_frame::Frame, store_client::StoreClient};
use rand::RngCore;
use std::{
	ffi::OsStr,
	fs::{self, File},
	io::Write,
	os::unix::fs::FileExt,
	path::{Path, PathBuf},
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::task::{block_in_place, spawn_blocking};

/// Mebibytes of the file.
const MEBIBYTES: u32 = 1024;
/// How often everything is done; the median counts.
const RUNS: u32 = 3;
/// Bytes in a batch.
const BATCH_LENGTH: usize = MAX_CHUNKS_PER_BATCH as usize * MAX_CHUNK_PLAINTEXT;
/// Batches of the file.
const BATCHES: u32 = MEBIBYTES * 1024 * 1024 / BATCH_LENGTH as u32;
/// Batches in one request.
const BATCHES_PER_UPLOAD: u32 = 4;
/// Requests to store that are under way: as many as the store takes of one account.
const UPLOADS: usize = 2;
/// Requests to fetch that are under way.
const FETCHES: usize = 4;
/// Most mebibytes that the store may have resident.
const MEMORY_TARGET: f64 = 96.0;

/// What each of the four takes.
#[derive(Default)]
struct Times {
	stored: Vec<Duration>,
	fetched: Vec<Duration>,
	encrypted: Vec<Duration>,
	decrypted: Vec<Duration>,
}

/// Stores and fetches a file without a command: `msec` publishes tables only.
#[derive(Clone)]
struct Transfer {
	client: StoreClient,
	dataset: Hash,
	tree: Arc<KeyTree>,
	plain: Arc<File>,
}

pub async fn measure() -> anyhow::Result<Vec<Row>> {
	let mut site = Site::open(&[]).await?;
	let dataset = site.create_dataset("file").await;
	let folder = site.sandbox.folder("file");
	let plain = folder.join("plain");
	block_in_place(|| write_noise(&plain))?;
	let age = Age::new(&folder)?;
	let transfer = Transfer {
		client: site.client()?,
		dataset,
		tree: Arc::new(KeyTree::from_seed(rand::random())),
		plain: Arc::new(File::open(&plain)?),
	};
	let mut times = Times::default();
	for run in 0..RUNS {
		say(&format!("A file of 1 GiB, {} of {RUNS}", run + 1));
		block_in_place(|| age.take_turn(&plain, &mut times))?;
		transfer.take_turn(run * BATCHES, &plain, &folder, &mut times).await?;
	}
	Ok(rows(&times, site.peak_memory()?))
}

fn rows(times: &Times, memory: f64) -> Vec<Row> {
	let speed = |times: &[Duration]| f64::from(MEBIBYTES) / median(times).as_secs_f64();
	let beside_age = |name: &str, ours: &[Duration], theirs: &[Duration]| {
		let (ours, theirs) = (speed(ours), speed(theirs));
		Row::new(name, ours, "MiB/s").beside("age", theirs).with_target("≥ age", ours >= theirs)
	};
	let stored = beside_age("1 GiB: encrypt and store", &times.stored, &times.encrypted).with_note(
		"until everything is acknowledged as durable, not yet committed to on chain; age: until its \
		file is on the disk; median of 3",
	);
	let fetched = beside_age("1 GiB: fetch and decrypt", &times.fetched, &times.decrypted)
		.with_note(
			"every chunk checked, until the file is on the disk, on both sides; median of 3",
		);
	let memory = Row::new("memory of the store at its peak", memory, "MiB")
		.with_target("< 96 MiB", memory < MEMORY_TARGET)
		.with_note("resident, on redb, while 3 GiB were stored and fetched");
	vec![stored, fetched, memory]
}

impl Transfer {
	/// Stores the file under the batches from `first` on, fetches it, and compares.
	async fn take_turn(
		&self,
		first: u32,
		plain: &Path,
		folder: &Path,
		times: &mut Times,
	) -> anyhow::Result<()> {
		times.stored.push(self.store(first).await?);
		let fetched = folder.join("fetched");
		times.fetched.push(self.fetch(first, &fetched).await?);
		block_in_place(|| run("cmp", &[plain.as_os_str(), fetched.as_os_str()]))?;
		Ok(fs::remove_file(fetched)?)
	}

	async fn store(&self, first: u32) -> anyhow::Result<Duration> {
		let begun = Instant::now();
		let parts = (0..BATCHES).step_by(BATCHES_PER_UPLOAD as usize);
		let mut uploads = stream::iter(parts)
			.map(|part| tokio::spawn(self.clone().upload(first, part)))
			.buffer_unordered(UPLOADS);
		while let Some(uploaded) = uploads.next().await {
			uploaded??;
		}
		Ok(begun.elapsed())
	}

	async fn upload(self, first: u32, part: u32) -> anyhow::Result<()> {
		let sealing = self.clone();
		let seal = move || {
			let batches = part..part + BATCHES_PER_UPLOAD;
			let frames = batches.map(|batch| sealing.seal(first + batch, batch));
			frames.collect::<anyhow::Result<Vec<Frame>>>()
		};
		let frames = spawn_blocking(seal).await??;
		self.client.upload(&self.dataset, &frames).await?;
		Ok(())
	}

	/// The part of the file at `position`, in batches, as batch `index`.
	fn seal(&self, index: u32, position: u32) -> anyhow::Result<Frame> {
		let mut bytes = vec![0; BATCH_LENGTH];
		self.plain.read_exact_at(&mut bytes, u64::from(position) * BATCH_LENGTH as u64)?;
		let chunks: Vec<_> = bytes.chunks(MAX_CHUNK_PLAINTEXT).collect();
		Ok(Frame::seal(index, &self.tree.batch_key(index), &chunks)?)
	}

	async fn fetch(&self, first: u32, path: &Path) -> anyhow::Result<Duration> {
		let begun = Instant::now();
		let cover = Arc::new(self.tree.cover(first + BATCHES));
		let mut file = File::create(path)?;
		let mut batches = stream::iter(first..first + BATCHES)
			.map(|batch| tokio::spawn(self.clone().open(batch, cover.clone())))
			.buffered(FETCHES);
		while let Some(opened) = batches.next().await {
			let bytes = opened??;
			block_in_place(|| file.write_all(&bytes))?;
		}
		block_in_place(|| file.sync_all())?;
		Ok(begun.elapsed())
	}

	async fn open(self, batch: u32, cover: Arc<KeyCover>) -> anyhow::Result<Vec<u8>> {
		let frame = self.client.batch(&self.dataset, batch).await?;
		let open = move || open_batch(&cover, &frame).map(|chunks| chunks.concat());
		let opened = spawn_blocking(open).await?;
		opened.map_err(|(chunk, fault)| anyhow!("chunk {chunk} of batch {batch}: {fault}"))
	}
}

/// The program `age` with a key.
struct Age {
	identity: PathBuf,
	recipient: String,
	encrypted: PathBuf,
	decrypted: PathBuf,
}

impl Age {
	fn new(folder: &Path) -> anyhow::Result<Self> {
		let identity = folder.join("identity");
		run("age-keygen", &[OsStr::new("-o"), identity.as_os_str()])?;
		let recipient = run("age-keygen", &[OsStr::new("-y"), identity.as_os_str()])?;
		let recipient = recipient.trim().to_owned();
		let (encrypted, decrypted) = (folder.join("encrypted"), folder.join("decrypted"));
		Ok(Self { identity, recipient, encrypted, decrypted })
	}

	fn take_turn(&self, plain: &Path, times: &mut Times) -> anyhow::Result<()> {
		let encrypt = ["--encrypt", "--recipient", &self.recipient].map(OsStr::new);
		times.encrypted.push(write(&encrypt, plain, &self.encrypted)?);
		let decrypt =
			[OsStr::new("--decrypt"), OsStr::new("--identity"), self.identity.as_os_str()];
		times.decrypted.push(write(&decrypt, &self.encrypted, &self.decrypted)?);
		run("cmp", &[plain.as_os_str(), self.decrypted.as_os_str()])?;
		fs::remove_file(&self.encrypted)?;
		Ok(fs::remove_file(&self.decrypted)?)
	}
}

/// Has `age` make one file of another, until it is on the disk.
fn write(arguments: &[&OsStr], from: &Path, to: &Path) -> anyhow::Result<Duration> {
	let begun = Instant::now();
	let files = [OsStr::new("--output"), to.as_os_str(), from.as_os_str()];
	run("age", &[arguments, &files[..]].concat())?;
	File::open(to)?.sync_all()?;
	Ok(begun.elapsed())
}

/// Runs a program that must succeed; what it prints.
fn run(program: &str, arguments: &[&OsStr]) -> anyhow::Result<String> {
	let output = guarded(program).args(arguments).output()?;
	let error = String::from_utf8_lossy(&output.stderr);
	ensure!(output.status.success(), "{program}: {}\n{error}", output.status);
	Ok(String::from_utf8(output.stdout)?)
}

fn write_noise(path: &Path) -> anyhow::Result<()> {
	let mut file = File::create(path)?;
	let mut bytes = vec![0; BATCH_LENGTH];
	for _ in 0..BATCHES {
		rand::rng().fill_bytes(&mut bytes);
		file.write_all(&bytes)?;
	}
	Ok(file.sync_all()?)
}
