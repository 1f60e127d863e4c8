//! Errors as clients see them.

use crate::{certificate::CertificateError, credential::InvalidKey};
use axum::{
	extract::rejection::JsonRejection,
	http::{
		header::{CONTENT_TYPE, RETRY_AFTER},
		StatusCode,
	},
	response::{IntoResponse, Response},
};
use msec_worker_common::{chain::ChainError, transactions::TransactionError};
use serde::Serialize;
use utoipa::ToSchema;

/// Media type of problem documents.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not carried out (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(title = "Problem")]
pub(super) struct Problem {
	/// The HTTP status again.
	#[schema(minimum = 400, maximum = 599)]
	status: u16,
	/// What happened, for people.
	title: &'static str,
	/// What happened here, and what to do about it, for people.
	detail: String,
	/// What happened, for programs.
	code: &'static str,
	/// Seconds after which to try again.
	#[serde(skip)]
	retry_after: Option<u64>,
}

impl Problem {
	pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
		Self {
			status: status.as_u16(),
			title: status.canonical_reason().unwrap_or("Unknown"),
			detail: detail.into(),
			code,
			retry_after: None,
		}
	}

	fn retry_after(mut self, seconds: u64) -> Self {
		self.retry_after = Some(seconds);
		self
	}

	pub fn not_found(code: &'static str, detail: &str) -> Self {
		Self::new(StatusCode::NOT_FOUND, code, detail)
	}

	pub fn unprocessable(code: &'static str, detail: impl Into<String>) -> Self {
		Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
	}

	pub fn internal() -> Self {
		let detail = "the server failed; its log says why";
		Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
	}

	pub fn too_many(seconds: u64) -> Self {
		let detail = "too much is begun";
		Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail).retry_after(seconds)
	}

	pub fn busy() -> Self {
		let detail = "too much is under way";
		Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(10)
	}

	fn chain_unavailable() -> Self {
		let detail = "the chain's present state is not known here";
		Self::new(StatusCode::SERVICE_UNAVAILABLE, "chain-unavailable", detail).retry_after(3)
	}
}

impl From<JsonRejection> for Problem {
	fn from(rejection: JsonRejection) -> Self {
		let code = match rejection.status() {
			StatusCode::PAYLOAD_TOO_LARGE => "too-large",
			StatusCode::UNSUPPORTED_MEDIA_TYPE => "not-json",
			_ => "malformed",
		};
		Self::new(rejection.status(), code, rejection.body_text())
	}
}

impl From<CertificateError> for Problem {
	fn from(error: CertificateError) -> Self {
		let code = match error {
			CertificateError::TooLarge => "certificate-too-large",
			CertificateError::Malformed => "certificate-malformed",
			CertificateError::OtherPurpose => "certificate-other-purpose",
			CertificateError::OtherKey => "certificate-other-key",
			CertificateError::Expired => "certificate-expired",
			CertificateError::NotYetValid => "certificate-not-yet-valid",
			CertificateError::Untrusted(_) => "certificate-untrusted",
		};
		Self::unprocessable(code, error.to_string())
	}
}

impl From<InvalidKey> for Problem {
	fn from(error: InvalidKey) -> Self {
		Self::unprocessable("endorsement-key-invalid", error.to_string())
	}
}

impl From<ChainError> for Problem {
	fn from(error: ChainError) -> Self {
		tracing::warn!(%error, "the chain cannot be asked");
		Self::chain_unavailable()
	}
}

impl From<TransactionError> for Problem {
	fn from(error: TransactionError) -> Self {
		tracing::error!(%error, "the chain did not take what was said of a device");
		match error {
			TransactionError::Failed { .. } | TransactionError::Rejected(_) => {
				Self::new(StatusCode::BAD_GATEWAY, "chain-refused", error.to_string())
			},
			_ => Self::chain_unavailable(),
		}
	}
}

impl IntoResponse for Problem {
	fn into_response(self) -> Response {
		let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
		let body = serde_json::to_vec(&self).unwrap_or_default();
		let mut response = (status, [(CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
		if let Some(seconds) = self.retry_after {
			response.headers_mut().insert(RETRY_AFTER, seconds.into());
		}
		metrics::counter!("msec_registrar_refusals_total", "code" => self.code).increment(1);
		response
	}
}
