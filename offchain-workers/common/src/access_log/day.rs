//! A day of the log, and what its root commits to.

use super::{line_hash, AuditError, Entry, Sibling};
use crate::{AccountId32, H256};
use codec::{Decode, Encode};
use jiff::{civil::Date, Span};
use msec_commitments::{root_from_key_path, sha256, tree::Frontier, Hash, KeyedTree};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

const EPOCH: Date = Date::constant(1970, 1, 1);
const MILLISECONDS_PER_DAY: u64 = 24 * 60 * 60 * 1000;

/// The day of a time in milliseconds since 1970, in UTC, counted from 1970-01-01.
pub fn day_of(time: u64) -> u32 {
	u32::try_from(time / MILLISECONDS_PER_DAY).unwrap_or(u32::MAX)
}

/// The first millisecond of a day.
pub fn start_of(day: u32) -> u64 {
	u64::from(day) * MILLISECONDS_PER_DAY
}

/// A day like `2026-01-31`; `None` after the year 9999.
pub fn day_name(day: u32) -> Option<String> {
	let days = Span::new().try_days(day).ok()?;
	EPOCH.checked_add(days).ok().map(|date| date.to_string())
}

/// Reads a day like `2026-01-31`, not before 1970.
pub fn parse_day(text: &str) -> Option<u32> {
	let date: Date = text.parse().ok()?;
	let day = u32::try_from(EPOCH.until(date).ok()?.get_days()).ok()?;
	(day_name(day)? == text).then_some(day)
}

/// What a day's root is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DayHead {
	/// The account of the store.
	#[schema(value_type = String)]
	pub store: AccountId32,
	/// The day, counted from 1970-01-01 in UTC.
	pub day: u32,
	/// Number of its first line.
	pub first: u64,
	/// How many lines it has; at least one.
	pub entries: u32,
	/// Hash of the line before its first one; zeros where there is none.
	#[schema(value_type = String)]
	pub previous: H256,
	/// Hash of its last line.
	#[schema(value_type = String)]
	pub last: H256,
	/// Head of the tree by data set.
	#[schema(value_type = String)]
	pub datasets: H256,
	/// Head of the tree by account.
	#[schema(value_type = String)]
	pub accounts: H256,
}

impl DayHead {
	/// The root that the chain is told.
	pub fn root(&self) -> Hash {
		sha256(&[
			b"m-sec access log day",
			&self.store.0,
			&self.day.to_le_bytes(),
			&self.first.to_le_bytes(),
			&self.entries.to_le_bytes(),
			&self.previous.0,
			&self.last.0,
			&self.datasets.0,
			&self.accounts.0,
		])
	}

	/// Number of the line after its last one.
	pub fn next(&self) -> u64 {
		self.first.saturating_add(self.entries.into())
	}
}

/// Whose lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
	/// Those about a data set.
	Dataset(H256),
	/// Those of an account's requests.
	Account(AccountId32),
}

impl Subject {
	fn key(&self) -> Hash {
		match self {
			Self::Dataset(dataset) => dataset.0,
			Self::Account(account) => account.0,
		}
	}

	/// Whether a line is one of these.
	pub fn has(&self, entry: &Entry) -> bool {
		match self {
			Self::Dataset(dataset) => entry.dataset == *dataset,
			Self::Account(account) => entry.account == *account,
		}
	}

	/// The head of the tree in which they are.
	fn tree_head(&self, head: &DayHead) -> Hash {
		match self {
			Self::Dataset(_) => head.datasets.0,
			Self::Account(_) => head.accounts.0,
		}
	}
}

/// The lines of one data set or account on one day, as one hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupHead {
	/// How many lines there are.
	pub entries: u32,
	/// Merkle tree head over them in their order.
	#[schema(value_type = String)]
	pub head: H256,
}

impl GroupHead {
	fn of(frontier: &Frontier) -> Self {
		Self { entries: frontier.leaves(), head: H256(frontier.root()) }
	}

