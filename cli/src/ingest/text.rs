//! From bytes in unknown encodings to text.

use std::{
	borrow::Cow,
	io::{self, Read},
};

/// What Windows-1252 has in the places 0x80 to 0x9F; elsewhere it is Latin-1.
const WINDOWS_1252: [char; 32] = [
	'€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
	'\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Text from UTF-8, or else from Windows-1252, which has a character for every byte.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
	match std::str::from_utf8(bytes) {
		Ok(text) => Cow::Borrowed(text),
		Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
	}
}

fn windows_1252(byte: u8) -> char {
	match byte {
		0x80..=0x9F => WINDOWS_1252[usize::from(byte - 0x80)],
		_ => char::from(byte),
	}
}

/// Reads UTF-16 with a byte order mark as UTF-8, drops the byte order mark of UTF-8, and leaves
/// everything else as it is.
pub struct Transcoder<R> {
	source: R,
	encoding: Option<Encoding>,
	raw: Vec<u8>,
	ready: Vec<u8>,
	position: usize,
	ended: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
	Bytes,
	Utf16 { little_endian: bool },
}

const BUFFER: usize = 64 * 1024;

impl<R: Read> Transcoder<R> {
	/// Reads from `source`, which is at its beginning.
	pub fn new(source: R) -> Self {
		let (raw, ready) = (Vec::new(), Vec::new());
		Self { source, encoding: None, raw, ready, position: 0, ended: false }
	}

	fn refill(&mut self) -> io::Result<()> {
		self.position = 0;
		self.ready.clear();
		while self.ready.is_empty() && !self.ended {
			self.read_raw()?;
			match self.encoding() {
				Some(Encoding::Bytes) => std::mem::swap(&mut self.raw, &mut self.ready),
				Some(Encoding::Utf16 { little_endian }) => self.transcode(little_endian),
				None => (),
			}
		}
		Ok(())
	}

	fn read_raw(&mut self) -> io::Result<()> {
		let kept = self.raw.len();
		self.raw.resize(kept + BUFFER, 0);
		let read = loop {
			match self.source.read(&mut self.raw[kept..]) {
				Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
				other => break other?,
			}
		};
		self.raw.truncate(kept + read);
		self.ended = read == 0;
		Ok(())
	}

	/// The encoding, as soon as enough bytes are there to tell; removes the byte order mark.
	fn encoding(&mut self) -> Option<Encoding> {
		if self.encoding.is_none() && (self.raw.len() >= 3 || self.ended) {
			let (encoding, mark) = match self.raw.as_slice() {
				[0xEF, 0xBB, 0xBF, ..] => (Encoding::Bytes, 3),
				[0xFF, 0xFE, ..] => (Encoding::Utf16 { little_endian: true }, 2),
				[0xFE, 0xFF, ..] => (Encoding::Utf16 { little_endian: false }, 2),
				_ => (Encoding::Bytes, 0),
			};
			self.raw.drain(..mark);
			self.encoding = Some(encoding);
		}
		self.encoding
	}

	fn transcode(&mut self, little_endian: bool) {
		let units: Vec<u16> = self
			.raw
			.chunks_exact(2)
			.map(|pair| match little_endian {
				true => u16::from_le_bytes([pair[0], pair[1]]),
				false => u16::from_be_bytes([pair[0], pair[1]]),
			})
			.collect();
		let split_pair = !self.ended && units.last().is_some_and(|unit| unit & 0xFC00 == 0xD800);
		let complete = &units[..units.len() - usize::from(split_pair)];
		let text: String = char::decode_utf16(complete.iter().copied())
			.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
			.collect();
		self.ready = text.into_bytes();
		self.raw.drain(..complete.len() * 2);
	}
}

impl<R: Read> Read for Transcoder<R> {
	fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
		if self.position == self.ready.len() {
			self.refill()?;
		}
		let count = buffer.len().min(self.ready.len() - self.position);
		buffer[..count].copy_from_slice(&self.ready[self.position..self.position + count]);
		self.position += count;
		Ok(count)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn read(bytes: &[u8]) -> Vec<u8> {
		let mut text = Vec::new();
		Transcoder::new(bytes).read_to_end(&mut text).unwrap();
		text
	}

	#[test]
	fn byte_order_marks_are_understood() {
		assert_eq!(read(b"\xEF\xBB\xBFtime"), b"time");
		assert_eq!(read(b"\xFF\xFEt\0\xB0\0"), "t°".as_bytes());
		assert_eq!(read(b"\xFE\xFF\0t\0\xB0"), "t°".as_bytes());
		assert_eq!(read(b"ab"), b"ab");
		assert_eq!(read(b""), b"");
	}

	#[test]
	fn windows_1252_is_the_fallback() {
		assert_eq!(decode(b"\xB0C \x80"), "°C €");
		assert_eq!(decode("°C".as_bytes()), "°C");
	}

	proptest! {
		#[test]
		fn utf_16_survives(text in ".{0,300}") {
			let mut bytes = vec![0xFF, 0xFE];
			bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
			prop_assert_eq!(read(&bytes), text.into_bytes());
		}

		#[test]
		fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
			read(&bytes);
			decode(&bytes);
		}
	}
}
