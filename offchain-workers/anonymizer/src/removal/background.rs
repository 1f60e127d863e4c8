//! What a fixed camera saw behind the things that must vanish.

use super::{
	remove,
	window::{pixels, pixels_mut},
	Mask, Method, Span,
};
use image::{Rgb, RgbImage};

/// By how much the values of a pixel may differ in frames that show the same.
const TOLERANCE: u8 = 20;
/// How often a colour must have been seen, more often than others, to be believed.
const BELIEVED: u8 = 8;
/// By how much at most a colour is ahead of others, so that what has changed for good is believed in time.
const MAX_LEAD: u8 = 64;
/// The lead of a colour that was not seen but painted.
const PAINTED: u8 = u8::MAX;
/// Every how many pixels, in both directions, it is looked whether the camera stands still.
const PROBE_STEP: u32 = 8;
/// Fewer probes than this say nothing.
const MIN_PROBES: usize = 16;

/// The picture behind moving things, from frames of a fixed camera. It keeps four bytes a pixel, however
/// many frames it sees, and never looks at pixels that a mask hides.
///
/// Each pixel holds the colour that was seen most often lately (the majority vote of Boyer and Moore,
/// "MJRTY", 1981), which follows slow changes of light as an approximate median does (McFarlane and
/// Schofield, "Segmentation and Tracking of Piglets in Images", 1995). Somebody whom the detection misses
/// in a few frames therefore does not stay in the picture. When a third of the picture changes at once,
/// the camera has moved, and all is forgotten.
///
/// For each frame first [`Background::observe`], then [`Background::remove`].
pub struct Background {
	colours: RgbImage,
	/// How much more often each colour was seen than others, or [`PAINTED`].
	leads: Vec<u8>,
	/// Whether most of the picture has stayed the same for a while.
	settled: bool,
}

/// What the probes say about a frame.
#[derive(Default)]
struct Probes {
	all: usize,
	believed: usize,
	changed: usize,
}

impl Background {
	/// For frames of this size, in pixels. Nothing is known yet.
	pub fn new(width: u32, height: u32) -> Self {
		Self {
			colours: RgbImage::new(width, height),
			leads: vec![0; width as usize * height as usize],
			settled: false,
		}
	}

	/// Learns from what `mask` does not hide in the next frame.
	///
	/// # Panics
	///
	/// When frame or mask are of another size.
	pub fn observe(&mut self, frame: &RgbImage, mask: &Mask) {
		self.check_size(frame, mask);
		let probes = self.probe(frame, mask);
		if probes.believed >= MIN_PROBES && probes.changed > probes.believed / 3 {
			self.leads.fill(0);
		}
		self.settled = probes.believed > probes.all / 2;
		let (width, height) = frame.dimensions();
		let mut spans = mask.spans();
		for y in 0..height {
			let (row, rest) = spans.split_at(spans.partition_point(|span| span.y == y));
			spans = rest;
			let mut start = 0;
			for span in row {
				self.learn(frame, Span { y, start, end: span.start });
				start = span.end;
			}
			self.learn(frame, Span { y, start, end: width });
		}
	}

	/// Paints what is known over what `mask` hides, and returns what still must vanish.
	///
	/// # Panics
	///
	/// When frame or mask are of another size.
	#[must_use = "what is not known is still visible"]
	pub fn fill(&self, frame: &mut RgbImage, mask: &Mask) -> Mask {
		self.check_size(frame, mask);
		let mut missing = Vec::new();
		for &Span { y, start, end } in mask.spans() {
			for x in start..end {
				if self.leads[self.index(x, y)] >= BELIEVED {
					frame.put_pixel(x, y, *self.colours.get_pixel(x, y));
				} else {
					missing.push(Span { y, start: x, end: x + 1 });
				}
			}
		}
		Mask::from_spans(frame.width(), frame.height(), missing)
	}

	/// Paints over everything that `mask` hides: what is known, and in-painting where nothing is. In a
	/// settled picture the latter stays the same from frame to frame until the truth is seen.
	///
	/// # Panics
	///
	/// When frame or mask are of another size.
	pub fn remove(&mut self, frame: &mut RgbImage, mask: &Mask) {
		let missing = self.fill(frame, mask);
		remove(frame, &missing, Method::Remove);
		if !self.settled {
			return;
		}
		for &Span { y, start, end } in missing.spans() {
			for x in start..end {
				let index = self.index(x, y);
				self.leads[index] = PAINTED;
				self.colours.put_pixel(x, y, *frame.get_pixel(x, y));
			}
		}
	}

	fn check_size(&self, frame: &RgbImage, mask: &Mask) {
		assert_eq!(frame.dimensions(), self.colours.dimensions(), "a frame of another size");
		assert_eq!(
			frame.dimensions(),
			mask.dimensions(),
			"the mask is for a frame of another size"
		);
	}

	fn index(&self, x: u32, y: u32) -> usize {
		y as usize * self.colours.width() as usize + x as usize
	}

	/// Compares some of the visible pixels with what is known.
	fn probe(&self, frame: &RgbImage, mask: &Mask) -> Probes {
		let mut probes = Probes::default();
		for y in (0..frame.height()).step_by(PROBE_STEP as usize) {
			for x in (0..frame.width()).step_by(PROBE_STEP as usize) {
				if mask.hides(x, y) {
					continue;
				}
				probes.all += 1;
				if (BELIEVED..=MAX_LEAD).contains(&self.leads[self.index(x, y)]) {
					probes.believed += 1;
					let same = alike(frame.get_pixel(x, y), self.colours.get_pixel(x, y));
					probes.changed += usize::from(!same);
				}
			}
		}
		probes
	}

	/// Learns from visible pixels.
	fn learn(&mut self, frame: &RgbImage, span: Span) {
		let leads = self.index(span.start, span.y)..self.index(span.end, span.y);
		let columns = span.start..span.end;
		let seen = pixels(frame, span.y, columns.clone()).chunks_exact(3);
		let known = pixels_mut(&mut self.colours, span.y, columns).chunks_exact_mut(3);
		for ((seen, known), lead) in seen.zip(known).zip(&mut self.leads[leads]) {
			learn_one(seen, known, lead);
		}
	}
}

fn learn_one(seen: &[u8], known: &mut [u8], lead: &mut u8) {
	if matches!(*lead, 0 | PAINTED) {
		known.copy_from_slice(seen);
		*lead = 1;
	} else if seen.iter().zip(known.iter()).all(|(seen, known)| seen.abs_diff(*known) <= TOLERANCE)
	{
		for (known, seen) in known.iter_mut().zip(seen) {
			*known =
				known.saturating_add_signed((i16::from(*seen) - i16::from(*known)).signum() as i8);
		}
		*lead = (*lead + 1).min(MAX_LEAD);
	} else {
		*lead -= 1;
	}
}

fn alike(left: &Rgb<u8>, right: &Rgb<u8>) -> bool {
	left.0.iter().zip(right.0).all(|(left, right)| left.abs_diff(right) <= TOLERANCE)
}
