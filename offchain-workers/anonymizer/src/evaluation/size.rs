//! Small, medium and large objects.

use crate::{detection::Class, geometry::BoundingBox};
use serde::Serialize;

/// How large a labelled object is, in the pixels of its image.
///
/// Faces go by their shorter side, because it limits what can be recognised: small is less than 16
/// pixels, large 32 or more. Everything else goes by its area as in COCO (Lin et al., ECCV 2014, and
/// its evaluation protocol): small is less than 32², large 96² or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
	/// Below the lower limit.
	Small,
	/// Between the limits.
	Medium,
	/// At the upper limit or above.
	Large,
}

impl Size {
	/// All sizes, from small to large.
	pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

	/// The size of an object of this class.
	pub fn of(class: Class, bounding_box: &BoundingBox) -> Self {
		let (measure, medium_from, large_from) = match class {
			Class::Face => (bounding_box.width().min(bounding_box.height()), 16.0, 32.0),
			_ => (bounding_box.area(), 32.0 * 32.0, 96.0 * 96.0),
		};
		match measure {
			_ if measure < medium_from => Self::Small,
			_ if measure < large_from => Self::Medium,
			_ => Self::Large,
		}
	}

	/// The word for it.
	pub fn name(self) -> &'static str {
		match self {
			Self::Small => "small",
			Self::Medium => "medium",
			Self::Large => "large",
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn size(class: Class, width: f32, height: f32) -> Size {
		Size::of(
			class,
			&BoundingBox { x_min: 5.0, y_min: 5.0, x_max: 5.0 + width, y_max: 5.0 + height },
		)
	}

	#[test]
	fn faces_go_by_their_shorter_side() {
		assert_eq!(size(Class::Face, 15.0, 90.0), Size::Small);
		assert_eq!(size(Class::Face, 90.0, 16.0), Size::Medium);
		assert_eq!(size(Class::Face, 31.0, 31.0), Size::Medium);
		assert_eq!(size(Class::Face, 32.0, 40.0), Size::Large);
	}

	#[test]
	fn everything_else_goes_by_its_area() {
		assert_eq!(size(Class::Person, 16.0, 63.0), Size::Small);
		assert_eq!(size(Class::Person, 16.0, 64.0), Size::Medium);
		assert_eq!(size(Class::Vehicle, 96.0, 95.0), Size::Medium);
		assert_eq!(size(Class::LicencePlate, 192.0, 48.0), Size::Large);
	}
}
