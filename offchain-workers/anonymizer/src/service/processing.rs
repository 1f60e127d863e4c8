//! From the bytes of one image to the bytes of the anonymized one.

use super::problem::Problem;
use crate::{Anonymizer, Outcome};
use axum::http::StatusCode;
use image::{codecs::jpeg::JpegEncoder, ImageFormat};
use std::io::Cursor;

/// Interim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
	/// JPEG.
	#[default]
	Jpeg,
	/// PNG.
	Png,
	/// WebP.
	#[serde(rename = "webp")]
	WebP,
}

impl Format {
	/// All.
	pub const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::WebP];
	/// Media type.
	pub fn media_type(self) -> &'static str {
		match self {
			Self::Jpeg => "image/jpeg",
			Self::Png => "image/png",
			Self::WebP => "image/webp",
		}
	}
}

/// An image that may be seen.
#[derive(Debug)]
pub(super) struct Anonymized {
	/// The encoded image.
	pub image: Vec<u8>,
	/// How it is encoded.
	pub format: Format,
	/// Its width in pixels.
	pub width: u32,
	/// Its height in pixels.
	pub height: u32,
	/// What was found in it.
	pub outcome: Outcome,
}

/// Why there is no anonymized image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
	/// The bytes are no image of a known format.
	Unsupported,
	/// The image is damaged.
	Undecodable,
	/// Detection or encoding failed.
	Failed,
}

impl From<Refusal> for Problem {
	fn from(refusal: Refusal) -> Self {
		match refusal {
			Refusal::Unsupported => {
				Self::unsupported("the body must be one image: JPEG, PNG, WebP or AVIF")
			},
			Refusal::Undecodable => {
				Self::unprocessable("invalid-image", "the image is damaged or too large")
			},
			Refusal::Failed => {
				let detail = "the image could not be anonymized; the server's log says why";
				Self::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", detail)
			},
		}
	}
}

/// Decodes, anonymizes and encodes.
pub(super) fn anonymize_bytes(
	anonymizer: &mut Anonymizer,
	image: &[u8],
	format: Format,
) -> Result<Anonymized, Refusal> {
	let kind = image::guess_format(image).map_err(|_| Refusal::Unsupported)?;
	let mut frame = image::load_from_memory_with_format(image, kind)
		.map_err(|_| Refusal::Undecodable)?
		.into_rgb8();
	let outcome = anonymizer.process(&mut frame).map_err(|error| {
		tracing::error!(%error, "an image cannot be anonymized");
		Refusal::Failed
	})?;
	let mut encoded = Cursor::new(Vec::new());
	match format {
		Format::Jpeg => frame.write_with_encoder(JpegEncoder::new_with_quality(&mut encoded, 90)),
		Format::Png => frame.write_to(&mut encoded, ImageFormat::Png),
		Format::WebP => frame.write_to(&mut encoded, ImageFormat::WebP),
	}
	.map_err(|_| Refusal::Failed)?;
	let (width, height) = frame.dimensions();
	Ok(Anonymized { image: encoded.into_inner(), format, width, height, outcome })
}
