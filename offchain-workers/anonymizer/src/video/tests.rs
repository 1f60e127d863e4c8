//! With the real ffmpeg and a detector of red rectangles.

use super::*;
use crate::{
	detection::{Class, Detection, Detector, DetectorKind},
	geometry::BoundingBox,
	job::OriginalsKey,
	provenance::Recorder,
	removal::Method,
	tracking::DetectEvery,
};
use image::RgbImage;
use msec_worker_common::{
	keys::AccountKey,
	provenance::{Record, Statement},
};
use sha2::{Digest, Sha256};
use std::{path::PathBuf, process::Command};

/// Finds what is purely red as one face.
pub(super) struct RedDetector;

impl Detector for RedDetector {
	fn kind(&self) -> DetectorKind {
		DetectorKind::Faces
	}

	fn detect(&mut self, frame: &RgbImage) -> Result<Vec<Detection>, DetectionError> {
		let is_red = |pixel: [u8; 3]| pixel[0] > 180 && pixel[1] < 80 && pixel[2] < 80;
		let red: Vec<_> =
			frame.enumerate_pixels().filter(|(_, _, pixel)| is_red(pixel.0)).collect();
		let Some((first_x, first_y, _)) = red.first() else { return Ok(Vec::new()) };
		let mut area = (*first_x, *first_y, *first_x, *first_y);
		for (x, y, _) in &red {
			area = (area.0.min(*x), area.1.min(*y), area.2.max(*x), area.3.max(*y));
		}
		let bounding_box = BoundingBox {
			x_min: area.0 as f32,
			y_min: area.1 as f32,
			x_max: (area.2 + 1) as f32,
			y_max: (area.3 + 1) as f32,
		};
		Ok(vec![Detection { class: Class::Face, score: 0.9, bounding_box }])
	}
}

/// Fails at the frame with this number.
struct FailingDetector(u32);

impl Detector for FailingDetector {
	fn kind(&self) -> DetectorKind {
		DetectorKind::Faces
	}

	fn detect(&mut self, _: &RgbImage) -> Result<Vec<Detection>, DetectionError> {
		self.0 = self.0.checked_sub(1).ok_or(DetectionError::Inference("out of memory".into()))?;
		Ok(Vec::new())
	}
}

/// A folder with videos, made by ffmpeg's generators.
pub(super) struct Folder(tempfile::TempDir);

impl Folder {
	pub(super) fn new() -> Self {
		Self(tempfile::tempdir().unwrap())
	}

	pub(super) fn path(&self, name: &str) -> PathBuf {
		self.0.path().join(name)
	}

	/// A red square that crosses a picture, `seconds` long, with `options` for ffmpeg.
	pub(super) fn clip(&self, name: &str, seconds: u32, options: &[&str]) -> PathBuf {
		let source = format!("color=gray:size=320x240:rate=25:duration={seconds}");
		self.ffmpeg(name, &["-f", "lavfi", "-i", &source], RED_SQUARE, options)
	}

	fn ffmpeg(&self, name: &str, input: &[&str], filter: &str, options: &[&str]) -> PathBuf {
		let path = self.path(name);
		let mut command = Command::new("ffmpeg");
		command.args(["-nostdin", "-v", "error", "-y"]).args(input);
		if !filter.is_empty() {
			command.args(["-filter_complex", filter]);
		}
		let status = command.args(options).arg(&path).status().expect("ffmpeg is installed");
		assert!(status.success());
		path
	}

	pub(super) fn names(&self) -> Vec<String> {
		let entries = std::fs::read_dir(self.0.path()).unwrap();
		let mut names: Vec<_> =
			entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
		names.sort();
		names
	}
}

const RED_SQUARE: &str = "color=red:size=40x40:rate=25[square];\
	[0:v][square]overlay=x='20+40*t':y=100:shortest=1,format=yuv420p";

pub(super) fn settings() -> Settings {
	let mut settings = Settings { method: Method::Solid, ..Settings::default() };
	settings.video.segment_seconds = 1;
	settings.tracking.detect_every = DetectEvery::same(1);
	settings
}

fn run(input: &Path, output: &Path, settings: &Settings) -> Result<VideoReport, VideoError> {
	run_with(input, output, settings, || RedDetector)
}

