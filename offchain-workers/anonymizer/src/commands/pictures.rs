//! What the commands for pictures share.

use super::evidence::EvidenceArguments;
use anyhow::Result;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use msec_anonymizer::{
	detection::DetectionError,
	job::{Event, Job},
	picture::{Format, Limits},
	Anonymizer, Settings,
};
use msec_worker_common::shutdown;
use std::{num::NonZeroUsize, path::PathBuf, thread};
use tokio_util::sync::CancellationToken;

const BAR: &str = "{bar:30} {pos} of {len} pictures, {eta} left";

/// Which pictures, and how results are written.
#[derive(Args)]
pub struct PictureArguments {
	/// A JPEG, PNG, WebP or AVIF file, or a folder.
	input: PathBuf,
	/// Where results go: a file or folder apart from the input; folders are made.
	result: PathBuf,
	/// Format of the results [default: the same as each original, or as the result is called].
	#[arg(long, value_enum)]
	format: Option<Format>,
	/// Quality of JPEG and AVIF, from 1 to 100.
	#[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u8).range(1..=100))]
	quality: u8,
	/// How many pictures are in work at the same time [default: as many as there are processors].
	#[arg(long, value_name = "NUMBER")]
	threads: Option<NonZeroUsize>,
	/// Where reports go [default: RESULT.reports for a folder, RESULT.json for a file].
	#[arg(long, value_name = "DIRECTORY")]
	reports: Option<PathBuf>,
	#[command(flatten)]
	pub evidence: EvidenceArguments,
}

impl PictureArguments {
	/// The job that these arguments describe.
	pub fn job(&self) -> Job {
		let processors = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
		Job {
			input: self.input.clone(),
			output: self.result.clone(),
			reports: self.reports.clone(),
			format: self.format,
			quality: self.quality,
			threads: self.threads.unwrap_or_else(processors),
			limits: Limits::default(),
		}
	}
}

/// Opens anonymizers with these settings.
pub fn anonymizers(
	settings: &Settings,
) -> impl Fn() -> Result<Anonymizer, DetectionError> + Sync + '_ {
	|| Anonymizer::open(settings)
}

/// Does something that can be stopped by SIGTERM or from the keyboard.
pub fn until_stopped<T>(work: impl FnOnce(CancellationToken) -> Result<T>) -> Result<T> {
	let runtime =
		tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_io().build()?;
	let stop = runtime.block_on(async { shutdown::on_signal() })?;
	work(stop)
}

/// Shows what happens on standard error.
pub struct Progress {
	bar: ProgressBar,
	/// Whether each result gets a line.
	lines: bool,
}

impl Progress {
	/// A bar, unless `quiet`. Failures are always shown.
	pub fn new(quiet: bool) -> Self {
		let bar = match quiet {
			true => ProgressBar::hidden(),
			false => ProgressBar::new(0),
		};
		let style = ProgressStyle::with_template(BAR).expect("the template is well-formed; qed");
		Self { bar: bar.with_style(style), lines: false }
	}

	/// A line for each result, unless `quiet`.
	pub fn lines(quiet: bool) -> Self {
		Self { bar: ProgressBar::hidden(), lines: !quiet }
	}

	/// Shows an event.
	pub fn show(&self, event: &Event<'_>) {
		match event {
			Event::Planned(pictures) => self.bar.set_length(*pictures as u64),
			Event::Done(item, _) => {
				self.bar.inc(1);
				if self.lines {
					eprintln!("{}: done", item.name.display());
				}
			},
			Event::Failed(failure) => {
				self.bar.inc(1);
				self.bar.suspend(|| eprintln!("{}: {}", failure.name.display(), failure.error));
			},
		}
	}

	/// Takes the bar away.
	pub fn finish(&self) {
		self.bar.finish_and_clear();
	}
}
