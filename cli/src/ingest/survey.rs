//! The first pass: what a table is.

use super::{
	layout::{self, Layout},
	number::{self, Evidence},
	records::{Quoting, RecordReader, MAX_RECORD_LENGTH},
	rows::Rows,
	text::Transcoder,
	time, DateOrder, DecimalMark, Format, IngestError, Missing, Options, MAX_COLUMNS,
};
use msec_commitments::MAX_CHUNK_PLAINTEXT;
use sha2::{Digest, Sha256};
use std::{
	collections::HashMap,
	io::{self, Read, Seek, SeekFrom},
};

/// Longest header, in bytes: half a chunk.
const MAX_HEADER_LENGTH: usize = MAX_CHUNK_PLAINTEXT / 2;
/// How many cells of a column are examined for times before the others are skipped where few were.
const TIME_SAMPLE: u64 = 1000;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
	/// Numbers with this decimal mark.
	Number(DecimalMark),
	/// Anything.
	Text,
}

/// A column that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
	/// Its name in canonical rows.
	pub name: String,
	/// What it holds.
	pub kind: ColumnKind,
	/// Where it stands in the source.
	pub(crate) position: usize,
}

/// What a table is.
#[derive(Clone, Debug)]
pub struct Survey {
	/// SHA-256 of the source's bytes.
	pub source_hash: [u8; 32],
	/// Length of the source as UTF-8, in bytes.
	pub length: u64,
	/// How it is written.
	pub format: Format,
	/// What separates fields, for CSV.
	pub delimiter: Option<u8>,
	/// Names of the columns that hold the time.
	pub time_columns: Vec<String>,
	/// How dates that may mean two days are meant.
	pub date_order: Option<DateOrder>,
	/// Whether some times do not say their time zone.
	pub has_local_times: bool,
	/// The other columns.
	pub columns: Vec<Column>,
	/// Names of columns that were left out because they are empty.
	pub empty_columns: Vec<String>,
	pub(crate) time_positions: Vec<usize>,
	pub(crate) layout: Layout,
	pub(crate) first_line: u64,
	pub(crate) missing: Missing,
	pub(crate) options: Options,
}

#[derive(Clone, Debug, Default)]
struct Statistics {
	present: u64,
	numbers: u64,
	codes: u64,
	comma: u64,
	point: u64,
	either_comma: u64,
	examined: u64,
	times: u64,
	dates: u64,
	clocks: u64,
	local: u64,
	day_first: u64,
	month_first: u64,
	ambiguous: Option<String>,
}

impl Survey {
	/// Examines all of `source`, which is left at its end.
	pub fn new<R: Read + Seek>(source: &mut R, options: &Options) -> Result<Self, IngestError> {
		source.seek(SeekFrom::Start(0))?;
		let sample = read_sample(source)?;
		let format = options.format.unwrap_or_else(|| layout::detect_format(&sample));
		let missing = Missing::new(options.missing.as_deref());
		source.seek(SeekFrom::Start(0))?;
		let mut hashing = Hashing { source, hasher: Sha256::new() };
		let (layout, names, first_line, statistics, length) = match format {
			Format::Csv => survey_csv(&mut hashing, &sample, options, &missing)?,
			Format::JsonLines => survey_json_lines(&mut hashing, &missing)?,
		};
		let source_hash = hashing.hasher.finalize().into();
		let delimiter = match &layout {
			Layout::Csv { delimiter, .. } => Some(*delimiter),
			Layout::JsonLines(_) => None,
		};
		let time_positions = find_time_columns(&names, &statistics, options)?;
		let time_statistics: Vec<_> =
			time_positions.iter().map(|position| &statistics[*position]).collect();
		let date_order = decide_date_order(&time_statistics, options)?;
		let (columns, empty_columns) =
			find_columns(&names, &statistics, &time_positions, delimiter, options)?;
		let survey = Self {
			source_hash,
			length,
			format,
			delimiter,
			time_columns: time_positions.iter().map(|position| names[*position].clone()).collect(),
			date_order,
			has_local_times: time_positions.len() > 1
				|| time_statistics.iter().any(|statistics| statistics.local > 0),
			columns,
			empty_columns,
			time_positions,
			layout,
			first_line,
			missing,
			options: options.clone(),
		};
		match survey.header().len() {
			0..=MAX_HEADER_LENGTH => Ok(survey),
			length => Err(IngestError::HeaderTooLong(length)),
		}
	}

	/// The canonical header without line break: `time` and the columns' names.
	pub fn header(&self) -> String {
		let mut header = "time".to_owned();
		for column in &self.columns {
			header.push(',');
			super::rows::push_text(&mut header, &column.name);
		}
		header
	}

	/// What the caller said of the source.
	pub fn options(&self) -> &Options {
		&self.options
	}

