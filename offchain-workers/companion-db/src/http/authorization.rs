//! Who asks, and what the chain says about it.

use super::{problem::Problem, Service};
use axum::{
	extract::Query,
	http::{request::Parts, StatusCode},
};
use msec_commitments::Hash;
use msec_worker_common::{
	chain::{parse_purpose, Action, Dataset, Decision, Purpose, Refusal},
	signature::{BodyDigest, RequestParts, Unclaimed, Verifier},
	AccountId32,
};
use serde::Deserialize;

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
	let unclaimed = verify(&service.verifier, request)?;
	let purpose = purpose(request)?;
	match service.chain.decide(unclaimed.account(), id, action, purpose).await? {
		Decision::Allow(_) => {},
		Decision::Deny(refusal) => return Err(Problem::refused(refusal)),
	}
	let dataset = service
		.chain
		.dataset(id)
		.await?
		.ok_or_else(|| Problem::refused(Refusal::UnknownResource))?;
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
	let unclaimed = verify(&service.verifier, request)?;
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
pub(super) fn purpose(request: &Parts) -> Result<Option<Purpose>, Problem> {
	let invalid = |detail: &str| Problem::unprocessable("invalid-query", detail);
	let Query(query) = Query::<Declared>::try_from_uri(&request.uri)
		.map_err(|error| invalid(&error.body_text()))?;
	let parse = |text: String| parse_purpose(&text).ok_or_else(|| invalid("unknown purpose"));
	query.purpose.map(parse).transpose()
}

/// Checks the signature of a request.
pub(super) fn verify<'a>(
	verifier: &'a Verifier,
	request: &Parts,
) -> Result<Unclaimed<'a>, Problem> {
	let parts = RequestParts {
		method: request.method.as_str(),
		path: request.uri.path(),
		query: request.uri.query(),
	};
	let headers = |name: &'static str| {
		request.headers.get_all(name).into_iter().map(|value| value.as_bytes())
	};
	Ok(verifier.verify(&parts, headers)?)
}
