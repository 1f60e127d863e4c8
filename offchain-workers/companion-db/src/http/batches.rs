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
use futures::{stream, TryStreamExt};
use msec_commitments::Hash;
use msec_worker_common::{
	access_log::Operation,
	batch_frame::{encode_chunk, Frame},
	chain::Action,
	store_client::{StoredBatch, MAX_PAGE},
};
use serde::Deserialize;
use std::{io, sync::Arc};

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

/// The batches `[from, to)`, at most [`MAX_PAGE`].
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

/// One batch as a frame.
pub(super) async fn frame(
	State(service): State<Arc<Service>>,
	Path((dataset, batch)): Path<(String, String)>,
	request: Request,
) -> Result<impl IntoResponse, Problem> {
	let (id, batch) = (parse_id(&dataset)?, parse_number(&batch)?);
	authorize_empty(&service, &request.into_parts().0, &id, Action::Read, reading(batch)).await?;
	let stored = find(&service, id, batch).await?;
	let headers = [
		(CONTENT_TYPE, "application/octet-stream".to_owned()),
		(CONTENT_LENGTH, stored.bytes().to_string()),
	];
	metrics::counter!("msec_store_read_bytes_total").increment(stored.bytes());
	Ok((headers, Body::from_stream(segments(service, stored))))
}

/// One chunk with its commitment.
pub(super) async fn chunk(
	State(service): State<Arc<Service>>,
	Path((dataset, batch, chunk)): Path<(String, String, String)>,
	request: Request,
) -> Result<impl IntoResponse, Problem> {
	let id = parse_id(&dataset)?;
	let (batch, chunk) = (parse_number(&batch)?, parse_number(&chunk)?);
	authorize_empty(&service, &request.into_parts().0, &id, Action::Read, reading(batch)).await?;
	let stored = find(&service, id, batch).await?;
	let parts: Vec<Bytes> = segments(service, stored)
		.try_collect()
		.await
		.map_err(|_| Problem::not_found("the batch was replaced or erased meanwhile"))?;
	let frame = Frame::decode(parts.concat().into()).map_err(|error| {
		tracing::error!(dataset = to_hex(&id), batch, %error, "a stored frame is damaged");
		Problem::internal()
	})?;
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

/// The frame in parts, read one by one. When it is replaced meanwhile, the answer breaks off.
fn segments(
	service: Arc<Service>,
	stored: Stored,
) -> impl stream::Stream<Item = io::Result<Bytes>> {
	stream::try_unfold((service, 0), move |(service, index)| async move {
		if index == stored.segments() {
			return Ok(None);
		}
		let part = service
			.with_store(move |store| store.segment(&stored, index))
			.await
			.map_err(|_| io::Error::other("the store fails"))?
			.ok_or_else(|| io::Error::other("the batch was replaced or erased"))?;
		Ok(Some((Bytes::from(part), (service, index + 1))))
	})
}
