//! From a camera to a file or a server: always the latest frame, in time or not at all.

use super::{
	decoder::{frame_size, Decoder, Watch},
	encoder::Encoder,
	error::VideoError,
	frame::{Frame, FrameSize, Reducer},
	painting::Painter,
	pipeline::{detect, view_size},
	probe::{probe_input, VideoStream},
	process::{file_address, Input, Killer},
	report::{ClassReport, Counts},
	segments::Container,
	settings::Codec,
};
use crate::{
	detection::{Class, DetectorKind},
	tracking::{DetectEvery, Observation, SceneDetector, Tracker, TrackingSettings},
	Anonymizer, Settings,
};
use serde::{Deserialize, Serialize};
use std::{
	collections::BTreeMap,
	ffi::OsString,
	fs,
	os::unix::fs::FileTypeExt,
	path::{Path, PathBuf},
	str::FromStr,
	sync::{
		atomic::{AtomicU64, Ordering},
		mpsc::{sync_channel, Receiver, SyncSender, TrySendError},
		Condvar, Mutex, MutexGuard, PoisonError,
	},
	thread,
	time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// Ticks per second of what is written; those of RTP.
const TICKS: u32 = 90_000;

/// How often waiting is interrupted to see whether to stop.
const STOP_PERIOD: Duration = Duration::from_millis(100);

/// Wait before the camera is tried again; doubles each time it fails.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Longest wait before the camera is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long the encoder may take to complete the output.
const COMPLETION: Duration = Duration::from_secs(20);

/// Protocols of an RTSP session, plain or encrypted.
const RTSP_PROTOCOLS: &str = "pipe,rtsp,rtp,tcp,udp,tls,crypto";

/// Microseconds after which an RTSP server that does not answer is given up.
const RTSP_TIMEOUT: u32 = 10_000_000;

/// How cameras are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct CameraSettings {
	/// Milliseconds after its arrival in which a frame must be anonymized; later it is not passed on.
	pub deadline: u64,
	/// Seconds without a frame after which the camera is connected to again.
	pub stall_seconds: u64,
}

impl Default for CameraSettings {
	fn default() -> Self {
		Self { deadline: 500, stall_seconds: 10 }
	}
}

/// Where frames come from.
#[derive(Clone)]
pub enum Source {
	/// An RTSP server.
	Rtsp {
		/// `rtsp://` or `rtsps://`, without a password.
		address: String,
		/// Who asks: `user:password@`, percent-encoded, or nothing.
		credentials: Zeroizing<String>,
	},
	/// A device of Video4Linux: `/dev/video0`.
	V4l2(PathBuf),
}

/// Where frames go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
	/// An RTSP server that takes streams.
	Rtsp(String),
	/// A file. It appears when the recording is complete.
	File(PathBuf),
}

/// What happened to the frames of a camera.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CameraReport {
	/// Frames that came from the camera.
	pub received: u64,
	/// Frames that were passed on.
	pub written: u64,
	/// Frames that were not looked at, because a later one had arrived before there was time.
	pub skipped: u64,
	/// Frames that were not passed on because they missed the deadline, or the destination was too slow.
	pub late: u64,
	/// Times that the camera was connected to again.
	pub reconnections: u64,
	/// What was hidden.
	pub classes: BTreeMap<Class, ClassReport>,
}

impl FromStr for Source {
	type Err = VideoError;

	fn from_str(text: &str) -> Result<Self, VideoError> {
		if is_rtsp(text)? {
			Ok(Self::Rtsp { address: text.into(), credentials: Zeroizing::default() })
		} else if text.starts_with("/dev/") {
			Ok(Self::V4l2(text.into()))
		} else {
			let hint =
				"name a camera as rtsp://HOST/PATH or /dev/video0; for files there is `video`";
			Err(VideoError::Address(format!("{text} is no camera; {hint}")))
		}
	}
}

impl FromStr for Destination {
	type Err = VideoError;

	fn from_str(text: &str) -> Result<Self, VideoError> {
		if is_rtsp(text)? {
			return Ok(Self::Rtsp(text.into()));
		}
		Container::of(Path::new(text))?;
		Ok(Self::File(text.into()))
	}
}

/// Whether it is the address of an RTSP server; an error if there is a password in it, which everybody on
/// this machine could read.
fn is_rtsp(text: &str) -> Result<bool, VideoError> {
	let Some(rest) = text.strip_prefix("rtsp://").or_else(|| text.strip_prefix("rtsps://")) else {
		return Ok(false);
	};
	let host = rest.split('/').next().unwrap_or_default();
	if host.contains('@') {
		let hint = "write user:password into a file and name it with --credentials";
		return Err(VideoError::Address(format!("addresses must not hold passwords; {hint}")));
	}
	// The address stands between quotes in a list for ffmpeg.
	let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\'' | b'\\');
	if host.is_empty() || !text.bytes().all(plain) {
		let hint = "write other characters than those of addresses as %XX";
		return Err(VideoError::Address(format!("{text:?} is no address; {hint}")));
	}
	Ok(true)
}

