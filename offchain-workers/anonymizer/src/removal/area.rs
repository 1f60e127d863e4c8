//! Parts of a mask that lie so far apart that each can be painted by itself.

use super::{Mask, Span};
use std::collections::{BTreeMap, BTreeSet};

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
		let mut unvisited: BTreeSet<(u32, u32)> = mask.spans().iter().flat_map(cells).collect();
		let mut area_of_cell = BTreeMap::new();
		let mut areas = 0;
		while let Some(cell) = unvisited.pop_first() {
			let mut reached = vec![cell];
			while let Some(cell) = reached.pop() {
				area_of_cell.insert(cell, areas);
				reached.extend(neighbours(cell).filter(|cell| unvisited.remove(cell)));
			}
			areas += 1;
		}
		let mut all: Vec<_> = (0..areas).map(|_| Self { spans: Vec::new() }).collect();
		for span in mask.spans() {
			all[area_of_cell[&(span.y / CELL, span.start / CELL)]].spans.push(*span);
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

/// Row and column of each cell that the span touches.
fn cells(span: &Span) -> impl Iterator<Item = (u32, u32)> {
	let row = span.y / CELL;
	(span.start / CELL..=(span.end - 1) / CELL).map(move |column| (row, column))
}

fn neighbours((row, column): (u32, u32)) -> impl Iterator<Item = (u32, u32)> {
	let around = |centre: u32| centre.saturating_sub(1)..=centre + 1;
	around(row).flat_map(move |row| around(column).map(move |column| (row, column)))
}
