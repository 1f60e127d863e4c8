//! How much of an object a mask hides.

use crate::{geometry::BoundingBox, removal::Mask};

/// Part of a labelled box from which it counts as hidden.
pub const HIDDEN_FROM: f64 = 0.9;

/// Part of a box that the mask hides, from 0 to 1, counted in pixels of the frame that the box touches.
/// `None` when the box lies outside of the frame.
pub fn hidden_share(mask: &Mask, frame: (u32, u32), bounding_box: &BoundingBox) -> Option<f64> {
	let pixel = |value: f32, limit: u32| value.clamp(0.0, limit as f32) as u32;
	let columns =
		pixel(bounding_box.x_min.floor(), frame.0)..pixel(bounding_box.x_max.ceil(), frame.0);
	let rows =
		pixel(bounding_box.y_min.floor(), frame.1)..pixel(bounding_box.y_max.ceil(), frame.1);
	let pixels = columns.len() * rows.len();
	let hidden = rows
		.flat_map(|y| columns.clone().map(move |x| (x, y)))
		.filter(|(x, y)| mask.hides(*x, *y))
		.count();
	(pixels > 0).then(|| hidden as f64 / pixels as f64)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{detection::Class, removal::Region};

	fn rectangle(x_min: f32, y_min: f32, x_max: f32, y_max: f32) -> BoundingBox {
		BoundingBox { x_min, y_min, x_max, y_max }
	}

	#[test]
	fn pixels_are_counted() {
		// The upper left quarter of the frame, and nothing else, is hidden.
		let hidden =
			Region { class: Class::Vehicle, bounding_box: rectangle(0.0, 0.0, 20.0, 10.0) };
		let mask = Mask::new(40, 20, &[hidden]);
		let share = |bounding_box| hidden_share(&mask, (40, 20), &bounding_box);
		assert_eq!(share(rectangle(2.0, 2.0, 18.0, 8.0)), Some(1.0));
		assert_eq!(share(rectangle(10.0, 0.0, 30.0, 10.0)), Some(0.5));
		assert_eq!(share(rectangle(0.0, 0.0, 40.0, 20.0)), Some(0.25));
		assert_eq!(share(rectangle(30.0, 12.0, 40.0, 20.0)), Some(0.0));
	}

	#[test]
	fn only_what_lies_in_the_frame_counts() {
		let hidden = Region { class: Class::Vehicle, bounding_box: rectangle(0.0, 0.0, 4.0, 4.0) };
		let mask = Mask::new(8, 8, &[hidden]);
		assert_eq!(hidden_share(&mask, (8, 8), &rectangle(-9.0, -9.0, 4.0, 4.0)), Some(1.0));
		assert_eq!(hidden_share(&mask, (8, 8), &rectangle(9.0, 9.0, 12.0, 12.0)), None);
	}
}
