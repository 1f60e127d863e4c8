//! From messy tables to canonical rows.
//!
//! A source is read twice, in constant memory. The first pass ([`Survey`]) finds out what the table is:
//! its form, separator, header, which columns hold the time, which hold numbers and with which decimal
//! mark, and which are empty. The second ([`Rows`]) yields each row in one form, `time,value,…` with the
//! time in UTC as in RFC 3339 and numbers with a point, or says on which line it gave up and why.
//! [`chunks`] cuts the rows into small documents for encryption.

pub mod chunks;
pub mod number;
pub mod records;
pub mod rows;
pub mod survey;
pub mod text;
pub mod time;

mod layout;

pub use chunks::Chunker;
pub use number::DecimalMark;
pub use rows::{Row, Rows};
pub use survey::{ColumnKind, Survey};
pub use time::DateOrder;

use jiff::tz::TimeZone;

/// Most columns of a table.
pub const MAX_COLUMNS: usize = 256;

/// What marks a missing value, when nothing else is said. An empty cell always does.
pub const MISSING: [&str; 14] = [
	"na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "---", "?", "-999", "-9999",
	"-99999",
];

/// How a source is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
	/// Rows of separated fields.
	Csv,
	/// A JSON object a line.
	JsonLines,
}

/// What the caller knows of the source; the rest is found out.
#[derive(Clone, Debug)]
pub struct Options {
	/// How it is written.
	pub format: Option<Format>,
	/// What separates fields.
	pub delimiter: Option<u8>,
	/// Whether the first row is data already.
	pub headless: bool,
	/// How many lines stand before the header.
	pub skip_lines: u32,
	/// Columns that hold the time: one, or date and time of day, or year, month, day and so on.
	pub time_columns: Vec<String>,
	/// Columns to keep, in this order; all when empty.
	pub columns: Vec<String>,
	/// Columns never taken as numbers.
	pub text_columns: Vec<String>,
	/// What marks a missing value instead of [`MISSING`], letters in either case.
	pub missing: Option<Vec<String>>,
	/// The mark before the fraction.
	pub decimal_mark: Option<DecimalMark>,
	/// How dates like 03/04/2024 are meant.
	pub date_order: Option<DateOrder>,
	/// The time zone of times that do not say theirs.
	pub time_zone: TimeZone,
}

impl Default for Options {
	fn default() -> Self {
		Self {
			format: None,
			delimiter: None,
			headless: false,
			skip_lines: 0,
			time_columns: Vec::new(),
			columns: Vec::new(),
			text_columns: Vec::new(),
			missing: None,
			decimal_mark: None,
			date_order: None,
			time_zone: TimeZone::UTC,
		}
	}
}

/// Why a source cannot be read as a table at all.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
	/// Reading failed.
	#[error("cannot read: {0}")]
	Io(#[from] std::io::Error),
	/// There is nothing in it.
	#[error("the file has no rows")]
	Empty,
	/// No separator yields columns.
	#[error("no separator was found among comma, semicolon, tab and bar; say --delimiter")]
	NoDelimiter,
	/// More than [`MAX_COLUMNS`].
	#[error("there are more than {MAX_COLUMNS} columns")]
	TooManyColumns,
	/// The header leaves too little of a chunk for rows.
	#[error("the names of the columns are {0} bytes long; keep fewer by --columns")]
	HeaderTooLong(usize),
	/// A named column is not there.
	#[error("there is no column {name:?}; there are {known}")]
	UnknownColumn {
		/// The name.
		name: String,
		/// Those that exist.
		known: String,
	},
	/// No column holds times.
	#[error("no column holds times; say which by --time-column (there are {0})")]
	NoTimeColumn(String),
	/// Dates can be read in two ways.
	#[error("dates like {0:?} may mean either of two days; say --day-first or --month-first")]
	AmbiguousDates(String),
	/// Nothing but times.
	#[error("there are no columns but the time")]
	NoValues,
}

/// Finds missing-value marks.
#[derive(Clone, Debug)]
pub(crate) struct Missing {
	texts: Vec<String>,
	numbers: Vec<String>,
}

impl Missing {
	pub(crate) fn new(marks: Option<&[String]>) -> Self {
		let mut texts: Vec<String> = match marks {
			Some(marks) => marks.iter().map(|mark| mark.trim().to_lowercase()).collect(),
			None => MISSING.iter().map(|mark| (*mark).to_owned()).collect(),
		};
		let numbers = texts.iter().filter_map(|text| numeric(text)).collect();
		texts.retain(|text| numeric(text).is_none());
		Self { texts, numbers }
	}

	pub(crate) fn contains(&self, cell: &str) -> bool {
		cell.is_empty() || self.is_text_mark(cell) || self.is_number_mark(cell)
	}

	fn is_text_mark(&self, cell: &str) -> bool {
		let is_plausible = match cell.as_bytes() {
			[first, ..] if cell.is_ascii() => self.texts.iter().any(|text| {
				text.len() == cell.len() && text.as_bytes()[0] == first.to_ascii_lowercase()
			}),
			_ => true,
		};
		is_plausible && self.texts.contains(&cell.to_lowercase())
	}

	fn is_number_mark(&self, cell: &str) -> bool {
		let begins = cell.get(..2).unwrap_or(cell);
		let plausible = self.numbers.iter().any(|number| number.starts_with(begins));
		plausible && numeric(cell).is_some_and(|number| self.numbers.contains(&number))
	}
}

/// A number without zeros at the end of its fraction, so that -999 and -999.0 are the same.
fn numeric(text: &str) -> Option<String> {
	let number = number::canonical(text, DecimalMark::Point)
		.or_else(|| number::canonical(text, DecimalMark::Comma))?;
	match number.contains('.') && !number.contains('e') {
		true => Some(number.trim_end_matches('0').trim_end_matches('.').to_owned()),
		false => Some(number),
	}
}

#[cfg(test)]
mod tests;
