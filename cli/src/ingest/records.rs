//! Cuts a stream into records: lines, or several lines where a quoted field holds line breaks.

use std::{
	borrow::Cow,
	io::{self, Read},
	mem,
};

/// Most bytes of a record; longer ones are refused and skipped.
pub const MAX_RECORD_LENGTH: usize = 64 * 1024;
/// Most lines over which a quoted field may run.
const MAX_RECORD_LINES: usize = 64;

/// How records end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
	/// At each line break outside of double quotes; fields are separated by this byte.
	Fields(u8),
	/// At each line break.
	Lines,
}

/// Why a line is not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
	/// More bytes than [`MAX_RECORD_LENGTH`] without a line break.
	#[error("the line is longer than {MAX_RECORD_LENGTH} bytes")]
	TooLong,
	/// A quote is opened and not closed.
	#[error("a quote is opened and not closed")]
	UnclosedQuote,
}

/// A record and where it stood.
#[derive(Debug, PartialEq, Eq)]
pub struct Record<'a> {
	/// Line on which it begins, counted from 1.
	pub line: u64,
	/// Whether a line break follows; only the last line of a file may lack it.
	pub terminated: bool,
	/// Its bytes without the line break; of a faulty one, the beginning.
	pub bytes: &'a [u8],
	/// What is wrong with it.
	pub fault: Option<RecordFault>,
}

/// Reads records in constant memory.
pub struct RecordReader<R> {
	source: R,
	quoting: Quoting,
	buffer: Vec<u8>,
	start: usize,
	line: u64,
	ended: bool,
	consumed: u64,
}

/// Where a record ends within the buffer.
enum End {
	/// After this many bytes, with a line break.
	Break(usize),
	/// Here, because the source ended.
	Source(usize),
	/// Not within the bounds; the first line break is after this many bytes.
	Unclosed(Option<usize>),
	/// Not within the bounds, and there is no line break.
	TooLong,
}

impl<R: Read> RecordReader<R> {
	/// Reads records from `source`.
	pub fn new(source: R, quoting: Quoting) -> Self {
		let buffer = Vec::with_capacity(2 * MAX_RECORD_LENGTH);
		Self { source, quoting, buffer, start: 0, line: 1, ended: false, consumed: 0 }
	}

	/// Bytes of all records so far.
	pub fn consumed(&self) -> u64 {
		self.consumed
	}

	/// The next record, or `None` at the end.
	pub fn next_record(&mut self) -> io::Result<Option<Record<'_>>> {
		self.fill()?;
		if self.start == self.buffer.len() {
			return Ok(None);
		}
		let line = self.line;
		let (start, length, terminated, fault) = match self.find_end() {
			End::Break(length) => (self.take(length + 1), length, true, None),
			End::Source(length) => (self.take(length), length, false, None),
			End::Unclosed(Some(length)) => {
				(self.take(length + 1), length, true, Some(RecordFault::UnclosedQuote))
			},
			End::Unclosed(None) => {
				let length = self.buffer.len() - self.start;
				(self.take(length), length, false, Some(RecordFault::UnclosedQuote))
			},
			End::TooLong => {
				self.skip_line()?;
				(self.start, 0, true, Some(RecordFault::TooLong))
			},
		};
		let bytes = self.buffer.get(start..start + length).unwrap_or_default();
		let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
		Ok(Some(Record { line, terminated, bytes, fault }))
	}

	fn take(&mut self, length: usize) -> usize {
		let start = self.start;
		let taken = &self.buffer[start..start + length];
		self.line += taken.iter().filter(|byte| **byte == b'\n').count() as u64;
		self.start += length;
		self.consumed += length as u64;
		start
	}

	/// Makes sure that a whole record is in the buffer, or as much as a record may have.
	fn fill(&mut self) -> io::Result<()> {
		if self.buffer.len() - self.start > MAX_RECORD_LENGTH || self.ended {
			return Ok(());
		}
		self.buffer.drain(..self.start);
		self.start = 0;
		while self.buffer.len() < 2 * MAX_RECORD_LENGTH && !self.ended {
			let kept = self.buffer.len();
			self.buffer.resize(2 * MAX_RECORD_LENGTH, 0);
			let read = match self.source.read(&mut self.buffer[kept..]) {
				Err(error) if error.kind() == io::ErrorKind::Interrupted => {
					self.buffer.truncate(kept);
					continue;
				},
				other => other?,
			};
			self.buffer.truncate(kept + read);
			self.ended = read == 0;
		}
		Ok(())
	}

	fn find_end(&self) -> End {
		let all = &self.buffer[self.start..];
		let window = &all[..all.len().min(MAX_RECORD_LENGTH + 1)];
		let separator = match self.quoting {
			Quoting::Fields(separator) => separator,
			Quoting::Lines => return self.find_line_end(window),
		};
		let (mut quoted, mut just_closed, mut at_field_start, mut lines) = (false, false, true, 0);
		for (position, byte) in window.iter().enumerate() {
			let closes = *byte == b'"' && quoted;
			match byte {
				b'"' if quoted => quoted = false,
				// A quote right after a closing one is an escaped quote.
				b'"' if at_field_start || just_closed => quoted = true,
				b'\n' if !quoted => return End::Break(position),
				b'\n' => lines += 1,
				_ => (),
			}
			if lines == MAX_RECORD_LINES {
				break;
			}
			just_closed = closes;
			at_field_start = !quoted && (*byte == separator || at_field_start && *byte == b' ');
		}
		match (quoted, self.find_line_end(window)) {
			(true, End::Break(length)) => End::Unclosed(Some(length)),
			(true, End::Source(_)) => End::Unclosed(None),
			(_, other) => other,
		}
	}

	fn find_line_end(&self, window: &[u8]) -> End {
		match window.iter().position(|byte| *byte == b'\n') {
			Some(position) => End::Break(position),
			None if window.len() <= MAX_RECORD_LENGTH && self.ended => End::Source(window.len()),
			None => End::TooLong,
		}
	}

	fn skip_line(&mut self) -> io::Result<()> {
		loop {
			let rest = &self.buffer[self.start..];
			match rest.iter().position(|byte| *byte == b'\n') {
				Some(position) => {
					self.take(position + 1);
					return Ok(());
				},
				None if self.ended => {
					self.take(rest.len());
					return Ok(());
				},
				None => {
					self.take(rest.len());
					self.fill()?;
				},
			}
		}
	}
}

