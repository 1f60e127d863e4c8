//! Faces by CenterFace (Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point").

use super::{
	network::Network,
	preprocessing::{ChannelOrder, InputForm},
	runtime::{Outputs, Tensor},
	Class, Detection, DetectionError, Detector, DetectorKind,
};
use crate::geometry::BoundingBox;
use image::RgbImage;

/// Red, green and blue from 0 to 255.
pub const INPUT: InputForm =
	InputForm { order: ChannelOrder::Rgb, mean: [0.0; 3], deviation: [1.0; 3] };

/// Pixels of the input for each cell of the outputs, in both directions.
const STRIDE: f32 = 4.0;

/// Finds faces.
pub struct CenterFace {
	network: Network,
	score_from: f32,
}

impl CenterFace {
	/// With a model whose first outputs are the heat map (1 × 1 × rows × columns), the logarithm of
	/// height and width in cells (1 × 2 × …), and the centre's offset down and to the right in cells
	/// (1 × 2 × …). Faces with a score below `score_from` are not reported.
	pub fn new(network: Network, score_from: f32) -> Result<Self, DetectionError> {
		network.model().needs_outputs(3, "heat map, size, offset")?;
		Ok(Self { network, score_from })
	}
}

impl Detector for CenterFace {
	fn kind(&self) -> DetectorKind {
		DetectorKind::Faces
	}

	fn detect(&mut self, frame: &RgbImage) -> Result<Vec<Detection>, DetectionError> {
		let score_from = self.score_from;
		self.network.detect(frame, |outputs: &Outputs, _| {
			decode(outputs.tensor(0)?, outputs.tensor(1)?, outputs.tensor(2)?, score_from)
		})
	}
}

fn decode(
	heat_map: Tensor,
	size: Tensor,
	offset: Tensor,
	score_from: f32,
) -> Result<Vec<Detection>, DetectionError> {
	let scores = heat_map.expect_shape(&[1, 1, 0, 0])?;
	let (rows, columns) = (heat_map.shape[2], heat_map.shape[3]);
	let (heights, widths) = size.expect_shape(&[1, 2, rows, columns])?.split_at(scores.len());
	let (down, right) = offset.expect_shape(&[1, 2, rows, columns])?.split_at(scores.len());
	let face = |(cell, score): (usize, &f32)| {
		let (row, column) = ((cell / columns) as f32, (cell % columns) as f32);
		let (height, width) = (heights[cell].exp(), widths[cell].exp());
		let x = column + right[cell] + 0.5;
		let y = row + down[cell] + 0.5;
		let bounding_box = BoundingBox {
			x_min: (x - width / 2.0) * STRIDE,
			y_min: (y - height / 2.0) * STRIDE,
			x_max: (x + width / 2.0) * STRIDE,
			y_max: (y + height / 2.0) * STRIDE,
		};
		Detection { class: Class::Face, score: *score, bounding_box }
	};
	Ok(scores.iter().enumerate().filter(|(_, score)| **score >= score_from).map(face).collect())
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn tensor(channels: usize, values: &[f32]) -> Tensor<'_> {
		Tensor { shape: vec![1, channels, 2, values.len() / channels / 2], values }
	}

	#[test]
	fn a_hot_cell_becomes_a_box() {
		let mut scores = [0.0; 6];
		scores[5] = 0.75;
		let mut size = [0.0; 12];
		(size[5], size[11]) = (2.0f32.ln(), 4.0f32.ln());
		let mut offset = [0.0; 12];
		(offset[5], offset[11]) = (0.5, -0.5);
		let faces = decode(tensor(1, &scores), tensor(2, &size), tensor(2, &offset), 0.5).unwrap();
		// The cell is in row 1 and column 2; the centre is moved by half a cell down and to the left.
		let bounding_box = BoundingBox { x_min: 0.0, y_min: 4.0, x_max: 16.0, y_max: 12.0 };
		assert_eq!(faces, [Detection { class: Class::Face, score: 0.75, bounding_box }]);
	}

	#[test]
	fn outputs_of_another_shape_are_refused() {
		let (scores, size) = ([0.0; 6], [0.0; 12]);
		let result = decode(tensor(1, &scores), tensor(2, &size), tensor(1, &scores), 0.5);
		let message = result.unwrap_err().to_string();
		assert!(message.contains("shape [1, 1, 2, 3] instead of [1, 2, 2, 3]"), "{message}");
	}

	proptest! {
		#[test]
		fn any_outputs_are_read(values in proptest::collection::vec(proptest::num::f32::ANY, 50)) {
			let (scores, rest) = values.split_at(10);
			let (size, offset) = rest.split_at(20);
			let faces = decode(tensor(1, scores), tensor(2, size), tensor(2, offset), 0.1).unwrap();
			prop_assert!(faces.iter().all(|face| face.score >= 0.1));
		}
	}
}
