//! What can go wrong with a video.

use crate::{detection::DetectionError, provenance::ProvenanceError};
use std::{io, path::PathBuf};

/// Why there is no anonymized video. Whatever was written until then is in the folder of parts, from
/// which the same command goes on.
#[derive(Debug, thiserror::Error)]
pub enum VideoError {
	/// A file or folder cannot be used.
	#[error("{path}: {source}")]
	File {
		/// Which.
		path: PathBuf,
		/// What the system says.
		source: io::Error,
	},
	/// Devices, pipes and folders cannot be read twice.
	#[error("{0} is not a file; copy the video into one, or use `camera` for a camera")]
	NotAFile(PathBuf),
	/// The ending of the output's name says how to write it.
	#[error("{0}: the name must end in .mp4, .m4v, .mov or .mkv")]
	OutputName(PathBuf),
	/// The output would replace its own input.
	#[error("{0} is input and output at once; name another output")]
	SameFile(PathBuf),
	/// Two processes write the same output.
	#[error("{0} is being written by another process; wait for it or name another output")]
	Busy(PathBuf),
	/// `ffmpeg` or `ffprobe` does not start.
	#[error("{program} does not start: {source}; install the package `ffmpeg`")]
	Start {
		/// Which program.
		program: &'static str,
		/// What the system says.
		source: io::Error,
	},
	/// ffmpeg cannot read it at all.
	#[error("not a video that ffmpeg can read: {0}")]
	Unreadable(String),
	/// There are only other streams.
	#[error("there is no video stream in it")]
	NoVideo,
	/// A side is 0, or there are more pixels than are allowed.
	#[error("frames of {width}x{height} are not processed; 2 to {limit} pixels are, scale it down first")]
	FrameSize {
		/// Width in pixels.
		width: u64,
		/// Height in pixels.
		height: u64,
		/// Most pixels of a frame.
		limit: u64,
	},
	/// Not one frame came out of the decoder.
	#[error("not one frame of it can be decoded: {0}")]
	NoFrames(String),
	/// The decoder failed.
	#[error("decoding failed: {0}")]
	Decoding(String),
	/// The decoder did nothing for too long.
	#[error("the decoder gave no frame for {0} seconds and was stopped")]
	Stalled(u64),
	/// The decoder does not give the frames that it gave before.
	#[error("the video has fewer frames than when it was begun; delete {0} and start again")]
	Changed(PathBuf),
	/// The encoder failed.
	#[error("encoding failed: {0}")]
	Encoding(String),
	/// A frame could not be examined, so it was not passed on.
	#[error(transparent)]
	Detection(#[from] DetectionError),
	/// It cannot be recorded where the video comes from.
	#[error(transparent)]
	Provenance(#[from] ProvenanceError),
	/// A stage of the pipeline ended without saying why.
	#[error("the {0} ended unexpectedly")]
	StageEnded(&'static str),
	/// Settings that cannot be followed.
	#[error("{0}")]
	Settings(String),
	/// The camera or its destination is named in a way that is not understood.
	#[error("{0}")]
	Address(String),
}

impl VideoError {
	/// For `map_err`: what failed at `path`.
	pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
		let path = path.into();
		move |source| Self::File { path, source }
	}
}
