//! Persons and road vehicles by an anchor-free detector such as NanoDet (FCOS-like: Tian et al., "FCOS:
//! Fully Convolutional One-Stage Object Detection").

use super::{
	network::Network,
	preprocessing::{ChannelOrder, Extent, InputForm},
	runtime::{Outputs, Tensor},
	Class, Detection, DetectionError, Detector, DetectorKind,
};
use crate::{geometry::BoundingBox, settings::ClassSettings};
use image::RgbImage;
use std::collections::BTreeMap;

/// Blue, green and red from 0 to 255, normalised by mean and deviation of ImageNet.
pub const INPUT: InputForm = InputForm {
	order: ChannelOrder::Bgr,
	mean: [103.53, 116.28, 123.675],
	deviation: [57.375, 57.12, 58.395],
};

/// The classes in the order of the model's scores.
pub const CLASSES: [Class; 2] = [Class::Person, Class::Vehicle];

/// Finds persons and vehicles.
pub struct Objects {
	network: Network,
	score_from: [Option<f32>; CLASSES.len()],
}

impl Objects {
	/// With a model that has a pair of outputs for each grid of cells: the scores of a person and of a
	/// vehicle (1 × 2 × rows × columns), and the distances in pixels of the input from the cell's centre
	/// to the left, upper, right and lower edge (1 × 4 × rows × columns). What is not in `classes`, or
	/// has a score below what a reviewer wants to see, is not reported.
	pub fn new(
		network: Network,
		classes: &BTreeMap<Class, ClassSettings>,
	) -> Result<Self, DetectionError> {
		network.model().needs_outputs(2, "scores, distances of each grid")?;
		let score_from = CLASSES.map(|class| classes.get(&class).map(|class| class.review_from));
		Ok(Self { network, score_from })
	}
}

impl Detector for Objects {
	fn kind(&self) -> DetectorKind {
		DetectorKind::Objects
	}

	fn detect(&mut self, frame: &RgbImage) -> Result<Vec<Detection>, DetectionError> {
		let score_from = self.score_from;
		self.network.detect(frame, |outputs: &Outputs, extent| {
			let mut detections = Vec::new();
			for grid in 0..outputs.len() / 2 {
				let (scores, distances) =
					(outputs.tensor(2 * grid)?, outputs.tensor(2 * grid + 1)?);
				detections.extend(decode(scores, distances, extent, score_from)?);
			}
			Ok(detections)
		})
	}
}

fn decode(
	scores: Tensor,
	distances: Tensor,
	extent: Extent,
	score_from: [Option<f32>; CLASSES.len()],
) -> Result<Vec<Detection>, DetectionError> {
	let score_values = scores.expect_shape(&[1, CLASSES.len(), 0, 0])?;
	let (rows, columns) = (scores.shape[2], scores.shape[3]);
	let cells = rows * columns;
	let distances = distances.expect_shape(&[1, 4, rows, columns])?;
	let cell_width = extent.width as f32 / columns as f32;
	let cell_height = extent.height as f32 / rows as f32;
	let place = |cell: usize| {
		let x = ((cell % columns) as f32 + 0.5) * cell_width;
		let y = ((cell / columns) as f32 + 0.5) * cell_height;
		BoundingBox {
			x_min: x - distances[cell],
			y_min: y - distances[cells + cell],
			x_max: x + distances[2 * cells + cell],
			y_max: y + distances[3 * cells + cell],
		}
	};
	let mut detections = Vec::new();
	for (position, class) in CLASSES.into_iter().enumerate() {
		let Some(score_from) = score_from[position] else { continue };
		let class_scores = &score_values[position * cells..(position + 1) * cells];
		detections.extend(
			class_scores
				.iter()
				.enumerate()
				.filter(|(_, score)| **score >= score_from)
				.map(|(cell, score)| Detection { class, score: *score, bounding_box: place(cell) }),
		);
	}
	Ok(detections)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	/// Cells of 8 × 16 pixels.
	const EXTENT: Extent = Extent { width: 32, height: 32 };

	fn tensor(channels: usize, values: &[f32]) -> Tensor<'_> {
		Tensor { shape: vec![1, channels, 2, 4], values }
	}

	#[test]
	fn distances_are_from_the_middle_of_the_cell() {
		let mut scores = [0.0; 16];
		scores[8 + 5] = 0.5;
		let distances = [1.0, 2.0, 3.0, 4.0].map(|distance| [distance; 8]).concat();
		let found = decode(tensor(2, &scores), tensor(4, &distances), EXTENT, [Some(0.5); 2]);
		let bounding_box = BoundingBox { x_min: 11.0, y_min: 22.0, x_max: 15.0, y_max: 28.0 };
		let vehicle = Detection { class: Class::Vehicle, score: 0.5, bounding_box };
		assert_eq!(found.unwrap(), [vehicle]);
	}

	#[test]
	fn a_class_that_is_not_asked_for_is_not_reported() {
		let (scores, distances) = ([0.9; 16], [1.0; 32]);
		let found =
			decode(tensor(2, &scores), tensor(4, &distances), EXTENT, [Some(0.5), None]).unwrap();
		assert_eq!(found.len(), 8);
		assert!(found.iter().all(|detection| detection.class == Class::Person));
	}

	#[test]
	fn outputs_without_both_classes_are_refused() {
		let (scores, distances) = ([0.9; 8], [1.0; 32]);
		let result = decode(tensor(1, &scores), tensor(4, &distances), EXTENT, [Some(0.5); 2]);
		assert!(result.is_err());
	}

	proptest! {
		#[test]
		fn any_outputs_are_read(
			scores in proptest::collection::vec(proptest::num::f32::ANY, 16),
			distances in proptest::collection::vec(proptest::num::f32::ANY, 32)
		) {
			let found = decode(tensor(2, &scores), tensor(4, &distances), EXTENT, [Some(0.1); 2]);
			prop_assert!(found.unwrap().iter().all(|detection| detection.score >= 0.1));
		}
	}
}
