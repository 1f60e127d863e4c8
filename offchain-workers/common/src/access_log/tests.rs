use super::*;
use crate::{chain::AccessLogAnchor, AccountId32, H256};
use proptest::prelude::*;

const STORE: AccountId32 = AccountId32([9; 32]);
const DAY: u32 = 20_783;

fn entry(number: u64, dataset: u8, account: u8, previous: H256) -> Entry {
	Entry {
		number,
		time: start_of(DAY) + number,
		account: AccountId32([account; 32]),
		dataset: H256([dataset; 32]),
		operation: Operation::Read { from: 0, to: 1 },
		purpose: None,
		outcome: Outcome::Served("Grant".into()),
		block: 7,
		previous,
	}
}

/// The lines of a day that begins the log: each about a data set by an account.
fn log(requests: &[(u8, u8)]) -> Vec<String> {
	let mut previous = H256([0; 32]);
	let line = |(number, (dataset, account)): (u64, &(u8, u8))| {
		let line = entry(number, *dataset, *account, previous).line();
		previous = H256(line_hash(&line));
		line
	};
	(0..).zip(requests).map(line).collect()
}

fn index(lines: &[String]) -> DayIndex {
	let mut indexer = DayIndexer::new(STORE, DAY);
	for line in lines {
		indexer.push(line).unwrap();
	}
	indexer.finish().unwrap()
}

fn anchor(head: &DayHead) -> AccessLogAnchor {
	AccessLogAnchor { day: head.day, root: H256(head.root()), entries: head.entries }
}

fn of(lines: &[String], subject: &Subject) -> Vec<String> {
	lines.iter().filter(|line| subject.has(&Entry::parse(line).unwrap())).cloned().collect()
}

const SUBJECT: Subject = Subject::Dataset(H256([1; 32]));

/// What an honest store shows of [`SUBJECT`], with `forge` applied to the lines.
fn shown(forge: impl FnOnce(&mut Vec<String>)) -> Result<Vec<Entry>, AuditError> {
	let lines = log(&[(1, 1), (1, 2), (2, 1), (1, 3), (1, 1), (2, 2)]);
	let trees = DayTrees::new(index(&lines)).unwrap();
	let (group, path) = trees.prove(&SUBJECT);
	let mut shown = of(&lines, &SUBJECT);
	forge(&mut shown);
	trees.head().verify_group(&SUBJECT, group.as_ref(), &path, &shown)
}

#[test]
fn days_have_names() {
	assert_eq!(day_name(DAY).as_deref(), Some("2026-11-26"));
	assert_eq!(parse_day("2026-11-26"), Some(DAY));
	assert_eq!(day_of(start_of(DAY)), DAY);
	assert_eq!(day_of(start_of(DAY) - 1), DAY - 1);
	for text in ["", "2026-11-31", "1969-12-31", "2026-11-26T10:00", "20261126"] {
		assert_eq!(parse_day(text), None, "{text}");
	}
	assert_eq!(day_name(u32::MAX), None);
}

#[test]
fn a_line_is_read_as_it_was_written() {
	let mut entry = entry(3, 1, 2, H256([4; 32]));
	for operation in [
		Operation::Describe,
		Operation::List { from: 1, to: u32::MAX },
		Operation::ReadKey { recipient: AccountId32([5; 32]) },
		Operation::Audit,
	] {
		entry.operation = operation;
		entry.purpose = Some("public-benefit".into());
		entry.outcome = Outcome::Refused("NoGrant".into());
		assert_eq!(Entry::parse(&entry.line()), Ok(entry.clone()));
		assert!(entry.line().len() <= MAX_LINE_LENGTH && !entry.line().contains('\n'));
	}
}

#[test]
fn what_is_whole_is_believed() {
	let entries = shown(|_| ()).unwrap();
	assert_eq!(entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [0, 1, 3, 4]);
}

#[test]
fn a_changed_line_is_found() {
	let change = |line: &mut String| *line = line.replace("\"block\":7", "\"block\":8");
	// Where the next line is shown too, it names another hash.
	assert_eq!(shown(|lines| change(&mut lines[0])), Err(AuditError::Broken(1)));
	assert_eq!(shown(|lines| change(&mut lines[1])), Err(AuditError::Changed));
	assert_eq!(shown(|lines| change(&mut lines[3])), Err(AuditError::Changed));
	assert_eq!(shown(|lines| lines[2].push('}')), Err(AuditError::Malformed));
}

#[test]
fn a_dropped_line_is_found() {
	for at in 0..4 {
		let dropped = AuditError::Dropped { expected: 4, found: 3 };
		assert_eq!(shown(|lines| drop(lines.remove(at))), Err(dropped));
	}
	let lines = log(&[(1, 1), (2, 1)]);
	let trees = DayTrees::new(index(&lines)).unwrap();
	let (_, path) = trees.prove(&SUBJECT);
	assert_eq!(trees.head().verify_group(&SUBJECT, None, &path, &[]), Err(AuditError::WrongProof));
}

