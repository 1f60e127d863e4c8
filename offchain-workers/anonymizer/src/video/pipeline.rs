//! The stages of a video job, each in its own thread: decode, detect (several), follow, paint and encode.
//!
//! Frames live in a fixed number of buffers that go round from the painter back to the decoder; that
//! bounds memory, whatever stage is the slowest. What models see depends on nothing but the frame, so it is
//! kept in the journal, and an interrupted job replays it.

use super::{
	decoder::{frame_size, Decoder, Watch},
	error::VideoError,
	frame::{Frame, FrameSize, Reducer},
	journal::{self, Examined, Journal, Segment},
	painting::Painter,
	probe::VideoStream,
	process::Complaints,
	report::{ClassReport, Counts},
	segments::{Parts, SegmentWriter},
};
use crate::{
	detection::{Class, Detection, DetectionError, DetectorKind},
	tracking::{Observation, SceneDetector, Tracker},
	Anonymizer, Outcome, Settings,
};
use image::RgbImage;
use std::{
	collections::{BTreeMap, VecDeque},
	sync::{
		mpsc::{channel, sync_channel, Receiver, RecvTimeoutError, Sender, SyncSender},
		Mutex,
	},
	thread,
	time::Duration,
};

/// Frames in the hands of the decoder, the follower, the painter, and between the last two.
const HELD_FRAMES: usize = 4;

/// How often it is checked whether the decoder still moves.
const WATCH_PERIOD: Duration = Duration::from_secs(1);

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
	/// Frames that were followed.
	pub frames: u64,
	/// All of them, if the file says how many.
	pub expected: Option<u64>,
}

/// What the stages work on.
pub struct Pipeline<'a> {
	/// How.
	pub settings: &'a Settings,
	/// What is decoded.
	pub stream: &'a VideoStream,
	/// Where segments are.
	pub parts: &'a Parts,
	/// Where progress is kept.
	pub journal: Journal,
	/// Frames that were examined before.
	pub examined_before: u64,
	/// Segments that were complete before.
	pub complete: Vec<Segment>,
}

/// What came out of the stages.
pub struct Processed {
	/// All segments.
	pub segments: Vec<Segment>,
	/// Frames that models saw, now or before.
	pub examined_frames: u64,
	/// Scenes between cuts.
	pub scenes: u64,
	/// What was hidden.
	pub classes: BTreeMap<Class, ClassReport>,
	/// What the decoder had to conceal.
	pub complaints: Complaints,
}

/// How many frame buffers there are, and how many of them wait in the tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
	buffers: usize,
	/// Frames that are looked ahead.
	pub look_ahead: usize,
}

impl Budget {
	/// As many frames as tracks can use, but not more than fit into the memory for them.
	pub fn new(settings: &Settings, size: FrameSize) -> Self {
		let held = HELD_FRAMES + settings.video.detector_count(size);
		let fitting = (settings.video.frame_memory as usize * 1024 * 1024) / size.bytes();
		let look_ahead = fitting.saturating_sub(held).min(settings.tracking.look_ahead());
		Self { buffers: held + look_ahead, look_ahead }
	}
}

/// A decoded frame on its way to the tracker.
struct Pending {
	frame: Frame,
	scene_begins: bool,
	examination: Examination,
}

enum Examination {
	/// It stands in the journal.
	Before,
	/// Models are not shown this frame.
	Skipped,
	/// A detector will answer.
	Running(Receiver<Result<Outcome, DetectionError>>),
}

enum FromDecoder {
	Frame(Pending),
	End(Complaints),
}

enum ToPainter {
	Frame(Frame, Vec<Detection>),
	End,
}

/// A picture for a thread with detectors.
struct Request {
	picture: RgbImage,
	/// Size of the frame itself.
	size: FrameSize,
	/// Those that shall look at it.
	detectors: Vec<DetectorKind>,
	answer: SyncSender<Result<Outcome, DetectionError>>,
}

