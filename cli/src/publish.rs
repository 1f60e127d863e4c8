//! From a source to a data set: cut into chunks, encrypted, uploaded, committed to on chain.
//!
//! A batch is written to the [`Journal`] before anybody sees it. A publication that was interrupted
//! first sends what is in the journal, then goes on behind it; nothing is published twice. Should the
//! journal be lost, what the stores have and the chain does not is committed to before anything new is
//! sealed, for other rows in its place would be encrypted with the same keys.

use crate::{
	fetch::open_batch,
	ids::hash_text,
	ingest::{chunks::split_header, Chunker, IngestError, Row, Survey},
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
use std::{
	collections::BTreeMap,
	io::{self, Read, Seek},
};
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
	/// It is not known whether batches were uploaded that nobody committed to.
	#[error("nothing is sealed before each store has said what it holds; try again later")]
	Unasked(#[source] StoresError),
	/// A journal that was lost had sealed batches, which are committed to now.
	#[error(
		"{batches} batches from batch {first} on were uploaded and not committed to, and the journal \
		that knew of them is lost; they are committed to now. Nothing of this file was published: \
		leave out the rows that these batches hold, or run the command again to publish all of it"
	)]
	Adopted {
		/// The first of them.
		first: u32,
		/// How many.
		batches: u32,
	},
	/// A journal that was lost had sealed batches, which the stores do not have as they were.
	#[error(
		"batch {0} was sealed here and is not committed to, and the stores do not have it as it was; \
		its keys must not be used again, so publish into another data set"
	)]
	Unadoptable(u32),
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
		let state = self.journal.source(&self.dataset, &survey.source_hash)?;
		if let Some(SourceProgress { first_batch, batches, rows, complete: true, .. }) = state {
			return Ok(Published { first_batch, batches, rows, rejected: 0, already: true });
		}
		self.adopt(progress).await?;
		let mut state = match state {
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
			let source = (&survey.source_hash, &state);
			self.journal.seal(&self.dataset, &header, &frame, Some(source))?;
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

	/// Commits to what was sealed by a journal that was lost.
	async fn adopt(&self, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<(), PublishError> {
		let first = self.committed().await?;
		let end = first.saturating_add(BATCHES_AT_ONCE as u32);
		let stored = self.stores.stored(first, end).await.map_err(PublishError::Unasked)?;
		let lost = lost_batches(self.tree, first, stored)?;
		let Ok(batches @ 1..) = u32::try_from(lost.len()) else { return Ok(()) };
		for (frame, header) in &lost {
			self.journal.seal(&self.dataset, header, frame, None)?;
		}
		self.flush(progress).await?;
		Err(PublishError::Adopted { first, batches })
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
		let chunks: Vec<_> = chunks.iter().map(String::as_bytes).collect();
		Ok(Frame::seal(index, &self.tree.batch_key(index), &chunks)?)
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

/// Those of the `stored` batches that were sealed with the keys of `tree`, from batch `first` on, and the
/// headers of their rows. What others uploaded uses none of these keys, and may be replaced.
fn lost_batches(
	tree: &KeyTree,
	first: u32,
	stored: Vec<Frame>,
) -> Result<Vec<(Frame, String)>, PublishError> {
	let mut found: BTreeMap<u32, Option<(Frame, String)>> = BTreeMap::new();
	for frame in stored {
		let index = frame.batch();
		let key = tree.batch_key(index);
		let is_ours = frame
			.chunks()
			.zip(0u32..)
			.any(|(chunk, number)| key.chunk_key(number).commitment() == chunk.commitment.key);
		if !is_ours {
			continue;
		}
		let chunks = open_batch(&tree.cover(index.saturating_add(1)), &frame);
		let place = found.entry(index).or_default();
		if let Some(chunk) = chunks.unwrap_or_default().first() {
			let header = String::from_utf8_lossy(split_header(chunk).0).trim_end().to_owned();
			place.get_or_insert((frame, header));
		}
	}
	let in_order = found.into_iter().zip(first..).map(|((index, batch), expected)| {
		batch.filter(|_| index == expected).ok_or(PublishError::Unadoptable(index))
	});
	in_order.collect()
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
	use crate::{
		ingest::Options,
		stores::fake::{stores, FakeStore},
	};
	use msec_worker_common::AccountId32;
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

	/// A batch of two chunks under the tree that begins with `seed`.
	fn sealed(seed: u8, batch: u32) -> Frame {
		let key = KeyTree::from_seed([seed; 32]).batch_key(batch);
		Frame::seal(batch, &key, &[b"time,a\n1,2\n".as_slice(); 2]).unwrap()
	}

	/// The same batch with a chunk that is not what was sealed.
	fn damaged(seed: u8, batch: u32) -> Frame {
		let other = sealed(seed + 1, batch);
		let (own, other) = (sealed(seed, batch), other.chunks().nth(1).unwrap());
		let own = own.chunks().next().unwrap();
		let chunks = [own, other].map(|chunk| (chunk.commitment, chunk.ciphertext.to_vec()));
		Frame::new(batch, &chunks).unwrap()
	}

	fn lost(stored: &[Frame]) -> Result<Vec<(Frame, String)>, PublishError> {
		lost_batches(&KeyTree::from_seed([1; 32]), 5, stored.to_vec())
	}

	#[test]
	fn batches_of_a_lost_journal_are_recognized_by_their_keys() {
		let header = "time,a".to_owned();
		let found = lost(&[sealed(1, 6), sealed(2, 5), sealed(1, 5), sealed(2, 7)]).unwrap();
		assert_eq!(found, [(sealed(1, 5), header.clone()), (sealed(1, 6), header.clone())]);
		assert_eq!(lost(&[sealed(2, 5)]).unwrap(), []);
		let found = lost(&[damaged(1, 5), sealed(1, 5)]).unwrap();
		assert_eq!(found, [(sealed(1, 5), header)]);
	}

	#[test]
	fn keys_of_lost_batches_are_not_used_again() {
		assert!(matches!(lost(&[damaged(1, 5)]), Err(PublishError::Unadoptable(5))));
		assert!(matches!(lost(&[sealed(1, 6)]), Err(PublishError::Unadoptable(6))));
	}

	#[tokio::test]
	async fn every_store_is_asked_for_what_it_has() {
		let one = FakeStore {
			frames: (3..8).map(|batch| sealed(1, batch)).collect(),
			..Default::default()
		};
		let other = FakeStore { frames: vec![sealed(1, 5), sealed(2, 6)], ..Default::default() };
		let found = stores(&[one.clone(), other.clone()]).await.stored(5, 7).await.unwrap();
		assert_eq!(found, [sealed(1, 5), sealed(1, 6), sealed(2, 6)]);
		let silent = FakeStore { withheld: vec![6], ..other };
		assert!(matches!(
			stores(&[one, silent]).await.stored(5, 7).await,
			Err(StoresError::One(AccountId32([2, ..]), _))
		));
	}
}
