//! Licence plates by a RetinaFace-like detector (Deng et al., "RetinaFace: Single-stage Dense Face
//! Localisation in the Wild") trained on plates.

use super::{
	network::Network,
	preprocessing::{ChannelOrder, Extent, InputForm},
	runtime::{Outputs, Tensor},
	Class, Detection, DetectionError, Detector, DetectorKind,
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
	fn kind(&self) -> DetectorKind {
		DetectorKind::LicencePlates
	}

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

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const EXTENT: Extent = Extent { width: 64, height: 32 };

	/// 8 × 4, 4 × 2 and 2 × 1 cells with two anchors each.
	const ANCHORS: usize = 2 * (32 + 8 + 2);

	fn tensor(columns: usize, values: &[f32]) -> Tensor<'_> {
		Tensor { shape: vec![1, values.len() / columns, columns], values }
	}

	#[test]
	fn a_location_is_relative_to_its_anchor() {
		let mut locations = [0.0; 4 * ANCHORS];
		let mut probabilities = [0.0; 2 * ANCHORS];
		// The larger anchor of the second cell in the second row of the finest grid.
		let anchor = 2 * (8 + 1) + 1;
		locations[4 * anchor..4 * (anchor + 1)].copy_from_slice(&[
			1.0,
			0.0,
			0.0,
			-2.0f32.ln() / 0.2,
		]);
		probabilities[2 * anchor + 1] = 0.5;
		let plates = decode(tensor(4, &locations), tensor(2, &probabilities), EXTENT, 0.5).unwrap();
		let [Detection { class: Class::LicencePlate, score: 0.5, bounding_box }] = plates[..]
		else {
			panic!("one plate: {plates:?}");
		};
		// Centre (12 + 0.1 · 48, 12), 48 wide and half as high.
		let expected = [-7.2, 0.0, 40.8, 24.0];
		let edges =
			[bounding_box.x_min, bounding_box.y_min, bounding_box.x_max, bounding_box.y_max];
		let close = |(edge, expected): (f32, f32)| (edge - expected).abs() < 1e-4;
		assert!(edges.into_iter().zip(expected).all(close), "{bounding_box:?}");
	}

	#[test]
	fn outputs_for_another_extent_are_refused() {
		let (locations, probabilities) = ([0.0; 4 * ANCHORS], [0.0; 2 * ANCHORS]);
		let larger = Extent { width: 96, height: 32 };
		assert!(decode(tensor(4, &locations), tensor(2, &probabilities), larger, 0.5).is_err());
	}

	proptest! {
		#[test]
		fn any_outputs_are_read(
			locations in proptest::collection::vec(proptest::num::f32::ANY, 4 * ANCHORS),
			probabilities in proptest::collection::vec(proptest::num::f32::ANY, 2 * ANCHORS)
		) {
			let plates =
				decode(tensor(4, &locations), tensor(2, &probabilities), EXTENT, 0.1).unwrap();
			prop_assert!(plates.iter().all(|plate| plate.score >= 0.1));
		}
	}
}
