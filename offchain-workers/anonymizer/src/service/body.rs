//! Bodies on their way in.

use super::{problem::Problem, Service};
use axum::{
	body::{Body, BodyDataStream},
	http::{header::CONTENT_LENGTH, HeaderMap},
};
use bytes::Bytes;
use futures::StreamExt;
use std::time::Duration;
use tokio::time::{timeout, timeout_at, Instant};

impl Service {
	/// The whole body, if it has at most `limit` bytes and arrives without long pauses until `deadline`.
	pub(super) async fn receive(
		&self,
		headers: &HeaderMap,
		body: Body,
		limit: u64,
		deadline: Instant,
	) -> Result<Vec<u8>, Problem> {
		let declared = declared_length(headers);
		if declared.is_some_and(|length| length > limit) {
			return Err(Problem::too_large(limit));
		}
		let mut parts = body.into_data_stream();
		let collecting = async {
			let mut collected = Vec::with_capacity(declared.unwrap_or(0) as usize);
			while let Some(part) = next_part(&mut parts, self.limits.patience).await? {
				if (collected.len() + part.len()) as u64 > limit {
					return Err(Problem::too_large(limit));
				}
				collected.extend_from_slice(&part);
			}
			Ok(collected)
		};
		timeout_at(deadline, collecting).await.map_err(|_| Problem::timed_out())?
	}
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
	headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn next_part(
	parts: &mut BodyDataStream,
	patience: Duration,
) -> Result<Option<Bytes>, Problem> {
	timeout(patience, parts.next())
		.await
		.map_err(|_| Problem::timed_out())?
		.transpose()
		.map_err(|_| Problem::unprocessable("truncated", "the body broke off"))
}
