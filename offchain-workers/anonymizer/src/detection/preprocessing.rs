//! From a part of a frame to the numbers that a model takes.

use crate::{geometry::BoundingBox, settings::InputSize};
use fast_image_resize::{
	images::{Image, ImageRef},
	FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
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
		let scale = match size {
			InputSize::Native => 1.0,
			InputSize::LongSide(side) => f64::from(side) / f64::from(width.max(height)),
		};
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
	scaled: Image<'static>,
	values: Vec<f32>,
}

impl Preprocessor {
	/// For models that take inputs of this form.
	pub fn new(form: InputForm) -> Self {
		let scaled = Image::new(0, 0, PixelType::U8x3);
		Self { form, resizer: Resizer::new(), scaled, values: Vec::new() }
	}

	/// The input that shows `view` of `frame`, padded with the mean colour to `Extent`.
	///
	/// # Panics
	///
	/// When `view` was made for a larger frame.
	pub fn prepare(&mut self, frame: &RgbImage, view: &View) -> (&[f32], Extent) {
		let extent = view.extent();
		self.values.clear();
		self.values.resize(CHANNELS * extent.width * extent.height, 0.0);
		if (view.scaled_width, view.scaled_height) == (view.width, view.height) {
			let stride = frame.width() as usize * CHANNELS;
			let start = view.top as usize * stride + view.left as usize * CHANNELS;
			normalise(&frame.as_raw()[start..], stride, view, extent, self.form, &mut self.values);
		} else {
			self.resize(frame, view);
			let stride = view.scaled_width as usize * CHANNELS;
			normalise(self.scaled.buffer(), stride, view, extent, self.form, &mut self.values);
		}
		(&self.values, extent)
	}

	fn resize(&mut self, frame: &RgbImage, view: &View) {
		if (self.scaled.width(), self.scaled.height()) != (view.scaled_width, view.scaled_height) {
			self.scaled = Image::new(view.scaled_width, view.scaled_height, PixelType::U8x3);
		}
		let source = ImageRef::new(frame.width(), frame.height(), frame, PixelType::U8x3)
			.expect("an RgbImage has three bytes for each pixel; qed");
		let options = ResizeOptions::new()
			.crop(view.left.into(), view.top.into(), view.width.into(), view.height.into())
			.resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
		self.resizer.resize(&source, &mut self.scaled, &options).expect(
			"both images have the same type of pixels, and the view lies in the frame; qed",
		);
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
