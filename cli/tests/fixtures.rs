//! What becomes of each file of `tests/data/messy`, and of the real series beside them.

use jiff::tz::TimeZone;
use msec::ingest::{IngestError, Options, Row, Survey};
use std::{
	fs::{self, File},
	path::{Path, PathBuf},
};

/// What a file needs to be said of it, and what becomes of it: the header, then the rows as they are
/// published and, after `!`, the lines that are left out and why; or why it is no table.
struct Fixture {
	file: &'static str,
	time_column: &'static str,
	zone: &'static str,
	outcome: &'static str,
}

const fn plain(file: &'static str, outcome: &'static str) -> Fixture {
	Fixture { file, time_column: "", zone: "UTC", outcome }
}

const FIXTURES: &[Fixture] = &[
	Fixture {
		file: "bad-times.csv",
		time_column: "time",
		zone: "UTC",
		outcome: "time,temperature\n\
			2013-07-01T00:00:00Z,21.5\n\
			! 3: \"2013-02-30T00:00:00Z\" is no day or time that exists\n\
			! 4: \"2013-07-01T25:00:00Z\" is no day or time that exists\n\
			! 5: \"yesterday\" is not a time\n\
			! 6: has no time\n\
			2013-06-30T17:00:00Z,21.0\n\
			2013-07-01T00:00:00Z,20.9\n\
			! 9: \"1899-12-31T23:00:00Z\" is no day or time that exists\n\
			2013-07-01T03:00:00Z,20.7\n\
			2013-07-01T04:00:00Z,20.6",
	},
	plain(
		"bom-crlf-quoted.csv",
		"time,\"temperature, outside\",pressure,note\n\
		2013-07-01T00:00:00Z,21.5,1013.2,calm\n\
		2013-07-01T01:00:00Z,21.1,,two  lines\n\
		2013-07-01T02:00:00Z,20.9,1013.6,\"he said \"\"fine\"\"\"",
	),
	plain(
		"day-first-one-column.csv",
		"time,temp\n\
		2013-02-01T00:00:00Z,3.5\n\
		2013-02-12T00:00:00Z,2.7\n\
		2013-02-13T00:00:00Z,2.9\n\
		2013-02-28T23:30:15Z,4.0",
	),
	plain(
		"day-first.csv",
		"time,Temp\n\
		2013-02-01T00:00:00Z,3.5\n\
		2013-02-02T00:00:00Z,3.1\n\
		2013-02-12T00:00:00Z,2.7\n\
		2013-02-13T00:00:00Z,2.9\n\
		2013-02-28T23:30:00Z,4.0",
	),
	plain("empty.csv", "the file has no rows"),
	plain(
		"epoch-milliseconds.csv",
		"time,temperature\n\
		2013-07-01T00:00:00Z,21.5\n\
		2013-07-01T01:00:00Z,21.1\n\
		2013-07-01T02:00:00.5Z,20.9",
	),
	plain(
		"epoch-milliseconds.jsonl",
		"time,device,temperature,humidity\n\
		2013-07-01T00:00:00Z,roof,21.5,\n\
		2013-07-01T01:00:00Z,,21.1,61\n\
		2013-07-01T02:00:00.5Z,,,62",
	),
	Fixture {
		file: "epoch-seconds.jsonl",
		time_column: "t",
		zone: "UTC",
		outcome: "time,v\n2013-07-01T00:00:00Z,21.5\n2013-07-01T01:00:00.25Z,21.1",
	},
	plain(
		"header-only.csv",
		"no column holds times; say which by --time-column (there are time, temperature)",
	),
	plain(
		"hostile.jsonl",
		"time,temperature,temperature.value,note\n\
		2013-07-01T00:00:00Z,21.5,,\n\
		! 2: is not JSON: trailing characters at line 1 column 2\n\
		! 3: is JSON but not an object\n\
		2013-07-01T01:00:00Z,,21.1,\n\
		2013-07-01T02:00:00Z,1e999,,\n\
		! 6: is not JSON: expected value at line 1 column 49\n\
		2013-07-01T04:00:00Z,99,,\n\
		! 9: \"20,5\" in column \"temperature\" is no number\n\
		2013-07-01T06:00:00Z,,,café\n\
		! 11: has no time\n\
		2013-07-01T07:00:00Z,20.2,,\n\
		! 13: the file ends within this object",
	),
	plain(
		"missing-marks.csv",
		"time,temperature,humidity,wind\n\
		2013-07-01T00:00:00Z,21.5,,3.1\n\
		2013-07-01T01:00:00Z,,61,\n\
		2013-07-01T02:00:00Z,,62,\n\
		2013-07-01T03:00:00Z,,63,\n\
		2013-07-01T04:00:00Z,,M,2.4\n\
		2013-07-01T05:00:00Z,20.1,64,2.2",
	),
	plain("no-header.csv", "time,column2\n2013-07-01T00:00:00Z,21.5\n2013-07-01T01:00:00Z,21.1"),
	plain(
		"no-time.csv",
		"no column holds times; say which by --time-column (there are station, temperature)",
	),
	plain(
		"nul.csv",
		"time,temperature\n\
		2013-07-01T00:00:00Z,21.5\n\
		2013-07-01T01:00:00Z,2 1.1\n\
		2013-07-01T02:00:00Z,20.9",
	),
	plain(
		"numbers.csv",
		"time,plain,exponent,signed,percent,thousands\n\
		2013-07-01T00:00:00Z,21.5,2.15e1,+21.5,60%,1013.2\n\
		2013-07-01T01:00:00Z,-0.0,1E-7,-21.5,61 %,1013.4\n\
		2013-07-01T02:00:00Z,.5,1e400,--1,62%,1013.6\n\
		2013-07-01T03:00:00Z,0x1F,inf,1 000,63%,1013.8",
	),
	plain(
		"pipe.csv",
		"time,temperature,humidity\n2013-07-01T00:00:00Z,21.5,60\n2013-07-01T01:00:00Z,21.1,61",
	),
	plain(
		"ragged.csv",
		"time,temperature,humidity\n\
		2013-07-01T00:00:00Z,21.5,60\n\
		! 3: has 2 fields where the header has 3\n\
		! 4: has 5 fields where the header has 3\n\
		2013-07-01T03:00:00Z,20.7,63\n\
		2013-07-01T04:00:00Z,warm,64\n\
		2013-07-01T05:00:00Z,20.4,65\n\
		! 10: a quote is opened and not closed",
	),
	plain(
		"same-names.csv",
		"time,temperature,temperature_2,column4\n\
		2013-07-01T00:00:00Z,21.5,21.7,1\n\
		2013-07-01T01:00:00Z,21.1,21.3,2",
	),
	plain(
		"semicolon-latin1.csv",
		"time,Lufttemperatur [°C],Luftdruck [hPa],Bemerkung\n\
		2013-07-01T00:00:00Z,21.5,1013.2,\n\
		2013-07-01T01:00:00Z,21.1,,Gerät getauscht\n\
		2013-07-01T02:00:00Z,,1013.6,\n\
		2013-07-01T03:00:00Z,20.8,1013.9,Tür offen; später zu\n\
		2013-07-01T04:00:00Z,20.4,1014.1,",
	),
	Fixture {
		file: "summer-time.csv",
		time_column: "",
		zone: "Europe/Madrid",
		outcome: "time,temperature\n\
			2013-03-31T00:30:00Z,6.1\n\
			! 3: \"2013-03-31T02:30:00\" was skipped when clocks were put forward\n\
			2013-03-31T01:30:00Z,5.9\n\
			2013-10-27T00:30:00Z,11.2\n\
			2013-10-27T02:30:00Z,11.0",
	},
	plain(
		"tab.csv",
		"time,temperature,humidity\n2013-07-01T00:00:00Z,21.5,60\n2013-07-01T01:00:00Z,21.1,61",
	),
	plain(
		"truncated.csv",
		"time,temperature\n\
		2013-07-01T00:00:00Z,21.5\n\
		2013-07-01T01:00:00Z,21.1\n\
		! 4: the file ends within this row (1 of 2 fields)",
	),
	plain("utf16.csv", "time,temperature\n2013-07-01T00:00:00Z,21.5"),
];

