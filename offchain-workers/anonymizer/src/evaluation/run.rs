//! Going through the images.

use super::{
	boxes::Boxes,
	report::Report,
	tally::{Observation, Tally},
};
use crate::{
	detection::{Detection, DetectionError},
	picture::{decode, Limits, PictureError},
	removal::{remove, Mask},
	Anonymizer, Outcome, Settings,
};
use image::RgbImage;
use std::{
	collections::BTreeMap,
	fs::File,
	io::{self, Read},
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

/// What is to be measured.
pub struct Plan<'a> {
	/// Folder with the images.
	pub images: &'a Path,
	/// What is in them, as people saw it.
	pub labels: &'a Boxes,
	/// What another tool detected, to measure that instead of our own detectors.
	pub detections: Option<&'a Boxes>,
	/// Folder with the images as another tool anonymized them, under the same names.
	pub anonymized: Option<&'a Path>,
	/// Height in pixels below which labels do not count.
	pub min_height: f32,
}

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
	/// No label is of a class that the settings hide.
	#[error("no label is of a class that is hidden; choose classes that are labelled with --hide")]
	NothingToMeasure,
	/// An image cannot be decoded.
	#[error("{path}: {source}")]
	Image {
		/// The file.
		path: PathBuf,
		/// What is wrong with it.
		source: PictureError,
	},
	/// An image cannot be read.
	#[error("{path}: {source}")]
	Unreadable {
		/// The file.
		path: PathBuf,
		/// What the system says.
		source: io::Error,
	},
	/// An anonymized image does not belong to its original.
	#[error("{path} has another size than the original")]
	OtherSize {
		/// The file.
		path: PathBuf,
	},
	/// A detector failed.
	#[error(transparent)]
	Detection(#[from] DetectionError),
}

/// Measures on every labelled image. `anonymizer` works with `settings`; it and `second`, if there is
/// one, look at the results. `progress` is called after each image.
pub fn evaluate(
	plan: &Plan,
	settings: &Settings,
	anonymizer: &mut Anonymizer,
	mut second: Option<&mut Anonymizer>,
	mut progress: impl FnMut(),
) -> Result<Report, EvaluationError> {
	let labelled: BTreeMap<_, _> = plan
		.labels
		.values()
		.flatten()
		.filter_map(|label| Some((label.class, settings.classes.get(&label.class)?.hide_from)))
		.collect();
	if labelled.is_empty() {
		return Err(EvaluationError::NothingToMeasure);
	}
	let mut tally = Tally::new(&labelled, plan.min_height);
	for (file, labels) in plan.labels {
		let mut frame = read(&plan.images.join(file))?;
		let size = frame.dimensions();
		let treated = match plan.detections {
			None => detect_and_remove(anonymizer, &mut frame)?,
			Some(detections) => {
				let found = detections.get(file).map_or(&[][..], Vec::as_slice);
				remove_what_was_found(anonymizer, settings, &mut frame, found)
			},
		};
		if let Some(folder) = plan.anonymized {
			let path = folder.join(file);
			frame = read(&path)?;
			if frame.dimensions() != size {
				return Err(EvaluationError::OtherSize { path });
			}
		}
		let mut afterwards = vec![anonymizer.detect(&frame)?.hidden];
		if let Some(second) = &mut second {
			afterwards.push(second.detect(&frame)?.hidden);
		}
		tally.add(&Observation {
			labels,
			detections: &treated.detections,
			mask: &treated.mask,
			afterwards: &afterwards,
			duration: treated.duration,
		});
		progress();
	}
	Ok(tally.report())
}

/// What was found in a frame, and what is hidden of it now.
struct Treated {
	detections: Vec<Detection>,
	mask: Mask,
	duration: Option<Duration>,
}

fn detect_and_remove(
	anonymizer: &mut Anonymizer,
	frame: &mut RgbImage,
) -> Result<Treated, DetectionError> {
	let start = Instant::now();
	let (Outcome { hidden, nearly }, mask) = anonymizer.process(frame)?;
	let duration = Some(start.elapsed());
	Ok(Treated { detections: [hidden, nearly].concat(), mask, duration })
}

fn remove_what_was_found(
	anonymizer: &Anonymizer,
	settings: &Settings,
	frame: &mut RgbImage,
	found: &[Detection],
) -> Treated {
	let is_hidden = |detection: &&Detection| {
		let class = settings.classes.get(&detection.class);
		class.is_some_and(|class| detection.score >= class.hide_from)
	};
	let hidden: Vec<_> = found.iter().filter(is_hidden).copied().collect();
	let mask = Mask::new(frame.width(), frame.height(), &anonymizer.regions(&hidden));
	remove(frame, &mask, settings.method);
	Treated { detections: found.to_vec(), mask, duration: None }
}

