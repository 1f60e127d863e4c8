//! One colour.

use super::Mask;
use image::{Rgb, RgbImage};

const COLOUR: Rgb<u8> = Rgb([0; 3]);

/// Paints everything that `mask` hides black.
pub(super) fn paint(frame: &mut RgbImage, mask: &Mask) {
	for span in mask.spans() {
		for x in span.start..span.end {
			frame.put_pixel(x, span.y, COLOUR);
		}
	}
}
