//! Batches in the redb file.

use crate::store::{
	backup::Item,
	publication::Publication,
	record::{checked_segments, open_segment, Blob, Record},
	Staged, StoreFault, Stored, Totals,
};
use msec_commitments::Hash;
use msec_worker_common::{batch_frame::Frame, AccountId32};
use redb::{
	Database, Durability, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition,
	WriteTransaction,
};
use std::{
	ops::{Bound, ControlFlow, Range, RangeInclusive},
	sync::atomic::{AtomicU64, Ordering},
};

type BatchKey<'a> = (&'a [u8; 32], u32);
type SegmentKey = (Blob, u32);
/// What becomes of one of the publications that are written together.
pub(super) type Outcome = Result<Vec<Stored>, StoreFault>;

/// Data set and batch, to its record.
const BATCHES: TableDefinition<BatchKey, &[u8]> = TableDefinition::new("batches");
/// Blob and position, to a segment of a frame behind its checksum.
const SEGMENTS: TableDefinition<SegmentKey, &[u8]> = TableDefinition::new("segments");
/// Blobs that are not visible.
const STAGED: TableDefinition<Blob, ()> = TableDefinition::new("staged");
/// Data sets of which anything is kept, to the counts of their batches and bytes.
const TOTALS: TableDefinition<&[u8; 32], (u64, u64)> = TableDefinition::new("totals");
/// Data set, to its owner.
const OWNERS: TableDefinition<&[u8; 32], &[u8; 32]> = TableDefinition::new("owners");
/// Owners with their data sets.
const OWNED: TableDefinition<(&[u8; 32], &[u8; 32]), ()> = TableDefinition::new("owned");
/// Data sets that another engine has.
const MOVED: TableDefinition<&[u8; 32], ()> = TableDefinition::new("moved");
/// How many batches are erased in one transaction.
const ERASED_AT_ONCE: usize = 64;

/// The open file.
pub(super) struct Opened {
	database: Database,
	/// Another one after each opening, so that no blob has the number of one that a fault destroyed.
	opening: u64,
	/// Blobs since then.
	blobs: AtomicU64,
}

impl Opened {
	pub fn new(database: Database) -> Self {
		Self { database, opening: rand::random(), blobs: AtomicU64::new(0) }
	}

	/// Ascending, so that what is written together lies together.
	fn next_blob(&self) -> Blob {
		let blob = self.blobs.fetch_add(1, Ordering::Relaxed);
		(Blob::from(self.opening) << u64::BITS) | Blob::from(blob)
	}
}

