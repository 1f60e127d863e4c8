//! From the bytes of one image to the bytes of the anonymized one.

use super::{problem::Problem, records::Records};
use crate::{
	detection::DetectionError,
	picture::{decode, encode, Encoding, Format, Limits, PictureError},
	provenance::ProvenanceError,
	Anonymizer, Outcome,
};
use axum::http::StatusCode;

/// How well images are encoded, from 1 to 100.
const QUALITY: u8 = 90;

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
#[derive(Debug, thiserror::Error)]
pub(super) enum ProcessingError {
	/// It cannot be decoded or encoded.
	#[error(transparent)]
	Picture(#[from] PictureError),
	/// Nothing can be looked for in it.
	#[error(transparent)]
	Detection(#[from] DetectionError),
	/// Where it comes from cannot be recorded.
	#[error(transparent)]
	Provenance(#[from] ProvenanceError),
	/// The thread that worked on it panicked.
	#[error("a thread panicked")]
	Panicked,
}

/// Decodes, anonymizes and encodes; what can be given out is recorded in `records` before.
pub(super) fn anonymize_bytes(
	anonymizer: &mut Anonymizer,
	image: &[u8],
	limits: &Limits,
	format: Format,
	records: Option<&Records>,
) -> Result<Anonymized, ProcessingError> {
	let mut frame = decode(image, limits)?;
	let (outcome, _) = anonymizer.process(&mut frame)?;
	let output = encode(&frame, Encoding { format, quality: QUALITY })?;
	if let Some(records) = records {
		records.add(image, &output, anonymizer.models())?;
	}
	let (width, height) = frame.dimensions();
	Ok(Anonymized { image: output, format, width, height, outcome })
}

/// What decoders say about an image may hold parts of it, and goes neither to the client nor to the log.
impl From<ProcessingError> for Problem {
	fn from(error: ProcessingError) -> Self {
		match error {
			ProcessingError::Picture(error) => from_picture(error),
			error => failed(&error),
		}
	}
}

fn from_picture(error: PictureError) -> Problem {
	match error {
		PictureError::Empty | PictureError::Unknown => {
			Problem::unsupported("the body must be one image: JPEG, PNG, WebP or AVIF")
		},
		PictureError::TooLarge { .. } => {
			Problem::unprocessable("too-many-pixels", error.to_string())
		},
		PictureError::Truncated | PictureError::Animated | PictureError::Unsupported { .. } => {
			Problem::unprocessable("invalid-image", error.to_string())
		},
		PictureError::Damaged { format, .. } => {
			Problem::unprocessable("invalid-image", format!("the {format} picture is damaged"))
		},
		PictureError::Encoding { .. } | PictureError::NoFfmpeg(_) => failed(&error),
	}
}

fn failed(error: &dyn std::error::Error) -> Problem {
	tracing::error!(%error, "an image cannot be anonymized");
	let detail = "the image could not be anonymized; the server's log says why";
	Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", detail)
}
