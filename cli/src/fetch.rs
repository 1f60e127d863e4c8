//! Getting what was bought: ciphertext from the stores, the key from the chain, every chunk checked.
//!
//! Rows go to `FILE.part`; beside it `FILE.part.json` says how far it has come, so that the same command
//! goes on where it was stopped. When everything is there and right, the file takes its name at once.
//! All of them are for their owner only, as readings may be personal.

use crate::{
	home::{create_private, replace_file},
	ids::hash_text,
	ingest::chunks::split_header,
	stores::{Stores, StoresError},
};
use msec_commitments::{
	envelope::open_order, BatchCommitment, EnvelopeError, EnvelopeSecret, Hash, KeyCover,
	OpenError, OrderContext,
};
use msec_worker_common::{
	batch_frame::Frame,
	chain::{Order, RangeCommitment},
	H256,
};
use serde::{Deserialize, Serialize};
use std::{
	fs::{self, File, OpenOptions},
	io::{self, Seek, SeekFrom, Write},
	ops::RangeInclusive,
	path::{Path, PathBuf},
};

/// Why nothing, or not everything, was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
	/// The delivered envelope is not what was bought.
	#[error("the delivered key is wrong ({0}); get your money back by `msec dispute ORDER`")]
	WrongEnvelope(EnvelopeFault),
	/// A chunk is not what was committed to.
	#[error("chunk {chunk} of batch {batch} is wrong: {fault}; get your money back by `msec dispute ORDER`")]
	WrongChunk {
		/// In which batch.
		batch: u32,
		/// Which chunk.
		chunk: u32,
		/// What is wrong with it.
		fault: ChunkFault,
	},
	/// The stores fail.
	#[error(
		"{0}; if they go on withholding, have it posted on the chain: `msec order challenge ORDER`"
	)]
	Stores(#[from] StoresError),
	/// A file fails.
	#[error("{}: {source}", .path.display())]
	Io {
		/// Which.
		path: PathBuf,
		/// What the system says.
		source: io::Error,
	},
	/// The output is there already.
	#[error("{} exists already; choose another name", .0.display())]
	Exists(PathBuf),
}

/// What is wrong with an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeFault {
	/// It does not open.
	#[error("the envelope does not open: {0:?}")]
	Unopenable(EnvelopeError),
	/// It has the keys of too few batches.
	#[error("it opens {found} of {bought} batches")]
	TooFew {
		/// How many.
		found: u32,
		/// How many were bought.
		bought: u32,
	},
}

/// What is wrong with a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkFault {
	/// The delivered key is not the committed one.
	#[error("the delivered key is not the one that was committed to")]
	Key,
	/// The committed data is not what the commitment says.
	#[error("the data is not what was committed to")]
	Data,
}

/// Opens the envelope of an order.
pub fn open_envelope(
	order_id: &H256,
	order: &Order,
	genesis: &Hash,
	envelope: &[u8],
	secret: &EnvelopeSecret,
) -> Result<KeyCover, EnvelopeFault> {
	let context = OrderContext { genesis: *genesis, order: order_id.0, dataset: order.dataset.0 };
	let cover = open_order(envelope, secret, &context).map_err(EnvelopeFault::Unopenable)?;
	match cover.batches() < order.range.batches {
		true => {
			let (found, bought) = (cover.batches(), order.range.batches);
			Err(EnvelopeFault::TooFew { found, bought })
		},
		false => Ok(cover),
	}
}

/// Decrypts and checks all chunks of a batch; the first that is wrong is named.
pub fn open_batch(cover: &KeyCover, frame: &Frame) -> Result<Vec<Vec<u8>>, (u32, ChunkFault)> {
	let key = cover.batch_key(frame.batch()).ok_or((0, ChunkFault::Key))?;
	frame
		.chunks()
		.zip(0u32..)
		.map(|(chunk, number)| {
			key.chunk_key(number).open(&chunk.commitment, chunk.ciphertext).map_err(|error| {
				match error {
					OpenError::OtherKey => (number, ChunkFault::Key),
					_ => (number, ChunkFault::Data),
				}
			})
		})
		.collect()
}

