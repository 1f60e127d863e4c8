//! Keys for readers who need no order, handed out by a key agent.
//!
//! Whoever the chain allows to read a data set by a grant, of the best and of the finalized state, receives
//! the keys of the batches that are finalized, sealed for a key of his. A buyer does not: an order's keys
//! are those of the range it pinned, and come by its delivery on chain.

use super::{
	authorization::{purpose, verify},
	completed, described, parse_id,
	problem::Problem,
};
use crate::access::ChainAccess;
use axum::{
	body::to_bytes,
	extract::{Path, Request, State},
	http::{header::CONTENT_TYPE, StatusCode},
	response::IntoResponse,
	Router,
};
use futures::future::BoxFuture;
use msec_commitments::{
	envelope::{is_valid_recipient, seal_for_reader},
	Hash, KeyTree, ReaderContext,
};
use msec_worker_common::{
	chain::{Action, Basis, Dataset, Decision, Refusal},
	signature::{BodyDigest, Verifier},
	store_client, AccountId32,
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Semaphore, time::timeout};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Fetches the secret of a data set.
pub type KeySource =
	Arc<dyn Fn(Hash, Dataset) -> BoxFuture<'static, anyhow::Result<KeyTree>> + Send + Sync>;

/// How many nonces are remembered: what 60 seconds at some 800 requests a second need.
const NONCES: usize = 100_000;
/// How many secrets are fetched at the same time.
const PLACES: usize = 16;
/// Longest that a request may wait for a place and for the stores, and that its body may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// Length of a reader's X25519 public key.
const KEY_LENGTH: usize = 32;

/// Everything that requests need.
pub struct ReaderService {
	chain: Arc<dyn ChainAccess>,
	source: KeySource,
	verifier: Verifier,
	/// The key agent's account.
	agent: AccountId32,
	genesis: Hash,
	places: Semaphore,
}

impl ReaderService {
	/// A service of the key agent `agent`. Requests signed before now are refused.
	pub fn new(
		chain: Arc<dyn ChainAccess>,
		source: KeySource,
		agent: AccountId32,
		genesis: Hash,
	) -> Self {
		let verifier = Verifier::new(&agent.to_string(), NONCES);
		Self { chain, source, verifier, agent, genesis, places: Semaphore::new(PLACES) }
	}

	/// The secret of a data set, when there is a place and the stores answer in time.
	async fn key_tree(&self, id: Hash, dataset: Dataset) -> Result<KeyTree, Problem> {
		let fetched = timeout(PATIENCE, async {
			let _place = self.places.acquire().await?;
			(self.source)(id, dataset).await
		});
		fetched.await.map_err(|_| Problem::busy())?.map_err(|error| {
			tracing::warn!(dataset = super::to_hex(&id), "no key: {error:#}");
			let detail = "no store of the data set has its secret for this key agent";
			Problem::new(StatusCode::BAD_GATEWAY, "no-key", detail)
		})
	}
}

/// The description of the interface without its paths, which come from the routes themselves.
#[derive(OpenApi)]
#[openapi(
	info(
		title = "M-Sec key agent",
		description = "Hands the keys of data sets to readers whom the chain allows to read by a \
			grant. Every request is signed (RFC 9421) over method, path, query, the digest of the body \
			(RFC 9530) and the account of the key agent; a signature is good once, for a minute. What \
			cannot be done is answered with a problem document (RFC 9457).",
		license(name = "Apache-2.0", identifier = "Apache-2.0"),
	),
	components(schemas(store_client::Problem))
)]
struct Description;

/// The routes, and at `/openapi.json` their description.
pub fn routes(service: Arc<ReaderService>) -> Router {
	completed(described(documented())).with_state(service)
}

fn documented() -> OpenApiRouter<Arc<ReaderService>> {
	OpenApiRouter::with_openapi(Description::openapi()).routes(routes!(hand_out))
}

