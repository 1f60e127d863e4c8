//! Unmarshalling: big-endian numbers, and buffers behind their size (Part 2, 10.4).

/// What is wrong with marshalled bytes before anybody looks at their values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
	/// They end too early.
	Truncated,
	/// They go on after the end.
	TrailingBytes,
}

/// Takes values from the front of a slice.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
	/// Reads from the first byte on.
	pub fn new(bytes: &'a [u8]) -> Self {
		Self(bytes)
	}

	/// The next `length` bytes.
	pub fn bytes(&mut self, length: usize) -> Result<&'a [u8], ReadError> {
		let (taken, rest) = self.0.split_at_checked(length).ok_or(ReadError::Truncated)?;
		self.0 = rest;
		Ok(taken)
	}

	/// The next `N` bytes.
	pub fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
		let (taken, rest) = self.0.split_first_chunk().ok_or(ReadError::Truncated)?;
		self.0 = rest;
		Ok(*taken)
	}

	/// `UINT8`
	pub fn u8(&mut self) -> Result<u8, ReadError> {
		self.array().map(u8::from_be_bytes)
	}

	/// `UINT16`
	pub fn u16(&mut self) -> Result<u16, ReadError> {
		self.array().map(u16::from_be_bytes)
	}

	/// `UINT32`
	pub fn u32(&mut self) -> Result<u32, ReadError> {
		self.array().map(u32::from_be_bytes)
	}

	/// `UINT64`
	pub fn u64(&mut self) -> Result<u64, ReadError> {
		self.array().map(u64::from_be_bytes)
	}

	/// A `TPM2B`: its size as `UINT16`, and so many bytes.
	pub fn sized(&mut self) -> Result<&'a [u8], ReadError> {
		let length = self.u16()?;
		self.bytes(length.into())
	}

	/// Whether everything was read.
	pub fn finish(self) -> Result<(), ReadError> {
		self.0.is_empty().then_some(()).ok_or(ReadError::TrailingBytes)
	}
}
