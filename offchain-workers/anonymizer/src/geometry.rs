//! Boxes in the coordinates of a frame: pixels from the upper left corner.

use serde::{Deserialize, Serialize};

/// An axis-parallel box. `x_min < x_max` and `y_min < y_max`; it may reach beyond the frame.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(utoipa::ToSchema)]
pub struct BoundingBox {
	/// Left edge.
	pub x_min: f32,
	/// Upper edge.
	pub y_min: f32,
	/// Right edge.
	pub x_max: f32,
	/// Lower edge.
	pub y_max: f32,
}

impl BoundingBox {
	/// Width in pixels.
	pub fn width(&self) -> f32 {
		self.x_max - self.x_min
	}

	/// Height in pixels.
	pub fn height(&self) -> f32 {
		self.y_max - self.y_min
	}

	/// Area in square pixels; 0 for an empty box.
	pub fn area(&self) -> f32 {
		self.width().max(0.0) * self.height().max(0.0)
	}

	/// Area that two boxes share, in square pixels.
	pub fn intersection(&self, other: &Self) -> f32 {
		let width = self.x_max.min(other.x_max) - self.x_min.max(other.x_min);
		let height = self.y_max.min(other.y_max) - self.y_min.max(other.y_min);
		width.max(0.0) * height.max(0.0)
	}

	/// Intersection over union, from 0 to 1.
	pub fn overlap(&self, other: &Self) -> f32 {
		let intersection = self.intersection(other);
		let union = self.area() + other.area() - intersection;
		if union > 0.0 {
			intersection / union
		} else {
			0.0
		}
	}

	/// Middle of the box: x and y.
	pub fn centre(&self) -> (f32, f32) {
		((self.x_min + self.x_max) / 2.0, (self.y_min + self.y_max) / 2.0)
	}

	/// The smallest box that contains both.
	pub fn hull(&self, other: &Self) -> Self {
		Self {
			x_min: self.x_min.min(other.x_min),
			y_min: self.y_min.min(other.y_min),
			x_max: self.x_max.max(other.x_max),
			y_max: self.y_max.max(other.y_max),
		}
	}

	/// The box in a frame that is larger by these factors.
	pub fn scaled(&self, (x, y): (f32, f32)) -> Self {
		Self {
			x_min: self.x_min * x,
			y_min: self.y_min * y,
			x_max: self.x_max * x,
			y_max: self.y_max * y,
		}
	}

	/// The box grown by `factor` of its size on each side, about its centre.
	pub fn grown(&self, factor: f32) -> Self {
		let (x, y) = (self.width() * factor, self.height() * factor);
		Self {
			x_min: self.x_min - x,
			y_min: self.y_min - y,
			x_max: self.x_max + x,
			y_max: self.y_max + y,
		}
	}
}
