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
use futures::FutureExt;
use key_trees::Fetcher;
use msec_commitments::{Hash, WrappingSecret};
use msec_companion_db::{
	access::NodeAccess,
	http::{
		readers::{routes, KeySource, ReaderService},
		serve, Connections,
	},
};
use msec_worker_common::{
	chain::{ChainClient, Dataset, MAX_HEAD_AGE},
	health::{self, Readiness},
	keys::{load_wrapping_secret, AccountKey},
	shutdown, telemetry,
	transactions::Submitter,
};
use settings::{Arguments, Command, Settings};
use std::{net::SocketAddr, process::ExitCode, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

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
	let chain = ChainClient::connect(&settings.node).await?.holding_to_finality();
	let readers = readers(&chain, &key, &secret);
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
	let serving = serve_readers(settings.readers_listen, readers, stop.clone());
	tokio::try_join!(
		async { health.await.context("health and metrics") },
		async { serving.await.context("keys for readers") },
		async {
			agent.run(stop).await;
			Ok(())
		},
	)?;
	Ok(())
}

/// What hands keys to readers: the chain decides, and the stores have the secrets.
fn readers(
	chain: &ChainClient,
	key: &Arc<AccountKey>,
	secret: &WrappingSecret,
) -> Arc<ReaderService> {
	let fetcher = Fetcher::new(chain.genesis(), key.clone(), secret.clone());
	let access = NodeAccess::new(chain.clone(), MAX_HEAD_AGE);
	let (agent, genesis) = (key.account_id(), chain.genesis());
	let chain = chain.clone();
	let source: KeySource = Arc::new(move |id: Hash, dataset: Dataset| {
		let (fetcher, chain) = (fetcher.clone(), chain.clone());
		async move { fetcher.fetch(chain.finalized().await?, id, dataset).await }.boxed()
	});
	Arc::new(ReaderService::new(Arc::new(access), source, agent, genesis))
}

/// Serves readers at `address` until `stop`, if there is one.
async fn serve_readers(
	address: Option<SocketAddr>,
	service: Arc<ReaderService>,
	stop: CancellationToken,
) -> anyhow::Result<()> {
	let Some(address) = address else { return Ok(()) };
	let listener = TcpListener::bind(address).await?;
	tracing::info!(address = %listener.local_addr()?, "keys for readers");
	Ok(serve(listener, routes(service), Connections::default(), stop).await?)
}