fn run_with<D: Detector + 'static>(
	input: &Path,
	output: &Path,
	settings: &Settings,
	detector: impl Fn() -> D,
) -> Result<VideoReport, VideoError> {
	let folder = tempfile::tempdir().unwrap();
	let key = folder.path().join("originals.key");
	msec_worker_common::keys::write_secret(&key, "07".repeat(32).as_bytes()).unwrap();
	let originals = OriginalsKey::open(&key).unwrap();
	let evidence = Evidence { originals: &originals, recorder: None };
	let open = || Ok(Anonymizer::new(settings.clone(), vec![Box::new(detector())]));
	anonymize(input, output, settings, evidence, &open, &mut |_| {})
}

/// What ffprobe says about each packet or stream.
fn probed(path: &Path, streams: &str, entries: &str) -> String {
	let output = Command::new("ffprobe")
		.args(["-v", "error", "-select_streams", streams, "-show_entries", entries])
		.args(["-of", "csv=p=0"])
		.arg(path)
		.output()
		.unwrap();
	String::from_utf8(output.stdout).unwrap()
}

/// Decoded frames as pictures, after rotation.
pub(super) fn pictures(path: &Path) -> Vec<RgbImage> {
	let stream = probe::probe(path).unwrap();
	let mut decoder = Decoder::start(path, &stream).unwrap();
	let size = frame_size(&stream);
	let mut pictures = Vec::new();
	let mut data = vec![0; size.bytes()];
	while decoder.read(&mut data).unwrap().is_some() {
		let frame = frame::Frame { index: 0, timestamp: 0, size, data: data.clone() };
		pictures.push(frame.to_rgb());
	}
	pictures
}

pub(super) fn shows_red(picture: &RgbImage) -> bool {
	picture.pixels().any(|pixel| pixel.0[0] > 140 && pixel.0[1] < 90 && pixel.0[2] < 90)
}

fn timestamps(path: &Path) -> Vec<f64> {
	let mut times: Vec<f64> = probed(path, "v", "packet=pts_time")
		.lines()
		.filter_map(|line| line.trim_end_matches(',').parse().ok())
		.collect();
	times.sort_by(f64::total_cmp);
	times
}

#[test]
fn every_frame_is_anonymized_and_nothing_else_comes_through() {
	let folder = Folder::new();
	let pictures_only = folder.clip("pictures.mp4", 3, &[]);
	let subtitles = folder.path("subtitles.srt");
	std::fs::write(&subtitles, "1\n00:00:00,000 --> 00:00:02,000\nMs Doe\n").unwrap();
	let chapters = folder.path("chapters.txt");
	let text = ";FFMETADATA1\ntitle=Ms Doe\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=2\ntitle=Doe\n";
	std::fs::write(&chapters, text).unwrap();
	let paths = [&pictures_only, &subtitles, &chapters].map(|path| path.to_str().unwrap());
	let sound = ["-f", "lavfi", "-i", "sine=duration=3"];
	let [first, second, third] = paths;
	let input = [&["-i", first, "-i", second, "-i", third][..], &sound].concat();
	let options = ["-map", "0:v", "-map", "3:a", "-map", "1:s", "-map_metadata", "2"];
	let options = [&options[..], &["-c:s", "mov_text", "-metadata", "location=+52+13/"]].concat();
	let input = folder.ffmpeg("input.mp4", &input, "", &options);
	assert_eq!(probed(&input, "", "stream=codec_type").lines().count(), 4);

	let output = folder.path("output.mp4");
	let report = run(&input, &output, &settings()).unwrap();
	let pictures = pictures(&output);
	assert_eq!((report.frames, pictures.len()), (75, 75));
	assert!(pictures.iter().all(|picture| !shows_red(picture)));
	assert_eq!(report.classes[&Class::Face].frames, 75);
	assert_eq!(report.classes[&Class::Face].tracks, 1);
	assert_eq!((report.segments, report.resumed_segments), (3, 0));
	assert_eq!(report.decoder_complaints.count, 0);
	assert_eq!(timestamps(&output), timestamps(&input));

	assert_eq!(probed(&output, "", "stream=codec_name,codec_type").trim(), "h264,video");
	assert_eq!(probed(&output, "", "chapter=id").trim(), "");
	let bytes = std::fs::read(&output).unwrap();
	for secret in ["Doe", "+52+13/"] {
		assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
	}
	let names = ["chapters.txt", "input.mp4", "output.mp4", "pictures.mp4", "subtitles.srt"];
	assert_eq!(folder.names(), names);
}

#[test]
fn frames_between_those_that_models_see_are_anonymized() {
	let folder = Folder::new();
	let input = folder.clip("input.mp4", 2, &[]);
	let output = folder.path("output.mkv");
	let mut settings = settings();
	settings.tracking.detect_every = DetectEvery::same(4);
	let report = run(&input, &output, &settings).unwrap();
	// Every fourth, and the second.
	assert_eq!((report.frames, report.examined_frames), (50, 14));
	assert!(pictures(&output).iter().all(|picture| !shows_red(picture)));
}

