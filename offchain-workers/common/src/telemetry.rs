//! Logging to standard error.

use tracing_subscriber::{fmt, EnvFilter};

/// Starts logging. `RUST_LOG` chooses what is logged; without it, `info` of the project's own crates
/// and warnings of all others.
pub fn init() {
	let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
		EnvFilter::new(
			"warn,msec_worker_common=info,msec_anonymize=info,msec_attester=info,\
			msec_companion_db=info,msec_key_agent=info",
		)
	});
	// A second start within one process changes nothing.
	let _ = fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
