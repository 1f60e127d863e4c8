//! Finding what must be hidden.

use crate::geometry::BoundingBox;
use image::RgbImage;
use serde::{Deserialize, Serialize};

/// What can be hidden.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Hash,
	PartialOrd,
	Ord,
	Serialize,
	Deserialize,
	clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
#[derive(utoipa::ToSchema)]
pub enum Class {
	/// A human face.
	Face,
	/// A vehicle's licence plate.
	LicencePlate,
	/// A whole person.
	Person,
	/// A road vehicle.
	Vehicle,
}

/// Something that was found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(utoipa::ToSchema)]
pub struct Detection {
	/// What it is.
	pub class: Class,
	/// How sure the model is, from 0 to 1.
	pub score: f32,
	/// Where it is, as the model sees it: not grown.
	pub bounding_box: BoundingBox,
}

/// Why nothing was detected. Whoever gets this must not pass the frame on.
#[derive(Debug, thiserror::Error)]
pub enum DetectionError {
	/// A model or the runtime is missing, or is not the expected file.
	#[error("{0}")]
	Model(String),
	/// The runtime failed on a frame.
	#[error("detection failed: {0}")]
	Inference(String),
}

/// A model that finds things in frames.
pub trait Detector: Send {
	/// Everything with at least the score below which a reviewer does not want to see it, in any order,
	/// without duplicates.
	fn detect(&mut self, frame: &RgbImage) -> Result<Vec<Detection>, DetectionError>;
}
