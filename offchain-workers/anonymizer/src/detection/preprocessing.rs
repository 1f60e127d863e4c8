//! From a part of a frame to the numbers that a model takes.

use crate::{geometry::BoundingBox, settings::InputSize};
use fast_image_resize::{
	images::{TypedImage, TypedImageRef},
	pixels::U8x3,
	FilterType, ResizeAlg, ResizeOptions, Resizer,
};
use image::RgbImage;

/// The models halve their input five times, so its sides are multiples of 32.
const SIDE_MULTIPLE: usize = 32;

/// Colours are bytes, and there are three.
const CHANNELS: usize = 3;

/// How a model wants to see colours. Its input is 1 × 3 × height × width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputForm {
	/// Order of the colours.
	pub order: ChannelOrder,
	/// What is subtracted from each colour's 0 to 255, in that order.
	pub mean: [f32; CHANNELS],
	/// By what the difference is divided then.
	pub deviation: [f32; CHANNELS],
}

/// Order of the colours in a model's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelOrder {
	/// Red, green, blue.
	Rgb,
	/// Blue, green, red.
	Bgr,
}

/// Size of a model's input in pixels: multiples of 32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
	/// Columns.
	pub width: usize,
	/// Rows.
	pub height: usize,
}

/// A part of a frame, and the size at which a model sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
	left: u32,
	top: u32,
	width: u32,
	height: u32,
	scaled_width: u32,
	scaled_height: u32,
}

impl View {
	/// The whole frame; neither side may be 0.
	pub fn whole(width: u32, height: u32, size: InputSize) -> Self {
		let long_side = width.max(height);
		let scale = f64::from(size.long_side(long_side)) / f64::from(long_side);
		let scaled = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
		Self {
			left: 0,
			top: 0,
			width,
			height,
			scaled_width: scaled(width),
			scaled_height: scaled(height),
		}
	}

	/// A part of the frame as it is.
	pub fn part(left: u32, top: u32, width: u32, height: u32) -> Self {
		Self { left, top, width, height, scaled_width: width, scaled_height: height }
	}

	/// Whether the model sees less pixels than there are.
	pub fn shrinks(&self) -> bool {
		self.scaled_width < self.width || self.scaled_height < self.height
	}

	/// The scaled part, and what is missing at the right and below to multiples of 32.
	fn extent(&self) -> Extent {
		let padded = |side: u32| (side as usize).next_multiple_of(SIDE_MULTIPLE);
		Extent { width: padded(self.scaled_width), height: padded(self.scaled_height) }
	}

	/// A box of the model's input in coordinates of the frame, without what lies outside of the part.
	/// Nothing is left of a box that lies outside, is empty or has coordinates that are no numbers.
	pub fn to_frame(&self, in_view: &BoundingBox) -> Option<BoundingBox> {
		let place = |value: f32, origin: u32, side: u32, scaled_side: u32| {
			let (origin, side, scaled_side) = (origin as f32, side as f32, scaled_side as f32);
			(value * side / scaled_side).clamp(0.0, side) + origin
		};
		let x = |value| place(value, self.left, self.width, self.scaled_width);
		let y = |value| place(value, self.top, self.height, self.scaled_height);
		let in_frame = BoundingBox {
			x_min: x(in_view.x_min),
			y_min: y(in_view.y_min),
			x_max: x(in_view.x_max),
			y_max: y(in_view.y_max),
		};
		// Comparisons with what is no number are false.
		(in_frame.x_min < in_frame.x_max && in_frame.y_min < in_frame.y_max).then_some(in_frame)
	}
}

/// Scales and normalises; keeps its memory from frame to frame.
pub struct Preprocessor {
	form: InputForm,
	resizer: Resizer,
	scaled: Vec<u8>,
	values: Vec<f32>,
	/// What `values` have room for, and the columns and rows of it that are filled; the rest is 0.
	shape: Option<(Extent, u32, u32)>,
}

impl Preprocessor {
	/// For models that take inputs of this form.
	pub fn new(form: InputForm) -> Self {
		let resizer = Resizer::new();
		Self { form, resizer, scaled: Vec::new(), values: Vec::new(), shape: None }
	}

