//! Data sets as wholes.

use super::{
	authorization::{authenticate, authorize_empty, authorize_owner},
	parse_id,
	problem::Problem,
	to_hex, Service,
};
use axum::{
	extract::{Path, Request, State},
	http::StatusCode,
	Json,
};
use msec_worker_common::{
	access_log::Operation, chain::Action, erasure_certificate::SignedCertificate,
	store_client::StoredDataset,
};
use std::sync::Arc;

/// How much of a data set is here.
pub(super) async fn show(
	State(service): State<Arc<Service>>,
	Path(dataset): Path<String>,
	request: Request,
) -> Result<Json<StoredDataset>, Problem> {
	let id = parse_id(&dataset)?;
	authorize_empty(&service, &request.into_parts().0, &id, Action::Describe, Operation::Describe)
		.await?;
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
	authorize_owner(&service, &request.into_parts().0, &id, Operation::Erase).await?;
	let block = service.chain.finalized_block().await?;
	service.with_erasures(move |erasures| erasures.destroy(&id, block)).await?;
	tracing::info!(dataset = to_hex(&id), "erased on request");
	Ok(StatusCode::NO_CONTENT)
}

/// The certificate of what was destroyed of a data set. It says nothing that is not for everybody.
pub(super) async fn certificate(
	State(service): State<Arc<Service>>,
	Path(dataset): Path<String>,
	request: Request,
) -> Result<Json<SignedCertificate>, Problem> {
	let id = parse_id(&dataset)?;
	authenticate(&service, &request.into_parts().0)?;
	let certificate = service
		.with_erasures(move |erasures| erasures.certificate(&id))
		.await?
		.ok_or_else(|| Problem::not_found("no erasure of this data set is certified here yet"))?;
	Ok(Json(certificate))
}
