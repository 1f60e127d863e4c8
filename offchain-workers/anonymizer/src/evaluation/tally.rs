//! Adding up images.

use super::{
	matching::{match_labels, overlap_to_match, Label, Matching},
	report::{ClassReport, CurvePoint, Report, Share, SizeReport, Timing},
	size::Size,
};
use crate::{
	detection::{Class, Detection},
	removal::Mask,
};
use std::{collections::BTreeMap, time::Duration};

/// Part of a labelled box from which it counts as hidden.
const HIDDEN_FROM: f64 = 0.9;

/// One image: what is in it, and what was made of it.
pub struct Observation<'a> {
	/// What people saw in it. Their scores mean nothing.
	pub labels: &'a [Detection],
	/// What was detected, down to scores that are too low to be hidden.
	pub detections: &'a [Detection],
	/// What is hidden.
	pub mask: &'a Mask,
	/// What each of the detectors that looked at the result still found, in the same order for all
	/// images; only what they would have hidden.
	pub afterwards: &'a [Vec<Detection>],
	/// How long detection and removal took, if that was measured.
	pub duration: Option<Duration>,
}

/// What has been observed so far.
pub struct Tally {
	min_height: f32,
	classes: BTreeMap<Class, ClassTally>,
	images: usize,
	durations: Vec<Duration>,
}

/// What has been observed of one class.
struct ClassTally {
	hide_from: f32,
	labels: Vec<LabelOutcome>,
	false_alarms: Vec<f32>,
}

/// What became of a labelled object.
struct LabelOutcome {
	size: Size,
	/// Score of the detection that found it.
	found: Option<f32>,
	hidden: bool,
	/// For each detector that looked at the result, whether it found the object.
	found_afterwards: Vec<bool>,
}

impl Tally {
	/// For the classes that are labelled, each with the score from which it is hidden. What is less than
	/// `min_height` pixels high does not count.
	pub fn new(classes: &BTreeMap<Class, f32>, min_height: f32) -> Self {
		let empty =
			|hide_from| ClassTally { hide_from, labels: Vec::new(), false_alarms: Vec::new() };
		let classes =
			classes.iter().map(|(class, hide_from)| (*class, empty(*hide_from))).collect();
		Self { min_height, classes, images: 0, durations: Vec::new() }
	}

	/// Adds an image.
	pub fn add(&mut self, image: &Observation) {
		self.images += 1;
		self.durations.extend(image.duration);
		for (class, tally) in &mut self.classes {
			tally.add(*class, image, self.min_height);
		}
	}

	/// What the images say together.
	pub fn report(&self) -> Report {
		let class_report = |tally: &ClassTally| tally.report(self.images);
		Report {
			images: self.images,
			milliseconds_per_image: Timing::of(&self.durations),
			classes: self
				.classes
				.iter()
				.map(|(class, tally)| (*class, class_report(tally)))
				.collect(),
		}
	}
}

impl ClassTally {
	fn add(&mut self, class: Class, image: &Observation, min_height: f32) {
		let of_class = |detections| of_class(class, detections);
		let labels: Vec<Label> = of_class(image.labels)
			.into_iter()
			.map(|label| Label {
				bounding_box: label.bounding_box,
				counts: label.bounding_box.height() >= min_height,
			})
			.collect();
		let overlap = overlap_to_match(class);
		let Matching { found, false_alarms } =
			match_labels(&labels, &of_class(image.detections), overlap);
		self.false_alarms.extend(false_alarms);
		let afterwards: Vec<_> =
			image.afterwards.iter().map(|detections| of_class(detections)).collect();
		for (label, found) in labels.iter().zip(found).filter(|(label, _)| label.counts) {
			let bounding_box = &label.bounding_box;
			let hidden = image.mask.hidden_share(bounding_box);
			let finds = |detections: &Vec<&Detection>| {
				detections.iter().any(|found| found.bounding_box.overlap(bounding_box) >= overlap)
			};
			self.labels.push(LabelOutcome {
				size: Size::of(class, bounding_box),
				found,
				hidden: hidden.is_some_and(|share| share >= HIDDEN_FROM),
				found_afterwards: afterwards.iter().map(finds).collect(),
			});
		}
	}

