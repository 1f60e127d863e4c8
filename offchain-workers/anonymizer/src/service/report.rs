//! What clients learn about an anonymized image beside the image.

use super::processing::Anonymized;
use crate::{detection::Class, Outcome};
use axum::http::HeaderName;
use base64::{engine::general_purpose::STANDARD, Engine};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Name of the header that says how much was hidden.
pub(super) const ANONYMIZATION_REPORT: HeaderName = HeaderName::from_static("anonymization-report");

/// An anonymized image and everything that was found in it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Document<'a> {
	/// The anonymized image in base64 (RFC 4648, section 4).
	image: String,
	/// Its media type.
	media_type: &'static str,
	/// Its width in pixels.
	width: u32,
	/// Its height in pixels.
	height: u32,
	#[serde(flatten)]
	outcome: &'a Outcome,
}

impl<'a> From<&'a Anonymized> for Document<'a> {
	fn from(anonymized: &'a Anonymized) -> Self {
		Self {
			image: STANDARD.encode(&anonymized.image),
			media_type: anonymized.format.media_type(),
			width: anonymized.width,
			height: anonymized.height,
			outcome: &anonymized.outcome,
		}
	}
}

/// How many things of each class were hidden.
pub(super) fn hidden(outcome: &Outcome) -> BTreeMap<Class, u64> {
	outcome.hidden.iter().fold(BTreeMap::new(), |mut counts, detection| {
		*counts.entry(detection.class).or_default() += 1;
		counts
	})
}

/// The name of a class in headers and metrics.
pub(super) fn name(class: Class) -> &'static str {
	match class {
		Class::Face => "face",
		Class::LicencePlate => "licence-plate",
		Class::Person => "person",
		Class::Vehicle => "vehicle",
	}
}

/// The value of [`ANONYMIZATION_REPORT`], a dictionary (RFC 9651): `face=2, nearly=1` after two faces were
/// hidden, and something else was not, because its score is just too low.
pub(super) fn summary(outcome: &Outcome) -> String {
	hidden(outcome)
		.into_iter()
		.map(|(class, count)| format!("{}={count}, ", name(class)))
		.chain([format!("nearly={}", outcome.nearly.len())])
		.collect()
}
