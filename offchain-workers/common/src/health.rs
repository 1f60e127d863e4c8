//! `/health/live`, `/health/ready` and `/metrics` over HTTP.

use axum::{extract::State, http::StatusCode, routing::get, Router};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::{
	net::SocketAddr,
	sync::{Arc, Mutex, PoisonError},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Whether a worker can do its job, and if not, why. Clones share one state.
#[derive(Clone)]
pub struct Readiness(Arc<Mutex<Result<(), String>>>);

impl Default for Readiness {
	fn default() -> Self {
		Self(Arc::new(Mutex::new(Err("starting".into()))))
	}
}

impl Readiness {
	/// Says that the job can be done, or why it cannot.
	pub fn set(&self, state: Result<(), String>) {
		*self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
	}

	/// The last word.
	pub fn get(&self) -> Result<(), String> {
		self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
	}
}

#[derive(Clone)]
struct Health {
	readiness: Readiness,
	metrics: PrometheusHandle,
}

/// Starts collecting metrics; once in a process.
pub fn install_metrics() -> anyhow::Result<PrometheusHandle> {
	Ok(PrometheusBuilder::new().install_recorder()?)
}

/// Routes that anybody who reaches them may ask.
pub fn routes(readiness: Readiness, metrics: PrometheusHandle) -> Router {
	Router::new()
		.route("/health/live", get(|| async { "alive\n" }))
		.route("/health/ready", get(ready))
		.route(
			"/metrics",
			get(|State(health): State<Health>| async move { health.metrics.render() }),
		)
		.with_state(Health { readiness, metrics })
}

/// Serves [`routes`] alone, for workers that serve nothing else, until `stop`.
pub async fn serve(
	address: SocketAddr,
	readiness: Readiness,
	metrics: PrometheusHandle,
	stop: CancellationToken,
) -> anyhow::Result<()> {
	let listener = TcpListener::bind(address).await?;
	tracing::info!(address = %listener.local_addr()?, "health and metrics");
	axum::serve(listener, routes(readiness, metrics))
		.with_graceful_shutdown(stop.cancelled_owned())
		.await?;
	Ok(())
}

async fn ready(State(health): State<Health>) -> (StatusCode, String) {
	match health.readiness.get() {
		Ok(()) => (StatusCode::OK, "ready\n".into()),
		Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
	}
}
