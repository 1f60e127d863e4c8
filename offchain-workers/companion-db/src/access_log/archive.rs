//! Reading and proving what was written.

use super::{
	files::{self, Lines, INDEX, LINES},
	LogFault,
};
use codec::{Decode, DecodeAll, Encode};
use msec_worker_common::{
	access_log::{DayHead, DayIndex, DayIndexer, DayTrees, Entry, Subject},
	AccountId32,
};
use std::{
	fs,
	io::{self, BufReader},
	path::{Path, PathBuf},
	sync::{Arc, Mutex, PoisonError},
};

/// The days on disk.
pub(super) struct Archive {
	directory: PathBuf,
	store: AccountId32,
	/// What was asked for last, and whether it is the whole of a day that has ended. It is held while trees
	/// are made, so that it is done once at a time.
	last: Mutex<Option<(Arc<DayTrees>, bool)>>,
}

impl Archive {
	pub fn new(directory: &Path, store: AccountId32) -> Self {
		Self { directory: directory.to_owned(), store, last: Mutex::new(None) }
	}

	/// The days that were not ended yet, in ascending order.
	pub fn open_days(&self) -> Result<Vec<u32>, LogFault> {
		let closed = files::days(&self.directory, INDEX)?;
		let mut days = files::days(&self.directory, LINES)?;
		days.retain(|day| closed.binary_search(day).is_err());
		Ok(days)
	}

	/// Writes down the groups of a day that gets no more lines.
	pub fn seal(&self, day: u32) -> Result<(), LogFault> {
		let path = files::path(&self.directory, day, INDEX)?;
		match self.read(day, u32::MAX)? {
			Some(index) => Ok(files::write_whole(&path, &index.encode())?),
			// A crash came before its first line.
			None => Ok(fs::remove_file(files::path(&self.directory, day, LINES)?)?),
		}
	}

	/// Removes the lines and groups of the days before `day` that have ended; their heads stay, so that
	/// the days after them can be proved. How many days they were.
	pub fn prune(&self, day: u32) -> Result<usize, LogFault> {
		let mut pruned = 0;
		for old in files::days(&self.directory, LINES)?.into_iter().filter(|old| *old < day) {
			let index = files::path(&self.directory, old, INDEX)?;
			if index.try_exists()? {
				let head = read_head(&index)?;
				let rest = DayIndex { head, datasets: Vec::new(), accounts: Vec::new() };
				files::write_whole(&index, &rest.encode())?;
				fs::remove_file(files::path(&self.directory, old, LINES)?)?;
				pruned += 1;
			}
		}
		if pruned > 0 {
			*self.last.lock().unwrap_or_else(PoisonError::into_inner) = None;
		}
		Ok(pruned)
	}

	/// Whether the lines of a day that has ended were removed.
	pub fn is_pruned(&self, day: u32) -> Result<bool, LogFault> {
		let exists =
			|kind| Ok::<_, LogFault>(files::path(&self.directory, day, kind)?.try_exists()?);
		Ok(exists(INDEX)? && !exists(LINES)?)
	}

	/// The days after `day`, or all, that have ended.
	pub fn closed_after(&self, day: Option<u32>) -> Result<Vec<DayHead>, LogFault> {
		let mut heads = Vec::new();
		for closed in files::days(&self.directory, INDEX)? {
			if day.is_none_or(|day| closed > day) {
				heads.push(read_head(&files::path(&self.directory, closed, INDEX)?)?);
			}
		}
		Ok(heads)
	}

	/// A day, or its first lines, ready to prove, and whether it has ended.
	pub fn day(
		&self,
		day: u32,
		entries: Option<u32>,
	) -> Result<Option<(Arc<DayTrees>, bool)>, LogFault> {
		let path = files::path(&self.directory, day, INDEX)?;
		let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
		let closed = path.try_exists()?;
		let wanted = |head: &DayHead, is_whole| {
			head.day == day && entries.map_or(is_whole, |entries| head.entries == entries)
		};
		if let Some((trees, is_whole)) = last.as_ref() {
			if wanted(trees.head(), *is_whole) {
				return Ok(Some((trees.clone(), closed)));
			}
		}
		let index = match closed {
			true => {
				Some(DayIndex::decode_all(&mut &*fs::read(&path)?).map_err(|_| damaged(&path))?)
			},
			false => None,
		};
		let (index, is_whole) = match index.filter(|index| wanted(&index.head, true)) {
			Some(index) => (Some(index), true),
			None => (self.read(day, entries.unwrap_or(u32::MAX))?, false),
		};
		let Some(index) = index else { return Ok(None) };
		let trees = Arc::new(DayTrees::new(index).ok_or_else(|| damaged(&path))?);
		*last = Some((trees.clone(), is_whole));
		Ok(Some((trees, closed)))
	}

	/// The subject's lines, or all, among the first `entries` of a day.
	pub fn lines(
		&self,
		day: u32,
		entries: u32,
		subject: Option<Subject>,
		from: u32,
		limit: u32,
	) -> Result<Vec<String>, LogFault> {
		let mut lines = Vec::new();
		let Some(mut file) = self.open(day)? else { return Ok(lines) };
		let (mut read, mut skipped) = (0, 0);
		while read < entries && lines.len() < limit as usize {
			let Some(line) = file.next_line()? else { break };
			read += 1;
			if let Some(subject) = &subject {
				let entry = Entry::parse(&line).map_err(|error| file.damaged(error))?;
				if !subject.has(&entry) {
					continue;
				}
			}
			if skipped < from {
				skipped += 1;
			} else {
				lines.push(line);
			}
		}
		Ok(lines)
	}

	/// The groups of the first `entries` lines of a day.
	fn read(&self, day: u32, entries: u32) -> Result<Option<DayIndex>, LogFault> {
		let Some(mut file) = self.open(day)? else { return Ok(None) };
		let mut indexer = DayIndexer::new(self.store, day);
		while indexer.entries() < entries {
			let Some(line) = file.next_line()? else { break };
			indexer.push(&line).map_err(|error| file.damaged(error))?;
		}
		Ok(indexer.finish())
	}

	fn open(&self, day: u32) -> Result<Option<Lines>, LogFault> {
		match Lines::open(files::path(&self.directory, day, LINES)?) {
			Ok(lines) => Ok(Some(lines)),
			Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
			Err(error) => Err(error.into()),
		}
	}
}

/// The beginning of an index.
fn read_head(path: &Path) -> Result<DayHead, LogFault> {
	let mut reader = codec::IoReader(BufReader::new(fs::File::open(path)?));
	DayHead::decode(&mut reader).map_err(|_| damaged(path))
}

fn damaged(file: &Path) -> LogFault {
	LogFault::Damaged { file: file.to_owned(), reason: "it is no index of a day".to_owned() }
}
