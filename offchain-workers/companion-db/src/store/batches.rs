//! Batches in the redb file.

use super::{Staged, StoreFault, Stored, Totals};
use codec::{Decode, Encode};
use msec_commitments::Hash;
use msec_worker_common::batch_frame::Frame;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};

type BatchKey<'a> = (&'a [u8; 32], u32);
type SegmentKey = (u64, u32);

/// Data set and batch, to its record.
const BATCHES: TableDefinition<BatchKey, &[u8]> = TableDefinition::new("batches");
/// Blob and position, to a part of a frame.
const SEGMENTS: TableDefinition<SegmentKey, &[u8]> = TableDefinition::new("segments");
/// Blobs that are not visible.
const STAGED: TableDefinition<u64, ()> = TableDefinition::new("staged");
/// Data set, to the counts of its batches and bytes.
const TOTALS: TableDefinition<&[u8; 32], (u64, u64)> = TableDefinition::new("totals");
/// Numbers that are used once.
const COUNTERS: TableDefinition<&str, u64> = TableDefinition::new("counters");
const NEXT_BLOB: &str = "next blob";
/// A little less than redb's page of that size holds, so that no page is half empty.
const SEGMENT_LENGTH: usize = 64 * 1024 - 128;
/// How many batches are erased in one transaction.
const ERASED_AT_ONCE: usize = 64;

/// What is known of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Record {
	pub blob: u64,
	pub chunks: u32,
	pub root: Hash,
	pub bytes: u64,
}

impl Record {
	pub fn segments(&self) -> u32 {
		// A frame has a few mebibytes at most.
		self.bytes.div_ceil(SEGMENT_LENGTH as u64) as u32
	}

	fn decode_from(bytes: &[u8]) -> Result<Self, StoreFault> {
		Self::decode(&mut &*bytes).map_err(|_| StoreFault::Damaged)
	}
}

/// Makes the tables, and removes what a crash left staged.
pub(super) fn prepare(database: &Database) -> Result<(), StoreFault> {
	let write = database.begin_write()?;
	{
		write.open_table(BATCHES)?;
		write.open_table(TOTALS)?;
		write.open_table(COUNTERS)?;
		let mut staged = write.open_table(STAGED)?;
		let mut segments = write.open_table(SEGMENTS)?;
		for entry in staged.extract_if(|_, ()| true)? {
			let blob = entry?.0.value();
			segments.retain_in((blob, 0)..=(blob, u32::MAX), |_, _| false)?;
		}
	}
	write.commit()?;
	Ok(())
}

pub(super) fn stage(database: &Database, frame: &Frame) -> Result<Staged, StoreFault> {
	let commitment = frame.commitment();
	let write = database.begin_write()?;
	let record = {
		let mut counters = write.open_table(COUNTERS)?;
		let blob = counters.get(NEXT_BLOB)?.map_or(0, |number| number.value());
		counters.insert(NEXT_BLOB, blob + 1)?;
		let mut segments = write.open_table(SEGMENTS)?;
		for (index, segment) in (0..).zip(frame.bytes().chunks(SEGMENT_LENGTH)) {
			segments.insert((blob, index), segment)?;
		}
		write.open_table(STAGED)?.insert(blob, ())?;
		let bytes = frame.bytes().len() as u64;
		Record { blob, chunks: commitment.chunks, root: commitment.root, bytes }
	};
	write.commit()?;
	Ok(Staged { batch: frame.batch(), record })
}

pub(super) fn publish(
	database: &Database,
	dataset: &Hash,
	staged: &[Staged],
	on_chain: u32,
	quota: u64,
) -> Result<Vec<Stored>, StoreFault> {
	let write = database.begin_write()?;
	let stored = staged
		.iter()
		.map(|staged| publish_one(&write, dataset, staged, on_chain))
		.collect::<Result<_, _>>()?;
	let bytes = write.open_table(TOTALS)?.get(dataset)?.map_or(0, |totals| totals.value().1);
	if bytes > quota {
		return Err(StoreFault::QuotaExceeded(quota));
	}
	write.commit()?;
	Ok(stored)
}

