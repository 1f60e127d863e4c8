//! Hiding things in a decoded frame.

use super::frame::Frame;
use crate::{
	detection::Detection,
	removal::{remove, Mask},
	Anonymizer, Settings,
};

/// Paints over what was found.
pub struct Painter {
	/// Knows how far boxes grow; it detects nothing.
	anonymizer: Anonymizer,
	settings: Settings,
}

impl Painter {
	/// As `settings` say.
	pub fn new(settings: &Settings) -> Self {
		Self {
			anonymizer: Anonymizer::new(settings.clone(), Vec::new()),
			settings: settings.clone(),
		}
	}

	/// Hides `detections` in `frame`. Pixels beside the masks stay as they were, bit by bit.
	pub fn paint(&mut self, frame: &mut Frame, detections: &[Detection]) {
		if detections.is_empty() {
			return;
		}
		let regions = self.anonymizer.regions(detections);
		let mask = Mask::new(frame.size.width, frame.size.height, &regions).in_blocks();
		let mut picture = frame.to_rgb();
		remove(&mut picture, &mask, self.settings.method);
		frame.paint(&picture, &mask);
	}
}
