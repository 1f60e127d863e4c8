//! Errors as clients see them. No text of a request is ever part of one.

use axum::{
	http::{
		header::{CONTENT_TYPE, RETRY_AFTER},
		StatusCode,
	},
	response::{IntoResponse, Response},
};
use msec_worker_common::signature::SignatureError;
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

	pub fn unprocessable(code: &'static str, detail: impl Into<String>) -> Self {
		Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
	}

	pub fn unsupported(detail: impl Into<String>) -> Self {
		Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", detail)
	}

	pub fn too_large(limit: u64) -> Self {
		let detail = format!("at most {limit} bytes are taken at once");
		Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
	}

	pub fn timed_out() -> Self {
		let detail = "the rest of the body did not arrive in time";
		Self::new(StatusCode::REQUEST_TIMEOUT, "timed-out", detail)
	}

	pub fn busy() -> Self {
		let detail = "all places for images are taken; try later";
		Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(1)
	}

	pub fn deadline_missed() -> Self {
		let detail = "the image was not anonymized in time; try later, or send a smaller one";
		Self::new(StatusCode::GATEWAY_TIMEOUT, "deadline-missed", detail).retry_after(5)
	}

	pub fn internal() -> Self {
		let detail = "the server failed; its log says why";
		Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
	}
}

impl From<SignatureError> for Problem {
	fn from(error: SignatureError) -> Self {
		let status = match error {
			SignatureError::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
			_ => StatusCode::UNAUTHORIZED,
		};
		let problem = Self::new(status, error.code(), error.to_string());
		match error.retry_after() {
			Some(seconds) => problem.retry_after(seconds),
			None => problem,
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
		metrics::counter!("msec_anonymizer_refusals_total", "code" => self.code).increment(1);
		response
	}
}
