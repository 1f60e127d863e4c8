//! Measures the store beside `age` and PostgreSQL, for `scripts/bench.sh store`.
//!
//! Node, store and command are the built programs. What no command does, as putting bytes that are no
//! table into a store, is done with the SDK. Everything that is acknowledged is on the disk, on both
//! sides.

#![forbid(unsafe_code)]

mod file;
mod readings;
mod reads;
mod restart;
mod rotation;
mod rows;
mod site;

use clap::{Parser, ValueEnum};
use rows::Rows;
use std::path::PathBuf;

/// Measures the store beside `age` and PostgreSQL.
///
/// Everything is kept in temporary folders, up to 8 GB at a time. TMPDIR says where; it has to be on the
/// disk that is to be measured, not in memory.
#[derive(Parser)]
struct Options {
	/// File to which the measures are written, one line of JSON each.
	rows: PathBuf,

	/// What to measure; may be repeated [default: everything].
	#[arg(long = "part", value_enum)]
	parts: Vec<Part>,
}

/// What can be measured alone.
#[derive(Clone, Copy, ValueEnum)]
enum Part {
	/// A file of 1 GiB, stored and fetched, beside age; and the store's memory meanwhile.
	File,
	/// A million readings beside PostgreSQL's COPY.
	Readings,
	/// Small reads, as many as possible and at 1,000 a second.
	Reads,
	/// The owner's key in a new version.
	Rotation,
	/// Starts of the store with ten million chunks.
	Restart,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
	let options = Options::parse();
	let parts = match options.parts.as_slice() {
		[] => Part::value_variants(),
		chosen => chosen,
	};
	let mut rows = Rows::create(&options.rows)?;
	for part in parts {
		let measured = match part {
			Part::File => file::measure().await?,
			Part::Readings => readings::measure().await?,
			Part::Reads => reads::measure().await?,
			Part::Rotation => rotation::measure().await?,
			Part::Restart => restart::measure().await?,
		};
		for row in &measured {
			rows.write(row)?;
		}
	}
	Ok(())
}

fn say(text: &str) {
	eprintln!("\x1b[1m==> {text}\x1b[0m");
}