#[test]
fn a_video_is_recorded_before_it_appears() {
	let folder = Folder::new();
	let input = folder.clip("input.mp4", 1, &[]);
	let (key, records) = (folder.path("originals.key"), folder.path("records"));
	msec_worker_common::keys::write_secret(&key, "07".repeat(32).as_bytes()).unwrap();
	let originals = OriginalsKey::open(&key).unwrap();
	let device = AccountKey::from_seed(&[7; 32]);
	let recorder = Recorder::open(&records, device.clone()).unwrap();
	let evidence = Evidence { originals: &originals, recorder: Some(&recorder) };
	let settings = settings();
	let open = || Ok(Anonymizer::new(settings.clone(), vec![Box::new(RedDetector)]));
	let run = |output: &Path| anonymize(&input, output, &settings, evidence, &open, &mut |_| {});

	let output = folder.path("output.mp4");
	let report = run(&output).unwrap();
	recorder.finish().unwrap();
	let files = fs::read_dir(&records).unwrap().map(|entry| entry.unwrap().path());
	let file = files.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).last();
	let record: Record = serde_json::from_slice(&fs::read(file.unwrap()).unwrap()).unwrap();
	assert!(record.is_genuine() && record.device == device.account_id());
	let Statement { original_hmac, output_sha256, settings_sha256, .. } = record.statement;
	assert_eq!(hex::encode(original_hmac), report.identity.original_hmac);
	assert_eq!(hex::encode(settings_sha256), report.identity.settings_sha256);
	let content = fs::read(&output).unwrap();
	assert_eq!(output_sha256, <[u8; 32]>::from(Sha256::digest(content)));

	fs::remove_dir_all(&records).unwrap();
	let unrecorded = folder.path("unrecorded.mp4");
	assert!(matches!(run(&unrecorded), Err(VideoError::Provenance(_))));
	assert!(!unrecorded.exists());
}

#[test]
fn uneven_times_stay_as_they_are() {
	let folder = Folder::new();
	let filter = format!("{RED_SQUARE},settb=1/30000,setpts='(N*N+3*N)*7/(1001*TB)'");
	let source = ["-f", "lavfi", "-i", "color=gray:size=320x240:rate=25:duration=2"];
	let options = ["-fps_mode", "passthrough", "-enc_time_base", "1/30000"];
	let options = [&options[..], &["-video_track_timescale", "30000"]].concat();
	let input = folder.ffmpeg("input.mp4", &source, &filter, &options);
	let output = folder.path("output.mp4");
	run(&input, &output, &settings()).unwrap();
	let times = timestamps(&input);
	assert!(times.len() == 50 && times[49] > 10.0);
	assert_eq!(timestamps(&output), times);
}

#[test]
fn rotation_is_applied_and_odd_sizes_are_fine() {
	let folder = Folder::new();
	let source = ["-f", "lavfi", "-i", "color=gray:size=161x91:rate=25:duration=1,format=yuv444p"];
	let filter =
		"color=red:size=30x30[square];[0:v][square]overlay=x=5:y=5:shortest=1:format=yuv444";
	let upright = folder.ffmpeg("flat.mp4", &source, filter, &["-pix_fmt", "yuv444p"]);
	let input = ["-i", upright.to_str().unwrap()];
	let options = ["-c", "copy", "-metadata:s:v:0", "rotate=90"];
	let input = folder.ffmpeg("input.mp4", &input, "", &options);
	let output = folder.path("output.mp4");
	let report = run(&input, &output, &settings()).unwrap();
	assert_eq!((report.width, report.height), (92, 162));
	let pictures = pictures(&output);
	assert!(pictures.len() == 25 && pictures.iter().all(|picture| !shows_red(picture)));
	assert_eq!(probed(&output, "", "stream_side_data=rotation").trim(), "");
	// The square was in the upper left corner and is in the lower left one.
	let black = |x, y| pictures[0].get_pixel(x, y).0.iter().all(|value| *value < 40);
	assert!(black(20, 140) && !black(20, 20));
}

