//! What is already done, so that an interrupted job goes on where it was.
//!
//! A journal has one line of JSON for each frame that was examined and for each segment that is complete,
//! in order, after a line that says what it belongs to. A line that was cut off by a crash, and whatever
//! follows it, is as if it had never been written.

use super::error::VideoError;
use crate::{detection::runtime::ModelIdentity, Outcome};
use serde::{Deserialize, Serialize};
use std::{
	fs::{File, OpenOptions},
	io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write},
	path::{Path, PathBuf},
};

/// Longest line that is read, in bytes: thousands of detections in one frame.
const MAX_LINE: u64 = 1 << 22;

/// Everything that decides about the result. Work for something else is not continued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Identity {
	/// Version of this program.
	pub version: String,
	/// HMAC-SHA-256 of the original, in hexadecimal digits.
	pub original_hmac: String,
	/// SHA-256 of the settings.
	pub settings_sha256: String,
	/// The files that decide about what is found.
	pub models: Vec<ModelIdentity>,
	/// Frames that are looked ahead: the longest gap that is surely filled.
	pub look_ahead: usize,
}

/// A complete segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Segment {
	/// Its number, from 0.
	pub number: u64,
	/// When its first frame is shown, in ticks.
	pub begin: i64,
	/// Frames in it.
	pub frames: u64,
	/// SHA-256 of its file.
	pub sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
	Identity(Identity),
	Examined(Examined),
	Segment(Segment),
}

/// What was found in a frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Examined {
	/// Number of the frame, from 0.
	pub frame: u64,
	/// What models saw; nothing for frames they were not shown.
	pub outcome: Option<Outcome>,
}

/// The journal of a job, open at its end.
pub struct Journal {
	path: PathBuf,
	file: BufWriter<File>,
}

/// What a journal says is done.
#[derive(Debug, Default)]
pub struct Done {
	/// Frames that were examined: the first so many.
	pub examined: u64,
	/// Complete segments: the first so many.
	pub segments: Vec<Segment>,
}

impl Journal {
	/// Continues the journal at `path` if it belongs to the same job, else begins a new one.
	pub fn open(path: &Path, identity: &Identity) -> Result<(Self, Done), VideoError> {
		let mut options = OpenOptions::new();
		let options = options.read(true).write(true).create(true).truncate(false);
		let mut file = options.open(path).map_err(VideoError::file(path))?;
		let (done, end) = read(&mut Lines::new(&file), identity);
		file.set_len(end).map_err(VideoError::file(path))?;
		file.seek(SeekFrom::End(0)).map_err(VideoError::file(path))?;
		let mut journal = Self { path: path.into(), file: BufWriter::new(file) };
		if end == 0 {
			journal.write(&Line::Identity(identity.clone()))?;
		}
		Ok((journal, done))
	}

	/// The next frame was examined.
	pub fn examined(&mut self, examined: Examined) -> Result<(), VideoError> {
		self.write(&Line::Examined(examined))
	}

	/// The next segment is complete. Lasts, with everything before it, when this returns.
	pub fn complete(&mut self, segment: Segment) -> Result<(), VideoError> {
		self.write(&Line::Segment(segment))?;
		let lasting = self.file.flush().and_then(|()| self.file.get_ref().sync_data());
		lasting.map_err(VideoError::file(&self.path))
	}

	fn write(&mut self, line: &Line) -> Result<(), VideoError> {
		let mut json = serde_json::to_vec(line).expect("lines have no maps with odd keys; qed");
		json.push(b'\n');
		self.file.write_all(&json).map_err(VideoError::file(&self.path))
	}
}

/// Reads what was examined, frame by frame, from the journal at `path`.
pub fn replay(path: &Path) -> Result<impl Iterator<Item = Examined>, VideoError> {
	let file = File::open(path).map_err(VideoError::file(path))?;
	Ok(Lines::new(file).filter_map(|(line, _)| match line {
		Line::Examined(examined) => Some(examined),
		_ => None,
	}))
}

/// What is done, and the position after it.
fn read(lines: &mut impl Iterator<Item = (Line, u64)>, identity: &Identity) -> (Done, u64) {
	let mut done = Done::default();
	let mut end = match lines.next() {
		Some((Line::Identity(found), position)) if found == *identity => position,
		_ => return (done, 0),
	};
	for (line, position) in lines {
		match line {
			Line::Examined(examined) if examined.frame == done.examined => done.examined += 1,
			Line::Segment(segment) if segment.number == done.segments.len() as u64 => {
				done.segments.push(segment)
			},
			_ => break,
		}
		end = position;
	}
	(done, end)
}

