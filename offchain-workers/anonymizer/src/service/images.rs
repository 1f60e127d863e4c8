//! `POST /v1/images`: signed requests.

use super::{
	authorization::authorize,
	negotiation::{negotiate, Form, Options},
	problem::{Problem, PROBLEM_JSON},
	report::{summary, Document, ANONYMIZATION_REPORT},
	Service,
};
use axum::{
	extract::{rejection::QueryRejection, Query, Request, State},
	http::header::CONTENT_TYPE,
	response::IntoResponse,
};
use std::sync::Arc;

/// Anonymize an image
///
/// The body is the image itself; its format is recognized by its first bytes, whatever `Content-Type`
/// says. Metadata, such as the place where a photograph was taken, does not survive. The request is
/// signed (RFC 9421) under the label `msec` by an account that the service allows.
#[utoipa::path(
	post,
	path = "/v1/images",
	operation_id = "anonymizeImage",
	params(
		Options,
		("content-digest" = String, Header, description = "SHA-256 of the body (RFC 9530)"),
		("signature-input" = String, Header, description = "What is signed (RFC 9421)"),
		("signature" = String, Header, description = "The signature (RFC 9421)"),
		("accept" = Option<String>, Header, description = "An image format, or application/json"),
	),
	request_body(
		description = "JPEG, PNG, WebP or AVIF",
		content(
			(Vec<u8> = "image/jpeg"),
			(Vec<u8> = "image/png"),
			(Vec<u8> = "image/webp"),
			(Vec<u8> = "image/avif"),
		),
	),
	responses(
		(
			status = OK,
			description = "The anonymized image, alone or in a document",
			content(
				(Vec<u8> = "image/jpeg"),
				(Vec<u8> = "image/png"),
				(Vec<u8> = "image/webp"),
				(Document = "application/json"),
			),
			headers(
				("anonymization-report" = String, description =
					"How many things of each class were hidden, and how many were not because their \
					score is just too low: a dictionary (RFC 9651) such as `face=2, nearly=1`"),
			),
		),
		(status = 401, description = "Not signed, or not as required", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 403, description = "The account is not allowed", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 406, description = "No accepted format is offered", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 408, description = "The body did not arrive in time", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 413, description = "The body is too large", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 415, description = "The body is no image of a known format", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 422, description = "The image is damaged, or the body is not the signed one",
			body = Problem, content_type = PROBLEM_JSON),
		(status = 500, description = "The image could not be anonymized", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 503, description = "All places are taken", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 504, description = "The image was not anonymized in time", body = Problem,
			content_type = PROBLEM_JSON),
	),
)]
pub(super) async fn anonymize(
	State(service): State<Arc<Service>>,
	options: Result<Query<Options>, QueryRejection>,
	request: Request,
) -> Result<impl IntoResponse, Problem> {
	let deadline = service.deadline();
	let (parts, body) = request.into_parts();
	let authorized = authorize(&service, &parts)?;
	let form = negotiate(options, &parts.headers)?;
	let place = service.workers.enter()?;
	let limit = service.limits.image.max_bytes;
	let image = service.receive(&parts.headers, body, limit, deadline).await?;
	authorized.check_body(&image)?;
	let (anonymized, place) = service.anonymize(image, form.format(), place, deadline).await?;
	let headers = [
		(CONTENT_TYPE, form.media_type().to_owned()),
		(ANONYMIZATION_REPORT, summary(&anonymized.outcome)),
	];
	let body = match form {
		Form::Image(_) => anonymized.image,
		Form::Document(_) => {
			serde_json::to_vec(&Document::from(&anonymized)).map_err(|_| Problem::internal())?
		},
	};
	Ok((headers, place.hold(body)))
}
