//! The access log of a store: what its lines are, what a day's root commits to, and how an answer about
//! it is verified. Bytes and hashes are described in `docs/protocol.md`, "Access log".
//!
//! A line is a JSON object, and its hash that of a leaf of a Merkle tree. Each line names the hash of the
//! line before, also from day to day. For each day the lines of every data set, and those of every
//! account, are the leaves of a tree of their own; the heads of these are the values of two trees by key,
//! over data sets and over accounts. Whoever may see the lines of a data set or an account is thus proved
//! that they are all there, without seeing anybody else's.

mod answers;
mod audit;
mod day;
mod entry;

pub use answers::{DayAnswer, GroupAnswer, LinesAnswer, Sibling, MAX_LINES};
pub use audit::{verify_links, verify_root, AuditError};
pub use day::{
	day_name, day_of, parse_day, start_of, DayHead, DayIndex, DayIndexer, DayTrees, Group,
	GroupHead, Subject,
};
pub use entry::{line_hash, Entry, Operation, Outcome, MAX_LINE_LENGTH};

#[cfg(test)]
mod tests;
