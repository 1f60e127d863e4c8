//! From a frame to the bytes of a file, with nothing in it but the pixels.

use super::{avif, Format, PictureError};
use image::{
	codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder},
	ImageEncoder, RgbImage,
};
use serde::{Deserialize, Serialize};

/// How a frame is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Encoding {
	/// In which format.
	pub format: Format,
	/// How well, from 1 to 100, where the format has losses.
	pub quality: u8,
}

/// Writes a frame.
pub fn encode(frame: &RgbImage, encoding: Encoding) -> Result<Vec<u8>, PictureError> {
	let mut bytes = Vec::new();
	let written = match encoding.format {
		Format::Jpeg => {
			write(frame, JpegEncoder::new_with_quality(&mut bytes, encoding.quality.clamp(1, 100)))
		},
		Format::Png => write(frame, PngEncoder::new(&mut bytes)),
		Format::WebP => write(frame, WebPEncoder::new_lossless(&mut bytes)),
		Format::Avif => return avif::encode(frame, encoding.quality),
	};
	written.map_err(|error| PictureError::Encoding {
		format: encoding.format,
		reason: error.to_string(),
	})?;
	Ok(bytes)
}

fn write(frame: &RgbImage, encoder: impl ImageEncoder) -> image::ImageResult<()> {
	let (width, height) = frame.dimensions();
	encoder.write_image(frame.as_raw(), width, height, image::ExtendedColorType::Rgb8)
}
