//! Who was allowed to do what with a data set, by the access logs of its stores, proved against the chain.
//!
//! What a store shows is believed only when each anchored day has exactly the root that the chain has, when
//! the lines shown are all that the root commits to, and when the days follow one another without a gap. Days
//! that are not anchored yet are shown as such, and when they should be by now, that is said.

use msec_worker_common::{
	access_log::{
		verify_links, verify_root, AuditError, DayAnswer, DayHead, Entry, GroupAnswer, LinesAnswer,
		Subject,
	},
	chain::{AccessLogAnchor, MAX_ACCESS_LOG_ANCHORS},
	store_client::{StoreClient, StoreError},
	AccountId32,
};
use std::{future::Future, ops::RangeInclusive};

/// Most days of one audit.
pub const MAX_DAYS: u32 = 400;

/// A day is anchored on the next one, so that only the day this long before today has to be.
const DAYS_TO_ANCHOR: u32 = 2;

/// Why an audit does not succeed.
#[derive(Debug, thiserror::Error)]
pub enum AuditFailure {
	/// What the store shows is not to be believed.
	#[error(transparent)]
	Forged(#[from] AuditError),
	/// The store does not answer, or refuses.
	#[error(transparent)]
	Store(#[from] StoreError),
	/// So many days are not audited at once.
	#[error("at most {MAX_DAYS} days are audited at once")]
	TooManyDays,
}

/// Which lines are audited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
	/// Those about a data set, for its owner; or those of the own requests.
	Subject(Subject),
	/// All, for the operator.
	All,
}

/// A line that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditedEntry {
	/// What it says.
	pub entry: Entry,
	/// Whether the chain has the root of its day. Until then the store could still show another.
	pub anchored: bool,
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
	/// The lines of the days that were asked for.
	pub entries: Vec<AuditedEntry>,
	/// The last day that is anchored; nothing after it is proved.
	pub proved_until: Option<u32>,
	/// Whether the store shows lines that should be anchored by now. Without such lines it is idle, or
	/// hides them: these two look the same.
	pub overdue: bool,
}

impl Audited {
	/// The first of `days` that could be proved `today` and is not.
	pub fn unproved_from(&self, days: &RangeInclusive<u32>, today: u32) -> Option<u32> {
		let after = self.proved_until.map_or(0, |day| day.saturating_add(1));
		let first = after.max(*days.start());
		(first <= due(today).min(*days.end())).then_some(first)
	}
}

/// The last day that should be anchored.
fn due(today: u32) -> u32 {
	today.saturating_sub(DAYS_TO_ANCHOR)
}

/// Where lines come from.
pub trait LogSource {
	/// A day.
	fn day(&self, day: u32) -> impl Future<Output = Result<Option<DayAnswer>, StoreError>>;

	/// The lines of a subject on a day.
	fn group(
		&self,
		day: u32,
		subject: &Subject,
	) -> impl Future<Output = Result<Option<GroupAnswer>, StoreError>>;

	/// All lines of a day.
	fn lines(&self, day: u32) -> impl Future<Output = Result<Option<LinesAnswer>, StoreError>>;
}

impl LogSource for StoreClient {
	async fn day(&self, day: u32) -> Result<Option<DayAnswer>, StoreError> {
		self.access_log_day(day).await
	}

	async fn group(&self, day: u32, subject: &Subject) -> Result<Option<GroupAnswer>, StoreError> {
		self.access_log_group(day, subject).await
	}

	async fn lines(&self, day: u32) -> Result<Option<LinesAnswer>, StoreError> {
		self.access_log_lines(day).await
	}
}

