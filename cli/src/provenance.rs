//! Whether a picture is one that a device made anonymous: its hash is looked up among the provenance
//! records of a data set, and what is found is checked.

use crate::ids::hash_text;
use msec_commitments::Hash;
use msec_worker_common::{
	chain::{AccessDecisions, Action, ChainError, Decision, Refusal},
	provenance::Record,
	AccountId32, H256,
};
use sha2::{Digest, Sha256};
use std::io::{self, BufRead, BufReader, Read};

/// The column by which a record is found.
const OUTPUT_COLUMN: &str = "output_sha256";
/// Most records of one image that are kept. Nobody anonymizes the same file that often.
const MAX_MATCHES: usize = 64;

/// Why records cannot be searched.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
	/// The records are not CSV.
	#[error("the records cannot be read: {0}")]
	Table(#[from] csv::Error),
	/// They are records of something else.
	#[error("these are no provenance records: there is no column {OUTPUT_COLUMN} but {0}")]
	OtherColumns(String),
}

/// What speaks against an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
	/// No record names it.
	#[error("no record names this image: it is not as the device left it, or was never recorded")]
	NotFound,
	/// The record that names it cannot be read.
	#[error("the record that names this image is damaged: {0}")]
	Damaged(String),
	/// The record that names it was not signed by its device.
	#[error("the record that names this image is forged: {0} did not sign it")]
	Forged(AccountId32),
	/// The device had no business to record anything there.
	#[error("the record is signed by {device}, which may not write to the data set")]
	NotEntitled {
		/// The device's account.
		device: AccountId32,
		/// Why it may not.
		refusal: Refusal,
	},
}

impl Objection {
	/// A word for programs.
	pub fn name(&self) -> &'static str {
		match self {
			Self::NotFound => "not-found",
			Self::Damaged(_) => "damaged-record",
			Self::Forged(_) => "forged-record",
			Self::NotEntitled { .. } => "device-not-entitled",
		}
	}
}

/// SHA-256 of a file, which is read in small pieces.
pub fn hash_of(file: impl Read) -> io::Result<Hash> {
	let mut hasher = Sha256::new();
	let mut reader = BufReader::new(file);
	loop {
		let piece = reader.fill_buf()?;
		if piece.is_empty() {
			return Ok(hasher.finalize().into());
		}
		hasher.update(piece);
		let length = piece.len();
		reader.consume(length);
	}
}

/// Looks for the records of one image.
pub struct Search {
	image: Hash,
	records: u64,
	matches: Vec<Result<Record, String>>,
}

impl Search {
	/// A search for the records of the image with this SHA-256.
	pub fn new(image: Hash) -> Self {
		Self { image, records: 0, matches: Vec::new() }
	}

	/// Looks through a CSV document with a header: a chunk, or everything that was fetched.
	pub fn look_through(&mut self, document: impl Read) -> Result<(), SearchError> {
		let mut reader = csv::Reader::from_reader(document);
		let header = reader.headers()?.clone();
		let column = header.iter().position(|name| name == OUTPUT_COLUMN).ok_or_else(|| {
			SearchError::OtherColumns(header.iter().collect::<Vec<_>>().join(", "))
		})?;
		let sought = hash_text(&self.image);
		let mut row = csv::StringRecord::new();
		while reader.read_record(&mut row)? {
			self.records += 1;
			let is_sought = row.get(column).is_some_and(|cell| cell.eq_ignore_ascii_case(&sought));
			if is_sought && self.matches.len() < MAX_MATCHES {
				self.matches.push(row.deserialize(Some(&header)).map_err(fault_of));
			}
		}
		Ok(())
	}

	/// How many records were looked at.
	pub fn records(&self) -> u64 {
		self.records
	}

	/// A record that says that the image was made anonymous, by a device that may write to `dataset` now;
	/// or else what speaks against the first of those that were found.
	pub async fn judge(
		self,
		decisions: &AccessDecisions,
		dataset: &H256,
	) -> Result<Result<Record, Objection>, ChainError> {
		let mut objection = None;
		for found in self.matches {
			let judged = match genuine(found) {
				Ok(record) => entitled(decisions, dataset, record).await?,
				Err(objection) => Err(objection),
			};
			match judged {
				Ok(record) => return Ok(Ok(record)),
				Err(fault) => objection = objection.or(Some(fault)),
			}
		}
		Ok(Err(objection.unwrap_or(Objection::NotFound)))
	}
}

fn fault_of(error: csv::Error) -> String {
	match error.kind() {
		csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
		_ => error.to_string(),
	}
}

