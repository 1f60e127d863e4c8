//! Blocks in the colours of the surroundings.

use super::{
	area::Area,
	membrane,
	window::{quantize, Window},
	Mask,
};
use image::RgbImage;

/// Between this and twice as many blocks lie across a face.
const BLOCKS_ACROSS: u32 = 12;
/// Side of the smallest and the largest blocks, in pixels.
const BLOCKS: std::ops::RangeInclusive<u32> = 2..=128;
/// How far the surroundings reach that give the colours, in blocks.
const MARGIN: u32 = 2;
/// By how much blocks are in turn lighter and darker, as on a chessboard. Without, detectors often find a
/// face in the smooth patch between hair and shoulders.
const CONTRAST: f32 = 30.0;

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
				let colour = window.colours[window.cell(x, span.y)];
				let lighter = (x / side + span.y / side).is_multiple_of(2);
				let contrast = if lighter { CONTRAST } else { -CONTRAST };
				frame.put_pixel(x, span.y, quantize(colour.map(|value| value + contrast)));
			}
		}
	}
}

/// A power of two, so that blocks stay the same while a thing in a video grows a little.
fn block_side(area: &Area) -> u32 {
	let side = (area.thickness() / BLOCKS_ACROSS).max(1);
	(1 << side.ilog2()).clamp(*BLOCKS.start(), *BLOCKS.end())
}
