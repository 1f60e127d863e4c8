//! Parts of a mask that lie so far apart that each can be painted by itself.

use super::{Mask, Span};
use std::mem::take;

/// Side of the squares by which pixels are joined, in pixels.
const CELL: u32 = 16;

/// A rectangle of pixels; right and bottom are the first that do not belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rectangle {
	pub left: u32,
	pub top: u32,
	pub right: u32,
	pub bottom: u32,
}

impl Rectangle {
	/// Grown by `margin` pixels on each side, as far as the frame reaches.
	pub fn grown(&self, margin: u32, (width, height): (u32, u32)) -> Self {
		Self {
			left: self.left.saturating_sub(margin),
			top: self.top.saturating_sub(margin),
			right: self.right.saturating_add(margin).min(width),
			bottom: self.bottom.saturating_add(margin).min(height),
		}
	}

	/// The longer side, in pixels.
	pub fn longer_side(&self) -> u32 {
		(self.right - self.left).max(self.bottom - self.top)
	}
}

/// Pixels that must vanish, in one place.
#[derive(Debug)]
pub(super) struct Area {
	/// By row and column; never empty.
	pub spans: Vec<Span>,
}

impl Area {
	/// The areas of `mask`. Pixels in the same or in neighbouring cells of a grid are in the same area, so
	/// that there are never many, however scattered the pixels.
	pub fn all(mask: &Mask) -> Vec<Self> {
		let (width, height) = mask.dimensions();
		let (columns, rows) = (width.div_ceil(CELL) as usize, height.div_ceil(CELL) as usize);
		let mut unvisited = vec![false; columns * rows];
		for span in mask.spans() {
			let cells = cell(span.start, span.y, columns)..=cell(span.end - 1, span.y, columns);
			unvisited[cells].fill(true);
		}
		let mut area_of_cell = vec![0; unvisited.len()];
		let mut all = Vec::new();
		for first in 0..unvisited.len() {
			if !take(&mut unvisited[first]) {
				continue;
			}
			let mut reached = vec![first];
			while let Some(cell) = reached.pop() {
				area_of_cell[cell] = all.len();
				for row in neighbours(cell / columns, rows) {
					let cells =
						neighbours(cell % columns, columns).map(|column| row * columns + column);
					reached.extend(cells.filter(|cell| take(&mut unvisited[*cell])));
				}
			}
			all.push(Self { spans: Vec::new() });
		}
		for span in mask.spans() {
			let area: usize = area_of_cell[cell(span.start, span.y, columns)];
			all[area].spans.push(*span);
		}
		all
	}

	/// The rectangle about it.
	pub fn bounds(&self) -> Rectangle {
		let top = self.spans.first().map_or(0, |span| span.y);
		let bottom = self.spans.last().map_or(0, |span| span.y + 1);
		let left = self.spans.iter().map(|span| span.start).min().unwrap_or(0);
		let right = self.spans.iter().map(|span| span.end).max().unwrap_or(0);
		Rectangle { left, top, right, bottom }
	}

	/// How many pixels it has.
	pub fn pixels(&self) -> u64 {
		self.spans.iter().map(|span| u64::from(span.end - span.start)).sum()
	}

	/// About how wide the things in it are, in pixels, even if many stand side by side.
	pub fn thickness(&self) -> u32 {
		let mean = self.pixels() / self.spans.len().max(1) as u64;
		(mean as u32).min(self.bounds().bottom - self.bounds().top)
	}
}

/// The cell in which a pixel lies, in a grid of so many columns.
fn cell(x: u32, y: u32, columns: usize) -> usize {
	(y / CELL) as usize * columns + (x / CELL) as usize
}

/// A column or row, and those beside it of so many.
fn neighbours(place: usize, count: usize) -> std::ops::RangeInclusive<usize> {
	place.saturating_sub(1)..=(place + 1).min(count - 1)
}
