//! Jobs: a picture or a folder of them, to another file or folder.
//!
//! Nothing half done is ever seen, and no original reaches the output. A job that was interrupted, even
//! by a power failure, goes on where it was when it is run again: for each output there is a [`Report`],
//! and what it says about original, settings, models and output must still hold, else the output is made
//! anew. Failures of single files do not end a job.

pub mod atomic;
mod crew;
mod original;
mod plan;
mod report;
mod worker;

pub use crew::Crew;
pub use original::{OriginalsKey, OriginalsKeyError};
pub use plan::{Item, Plan, Scope};
pub use report::{Origin, Report};
pub use worker::{Done, Rules};

use crate::{
	detection::{Class, DetectionError},
	picture::{Format, Limits, PictureError},
	provenance::{ProvenanceError, Recorder},
	Anonymizer, Settings,
};
use serde::Serialize;
use std::{collections::BTreeMap, io, num::NonZeroUsize, path::PathBuf};
use tokio_util::sync::CancellationToken;

/// What shall be done.
#[derive(Clone, Debug)]
pub struct Job {
	/// A file, or a folder.
	pub input: PathBuf,
	/// Where results go: for a folder, the same names; made if it is not there.
	pub output: PathBuf,
	/// Folder of the reports. Without it, reports are beside the output, in a folder with `.reports` at
	/// the end of its name, or for a single file in one with `.json` at the end.
	pub reports: Option<PathBuf>,
	/// The format of all results; without it, what the name of each file promises.
	pub format: Option<Format>,
	/// Quality of formats with losses, from 1 to 100.
	pub quality: u8,
	/// How many pictures are in work at the same time.
	pub threads: NonZeroUsize,
	/// What is decoded at most.
	pub limits: Limits,
}

/// What proves later which output came from which original.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
	/// The key under which originals are hashed.
	pub originals: &'a OriginalsKey,
	/// Signs a record of each output, if records are wanted.
	pub recorder: Option<&'a Recorder>,
}

/// Why a job does not begin.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
	/// There is nothing to read.
	#[error("{} cannot be read: {source}", .path.display())]
	Input {
		/// Which path.
		path: PathBuf,
		/// What the system says.
		source: io::Error,
	},
	/// The place for results cannot be looked at.
	#[error("results cannot go to {}: {source}", .path.display())]
	Output {
		/// Which path.
		path: PathBuf,
		/// What the system says.
		source: io::Error,
	},
	/// Originals and results would be mixed.
	#[error(
		"originals ({}) and results ({}) must be apart, neither within the other; name another output",
		.input.display(), .output.display()
	)]
	Nested {
		/// Where the originals are.
		input: PathBuf,
		/// Where the results should go.
		output: PathBuf,
	},
	/// A folder cannot become a file.
	#[error("{} is a file; results of a folder go to a folder", .0.display())]
	NotAFolder(PathBuf),
	/// The format of the result is not known.
	#[error("{} does not end in .jpg, .png, .webp or .avif; choose a format by --format", .0.display())]
	NoFormat(PathBuf),
	/// Nothing can be looked for.
	#[error(transparent)]
	Detection(#[from] DetectionError),
}

