//! Batches on their way out.

use super::{
	authorization::authorize_empty, parse_id, parse_number, problem::Problem, to_hex, Service,
};
use crate::store::Stored;
use axum::{
	body::Body,
	extract::{rejection::QueryRejection, Path, Query, Request, State},
	http::header::{CONTENT_LENGTH, CONTENT_TYPE},
	response::IntoResponse,
	Json,
};
use bytes::Bytes;
use futures::{stream, Stream, StreamExt, TryStreamExt};
use msec_commitments::Hash;
use msec_worker_common::{
	access_log::Operation,
	batch_frame::encode_chunk,
	chain::Action,
	store_client::{StoredBatch, MAX_PAGE},
};
use serde::Deserialize;
use std::{io, ops::Range, sync::Arc};

/// Segments that are read at a time: a mebibyte.
const BLOCK: u32 = 16;

/// Which batches to list.
#[derive(Deserialize)]
pub(super) struct Page {
	#[serde(default)]
	from: u32,
	to: Option<u32>,
}

pub(super) fn listed(stored: &Stored) -> StoredBatch {
	let commitment = stored.commitment();
	StoredBatch {
		batch: stored.batch,
		chunks: commitment.chunks,
		root: to_hex(&commitment.root),
		bytes: stored.bytes(),
	}
}

/// List batches
///
/// Those from `from` to before `to`, at most a thousand of them.
#[utoipa::path(
	get,
	path = "/v1/datasets/{dataset}/batches",
	operation_id = "listBatches",
	params(
		("dataset" = String, Path, description = "The data set, as 64 hexadecimal digits"),
		("from" = Option<u32>, Query, description = "The first batch"),
		("to" = Option<u32>, Query, description = "Behind the last batch"),
		("purpose" = Option<String>, Query, description = "What the data is for, where a grant asks for it"),
	),
	responses(
		(status = 200, description = "Batches in ascending order", body = Vec<StoredBatch>),
		(status = 403, description = "The chain does not allow it"),
		(status = 404, description = "The data set is not kept here"),
		(status = 422, description = "The query makes no sense"),
		(status = 429, description = "Too many requests of this account"),
		(status = 500, description = "The batch is damaged here"),
		(status = 503, description = "The chain or the disk cannot be asked"),
	),
)]
pub(super) async fn list(
	State(service): State<Arc<Service>>,
	Path(dataset): Path<String>,
	page: Result<Query<Page>, QueryRejection>,
	request: Request,
) -> Result<Json<Vec<StoredBatch>>, Problem> {
	let id = parse_id(&dataset)?;
	let Query(page) =
		page.map_err(|error| Problem::unprocessable("invalid-query", error.body_text()))?;
	let to = page.to.unwrap_or(u32::MAX);
	let operation = Operation::List { from: page.from, to };
	authorize_empty(&service, &request.into_parts().0, &id, Action::Read, operation).await?;
	let found =
		service.with_store(move |store| store.list(&id, page.from, to, MAX_PAGE as usize)).await?;
	Ok(Json(found.iter().map(listed).collect()))
}

/// Fetch a batch
///
/// The body is one frame (`MSB1`).
#[utoipa::path(
	get,
	path = "/v1/datasets/{dataset}/batches/{batch}",
	operation_id = "fetchBatch",
	params(
		("dataset" = String, Path, description = "The data set, as 64 hexadecimal digits"),
		("batch" = u32, Path, description = "Position in the data set"),
		("purpose" = Option<String>, Query, description = "What the data is for, where a grant asks for it"),
	),
	responses(
		(status = 200, description = "The frame", body = Vec<u8>,
			content_type = "application/octet-stream"),
		(status = 403, description = "The chain does not allow it"),
		(status = 404, description = "The batch is not here"),
		(status = 429, description = "Too many requests of this account"),
		(status = 500, description = "The batch is damaged here"),
		(status = 503, description = "The chain or the disk cannot be asked"),
	),
)]
pub(super) async fn frame(
	State(service): State<Arc<Service>>,
	Path((dataset, batch)): Path<(String, String)>,
	request: Request,
) -> Result<impl IntoResponse, Problem> {
	let (id, batch) = (parse_id(&dataset)?, parse_number(&batch)?);
	authorize_empty(&service, &request.into_parts().0, &id, Action::Read, reading(batch)).await?;
	let stored = find(&service, id, batch).await?;
	let first = first_block(&service, stored).await?;
	let headers = [
		(CONTENT_TYPE, "application/octet-stream".to_owned()),
		(CONTENT_LENGTH, stored.bytes().to_string()),
	];
	metrics::counter!("msec_store_read_bytes_total").increment(stored.bytes());
	Ok((headers, Body::from_stream(blocks(service, stored, first))))
}

