//! What was sealed and is on its way, on disk: a publication that was interrupted goes on where it
//! stopped, and no key ever encrypts two different chunks.

use bytes::Bytes;
use codec::{Decode, Encode};
use msec_commitments::Hash;
use msec_worker_common::{batch_frame::Frame, database};
use redb::{Database, ReadableDatabase, TableDefinition};
use std::path::Path;

const FRAMES: TableDefinition<(&[u8; 32], u32), &[u8]> = TableDefinition::new("frames");
const SOURCES: TableDefinition<(&[u8; 32], &[u8; 32]), &[u8]> = TableDefinition::new("sources");
const DATASETS: TableDefinition<&[u8; 32], &[u8]> = TableDefinition::new("datasets");
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// Why the journal fails.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
	/// Another process has it.
	#[error("another `msec publish` is running; wait for it to end")]
	Busy,
	/// The database fails.
	#[error("the journal fails: {0}")]
	Database(#[from] redb::Error),
	/// It holds something that was never written there.
	#[error("the journal is damaged: {0}")]
	Damaged(String),
}

/// How far a source has come in a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct SourceProgress {
	/// Hash of how the source was read.
	pub reading: Hash,
	/// Its first batch.
	pub first_batch: u32,
	/// Its number of batches so far.
	pub batches: u32,
	/// Accepted rows in these batches.
	pub rows: u64,
	/// Whether these are all.
	pub complete: bool,
}

/// What is known of a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct DatasetProgress {
	/// One more than the last batch that was ever sealed here.
	pub next_batch: u32,
	/// The header of its rows.
	pub header: Option<String>,
}

/// The journal of one user.
pub struct Journal(Database);

fn fault(error: impl Into<redb::Error>) -> JournalError {
	JournalError::Database(error.into())
}

fn decode<T: Decode>(bytes: &[u8]) -> Result<T, JournalError> {
	T::decode(&mut &bytes[..]).map_err(|error| JournalError::Damaged(error.to_string()))
}

impl Journal {
	/// Opens or makes the journal; one process at a time.
	pub fn open(path: &Path) -> Result<Self, JournalError> {
		let database = match database::open(path, CACHE_BYTES) {
			Err(redb::DatabaseError::DatabaseAlreadyOpen) => return Err(JournalError::Busy),
			other => other.map_err(fault)?,
		};
		let transaction = database.begin_write().map_err(fault)?;
		transaction.open_table(FRAMES).map_err(fault)?;
		transaction.open_table(SOURCES).map_err(fault)?;
		transaction.open_table(DATASETS).map_err(fault)?;
		transaction.commit().map_err(fault)?;
		Ok(Self(database))
	}

	/// What is known of a data set.
	pub fn dataset(&self, dataset: &Hash) -> Result<DatasetProgress, JournalError> {
		let table = self.0.begin_read().map_err(fault)?.open_table(DATASETS).map_err(fault)?;
		match table.get(dataset).map_err(fault)? {
			Some(bytes) => decode(bytes.value()),
			None => Ok(DatasetProgress::default()),
		}
	}

	/// How far a source has come in a data set.
	pub fn source(
		&self,
		dataset: &Hash,
		source: &Hash,
	) -> Result<Option<SourceProgress>, JournalError> {
		let table = self.0.begin_read().map_err(fault)?.open_table(SOURCES).map_err(fault)?;
		let found = table.get((dataset, source)).map_err(fault)?;
		found.map(|bytes| decode(bytes.value())).transpose()
	}