	/// What the tree by key has for the group.
	fn value(&self) -> Hash {
		sha256(&[b"m-sec access log group", &self.entries.to_le_bytes(), &self.head.0])
	}
}

/// A group with its key: the data set or the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Group {
	/// The data set or the account.
	pub key: Hash,
	/// Its lines.
	pub head: GroupHead,
}

/// A day with its groups, by ascending keys.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DayIndex {
	/// What the root is computed from.
	pub head: DayHead,
	/// By data set.
	pub datasets: Vec<Group>,
	/// By account.
	pub accounts: Vec<Group>,
}

/// Reads the lines of a day one by one.
pub struct DayIndexer {
	store: AccountId32,
	day: u32,
	entries: u32,
	first: u64,
	previous: Hash,
	last: Hash,
	last_time: u64,
	datasets: BTreeMap<Hash, Frontier>,
	accounts: BTreeMap<Hash, Frontier>,
}

impl DayIndexer {
	/// Begins with no line.
	pub fn new(store: AccountId32, day: u32) -> Self {
		Self {
			store,
			day,
			entries: 0,
			first: 0,
			previous: [0; 32],
			last: [0; 32],
			last_time: 0,
			datasets: BTreeMap::new(),
			accounts: BTreeMap::new(),
		}
	}

	/// Adds the next line, unless it does not follow the one before or is of another day.
	pub fn push(&mut self, line: &str) -> Result<Entry, AuditError> {
		let entry = Entry::parse(line)?;
		if day_of(entry.time) != self.day {
			return Err(AuditError::OtherDay(entry.number));
		}
		if self.entries == 0 {
			(self.first, self.previous) = (entry.number, entry.previous.0);
		} else {
			let follows = entry.number == self.first.saturating_add(self.entries.into())
				&& entry.previous.0 == self.last
				&& entry.time >= self.last_time;
			if !follows {
				return Err(AuditError::Broken(entry.number));
			}
		}
		let hash = line_hash(line);
		self.entries = self.entries.checked_add(1).ok_or(AuditError::Malformed)?;
		for (groups, key) in
			[(&mut self.datasets, entry.dataset.0), (&mut self.accounts, entry.account.0)]
		{
			groups.entry(key).or_default().append(hash).ok_or(AuditError::Malformed)?;
		}
		(self.last, self.last_time) = (hash, entry.time);
		Ok(entry)
	}

	/// How many lines were added.
	pub fn entries(&self) -> u32 {
		self.entries
	}

	/// The day, or `None` when it has no line.
	pub fn finish(self) -> Option<DayIndex> {
		if self.entries == 0 {
			return None;
		}
		let (datasets, accounts) = (groups(&self.datasets), groups(&self.accounts));
		let head = DayHead {
			store: self.store,
			day: self.day,
			first: self.first,
			entries: self.entries,
			previous: H256(self.previous),
			last: H256(self.last),
			datasets: H256(tree(&datasets)?.root()),
			accounts: H256(tree(&accounts)?.root()),
		};
		Some(DayIndex { head, datasets, accounts })
	}
}

fn groups(frontiers: &BTreeMap<Hash, Frontier>) -> Vec<Group> {
	let group =
		|(key, frontier): (&Hash, &Frontier)| Group { key: *key, head: GroupHead::of(frontier) };
	frontiers.iter().map(group).collect()
}

fn tree(groups: &[Group]) -> Option<KeyedTree> {
	let entries: Vec<_> = groups.iter().map(|group| (group.key, group.head.value())).collect();
	KeyedTree::new(&entries)
}

/// A day with its two trees, ready to prove.
pub struct DayTrees {
	index: DayIndex,
	datasets: KeyedTree,
	accounts: KeyedTree,
}

impl DayTrees {
	/// Makes the trees; `None` when the keys do not ascend.
	pub fn new(index: DayIndex) -> Option<Self> {
		let (datasets, accounts) = (tree(&index.datasets)?, tree(&index.accounts)?);
		Some(Self { index, datasets, accounts })
	}

	/// What the root is computed from.
	pub fn head(&self) -> &DayHead {
		&self.index.head
	}

