//! Which form an answer has (RFC 9110, section 12.5.1).

use super::problem::Problem;
use crate::picture::Format;
use axum::{
	extract::{rejection::QueryRejection, Query},
	http::{header::ACCEPT, HeaderMap, StatusCode},
};
use serde::Deserialize;
use std::cmp::Reverse;
use utoipa::{
	openapi::schema::{Object, ObjectBuilder, Type},
	IntoParams,
};

/// The formats of answers, best first. AVIF is not among them: it takes seconds, and a file on disk.
const OFFERED: [Format; 3] = [Format::Jpeg, Format::Png, Format::WebP];
/// Weight of a media range without the parameter `q`, in thousandths.
const FULL_WEIGHT: u16 = 1000;

/// What can be asked for in the query.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Options {
	/// Format of the anonymized image; without it, the header `Accept` decides.
	#[param(schema_with = offered_names)]
	format: Option<Format>,
}

/// What is answered, with the format of the image in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
	/// The image alone.
	Image(Format),
	/// A JSON document with the image and everything that was found in it.
	Document(Format),
}

impl Form {
	/// The format of the image.
	pub fn format(self) -> Format {
		match self {
			Self::Image(format) | Self::Document(format) => format,
		}
	}

	/// The media type of the answer.
	pub fn media_type(self) -> &'static str {
		match self {
			Self::Image(format) => format.media_type(),
			Self::Document(_) => "application/json",
		}
	}
}

/// The form that the client likes best. The query narrows what is offered, `Accept` chooses from it.
pub(super) fn negotiate(
	options: Result<Query<Options>, QueryRejection>,
	headers: &HeaderMap,
) -> Result<Form, Problem> {
	let Query(Options { format }) = options.map_err(|_| {
		let detail = "the only parameter is `format`; the OpenAPI document lists its values";
		Problem::unprocessable("invalid-query", detail)
	})?;
	let images: Vec<_> =
		OFFERED.into_iter().filter(|offered| format.is_none_or(|only| only == *offered)).collect();
	let document = images.first().copied().map(Form::Document);
	let ranges = accepted(headers);
	images
		.into_iter()
		.map(Form::Image)
		.chain(document)
		.filter_map(|form| Some((form, weight(&ranges, form.media_type())?)))
		// Of equals, the first.
		.min_by_key(|(_, weight)| Reverse(*weight))
		.map(|(form, _)| form)
		.ok_or_else(|| {
			let detail = "no format that is offered is accepted; leave `Accept` away to get JPEG";
			Problem::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable", detail)
		})
}

fn offered_names() -> Object {
	let names = OFFERED.map(|format| format.media_type().trim_start_matches("image/"));
	ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}

/// The media ranges of `Accept` with their weights in thousandths; `*/*` where there are none.
fn accepted(headers: &HeaderMap) -> Vec<(String, u16)> {
	let ranges: Vec<_> = headers
		.get_all(ACCEPT)
		.into_iter()
		.filter_map(|value| value.to_str().ok())
		.flat_map(|value| value.split(','))
		.filter_map(parse_range)
		.collect();
	if ranges.is_empty() {
		vec![("*/*".to_owned(), FULL_WEIGHT)]
	} else {
		ranges
	}
}

fn parse_range(text: &str) -> Option<(String, u16)> {
	let mut parts = text.split(';').map(str::trim);
	let range = parts.next().filter(|range| range.contains('/'))?.to_ascii_lowercase();
	let weight = match parts.find_map(|parameter| parameter.strip_prefix("q=")) {
		Some(weight) => {
			(weight.parse::<f32>().ok()?.clamp(0.0, 1.0) * f32::from(FULL_WEIGHT)) as u16
		},
		None => FULL_WEIGHT,
	};
	Some((range, weight))
}

/// How much a media type is liked, and how exactly it was named; `None` when it is not accepted.
fn weight(ranges: &[(String, u16)], media_type: &str) -> Option<(u16, u8)> {
	let (kind, _) = media_type.split_once('/')?;
	ranges
		.iter()
		.filter_map(|(range, weight)| match range.split_once('/')? {
			_ if range == media_type => Some((2, *weight)),
			(of_kind, "*") if of_kind == kind => Some((1, *weight)),
			("*", "*") => Some((0, *weight)),
			_ => None,
		})
		.max_by_key(|(exactness, _)| *exactness)
		.filter(|(_, weight)| *weight > 0)
		.map(|(exactness, weight)| (weight, exactness))
}

#[cfg(test)]
mod tests {
	use super::*;
	use axum::http::HeaderValue;
	use proptest::prelude::*;

	fn form(format: Option<Format>, accept: Option<&str>) -> Option<Form> {
		let mut headers = HeaderMap::new();
		if let Some(accept) = accept {
			headers.insert(ACCEPT, HeaderValue::from_str(accept).ok()?);
		}
		negotiate(Ok(Query(Options { format })), &headers).ok()
	}

	#[test]
	fn accept_chooses_and_the_query_narrows() {
		let image = |format| Some(Form::Image(format));
		let document = |format| Some(Form::Document(format));
		for (format, accept, expected) in [
			(None, None, image(Format::Jpeg)),
			(None, Some("*/*"), image(Format::Jpeg)),
			(None, Some("image/png, */*"), image(Format::Png)),
			(None, Some("image/png;q=0.5, IMAGE/WEBP;q=0.8"), image(Format::WebP)),
			(None, Some("image/*, image/jpeg;q=0"), image(Format::Png)),
			(None, Some("application/json"), document(Format::Jpeg)),
			(None, Some("application/json;q=0.9, image/*;q=0.1"), document(Format::Jpeg)),
			(None, Some("text/html"), None),
			(None, Some("image/png;q=much"), image(Format::Jpeg)),
			(Some(Format::Png), None, image(Format::Png)),
			(Some(Format::Png), Some("application/json"), document(Format::Png)),
			(Some(Format::Png), Some("image/jpeg"), None),
			(Some(Format::Avif), None, None),
		] {
			assert_eq!(form(format, accept), expected, "{format:?} {accept:?}");
		}
	}

	proptest! {
		#[test]
		fn whatever_is_chosen_was_accepted(accept in "[ -~]{0,80}") {
			let mut headers = HeaderMap::new();
			headers.insert(ACCEPT, HeaderValue::from_str(&accept).unwrap());
			if let Some(chosen) = form(None, Some(&accept)) {
				prop_assert!(weight(&accepted(&headers), chosen.media_type()).is_some());
			}
		}
	}
}
