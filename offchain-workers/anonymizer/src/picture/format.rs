//! The formats of pictures.

use serde::{Deserialize, Serialize};
use std::{fmt, path::Path};

/// A format of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Format {
	/// JPEG, with loss.
	Jpeg,
	/// PNG, without loss.
	Png,
	/// WebP; written without loss.
	#[value(name = "webp")]
	WebP,
	/// AVIF, with loss. Needs ffmpeg.
	Avif,
}

impl Format {
	/// What the name of a file promises.
	pub fn from_path(path: &Path) -> Option<Self> {
		let extension = path.extension()?.to_str()?.to_ascii_lowercase();
		match extension.as_str() {
			"jpg" | "jpeg" | "jpe" | "jfif" => Some(Self::Jpeg),
			"png" => Some(Self::Png),
			"webp" => Some(Self::WebP),
			"avif" => Some(Self::Avif),
			_ => None,
		}
	}

	/// What the first bytes of a file say.
	pub fn from_content(bytes: &[u8]) -> Option<Self> {
		match bytes {
			[0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
			[0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
			[b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
			[_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f' | b's', ..] => {
				Some(Self::Avif)
			},
			_ => None,
		}
	}

	/// The media type.
	pub fn media_type(self) -> &'static str {
		match self {
			Self::Jpeg => "image/jpeg",
			Self::Png => "image/png",
			Self::WebP => "image/webp",
			Self::Avif => "image/avif",
		}
	}

	/// The usual extension of file names, without the dot.
	pub fn extension(self) -> &'static str {
		match self {
			Self::Jpeg => "jpg",
			Self::Png => "png",
			Self::WebP => "webp",
			Self::Avif => "avif",
		}
	}
}

impl fmt::Display for Format {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		formatter.write_str(match self {
			Self::Jpeg => "JPEG",
			Self::Png => "PNG",
			Self::WebP => "WebP",
			Self::Avif => "AVIF",
		})
	}
}
