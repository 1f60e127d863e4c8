//! What is particular to PostgreSQL with objects.

use super::{
	servers::{is_root, Postgres},
	*,
};
use crate::scrub::scrub;
use std::{
	fs,
	process::Command,
	sync::atomic::{AtomicBool, AtomicU32, Ordering},
	time::{Duration, Instant},
};

#[test]
fn two_processes_never_write_at_the_same_time() {
	let place = CityPlace::with_folder();
	let store = place.open();
	put(&store, &frame(0, 1), 0).unwrap();
	let second = Store::connect(&place.settings, RUNTIME.handle().clone());
	assert_eq!(second.err(), Some(StoreFault::InUse));
	let reader = Store::connect_to_read(&place.settings, RUNTIME.handle().clone()).unwrap();
	assert_eq!(read(&reader, 0), Some(frame(0, 1)));
	drop(store);
	place.open();
}

#[test]
fn what_another_program_made_is_left_alone() {
	let place = CityPlace::with_folder();
	drop(place.open());
	place.execute("update companion_db.format set version = 2");
	let opened = Store::connect(&place.settings, RUNTIME.handle().clone());
	let Some(StoreFault::Configuration(reason)) = opened.err() else {
		panic!("another format is refused");
	};
	assert!(reason.contains("format 2"), "{reason}");
}

#[test]
fn a_wrong_password_is_told_at_the_start() {
	let mut place = CityPlace::with_folder();
	let directory = tempfile::tempdir().unwrap();
	let file = directory.path().join("password");
	msec_worker_common::keys::write_secret(&file, b"wrong").unwrap();
	place.settings.postgres_password_file = Some(file);
	let fault = Store::connect(&place.settings, RUNTIME.handle().clone()).err().unwrap();
	assert!(fault.to_string().contains("password authentication failed"), "{fault}");
}

/// Says at its end that something has ended.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
	fn drop(&mut self) {
		self.0.store(true, Ordering::SeqCst);
	}
}

/// Fault: PostgreSQL crashes and recovers, or is stopped and started again, while uploads go on
/// Promise: uploads that cannot be completed are answered with 503; what was acknowledged is there,
/// nothing by halves, and nothing stays that nobody sees
#[test]
fn a_crash_of_postgresql_loses_nothing() {
	let postgres = Postgres::start();
	let place = CityPlace::on(&postgres);
	let store = place.open();
	let (ended, acknowledged) = (AtomicBool::new(false), AtomicU32::new(0));
	thread::scope(|scope| {
		// The uploads end when this test fails, too.
		let _ending = Ending(&ended);
		scope.spawn(|| {
			while !ended.load(Ordering::SeqCst) {
				let batch = acknowledged.load(Ordering::SeqCst) * 2;
				if upload_two(&store, batch) {
					acknowledged.fetch_add(1, Ordering::SeqCst);
				}
			}
		});
		for crash in 0..repetitions(4, 30) {
			let before = acknowledged.load(Ordering::SeqCst);
			wait_until(|| acknowledged.load(Ordering::SeqCst) > before + 5);
			if crash % 2 == 0 {
				postgres.crash();
			} else {
				postgres.restart();
			}
		}
		let before = acknowledged.load(Ordering::SeqCst);
		wait_until(|| acknowledged.load(Ordering::SeqCst) > before + 5);
	});
	drop(store);

	let store = place.open();
	let expected = acknowledged.load(Ordering::SeqCst) * 2;
	let bytes = u64::from(expected) * frame(0, 1).bytes().len() as u64;
	assert_eq!(store.totals(&DATASET).unwrap(), Totals { batches: expected.into(), bytes });
	assert_eq!(segments_kept(&store), expected as usize);
	for batch in 0..expected {
		assert_eq!(read(&store, batch), Some(frame(batch, 1)));
	}
}