/// Makes the tables, and removes what a crash left staged.
pub(super) fn prepare(opened: &Opened) -> Result<(), StoreFault> {
	let write = opened.database.begin_write()?;
	{
		write.open_table(BATCHES)?;
		write.open_table(TOTALS)?;
		write.open_table(OWNERS)?;
		write.open_table(OWNED)?;
		write.open_table(MOVED)?;
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

/// What is staged reaches the disk with the publication that makes it visible.
pub(super) fn stage(opened: &Opened, frame: &Frame) -> Result<Staged, StoreFault> {
	let mut write = opened.database.begin_write()?;
	write.set_durability(Durability::None)?;
	let blob = opened.next_blob();
	{
		let mut segments = write.open_table(SEGMENTS)?;
		for (index, segment) in checked_segments(blob, frame.bytes()) {
			segments.insert((blob, index), segment.as_slice())?;
		}
		write.open_table(STAGED)?.insert(blob, ())?;
	}
	write.commit()?;
	let record = Record::new(blob, &frame.commitment(), frame.bytes().len());
	Ok(Staged { batch: frame.batch(), record })
}

/// Carries out publications in one transaction. Whether one of them is refused is for it alone.
pub(super) fn publish(
	opened: &Opened,
	publications: &[Publication],
) -> Result<Vec<Outcome>, StoreFault> {
	let write = opened.database.begin_write()?;
	let mut outcomes = Vec::new();
	for publication in publications {
		match publish_one(&write, publication) {
			Err(fault) if !fault.is_refusal() => return Err(fault),
			outcome => outcomes.push(outcome),
		}
	}
	write.commit()?;
	Ok(outcomes)
}

/// Refuses before anything is changed.
fn publish_one(write: &WriteTransaction, publication: &Publication) -> Outcome {
	let dataset = &publication.dataset;
	let mut staged = write.open_table(STAGED)?;
	for Staged { record, .. } in &publication.staged {
		if staged.get(record.blob)?.is_none() {
			return Err(StoreFault::StagedLost);
		}
	}
	let mut totals = write.open_table(TOTALS)?;
	let mut batches = write.open_table(BATCHES)?;
	let changes = publication.changes(counts(&totals, dataset)?, |batch| {
		let entry = batches.get((dataset, batch))?;
		entry.map(|entry| Record::from_entry(entry.value(), dataset, batch)).transpose()
	})?;
	for Staged { record, .. } in &publication.staged {
		staged.remove(record.blob)?;
	}
	for (batch, record) in &changes.records {
		batches.insert((dataset, *batch), record.to_entry(dataset, *batch).as_slice())?;
	}
	for blob in &changes.obsolete {
		remove_blob(write, *blob)?;
	}
	totals.insert(dataset, (changes.totals.batches, changes.totals.bytes))?;
	Ok(changes.stored)
}

pub(super) fn discard(opened: &Opened, staged: &[Staged]) -> Result<(), StoreFault> {
	let mut write = opened.database.begin_write()?;
	write.set_durability(Durability::None)?;
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
	opened: &Opened,
	dataset: &Hash,
	batches: RangeInclusive<u32>,
	limit: usize,
) -> Result<Vec<Stored>, StoreFault> {
	let table = opened.database.begin_read()?.open_table(BATCHES)?;
	let entries = table.range((dataset, *batches.start())..=(dataset, *batches.end()))?;
	entries
		.take(limit)
		.map(|entry| {
			let (key, value) = entry?;
			stored(dataset, key.value().1, value.value())
		})
		.collect()
}

pub(super) fn last(opened: &Opened, dataset: &Hash) -> Result<Option<Stored>, StoreFault> {
	let table = opened.database.begin_read()?.open_table(BATCHES)?;
	let Some(entry) = table.range((dataset, 0)..=(dataset, u32::MAX))?.next_back() else {
		return Ok(None);
	};
	let (key, value) = entry?;
	stored(dataset, key.value().1, value.value()).map(Some)
}

fn stored(dataset: &Hash, batch: u32, entry: &[u8]) -> Result<Stored, StoreFault> {
	let record = Record::from_entry(entry, dataset, batch)?;
	Ok(Stored { batch, dataset: *dataset, record })
}

pub(super) fn segments(
	opened: &Opened,
	blob: Blob,
	range: Range<u32>,
) -> Result<Option<Vec<Vec<u8>>>, StoreFault> {
	let table = opened.database.begin_read()?.open_table(SEGMENTS)?;
	range.map(|index| Ok(table.get((blob, index))?.map(|value| value.value().to_vec()))).collect()
}

pub(super) fn totals(opened: &Opened, dataset: &Hash) -> Result<Totals, StoreFault> {
	counts(&opened.database.begin_read()?.open_table(TOTALS)?, dataset)
}

fn counts(
	table: &impl ReadableTable<&'static [u8; 32], (u64, u64)>,
	dataset: &Hash,
) -> Result<Totals, StoreFault> {
	let (batches, bytes) = table.get(dataset)?.map_or((0, 0), |value| value.value());
	Ok(Totals { batches, bytes })
}

pub(super) fn datasets(
	opened: &Opened,
	after: Option<&Hash>,
	limit: usize,
) -> Result<Vec<Hash>, StoreFault> {
	let table = opened.database.begin_read()?.open_table(TOTALS)?;
	let from = after.map_or(Bound::Unbounded, Bound::Excluded);
	let entries = table.range::<&[u8; 32]>((from, Bound::Unbounded))?;
	entries.take(limit).map(|entry| Ok(*entry?.0.value())).collect()
}

/// Notes that something of a data set is kept.
pub(super) fn note(opened: &Opened, dataset: &Hash) -> Result<(), StoreFault> {
	if opened.database.begin_read()?.open_table(TOTALS)?.get(dataset)?.is_some() {
		return Ok(());
	}
	let write = opened.database.begin_write()?;
	{
		let mut totals = write.open_table(TOTALS)?;
		if totals.get(dataset)?.is_none() {
			totals.insert(dataset, (0, 0))?;
		}
	}
	write.commit()?;
	Ok(())
}

/// Notes whose a data set is.
pub(super) fn assign(opened: &Opened, dataset: &Hash, owner: &Hash) -> Result<(), StoreFault> {
	if self::owner(opened, dataset)? == Some(*owner) {
		return Ok(());
	}
	let write = opened.database.begin_write()?;
	forget_owner(&write, dataset)?;
	write.open_table(OWNERS)?.insert(dataset, owner)?;
	write.open_table(OWNED)?.insert((owner, dataset), ())?;
	write.commit()?;
	Ok(())
}

fn forget_owner(write: &WriteTransaction, dataset: &Hash) -> Result<(), StoreFault> {
	let former = write.open_table(OWNERS)?.remove(dataset)?.map(|owner| *owner.value());
	if let Some(former) = former {
		write.open_table(OWNED)?.remove((&former, dataset))?;
	}
	Ok(())
}

pub(super) fn owner(opened: &Opened, dataset: &Hash) -> Result<Option<Hash>, StoreFault> {
	let table = opened.database.begin_read()?.open_table(OWNERS)?;
	Ok(table.get(dataset)?.map(|owner| *owner.value()))
}

/// The data sets of an owner.
pub(super) fn owned(opened: &Opened, owner: &Hash) -> Result<Vec<Hash>, StoreFault> {
	let table = opened.database.begin_read()?.open_table(OWNED)?;
	let entries = table.range((owner, &[0; 32])..=(owner, &[u8::MAX; 32]))?;
	entries.map(|entry| Ok(*entry?.0.value().1)).collect()
}

/// Whether anything of a data set is kept that no other engine has.
pub(super) fn holds(opened: &Opened, dataset: &Hash) -> Result<bool, StoreFault> {
	let read = opened.database.begin_read()?;
	let is_kept = read.open_table(TOTALS)?.get(dataset)?.is_some();
	Ok(is_kept && read.open_table(MOVED)?.get(dataset)?.is_none())
}

/// Notes that another engine has a data set.
pub(super) fn mark_moved(opened: &Opened, dataset: &Hash) -> Result<(), StoreFault> {
	let write = opened.database.begin_write()?;
	write.open_table(MOVED)?.insert(dataset, ())?;
	write.commit()?;
	Ok(())
}

/// Whether another engine has any data set.
pub(super) fn has_moved(opened: &Opened) -> Result<bool, StoreFault> {
	let table = opened.database.begin_read()?.open_table(MOVED)?;
	let first = table.first()?;
	Ok(first.is_some())
}

/// Erases some batches; whether there may be more.
pub(super) fn erase_some(opened: &Opened, dataset: &Hash) -> Result<bool, StoreFault> {
	let write = opened.database.begin_write()?;
	let found = {
		let mut batches = write.open_table(BATCHES)?;
		let found = some_records(&batches, dataset)?;
		for (batch, record) in &found {
			batches.remove((dataset, *batch))?;
			if let Some(record) = record {
				remove_blob(&write, record.blob)?;
			}
		}
		if found.is_empty() {
			write.open_table(TOTALS)?.remove(dataset)?;
			forget_owner(&write, dataset)?;
		}
		found
	};
	write.commit()?;
	Ok(!found.is_empty())
}

/// The first batches with their records; a damaged record is none, and nobody knows its frame.
fn some_records(
	batches: &impl ReadableTable<BatchKey<'static>, &'static [u8]>,
	dataset: &Hash,
) -> Result<Vec<(u32, Option<Record>)>, StoreFault> {
	let entries = batches.range((dataset, 0)..=(dataset, u32::MAX))?;
	entries
		.take(ERASED_AT_ONCE)
		.map(|entry| {
			let (key, value) = entry?;
			let batch = key.value().1;
			Ok((batch, Record::from_entry(value.value(), dataset, batch).ok()))
		})
		.collect()
}

fn remove_blob(write: &WriteTransaction, blob: Blob) -> Result<(), StoreFault> {
	let mut segments = write.open_table(SEGMENTS)?;
	segments.retain_in((blob, 0)..=(blob, u32::MAX), |_, _| false)?;
	Ok(())
}

/// Everything that is visible now, whatever is written meanwhile.
pub(super) fn snapshot(
	opened: &Opened,
	receive: &mut dyn FnMut(Item) -> ControlFlow<()>,
) -> Result<(), StoreFault> {
	let read = opened.database.begin_read()?;
	let (totals, owners) = (read.open_table(TOTALS)?, read.open_table(OWNERS)?);
	let (batches, segments) = (read.open_table(BATCHES)?, read.open_table(SEGMENTS)?);
	for entry in totals.iter()? {
		let dataset = *entry?.0.value();
		let owner = owners.get(&dataset)?.map(|owner| AccountId32(*owner.value()));
		if receive(Item::Dataset(dataset, owner)).is_break() {
			return Ok(());
		}
		for entry in batches.range((&dataset, 0)..=(&dataset, u32::MAX))? {
			let (key, value) = entry?;
			let batch = key.value().1;
			let frame = match Record::from_entry(value.value(), &dataset, batch) {
				Ok(record) => whole_frame(&segments, &record)?,
				Err(_) => None,
			};
			if receive(frame.map_or(Item::Damaged(batch), Item::Frame)).is_break() {
				return Ok(());
			}
		}
	}
	Ok(())
}

/// A frame from its segments; `None` when one is missing or damaged.
fn whole_frame(
	segments: &ReadOnlyTable<SegmentKey, &'static [u8]>,
	record: &Record,
) -> Result<Option<Vec<u8>>, StoreFault> {
	let mut frame = Vec::new();
	for index in 0..record.segments() {
		let Some(checked) = segments.get((record.blob, index))? else { return Ok(None) };
		let Some(segment) = open_segment(record, index, checked.value()) else { return Ok(None) };
		frame.extend_from_slice(segment);
	}
	Ok(Some(frame))
}

/// Segments of frames that are visible or staged.
#[cfg(test)]
pub(super) fn count_segments(opened: &Opened) -> Result<usize, StoreFault> {
	let table = opened.database.begin_read()?.open_table(SEGMENTS)?;
	Ok(redb::ReadableTableMetadata::len(&table)? as usize)
}
