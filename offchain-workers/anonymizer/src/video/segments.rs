//! The output in parts: what is complete stays complete when the process is killed.
//!
//! Parts lie in a folder beside the output, `NAME.parts`. Each is encoded by itself and gets its name when
//! it is complete. At the end they are joined without encoding again, and the result is renamed.

use super::{
	encoder::Encoder,
	error::VideoError,
	frame::Frame,
	journal::{Journal, Segment},
	probe::VideoStream,
	process::{ffmpeg, file_address, Process},
	settings::VideoSettings,
};
use sha2::{Digest, Sha256};
use std::{
	ffi::OsString,
	fmt::Write as _,
	fs::{self, File, TryLockError},
	io::{self, Read},
	path::{Path, PathBuf},
	process::{Command, Stdio},
	sync::Mutex,
};

/// Ending of a file that is being written.
const UNFINISHED: &str = "part";

/// How the output is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
	/// MPEG-4.
	Mp4,
	/// QuickTime.
	Mov,
	/// Matroska.
	Matroska,
}

impl Container {
	/// By the ending of a file's name.
	pub fn of(path: &Path) -> Result<Self, VideoError> {
		let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
		match ending.as_deref() {
			Some("mp4" | "m4v") => Ok(Self::Mp4),
			Some("mov") => Ok(Self::Mov),
			Some("mkv") => Ok(Self::Matroska),
			_ => Err(VideoError::OutputName(path.into())),
		}
	}

	/// Its name in ffmpeg.
	pub(super) fn format(self) -> &'static str {
		match self {
			Self::Mp4 => "mp4",
			Self::Mov => "mov",
			Self::Matroska => "matroska",
		}
	}
}

/// The folder of parts of one output, which no other process uses at the same time.
pub struct Parts {
	folder: PathBuf,
	_lock: File,
}

impl Parts {
	/// Opens or makes the folder for `output` and removes what was not finished.
	pub fn open(output: &Path) -> Result<Self, VideoError> {
		let mut name = output.as_os_str().to_owned();
		name.push(".parts");
		let folder = PathBuf::from(name);
		match fs::create_dir(&folder) {
			Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
				return Err(VideoError::File { path: folder, source: error })
			},
			_ => {},
		}
		let path = folder.join("lock");
		let lock = File::create(&path).map_err(VideoError::file(&path))?;
		match lock.try_lock() {
			Ok(()) => {},
			Err(TryLockError::WouldBlock) => return Err(VideoError::Busy(output.into())),
			Err(TryLockError::Error(source)) => return Err(VideoError::File { path, source }),
		}
		let parts = Self { folder, _lock: lock };
		parts.remove_unfinished().map_err(VideoError::file(&parts.folder))?;
		Ok(parts)
	}

	/// Where the journal is.
	pub fn journal(&self) -> PathBuf {
		self.folder.join("journal.jsonl")
	}

	/// The folder.
	pub fn folder(&self) -> &Path {
		&self.folder
	}

	/// How many of `segments`, from the first, are still there as they were written.
	pub fn intact(&self, segments: &[Segment]) -> usize {
		let intact = |segment: &&Segment| {
			sha256(&self.segment(segment.number))
				.is_ok_and(|hash| hex::encode(hash) == segment.sha256)
		};
		segments.iter().take_while(intact).count()
	}

	/// Removes the folder.
	pub fn remove(self) -> Result<(), VideoError> {
		fs::remove_dir_all(&self.folder).map_err(VideoError::file(&self.folder))
	}

	fn segment(&self, number: u64) -> PathBuf {
		self.folder.join(segment_name(number))
	}

	/// An ffmpeg that survived its parent may still write into these; it loses its names.
	fn remove_unfinished(&self) -> io::Result<()> {
		for entry in fs::read_dir(&self.folder)? {
			let path = entry?.path();
			if path.extension().is_some_and(|ending| ending == UNFINISHED) {
				fs::remove_file(path)?;
			}
		}
		Ok(())
	}
}

