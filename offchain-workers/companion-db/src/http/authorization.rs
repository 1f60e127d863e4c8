//! Who asks, and what the chain says about it.

use super::{problem::Problem, Service};
use axum::{
	extract::Query,
	http::{request::Parts, StatusCode},
};
use msec_commitments::Hash;
use msec_worker_common::{
	chain::{parse_purpose, Action, Dataset, Decision, Purpose, Refusal},
	signature::{BodyDigest, RequestParts, Unclaimed},
	AccountId32,
};
use serde::Deserialize;
use std::time::Instant;

/// What a request declares in its query, whatever it asks for.
#[derive(Deserialize)]
struct Declared {
	purpose: Option<String>,
}

/// A request that may be carried out.
pub(super) struct Authorized {
	pub account: AccountId32,
	/// The data set in the best state.
	pub dataset: Dataset,
	content_digest: Hash,
}

impl Authorized {
	/// Whether the body is the one that was signed.
	pub fn check_body(&self, digest: &Hash) -> Result<(), Problem> {
		if self.content_digest == *digest {
			return Ok(());
		}
		Err(Problem::unprocessable("digest-mismatch", "the body is not the one that was signed"))
	}
}

/// Checks signature, decision, and that the data set is kept here; uses up the nonce.
pub(super) async fn authorize(
	service: &Service,
	request: &Parts,
	id: &Hash,
	action: Action,
) -> Result<Authorized, Problem> {
	let unclaimed = verify(service, request)?;
	let purpose = purpose(request)?;
	let decision = service.chain.decide(unclaimed.account(), id, action, purpose).await?;
	let dataset = service
		.chain
		.dataset(id)
		.await?
		.ok_or_else(|| Problem::refused(Refusal::UnknownResource))?;
	match decision {
		Decision::Allow(_) => {},
		Decision::Deny(Refusal::NoGrant) if is_replica(&dataset, unclaimed.account(), action) => {},
		Decision::Deny(refusal) => return Err(Problem::refused(refusal)),
	}
	let kept = match action {
		Action::Write => service.takes_from(&dataset.owner),
		_ => true,
	};
	if !kept || !dataset.stores.contains(&service.operator) {
		let detail = "the data set does not name this store, or its owner is no customer here";
		return Err(Problem::new(StatusCode::NOT_FOUND, "not-kept-here", detail));
	}
	let verified = unclaimed.claim()?;
	Ok(Authorized { account: verified.account, dataset, content_digest: verified.content_digest })
}

/// Whether another store of the data set asks for ciphertext, which the owner chose it to keep.
fn is_replica(dataset: &Dataset, account: &AccountId32, action: Action) -> bool {
	matches!(action, Action::Read) && dataset.stores.contains(account)
}

/// [`authorize`] for requests without a body.
pub(super) async fn authorize_empty(
	service: &Service,
	request: &Parts,
	id: &Hash,
	action: Action,
) -> Result<Authorized, Problem> {
	let authorized = authorize(service, request, id, action).await?;
	authorized.check_body(&BodyDigest::of(&[]))?;
	Ok(authorized)
}

/// Checks that the request is from the owner of a data set that is erased in the finalized state.
pub(super) async fn authorize_erasure(
	service: &Service,
	request: &Parts,
	id: &Hash,
) -> Result<(), Problem> {
	let unclaimed = verify(service, request)?;
	let dataset = service
		.chain
		.finalized_dataset(id)
		.await?
		.ok_or_else(|| Problem::refused(Refusal::UnknownResource))?;
	if dataset.owner != *unclaimed.account() {
		return Err(Problem::refused(Refusal::NoGrant));
	}
	if !dataset.erased {
		let detail = "erase the data set on chain first, and wait until that is finalized";
		return Err(Problem::new(StatusCode::CONFLICT, "not-erased", detail));
	}
	unclaimed.claim()?;
	Ok(())
}

/// What the query says that the request is for.
fn purpose(request: &Parts) -> Result<Option<Purpose>, Problem> {
	let invalid = |detail: &str| Problem::unprocessable("invalid-query", detail);
	let Query(query) = Query::<Declared>::try_from_uri(&request.uri)
		.map_err(|error| invalid(&error.body_text()))?;
	let parse = |text: String| parse_purpose(&text).ok_or_else(|| invalid("unknown purpose"));
	query.purpose.map(parse).transpose()
}

/// Checks the signature, and whether the account has asked too much.
fn verify<'a>(service: &'a Service, request: &Parts) -> Result<Unclaimed<'a>, Problem> {
	let parts = RequestParts {
		method: request.method.as_str(),
		path: request.uri.path(),
		query: request.uri.query(),
	};
	let headers = |name: &'static str| {
		request.headers.get_all(name).into_iter().map(|value| value.as_bytes())
	};
	let unclaimed = service.verifier.verify(&parts, headers)?;
	service.rate.take(unclaimed.account(), Instant::now()).map_err(Problem::too_many)?;
	Ok(unclaimed)
}
