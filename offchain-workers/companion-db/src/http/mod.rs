//! The interface over HTTP. Every request is signed (RFC 9421), and errors are problem documents
//! (RFC 9457).

mod access_log;
mod authorization;
mod batches;
mod datasets;
mod heads;
mod keys;
mod measurement;
mod memory;
mod problem;
mod rate;
pub mod readers;
mod server;
mod upload;

pub use server::{serve, Connections};

use crate::{
	access::ChainAccess,
	access_log::AccessLog,
	erasures::Erasures,
	store::{Store, StoreFault},
};
use axum::{
	http::{
		header::{CONTENT_TYPE, RETRY_AFTER},
		HeaderName, Method, StatusCode,
	},
	middleware,
	routing::get,
	Router,
};
use bytes::Bytes;
use memory::UploadMemory;
use msec_commitments::Hash;
use msec_worker_common::{
	signature::{Verifier, CONTENT_DIGEST, SIGNATURE, SIGNATURE_INPUT},
	store_client, AccountId32,
};
use problem::Problem;
use rate::AccountRate;
use std::{sync::Arc, time::Duration};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::cors::{Any, CorsLayer};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How many nonces are remembered: what 60 seconds at some 3,300 requests a second need.
const NONCES: usize = 200_000;

/// The same for questions that everybody may ask, so that strangers cannot fill what the others need.
const OPEN_NONCES: usize = 20_000;

/// How many refusals are written down in a second; further ones are answered without, and are to come
/// again later. A day of them takes less than a gigabyte.
const MAX_REFUSALS_PER_SECOND: u32 = 20;

/// Most questions of owners and of the operator about the access log at a time.
const MAX_AUDITS: usize = 2;

/// The same for those that everybody may ask, so that strangers cannot take the places of the others.
const MAX_OPEN_AUDITS: usize = 1;

const MEBIBYTE: u64 = 1024 * 1024;

/// How long a browser may remember which requests pages may make.
const PREFLIGHT_AGE: Duration = Duration::from_secs(3_600);

/// What one store can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
	/// Most bytes in the body of one upload.
	pub max_upload_bytes: u64,
	/// Most uploads at a time; each needs memory for one batch. Of small ones there may be more, and at most
	/// half of the memory is for one account.
	pub max_uploads: usize,
	/// Most bytes of one data set.
	pub max_dataset_bytes: u64,
	/// Most bytes of all data sets of one owner; any number when there is none.
	pub max_owner_bytes: Option<u64>,
	/// Most requests of one account in a second; any number when zero.
	pub max_requests_per_second: u32,
}

impl Default for Limits {
	fn default() -> Self {
		Self {
			max_upload_bytes: 64 * MEBIBYTE,
			max_uploads: 4,
			max_dataset_bytes: 16 * 1024 * MEBIBYTE,
			max_owner_bytes: None,
			max_requests_per_second: 1000,
		}
	}
}

/// Everything that requests need.
pub struct Service {
	store: Store,
	erasures: Erasures,
	log: AccessLog,
	chain: Arc<dyn ChainAccess>,
	verifier: Verifier,
	/// For questions that everybody may ask.
	open_verifier: Verifier,
	/// The account under which this store is registered.
	operator: AccountId32,
	limits: Limits,
	/// Whose data sets are taken; everybody's when empty.
	owners: Vec<AccountId32>,
	uploads: UploadMemory,
	/// Other stores that ask for heads of ranges at a time.
	heads: Semaphore,
	/// Owners that do.
	owner_heads: Semaphore,
	/// Questions of owners and of the operator about the access log; each may read a whole day.
	audits: Semaphore,
	/// Those that everybody may ask.
	open_audits: Semaphore,
	rate: AccountRate,
	/// What all refused requests together may write down.
	refusals: AccountRate,
	/// When uploads end that are under way.
	stop: CancellationToken,
}

impl Service {
	/// A service for the store that `operator` registered. Requests signed before now are refused, and
	/// decisions are written to `log`.
	pub fn new(
		erasures: Erasures,
		log: AccessLog,
		chain: Arc<dyn ChainAccess>,
		operator: AccountId32,
		limits: Limits,
	) -> Self {
		Self {
			store: erasures.store().clone(),
			erasures,
			log,
			chain,
			verifier: Verifier::new(&operator.to_string(), NONCES),
			open_verifier: Verifier::new(&operator.to_string(), OPEN_NONCES),
			operator,
			limits,
			owners: Vec::new(),
			uploads: UploadMemory::new(limits.max_uploads),
			heads: Semaphore::new(1),
			owner_heads: Semaphore::new(1),
			audits: Semaphore::new(MAX_AUDITS),
			open_audits: Semaphore::new(MAX_OPEN_AUDITS),
			rate: AccountRate::new(limits.max_requests_per_second),
			refusals: AccountRate::new(MAX_REFUSALS_PER_SECOND),
			stop: CancellationToken::new(),
		}
	}

	/// Ends uploads that are under way when `stop` comes.
	pub fn with_stop(self, stop: CancellationToken) -> Self {
		Self { stop, ..self }
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
		job: impl FnOnce(&Store) -> Result<T, StoreFault> + Send + 'static,
	) -> Result<T, Problem> {
		let store = self.store.clone();
		tokio::task::spawn_blocking(move || job(&store))
			.await
			.map_err(|_| Problem::internal())?
			.map_err(Problem::from)
	}