/// Complete lines and the position after each, until one is not understood.
struct Lines<R> {
	reader: BufReader<R>,
	position: u64,
}

impl<R: std::io::Read> Lines<R> {
	fn new(file: R) -> Self {
		Self { reader: BufReader::new(file), position: 0 }
	}
}

impl<R: std::io::Read> Iterator for Lines<R> {
	type Item = (Line, u64);

	fn next(&mut self) -> Option<Self::Item> {
		let mut text = Vec::new();
		let mut limited = std::io::Read::take(&mut self.reader, MAX_LINE);
		limited.read_until(b'\n', &mut text).ok()?;
		self.position += text.len() as u64;
		let line = serde_json::from_slice(text.strip_suffix(b"\n")?).ok()?;
		Some((line, self.position))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		detection::{Class, Detection},
		geometry::BoundingBox,
	};
	use proptest::prelude::*;

	fn identity(input: &str) -> Identity {
		Identity {
			version: "1".into(),
			original_hmac: input.into(),
			settings_sha256: "settings".into(),
			models: Vec::new(),
			look_ahead: 20,
		}
	}

	fn examined(frame: u64) -> Examined {
		let bounding_box = BoundingBox { x_min: 0.1, y_min: -3.7, x_max: 1e-3, y_max: 4096.33 };
		let found = Detection { class: Class::Face, score: 1.0 / 3.0, bounding_box };
		Examined { frame, outcome: Some(Outcome { hidden: vec![found], nearly: Vec::new() }) }
	}

	fn segment(number: u64) -> Segment {
		Segment { number, begin: 100 * number as i64, frames: 3, sha256: "hash".into() }
	}

	/// The bytes of a journal with four frames and two segments.
	fn written(folder: &Path) -> Vec<u8> {
		let path = folder.join("journal");
		let (mut journal, _) = Journal::open(&path, &identity("input")).unwrap();
		for frame in 0..4 {
			journal.examined(examined(frame)).unwrap();
			if frame % 2 == 1 {
				journal.complete(segment(frame / 2)).unwrap();
			}
		}
		drop(journal);
		std::fs::read(path).unwrap()
	}

	#[test]
	fn goes_on_where_it_was() {
		let folder = tempfile::tempdir().unwrap();
		written(folder.path());
		let path = folder.path().join("journal");
		let (mut journal, done) = Journal::open(&path, &identity("input")).unwrap();
		assert_eq!((done.examined, done.segments), (4, vec![segment(0), segment(1)]));
		journal.examined(examined(4)).unwrap();
		drop(journal);
		let all: Vec<_> = replay(&path).unwrap().collect();
		assert_eq!(all, (0..5).map(examined).collect::<Vec<_>>());
	}

	#[test]
	fn work_for_something_else_is_not_continued() {
		let folder = tempfile::tempdir().unwrap();
		written(folder.path());
		let path = folder.path().join("journal");
		let (journal, done) = Journal::open(&path, &identity("other")).unwrap();
		assert_eq!((done.examined, done.segments.len()), (0, 0));
		drop(journal);
		assert_eq!(replay(&path).unwrap().count(), 0);
	}

	proptest! {
		#[test]
		fn a_cut_anywhere_loses_the_last_line_only(part in 0.0f64..1.0) {
			let folder = tempfile::tempdir().unwrap();
			let bytes = written(folder.path());
			let path = folder.path().join("journal");
			let cut = (bytes.len() as f64 * part) as usize;
			std::fs::write(&path, &bytes[..cut]).unwrap();
			let whole = bytes[..cut].iter().filter(|byte| **byte == b'\n').count();
			let (journal, done) = Journal::open(&path, &identity("input")).unwrap();
			let lines = done.examined as usize + done.segments.len();
			prop_assert_eq!(lines, whole.saturating_sub(1));
			drop(journal);
			prop_assert_eq!(replay(&path).unwrap().count() as u64, done.examined);
		}

		#[test]
		fn any_bytes_are_fine(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
			let folder = tempfile::tempdir().unwrap();
			let path = folder.path().join("journal");
			std::fs::write(&path, bytes).unwrap();
			let (_, done) = Journal::open(&path, &identity("input")).unwrap();
			prop_assert_eq!((done.examined, done.segments.len()), (0, 0));
		}
	}
}
