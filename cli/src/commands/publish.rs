//! `msec publish`

use super::context::Context;
use anyhow::{anyhow, Context as _, Result};
use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use msec::{
	attested::attest,
	home::create_private,
	ids,
	ingest::{self, DateOrder, DecimalMark, Format, Options, Survey},
	journal::Journal,
	publish::{Progress, Published, Publisher, DEFAULT_CHUNKS_PER_BATCH},
	stores::Stores,
};
use serde_json::json;
use std::{
	fs::File,
	io,
	ops::Range,
	path::{Path, PathBuf},
};

pub const LONG_ABOUT: &str = "\
Publish files into a data set: read, cut into chunks, encrypted, uploaded to its stores, and committed to \
on chain. Nothing leaves this machine in the clear. The same command goes on where an interrupted one \
stopped; a file that was published is not published twice.

FORMS. CSV with comma, semicolon, tab or bar, or JSON with an object a line (nested members get names \
with dots). UTF-8, UTF-16 with byte order mark, or else Windows-1252. Lines that begin with # are skipped. \
Columns without a single value are left out; columns of the same name are numbered.

TIMES. The column is found by its name and its values, or named by --time-column; name it several times \
for a date and a time of day (in this order), or for year, month, day, hour… Understood are RFC 3339 and \
its relatives (2024-01-31T15:30:05+01:00, 2024-01-31 15:30, 2024/1/31, 20240131T1530), 31.01.2024 18:00 \
(days first), 31 Jan 2024, Jan 31, 2024 3:30 PM, and Unix time in seconds, milliseconds, microseconds or \
nanoseconds by its size. A date alone is the midnight at its beginning, 24:00 the one at its end, a leap \
second the second before. Whether 03/04/2024 means April or March is taken from dates of the same column \
that can only be one (31/01/2024); where there are none, or some of both, the file is refused until \
--day-first or --month-first is said. Years of two digits are 1969 to 2068. Times without a year, without \
a date, before 1900 or after 2199 are refused row by row. Times without an offset are those of \
--timezone, UTC unless said; names like CET are refused. Where clocks are put forward, the times in \
between do not exist and are refused; where they are put back, the repeated hour is the first one until \
times would run backwards.

NUMBERS. A column holds numbers when at least nine in ten of its values are numbers and none has zeros in \
front, as codes do. Its decimal mark is the one its values prove (12,5 or 12.5), else the one the whole \
table proves; where nothing is proven (1,234 could be either), it is the comma if semicolons separate the \
fields, and the point otherwise. Thousands may be marked by the other mark, spaces or apostrophes. Digits \
are kept as they are.

MISSING VALUES. Empty cells, and NA, N/A, #N/A, NaN, null, none, nil, -, --, ---, ?, -999, -9999 and \
-99999; --missing replaces the list. Rows that cannot be read are left out and reported in \
FILE.rejected.csv with their line and the reason.";

/// A format on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatArgument {
	/// Separated fields.
	Csv,
	/// An object a line.
	Jsonl,
}

/// Publish files into a data set.
#[derive(Args)]
pub struct Publish {
	/// Name of the data set.
	dataset: String,
	/// The files; - for the standard input.
	#[arg(required = true)]
	files: Vec<PathBuf>,
	/// How the files are written [default: found out].
	#[arg(long, value_enum)]
	format: Option<FormatArgument>,
	/// What separates fields: one character, or `tab` [default: found out].
	#[arg(long, value_parser = parse_delimiter)]
	delimiter: Option<u8>,
	/// The first row is data, not names; columns are called column1, column2…
	#[arg(long)]
	no_header: bool,
	/// Lines to skip before the header.
	#[arg(long, default_value_t, value_name = "LINES")]
	skip_lines: u32,
	/// Column that holds the time; repeat for date and time of day, or for year, month, day…
	#[arg(long = "time-column", value_name = "COLUMN")]
	time_columns: Vec<String>,
	/// Columns to publish, in this order [default: all that are not empty].
	#[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
	columns: Vec<String>,
	/// Columns that are text even where they look like numbers.
	#[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
	text_columns: Vec<String>,
	/// Marks of missing values instead of the usual ones.
	#[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_name = "MARKS")]
	missing: Option<Vec<String>>,
	/// Numbers have a decimal comma.
	#[arg(long, conflicts_with = "decimal_point")]
	decimal_comma: bool,
	/// Numbers have a decimal point.
	#[arg(long)]
	decimal_point: bool,
	/// 03/04/2024 is 3 April.
	#[arg(long, conflicts_with = "month_first")]
	day_first: bool,
	/// 03/04/2024 is 4 March.
	#[arg(long)]
	month_first: bool,
	/// Time zone of times without an offset, such as Europe/Madrid.
	#[arg(long, default_value = "UTC", value_name = "ZONE")]
	timezone: String,
	/// Chunks of about 4 KiB in a batch.
	#[arg(
		long,
		default_value_t = DEFAULT_CHUNKS_PER_BATCH,
		value_parser = clap::value_parser!(u32).range(1..=1024),
	)]
	chunks_per_batch: u32,
	/// Have the device behind the data set sign the batches: the socket of its agent, see
	/// `msec-attester agent --batch-socket`.
	#[arg(long, value_name = "SOCKET")]
	attested: Option<PathBuf>,
	/// Only read the files and say what would be published.
	#[arg(long)]
	dry_run: bool,
}

