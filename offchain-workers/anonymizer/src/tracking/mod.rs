//! Following what was found from frame to frame, so that a frame in which a model misses it is no leak.
//!
//! [`association`] decides which detection continues which [`track`]; [`tracker`] fills the frames
//! before, between and after; [`scene`] notices cuts, which no track survives.

pub mod association;
pub mod scene;
pub mod track;
pub mod tracker;

pub use scene::SceneDetector;
pub use tracker::{Observation, Tracker};

use serde::{Deserialize, Serialize};

/// How things are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct TrackingSettings {
	/// Models see the first frame of each scene and every n-th after it, at least 1; tracks fill the rest.
	pub detect_every: u32,
	/// Longest gap between two detections of the same thing that is filled, in frames.
	pub max_gap: u32,
	/// For how many frames a thing stays hidden before its first and after its last detection, in
	/// addition to those between two frames that models see.
	pub extend: u32,
}

impl Default for TrackingSettings {
	fn default() -> Self {
		Self { detect_every: 1, max_gap: 20, extend: 4 }
	}
}

impl TrackingSettings {
	/// Reach of a track before its first and after its last detection, in frames.
	pub fn reach(&self) -> u64 {
		u64::from(self.extend) + u64::from(self.detect_every.saturating_sub(1))
	}

	/// Frames that must be looked ahead so that every gap is filled and every head is covered.
	pub fn look_ahead(&self) -> usize {
		u64::from(self.max_gap).max(self.reach()) as usize
	}
}