fn publish_one(
	write: &WriteTransaction,
	dataset: &Hash,
	staged: &Staged,
	on_chain: u32,
) -> Result<Stored, StoreFault> {
	let Staged { batch, record } = *staged;
	let mut batches = write.open_table(BATCHES)?;
	let mut totals = write.open_table(TOTALS)?;
	write.open_table(STAGED)?.remove(record.blob)?;
	let present = batches
		.get((dataset, batch))?
		.map(|value| Record::decode_from(value.value()))
		.transpose()?;
	let (mut count, mut bytes) = totals.get(dataset)?.map_or((0, 0), |value| value.value());
	match present {
		Some(present) if present.root == record.root && present.chunks == record.chunks => {
			remove_blob(write, record.blob)?;
			return Ok(Stored { batch, record: present });
		},
		Some(_) if batch < on_chain => return Err(StoreFault::Conflict(batch)),
		Some(present) => {
			remove_blob(write, present.blob)?;
			bytes = bytes.saturating_sub(present.bytes);
		},
		None => count += 1,
	}
	batches.insert((dataset, batch), record.encode().as_slice())?;
	totals.insert(dataset, (count, bytes + record.bytes))?;
	Ok(Stored { batch, record })
}

pub(super) fn discard(database: &Database, staged: &[Staged]) -> Result<(), StoreFault> {
	let write = database.begin_write()?;
	for Staged { record, .. } in staged {
		// What is no longer staged was published.
		if write.open_table(STAGED)?.remove(record.blob)?.is_some() {
			remove_blob(&write, record.blob)?;
		}
	}
	write.commit()?;
	Ok(())
}

pub(super) fn list(
	database: &Database,
	dataset: &Hash,
	from: u32,
	to: u32,
	limit: usize,
) -> Result<Vec<Stored>, StoreFault> {
	if from >= to {
		return Ok(Vec::new());
	}
	let table = database.begin_read()?.open_table(BATCHES)?;
	let entries = table.range((dataset, from)..(dataset, to))?;
	entries
		.take(limit)
		.map(|entry| {
			let (key, value) = entry?;
			Ok(Stored { batch: key.value().1, record: Record::decode_from(value.value())? })
		})
		.collect()
}

pub(super) fn last(database: &Database, dataset: &Hash) -> Result<Option<Stored>, StoreFault> {
	let table = database.begin_read()?.open_table(BATCHES)?;
	let Some(entry) = table.range((dataset, 0)..=(dataset, u32::MAX))?.next_back() else {
		return Ok(None);
	};
	let (key, value) = entry?;
	Ok(Some(Stored { batch: key.value().1, record: Record::decode_from(value.value())? }))
}

pub(super) fn segment(
	database: &Database,
	blob: u64,
	index: u32,
) -> Result<Option<Vec<u8>>, StoreFault> {
	let table = database.begin_read()?.open_table(SEGMENTS)?;
	let found = table.get((blob, index))?.map(|value| value.value().to_vec());
	Ok(found)
}

pub(super) fn totals(database: &Database, dataset: &Hash) -> Result<Totals, StoreFault> {
	let table = database.begin_read()?.open_table(TOTALS)?;
	let (batches, bytes) = table.get(dataset)?.map_or((0, 0), |value| value.value());
	Ok(Totals { batches, bytes })
}

pub(super) fn datasets(database: &Database) -> Result<Vec<Hash>, StoreFault> {
	let table = database.begin_read()?.open_table(TOTALS)?;
	let entries = table.iter()?;
	entries.map(|entry| Ok(*entry?.0.value())).collect()
}

/// Erases some batches; whether there may be more.
pub(super) fn erase_some(database: &Database, dataset: &Hash) -> Result<bool, StoreFault> {
	let found = list(database, dataset, 0, u32::MAX, ERASED_AT_ONCE)?;
	// Batch 2³² − 1 cannot be on chain, but nothing keeps it from being uploaded.
	let found =
		if found.is_empty() { last(database, dataset)?.into_iter().collect() } else { found };
	let write = database.begin_write()?;
	{
		let mut batches = write.open_table(BATCHES)?;
		for stored in &found {
			batches.remove((dataset, stored.batch))?;
			remove_blob(&write, stored.record.blob)?;
		}
		if found.is_empty() {
			write.open_table(TOTALS)?.remove(dataset)?;
		}
	}
	write.commit()?;
	Ok(!found.is_empty())
}

fn remove_blob(write: &WriteTransaction, blob: u64) -> Result<(), StoreFault> {
	let mut segments = write.open_table(SEGMENTS)?;
	segments.retain_in((blob, 0)..=(blob, u32::MAX), |_, _| false)?;
	Ok(())
}

#[cfg(test)]
pub(super) fn count_segments(database: &Database) -> Result<usize, StoreFault> {
	let table = database.begin_read()?.open_table(SEGMENTS)?;
	Ok(redb::ReadableTableMetadata::len(&table)? as usize)
}
