//! One frame from the camera to what may be seen.

use crate::{
	detection::{
		self, runtime::ModelIdentity, Detection, DetectionError, Detector, DetectorKind, Detectors,
	},
	removal::{remove, Mask, Method, Region},
	Settings,
};
use image::RgbImage;
use serde::{Deserialize, Serialize};

/// Part of a box from which it is taken for something that was hidden there.
const SEEN_AGAIN_FROM: f64 = 0.3;
/// How what is found in the result is hidden, in one look after the other. Few things are found twice.
const AGAIN: [Method; 4] = [Method::Mosaic, Method::Solid, Method::Mosaic, Method::Solid];

/// Detects and removes, frame by frame. Each thread has its own.
pub struct Anonymizer {
	settings: Settings,
	detectors: Detectors,
	models: Vec<ModelIdentity>,
}

/// What was found in a frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(utoipa::ToSchema)]
pub struct Outcome {
	/// What was hidden.
	pub hidden: Vec<Detection>,
	/// What was not, because its score is just too low: for a reviewer.
	pub nearly: Vec<Detection>,
}

impl Anonymizer {
	/// With the models that the classes of `settings` need, from its models folder.
	pub fn open(settings: &Settings) -> Result<Self, DetectionError> {
		let (detectors, models) = detection::open(settings)?;
		Ok(Self { settings: settings.clone(), detectors, models })
	}

	/// With these detectors; every class that `settings` names needs one.
	pub fn new(settings: Settings, detectors: Detectors) -> Self {
		Self { settings, detectors, models: Vec::new() }
	}

	/// The files that decide about what is found.
	pub fn models(&self) -> &[ModelIdentity] {
		&self.models
	}

	/// What is in the frame, split by the settings' scores.
	pub fn detect(&mut self, frame: &RgbImage) -> Result<Outcome, DetectionError> {
		self.detect_with(&DetectorKind::ALL, frame)
	}

	/// What these detectors find in the frame, split by the settings' scores.
	pub fn detect_with(
		&mut self,
		kinds: &[DetectorKind],
		frame: &RgbImage,
	) -> Result<Outcome, DetectionError> {
		let mut outcome = Outcome::default();
		let chosen = |detector: &&mut Box<dyn Detector>| kinds.contains(&detector.kind());
		for detector in self.detectors.iter_mut().filter(chosen) {
			for detection in detector.detect(frame)? {
				let Some(class) = self.settings.classes.get(&detection.class) else { continue };
				match detection.score {
					score if score >= class.hide_from => outcome.hidden.push(detection),
					score if score >= class.review_from => outcome.nearly.push(detection),
					_ => {},
				}
			}
		}
		Ok(outcome)
	}

	/// The regions that must vanish so that `detections` cannot be seen; with [`Method::Remove`] also
	/// their shadows.
	pub fn regions(&self, detections: &[Detection]) -> Vec<Region> {
		let things = detections.iter().filter_map(|detection| {
			let grow = self.settings.classes.get(&detection.class)?.grow;
			let bounding_box = detection.bounding_box.grown(grow);
			Some(Region { class: detection.class, bounding_box })
		});
		let shadows = self.settings.method == Method::Remove;
		things
			.flat_map(|thing| [Some(thing), thing.shadow().filter(|_| shadows)])
			.flatten()
			.collect()
	}

	/// Detects and removes; what was found, and which pixels were painted over. On an error the frame may
	/// be as it was, and must not be passed on.
	pub fn process(&mut self, frame: &mut RgbImage) -> Result<(Outcome, Mask), DetectionError> {
		let outcome = self.detect(frame)?;
		let mut mask = self.hide(frame, &outcome.hidden, self.settings.method);
		if self.settings.second_look {
			for method in AGAIN {
				let again = self.seen_again(frame, &mask)?;
				if again.is_empty() {
					break;
				}
				mask = mask.union(&self.hide(frame, &again, method));
			}
		}
		Ok((outcome, mask))
	}

	/// Paints over these; what was painted.
	fn hide(&self, frame: &mut RgbImage, detections: &[Detection], method: Method) -> Mask {
		let mask = Mask::new(frame.width(), frame.height(), &self.regions(detections));
		remove(frame, &mask, method);
		mask
	}

	/// What would be hidden in a result, and lies where something was hidden.
	fn seen_again(
		&mut self,
		result: &RgbImage,
		mask: &Mask,
	) -> Result<Vec<Detection>, DetectionError> {
		if mask.is_empty() {
			return Ok(Vec::new());
		}
		let mut found = self.detect(result)?.hidden;
		found.retain(|found| {
			mask.hidden_share(&found.bounding_box).is_some_and(|share| share >= SEEN_AGAIN_FROM)
		});
		Ok(found)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{detection::Class, geometry::BoundingBox};
	use image::Rgb;
	use std::sync::{
		atomic::{AtomicUsize, Ordering},
		Arc,
	};

	const FACE: BoundingBox = BoundingBox { x_min: 20.0, y_min: 20.0, x_max: 40.0, y_max: 40.0 };
	const ELSEWHERE: BoundingBox =
		BoundingBox { x_min: 70.0, y_min: 60.0, x_max: 80.0, y_max: 70.0 };

	/// What it sees in one look after the other; nothing after the last.
	struct Script {
		looks: Vec<BoundingBox>,
		count: Arc<AtomicUsize>,
	}

	impl Detector for Script {
		fn kind(&self) -> DetectorKind {
			DetectorKind::Faces
		}

		fn detect(&mut self, _: &RgbImage) -> Result<Vec<Detection>, DetectionError> {
			let seen = self.looks.get(self.count.fetch_add(1, Ordering::Relaxed));
			let detection =
				|bounding_box| Detection { class: Class::Face, score: 0.9, bounding_box };
			Ok(seen.copied().map(detection).into_iter().collect())
		}
	}

	/// The frame afterwards, and how often the detector looked.
	fn processed(looks: &[BoundingBox], second_look: bool) -> (RgbImage, usize) {
		let count = Arc::<AtomicUsize>::default();
		let script = Script { looks: looks.to_vec(), count: count.clone() };
		let settings = Settings { method: Method::Blur, second_look, ..Settings::default() };
		let mut anonymizer = Anonymizer::new(settings, vec![Box::new(script)]);
		let mut frame = RgbImage::from_fn(96, 80, |x, y| Rgb([x as u8, y as u8, 90]));
		let (outcome, mask) = anonymizer.process(&mut frame).unwrap();
		assert_eq!((outcome.hidden.len(), mask.is_empty()), (looks.len().min(1), looks.is_empty()));
		(frame, count.load(Ordering::Relaxed))
	}

	#[test]
	fn what_is_seen_again_is_hidden_by_blocks() {
		let (once, looks) = processed(&[FACE], true);
		assert_eq!(looks, 2);
		let (again, looks) = processed(&[FACE; 2], true);
		assert_eq!(looks, 3);
		assert_ne!(again, once);
	}

	#[test]
	fn the_looks_have_an_end() {
		assert_eq!(processed(&[FACE; 99], true).1, 1 + AGAIN.len());
	}

	#[test]
	fn what_is_seen_where_nothing_was_hidden_is_not_seen_again() {
		let (once, _) = processed(&[FACE], true);
		assert_eq!(processed(&[FACE, ELSEWHERE], true), (once, 2));
	}

	#[test]
	fn one_look_is_enough_for_nothing_or_when_no_second_is_wanted() {
		assert_eq!(processed(&[], true).1, 1);
		assert_eq!(processed(&[FACE; 2], false).1, 1);
	}
}
