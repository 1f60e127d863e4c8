//! What was found twice is kept once.

use super::{Class, Detection};

/// Overlap from which two boxes of one class are the same thing: persons and vehicles stand before one
/// another, faces and plates do not.
fn same_from(class: Class) -> f32 {
	match class {
		Class::Face | Class::LicencePlate => 0.3,
		Class::Person | Class::Vehicle => 0.5,
	}
}

/// Detections of one model in one frame, so that a frame full of noise does not take forever.
const MOST: usize = 4096;

/// Keeps the best of all boxes of one class that overlap, as non-maximum suppression does; the best
/// ones come first.
pub fn without_duplicates(mut detections: Vec<Detection>) -> Vec<Detection> {
	detections.retain(|detection| detection.score.is_finite());
	detections.sort_by(|a, b| b.score.total_cmp(&a.score));
	let mut kept: Vec<Detection> = Vec::new();
	for detection in detections {
		let known = |other: &Detection| {
			other.class == detection.class
				&& other.bounding_box.overlap(&detection.bounding_box) >= same_from(detection.class)
		};
		if !kept.iter().any(known) {
			kept.push(detection);
		}
		if kept.len() == MOST {
			break;
		}
	}
	kept
}
