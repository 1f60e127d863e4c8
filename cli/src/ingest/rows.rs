//! The second pass: row by row.

use super::{
	number,
	records::{Quoting, RecordReader},
	survey::{ColumnKind, Survey},
	text::{self, Transcoder},
	time, Format,
};
use jiff::Timestamp;
use msec_commitments::MAX_CHUNK_PLAINTEXT;
use std::io::{self, Read};

/// How many characters of a rejected line are kept to show.
const EXCERPT: usize = 200;

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
	/// Its canonical line, without line break.
	Accepted(String),
	/// It was left out.
	Rejected {
		/// On which line it begins, counted from 1.
		line: u64,
		/// Why.
		reason: String,
		/// How it begins.
		text: String,
	},
}

/// Reads rows as a [`Survey`] of the same source says.
pub struct Rows<'a, R> {
	survey: &'a Survey,
	reader: RecordReader<Transcoder<R>>,
	cells: Vec<String>,
	previous: Option<Timestamp>,
	longest: usize,
}

impl<'a, R: Read> Rows<'a, R> {
	pub(crate) fn new(survey: &'a Survey, source: R) -> io::Result<Self> {
		let quoting = match (survey.format, survey.delimiter) {
			(Format::Csv, Some(delimiter)) => Quoting::Fields(delimiter),
			_ => Quoting::Lines,
		};
		let reader = RecordReader::new(Transcoder::new(source), quoting);
		// Header and row, each with its line break, must fit into a chunk.
		let longest = MAX_CHUNK_PLAINTEXT - survey.header().len() - 2;
		Ok(Self { survey, reader, cells: Vec::new(), previous: None, longest })
	}

	/// How many bytes of the source, as UTF-8, were read; compare with [`Survey::length`].
	pub fn consumed(&self) -> u64 {
		self.reader.consumed()
	}

	/// The next row, or `None` at the end.
	pub fn next_row(&mut self) -> io::Result<Option<Row>> {
		loop {
			let Some(record) = self.reader.next_record()? else { return Ok(None) };
			if record.line < self.survey.first_line || record.bytes.starts_with(b"#") {
				continue;
			}
			let cells = match record.fault {
				Some(fault) => Err(fault.to_string()),
				None => self.survey.layout.cells(record.bytes, record.terminated, &mut self.cells),
			};
			let row = match cells {
				Ok(()) if self.cells.is_empty() => continue,
				Ok(()) => canonical_row(self.survey, &self.cells, self.previous),
				Err(reason) => Err(reason),
			};
			let row = row.and_then(|(timestamp, line)| match line.len() <= self.longest {
				true => Ok((timestamp, line)),
				false => Err(format!("is longer than {} bytes", self.longest)),
			});
			return Ok(Some(match row {
				Ok((timestamp, line)) => {
					self.previous = Some(timestamp);
					Row::Accepted(line)
				},
				Err(reason) => {
					let text = text::decode(record.bytes);
					let text = text.chars().take(EXCERPT).collect();
					Row::Rejected { line: record.line, reason, text }
				},
			}));
		}
	}
}

fn canonical_row(
	survey: &Survey,
	cells: &[String],
	previous: Option<Timestamp>,
) -> Result<(Timestamp, String), String> {
	let parts: Vec<&str> =
		survey.time_positions.iter().map(|position| cells[*position].as_str()).collect();
	let text = time::join(&parts);
	if text.trim().is_empty() {
		return Err("has no time".to_owned());
	}
	let timestamp = time::parse(&text, survey.date_order)
		.and_then(|moment| time::resolve(moment, &survey.options.time_zone, previous))
		.map_err(|fault| format!("{text:?} {fault}"))?;
	let mut line = timestamp.to_string();
	let mut has_values = false;
	for column in &survey.columns {
		let cell = &cells[column.position];
		line.push(',');
		if survey.missing.contains(cell) {
			continue;
		}
		has_values = true;
		match column.kind {
			ColumnKind::Text => push_text(&mut line, cell),
			ColumnKind::Number(mark) => match number::canonical(cell, mark) {
				Some(number) => line.push_str(&number),
				None => return Err(format!("{cell:?} in column {:?} is no number", column.name)),
			},
		}
	}
	has_values.then_some((timestamp, line)).ok_or_else(|| "has a time but no values".to_owned())
}

/// Appends `text` as a CSV field (RFC 4180).
pub(crate) fn push_text(line: &mut String, text: &str) {
	if text.contains([',', '"', '\n', '\r']) {
		line.push('"');
		line.push_str(&text.replace('"', "\"\""));
		line.push('"');
	} else {
		line.push_str(text);
	}
}
