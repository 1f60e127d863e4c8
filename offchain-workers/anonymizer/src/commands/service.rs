//! `serve`: the service.

use super::arguments::Global;
use anyhow::{Context, Result};
use msec_anonymizer::{
	job::OriginalsKey,
	provenance::Recorder,
	service::{
		routes, serve,
		settings::{Arguments, Provenance, ServiceSettings},
		Records, Service, Workers,
	},
	Anonymizer, Settings,
};
use msec_worker_common::{
	health::{self, Readiness},
	keys::{AccountKey, PasswordSource},
	shutdown,
};
use std::sync::Arc;
use tokio::net::TcpListener;

/// Serve images over HTTP: what comes in goes out anonymized.
///
/// `POST /v1/images` takes signed requests of the accounts given by --allow; GET /openapi.json describes
/// it. Nothing that is sent is written to disk or to the log. Every option of this command can also stand
/// in the file given by --service-config (as `listen = "127.0.0.1:8470"`) or in the environment (as
/// MSEC_ANONYMIZER_LISTEN). Put a TLS proxy in front before you listen to the world.
#[derive(clap::Args)]
pub struct Serve {
	#[command(flatten)]
	arguments: Arguments,
}

impl Serve {
	/// Serves until the process is told to stop.
	pub fn run(&self, global: &Global) -> Result<()> {
		start(self.arguments.settings()?, global.settings()?)
	}
}

#[tokio::main]
async fn start(service: ServiceSettings, settings: Settings) -> Result<()> {
	let stop = shutdown::on_signal()?;
	let readiness = Readiness::default();
	let metrics = health::install_metrics()?;
	let health = health::serve(service.health_listen, readiness.clone(), metrics, stop.clone());
	let records = service.provenance.as_ref().map(|provenance| open_records(provenance, &settings));
	let records = records.transpose()?.map(Arc::new);
	let workers = Workers::start(
		service.threads,
		service.queue,
		service.limits.image,
		Arc::new(move || Anonymizer::open(&settings)),
		records.clone(),
		readiness,
	)?;
	if let Some(records) = records {
		tokio::spawn(async move {
			if let Err(error) = records.finish_in_time().await {
				tracing::error!(%error, "files of records cannot be finished");
			}
		});
	}
	let listener = TcpListener::bind(service.listen)
		.await
		.with_context(|| format!("cannot listen at {}", service.listen))?;
	tracing::info!(address = %listener.local_addr()?, threads = service.threads, "serving");
	shutdown::notify_ready();
	let router = routes(Arc::new(Service::new(
		workers,
		service.account.as_ref(),
		&service.allow,
		service.ganonymizer,
		service.limits,
	)));
	let serving = serve(listener, router, service.limits, stop);
	// When one of them fails, the other is stopped by the end of the process.
	tokio::try_join!(async { serving.await.context("serving") }, async {
		health.await.context("health and metrics")
	},)?;
	Ok(())
}

fn open_records(provenance: &Provenance, settings: &Settings) -> Result<Records> {
	let originals = OriginalsKey::open(&provenance.originals_key)?;
	let device = AccountKey::load(&provenance.device_key, &PasswordSource::Prompt)?;
	let recorder = Recorder::open(&provenance.folder, device)?;
	Ok(Records::new(originals, recorder, settings))
}