	/// Does something with the erasures, which blocks.
	async fn with_erasures<T: Send + 'static>(
		&self,
		job: impl FnOnce(&Erasures) -> Result<T, StoreFault> + Send + 'static,
	) -> Result<T, Problem> {
		let erasures = self.erasures.clone();
		tokio::task::spawn_blocking(move || job(&erasures))
			.await
			.map_err(|_| Problem::internal())?
			.map_err(Problem::from)
	}
}

/// The description of the interface without its paths, which come from the routes themselves.
#[derive(OpenApi)]
#[openapi(
	info(
		title = "M-Sec companion database",
		description = "Keeps the encrypted batches of data sets and hands them out to whom the chain \
			allows. Every request is signed (RFC 9421) over method, path, query, the digest of the body \
			(RFC 9530) and the account of the store; a signature is good once, for a minute. What cannot \
			be done is answered with a problem document (RFC 9457).",
		license(name = "Apache-2.0", identifier = "Apache-2.0"),
	),
	components(schemas(store_client::Problem))
)]
struct Description;

/// The routes, and at `/openapi.json` their description.
pub fn routes(service: Arc<Service>) -> Router {
	let router = described(documented()).layer(middleware::from_fn(measurement::measure));
	completed(router).with_state(service)
}

/// The description of the interface, as OpenAPI in JSON.
pub fn description() -> String {
	to_json(documented().into_openapi())
}

fn to_json(mut description: utoipa::openapi::OpenApi) -> String {
	problem::describe(&mut description);
	serde_json::to_string_pretty(&description).unwrap_or_default()
}

/// The routes, with their description at `/openapi.json`.
fn described<S: Clone + Send + Sync + 'static>(documented: OpenApiRouter<S>) -> Router<S> {
	let (router, description) = documented.split_for_parts();
	let description = Bytes::from(to_json(description));
	router.route(
		"/openapi.json",
		get(|| async move { ([(CONTENT_TYPE, "application/json")], description) }),
	)
}

/// Answers what there is not with problem documents, and pages of any origin.
fn completed<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
	router
		.fallback(|| async {
			Problem::not_found("there is no such resource; /openapi.json lists what there is")
		})
		.method_not_allowed_fallback(|| async {
			let detail = "the resource has other methods; the header Allow lists them";
			Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
		})
		.layer(cross_origin())
}

fn documented() -> OpenApiRouter<Arc<Service>> {
	OpenApiRouter::with_openapi(Description::openapi())
		.routes(routes!(datasets::show, datasets::erase))
		.routes(routes!(batches::list, upload::upload))
		.routes(routes!(batches::frame))
		.routes(routes!(batches::chunk))
		.routes(routes!(heads::show))
		.routes(routes!(keys::list))
		.routes(routes!(keys::put, keys::get))
		.routes(routes!(datasets::certificate))
		.routes(routes!(access_log::day))
		.routes(routes!(access_log::all))
		.routes(routes!(access_log::own))
		.routes(routes!(access_log::of_dataset))
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

#[cfg(test)]
mod tests {
	use super::*;
	use problem::PROBLEM_JSON;
	use std::collections::BTreeSet;

	/// Method and path of every route that a description names.
	pub(super) fn described_routes(description: &serde_json::Value) -> BTreeSet<String> {
		description["paths"]
			.as_object()
			.unwrap()
			.iter()
			.flat_map(|(path, item)| {
				let methods = item.as_object().unwrap().keys();
				methods.map(move |method| format!("{method} {path}"))
			})
			.collect()
	}

	#[test]
	fn the_description_names_every_route_and_what_is_answered() {
		let description: serde_json::Value = serde_json::from_str(&description()).unwrap();
		let expected = [
			"get /v1/access-log/{day}",
			"get /v1/access-log/{day}/all",
			"get /v1/access-log/{day}/datasets/{dataset}",
			"get /v1/access-log/{day}/own",
			"delete /v1/datasets/{dataset}",
			"get /v1/datasets/{dataset}",
			"get /v1/datasets/{dataset}/batches",
			"post /v1/datasets/{dataset}/batches",
			"get /v1/datasets/{dataset}/batches/{batch}",
			"get /v1/datasets/{dataset}/batches/{batch}/chunks/{chunk}",
			"get /v1/datasets/{dataset}/erasure",
			"get /v1/datasets/{dataset}/heads",
			"get /v1/datasets/{dataset}/keys",
			"get /v1/datasets/{dataset}/keys/{recipient}",
			"put /v1/datasets/{dataset}/keys/{recipient}",
		];
		assert_eq!(described_routes(&description), expected.map(str::to_owned).into());
		let schemas = [
			"DayAnswer",
			"DayHead",
			"Destruction",
			"GroupAnswer",
			"GroupHead",
			"LinesAnswer",
			"Problem",
			"Sibling",
			"SignedCertificate",
			"StoredBatch",
			"StoredDataset",
			"StoredHeads",
		];
		for name in schemas {
			assert!(description["components"]["schemas"][name].is_object(), "{name}");
		}
		let upload = &description["paths"]["/v1/datasets/{dataset}/batches"]["post"];
		let problem = "#/components/schemas/Problem";
		for status in ["401", "403", "409", "413", "429", "503", "507"] {
			let content = &upload["responses"][status]["content"];
			assert_eq!(content[PROBLEM_JSON]["schema"]["$ref"], problem, "{status}");
		}
		assert!(upload["responses"]["200"]["content"]["application/json"].is_object());
		assert!(upload["responses"]["200"]["content"][PROBLEM_JSON].is_null());
	}
}