/// Hand out the keys of a data set
///
/// The keys of all finalized batches, sealed for the key in the body. The owner receives them, and whoever
/// may read by a grant; the keys of an order come by its delivery on chain.
#[utoipa::path(
	post,
	path = "/v1/datasets/{dataset}/keys",
	operation_id = "handOutKeys",
	params(
		("dataset" = String, Path, description = "The data set, as 64 hexadecimal digits"),
		("purpose" = Option<String>, Query, description = "What the data is for, where a grant asks for it"),
	),
	request_body(content = Vec<u8>, description = "An X25519 public key (RFC 7748), 32 bytes",
		content_type = "application/octet-stream"),
	responses(
		(status = 200, description = "The sealed keys", body = Vec<u8>,
			content_type = "application/octet-stream"),
		(status = 403, description = "The chain does not allow it, or allows it by an order only"),
		(status = 404, description = "The identifier is none, or the data set names another key agent"),
		(status = 408, description = "The body arrives too slowly"),
		(status = 413, description = "The body is too large"),
		(status = 422, description = "The body is no key, or not the signed one, or the purpose is unknown"),
		(status = 502, description = "No store of the data set has its secret for this key agent"),
		(status = 503, description = "The chain cannot be asked, or too many others ask"),
	),
)]
async fn hand_out(
	State(service): State<Arc<ReaderService>>,
	Path(dataset): Path<String>,
	request: Request,
) -> Result<impl IntoResponse, Problem> {
	let id = parse_id(&dataset)?;
	let (parts, body) = request.into_parts();
	let unclaimed = verify(&service.verifier, &parts)?;
	let reader = *unclaimed.account();
	let (decision, _) = service.chain.decide(&reader, &id, Action::Read, purpose(&parts)?).await?;
	match decision {
		Decision::Allow(Basis::Owner | Basis::Grant) => (),
		Decision::Allow(Basis::Order(_)) => {
			return Err(Problem::forbidden("the keys of an order come by its delivery on chain"));
		},
		Decision::Allow(Basis::KeyAgent) => {
			return Err(Problem::forbidden("a key agent reads for others only"));
		},
		Decision::Deny(refusal) => return Err(Problem::refused(refusal)),
	}
	let dataset = service
		.chain
		.finalized_dataset(&id)
		.await?
		.ok_or_else(|| Problem::refused(Refusal::UnknownResource))?;
	if dataset.key_agent != Some(service.agent) {
		let detail = "another key agent serves the data set, or none";
		return Err(Problem::new(StatusCode::NOT_FOUND, "not-served-here", detail));
	}
	let key = timeout(PATIENCE, to_bytes(body, KEY_LENGTH))
		.await
		.map_err(|_| Problem::timed_out())?
		.map_err(|_| Problem::too_large(KEY_LENGTH as u64))?;
	let verified = unclaimed.claim()?;
	if verified.content_digest != BodyDigest::of(&key) {
		let detail = "the body is not the one that was signed";
		return Err(Problem::unprocessable("digest-mismatch", detail));
	}
	let key = <[u8; KEY_LENGTH]>::try_from(&key[..]).ok();
	let key = key
		.filter(is_valid_recipient)
		.ok_or_else(|| Problem::unprocessable("invalid-key", "the body is no key of X25519"))?;
	let batches = dataset.batches;
	let tree = service.key_tree(id, dataset).await?;
	let context = ReaderContext { genesis: service.genesis, dataset: id, reader: reader.0 };
	let sealed =
		seal_for_reader(&tree.cover(batches), &key, &context, rand::random()).map_err(|error| {
			tracing::error!(?error, "nothing can be sealed for a reader");
			Problem::internal()
		})?;
	metrics::counter!("msec_agent_reader_keys_total").increment(1);
	Ok(([(CONTENT_TYPE, "application/octet-stream")], sealed))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::http::{tests::described_routes, to_json};

	#[test]
	fn the_description_names_the_route_and_what_is_answered() {
		let description = to_json(documented().into_openapi());
		let description: serde_json::Value = serde_json::from_str(&description).unwrap();
		let route = "post /v1/datasets/{dataset}/keys".to_owned();
		assert_eq!(described_routes(&description), [route].into());
		assert!(description["components"]["schemas"]["Problem"].is_object());
		let hand_out = &description["paths"]["/v1/datasets/{dataset}/keys"]["post"];
		for status in ["200", "401", "403", "404", "408", "413", "422", "502", "503"] {
			assert!(hand_out["responses"][status].is_object(), "{status}");
		}
	}
}
