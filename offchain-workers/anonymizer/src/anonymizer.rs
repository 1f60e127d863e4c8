//! One frame from the camera to what may be seen.

use crate::{
	detection::{self, runtime::ModelIdentity, Detection, DetectionError, Detectors},
	removal::{remove, Mask, Method, Region},
	Settings,
};
use image::RgbImage;
use serde::{Deserialize, Serialize};

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
		let mut outcome = Outcome::default();
		for detector in &mut self.detectors {
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

	/// Detects and removes. On an error the frame may be as it was, and must not be passed on.
	pub fn process(&mut self, frame: &mut RgbImage) -> Result<Outcome, DetectionError> {
		let outcome = self.detect(frame)?;
		let regions = self.regions(&outcome.hidden);
		let mask = Mask::new(frame.width(), frame.height(), &regions);
		remove(frame, &mask, self.settings.method);
		Ok(outcome)
	}
}
