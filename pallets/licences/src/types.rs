//! What the list knows of a licence.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::H256;

/// A licence on the list.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct Licence {
	/// SHA-256 of its text in UTF-8.
	pub text_hash: H256,
	/// Whether it allows buyers to sell the data on.
	pub allows_resale: bool,
	/// Whether no new terms may name it.
	pub is_retired: bool,
}