fn parse_delimiter(text: &str) -> Result<u8, String> {
	match text.as_bytes() {
		b"tab" | b"\\t" => Ok(b'\t'),
		[byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() && *byte != b'"' => Ok(*byte),
		_ => Err(format!("{text:?} does not separate fields; say one character, or tab")),
	}
}

impl Publish {
	fn options(&self) -> Result<Options> {
		let time_zone = TimeZone::get(&self.timezone)
			.map_err(|_| anyhow!("{} is no time zone; say it like Europe/Madrid", self.timezone))?;
		Ok(Options {
			format: self.format.map(|format| match format {
				FormatArgument::Csv => Format::Csv,
				FormatArgument::Jsonl => Format::JsonLines,
			}),
			delimiter: self.delimiter,
			headless: self.no_header,
			skip_lines: self.skip_lines,
			time_columns: self.time_columns.clone(),
			columns: self.columns.clone(),
			text_columns: self.text_columns.clone(),
			missing: self.missing.clone(),
			decimal_mark: match (self.decimal_comma, self.decimal_point) {
				(true, _) => Some(DecimalMark::Comma),
				(_, true) => Some(DecimalMark::Point),
				_ => None,
			},
			date_order: match (self.day_first, self.month_first) {
				(true, _) => Some(DateOrder::DayFirst),
				(_, true) => Some(DateOrder::MonthFirst),
				_ => None,
			},
			time_zone,
		})
	}

	pub async fn run(self, context: &Context) -> Result<()> {
		let options = self.options()?;
		let mut results = Vec::new();
		let mut device = None;
		if self.dry_run {
			for path in &self.files {
				let mut source = open(path)?;
				let survey = survey(context, path, &mut source, &options)?;
				results.push(self.rehearse(path, &survey, source)?);
			}
		} else {
			let dataset = context.dataset(&self.dataset)?;
			let tree = context.home().key_tree(&self.dataset, context.password()?)?;
			let submitter = context.submitter().await?;
			let block = submitter.chain().finalized().await?;
			let details = block
				.dataset(&dataset.0)
				.await?
				.ok_or_else(|| anyhow!("this chain does not know the data set"))?;
			let stores = Stores::connect(&block, &dataset.0, &details, submitter.key()).await?;
			let journal = Journal::open(&context.home().journal())?;
			let publisher = Publisher {
				journal: &journal,
				submitter: &submitter,
				stores: &stores,
				dataset: dataset.0,
				tree: &tree,
				chunks_per_batch: self.chunks_per_batch,
			};
			let mut batches = None;
			for path in &self.files {
				let (published, value) = self
					.publish(context, &publisher, path, &options)
					.await
					.with_context(|| path.display().to_string())?;
				batches = joined(batches, &published);
				results.push(value);
			}
			if let Some((socket, batches)) = self.attested.as_ref().zip(batches) {
				device = Some(attest(&submitter, socket, &dataset.0, batches).await?);
			}
		}
		let device = device.map(|device| ids::hash_text(&device.0));
		let value = json!({ "dataset": self.dataset, "files": results, "attested_by": device });
		context.print(&value, || {
			let mut texts: Vec<_> = results.iter().map(super::dataset::text_of).collect();
			texts.extend(device.iter().map(|device| format!("attested by device {device}")));
			texts.join("\n\n")
		});
		Ok(())
	}

	async fn publish(
		&self,
		context: &Context,
		publisher: &Publisher<'_>,
		path: &Path,
		options: &Options,
	) -> Result<(Published, serde_json::Value)> {
		let mut source = open(path)?;
		let survey = survey(context, path, &mut source, options)?;
		let bar = context.bar(survey.length, true);
		let mut report = Report::new(path);
		let outcome = publisher
			.publish(
				source,
				&survey,
				&mut |line, reason, text| report.add(line, reason, text),
				&mut |progress| match progress {
					Progress::Read(bytes) => bar.set_position(bytes),
					Progress::Uploaded(batch) => bar.set_message(format!("batch {batch} uploaded")),
					Progress::Committed(batches) => {
						bar.set_message(format!("{batches} batches on chain"));
					},
				},
			)
			.await;
		bar.finish_and_clear();
		let report = report.finish()?;
		let published = outcome?;
		let value = result(path, &survey, &published, report);
		Ok((published, value))
	}

	fn rehearse(&self, path: &Path, survey: &Survey, source: File) -> Result<serde_json::Value> {
		let mut rows = survey.rows(source)?;
		let mut outcome = Published::default();
		let mut report = Report::new(path);
		while let Some(row) = rows.next_row()? {
			match row {
				ingest::Row::Accepted(_) => outcome.rows += 1,
				ingest::Row::Rejected { line, reason, text } => {
					outcome.rejected += 1;
					report.add(line, &reason, &text)?;
				},
			}
		}
		let report = report.finish()?;
		Ok(result(path, survey, &outcome, report))
	}
}

/// The last batches that were published without a gap, with those of one more file.
fn joined(batches: Option<Range<u32>>, published: &Published) -> Option<Range<u32>> {
	let first = published.first_batch;
	let more = first..first.saturating_add(published.batches);
	match batches {
		_ if more.is_empty() => batches,
		Some(batches) if batches.end == more.start => Some(batches.start..more.end),
		Some(batches) if more.end <= batches.end => Some(batches),
		_ => Some(more),
	}
}

/// Opens a file; the standard input, which can be read once only, goes through a temporary file.
fn open(path: &Path) -> Result<File> {
	if path != Path::new("-") {
		return File::open(path).with_context(|| path.display().to_string());
	}
	let mut file = tempfile::tempfile()?;
	io::copy(&mut io::stdin(), &mut file)?;
	Ok(file)
}

fn survey(context: &Context, path: &Path, source: &mut File, options: &Options) -> Result<Survey> {
	let survey = tokio::task::block_in_place(|| Survey::new(source, options))
		.with_context(|| path.display().to_string())?;
	if survey.has_local_times {
		let zone = survey.options().time_zone.iana_name().unwrap_or("UTC").to_owned();
		context.note(format!(
			"{}: times without an offset are read as {zone}; --timezone says otherwise",
			path.display()
		));
	}
	Ok(survey)
}

fn result(
	path: &Path,
	survey: &Survey,
	published: &Published,
	report: Option<PathBuf>,
) -> serde_json::Value {
	let delimiter = survey.delimiter.map(|byte| char::from(byte).to_string());
	json!({
		"file": path.display().to_string(),
		"source_sha256": ids::hash_text(&survey.source_hash),
		"delimiter": delimiter.map(|text| text.replace('\t', "tab")),
		"header": survey.header(),
		"time_columns": survey.time_columns,
		"empty_columns": survey.empty_columns,
		"rows": published.rows,
		"rejected": published.rejected,
		"rejected_report": report.map(|path| path.display().to_string()),
		"first_batch": published.first_batch,
		"batches": published.batches,
		"already_published": published.already,
	})
}

/// The report of rejected rows; there is none when there are no such rows.
struct Report {
	path: PathBuf,
	writer: Option<csv::Writer<File>>,
}

impl Report {
	fn new(source: &Path) -> Self {
		let mut path = match source == Path::new("-") {
			true => PathBuf::from("stdin"),
			false => source.to_owned(),
		}
		.into_os_string();
		path.push(".rejected.csv");
		Self { path: path.into(), writer: None }
	}

	fn add(&mut self, line: u64, reason: &str, text: &str) -> io::Result<()> {
		if self.writer.is_none() {
			let mut writer = csv::Writer::from_writer(create_private(&self.path)?);
			writer.write_record(["line", "reason", "text"])?;
			self.writer = Some(writer);
		}
		match &mut self.writer {
			Some(writer) => Ok(writer.write_record([&line.to_string(), reason, text])?),
			None => Ok(()),
		}
	}

	fn finish(self) -> Result<Option<PathBuf>> {
		match self.writer {
			Some(mut writer) => {
				writer.flush()?;
				Ok(Some(self.path))
			},
			None => Ok(None),
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_the_device_signs_has_no_gap() {
		let published =
			|first_batch, batches| Published { first_batch, batches, ..Default::default() };
		assert_eq!(joined(None, &published(3, 0)), None);
		assert_eq!(joined(None, &published(3, 2)), Some(3..5));
		assert_eq!(joined(Some(3..5), &published(5, 1)), Some(3..6));
		assert_eq!(joined(Some(3..5), &published(7, 1)), Some(7..8));
		assert_eq!(joined(Some(3..5), &published(0, 2)), Some(3..5));
		assert_eq!(joined(Some(3..5), &published(5, 0)), Some(3..5));
	}
}
