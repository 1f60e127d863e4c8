use super::*;
use msec_worker_common::access_log::{day_name, start_of, verify_links, Entry};
use proptest::prelude::*;
use std::{
	fs,
	sync::atomic::{AtomicU64, Ordering},
};
use tempfile::TempDir;

const STORE: AccountId32 = AccountId32([9; 32]);
const DAY: u32 = 20_783;

fn decided(dataset: u8, account: u8) -> Decided {
	Decided {
		account: AccountId32([account; 32]),
		dataset: [dataset; 32],
		operation: Operation::Read { from: 0, to: 1 },
		purpose: None,
		outcome: Outcome::Served("Grant".to_owned()),
		block: 7,
	}
}

/// A folder with a log, and a clock to turn.
struct Fixture {
	directory: TempDir,
	time: Arc<AtomicU64>,
}

impl Fixture {
	fn new() -> Self {
		let directory = tempfile::tempdir().unwrap();
		Self { directory, time: Arc::new(AtomicU64::new(start_of(DAY))) }
	}

	fn open(&self) -> Result<AccessLog, LogFault> {
		let time = self.time.clone();
		let clock: Clock = Arc::new(move || time.load(Ordering::SeqCst));
		AccessLog::with_clock(self.directory.path(), STORE, clock)
	}

	fn turn_to(&self, time: u64) {
		self.time.store(time, Ordering::SeqCst);
	}

	fn file(&self, day: u32, kind: &str) -> PathBuf {
		self.directory.path().join(format!("{}.{kind}", day_name(day).unwrap()))
	}
}

async fn all(log: &AccessLog, day: u32) -> Vec<Entry> {
	let lines = log.lines(day, u32::MAX, None, 0, u32::MAX).await.unwrap();
	lines.iter().map(|line| Entry::parse(line).unwrap()).collect()
}