fn segment_name(number: u64) -> String {
	format!("segment-{number:06}.mp4")
}

fn sha256(path: &Path) -> io::Result<[u8; 32]> {
	let mut file = File::open(path)?;
	let mut hash = Sha256::new();
	let mut buffer = vec![0; 1 << 16];
	loop {
		match file.read(&mut buffer)? {
			0 => return Ok(hash.finalize().into()),
			length => hash.update(&buffer[..length]),
		}
	}
}

/// Writes frames into segments; those that are complete already are passed over.
pub struct SegmentWriter<'a> {
	parts: &'a Parts,
	stream: &'a VideoStream,
	settings: &'a VideoSettings,
	journal: &'a Mutex<Journal>,
	segments: Vec<Segment>,
	complete_before: usize,
	current: Option<Current>,
}

/// The segment to which frames are added.
struct Current {
	number: u64,
	begin: i64,
	frames: u64,
	/// `None` if it was complete before.
	encoder: Option<Encoder>,
}

impl<'a> SegmentWriter<'a> {
	/// After the segments that are `complete`.
	pub fn new(
		parts: &'a Parts,
		stream: &'a VideoStream,
		settings: &'a VideoSettings,
		journal: &'a Mutex<Journal>,
		complete: Vec<Segment>,
	) -> Self {
		let complete_before = complete.len();
		Self {
			parts,
			stream,
			settings,
			journal,
			segments: complete,
			complete_before,
			current: None,
		}
	}

	/// Whether the frame at `timestamp`, the next one, is still to be written.
	pub fn awaits(&mut self, timestamp: i64) -> Result<bool, VideoError> {
		let length =
			i64::from(self.settings.segment_seconds) * i64::from(self.stream.ticks_per_second);
		let next = match &self.current {
			Some(current) if timestamp.saturating_sub(current.begin) < length => None,
			Some(current) => Some(current.number + 1),
			None => Some(0),
		};
		if let Some(number) = next {
			self.close()?;
			self.current = Some(self.begin(number, timestamp)?);
		}
		Ok(self.current.as_ref().is_some_and(|current| current.encoder.is_some()))
	}

	/// The frame for which [`Self::awaits`] was asked.
	pub fn write(&mut self, frame: &Frame) -> Result<(), VideoError> {
		let Some(current) = &mut self.current else { return Ok(()) };
		current.frames += 1;
		let Some(encoder) = &mut current.encoder else { return Ok(()) };
		if encoder.write(frame, frame.timestamp - current.begin).is_ok() {
			return Ok(());
		}
		Err(current.encoder.take().map_or(VideoError::StageEnded("encoder"), Encoder::failure))
	}

	/// After the last frame: completes the last segment; all of them.
	pub fn finish(mut self) -> Result<Vec<Segment>, VideoError> {
		self.close()?;
		Ok(self.segments)
	}

	fn begin(&self, number: u64, begin: i64) -> Result<Current, VideoError> {
		if (number as usize) < self.complete_before {
			return Ok(Current { number, begin, frames: 0, encoder: None });
		}
		let path = self.parts.segment(number).with_extension(UNFINISHED);
		let mut output: Vec<OsString> = track_timescale(self.stream);
		output.extend(["-f".into(), "mp4".into(), "-y".into(), file_address(&path)]);
		let encoder = Encoder::start(self.stream, self.settings, &output)?;
		Ok(Current { number, begin, frames: 0, encoder: Some(encoder) })
	}

	fn close(&mut self) -> Result<(), VideoError> {
		let Some(Current { number, begin, frames, encoder }) = self.current.take() else {
			return Ok(());
		};
		let Some(encoder) = encoder else {
			let before = &self.segments[number as usize];
			if (before.begin, before.frames) != (begin, frames) {
				return Err(VideoError::Changed(self.parts.folder.clone()));
			}
			return Ok(());
		};
		encoder.finish()?;
		let path = self.parts.segment(number);
		let unfinished = path.with_extension(UNFINISHED);
		let completed = sync(&unfinished).and_then(|()| fs::rename(&unfinished, &path));
		completed.map_err(VideoError::file(&path))?;
		let sha256 = sha256(&path).map_err(VideoError::file(&path))?;
		let segment = Segment { number, begin, frames, sha256: hex::encode(sha256) };
		let mut journal = self.journal.lock().map_err(|_| VideoError::StageEnded("journal"))?;
		journal.complete(segment.clone())?;
		self.segments.push(segment);
		Ok(())
	}
}

