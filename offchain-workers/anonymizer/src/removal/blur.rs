//! A smooth transition between the colours of the surroundings.

use super::{
	area::Area,
	membrane,
	window::{interpolate, quantize, Window},
	Mask,
};
use image::RgbImage;

/// Longest side at which the transition is computed; that of a larger area is enlarged afterwards.
const MAX_SIDE: u32 = 128;
/// How far the surroundings reach that give the colours, in cells.
const MARGIN: u32 = 2;

/// Paints a membrane between the visible pixels over everything that `mask` hides.
pub(super) fn paint(frame: &mut RgbImage, mask: &Mask) {
	for area in Area::all(mask) {
		paint_area(frame, mask, &area);
	}
}

/// The same for one area of the mask.
pub(super) fn paint_area(frame: &mut RgbImage, mask: &Mask, area: &Area) {
	let bounds = area.bounds();
	let scale = bounds.longer_side().div_ceil(MAX_SIDE);
	let rectangle = bounds.grown(MARGIN * scale, frame.dimensions());
	let mut window = Window::new(frame, mask, rectangle, scale);
	let known: Vec<_> = window.visible.iter().map(|visible| *visible > 0).collect();
	membrane::stretch(&mut window.colours, &known, window.width);
	for span in &area.spans {
		for x in span.start..span.end {
			let (column, row) = window.position(x, span.y);
			let colour = interpolate(&window.colours, window.width, column, row);
			frame.put_pixel(x, span.y, quantize(colour));
		}
	}
}