	fn report(&self, images: usize) -> ClassReport {
		let of_size = |size| self.size_report(&|label| label.size == size);
		let false_alarms = self.false_alarms_from(self.hide_from);
		ClassReport {
			hide_from: self.hide_from,
			all: self.size_report(&|_| true),
			small: of_size(Size::Small),
			medium: of_size(Size::Medium),
			large: of_size(Size::Large),
			false_alarms,
			false_alarms_per_image: per_image(false_alarms, images),
			curve: self.curve(images),
		}
	}

	fn size_report(&self, included: &dyn Fn(&LabelOutcome) -> bool) -> SizeReport {
		let labels: Vec<_> = self.labels.iter().filter(|label| included(label)).collect();
		let hidden: Vec<_> = labels.iter().filter(|label| label.hidden).collect();
		let detectors = labels.first().map_or(0, |label| label.found_afterwards.len());
		let found_by = |detector: usize| {
			hidden.iter().filter(|label| label.found_afterwards[detector]).count()
		};
		SizeReport {
			recall: Share::new(self.found_from(self.hide_from, &labels), labels.len()),
			coverage: Share::new(hidden.len(), labels.len()),
			redetection: (0..detectors)
				.map(|detector| Share::new(found_by(detector), hidden.len()))
				.collect(),
		}
	}

	/// Recall and false alarms at every hundredth of the score.
	fn curve(&self, images: usize) -> Vec<CurvePoint> {
		let labels: Vec<_> = self.labels.iter().collect();
		(1..100)
			.map(|hundredth| hundredth as f32 / 100.0)
			.map(|score| CurvePoint {
				score,
				recall: Share::new(self.found_from(score, &labels), labels.len()).share,
				false_alarms_per_image: per_image(self.false_alarms_from(score), images),
			})
			.collect()
	}

	fn found_from(&self, score: f32, labels: &[&LabelOutcome]) -> usize {
		labels.iter().filter(|label| label.found.is_some_and(|found| found >= score)).count()
	}

	fn false_alarms_from(&self, score: f32) -> usize {
		self.false_alarms.iter().filter(|false_alarm| **false_alarm >= score).count()
	}
}

fn of_class(class: Class, detections: &[Detection]) -> Vec<&Detection> {
	detections.iter().filter(|detection| detection.class == class).collect()
}

