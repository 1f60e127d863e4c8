//! `msec-attester`: the agent on a device, the registrar, and the replay of logs.

#![forbid(unsafe_code)]

mod commands;

use clap::Parser;
use commands::{Command, Failure};
use msec_worker_common::telemetry;
use std::process::ExitCode;

/// Devices that prove by their TPM what they are, and registrars that endorse them.
///
/// On the device, `msec-attester identity` prints what its owner registers on chain; `msec-attester agent`
/// then enrols with a registrar and quotes. A registrar runs `msec-attester registrar` with an account that
/// the council accredited. Every option can also stand in the file given by --config or in the environment
/// (as MSEC_ATTESTER_NODE or MSEC_REGISTRAR_NODE); options win over the environment, the environment over
/// the file.
#[derive(Parser)]
#[command(name = "msec-attester", version)]
struct Arguments {
	#[command(subcommand)]
	command: Command,
}

fn main() -> ExitCode {
	let arguments = Arguments::parse();
	telemetry::init();
	match arguments.command.run() {
		Ok(()) => ExitCode::SUCCESS,
		Err(Failure::Configuration(error)) => {
			eprintln!("msec-attester: {error}");
			ExitCode::from(2)
		},
		Err(Failure::Other(error)) => {
			eprintln!("msec-attester: {error:#}");
			ExitCode::FAILURE
		},
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	#[test]
	fn the_command_line_is_consistent() {
		Arguments::command().debug_assert();
	}
}
