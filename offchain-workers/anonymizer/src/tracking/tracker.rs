//! From what models see in some frames to what must be hidden in every frame.

use super::{
	association,
	track::{Hit, Speed, Track},
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
	/// What models saw that were shown the frame; `None` if none was.
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
	settings: TrackingSettings,
	window: u64,
	tracks: Vec<Track>,
	begun: BTreeMap<Class, u64>,
	scene_begin: u64,
	drift: Speed,
	seen: u64,
	left: u64,
}

impl Tracker {
	/// Looks `window` frames ahead. With less than [`TrackingSettings::look_ahead`], frames of long gaps
	/// leave before it is known that they lie in one.
	pub fn new(settings: &TrackingSettings, window: usize) -> Self {
		Self {
			settings: *settings,
			window: window as u64,
			tracks: Vec::new(),
			begun: BTreeMap::new(),
			scene_begin: 0,
			drift: Speed::default(),
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
			self.drift = Speed::default();
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
		let (max_gap, settings) = (self.settings.max_gap.into(), self.settings);
		let reach = |track: &Track| settings.reach(track.last().detection.class.detector());
		let hidden = self.tracks.iter().filter_map(|track| track.at(frame, reach(track))).collect();
		self.tracks.retain(|track| track.matters_after(frame, max_gap, reach(track)));
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
		self.drift = self.latest_drift(frame).unwrap_or(self.drift);
		self.tracks.iter_mut().for_each(|track| track.drift(self.drift));
	}

	/// How the picture moves as a whole: the median speed of what was seen again in `frame`.
	fn latest_drift(&self, frame: u64) -> Option<Speed> {
		let seen_again = self.tracks.iter().filter(|track| track.last().frame == frame);
		let speeds: Vec<_> = seen_again.filter_map(Track::latest_speed).collect();
		let median = |part: fn(&Speed) -> f32| {
			let mut parts: Vec<_> = speeds.iter().map(part).collect();
			parts.sort_by(f32::total_cmp);
			parts.get(parts.len() / 2).copied()
		};
		Some(Speed { x: median(|speed| speed.x)?, y: median(|speed| speed.y)? })
	}

	/// Gives detections to tracks that have none in this frame yet; those that fit none.
	fn continue_tracks(&mut self, frame: u64, detections: &[Detection]) -> Vec<Detection> {
		let may_continue = |index: usize| {
			let track = &self.tracks[index];
			let last = track.last().frame;
			track.is_open() && last < frame && frame - last <= u64::from(self.settings.max_gap) + 1
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