/// Fault: an object cannot be removed while its data set is erased
/// Promise: the erasure fails and nothing is certified, and the next attempt removes the object
#[test]
fn an_erasure_waits_for_its_objects() {
	let place = CityPlace::with_folder();
	let store = place.open();
	put(&store, &frame(0, 1), 0).unwrap();
	let folder = tempfile::tempdir().unwrap();
	let key = Arc::new(AccountKey::from_seed(&[5; 32]));
	let erasures = Erasures::open(folder.path(), store.clone(), [3; 32], Some(key)).unwrap();
	let object = only_object(&place.files().join("frames"));
	let aside = folder.path().join("object");
	fs::rename(&object, &aside).unwrap();
	// A folder is nothing that can be removed as a file.
	fs::create_dir(&object).unwrap();
	erasures.destroy(&DATASET, 77).unwrap_err();
	assert!(erasures.to_be_anchored().unwrap().is_empty());
	assert_eq!(erasures.interrupted().unwrap(), [DATASET]);

	fs::remove_dir(&object).unwrap();
	fs::rename(&aside, &object).unwrap();
	erasures.destroy(&DATASET, 77).unwrap();
	assert_eq!(segments_kept(&store), 0);
	assert_eq!(erasures.to_be_anchored().unwrap().len(), 1);
}

/// The file below a folder in which there is one only.
fn only_object(folder: &Path) -> PathBuf {
	let paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
	let [path] = &paths[..] else { panic!("{paths:?}") };
	if path.is_dir() {
		only_object(path)
	} else {
		path.clone()
	}
}

/// Says to the process with a small disk where its store is.
const SMALL_PLACE: &str = "MSEC_TEST_SMALL_PLACE";
/// Mounts a small disk where the objects are, and runs this program on.
const WITH_SMALL_DISK: &str = r#"mount -t tmpfs -o size=2m tmpfs "$1" && shift && exec "$@""#;

/// Fault: the file system under the objects is full (2 MiB, in a mount namespace of its own)
/// Promise: the upload is refused with 507, nothing of it is there, what is there can be read, and
/// writing goes on when there is room
#[test]
fn a_full_disk_under_the_objects_stores_nothing_by_halves() {
	if let Ok(place) = std::env::var(SMALL_PLACE) {
		return fill_the_disk_and_go_on(&place);
	}
	let place = CityPlace::with_folder();
	let mut command = Command::new("unshare");
	if !is_root() {
		command.args(["--user", "--map-root-user"]);
	}
	let output = command
		.args(["--mount", "sh", "-c", WITH_SMALL_DISK, "sh"])
		.arg(place.files())
		.arg(std::env::current_exe().unwrap())
		.args([
			"store::tests::city::a_full_disk_under_the_objects_stores_nothing_by_halves",
			"--exact",
			"--nocapture",
		])
		.env(SMALL_PLACE, place.described().join("\n"))
		.output()
		.unwrap();
	let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
	assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

fn fill_the_disk_and_go_on(place: &str) {
	let store = open_described(place).unwrap();
	put(&store, &frame(0, 1), 0).unwrap();
	let (full, fault) = (1..2_000)
		.find_map(|batch| put(&store, &frame(batch, 1), 0).err().map(|fault| (batch, fault)))
		.unwrap();
	assert_eq!(fault, StoreFault::Full);
	assert_eq!(read(&store, full), None);
	assert_eq!(read(&store, full - 1), Some(frame(full - 1, 1)));
	assert_eq!(scrub(&store, |_| ()).unwrap().damaged, 0);
	drop(store);

	let store = open_described(place).unwrap();
	assert_eq!(segments_kept(&store), full as usize);
	store.erase(&DATASET).unwrap();
	put(&store, &frame(full, 2), 0).unwrap();
	assert_eq!(read(&store, full), Some(frame(full, 2)));
}

/// Whether two batches were acknowledged; both are visible then, else both or none.
fn upload_two(store: &Store, batch: u32) -> bool {
	let staged = [batch, batch + 1].map(|batch| store.stage(&frame(batch, 1)));
	let [Ok(first), Ok(second)] = staged else {
		return false;
	};
	match store.publish(&DATASET, &[first, second], 0, u64::MAX) {
		Ok(_) => true,
		Err(fault) => {
			assert!(matches!(fault, StoreFault::Unreachable(_)), "{fault}");
			// What cannot be removed now is removed at the next start.
			let _ = store.discard(&[first, second]);
			false
		},
	}
}

fn wait_until(is_so: impl Fn() -> bool) {
	let deadline = Instant::now() + Duration::from_secs(60);
	while !is_so() {
		assert!(Instant::now() < deadline);
		thread::sleep(Duration::from_millis(5));
	}
}
