//! Persons and road vehicles by an anchor-free detector such as NanoDet (FCOS-like: Tian et al., "FCOS:
//! Fully Convolutional One-Stage Object Detection").

use super::{
	network::Network,
	preprocessing::{ChannelOrder, Extent, InputForm},
	runtime::{Outputs, Tensor},
	Class, Detection, DetectionError, Detector,
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
