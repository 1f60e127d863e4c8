//! One picture after another, in one thread.

use super::{
	atomic,
	plan::Item,
	report::{Origin, Report},
	Evidence, FileError, Job,
};
use crate::{
	picture::{self, Encoding, PictureError},
	provenance::{self, settings_sha256},
	removal::Method,
	Anonymizer, Outcome, Settings,
};
use sha2::{Digest, Sha256};
use std::{
	fs::{self, File},
	io::Read,
	panic::{catch_unwind, AssertUnwindSafe},
	path::{Path, PathBuf},
};

/// What became of a picture.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
	/// It was made now; this was found.
	Made(Outcome),
	/// An earlier run had made it; this was found then.
	Already(Outcome),
}

/// What is the same for all pictures of a job.
pub struct Rules<'a> {
	job: &'a Job,
	evidence: Evidence<'a>,
	/// The output's folder, without links.
	output_root: PathBuf,
	settings_sha256: [u8; 32],
	method: Method,
}

impl<'a> Rules<'a> {
	pub fn new(
		job: &'a Job,
		settings: &Settings,
		evidence: Evidence<'a>,
		output_root: &Path,
	) -> Self {
		Self {
			job,
			evidence,
			output_root: output_root.to_owned(),
			settings_sha256: settings_sha256(settings),
			method: settings.method,
		}
	}

	/// Makes one picture, or finds that it is there already. After an error, nothing is in its place that
	/// belongs to another original or other settings.
	pub fn make(&self, item: &Item, anonymizer: &mut Anonymizer) -> Result<Done, FileError> {
		let report = Report::read(&item.report);
		if let Some(path) = foreign(item, report.as_ref()) {
			return Err(FileError::Foreign(path));
		}
		// A hostile file that brings a decoder down ends neither the thread nor the job.
		let make = AssertUnwindSafe(|| self.make_unless_there(item, report, anonymizer));
		let made = catch_unwind(make).unwrap_or(Err(FileError::Fault));
		if made.is_err() {
			discard(&item.output)?;
			discard(&item.report)?;
		}
		made
	}

	fn make_unless_there(
		&self,
		item: &Item,
		report: Option<Report>,
		anonymizer: &mut Anonymizer,
	) -> Result<Done, FileError> {
		let original = self.read(&item.input)?;
		let original_hmac = self.evidence.originals.hash(&original);
		let origin = self.origin(item, &original_hmac, anonymizer);
		if let Some(report) = report.filter(|report| report.origin == origin && report.fits(item)) {
			return Ok(Done::Already(report.outcome()));
		}
		let mut frame = picture::decode(&original, &self.job.limits)?;
		drop(original);
		let (outcome, _) = anonymizer.process(&mut frame)?;
		let output = picture::encode(&frame, origin.encoding)?;
		let output_sha256 = Sha256::digest(&output).into();
		let report = Report {
			name: item.name.to_string_lossy().into_owned(),
			width: frame.width(),
			height: frame.height(),
			hidden: outcome.hidden.clone(),
			nearly: outcome.nearly.clone(),
			origin,
			output_sha256: hex::encode(output_sha256),
		};
		if let Some(recorder) = self.evidence.recorder {
			let origin = provenance::Origin {
				original_hmac,
				models: anonymizer.models(),
				settings_sha256: self.settings_sha256,
				method: self.method,
			};
			recorder.record(&origin, output_sha256)?;
		}
		self.publish(item, &report, &output)?;
		Ok(Done::Made(outcome))
	}

	/// The report comes first: there is never an output of which nobody knows where it comes from.
	fn publish(&self, item: &Item, report: &Report, output: &[u8]) -> Result<(), FileError> {
		let folder = atomic::folder_of(&item.output);
		fs::create_dir_all(folder).map_err(FileError::Unwritable)?;
		let resolved = folder.canonicalize().map_err(FileError::Unwritable)?;
		if !resolved.starts_with(&self.output_root) {
			return Err(FileError::LeadsOut(folder.to_owned()));
		}
		fs::create_dir_all(atomic::folder_of(&item.report)).map_err(FileError::Unwritable)?;
		report.write(&item.report).map_err(FileError::Unwritable)?;
		atomic::write_bytes(&item.output, output).map_err(FileError::Unwritable)
	}

	fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
		let max_bytes = self.job.limits.max_bytes;
		let file = File::open(path).map_err(FileError::Unreadable)?;
		let mut bytes = Vec::new();
		file.take(max_bytes + 1).read_to_end(&mut bytes).map_err(FileError::Unreadable)?;
		match bytes.len() as u64 {
			0 => Err(PictureError::Empty.into()),
			length if length > max_bytes => Err(FileError::TooLong { max_bytes }),
			_ => Ok(bytes),
		}
	}

	fn origin(&self, item: &Item, original_hmac: &[u8; 32], anonymizer: &Anonymizer) -> Origin {
		Origin {
			original_hmac: hex::encode(original_hmac),
			settings_sha256: hex::encode(self.settings_sha256),
			method: self.method,
			models: anonymizer.models().to_vec(),
			encoding: Encoding { format: item.format, quality: self.job.quality },
			device: self.evidence.recorder.map(|recorder| recorder.device().to_string()),
		}
	}
}

/// A file where output or report should go that is not from an earlier run.
fn foreign(item: &Item, report: Option<&Report>) -> Option<PathBuf> {
	let mut unknown = [&item.report, &item.output].into_iter().filter(|_| report.is_none());
	unknown.find(|path| fs::symlink_metadata(path).is_ok()).cloned()
}

fn discard(path: &Path) -> Result<(), FileError> {
	match fs::remove_file(path) {
		Err(error) if fs::symlink_metadata(path).is_ok() => Err(FileError::Unwritable(error)),
		_ => Ok(()),
	}
}

impl Report {
	/// Whether the output is what this report says.
	fn fits(&self, item: &Item) -> bool {
		sha256_of_file(&item.output).is_some_and(|sha256| sha256 == self.output_sha256)
	}

	fn outcome(self) -> Outcome {
		Outcome { hidden: self.hidden, nearly: self.nearly }
	}
}

fn sha256_of_file(path: &Path) -> Option<String> {
	let mut file = File::open(path).ok()?;
	let mut digest = Sha256::new();
	let mut buffer = [0; 16 * 1024];
	loop {
		match file.read(&mut buffer).ok()? {
			0 => return Some(hex::encode(digest.finalize())),
			length => digest.update(&buffer[..length]),
		}
	}
}
