//! The registrar over HTTP: it finds out whether an attestation key lives in the same TPM as a certified
//! endorsement key, and if so endorses the device on chain. Errors are problem documents (RFC 9457).
//!
//! A device posts its keys and its certificate and gets a credential that only a TPM with both keys opens;
//! whoever posts the secret in it has that TPM. It can also show its logs with a quote; the registrar
//! replays them and states on chain what they are worth. Nothing here is secret but the account's key, so requests
//! are not signed; they are bounded in size, number and frequency.

mod appraisals;
mod chain;
mod enrolments;
mod pending;
mod places;
mod policies;
mod problem;
mod rate;
mod routes;
pub mod settings;

pub use chain::{NodeChain, RegistrarChain, Registration};
pub use policies::{LogPolicies, UnusablePolicy};
pub use rate::RateLimit;
pub use routes::routes;

use crate::certificate::ManufacturerStore;
use appraisals::AwaitedLogs;
use msec_worker_common::H256;
use pending::{Enrolment, Pending};
use places::Places;
use std::{collections::HashSet, sync::Arc, time::Duration};

/// How long a credential can be answered. A TPM in hardware takes seconds for it.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// How many devices' logs are read at the same time.
const LOG_PLACES: usize = 8;

/// Everything that requests need.
pub struct Service {
	manufacturers: ManufacturerStore,
	/// Whoever is compared with anything else is not endorsed: anybody can publish a profile that allows
	/// everything.
	profiles: HashSet<H256>,
	chain: Arc<dyn RegistrarChain>,
	pending: Pending<Enrolment>,
	awaited_logs: Pending<AwaitedLogs>,
	log_policies: Arc<LogPolicies>,
	log_places: Arc<Places>,
	rate: RateLimit,
}

impl Service {
	/// A registrar that trusts `manufacturers`, endorses devices with one of `profiles`, and takes as many
	/// enrolments as `rate` says.
	pub fn new(
		manufacturers: ManufacturerStore,
		profiles: impl IntoIterator<Item = H256>,
		chain: Arc<dyn RegistrarChain>,
		rate: RateLimit,
	) -> Self {
		// No more can be open than the rate lets in before they expire.
		let capacity = rate.most_within(PATIENCE);
		Self {
			manufacturers,
			profiles: profiles.into_iter().collect(),
			chain,
			pending: Pending::new(capacity, PATIENCE),
			awaited_logs: Pending::new(capacity, PATIENCE),
			log_policies: Arc::default(),
			log_places: Arc::new(Places::new(LOG_PLACES)),
			rate,
		}
	}

	/// Holds logs against `policies`.
	pub fn with_log_policies(self, policies: LogPolicies) -> Self {
		Self { log_policies: Arc::new(policies), ..self }
	}
}
