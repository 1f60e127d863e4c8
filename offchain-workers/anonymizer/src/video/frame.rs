//! A decoded frame: planar YUV 4:2:0, 8 bit, limited range, which codecs use and which has half the bytes
//! of RGB.

use crate::removal::Mask;
use fast_image_resize::{
	images::{Image, ImageRef},
	FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
};
use image::RgbImage;

/// Width and height in pixels, both even.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameSize {
	/// Width in pixels, even.
	pub width: u32,
	/// Height in pixels, even.
	pub height: u32,
}

/// One frame and when it is shown.
#[derive(Clone, Debug)]
pub struct Frame {
	/// Its number, from 0.
	pub index: u64,
	/// When it is shown, in ticks since the first frame.
	pub timestamp: i64,
	/// Its size.
	pub size: FrameSize,
	/// Luma row by row, then the two planes of chroma with half the width and height.
	pub data: Vec<u8>,
}

impl FrameSize {
	/// Pixels.
	pub fn pixels(self) -> usize {
		self.width as usize * self.height as usize
	}

	/// Bytes of a frame.
	pub fn bytes(self) -> usize {
		self.pixels() * 3 / 2
	}

	/// The largest even size with the same proportions whose longer side is at most `side`.
	pub fn within(self, side: u32) -> Self {
		let longer = self.width.max(self.height);
		if longer <= side {
			return self;
		}
		let scaled = |length: u32| {
			let length = u64::from(length) * u64::from(side) / u64::from(longer);
			(length as u32 & !1).max(2)
		};
		Self { width: scaled(self.width), height: scaled(self.height) }
	}
}

impl Frame {
	/// Brightness, row by row.
	pub fn luma(&self) -> &[u8] {
		&self.data[..self.size.pixels()]
	}

	/// As a picture.
	pub fn to_rgb(&self) -> RgbImage {
		rgb(self.size, &self.data)
	}

	/// Paints what `mask` hides with the pixels of `picture`; everything else stays as it was.
	///
	/// # Panics
	///
	/// When sizes differ, or when the mask is not one [in blocks](Mask::in_blocks): the colour of what is
	/// hidden would shine through.
	pub fn paint(&mut self, picture: &RgbImage, mask: &Mask) {
		let dimensions = (self.size.width, self.size.height);
		assert!(picture.dimensions() == dimensions && mask.dimensions() == dimensions);
		let width = self.size.width as usize;
		let (luma, chroma) = self.data.split_at_mut(self.size.pixels());
		let (blue, red) = chroma.split_at_mut(chroma.len() / 2);
		let rows: Vec<_> = picture.as_raw().chunks_exact(width * 3).collect();
		for span in mask.spans() {
			let (y, start, end) = (span.y as usize, span.start as usize, span.end as usize);
			assert!(start % 2 == 0 && end % 2 == 0, "the mask must be in blocks");
			let pixels = rows[y][start * 3..end * 3].chunks_exact(3);
			for (luma, pixel) in luma[y * width + start..].iter_mut().zip(pixels) {
				*luma = luma_of([pixel[0], pixel[1], pixel[2]]);
			}
			if y % 2 == 1 {
				continue;
			}
			assert!(mask.hides(span.start, span.y + 1), "the mask must be in blocks");
			let upper = rows[y][start * 3..end * 3].chunks_exact(6);
			let lower = rows[y + 1][start * 3..end * 3].chunks_exact(6);
			let at = (y / 2 * width + start) / 2;
			let chroma = blue[at..].iter_mut().zip(&mut red[at..]);
			for ((blue, red), (upper, lower)) in chroma.zip(upper.zip(lower)) {
				let mean = std::array::from_fn(|channel| {
					let values =
						[upper[channel], upper[channel + 3], lower[channel], lower[channel + 3]];
					(values.map(u16::from).iter().sum::<u16>() / 4) as u8
				});
				(*blue, *red) = chroma_of(mean);
			}
		}
	}
}

/// Makes the smaller pictures that models see.
pub struct Reducer {
	size: FrameSize,
	resizer: Resizer,
	planes: [Image<'static>; 3],
}

impl Reducer {
	/// To this size.
	pub fn new(size: FrameSize) -> Self {
		let plane = |size: FrameSize| Image::new(size.width, size.height, PixelType::U8);
		let half = FrameSize { width: size.width / 2, height: size.height / 2 };
		Self { size, resizer: Resizer::new(), planes: [plane(size), plane(half), plane(half)] }
	}

