//! Graceful stop, and what the service manager is told.

use sd_notify::NotifyState;
use tokio::signal::unix::{signal, SignalKind};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by SIGTERM or SIGINT.
pub fn on_signal() -> std::io::Result<CancellationToken> {
	let mut terminate = signal(SignalKind::terminate())?;
	let mut interrupt = signal(SignalKind::interrupt())?;
	let token = CancellationToken::new();
	let stop = token.clone();
	tokio::spawn(async move {
		tokio::select! {
			_ = terminate.recv() => {},
			_ = interrupt.recv() => {},
		}
		notify(NotifyState::Stopping);
		tracing::info!("stopping");
		stop.cancel();
	});
	Ok(token)
}

/// Tells the service manager, where there is one, that the service is up.
pub fn notify_ready() {
	notify(NotifyState::Ready);
}

fn notify(state: NotifyState) {
	if let Err(error) = sd_notify::notify(&[state]) {
		tracing::debug!(%error, "the service manager cannot be told");
	}
}
