//! The thread that writes.

use super::{
	files::{self, LINES, TORN},
	Clock, Decided, LogFault,
};
use msec_commitments::Hash;
use msec_worker_common::{
	access_log::{
		day_of, line_hash, start_of, DayHead, DayIndexer, Entry, Outcome, MAX_LINE_LENGTH,
	},
	AccountId32, H256,
};
use rustix::fs::{fallocate, FallocateFlags};
use std::{
	fs::{File, OpenOptions},
	io::{Read, Seek, SeekFrom, Write},
	path::{Path, PathBuf},
};
use tokio::sync::{mpsc, oneshot};

/// Most lines that are written together.
const GROUP: usize = 256;
/// How much of a file's end is looked at when it is opened: more than one group, which is all that a crash
/// can leave half written.
const WINDOW: u64 = 2 * (GROUP * (MAX_LINE_LENGTH + 1)) as u64;
/// How many bytes of the disk a day's file takes ahead of its lines, so that decisions can be written down
/// and batches read while the disk is full: some two thousand lines.
const RESERVE: u64 = 1024 * 1024;
/// Most characters of a reason.
const MAX_REASON: usize = 100;

/// Who waits for the number of a line.
type Waiting = oneshot::Sender<Result<u64, LogFault>>;

/// What the thread is asked.
pub(super) enum Command {
	/// To write a line.
	Append(Decided, Waiting),
	/// To write no more lines of this day or an earlier one.
	Close(u32, oneshot::Sender<()>),
}

/// Where the log goes on.
pub(super) struct Writer {
	directory: PathBuf,
	clock: Clock,
	segment: Option<Segment>,
	/// Number of the next line.
	next: u64,
	/// Hash of the last line.
	last: Hash,
	/// Time of the last line.
	last_time: u64,
	/// The first day that may get lines.
	first_day: u32,
}

/// The file of a day.
struct Segment {
	day: u32,
	file: File,
	/// Bytes that are durable.
	length: u64,
	/// Bytes for which the disk has room.
	reserved: u64,
	/// Whether there may be more, of a write that failed.
	dirty: bool,
}

impl Writer {
	/// Finds the end of the log, cutting what a crash left half written. `closed` is the last day that has
	/// ended, whose lines may be gone.
	pub fn open(
		directory: &Path,
		store: AccountId32,
		closed: Option<DayHead>,
		clock: Clock,
	) -> Result<Self, LogFault> {
		let segments = files::days(directory, LINES)?;
		let after_closed = closed.map_or(0, |head| head.day.saturating_add(1));
		let mut writer = Self {
			directory: directory.to_owned(),
			clock,
			segment: None,
			next: closed.map_or(0, |head| head.next()),
			last: closed.map_or([0; 32], |head| head.last.0),
			last_time: 0,
			first_day: segments.last().copied().unwrap_or(0).max(after_closed),
		};
		for day in segments.into_iter().rev() {
			let path = files::path(directory, day, LINES)?;
			if let Some((entry, hash)) = recover(&path, store, day)? {
				(writer.next, writer.last, writer.last_time) = (entry.number + 1, hash, entry.time);
				break;
			}
		}
		Ok(writer)
	}

	/// Works until nobody can ask any more.
	pub fn run(mut self, mut commands: mpsc::Receiver<Command>) {
		let mut next = None;
		while let Some(command) = next.take().or_else(|| commands.blocking_recv()) {
			match command {
				Command::Close(day, done) => {
					self.close(day);
					let _ = done.send(());
				},
				Command::Append(decided, written) => {
					let mut group = vec![(decided, written)];
					while group.len() < GROUP {
						match commands.try_recv() {
							Ok(Command::Append(decided, written)) => group.push((decided, written)),
							other => {
								next = other.ok();
								break;
							},
						}
					}
					self.append(group);
				},
			}
		}
	}

	fn close(&mut self, day: u32) {
		self.first_day = self.first_day.max(day.saturating_add(1));
		self.segment.take_if(|segment| segment.day <= day);
	}

	fn append(&mut self, group: Vec<(Decided, Waiting)>) {
		let (decided, waiting): (Vec<_>, Vec<_>) = group.into_iter().unzip();
		let first = self.write(decided);
		if let Err(fault) = &first {
			tracing::error!(%fault, "the access log cannot be written; nothing is served");
		}
		for (position, written) in (0..).zip(waiting) {
			// Who has gone meanwhile needs no answer.
			let _ = written.send(first.clone().map(|first| first + position));
		}
	}

