//! `msec`: everything a person does on M-Sec from a terminal.

#![forbid(unsafe_code)]

mod commands;

use clap::Parser;
use commands::Cli;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
	// The submitter's last words when the program ends say nothing to a person.
	let filter = EnvFilter::try_from_default_env()
		.unwrap_or_else(|_| EnvFilter::new("warn,msec_worker_common::transactions=off"));
	tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
	// Faulty usage ends here with exit code 2.
	let cli = Cli::parse();
	match cli.run().await {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {error:#}");
			ExitCode::FAILURE
		},
	}
}