/// Checks a whole day.
async fn verify(log: &AccessLog, day: u32) -> Vec<Entry> {
	let (trees, _) = log.day(day, None).await.unwrap().unwrap();
	let lines = log.lines(day, u32::MAX, None, 0, u32::MAX).await.unwrap();
	trees.head().verify_all(&lines).unwrap()
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart_and_the_chain_goes_on() {
	let fixture = Fixture::new();
	for number in 0..3 {
		let log = fixture.open().unwrap();
		assert_eq!(log.append(decided(1, 2)).await.unwrap(), 2 * number);
		assert_eq!(log.append(decided(2, 1)).await.unwrap(), 2 * number + 1);
	}
	let log = fixture.open().unwrap();
	assert_eq!(verify(&log, DAY).await.len(), 6);
	assert_eq!(all(&log, DAY).await[0].previous.0, [0; 32]);
}

#[tokio::test]
async fn many_at_once_are_written_in_one_order() {
	let fixture = Fixture::new();
	let log = fixture.open().unwrap();
	let writes = (0..1_000u32).map(|number| {
		let log = log.clone();
		tokio::spawn(async move { log.append(decided(number as u8, 1)).await.unwrap() })
	});
	let mut numbers = Vec::new();
	for write in writes.collect::<Vec<_>>() {
		numbers.push(write.await.unwrap());
	}
	numbers.sort_unstable();
	assert_eq!(numbers, (0..1_000).collect::<Vec<_>>());
	assert_eq!(verify(&log, DAY).await.len(), 1_000);
}

/// The folder as a kill leaves it while a line is on its way to the disk.
/// Fault: a crash leaves the last line of the access log half written
/// Promise: it is cut off and kept aside at the next start, and the chain of hashes goes on; nobody
/// was answered yet
#[tokio::test]
async fn a_torn_last_line_is_cut_and_kept_aside() {
	for torn in [&b"{\"number\":2,\"ti"[..], b"\0\0\0\0", b"{\"number\":2}\0\0\0\n{\"number\":3}\n"]
	{
		let fixture = Fixture::new();
		let log = fixture.open().unwrap();
		log.append(decided(1, 1)).await.unwrap();
		log.append(decided(1, 2)).await.unwrap();
		drop(log);
		let path = fixture.file(DAY, "log");
		let sound = fs::read(&path).unwrap();
		// What has a zero within it was never whole, from its first line with one on.
		fs::write(&path, [&sound, torn].concat()).unwrap();
		let log = fixture.open().unwrap();
		assert_eq!(fs::read(&path).unwrap(), sound);
		assert_eq!(fs::read(fixture.file(DAY, "torn")).unwrap(), torn);
		assert_eq!(log.append(decided(1, 3)).await.unwrap(), 2);
		assert_eq!(verify(&log, DAY).await.len(), 3);
	}
}

/// Fault: somebody changes the access log
/// Promise: the store does not start, says which file it is, and leaves it as it is
#[tokio::test]
async fn a_log_that_was_changed_is_not_opened_and_not_rewritten() {
	let fixture = Fixture::new();
	let log = fixture.open().unwrap();
	for account in 0..4 {
		log.append(decided(1, account)).await.unwrap();
	}
	drop(log);
	let path = fixture.file(DAY, "log");
	let sound = fs::read_to_string(&path).unwrap();
	let lines: Vec<&str> = sound.split_inclusive('\n').collect();
	let forgeries = [
		sound.replacen("\"block\":7", "\"block\":8", 1),
		[lines[0], lines[2], lines[3]].concat(),
		[lines[0], lines[2], lines[1], lines[3]].concat(),
		format!("{sound}nonsense\n"),
	];
	for forged in forgeries {
		fs::write(&path, &forged).unwrap();
		let fault = fixture.open().err().unwrap();
		assert!(matches!(fault, LogFault::Damaged { .. }), "{fault}");
		assert_eq!(fs::read_to_string(&path).unwrap(), forged);
	}
	fs::write(&path, &sound).unwrap();
	assert_eq!(fixture.open().unwrap().append(decided(1, 1)).await.unwrap(), 4);
}

/// Fault: the clock of the store, which is simulated here, goes back by days
/// Promise: time in the access log does not go back, and a day that has ended gets no more lines
#[tokio::test]
async fn days_end_in_order_and_get_no_more_lines() {
	let fixture = Fixture::new();
	let log = fixture.open().unwrap();
	log.append(decided(1, 1)).await.unwrap();
	log.append(decided(2, 1)).await.unwrap();
	log.close_days().await.unwrap();
	assert!(log.closed_after(None).await.unwrap().is_empty());

	// Nobody asks for two days.
	fixture.turn_to(start_of(DAY + 3) + 5);
	log.append(decided(1, 2)).await.unwrap();
	log.close_days().await.unwrap();
	let closed = log.closed_after(None).await.unwrap();
	assert_eq!(closed.iter().map(|head| (head.day, head.entries)).collect::<Vec<_>>(), [(DAY, 2)]);

	// The clock goes back to a day that has ended.
	fixture.turn_to(start_of(DAY) + 7);
	log.append(decided(1, 3)).await.unwrap();
	drop(log);
	let log = fixture.open().unwrap();
	log.append(decided(1, 4)).await.unwrap();
	assert_eq!(verify(&log, DAY).await.len(), 2);
	assert_eq!(verify(&log, DAY + 3).await.len(), 3);

	fixture.turn_to(start_of(DAY + 4));
	log.close_days().await.unwrap();
	let closed = log.closed_after(None).await.unwrap();
	verify_links(&closed, true).unwrap();
	assert_eq!(closed.len(), 2);
	assert_eq!(log.closed_after(Some(DAY)).await.unwrap(), closed[1..]);
	let (trees, is_closed) = log.day(DAY + 3, None).await.unwrap().unwrap();
	assert!(is_closed && *trees.head() == closed[1]);
}

#[tokio::test]
async fn a_day_that_was_ended_stays_so_after_a_restart() {
	let fixture = Fixture::new();
	let log = fixture.open().unwrap();
	log.append(decided(1, 1)).await.unwrap();
	fixture.turn_to(start_of(DAY + 1));
	log.close_days().await.unwrap();
	drop(log);
	fixture.turn_to(start_of(DAY) + 1);
	let log = fixture.open().unwrap();
	log.append(decided(1, 1)).await.unwrap();
	assert_eq!(all(&log, DAY).await.len(), 1);
	assert_eq!(all(&log, DAY + 1).await.len(), 1);
}

#[tokio::test]
async fn everybody_is_proved_the_own_lines_of_a_day_or_its_beginning() {
	let fixture = Fixture::new();
	let log = fixture.open().unwrap();
	for (dataset, account) in [(1, 1), (2, 1), (1, 2), (1, 1), (2, 2)] {
		log.append(decided(dataset, account)).await.unwrap();
	}
	let subjects = [
		(Subject::Dataset(msec_worker_common::H256([1; 32])), 3),
		(Subject::Account(AccountId32([2; 32])), 2),
		(Subject::Account(AccountId32([3; 32])), 0),
	];
	let check = async |entries: Option<u32>, is_closed: bool| {
		let mut counts = Vec::new();
		for (subject, _) in &subjects {
			let (trees, closed) = log.day(DAY, entries).await.unwrap().unwrap();
			assert_eq!(closed, is_closed);
			let (group, path) = trees.prove(subject);
			let head = trees.head();
			let lines = log.lines(DAY, head.entries, Some(*subject), 0, 100).await.unwrap();
			let shown = head.verify_group(subject, group.as_ref(), &path, &lines).unwrap();
			counts.push(shown.len());
			let rest = log.lines(DAY, head.entries, Some(*subject), 1, 1).await.unwrap();
			assert_eq!(rest, lines.get(1..2).unwrap_or_default());
		}
		counts
	};
	let whole = subjects.map(|(_, count)| count);
	assert_eq!(check(None, false).await, whole);
	assert_eq!(check(Some(2), false).await, [1, 0, 0]);
	fixture.turn_to(start_of(DAY + 1));
	log.close_days().await.unwrap();
	assert_eq!(check(None, true).await, whole);
	assert_eq!(check(Some(2), true).await, [1, 0, 0]);
	assert!(log.day(DAY + 1, None).await.unwrap().is_none());
}

#[tokio::test]
async fn of_old_days_the_heads_stay_and_the_chain_goes_on() {
	let fixture = Fixture::new();
	let log = fixture.open().unwrap();
	for day in DAY..DAY + 4 {
		fixture.turn_to(start_of(day));
		log.append(decided(1, 1)).await.unwrap();
	}
	log.close_days().await.unwrap();
	let heads = log.closed_after(None).await.unwrap();
	assert_eq!(log.prune(DAY + 1).await.unwrap(), 1);
	assert_eq!(log.prune(DAY + 1).await.unwrap(), 0);
	assert!(log.is_pruned(DAY).await.unwrap());
	assert!(!fixture.file(DAY, "log").exists() && !log.is_pruned(DAY + 1).await.unwrap());
	assert_eq!(log.closed_after(None).await.unwrap(), heads);
	let (trees, closed) = log.day(DAY, None).await.unwrap().unwrap();
	assert!(closed && *trees.head() == heads[0]);
	drop(log);
	let log = fixture.open().unwrap();
	assert_eq!(log.append(decided(1, 1)).await.unwrap(), 4);
	// What goes on is never removed, however old it is.
	assert_eq!(log.prune(u32::MAX).await.unwrap(), 2);
	assert_eq!(verify(&log, DAY + 3).await.len(), 2);
	// After a long silence no line is left at all.
	fixture.turn_to(start_of(DAY + 30));
	log.close_days().await.unwrap();
	assert_eq!(log.prune(DAY + 25).await.unwrap(), 1);
	drop(log);
	let log = fixture.open().unwrap();
	assert_eq!(log.append(decided(1, 1)).await.unwrap(), 5);
	fixture.turn_to(start_of(DAY + 31));
	log.close_days().await.unwrap();
	verify_links(&log.closed_after(None).await.unwrap(), true).unwrap();
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	/// Whatever part of the last lines reaches the disk, all complete ones are there.
	#[test]
	fn a_log_that_is_cut_anywhere_keeps_its_complete_lines(lines in 1u8..8, kept in 0.0..1.0f64) {
		let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
		runtime.block_on(async {
			let fixture = Fixture::new();
			let log = fixture.open().unwrap();
			for account in 0..lines {
				log.append(decided(1, account)).await.unwrap();
			}
			drop(log);
			let path = fixture.file(DAY, "log");
			let whole = fs::read(&path).unwrap();
			let cut = &whole[..(whole.len() as f64 * kept) as usize];
			fs::write(&path, cut).unwrap();
			let complete = cut.iter().filter(|byte| **byte == b'\n').count();
			let log = fixture.open().unwrap();
			assert_eq!(log.append(decided(1, 1)).await.unwrap(), complete as u64);
			assert_eq!(verify(&log, DAY).await.len(), complete + 1);
		});
	}
}
