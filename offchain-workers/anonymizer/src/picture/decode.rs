//! From the bytes of a file to a frame.

use super::{avif, jpeg, Format, PictureError};
use image::{
	codecs::{jpeg::JpegDecoder, png::PngDecoder, webp::WebPDecoder},
	DynamicImage, ImageDecoder, ImageError, ImageResult, Rgb, RgbImage, Rgba,
};
use std::io::Cursor;

/// Bytes of a decoded pixel: three colours and transparency.
const BYTES_PER_PIXEL: u64 = 4;
const WHITE: u16 = 255;

/// What is decoded at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
	/// Bytes of a file.
	pub max_bytes: u64,
	/// Pixels on a side; not above 16,383, which is the most that WebP can have.
	pub max_side: u32,
	/// Pixels in all. Decoding takes up to 12 bytes for each.
	pub max_pixels: u64,
}

impl Default for Limits {
	/// 64 MiB, and 50 million pixels.
	fn default() -> Self {
		Self { max_bytes: 64 << 20, max_side: 16_383, max_pixels: 50_000_000 }
	}
}

impl Limits {
	/// Checks the size that a file promises, before memory is taken for it.
	pub(super) fn check(&self, width: u32, height: u32) -> Result<(), PictureError> {
		let pixels = u64::from(width) * u64::from(height);
		if width.max(height) <= self.max_side && pixels <= self.max_pixels {
			return Ok(());
		}
		Err(self.exceeded(width, height))
	}

	fn exceeded(&self, width: u32, height: u32) -> PictureError {
		let (max_side, max_pixels) = (self.max_side, self.max_pixels);
		PictureError::TooLarge { width, height, max_side, max_pixels }
	}

	fn max_memory(&self) -> u64 {
		self.max_pixels * BYTES_PER_PIXEL
	}
}

/// Decodes a picture, whatever its name promised, and applies its orientation. What is transparent is
/// laid on white, so that what a viewer does not see does not appear.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, PictureError> {
	if bytes.is_empty() {
		return Err(PictureError::Empty);
	}
	let format = Format::from_content(bytes).ok_or(PictureError::Unknown)?;
	let damaged = |error: ImageError| fault(format, error);
	match format {
		Format::Jpeg if !jpeg::is_whole(bytes) => Err(PictureError::Truncated),
		Format::Jpeg => read(JpegDecoder::new(Cursor::new(bytes)), format, limits),
		Format::Png => {
			let mut memory = image::Limits::no_limits();
			memory.max_alloc = Some(limits.max_memory());
			let decoder = PngDecoder::with_limits(Cursor::new(bytes), memory).map_err(damaged)?;
			if decoder.is_apng().map_err(damaged)? {
				return Err(PictureError::Animated);
			}
			read(Ok(decoder), format, limits)
		},
		Format::WebP => {
			let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(damaged)?;
			if decoder.has_animation() {
				return Err(PictureError::Animated);
			}
			read(Ok(decoder), format, limits)
		},
		Format::Avif => avif::decode(bytes, limits),
	}
}

fn read<D: ImageDecoder>(
	decoder: ImageResult<D>,
	format: Format,
	limits: &Limits,
) -> Result<RgbImage, PictureError> {
	let damaged = |error: ImageError| fault(format, error);
	let mut decoder = decoder.map_err(damaged)?;
	let (width, height) = decoder.dimensions();
	limits.check(width, height)?;
	if decoder.total_bytes() > limits.max_memory() {
		return Err(limits.exceeded(width, height));
	}
	let orientation = decoder.orientation().map_err(damaged)?;
	let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
	picture.apply_orientation(orientation);
	Ok(opaque(picture))
}

fn opaque(picture: DynamicImage) -> RgbImage {
	if !picture.color().has_alpha() {
		return picture.into_rgb8();
	}
	let picture = picture.into_rgba8();
	RgbImage::from_fn(picture.width(), picture.height(), |x, y| on_white(picture.get_pixel(x, y)))
}

fn on_white(Rgba([red, green, blue, alpha]): &Rgba<u8>) -> Rgb<u8> {
	let alpha = u16::from(*alpha);
	let blend = |colour: &u8| {
		let sum = u16::from(*colour) * alpha + WHITE * (WHITE - alpha);
		((sum + WHITE / 2) / WHITE) as u8
	};
	Rgb([blend(red), blend(green), blend(blue)])
}

fn fault(format: Format, error: ImageError) -> PictureError {
	match error {
		ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
			PictureError::Truncated
		},
		error => PictureError::Damaged { format, reason: error.to_string() },
	}
}
