//! Hiding things in a decoded frame.

use super::frame::{Frame, FrameSize};
use crate::{
	detection::Detection,
	removal::{remove, Background, Mask, Method},
	Anonymizer, Settings,
};

/// Paints over what was found, in frames that come in order.
pub struct Painter {
	/// Knows how far boxes grow; it detects nothing.
	anonymizer: Anonymizer,
	method: Method,
	/// What was seen behind things, where the camera is fixed.
	background: Option<Background>,
}

impl Painter {
	/// As `settings` say, in frames of this size.
	pub fn new(settings: &Settings, size: FrameSize) -> Self {
		let remembers = settings.video.fixed_camera && settings.method == Method::Remove;
		Self {
			anonymizer: Anonymizer::new(settings.clone(), Vec::new()),
			method: settings.method,
			background: remembers.then(|| Background::new(size.width, size.height)),
		}
	}

	/// Whether what is painted depends on earlier frames, so that none may be left out.
	pub fn remembers(&self) -> bool {
		self.background.is_some()
	}

	/// Hides `detections` in `frame`. Pixels beside the masks stay as they were, bit by bit.
	pub fn paint(&mut self, frame: &mut Frame, detections: &[Detection]) {
		if detections.is_empty() && !self.remembers() {
			return;
		}
		let regions = self.anonymizer.regions(detections);
		let mask = Mask::new(frame.size.width, frame.size.height, &regions).in_blocks();
		let mut picture = frame.to_rgb();
		match &mut self.background {
			Some(background) => {
				background.observe(&picture, &mask);
				background.remove(&mut picture, &mask);
			},
			None => remove(&mut picture, &mask, self.method),
		}
		frame.paint(&picture, &mask);
	}
}
