//! A signed record of every file that was made anonymous, to be published into a data set.
//!
//! The records of a run go to a file of their own in a folder: one line of JSON each, on the disk before
//! the output it names may be seen. While it grows the file ends in `.jsonl.part`; when the run ends, or
//! the file has [`MAX_RECORDS`] records or is [`MAX_AGE`] old, it takes its final name,
//! `provenance-TIME.jsonl`, and never changes again. `msec publish` knows files by their content, so
//! `msec publish DATASET FOLDER/*.jsonl` publishes every record once, however often it is called. What a
//! killed run left is repaired and takes its final name when the folder is opened next.
//!
//! Of an original, nothing is kept but its HMAC under a key that is made with the folder and must stay on
//! the device: who has the key and the original can prove where it went, and nobody else can look it up.

use crate::Settings;
use hmac::{Hmac, KeyInit, Mac};
use msec_worker_common::{
	keys::{read_secret, write_secret, AccountKey, KeyError},
	provenance::{Record, Statement},
};
use rand::RngCore;
use sha2::{Digest, Sha256};
use std::{
	fs::{self, DirBuilder, File, OpenOptions, TryLockError},
	io::{self, Read, Write},
	os::unix::fs::DirBuilderExt,
	path::{Path, PathBuf},
	sync::{Mutex, PoisonError},
	time::{SystemTime, UNIX_EPOCH},
};
use zeroize::Zeroizing;

/// Most records of a file.
pub const MAX_RECORDS: u32 = 1000;
/// Age in seconds from which a file gets no more records.
pub const MAX_AGE: u64 = 600;

/// Holds the HMAC key, in hexadecimal digits.
const ORIGINALS_KEY: &str = "originals.key";
const LOCK: &str = "lock";
const FINISHED: &str = ".jsonl";
const UNFINISHED: &str = ".jsonl.part";

/// Why provenance cannot be recorded. The output it was for must not be seen.
#[derive(Debug, thiserror::Error)]
pub enum ProvenanceError {
	/// A file of the folder fails.
	#[error("{}: {source}", .path.display())]
	Io {
		/// Which.
		path: PathBuf,
		/// What the system says.
		source: io::Error,
	},
	/// Another process records there.
	#[error("another process records provenance in {}; give each process its own folder", .0.display())]
	Busy(PathBuf),
	/// The key for originals cannot be made or read.
	#[error(transparent)]
	Key(#[from] KeyError),
	/// The key for originals has another form.
	#[error("{} is not a key of 64 hexadecimal digits; restore it from a backup, or record in a new folder", .0.display())]
	MalformedKey(PathBuf),
}

/// What is the same for every file of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
	/// Hash of the models; see [`models_sha256`].
	pub models_sha256: [u8; 32],
	/// Hash of the settings; see [`settings_sha256`].
	pub settings_sha256: [u8; 32],
	/// How things are hidden, as the settings name it.
	pub method: String,
}

/// SHA-256 of what `sha256sum` prints for the models in the order of their names: two spaces between
/// digest and name, a line each. `models` are names and digests in lower-case hexadecimal digits.
pub fn models_sha256<'a>(models: impl IntoIterator<Item = (&'a str, &'a str)>) -> [u8; 32] {
	let mut models: Vec<_> = models.into_iter().collect();
	models.sort_unstable();
	let line = |(name, sha256): (&str, &str)| format!("{sha256}  {name}\n");
	Sha256::digest(models.into_iter().map(line).collect::<String>()).into()
}

/// SHA-256 of the settings as JSON with an empty folder of models: where they lie decides nothing.
pub fn settings_sha256(settings: &Settings) -> [u8; 32] {
	let settings = Settings { models: PathBuf::new(), ..settings.clone() };
	let json = serde_json::to_vec(&settings).expect("settings have text keys only; qed");
	Sha256::digest(json).into()
}

/// Records what a run made. Threads share it.
pub struct Recorder {
	folder: PathBuf,
	device: AccountKey,
	process: Process,
	originals: Zeroizing<[u8; 32]>,
	journal: Mutex<Journal>,
	/// Locked as long as this lives.
	_lock: File,
}

impl Recorder {
	/// Opens `folder`, making it for its owner only when it is not there, and finishes what an earlier
	/// run left. `device` signs.
	pub fn open(
		folder: &Path,
		device: AccountKey,
		process: Process,
	) -> Result<Self, ProvenanceError> {
		DirBuilder::new()
			.recursive(true)
			.mode(0o700)
			.create(folder)
			.map_err(|source| fault(folder, source))?;
		let lock = lock(folder)?;
		let originals = originals_key(folder)?;
		finish_leftovers(folder)?;
		let (folder, journal) = (folder.to_owned(), Mutex::default());
		Ok(Self { folder, device, process, originals, journal, _lock: lock })
	}

