//! One thing, followed through a scene.

use crate::{detection::Detection, geometry::BoundingBox};
use std::{collections::VecDeque, ops::Range};

/// Detections from which the speed is taken: fewer and it trembles, more and it lags.
const SPEED_HITS: usize = 4;

/// Part of the distance travelled since (or until) the nearest detection by which a box grows.
const GROWTH: f32 = 0.25;

/// A detection and the frame it stands in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
	/// Number of the frame, from 0.
	pub frame: u64,
	/// What the model saw.
	pub detection: Detection,
}

/// The detections of one thing, in the order of frames, all in one scene.
#[derive(Clone, Debug)]
pub struct Track {
	hits: VecDeque<Hit>,
	scene: Range<u64>,
	drift: Speed,
}

/// Movement in pixels per frame.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Speed {
	/// To the right.
	pub x: f32,
	/// Down.
	pub y: f32,
}

impl Track {
	/// Begins with a hit in a scene that began at frame `scene_begin` and has no end yet.
	pub fn new(scene_begin: u64, hit: Hit) -> Self {
		let scene = scene_begin..u64::MAX;
		Self { hits: VecDeque::from([hit]), scene, drift: Speed::default() }
	}

	/// The thing was seen again, in a later frame.
	pub fn add(&mut self, hit: Hit) {
		debug_assert!(hit.frame > self.last().frame && self.scene.contains(&hit.frame));
		self.hits.push_back(hit);
	}

	/// The latest detection.
	pub fn last(&self) -> &Hit {
		self.hits.back().expect("a track begins with a hit and never forgets its last; qed")
	}

	/// How the picture moves as a whole. So the thing does until it is seen twice.
	pub fn drift(&mut self, drift: Speed) {
		self.drift = drift;
	}

	/// How it moved between its latest two detections, if there are two.
	pub fn latest_speed(&self) -> Option<Speed> {
		let before = self.hits.len().checked_sub(2)?;
		Some(self.speed(&self.hits[before], self.last()))
	}

	/// The scene ends before `frame`.
	pub fn end_scene(&mut self, frame: u64) {
		self.scene.end = self.scene.end.min(frame);
	}

	/// Whether the scene goes on.
	pub fn is_open(&self) -> bool {
		self.scene.end == u64::MAX
	}

	/// Where the thing is expected in a later frame, by its latest speed.
	pub fn predicted(&self, frame: u64) -> BoundingBox {
		let last = self.last();
		let newest = self.hits.len().saturating_sub(SPEED_HITS);
		let speed = self.speed(&self.hits[newest], last);
		shifted(&last.detection.bounding_box, speed, span(last.frame, frame))
	}

	/// Where the thing must be hidden in `frame`: where it was seen, between where it was seen, or up to
	/// `reach` frames before and after.
	pub fn at(&self, frame: u64, reach: u64) -> Option<Detection> {
		if !self.scene.contains(&frame) {
			return None;
		}
		let later = self.hits.partition_point(|hit| hit.frame <= frame);
		let before = later.checked_sub(1).map(|index| &self.hits[index]);
		let after = self.hits.get(later);
		match (before, after) {
			(Some(before), _) if before.frame == frame => Some(before.detection),
			(Some(before), Some(after)) => {
				Some(interpolated(before, after, self.speed(before, after), frame))
			},
			(Some(last), None) => {
				let first = &self.hits[later.saturating_sub(SPEED_HITS)];
				within(last, frame, reach).map(|()| extended(last, self.speed(first, last), frame))
			},
			(None, Some(first)) => {
				let last = &self.hits[(SPEED_HITS - 1).min(self.hits.len() - 1)];
				within(first, frame, reach)
					.map(|()| extended(first, self.speed(first, last), frame))
			},
			(None, None) => None,
		}
	}

	/// Mean speed from one hit to a later one; of a single hit, that of the picture.
	fn speed(&self, first: &Hit, last: &Hit) -> Speed {
		let frames = span(first.frame, last.frame);
		if frames <= 0.0 {
			return self.drift;
		}
		let (from, to) =
			(first.detection.bounding_box.centre(), last.detection.bounding_box.centre());
		Speed { x: (to.0 - from.0) / frames, y: (to.1 - from.1) / frames }
	}

	/// Forgets what is not needed for frames after `frame`.
	pub fn forget_until(&mut self, frame: u64) {
		while self.hits.get(SPEED_HITS).is_some_and(|hit| hit.frame <= frame) {
			self.hits.pop_front();
		}
	}

	/// Whether frames after `frame` may still be covered, now or when the thing is seen again.
	pub fn matters_after(&self, frame: u64, max_gap: u64, reach: u64) -> bool {
		let last = self.last().frame;
		let end =
			if self.is_open() { last.saturating_add(max_gap.max(reach)) } else { last + reach };
		self.scene.end > frame.saturating_add(1) && end > frame
	}
}

fn within(hit: &Hit, frame: u64, reach: u64) -> Option<()> {
	(hit.frame.abs_diff(frame) <= reach).then_some(())
}

/// Frames from one to the other, negative backwards.
fn span(from: u64, to: u64) -> f32 {
	to as f32 - from as f32
}

fn shifted(area: &BoundingBox, speed: Speed, frames: f32) -> BoundingBox {
	let (x, y) = (speed.x * frames, speed.y * frames);
	BoundingBox {
		x_min: area.x_min + x,
		y_min: area.y_min + y,
		x_max: area.x_max + x,
		y_max: area.y_max + y,
	}
}

/// Grown on each side by a part of what the thing travels in `frames`.
fn grown_by_travel(area: &BoundingBox, speed: Speed, frames: f32) -> BoundingBox {
	let x = (speed.x * frames).abs() * GROWTH;
	let y = (speed.y * frames).abs() * GROWTH;
	BoundingBox {
		x_min: area.x_min - x,
		y_min: area.y_min - y,
		x_max: area.x_max + x,
		y_max: area.y_max + y,
	}
}

/// On the straight line between two hits.
fn interpolated(before: &Hit, after: &Hit, speed: Speed, frame: u64) -> Detection {
	let part = span(before.frame, frame) / span(before.frame, after.frame);
	let (from, to) = (&before.detection.bounding_box, &after.detection.bounding_box);
	let between = |from: f32, to: f32| from + (to - from) * part;
	let area = BoundingBox {
		x_min: between(from.x_min, to.x_min),
		y_min: between(from.y_min, to.y_min),
		x_max: between(from.x_max, to.x_max),
		y_max: between(from.y_max, to.y_max),
	};
	let nearest = (frame - before.frame).min(after.frame - frame);
	Detection {
		bounding_box: grown_by_travel(&area, speed, nearest as f32),
		score: before.detection.score.min(after.detection.score),
		..before.detection
	}
}

/// Covers both a thing that goes on as it moved and one that stays where it was seen.
fn extended(hit: &Hit, speed: Speed, frame: u64) -> Detection {
	let frames = span(hit.frame, frame);
	let moved = shifted(&hit.detection.bounding_box, speed, frames);
	let area = moved.hull(&hit.detection.bounding_box);
	Detection { bounding_box: grown_by_travel(&area, speed, frames), ..hit.detection }
}
