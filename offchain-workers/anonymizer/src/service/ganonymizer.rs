//! `POST /image` as GANonymizer has it, for clients that were made for it: JSON with the image in base64
//! in, JSON with the anonymized image, a JPEG in base64, out. They cannot sign; at most they send a user
//! name and a password (RFC 7617).

use super::{
	problem::{Problem, PROBLEM_JSON},
	Ganonymizer, Service,
};
use crate::picture::Format;
use axum::{
	extract::{Request, State},
	http::{
		header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE},
		HeaderMap, StatusCode,
	},
	response::{IntoResponse, Response},
};
use base64::{engine::general_purpose::STANDARD, Engine};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, sync::Arc};
use utoipa::ToSchema;

/// Bytes of JSON around the image.
const ENVELOPE_BYTES: u64 = 1024;

/// A user name and a password, of which only a digest is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials([u8; 32]);

impl Credentials {
	/// From `USER:PASSWORD`, with or without a line break behind it; `None` without a colon.
	pub fn parse(text: &[u8]) -> Option<Self> {
		let line = text.strip_suffix(b"\n").unwrap_or(text);
		let line = line.strip_suffix(b"\r").unwrap_or(line);
		line.contains(&b':').then(|| Self(Sha256::digest(line).into()))
	}

	/// Whether the header `Authorization` has them. Comparing digests tells nothing through its time.
	fn are_in(&self, headers: &HeaderMap) -> bool {
		let sent = || {
			let (scheme, encoded) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
			let basic = scheme.eq_ignore_ascii_case("Basic");
			STANDARD.decode(encoded.trim()).ok().filter(|_| basic)
		};
		sent().is_some_and(|sent| Sha256::digest(&sent).as_slice() == self.0)
	}
}

impl fmt::Debug for Credentials {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		formatter.write_str("Credentials(…)")
	}
}

/// An image in JSON, in both directions.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(title = "GANonymizer's image")]
pub(super) struct EncodedImage {
	/// The image in base64 (RFC 4648, section 4).
	image: String,
}

/// Anonymize an image for a client of GANonymizer
///
/// Kept for clients that were made for GANonymizer and cannot sign. Metadata does not survive.
#[utoipa::path(
	post,
	path = "/image",
	operation_id = "anonymizeEncodedImage",
	request_body = EncodedImage,
	responses(
		(status = OK, description = "The anonymized image as JPEG", body = EncodedImage),
		(status = 401, description = "User name or password is wrong", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 408, description = "The body did not arrive in time", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 413, description = "The body is too large", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 415, description = "The body is not JSON, or in it is no image of a known format",
			body = Problem, content_type = PROBLEM_JSON),
		(status = 422, description = "The JSON has another form, or the image is damaged",
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
	request: Request,
) -> Result<Response, Problem> {
	let deadline = service.deadline();
	let (parts, body) = request.into_parts();
	if let Ganonymizer::Guarded(credentials) = &service.ganonymizer {
		if !credentials.are_in(&parts.headers) {
			return Ok(unauthorized());
		}
	}
	if !is_json(&parts.headers) {
		return Err(Problem::unsupported("the body must be JSON, and Content-Type say so"));
	}
	let place = service.workers.enter()?;
	let limit = service.limits.image.max_bytes;
	// Base64 makes four bytes of three, and may break lines.
	let body_limit = limit / 2 * 3 + ENVELOPE_BYTES;
	let body = service.receive(&parts.headers, body, body_limit, deadline).await?;
	let image = decode(&body)?;
	drop(body);
	if image.len() as u64 > limit {
		return Err(Problem::too_large(limit));
	}
	let (anonymized, place) = service.anonymize(image, Format::Jpeg, place, deadline).await?;
	let answer = EncodedImage { image: STANDARD.encode(&anonymized.image) };
	let answer = serde_json::to_vec(&answer).map_err(|_| Problem::internal())?;
	Ok(([(CONTENT_TYPE, "application/json")], place.hold(answer)).into_response())
}

fn unauthorized() -> Response {
	let detail = "user name and password are needed";
	let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail);
	([(WWW_AUTHENTICATE, "Basic realm=\"anonymizer\"")], problem).into_response()
}

fn is_json(headers: &HeaderMap) -> bool {
	headers
		.get(CONTENT_TYPE)
		.and_then(|value| value.to_str().ok())
		.and_then(|value| value.split(';').next())
		.is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case("application/json"))
}

/// The image in a body. Line breaks in the base64, which some encoders make, are passed over.
fn decode(body: &[u8]) -> Result<Vec<u8>, Problem> {
	let EncodedImage { image } = serde_json::from_slice(body).map_err(|_| {
		let detail = "the body must be a JSON object with the image in base64 under `image`";
		Problem::unprocessable("invalid-json", detail)
	})?;
	let mut encoded = image.into_bytes();
	encoded.retain(|byte| !byte.is_ascii_whitespace());
	STANDARD
		.decode(encoded)
		.map_err(|_| Problem::unprocessable("invalid-base64", "`image` is not in base64"))
}

#[cfg(test)]
mod tests {
	use super::*;
	use axum::http::HeaderValue;
	use proptest::prelude::*;

	fn headers(authorization: &str) -> HeaderMap {
		let value = HeaderValue::from_str(authorization).unwrap();
		HeaderMap::from_iter([(AUTHORIZATION, value)])
	}

	#[test]
	fn only_the_right_user_name_and_password_pass() {
		let credentials = Credentials::parse(b"city:blue sky\n").unwrap();
		let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
		assert!(credentials.are_in(&headers(&basic("city:blue sky"))));
		assert!(credentials.are_in(&headers(&basic("city:blue sky").replace("Basic", "basic"))));
		for wrong in ["city:blue sky\n", "city:", "", "other:blue sky"] {
			assert!(!credentials.are_in(&headers(&basic(wrong))), "{wrong}");
		}
		for wrong in ["Bearer Y2l0eTpibHVlIHNreQ==", "Basic", "Basic !", "city:blue sky"] {
			assert!(!credentials.are_in(&headers(wrong)), "{wrong}");
		}
		assert!(!credentials.are_in(&HeaderMap::new()));
		assert_eq!(Credentials::parse(b"no colon"), None);
	}

	#[test]
	fn credentials_do_not_show() {
		let credentials = Credentials::parse(b"city:secret").unwrap();
		assert_eq!(format!("{credentials:?}"), "Credentials(…)");
	}

	proptest! {
		#[test]
		fn what_is_encoded_is_decoded(image: Vec<u8>, width in 1usize..100) {
			let encoded = STANDARD.encode(&image);
			let lines: Vec<_> = encoded.as_bytes().chunks(width).map(String::from_utf8_lossy).collect();
			let body = serde_json::json!({ "image": lines.join("\n"), "user": 7 });
			let decoded = decode(body.to_string().as_bytes());
			prop_assert_eq!(decoded.ok(), Some(image));
		}

		#[test]
		fn arbitrary_bodies_never_panic(body: Vec<u8>) {
			prop_assert!(decode(&body).is_err());
		}
	}
}
