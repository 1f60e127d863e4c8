//! `msec-anonymize`: hides faces, licence plates, persons and vehicles.

#![forbid(unsafe_code)]

mod commands;

use clap::Parser;
use commands::Cli;
use msec_worker_common::telemetry;
use std::process::ExitCode;

fn main() -> ExitCode {
	telemetry::init();
	// Faulty usage ends here with exit code 2.
	let cli = Cli::parse();
	match cli.run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {error:#}");
			ExitCode::FAILURE
		},
	}
}