/// The fields of a record; quotes around a field go, doubled quotes inside become one.
pub fn split(record: &[u8], separator: u8) -> Vec<Cow<'_, [u8]>> {
	if !record.contains(&b'"') {
		return record.split(|byte| *byte == separator).map(Cow::Borrowed).collect();
	}
	let mut fields = Vec::new();
	let mut field = Vec::new();
	let mut bytes = record.iter().copied().peekable();
	let (mut quoted, mut at_field_start) = (false, true);
	while let Some(byte) = bytes.next() {
		match byte {
			b'"' if quoted && bytes.peek() == Some(&b'"') => {
				bytes.next();
				field.push(b'"');
			},
			b'"' if quoted => quoted = false,
			b'"' if at_field_start => {
				field.clear();
				quoted = true;
			},
			_ if byte == separator && !quoted => {
				fields.push(Cow::Owned(mem::take(&mut field)));
				at_field_start = true;
				continue;
			},
			_ => field.push(byte),
		}
		at_field_start = at_field_start && !quoted && byte == b' ';
	}
	fields.push(Cow::Owned(field));
	fields
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	type Found = (u64, Vec<u8>, Option<RecordFault>);

	fn records(bytes: &[u8], quoting: Quoting) -> Vec<Found> {
		let mut reader = RecordReader::new(bytes, quoting);
		let mut found = Vec::new();
		while let Some(record) = reader.next_record().unwrap() {
			found.push((record.line, record.bytes.to_vec(), record.fault));
		}
		assert_eq!(reader.consumed(), bytes.len() as u64);
		found
	}

	fn csv(bytes: &[u8]) -> Vec<Found> {
		records(bytes, Quoting::Fields(b','))
	}

	fn fields(record: &[u8]) -> Vec<String> {
		let fields = split(record, b',');
		fields.into_iter().map(|field| String::from_utf8(field.into_owned()).unwrap()).collect()
	}

	#[test]
	fn lines_end_in_either_way_and_the_last_may_lack_it() {
		let found = csv(b"a,b\r\nc\nd");
		assert_eq!(
			found,
			[(1, b"a,b".to_vec(), None), (2, b"c".to_vec(), None), (3, b"d".to_vec(), None)]
		);
	}

	#[test]
	fn quoted_fields_may_hold_line_breaks() {
		let found = csv(b"a,\"x\ny \"\"z\"\"\"\nb\n");
		assert_eq!(found[0].1, b"a,\"x\ny \"\"z\"\"\"");
		assert_eq!(found[1], (3, b"b".to_vec(), None));
		assert_eq!(fields(&found[0].1), ["a", "x\ny \"z\""]);
	}

	#[test]
	fn an_unclosed_quote_costs_its_line_only() {
		let found = csv(b"a,\"x\nb,1\nc,2\n");
		assert_eq!(found[0], (1, b"a,\"x".to_vec(), Some(RecordFault::UnclosedQuote)));
		assert_eq!(found[1], (2, b"b,1".to_vec(), None));
		assert_eq!(found.len(), 3);
	}

	#[test]
	fn an_endless_line_is_skipped_in_constant_memory() {
		let mut bytes = b"a\n".to_vec();
		bytes.resize(10 * MAX_RECORD_LENGTH, b'x');
		bytes.extend(b"\nb\n");
		let found = csv(&bytes);
		assert_eq!(found[1].2, Some(RecordFault::TooLong));
		assert_eq!(found[2], (3, b"b".to_vec(), None));
	}

	#[test]
	fn fields_are_split_outside_of_quotes() {
		assert_eq!(fields(b"a,\"b,c\",,12\" pipe"), ["a", "b,c", "", "12\" pipe"]);
		assert_eq!(fields(b""), [""]);
	}

	proptest! {
		#[test]
		fn arbitrary_bytes_are_all_consumed(bytes in proptest::collection::vec(
			prop_oneof![Just(b'"'), Just(b','), Just(b'\n'), Just(b'a'), any::<u8>()], 0..400,
		)) {
			for quoting in [Quoting::Fields(b','), Quoting::Lines] {
				for (_, record, _) in records(&bytes, quoting) {
					split(&record, b',');
				}
			}
		}

		#[test]
		fn what_a_writer_quotes_is_read_back(cells in proptest::collection::vec("[a\",\n ;]{0,6}", 1..6)) {
			let mut writer = csv::WriterBuilder::new()
				.quote_style(csv::QuoteStyle::Always)
				.from_writer(Vec::new());
			writer.write_record(&cells).unwrap();
			let written = writer.into_inner().unwrap();
			let found = records(&written, Quoting::Fields(b','));
			prop_assert_eq!(found.len(), 1);
			prop_assert_eq!(fields(&found[0].1), cells);
		}
	}
}
