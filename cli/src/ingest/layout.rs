//! From records to cells, for each format.

use super::{records, text, Format, MAX_COLUMNS};
use serde_json::Value;
use std::collections::HashMap;

/// Finds the cells of a record.
#[derive(Clone, Debug)]
pub(crate) enum Layout {
	/// Fields between separators, as many as the header has.
	Csv {
		/// The separator.
		delimiter: u8,
		/// How many.
		width: usize,
	},
	/// Members of an object, by name.
	JsonLines(HashMap<String, usize>),
}

impl Layout {
	/// The cells of `record`, or why it has none. Lines with nothing to read yield no cells.
	pub(crate) fn cells(
		&self,
		record: &[u8],
		terminated: bool,
		cells: &mut Vec<String>,
	) -> Result<(), String> {
		cells.clear();
		match self {
			Self::Csv { delimiter, width } => {
				csv_cells(record, terminated, *delimiter, *width, cells)
			},
			Self::JsonLines(index) => {
				let Some(members) = json_members(record, terminated)? else { return Ok(()) };
				cells.resize(index.len(), String::new());
				for (name, cell) in members {
					if let Some(position) = index.get(&name) {
						cells[*position] = cell;
					}
				}
				Ok(())
			},
		}
	}
}

fn csv_cells(
	record: &[u8],
	terminated: bool,
	delimiter: u8,
	width: usize,
	cells: &mut Vec<String>,
) -> Result<(), String> {
	let fields = records::split(record, delimiter);
	cells.extend(fields.iter().map(|field| clean(&text::decode(field))));
	if cells.iter().all(String::is_empty) {
		cells.clear();
		return Ok(());
	}
	let found = cells.len();
	if found < width && !terminated {
		return Err(format!("the file ends within this row ({found} of {width} fields)"));
	}
	if found < width || cells[width..].iter().any(|cell| !cell.is_empty()) {
		return Err(format!("has {found} fields where the header has {width}"));
	}
	cells.truncate(width);
	Ok(())
}

/// The members of the object on a line, nested ones with dots in their names; `None` for lines between
/// objects. The brackets and commas of an array with an object a line are overlooked.
pub(crate) fn json_members(
	record: &[u8],
	terminated: bool,
) -> Result<Option<Vec<(String, String)>>, String> {
	let line = text::decode(record);
	let line = line.trim().trim_start_matches('[').trim_start();
	let line = match line.strip_suffix(']') {
		Some(inner) if !inner.trim_end().ends_with(']') => inner.trim_end(),
		_ => line,
	};
	let line = line.strip_suffix(',').unwrap_or(line).trim_end();
	if line.is_empty() {
		return Ok(None);
	}
	let object = match serde_json::from_str::<Value>(line) {
		Ok(Value::Object(object)) => object,
		Ok(_) => return Err("is JSON but not an object".to_owned()),
		Err(error) if error.is_eof() && !terminated => {
			return Err("the file ends within this object".to_owned());
		},
		Err(error) => return Err(format!("is not JSON: {error}")),
	};
	let mut members = Vec::new();
	flatten("", object, &mut members);
	if members.len() > MAX_COLUMNS {
		return Err(format!("has more than {MAX_COLUMNS} members"));
	}
	Ok(Some(members))
}

fn flatten(
	prefix: &str,
	object: serde_json::Map<String, Value>,
	members: &mut Vec<(String, String)>,
) {
	for (name, value) in object {
		let name = format!("{prefix}{}", clean(&name));
		match value {
			Value::Object(inner) => flatten(&format!("{name}."), inner, members),
			Value::Null => members.push((name, String::new())),
			Value::String(text) => members.push((name, clean(&text))),
			other => members.push((name, clean(&other.to_string()))),
		}
	}
}

/// One line without control characters and spaces around.
pub(crate) fn clean(text: &str) -> String {
	let trimmed = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
	match trimmed.contains(char::is_control) {
		true => trimmed.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
		false => trimmed.to_owned(),
	}
}

const DELIMITERS: [u8; 4] = [b';', b'\t', b'|', b','];
/// How many rows decide on the separator.
const SAMPLE_ROWS: usize = 50;

/// Whether a sample from the beginning of a source is CSV or JSON lines.
pub(crate) fn detect_format(sample: &[u8]) -> Format {
	let first = sample.iter().find(|byte| !byte.is_ascii_whitespace());
	match first {
		Some(b'{') => Format::JsonLines,
		Some(b'[') if sample.contains(&b'{') => Format::JsonLines,
		_ => Format::Csv,
	}
}

/// The separator with which most rows of a sample have the same number of fields, more than one.
pub(crate) fn detect_delimiter(rows: &[Vec<u8>]) -> Option<u8> {
	let mut best: Option<(usize, usize, u8)> = None;
	for delimiter in DELIMITERS {
		let mut counts = HashMap::new();
		for row in rows.iter().take(SAMPLE_ROWS) {
			*counts.entry(records::split(row, delimiter).len()).or_insert(0usize) += 1;
		}
		let usual = counts.into_iter().filter(|(width, _)| *width > 1).max_by_key(|entry| {
			let (width, rows) = *entry;
			(rows, width)
		});
		let Some((width, rows)) = usual else { continue };
		if best.is_none_or(|(best_rows, best_width, _)| {
			rows > best_rows || rows == best_rows && width > best_width
		}) {
			best = Some((rows, width, delimiter));
		}
	}
	best.map(|(_, _, delimiter)| delimiter)
}
