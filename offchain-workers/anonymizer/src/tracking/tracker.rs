//! From what models see in some frames to what must be hidden in every frame.

use super::{
	association,
	track::{Hit, Track},
	TrackingSettings,
};
use crate::{
	detection::{Class, Detection},
	Outcome,
};
use std::collections::BTreeMap;

/// What is known about one frame.
#[derive(Clone, Debug, Default)]
pub struct Observation {
	/// What models saw; `None` for a frame they were not shown.
	pub outcome: Option<Outcome>,
	/// Whether a scene begins with this frame.
	pub scene_begins: bool,
}

/// Follows things through frames that come in order and leave `window` frames later.
///
/// What leaves depends on the frames that came until then only, and memory is bounded by the window.
/// Detections that are sure enough begin a track. Those that are nearly sure continue one but begin none
/// (as in ByteTrack: Zhang et al., ECCV 2022).
#[derive(Debug)]
pub struct Tracker {
	max_gap: u64,
	reach: u64,
	window: u64,
	tracks: Vec<Track>,
	begun: BTreeMap<Class, u64>,
	scene_begin: u64,
	seen: u64,
	left: u64,
}

impl Tracker {
	/// Looks `window` frames ahead. With less than [`TrackingSettings::look_ahead`], frames of long gaps
	/// leave before it is known that they lie in one.
	pub fn new(settings: &TrackingSettings, window: usize) -> Self {
		Self {
			max_gap: u64::from(settings.max_gap),
			reach: settings.reach(),
			window: window as u64,
			tracks: Vec::new(),
			begun: BTreeMap::new(),
			scene_begin: 0,
			seen: 0,
			left: 0,
		}
	}

	/// Takes the next frame; what must be hidden in the one that leaves, if one does.
	pub fn push(&mut self, observation: Observation) -> Option<Vec<Detection>> {
		let frame = self.seen;
		self.seen += 1;
		if observation.scene_begins {
			self.scene_begin = frame;
			self.tracks.iter_mut().for_each(|track| track.end_scene(frame));
		}
		if let Some(outcome) = observation.outcome {
			self.associate(frame, &outcome);
		}
		if self.seen - self.left > self.window {
			self.leave()
		} else {
			None
		}
	}

	/// After the last frame: what must be hidden in the next one that leaves, until none is left.
	pub fn leave(&mut self) -> Option<Vec<Detection>> {
		if self.left == self.seen {
			return None;
		}
		let frame = self.left;
		self.left += 1;
		let hidden = self.tracks.iter().filter_map(|track| track.at(frame, self.reach)).collect();
		self.tracks.retain(|track| track.matters_after(frame, self.max_gap, self.reach));
		self.tracks.iter_mut().for_each(|track| track.forget_until(frame));
		Some(hidden)
	}

	/// How many tracks there were, by class.
	pub fn begun(&self) -> &BTreeMap<Class, u64> {
		&self.begun
	}

	fn associate(&mut self, frame: u64, outcome: &Outcome) {
		let unmatched = self.continue_tracks(frame, &outcome.hidden);
		self.continue_tracks(frame, &outcome.nearly);
		for detection in unmatched {
			self.tracks.push(Track::new(self.scene_begin, Hit { frame, detection }));
			*self.begun.entry(detection.class).or_default() += 1;
		}
	}

	/// Gives detections to tracks that have none in this frame yet; those that fit none.
	fn continue_tracks(&mut self, frame: u64, detections: &[Detection]) -> Vec<Detection> {
		let may_continue = |index: usize| {
			let track = &self.tracks[index];
			let last = track.last().frame;
			track.is_open() && last < frame && frame - last <= self.max_gap + 1
		};
		let pairs = association::pairs(&self.tracks, may_continue, detections, frame);
		let mut matched = vec![false; detections.len()];
		for (track, detection) in pairs {
			self.tracks[track].add(Hit { frame, detection: detections[detection] });
			matched[detection] = true;
		}
		let unmatched = detections.iter().zip(matched).filter(|(_, matched)| !matched);
		unmatched.map(|(detection, _)| *detection).collect()
	}
}

#[cfg(test)]
mod tests;
