//! Errors as clients see them.

use crate::store::StoreFault;
use axum::{
	http::{
		header::{CONTENT_TYPE, RETRY_AFTER},
		StatusCode,
	},
	response::{IntoResponse, Response},
};
use msec_worker_common::{
	batch_frame::FrameError,
	chain::{ChainError, Refusal},
	signature::SignatureError,
	store_client,
};

/// A problem document and when to try again.
pub(super) struct Problem {
	document: store_client::Problem,
	retry_after: Option<u64>,
}

impl Problem {
	pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
		let document = store_client::Problem {
			status: status.as_u16(),
			title: status.canonical_reason().unwrap_or("Unknown").to_owned(),
			detail: detail.into(),
			code: code.to_owned(),
			refusal: None,
		};
		Self { document, retry_after: None }
	}

	fn retry_after(mut self, seconds: u64) -> Self {
		self.retry_after = Some(seconds);
		self
	}

	pub fn refused(refusal: Refusal) -> Self {
		let mut problem =
			Self::new(StatusCode::FORBIDDEN, "refused", "the chain does not allow this");
		problem.document.refusal = Some(format!("{refusal:?}"));
		problem
	}

	pub fn forbidden(detail: &str) -> Self {
		Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
	}

	pub fn not_found(detail: &str) -> Self {
		Self::new(StatusCode::NOT_FOUND, "not-found", detail)
	}

	pub fn too_large(limit: u64) -> Self {
		let detail = format!("at most {limit} bytes are taken at once");
		Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
	}

	pub fn unprocessable(code: &str, detail: impl Into<String>) -> Self {
		Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
	}

	pub fn busy() -> Self {
		let detail = "all places are taken; try again";
		Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(1)
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

impl From<ChainError> for Problem {
	fn from(error: ChainError) -> Self {
		tracing::warn!(%error, "no decision can be had");
		let code = match error {
			ChainError::StaleHead(_) => "stale-head",
			_ => "chain-unavailable",
		};
		let detail = "the chain's present state is not known here";
		Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(3)
	}
}

impl From<FrameError> for Problem {
	fn from(error: FrameError) -> Self {
		Self::unprocessable("invalid-frame", error.to_string())
	}
}

impl From<StoreFault> for Problem {
	fn from(fault: StoreFault) -> Self {
		match fault {
			StoreFault::Conflict(batch) => {
				let detail = format!("batch {batch} is on chain with other content");
				Self::new(StatusCode::CONFLICT, "conflict", detail)
			},
			StoreFault::QuotaExceeded(_) | StoreFault::TooManyRecipients(_) => {
				Self::new(StatusCode::INSUFFICIENT_STORAGE, "quota-exceeded", fault.to_string())
			},
			StoreFault::Full => {
				tracing::error!("the disk is full");
				let detail = "the store's disk is full; nothing was stored";
				Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", detail)
			},
			fault => {
				tracing::error!(%fault, "the store fails");
				Self::internal()
			},
		}
	}
}

impl IntoResponse for Problem {
	fn into_response(self) -> Response {
		let status =
			StatusCode::from_u16(self.document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
		let body = serde_json::to_vec(&self.document).unwrap_or_default();
		let mut response =
			(status, [(CONTENT_TYPE, "application/problem+json")], body).into_response();
		if let Some(seconds) = self.retry_after {
			response.headers_mut().insert(RETRY_AFTER, seconds.into());
		}
		metrics::counter!("msec_store_refusals_total", "code" => self.document.code).increment(1);
		response
	}
}
