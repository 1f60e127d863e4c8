//! From any video to frames with timestamps, through a pipe from ffmpeg.

use super::{
	error::VideoError,
	frame::FrameSize,
	probe::VideoStream,
	process::{ffmpeg, Complaints, Input, Killer, Process},
};
use std::{
	io::{ErrorKind, Read},
	path::Path,
	process::{ChildStdout, Stdio},
	sync::{
		mpsc::{sync_channel, Receiver},
		Arc, Mutex, MutexGuard, PoisonError,
	},
	time::{Duration, Instant},
};

/// Timestamps that may be known before their frames; ffmpeg is a few frames ahead at most.
const TIMESTAMPS: usize = 1024;

/// A running decoder.
pub struct Decoder {
	process: Process,
	frames: ChildStdout,
	timestamps: Receiver<Option<i64>>,
	clock: Clock,
	watch: Watch,
}

/// Sees from another thread whether a decoder still moves.
#[derive(Clone)]
pub struct Watch {
	killer: Killer,
	reading_since: Arc<Mutex<Option<Instant>>>,
}

/// Makes timestamps that begin at 0 and rise, whatever a damaged file says.
struct Clock {
	first: Option<i64>,
	previous: i64,
	ticks_per_frame: i64,
}

impl Decoder {
	/// Decodes the stream of `file`.
	pub fn start(file: &Path, stream: &VideoStream) -> Result<Self, VideoError> {
		Self::with_input(&Input::file(file), stream)
	}

	/// Decodes the stream of `input`.
	pub(super) fn with_input(input: &Input, stream: &VideoStream) -> Result<Self, VideoError> {
		let mut command = ffmpeg();
		input.apply(&mut command);
		command
			.args(["-map", &format!("0:{}", stream.index), "-fps_mode", "passthrough"])
			.args(["-vf", &filters(stream), "-pix_fmt", "yuv420p", "-f", "rawvideo", "pipe:1"])
			.stdout(Stdio::piped());
		let (sender, timestamps) = sync_channel(TIMESTAMPS);
		let mut next = 0;
		let mut process = Process::start(command, move |line| {
			let Some((frame, timestamp)) = frame_line(line) else { return line == MARK };
			// It counts from 0 again when the video changes its size.
			let expected = frame == next || frame == 0;
			if expected {
				next = frame + 1;
				// The other side is gone when the job is given up.
				let _ = sender.send(timestamp);
			}
			expected
		})?;
		// When it ends before it reads, it says why.
		let _ = input.send(process.take_stdin());
		let frames = process.take_stdout().expect("stdout is piped; qed");
		let (per_second, seconds) = stream.rate;
		let ticks = u64::from(stream.ticks_per_second) * u64::from(seconds) / u64::from(per_second);
		let clock = Clock { first: None, previous: 0, ticks_per_frame: ticks.max(1) as i64 };
		let watch = Watch { killer: process.killer(), reading_since: Arc::default() };
		Ok(Self { process, frames, timestamps, clock, watch })
	}

	/// For another thread.
	pub fn watch(&self) -> Watch {
		self.watch.clone()
	}

	/// Fills `data` with the next frame; its timestamp, or `None` at the end of the video.
	///
	/// A frame that ends early is an error.
	pub fn read(&mut self, data: &mut [u8]) -> Result<Option<i64>, VideoError> {
		self.watch.set(Some(Instant::now()));
		let timestamp = self.read_frame(data);
		self.watch.set(None);
		timestamp
	}

	fn read_frame(&mut self, data: &mut [u8]) -> Result<Option<i64>, VideoError> {
		let broken = |error: std::io::Error| VideoError::Decoding(error.to_string());
		let length = loop {
			match self.frames.read(data) {
				Err(error) if error.kind() == ErrorKind::Interrupted => {},
				result => break result.map_err(broken)?,
			}
		};
		if length == 0 {
			return Ok(None);
		}
		self.frames.read_exact(&mut data[length..]).map_err(broken)?;
		let timestamp = self.timestamps.recv();
		let timestamp = timestamp
			.map_err(|_| VideoError::Decoding("ffmpeg gave a frame without its time".into()))?;
		Ok(Some(self.clock.next(timestamp)))
	}