	/// The frame as a picture of this size.
	pub fn reduce(&mut self, frame: &Frame) -> RgbImage {
		if frame.size == self.size {
			return frame.to_rgb();
		}
		let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
		let (width, height) = (frame.size.width, frame.size.height);
		let (luma, chroma) = frame.data.split_at(frame.size.pixels());
		let (blue, red) = chroma.split_at(chroma.len() / 2);
		let sources =
			[(luma, width, height), (blue, width / 2, height / 2), (red, width / 2, height / 2)];
		for ((data, width, height), target) in sources.into_iter().zip(&mut self.planes) {
			let source = ImageRef::new(width, height, data, PixelType::U8)
				.expect("a plane has one byte a pixel; qed");
			let resized = self.resizer.resize(&source, target, Some(&options));
			resized.expect("both have one byte a pixel; qed");
		}
		let planes = self.planes.each_ref().map(|plane| plane.buffer());
		rgb(self.size, &planes.concat())
	}
}

/// ITU-R BT.601, limited range, in 16.16 fixed point. Every video is converted by it, there and back:
/// what is painted agrees with its surroundings, whatever the video's own matrix is.
fn rgb(size: FrameSize, data: &[u8]) -> RgbImage {
	let width = size.width as usize;
	let (luma, chroma) = data.split_at(size.pixels());
	let (blue, red) = chroma.split_at(chroma.len() / 2);
	let mut pixels = vec![0; size.pixels() * 3];
	let rows = pixels.chunks_exact_mut(width * 3).zip(luma.chunks_exact(width)).enumerate();
	for (y, (pixels, luma)) in rows {
		let line = y / 2 * (width / 2)..(y / 2 + 1) * (width / 2);
		let chroma = blue[line.clone()].iter().zip(&red[line]);
		for ((pixels, luma), (blue, red)) in
			pixels.chunks_exact_mut(6).zip(luma.chunks_exact(2)).zip(chroma)
		{
			let (blue, red) = (i32::from(*blue) - 128, i32::from(*red) - 128);
			let shifts = [104_597 * red, -25_675 * blue - 53_279 * red, 132_201 * blue];
			for (pixel, luma) in pixels.chunks_exact_mut(3).zip(luma) {
				let luma = (i32::from(*luma) - 16) * 76_309 + (1 << 15);
				for (value, shift) in pixel.iter_mut().zip(shifts) {
					*value = ((luma + shift) >> 16).clamp(0, 255) as u8;
				}
			}
		}
	}
	RgbImage::from_raw(size.width, size.height, pixels).expect("three bytes a pixel; qed")
}

fn luma_of([red, green, blue]: [u8; 3]) -> u8 {
	let sum = 16_829 * i32::from(red) + 33_039 * i32::from(green) + 6_416 * i32::from(blue);
	(((sum + (1 << 15)) >> 16) + 16) as u8
}

/// The blue and the red difference.
fn chroma_of([red, green, blue]: [u8; 3]) -> (u8, u8) {
	let (red, green, blue) = (i32::from(red), i32::from(green), i32::from(blue));
	let value = |sum: i32| (((sum + (1 << 15)) >> 16) + 128).clamp(0, 255) as u8;
	(
		value(-9_714 * red - 19_070 * green + 28_784 * blue),
		value(28_784 * red - 24_103 * green - 4_681 * blue),
	)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{detection::Class, geometry::BoundingBox, removal::Region};

	fn frame(size: FrameSize, pixel: impl Fn(usize) -> u8) -> Frame {
		Frame { index: 0, timestamp: 0, size, data: (0..size.bytes()).map(pixel).collect() }
	}

	#[test]
	fn colours_survive_the_way_there_and_back() {
		for colour in [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255; 3], [0; 3], [90, 120, 200]] {
			let (blue, red) = chroma_of(colour);
			let size = FrameSize { width: 2, height: 2 };
			let luma = luma_of(colour);
			let picture = rgb(size, &[luma, luma, luma, luma, blue, red]);
			for (channel, wanted) in picture.get_pixel(1, 1).0.into_iter().zip(colour) {
				assert!(channel.abs_diff(wanted) <= 3, "{picture:?} {colour:?}");
			}
		}
	}

	#[test]
	fn only_what_is_hidden_changes() {
		let size = FrameSize { width: 16, height: 8 };
		let before = frame(size, |at| (at * 7 % 200) as u8 + 20);
		let bounding_box = BoundingBox { x_min: 5.0, y_min: 3.0, x_max: 8.0, y_max: 5.0 };
		let region = Region { class: Class::Vehicle, bounding_box };
		let mask = Mask::new(16, 8, &[region]).in_blocks();
		let mut after = before.clone();
		after.paint(&RgbImage::new(16, 8), &mask);
		for y in 0..8 {
			for x in 0..16 {
				let at = y * 16 + x;
				if mask.hides(x as u32, y as u32) {
					assert_eq!(after.data[at], 16);
					let chroma = y / 2 * 8 + x / 2;
					assert_eq!((after.data[128 + chroma], after.data[160 + chroma]), (128, 128));
				} else {
					assert_eq!(after.data[at], before.data[at]);
				}
			}
		}
		let changed = after.data[128..].iter().zip(&before.data[128..]).filter(|(a, b)| a != b);
		assert!(changed.count() <= 8);
	}

	#[test]
	fn reduced_pictures_keep_places() {
		let size = FrameSize { width: 1280, height: 720 };
		let frame = frame(size, |at| match at {
			at if at >= size.pixels() => 128,
			at if at % 1280 < 640 => 235,
			_ => 16,
		});
		let reduced = size.within(320);
		assert_eq!(reduced, FrameSize { width: 320, height: 180 });
		let picture = Reducer::new(reduced).reduce(&frame);
		assert_eq!(picture.get_pixel(150, 90).0, [255; 3]);
		assert_eq!(picture.get_pixel(170, 90).0, [0; 3]);
		assert_eq!(size.within(1280), size);
	}
}
