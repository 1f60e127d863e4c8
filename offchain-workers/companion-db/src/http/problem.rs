//! Errors as clients see them.

use crate::{access_log::LogFault, store::StoreFault};
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
use std::time::Duration;
use utoipa::openapi::{path::PathItem, Content, OpenApi, Ref, RefOr, Response as Described};

/// Media type of problem documents.
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// Adds to a description what is so of every operation: it may be answered with 401, and with every status
/// that is no success comes a problem document.
pub(super) fn describe(description: &mut OpenApi) {
	let items = description.paths.paths.values_mut();
	let operations = items.flat_map(|PathItem { get, put, post, delete, .. }| {
		[get, put, post, delete].into_iter().flatten()
	});
	for operation in operations {
		let responses = &mut operation.responses.responses;
		let unauthorized =
			Described::new("The signature is missing, false, too old or used already");
		responses.entry("401".to_owned()).or_insert(RefOr::T(unauthorized));
		for (status, response) in responses {
			if let (false, RefOr::T(response)) = (status.starts_with('2'), response) {
				let document = Content::new(Some(Ref::from_schema_name("Problem")));
				response.content.insert(PROBLEM_JSON.to_owned(), RefOr::T(document));
			}
		}
	}
}

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
		let detail = "all places for requests of this kind are taken; try again";
		Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(1)
	}

	pub fn too_many(wait: Duration) -> Self {
		let detail = "too many requests; come again later";
		// Whole seconds, and not too few.
		let seconds = wait.as_secs() + 1;
		Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail).retry_after(seconds)
	}

	pub fn timed_out() -> Self {
		let detail = "the body arrives too slowly";
		Self::new(StatusCode::REQUEST_TIMEOUT, "timed-out", detail)
	}

	pub fn stopping() -> Self {
		let detail = "the server stops; nothing was stored";
		Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", detail).retry_after(5)
	}

	fn unavailable(code: &str, fault: &StoreFault) -> Self {
		Self::new(StatusCode::SERVICE_UNAVAILABLE, code, fault.to_string()).retry_after(2)
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
			ChainError::OtherFork { .. } => "other-fork",
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
			StoreFault::DamagedBatch(_) => {
				tracing::error!(%fault, "what is stored is damaged");
				Self::new(StatusCode::INTERNAL_SERVER_ERROR, "damaged", fault.to_string())
			},
			StoreFault::Erased => Self::refused(Refusal::Erased),
			StoreFault::Moving => Self::unavailable("moving", &fault),
			StoreFault::StagedLost => Self::unavailable("lost", &fault),
			StoreFault::Unreachable(_) | StoreFault::InUse => {
				tracing::error!(%fault, "the store cannot be reached");
				let detail = "what the store keeps cannot be reached at the moment";
				Self::new(StatusCode::SERVICE_UNAVAILABLE, "unreachable", detail).retry_after(2)
			},
			fault => {
				tracing::error!(%fault, "the store fails");
				Self::internal()
			},
		}
	}
}

impl From<LogFault> for Problem {
	fn from(fault: LogFault) -> Self {
		match fault {
			LogFault::Full => {
				let detail = "the store's disk is full; nothing is served that is not written down";
				Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", detail)
			},
			LogFault::Damaged { .. } => {
				tracing::error!(%fault, "the access log was changed");
				let detail = "the access log of this day is not as it was written";
				Self::new(StatusCode::INTERNAL_SERVER_ERROR, "log-damaged", detail)
			},
			fault => {
				tracing::error!(%fault, "the access log fails");
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
		let mut response = (status, [(CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
		if let Some(seconds) = self.retry_after {
			response.headers_mut().insert(RETRY_AFTER, seconds.into());
		}
		metrics::counter!("msec_store_refusals_total", "code" => self.document.code).increment(1);
		response
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn faults_have_a_code_and_passing_ones_a_time_to_come_again() {
		let expected = [
			(StoreFault::Full, 507, "disk-full", false),
			(StoreFault::QuotaExceeded(1), 507, "quota-exceeded", false),
			(StoreFault::TooManyRecipients(1), 507, "quota-exceeded", false),
			(StoreFault::Conflict(1), 409, "conflict", false),
			(StoreFault::DamagedBatch(1), 500, "damaged", false),
			(StoreFault::Erased, 403, "refused", false),
			(StoreFault::Moving, 503, "moving", true),
			(StoreFault::StagedLost, 503, "lost", true),
			(StoreFault::Unreachable("host db, user msec".into()), 503, "unreachable", true),
			(StoreFault::InUse, 503, "unreachable", true),
			(StoreFault::Database("secret".into()), 500, "internal", false),
			(StoreFault::Disk("secret".into()), 500, "internal", false),
		];
		for (fault, status, code, comes_again) in expected {
			let problem = Problem::from(fault);
			let document = &problem.document;
			assert_eq!((document.status, document.code.as_str()), (status, code));
			assert_eq!(problem.retry_after.is_some(), comes_again, "{code}");
			// What is wrong inside is for the log alone.
			assert!(!document.detail.contains("secret") && !document.detail.contains("host"));
		}
	}
}
