//! A decoded frame: planar YUV 4:2:0, 8 bit, limited range, which codecs use and which has half the bytes
//! of RGB.

use crate::removal::Mask;
use fast_image_resize::{
	images::{TypedImage, TypedImageRef},
	pixels::U8,
	FilterType, ResizeAlg, ResizeOptions, Resizer,
};
use image::RgbImage;
use yuv::{
	rgb_to_yuv420, yuv420_to_rgb, YuvChromaSubsampling, YuvConversionMode, YuvPlanarImage,
	YuvPlanarImageMut, YuvRange, YuvStandardMatrix,
};

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
		let painted = planes(picture);
		let (luma, chroma) = self.data.split_at_mut(self.size.pixels());
		let (blue, red) = chroma.split_at_mut(chroma.len() / 2);
		for span in mask.spans() {
			let (y, start, end) = (span.y as usize, span.start as usize, span.end as usize);
			assert!(start % 2 == 0 && end % 2 == 0, "the mask must be in blocks");
			let pixels = y * width + start..y * width + end;
			luma[pixels.clone()].copy_from_slice(&painted.y_plane.borrow()[pixels]);
			if y % 2 == 1 {
				continue;
			}
			assert!(mask.hides(span.start, span.y + 1), "the mask must be in blocks");
			let blocks = (y / 2 * width + start) / 2..(y / 2 * width + end) / 2;
			blue[blocks.clone()].copy_from_slice(&painted.u_plane.borrow()[blocks.clone()]);
			red[blocks.clone()].copy_from_slice(&painted.v_plane.borrow()[blocks]);
		}
	}
}

/// Makes the smaller pictures that models see.
pub struct Reducer {
	size: FrameSize,
	resizer: Resizer,
	/// As in a frame of this size.
	planes: Vec<u8>,
}

impl Reducer {
	/// To this size.
	pub fn new(size: FrameSize) -> Self {
		Self { size, resizer: Resizer::new(), planes: vec![0; size.bytes()] }
	}

	/// The frame as a picture of this size.
	pub fn reduce(&mut self, frame: &Frame) -> RgbImage {
		if frame.size == self.size {
			return frame.to_rgb();
		}
		let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
		let (luma, chroma) = frame.data.split_at(frame.size.pixels());
		let (blue, red) = chroma.split_at(chroma.len() / 2);
		let (small_luma, small_chroma) = self.planes.split_at_mut(self.size.pixels());
		let (small_blue, small_red) = small_chroma.split_at_mut(small_chroma.len() / 2);
		let planes = [(luma, small_luma, 1), (blue, small_blue, 2), (red, small_red, 2)];
		for (source, target, part) in planes {
			let (width, height) = (frame.size.width / part, frame.size.height / part);
			let source = TypedImageRef::<U8>::from_buffer(width, height, source)
				.expect("a plane has one byte a pixel; qed");
			let (width, height) = (self.size.width / part, self.size.height / part);
			let mut target = TypedImage::<U8>::from_buffer(width, height, target)
				.expect("a plane has one byte a pixel; qed");
			let resized = self.resizer.resize_typed(&source, &mut target, &options);
			resized.expect("nothing is cropped; qed");
		}
		rgb(self.size, &self.planes)
	}
}

/// ITU-R BT.601. Every video is converted by it, there and back: what is painted agrees with its
/// surroundings, whatever the video's own matrix is.
const MATRIX: YuvStandardMatrix = YuvStandardMatrix::Bt601;

/// From planes; all four pixels of a block have its colour.
fn rgb(size: FrameSize, data: &[u8]) -> RgbImage {
	let FrameSize { width, height } = size;
	let (luma, chroma) = data.split_at(size.pixels());
	let (blue, red) = chroma.split_at(chroma.len() / 2);
	let planes = YuvPlanarImage {
		y_plane: luma,
		y_stride: width,
		u_plane: blue,
		u_stride: width / 2,
		v_plane: red,
		v_stride: width / 2,
		width,
		height,
	};
	let mut picture = RgbImage::new(width, height);
	yuv420_to_rgb(&planes, &mut picture, 3 * width, YuvRange::Limited, MATRIX)
		.expect("the planes and the picture have this size; qed");
	picture
}

/// To planes; a block has the mean colour of its four pixels.
fn planes(picture: &RgbImage) -> YuvPlanarImageMut<'static, u8> {
	let (width, height) = picture.dimensions();
	let mut planes = YuvPlanarImageMut::alloc(width, height, YuvChromaSubsampling::Yuv420);
	let mode = YuvConversionMode::Balanced;
	rgb_to_yuv420(&mut planes, picture, 3 * width, YuvRange::Limited, MATRIX, mode)
		.expect("the planes were made for the picture; qed");
	planes
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{detection::Class, geometry::BoundingBox, removal::Region};
	use image::Rgb;

	fn frame(size: FrameSize, pixel: impl Fn(usize) -> u8) -> Frame {
		Frame { index: 0, timestamp: 0, size, data: (0..size.bytes()).map(pixel).collect() }
	}

	#[test]
	fn colours_survive_the_way_there_and_back() {
		let size = FrameSize { width: 2, height: 2 };
		let bounding_box = BoundingBox { x_min: 0.0, y_min: 0.0, x_max: 2.0, y_max: 2.0 };
		let mask = Mask::new(2, 2, &[Region { class: Class::Vehicle, bounding_box }]).in_blocks();
		for colour in [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255; 3], [0; 3], [90, 120, 200]] {
			let mut frame = frame(size, |_| 100);
			frame.paint(&RgbImage::from_pixel(2, 2, Rgb(colour)), &mask);
			let picture = frame.to_rgb();
			for (channel, wanted) in picture.get_pixel(1, 1).0.into_iter().zip(colour) {
				assert!(channel.abs_diff(wanted) <= 3, "{picture:?} {colour:?}");
			}
		}
	}

	#[test]
	fn a_pixel_has_the_colour_of_its_own_block() {
		let size = FrameSize { width: 128, height: 8 };
		let before = frame(size, |at| (at * 7 % 200) as u8 + 20);
		let mut other = before.clone();
		// Luma and colour of the block in columns 64 and 65 and rows 4 and 5.
		for at in [4, 5].map(|y| y * 128 + 64) {
			other.data[at..at + 2].fill(230);
		}
		for plane in [0, 1].map(|plane| size.pixels() + plane * size.pixels() / 4) {
			other.data[plane + 2 * 64 + 32] = 16;
		}
		let (before, other) = (before.to_rgb(), other.to_rgb());
		for (x, y, pixel) in other.enumerate_pixels() {
			let in_block = matches!((x, y), (64 | 65, 4 | 5));
			assert_eq!(pixel != before.get_pixel(x, y), in_block, "{x} {y}");
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
