//! A signed record of every file that was made anonymous, to be published into a data set.
//!
//! The records of a run go to a file of their own in a folder: one line of JSON each, on the disk before
//! the output it names may be seen. While it grows the file ends in `.jsonl.part`; when the run ends, or
//! the file has [`MAX_RECORDS`] records or is [`MAX_AGE`] old, it takes its final name,
//! `provenance-TIME.jsonl`, and never changes again. `msec publish` knows files by their content, so
//! `msec publish DATASET FOLDER/*.jsonl` publishes every record once, however often it is called. What a
//! killed run left is repaired and takes its final name when the folder is opened next.
//!
//! Of an original, a record has only the HMAC under a key that stays on the device: who has the key and
//! the original can prove where it went, and nobody else can look it up.

use crate::{detection::runtime::ModelIdentity, removal::Method, Settings};
use clap::ValueEnum;
use msec_worker_common::{
	keys::AccountKey,
	provenance::{Record, Statement},
	AccountId32,
};
use sha2::{Digest, Sha256};
use std::{
	fs::{self, DirBuilder, File, OpenOptions, TryLockError},
	io::{self, Write},
	os::unix::fs::DirBuilderExt,
	path::{Path, PathBuf},
	sync::{Mutex, PoisonError},
	time::{SystemTime, UNIX_EPOCH},
};

/// Most records of a file.
pub const MAX_RECORDS: u32 = 1000;
/// Age in seconds from which a file gets no more records.
pub const MAX_AGE: u64 = 600;

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
}

/// How an output came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'a> {
	/// HMAC-SHA256 of the original, under a key that stays on the device.
	pub original_hmac: [u8; 32],
	/// The files that decide about what is found.
	pub models: &'a [ModelIdentity],
	/// Hash of the settings; see [`settings_sha256`].
	pub settings_sha256: [u8; 32],
	/// How things were hidden.
	pub method: Method,
}

impl Origin<'_> {
	fn statement(&self, output_sha256: [u8; 32], time: u64) -> Statement {
		let method = self.method.to_possible_value();
		Statement {
			time,
			original_hmac: self.original_hmac,
			output_sha256,
			models_sha256: models_sha256(self.models),
			settings_sha256: self.settings_sha256,
			method: method.expect("every method has a name; qed").get_name().to_owned(),
		}
	}
}

/// SHA-256 of what `sha256sum` prints for the models in the order of their names: two spaces between
/// digest and name, a line each.
fn models_sha256(models: &[ModelIdentity]) -> [u8; 32] {
	let mut lines: Vec<_> = models.iter().map(|model| (&model.name, &model.sha256)).collect();
	lines.sort_unstable();
	let lines = lines.into_iter().map(|(name, sha256)| format!("{sha256}  {name}\n"));
	Sha256::digest(lines.collect::<String>()).into()
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
	journal: Mutex<Journal>,
	/// Locked as long as this lives.
	_lock: File,
}

impl Recorder {
	/// Opens `folder`, making it for its owner only when it is not there, and finishes what an earlier
	/// run left. `device` signs.
	pub fn open(folder: &Path, device: AccountKey) -> Result<Self, ProvenanceError> {
		DirBuilder::new()
			.recursive(true)
			.mode(0o700)
			.create(folder)
			.map_err(|source| fault(folder, source))?;
		let lock = lock(folder)?;
		finish_leftovers(folder)?;
		Ok(Self { folder: folder.to_owned(), device, journal: Mutex::default(), _lock: lock })
	}

	/// The account of the device.
	pub fn device(&self) -> AccountId32 {
		self.device.account_id()
	}

	/// Signs and appends a record of the output with this SHA-256; it is on the disk when this returns.
	/// To be called before the output may be seen, so that there is no output without a record.
	pub fn record(
		&self,
		origin: &Origin<'_>,
		output_sha256: [u8; 32],
	) -> Result<(), ProvenanceError> {
		self.append(origin.statement(output_sha256, now()))
	}

	fn append(&self, statement: Statement) -> Result<(), ProvenanceError> {
		let record = statement.sign(&self.device);
		self.journal.lock().unwrap_or_else(PoisonError::into_inner).append(&self.folder, &record)
	}

