//! How a publisher has the device sign batches: one question and one answer for each connection to the
//! agent's socket, each a line of JSON.

use crate::{chain::RangeCommitment, H256};
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use std::{io, path::Path, time::Duration};
use tokio::{
	io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
	net::UnixStream,
};

/// Longest line, in bytes.
const MAX_LINE: u64 = 4096;
/// Longest that an answer may take: a TPM makes the key anew each time, and may be busy.
const DEADLINE: Duration = Duration::from_secs(120);

/// What a publisher asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum SigningRequest {
	/// To certify the key that signs in the present state.
	Certify,
	/// To sign the batches from the first one on.
	Sign {
		/// The data set.
		dataset: H256,
		/// The first batch that is meant.
		first_batch: u32,
		/// Number of batches, counted from the data set's first.
		batches: u32,
		/// Merkle tree head over them.
		root: H256,
	},
}

/// What the agent answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum SigningAnswer {
	/// The key was certified.
	Certified {
		/// The device.
		device: H256,
		/// The key's public area, a TPMT_PUBLIC.
		#[serde(with = "hexadecimal")]
		public_area: Vec<u8>,
		/// TPMS_ATTEST about it.
		#[serde(with = "hexadecimal")]
		attest: Vec<u8>,
		/// TPMT_SIGNATURE of the attestation key.
		#[serde(with = "hexadecimal")]
		signature: Vec<u8>,
	},
	/// The batches were signed.
	Signed {
		/// The device.
		device: H256,
		/// The public area of the key that signed, a TPMT_PUBLIC.
		#[serde(with = "hexadecimal")]
		public_area: Vec<u8>,
		/// TPMT_SIGNATURE.
		#[serde(with = "hexadecimal")]
		signature: Vec<u8>,
	},
	/// Nothing was done.
	Refused {
		/// Why, in words.
		reason: String,
	},
}

impl SigningRequest {
	/// To sign the batches of `range` from `first_batch` on.
	pub fn sign(dataset: H256, first_batch: u32, range: &RangeCommitment) -> Self {
		Self::Sign { dataset, first_batch, batches: range.batches, root: range.root }
	}

	/// Asks the agent that listens at `socket`.
	pub async fn ask(&self, socket: &Path) -> io::Result<SigningAnswer> {
		let exchange = async {
			let mut stream = UnixStream::connect(socket).await?;
			write_line(&mut stream, self).await?;
			read_line(&mut stream).await
		};
		tokio::time::timeout(DEADLINE, exchange).await.map_err(|_| io::ErrorKind::TimedOut)?
	}
}

/// Reads a line of JSON, of at most 4096 bytes.
pub async fn read_line<T: DeserializeOwned>(stream: impl AsyncRead + Unpin) -> io::Result<T> {
	let mut line = Vec::new();
	BufReader::new(stream.take(MAX_LINE)).read_until(b'\n', &mut line).await?;
	Ok(serde_json::from_slice(&line)?)
}

/// Writes a line of JSON.
pub async fn write_line(
	mut stream: impl AsyncWrite + Unpin,
	value: &impl Serialize,
) -> io::Result<()> {
	let mut line = serde_json::to_vec(value)?;
	line.push(b'\n');
	stream.write_all(&line).await
}

mod hexadecimal {
	use serde::{de::Error, Deserialize, Deserializer, Serializer};

	pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
		serializer.serialize_str(&format!("0x{}", hex::encode(bytes)))
	}

	pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
		let text = String::deserialize(deserializer)?;
		let digits =
			text.strip_prefix("0x").ok_or_else(|| D::Error::custom("bytes begin with 0x"))?;
		hex::decode(digits).map_err(D::Error::custom)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[tokio::test]
	async fn lines_are_read_as_they_were_written() {
		let range = RangeCommitment { batches: 9, root: H256([2; 32]) };
		let request = SigningRequest::sign(H256([1; 32]), 7, &range);
		let mut line = Vec::new();
		write_line(&mut line, &request).await.unwrap();
		let text = String::from_utf8(line.clone()).unwrap();
		assert!(text.starts_with(r#"{"request":"sign","dataset":"0x0101"#), "{text}");
		assert!(text.contains(r#""first-batch":7,"batches":9"#), "{text}");
		assert_eq!(read_line::<SigningRequest>(&line[..]).await.unwrap(), request);

		let answer = SigningAnswer::Signed {
			device: H256([3; 32]),
			public_area: vec![4, 5],
			signature: vec![6],
		};
		let mut line = Vec::new();
		write_line(&mut line, &answer).await.unwrap();
		assert_eq!(read_line::<SigningAnswer>(&line[..]).await.unwrap(), answer);
	}

	#[tokio::test]
	async fn long_or_other_lines_are_refused() {
		let long = format!("{}{{\"request\":\"certify\"}}\n", " ".repeat(5000));
		for line in [&b""[..], b"{}\n", b"{\"request\":\"other\"}\n", long.as_bytes()] {
			assert!(read_line::<SigningRequest>(line).await.is_err());
		}
	}
}
