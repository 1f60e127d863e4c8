//! Batches on their way in.

use super::{
	authorization::{authorize, Authorized},
	batches::listed,
	parse_id,
	problem::Problem,
	Service,
};
use crate::store::{Staged, Store};
use axum::{
	body::Body,
	extract::{Path, Request, State},
	http::{header::CONTENT_LENGTH, HeaderMap, StatusCode},
	Json,
};
use futures::StreamExt;
use msec_commitments::Hash;
use msec_worker_common::{
	access_log::Operation,
	batch_frame::FrameDecoder,
	chain::{Action, Refusal},
	signature::BodyDigest,
	store_client::StoredBatch,
};
use std::{mem, sync::Arc, time::Duration};

/// Longest that the next part of a body may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Takes frames: all of them become visible, or none.
pub(super) async fn upload(
	State(service): State<Arc<Service>>,
	Path(dataset): Path<String>,
	request: Request,
) -> Result<Json<Vec<StoredBatch>>, Problem> {
	let id = parse_id(&dataset)?;
	let (parts, body) = request.into_parts();
	let authorized = authorize(&service, &parts, &id, Action::Write, Operation::Upload).await?;
	let limit = service.limits.max_upload_bytes;
	if declared_length(&parts.headers).is_some_and(|length| length > limit) {
		return Err(Problem::too_large(limit));
	}
	let _place = service.uploads.try_acquire().map_err(|_| Problem::busy())?;
	let upload = receive(&service, &authorized, body).await?;
	let stored = upload.publish(&service, id).await?;
	let bytes = stored.iter().map(|batch| batch.bytes).sum();
	metrics::counter!("msec_store_written_bytes_total").increment(bytes);
	Ok(Json(stored))
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
	headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Reads the body, staging each frame as soon as it is complete.
async fn receive(
	service: &Service,
	authorized: &Authorized,
	body: Body,
) -> Result<Upload, Problem> {
	let limit = service.limits.max_upload_bytes;
	let mut upload = Upload { store: service.store.clone(), staged: Vec::new() };
	let mut decoder = FrameDecoder::default();
	let mut digest = BodyDigest::default();
	let mut length = 0;
	let mut parts = body.into_data_stream();
	while let Some(part) = next_part(&mut parts).await? {
		length += part.len() as u64;
		if length > limit {
			return Err(Problem::too_large(limit));
		}
		digest.update(&part);
		decoder.push(&part);
		while let Some(frame) = decoder.next_frame()? {
			upload.staged.push(service.with_store(move |store| store.stage(&frame)).await?);
		}
	}
	decoder.finish()?;
	authorized.check_body(&digest.finish())?;
	Ok(upload)
}

async fn next_part(
	parts: &mut axum::body::BodyDataStream,
) -> Result<Option<bytes::Bytes>, Problem> {
	let timed_out = |_| {
		let detail = "the rest of the body did not arrive";
		Problem::new(StatusCode::REQUEST_TIMEOUT, "timed-out", detail)
	};
	tokio::time::timeout(PATIENCE, parts.next())
		.await
		.map_err(timed_out)?
		.transpose()
		.map_err(|_| Problem::unprocessable("truncated", "the body broke off"))
}

/// Frames that are staged, and are removed again unless they are published.
struct Upload {
	store: Store,
	staged: Vec<Staged>,
}

impl Upload {
	async fn publish(mut self, service: &Service, id: Hash) -> Result<Vec<StoredBatch>, Problem> {
		// The data set may have been appended to or erased while the body arrived.
		let dataset = service
			.chain
			.dataset(&id)
			.await?
			.ok_or_else(|| Problem::refused(Refusal::UnknownResource))?;
		if dataset.erased {
			return Err(Problem::refused(Refusal::Erased));
		}
		let staged = self.staged.clone();
		let on_chain = dataset.batches;
		let quota = service.limits.max_dataset_bytes;
		let stored =
			service.with_store(move |store| store.publish(&id, &staged, on_chain, quota)).await?;
		self.staged.clear();
		Ok(stored.iter().map(listed).collect())
	}
}

impl Drop for Upload {
	fn drop(&mut self) {
		let staged = mem::take(&mut self.staged);
		if staged.is_empty() {
			return;
		}
		let store = self.store.clone();
		// What cannot be removed now is removed at the next start.
		tokio::task::spawn_blocking(move || {
			if let Err(fault) = store.discard(&staged) {
				tracing::warn!(%fault, "an aborted upload is not removed yet");
			}
		});
	}
}
