//! Finding what must be hidden.
//!
//! [`runtime`] loads ONNX models, [`network`] shows them a frame whole and in tiles; [`center_face`],
//! [`licence_plates`] and [`objects`] know what the outputs of one kind of model mean; [`suppression`]
//! joins what was found more than once.

pub mod center_face;
pub mod licence_plates;
pub mod network;
pub mod objects;
pub mod preprocessing;
pub mod runtime;
pub mod suppression;
pub mod tiling;

use crate::{
	geometry::BoundingBox,
	settings::{DetectionSettings, Settings},
};
use center_face::CenterFace;
use image::RgbImage;
use licence_plates::LicencePlates;
use objects::Objects;
use runtime::{ModelIdentity, Runtime};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

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

impl Class {
	/// The word for it, as in settings and reports.
	pub fn name(self) -> &'static str {
		match self {
			Self::Face => "face",
			Self::LicencePlate => "licence-plate",
			Self::Person => "person",
			Self::Vehicle => "vehicle",
		}
	}

	/// The model that finds it.
	pub fn detector(self) -> DetectorKind {
		match self {
			Self::Face => DetectorKind::Faces,
			Self::LicencePlate => DetectorKind::LicencePlates,
			Self::Person | Self::Vehicle => DetectorKind::Objects,
		}
	}
}

/// One of the models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetectorKind {
	/// The one that finds faces.
	Faces,
	/// The one that finds licence plates.
	LicencePlates,
	/// The one that finds persons and vehicles.
	Objects,
}

impl DetectorKind {
	/// All of them.
	pub const ALL: [Self; 3] = [Self::Faces, Self::LicencePlates, Self::Objects];
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
	/// The file of a model or of the runtime cannot be read.
	#[error("{path}: {source}; `scripts/setup.sh --anonymizer` prepares the models")]
	Unreadable {
		/// The file.
		path: PathBuf,
		/// What the system says.
		source: std::io::Error,
	},
	/// The file is not the one that this version was made for.
	#[error("{path} is damaged or of another version; `scripts/setup.sh --anonymizer` renews it")]
	Damaged {
		/// The file.
		path: PathBuf,
	},
	/// The file is no model of the form that is needed.
	#[error(
		"{path} cannot be used: {reason}; `scripts/setup.sh --anonymizer` prepares a fitting one"
	)]
	Unusable {
		/// The file.
		path: PathBuf,
		/// What does not fit.
		reason: String,
	},
	/// The settings ask for what no model can do.
	#[error("{0}")]
	Settings(String),
	/// The runtime failed on a frame.
	#[error("detection failed: {0}")]
	Inference(String),
}

/// A model that finds things in frames.
pub trait Detector: Send {
	/// What it finds.
	fn kind(&self) -> DetectorKind;

	/// Everything with at least the score below which a reviewer does not want to see it, in any order,
	/// without duplicates.
	fn detect(&mut self, frame: &RgbImage) -> Result<Vec<Detection>, DetectionError>;
}

/// What looks at each frame, one after the other.
pub type Detectors = Vec<Box<dyn Detector>>;

/// The detectors that the classes of `settings` need, and the files they come from.
pub fn open(settings: &Settings) -> Result<(Detectors, Vec<ModelIdentity>), DetectionError> {
	settings.detection.check()?;
	let mut detectors = Detectors::new();
	let mut runtime = Runtime::load(settings)?;
	let DetectionSettings { faces, licence_plates, objects, .. } = &settings.detection;
	if let Some(class) = settings.classes.get(&Class::Face) {
		let network = runtime.network(faces, center_face::INPUT)?;
		detectors.push(Box::new(CenterFace::new(network, class.review_from)?));
	}
	if let Some(class) = settings.classes.get(&Class::LicencePlate) {
		let network = runtime.network(licence_plates, licence_plates::INPUT)?;
		detectors.push(Box::new(LicencePlates::new(network, class.review_from)?));
	}
	if objects::CLASSES.iter().any(|class| settings.classes.contains_key(class)) {
		let network = runtime.network(objects, objects::INPUT)?;
		detectors.push(Box::new(Objects::new(network, &settings.classes)?));
	}
	Ok((detectors, runtime.into_identities()))
}