	/// HMAC-SHA256 of an original, which is read in small pieces.
	pub fn original_hmac(&self, mut original: impl Read) -> io::Result<[u8; 32]> {
		let mut mac = Hmac::<Sha256>::new_from_slice(&*self.originals)
			.expect("HMAC takes a key of any length; qed");
		let mut buffer = [0; 16 * 1024];
		loop {
			match original.read(&mut buffer) {
				Ok(0) => return Ok(mac.finalize().into_bytes().into()),
				Ok(count) => mac.update(&buffer[..count]),
				Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
				Err(error) => return Err(error),
			}
		}
	}

	/// Signs and appends a record; it is on the disk when this returns. To be called before the output may
	/// be seen, so that there is no output without a record.
	pub fn record(
		&self,
		original_hmac: [u8; 32],
		output_sha256: [u8; 32],
	) -> Result<(), ProvenanceError> {
		let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
		self.record_at(time, original_hmac, output_sha256)
	}

	fn record_at(
		&self,
		time: u64,
		original_hmac: [u8; 32],
		output_sha256: [u8; 32],
	) -> Result<(), ProvenanceError> {
		let Process { models_sha256, settings_sha256, method } = self.process.clone();
		let statement = Statement {
			time,
			original_hmac,
			output_sha256,
			models_sha256,
			settings_sha256,
			method,
		};
		let record = statement.sign(&self.device);
		self.journal.lock().unwrap_or_else(PoisonError::into_inner).append(&self.folder, &record)
	}

	/// Gives the file of this run its final name. The next record begins another.
	pub fn finish(&self) -> Result<(), ProvenanceError> {
		self.journal.lock().unwrap_or_else(PoisonError::into_inner).finish()
	}
}

impl Drop for Recorder {
	fn drop(&mut self) {
		// What stays unfinished here is finished when the folder is opened next.
		let _ = self.finish();
	}
}

/// The file that grows, if there is one.
#[derive(Default)]
struct Journal(Option<Unfinished>);

struct Unfinished {
	path: PathBuf,
	file: File,
	length: u64,
	records: u32,
	begun: u64,
}

impl Journal {
	fn append(&mut self, folder: &Path, record: &Record) -> Result<(), ProvenanceError> {
		let time = record.statement.time;
		if self.0.as_ref().is_some_and(|file| file.is_full(time)) {
			self.finish()?;
		}
		let file = match &mut self.0 {
			Some(file) => file,
			None => self.0.insert(Unfinished::create(folder, record)?),
		};
		let mut line = serde_json::to_vec(record).expect("a record has text keys only; qed");
		line.push(b'\n');
		let appended = file.append(&line).map_err(|source| fault(&file.path, source));
		if appended.is_err() && file.file.set_len(file.length).is_err() {
			// It ends within a line, and is repaired when the folder is opened next.
			self.0 = None;
		}
		appended
	}

	fn finish(&mut self) -> Result<(), ProvenanceError> {
		match self.0.take() {
			Some(Unfinished { path, .. }) => give_final_name(&path),
			None => Ok(()),
		}
	}
}

impl Unfinished {
	/// A new file that is called after the time of its first record.
	fn create(folder: &Path, first: &Record) -> Result<Self, ProvenanceError> {
		let begun = first.statement.time;
		let time = first.statement.time_text().replace(['-', ':'], "");
		let mut name = format!("provenance-{time}");
		let mut number = 1;
		while folder.join(format!("{name}{FINISHED}")).exists() {
			number += 1;
			name = format!("provenance-{time}-{number}");
		}
		let path = folder.join(format!("{name}{UNFINISHED}"));
		let file = OpenOptions::new().append(true).create_new(true).open(&path);
		let file = file.map_err(|source| fault(&path, source))?;
		sync_folder(folder)?;
		Ok(Self { path, file, length: 0, records: 0, begun })
	}

	fn is_full(&self, now: u64) -> bool {
		self.records >= MAX_RECORDS || now.saturating_sub(self.begun) >= MAX_AGE
	}

	fn append(&mut self, line: &[u8]) -> io::Result<()> {
		self.file.write_all(line)?;
		self.file.sync_data()?;
		self.length += line.len() as u64;
		self.records += 1;
		Ok(())
	}
}

fn lock(folder: &Path) -> Result<File, ProvenanceError> {
	let path = folder.join(LOCK);
	let file = File::create(&path).map_err(|source| fault(&path, source))?;
	match file.try_lock() {
		Ok(()) => Ok(file),
		Err(TryLockError::WouldBlock) => Err(ProvenanceError::Busy(folder.to_owned())),
		Err(TryLockError::Error(source)) => Err(fault(&path, source)),
	}
}