/// What the follower knows at the end.
struct Followed {
	examined_frames: u64,
	scenes: u64,
	classes: BTreeMap<Class, ClassReport>,
	complaints: Complaints,
}

impl Pipeline<'_> {
	/// Runs all stages to the end of the video. Each of `anonymizers` detects in its own thread.
	pub fn run(
		self,
		decoder: Decoder,
		anonymizers: Vec<Anonymizer>,
		progress: &mut dyn FnMut(Progress),
	) -> Result<Processed, VideoError> {
		let budget = Budget::new(self.settings, frame_size(self.stream));
		let watch = decoder.watch();
		let journal = Mutex::new(self.journal);
		let (return_buffer, buffers) = channel();
		for _ in 0..budget.buffers {
			let _ = return_buffer.send(vec![0; frame_size(self.stream).bytes()]);
		}
		let (request, requests) = sync_channel(anonymizers.len());
		let requests = Mutex::new(requests);
		let (to_follower, from_decoder) = sync_channel(anonymizers.len());
		let (to_painter, from_follower) = sync_channel(1);

		thread::scope(|scope| {
			for anonymizer in anonymizers {
				scope.spawn(|| answer_requests(anonymizer, &requests));
			}
			let decoding = Decoding {
				settings: self.settings,
				stream: self.stream,
				examined_before: self.examined_before,
				scenes: SceneDetector::default(),
				scene_begin: 0,
				request,
			};
			let decoding = scope.spawn(|| decoding.run(decoder, buffers, to_follower));
			let writer = SegmentWriter::new(
				self.parts,
				self.stream,
				&self.settings.video,
				&journal,
				self.complete,
			);
			let painter = Painter::new(self.settings, frame_size(self.stream));
			let painting = scope.spawn(|| paint(painter, writer, from_follower, return_buffer));
			let follower = Follower {
				settings: self.settings,
				watch: &watch,
				journal: &journal,
				expected: self.stream.expected_frames,
				replay: journal::replay(&self.parts.journal())?.take(self.examined_before as usize),
				tracker: Tracker::new(&self.settings.tracking, budget.look_ahead),
				waiting: VecDeque::new(),
				counts: Counts::default(),
				to_painter,
				progress,
			};
			let followed = follower.run(from_decoder);
			if followed.is_err() {
				// Otherwise the decoder's thread might wait for it for ever.
				watch.kill();
			}
			let painted = painting.join().unwrap_or(Err(VideoError::StageEnded("painter")));
			let decoded = decoding.join().unwrap_or(Err(VideoError::StageEnded("decoder")));
			gather(followed, painted, decoded)
		})
	}
}

/// The result, or the error that made the other stages end.
fn gather(
	followed: Result<Followed, VideoError>,
	painted: Result<Vec<Segment>, VideoError>,
	decoded: Result<(), VideoError>,
) -> Result<Processed, VideoError> {
	let (followed, segments) = match (followed, painted, decoded) {
		(Ok(followed), Ok(segments), Ok(())) => (followed, segments),
		(followed, painted, decoded) => {
			let errors = [followed.err(), painted.err(), decoded.err()];
			let (consequences, causes): (Vec<_>, Vec<_>) = errors
				.into_iter()
				.flatten()
				.partition(|error| matches!(error, VideoError::StageEnded(_)));
			let error = causes.into_iter().chain(consequences).next();
			return Err(error.unwrap_or(VideoError::StageEnded("pipeline")));
		},
	};
	let Followed { examined_frames, scenes, classes, complaints } = followed;
	Ok(Processed { segments, examined_frames, scenes, classes, complaints })
}

/// The first stage: frames from ffmpeg, and pictures of them for the detectors.
struct Decoding<'a> {
	settings: &'a Settings,
	stream: &'a VideoStream,
	examined_before: u64,
	scenes: SceneDetector,
	scene_begin: u64,
	request: SyncSender<Request>,
}

