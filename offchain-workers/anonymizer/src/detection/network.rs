//! Shows a frame to a model: whole, and in tiles where things would become too small.

use super::{
	preprocessing::{Extent, InputForm, Preprocessor, View},
	runtime::{Model, Outputs},
	suppression, tiling, Detection, DetectionError,
};
use crate::settings::ModelSettings;
use image::RgbImage;

/// A model and how frames get into it.
pub struct Network {
	model: Model,
	preprocessor: Preprocessor,
	settings: ModelSettings,
}

impl Network {
	/// Joins a loaded model with the form of its input.
	pub fn new(model: Model, settings: &ModelSettings, form: InputForm) -> Self {
		Self { model, preprocessor: Preprocessor::new(form), settings: settings.clone() }
	}

	/// The model.
	pub fn model(&self) -> &Model {
		&self.model
	}

	/// Everything that `decode` reads from the model's outputs, in the frame's coordinates, without
	/// duplicates. `decode` gets the size of the input in pixels and answers in its coordinates.
	pub fn detect(
		&mut self,
		frame: &RgbImage,
		decode: impl Fn(&Outputs, Extent) -> Result<Vec<Detection>, DetectionError>,
	) -> Result<Vec<Detection>, DetectionError> {
		let mut detections = Vec::new();
		for view in self.views(frame) {
			let (input, extent) = self.preprocessor.prepare(frame, &view);
			let outputs = self.model.run(input, extent)?;
			let found = decode(&outputs, extent)?;
			detections.extend(found.into_iter().filter_map(|detection| {
				let bounding_box = view.to_frame(&detection.bounding_box)?;
				Some(Detection { bounding_box, ..detection })
			}));
		}
		Ok(suppression::without_duplicates(detections))
	}

	fn views(&self, frame: &RgbImage) -> Vec<View> {
		let (width, height) = frame.dimensions();
		if width == 0 || height == 0 {
			return Vec::new();
		}
		let whole = View::whole(width, height, self.settings.input_size);
		let tiles = self
			.settings
			.tiles
			.filter(|_| whole.shrinks())
			.map(|tiles| tiling::tiles(width, height, tiles))
			.unwrap_or_default();
		std::iter::once(whole).chain(tiles).collect()
	}
}
