//! `msec-anonymize`: hides faces, licence plates, persons and vehicles.

#![forbid(unsafe_code)]

mod commands;

use clap::Parser;
use commands::Cli;
use msec_worker_common::telemetry;
use std::process::ExitCode;

/// Without this variable, ONNX Runtime tells its maker about the machine, whatever its interface is told.
const NO_REPORTS: &str = "ORT_DISABLE_TELEMETRY";

fn main() -> ExitCode {
	// Before any other thread begins, since the environment belongs to all of them.
	std::env::set_var(NO_REPORTS, "1");
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
