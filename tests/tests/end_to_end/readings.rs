//! Readings, and what a buyer must get of them.

use msec_end_to_end::binaries;
use std::{fmt::Write, path::PathBuf};

/// A month of hourly weather, really measured.
pub fn weather() -> PathBuf {
	binaries::data("jfk-2013-07.csv")
}

/// What a buyer of [`weather`] must get, computed from the file by hand: the time column is called
/// `time`, and what was not measured is empty.
pub fn expected_weather() -> String {
	let source = std::fs::read_to_string(weather()).expect("the file is in the repository");
	let mut lines = source.lines();
	let header = lines.next().expect("the file has a header");
	let (_, names) = header.split_once(',').expect("the file has columns");
	let mut expected = format!("time,{names}\n");
	for line in lines {
		let cells: Vec<_> =
			line.split(',').map(|cell| if cell == "NA" { "" } else { cell }).collect();
		writeln!(expected, "{}", cells.join(",")).expect("a string takes everything; qed");
	}
	expected
}

/// A file of `rows` readings, one a second, in canonical form.
pub fn many(rows: u32) -> String {
	let mut text = String::from("time,temperature,humidity,remark\n");
	for row in 0..rows {
		let (hours, minutes, seconds) = (row / 3_600, row / 60 % 60, row % 60);
		let (day, hour) = (hours / 24 + 1, hours % 24);
		let noise = row.wrapping_mul(2_654_435_761);
		writeln!(
			text,
			"2024-01-{day:02}T{hour:02}:{minutes:02}:{seconds:02}Z,{}.{:02},{}.5,r{noise:08x}",
			10 + noise % 17,
			noise % 89 + 10,
			40 + noise % 23,
		)
		.expect("a string takes everything; qed");
	}
	text
}
