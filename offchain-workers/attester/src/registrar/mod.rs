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

/// How many devices' logs are read at the same time; what they take must fit into the unit's memory.
const LOG_PLACES: usize = 4;

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

#[cfg(test)]
mod tests {
	use super::*;
	use crate::log::{
		boot::{Event, MAX_EVENTS, MAX_LOG_LENGTH},
		policy::MAX_POLICY_LENGTH,
	};

	const MIB: usize = 1024 * 1024;
	/// The program itself, connections, and the chain's metadata.
	const REST: usize = 96 * MIB;

	fn memory_max() -> usize {
		let unit = include_str!("../../msec-registrar.service");
		let limit = unit.lines().find_map(|line| line.strip_prefix("MemoryMax=")).unwrap();
		limit.strip_suffix('M').unwrap().parse::<usize>().unwrap() * MIB
	}

	#[test]
	fn the_unit_has_memory_for_all_places_and_the_longest_policy() {
		// Events are moved while their list grows.
		let place = MAX_LOG_LENGTH + 2 * MAX_EVENTS * std::mem::size_of::<Event<'_>>();
		// Paths and digests in their maps take four times their length in JSON.
		let policy = 4 * MAX_POLICY_LENGTH;
		assert!(LOG_PLACES * place + policy + REST <= memory_max());
	}
}