	/// After the last frame: what the decoder had to conceal. An error when it did not reach the end.
	pub fn finish(self) -> Result<Complaints, VideoError> {
		drop((self.frames, self.timestamps));
		let (status, complaints) =
			self.process.wait().map_err(|error| VideoError::Decoding(error.to_string()))?;
		if status.success() {
			Ok(complaints)
		} else {
			Err(VideoError::Decoding(complaints.to_string()))
		}
	}
}

impl Watch {
	/// Whether the decoder has been asked for a frame and has given none for longer than `limit`.
	pub fn waits_for(&self, limit: Duration) -> bool {
		self.reading_since().is_some_and(|since| since.elapsed() > limit)
	}

	/// Ends the decoder.
	pub fn kill(&self) {
		self.killer.kill();
	}

	fn set(&self, since: Option<Instant>) {
		*self.reading_since() = since;
	}

	fn reading_since(&self) -> MutexGuard<'_, Option<Instant>> {
		self.reading_since.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

impl Clock {
	fn next(&mut self, timestamp: Option<i64>) -> i64 {
		let now = match (self.first, timestamp) {
			(None, timestamp) => {
				self.first = Some(timestamp.unwrap_or(0));
				0
			},
			(Some(first), Some(timestamp)) => {
				timestamp.saturating_sub(first).max(self.previous.saturating_add(1))
			},
			(Some(_), None) => self.previous.saturating_add(self.ticks_per_frame),
		};
		self.previous = now;
		now
	}
}

/// Size of the frames of a stream.
pub fn frame_size(stream: &VideoStream) -> FrameSize {
	FrameSize { width: stream.width, height: stream.height }
}

/// What the filter for timestamps prints besides them.
const MARK: &str = "anonymizer=1";

/// Brings every frame to the same size and range, also when the video changes in the middle, and prints
/// the time of each. Rotation comes before.
fn filters(stream: &VideoStream) -> String {
	let VideoStream { width, height, ticks_per_second, .. } = stream;
	format!(
		"scale={width}:{height}:out_range=tv,settb=1/{ticks_per_second},\
		metadata=mode=add:key=anonymizer:value=1,metadata=mode=print:file=pipe\\\\:2:direct=1"
	)
}

/// Number and time from a line `frame:7 pts:7007 pts_time:0.23`; part of a complaint may stand before it.
fn frame_line(line: &str) -> Option<(u64, Option<i64>)> {
	let mut words = line[line.rfind("frame:")?..].split_whitespace();
	let frame = words.next()?.strip_prefix("frame:")?.parse().ok()?;
	let timestamp = words.next()?.strip_prefix("pts:")?;
	words.next()?.strip_prefix("pts_time:")?;
	Some((frame, timestamp.parse().ok()))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn lines_with_times_are_told_from_complaints() {
		assert_eq!(frame_line("frame:7    pts:7007    pts_time:0.23"), Some((7, Some(7007))));
		assert_eq!(frame_line("frame:0    pts:NOPTS   pts_time:NOPTS"), Some((0, None)));
		assert_eq!(frame_line("[h264 @ 0x1] frame:1 pts:-2 pts_time:-0.1"), Some((1, Some(-2))));
		assert_eq!(frame_line("[error] corrupt frame: 7"), None);
		assert_eq!(frame_line(MARK), None);
	}

	proptest! {
		#[test]
		fn any_line_is_fine(line in "\\PC{0,60}", tail in "frame:[0-9]{1,30} pts:\\PC{0,9}") {
			let _ = frame_line(&line);
			let _ = frame_line(&(line + &tail));
		}

		#[test]
		fn timestamps_begin_at_zero_and_rise(
			times in proptest::collection::vec(proptest::option::of(any::<i64>()), 1..40),
		) {
			let mut clock = Clock { first: None, previous: 0, ticks_per_frame: 1001 };
			let made: Vec<_> = times.into_iter().map(|time| clock.next(time)).collect();
			prop_assert_eq!(made[0], 0);
			// At the end of time there is nothing left to rise to.
			prop_assert!(made.windows(2).all(|pair| pair[0] < pair[1] || pair[1] == i64::MAX));
		}
	}
}