impl Source {
	/// With `user:password` for an RTSP server.
	pub fn with_credentials(self, credentials: &[u8]) -> Result<Self, VideoError> {
		let Self::Rtsp { address, .. } = self else {
			let text = "only cameras at an rtsp:// address take credentials";
			return Err(VideoError::Address(text.into()));
		};
		let mut parts = credentials.trim_ascii().splitn(2, |byte| *byte == b':');
		let (Some(user), Some(password)) = (parts.next(), parts.next()) else {
			let text = "the credentials must have the form user:password";
			return Err(VideoError::Address(text.into()));
		};
		let (user, password) = (percent_encoded(user), percent_encoded(password));
		let credentials = Zeroizing::new(format!("{}:{}@", *user, *password));
		Ok(Self::Rtsp { address, credentials })
	}

	/// For ffmpeg.
	fn input(&self) -> Result<Input, VideoError> {
		match self {
			Self::Rtsp { address, credentials } => {
				let (scheme, rest) = address.split_once("://").unwrap_or(("rtsp", address));
				let list = format!(
					"ffconcat version 1.0\nfile '{scheme}://{}{rest}'\n\
					option rtsp_flags prefer_tcp\noption timeout {RTSP_TIMEOUT}\n",
					**credentials
				);
				let options = ["-protocol_whitelist", RTSP_PROTOCOLS, "-f", "concat", "-safe", "0"];
				let options = options.into_iter().chain(["-i", "pipe:0"]).map(OsString::from);
				Ok(Input { options: options.collect(), list: Some(Zeroizing::new(list)) })
			},
			Self::V4l2(device) => {
				let metadata = fs::metadata(device).map_err(VideoError::file(device))?;
				if !metadata.file_type().is_char_device() {
					let text = format!("{} is no camera device", device.display());
					return Err(VideoError::Address(text));
				}
				Ok(v4l2_input(device))
			},
		}
	}
}

fn v4l2_input(device: &Path) -> Input {
	let options = ["-f", "v4l2", "-i"].map(OsString::from).into_iter().chain([device.into()]);
	Input { options: options.collect(), list: None }
}

fn percent_encoded(bytes: &[u8]) -> Zeroizing<String> {
	let mut text = String::with_capacity(bytes.len() * 3);
	for byte in bytes {
		match byte {
			byte if byte.is_ascii_alphanumeric() => text.push(char::from(*byte)),
			byte => text.push_str(&format!("%{byte:02X}")),
		}
	}
	Zeroizing::new(text)
}

impl Destination {
	/// Options for ffmpeg.
	fn output(&self, stream: &VideoStream, codec: Codec) -> Result<Vec<OsString>, VideoError> {
		let second = (stream.rate.0 / stream.rate.1).max(1).to_string();
		let mut output: Vec<OsString> = vec!["-g".into(), second.into()];
		match self {
			Self::Rtsp(_) if codec == Codec::Av1 => {
				let text = "AV1 cannot be sent to an RTSP server; choose another codec";
				return Err(VideoError::Settings(text.into()));
			},
			Self::Rtsp(address) => {
				let options =
					["-tune", "zerolatency", "-f", "rtsp", "-rtsp_transport", "tcp", address];
				output.extend(options.map(OsString::from));
			},
			Self::File(path) => {
				let format = Container::of(path)?.format();
				let options = ["-movflags", "+frag_keyframe+empty_moov", "-f", format, "-y"];
				output.extend(options.map(OsString::from));
				output.push(file_address(&unfinished(path)));
			},
		}
		Ok(output)
	}

	/// When there is nothing to keep.
	fn discard(&self) {
		if let Self::File(path) = self {
			let _ = fs::remove_file(unfinished(path));
		}
	}

	/// After the encoder has ended well.
	fn publish(&self) -> Result<(), VideoError> {
		match self {
			Self::Rtsp(_) => Ok(()),
			Self::File(path) => fs::rename(unfinished(path), path).map_err(VideoError::file(path)),
		}
	}
}

/// Where a recording is until it is complete.
fn unfinished(path: &Path) -> PathBuf {
	let mut name = path.as_os_str().to_owned();
	name.push(".part");
	name.into()
}

