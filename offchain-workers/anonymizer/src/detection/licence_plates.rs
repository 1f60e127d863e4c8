//! Licence plates by a RetinaFace-like detector (Deng et al., "RetinaFace: Single-stage Dense Face
//! Localisation in the Wild") trained on plates.

use super::{
	network::Network,
	preprocessing::{ChannelOrder, Extent, InputForm},
	runtime::{Outputs, Tensor},
	Class, Detection, DetectionError, Detector,
};
use crate::geometry::BoundingBox;
use image::RgbImage;

/// Blue, green and red from 0 to 255, less the mean of ImageNet.
pub const INPUT: InputForm =
	InputForm { order: ChannelOrder::Bgr, mean: [104.0, 117.0, 123.0], deviation: [1.0; 3] };

/// Pixels between the anchors of a grid, and the sides of the two squares at each anchor.
const GRIDS: [(usize, [f32; 2]); 3] =
	[(8, [24.0, 48.0]), (16, [96.0, 192.0]), (32, [384.0, 768.0])];

/// What a location of 1 means: this part of the square's side for the centre, …
const CENTRE_VARIANCE: f32 = 0.1;

/// … and this part of the logarithm of the side's ratio.
const SIZE_VARIANCE: f32 = 0.2;

/// Finds licence plates.
pub struct LicencePlates {
	network: Network,
	score_from: f32,
}

impl LicencePlates {
	/// With a model whose first outputs are the locations (1 × anchors × 4: centre and size relative to
	/// the anchor's square) and the probabilities (1 × anchors × 2: nothing, plate). Plates with a score
	/// below `score_from` are not reported.
	pub fn new(network: Network, score_from: f32) -> Result<Self, DetectionError> {
		network.model().needs_outputs(2, "locations, probabilities")?;
		Ok(Self { network, score_from })
	}
}

impl Detector for LicencePlates {
	fn detect(&mut self, frame: &RgbImage) -> Result<Vec<Detection>, DetectionError> {
		let score_from = self.score_from;
		self.network.detect(frame, |outputs: &Outputs, extent| {
			decode(outputs.tensor(0)?, outputs.tensor(1)?, extent, score_from)
		})
	}
}

fn decode(
	locations: Tensor,
	probabilities: Tensor,
	extent: Extent,
	score_from: f32,
) -> Result<Vec<Detection>, DetectionError> {
	let anchors = anchors(extent);
	let locations = locations.expect_shape(&[1, anchors.len(), 4])?;
	let probabilities = probabilities.expect_shape(&[1, anchors.len(), 2])?;
	let plates = anchors
		.iter()
		.zip(locations.chunks_exact(4).zip(probabilities.chunks_exact(2)))
		.filter(|(_, (_, probabilities))| probabilities[1] >= score_from)
		.map(|(anchor, (location, probabilities))| Detection {
			class: Class::LicencePlate,
			score: probabilities[1],
			bounding_box: anchor.place(location),
		});
	Ok(plates.collect())
}

/// A square that a location is relative to.
struct Anchor {
	x: f32,
	y: f32,
	side: f32,
}

impl Anchor {
	fn place(&self, location: &[f32]) -> BoundingBox {
		let x = self.x + location[0] * CENTRE_VARIANCE * self.side;
		let y = self.y + location[1] * CENTRE_VARIANCE * self.side;
		let half_width = self.side * (location[2] * SIZE_VARIANCE).exp() / 2.0;
		let half_height = self.side * (location[3] * SIZE_VARIANCE).exp() / 2.0;
		BoundingBox {
			x_min: x - half_width,
			y_min: y - half_height,
			x_max: x + half_width,
			y_max: y + half_height,
		}
	}
}

/// All anchors of an input in the order of the model's outputs.
fn anchors(extent: Extent) -> Vec<Anchor> {
	let mut anchors = Vec::new();
	for (stride, sides) in GRIDS {
		let centre = |cell: usize| (cell as f32 + 0.5) * stride as f32;
		for row in 0..extent.height.div_ceil(stride) {
			for column in 0..extent.width.div_ceil(stride) {
				let (x, y) = (centre(column), centre(row));
				anchors.extend(sides.map(|side| Anchor { x, y, side }));
			}
		}
	}
	anchors
}