/// A complete video that nobody sees yet.
pub struct Joined {
	path: PathBuf,
	/// SHA-256 of its bytes.
	pub sha256: [u8; 32],
}

impl Joined {
	/// Puts it in its place.
	pub fn publish(self, output: &Path) -> Result<(), VideoError> {
		fs::rename(&self.path, output).map_err(VideoError::file(output))
	}
}

/// Joins `segments` into one video.
pub fn join(
	parts: &Parts,
	stream: &VideoStream,
	segments: &[Segment],
	container: Container,
) -> Result<Joined, VideoError> {
	let list = parts.folder.join("segments.ffconcat");
	fs::write(&list, list_of(segments, stream.ticks_per_second))
		.map_err(VideoError::file(&list))?;
	let joined = parts.folder.join("joined").with_extension(UNFINISHED);
	let mut command = ffmpeg();
	command
		.args(["-protocol_whitelist", "file", "-f", "concat", "-i"])
		.arg(file_address(&list))
		.args(["-map", "0:v:0", "-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1"])
		.args(["-fflags", "+bitexact"])
		.args(track_timescale(stream))
		.args(["-movflags", "+faststart", "-f", container.format(), "-y"])
		.arg(file_address(&joined));
	let failed = |error: io::Error| VideoError::Encoding(error.to_string());
	let (status, complaints) = Process::start(command, |_| false)?.wait().map_err(failed)?;
	if !status.success() {
		return Err(VideoError::Encoding(complaints.to_string()));
	}
	let frames = segments.iter().map(|segment| segment.frames).sum::<u64>();
	let joined_frames = count_frames(&joined)?;
	if joined_frames != frames {
		let text = format!("{joined_frames} of {frames} frames are in the joined video");
		return Err(VideoError::Encoding(text));
	}
	let synced = sync(&joined).and_then(|()| sha256(&joined));
	let sha256 = synced.map_err(VideoError::file(&joined))?;
	Ok(Joined { path: joined, sha256 })
}

/// The list for ffmpeg. Each segment begins exactly when its first frame is shown.
fn list_of(segments: &[Segment], ticks_per_second: u32) -> String {
	const MICROSECONDS: i128 = 1_000_000;
	let mut list = "ffconcat version 1.0\n".to_owned();
	for (index, segment) in segments.iter().enumerate() {
		let _ = writeln!(list, "file {}", segment_name(segment.number));
		if let Some(next) = segments.get(index + 1) {
			let ticks = i128::from(next.begin) - i128::from(segment.begin);
			let duration = ticks * MICROSECONDS / i128::from(ticks_per_second);
			let _ = writeln!(list, "duration {}us", duration);
		}
	}
	list
}

/// Keeps every timestamp as it is.
fn track_timescale(stream: &VideoStream) -> Vec<OsString> {
	vec!["-video_track_timescale".into(), stream.ticks_per_second.to_string().into()]
}

fn count_frames(path: &Path) -> Result<u64, VideoError> {
	let output = Command::new("ffprobe")
		.args(["-loglevel", "error", "-protocol_whitelist", "file", "-count_packets"])
		.args(["-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", "-i"])
		.arg(file_address(path))
		.stdin(Stdio::null())
		.output()
		.map_err(|source| VideoError::Start { program: "ffprobe", source })?;
	let count = String::from_utf8_lossy(&output.stdout).trim().trim_end_matches(',').parse();
	count.map_err(|_| VideoError::Encoding("the joined video cannot be read".into()))
}

fn sync(path: &Path) -> io::Result<()> {
	File::open(path)?.sync_all()
}
