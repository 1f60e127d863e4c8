//! Blocks in the colours of the surroundings.

use super::{
	area::Area,
	membrane,
	window::{pixels_mut, quantize, Colour, Window},
	Mask,
};
use image::{Rgb, RgbImage};

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
		let blocks: Vec<_> = (window.colours.iter().enumerate())
			.map(|(cell, colour)| {
				let (column, row) = (cell % window.width, cell / window.width);
				block(*colour, window.left / side + column as u32, window.top / side + row as u32)
			})
			.collect();
		for span in &area.spans {
			for (cell, columns) in window.pieces(span.y, span.start, span.end) {
				for pixel in pixels_mut(frame, span.y, columns).chunks_exact_mut(3) {
					pixel.copy_from_slice(&blocks[cell].0);
				}
			}
		}
	}
}

/// The colour of the block in this column and row of the frame.
fn block(colour: Colour, column: u32, row: u32) -> Rgb<u8> {
	let contrast = if (column + row).is_multiple_of(2) { CONTRAST } else { -CONTRAST };
	quantize(colour.map(|value| value + contrast))
}

/// A power of two, so that blocks stay the same while a thing in a video grows a little.
fn block_side(area: &Area) -> u32 {
	let side = (area.thickness() / BLOCKS_ACROSS).max(1);
	(1 << side.ilog2()).clamp(*BLOCKS.start(), *BLOCKS.end())
}