fn read(path: &Path) -> Result<RgbImage, EvaluationError> {
	let limits = Limits::default();
	let mut bytes = Vec::new();
	File::open(path)
		// What is longer is cut off, and then it cannot be decoded.
		.and_then(|file| file.take(limits.max_bytes).read_to_end(&mut bytes))
		.map_err(|source| EvaluationError::Unreadable { path: path.to_owned(), source })?;
	decode(&bytes, &limits)
		.map_err(|source| EvaluationError::Image { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{
		detection::{Class, Detector, DetectorKind},
		evaluation::{boxes::read_boxes, Share},
		geometry::BoundingBox,
		removal::Method,
	};
	use image::Rgb;

	const RED: Rgb<u8> = Rgb([255, 0, 0]);

	/// Finds the box around everything red, with half certainty.
	struct RedFinder;

	impl Detector for RedFinder {
		fn kind(&self) -> DetectorKind {
			DetectorKind::Faces
		}

		fn detect(&mut self, frame: &RgbImage) -> Result<Vec<Detection>, DetectionError> {
			let red = || frame.enumerate_pixels().filter(|(_, _, pixel)| **pixel == RED);
			let columns = || red().map(|(x, _, _)| x);
			let rows = || red().map(|(_, y, _)| y);
			let edges =
				|| Some([columns().min()?, rows().min()?, columns().max()? + 1, rows().max()? + 1]);
			let Some([x_min, y_min, x_max, y_max]) =
				edges().map(|edges| edges.map(|edge| edge as f32))
			else {
				return Ok(Vec::new());
			};
			let bounding_box = BoundingBox { x_min, y_min, x_max, y_max };
			Ok(vec![Detection { class: Class::Vehicle, score: 0.5, bounding_box }])
		}
	}

	/// A folder with an image that has a red square, one that is grey, and labels.
	struct Stage {
		folder: tempfile::TempDir,
		settings: Settings,
	}

	impl Stage {
		fn new() -> Self {
			let folder = tempfile::tempdir().unwrap();
			let mut frame = RgbImage::from_pixel(64, 48, Rgb([90; 3]));
			frame.save(folder.path().join("grey.png")).unwrap();
			for (x, y) in (10..30).flat_map(|x| (10..30).map(move |y| (x, y))) {
				frame.put_pixel(x, y, RED);
			}
			frame.save(folder.path().join("red.png")).unwrap();
			Self { folder, settings: Settings { method: Method::Solid, ..Settings::default() } }
		}

		fn labels(rows: &str) -> Boxes {
			read_boxes(format!("file,class,x_min,y_min,x_max,y_max,score\n{rows}").as_bytes())
				.unwrap()
		}

		fn evaluate(&self, plan: &Plan) -> Result<Report, EvaluationError> {
			let open = || Anonymizer::new(self.settings.clone(), vec![Box::new(RedFinder)]);
			evaluate(plan, &self.settings, &mut open(), Some(&mut open()), || {})
		}

		fn plan<'a>(&'a self, labels: &'a Boxes) -> Plan<'a> {
			Plan {
				images: self.folder.path(),
				labels,
				detections: None,
				anonymized: None,
				min_height: 0.0,
			}
		}
	}

	#[test]
	fn what_is_found_is_hidden_and_not_found_again() {
		let stage = Stage::new();
		let labels = Stage::labels("red.png,car,10,10,30,30,1\ngrey.png,,,,,,\n");
		let report = stage.evaluate(&stage.plan(&labels)).unwrap();
		assert_eq!(report.images, 2);
		assert!(report.milliseconds_per_image.is_some());
		let vehicle = &report.classes[&Class::Vehicle];
		assert_eq!(vehicle.all.recall, Share::new(1, 1));
		assert_eq!(vehicle.all.coverage, Share::new(1, 1));
		assert_eq!(vehicle.all.redetection, [Share::new(0, 1), Share::new(0, 1)]);
		assert_eq!(vehicle.false_alarms, 0);
	}

	#[test]
	fn another_tool_is_measured_by_its_boxes_and_results() {
		let stage = Stage::new();
		let labels = Stage::labels("red.png,car,10,10,30,30,1\n");
		let detections = Stage::labels("red.png,car,10,10,30,30,0.9\nred.png,car,40,0,60,20,0.8\n");
		// This tool claims to have hidden the square, and has not.
		let plan = Plan {
			detections: Some(&detections),
			anonymized: Some(stage.folder.path()),
			..stage.plan(&labels)
		};
		let report = stage.evaluate(&plan).unwrap();
		assert_eq!(report.milliseconds_per_image, None);
		let vehicle = &report.classes[&Class::Vehicle];
		assert_eq!(vehicle.all.recall, Share::new(1, 1));
		assert_eq!(vehicle.all.coverage, Share::new(1, 1));
		assert_eq!(vehicle.all.redetection, [Share::new(1, 1), Share::new(1, 1)]);
		assert_eq!(vehicle.false_alarms, 1);
	}

	#[test]
	fn labels_that_nobody_hides_are_refused() {
		let stage = Stage {
			settings: Settings { classes: BTreeMap::new(), ..Settings::default() },
			..Stage::new()
		};
		let labels = Stage::labels("red.png,car,10,10,30,30,1\n");
		let error = stage.evaluate(&stage.plan(&labels)).unwrap_err();
		assert!(matches!(error, EvaluationError::NothingToMeasure), "{error}");
	}

	#[test]
	fn files_that_are_missing_or_do_not_belong_are_named() {
		let stage = Stage::new();
		let labels = Stage::labels("missing.png,car,10,10,30,30,1\n");
		let error = stage.evaluate(&stage.plan(&labels)).unwrap_err().to_string();
		assert!(error.contains("missing.png"), "{error}");

		let other = tempfile::tempdir().unwrap();
		RgbImage::new(3, 3).save(other.path().join("red.png")).unwrap();
		let labels = Stage::labels("red.png,car,10,10,30,30,1\n");
		let plan = Plan { anonymized: Some(other.path()), ..stage.plan(&labels) };
		let error = stage.evaluate(&plan).unwrap_err();
		assert!(matches!(error, EvaluationError::OtherSize { .. }), "{error}");
	}
}