/// Where the rows of one header go, and how many bytes are there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
	header: Vec<u8>,
	bytes: u64,
}

/// How far an output has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct State {
	order: String,
	next_batch: u32,
	parts: Vec<Part>,
	/// Whether everything is there, and the files are being given their names.
	#[serde(default)]
	complete: bool,
}

impl State {
	fn new(order: &str) -> Self {
		Self { order: order.to_owned(), next_batch: 0, parts: Vec::new(), complete: false }
	}
}

/// Writes rows, without repeating headers, to a file; where the columns change, to a next one.
pub struct Output {
	path: PathBuf,
	state: State,
	file: Option<File>,
}

impl Output {
	/// Begins the output of an order at `path`, or goes on with it.
	pub fn open(path: &Path, order: &H256) -> Result<Self, FetchError> {
		let order = hash_text(&order.0);
		let state = fs::read(state_path(path))
			.ok()
			.and_then(|text| serde_json::from_slice::<State>(&text).ok())
			.filter(|state| state.order == order)
			.unwrap_or_else(|| State::new(&order));
		let mut output = Self { path: path.to_owned(), state, file: None };
		if output.state.complete {
			// An earlier attempt died while it gave the files their names.
			if output.numbers().all(|number| output.is_there(number)) {
				return Ok(output);
			}
			output.state = State::new(&order);
		}
		if path.exists() {
			return Err(FetchError::Exists(path.to_owned()));
		}
		if let Some(part) = output.state.parts.last() {
			let (part_path, bytes) = (output.part_path(output.state.parts.len()), part.bytes);
			let resumed = OpenOptions::new().write(true).open(&part_path).and_then(|mut file| {
				if file.metadata()?.len() < bytes {
					return Err(io::ErrorKind::UnexpectedEof.into());
				}
				// What was written after the state was saved is written again.
				file.set_len(bytes)?;
				file.seek(SeekFrom::End(0))?;
				Ok(file)
			});
			match resumed {
				Ok(file) => output.file = Some(file),
				Err(_) => output.state = State::new(&order),
			}
		}
		Ok(output)
	}

	/// The batch to go on with.
	pub fn next_batch(&self) -> u32 {
		self.state.next_batch
	}

	/// Adds the chunks of the next batch, durably.
	pub fn write_batch(&mut self, chunks: &[Vec<u8>]) -> Result<(), FetchError> {
		for chunk in chunks {
			let (header, rows) = split_header(chunk);
			if self.state.parts.last().is_none_or(|part| part.header != header) {
				self.begin_part(header)?;
			}
			self.write(rows)?;
		}
		self.sync()?;
		self.state.next_batch += 1;
		self.save()
	}

	/// Gives the files their names and returns these.
	pub fn finish(mut self) -> Result<Vec<PathBuf>, FetchError> {
		self.sync()?;
		self.state.complete = true;
		self.save()?;
		let mut names = Vec::new();
		for number in self.numbers() {
			let (part, name) = (self.part_path(number), self.final_path(number));
			if part.exists() {
				fs::rename(part, &name).map_err(|source| self.fault(source))?;
			}
			names.push(name);
		}
		fs::remove_file(state_path(&self.path)).map_err(|source| self.fault(source))?;
		Ok(names)
	}

	fn begin_part(&mut self, header: &[u8]) -> Result<(), FetchError> {
		self.sync()?;
		self.state.parts.push(Part { header: header.to_vec(), bytes: 0 });
		let path = self.part_path(self.state.parts.len());
		let file = create_private(&path).map_err(|source| FetchError::Io { path, source })?;
		self.file = Some(file);
		self.write(header)
	}

