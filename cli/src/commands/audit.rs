//! `msec audit`

use super::context::{table, Context};
use anyhow::{anyhow, bail, Result};
use clap::Args;
use jiff::Timestamp;
use msec::{
	audit::{self, Audited, AuditedEntry, Scope},
	ids,
};
use msec_worker_common::{
	access_log::{day_name, day_of, parse_day, Operation, Outcome, Subject},
	chain::BlockClient,
	store_client::StoreClient,
	AccountId32,
};
use serde_json::{json, Value};
use std::time::{SystemTime, UNIX_EPOCH};

/// Days that are audited when nothing else is said.
const DEFAULT_DAYS: u32 = 7;

pub const LONG_ABOUT: &str = "\
Show who was allowed, or refused, to do what with a data set between two days, with proof.

Every store writes each decision down, a line in a chain of hashes, and anchors the root of each day on \
the chain. This command fetches the lines from all stores of the data set and checks that none was \
changed, dropped or reordered since, and that the roots are the anchored ones; it fails otherwise, with \
the store and the reason. Lines of days that are not anchored yet, such as today's, are marked: the \
store could still show others. A store that shows lines from before yesterday and has not anchored them \
fails the audit, unless --unproved is given. Days without a line are not anchored: a store that shows \
none since its last anchor is idle, or hides them, and the command says from which day on nothing is \
proved.

The owner of a data set sees all its lines, everybody the lines of the own requests (--own), and the \
operator of a store all of them (--all). What a store never wrote down cannot be found.

    msec audit garden --from 2026-11-01 --to 2026-11-26
    msec audit garden --own
    msec audit --all";

#[derive(Args)]
pub struct Audit {
	/// Name or identifier of the data set.
	#[arg(required_unless_present_any = ["stores", "all"])]
	dataset: Option<String>,
	/// The first day, in UTC [default: six days before the last one].
	#[arg(long, value_name = "DAY", value_parser = day_argument)]
	from: Option<u32>,
	/// The last day, in UTC [default: today].
	#[arg(long, value_name = "DAY", value_parser = day_argument)]
	to: Option<u32>,
	/// Only the lines of the own requests.
	#[arg(long)]
	own: bool,
	/// All lines of the store that the signing account operates.
	#[arg(long, conflicts_with_all = ["own", "dataset", "stores"])]
	all: bool,
	/// Operator of a store to ask; may be repeated [default: those of the data set].
	#[arg(long = "store", value_name = "ACCOUNT")]
	stores: Vec<String>,
	/// Accept stores that never anchored, or stopped: lines from before yesterday that the chain does not
	/// prove, so that the store may have changed or dropped any of them.
	#[arg(long)]
	unproved: bool,
}

fn day_argument(text: &str) -> Result<u32, String> {
	parse_day(text).ok_or_else(|| format!("{text:?} is not a day; write it like 2026-01-31"))
}

impl Audit {
	pub async fn run(self, context: &Context) -> Result<()> {
		let today = today()?;
		let to = self.to.unwrap_or(today);
		let from = self.from.unwrap_or_else(|| to.saturating_sub(DEFAULT_DAYS - 1));
		if from > to {
			bail!("the first day comes after the last one");
		}
		let key = context.account_key()?;
		let (_, block) = context.finalized().await?;
		let scope = self.scope(context, &key.account_id())?;
		let (mut reports, mut faults) = (Vec::new(), Vec::new());
		for operator in self.operators(context, &block, &key.account_id()).await? {
			let Some(store) = block.store(&operator).await? else {
				faults.push(format!("{operator} is no longer registered as a store"));
				continue;
			};
			let client = StoreClient::new(&store.endpoint, &operator, key.clone())?;
			let anchors = block.access_log_anchors(&operator).await?;
			match audit::audit(&client, &operator, &anchors, &scope, from..=to, today).await {
				Ok(audited) => {
					let unproved_from = audited.unproved_from(&(from..=to), today);
					let report = Report { store: operator, audited, unproved_from };
					faults.extend(report.fault().filter(|_| !self.unproved));
					reports.push(report);
				},
				Err(error) => faults.push(format!("{operator}: {error}")),
			}
		}
		if self.own {
			self.keep_dataset(context, &mut reports)?;
		}
		print(context, from, to, &reports);
		match faults.is_empty() {
			true => Ok(()),
			false => bail!("{}", faults.join("; ")),
		}
	}

