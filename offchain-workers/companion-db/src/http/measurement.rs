//! What is measured of requests.

use axum::{
	extract::{MatchedPath, Request},
	middleware::Next,
	response::Response,
};
use std::time::Instant;

/// Counts a request and takes its time until the answer begins.
pub(super) async fn measure(request: Request, next: Next) -> Response {
	let route = request
		.extensions()
		.get::<MatchedPath>()
		.map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
	let labels = [("method", request.method().to_string()), ("route", route)];
	let begun = Instant::now();
	let response = next.run(request).await;
	metrics::histogram!("msec_store_request_seconds", &labels).record(begun.elapsed());
	let status = [("status", response.status().as_str().to_owned())];
	let labels = [&labels[..], &status].concat();
	metrics::counter!("msec_store_requests_total", &labels).increment(1);
	response
}