fn genuine(found: Result<Record, String>) -> Result<Record, Objection> {
	let record = found.map_err(Objection::Damaged)?;
	match record.is_genuine() {
		true => Ok(record),
		false => Err(Objection::Forged(record.device)),
	}
}

async fn entitled(
	decisions: &AccessDecisions,
	dataset: &H256,
	record: Record,
) -> Result<Result<Record, Objection>, ChainError> {
	let (decision, _) = decisions.decide(&record.device, &dataset.0, Action::Write, None).await?;
	Ok(match decision {
		Decision::Allow(_) => Ok(record),
		Decision::Deny(refusal) => Err(Objection::NotEntitled { device: record.device, refusal }),
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::ingest::{Chunker, Options, Row, Survey};
	use msec_worker_common::{keys::AccountKey, provenance::Statement};
	use proptest::prelude::*;
	use std::io::Cursor;

	fn record(output: u8) -> Record {
		let statement = Statement {
			time: 1_790_000_000 + u64::from(output),
			original_hmac: [1; 32],
			output_sha256: [output; 32],
			models_sha256: [3; 32],
			settings_sha256: [4; 32],
			method: "mosaic".into(),
		};
		statement.sign(&AccountKey::from_seed(&[7; 32]))
	}

	/// What a buyer gets of JSON lines: the chunks into which they are cut for publication.
	fn published(records: &[Record]) -> Vec<String> {
		let lines: String = records
			.iter()
			.map(|record| format!("{}\n", serde_json::to_string(record).unwrap()))
			.collect();
		let mut source = Cursor::new(lines);
		let survey = Survey::new(&mut source, &Options::default()).unwrap();
		let mut rows = survey.rows(source).unwrap();
		let mut chunker = Chunker::new(&survey.header());
		let mut chunks = Vec::new();
		while let Some(row) = rows.next_row().unwrap() {
			match row {
				Row::Accepted(line) => chunks.extend(chunker.push(&line)),
				Row::Rejected { reason, .. } => panic!("{reason}"),
			}
		}
		chunks.extend(chunker.finish());
		chunks.into_iter().map(|chunk| chunk.text).collect()
	}

	fn search(image: Hash, documents: &[String]) -> Search {
		let mut search = Search::new(image);
		documents.iter().for_each(|text| search.look_through(text.as_bytes()).unwrap());
		search
	}

	#[test]
	fn records_survive_publication() {
		let records: Vec<_> = (0..40).map(record).collect();
		let chunks = published(&records);
		assert!(chunks.len() > 1, "a chunk holds a few records");
		for record in &records {
			let search = search(record.statement.output_sha256, &chunks);
			assert_eq!(search.records(), 40);
			assert_eq!(search.matches, [Ok(record.clone())]);
			assert!(genuine(search.matches[0].clone()).is_ok());
		}
		assert!(search([99; 32], &chunks).matches.is_empty());
	}

	#[test]
	fn files_published_one_after_the_other_have_the_same_columns() {
		let header = |chunks: Vec<String>| chunks[0].lines().next().unwrap().to_owned();
		let many: Vec<_> = (0..40).map(record).collect();
		assert_eq!(header(published(&[record(1)])), header(published(&many)));
	}

	#[test]
	fn damaged_and_forged_records_are_told_apart() {
		let chunks = published(&[record(1)]);
		let image = [1; 32];
		let forged = chunks[0].replace("mosaic", "blur");
		let found = search(image, &[forged]).matches.remove(0);
		assert_eq!(genuine(found), Err(Objection::Forged(record(1).device)));
		let damaged = chunks[0].replace("mosaic", "???");
		let found = search(image, &[damaged]).matches.remove(0);
		let objection = genuine(found).unwrap_err();
		assert_eq!(objection.name(), "damaged-record");
		assert!(objection.to_string().contains("method is not"), "{objection}");
	}

	#[test]
	fn other_data_sets_are_named() {
		let error = Search::new([0; 32]).look_through(&b"time,temperature\n"[..]).unwrap_err();
		assert!(error.to_string().contains("time, temperature"), "{error}");
	}

	#[test]
	fn a_data_set_full_of_one_image_is_not_kept_in_memory() {
		let chunks = published(&vec![record(1); 2 * MAX_MATCHES]);
		let search = search([1; 32], &chunks);
		assert_eq!((search.records(), search.matches.len()), (2 * MAX_MATCHES as u64, MAX_MATCHES));
	}

	proptest! {
		#[test]
		fn arbitrary_documents_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
			let document = [b"time,output_sha256,device\n", bytes.as_slice()].concat();
			let mut search = Search::new([0; 32]);
			let _ = search.look_through(document.as_slice());
			let _ = search.look_through(bytes.as_slice());
		}
	}
}
