//! The table that the benchmark makes.

use serde_json::{json, Value};
use std::{
	fs::File,
	io::{self, Write},
	path::Path,
	time::Duration,
};

/// A file with one line of JSON for each measure.
pub struct Rows(File);

impl Rows {
	/// Begins the file.
	pub fn create(path: &Path) -> io::Result<Self> {
		File::create(path).map(Self)
	}

	/// Adds a line.
	pub fn write(&mut self, row: &Row) -> io::Result<()> {
		writeln!(self.0, "{}", row.to_json())
	}
}

/// A measure.
pub struct Row {
	name: String,
	value: f64,
	unit: &'static str,
	baseline: Option<(&'static str, f64)>,
	target: Option<(&'static str, bool)>,
	note: Option<String>,
}

impl Row {
	/// A measure beside nothing, without a target.
	pub fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
		Self { name: name.into(), value, unit, baseline: None, target: None, note: None }
	}

	/// Beside what `baseline` reached, in the same unit.
	pub fn beside(self, baseline: &'static str, value: f64) -> Self {
		Self { baseline: Some((baseline, value)), ..self }
	}

	/// With a target, and whether it holds.
	pub fn with_target(self, target: &'static str, holds: bool) -> Self {
		Self { target: Some((target, holds)), ..self }
	}

	/// With what has to be known to read it.
	pub fn with_note(self, note: impl Into<String>) -> Self {
		Self { note: Some(note.into()), ..self }
	}

	fn to_json(&self) -> Value {
		let (baseline, baseline_value) = self.baseline.unzip();
		let (target, holds) = self.target.unzip();
		json!({
			"name": self.name, "value": self.value, "unit": self.unit,
			"baseline": baseline, "baseline_value": baseline_value,
			"ratio": baseline_value.map(|baseline| self.value / baseline),
			"target": target, "holds": holds, "note": self.note,
		})
	}
}

/// The middle one of some times; an odd number of them.
pub fn median(times: &[Duration]) -> Duration {
	let mut sorted = times.to_vec();
	sorted.sort();
	sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Thousandths of a second.
pub fn milliseconds(time: Duration) -> f64 {
	time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_row_says_what_it_is_beside() {
		let row = Row::new("speed", 3.0, "MiB/s").beside("theirs", 2.0).with_target("≥ 1", true);
		let json = row.with_note("median").to_json();
		assert_eq!((&json["ratio"], &json["holds"]), (&json!(1.5), &json!(true)));
		assert_eq!(Row::new("count", 3.0, "1").to_json()["ratio"], Value::Null);
	}

	#[test]
	fn the_median_is_the_middle_one() {
		assert_eq!(median(&[9, 1, 5].map(Duration::from_secs)), Duration::from_secs(5));
	}
}