#[test]
fn a_video_that_changes_its_size_is_anonymized() {
	let folder = Folder::new();
	let part = |name: &str, size: &str| {
		let source = format!("color=gray:size={size}:rate=25:duration=1");
		let input = ["-f", "lavfi", "-i", &source];
		let options = ["-c:v", "libx264", "-f", "h264"];
		std::fs::read(folder.ffmpeg(name, &input, RED_SQUARE, &options)).unwrap()
	};
	let both = [part("small", "320x240"), part("large", "640x360")].concat();
	let input = folder.path("input.h264");
	std::fs::write(&input, both).unwrap();
	let output = folder.path("output.mp4");
	let report = run(&input, &output, &settings()).unwrap();
	assert_eq!((report.frames, report.width, report.height), (50, 320, 240));
	let pictures = pictures(&output);
	assert!(pictures.len() == 50 && pictures.iter().all(|picture| !shows_red(picture)));
}

#[test]
fn damaged_videos_are_concealed_and_anonymized_or_refused() {
	let folder = Folder::new();
	let input = folder.clip("input.ts", 4, &["-c:v", "libx264", "-g", "25", "-bf", "0"]);
	let bytes = std::fs::read(&input).unwrap();

	let mut holes = bytes.clone();
	for hole in holes.chunks_mut(4001).skip(1).step_by(3) {
		let end = hole.len().min(188);
		hole[..end].fill(0x5a);
	}
	let mut without_start = bytes[..188 * 3].to_vec();
	without_start.extend(&bytes[bytes.len() / 3 / 188 * 188..]);
	let half = bytes[..bytes.len() / 2].to_vec();
	for (name, content) in [("holes", holes), ("without_start", without_start), ("half", half)] {
		let damaged = folder.path(&format!("{name}.ts"));
		std::fs::write(&damaged, content).unwrap();
		let output = folder.path(&format!("{name}.mp4"));
		match run(&damaged, &output, &settings()) {
			Ok(report) => {
				let pictures = pictures(&output);
				assert!(report.frames > 0 && pictures.len() as u64 == report.frames);
				assert!(pictures.iter().all(|picture| !shows_red(picture)), "{name}");
			},
			Err(error) => {
				assert!(!output.exists(), "{name}: {error}");
			},
		}
	}
}

#[test]
fn a_video_without_its_later_key_frames_is_anonymized() {
	let folder = Folder::new();
	let whole = folder.clip("whole.ts", 4, &["-c:v", "libx264", "-g", "25", "-bf", "0"]);
	let whole = ["-i", whole.to_str().unwrap()];
	let later_key_frames = r"noise=drop=key*gt(n\,0)";
	let input = folder.ffmpeg("input.ts", &whole, "", &["-c", "copy", "-bsf:v", later_key_frames]);
	let output = folder.path("output.mp4");
	let report = run(&input, &output, &settings()).unwrap();
	let pictures = pictures(&output);
	assert!((75..100).contains(&report.frames), "{report:?}");
	assert_eq!(pictures.len() as u64, report.frames);
	assert!(pictures.iter().all(|picture| !shows_red(picture)));
}

