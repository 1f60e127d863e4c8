//! What is hidden, and how.

use crate::{
	detection::{Class, DetectionError},
	removal::Method,
	tracking::TrackingSettings,
	video::{CameraSettings, VideoSettings},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, ops::RangeInclusive, path::PathBuf};

/// Shortest and longest input of a model that can be asked for, in pixels.
const SIDES: RangeInclusive<u32> = 32..=8192;

/// Everything that decides about the result. Its hash stands in reports and provenance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Settings {
	/// Folder with the prepared models and the runtime; by default what `scripts/setup.sh --anonymizer` made.
	pub models: PathBuf,
	/// How things vanish.
	pub method: Method,
	/// Whether each picture is looked at again when it is done, to hide by blocks what detectors find where
	/// something was hidden. It doubles the time for pictures in which there is something; videos do without.
	pub second_look: bool,
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

impl ModelSettings {
	fn check(&self) -> Result<(), String> {
		let fitting = |side: &u32| SIDES.contains(side);
		let input_fits = match self.input_size {
			InputSize::Native => true,
			InputSize::LongSide(side) => fitting(&side),
			InputSize::Between { least, most } => {
				fitting(&least) && fitting(&most) && least <= most
			},
		};
		if !input_fits {
			return Err(format!("input-size must be within {SIDES:?} pixels"));
		}
		match self.tiles {
			Some(tiles) if !fitting(&tiles.side) => {
				Err(format!("tiles.side must be within {SIDES:?} pixels"))
			},
			Some(tiles) if tiles.overlap > tiles.side / 2 => {
				Err("tiles.overlap must be at most half of tiles.side".into())
			},
			_ => Ok(()),
		}
	}
}

/// To what the whole frame is scaled before a model sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputSize {
	/// It is not scaled. Memory and time grow with the frame.
	Native,
	/// The longer side gets this length in pixels, also when it was shorter.
	LongSide(u32),
	/// A frame whose longer side is within these lengths in pixels is not scaled; others get the closest.
	Between {
		/// For smaller frames: small things are found more easily when they are enlarged.
		least: u32,
		/// For larger frames: it bounds memory and time.
		most: u32,
	},
}

impl InputSize {
	/// Length in pixels of the scaled frame's longer side, from what it was before.
	pub fn long_side(self, unscaled: u32) -> u32 {
		match self {
			Self::Native => unscaled,
			Self::LongSide(side) => side,
			Self::Between { least, most } => unscaled.max(least).min(most),
		}
	}

	/// Length from which on a longer side makes no difference, if there is one.
	fn largest(self) -> Option<u32> {
		match self {
			Self::Native => None,
			Self::LongSide(side) | Self::Between { most: side, .. } => Some(side),
		}
	}
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
			second_look: true,
			classes: BTreeMap::from([
				(Class::Face, class(0.14, 0.08, 0.25)),
				(Class::LicencePlate, class(0.05, 0.03, 0.3)),
				(Class::Person, class(0.12, 0.07, 0.1)),
				(Class::Vehicle, class(0.1, 0.06, 0.1)),
			]),
			tracking: TrackingSettings::default(),
			video: VideoSettings::default(),
			camera: CameraSettings::default(),
			detection: DetectionSettings::default(),
		}
	}
}

impl DetectionSettings {
	/// Refuses sizes that make no sense or would take all memory.
	pub fn check(&self) -> Result<(), DetectionError> {
		let models = [
			("faces", &self.faces),
			("licence-plates", &self.licence_plates),
			("objects", &self.objects),
		];
		for (name, model) in models {
			model
				.check()
				.map_err(|reason| DetectionError::Settings(format!("detection.{name}.{reason}")))?;
		}
		Ok(())
	}

	/// Longer side in pixels of the smallest frame in which the models see as much as in a larger one;
	/// `None` if they see every pixel.
	pub fn sufficient_side(&self) -> Option<u32> {
		let models = [&self.faces, &self.licence_plates, &self.objects];
		let sides = models
			.into_iter()
			.map(|model| model.input_size.largest().filter(|_| model.tiles.is_none()));
		sides.collect::<Option<Vec<_>>>()?.into_iter().max()
	}
}

impl Default for DetectionSettings {
	fn default() -> Self {
		let model =
			|file: &str, input_size| ModelSettings { file: file.into(), input_size, tiles: None };
		Self {
			threads: 1,
			faces: model("center_face_int8.onnx", InputSize::Between { least: 640, most: 1280 }),
			licence_plates: model("licence_plates.onnx", InputSize::LongSide(640)),
			objects: model("nanodet_int8.onnx", InputSize::LongSide(512)),
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