	fn scope(&self, context: &Context, account: &AccountId32) -> Result<Scope> {
		if self.all {
			return Ok(Scope::All);
		}
		match &self.dataset {
			Some(dataset) if !self.own => {
				Ok(Scope::Subject(Subject::Dataset(context.dataset(dataset)?)))
			},
			_ if self.own => Ok(Scope::Subject(Subject::Account(*account))),
			_ => bail!("name a data set, or say --own"),
		}
	}

	/// The stores to ask.
	async fn operators(
		&self,
		context: &Context,
		block: &BlockClient,
		account: &AccountId32,
	) -> Result<Vec<AccountId32>> {
		if self.all {
			return Ok(vec![*account]);
		}
		if !self.stores.is_empty() {
			return self.stores.iter().map(|store| context.address(store)).collect();
		}
		let dataset = self.dataset.as_ref().ok_or_else(|| anyhow!("name a data set"))?;
		let id = context.dataset(dataset)?;
		let details = block.dataset(&id.0).await?;
		let details = details.ok_or_else(|| anyhow!("this chain does not know the data set"))?;
		if !details.erased {
			return Ok(details.stores);
		}
		let erasure = block.erasure(&id.0).await?;
		Ok(erasure.into_iter().flat_map(|erasure| erasure.stores).map(|(store, _)| store).collect())
	}

	/// Leaves the own lines about the data set that was named, if one was.
	fn keep_dataset(&self, context: &Context, reports: &mut [Report]) -> Result<()> {
		if let Some(dataset) = &self.dataset {
			let id = context.dataset(dataset)?;
			for report in reports {
				report.audited.entries.retain(|audited| audited.entry.dataset == id);
			}
		}
		Ok(())
	}
}

/// What was found at a store.
struct Report {
	store: AccountId32,
	audited: Audited,
	/// The first day that should be proved and is not.
	unproved_from: Option<u32>,
}

impl Report {
	/// From when on nothing is proved.
	fn warning(&self) -> Option<String> {
		let day = self.unproved_from?;
		let name = day_name(day).unwrap_or_else(|| format!("day {day}"));
		Some(format!("{}: nothing is proved from {name} on", self.store))
	}

	/// Why the store fails the audit.
	fn fault(&self) -> Option<String> {
		let warning = self.warning().filter(|_| self.audited.overdue)?;
		Some(format!(
			"{warning}: the store does not anchor what it wrote down; tell its operator, or accept \
			that with --unproved"
		))
	}
}

fn today() -> Result<u32> {
	let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
	Ok(day_of(u64::try_from(since.as_millis())?))
}

fn print(context: &Context, from: u32, to: u32, reports: &[Report]) {
	let stores: Vec<_> = reports
		.iter()
		.map(|report| {
			let entries: Vec<_> = report.audited.entries.iter().map(value_of).collect();
			json!({
				"store": report.store.to_string(),
				"entries": entries,
				"proved_until": report.audited.proved_until.and_then(day_name),
				"unproved_from": report.unproved_from.and_then(day_name),
			})
		})
		.collect();
	let value = json!({ "from": day_name(from), "to": day_name(to), "stores": stores });
	context.print(&value, || {
		let rows: Vec<_> = reports
			.iter()
			.flat_map(|report| report.audited.entries.iter().map(|entry| row(&report.store, entry)))
			.collect();
		let header = [
			"TIME",
			"ACCOUNT",
			"ASKED FOR",
			"PURPOSE",
			"DECISION",
			"BLOCK",
			"DATA SET",
			"STORE",
			"PROOF",
		];
		let warnings = reports.iter().filter_map(Report::warning);
		std::iter::once(table(&header, &rows)).chain(warnings).collect::<Vec<_>>().join("\n")
	});
}