#[test]
fn what_is_no_video_is_refused() {
	let folder = Folder::new();
	let playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nsecret.ts\n#EXT-X-ENDLIST\n";
	let secret = folder.clip("secret.ts", 1, &[]);
	let list = format!("ffconcat version 1.0\nfile '{}'\n", secret.display());
	let sound = folder.ffmpeg("sound.mp4", &["-f", "lavfi", "-i", "sine=duration=1"], "", &[]);
	let truncated = folder.clip("whole.mp4", 1, &[]);
	let truncated = std::fs::read(truncated).unwrap();
	let cases = [
		("empty.mp4", Vec::new()),
		("playlist.mp4", playlist.into()),
		("list.mp4", list.into_bytes()),
		("sound-only.mp4", std::fs::read(sound).unwrap()),
		("truncated.mp4", truncated[..truncated.len() / 2].to_vec()),
		(
			"noise.mkv",
			(0..4000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect(),
		),
	];
	for (name, content) in cases {
		let input = folder.path(name);
		std::fs::write(&input, content).unwrap();
		let output = folder.path("output.mp4");
		let error = run(&input, &output, &settings()).unwrap_err();
		assert!(
			matches!(error, VideoError::Unreadable(_) | VideoError::NoVideo),
			"{name}: {error}"
		);
		assert!(!output.exists());
	}
	let error = run(folder.0.path(), &folder.path("output.mp4"), &settings()).unwrap_err();
	assert!(matches!(error, VideoError::NotAFile(_)));
}

#[test]
fn names_are_never_options_or_addresses() {
	let folder = Folder::new();
	let clip = folder.clip("clip.mp4", 1, &[]);
	for name in ["-i.mp4", "http:x%03d.mp4", "pipe:0.mp4", "a\nb 'c'.mp4"] {
		let input = folder.path(name);
		std::fs::copy(&clip, &input).unwrap();
		let output = folder.path(&format!("out {name}"));
		let report = run(&input, &output, &settings()).unwrap();
		assert_eq!(report.frames, 25);
		assert_eq!(pictures(&output).len(), 25);
	}
}

#[test]
fn outputs_must_make_sense() {
	let folder = Folder::new();
	let input = folder.clip("input.mp4", 1, &[]);
	let refused = |output: &Path, settings: &Settings| run(&input, output, settings).unwrap_err();
	assert!(matches!(refused(&input, &settings()), VideoError::SameFile(_)));
	assert!(matches!(refused(&folder.path("o.txt"), &settings()), VideoError::OutputName(_)));
	let missing = folder.path("missing/o.mp4");
	assert!(matches!(refused(&missing, &settings()), VideoError::File { .. }));
	let mut settings = settings();
	settings.video.quality = 99;
	assert!(matches!(refused(&folder.path("o.mp4"), &settings), VideoError::Settings(_)));
	settings.video = VideoSettings { preset: Some("-y".into()), ..VideoSettings::default() };
	assert!(matches!(refused(&folder.path("o.mp4"), &settings), VideoError::Settings(_)));
	assert_eq!(folder.names(), ["input.mp4"]);
}

#[test]
fn a_frame_that_cannot_be_examined_ends_the_job() {
	let folder = Folder::new();
	let input = folder.clip("input.mp4", 2, &[]);
	let output = folder.path("output.mp4");
	let settings = settings();
	let error = run_with(&input, &output, &settings, || FailingDetector(10)).unwrap_err();
	assert!(matches!(error, VideoError::Detection(_)), "{error}");
	assert!(!output.exists());
}

#[test]
fn two_jobs_do_not_write_the_same_output() {
	let folder = Folder::new();
	let input = folder.clip("input.mp4", 1, &[]);
	let output = folder.path("output.mp4");
	let parts = Parts::open(&output).unwrap();
	assert!(matches!(run(&input, &output, &settings()), Err(VideoError::Busy(_))));
	drop(parts);
	run(&input, &output, &settings()).unwrap();
}

#[test]
fn every_codec_can_be_chosen() {
	let folder = Folder::new();
	let input = folder.clip("input.mp4", 1, &["-r", "30000/1001"]);
	for (codec, name) in [(Codec::H264, "h264"), (Codec::H265, "hevc"), (Codec::Av1, "av1")] {
		let mut settings = settings();
		settings.video.codec = codec;
		let output = folder.path(&format!("{name}.mp4"));
		let report = run(&input, &output, &settings).unwrap();
		assert_eq!(probed(&output, "", "stream=codec_name").trim(), name);
		assert_eq!(pictures(&output).len() as u64, report.frames);
	}
}

/// A detector that stops the job at a frame, as a crash would.
struct Crashing(u32);

impl Detector for Crashing {
	fn kind(&self) -> DetectorKind {
		DetectorKind::Faces
	}

	fn detect(&mut self, frame: &RgbImage) -> Result<Vec<Detection>, DetectionError> {
		self.0 = self.0.checked_sub(1).ok_or(DetectionError::Inference("crash".into()))?;
		RedDetector.detect(frame)
	}
}

#[test]
fn an_interrupted_job_goes_on_with_the_same_result() {
	let folder = Folder::new();
	let input = folder.clip("input.mp4", 4, &[]);
	let whole = folder.path("whole.mp4");
	let mut settings = settings();
	settings.video.detectors = 1;
	run(&input, &whole, &settings).unwrap();

	let output = folder.path("output.mp4");
	for frames in [60, 20] {
		assert!(run_with(&input, &output, &settings, || Crashing(frames)).is_err());
		assert!(!output.exists());
	}
	let report = run(&input, &output, &settings).unwrap();
	assert!(report.resumed_segments > 0, "{report:?}");
	assert_eq!(std::fs::read(&whole).unwrap(), std::fs::read(&output).unwrap());

	// A segment that was damaged in between is made again.
	assert!(run_with(&input, &output, &settings, || Crashing(90)).is_err());
	std::fs::write(folder.path("output.mp4.parts/segment-000001.mp4"), "rubbish").unwrap();
	run(&input, &output, &settings).unwrap();
	assert_eq!(std::fs::read(&whole).unwrap(), std::fs::read(&output).unwrap());
}
