//! Signed requests written by hand after `docs/protocol.md`, so that each part can be spoiled.

use base64::{engine::general_purpose::STANDARD, Engine};
use msec_commitments::sha256;
use msec_worker_common::keys::AccountKey;
use rand::RngCore;
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// A request that is signed when asked for.
#[derive(Clone)]
pub struct Request {
	/// The method.
	pub method: Method,
	/// The path, beginning with `/`.
	pub path: String,
	/// What follows `?`.
	pub query: Option<String>,
	/// The body.
	pub body: Vec<u8>,
	/// Seconds since 1970 that the signature claims.
	pub created: u64,
	/// The nonce.
	pub nonce: String,
}

/// A request with its signature.
#[derive(Clone)]
pub struct SignedRequest {
	/// The request.
	pub request: Request,
	/// Header `Content-Digest`.
	pub content_digest: String,
	/// Header `Signature-Input`.
	pub signature_input: String,
	/// Header `Signature`.
	pub signature: String,
}

/// What a store answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
	/// The status.
	pub status: StatusCode,
	/// The body.
	pub body: Vec<u8>,
}

impl Answer {
	/// A member of the problem document.
	pub fn problem(&self, member: &str) -> String {
		let document: Value = serde_json::from_slice(&self.body).unwrap_or_default();
		document[member].as_str().unwrap_or_default().to_owned()
	}
}

impl Request {
	/// A request that is created now.
	pub fn new(method: Method, path: impl Into<String>) -> Self {
		let mut nonce = [0; 24];
		rand::rng().fill_bytes(&mut nonce);
		Self {
			method,
			path: path.into(),
			query: None,
			body: Vec::new(),
			created: now(),
			nonce: STANDARD.encode(nonce),
		}
	}

	/// A request to read something.
	pub fn get(path: impl Into<String>) -> Self {
		Self::new(Method::GET, path)
	}

	/// Signs it for the store of `operator`.
	pub fn sign(self, key: &AccountKey, operator: &str) -> SignedRequest {
		let content_digest = format!("sha-256=:{}:", STANDARD.encode(sha256(&[&self.body])));
		let parameters = format!(
			"(\"@method\" \"@path\" \"@query\" \"content-digest\");created={};nonce=\"{}\";keyid=\"{}\";alg=\"sr25519\";tag=\"{operator}\"",
			self.created,
			self.nonce,
			key.address(),
		);
		let base = format!(
			"\"@method\": {}\n\"@path\": {}\n\"@query\": ?{}\n\"content-digest\": {content_digest}\n\"@signature-params\": {parameters}",
			self.method,
			self.path,
			self.query.as_deref().unwrap_or_default(),
		);
		let signature = STANDARD.encode(key.sign(base.as_bytes()));
		SignedRequest {
			request: self,
			content_digest,
			signature_input: format!("msec={parameters}"),
			signature: format!("msec=:{signature}:"),
		}
	}
}

impl SignedRequest {
	/// Sends it as it is, once, to the store at `endpoint`.
	pub async fn send(&self, endpoint: &str) -> Answer {
		let Request { method, path, query, body, .. } = &self.request;
		let query = query.iter().map(|query| format!("?{query}")).collect::<String>();
		let url = format!("{}{path}{query}", endpoint.trim_end_matches('/'));
		let response = Client::new()
			.request(method.clone(), url)
			.header("content-digest", &self.content_digest)
			.header("signature-input", &self.signature_input)
			.header("signature", &self.signature)
			.body(body.clone())
			.send()
			.await
			.expect("the store answers");
		let status = response.status();
		let body = response.bytes().await.expect("the store's answer is complete").to_vec();
		Answer { status, body }
	}
}

/// Seconds since 1970.
pub fn now() -> u64 {
	SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs()
}
