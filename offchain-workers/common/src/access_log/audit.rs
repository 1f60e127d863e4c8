//! Days against the chain, and against one another.

use super::{day_name, DayHead};
use crate::chain::AccessLogAnchor;

/// Why a log, or what is shown of it, is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
	/// A line is not one of an access log.
	#[error("a line of the access log is malformed")]
	Malformed,
	/// A line does not continue the chain of hashes.
	#[error("line {0} does not follow the one before it: a line was changed, dropped or put in")]
	Broken(u64),
	/// Lines are not in their order.
	#[error("line {0} is out of order: lines were reordered")]
	Reordered(u64),
	/// A line is of another data set, account or day than it is shown for.
	#[error("line {0} is not one of those that were asked for")]
	Foreign(u64),
	/// A line's time lies on another day.
	#[error("line {0} has a time of another day")]
	OtherDay(u64),
	/// There are fewer or more lines than were committed to.
	#[error(
		"{found} lines are shown where {expected} were committed to: lines were dropped or put in"
	)]
	Dropped {
		/// How many there should be.
		expected: u32,
		/// How many there are.
		found: u64,
	},
	/// The lines are not those that were committed to.
	#[error("the lines are not those that were committed to: a line was changed")]
	Changed,
	/// The path does not lead to the day's head.
	#[error(
		"the proof does not lead to the day's head: lines were dropped, or the proof is forged"
	)]
	WrongProof,
	/// The head is of another store or day.
	#[error("the store shows another store's day, or another day")]
	OtherHead,
	/// The chain has another root for the day.
	#[error("the root of {} is not the one anchored on the chain: the log was changed after it was anchored", shown(.0))]
	OtherRoot(u32),
	/// Lines between two anchored days are missing.
	#[error("the log has a gap before {}: lines of days that were never anchored are missing", shown(.0))]
	Gap(u32),
	/// A day that the chain has is missing at the store.
	#[error("the store does not show {}, which is anchored on the chain", shown(.0))]
	MissingDay(u32),
}

fn shown(day: &u32) -> String {
	day_name(*day).unwrap_or_else(|| format!("day {day}"))
}

/// Checks that the chain has exactly this day's root.
pub fn verify_root(head: &DayHead, anchor: &AccessLogAnchor) -> Result<(), AuditError> {
	if head.day != anchor.day {
		return Err(AuditError::OtherHead);
	}
	match head.root() == anchor.root.0 && head.entries == anchor.entries {
		true => Ok(()),
		false => Err(AuditError::OtherRoot(anchor.day)),
	}
}

/// Checks that days, in their order, follow one another without a line between them. When the first of
/// them is `complete`, it must begin with the store's first line.
pub fn verify_links(heads: &[DayHead], complete: bool) -> Result<(), AuditError> {
	let begins = |head: &DayHead| head.first == 0 && head.previous.0 == [0; 32];
	if let Some(first) = heads.first().filter(|head| complete && !begins(head)) {
		return Err(AuditError::Gap(first.day));
	}
	for pair in heads.windows(2) {
		let (before, after) = (&pair[0], &pair[1]);
		let follows = before.day < after.day
			&& before.store == after.store
			&& after.first == before.next()
			&& after.previous == before.last;
		if !follows {
			return Err(AuditError::Gap(after.day));
		}
	}
	Ok(())
}