fn value_of(audited: &AuditedEntry) -> Value {
	let entry = &audited.entry;
	json!({
		"number": entry.number,
		"time": time_text(entry.time),
		"account": entry.account.to_string(),
		"dataset": ids::hash_text(&entry.dataset.0),
		"operation": entry.operation,
		"purpose": entry.purpose,
		"outcome": entry.outcome,
		"block": entry.block,
		"anchored": audited.anchored,
	})
}

fn row(store: &AccountId32, audited: &AuditedEntry) -> Vec<String> {
	let entry = &audited.entry;
	vec![
		time_text(entry.time),
		entry.account.to_string(),
		operation_text(&entry.operation),
		shown(entry.purpose.as_deref().unwrap_or("-")),
		match &entry.outcome {
			Outcome::Served(basis) => format!("allowed: {}", shown(basis)),
			Outcome::Refused(reason) => format!("refused: {}", shown(reason)),
		},
		entry.block.to_string(),
		ids::hash_text(&entry.dataset.0),
		store.to_string(),
		if audited.anchored { "anchored" } else { "not anchored yet" }.to_owned(),
	]
}

fn operation_text(operation: &Operation) -> String {
	match operation {
		Operation::Describe => "state".to_owned(),
		Operation::List { from, to } => format!("list of batches {}", range_text(*from, *to)),
		Operation::Read { from, to } => format!("batches {}", range_text(*from, *to)),
		Operation::Replicate { from, to } => {
			format!("batches {}, for another store", range_text(*from, *to))
		},
		Operation::Compare { from, to } => {
			format!("comparison of batches {}", range_text(*from, *to))
		},
		Operation::Upload => "upload".to_owned(),
		Operation::PutKey { recipient } => format!("to leave the key of {recipient}"),
		Operation::ListKeys => "recipients of keys".to_owned(),
		Operation::ReadKey { recipient } => format!("key of {recipient}"),
		Operation::Erase => "erasure".to_owned(),
		Operation::Audit => "audit".to_owned(),
	}
}

fn range_text(from: u32, to: u32) -> String {
	match (from, to) {
		(from, u32::MAX) => format!("from {from}"),
		(from, to) if to == from.saturating_add(1) => from.to_string(),
		(from, to) => format!("{from} to {}", to.saturating_sub(1)),
	}
}

/// What a store wrote, without what commands a terminal.
fn shown(text: &str) -> String {
	text.chars().filter(|character| !character.is_control()).collect()
}

fn time_text(milliseconds: u64) -> String {
	i64::try_from(milliseconds)
		.ok()
		.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok())
		.map_or_else(|| milliseconds.to_string(), |time| format!("{time:.3}"))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_store_fails_only_with_lines_that_should_be_anchored() {
		let mut audited =
			Audited { entries: Vec::new(), proved_until: Some(20_000), overdue: false };
		let store = AccountId32([9; 32]);
		let idle = Report { store, audited: audited.clone(), unproved_from: Some(20_001) };
		let warning = format!("{store}: nothing is proved from 2024-10-05 on");
		assert_eq!((idle.warning(), idle.fault()), (Some(warning.clone()), None));
		audited.overdue = true;
		let report = Report { store, audited: audited.clone(), unproved_from: Some(20_001) };
		assert!(report.fault().is_some_and(|fault| fault.starts_with(&warning)));
		assert_eq!(Report { store, audited, unproved_from: None }.fault(), None);
	}

	#[test]
	fn lines_are_told_in_words() {
		assert_eq!(operation_text(&Operation::Read { from: 3, to: 4 }), "batches 3");
		let list = Operation::List { from: 0, to: 9 };
		assert_eq!(operation_text(&list), "list of batches 0 to 8");
		let all = Operation::List { from: 2, to: u32::MAX };
		assert_eq!(operation_text(&all), "list of batches from 2");
		assert_eq!(time_text(1_795_651_200_123), "2026-11-26T00:00:00.123Z");
		assert_eq!(shown("No\x1b[2JGrant"), "No[2JGrant");
	}
}
