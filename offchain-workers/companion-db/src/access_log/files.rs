//! The files of the log.

use super::LogFault;
use msec_worker_common::access_log::{day_name, parse_day, MAX_LINE_LENGTH};
use std::{
	fs::{self, File},
	io::{self, BufRead, BufReader, Read, Write},
	path::{Path, PathBuf},
};

/// What files of a kind end with.
pub(super) const LINES: &str = "log";
pub(super) const INDEX: &str = "index";
pub(super) const TORN: &str = "torn";

/// The file of a day.
pub(super) fn path(directory: &Path, day: u32, kind: &str) -> Result<PathBuf, LogFault> {
	let name = day_name(day).ok_or_else(|| LogFault::Disk("the clock is wrong".to_owned()))?;
	Ok(directory.join(format!("{name}.{kind}")))
}

/// The days that have a file of a kind, in ascending order.
pub(super) fn days(directory: &Path, kind: &str) -> io::Result<Vec<u32>> {
	let mut days = Vec::new();
	for entry in fs::read_dir(directory)? {
		let path = entry?.path();
		if path.extension().is_some_and(|extension| extension == kind) {
			days.extend(path.file_stem().and_then(|stem| parse_day(stem.to_str()?)));
		}
	}
	days.sort_unstable();
	Ok(days)
}

/// Writes a file whole or not at all.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
	let temporary = path.with_extension("tmp");
	let mut file = File::create(&temporary)?;
	file.write_all(content)?;
	file.sync_all()?;
	fs::rename(&temporary, path)?;
	sync_directory_of(path)
}

/// Makes the names in the file's folder durable.
pub(super) fn sync_directory_of(path: &Path) -> io::Result<()> {
	path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

/// The complete lines of a file, without their ends, until the first that is too long or no text.
pub(super) struct Lines {
	path: PathBuf,
	reader: BufReader<File>,
}

impl Lines {
	pub fn open(path: PathBuf) -> io::Result<Self> {
		let reader = BufReader::new(File::open(&path)?);
		Ok(Self { path, reader })
	}

	/// The next line; `None` at the end, and before what is half written.
	pub fn next_line(&mut self) -> Result<Option<String>, LogFault> {
		let mut line = Vec::new();
		let limit = MAX_LINE_LENGTH as u64 + 1;
		self.reader.by_ref().take(limit).read_until(b'\n', &mut line)?;
		match line.pop() {
			Some(b'\n') => {},
			Some(_) if line.len() >= MAX_LINE_LENGTH => {
				return Err(self.damaged("a line is too long"));
			},
			_ => return Ok(None),
		}
		String::from_utf8(line).map(Some).map_err(|_| self.damaged("a line is no text"))
	}

	pub fn damaged(&self, reason: impl ToString) -> LogFault {
		LogFault::Damaged { file: self.path.clone(), reason: reason.to_string() }
	}
}
