//! From a source to a data set: cut into chunks, encrypted, uploaded, committed to on chain.
//!
//! A batch is written to the [`Journal`] before anybody sees it. A publication that was interrupted
//! first sends what is in the journal, then goes on behind it; nothing is published twice.

use crate::{
	ids::hash_text,
	ingest::{Chunker, IngestError, Row, Survey},
	journal::{Journal, JournalError, SourceProgress},
	stores::{Stores, StoresError},
};
use msec_commitments::{sha256, BatchCommitment, Hash, KeyTree, MAX_CHUNKS_PER_BATCH};
use msec_worker_common::{
	batch_frame::{Frame, FrameError},
	chain::{
		runtime::{self, runtime_types::bounded_collections::bounded_vec::BoundedVec},
		ChainError,
	},
	transactions::{Submitter, TransactionError},
	H256,
};
use std::io::{self, Read, Seek};
use subxt::utils::Static;

/// Chunks of a batch, unless said otherwise: about one mebibyte of rows.
pub const DEFAULT_CHUNKS_PER_BATCH: u32 = 256;
/// Batches that are sealed before they are committed to together.
const BATCHES_AT_ONCE: usize = 16;
/// Most batches that one call may commit to.
const MAX_BATCHES_PER_CALL: usize = 256;

/// Why a publication stops. What was sealed is kept; the same command goes on with it.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
	/// The source is not a table.
	#[error(transparent)]
	Ingest(#[from] IngestError),
	/// The source cannot be read, or the report of rejected rows not written.
	#[error("cannot read or write: {0}")]
	Io(#[from] io::Error),
	/// The journal fails.
	#[error(transparent)]
	Journal(#[from] JournalError),
	/// A store fails.
	#[error(transparent)]
	Stores(#[from] StoresError),
	/// The chain does not answer.
	#[error(transparent)]
	Chain(#[from] ChainError),
	/// The chain refuses.
	#[error(transparent)]
	Transaction(#[from] TransactionError),
	/// A batch does not fit its frame.
	#[error(transparent)]
	Frame(#[from] FrameError),
	/// The data set does not exist or was erased.
	#[error("the data set does not exist on this chain, or was erased")]
	NoDataset,
	/// Somebody else appends to the data set.
	#[error(
		"the data set has {chain} batches on chain where {here} were expected; publish from one place only"
	)]
	OtherPublisher {
		/// How many there are.
		chain: u32,
		/// How many there should be.
		here: u32,
	},
	/// The data set is full.
	#[error("the data set cannot have more batches; make another")]
	Full,
	/// The rows have other columns than those before.
	#[error("the data set has the columns {known:?}, this file {found:?}; choose and order them by --columns, or make another data set")]
	OtherColumns {
		/// Those of the data set.
		known: String,
		/// Those of the source.
		found: String,
	},
	/// The source was partly published, read in another way.
	#[error("a part of this file was published with other options; use the same ones to publish the rest")]
	OtherReading,
	/// A chunk does not seal.
	#[error("a chunk is too long")]
	ChunkTooLong,
}

/// What happens while publishing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
	/// So many bytes of the source were read.
	Read(u64),
	/// A batch is at every store.
	Uploaded(u32),
	/// Batches up to this one are committed to on chain.
	Committed(u32),
}

/// What was published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
	/// Position of the source's first batch.
	pub first_batch: u32,
	/// Its number of batches.
	pub batches: u32,
	/// Accepted rows.
	pub rows: u64,
	/// Rejected rows.
	pub rejected: u64,
	/// Whether all of it was there already.
	pub already: bool,
}

/// Takes note of a rejected row: line, reason, and how it begins.
pub type Rejections<'a> = dyn FnMut(u64, &str, &str) -> io::Result<()> + Send + 'a;

/// Publishes into one data set.
pub struct Publisher<'a> {
	/// Keeps what is on its way.
	pub journal: &'a Journal,
	/// Signs for the chain.
	pub submitter: &'a Submitter,
	/// Hold the ciphertext.
	pub stores: &'a Stores,
	/// The data set.
	pub dataset: Hash,
	/// Its secret.
	pub tree: &'a KeyTree,
	/// From 1 to [`MAX_CHUNKS_PER_BATCH`].
	pub chunks_per_batch: u32,
}

impl Publisher<'_> {
	/// Publishes all rows of `source` that were not published before.
	pub async fn publish<R: Read + Seek + Send>(
		&self,
		source: R,
		survey: &Survey,
		rejections: &mut Rejections<'_>,
		progress: &mut (dyn FnMut(Progress) + Send),
	) -> Result<Published, PublishError> {
		self.flush(progress).await?;
		let header = survey.header();
		let known = self.journal.dataset(&self.dataset)?;
		if let Some(known) = known.header.filter(|known| *known != header) {
			return Err(PublishError::OtherColumns { known, found: header });
		}
		let reading = self.reading(survey);
		let mut state = match self.journal.source(&self.dataset, &survey.source_hash)? {
			Some(state) if state.complete => {
				let SourceProgress { first_batch, batches, rows, .. } = state;
				return Ok(Published { first_batch, batches, rows, rejected: 0, already: true });
			},
			Some(state) if state.reading != reading => return Err(PublishError::OtherReading),
			Some(state) => state,
			None => SourceProgress {
				reading,
				first_batch: self.next_batch().await?,
				..Default::default()
			},
		};
		let mut rows = survey.rows(source)?;
		let mut reader = BatchReader::new(&header, self.chunks_per_batch, state.rows);
		let mut rejected = 0;
		let mut reject = |line: u64, reason: &str, text: &str| {
			rejected += 1;
			rejections(line, reason, text)
		};
		while let Some(batch) =
			tokio::task::block_in_place(|| reader.next_batch(&mut rows, &mut reject))?
		{
			let index = self.next_batch().await?;
			let frame = tokio::task::block_in_place(|| self.seal(index, &batch.chunks))?;
			state.batches += 1;
			state.rows += batch.rows;
			self.journal.seal(&self.dataset, &header, &frame, &survey.source_hash, &state)?;
			progress(Progress::Read(rows.consumed()));
			if self.journal.pending(&self.dataset)?.len() >= BATCHES_AT_ONCE {
				self.flush(progress).await?;
			}
		}
		self.flush(progress).await?;
		state.complete = true;
		self.journal.set_source(&self.dataset, &survey.source_hash, &state)?;
		progress(Progress::Read(survey.length));
		let SourceProgress { first_batch, batches, rows, .. } = state;
		Ok(Published { first_batch, batches, rows, rejected, already: false })
	}

	/// Uploads and commits to everything that is sealed.
	pub async fn flush(
		&self,
		progress: &mut (dyn FnMut(Progress) + Send),
	) -> Result<(), PublishError> {
		let pending = self.journal.pending(&self.dataset)?;
		if pending.is_empty() {
			return Ok(());
		}
		let committed = self.committed().await?;
		let mut fresh: Vec<BatchCommitment> = Vec::new();
		for (index, expected) in pending.iter().zip(pending[0]..) {
			let frame = self.journal.frame(&self.dataset, *index)?;
			if *index != expected || *index > committed && fresh.is_empty() {
				return Err(PublishError::OtherPublisher { chain: committed, here: *index });
			}
			// What is committed to already is compared by the store with what it has.
			self.stores.upload(&frame).await?;
			progress(Progress::Uploaded(*index));
			if *index >= committed {
				fresh.push(frame.commitment());
			}
		}
		let mut first = committed;
		for batches in fresh.chunks(MAX_BATCHES_PER_CALL) {
			self.append(first, batches).await?;
			first += batches.len() as u32;
			progress(Progress::Committed(first));
		}
		Ok(self.journal.committed(&self.dataset, &pending)?)
	}

	async fn append(&self, first: u32, batches: &[BatchCommitment]) -> Result<(), PublishError> {
		let roots: Vec<u8> = batches.iter().flat_map(|batch| batch.root).collect();
		let key = format!(
			"append/{}/{first}/{}",
			hash_text(&self.dataset),
			hash_text(&sha256(&[&roots]))
		);
		let batches = BoundedVec(batches.iter().copied().map(Static).collect());
		let call = runtime::transactions().records().append(H256(self.dataset), first, batches);
		match self.submitter.execute(&key, &call).await {
			Err(TransactionError::Failed { name, .. }) if name.contains("UnexpectedBatch") => {
				let chain = self.committed().await?;
				Err(PublishError::OtherPublisher { chain, here: first })
			},
			other => other.map(drop).map_err(Into::into),
		}
	}

	/// How many batches the finalized chain has.
	async fn committed(&self) -> Result<u32, PublishError> {
		let block = self.submitter.chain().finalized().await?;
		let details = block.dataset(&self.dataset).await?;
		let active = details.filter(|details| !details.erased);
		active.map(|details| details.batches).ok_or(PublishError::NoDataset)
	}

	async fn next_batch(&self) -> Result<u32, PublishError> {
		let sealed = self.journal.dataset(&self.dataset)?.next_batch;
		if !self.journal.pending(&self.dataset)?.is_empty() {
			return Ok(sealed);
		}
		let committed = self.committed().await?;
		match committed < sealed {
			true => Err(PublishError::OtherPublisher { chain: committed, here: sealed }),
			false => Ok(committed),
		}
	}

	fn seal(&self, index: u32, chunks: &[String]) -> Result<Frame, PublishError> {
		if index == u32::MAX {
			return Err(PublishError::Full);
		}
		let key = self.tree.batch_key(index);
		let sealed: Option<Vec<_>> = chunks
			.iter()
			.zip(0u32..)
			.map(|(chunk, number)| key.chunk_key(number).seal(chunk.as_bytes()))
			.collect();
		Ok(Frame::new(index, &sealed.ok_or(PublishError::ChunkTooLong)?)?)
	}

	/// Hash of everything that decides how rows become batches.
	fn reading(&self, survey: &Survey) -> Hash {
		let plan = format!(
			"{:?} {:?} {:?} {:?} {} {:?}",
			survey.format,
			survey.delimiter,
			survey.columns,
			(&survey.time_columns, survey.date_order),
			self.chunks_per_batch.clamp(1, MAX_CHUNKS_PER_BATCH),
			survey.options(),
		);
		sha256(&[plan.as_bytes()])
	}
}

