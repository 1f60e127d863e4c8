//! `msec-anonymize eval`

use super::arguments::{Global, OutputFormat};
use anyhow::{Context, Result};
use clap::Args;
use indicatif::ProgressBar;
use msec_anonymizer::{
	evaluation::{
		boxes::{read_boxes, Boxes},
		evaluate, plot, Plan,
	},
	Anonymizer,
};
use std::{
	fs::{self, File},
	path::{Path, PathBuf},
};

const LONG_ABOUT: &str = "\
Measure recall, coverage, false alarms and re-detection on labelled images.

Recall is the part of the labelled objects that was found: a detection and a label match when they overlap \
by an intersection over union of at least 0.5, faces 0.4, each label once, as in PASCAL VOC. Coverage is \
the part of which at least 90 % is hidden. False alarms are detections that match nothing. Re-detected are \
those of the hidden objects that a detector finds again in the result. Small, medium and large faces have a \
shorter side of less than 16, less than 32, and more pixels; everything else an area of less than 32², less \
than 96², and more.

Only files that are named in BOXES are looked at, and only classes that are labelled there count.";

/// Measure recall, coverage, false alarms and re-detection on labelled images.
#[derive(Args)]
#[command(long_about = LONG_ABOUT)]
pub struct Evaluate {
	/// Folder with the images.
	images: PathBuf,
	/// CSV with the columns file, class, x_min, y_min, x_max, y_max; in pixels. A row with nothing but a
	/// file says that there is nothing in it.
	boxes: PathBuf,
	/// Measure what another tool detected: CSV like BOXES with a column score.
	#[arg(long, value_name = "FILE")]
	detections: Option<PathBuf>,
	/// Look for hidden objects in these images, which another tool made, instead of our own results.
	#[arg(long, value_name = "DIRECTORY", requires = "detections")]
	anonymized: Option<PathBuf>,
	/// Also look for hidden objects with the detectors of these settings (TOML as for --config).
	#[arg(long, value_name = "FILE")]
	second: Option<PathBuf>,
	/// Leave out labels that are less high.
	#[arg(long, value_name = "PIXELS", default_value_t = 0.0)]
	min_height: f32,
	/// Also draw recall against false alarms over all scores, as SVG.
	#[arg(long, value_name = "FILE")]
	plot: Option<PathBuf>,
}

impl Evaluate {
	/// Measures and prints.
	pub fn run(&self, global: &Global) -> Result<()> {
		let settings = global.settings()?;
		let labels = read(&self.boxes)?;
		let detections = self.detections.as_deref().map(read).transpose()?;
		let mut anonymizer = Anonymizer::open(&settings)?;
		let second = self.second.as_deref().map(|file| global.settings_from(file)).transpose()?;
		let mut second = second.as_ref().map(Anonymizer::open).transpose()?;

		let progress = match global.quiet {
			true => ProgressBar::hidden(),
			false => ProgressBar::new(labels.len() as u64),
		};
		let plan = Plan {
			images: &self.images,
			labels: &labels,
			detections: detections.as_ref(),
			anonymized: self.anonymized.as_deref(),
			min_height: self.min_height,
		};
		let report =
			evaluate(&plan, &settings, &mut anonymizer, second.as_mut(), || progress.inc(1))?;
		progress.finish_and_clear();

		if let Some(file) = &self.plot {
			fs::write(file, plot(&report)).with_context(|| file.display().to_string())?;
		}
		match global.output {
			OutputFormat::Text => print!("{report}"),
			OutputFormat::Json => println!("{}", serde_json::to_string_pretty(&report)?),
		}
		Ok(())
	}
}

fn read(path: &Path) -> Result<Boxes> {
	let name = || path.display().to_string();
	read_boxes(File::open(path).with_context(name)?).with_context(name)
}
