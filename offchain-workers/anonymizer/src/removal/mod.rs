//! Painting over what must vanish. Pixels under a mask never influence the result.

use crate::{detection::Class, geometry::BoundingBox};
use image::RgbImage;
use serde::{Deserialize, Serialize};

/// How something vanishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
	/// One colour.
	Solid,
	/// Large blocks in the colours of the surroundings.
	#[default]
	Mosaic,
	/// A smooth transition between the colours of the surroundings.
	Blur,
	/// In-painting, as if nothing had been there.
	Remove,
}

/// The pixels that must vanish: one byte a pixel, row by row, 0 for those that stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
	width: u32,
	height: u32,
	hidden: Vec<u8>,
}

/// A box that must vanish, already grown, and what was found there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
	/// What it is; faces are covered by ellipses, everything else by boxes.
	pub class: Class,
	/// Where it is.
	pub bounding_box: BoundingBox,
}

impl Mask {
	/// Covers `regions` in a frame of this size.
	pub fn new(width: u32, height: u32, regions: &[Region]) -> Self {
		let hidden = vec![0; width as usize * height as usize];
		let mut mask = Self { width, height, hidden };
		for region in regions {
			mask.cover(region);
		}
		mask
	}

	/// Whether nothing must vanish.
	pub fn is_empty(&self) -> bool {
		self.hidden.iter().all(|pixel| *pixel == 0)
	}

	/// Whether the pixel must vanish; `false` outside of the frame.
	pub fn hides(&self, x: u32, y: u32) -> bool {
		x < self.width
			&& y < self.height
			&& self.hidden[y as usize * self.width as usize + x as usize] != 0
	}

	/// Widened to blocks of two by two pixels: what shares a colour in a video vanishes as a whole. Both
	/// sides of the frame must be even.
	pub fn in_blocks(&self) -> Self {
		let mut wide = self.clone();
		for y in 0..self.height {
			for x in 0..self.width {
				let corners = [(0, 0), (1, 0), (0, 1), (1, 1)];
				let hidden = corners.iter().any(|(i, j)| self.hides((x & !1) + i, (y & !1) + j));
				wide.hidden[y as usize * self.width as usize + x as usize] = hidden.into();
			}
		}
		wide
	}

	fn cover(&mut self, region: &Region) {
		let edge = |value: f32, limit: u32| value.clamp(0.0, limit as f32) as u32;
		let area = &region.bounding_box;
		for y in edge(area.y_min.floor(), self.height)..edge(area.y_max.ceil(), self.height) {
			for x in edge(area.x_min.floor(), self.width)..edge(area.x_max.ceil(), self.width) {
				self.hidden[y as usize * self.width as usize + x as usize] = 1;
			}
		}
	}
}

/// Paints over everything that `mask` hides.
///
/// # Panics
///
/// When the mask was made for a frame of another size.
pub fn remove(frame: &mut RgbImage, mask: &Mask, method: Method) {
	assert_eq!(frame.dimensions(), (mask.width, mask.height));
	let _ = method;
	for (x, y, pixel) in frame.enumerate_pixels_mut() {
		if mask.hides(x, y) {
			pixel.0 = [0; 3];
		}
	}
}
