//! Reads everything that is stored, and reports what is damaged.

use crate::store::{Store, StoreFault, Stored, Totals};
use msec_commitments::Hash;
use serde::Serialize;
use std::fmt::{self, Display, Formatter};

/// Batches and data sets that are listed at once.
const PAGE: usize = 1000;
/// Most findings that are told one by one.
const MAX_TOLD: usize = 1000;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
	/// Number of data sets.
	pub datasets: u64,
	/// Number of batches that were read.
	pub batches: u64,
	/// Length of their frames.
	pub bytes: u64,
	/// Number of findings.
	pub damaged: u64,
	/// The findings, the first thousand of them.
	pub damage: Vec<Damage>,
}

/// What is damaged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Damage {
	/// The data set, as 0x-hex.
	pub dataset: String,
	/// The batch, unless it is the counts of the data set that are wrong.
	#[serde(skip_serializing_if = "Option::is_none")]
	pub batch: Option<u32>,
	/// What is wrong with it.
	pub what: Kind,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
	/// What is known of the batch is not what was written.
	Record,
	/// The frame is not what was written, or not there.
	Frame,
	/// The data set counts other batches or bytes than it has.
	Totals,
}

impl Display for Damage {
	fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
		write!(formatter, "data set {}: ", self.dataset)?;
		if let Some(batch) = self.batch {
			write!(formatter, "batch {batch}: ")?;
		}
		formatter.write_str(match self.what {
			Kind::Record => "what is known of it is damaged",
			Kind::Frame => "its bytes are damaged or missing",
			Kind::Totals => "its counts are wrong",
		})
	}
}

impl Report {
	fn add(&mut self, dataset: &Hash, batch: Option<u32>, what: Kind) {
		self.damaged += 1;
		if self.damage.len() < MAX_TOLD {
			let dataset = format!("0x{}", hex::encode(dataset));
			self.damage.push(Damage { dataset, batch, what });
		}
	}
}

/// How many bytes there are to read.
pub fn length(store: &Store) -> Result<u64, StoreFault> {
	let mut length = 0;
	for_each_dataset(store, |dataset| {
		length += store.totals(dataset)?.bytes;
		Ok(())
	})?;
	Ok(length)
}

/// Reads everything; what is said to `progress` is the number of bytes since the last time.
pub fn scrub(store: &Store, mut progress: impl FnMut(u64)) -> Result<Report, StoreFault> {
	let mut report = Report::default();
	for_each_dataset(store, |dataset| {
		report.datasets += 1;
		scrub_dataset(store, dataset, &mut report, &mut progress)
	})?;
	Ok(report)
}

fn for_each_dataset(
	store: &Store,
	mut job: impl FnMut(&Hash) -> Result<(), StoreFault>,
) -> Result<(), StoreFault> {
	let mut after = None;
	loop {
		let page = store.datasets_after(after.as_ref(), PAGE)?;
		page.iter().try_for_each(&mut job)?;
		match page.last() {
			Some(last) => after = Some(*last),
			None => return Ok(()),
		}
	}
}

fn scrub_dataset(
	store: &Store,
	dataset: &Hash,
	report: &mut Report,
	progress: &mut impl FnMut(u64),
) -> Result<(), StoreFault> {
	let expected = store.totals(dataset)?;
	let mut found = Totals::default();
	let mut has_damaged_records = false;
	let mut from = Some(0);
	while let Some(first) = from {
		let (page, damaged) = read_page(store, dataset, first)?;
		for stored in &page {
			if !is_sound(store, stored)? {
				report.add(dataset, Some(stored.batch), Kind::Frame);
			}
			found.batches += 1;
			found.bytes += stored.bytes();
			progress(stored.bytes());
		}
		if let Some(batch) = damaged {
			report.add(dataset, Some(batch), Kind::Record);
			has_damaged_records = true;
		}
		let is_full = page.len() == PAGE;
		let last = damaged.or(page.last().filter(|_| is_full).map(|last| last.batch));
		from = last.and_then(|last| last.checked_add(1));
	}
	report.batches += found.batches;
	report.bytes += found.bytes;
	// Others may have written meanwhile.
	let is_settled = store.totals(dataset)? == expected;
	if is_settled && !has_damaged_records && found != expected {
		report.add(dataset, None, Kind::Totals);
	}
	Ok(())
}

/// Batches from `from` on, and the one behind them when its record is damaged.
fn read_page(
	store: &Store,
	dataset: &Hash,
	from: u32,
) -> Result<(Vec<Stored>, Option<u32>), StoreFault> {
	match store.list_from(dataset, from, PAGE) {
		Err(StoreFault::DamagedBatch(batch)) => {
			Ok((store.list(dataset, from, batch, PAGE)?, Some(batch)))
		},
		page => Ok((page?, None)),
	}
}

/// Whether the frame of a batch is what was written. What is gone meanwhile is not damaged.
fn is_sound(store: &Store, stored: &Stored) -> Result<bool, StoreFault> {
	match store.frame(stored) {
		Ok(_) => Ok(true),
		Err(StoreFault::DamagedBatch(_)) => Ok(false),
		Err(fault) => Err(fault),
	}
}