#[test]
fn reordered_lines_are_found() {
	assert_eq!(shown(|lines| lines.swap(1, 2)), Err(AuditError::Reordered(1)));
}

#[test]
fn a_line_of_somebody_else_is_found() {
	let put_in = |lines: &mut Vec<String>| lines[2] = entry(2, 2, 1, H256([0; 32])).line();
	assert_eq!(shown(put_in), Err(AuditError::Foreign(2)));
}

#[test]
fn that_there_is_no_line_is_proved() {
	let lines = log(&[(1, 1), (2, 1)]);
	let trees = DayTrees::new(index(&lines)).unwrap();
	for subject in [Subject::Dataset(H256([3; 32])), Subject::Account(AccountId32([2; 32]))] {
		let (group, path) = trees.prove(&subject);
		assert_eq!(group, None);
		assert_eq!(trees.head().verify_group(&subject, None, &path, &[]), Ok(vec![]));
	}
}

#[test]
fn the_whole_log_of_a_day_is_checked() {
	let lines = log(&[(1, 1), (2, 2), (1, 3)]);
	let head = index(&lines).head;
	assert_eq!(head.verify_all(&lines).unwrap().len(), 3);
	let forged = |forge: &dyn Fn(&mut Vec<String>)| {
		let mut lines = lines.clone();
		forge(&mut lines);
		head.verify_all(&lines).unwrap_err()
	};
	let dropped = AuditError::Dropped { expected: 3, found: 2 };
	assert_eq!(forged(&|lines| drop(lines.remove(1))), dropped);
	assert_eq!(forged(&|lines| lines.swap(0, 1)), AuditError::Broken(0));
	let change = |line: &mut String| *line = line.replace("\"block\":7", "\"block\":8");
	assert_eq!(forged(&|lines| change(&mut lines[1])), AuditError::Broken(2));
	assert_eq!(forged(&|lines| change(&mut lines[2])), AuditError::Changed);
}

#[test]
fn the_chain_has_the_root_or_the_log_was_forged() {
	let head = index(&log(&[(1, 1), (2, 2)])).head;
	assert_eq!(verify_root(&head, &anchor(&head)), Ok(()));
	let other = index(&log(&[(1, 1)])).head;
	assert_eq!(verify_root(&other, &anchor(&head)), Err(AuditError::OtherRoot(DAY)));
	let yesterday = AccessLogAnchor { day: DAY - 1, ..anchor(&head) };
	assert_eq!(verify_root(&head, &yesterday), Err(AuditError::OtherHead));
}

#[test]
fn days_follow_one_another_without_a_gap() {
	let first = index(&log(&[(1, 1), (2, 2)])).head;
	let second = DayHead { day: DAY + 3, first: 2, previous: first.last, ..first };
	assert_eq!(verify_links(&[first, second], true), Ok(()));
	assert_eq!(verify_links(&[second], false), Ok(()));
	assert_eq!(verify_links(&[second], true), Err(AuditError::Gap(DAY + 3)));
	let later = DayHead { first: 3, ..second };
	assert_eq!(verify_links(&[first, later], true), Err(AuditError::Gap(DAY + 3)));
	let other = DayHead { previous: H256([8; 32]), ..second };
	assert_eq!(verify_links(&[first, other], true), Err(AuditError::Gap(DAY + 3)));
}

proptest! {
	#[test]
	fn everybody_is_shown_exactly_the_own_lines(
		requests in proptest::collection::vec((0u8..4, 0u8..4), 1..30), key in 0u8..5, by_account: bool,
		forged: proptest::sample::Index, drops: bool,
	) {
		let lines = log(&requests);
		let trees = DayTrees::new(index(&lines)).unwrap();
		let subject = match by_account {
			true => Subject::Account(AccountId32([key; 32])),
			false => Subject::Dataset(H256([key; 32])),
		};
		let (group, path) = trees.prove(&subject);
		let own = of(&lines, &subject);
		let verify = |lines: &[String]| {
			trees.head().verify_group(&subject, group.as_ref(), &path, lines)
		};
		prop_assert_eq!(verify(&own).unwrap().len(), own.len());
		prop_assert_eq!(trees.head().verify_all(&lines).unwrap().len(), lines.len());
		if own.is_empty() {
			return Ok(());
		}
		let mut fewer = own.clone();
		let at = forged.index(own.len());
		if drops {
			fewer.remove(at);
		} else {
			fewer[at] = fewer[at].replace("Grant", "Owner");
		}
		prop_assert!(verify(&fewer).is_err());
	}

	#[test]
	fn arbitrary_lines_are_refused_without_panic(line in ".{0,300}") {
		prop_assert!(Entry::parse(&line).is_err());
		prop_assert!(DayIndexer::new(STORE, DAY).push(&line).is_err());
	}
}
