//! Batches on their way in.

use super::{
	authorization::{authorize, Authorized},
	batches::listed,
	parse_id,
	problem::Problem,
	Limits, Service,
};
use crate::store::{Staged, Store, StoreFault};
use axum::{
	body::Body,
	extract::{Path, Request, State},
	http::{header::CONTENT_LENGTH, HeaderMap},
	Json,
};
use futures::StreamExt;
use msec_commitments::Hash;
use msec_worker_common::{
	access_log::Operation,
	batch_frame::{FrameDecoder, MAX_FRAME_LENGTH},
	chain::{Action, Refusal},
	signature::BodyDigest,
	store_client::StoredBatch,
	AccountId32,
};
use std::{mem, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Longest that a body may take, besides what its length allows.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes a second below which a body is too slow.
const SLOWEST: u64 = 16 * 1024;
/// Bytes in each part of the memory for uploads.
const PART: u64 = 64 * 1024;
/// Most frames in an upload: what is staged of each stays in memory until all are published.
const MOST_FRAMES: usize = 1024;
/// Parts for an upload that declares no length, or a long one: it holds a frame and what is checked of it.
pub(super) const MOST_PARTS: u32 = (MAX_FRAME_LENGTH as u64).div_ceil(PART) as u32 + 1;

/// Upload batches
///
/// The body is a sequence of up to 1024 frames (`MSB1`). All of them become visible, or none. A batch that
/// is not on chain yet is replaced; one that is may be sent again unchanged.
#[utoipa::path(
	post,
	path = "/v1/datasets/{dataset}/batches",
	operation_id = "uploadBatches",
	params(("dataset" = String, Path, description = "The data set, as 64 hexadecimal digits")),
	request_body(content = Vec<u8>, content_type = "application/octet-stream"),
	responses(
		(status = 200, description = "The batches as they are stored", body = Vec<StoredBatch>),
		(status = 403, description = "The chain does not allow it"),
		(status = 404, description = "The data set is not kept here"),
		(status = 408, description = "The body arrives too slowly"),
		(status = 409, description = "A batch is on chain with other content"),
		(status = 413, description = "The body is too large"),
		(status = 422, description = "The body is not a sequence of up to 1024 frames, or not the signed one"),
		(status = 429, description = "Too many requests, or uploads at a time, of this account"),
		(status = 503, description = "All places are taken, or the chain or the disk cannot be asked"),
		(status = 507, description = "The disk is full, or the data set would be too large"),
	),
)]
pub(super) async fn upload(
	State(service): State<Arc<Service>>,
	Path(dataset): Path<String>,
	request: Request,
) -> Result<Json<Vec<StoredBatch>>, Problem> {
	let id = parse_id(&dataset)?;
	let (parts, body) = request.into_parts();
	let authorized = authorize(&service, &parts, &id, Action::Write, Operation::Upload).await?;
	let limit = service.limits.max_upload_bytes;
	let length = declared_length(&parts.headers);
	if length.is_some_and(|length| length > limit) {
		return Err(Problem::too_large(limit));
	}
	let _memory = service.uploads.take(authorized.account(), parts_for(length))?;
	let upload = receive(&service, &authorized, body).await?;
	let stored = upload.publish(&service, &authorized, id).await?;
	let bytes = stored.iter().map(|batch| batch.bytes).sum();
	metrics::counter!("msec_store_written_bytes_total").increment(bytes);
	Ok(Json(stored))
}

/// How much memory an upload needs. Many small ones have room where one large one has.
fn parts_for(length: Option<u64>) -> u32 {
	let needed = length.map_or(u64::from(MOST_PARTS), |length| length.div_ceil(PART).max(1));
	needed.min(MOST_PARTS.into()) as u32
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
	let begun = Instant::now();
	let mut parts = body.into_data_stream();
	while let Some(part) = next_part(service, &mut parts, due(begun, length)).await? {
		length += part.len() as u64;
		if length > limit {
			return Err(Problem::too_large(limit));
		}
		digest.update(&part);
		decoder.push(&part);
		while let Some(frame) = decoder.next_frame()? {
			if upload.staged.len() >= MOST_FRAMES {
				let detail = format!("an upload has at most {MOST_FRAMES} frames; divide it");
				return Err(Problem::unprocessable("too-many-frames", detail));
			}
			upload.staged.push(service.with_store(move |store| store.stage(&frame)).await?);
		}
	}
	decoder.finish()?;
	authorized.check_body(&digest.finish())?;
	Ok(upload)
}

/// When more than `length` bytes have to be there.
fn due(begun: Instant, length: u64) -> Instant {
	begun + PATIENCE + Duration::from_secs(length / SLOWEST)
}

async fn next_part(
	service: &Service,
	parts: &mut axum::body::BodyDataStream,
	due: Instant,
) -> Result<Option<bytes::Bytes>, Problem> {
	service
		.stop
		.run_until_cancelled(tokio::time::timeout_at(due, parts.next()))
		.await
		.ok_or_else(Problem::stopping)?
		.map_err(|_| Problem::timed_out())?
		.transpose()
		.map_err(|_| Problem::unprocessable("truncated", "the body broke off"))
}

/// Most bytes of a data set, by what it may have itself and by what its owner has besides. Uploads to
/// several data sets of one owner at the same time may exceed this by what they add.
fn quota(
	store: &Store,
	limits: &Limits,
	dataset: &Hash,
	owner: &AccountId32,
) -> Result<u64, StoreFault> {
	store.assign(dataset, owner)?;
	let Some(most) = limits.max_owner_bytes else {
		return Ok(limits.max_dataset_bytes);
	};
	let others = store.owned_bytes(owner)?.saturating_sub(store.totals(dataset)?.bytes);
	Ok(limits.max_dataset_bytes.min(most.saturating_sub(others)))
}

/// Frames that are staged, and are removed again unless they are published.
struct Upload {
	store: Store,
	staged: Vec<Staged>,
}

impl Upload {
	async fn publish(
		mut self,
		service: &Service,
		authorized: &Authorized,
		id: Hash,
	) -> Result<Vec<StoredBatch>, Problem> {
		// Rights may have been revoked, and the data set appended to or erased, while the body arrived.
		let dataset = authorized.confirm(service).await?;
		if dataset.erased {
			return Err(Problem::refused(Refusal::Erased));
		}
		let staged = self.staged.clone();
		let limits = service.limits;
		let publish = move |store: &Store| {
			let quota = quota(store, &limits, &id, &dataset.owner)?;
			store.publish(&id, &staged, dataset.batches, quota)
		};
		let stored =
			service.with_erasures(move |erasures| erasures.unless_erased(&id, publish)).await?;
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

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn small_uploads_need_little_memory() {
		assert_eq!(parts_for(None), MOST_PARTS);
		assert_eq!(parts_for(Some(u64::MAX)), MOST_PARTS);
		assert_eq!(parts_for(Some(0)), 1);
		assert_eq!(parts_for(Some(1000)), 1);
		assert_eq!(parts_for(Some(PART + 1)), 2);
	}

	#[test]
	fn a_trickle_is_too_slow_and_a_slow_line_is_not() {
		let begun = Instant::now();
		assert_eq!(due(begun, 100), begun + PATIENCE);
		let minute = 60 * SLOWEST;
		assert_eq!(due(begun, minute), begun + PATIENCE + Duration::from_secs(60));
	}
}