	/// The input that shows `view` of `frame`, padded with the mean colour to `Extent`.
	///
	/// # Panics
	///
	/// When `view` was made for a larger frame.
	pub fn prepare(&mut self, frame: &RgbImage, view: &View) -> (&[f32], Extent) {
		let extent = view.extent();
		let shape = Some((extent, view.scaled_width, view.scaled_height));
		if self.shape != shape {
			self.values.clear();
			self.values.resize(CHANNELS * extent.width * extent.height, 0.0);
			self.shape = shape;
		}
		if (view.scaled_width, view.scaled_height) == (view.width, view.height) {
			let stride = frame.width() as usize * CHANNELS;
			let start = view.top as usize * stride + view.left as usize * CHANNELS;
			normalise(&frame.as_raw()[start..], stride, view, extent, self.form, &mut self.values);
		} else {
			self.resize(frame, view);
			let stride = view.scaled_width as usize * CHANNELS;
			normalise(&self.scaled, stride, view, extent, self.form, &mut self.values);
		}
		(&self.values, extent)
	}

	fn resize(&mut self, frame: &RgbImage, view: &View) {
		let (width, height) = (view.scaled_width, view.scaled_height);
		self.scaled.resize(CHANNELS * width as usize * height as usize, 0);
		let mut scaled = TypedImage::<U8x3>::from_buffer(width, height, &mut self.scaled)
			.expect("there are three bytes for each pixel; qed");
		let source = TypedImageRef::from_buffer(frame.width(), frame.height(), frame)
			.expect("an RgbImage has three bytes for each pixel; qed");
		let options = ResizeOptions::new()
			.crop(view.left.into(), view.top.into(), view.width.into(), view.height.into())
			.resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
		let resized = self.resizer.resize_typed(&source, &mut scaled, &options);
		resized.expect("the view lies in the frame; qed");
	}
}

