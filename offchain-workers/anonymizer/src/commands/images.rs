//! `images`: a picture or a folder of them.

use super::{
	arguments::{Global, OutputFormat},
	pictures::{anonymizers, until_stopped, PictureArguments, Progress},
};
use anyhow::{bail, Context, Result};
use clap::Args;
use msec_anonymizer::{
	job::{self, Scope, Summary},
	review,
};
use std::path::PathBuf;

/// Make pictures anonymous: a file, or a folder with all folders below it.
///
/// Results have the names of their originals. A report beside them, one JSON file for each picture, says
/// what was hidden and how. What is up to date is not made again, so that an interrupted job goes on when
/// it is run again. Files that fail are named at the end, and never have a result.
#[derive(Args)]
pub struct Images {
	#[command(flatten)]
	pictures: PictureArguments,
	/// Write a page (HTML, for its owner only) that shows what was hidden and what nearly was.
	///
	/// The page shows faces. Look through it, then delete it.
	#[arg(long, value_name = "FILE")]
	review: Option<PathBuf>,
}

impl Images {
	pub fn run(&self, global: &Global) -> Result<()> {
		let settings = global.settings()?;
		let job = self.pictures.job();
		let evidence = self.pictures.evidence.open()?;
		let scope = Scope::new(&job)?;
		if let Some(path) = &self.review {
			review::check(path, &scope)?;
		}
		let progress = Progress::new(global.quiet);
		let summary = until_stopped(|stop| {
			let factory = anonymizers(&settings);
			job::run(
				&job,
				&settings,
				evidence.evidence(),
				&factory,
				&|event| progress.show(&event),
				&stop,
			)
			.context("nothing was made anonymous")
		})?;
		progress.finish();
		if let Some(recorder) = &evidence.recorder {
			recorder.finish()?;
		}
		if let Some(path) = &self.review {
			review::write(path, &scope, &job.limits)?;
			eprintln!("{} shows faces: look through it, then delete it", path.display());
		}
		show(&summary, global.output)?;
		if summary.stopped {
			bail!("stopped; the same command goes on");
		}
		match summary.failed.len() {
			0 => Ok(()),
			failed => bail!("files that failed and have no result: {failed}"),
		}
	}
}

fn show(summary: &Summary, output: OutputFormat) -> Result<()> {
	if output == OutputFormat::Json {
		println!("{}", serde_json::to_string(summary)?);
		return Ok(());
	}
	println!("{} made, {} were there already", summary.made, summary.already);
	for (class, count) in &summary.hidden {
		println!("hidden: {count} × {}", class.name());
	}
	if summary.nearly > 0 {
		println!("nearly hidden: {} (look at them with --review)", summary.nearly);
	}
	if summary.ignored > 0 {
		println!("{} links and other files were left alone", summary.ignored);
	}
	Ok(())
}