	fn write(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
		if let (Some(file), Some(part)) = (&mut self.file, self.state.parts.last_mut()) {
			let path = &self.path;
			file.write_all(bytes)
				.map_err(|source| FetchError::Io { path: path.clone(), source })?;
			part.bytes += bytes.len() as u64;
		}
		Ok(())
	}

	fn save(&self) -> Result<(), FetchError> {
		let text = serde_json::to_vec(&self.state).map_err(|error| self.fault(error.into()))?;
		replace_file(&state_path(&self.path), &text).map_err(|source| self.fault(source))
	}

	fn sync(&mut self) -> Result<(), FetchError> {
		match &self.file {
			Some(file) => file.sync_data().map_err(|source| self.fault(source)),
			None => Ok(()),
		}
	}

	fn fault(&self, source: io::Error) -> FetchError {
		FetchError::Io { path: self.path.clone(), source }
	}

	fn numbers(&self) -> RangeInclusive<usize> {
		1..=self.state.parts.len()
	}

	fn is_there(&self, number: usize) -> bool {
		self.part_path(number).exists() || self.final_path(number).exists()
	}

	/// `FILE` for the first part, `FILE-2` and so on, before the extension, for the others.
	fn final_path(&self, number: usize) -> PathBuf {
		if number == 1 {
			return self.path.clone();
		}
		let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
		let extension = self.path.extension().map(|extension| extension.to_string_lossy());
		let extension = extension.map(|extension| format!(".{extension}")).unwrap_or_default();
		self.path.with_file_name(format!("{stem}-{number}{extension}"))
	}

	fn part_path(&self, number: usize) -> PathBuf {
		with_suffix(&self.final_path(number), ".part")
	}
}

fn state_path(path: &Path) -> PathBuf {
	with_suffix(path, ".part.json")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
	let mut name = path.as_os_str().to_owned();
	name.push(suffix);
	PathBuf::from(name)
}

/// Takes the index of a batch and its chunks.
pub type Receive<'a, E> = dyn FnMut(u32, &[Vec<u8>]) -> Result<(), E> + 'a;

/// Fetches the batches of `range` from the batch `first` on, and hands the decrypted chunks of each to
/// `receive`, with the batch's index, once all of them are found to be what was committed to.
pub async fn for_each_batch<E: From<FetchError>>(
	stores: &Stores,
	range: &RangeCommitment,
	cover: &KeyCover,
	first: u32,
	receive: &mut Receive<'_, E>,
) -> Result<(), E> {
	let batches: Vec<BatchCommitment> =
		stores.commitments(range).await.map_err(FetchError::from)?;
	for (commitment, index) in batches.iter().zip(0u32..).skip(first as usize) {
		let frame = stores.batch(index, commitment).await.map_err(FetchError::from)?;
		let chunks = open_batch(cover, &frame)
			.map_err(|(chunk, fault)| FetchError::WrongChunk { batch: index, chunk, fault })?;
		receive(index, &chunks)?;
	}
	Ok(())
}