fn per_image(count: usize, images: usize) -> f64 {
	count as f64 / images.max(1) as f64
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{geometry::BoundingBox, removal::Region};

	const FRAME: (u32, u32) = (200, 100);

	fn found(class: Class, score: f32, edges: [f32; 4]) -> Detection {
		let [x_min, y_min, x_max, y_max] = edges;
		Detection { class, score, bounding_box: BoundingBox { x_min, y_min, x_max, y_max } }
	}

	fn mask(hidden: &[Detection]) -> Mask {
		let region = |detection: &Detection| Region {
			class: Class::Vehicle,
			bounding_box: detection.bounding_box,
		};
		Mask::new(FRAME.0, FRAME.1, &hidden.iter().map(region).collect::<Vec<_>>())
	}

	/// A small and a large face. The small one is found with a score that is too low to be hidden; the
	/// large one is hidden but for a tenth, and found again by the second of two detectors. Beside them
	/// something is hidden that is none.
	fn two_faces() -> Report {
		let labels = [
			found(Class::Face, 1.0, [0.0, 0.0, 10.0, 10.0]),
			found(Class::Face, 1.0, [50.0, 0.0, 90.0, 40.0]),
		];
		let detections = [
			found(Class::Face, 0.15, [0.0, 0.0, 10.0, 9.0]),
			found(Class::Face, 0.6, [50.0, 0.0, 86.0, 40.0]),
			found(Class::Face, 0.3, [150.0, 50.0, 170.0, 70.0]),
		];
		let again = found(Class::Face, 0.4, [52.0, 0.0, 90.0, 40.0]);
		let elsewhere = found(Class::Face, 0.4, [150.0, 50.0, 170.0, 70.0]);
		let mut tally = Tally::new(&BTreeMap::from([(Class::Face, 0.2)]), 0.0);
		tally.add(&Observation {
			labels: &labels,
			detections: &detections,
			mask: &mask(&detections[1..]),
			afterwards: &[vec![elsewhere], vec![elsewhere, again]],
			duration: Some(Duration::from_millis(12)),
		});
		tally.report()
	}

	#[test]
	fn an_image_by_hand() {
		let report = two_faces();
		let face = &report.classes[&Class::Face];
		assert_eq!(face.all.recall, Share::new(1, 2));
		assert_eq!(face.all.coverage, Share::new(1, 2));
		assert_eq!(face.small.recall, Share::new(0, 1));
		assert_eq!(face.medium.recall, Share { count: 0, of: 0, share: None });
		assert_eq!(face.large.recall, Share::new(1, 1));
		assert_eq!(face.all.redetection, [Share::new(0, 1), Share::new(1, 1)]);
		assert_eq!(face.false_alarms, 1);
		assert_eq!(face.false_alarms_per_image, 1.0);
		assert_eq!(report.milliseconds_per_image, Some(Timing { median: 12.0, mean: 12.0 }));
	}

	#[test]
	fn the_curve_has_what_other_scores_would_give() {
		let face = &two_faces().classes[&Class::Face];
		let at = |score: f32| {
			let point = face.curve.iter().find(|point| point.score == score).unwrap();
			(point.recall, point.false_alarms_per_image)
		};
		assert_eq!(at(0.1), (Some(1.0), 1.0));
		assert_eq!(at(0.2), (Some(0.5), 1.0));
		assert_eq!(at(0.5), (Some(0.5), 0.0));
		assert_eq!(at(0.7), (Some(0.0), 0.0));
	}

	#[test]
	fn a_label_that_is_too_low_does_not_count() {
		let labels = [
			found(Class::Person, 1.0, [0.0, 0.0, 30.0, 63.0]),
			found(Class::Person, 1.0, [50.0, 0.0, 80.0, 64.0]),
		];
		let mut tally = Tally::new(&BTreeMap::from([(Class::Person, 0.2)]), 64.0);
		tally.add(&Observation {
			labels: &labels,
			detections: &labels,
			mask: &mask(&labels),
			afterwards: &[],
			duration: None,
		});
		let person = &tally.report().classes[&Class::Person];
		assert_eq!(person.all.recall, Share::new(1, 1));
		assert_eq!(person.all.coverage, Share::new(1, 1));
		assert_eq!(person.false_alarms, 0);
	}

	#[test]
	fn classes_that_are_not_labelled_are_left_out() {
		let mut tally = Tally::new(&BTreeMap::from([(Class::Face, 0.2)]), 0.0);
		let vehicle = [found(Class::Vehicle, 0.9, [0.0, 0.0, 30.0, 30.0])];
		tally.add(&Observation {
			labels: &[],
			detections: &vehicle,
			mask: &mask(&vehicle),
			afterwards: &[],
			duration: None,
		});
		let report = tally.report();
		assert_eq!(report.images, 1);
		assert_eq!(report.classes.keys().collect::<Vec<_>>(), [&Class::Face]);
		assert_eq!(report.classes[&Class::Face].false_alarms, 0);
	}

	#[test]
	fn the_table_shows_every_class_and_size() {
		let table = two_faces().to_string();
		let words: Vec<Vec<&str>> =
			table.lines().map(|line| line.split_whitespace().collect()).collect();
		assert_eq!(
			words[1],
			["face", "all", "2", "0.500", "0.500", "1.00", "0", "of", "1,", "1", "of", "1"]
		);
		assert_eq!(words[3][..4], ["medium", "0", "-", "-"]);
		assert_eq!(words[5], ["1", "images,", "12.0", "ms", "each", "(median", "12.0)"]);
	}
}