/// The plaintext of a batch.
struct Batch {
	chunks: Vec<String>,
	rows: u64,
}

/// Cuts rows into batches.
struct BatchReader {
	chunker: Chunker,
	chunks_per_batch: usize,
	skip: u64,
	ready: Vec<crate::ingest::chunks::Chunk>,
	ended: bool,
}

impl BatchReader {
	fn new(header: &str, chunks_per_batch: u32, skip: u64) -> Self {
		Self {
			chunker: Chunker::new(header),
			chunks_per_batch: chunks_per_batch.clamp(1, MAX_CHUNKS_PER_BATCH) as usize,
			skip,
			ready: Vec::new(),
			ended: false,
		}
	}

	fn next_batch<R: Read>(
		&mut self,
		rows: &mut crate::ingest::Rows<'_, R>,
		reject: &mut dyn FnMut(u64, &str, &str) -> io::Result<()>,
	) -> io::Result<Option<Batch>> {
		while self.ready.len() < self.chunks_per_batch && !self.ended {
			match rows.next_row()? {
				Some(Row::Accepted(_)) if self.skip > 0 => self.skip -= 1,
				Some(Row::Accepted(line)) => self.ready.extend(self.chunker.push(&line)),
				Some(Row::Rejected { line, reason, text }) => reject(line, &reason, &text)?,
				None => {
					self.ended = true;
					self.ready.extend(self.chunker.finish());
				},
			}
		}
		if self.ready.is_empty() {
			return Ok(None);
		}
		let count = self.ready.len().min(self.chunks_per_batch);
		let taken = self.ready.drain(..count);
		let mut batch = Batch { chunks: Vec::new(), rows: 0 };
		for chunk in taken {
			batch.rows += u64::from(chunk.rows);
			batch.chunks.push(chunk.text);
		}
		Ok(Some(batch))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::ingest::{chunks::split_header, Options};
	use std::io::Cursor;

	fn table(rows: u32) -> String {
		let row = |number: u32| format!("{},{number}\n", 1_700_000_000 + u64::from(number));
		format!("time,value\n{}", (0..rows).map(row).collect::<String>())
	}

	fn batches(text: &str, chunks_per_batch: u32, skip: u64) -> Vec<Batch> {
		let mut source = Cursor::new(text.as_bytes());
		let survey = Survey::new(&mut source, &Options::default()).unwrap();
		let mut rows = survey.rows(source).unwrap();
		let mut reader = BatchReader::new(&survey.header(), chunks_per_batch, skip);
		let mut batches = Vec::new();
		while let Some(batch) = reader.next_batch(&mut rows, &mut |_, _, _| Ok(())).unwrap() {
			batches.push(batch);
		}
		batches
	}

	#[test]
	fn going_on_behind_a_batch_yields_the_batches_that_were_left() {
		let text = table(2000);
		let all = batches(&text, 3, 0);
		assert!(all.len() > 3);
		assert_eq!(all.iter().map(|batch| batch.rows).sum::<u64>(), 2000);
		let rest = batches(&text, 3, all[0].rows + all[1].rows);
		let chunks = |batches: &[Batch]| -> Vec<String> {
			batches.iter().flat_map(|batch| batch.chunks.clone()).collect()
		};
		assert_eq!(chunks(&rest), chunks(&all[2..]));
		for chunk in chunks(&all) {
			assert_eq!(split_header(chunk.as_bytes()).0, b"time,value\n");
		}
	}
}
