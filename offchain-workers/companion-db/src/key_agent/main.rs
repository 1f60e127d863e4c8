//! `msec-key-agent`: delivers the keys of sold data sets on behalf of their owners.

#![forbid(unsafe_code)]

mod agent;
mod answers;
mod key_trees;
mod keygen;
mod settings;

use agent::Agent;
use anyhow::Context;
use clap::Parser;
use msec_worker_common::{
	chain::ChainClient,
	health::{self, Readiness},
	keys::{load_wrapping_secret, AccountKey},
	shutdown, telemetry,
	transactions::Submitter,
};
use settings::{Arguments, Command, Settings};
use std::{process::ExitCode, sync::Arc};

fn main() -> ExitCode {
	let arguments = Arguments::parse();
	telemetry::init();
	let outcome = match arguments.command {
		Some(Command::Keygen(keygen)) => keygen::run(&keygen),
		None => match arguments.run.settings() {
			Ok(settings) => start(settings),
			Err(error) => {
				eprintln!("msec-key-agent: {error}");
				return ExitCode::from(2);
			},
		},
	};
	match outcome {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("msec-key-agent: {error:#}");
			ExitCode::FAILURE
		},
	}
}

#[tokio::main]
async fn start(settings: Settings) -> anyhow::Result<()> {
	let stop = shutdown::on_signal()?;
	let key = Arc::new(AccountKey::load(&settings.account_key, &settings.password)?);
	let secret = load_wrapping_secret(&settings.envelope_key)?;
	std::fs::create_dir_all(&settings.state_directory)
		.with_context(|| settings.state_directory.display().to_string())?;
	let chain = ChainClient::connect(&settings.node).await?;
	let outbox = settings.state_directory.join("outbox.redb");
	let submitter = Submitter::open(&outbox, chain, key.clone())?;

	let readiness = Readiness::default();
	let metrics = health::install_metrics()?;
	let health = health::serve(settings.health_listen, readiness.clone(), metrics, stop.clone());
	let agent = Agent::new(submitter, secret, readiness);
	tracing::info!(
		account = key.address(),
		encryption_key = format!("0x{}", hex::encode(agent.public_key().as_bytes())),
		"delivering keys"
	);
	shutdown::notify_ready();
	tokio::try_join!(async { health.await.context("health and metrics") }, async {
		agent.run(stop).await;
		Ok(())
	},)?;
	Ok(())
}