/// Why a file has no result.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
	/// The original, or a folder, cannot be read.
	#[error("cannot be read: {0}")]
	Unreadable(io::Error),
	/// The result cannot be written.
	#[error("the result cannot be written: {0}")]
	Unwritable(io::Error),
	/// The original is too long.
	#[error("the file has more than {max_bytes} bytes")]
	TooLong {
		/// How many it may have.
		max_bytes: u64,
	},
	/// Folders are nested too deeply.
	#[error("the folder is nested too deeply")]
	TooDeep,
	/// Another original has the same output.
	#[error("its result would have the same name as that of {}; rename one of them", .0.display())]
	SameOutput(PathBuf),
	/// Somebody else's file, perhaps an original, is where the result or its report should go.
	#[error("{} is there, and no report says that this command made it; move it away, or name the folder of its report by --reports", .0.display())]
	Foreign(PathBuf),
	/// A link leads out of the output folder.
	#[error("{} leads out of the output folder; remove the link", .0.display())]
	LeadsOut(PathBuf),
	/// It is no picture, or not one that can be processed.
	#[error(transparent)]
	Picture(#[from] PictureError),
	/// Nothing could be looked for in it.
	#[error(transparent)]
	Detection(#[from] DetectionError),
	/// The original has its result, but stays.
	#[error("the original cannot be deleted: {0}")]
	Undeletable(io::Error),
	/// There is no record of it, so there is no result.
	#[error("its provenance cannot be recorded: {0}")]
	Unrecorded(#[from] ProvenanceError),
	/// The program has a fault.
	#[error("processing it failed by a fault of this program; please report it")]
	Fault,
}

/// A file that has no result, and why.
#[derive(Debug)]
pub struct Failure {
	/// What it is called, from the folder that was given.
	pub name: PathBuf,
	/// Why.
	pub error: FileError,
}

/// What happens in a job.
#[derive(Debug)]
pub enum Event<'a> {
	/// So many pictures are there to be made.
	Planned(usize),
	/// A picture has its result.
	Done(&'a Item, &'a Done),
	/// A file has no result.
	Failed(&'a Failure),
}

/// Is told what happens, from several threads.
pub type Observer<'a> = &'a (dyn Fn(Event<'_>) + Sync);

/// Opens one anonymizer for each thread.
pub type Factory<'a> = &'a (dyn Fn() -> Result<Anonymizer, DetectionError> + Sync);

/// What a job did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Summary {
	/// Results that were made.
	pub made: usize,
	/// Results that were there already.
	pub already: usize,
	/// How much is hidden in all of them, by class.
	pub hidden: BTreeMap<Class, usize>,
	/// How much was nearly hidden.
	pub nearly: usize,
	/// Files without a result: name and reason.
	pub failed: Vec<FailedFile>,
	/// Files that were left alone: links, and what is not called like a picture.
	pub ignored: usize,
	/// Whether it was stopped before its end.
	pub stopped: bool,
}

/// A failed file in a summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedFile {
	/// What it is called, from the folder that was given.
	pub name: String,
	/// Why it has no result.
	pub reason: String,
}

impl Summary {
	/// Counts a result.
	pub fn count(&mut self, done: &Done) {
		let outcome = match done {
			Done::Made(outcome) => {
				self.made += 1;
				outcome
			},
			Done::Already(outcome) => {
				self.already += 1;
				outcome
			},
		};
		for detection in &outcome.hidden {
			*self.hidden.entry(detection.class).or_default() += 1;
		}
		self.nearly += outcome.nearly.len();
	}

	/// Counts a failure.
	pub fn note(&mut self, failure: &Failure) {
		self.failed.push(FailedFile {
			name: failure.name.to_string_lossy().into_owned(),
			reason: failure.error.to_string(),
		});
	}
}

/// Does the job. When `stop` is cancelled, pictures in work are finished and no others begun.
///
/// # Errors
///
/// When nothing can be done at all. Failures of files are in the summary.
pub fn run(
	job: &Job,
	settings: &Settings,
	evidence: Evidence<'_>,
	factory: Factory<'_>,
	observer: Observer<'_>,
	stop: &CancellationToken,
) -> Result<Summary, JobError> {
	let scope = Scope::new(job)?;
	scope.clean();
	let plan = scope.plan();
	let mut summary = Summary { ignored: plan.ignored, ..Summary::default() };
	observer(Event::Planned(plan.items.len()));
	for failure in &plan.failures {
		observer(Event::Failed(failure));
		summary.note(failure);
	}
	let rules = Rules::new(job, settings, evidence, scope.output_root());
	let mut crew = Crew::open(job.threads.get().min(plan.items.len()), factory)?;
	let results = crew.make(&rules, &plan.items, observer, stop)?;
	summary.stopped = results.len() < plan.items.len();
	for result in results {
		match result {
			Ok(done) => summary.count(&done),
			Err(failure) => summary.note(&failure),
		}
	}
	summary.failed.sort_by(|one, other| one.name.cmp(&other.name));
	Ok(summary)
}

#[cfg(test)]
pub(crate) mod tests;