fn data() -> PathBuf {
	Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data")
}

/// The lines of an outcome.
fn read(path: &Path, options: &Options) -> Result<Vec<String>, IngestError> {
	let mut source = File::open(path)?;
	let survey = Survey::new(&mut source, options)?;
	let mut rows = survey.rows(source)?;
	let mut lines = vec![survey.header()];
	while let Some(row) = rows.next_row()? {
		lines.push(match row {
			Row::Accepted(line) => line,
			Row::Rejected { line, reason, .. } => format!("! {line}: {reason}"),
		});
	}
	Ok(lines)
}

fn in_zone(zone: &str) -> Options {
	Options { time_zone: TimeZone::get(zone).unwrap(), ..Options::default() }
}

#[test]
fn messy_files_are_read_as_they_are_meant() {
	for Fixture { file, time_column, zone, outcome } in FIXTURES {
		let mut options = in_zone(zone);
		options
			.time_columns
			.extend(Some(*time_column).filter(|name| !name.is_empty()).map(Into::into));
		let found = match read(&data().join("messy").join(file), &options) {
			Ok(lines) => lines.join("\n"),
			Err(error) => error.to_string(),
		};
		assert_eq!(found, *outcome, "{file}");
	}
}

#[test]
fn every_messy_file_has_an_outcome() {
	let entries = fs::read_dir(data().join("messy")).unwrap();
	let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
	let mut names: Vec<_> = names.filter(|name| !name.starts_with('.')).collect();
	names.sort();
	let known: Vec<_> = FIXTURES.iter().map(|fixture| fixture.file).collect();
	assert_eq!(names, known);
}

#[test]
fn real_series_are_read_as_a_whole() {
	// The normals are in local standard time, eight hours behind.
	let normals = read(&data().join("seattle-normals-july.csv"), &in_zone("Etc/GMT+8")).unwrap();
	assert_eq!(normals.len(), 1 + 7 * 24);
	assert_eq!(
		normals[..2],
		["time,pressure,temperature,wind", "2010-07-01T08:00:00Z,1017.0,14.6,3.2"]
	);
	assert_eq!(normals[7 * 24], "2010-07-08T07:00:00Z,1017.7,15.8,3.4");
	let weather = read(&data().join("jfk-2013-07.csv"), &in_zone("UTC")).unwrap();
	assert_eq!(weather.len(), 1 + 744);
	assert_eq!(weather[0], "time,temp,dewp,humid,wind_dir,wind_speed,precip,pressure,visib");
	assert!(normals.iter().chain(&weather).all(|line| !line.starts_with('!')));
}
