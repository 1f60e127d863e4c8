//! One line.

use super::AuditError;
use crate::{AccountId32, H256};
use msec_commitments::{tree::leaf_hash, Hash};
use serde::{Deserialize, Serialize};

/// Longest line, in bytes, without its end.
pub const MAX_LINE_LENGTH: usize = 2048;

/// A decision about a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
	/// Counts the store's lines from 0.
	pub number: u64,
	/// When, in milliseconds since 1970, by the store's clock; never before the line above.
	pub time: u64,
	/// Who signed the request.
	pub account: AccountId32,
	/// What it was about.
	pub dataset: H256,
	/// What was asked for.
	pub operation: Operation,
	/// What for, as the request declared.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub purpose: Option<String>,
	/// What was decided.
	pub outcome: Outcome,
	/// The block by whose state it was decided.
	pub block: u64,
	/// Hash of the line before; zeros before the first one.
	pub previous: H256,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
	/// What there is of the data set.
	Describe,
	/// The list of the batches `from` ≤ index < `to`.
	List {
		/// The first batch.
		from: u32,
		/// One more than the last batch.
		to: u32,
	},
	/// The ciphertext of the batches `from` ≤ index < `to`, or of a part of them.
	Read {
		/// The first batch.
		from: u32,
		/// One more than the last batch.
		to: u32,
	},
	/// The ciphertext of the batches `from` ≤ index < `to`, for another store of the data set.
	Replicate {
		/// The first batch.
		from: u32,
		/// One more than the last batch.
		to: u32,
	},
	/// The heads over the batches `from` ≤ index < `to`, by which stores find where they differ.
	Compare {
		/// The first batch.
		from: u32,
		/// One more than the last batch.
		to: u32,
	},
	/// To leave batches.
	Upload,
	/// To leave the wrapped key of an account.
	PutKey {
		/// For whom it is sealed.
		recipient: AccountId32,
	},
	/// For whom there are wrapped keys.
	ListKeys,
	/// The wrapped key of an account.
	ReadKey {
		/// For whom it is sealed.
		recipient: AccountId32,
	},
	/// To destroy what is here of an erased data set.
	Erase,
	/// The data set's lines of this log.
	Audit,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
	/// It was allowed, and on what basis.
	Served(String),
	/// It was refused, and why.
	Refused(String),
}

impl Entry {
	/// The entry as a line, without its end.
	pub fn line(&self) -> String {
		serde_json::to_string(self).expect("it has text keys and no failing part; qed")
	}

	/// Reads a line.
	pub fn parse(line: &str) -> Result<Self, AuditError> {
		if line.len() > MAX_LINE_LENGTH {
			return Err(AuditError::Malformed);
		}
		serde_json::from_str(line).map_err(|_| AuditError::Malformed)
	}
}

/// Hash of a line without its end: that of a leaf (RFC 9162, section 2.1.1).
pub fn line_hash(line: &str) -> Hash {
	leaf_hash(line.as_bytes())
}
