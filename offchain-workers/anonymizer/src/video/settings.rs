//! How videos are read and written.

use super::{error::VideoError, frame::FrameSize};
use serde::{Deserialize, Serialize};

/// Pixels of a frame from which decoding and encoding keep the processors busy, and detectors that each
/// need their own memory no longer make a video faster.
const LARGE_FRAME: usize = 4_000_000;

/// How videos are read and written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct VideoSettings {
	/// How frames are compressed.
	pub codec: Codec,
	/// Constant rate factor, 0 to 51 (to 63 for AV1): the lower, the better and larger.
	pub quality: u8,
	/// The encoder's own word for its speed.
	pub preset: Option<String>,
	/// Length of the parts in which work is kept when it is interrupted, in seconds, at least 1.
	pub segment_seconds: u32,
	/// Whether the camera stands still: `remove` then shows what was seen behind things at other times.
	pub fixed_camera: bool,
	/// Memory for frames on their way, in MiB.
	pub frame_memory: u32,
	/// Frames in which things are looked for at the same time; 0 for one a CPU core, and a single one when
	/// frames have more than four million pixels.
	pub detectors: usize,
	/// Seconds after which a decoder that gives no frame is stopped.
	pub stall_seconds: u64,
}

/// How frames are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Codec {
	/// H.264 by x264: plays everywhere.
	#[default]
	H264,
	/// H.265 by x265: half the size, three times the time.
	H265,
	/// AV1 by SVT-AV1: free of patents.
	Av1,
}

impl Default for VideoSettings {
	fn default() -> Self {
		Self {
			codec: Codec::default(),
			quality: 23,
			preset: None,
			segment_seconds: 20,
			fixed_camera: false,
			frame_memory: 160,
			detectors: 0,
			stall_seconds: 60,
		}
	}
}

impl VideoSettings {
	/// Refuses values that the encoder cannot follow.
	pub fn check(&self) -> Result<(), VideoError> {
		let highest = self.codec.highest_quality();
		if self.quality > highest {
			let text = format!("video.quality is {}; use 0 to {highest}", self.quality);
			return Err(VideoError::Settings(text));
		}
		if self.segment_seconds == 0 {
			return Err(VideoError::Settings("video.segment-seconds must be at least 1".into()));
		}
		match &self.preset {
			Some(preset) if !preset.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
				Err(VideoError::Settings(format!("video.preset {preset:?} is no word or number")))
			},
			_ => Ok(()),
		}
	}

	/// The encoder's speed.
	pub(super) fn preset(&self) -> &str {
		self.preset.as_deref().unwrap_or(match self.codec {
			Codec::H264 | Codec::H265 => "veryfast",
			Codec::Av1 => "10",
		})
	}

	/// How many frames are examined at the same time.
	pub(super) fn detector_count(&self, size: FrameSize) -> usize {
		match self.detectors {
			0 if size.pixels() > LARGE_FRAME => 1,
			0 => std::thread::available_parallelism().map_or(1, usize::from),
			count => count,
		}
	}
}

impl Codec {
	/// Name of the encoder in ffmpeg, and of its option for its own parameters.
	pub(super) fn encoder(self) -> (&'static str, &'static str) {
		match self {
			Self::H264 => ("libx264", "-x264-params"),
			Self::H265 => ("libx265", "-x265-params"),
			Self::Av1 => ("libsvtav1", "-svtav1-params"),
		}
	}

	/// The encoder's own parameters: what it cannot know from frames that come with their own time.
	pub(super) fn parameters(self, (frames, seconds): (u32, u32)) -> String {
		match self {
			// Looking ahead in its own thread, x264 compresses the same frames differently now and then.
			Self::H264 => format!("fps={frames}/{seconds}:sync-lookahead=0"),
			Self::H265 => format!("fps={frames}/{seconds}:log-level=error"),
			Self::Av1 => format!("fps-num={frames}:fps-denom={seconds}"),
		}
	}

	fn highest_quality(self) -> u8 {
		match self {
			Self::H264 | Self::H265 => 51,
			Self::Av1 => 63,
		}
	}
}
