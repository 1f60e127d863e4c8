//! `watch`: pictures as they arrive in a folder.

use super::{
	arguments::Global,
	pictures::{anonymizers, until_stopped, PictureArguments, Progress},
};
use anyhow::{ensure, Result};
use clap::Args;
use msec_anonymizer::watch::{After, Watch as Watcher};
use std::{thread, time::Duration};
use tokio_util::sync::CancellationToken;

/// How often a stop is noticed between two looks.
const STOP_PERIOD: Duration = Duration::from_millis(100);

/// Watch a folder and make pictures anonymous as they arrive, until stopped.
///
/// A picture is taken when its size and time stay the same from one look to the next. What was made
/// before a restart is not made again. Results, reports and failures are as of `images`.
#[derive(Args)]
pub struct Watch {
	#[command(flatten)]
	pictures: PictureArguments,
	/// What becomes of an original when its result is on the disk.
	#[arg(long, value_enum, default_value_t)]
	after: After,
	/// Seconds from one look to the next.
	#[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = parse_interval)]
	interval: f64,
}

impl Watch {
	pub fn run(&self, global: &Global) -> Result<()> {
		let settings = global.settings()?;
		let job = self.pictures.job();
		ensure!(job.input.is_dir(), "{} is not a folder", job.input.display());
		let evidence = self.pictures.evidence.open()?;
		let factory = anonymizers(&settings);
		let mut watcher =
			Watcher::open(&job, self.after, &settings, evidence.evidence(), &factory)?;
		let progress = Progress::lines(global.quiet);
		until_stopped(|stop| {
			while !stop.is_cancelled() {
				watcher.look(&|event| progress.show(&event), &stop)?;
				if let Some(recorder) = &evidence.recorder {
					recorder.finish_if_old()?;
				}
				pause(Duration::from_secs_f64(self.interval), &stop);
			}
			if let Some(recorder) = &evidence.recorder {
				recorder.finish()?;
			}
			Ok(())
		})
	}
}

fn pause(duration: Duration, stop: &CancellationToken) {
	let mut left = duration;
	while !stop.is_cancelled() && !left.is_zero() {
		let step = left.min(STOP_PERIOD);
		thread::sleep(step);
		left -= step;
	}
}

fn parse_interval(text: &str) -> Result<f64, String> {
	text.parse()
		.ok()
		.filter(|seconds| (0.1..=3600.0).contains(seconds))
		.ok_or_else(|| format!("{text:?} is not a number of seconds from 0.1 to 3600"))
}