	/// The second pass, over the same source.
	pub fn rows<R: Read + Seek>(&self, mut source: R) -> io::Result<Rows<'_, R>> {
		source.seek(SeekFrom::Start(0))?;
		Rows::new(self, source)
	}
}

struct Hashing<'a, R> {
	source: &'a mut R,
	hasher: Sha256,
}

impl<R: Read> Read for Hashing<'_, R> {
	fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
		let count = self.source.read(buffer)?;
		self.hasher.update(&buffer[..count]);
		Ok(count)
	}
}

fn read_sample<R: Read>(source: &mut R) -> io::Result<Vec<u8>> {
	let mut sample = Vec::new();
	Transcoder::new(source).take(MAX_RECORD_LENGTH as u64).read_to_end(&mut sample)?;
	Ok(sample)
}

type Surveyed = (Layout, Vec<String>, u64, Vec<Statistics>, u64);

fn survey_csv<R: Read>(
	source: R,
	sample: &[u8],
	options: &Options,
	missing: &Missing,
) -> Result<Surveyed, IngestError> {
	let delimiter = match options.delimiter {
		Some(delimiter) => delimiter,
		None if sample.is_empty() => return Err(IngestError::Empty),
		None => layout::detect_delimiter(&sample_rows(sample, options))
			.ok_or(IngestError::NoDelimiter)?,
	};
	let mut reader = RecordReader::new(Transcoder::new(source), Quoting::Fields(delimiter));
	let (names, first_line, first_row) = read_header(&mut reader, delimiter, options)?;
	let layout = Layout::Csv { delimiter, width: names.len() };
	let mut statistics = vec![Statistics::default(); names.len()];
	if let Some(cells) = first_row {
		observe(&mut statistics, &cells, missing);
	}
	let mut cells = Vec::new();
	while let Some(record) = reader.next_record()? {
		if record.fault.is_none()
			&& layout.cells(record.bytes, record.terminated, &mut cells).is_ok()
		{
			observe(&mut statistics, &cells, missing);
		}
	}
	Ok((layout, names, first_line, statistics, reader.consumed()))
}

fn sample_rows(sample: &[u8], options: &Options) -> Vec<Vec<u8>> {
	let mut rows: Vec<Vec<u8>> = sample
		.split(|byte| *byte == b'\n')
		.skip(options.skip_lines as usize)
		.filter(|line| !line.trim_ascii().is_empty() && !line.starts_with(b"#"))
		.map(<[u8]>::to_vec)
		.collect();
	if rows.len() > 2 {
		// The sample may end within a line.
		rows.pop();
	}
	rows
}

/// Names of the columns, the line on which the data begins, and the first row where there is no header.
type Header = (Vec<String>, u64, Option<Vec<String>>);

fn read_header<R: Read>(
	reader: &mut RecordReader<R>,
	delimiter: u8,
	options: &Options,
) -> Result<Header, IngestError> {
	while let Some(record) = reader.next_record()? {
		let blank = record.bytes.trim_ascii().is_empty() || record.bytes.starts_with(b"#");
		if record.line <= u64::from(options.skip_lines) || record.fault.is_some() || blank {
			continue;
		}
		let fields = super::records::split(record.bytes, delimiter);
		let cells: Vec<_> =
			fields.iter().map(|field| layout::clean(&super::text::decode(field))).collect();
		if cells.len() > MAX_COLUMNS {
			return Err(IngestError::TooManyColumns);
		}
		if options.headless || is_data(&cells) {
			let names = (1..=cells.len()).map(|number| format!("column{number}")).collect();
			return Ok((names, record.line, Some(cells)));
		}
		return Ok((unique_names(cells), record.line + 1, None));
	}
	Err(IngestError::Empty)
}

/// Whether a first row is data: every cell that is not empty is a number or a time.
fn is_data(cells: &[String]) -> bool {
	let is_value = |cell: &&String| {
		number::shape(cell).is_some()
			|| time::is_clock(cell)
			|| time::parse(cell, Some(DateOrder::DayFirst)).is_ok()
			|| time::parse(cell, Some(DateOrder::MonthFirst)).is_ok()
	};
	let mut filled = cells.iter().filter(|cell| !cell.is_empty()).peekable();
	filled.peek().is_some() && filled.all(|cell| is_value(&cell))
}

/// Gives columns without a name one, and those with the same name different ones.
fn unique_names(names: Vec<String>) -> Vec<String> {
	let mut unique: Vec<String> = Vec::with_capacity(names.len());
	for (index, name) in names.into_iter().enumerate() {
		let name = if name.is_empty() { format!("column{}", index + 1) } else { name };
		let mut candidate = name.clone();
		let mut number = 2;
		while unique.contains(&candidate) {
			candidate = format!("{name}_{number}");
			number += 1;
		}
		unique.push(candidate);
	}
	unique
}

