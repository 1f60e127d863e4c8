//! One colour.

use super::{window::pixels_mut, Mask};
use image::RgbImage;

/// Paints everything that `mask` hides black.
pub(super) fn paint(frame: &mut RgbImage, mask: &Mask) {
	for span in mask.spans() {
		pixels_mut(frame, span.y, span.start..span.end).fill(0);
	}
}
