//! Which path leads where, and the OpenAPI document that says so.

use super::{ganonymizer, images, problem::Problem, Ganonymizer, Service};
use axum::{
	http::{header::CONTENT_TYPE, StatusCode},
	routing::get,
	Router,
};
use bytes::Bytes;
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The document without its paths, which come from the routes themselves.
#[derive(OpenApi)]
#[openapi(info(
	title = "M-Sec anonymizer",
	description = "Hides faces, licence plates, persons and vehicles in images. What cannot be decoded, \
		or is not finished in time, is answered with a problem document (RFC 9457): the original never \
		comes back.",
	license(name = "Apache-2.0", identifier = "Apache-2.0"),
))]
struct Description;

/// The routes of a service, and at `/openapi.json` their description.
pub fn routes(service: Arc<Service>) -> Router {
	let (router, description) =
		documented(service.ganonymizer != Ganonymizer::Off).split_for_parts();
	let description = Bytes::from(serde_json::to_vec(&description).unwrap_or_default());
	router
		.route(
			"/openapi.json",
			get(|| async move { ([(CONTENT_TYPE, "application/json")], description) }),
		)
		.fallback(|| async {
			let detail = "there is no such resource; /openapi.json lists what there is";
			Problem::new(StatusCode::NOT_FOUND, "not-found", detail)
		})
		.method_not_allowed_fallback(|| async {
			let detail = "the resource has other methods; the header Allow lists them";
			Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
		})
		.with_state(service)
}

fn documented(with_ganonymizer: bool) -> OpenApiRouter<Arc<Service>> {
	let router =
		OpenApiRouter::with_openapi(Description::openapi()).routes(routes!(images::anonymize));
	if with_ganonymizer {
		router.routes(routes!(ganonymizer::anonymize))
	} else {
		router
	}
}
