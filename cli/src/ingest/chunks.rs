//! Cuts canonical rows into chunks: CSV documents of their own, each with the header, small enough to
//! be a leaf.

use msec_commitments::MAX_CHUNK_PLAINTEXT;

/// Collects lines until a chunk is full.
pub struct Chunker {
	header: String,
	chunk: String,
	rows: u32,
}

/// A chunk, and how many rows it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
	/// The document in UTF-8, at most [`MAX_CHUNK_PLAINTEXT`] bytes.
	pub text: String,
	/// Rows without the header.
	pub rows: u32,
}

impl Chunker {
	/// Begins each chunk with `header`, a line without line break.
	pub fn new(header: &str) -> Self {
		Self { header: format!("{header}\n"), chunk: String::new(), rows: 0 }
	}

	/// Adds a line without line break; returns the chunk that it no longer fitted into. The line fits
	/// into a chunk with the header, as those of [`super::Rows`] do.
	pub fn push(&mut self, line: &str) -> Option<Chunk> {
		let full = match self.chunk.len() + line.len() < MAX_CHUNK_PLAINTEXT {
			true => None,
			false => self.finish(),
		};
		if self.rows == 0 {
			self.chunk.push_str(&self.header);
		}
		self.chunk.push_str(line);
		self.chunk.push('\n');
		self.rows += 1;
		full
	}

	/// What is left, if anything.
	pub fn finish(&mut self) -> Option<Chunk> {
		let rows = std::mem::take(&mut self.rows);
		let text = std::mem::take(&mut self.chunk);
		(rows > 0).then_some(Chunk { text, rows })
	}
}

/// Splits a chunk into its header and its rows, both with their line breaks.
pub fn split_header(chunk: &[u8]) -> (&[u8], &[u8]) {
	let end = chunk.iter().position(|byte| *byte == b'\n').map_or(chunk.len(), |end| end + 1);
	chunk.split_at(end)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		#[test]
		fn chunks_are_bounded_and_lose_nothing(lines in proptest::collection::vec("[a-z0-9,]{1,4000}", 0..40)) {
			let mut chunker = Chunker::new("time,value");
			let mut chunks: Vec<Chunk> = lines.iter().filter_map(|line| chunker.push(line)).collect();
			chunks.extend(chunker.finish());
			let mut rows = Vec::new();
			for chunk in &chunks {
				prop_assert!(chunk.text.len() <= MAX_CHUNK_PLAINTEXT);
				let (header, rest) = split_header(chunk.text.as_bytes());
				prop_assert_eq!(header, b"time,value\n");
				let rest = std::str::from_utf8(rest).unwrap();
				prop_assert_eq!(rest.lines().count(), chunk.rows as usize);
				rows.extend(rest.lines().map(str::to_owned));
			}
			prop_assert_eq!(rows, lines);
		}
	}
}
