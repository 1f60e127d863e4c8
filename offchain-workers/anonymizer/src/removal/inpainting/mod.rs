//! In-painting: what is hidden is put together from patches of what stays visible, as if nothing had been
//! there.
//!
//! The picture is completed such that every patch that touches a hidden pixel looks like some visible
//! patch (Wexler, Shechtman and Irani, "Space-Time Completion of Video", PAMI 2007): [`level`] holds the
//! picture at one size, [`patch_match`] finds for each patch the most similar visible one, [`vote`] paints
//! what the patches found agree upon. It begins at a small size, where little is missing, and refines.

mod level;
mod patch_match;
mod random;
mod vote;

use super::{
	area::{Area, Rectangle},
	blur,
	window::{interpolate, quantize, Window},
	Mask,
};
use image::{Rgb, RgbImage};
use level::{Level, RADIUS};
use patch_match::Matches;
use random::Random;

/// Up to this many hidden pixels of a frame are completed at full size, more at a reduced one.
const MAX_MISSING: u64 = 1 << 16;
/// Up to this many pixels, hidden or near an area, are looked at in full size.
const MAX_CELLS: u64 = 1 << 20;
/// How far patches are taken from at least, in pixels.
const MIN_MARGIN: u32 = 32;
/// The smallest size has at least so many patches to choose from.
const MIN_SOURCES: usize = 64;
/// Nothing at the smallest size is deeper in what is missing, if that can be had.
const MAX_DEPTH: u16 = 4;
/// How often the most similar patches are sought, each time twice as well as before.
const PASSES: usize = 2;
/// How often search and vote alternate at full size, and how much more often at each smaller one.
const ROUNDS: usize = 3;
const FURTHER_ROUNDS: usize = 4;
/// How thoroughly patches are sought for the first guess.
const FIRST_PASSES: usize = 5;

/// Completes everything that `mask` hides. Where there is too little to take patches from, it is blurred.
pub(super) fn paint(frame: &mut RgbImage, mask: &Mask) {
	for area in Area::all(mask) {
		let rectangle = surroundings(&area, frame);
		let window = Window::new(frame, mask, rectangle, scale(mask, &rectangle));
		match complete(&window, &area) {
			Some(completed) => completed.paint(frame, &window, &area),
			None => blur::paint_area(frame, mask, &area),
		}
	}
}

/// The area and as much about it as patches are taken from.
fn surroundings(area: &Area, frame: &RgbImage) -> Rectangle {
	let bounds = area.bounds();
	bounds.grown(MIN_MARGIN + bounds.longer_side() / 2, frame.dimensions())
}

/// How many pixels make a side of a cell, so that neither time nor memory grow with the frame.
fn scale(mask: &Mask, rectangle: &Rectangle) -> u32 {
	let cells =
		u64::from(rectangle.right - rectangle.left) * u64::from(rectangle.bottom - rectangle.top);
	let reduction = mask.area().div_ceil(MAX_MISSING).max(cells.div_ceil(MAX_CELLS)).max(1);
	(reduction as f64).sqrt().ceil() as u32
}

/// A picture without gaps, and from where its patches are.
struct Completed {
	level: Level,
	matches: Matches,
}

/// Completes the part of `window` that `area` covers; `None` if there are no patches to take.
fn complete(window: &Window, area: &Area) -> Option<Completed> {
	let mut levels = vec![Level::new(window, area)];
	if levels[0].sources.is_empty() {
		return None;
	}
	while levels[levels.len() - 1].deepest() > MAX_DEPTH {
		let coarser = levels[levels.len() - 1].coarser();
		if coarser.sources.len() < MIN_SOURCES {
			break;
		}
		levels.push(coarser);
	}
	let mut random = Random::default();
	let mut level = levels.pop()?;
	let mut matches = first_guess(&mut level, &mut random);
	refine(&mut level, &mut matches, levels.len(), &mut random);
	while let Some(mut finer) = levels.pop() {
		matches = matches.finer(&level, &finer, &mut random);
		vote::vote(&mut finer, &matches);
		refine(&mut finer, &mut matches, levels.len(), &mut random);
		level = finer;
	}
	Some(Completed { level, matches })
}

/// Completes the smallest size layer by layer from the border inwards, so that structures grow into what
/// is missing.
fn first_guess(level: &mut Level, random: &mut Random) -> Matches {
	let mut matches = Matches::random(level, random);
	for depth in 1..=level.deepest() {
		level.trust_less_deep_than(depth);
		let layer = level.at_depth(depth);
		matches.improve(level, &layer, FIRST_PASSES, random);
		for cell in layer {
			level.colours[cell] = level.colours[matches.nearest[cell] as usize];
		}
	}
	level.trust_less_deep_than(u16::MAX);
	matches
}

fn refine(level: &mut Level, matches: &mut Matches, size: usize, random: &mut Random) {
	for _ in 0..ROUNDS + FURTHER_ROUNDS * size {
		matches.improve(level, &level.targets, PASSES, random);
		vote::vote(level, matches);
	}
}

impl Completed {
	/// Copies it to the frame. What a reduced size lacks in detail comes from where the patches are.
	fn paint(&self, frame: &mut RgbImage, window: &Window, area: &Area) {
		for span in &area.spans {
			for x in span.start..span.end {
				let pixel = self.pixel(frame, window, x, span.y);
				frame.put_pixel(x, span.y, pixel);
			}
		}
	}

	fn pixel(&self, frame: &RgbImage, window: &Window, x: u32, y: u32) -> Rgb<u8> {
		let cell = self.level.cell(window.cell(x, y), window.width);
		let (rows, columns) = self.level.offset(cell, self.matches.nearest[cell] as usize);
		let moved = |position: u32, cells: i64| {
			(i64::from(position) + cells * i64::from(window.scale)) as u32
		};
		let (x_source, y_source) = (moved(x, columns), moved(y, rows));
		let smooth = |x: u32, y: u32| {
			let (column, row) = window.position(x, y);
			let padding = RADIUS as f32;
			interpolate(&self.level.colours, self.level.width, column + padding, row + padding)
		};
		let (here, there) = (smooth(x, y), smooth(x_source, y_source));
		let source = frame.get_pixel(x_source, y_source).0;
		quantize(std::array::from_fn(|channel| {
			here[channel] + f32::from(source[channel]) - there[channel]
		}))
	}
}