/// Fetches and verifies the lines of `days` at `store`, whose anchored days are `anchors`, in ascending order.
/// An anchor of a day that comes after tomorrow proves nothing.
pub async fn audit(
	source: &impl LogSource,
	store: &AccountId32,
	anchors: &[AccessLogAnchor],
	scope: &Scope,
	days: RangeInclusive<u32>,
	today: u32,
) -> Result<Audited, AuditFailure> {
	let (from, to) = (*days.start(), *days.end());
	if to.saturating_sub(from) >= MAX_DAYS {
		return Err(AuditFailure::TooManyDays);
	}
	let forgets = anchors.len() >= MAX_ACCESS_LOG_ANCHORS;
	let past = anchors.partition_point(|anchor| anchor.day <= today.saturating_add(1));
	let anchors = anchors.get(..past).unwrap_or_default();
	let mut entries = Vec::new();
	let mut heads = Vec::new();
	// The days beside those that are asked for show that nothing is missing at the ends.
	let begin = anchors.partition_point(|anchor| anchor.day < from).saturating_sub(1);
	let end = anchors.partition_point(|anchor| anchor.day <= to).saturating_add(1);
	let relevant = anchors.get(begin..end.min(anchors.len())).unwrap_or_default();
	for anchor in relevant {
		let missing = AuditError::MissingDay(anchor.day);
		let (head, shown) = look(source, scope, &days, anchor.day).await?.ok_or(missing)?;
		entries.extend(shown.into_iter().map(|entry| AuditedEntry { entry, anchored: true }));
		check_store(&head, store)?;
		verify_root(&head, anchor)?;
		heads.push(head);
	}
	let proved_until = anchors.last().map(|anchor| anchor.day);
	let mut overdue = false;
	for day in unanchored_days(proved_until, &days, today)? {
		let Some((head, shown)) = look(source, scope, &days, day).await? else { continue };
		entries.extend(shown.into_iter().map(|entry| AuditedEntry { entry, anchored: false }));
		check_store(&head, store)?;
		if head.day != day {
			return Err(AuditError::OtherHead.into());
		}
		// Without any anchor, lines before the first that is shown were not anchored either.
		let hidden = heads.is_empty() && head.first > 0 && from <= due(today);
		overdue |= day <= due(today) || hidden;
		heads.push(head);
	}
	// The chain forgets the oldest days; only where it has not can the first line be asked for.
	let begins = begin == 0 && !relevant.is_empty() && !forgets;
	verify_links(&heads, begins)?;
	Ok(Audited { entries, proved_until, overdue })
}

/// The days after the last anchored one that are looked at: up to today, also when fewer are asked for,
/// because what comes later shows whether the store still anchors, and what is missing before.
fn unanchored_days(
	proved_until: Option<u32>,
	days: &RangeInclusive<u32>,
	today: u32,
) -> Result<RangeInclusive<u32>, AuditFailure> {
	let (from, to) = (*days.start(), *days.end());
	let first = proved_until.map_or(from, |day| day.saturating_add(1));
	if to.saturating_sub(first) >= MAX_DAYS {
		return Err(AuditFailure::TooManyDays);
	}
	let last = match to < first {
		true => to,
		false => to.max(today.min(first.saturating_add(MAX_DAYS - 1))),
	};
	Ok(first..=last)
}

/// The head of a day, with its verified lines where it is one of `days`.
async fn look(
	source: &impl LogSource,
	scope: &Scope,
	days: &RangeInclusive<u32>,
	day: u32,
) -> Result<Option<(DayHead, Vec<Entry>)>, AuditFailure> {
	match days.contains(&day) {
		true => fetch(source, scope, day).await,
		false => Ok(source.day(day).await?.map(|answer| (answer.head, Vec::new()))),
	}
}

/// The head and the verified lines of a day.
async fn fetch(
	source: &impl LogSource,
	scope: &Scope,
	day: u32,
) -> Result<Option<(DayHead, Vec<Entry>)>, AuditFailure> {
	match scope {
		Scope::Subject(subject) => {
			let Some(answer) = source.group(day, subject).await? else { return Ok(None) };
			let GroupAnswer { head, group, path, lines, .. } = answer;
			let entries = head.verify_group(subject, group.as_ref(), &path, &lines)?;
			Ok(Some((head, entries)))
		},
		Scope::All => {
			let Some(LinesAnswer { head, lines, .. }) = source.lines(day).await? else {
				return Ok(None);
			};
			let entries = head.verify_all(&lines)?;
			Ok(Some((head, entries)))
		},
	}
}