/// Spreads pixels over the three planes of `values`.
fn normalise(
	pixels: &[u8],
	stride: usize,
	view: &View,
	extent: Extent,
	form: InputForm,
	values: &mut [f32],
) {
	let (width, height) = (view.scaled_width as usize, view.scaled_height as usize);
	for (position, plane) in values.chunks_exact_mut(extent.width * extent.height).enumerate() {
		let channel = match form.order {
			ChannelOrder::Rgb => position,
			ChannelOrder::Bgr => CHANNELS - 1 - position,
		};
		let (mean, factor) = (form.mean[position], 1.0 / form.deviation[position]);
		let rows = plane.chunks_exact_mut(extent.width).zip(pixels.chunks(stride));
		for (row, pixels) in rows.take(height) {
			for (value, pixel) in row[..width].iter_mut().zip(pixels.chunks_exact(CHANNELS)) {
				*value = (f32::from(pixel[channel]) - mean) * factor;
			}
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use image::Rgb;
	use proptest::prelude::*;

	const PLAIN: InputForm =
		InputForm { order: ChannelOrder::Rgb, mean: [0.0; 3], deviation: [1.0; 3] };

	#[test]
	fn channels_become_planes_and_the_rest_is_zero() {
		let frame = RgbImage::from_pixel(2, 1, Rgb([10, 20, 30]));
		let mut preprocessor = Preprocessor::new(PLAIN);
		let view = View::whole(2, 1, InputSize::Native);
		let (values, extent) = preprocessor.prepare(&frame, &view);
		assert_eq!(extent, Extent { width: 32, height: 32 });
		for (plane, expected) in values.chunks_exact(32 * 32).zip([10.0, 20.0, 30.0]) {
			assert_eq!(plane[..2], [expected, expected]);
			assert!(plane[2..].iter().all(|value| *value == 0.0));
		}
	}

	#[test]
	fn colours_are_reordered_and_normalised() {
		let form = InputForm {
			order: ChannelOrder::Bgr,
			mean: [1.0, 2.0, 3.0],
			deviation: [1.0, 2.0, 4.0],
		};
		let frame = RgbImage::from_pixel(1, 1, Rgb([11, 22, 33]));
		let mut preprocessor = Preprocessor::new(form);
		let view = View::whole(1, 1, InputSize::Native);
		let (values, _) = preprocessor.prepare(&frame, &view);
		assert_eq!([values[0], values[1024], values[2048]], [32.0, 10.0, 2.0]);
	}

	#[test]
	fn a_part_is_cut_out() {
		let frame = RgbImage::from_fn(100, 80, |x, y| Rgb([x as u8, y as u8, 0]));
		let mut preprocessor = Preprocessor::new(PLAIN);
		let (values, extent) = preprocessor.prepare(&frame, &View::part(40, 30, 32, 32));
		assert_eq!(extent, Extent { width: 32, height: 32 });
		assert_eq!((values[0], values[31], values[1024]), (40.0, 71.0, 30.0));
	}

	#[test]
	fn memory_of_an_earlier_frame_does_not_show() {
		let mut preprocessor = Preprocessor::new(PLAIN);
		let white = RgbImage::from_pixel(64, 64, Rgb([255; 3]));
		preprocessor.prepare(&white, &View::whole(64, 64, InputSize::LongSide(128)));
		let black = RgbImage::new(30, 20);
		let view = View::whole(30, 20, InputSize::LongSide(60));
		let (values, _) = preprocessor.prepare(&black, &view);
		assert!(values.iter().all(|value| *value == 0.0));
	}

	#[test]
	fn only_frames_beyond_the_limits_are_scaled() {
		let size = InputSize::Between { least: 640, most: 1280 };
		let scaled = |width, height| {
			let view = View::whole(width, height, size);
			(view.scaled_width, view.scaled_height)
		};
		assert_eq!(scaled(320, 240), (640, 480));
		assert_eq!(scaled(600, 800), (600, 800));
		assert_eq!(scaled(3840, 2160), (1280, 720));
	}

	proptest! {
		#[test]
		fn boxes_come_back_to_where_they_were(
			width in 1u32..4000, height in 1u32..4000, side in 32u32..1500,
			left in 0.0f32..0.9, top in 0.0f32..0.9
		) {
			let view = View::whole(width, height, InputSize::LongSide(side));
			let (x, y) = (view.scaled_width as f32, view.scaled_height as f32);
			let in_view = BoundingBox {
				x_min: left * x, y_min: top * y, x_max: (left + 0.1) * x, y_max: (top + 0.1) * y,
			};
			let in_frame = view.to_frame(&in_view).unwrap();
			let near = |value: f32, expected: f32| (value - expected).abs() <= 0.001 * expected.max(1.0);
			prop_assert!(near(in_frame.x_min, left * width as f32));
			prop_assert!(near(in_frame.y_max, (top + 0.1) * height as f32));
		}

		#[test]
		fn boxes_lie_in_the_frame(
			width in 1u32..4000, height in 1u32..4000,
			edges in proptest::array::uniform4(proptest::num::f32::ANY)
		) {
			let view = View::whole(width, height, InputSize::LongSide(640));
			let [x_min, y_min, x_max, y_max] = edges;
			if let Some(placed) = view.to_frame(&BoundingBox { x_min, y_min, x_max, y_max }) {
				prop_assert!(0.0 <= placed.x_min && placed.x_min < placed.x_max);
				prop_assert!(0.0 <= placed.y_min && placed.y_min < placed.y_max);
				prop_assert!(placed.x_max <= width as f32 && placed.y_max <= height as f32);
			}
		}

		#[test]
		fn any_frame_becomes_an_input(width in 1u32..300, height in 1u32..300, side in 1u32..300) {
			let frame = RgbImage::from_pixel(width, height, Rgb([200; 3]));
			let view = View::whole(width, height, InputSize::LongSide(side));
			let mut preprocessor = Preprocessor::new(PLAIN);
			let (values, extent) = preprocessor.prepare(&frame, &view);
			prop_assert_eq!(values.len(), 3 * extent.width * extent.height);
			prop_assert!(extent.width % 32 == 0 && extent.height % 32 == 0);
			let shown = values.iter().filter(|value| **value == 200.0).count() as u32;
			prop_assert_eq!(shown, 3 * view.scaled_width * view.scaled_height);
		}
	}
}
