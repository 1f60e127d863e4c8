//! What was done to a video.

use super::{journal::Identity, process::Complaints};
use crate::{
	detection::{Class, Detection},
	removal::Method,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// What was done to a video.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct VideoReport {
	/// Name of the original, without its folder.
	pub name: String,
	/// Everything that decided about the output.
	#[serde(flatten)]
	pub identity: Identity,
	/// SHA-256 of the output, in hexadecimal digits.
	pub output_sha256: String,
	/// How things vanished.
	pub method: Method,
	/// Width in pixels.
	pub width: u32,
	/// Height in pixels.
	pub height: u32,
	/// Frames read and written.
	pub frames: u64,
	/// Frames that models saw; the others were filled by tracks.
	pub examined_frames: u64,
	/// Scenes between cuts.
	pub scenes: u64,
	/// What was hidden.
	pub classes: BTreeMap<Class, ClassReport>,
	/// Segments of the output, and how many of them an earlier run had completed.
	pub segments: u64,
	/// Segments that an earlier run had completed.
	pub resumed_segments: u64,
	/// What the decoder had to conceal: the input is damaged if there is anything.
	pub decoder_complaints: Complaints,
	/// Wall time of this run in seconds.
	pub seconds: f64,
	/// Frames per second of this run, of all frames that came out of the decoder.
	pub frames_per_second: f64,
}

/// What was hidden of one class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ClassReport {
	/// Things that were followed.
	pub tracks: u64,
	/// Boxes that were hidden, over all frames.
	pub boxes: u64,
	/// Frames with at least one.
	pub frames: u64,
}

/// Counts what is hidden, frame by frame.
#[derive(Debug, Default)]
pub struct Counts(pub BTreeMap<Class, ClassReport>);

impl Counts {
	/// A frame in which this is hidden.
	pub fn add(&mut self, hidden: &[Detection]) {
		let mut boxes: BTreeMap<Class, u64> = BTreeMap::new();
		for detection in hidden {
			*boxes.entry(detection.class).or_default() += 1;
		}
		for (class, count) in boxes {
			let report = self.0.entry(class).or_default();
			report.boxes += count;
			report.frames += 1;
		}
	}

	/// How many tracks there were.
	pub fn with_tracks(mut self, tracks: &BTreeMap<Class, u64>) -> BTreeMap<Class, ClassReport> {
		for (class, count) in tracks {
			self.0.entry(*class).or_default().tracks = *count;
		}
		self.0
	}
}