/// Loads the key for originals, or makes it.
fn originals_key(folder: &Path) -> Result<Zeroizing<[u8; 32]>, ProvenanceError> {
	let path = folder.join(ORIGINALS_KEY);
	let mut key = Zeroizing::new([0; 32]);
	if !path.exists() {
		rand::rng().fill_bytes(&mut *key);
		write_secret(&path, Zeroizing::new(hex::encode(*key)).as_bytes())?;
	}
	let digits = read_secret(&path)?;
	hex::decode_to_slice(digits.trim_ascii(), &mut *key)
		.map_err(|_| ProvenanceError::MalformedKey(path))?;
	Ok(key)
}

/// Gives files that a killed run left their final names, without the line that was being written.
fn finish_leftovers(folder: &Path) -> Result<(), ProvenanceError> {
	for entry in fs::read_dir(folder).map_err(|source| fault(folder, source))? {
		let path = entry.map_err(|source| fault(folder, source))?.path();
		if !path.to_string_lossy().ends_with(UNFINISHED) {
			continue;
		}
		let content = fs::read(&path).map_err(|source| fault(&path, source))?;
		match length_of_records(&content) {
			0 => fs::remove_file(&path).map_err(|source| fault(&path, source))?,
			length => {
				truncate(&path, length).map_err(|source| fault(&path, source))?;
				give_final_name(&path)?;
			},
		}
	}
	Ok(())
}

/// How many bytes at the beginning are whole records.
fn length_of_records(content: &[u8]) -> usize {
	content
		.split_inclusive(|byte| *byte == b'\n')
		.take_while(|line| line.ends_with(b"\n") && serde_json::from_slice::<Record>(line).is_ok())
		.map(<[u8]>::len)
		.sum()
}

fn truncate(path: &Path, length: usize) -> io::Result<()> {
	let file = OpenOptions::new().write(true).open(path)?;
	file.set_len(length as u64)?;
	file.sync_all()
}

fn give_final_name(path: &Path) -> Result<(), ProvenanceError> {
	fs::rename(path, path.with_extension("")).map_err(|source| fault(path, source))?;
	sync_folder(path.parent().unwrap_or(Path::new(".")))
}

fn sync_folder(folder: &Path) -> Result<(), ProvenanceError> {
	File::open(folder).and_then(|file| file.sync_all()).map_err(|source| fault(folder, source))
}

