//! Who may have images anonymized.

use super::{problem::Problem, Service};
use axum::http::{request::Parts, StatusCode};
use msec_worker_common::signature::{BodyDigest, RequestParts};

/// A request that may be carried out if its body is the one that was signed.
pub(super) struct Authorized {
	content_digest: [u8; 32],
}

impl Authorized {
	/// Whether the body is the one that was signed.
	pub fn check_body(&self, body: &[u8]) -> Result<(), Problem> {
		if self.content_digest == BodyDigest::of(body) {
			return Ok(());
		}
		Err(Problem::unprocessable("digest-mismatch", "the body is not the one that was signed"))
	}
}

/// Checks the signature and that its account is allowed; uses up the nonce.
pub(super) fn authorize(service: &Service, request: &Parts) -> Result<Authorized, Problem> {
	let parts = RequestParts {
		method: request.method.as_str(),
		path: request.uri.path(),
		query: request.uri.query(),
	};
	let headers = |name: &'static str| {
		request.headers.get_all(name).into_iter().map(|value| value.as_bytes())
	};
	let unclaimed = service.verifier.verify(&parts, headers)?;
	if !service.allowed.contains(&unclaimed.account().0) {
		let detail = "the account that signed is not among those that this service allows";
		return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail));
	}
	Ok(Authorized { content_digest: unclaimed.claim()?.content_digest })
}
