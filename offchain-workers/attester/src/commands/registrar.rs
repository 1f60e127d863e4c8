//! `msec-attester registrar`

use anyhow::{Context, Result};
use msec_attester::{
	certificate::ManufacturerStore,
	registrar::{routes, settings::Settings, LogPolicies, NodeChain, RateLimit, Service},
};
use msec_worker_common::{
	chain::{ChainClient, MAX_HEAD_AGE},
	health::{self, Readiness},
	keys::AccountKey,
	shutdown,
	transactions::Submitter,
};
use std::{sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How often it is checked whether the chain can be asked.
const READINESS_PERIOD: Duration = Duration::from_secs(3);

#[tokio::main]
pub async fn run(settings: Settings) -> Result<()> {
	let stop = shutdown::on_signal()?;
	let manufacturers = ManufacturerStore::open(&settings.manufacturers)?;
	let runtime_policy = settings.runtime_policy.as_ref();
	let runtime_policy = runtime_policy.map(|(policy, key)| (policy.as_path(), key.as_path()));
	let policies = LogPolicies::open(runtime_policy, settings.boot_policy.as_deref())?;
	let key = Arc::new(AccountKey::load(&settings.account_key, &settings.password)?);
	std::fs::create_dir_all(&settings.state_directory)
		.with_context(|| settings.state_directory.display().to_string())?;
	let chain = ChainClient::connect(&settings.node).await?;
	let outbox = settings.state_directory.join("outbox.redb");
	let submitter = Submitter::open(&outbox, chain.clone(), key.clone())?;

	let readiness = Readiness::default();
	let metrics = health::install_metrics()?;
	let health = health::serve(settings.health_listen, readiness.clone(), metrics, stop.clone());
	let watching = watch(chain, readiness, stop.clone());
	let trusted = manufacturers.len();
	let rate = RateLimit::new(settings.enrolments_per_second, settings.burst);
	let chain = Arc::new(NodeChain::new(submitter, key.account_id()));
	let service = Service::new(manufacturers, settings.profiles, chain, rate);
	let service = service.with_log_policies(policies);
	let listener = TcpListener::bind(settings.listen)
		.await
		.with_context(|| format!("cannot listen at {}", settings.listen))?;
	tracing::info!(
		address = %listener.local_addr()?,
		account = key.address(),
		trusted,
		"endorsing devices"
	);
	shutdown::notify_ready();
	let serving = async {
		axum::serve(listener, routes(Arc::new(service)))
			.with_graceful_shutdown(stop.clone().cancelled_owned())
			.await
			.context("serving")
	};
	tokio::try_join!(serving, async { health.await.context("health and metrics") }, async {
		watching.await;
		Ok(())
	})?;
	Ok(())
}

/// Keeps readiness up to date.
async fn watch(chain: ChainClient, readiness: Readiness, stop: CancellationToken) {
	loop {
		let state = chain.fresh_best(MAX_HEAD_AGE).await.map(drop);
		readiness.set(state.map_err(|error| error.to_string()));
		tokio::select! {
			() = stop.cancelled() => return,
			() = tokio::time::sleep(READINESS_PERIOD) => {},
		}
	}
}
