//! Large blocks in the colours of the surroundings.

use super::{
	area::Area,
	membrane,
	window::{quantize, Window},
	Mask,
};
use image::RgbImage;

/// About how many blocks lie across a face.
const BLOCKS_ACROSS: u32 = 6;
/// Side of the smallest and the largest blocks, in pixels.
const BLOCKS: std::ops::RangeInclusive<u32> = 4..=128;
/// How far the surroundings reach that give the colours, in blocks.
const MARGIN: u32 = 1;

/// Paints blocks over everything that `mask` hides. A block has the mean colour of its visible pixels; one
/// that has none gets its colour from a membrane between those that do.
pub(super) fn paint(frame: &mut RgbImage, mask: &Mask) {
	for area in Area::all(mask) {
		let side = block_side(&area);
		let rectangle = area.bounds().grown(MARGIN * side, frame.dimensions());
		let mut window = Window::new(frame, mask, rectangle, side);
		let known: Vec<_> = window.visible.iter().map(|visible| *visible > 0).collect();
		membrane::stretch(&mut window.colours, &known, window.width);
		for span in &area.spans {
			for x in span.start..span.end {
				frame.put_pixel(x, span.y, quantize(window.colours[window.cell(x, span.y)]));
			}
		}
	}
}

/// A power of two, so that blocks stay the same while a thing in a video grows a little.
fn block_side(area: &Area) -> u32 {
	(area.thickness() / BLOCKS_ACROSS).next_power_of_two().clamp(*BLOCKS.start(), *BLOCKS.end())
}