	/// Writes lines durably, or none; the number of the first.
	fn write(&mut self, group: Vec<Decided>) -> Result<u64, LogFault> {
		// Neither the time nor the day ever goes back, whatever the clock does.
		let time = (self.clock)().max(self.last_time).max(start_of(self.first_day));
		let (first, mut next, mut last) = (self.next, self.next, self.last);
		let mut text = String::new();
		for decided in group {
			let line = entry(decided, next, time, last).line();
			(next, last) = (next + 1, line_hash(&line));
			text.push_str(&line);
			text.push('\n');
		}
		self.segment(day_of(time))?.write(text.as_bytes())?;
		(self.next, self.last, self.last_time, self.first_day) = (next, last, time, day_of(time));
		metrics::counter!("msec_store_access_log_lines_total").increment(next - first);
		Ok(first)
	}

	fn segment(&mut self, day: u32) -> Result<&mut Segment, LogFault> {
		self.segment.take_if(|segment| segment.day != day);
		let segment = match self.segment.take() {
			Some(segment) => segment,
			None => Segment::open(&files::path(&self.directory, day, LINES)?, day)?,
		};
		Ok(self.segment.insert(segment))
	}
}

impl Segment {
	fn open(path: &Path, day: u32) -> Result<Self, LogFault> {
		let file = OpenOptions::new().append(true).create(true).open(path)?;
		files::sync_directory_of(path)?;
		let length = file.metadata()?.len();
		let mut segment = Self { day, file, length, reserved: length, dirty: false };
		segment.reserve();
		Ok(segment)
	}

	/// Takes room on the disk, where it and its file system have any. The file does not get longer.
	fn reserve(&mut self) {
		let taken = fallocate(&self.file, FallocateFlags::KEEP_SIZE, self.length, RESERVE);
		if taken.is_ok() {
			self.reserved = self.length + RESERVE;
		}
	}

	fn write(&mut self, text: &[u8]) -> Result<(), LogFault> {
		if self.dirty {
			self.file.set_len(self.length)?;
		}
		self.dirty = true;
		self.file.write_all(text)?;
		self.file.sync_data()?;
		self.length += text.len() as u64;
		self.dirty = false;
		if self.length + RESERVE / 2 > self.reserved {
			self.reserve();
		}
		Ok(())
	}
}

fn entry(decided: Decided, number: u64, time: u64, previous: Hash) -> Entry {
	let Decided { account, dataset, operation, purpose, outcome, block } = decided;
	let cut = |text: String| text.chars().take(MAX_REASON).collect();
	let outcome = match outcome {
		Outcome::Served(basis) => Outcome::Served(cut(basis)),
		Outcome::Refused(reason) => Outcome::Refused(cut(reason)),
	};
	Entry {
		number,
		time,
		account,
		dataset: H256(dataset),
		operation,
		purpose: purpose.map(cut),
		outcome,
		block,
		previous: H256(previous),
	}
}

/// The last line of a file with its hash. What a crash left after it is moved aside: what has no end, and
/// what follows a hole of zeros, which no line contains.
fn recover(path: &Path, store: AccountId32, day: u32) -> Result<Option<(Entry, Hash)>, LogFault> {
	let damaged = |reason: String| LogFault::Damaged { file: path.to_owned(), reason };
	let mut file = OpenOptions::new().read(true).write(true).open(path)?;
	let length = file.metadata()?.len();
	let start = length.saturating_sub(WINDOW);
	file.seek(SeekFrom::Start(start))?;
	let mut window = Vec::new();
	file.read_to_end(&mut window)?;
	let skipped = match start {
		0 => 0,
		_ => end_of_line(window.iter().position(|byte| *byte == b'\n')),
	};
	let sound = window.iter().position(|byte| *byte == 0).unwrap_or(window.len());
	let end = end_of_line(window[..sound].iter().rposition(|byte| *byte == b'\n'));
	if end < window.len() {
		set_aside(path, &window[end..])?;
		file.set_len(start + end as u64)?;
		file.sync_all()?;
		tracing::warn!(
			file = %path.display(),
			bytes = window.len() - end,
			"cut from the access log what a crash left half written"
		);
	}
	let lines = window.get(skipped..end).unwrap_or_default();
	let text = std::str::from_utf8(lines).map_err(|error| damaged(error.to_string()))?;
	let mut indexer = DayIndexer::new(store, day);
	let mut last = None;
	for line in text.lines() {
		let entry = indexer.push(line).map_err(|error| damaged(error.to_string()))?;
		last = Some((entry, line_hash(line)));
	}
	match last {
		None if start > 0 => Err(damaged("its end holds no line".to_owned())),
		last => Ok(last),
	}
}

fn end_of_line(position: Option<usize>) -> usize {
	position.map_or(0, |position| position + 1)
}

fn set_aside(path: &Path, bytes: &[u8]) -> Result<(), LogFault> {
	let aside = path.with_extension(TORN);
	let mut file = OpenOptions::new().append(true).create(true).open(&aside)?;
	file.write_all(bytes)?;
	file.sync_all()?;
	Ok(files::sync_directory_of(&aside)?)
}
