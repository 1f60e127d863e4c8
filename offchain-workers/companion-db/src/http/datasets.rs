//! Data sets as wholes.

use super::{
	authorization::{authorize_empty, authorize_erasure},
	parse_id,
	problem::Problem,
	to_hex, Service,
};
use axum::{
	extract::{Path, Request, State},
	http::StatusCode,
	Json,
};
use msec_worker_common::{chain::Action, store_client::StoredDataset};
use std::sync::Arc;

/// How much of a data set is here.
pub(super) async fn show(
	State(service): State<Arc<Service>>,
	Path(dataset): Path<String>,
	request: Request,
) -> Result<Json<StoredDataset>, Problem> {
	let id = parse_id(&dataset)?;
	authorize_empty(&service, &request.into_parts().0, &id, Action::Describe).await?;
	let (totals, last) =
		service.with_store(move |store| Ok((store.totals(&id)?, store.last(&id)?))).await?;
	Ok(Json(StoredDataset {
		dataset: to_hex(&id),
		batches: totals.batches,
		next_batch: last.map_or(0, |last| last.batch.saturating_add(1)),
		bytes: totals.bytes,
	}))
}

/// Destroys what is here of an erased data set.
pub(super) async fn erase(
	State(service): State<Arc<Service>>,
	Path(dataset): Path<String>,
	request: Request,
) -> Result<StatusCode, Problem> {
	let id = parse_id(&dataset)?;
	authorize_erasure(&service, &request.into_parts().0, &id).await?;
	service.with_store(move |store| store.erase(&id)).await?;
	tracing::info!(dataset = to_hex(&id), "erased on request");
	Ok(StatusCode::NO_CONTENT)
}
