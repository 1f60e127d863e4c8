//! Processes that are killed at random moments while they write.

use super::{servers::Postgres, *};
use crate::scrub::scrub;
use rand::Rng;
use std::{
	io::{BufRead, BufReader, Write},
	process::{Child, Command, Stdio},
	sync::atomic::{AtomicU32, Ordering},
	time::{Duration, Instant},
};

/// Says to the process that is to be killed where its store is, a line for each part.
const PLACE: &str = "MSEC_TEST_UPLOAD_TO";
/// Says to it with which upload to begin.
const FIRST: &str = "MSEC_TEST_UPLOAD_FROM";
/// Stands before the number of an upload that was acknowledged.
const ACKNOWLEDGED: &str = "acknowledged ";
/// Batches in each upload.
const BATCHES: u32 = 2;
const UPLOADERS: usize = 3;
/// Longest time from a start to a kill.
const MOST: Duration = Duration::from_millis(400);
const PATIENCE: Duration = Duration::from_secs(60);
/// More batches than are ever there.
const ALL: usize = 1_000_000;

/// The process that is killed: this test itself, started with a place. Otherwise it does nothing.
#[test]
fn upload_until_killed() {
	let Ok(place) = std::env::var(PLACE) else { return };
	let store = patiently(|| open_described(&place));
	let next = AtomicU32::new(std::env::var(FIRST).unwrap().parse().unwrap());
	thread::scope(|scope| {
		for _ in 0..UPLOADERS {
			scope.spawn(|| loop {
				let upload = next.fetch_add(1, Ordering::SeqCst);
				let staged: Vec<_> =
					frames(upload).iter().map(|frame| store.stage(frame).unwrap()).collect();
				store.publish(&DATASET, &staged, 0, u64::MAX).unwrap();
				writeln!(std::io::stdout(), "{ACKNOWLEDGED}{upload}").unwrap();
			});
		}
	});
}

/// PostgreSQL takes a moment to notice that a process is gone.
fn patiently(open: impl Fn() -> Result<Store, StoreFault>) -> Store {
	let deadline = Instant::now() + PATIENCE;
	loop {
		match open() {
			Ok(store) => return store,
			Err(StoreFault::InUse) if Instant::now() < deadline => {
				thread::sleep(Duration::from_millis(20));
			},
			Err(fault) => panic!("{fault}"),
		}
	}
}

/// What is uploaded together.
fn frames(upload: u32) -> Vec<Frame> {
	(0..BATCHES).map(|batch| frame(upload * BATCHES + batch, upload as u8)).collect()
}

fn start(place: &[String], first: u32) -> Child {
	Command::new(std::env::current_exe().unwrap())
		.args(["store::tests::kills::upload_until_killed", "--exact", "--nocapture"])
		.env(PLACE, place.join("\n"))
		.env(FIRST, first.to_string())
		.stdin(Stdio::null())
		.stdout(Stdio::piped())
		.stderr(Stdio::null())
		.spawn()
		.unwrap()
}

/// Starts uploads and kills the process at a random moment; the uploads that were acknowledged.
fn upload_and_kill(place: &[String], first: u32) -> Vec<u32> {
	let mut child = start(place, first);
	let output = BufReader::new(child.stdout.take().unwrap());
	thread::scope(|scope| {
		let reader = scope.spawn(move || {
			let lines = output.lines().map_while(Result::ok);
			// The test harness may have begun the line.
			lines
				.filter_map(|line| line.split_once(ACKNOWLEDGED)?.1.parse().ok())
				.collect::<Vec<u32>>()
		});
		thread::sleep(rand::rng().random_range(Duration::ZERO..MOST));
		child.kill().unwrap();
		child.wait().unwrap();
		reader.join().unwrap()
	})
}

/// Compares what is there from upload `first` on with what was acknowledged; the next upload.
fn check(store: &Store, first: u32, acknowledged: &[u32]) -> u32 {
	let stored = store.list(&DATASET, first * BATCHES, u32::MAX, ALL).unwrap();
	let present: BTreeMap<u32, usize> =
		stored.iter().fold(BTreeMap::new(), |mut present, batch| {
			*present.entry(batch.batch / BATCHES).or_default() += 1;
			present
		});
	for (upload, batches) in &present {
		assert_eq!(*batches, BATCHES as usize, "upload {upload} is there by halves");
		for expected in frames(*upload) {
			assert_eq!(read(store, expected.batch()), Some(expected));
		}
	}
	for upload in acknowledged {
		assert!(present.contains_key(upload), "upload {upload} was acknowledged and is lost");
	}
	present.keys().last().map_or(first, |last| last + 1)
}

fn survive(place: &dyn Place, kills: u32) {
	let (mut next, mut uploads) = (0, 0);
	for kill in 0..kills {
		let acknowledged = upload_and_kill(&place.described(), next);
		uploads += acknowledged.len();
		let store = patiently(|| place.try_open());
		next = check(&store, next, &acknowledged);
		let totals = store.totals(&DATASET).unwrap();
		assert_eq!(segments_kept(&store) as u64, totals.batches, "after kill {kill}");
	}
	// However slow the machine is, some kills come late enough.
	while uploads == 0 {
		uploads += upload_and_kill(&place.described(), next).len();
	}
	let report = scrub(&patiently(|| place.try_open()), |_| ()).unwrap();
	assert_eq!(report.damaged, 0, "{:?}", report.damage);
}

/// Fault: a process with a redb file is killed with SIGKILL at random moments while it writes
/// Promise: whatever was acknowledged is there; an upload is there whole or not at all; nothing is
/// left over that nobody sees
#[test]
fn a_redb_file_survives_kills_at_random_moments() {
	survive(&Directory::new(), repetitions(5, 200));
}

/// Fault: a process with PostgreSQL and objects is killed with SIGKILL at random moments while it
/// writes
/// Promise: whatever was acknowledged is there; an upload is there whole or not at all; nothing is
/// left over that nobody sees
#[test]
fn postgresql_and_objects_survive_kills_at_random_moments() {
	let postgres = Postgres::start();
	survive(&CityPlace::on(&postgres), repetitions(5, 200));
}
