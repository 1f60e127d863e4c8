//! `msec`: everything a person does on M-Sec from a terminal.

#![forbid(unsafe_code)]

mod commands;

use clap::Parser;
use commands::Cli;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
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