fn survey_json_lines<R: Read>(source: R, missing: &Missing) -> Result<Surveyed, IngestError> {
	let mut reader = RecordReader::new(Transcoder::new(source), Quoting::Lines);
	let mut names: Vec<String> = Vec::new();
	let mut index: HashMap<String, usize> = HashMap::new();
	let mut statistics: Vec<Statistics> = Vec::new();
	while let Some(record) = reader.next_record()? {
		if record.fault.is_some() {
			continue;
		}
		let members = layout::json_members(record.bytes, record.terminated);
		for (name, cell) in members.ok().flatten().unwrap_or_default() {
			let position = *index.entry(name).or_insert_with_key(|name| {
				names.push(name.clone());
				statistics.push(Statistics::default());
				names.len() - 1
			});
			if names.len() > MAX_COLUMNS {
				return Err(IngestError::TooManyColumns);
			}
			statistics[position].observe(&cell, missing);
		}
	}
	if names.is_empty() {
		return Err(IngestError::Empty);
	}
	Ok((Layout::JsonLines(index), names, 1, statistics, reader.consumed()))
}

fn observe(statistics: &mut [Statistics], cells: &[String], missing: &Missing) {
	for (statistics, cell) in statistics.iter_mut().zip(cells) {
		statistics.observe(cell, missing);
	}
}

impl Statistics {
	fn observe(&mut self, cell: &str, missing: &Missing) {
		if missing.contains(cell) {
			return;
		}
		self.present += 1;
		if let Some(shape) = number::shape(cell) {
			self.numbers += 1;
			self.codes += u64::from(shape.leading_zero);
			match shape.evidence {
				Evidence::Certain(DecimalMark::Comma) => self.comma += 1,
				Evidence::Certain(DecimalMark::Point) => self.point += 1,
				Evidence::Either(',') => self.either_comma += 1,
				Evidence::Either(_) | Evidence::None => (),
			}
		}
		if self.examined < TIME_SAMPLE || self.has_times() {
			self.examined += 1;
			self.observe_time(cell);
		}
	}

	fn observe_time(&mut self, cell: &str) {
		let moment = match time::parse(cell, None) {
			Err(time::TimeFault::AmbiguousDate) => {
				self.ambiguous.get_or_insert_with(|| cell.to_owned());
				time::parse(cell, Some(DateOrder::DayFirst))
			},
			other => other,
		};
		let is_clock = time::is_clock(cell);
		self.clocks += u64::from(is_clock);
		let Ok(moment) = moment else { return };
		self.times += 1;
		if matches!(moment, time::Moment::Local(_)) {
			self.local += 1;
			self.dates += u64::from(time::is_date(cell));
			match time::date_order(cell) {
				Some(DateOrder::DayFirst) => self.day_first += 1,
				Some(DateOrder::MonthFirst) => self.month_first += 1,
				None => (),
			}
		}
	}

	fn mostly(&self, part: u64, of: u64) -> bool {
		of > 0 && part.saturating_mul(10) >= of.saturating_mul(9)
	}

	fn has_times(&self) -> bool {
		self.mostly(self.times, self.examined) || self.mostly(self.clocks, self.examined)
	}

	fn holds_times(&self) -> bool {
		self.mostly(self.times, self.examined)
	}

	fn holds_dates(&self) -> bool {
		self.mostly(self.dates, self.examined)
	}

	fn holds_clocks(&self) -> bool {
		self.mostly(self.clocks, self.examined)
	}

	fn holds_numbers(&self) -> bool {
		self.mostly(self.numbers, self.present) && self.codes == 0
	}
}

/// Words that name a time column in several languages.
const TIME_NAMES: [&str; 14] = [
	"time",
	"date",
	"stamp",
	"zeit",
	"datum",
	"fecha",
	"hora",
	"heure",
	"ora",
	"tempo",
	"_at",
	"epoch",
	"observedat",
	"ts",
];
const PARTS: [&str; 6] = ["year", "month", "day", "hour", "minute", "second"];

