//! What a store answers when it is asked about its log.

use super::{DayHead, GroupHead};
use crate::H256;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most lines in one answer.
pub const MAX_LINES: u32 = 400;

/// A day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DayAnswer {
	/// What its root is computed from.
	pub head: DayHead,
	/// Whether it is over and gets no more lines.
	pub closed: bool,
}

/// Lines of a data set or an account, with the proof for all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupAnswer {
	/// What the day's root is computed from.
	pub head: DayHead,
	/// Whether the day is over.
	pub closed: bool,
	/// All lines as one hash; nothing where there is no line.
	pub group: Option<GroupHead>,
	/// From the head of the tree by data set or by account down to the group's place.
	pub path: Vec<Sibling>,
	/// The lines from the one that was asked for on, at most [`MAX_LINES`].
	pub lines: Vec<String>,
}

/// Lines of a whole day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinesAnswer {
	/// What the day's root is computed from.
	pub head: DayHead,
	/// Whether the day is over.
	pub closed: bool,
	/// The lines from the one that was asked for on, at most [`MAX_LINES`].
	pub lines: Vec<String>,
}

/// A node beside the way to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sibling {
	/// The level, counted from the head.
	pub level: u8,
	/// Its hash.
	#[schema(value_type = String)]
	pub hash: H256,
}