/// Passes on what `source` shows, anonymized, until `stop`. `progress` is called after each frame.
///
/// A camera that fails is connected to again, after longer and longer pauses. Errors of detection or of
/// the destination end the recording; what was written until then is complete.
pub fn run(
	source: &Source,
	destination: &Destination,
	settings: &Settings,
	anonymizer: Anonymizer,
	stop: &CancellationToken,
	progress: &mut dyn FnMut(&CameraReport),
) -> Result<CameraReport, VideoError> {
	settings.video.check()?;
	let Some(stream) = first_connection(source, stop)? else { return Ok(CameraReport::default()) };
	let stream = VideoStream { ticks_per_second: TICKS, ..stream };
	let output = destination.output(&stream, settings.video.codec)?;
	let encoder = Encoder::start(&stream, &settings.video, &output)?;
	let killer = encoder.killer();
	// Without a look ahead, what appears in a frame that models do not see would be shown.
	let tracking = TrackingSettings { detect_every: DetectEvery::same(1), ..settings.tracking };
	let (sender, frames) = sync_channel(1);
	let encoding = thread::spawn(move || encode(encoder, frames));

	let mut session = Session {
		stream: &stream,
		settings,
		anonymizer,
		painter: Painter::new(settings, frame_size(&stream)),
		reducer: Reducer::new(view_size(settings, frame_size(&stream))),
		scenes: SceneDetector::default(),
		tracker: Tracker::new(&tracking, 0),
		counts: Counts::default(),
		report: CameraReport::default(),
		sender,
		begin: Instant::now(),
		last_timestamp: -1,
		stop,
		progress,
	};
	let passed = session.pass_on_until_stop(source);
	let report = session.end();
	if report.written == 0 {
		killer.kill();
		destination.discard();
		return passed.map(|()| report);
	}
	completed(encoding, &killer)?;
	destination.publish()?;
	passed.map(|()| report)
}

/// Waits for the camera to be there for the first time; `None` when it was stopped before.
fn first_connection(
	source: &Source,
	stop: &CancellationToken,
) -> Result<Option<VideoStream>, VideoError> {
	let mut pause = FIRST_PAUSE;
	while !stop.is_cancelled() {
		match probe_input(&source.input()?) {
			Ok(stream) => return Ok(Some(stream)),
			Err(error @ (VideoError::Start { .. } | VideoError::FrameSize { .. })) => {
				return Err(error)
			},
			Err(error) => tracing::warn!(%error, "the camera does not answer"),
		}
		wait(pause, stop);
		pause = (pause * 2).min(LONGEST_PAUSE);
	}
	Ok(None)
}

/// Waits, but not longer than until `stop`.
fn wait(pause: Duration, stop: &CancellationToken) {
	let begin = Instant::now();
	while begin.elapsed() < pause && !stop.is_cancelled() {
		thread::sleep(STOP_PERIOD);
	}
}

/// The encoder's thread: until there are no more frames.
fn encode(mut encoder: Encoder, frames: Receiver<Frame>) -> Result<(), VideoError> {
	while let Ok(frame) = frames.recv() {
		if encoder.write(&frame, frame.timestamp).is_err() {
			return Err(encoder.failure());
		}
	}
	encoder.finish()
}

/// The result of the encoder's thread, which is stopped if it takes too long.
fn completed(
	encoding: thread::JoinHandle<Result<(), VideoError>>,
	killer: &Killer,
) -> Result<(), VideoError> {
	let begin = Instant::now();
	while !encoding.is_finished() {
		if begin.elapsed() > COMPLETION {
			killer.kill();
		}
		thread::sleep(STOP_PERIOD);
	}
	encoding.join().unwrap_or(Err(VideoError::StageEnded("encoder")))
}

/// The latest frame, which waits for somebody to take it.
#[derive(Default)]
struct Latest {
	slot: Mutex<Slot>,
	changed: Condvar,
	received: AtomicU64,
	skipped: AtomicU64,
}

#[derive(Default)]
struct Slot {
	frame: Option<(Frame, Instant)>,
	ended: bool,
}

enum Taken {
	Frame(Frame, Instant),
	Nothing,
	End,
}

impl Latest {
	/// Replaces the frame that waits, if one does.
	fn put(&self, frame: Frame) {
		self.received.fetch_add(1, Ordering::Relaxed);
		if self.lock().frame.replace((frame, Instant::now())).is_some() {
			self.skipped.fetch_add(1, Ordering::Relaxed);
		}
		self.changed.notify_one();
	}

	/// There will be no more.
	fn end(&self) {
		self.lock().ended = true;
		self.changed.notify_one();
	}

	/// Waits a little for a frame.
	fn take(&self) -> Taken {
		let waits = |slot: &mut Slot| slot.frame.is_none() && !slot.ended;
		let waited = self.changed.wait_timeout_while(self.lock(), STOP_PERIOD, waits);
		let (mut slot, _) = waited.unwrap_or_else(PoisonError::into_inner);
		match slot.frame.take() {
			Some((frame, arrived)) => Taken::Frame(frame, arrived),
			None if slot.ended => Taken::End,
			None => Taken::Nothing,
		}
	}

