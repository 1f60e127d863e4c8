//! The anonymizer over HTTP: an image comes in, and goes out without what must not be seen.
//!
//! Requests are signed (RFC 9421) by accounts that the configuration names; clients of GANonymizer,
//! which cannot sign, have a route of their own that is off unless it is asked for. Errors are problem
//! documents (RFC 9457) and never hold anything of a request. Nothing of a request is written to disk
//! or to the log, and whatever fails or is not finished in time is answered with an error.

mod authorization;
mod body;
mod ganonymizer;
mod images;
mod negotiation;
mod problem;
mod processing;
mod records;
mod report;
mod routes;
mod server;
pub mod settings;
mod workers;

pub use ganonymizer::Credentials;
pub use records::Records;
pub use routes::routes;
pub use server::serve;
pub use workers::{Factory, Workers};

use crate::picture::{self, Format};
use msec_worker_common::{signature::Verifier, AccountId32};
use problem::Problem;
use processing::Anonymized;
use std::{collections::HashSet, time::Duration};
use tokio::time::{timeout_at, Instant};
use workers::Place;

/// How many nonces are remembered: what 60 seconds at some 300 requests a second need.
const NONCES: usize = 40_000;

/// What is taken at once. Each thread that works on an image takes up to 12 bytes for a pixel, and each
/// place for a request twice the bytes of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
	/// Bytes and pixels of one image.
	pub image: picture::Limits,
	/// Longest that a request may take until it is answered, its upload included.
	pub deadline: Duration,
	/// Longest that the head of a request, or the next part of its body, may take.
	pub patience: Duration,
	/// Most connections at a time.
	pub max_connections: usize,
}

impl Default for Limits {
	fn default() -> Self {
		Self {
			image: picture::Limits {
				max_bytes: 32 << 20,
				max_pixels: 25_000_000,
				..picture::Limits::default()
			},
			deadline: Duration::from_secs(60),
			patience: Duration::from_secs(10),
			max_connections: 256,
		}
	}
}

/// Who may use GANonymizer's route, which knows no signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ganonymizer {
	/// Nobody: the route is not there.
	#[default]
	Off,
	/// Everybody who reaches the service.
	Open,
	/// Whoever knows user name and password.
	Guarded(Credentials),
}

/// Everything that requests need.
pub struct Service {
	workers: Workers,
	verifier: Verifier,
	/// The accounts whose requests are carried out.
	allowed: HashSet<[u8; 32]>,
	ganonymizer: Ganonymizer,
	limits: Limits,
}

impl Service {
	/// A service that clients know as `account`, for the accounts `allowed`. Requests signed before now
	/// are refused, and all signed ones without an account.
	pub fn new(
		workers: Workers,
		account: Option<&AccountId32>,
		allowed: &[AccountId32],
		ganonymizer: Ganonymizer,
		limits: Limits,
	) -> Self {
		Self {
			workers,
			verifier: Verifier::new(
				&account.map(AccountId32::to_string).unwrap_or_default(),
				NONCES,
			),
			allowed: allowed.iter().map(|account| account.0).collect(),
			ganonymizer,
			limits,
		}
	}

	/// When a request that begins now must be answered.
	fn deadline(&self) -> Instant {
		Instant::now() + self.limits.deadline
	}

	/// Anonymizes an image, unless that lasts longer than until `deadline`.
	async fn anonymize(
		&self,
		image: Vec<u8>,
		format: Format,
		place: Place,
		deadline: Instant,
	) -> Result<(Anonymized, Place), Problem> {
		let anonymizing = self.workers.anonymize(image, format, place);
		let (anonymized, place) =
			timeout_at(deadline, anonymizing).await.map_err(|_| Problem::deadline_missed())??;
		metrics::counter!("msec_anonymizer_images_total").increment(1);
		for (class, count) in report::hidden(&anonymized.outcome) {
			metrics::counter!("msec_anonymizer_hidden_total", "class" => report::name(class))
				.increment(count);
		}
		Ok((anonymized, place))
	}
}
