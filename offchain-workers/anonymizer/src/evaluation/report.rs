//! What was measured, for people and for programs.

use super::size::Size;
use crate::detection::Class;
use serde::Serialize;
use std::{collections::BTreeMap, fmt, time::Duration};

/// What was measured on all images.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
	/// Number of images.
	pub images: usize,
	/// How long detection and removal took, without reading the file; `None` if it was not measured.
	pub milliseconds_per_image: Option<Timing>,
	/// Every class that is labelled.
	pub classes: BTreeMap<Class, ClassReport>,
}

/// How long an image took, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Timing {
	/// The middle one.
	pub median: f64,
	/// Arithmetic mean.
	pub mean: f64,
}

/// What was measured of one class.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ClassReport {
	/// Score from which it is hidden.
	pub hide_from: f32,
	/// All labelled objects.
	pub all: SizeReport,
	/// The small ones.
	pub small: SizeReport,
	/// The medium ones.
	pub medium: SizeReport,
	/// The large ones.
	pub large: SizeReport,
	/// Detections that are hidden and match no label, or one that was found already.
	pub false_alarms: usize,
	/// The same, per image.
	pub false_alarms_per_image: f64,
	/// What other scores to hide from would give, by rising score.
	pub curve: Vec<CurvePoint>,
}

/// What was measured of labelled objects of one class and size.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SizeReport {
	/// Labelled objects that were found with a score to hide from.
	pub recall: Share,
	/// Labelled objects of which at least 90 % are hidden, by whichever mask.
	pub coverage: Share,
	/// For each detector that looked at the result: of the hidden objects, those it still found.
	pub redetection: Vec<Share>,
}

/// So many out of so many.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Share {
	/// So many.
	pub count: usize,
	/// Out of so many.
	pub of: usize,
	/// As a part of 1; `None` out of none.
	pub share: Option<f64>,
}

/// What a score to hide from would give.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CurvePoint {
	/// The score.
	pub score: f32,
	/// Part of the labelled objects found.
	pub recall: Option<f64>,
	/// Detections per image that match no label.
	pub false_alarms_per_image: f64,
}

impl Timing {
	/// Of these; `None` if there are none.
	pub(super) fn of(durations: &[Duration]) -> Option<Self> {
		let mut milliseconds: Vec<f64> =
			durations.iter().map(|duration| duration.as_secs_f64() * 1000.0).collect();
		milliseconds.sort_by(f64::total_cmp);
		let median = *milliseconds.get(milliseconds.len() / 2)?;
		let mean = milliseconds.iter().sum::<f64>() / milliseconds.len() as f64;
		Some(Self { median, mean })
	}
}

impl Share {
	/// `count` out of `of`.
	pub fn new(count: usize, of: usize) -> Self {
		Self { count, of, share: (of > 0).then(|| count as f64 / of as f64) }
	}
}

impl ClassReport {
	/// The objects of one size.
	pub fn of_size(&self, size: Size) -> &SizeReport {
		match size {
			Size::Small => &self.small,
			Size::Medium => &self.medium,
			Size::Large => &self.large,
		}
	}
}

impl fmt::Display for Share {
	fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
		match self.share {
			Some(share) => formatter.pad(&format!("{share:.3}")),
			None => formatter.pad("-"),
		}
	}
}

impl fmt::Display for Report {
	fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
		writeln!(
			formatter,
			"{:<14} {:<7} {:>7} {:>7} {:>9} {:>14}  re-detected",
			"class", "size", "labels", "recall", "coverage", "false alarms/i"
		)?;
		for (class, report) in &self.classes {
			let false_alarms = format!("{:.2}", report.false_alarms_per_image);
			write_row(formatter, class.name(), "all", &report.all, &false_alarms)?;
			for size in Size::ALL {
				write_row(formatter, "", size.name(), report.of_size(size), "")?;
			}
		}
		write!(formatter, "{} images", self.images)?;
		if let Some(timing) = self.milliseconds_per_image {
			write!(formatter, ", {:.1} ms each (median {:.1})", timing.mean, timing.median)?;
		}
		writeln!(formatter)
	}
}

fn write_row(
	formatter: &mut fmt::Formatter,
	class: &str,
	size: &str,
	report: &SizeReport,
	false_alarms: &str,
) -> fmt::Result {
	let SizeReport { recall, coverage, redetection } = report;
	let redetection: Vec<String> =
		redetection.iter().map(|share| format!("{} of {}", share.count, share.of)).collect();
	writeln!(
		formatter,
		"{class:<14} {size:<7} {:>7} {recall:>7} {coverage:>9} {false_alarms:>14}  {}",
		recall.of,
		redetection.join(", ")
	)
}