impl Decoding<'_> {
	/// Ends early, without an error of its own, when another stage has ended.
	fn run(
		mut self,
		mut decoder: Decoder,
		buffers: Receiver<Vec<u8>>,
		to_follower: SyncSender<FromDecoder>,
	) -> Result<(), VideoError> {
		let size = frame_size(self.stream);
		let mut reducer = Reducer::new(view_size(self.settings, size));
		for index in 0.. {
			let Ok(mut data) = buffers.recv() else { return Ok(()) };
			let Some(timestamp) = decoder.read(&mut data)? else { break };
			let frame = Frame { index, timestamp, size, data };
			let Some(pending) = self.prepare(frame, &mut reducer) else { return Ok(()) };
			if to_follower.send(FromDecoder::Frame(pending)).is_err() {
				return Ok(());
			}
		}
		let _ = to_follower.send(FromDecoder::End(decoder.finish()?));
		Ok(())
	}

	/// `None` when there are no detectors any more.
	fn prepare(&mut self, frame: Frame, reducer: &mut Reducer) -> Option<Pending> {
		let (width, height) = (frame.size.width as usize, frame.size.height as usize);
		let scene_begins = self.scenes.begins(frame.luma(), width, height);
		if scene_begins {
			self.scene_begin = frame.index;
		}
		let vehicles_are_hidden = self.settings.classes.contains_key(&Class::Vehicle);
		let phase = frame.index - self.scene_begin;
		let detectors = self.settings.tracking.detect_every.due(phase, vehicles_are_hidden);
		let examination = if frame.index < self.examined_before {
			Examination::Before
		} else if detectors.is_empty() {
			Examination::Skipped
		} else {
			let picture = reducer.reduce(&frame);
			let (answer, answered) = sync_channel(1);
			self.request.send(Request { picture, size: frame.size, detectors, answer }).ok()?;
			Examination::Running(answered)
		};
		Some(Pending { frame, scene_begins, examination })
	}
}

/// Size of what models see: no larger than what they use.
pub(super) fn view_size(settings: &Settings, size: FrameSize) -> FrameSize {
	settings.detection.sufficient_side().map_or(size, |side| size.within(side))
}

/// A detector's thread.
fn answer_requests(mut anonymizer: Anonymizer, requests: &Mutex<Receiver<Request>>) {
	let next = || requests.lock().ok()?.recv().ok();
	while let Some(Request { picture, size, detectors, answer }) = next() {
		// Nobody waits for it when another stage has ended.
		let _ = answer.send(detect(&mut anonymizer, &detectors, &picture, size));
	}
}

/// What these detectors find in a frame of this size of which `picture` is a smaller copy.
pub(super) fn detect(
	anonymizer: &mut Anonymizer,
	detectors: &[DetectorKind],
	picture: &RgbImage,
	size: FrameSize,
) -> Result<Outcome, DetectionError> {
	let scale =
		(size.width as f32 / picture.width() as f32, size.height as f32 / picture.height() as f32);
	let mut outcome = anonymizer.detect_with(detectors, picture)?;
	for detection in outcome.hidden.iter_mut().chain(&mut outcome.nearly) {
		detection.bounding_box = detection.bounding_box.scaled(scale);
	}
	Ok(outcome)
}

/// The middle stage: brings what was found into order and fills what was missed.
struct Follower<'a, Replay> {
	settings: &'a Settings,
	watch: &'a Watch,
	journal: &'a Mutex<Journal>,
	expected: Option<u64>,
	replay: Replay,
	tracker: Tracker,
	waiting: VecDeque<Frame>,
	counts: Counts,
	to_painter: SyncSender<ToPainter>,
	progress: &'a mut dyn FnMut(Progress),
}

