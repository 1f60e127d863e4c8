//! What the program does.

mod agent;
mod identity;
mod log;
mod profile;
mod registrar;

use clap::{Subcommand, ValueEnum};
use msec_attester::{agent::settings::AgentArguments, registrar::settings::RegistrarArguments};
use msec_worker_common::configuration::ConfigurationError;

/// What the program does.
#[derive(Subcommand)]
pub enum Command {
	/// Print the device's identifier and keys, as its TPM has them.
	Identity(identity::Identity),
	/// Enrol this device and send its quotes to the chain, until it is stopped.
	Agent(AgentArguments),
	/// Endorse devices whose TPM shows that it holds their keys.
	Registrar(RegistrarArguments),
	/// Print reference values that this device, as it is now, fits.
	Profile(profile::Profile),
	/// Replay event logs, and judge them.
	#[command(subcommand)]
	Log(log::Log),
}

/// A form of output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
	/// For people.
	#[default]
	Text,
	/// For programs.
	Json,
}

/// Why the program ends early.
pub enum Failure {
	/// It was told the wrong things.
	Configuration(ConfigurationError),
	/// It cannot do what it was told.
	Other(anyhow::Error),
}

impl From<ConfigurationError> for Failure {
	fn from(error: ConfigurationError) -> Self {
		Self::Configuration(error)
	}
}

impl From<anyhow::Error> for Failure {
	fn from(error: anyhow::Error) -> Self {
		Self::Other(error)
	}
}

impl Command {
	/// Does it.
	pub fn run(self) -> Result<(), Failure> {
		match self {
			Self::Identity(identity) => Ok(identity.run()?),
			Self::Agent(arguments) => Ok(agent::run(arguments.settings()?)?),
			Self::Registrar(arguments) => Ok(registrar::run(arguments.settings()?)?),
			Self::Profile(profile) => Ok(profile.run()?),
			Self::Log(log) => Ok(log.run()?),
		}
	}
}