fn fault(path: &Path, source: io::Error) -> ProvenanceError {
	ProvenanceError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn process() -> Process {
		Process { models_sha256: [1; 32], settings_sha256: [2; 32], method: "mosaic".into() }
	}

	fn recorder(folder: &Path) -> Recorder {
		Recorder::open(folder, AccountKey::from_seed(&[7; 32]), process()).unwrap()
	}

	fn names(folder: &Path) -> Vec<String> {
		let mut names: Vec<String> = fs::read_dir(folder)
			.unwrap()
			.map(|entry| entry.unwrap().file_name().into_string().unwrap())
			.filter(|name| name.starts_with("provenance-"))
			.collect();
		names.sort();
		names
	}

	fn records(path: &Path) -> Vec<Record> {
		let text = fs::read_to_string(path).unwrap();
		text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
	}

	#[test]
	fn a_run_leaves_one_file_of_genuine_records() {
		let directory = tempfile::tempdir().unwrap();
		let folder = directory.path().join("provenance");
		let recorder = recorder(&folder);
		let hmac = recorder.original_hmac(&b"original"[..]).unwrap();
		recorder.record_at(1_790_000_000, hmac, [3; 32]).unwrap();
		assert_eq!(names(&folder), ["provenance-20260921T141320Z.jsonl.part"]);
		recorder.record_at(1_790_000_001, hmac, [4; 32]).unwrap();
		recorder.finish().unwrap();
		assert_eq!(names(&folder), ["provenance-20260921T141320Z.jsonl"]);
		let records = records(&folder.join("provenance-20260921T141320Z.jsonl"));
		assert!(records.iter().all(Record::is_genuine));
		let outputs: Vec<_> = records.iter().map(|record| record.statement.output_sha256).collect();
		assert_eq!(outputs, [[3; 32], [4; 32]]);
		assert_eq!(records[0].statement.original_hmac, hmac);
	}

	#[test]
	fn a_file_that_has_its_final_name_never_changes() {
		let directory = tempfile::tempdir().unwrap();
		let recorder = recorder(directory.path());
		recorder.record_at(100, [0; 32], [1; 32]).unwrap();
		recorder.finish().unwrap();
		let path = directory.path().join("provenance-19700101T000140Z.jsonl");
		let before = fs::read(&path).unwrap();
		recorder.record_at(100, [0; 32], [2; 32]).unwrap();
		recorder.finish().unwrap();
		assert_eq!(fs::read(&path).unwrap(), before);
		let expected = ["provenance-19700101T000140Z-2.jsonl", "provenance-19700101T000140Z.jsonl"];
		assert_eq!(names(directory.path()), expected);
	}

	#[test]
	fn an_old_or_full_file_gets_no_more_records() {
		let directory = tempfile::tempdir().unwrap();
		let recorder = recorder(directory.path());
		recorder.record_at(0, [0; 32], [0; 32]).unwrap();
		recorder.record_at(MAX_AGE - 1, [0; 32], [0; 32]).unwrap();
		recorder.record_at(MAX_AGE, [0; 32], [0; 32]).unwrap();
		let expected =
			["provenance-19700101T000000Z.jsonl", "provenance-19700101T001000Z.jsonl.part"];
		assert_eq!(names(directory.path()), expected);
		let mut journal = recorder.journal.lock().unwrap();
		let file = journal.0.as_mut().unwrap();
		file.records = MAX_RECORDS;
		assert!(file.is_full(MAX_AGE));
	}

	#[test]
	fn what_a_killed_run_left_is_repaired() {
		let directory = tempfile::tempdir().unwrap();
		let recorder_before = recorder(directory.path());
		recorder_before.record_at(100, [0; 32], [1; 32]).unwrap();
		let part = directory.path().join("provenance-19700101T000140Z.jsonl.part");
		let whole = fs::read(&part).unwrap();
		drop(recorder_before);
		fs::remove_file(part.with_extension("")).unwrap();
		fs::write(&part, [&whole[..], &whole[..whole.len() - 1]].concat()).unwrap();
		fs::write(directory.path().join("provenance-x.jsonl.part"), &whole[..9]).unwrap();
		recorder(directory.path());
		assert_eq!(names(directory.path()), ["provenance-19700101T000140Z.jsonl"]);
		assert_eq!(fs::read(part.with_extension("")).unwrap(), whole);
	}

	#[test]
	fn a_folder_serves_one_process() {
		let directory = tempfile::tempdir().unwrap();
		let first = recorder(directory.path());
		let key = AccountKey::from_seed(&[7; 32]);
		let second = Recorder::open(directory.path(), key, process());
		assert!(matches!(second, Err(ProvenanceError::Busy(_))));
		drop(first);
		recorder(directory.path());
	}

	#[test]
	fn an_original_is_known_again_with_the_key_of_its_folder_only() {
		let directory = tempfile::tempdir().unwrap();
		let (one, other) = (directory.path().join("one"), directory.path().join("other"));
		let hmac = |folder: &Path| recorder(folder).original_hmac(&b"original"[..]).unwrap();
		assert_eq!(hmac(&one), hmac(&one));
		assert_ne!(hmac(&one), hmac(&other));
		assert_ne!(hmac(&one), <[u8; 32]>::from(Sha256::digest(b"original")));
		fs::write(one.join(ORIGINALS_KEY), "short").unwrap();
		let opened = Recorder::open(&one, AccountKey::from_seed(&[7; 32]), process());
		assert!(matches!(opened, Err(ProvenanceError::MalformedKey(_))));
	}

	#[test]
	fn the_place_of_the_models_decides_nothing() {
		let here = Settings { models: "/here".into(), ..Settings::default() };
		let there = Settings { models: "/there".into(), ..Settings::default() };
		assert_eq!(settings_sha256(&here), settings_sha256(&there));
		let other = Settings { classes: Default::default(), ..here.clone() };
		assert_ne!(settings_sha256(&here), settings_sha256(&other));
	}

	#[test]
	fn the_order_of_the_models_decides_nothing() {
		let (one, other) = (("a.onnx", "11"), ("b.onnx", "22"));
		let expected = <[u8; 32]>::from(Sha256::digest("11  a.onnx\n22  b.onnx\n"));
		assert_eq!(models_sha256([one, other]), expected);
		assert_eq!(models_sha256([other, one]), expected);
	}

	proptest! {
		#[test]
		fn repair_keeps_whole_records_of_any_torn_file(
			count in 0usize..4, cut: usize, garbage in proptest::collection::vec(any::<u8>(), 0..40),
		) {
			let statement = Statement {
				time: 0,
				original_hmac: [0; 32],
				output_sha256: [0; 32],
				models_sha256: [0; 32],
				settings_sha256: [0; 32],
				method: "solid".into(),
			};
			let record = statement.sign(&AccountKey::from_seed(&[7; 32]));
			let line = format!("{}\n", serde_json::to_string(&record).unwrap());
			let torn = &line.as_bytes()[..cut % line.len()];
			let content = [line.repeat(count).as_bytes(), torn].concat();
			prop_assert_eq!(length_of_records(&content), count * line.len());
			let content = [line.repeat(count).as_bytes(), &garbage].concat();
			prop_assert_eq!(length_of_records(&content), count * line.len());
		}
	}
}