/// Fetches all of `range` into `path`; returns the files. `id` tells whether what is there already belongs
/// to it: that of the order, or of a data set that is read without one. `progress` hears how many batches
/// are done.
pub async fn fetch(
	stores: &Stores,
	id: &H256,
	range: &RangeCommitment,
	cover: &KeyCover,
	path: &Path,
	progress: &mut dyn FnMut(u32),
) -> Result<Vec<PathBuf>, FetchError> {
	let mut output = Output::open(path, id)?;
	let first = output.next_batch();
	let mut receive = |index, chunks: &[Vec<u8>]| {
		output.write_batch(chunks)?;
		progress(index + 1);
		Ok::<_, FetchError>(())
	};
	for_each_batch(stores, range, cover, first, &mut receive).await?;
	output.finish()
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_commitments::KeyTree;
	use std::os::unix::fs::PermissionsExt;

	fn chunk(text: &str) -> Vec<u8> {
		text.as_bytes().to_vec()
	}

	#[test]
	fn headers_are_not_repeated_and_new_columns_begin_a_new_file() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("out.csv");
		let mut output = Output::open(&path, &H256([1; 32])).unwrap();
		output.write_batch(&[chunk("time,a\n1,2\n"), chunk("time,a\n3,4\n")]).unwrap();
		output.write_batch(&[chunk("time,a\n5,6\n"), chunk("time,b\n7,8\n")]).unwrap();
		for entry in fs::read_dir(directory.path()).unwrap() {
			let mode = entry.unwrap().metadata().unwrap().permissions().mode();
			assert_eq!(mode & 0o777, 0o600);
		}
		let files = output.finish().unwrap();
		assert_eq!(files, [path.clone(), directory.path().join("out-2.csv")]);
		assert_eq!(fs::read_to_string(&files[0]).unwrap(), "time,a\n1,2\n3,4\n5,6\n");
		assert_eq!(fs::read_to_string(&files[1]).unwrap(), "time,b\n7,8\n");
		assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
		assert!(matches!(Output::open(&path, &H256([1; 32])), Err(FetchError::Exists(_))));
	}

	#[test]
	fn an_interrupted_output_goes_on() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("out.csv");
		let mut output = Output::open(&path, &H256([1; 32])).unwrap();
		output.write_batch(&[chunk("time,a\n1,2\n")]).unwrap();
		// Written, but not yet accounted for when the process died.
		output.write(b"3,").unwrap();
		drop(output);
		let mut output = Output::open(&path, &H256([1; 32])).unwrap();
		assert_eq!(output.next_batch(), 1);
		output.write_batch(&[chunk("time,a\n3,4\n")]).unwrap();
		output.finish().unwrap();
		assert_eq!(fs::read_to_string(&path).unwrap(), "time,a\n1,2\n3,4\n");
	}

	#[test]
	fn an_output_whose_files_are_half_renamed_is_finished() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("out.csv");
		let mut output = Output::open(&path, &H256([1; 32])).unwrap();
		output.write_batch(&[chunk("time,a\n1,2\n"), chunk("time,b\n3,4\n")]).unwrap();
		output.state.complete = true;
		output.save().unwrap();
		fs::rename(output.part_path(1), &path).unwrap();
		drop(output);
		let output = Output::open(&path, &H256([1; 32])).unwrap();
		assert_eq!(output.next_batch(), 1);
		let files = output.finish().unwrap();
		assert_eq!(fs::read_to_string(&files[0]).unwrap(), "time,a\n1,2\n");
		assert_eq!(fs::read_to_string(&files[1]).unwrap(), "time,b\n3,4\n");
		assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
		assert!(matches!(Output::open(&path, &H256([1; 32])), Err(FetchError::Exists(_))));
	}

	#[test]
	fn the_output_of_another_order_is_begun_anew() {
		let directory = tempfile::tempdir().unwrap();
		let path = directory.path().join("out.csv");
		let mut output = Output::open(&path, &H256([1; 32])).unwrap();
		output.write_batch(&[chunk("time,a\n1,2\n")]).unwrap();
		drop(output);
		assert_eq!(Output::open(&path, &H256([2; 32])).unwrap().next_batch(), 0);
	}

	#[test]
	fn a_wrong_chunk_is_named() {
		let tree = KeyTree::from_seed([1; 32]);
		let key = tree.batch_key(0);
		let mut chunks: Vec<_> =
			(0..3).map(|number| key.chunk_key(number).seal(b"time\n1\n").unwrap()).collect();
		let frame = Frame::new(0, &chunks).unwrap();
		assert_eq!(open_batch(&tree.cover(1), &frame).unwrap().len(), 3);
		let other = KeyTree::from_seed([2; 32]).cover(1);
		assert_eq!(open_batch(&other, &frame), Err((0, ChunkFault::Key)));
		chunks[2].0.plaintext = [0; 32];
		let frame = Frame::new(0, &chunks).unwrap();
		assert_eq!(open_batch(&tree.cover(1), &frame), Err((2, ChunkFault::Data)));
	}
}
