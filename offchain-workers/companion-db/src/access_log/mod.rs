//! The access log on disk: every decision about a request, a line each, chained by hashes and durable
//! before the request is answered.
//!
//! Each day in UTC has a file of lines, `2026-01-31.log`. One thread writes: it takes what has come
//! together, writes it, syncs, and only then answers those who wait. When a day is over, its trees are
//! written to `2026-01-31.index`; no line is added to it afterwards, whatever the clock says. What a
//! crash left half written, which nobody was told of, is cut at the next start and kept aside in
//! `2026-01-31.torn`. Anything else that does not fit is damage, and keeps the log from being opened. Of
//! old days only the head stays.

mod archive;
mod files;
mod writer;

#[cfg(test)]
mod tests;

use archive::Archive;
use msec_commitments::Hash;
use msec_worker_common::{
	access_log::{day_of, DayHead, DayTrees, Operation, Outcome, Subject},
	AccountId32,
};
use std::{
	io,
	path::{Path, PathBuf},
	sync::Arc,
	time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::{mpsc, oneshot};
use writer::{Command, Writer};

/// How many lines may wait to be written.
const QUEUE: usize = 1024;

/// Tells the time in milliseconds since 1970.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Why the log cannot be written or read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogFault {
	/// There is no room left.
	#[error("the disk is full")]
	Full,
	/// The disk fails.
	#[error("the disk with the access log fails: {0}")]
	Disk(String),
	/// A file is not as it was written.
	#[error("the access log is damaged: {}: {reason}; restore it from a backup", .file.display())]
	Damaged {
		/// Which file.
		file: PathBuf,
		/// What is wrong with it.
		reason: String,
	},
	/// The log was closed.
	#[error("the access log is closed")]
	Closed,
}

impl From<io::Error> for LogFault {
	fn from(error: io::Error) -> Self {
		match error.kind() {
			io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
			_ => Self::Disk(error.to_string()),
		}
	}
}

/// What is to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
	/// Who signed the request.
	pub account: AccountId32,
	/// What it was about.
	pub dataset: Hash,
	/// What was asked for.
	pub operation: Operation,
	/// What for, as the request declared.
	pub purpose: Option<String>,
	/// What was decided.
	pub outcome: Outcome,
	/// The block by whose state it was decided.
	pub block: u64,
}

/// The access log of one store. Clones share it; its thread ends with the last of them.
#[derive(Clone)]
pub struct AccessLog {
	commands: mpsc::Sender<Command>,
	archive: Arc<Archive>,
	clock: Clock,
}

impl AccessLog {
	/// Opens or makes the log of `store` in `directory`.
	pub fn open(directory: &Path, store: AccountId32) -> Result<Self, LogFault> {
		Self::with_clock(directory, store, Arc::new(now))
	}

	/// A log that asks `clock` for the time.
	pub fn with_clock(
		directory: &Path,
		store: AccountId32,
		clock: Clock,
	) -> Result<Self, LogFault> {
		std::fs::create_dir_all(directory)?;
		let archive = Archive::new(directory, store);
		let closed = archive.closed_after(None)?.pop();
		let writer = Writer::open(directory, store, closed, clock.clone())?;
		let (commands, receiver) = mpsc::channel(QUEUE);
		std::thread::Builder::new()
			.name("access-log".to_owned())
			.spawn(move || writer.run(receiver))?;
		Ok(Self { commands, archive: Arc::new(archive), clock })
	}

	/// Writes a line, durably; its number.
	pub async fn append(&self, decided: Decided) -> Result<u64, LogFault> {
		let (written, number) = oneshot::channel();
		self.command(Command::Append(decided, written)).await?;
		number.await.map_err(|_| LogFault::Closed)?
	}

	/// Ends all days before the present one that have lines; none gets any more.
	pub async fn close_days(&self) -> Result<(), LogFault> {
		let today = day_of((self.clock)());
		for day in self.with_archive(move |archive| archive.open_days()).await? {
			if day >= today {
				break;
			}
			let (done, closed) = oneshot::channel();
			self.command(Command::Close(day, done)).await?;
			closed.await.map_err(|_| LogFault::Closed)?;
			self.with_archive(move |archive| archive.seal(day)).await?;
		}
		Ok(())
	}

	/// Removes the lines of the days before `first` that have ended; how many days they were.
	pub async fn prune(&self, first: u32) -> Result<usize, LogFault> {
		self.with_archive(move |archive| archive.prune(first)).await
	}

	/// Whether the lines of a day were removed because of their age.
	pub async fn is_pruned(&self, day: u32) -> Result<bool, LogFault> {
		self.with_archive(move |archive| archive.is_pruned(day)).await
	}

	/// The days after `day`, or all, that have ended, in ascending order.
	pub async fn closed_after(&self, day: Option<u32>) -> Result<Vec<DayHead>, LogFault> {
		self.with_archive(move |archive| archive.closed_after(day)).await
	}

	/// A day ready to prove, and whether it has ended; `None` without a line. Of a day that goes on, or
	/// when `entries` says so, only the first lines.
	pub async fn day(
		&self,
		day: u32,
		entries: Option<u32>,
	) -> Result<Option<(Arc<DayTrees>, bool)>, LogFault> {
		self.with_archive(move |archive| archive.day(day, entries)).await
	}

	/// The lines among the first `entries` of a day that are the subject's, or all, without the first
	/// `from` of them, at most `limit`.
	pub async fn lines(
		&self,
		day: u32,
		entries: u32,
		subject: Option<Subject>,
		from: u32,
		limit: u32,
	) -> Result<Vec<String>, LogFault> {
		self.with_archive(move |archive| archive.lines(day, entries, subject, from, limit)).await
	}

	async fn command(&self, command: Command) -> Result<(), LogFault> {
		self.commands.send(command).await.map_err(|_| LogFault::Closed)
	}

	async fn with_archive<T: Send + 'static>(
		&self,
		job: impl FnOnce(&Archive) -> Result<T, LogFault> + Send + 'static,
	) -> Result<T, LogFault> {
		let archive = self.archive.clone();
		tokio::task::spawn_blocking(move || job(&archive)).await.map_err(|_| LogFault::Closed)?
	}
}

fn now() -> u64 {
	let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