	/// Writes down a sealed batch together with how far its source has come, if that is known.
	pub fn seal(
		&self,
		dataset: &Hash,
		header: &str,
		frame: &Frame,
		source: Option<(&Hash, &SourceProgress)>,
	) -> Result<(), JournalError> {
		let known = DatasetProgress {
			next_batch: frame.batch().saturating_add(1),
			header: Some(header.to_owned()),
		};
		let transaction = self.0.begin_write().map_err(fault)?;
		{
			let mut frames = transaction.open_table(FRAMES).map_err(fault)?;
			frames.insert((dataset, frame.batch()), frame.bytes().as_ref()).map_err(fault)?;
			if let Some((source, progress)) = source {
				let mut sources = transaction.open_table(SOURCES).map_err(fault)?;
				sources.insert((dataset, source), progress.encode().as_slice()).map_err(fault)?;
			}
			let mut datasets = transaction.open_table(DATASETS).map_err(fault)?;
			datasets.insert(dataset, known.encode().as_slice()).map_err(fault)?;
		}
		transaction.commit().map_err(fault)
	}

	/// Writes down how far a source has come.
	pub fn set_source(
		&self,
		dataset: &Hash,
		source: &Hash,
		progress: &SourceProgress,
	) -> Result<(), JournalError> {
		let transaction = self.0.begin_write().map_err(fault)?;
		transaction
			.open_table(SOURCES)
			.map_err(fault)?
			.insert((dataset, source), progress.encode().as_slice())
			.map_err(fault)?;
		transaction.commit().map_err(fault)
	}

	/// The batches of a data set that are sealed and not yet known to be committed to.
	pub fn pending(&self, dataset: &Hash) -> Result<Vec<u32>, JournalError> {
		let table = self.0.begin_read().map_err(fault)?.open_table(FRAMES).map_err(fault)?;
		let range = table.range((dataset, 0)..=(dataset, u32::MAX)).map_err(fault)?;
		range.map(|entry| Ok(entry.map_err(fault)?.0.value().1)).collect()
	}

	/// A pending batch.
	pub fn frame(&self, dataset: &Hash, batch: u32) -> Result<Frame, JournalError> {
		let table = self.0.begin_read().map_err(fault)?.open_table(FRAMES).map_err(fault)?;
		let bytes = table
			.get((dataset, batch))
			.map_err(fault)?
			.ok_or_else(|| JournalError::Damaged(format!("batch {batch} is missing")))?;
		Frame::decode(Bytes::copy_from_slice(bytes.value()))
			.map_err(|error| JournalError::Damaged(error.to_string()))
	}

	/// Drops pending batches that the chain has.
	pub fn committed(&self, dataset: &Hash, batches: &[u32]) -> Result<(), JournalError> {
		let transaction = self.0.begin_write().map_err(fault)?;
		{
			let mut frames = transaction.open_table(FRAMES).map_err(fault)?;
			for batch in batches {
				frames.remove((dataset, *batch)).map_err(fault)?;
			}
		}
		transaction.commit().map_err(fault)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_commitments::KeyTree;

	#[test]
	fn a_journal_survives_its_process() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("journal.redb");
		let key = KeyTree::from_seed([1; 32]).batch_key(5);
		let frame = Frame::seal(5, &key, &[b"rows"]).unwrap();
		let progress = SourceProgress { batches: 1, first_batch: 5, ..Default::default() };
		{
			let journal = Journal::open(&path).unwrap();
			assert!(matches!(Journal::open(&path), Err(JournalError::Busy)));
			journal.seal(&[1; 32], "time,a", &frame, Some((&[2; 32], &progress))).unwrap();
		}
		let journal = Journal::open(&path).unwrap();
		assert_eq!(journal.pending(&[1; 32]).unwrap(), [5]);
		assert_eq!(journal.pending(&[2; 32]).unwrap(), [0u32; 0]);
		assert_eq!(journal.frame(&[1; 32], 5).unwrap(), frame);
		assert_eq!(journal.source(&[1; 32], &[2; 32]).unwrap(), Some(progress));
		assert_eq!(journal.dataset(&[1; 32]).unwrap().next_batch, 6);
		journal.committed(&[1; 32], &[5]).unwrap();
		assert!(journal.pending(&[1; 32]).unwrap().is_empty());
		assert_eq!(journal.dataset(&[1; 32]).unwrap().header.as_deref(), Some("time,a"));
	}
}
