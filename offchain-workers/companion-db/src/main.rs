//! `msec-companion-db`: serves encrypted batches to whom the chain allows.

use anyhow::Context;
use clap::Parser;
use msec_companion_db::{
	access::NodeAccess,
	access_log::AccessLog,
	duties::Duties,
	erasures::Erasures,
	http::{routes, Service},
	registry::{NodeRegistry, Registry},
	settings::{Arguments, Settings},
	store::Store,
};
use msec_worker_common::{
	chain::{ChainClient, ChainError},
	health::{self, Readiness},
	keys::AccountKey,
	shutdown, telemetry,
	transactions::Submitter,
};
use std::{process::ExitCode, sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How often it is checked whether decisions can be had.
const READINESS_PERIOD: Duration = Duration::from_secs(3);

fn main() -> ExitCode {
	let arguments = Arguments::parse();
	telemetry::init();
	let settings = match arguments.settings() {
		Ok(settings) => settings,
		Err(error) => {
			eprintln!("msec-companion-db: {error}");
			return ExitCode::from(2);
		},
	};
	match start(settings) {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("msec-companion-db: {error:#}");
			ExitCode::FAILURE
		},
	}
}

#[tokio::main]
async fn start(settings: Settings) -> anyhow::Result<()> {
	let stop = shutdown::on_signal()?;
	let key = account_key(&settings)?;
	let store = Store::open(&settings.data_directory)
		.with_context(|| format!("the store in {}", settings.data_directory.display()))?;
	let log = AccessLog::open(&settings.data_directory.join("access-log"), settings.account)?;
	let chain = ChainClient::connect(&settings.node).await?;
	warn_unless_registered(&chain, &settings).await?;

	let readiness = Readiness::default();
	let metrics = health::install_metrics()?;
	let watching = watch(chain.clone(), settings.max_head_age, readiness.clone(), stop.clone());
	let health = health::serve(settings.health_listen, readiness, metrics, stop.clone());
	let erasures = settings.data_directory.join("erasures");
	let erasures = Erasures::open(&erasures, store, chain.genesis(), key.clone())?;
	let registry = registry(&settings, &chain, key)?;
	let access = Arc::new(NodeAccess::new(chain, settings.max_head_age));
	let duties = Duties {
		erasures: erasures.clone(),
		log: log.clone(),
		chain: access.clone(),
		registry,
		access_log_days: settings.access_log_days,
	};
	let duties = duties.run(stop.clone());

	let service = Service::new(erasures, log, access, settings.account, settings.limits)
		.with_owners(settings.owners);
	let listener = TcpListener::bind(settings.listen)
		.await
		.with_context(|| format!("cannot listen at {}", settings.listen))?;
	tracing::info!(address = %listener.local_addr()?, account = %settings.account, "serving");
	shutdown::notify_ready();
	let serving = async {
		axum::serve(listener, routes(Arc::new(service)))
			.with_graceful_shutdown(stop.clone().cancelled_owned())
			.await
			.context("serving")
	};
	// When one of them fails, the others are stopped by the end of the process.
	let ((), (), (), ()) = tokio::try_join!(
		serving,
		async { health.await.context("health and metrics") },
		async {
			duties.await;
			Ok(())
		},
		async {
			watching.await;
			Ok(())
		},
	)?;
	Ok(())
}

/// The key of the store's account, where it is configured.
fn account_key(settings: &Settings) -> anyhow::Result<Option<Arc<AccountKey>>> {
	let Some(path) = &settings.account_key else {
		tracing::warn!(
			"no --account-key: the access log is not anchored and erasures are not certified"
		);
		return Ok(None);
	};
	let key = AccountKey::load(path, &settings.password)?;
	anyhow::ensure!(
		key.account_id() == settings.account,
		"{} is the key of {}, not of {}",
		path.display(),
		key.account_id(),
		settings.account
	);
	Ok(Some(Arc::new(key)))
}

fn registry(
	settings: &Settings,
	chain: &ChainClient,
	key: Option<Arc<AccountKey>>,
) -> anyhow::Result<Option<Arc<dyn Registry>>> {
	let Some(key) = key else { return Ok(None) };
	let outbox = settings.data_directory.join("outbox.redb");
	let submitter = Submitter::open(&outbox, chain.clone(), key)?;
	Ok(Some(Arc::new(NodeRegistry::new(submitter))))
}

async fn warn_unless_registered(
	chain: &ChainClient,
	settings: &Settings,
) -> Result<(), ChainError> {
	match chain.finalized().await?.store(&settings.account).await? {
		Some(store) => tracing::info!(endpoint = store.endpoint, "registered on chain"),
		None => tracing::warn!(
			account = %settings.account,
			"no store is registered for this account; data sets cannot name it until then"
		),
	}
	Ok(())
}

/// Keeps readiness up to date.
async fn watch(
	chain: ChainClient,
	max_head_age: Duration,
	readiness: Readiness,
	stop: CancellationToken,
) {
	loop {
		let state = chain.fresh_best(max_head_age).await.map(drop);
		readiness.set(state.map_err(|error| error.to_string()));
		tokio::select! {
			() = stop.cancelled() => return,
			() = tokio::time::sleep(READINESS_PERIOD) => {},
		}
	}
}