/// Fetch a chunk
///
/// The body is the chunk with its commitment, as in a frame.
#[utoipa::path(
	get,
	path = "/v1/datasets/{dataset}/batches/{batch}/chunks/{chunk}",
	operation_id = "fetchChunk",
	params(
		("dataset" = String, Path, description = "The data set, as 64 hexadecimal digits"),
		("batch" = u32, Path, description = "Position in the data set"),
		("chunk" = u32, Path, description = "Position in the batch"),
		("purpose" = Option<String>, Query, description = "What the data is for, where a grant asks for it"),
	),
	responses(
		(status = 200, description = "The chunk", body = Vec<u8>,
			content_type = "application/octet-stream"),
		(status = 403, description = "The chain does not allow it"),
		(status = 404, description = "The chunk is not here"),
		(status = 429, description = "Too many requests of this account"),
		(status = 500, description = "The batch is damaged here"),
		(status = 503, description = "The chain or the disk cannot be asked"),
	),
)]
pub(super) async fn chunk(
	State(service): State<Arc<Service>>,
	Path((dataset, batch, chunk)): Path<(String, String, String)>,
	request: Request,
) -> Result<impl IntoResponse, Problem> {
	let id = parse_id(&dataset)?;
	let (batch, chunk) = (parse_number(&batch)?, parse_number(&chunk)?);
	authorize_empty(&service, &request.into_parts().0, &id, Action::Read, reading(batch)).await?;
	let stored = find(&service, id, batch).await?;
	let frame = service
		.with_store(move |store| store.frame(&stored))
		.await?
		.ok_or_else(|| Problem::not_found("the batch was replaced or erased meanwhile"))?;
	let found = frame
		.chunks()
		.nth(chunk as usize)
		.ok_or_else(|| Problem::not_found("the batch has no such chunk"))?;
	let bytes = encode_chunk(&found.commitment, found.ciphertext);
	Ok(([(CONTENT_TYPE, "application/octet-stream")], bytes))
}

fn reading(batch: u32) -> Operation {
	Operation::Read { from: batch, to: batch.saturating_add(1) }
}

async fn find(service: &Service, id: Hash, batch: u32) -> Result<Stored, Problem> {
	service
		.with_store(move |store| store.batch(&id, batch))
		.await?
		.ok_or_else(|| Problem::not_found("the batch is not here"))
}

/// The first block of a frame. A frame of more blocks is checked as a whole before any of it leaves, so
/// that what is damaged is answered as such; a second reading finds it in the cache.
async fn first_block(service: &Service, stored: Stored) -> Result<Vec<Bytes>, Problem> {
	let first = service.with_store(move |store| {
		for begin in (BLOCK..stored.segments()).step_by(BLOCK as usize) {
			store.segments(&stored, block(&stored, begin))?;
		}
		store.segments(&stored, block(&stored, 0))
	});
	first.await?.ok_or_else(|| Problem::not_found("the batch was replaced or erased meanwhile"))
}

/// Segments of the block that begins there.
fn block(stored: &Stored, begin: u32) -> Range<u32> {
	begin..begin.saturating_add(BLOCK).min(stored.segments())
}

/// The frame in segments, read block by block. When it is replaced meanwhile, the answer breaks off.
fn blocks(
	service: Arc<Service>,
	stored: Stored,
	first: Vec<Bytes>,
) -> impl Stream<Item = io::Result<Bytes>> {
	let others = stream::try_unfold((service, BLOCK), move |(service, begin)| async move {
		if begin >= stored.segments() {
			return Ok(None);
		}
		let segments = service
			.with_store(move |store| store.segments(&stored, block(&stored, begin)))
			.await
			.map_err(|_| io::Error::other("the store fails"))?
			.ok_or_else(|| io::Error::other("the batch was replaced or erased"))?;
		let segments = stream::iter(segments.into_iter().map(Ok::<_, io::Error>));
		Ok::<_, io::Error>(Some((segments, (service, begin.saturating_add(BLOCK)))))
	});
	stream::iter(first.into_iter().map(Ok)).chain(others.try_flatten())
}
