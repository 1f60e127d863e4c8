//! Which path leads where, and the OpenAPI document that says so.

use super::{appraisals, enrolments, problem::Problem, Service};
use axum::{
	body::Bytes,
	extract::DefaultBodyLimit,
	http::{header::CONTENT_TYPE, StatusCode},
	routing::get,
	Router,
};
use std::sync::Arc;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Most bytes of a request: five certificates in hexadecimal, and the keys.
const MAX_REQUEST_LENGTH: usize = 96 * 1024;

/// The document without its paths, which come from the routes themselves.
#[derive(OpenApi)]
#[openapi(info(
	title = "M-Sec registrar",
	description = "Finds out whether a device's attestation key lives in a TPM of a trusted manufacturer, \
		and if so endorses the device on chain. What cannot be accepted is answered with a problem \
		document (RFC 9457).",
	license(name = "Apache-2.0", identifier = "Apache-2.0"),
))]
struct Description;

/// The routes of a service, and at `/openapi.json` their description.
pub fn routes(service: Arc<Service>) -> Router {
	let (router, description) = documented().split_for_parts();
	let description = Bytes::from(serde_json::to_vec(&description).unwrap_or_default());
	router
		.route(
			"/openapi.json",
			get(|| async move { ([(CONTENT_TYPE, "application/json")], description) }),
		)
		.fallback(|| async {
			let detail = "there is no such resource; /openapi.json lists what there is";
			Problem::not_found("not-found", detail)
		})
		.method_not_allowed_fallback(|| async {
			let detail = "the resource has other methods; the header Allow lists them";
			Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
		})
		.layer(DefaultBodyLimit::max(MAX_REQUEST_LENGTH))
		.with_state(service)
}

fn documented() -> OpenApiRouter<Arc<Service>> {
	OpenApiRouter::with_openapi(Description::openapi())
		.routes(routes!(enrolments::begin))
		.routes(routes!(enrolments::activate))
		.routes(routes!(appraisals::begin))
		.routes(routes!(appraisals::appraise))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::protocol::{APPRAISALS, ENROLMENTS};

	#[test]
	fn the_description_names_every_route_and_what_is_sent() {
		let (_, description) = documented().split_for_parts();
		let description = serde_json::to_value(description).unwrap();
		let paths: Vec<_> = description["paths"].as_object().unwrap().keys().collect();
		let expected = [
			APPRAISALS,
			&format!("{APPRAISALS}/{{appraisal}}/evidence"),
			ENROLMENTS,
			&format!("{ENROLMENTS}/{{enrolment}}/activation"),
		];
		assert_eq!(paths, expected);
		let schemas = &description["components"]["schemas"];
		for name in ["EnrolmentRequest", "CredentialChallenge", "Activation", "Problem", "Bytes"] {
			assert!(schemas[name].is_object(), "{name}");
		}
		let properties = &schemas["EnrolmentRequest"]["properties"];
		assert!(properties["endorsement-key"].is_object(), "{properties}");
	}
}
