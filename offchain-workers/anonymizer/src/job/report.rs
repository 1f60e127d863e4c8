//! What was done to a picture, as a JSON file.

use super::atomic;
use crate::{
	detection::{runtime::ModelIdentity, Detection},
	picture::Encoding,
	removal::Method,
};
use serde::{Deserialize, Serialize};
use std::{
	fs::File,
	io::{self, Read},
	path::Path,
};

/// Longest report that is read, in bytes.
const MAX_LENGTH: u64 = 64 << 20;

/// What was done to one picture. The same picture, settings and models always give the same report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
	/// Name of the original, from the folder that was given.
	pub name: String,
	/// Pixels in a row, after turning.
	pub width: u32,
	/// Rows, after turning.
	pub height: u32,
	/// What was hidden, in pixels of the output.
	pub hidden: Vec<Detection>,
	/// What was not, because its score is just too low.
	pub nearly: Vec<Detection>,
	/// How the output came to be.
	#[serde(flatten)]
	pub origin: Origin,
	/// SHA-256 of the output, in hexadecimal digits.
	pub output_sha256: String,
}

/// Everything that decides about an output. While it is the same, the output is up to date.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Origin {
	/// HMAC-SHA-256 of the original, in hexadecimal digits.
	pub original_hmac: String,
	/// SHA-256 of the settings, in hexadecimal digits.
	pub settings_sha256: String,
	/// How things were hidden.
	pub method: Method,
	/// The files that decide about what is found.
	pub models: Vec<ModelIdentity>,
	/// How the output is written.
	pub encoding: Encoding,
	/// The account of the device that recorded the output's provenance, if it was recorded.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub device: Option<String>,
}

impl Report {
	/// Reads a report, if there is one in this form.
	pub fn read(path: &Path) -> Option<Self> {
		let mut json = Vec::new();
		File::open(path).ok()?.take(MAX_LENGTH).read_to_end(&mut json).ok()?;
		serde_json::from_slice(&json).ok()
	}

	/// Writes the report; see [`atomic::write`].
	pub fn write(&self, path: &Path) -> io::Result<()> {
		let mut json = serde_json::to_vec_pretty(self)?;
		json.push(b'\n');
		atomic::write_bytes(path, &json)
	}
}
