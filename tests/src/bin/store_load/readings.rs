//! Readings that are encrypted and stored, beside the same readings in the clear, copied into a table of
//! PostgreSQL.

use crate::{
	rows::{median, Row},
	say,
	site::Site,
};
use anyhow::ensure;
use msec_commitments::Hash;
use msec_end_to_end::postgres::Postgres;
use msec_worker_common::store_client::StoreClient;
use std::{
	fmt::Write,
	path::Path,
	pin::pin,
	time::{Duration, Instant},
};
use tokio::{task::block_in_place, time::timeout};

/// Readings in a file, one a second.
const READINGS: u32 = 1_000_000;
/// How often everything is done; the median counts.
const RUNS: u32 = 3;
/// Part of COPY's speed that is to be reached.
const TARGET: f64 = 1.0 / 3.0;
/// As many as there can be.
const CHUNKS_PER_BATCH: &str = "1024";
/// Between two looks at what the store has.
const GLANCE: Duration = Duration::from_millis(20);
/// What takes the readings.
const TABLE: &str = "create table readings (time timestamptz not null, \
	temperature double precision not null, humidity double precision not null)";
const COPY: &str = "copy readings from stdin (format csv, header)";

pub async fn measure() -> anyhow::Result<Vec<Row>> {
	let site = Site::open(&[]).await?;
	let postgres = Postgres::start(&site.sandbox.logs()).await?;
	postgres.execute(TABLE)?;
	let dataset = site.create_dataset("readings").await;
	let client = site.client()?;
	let (mut copied, mut stored, mut committed) = (Vec::new(), Vec::new(), Vec::new());
	for run in 1..=RUNS {
		say(&format!("A million readings, {run} of {RUNS}"));
		let file = site.sandbox.file(&format!("readings-{run}.csv"), block_in_place(|| text(run)));
		copied.push(block_in_place(|| postgres.copy(COPY, &file))?);
		let published = publish(&site, &client, &dataset, &file).await?;
		stored.push(published.stored);
		committed.push(published.committed);
	}
	let expected = (RUNS * READINGS).to_string();
	ensure!(postgres.execute("select count(*) from readings")? == expected, "rows are missing");
	Ok(rows(&copied, &stored, &committed))
}

fn rows(copied: &[Duration], stored: &[Duration], committed: &[Duration]) -> Vec<Row> {
	let speed = |times: &[Duration]| f64::from(READINGS) / median(times).as_secs_f64();
	let copied = speed(copied);
	let beside_copy =
		|name: &str, ours: f64| Row::new(name, ours, "1/s").beside("PostgreSQL COPY", copied);
	let stored = speed(stored);
	vec![
		beside_copy("readings: encrypted and stored", stored)
			.with_target("≥ 1/3 of COPY", stored / copied >= TARGET)
			.with_note(
				"1,000,000 in one file by `msec publish`, from its start until the store has all of them \
				durably; COPY by psql into a table without an index; median of 3",
			),
		beside_copy("readings: final on chain", speed(committed))
			.with_note("the same, until `msec publish` ends"),
	]
}

/// How long a file took.
struct Published {
	/// Until the store had everything.
	stored: Duration,
	/// Until the chain had committed to it for good.
	committed: Duration,
}

async fn publish(
	site: &Site,
	client: &StoreClient,
	dataset: &Hash,
	file: &Path,
) -> anyhow::Result<Published> {
	let before = batches(client, dataset).await?;
	let file = file.to_string_lossy();
	let arguments = ["publish", "readings", &file, "--chunks-per-batch", CHUNKS_PER_BATCH];
	let begun = Instant::now();
	let mut publishing = pin!(site.owner.json(&arguments));
	let mut seen = Vec::new();
	let result = loop {
		match timeout(GLANCE, &mut publishing).await {
			Ok(result) => break result,
			Err(_) => {
				let there = batches(client, dataset).await?;
				seen.push((there, begun.elapsed()));
			},
		}
	};
	let committed = begun.elapsed();
	let published = &result["files"][0];
	ensure!(published["rows"] == READINGS, "not all rows were published: {published}");
	let wanted = before + published["batches"].as_u64().unwrap_or_default();
	let first = seen.iter().find(|(there, _)| *there >= wanted);
	Ok(Published { stored: first.map_or(committed, |(_, time)| *time), committed })
}

/// How many batches the store has.
async fn batches(client: &StoreClient, dataset: &Hash) -> anyhow::Result<u64> {
	Ok(client.dataset(dataset).await?.batches)
}

/// Readings of a month, in the form in which they are published.
fn text(month: u32) -> String {
	let mut text = String::from("time,temperature,humidity\n");
	for row in 0..READINGS {
		let (days, seconds) = (row / 86_400, row % 86_400);
		let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
		let noise = (row + month * READINGS).wrapping_mul(2_654_435_761);
		writeln!(
			text,
			"2024-{month:02}-{:02}T{hours:02}:{minutes:02}:{seconds:02}Z,{}.{:02},{}.5",
			days + 1,
			10 + noise % 17,
			noise % 89 + 10,
			40 + noise % 23,
		)
		.expect("a string takes everything; qed");
	}
	text
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn there_is_a_reading_each_second() {
		let text = text(2);
		let mut lines = text.lines();
		assert_eq!(lines.next(), Some("time,temperature,humidity"));
		assert!(lines.next().is_some_and(|line| line.starts_with("2024-02-01T00:00:00Z,")));
		assert!(lines.last().is_some_and(|line| line.starts_with("2024-02-12T13:46:39Z,")));
	}
}
