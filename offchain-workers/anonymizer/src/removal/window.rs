//! A part of a frame at reduced size, made from the pixels that stay visible.

use super::{area::Rectangle, Mask};
use image::RgbImage;
use std::ops::Range;

/// Red, green and blue, from 0 to 255.
pub(super) type Colour = [f32; 3];

/// Cells of `scale` by `scale` pixels over a rectangle of a frame.
pub(super) struct Window {
	/// Column of the frame at which the first cell begins.
	pub left: u32,
	/// Row of the frame at which the first cell begins.
	pub top: u32,
	/// Side of a cell, in pixels.
	pub scale: u32,
	/// Cells in a row.
	pub width: usize,
	/// Rows of cells.
	pub height: usize,
	/// Mean of the visible pixels of each cell, row by row; meaningless where none is visible.
	pub colours: Vec<Colour>,
	/// How many pixels of each cell are visible.
	pub visible: Vec<u32>,
	/// How many pixels of each cell are hidden.
	pub hidden: Vec<u32>,
}

impl Window {
	/// The cells that `rectangle` touches; their grid begins in the frame's corner.
	pub fn new(frame: &RgbImage, mask: &Mask, rectangle: Rectangle, scale: u32) -> Self {
		let (left, top) = (rectangle.left / scale * scale, rectangle.top / scale * scale);
		let right = rectangle.right.next_multiple_of(scale).min(frame.width());
		let bottom = rectangle.bottom.next_multiple_of(scale).min(frame.height());
		let width = (right - left).div_ceil(scale) as usize;
		let height = (bottom - top).div_ceil(scale) as usize;
		let mut window = Self {
			left,
			top,
			scale,
			width,
			height,
			colours: vec![[0.0; 3]; width * height],
			visible: vec![0; width * height],
			hidden: vec![0; width * height],
		};
		let mut spans = mask.spans_between(top, bottom);
		for y in top..bottom {
			let (row, rest) = spans.split_at(spans.partition_point(|span| span.y == y));
			spans = rest;
			let mut x = left;
			for span in row {
				window.see(frame, y, x, span.start.min(right));
				for (cell, columns) in window.pieces(y, span.start.max(left), span.end.min(right)) {
					window.hidden[cell] += columns.len() as u32;
				}
				x = x.max(span.end);
			}
			window.see(frame, y, x, right);
		}
		for (colour, visible) in window.colours.iter_mut().zip(&window.visible) {
			*colour = colour.map(|sum| sum / (*visible).max(1) as f32);
		}
		window
	}

	/// Index of the cell in which a pixel of the frame lies.
	pub fn cell(&self, x: u32, y: u32) -> usize {
		let (column, row) = ((x - self.left) / self.scale, (y - self.top) / self.scale);
		row as usize * self.width + column as usize
	}

	/// Column and row of a pixel's centre, in cells, as [`interpolate`] takes them.
	pub fn position(&self, x: u32, y: u32) -> (f32, f32) {
		let position = |offset: u32| (offset as f32 + 0.5) / self.scale as f32 - 0.5;
		(position(x - self.left), position(y - self.top))
	}

	/// The columns from `start` to just before `end` of the frame's row `y`, cell by cell: the index of the
	/// cell and its columns.
	pub fn pieces(
		&self,
		y: u32,
		start: u32,
		end: u32,
	) -> impl Iterator<Item = (usize, Range<u32>)> + use<> {
		let (left, scale) = (self.left, self.scale);
		let row = (y - self.top) as usize / scale as usize * self.width;
		let columns =
			if start < end { (start - left) / scale..(end - left).div_ceil(scale) } else { 0..0 };
		columns.map(move |column| {
			let first = left + column * scale;
			(row + column as usize, first.max(start)..(first + scale).min(end))
		})
	}

	/// Adds the pixels of the row `y` from `start` to just before `end` to their cells.
	fn see(&mut self, frame: &RgbImage, y: u32, start: u32, end: u32) {
		for (cell, columns) in self.pieces(y, start, end) {
			self.visible[cell] += columns.len() as u32;
			let mut sums = [0; 3];
			for pixel in pixels(frame, y, columns).chunks_exact(3) {
				for (sum, value) in sums.iter_mut().zip(pixel) {
					*sum += u32::from(*value);
				}
			}
			for (colour, sum) in self.colours[cell].iter_mut().zip(sums) {
				*colour += sum as f32;
			}
		}
	}
}

/// Red, green and blue of some columns of the row `y`, pixel by pixel.
pub(super) fn pixels(frame: &RgbImage, y: u32, columns: Range<u32>) -> &[u8] {
	&(**frame)[bytes(frame.width(), y, columns)]
}

/// The same, to be painted over.
pub(super) fn pixels_mut(frame: &mut RgbImage, y: u32, columns: Range<u32>) -> &mut [u8] {
	let bytes = bytes(frame.width(), y, columns);
	&mut (**frame)[bytes]
}

/// Where they are in a picture of this width, in pixels.
fn bytes(width: u32, y: u32, columns: Range<u32>) -> Range<usize> {
	let byte = |x: u32| 3 * (y as usize * width as usize + x as usize);
	byte(columns.start)..byte(columns.end)
}

/// The value of a plane of `width` columns between its cells, whose centres lie at whole numbers; beyond
/// the outermost it stays the same.
pub(super) fn interpolate<const N: usize>(
	plane: &[[f32; N]],
	width: usize,
	x: f32,
	y: f32,
) -> [f32; N] {
	let height = plane.len() / width;
	let (x, y) = (x.clamp(0.0, (width - 1) as f32), y.clamp(0.0, (height - 1) as f32));
	let (left, top) = (x as usize, y as usize);
	let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
	let (horizontal, vertical) = (x - left as f32, y - top as f32);
	std::array::from_fn(|channel| {
		let at = |column: usize, row: usize| plane[row * width + column][channel];
		let upper = at(left, top) * (1.0 - horizontal) + at(right, top) * horizontal;
		let lower = at(left, bottom) * (1.0 - horizontal) + at(right, bottom) * horizontal;
		upper * (1.0 - vertical) + lower * vertical
	})
}

/// The nearest colour that a pixel can have.
pub(super) fn quantize(colour: Colour) -> image::Rgb<u8> {
	image::Rgb(colour.map(|value| value.round().clamp(0.0, 255.0) as u8))
}