fn check_store(head: &DayHead, store: &AccountId32) -> Result<(), AuditError> {
	match head.store == *store {
		true => Ok(()),
		false => Err(AuditError::OtherHead),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_worker_common::{
		access_log::{line_hash, start_of, DayIndex, DayIndexer, DayTrees, Operation, Outcome},
		H256,
	};
	use proptest::prelude::*;
	use std::collections::BTreeMap;

	const STORE: AccountId32 = AccountId32([9; 32]);
	const DAY: u32 = 20_000;
	const TODAY: u32 = DAY + 9;
	const SUBJECT: Subject = Subject::Dataset(H256([1; 32]));
	const SCOPE: Scope = Scope::Subject(SUBJECT);

	/// A store that shows what it is told to.
	#[derive(Clone, Default)]
	struct Shown {
		days: BTreeMap<u32, Vec<String>>,
		/// Lines that are left out or changed after the proof was made.
		forged: Option<(u32, usize, Forgery)>,
	}

	#[derive(Clone, Copy, Debug)]
	enum Forgery {
		Drop,
		Change,
		Swap,
	}

	impl Shown {
		/// A log whose days have the given numbers of lines, every other one about the data set.
		fn new(days: &[(u32, u32)]) -> Self {
			let mut shown = Self::default();
			let (mut number, mut previous) = (0, H256([0; 32]));
			for (day, entries) in days {
				for _ in 0..*entries {
					let entry = Entry {
						number,
						time: start_of(*day) + number,
						account: AccountId32([number as u8; 32]),
						dataset: H256([1 + (number % 2) as u8; 32]),
						operation: Operation::Describe,
						purpose: None,
						outcome: Outcome::Served("Owner".into()),
						block: 5,
						previous,
					};
					let line = entry.line();
					(number, previous) = (number + 1, H256(line_hash(&line)));
					shown.days.entry(*day).or_default().push(line);
				}
			}
			shown
		}

		fn index(&self, day: u32) -> Option<DayIndex> {
			let mut indexer = DayIndexer::new(STORE, day);
			for line in self.days.get(&day)? {
				indexer.push(line).unwrap();
			}
			indexer.finish()
		}

		fn anchors(&self) -> Vec<AccessLogAnchor> {
			let anchor = |day: &u32| {
				let head = self.index(*day)?.head;
				let root = H256(head.root());
				Some(AccessLogAnchor { day: *day, root, entries: head.entries })
			};
			self.days.keys().filter_map(anchor).collect()
		}

		fn forge(&self, day: u32, lines: &mut Vec<String>) {
			let Some((_, index, forgery)) = self.forged.filter(|forged| forged.0 == day) else {
				return;
			};
			match forgery {
				Forgery::Drop => drop(lines.remove(index)),
				Forgery::Change => lines[index] = lines[index].replace("Owner", "Grant"),
				Forgery::Swap => lines.swap(index, index + 1),
			}
		}

		async fn audited(
			&self,
			anchors: &[AccessLogAnchor],
			scope: &Scope,
			days: RangeInclusive<u32>,
		) -> Result<Audited, AuditError> {
			audit(self, &STORE, anchors, scope, days, TODAY).await.map_err(
				|failure| match failure {
					AuditFailure::Forged(error) => error,
					other => panic!("{other}"),
				},
			)
		}
	}

	impl LogSource for Shown {
		async fn day(&self, day: u32) -> Result<Option<DayAnswer>, StoreError> {
			Ok(self.index(day).map(|index| DayAnswer { head: index.head, closed: true }))
		}

		async fn group(
			&self,
			day: u32,
			subject: &Subject,
		) -> Result<Option<GroupAnswer>, StoreError> {
			let Some(index) = self.index(day) else { return Ok(None) };
			let trees = DayTrees::new(index).unwrap();
			let (group, path) = trees.prove(subject);
			let is_own = |line: &&String| subject.has(&Entry::parse(line).unwrap());
			let mut lines: Vec<_> = self.days[&day].iter().filter(is_own).cloned().collect();
			self.forge(day, &mut lines);
			let head = *trees.head();
			Ok(Some(GroupAnswer { head, closed: true, group, path, lines }))
		}

		async fn lines(&self, day: u32) -> Result<Option<LinesAnswer>, StoreError> {
			let Some(index) = self.index(day) else { return Ok(None) };
			let mut lines = self.days[&day].clone();
			self.forge(day, &mut lines);
			Ok(Some(LinesAnswer { head: index.head, closed: true, lines }))
		}
	}

	#[tokio::test]
	async fn what_was_read_between_two_days_is_shown_with_proof() {
		let shown = Shown::new(&[(DAY, 4), (DAY + 1, 4), (DAY + 4, 6), (DAY + 5, 2)]);
		let mut anchors = shown.anchors();
		anchors.pop();
		let count = async |days: RangeInclusive<u32>| {
			shown.audited(&anchors, &SCOPE, days).await.unwrap().entries.len()
		};
		assert_eq!(count(DAY..=DAY + 5).await, 8);
		assert_eq!(count(DAY + 1..=DAY + 3).await, 2);
		assert_eq!(count(DAY + 2..=DAY + 3).await, 0);
		assert_eq!(count(DAY - 9..=DAY - 1).await, 0);
		let all = shown.audited(&anchors, &SCOPE, DAY..=DAY + 9).await.unwrap().entries;
		assert_eq!(all.iter().filter(|entry| !entry.anchored).count(), 1);
		let few = shown.audited(&anchors[..1], &SCOPE, DAY + 4..=DAY + 5).await.unwrap().entries;
		assert_eq!(few.iter().filter(|entry| !entry.anchored).count(), 4);
		let none = shown.audited(&[], &SCOPE, DAY + 1..=DAY + 5).await.unwrap().entries;
		assert_eq!(none.len(), 6);
		let all = shown.audited(&anchors, &Scope::All, DAY..=DAY + 9).await.unwrap();
		assert_eq!(all.entries.len(), 16);
	}

	#[tokio::test]
	async fn each_forgery_has_its_own_message() {
		let honest = Shown::new(&[(DAY, 8), (DAY + 1, 8), (DAY + 3, 8)]);
		let anchors = honest.anchors();
		let audited = async |shown: &Shown| {
			shown.audited(&anchors, &SCOPE, DAY + 1..=DAY + 1).await.unwrap_err()
		};
		let with =
			|index, forgery| Shown { forged: Some((DAY + 1, index, forgery)), ..honest.clone() };
		let dropped = AuditError::Dropped { expected: 4, found: 3 };
		assert_eq!(audited(&with(2, Forgery::Drop)).await, dropped);
		assert_eq!(audited(&with(3, Forgery::Drop)).await, dropped);
		assert_eq!(audited(&with(1, Forgery::Change)).await, AuditError::Changed);
		assert_eq!(audited(&with(1, Forgery::Swap)).await, AuditError::Reordered(10));

		// A day that was made anew has another root.
		let mut other = honest.clone();
		let line = other.days.get_mut(&(DAY + 1)).unwrap().last_mut().unwrap();
		*line = line.replace("Owner", "Grant");
		assert_eq!(audited(&other).await, AuditError::OtherRoot(DAY + 1));
		let mut missing = honest.clone();
		missing.days.remove(&(DAY + 1));
		assert_eq!(audited(&missing).await, AuditError::MissingDay(DAY + 1));
	}

	#[tokio::test]
	async fn lines_of_days_that_were_never_anchored_are_missed() {
		let honest = Shown::new(&[(DAY, 2), (DAY + 1, 2), (DAY + 2, 2)]);
		let mut anchors = honest.anchors();
		// The store keeps a day to itself: it is neither anchored nor shown.
		anchors.remove(1);
		let mut hidden = honest.clone();
		hidden.days.remove(&(DAY + 1));
		let gap = AuditError::Gap(DAY + 2);
		for days in [DAY..=DAY + 2, DAY + 1..=DAY + 1] {
			assert_eq!(hidden.audited(&anchors, &SCOPE, days).await, Err(gap.clone()));
		}
		anchors.remove(0);
		let gap = AuditError::Gap(DAY + 2);
		assert_eq!(hidden.audited(&anchors, &SCOPE, DAY..=DAY + 2).await, Err(gap));
	}

	/// From when on nothing is proved, and whether it should be.
	async fn found(
		shown: &Shown,
		anchors: &[AccessLogAnchor],
		days: RangeInclusive<u32>,
	) -> (Option<u32>, bool) {
		let audited = shown.audited(anchors, &SCOPE, days.clone()).await.unwrap();
		(audited.unproved_from(&days, TODAY), audited.overdue)
	}

	#[tokio::test]
	async fn a_store_that_does_not_anchor_is_told_from_an_idle_one() {
		let shown = Shown::new(&[(DAY, 2), (DAY + 1, 2), (DAY + 5, 2), (TODAY, 2)]);
		let anchors = shown.anchors();
		// It was idle since: what is anchored is all that there is.
		assert_eq!(found(&shown, &anchors[..3], DAY..=TODAY).await, (Some(DAY + 6), false));
		assert_eq!(found(&shown, &anchors[..3], DAY..=DAY + 5).await, (None, false));
		// It stopped anchoring, which also shows when only days before are asked for.
		assert_eq!(found(&shown, &anchors[..2], DAY..=TODAY).await, (Some(DAY + 2), true));
		assert_eq!(found(&shown, &anchors[..2], DAY + 2..=DAY + 3).await, (Some(DAY + 2), true));
		// It never anchored.
		assert_eq!(found(&shown, &[], DAY..=TODAY).await, (Some(DAY), true));
		assert_eq!(found(&shown, &[], DAY + 6..=TODAY).await, (Some(DAY + 6), true));
		// It has only begun, or nothing is due.
		let young = Shown::new(&[(TODAY - 1, 2), (TODAY, 2)]);
		assert_eq!(found(&young, &[], DAY..=TODAY).await, (Some(DAY), false));
		assert_eq!(found(&young, &[], TODAY..=TODAY).await, (None, false));
		// An anchor of a day to come does not stand for the days before.
		let last = Shown::new(&[(DAY, 2), (DAY + 1, 2), (TODAY + 2, 2)]).anchors();
		assert_eq!(found(&shown, &last, DAY..=TODAY).await, (Some(DAY + 2), true));
	}

	#[tokio::test]
	async fn lines_that_are_hidden_behind_the_last_anchor_are_missed() {
		let honest = Shown::new(&[(DAY, 2), (DAY + 1, 2), (TODAY, 2)]);
		let mut hidden = honest.clone();
		hidden.days.remove(&(DAY + 1));
		let audited = hidden.audited(&honest.anchors()[..1], &SCOPE, DAY..=DAY + 2).await;
		assert_eq!(audited, Err(AuditError::Gap(TODAY)));
	}

	#[tokio::test]
	async fn another_store_and_too_many_days_are_refused() {
		let shown = Shown::new(&[(DAY, 2)]);
		let anchors = shown.anchors();
		let other = AccountId32([8; 32]);
		let failure = audit(&shown, &other, &anchors, &SCOPE, DAY..=DAY, TODAY).await.unwrap_err();
		assert!(matches!(failure, AuditFailure::Forged(AuditError::OtherHead)));
		let days = DAY..=DAY + MAX_DAYS;
		let failure = audit(&shown, &STORE, &anchors, &SCOPE, days, TODAY).await.unwrap_err();
		assert!(matches!(failure, AuditFailure::TooManyDays));
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(64))]

		#[test]
		fn no_forged_line_is_believed(
			entries in proptest::collection::vec(2u32..8, 1..5), day: proptest::sample::Index,
			line: proptest::sample::Index, kind in 0u8..3, all: bool,
		) {
			let days: Vec<_> = (DAY..).zip(entries).collect();
			let honest = Shown::new(&days);
			let anchors = honest.anchors();
			let scope = if all { Scope::All } else { SCOPE };
			let (last, forged) = (days[days.len() - 1].0, day.get(&days).0);
			let is_shown = |line: &&String| all || SUBJECT.has(&Entry::parse(line).unwrap());
			let shown = honest.days[&forged].iter().filter(is_shown).count();
			let (index, forgery) = match kind {
				0 => (line.index(shown), Forgery::Drop),
				1 => (line.index(shown), Forgery::Change),
				_ if shown < 2 => return Ok(()),
				_ => (line.index(shown - 1), Forgery::Swap),
			};
			let forger = Shown { forged: Some((forged, index, forgery)), ..honest.clone() };
			let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
			runtime.block_on(async {
				let whole = honest.audited(&anchors, &scope, DAY..=last).await;
				assert!(whole.is_ok());
				assert!(forger.audited(&anchors, &scope, DAY..=last).await.is_err());
			});
		}
	}
}
