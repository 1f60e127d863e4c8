//! What is hidden, and how.

use crate::{
	detection::Class,
	removal::Method,
	tracking::TrackingSettings,
	video::{CameraSettings, VideoSettings},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

/// Everything that decides about the result. Its hash stands in reports and provenance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Settings {
	/// Folder with the prepared models and the runtime; by default what `scripts/setup.sh --anonymizer` made.
	pub models: PathBuf,
	/// How things vanish.
	pub method: Method,
	/// What is looked for; what is not named here stays visible.
	pub classes: BTreeMap<Class, ClassSettings>,
	/// How things are followed in videos.
	pub tracking: TrackingSettings,
	/// How videos are read and written.
	pub video: VideoSettings,
	/// How cameras are read.
	pub camera: CameraSettings,
	/// How it is looked for.
	pub detection: DetectionSettings,
}

/// The models, and what they get to see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct DetectionSettings {
	/// CPU threads for each frame. Several frames at once, with one thread each, take less time.
	pub threads: usize,
	/// A model of the form that [`CenterFace`](crate::detection::center_face::CenterFace) reads.
	pub faces: ModelSettings,
	/// A model of the form that [`LicencePlates`](crate::detection::licence_plates::LicencePlates) reads.
	pub licence_plates: ModelSettings,
	/// A model of the form that [`Objects`](crate::detection::objects::Objects) reads.
	pub objects: ModelSettings,
}

/// A model, and how it sees a frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ModelSettings {
	/// ONNX file: a name in the models folder, or a path.
	pub file: PathBuf,
	/// Size to which the whole frame is scaled.
	pub input_size: InputSize,
	/// Parts of the frame that are shown unscaled as well, when the whole is scaled down.
	#[serde(default)]
	pub tiles: Option<Tiles>,
}

/// To what the whole frame is scaled before a model sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputSize {
	/// It is not scaled. Memory and time grow with the frame.
	Native,
	/// The longer side gets this length in pixels, also when it was shorter.
	LongSide(u32),
}

/// Overlapping parts of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tiles {
	/// Longest side of a tile in pixels.
	pub side: u32,
	/// What neighbours share at least, in pixels.
	pub overlap: u32,
}

/// How one class is treated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ClassSettings {
	/// Score from which it is hidden, from 0 to 1.
	pub hide_from: f32,
	/// Score from which a reviewer sees it, from 0 to `hide_from`.
	pub review_from: f32,
	/// By which part of its size a box grows on each side before it is hidden.
	pub grow: f32,
}

impl Default for Settings {
	fn default() -> Self {
		let class = |hide_from, review_from, grow| ClassSettings { hide_from, review_from, grow };
		Self {
			models: default_models(),
			method: Method::default(),
			classes: BTreeMap::from([
				(Class::Face, class(0.15, 0.08, 0.15)),
				(Class::LicencePlate, class(0.1, 0.05, 0.2)),
				(Class::Person, class(0.2, 0.1, 0.05)),
				(Class::Vehicle, class(0.2, 0.1, 0.05)),
			]),
			tracking: TrackingSettings::default(),
			video: VideoSettings::default(),
			camera: CameraSettings::default(),
			detection: DetectionSettings::default(),
		}
	}
}

impl DetectionSettings {
	/// Longer side in pixels of the smallest frame in which the models see as much as in a larger one;
	/// `None` if they see every pixel.
	pub fn sufficient_side(&self) -> Option<u32> {
		let models = [&self.faces, &self.licence_plates, &self.objects];
		let sides = models.into_iter().map(|model| match (model.input_size, model.tiles) {
			(InputSize::LongSide(side), None) => Some(side),
			_ => None,
		});
		sides.collect::<Option<Vec<_>>>()?.into_iter().max()
	}
}

impl Default for DetectionSettings {
	fn default() -> Self {
		let model = |file: &str, input_size| ModelSettings {
			file: file.into(),
			input_size: InputSize::LongSide(input_size),
			tiles: None,
		};
		Self {
			threads: 1,
			faces: model("center_face.onnx", 640),
			licence_plates: model("licence_plates.onnx", 640),
			objects: model("nanodet.onnx", 512),
		}
	}
}

/// `$MSEC_MODELS`, else `msec/models` in the user's cache folder.
fn default_models() -> PathBuf {
	let cache = || {
		std::env::var_os("XDG_CACHE_HOME")
			.map(PathBuf::from)
			.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")))
	};
	std::env::var_os("MSEC_MODELS")
		.map(PathBuf::from)
		.unwrap_or_else(|| cache().unwrap_or_default().join("msec/models"))
}