fn find_time_columns(
	names: &[String],
	statistics: &[Statistics],
	options: &Options,
) -> Result<Vec<usize>, IngestError> {
	if !options.time_columns.is_empty() {
		return options.time_columns.iter().map(|name| position_of(names, name)).collect();
	}
	let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
	let parts: Vec<usize> =
		PARTS.iter().map_while(|part| lower.iter().position(|name| name == part)).collect();
	if parts.len() >= 3 {
		return Ok(parts);
	}
	let is_named = |position: usize| {
		let name = &lower[position];
		TIME_NAMES.iter().any(|word| name == word || word.len() > 2 && name.contains(word))
	};
	// A column of numbers is taken as times only when it is named so.
	let candidates: Vec<usize> = (0..names.len())
		.filter(|position| {
			let column = &statistics[*position];
			column.holds_times()
				&& (is_named(*position) || !column.mostly(column.numbers, column.present))
		})
		.collect();
	let chosen = candidates
		.iter()
		.find(|position| is_named(**position))
		.or(candidates.first())
		.copied()
		.ok_or_else(|| IngestError::NoTimeColumn(names.join(", ")))?;
	let clock = (0..names.len()).find(|position| statistics[*position].holds_clocks());
	match clock {
		Some(clock) if clock != chosen && statistics[chosen].holds_dates() => {
			Ok(vec![chosen, clock])
		},
		_ => Ok(vec![chosen]),
	}
}

fn position_of(names: &[String], wanted: &str) -> Result<usize, IngestError> {
	names
		.iter()
		.position(|name| name == wanted)
		.or_else(|| names.iter().position(|name| name.eq_ignore_ascii_case(wanted.trim())))
		.ok_or_else(|| IngestError::UnknownColumn {
			name: wanted.to_owned(),
			known: names.join(", "),
		})
}

fn decide_date_order(
	columns: &[&Statistics],
	options: &Options,
) -> Result<Option<DateOrder>, IngestError> {
	if options.date_order.is_some() {
		return Ok(options.date_order);
	}
	let day_first = columns.iter().any(|column| column.day_first > 0);
	let month_first = columns.iter().any(|column| column.month_first > 0);
	let ambiguous = columns.iter().find_map(|column| column.ambiguous.clone());
	match (day_first, month_first, ambiguous) {
		(true, false, _) => Ok(Some(DateOrder::DayFirst)),
		(false, true, _) => Ok(Some(DateOrder::MonthFirst)),
		(_, _, Some(example)) => Err(IngestError::AmbiguousDates(example)),
		_ => Ok(None),
	}
}

fn find_columns(
	names: &[String],
	statistics: &[Statistics],
	time_positions: &[usize],
	delimiter: Option<u8>,
	options: &Options,
) -> Result<(Vec<Column>, Vec<String>), IngestError> {
	let wanted: Vec<usize> = match options.columns.is_empty() {
		true => (0..names.len()).collect(),
		false => {
			options.columns.iter().map(|name| position_of(names, name)).collect::<Result<_, _>>()?
		},
	};
	let text: Vec<usize> = options
		.text_columns
		.iter()
		.map(|name| position_of(names, name))
		.collect::<Result<_, _>>()?;
	let marks = DecimalMarks::new(statistics, delimiter, options);
	let (mut columns, mut empty) = (Vec::new(), Vec::new());
	for position in wanted.into_iter().filter(|position| !time_positions.contains(position)) {
		let name = match names[position].as_str() {
			"time" => "time_2".to_owned(),
			name => name.to_owned(),
		};
		if statistics[position].present == 0 && options.columns.is_empty() {
			empty.push(name);
			continue;
		}
		let kind = match statistics[position].holds_numbers() && !text.contains(&position) {
			true => ColumnKind::Number(marks.of(&statistics[position])),
			false => ColumnKind::Text,
		};
		columns.push(Column { name, kind, position });
	}
	if columns.is_empty() {
		return Err(IngestError::NoValues);
	}
	Ok((columns, empty))
}

/// Decides on decimal marks: by the column, or else by the whole table, or else by the separator.
struct DecimalMarks {
	said: Option<DecimalMark>,
	table: Option<DecimalMark>,
	semicolons: bool,
}

impl DecimalMarks {
	fn new(statistics: &[Statistics], delimiter: Option<u8>, options: &Options) -> Self {
		let of_numbers = || statistics.iter().filter(|column| column.holds_numbers());
		let comma = of_numbers().map(|column| column.comma).sum();
		let point = of_numbers().map(|column| column.point).sum();
		Self {
			said: options.decimal_mark,
			table: Self::majority(comma, point),
			semicolons: delimiter == Some(b';'),
		}
	}

	fn majority(comma: u64, point: u64) -> Option<DecimalMark> {
		match comma.cmp(&point) {
			std::cmp::Ordering::Greater => Some(DecimalMark::Comma),
			std::cmp::Ordering::Less => Some(DecimalMark::Point),
			std::cmp::Ordering::Equal => (point > 0).then_some(DecimalMark::Point),
		}
	}

	fn of(&self, column: &Statistics) -> DecimalMark {
		let by_separator = match self.semicolons && column.either_comma > 0 {
			true => DecimalMark::Comma,
			false => DecimalMark::Point,
		};
		self.said
			.or(Self::majority(column.comma, column.point))
			.or(self.table)
			.unwrap_or(by_separator)
	}
}
