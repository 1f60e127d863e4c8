//! Pictures as files: JPEG, PNG, WebP and AVIF to frames and back.
//!
//! Decoding applies the orientation and keeps the colours of the pixels, in 8 bits each and opaque.
//! Everything else in a file stays behind: EXIF with its thumbnails and places, XMP, colour profiles
//! (which are dropped, not applied), comments, texts, and whatever follows the picture.

mod avif;
mod decode;
mod encode;
mod format;
mod jpeg;

pub use decode::{decode, Limits};
pub use encode::{encode, Encoding};
pub use format::Format;

/// Why there is no picture. Whoever gets this must not pass the file on.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
	/// There are no bytes.
	#[error("the file is empty")]
	Empty,
	/// It is something else.
	#[error("this is not a JPEG, PNG, WebP or AVIF picture")]
	Unknown,
	/// The file ends too early.
	#[error("the picture is truncated; copy it again from where it came")]
	Truncated,
	/// It would take too much memory.
	#[error(
		"{width} × {height} pixels are too many: at most {max_side} on a side and {max_pixels} in all are taken, and half as many with 16 bits and transparency"
	)]
	TooLarge {
		/// Pixels in a row.
		width: u32,
		/// Rows.
		height: u32,
		/// Most that are allowed on a side.
		max_side: u32,
		/// Most that are allowed in all.
		max_pixels: u64,
	},
	/// It has more than one frame.
	#[error("the picture is animated; turn it into a video first, so that all of its frames are looked at")]
	Animated,
	/// It has a feature that is not decoded as viewers do it.
	#[error("{feature} cannot be decoded from AVIF; convert the picture to PNG first")]
	Unsupported {
		/// What is in the way.
		feature: &'static str,
	},
	/// It does not follow its format.
	#[error("the {format} picture is damaged: {reason}")]
	Damaged {
		/// What it seems to be.
		format: Format,
		/// What the decoder says.
		reason: String,
	},
	/// The frame cannot be written in this format.
	#[error("the frame cannot be written as {format}: {reason}")]
	Encoding {
		/// What was wanted.
		format: Format,
		/// What the encoder says.
		reason: String,
	},
	/// The program that decodes and encodes AVIF does not start.
	#[error("AVIF needs ffmpeg, which does not start: {0}; install it, for example by `apt-get install ffmpeg`")]
	NoFfmpeg(std::io::Error),
}

#[cfg(test)]
mod tests;
