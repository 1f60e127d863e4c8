//! Signing requests.

use super::{
	algorithm::Algorithm,
	base::{Parameters, LABEL},
	content_digest, RequestParts, CONTENT_DIGEST, SIGNATURE, SIGNATURE_INPUT,
};
use crate::keys::AccountKey;
use base64::{engine::general_purpose::STANDARD, Engine};
use msec_commitments::Hash;
use rand::RngCore;
use std::time::{SystemTime, UNIX_EPOCH};

/// The headers that make a request a signed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedHeaders {
	/// Value of [`CONTENT_DIGEST`].
	pub content_digest: String,
	/// Value of [`SIGNATURE_INPUT`].
	pub signature_input: String,
	/// Value of [`SIGNATURE`].
	pub signature: String,
}

impl SignedHeaders {
	/// Names and values.
	pub fn iter(&self) -> [(&'static str, &str); 3] {
		[
			(CONTENT_DIGEST, &self.content_digest),
			(SIGNATURE_INPUT, &self.signature_input),
			(SIGNATURE, &self.signature),
		]
	}
}

/// Signs a request to `audience` whose body has the SHA-256 `body`, now and with a fresh nonce.
pub fn sign_request(
	key: &AccountKey,
	audience: &str,
	request: &RequestParts,
	body: &Hash,
) -> SignedHeaders {
	let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
	let mut nonce = [0u8; 24];
	rand::rng().fill_bytes(&mut nonce);
	sign_request_with(key, audience, request, body, now, STANDARD.encode(nonce))
}

/// Signs a request as of `created`, in seconds since 1970, with a `nonce` of 22 to 88 characters of
/// base64 that was not used before.
pub fn sign_request_with(
	key: &AccountKey,
	audience: &str,
	request: &RequestParts,
	body: &Hash,
	created: u64,
	nonce: String,
) -> SignedHeaders {
	let algorithm = Algorithm::Sr25519.name().into();
	let parameters = Parameters::new(created, nonce, key.address(), algorithm, audience.to_owned());
	let content_digest = content_digest(body);
	let signature = key.sign(parameters.base(request, &content_digest).as_bytes());
	SignedHeaders {
		content_digest,
		signature_input: format!("{LABEL}={}", parameters.serialize()),
		signature: format!("{LABEL}=:{}:", STANDARD.encode(signature)),
	}
}
