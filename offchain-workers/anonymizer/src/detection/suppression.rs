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

#[cfg(test)]
mod tests {
	use super::*;
	use crate::geometry::BoundingBox;
	use proptest::prelude::*;

	fn detection(class: Class, score: f32, x: f32, width: f32) -> Detection {
		let bounding_box = BoundingBox { x_min: x, y_min: 0.0, x_max: x + width, y_max: 10.0 };
		Detection { class, score, bounding_box }
	}

	#[test]
	fn the_best_of_overlapping_boxes_is_kept() {
		let worse = detection(Class::Face, 0.4, 2.0, 10.0);
		let best = detection(Class::Face, 0.9, 0.0, 10.0);
		let apart = detection(Class::Face, 0.1, 30.0, 10.0);
		assert_eq!(without_duplicates(vec![worse, apart, best]), [best, apart]);
	}

	#[test]
	fn classes_do_not_suppress_each_other() {
		let face = detection(Class::Face, 0.9, 0.0, 10.0);
		let person = detection(Class::Person, 0.8, 0.0, 10.0);
		assert_eq!(without_duplicates(vec![face, person]), [face, person]);
	}

	#[test]
	fn persons_may_overlap_more_than_faces() {
		// They share 6 of 14 pixels of width.
		let pair = |class| vec![detection(class, 0.9, 0.0, 10.0), detection(class, 0.8, 4.0, 10.0)];
		assert_eq!(without_duplicates(pair(Class::Person)).len(), 2);
		assert_eq!(without_duplicates(pair(Class::Face)).len(), 1);
	}

	#[test]
	fn a_score_that_is_no_number_is_dropped() {
		assert_eq!(without_duplicates(vec![detection(Class::Face, f32::NAN, 0.0, 10.0)]), []);
	}

	proptest! {
		#[test]
		fn whatever_is_dropped_overlaps_something_better(
			boxes in proptest::collection::vec((0.0f32..1.0, 0.0f32..100.0, 1.0f32..50.0), 0..60)
		) {
			let all: Vec<_> = boxes
				.into_iter()
				.map(|(score, x, width)| detection(Class::Face, score, x, width))
				.collect();
			let kept = without_duplicates(all.clone());
			prop_assert!(kept.windows(2).all(|pair| pair[0].score >= pair[1].score));
			for dropped in all.iter().filter(|detection| !kept.contains(detection)) {
				let covers = |other: &Detection| {
					other.score >= dropped.score
						&& other.bounding_box.overlap(&dropped.bounding_box) >= same_from(Class::Face)
				};
				prop_assert!(kept.iter().any(covers));
			}
		}
	}
}