	/// The subject's lines as one hash, if it has any, and the path that proves either.
	pub fn prove(&self, subject: &Subject) -> (Option<GroupHead>, Vec<Sibling>) {
		let (groups, tree) = match subject {
			Subject::Dataset(_) => (&self.index.datasets, &self.datasets),
			Subject::Account(_) => (&self.index.accounts, &self.accounts),
		};
		let key = subject.key();
		let found = groups.binary_search_by_key(&key, |group| group.key).ok();
		let path = tree.path(&key).into_iter();
		let path = path.map(|(level, hash)| Sibling { level, hash: H256(hash) }).collect();
		(found.map(|position| groups[position].head), path)
	}
}

impl DayHead {
	/// Checks that `lines` are all lines of `subject` on this day, unchanged and in their order; the
	/// entries. `claimed` and `path` are what the store answered with. Whether this head is the one that
	/// the chain has, [`super::verify_root`] tells.
	pub fn verify_group(
		&self,
		subject: &Subject,
		claimed: Option<&GroupHead>,
		path: &[Sibling],
		lines: &[String],
	) -> Result<Vec<Entry>, AuditError> {
		let path: Vec<_> = path.iter().map(|sibling| (sibling.level, sibling.hash.0)).collect();
		let value = claimed.map(GroupHead::value);
		let root = root_from_key_path(&subject.key(), value.as_ref(), &path);
		if root != Some(subject.tree_head(self)) {
			return Err(AuditError::WrongProof);
		}
		let expected = claimed.map_or(0, |group| group.entries);
		if lines.len() as u64 != u64::from(expected) {
			return Err(AuditError::Dropped { expected, found: lines.len() as u64 });
		}
		let entries = self.check_order(subject, lines)?;
		let mut frontier = Frontier::default();
		for line in lines {
			frontier.append(line_hash(line)).ok_or(AuditError::Malformed)?;
		}
		match claimed {
			Some(group) if *group != GroupHead::of(&frontier) => Err(AuditError::Changed),
			_ => Ok(entries),
		}
	}

	/// Checks what can be seen of the chain of lines when only some of them are there.
	fn check_order(&self, subject: &Subject, lines: &[String]) -> Result<Vec<Entry>, AuditError> {
		let mut entries: Vec<Entry> = Vec::with_capacity(lines.len());
		let mut before: Option<Hash> = None;
		for line in lines {
			let entry = Entry::parse(line)?;
			let number = entry.number;
			if !subject.has(&entry) || !(self.first..self.next()).contains(&number) {
				return Err(AuditError::Foreign(number));
			}
			if day_of(entry.time) != self.day {
				return Err(AuditError::OtherDay(number));
			}
			if let (Some(last), Some(hash)) = (entries.last(), before) {
				if number <= last.number || entry.time < last.time {
					return Err(AuditError::Reordered(number));
				}
				if number == last.number + 1 && entry.previous.0 != hash {
					return Err(AuditError::Broken(number));
				}
			}
			let hash = line_hash(line);
			let is_first = number == self.first;
			let is_last = number.saturating_add(1) == self.next();
			if (is_first && entry.previous != self.previous) || (is_last && hash != self.last.0) {
				return Err(AuditError::Broken(number));
			}
			before = Some(hash);
			entries.push(entry);
		}
		Ok(entries)
	}

	/// Checks that `lines` are all lines of this day; the entries.
	pub fn verify_all(&self, lines: &[String]) -> Result<Vec<Entry>, AuditError> {
		if lines.len() as u64 != u64::from(self.entries) {
			return Err(AuditError::Dropped { expected: self.entries, found: lines.len() as u64 });
		}
		let mut indexer = DayIndexer::new(self.store, self.day);
		let entries: Vec<Entry> =
			lines.iter().map(|line| indexer.push(line)).collect::<Result<_, _>>()?;
		match indexer.finish() {
			Some(index) if index.head == *self => Ok(entries),
			_ => Err(AuditError::Changed),
		}
	}
}
