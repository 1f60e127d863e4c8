//! What is in a video file.

use super::{
	error::VideoError,
	process::{Input, MAX_PIXELS},
};
use serde::Deserialize;
use std::{
	path::Path,
	process::{Command, Stdio},
};

/// Finest time base that is kept, in ticks per second: lists of segments have microseconds.
const MAX_TICKS: u32 = 1_000_000;

/// Longest side of a frame in pixels, and even.
const MAX_SIDE: u64 = 16_384;

/// Time base where a file has none that makes sense; that of MPEG.
const DEFAULT_TICKS: u32 = 90_000;

/// Frames per second where a file does not say.
const DEFAULT_RATE: (u32, u32) = (25, 1);

/// The stream that is anonymized, as it is shown: after rotation.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoStream {
	/// Its number in the file.
	pub index: u32,
	/// Width in pixels, even.
	pub width: u32,
	/// Height in pixels, even.
	pub height: u32,
	/// Ticks per second of its timestamps.
	pub ticks_per_second: u32,
	/// Nominal frame rate: frames in a number of seconds. Timestamps say when each frame really is.
	pub rate: (u32, u32),
	/// Width to height of a pixel, where it is not square.
	pub pixel_aspect: Option<(u32, u32)>,
	/// What the numbers in it mean as colours, in ffmpeg's words: option and value.
	pub colours: Vec<(&'static str, String)>,
	/// Frames as far as the file says; for showing progress only.
	pub expected_frames: Option<u64>,
}

#[derive(Deserialize)]
struct Probed {
	#[serde(default)]
	streams: Vec<Stream>,
	#[serde(default)]
	format: Format,
}