	/// Finishes the file if it is [`MAX_AGE`] old. To be called now and then in runs without an end.
	pub fn finish_if_old(&self) -> Result<(), ProvenanceError> {
		self.journal.lock().unwrap_or_else(PoisonError::into_inner).finish_if_full(now())
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
		self.finish_if_full(record.statement.time)?;
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

	fn finish_if_full(&mut self, now: u64) -> Result<(), ProvenanceError> {
		match &self.0 {
			Some(file) if file.is_full(now) => self.finish(),
			_ => Ok(()),
		}
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

/// Seconds since 1970.
fn now() -> u64 {
	SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
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

	const ORIGIN: Origin<'_> = Origin {
		original_hmac: [1; 32],
		models: &[],
		settings_sha256: [2; 32],
		method: Method::Mosaic,
	};

	fn recorder(folder: &Path) -> Recorder {
		Recorder::open(folder, AccountKey::from_seed(&[7; 32])).unwrap()
	}

	fn record_at(recorder: &Recorder, time: u64, output: u8) {
		recorder.append(ORIGIN.statement([output; 32], time)).unwrap();
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
		record_at(&recorder, 1_790_000_000, 3);
		assert_eq!(names(&folder), ["provenance-20260921T141320Z.jsonl.part"]);
		record_at(&recorder, 1_790_000_001, 4);
		recorder.finish().unwrap();
		assert_eq!(names(&folder), ["provenance-20260921T141320Z.jsonl"]);
		let records = records(&folder.join("provenance-20260921T141320Z.jsonl"));
		assert!(records.iter().all(Record::is_genuine));
		let outputs: Vec<_> = records.iter().map(|record| record.statement.output_sha256).collect();
		assert_eq!(outputs, [[3; 32], [4; 32]]);
		assert_eq!(records[0].statement, ORIGIN.statement([3; 32], 1_790_000_000));
		assert_eq!(
			(records[0].statement.method.as_str(), records[0].device),
			("mosaic", recorder.device())
		);
	}

	#[test]
	fn a_file_that_has_its_final_name_never_changes() {
		let directory = tempfile::tempdir().unwrap();
		let recorder = recorder(directory.path());
		record_at(&recorder, 100, 1);
		recorder.finish().unwrap();
		let path = directory.path().join("provenance-19700101T000140Z.jsonl");
		let before = fs::read(&path).unwrap();
		record_at(&recorder, 100, 2);
		recorder.finish().unwrap();
		assert_eq!(fs::read(&path).unwrap(), before);
		let expected = ["provenance-19700101T000140Z-2.jsonl", "provenance-19700101T000140Z.jsonl"];
		assert_eq!(names(directory.path()), expected);
	}

	#[test]
	fn an_old_or_full_file_gets_no_more_records() {
		let directory = tempfile::tempdir().unwrap();
		let recorder = recorder(directory.path());
		record_at(&recorder, 0, 0);
		record_at(&recorder, MAX_AGE - 1, 0);
		record_at(&recorder, MAX_AGE, 0);
		let expected =
			["provenance-19700101T000000Z.jsonl", "provenance-19700101T001000Z.jsonl.part"];
		assert_eq!(names(directory.path()), expected);
		recorder.finish_if_old().unwrap();
		assert!(names(directory.path()).iter().all(|name| name.ends_with(FINISHED)));
		record_at(&recorder, MAX_AGE, 0);
		let mut journal = recorder.journal.lock().unwrap();
		let file = journal.0.as_mut().unwrap();
		file.records = MAX_RECORDS;
		assert!(file.is_full(MAX_AGE));
	}

	#[test]
	fn what_a_killed_run_left_is_repaired() {
		let directory = tempfile::tempdir().unwrap();
		let recorder_before = recorder(directory.path());
		record_at(&recorder_before, 100, 1);
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
		let second = Recorder::open(directory.path(), key);
		assert!(matches!(second, Err(ProvenanceError::Busy(_))));
		drop(first);
		recorder(directory.path());
	}

	#[test]
	fn records_of_every_method_can_be_read() {
		for method in Method::value_variants() {
			let origin = Origin { method: *method, ..ORIGIN };
			let record = origin.statement([3; 32], 0).sign(&AccountKey::from_seed(&[7; 32]));
			let line = serde_json::to_string(&record).unwrap();
			assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record);
		}
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
		let model =
			|name: &str, sha256: &str| ModelIdentity { name: name.into(), sha256: sha256.into() };
		let (one, other) = (model("a.onnx", "22"), model("b.onnx", "11"));
		let expected = <[u8; 32]>::from(Sha256::digest("22  a.onnx\n11  b.onnx\n"));
		assert_eq!(models_sha256(&[one.clone(), other.clone()]), expected);
		assert_eq!(models_sha256(&[other, one]), expected);
	}

	proptest! {
		#[test]
		fn repair_keeps_whole_records_of_any_torn_file(
			count in 0usize..4, cut: usize, garbage in proptest::collection::vec(any::<u8>(), 0..40),
		) {
			let record = ORIGIN.statement([0; 32], 0).sign(&AccountKey::from_seed(&[7; 32]));
			let line = format!("{}\n", serde_json::to_string(&record).unwrap());
			let torn = &line.as_bytes()[..cut % line.len()];
			let content = [line.repeat(count).as_bytes(), torn].concat();
			prop_assert_eq!(length_of_records(&content), count * line.len());
			let content = [line.repeat(count).as_bytes(), &garbage].concat();
			prop_assert_eq!(length_of_records(&content), count * line.len());
		}
	}
}
