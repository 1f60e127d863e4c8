//! The lines of the table that a benchmark makes.

use serde_json::Value;
use std::{
	fs::File,
	io::{self, Write},
	path::Path,
};

/// A file with one line of JSON for each measure, as `scripts/bench.sh` reads it: name, value, unit,
/// baseline, baseline_value, ratio, target, holds, note.
pub struct Rows(File);

impl Rows {
	/// Begins the file.
	pub fn create(path: &Path) -> io::Result<Self> {
		File::create(path).map(Self)
	}

	/// Adds a measure.
	pub fn write(&mut self, measure: &Value) -> io::Result<()> {
		writeln!(self.0, "{measure}")
	}
}