impl<Replay: Iterator<Item = Examined>> Follower<'_, Replay> {
	fn run(mut self, from_decoder: Receiver<FromDecoder>) -> Result<Followed, VideoError> {
		let (mut examined_frames, mut scenes) = (0, 0);
		let complaints = loop {
			let pending = match self.receive(&from_decoder)? {
				FromDecoder::Frame(pending) => pending,
				FromDecoder::End(complaints) => break complaints,
			};
			let Pending { frame, scene_begins, examination } = pending;
			let outcome = self.outcome(frame.index, examination)?;
			examined_frames += u64::from(outcome.is_some());
			scenes += u64::from(scene_begins);
			(self.progress)(Progress { frames: frame.index + 1, expected: self.expected });
			self.waiting.push_back(frame);
			let hidden = self.tracker.push(Observation { outcome, scene_begins });
			hidden.map_or(Ok(()), |hidden| self.pass_on(hidden))?;
		};
		while let Some(hidden) = self.tracker.leave() {
			self.pass_on(hidden)?;
		}
		self.send(ToPainter::End)?;
		let classes = self.counts.with_tracks(self.tracker.begun());
		Ok(Followed { examined_frames, scenes, classes, complaints })
	}

	fn receive(&self, from_decoder: &Receiver<FromDecoder>) -> Result<FromDecoder, VideoError> {
		let limit = self.settings.video.stall_seconds;
		loop {
			match from_decoder.recv_timeout(WATCH_PERIOD) {
				Ok(message) => return Ok(message),
				Err(RecvTimeoutError::Disconnected) => {
					return Err(VideoError::StageEnded("decoder"))
				},
				Err(RecvTimeoutError::Timeout)
					if self.watch.waits_for(Duration::from_secs(limit)) =>
				{
					return Err(VideoError::Stalled(limit))
				},
				Err(RecvTimeoutError::Timeout) => {},
			}
		}
	}

	fn outcome(
		&mut self,
		frame: u64,
		examination: Examination,
	) -> Result<Option<Outcome>, VideoError> {
		let outcome = match examination {
			Examination::Before => {
				let examined = self.replay.next().filter(|examined| examined.frame == frame);
				return examined
					.map(|examined| examined.outcome)
					.ok_or(VideoError::StageEnded("journal"));
			},
			Examination::Skipped => None,
			Examination::Running(answer) => {
				Some(answer.recv().map_err(|_| VideoError::StageEnded("detector"))??)
			},
		};
		let mut journal = self.journal.lock().map_err(|_| VideoError::StageEnded("journal"))?;
		journal.examined(Examined { frame, outcome: outcome.clone() })?;
		Ok(outcome)
	}

	fn pass_on(&mut self, hidden: Vec<Detection>) -> Result<(), VideoError> {
		let frame = self.waiting.pop_front().ok_or(VideoError::StageEnded("tracker"))?;
		self.counts.add(&hidden);
		self.send(ToPainter::Frame(frame, hidden))
	}

	fn send(&self, message: ToPainter) -> Result<(), VideoError> {
		self.to_painter.send(message).map_err(|_| VideoError::StageEnded("painter"))
	}
}

/// The last stage. Unless it is told that the end was reached, the last segment stays incomplete.
fn paint(
	mut painter: Painter,
	mut writer: SegmentWriter,
	from_follower: Receiver<ToPainter>,
	return_buffer: Sender<Vec<u8>>,
) -> Result<Vec<Segment>, VideoError> {
	while let Ok(message) = from_follower.recv() {
		let (mut frame, hidden) = match message {
			ToPainter::Frame(frame, hidden) => (frame, hidden),
			ToPainter::End => return writer.finish(),
		};
		if writer.awaits(frame.timestamp)? || painter.remembers() {
			painter.paint(&mut frame, &hidden);
		}
		writer.write(&frame)?;
		// The decoder is gone after the last frame.
		let _ = return_buffer.send(frame.data);
	}
	Err(VideoError::StageEnded("tracker"))
}
