//! Videos and cameras, decoded and encoded by ffmpeg.
//!
//! ffmpeg runs as a process of its own: [`decoder`] and [`encoder`] exchange frames with it through pipes,
//! [`process`] says what it may open. [`pipeline`] runs the stages of a file, [`segments`] and [`journal`]
//! keep what is done, so that an interrupted job goes on and nothing incomplete ever looks finished.
//! [`camera`] does without: it shows what it can show in time.

pub mod camera;
pub mod decoder;
pub mod encoder;
pub mod error;
pub mod frame;
pub mod journal;
pub mod painting;
pub mod pipeline;
pub mod probe;
pub mod process;
pub mod report;
pub mod segments;
pub mod settings;

#[cfg(test)]
mod tests;

pub use camera::CameraSettings;
pub use error::VideoError;
pub use pipeline::Progress;
pub use report::VideoReport;
pub use settings::{Codec, VideoSettings};

use crate::{
	detection::DetectionError,
	job::Evidence,
	provenance::{settings_sha256, Origin},
	Anonymizer, Settings,
};
use decoder::{frame_size, Decoder};
use journal::{Identity, Journal};
use pipeline::{Budget, Pipeline};
use segments::{Container, Parts};
use std::{fs, io, path::Path, time::Instant};

/// Hides in every frame of `input` what `settings` name, and writes pictures, and nothing else, to
/// `output`. `open` makes an anonymizer for each detector's thread; the report has the hash of `input`
/// under the key for originals, and a record is on the disk, if records are wanted, before `output` is.
///
/// When it is interrupted, calling it again goes on where it was, with the same result. `output` appears
/// when everything is done, and replaces what was there.
pub fn anonymize(
	input: &Path,
	output: &Path,
	settings: &Settings,
	evidence: Evidence<'_>,
	open: &dyn Fn() -> Result<Anonymizer, DetectionError>,
	progress: &mut dyn FnMut(Progress),
) -> Result<VideoReport, VideoError> {
	let start = Instant::now();
	settings.video.check()?;
	let container = Container::of(output)?;
	check_files(input, output)?;
	let stream = probe::probe(input)?;
	let detectors = settings.video.detector_count(frame_size(&stream));
	let anonymizers = (0..detectors).map(|_| open()).collect::<Result<Vec<_>, _>>()?;

	let parts = Parts::open(output)?;
	let original_hmac = evidence.originals.hash_file(input).map_err(VideoError::file(input))?;
	let settings_sha256 = settings_sha256(settings);
	let look_ahead = Budget::new(settings, frame_size(&stream)).look_ahead;
	let identity = Identity {
		version: env!("CARGO_PKG_VERSION").into(),
		original_hmac: hex::encode(original_hmac),
		settings_sha256: hex::encode(settings_sha256),
		models: anonymizers.first().map_or_else(Vec::new, |first| first.models().to_vec()),
		look_ahead,
	};
	let (journal, done) = Journal::open(&parts.journal(), &identity)?;
	let mut complete = done.segments;
	let intact = parts.intact(&complete);
	complete.truncate(intact);

	let pipeline = Pipeline {
		settings,
		stream: &stream,
		parts: &parts,
		journal,
		examined_before: done.examined,
		complete,
	};
	let processed = pipeline.run(Decoder::start(input, &stream)?, anonymizers, progress)?;
	let frames = processed.segments.iter().map(|segment| segment.frames).sum();
	if frames == 0 {
		return Err(VideoError::NoFrames(processed.complaints.to_string()));
	}
	let joined = segments::join(&parts, &stream, &processed.segments, container)?;
	let output_sha256 = hex::encode(joined.sha256);
	if let Some(recorder) = evidence.recorder {
		let (models, method) = (&identity.models[..], settings.method);
		recorder
			.record(&Origin { original_hmac, models, settings_sha256, method }, joined.sha256)?;
	}
	joined.publish(output)?;
	parts.remove()?;
	let seconds = start.elapsed().as_secs_f64();
	Ok(VideoReport {
		name: input.file_name().unwrap_or_default().to_string_lossy().into_owned(),
		identity,
		output_sha256,
		method: settings.method,
		width: stream.width,
		height: stream.height,
		frames,
		examined_frames: processed.examined_frames,
		scenes: processed.scenes,
		classes: processed.classes,
		segments: processed.segments.len() as u64,
		resumed_segments: intact as u64,
		decoder_complaints: processed.complaints,
		seconds,
		frames_per_second: frames as f64 / seconds,
	})
}

fn check_files(input: &Path, output: &Path) -> Result<(), VideoError> {
	let metadata = fs::metadata(input).map_err(VideoError::file(input))?;
	if !metadata.is_file() {
		return Err(VideoError::NotAFile(input.into()));
	}
	match (fs::canonicalize(input), fs::canonicalize(output)) {
		(_, Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
		(_, Err(source)) => Err(VideoError::File { path: output.into(), source }),
		(Ok(input), Ok(output)) if input == output => Err(VideoError::SameFile(input)),
		_ => Ok(()),
	}
}
