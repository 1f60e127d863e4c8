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
