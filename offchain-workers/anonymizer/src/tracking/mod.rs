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

use crate::detection::DetectorKind;
use serde::{Deserialize, Serialize};

/// How things are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct TrackingSettings {
	/// How often models see a frame; tracks fill the rest.
	pub detect_every: DetectEvery,
	/// Longest gap between two detections of the same thing that is filled, in frames.
	pub max_gap: u32,
	/// For how many frames a thing stays hidden before its first and after its last detection, in
	/// addition to those between two frames that models see.
	pub extend: u32,
}

/// Each model sees the first two frames of each scene, which tell how things move, and every n-th frame
/// of the scene. 0 is as good as 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct DetectEvery {
	/// The model for faces.
	pub faces: u32,
	/// The model for licence plates. Without a number it is every frame, and every second one where
	/// vehicles are hidden, since they cover their plates.
	pub licence_plates: Option<u32>,
	/// The model for persons and vehicles.
	pub objects: u32,
}

/// For the model for licence plates where vehicles are hidden.
const PLATES_OF_HIDDEN_VEHICLES: u32 = 2;

impl Default for TrackingSettings {
	fn default() -> Self {
		Self { detect_every: DetectEvery::default(), max_gap: 20, extend: 4 }
	}
}

impl Default for DetectEvery {
	fn default() -> Self {
		Self { faces: 2, licence_plates: None, objects: 2 }
	}
}

impl DetectEvery {
	/// The same for all models.
	pub fn same(frames: u32) -> Self {
		Self { faces: frames, licence_plates: Some(frames), objects: frames }
	}

	/// The models that see the frame that comes `phase` frames after the first of its scene.
	pub fn due(&self, phase: u64, vehicles_are_hidden: bool) -> Vec<DetectorKind> {
		let is_due = |kind: &DetectorKind| {
			phase == 1 || phase.is_multiple_of(self.of(*kind, vehicles_are_hidden))
		};
		DetectorKind::ALL.into_iter().filter(is_due).collect()
	}

	fn of(&self, kind: DetectorKind, vehicles_are_hidden: bool) -> u64 {
		let plates = if vehicles_are_hidden { PLATES_OF_HIDDEN_VEHICLES } else { 1 };
		let frames = match kind {
			DetectorKind::Faces => self.faces,
			DetectorKind::LicencePlates => self.licence_plates.unwrap_or(plates),
			DetectorKind::Objects => self.objects,
		};
		frames.max(1).into()
	}
}

impl TrackingSettings {
	/// Longest reach of a track before its first and after its last detection, in frames.
	pub fn reach(&self, kind: DetectorKind) -> u64 {
		u64::from(self.extend) + self.detect_every.of(kind, true) - 1
	}

	/// Frames that must be looked ahead so that every gap is filled and every head is covered.
	pub fn look_ahead(&self) -> usize {
		let reaches = DetectorKind::ALL.into_iter().map(|kind| self.reach(kind));
		reaches.fold(self.max_gap.into(), u64::max) as usize
	}
}
