//! The shapes that must vanish.

use super::Span;
use crate::{detection::Class, geometry::BoundingBox};

/// By which factor a face's ellipse is larger than the one that touches the sides of its box: it goes
/// through the corners, so that all of the box is covered. An ellipse within the box would leave a fifth
/// of it visible; and the hair and chin about a hidden face make detectors find a face there again.
const ELLIPSE_FACTOR: f32 = std::f32::consts::SQRT_2;

/// How a shadow on the ground lies about a box, in parts of the box's width and height.
struct GroundShadow {
	/// How far it reaches to the left and to the right.
	sideways: f32,
	/// How far it reaches below the feet or wheels.
	below: f32,
	/// How far it reaches above them.
	above: f32,
}

const PERSON_SHADOW: GroundShadow = GroundShadow { sideways: 0.4, below: 0.06, above: 0.1 };
const VEHICLE_SHADOW: GroundShadow = GroundShadow { sideways: 0.12, below: 0.12, above: 0.25 };

/// A box that must vanish, already grown, and what was found there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
	/// What it is; faces are covered by the ellipse through the corners of the box, everything else by
	/// the box.
	pub class: Class,
	/// Where it is. A box that is not finite stands for the whole frame.
	pub bounding_box: BoundingBox,
}

impl Region {
	/// The ground about the feet of a person or the wheels of a vehicle, where its shadow falls. To be
	/// hidden as well when the thing shall vanish with [`super::Method::Remove`]; `None` for what casts no
	/// shadow of its own.
	pub fn shadow(&self) -> Option<Self> {
		let shadow = match self.class {
			Class::Person => PERSON_SHADOW,
			Class::Vehicle => VEHICLE_SHADOW,
			Class::Face | Class::LicencePlate => return None,
		};
		let object = &self.bounding_box;
		let bounding_box = BoundingBox {
			x_min: object.x_min - object.width() * shadow.sideways,
			y_min: object.y_max - object.height() * shadow.above,
			x_max: object.x_max + object.width() * shadow.sideways,
			y_max: object.y_max + object.height() * shadow.below,
		};
		Some(Self { class: self.class, bounding_box })
	}

	/// Every pixel of a frame that the shape touches, row by row.
	pub(super) fn spans(&self, width: u32, height: u32) -> Vec<Span> {
		let BoundingBox { x_min, y_min, x_max, y_max } = self.extent();
		// What cannot be located must vanish all the same.
		if ![x_min, y_min, x_max, y_max].iter().all(|edge| edge.is_finite()) {
			return (0..height).map(|y| Span { y, start: 0, end: width }).collect();
		}
		(pixel(y_min.floor(), height)..pixel(y_max.ceil(), height))
			.filter_map(|y| {
				let (left, right) = self.row(y as f32);
				let (start, end) = (pixel(left.floor(), width), pixel(right.ceil(), width));
				(start < end).then_some(Span { y, start, end })
			})
			.collect()
	}

	/// The box about the shape.
	fn extent(&self) -> BoundingBox {
		match self.class {
			Class::Face => self.bounding_box.grown((ELLIPSE_FACTOR - 1.0) / 2.0),
			Class::LicencePlate | Class::Person | Class::Vehicle => self.bounding_box,
		}
	}

	/// The left and right ends of the shape between `y` and `y + 1`.
	fn row(&self, y: f32) -> (f32, f32) {
		let extent = self.extent();
		if self.class != Class::Face {
			return (extent.x_min, extent.x_max);
		}
		let (x_centre, y_centre) =
			((extent.x_min + extent.x_max) / 2.0, (extent.y_min + extent.y_max) / 2.0);
		// The ellipse is widest where the row comes closest to its centre.
		let distance = (y_centre.clamp(y, y + 1.0) - y_centre) / (extent.height() / 2.0);
		let reach = (1.0 - distance * distance).max(0.0).sqrt() * extent.width() / 2.0;
		(x_centre - reach, x_centre + reach)
	}
}

/// The pixel edge closest to `value`.
fn pixel(value: f32, limit: u32) -> u32 {
	value.clamp(0.0, limit as f32) as u32
}