	fn lock(&self) -> MutexGuard<'_, Slot> {
		self.slot.lock().unwrap_or_else(PoisonError::into_inner)
	}
}

/// The capturing thread: reads without a pause, so that nothing old waits in ffmpeg or in the network.
fn capture(mut decoder: Decoder, size: FrameSize, latest: &Latest) {
	for index in 0.. {
		let mut data = vec![0; size.bytes()];
		match decoder.read(&mut data) {
			Ok(Some(timestamp)) => latest.put(Frame { index, timestamp, size, data }),
			Ok(None) => break,
			Err(error) => {
				tracing::warn!(%error, "the camera broke off");
				break;
			},
		}
	}
	latest.end();
}

/// What lives through all connections to a camera.
struct Session<'a> {
	stream: &'a VideoStream,
	settings: &'a Settings,
	anonymizer: Anonymizer,
	painter: Painter,
	reducer: Reducer,
	scenes: SceneDetector,
	tracker: Tracker,
	counts: Counts,
	report: CameraReport,
	sender: SyncSender<Frame>,
	begin: Instant,
	last_timestamp: i64,
	stop: &'a CancellationToken,
	progress: &'a mut dyn FnMut(&CameraReport),
}

impl Session<'_> {
	fn pass_on_until_stop(&mut self, source: &Source) -> Result<(), VideoError> {
		let mut pause = FIRST_PAUSE;
		loop {
			let before = self.report.received;
			self.connection(source)?;
			if self.stop.is_cancelled() {
				return Ok(());
			}
			if self.report.received > before {
				pause = FIRST_PAUSE;
			}
			wait(pause, self.stop);
			pause = (pause * 2).min(LONGEST_PAUSE);
			self.report.reconnections += 1;
		}
	}

	/// Until the camera breaks off or it is stopped.
	fn connection(&mut self, source: &Source) -> Result<(), VideoError> {
		let decoder = Decoder::with_input(&source.input()?, self.stream)?;
		let watch = decoder.watch();
		let latest = Latest::default();
		let (received, skipped) = (self.report.received, self.report.skipped);
		thread::scope(|scope| {
			scope.spawn(|| capture(decoder, frame_size(self.stream), &latest));
			let passed = self.pass_on(&latest, &watch, (received, skipped));
			// The capturing thread ends with the decoder.
			watch.kill();
			passed
		})
	}

	fn pass_on(
		&mut self,
		latest: &Latest,
		watch: &Watch,
		(received, skipped): (u64, u64),
	) -> Result<(), VideoError> {
		let stall = Duration::from_secs(self.settings.camera.stall_seconds);
		while !self.stop.is_cancelled() {
			match latest.take() {
				Taken::Frame(frame, arrived) => self.frame(frame, arrived)?,
				Taken::Nothing if watch.waits_for(stall) => return Ok(()),
				Taken::Nothing => {},
				Taken::End => return Ok(()),
			}
			self.report.received = received + latest.received.load(Ordering::Relaxed);
			self.report.skipped = skipped + latest.skipped.load(Ordering::Relaxed);
			(self.progress)(&self.report);
		}
		Ok(())
	}

	fn frame(&mut self, mut frame: Frame, arrived: Instant) -> Result<(), VideoError> {
		let (width, height) = (frame.size.width as usize, frame.size.height as usize);
		let scene_begins = self.scenes.begins(frame.luma(), width, height);
		let picture = self.reducer.reduce(&frame);
		let outcome = detect(&mut self.anonymizer, &DetectorKind::ALL, &picture, frame.size)?;
		let observation = Observation { outcome: Some(outcome), scene_begins };
		let hidden = self.tracker.push(observation).unwrap_or_default();
		self.painter.paint(&mut frame, &hidden);
		self.counts.add(&hidden);
		if arrived.elapsed() > Duration::from_millis(self.settings.camera.deadline) {
			self.report.late += 1;
			return Ok(());
		}
		let now = arrived.duration_since(self.begin).as_micros() * u128::from(TICKS) / 1_000_000;
		frame.timestamp = (now as i64).max(self.last_timestamp + 1);
		let timestamp = frame.timestamp;
		match self.sender.try_send(frame) {
			Ok(()) => {
				self.last_timestamp = timestamp;
				self.report.written += 1;
				Ok(())
			},
			Err(TrySendError::Full(_)) => {
				self.report.late += 1;
				Ok(())
			},
			Err(TrySendError::Disconnected(_)) => Err(VideoError::StageEnded("encoder")),
		}
	}

	/// Lets the encoder complete its output.
	fn end(self) -> CameraReport {
		let classes = self.counts.with_tracks(self.tracker.begun());
		CameraReport { classes, ..self.report }
	}
}

#[cfg(test)]
mod tests;
