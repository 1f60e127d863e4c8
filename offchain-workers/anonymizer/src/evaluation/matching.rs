//! Which detection found which label.

use crate::{detection::Class, detection::Detection, geometry::BoundingBox};

/// A labelled object of one class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Label {
	/// Where it is.
	pub bounding_box: BoundingBox,
	/// Whether it counts. One that does not is neither asked for nor a false alarm when it is found,
	/// like the "difficult" objects of PASCAL VOC.
	pub counts: bool,
}

/// Which labels were found in an image, and what was found that is not there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matching {
	/// For each label the score of the detection that found it.
	pub found: Vec<Option<f32>>,
	/// The scores of the detections that found nothing.
	pub false_alarms: Vec<f32>,
}

/// Intersection over union from which a detection has found a label.
///
/// PASCAL VOC asks for 0.5. Faces get 0.4, because data sets disagree on whether forehead, hair and
/// chin belong to a face, and because one pixel more or less on each side of a face of 12 pixels
/// already takes the overlap down to 0.7. Whether the face is hidden is what coverage says.
pub fn overlap_to_match(class: Class) -> f32 {
	match class {
		Class::Face => 0.4,
		Class::LicencePlate | Class::Person | Class::Vehicle => 0.5,
	}
}

/// Matches detections with labels of the same class as PASCAL VOC does (Everingham et al., IJCV 2010,
/// section 4.2): the most certain detection chooses first, and chooses the label that it overlaps most.
/// If another one has found that label before, or the overlap is too small, it is a false alarm.
pub fn match_labels(labels: &[Label], detections: &[&Detection], overlap: f32) -> Matching {
	let mut matching = Matching { found: vec![None; labels.len()], false_alarms: Vec::new() };
	let mut by_score = detections.to_vec();
	by_score.sort_by(|a, b| b.score.total_cmp(&a.score));
	for detection in by_score {
		match nearest(labels, &detection.bounding_box).filter(|(_, nearest)| *nearest >= overlap) {
			Some((label, _)) if !labels[label].counts => {},
			Some((label, _)) if matching.found[label].is_none() => {
				matching.found[label] = Some(detection.score);
			},
			_ => matching.false_alarms.push(detection.score),
		}
	}
	matching
}

/// The label that a box overlaps most, and by how much.
fn nearest(labels: &[Label], bounding_box: &BoundingBox) -> Option<(usize, f32)> {
	labels
		.iter()
		.map(|label| label.bounding_box.overlap(bounding_box))
		.enumerate()
		.max_by(|(_, a), (_, b)| a.total_cmp(b))
}

#[cfg(test)]
mod tests {
	use super::*;

	/// A box of 10 by 10 pixels.
	fn square(x: f32, y: f32) -> BoundingBox {
		BoundingBox { x_min: x, y_min: y, x_max: x + 10.0, y_max: y + 10.0 }
	}

	fn label(x: f32, y: f32) -> Label {
		Label { bounding_box: square(x, y), counts: true }
	}

	fn detection(score: f32, x: f32, y: f32) -> Detection {
		Detection { class: Class::Person, score, bounding_box: square(x, y) }
	}

	fn matched(labels: &[Label], detections: &[Detection]) -> Matching {
		match_labels(labels, &detections.iter().collect::<Vec<_>>(), 0.5)
	}

	#[test]
	fn the_overlap_decides() {
		// Moved by 3 of 10 pixels: 70 shared, 130 together, 0.54. By 4: 60 of 140, 0.43.
		let result = matched(
			&[label(0.0, 0.0), label(100.0, 0.0)],
			&[detection(0.9, 3.0, 0.0), detection(0.8, 104.0, 0.0)],
		);
		assert_eq!(result, Matching { found: vec![Some(0.9), None], false_alarms: vec![0.8] });
	}

	#[test]
	fn the_second_detection_of_a_label_is_a_false_alarm() {
		let result =
			matched(&[label(0.0, 0.0)], &[detection(0.5, 0.0, 0.0), detection(0.7, 1.0, 0.0)]);
		assert_eq!(result, Matching { found: vec![Some(0.7)], false_alarms: vec![0.5] });
	}

	#[test]
	fn the_nearest_label_is_asked_only() {
		// The second detection is nearest to the first label, which is taken; as in VOC it does not go on
		// to the second label, although it overlaps it by 0.54.
		let result = matched(
			&[label(0.0, 0.0), label(4.0, 0.0)],
			&[detection(0.9, 0.0, 0.0), detection(0.8, 1.0, 0.0)],
		);
		assert_eq!(result, Matching { found: vec![Some(0.9), None], false_alarms: vec![0.8] });
	}

	#[test]
	fn what_does_not_count_is_no_false_alarm() {
		let ignored = Label { counts: false, ..label(0.0, 0.0) };
		let result = matched(&[ignored], &[detection(0.9, 0.0, 0.0), detection(0.8, 0.0, 1.0)]);
		assert_eq!(result, Matching { found: vec![None], false_alarms: vec![] });
	}

	#[test]
	fn without_labels_everything_is_a_false_alarm() {
		let result = matched(&[], &[detection(0.2, 0.0, 0.0)]);
		assert_eq!(result, Matching { found: vec![], false_alarms: vec![0.2] });
	}
}
