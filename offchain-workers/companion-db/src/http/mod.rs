//! The interface over HTTP. Every request is signed (RFC 9421), and errors are problem documents
//! (RFC 9457).

mod authorization;
mod batches;
mod datasets;
mod keys;
mod problem;
pub mod readers;
mod upload;

use crate::{access::ChainAccess, store::Store};
use axum::{
	http::{
		header::{CONTENT_TYPE, RETRY_AFTER},
		HeaderName, Method,
	},
	routing::{get, put},
	Router,
};
use msec_commitments::Hash;
use msec_worker_common::{
	signature::{Verifier, CONTENT_DIGEST, SIGNATURE, SIGNATURE_INPUT},
	AccountId32,
};
use problem::Problem;
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use tower_http::cors::{Any, CorsLayer};

/// How many nonces are remembered: what 60 seconds at some 1,600 requests a second need.
const NONCES: usize = 200_000;

const MEBIBYTE: u64 = 1024 * 1024;

/// How long a browser may remember which requests pages may make.
const PREFLIGHT_AGE: Duration = Duration::from_secs(3_600);

/// What one store can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
	/// Most bytes in the body of one upload.
	pub max_upload_bytes: u64,
	/// Most uploads at a time; each needs memory for one batch.
	pub max_uploads: usize,
	/// Most bytes of one data set.
	pub max_dataset_bytes: u64,
}

impl Default for Limits {
	fn default() -> Self {
		Self {
			max_upload_bytes: 64 * MEBIBYTE,
			max_uploads: 4,
			max_dataset_bytes: 16 * 1024 * MEBIBYTE,
		}
	}
}

/// Everything that requests need.
pub struct Service {
	store: Store,
	chain: Arc<dyn ChainAccess>,
	verifier: Verifier,
	/// The account under which this store is registered.
	operator: AccountId32,
	limits: Limits,
	/// Whose data sets are taken; everybody's when empty.
	owners: Vec<AccountId32>,
	uploads: Semaphore,
}

impl Service {
	/// A service for the store that `operator` registered. Requests signed before now are refused.
	pub fn new(
		store: Store,
		chain: Arc<dyn ChainAccess>,
		operator: AccountId32,
		limits: Limits,
	) -> Self {
		Self {
			store,
			chain,
			verifier: Verifier::new(&operator.to_string(), NONCES),
			operator,
			limits,
			owners: Vec::new(),
			uploads: Semaphore::new(limits.max_uploads),
		}
	}

	/// Takes only data sets of these owners; of everybody when there are none.
	pub fn with_owners(self, owners: Vec<AccountId32>) -> Self {
		Self { owners, ..self }
	}

	fn takes_from(&self, owner: &AccountId32) -> bool {
		self.owners.is_empty() || self.owners.contains(owner)
	}

	/// Does something with the store, which blocks.
	async fn with_store<T: Send + 'static>(
		&self,
		job: impl FnOnce(&Store) -> Result<T, crate::store::StoreFault> + Send + 'static,
	) -> Result<T, Problem> {
		let store = self.store.clone();
		tokio::task::spawn_blocking(move || job(&store))
			.await
			.map_err(|_| Problem::internal())?
			.map_err(Problem::from)
	}
}

/// The routes.
pub fn routes(service: Arc<Service>) -> Router {
	Router::new()
		.route("/v1/datasets/{dataset}", get(datasets::show).delete(datasets::erase))
		.route("/v1/datasets/{dataset}/batches", get(batches::list).post(upload::upload))
		.route("/v1/datasets/{dataset}/batches/{batch}", get(batches::frame))
		.route("/v1/datasets/{dataset}/batches/{batch}/chunks/{chunk}", get(batches::chunk))
		.route("/v1/datasets/{dataset}/keys/{recipient}", put(keys::put).get(keys::get))
		.fallback(|| async { Problem::not_found("there is no such resource") })
		.layer(cross_origin())
		.with_state(service)
}

/// Lets pages of any origin ask. What a request may do depends on its signature, which a page can make
/// only with the key; there are no cookies that a foreign page could use.
fn cross_origin() -> CorsLayer {
	CorsLayer::new()
		.allow_origin(Any)
		.allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
		.allow_headers([
			CONTENT_TYPE,
			HeaderName::from_static(CONTENT_DIGEST),
			HeaderName::from_static(SIGNATURE_INPUT),
			HeaderName::from_static(SIGNATURE),
		])
		.expose_headers([RETRY_AFTER])
		.max_age(PREFLIGHT_AGE)
}

/// A 32-byte identifier in a path: 64 hexadecimal digits, with or without `0x`.
fn parse_id(text: &str) -> Result<Hash, Problem> {
	let mut id = [0; 32];
	hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut id)
		.map_err(|_| Problem::not_found("an identifier is 64 hexadecimal digits"))?;
	Ok(id)
}

/// A position in a path.
fn parse_number(text: &str) -> Result<u32, Problem> {
	text.parse().map_err(|_| Problem::not_found("a position is a number below 2³²"))
}

fn to_hex(id: &Hash) -> String {
	format!("0x{}", hex::encode(id))
}