#[derive(Default, Deserialize)]
struct Format {
	duration: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stream {
	index: u32,
	codec_type: String,
	width: u64,
	height: u64,
	time_base: String,
	avg_frame_rate: String,
	r_frame_rate: String,
	sample_aspect_ratio: String,
	color_space: String,
	color_transfer: String,
	color_primaries: String,
	nb_frames: String,
	disposition: Disposition,
	side_data_list: Vec<SideData>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Disposition {
	attached_pic: u8,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SideData {
	rotation: Option<f64>,
}

/// Looks into `file`, which is never taken for an option, an address or a list of other files.
pub fn probe(file: &Path) -> Result<VideoStream, VideoError> {
	probe_input(&Input::file(file))
}

/// Looks into `input`.
pub(super) fn probe_input(input: &Input) -> Result<VideoStream, VideoError> {
	let fault = |source| VideoError::Start { program: "ffprobe", source };
	let mut command = Command::new("ffprobe");
	command.args(["-hide_banner", "-loglevel", "error", "-of", "json", "-show_streams"]);
	command.args(["-show_entries", "format=duration"]);
	input.apply(&mut command);
	command.stdout(Stdio::piped()).stderr(Stdio::piped());
	let mut child = command.spawn().map_err(fault)?;
	// When it ends before it reads, it says why.
	let _ = input.send(child.stdin.take());
	let output = child.wait_with_output().map_err(fault)?;
	let complaint = || {
		let text = String::from_utf8_lossy(&output.stderr);
		text.lines().next_back().unwrap_or("ffprobe does not say why").to_owned()
	};
	if !output.status.success() {
		return Err(VideoError::Unreadable(complaint()));
	}
	stream_of(&output.stdout)
}

/// The first moving stream in what ffprobe printed.
fn stream_of(json: &[u8]) -> Result<VideoStream, VideoError> {
	let probed: Probed = serde_json::from_slice(json)
		.map_err(|error| VideoError::Unreadable(format!("ffprobe is not understood: {error}")))?;
	let is_video =
		|stream: &&Stream| stream.codec_type == "video" && stream.disposition.attached_pic == 0;
	let stream = probed.streams.iter().find(is_video).ok_or(VideoError::NoVideo)?;
	let turned = stream.side_data_list.iter().filter_map(|data| data.rotation).any(is_quarter_turn);
	let (width, height) =
		if turned { (stream.height, stream.width) } else { (stream.width, stream.height) };
	let fits = |side: u64| (1..=MAX_SIDE).contains(&side);
	if !fits(width) || !fits(height) || width * height > MAX_PIXELS {
		return Err(VideoError::FrameSize { width, height, limit: MAX_PIXELS });
	}
	let rate = ratio(&stream.avg_frame_rate, '/')
		.or_else(|| ratio(&stream.r_frame_rate, '/'))
		.filter(|(frames, seconds)| *frames / seconds <= 1000)
		.unwrap_or(DEFAULT_RATE);
	let seconds = probed.format.duration.and_then(|text| text.parse::<f64>().ok());
	let by_duration =
		seconds.map(|seconds| (seconds * f64::from(rate.0) / f64::from(rate.1)) as u64);
	let aspect = ratio(&stream.sample_aspect_ratio, ':').filter(|(x, y)| x != y);
	Ok(VideoStream {
		index: stream.index,
		width: even(width),
		height: even(height),
		ticks_per_second: ticks(&stream.time_base),
		rate,
		pixel_aspect: aspect.map(|(x, y)| if turned { (y, x) } else { (x, y) }),
		colours: colours(stream),
		expected_frames: stream.nb_frames.parse().ok().or(by_duration),
	})
}

fn is_quarter_turn(degrees: f64) -> bool {
	(degrees.rem_euclid(180.0) - 90.0).abs() < 1.0
}

/// The next even number: colours are stored for two by two pixels.
fn even(side: u64) -> u32 {
	side.next_multiple_of(2) as u32
}

/// Two positive numbers; `None` for anything else.
fn ratio(text: &str, separator: char) -> Option<(u32, u32)> {
	let (left, right) = text.split_once(separator)?;
	let (left, right) = (left.parse().ok()?, right.parse().ok()?);
	(left > 0 && right > 0).then_some((left, right))
}

/// Ticks per second in which every timestamp of the time base is a whole number.
fn ticks(time_base: &str) -> u32 {
	match ratio(time_base, '/') {
		Some((_, ticks)) if ticks > 1 => ticks.min(MAX_TICKS),
		_ => DEFAULT_TICKS,
	}
}

/// What is known about colours and can be said to an encoder.
fn colours(stream: &Stream) -> Vec<(&'static str, String)> {
	const SPACES: &[&str] = &["bt709", "bt470bg", "smpte170m", "bt2020nc"];
	const TRANSFERS: &[&str] = &["bt709", "smpte170m", "smpte2084", "arib-std-b67"];
	const PRIMARIES: &[&str] = &["bt709", "bt470bg", "smpte170m", "bt2020"];
	let known = [
		("-colorspace", &stream.color_space, SPACES),
		("-color_trc", &stream.color_transfer, TRANSFERS),
		("-color_primaries", &stream.color_primaries, PRIMARIES),
	];
	known
		.into_iter()
		.filter(|(_, value, words)| words.contains(&value.as_str()))
		.map(|(option, value, _)| (option, value.clone()))
		.collect()
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn a_telephone_held_upright() {
		let json = br#"{"streams": [
			{"index": 0, "codec_type": "audio"},
			{"index": 1, "codec_type": "video", "width": 500, "height": 500,
				"disposition": {"attached_pic": 1}},
			{"index": 2, "codec_type": "video", "width": 1919, "height": 1080, "time_base": "1/30000",
				"avg_frame_rate": "30000/1001", "sample_aspect_ratio": "4:3", "nb_frames": "300",
				"color_space": "bt709", "color_transfer": "unknown",
				"side_data_list": [{"rotation": -90}]}
		], "format": {"duration": "10.01"}}"#;
		let stream = stream_of(json).unwrap();
		let expected = VideoStream {
			index: 2,
			width: 1080,
			height: 1920,
			ticks_per_second: 30_000,
			rate: (30_000, 1001),
			pixel_aspect: Some((3, 4)),
			colours: vec![("-colorspace", "bt709".into())],
			expected_frames: Some(300),
		};
		assert_eq!(stream, expected);
	}

	#[test]
	fn enormous_frames_are_refused() {
		for (width, height) in [(100_000u64, 100_000u64), (0, 10), (1 << 40, 1 << 40)] {
			let json = format!(
				r#"{{"streams": [{{"codec_type": "video", "width": {width}, "height": {height}}}]}}"#
			);
			assert!(matches!(stream_of(json.as_bytes()), Err(VideoError::FrameSize { .. })));
		}
	}

	proptest! {
		#[test]
		fn never_panics(
			bytes in proptest::collection::vec(any::<u8>(), 0..200),
			width: u64,
			height: u64,
			time_base in "[0-9]{0,11}/[0-9]{0,11}",
			duration in "[0-9.e+-]{0,9}",
			rotation: f64,
		) {
			let _ = stream_of(&bytes);
			let json = serde_json::json!({
				"streams": [{
					"codec_type": "video", "width": width, "height": height, "time_base": time_base,
					"avg_frame_rate": time_base, "side_data_list": [{ "rotation": rotation }],
				}],
				"format": { "duration": duration },
			});
			if let Ok(stream) = stream_of(json.to_string().as_bytes()) {
				prop_assert!(stream.width % 2 == 0 && stream.height % 2 == 0);
				prop_assert!((2..=MAX_TICKS).contains(&stream.ticks_per_second));
			}
		}
	}
}
