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

/// Show how much of a data set is here
#[utoipa::path(
	get,
	path = "/v1/datasets/{dataset}",
	operation_id = "showDataset",
	params(
		("dataset" = String, Path, description = "The data set, as 64 hexadecimal digits"),
		("purpose" = Option<String>, Query, description = "What the data is for, where a grant asks for it"),
	),
	responses(
		(status = 200, description = "Counts", body = StoredDataset),
		(status = 403, description = "The chain does not allow it"),
		(status = 404, description = "The data set is not kept here"),
		(status = 429, description = "Too many requests of this account"),
		(status = 503, description = "The chain or the disk cannot be asked"),
	),
)]
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

/// Destroy what is here of an erased data set
///
/// The owner erases the data set on chain first. The keys are destroyed before the ciphertext.
#[utoipa::path(
	delete,
	path = "/v1/datasets/{dataset}",
	operation_id = "eraseDataset",
	params(
		("dataset" = String, Path, description = "The data set, as 64 hexadecimal digits"),
	),
	responses(
		(status = 204, description = "Nothing of it is here any more"),
		(status = 403, description = "The data set is unknown, or it is not the owner who asks"),
		(status = 404, description = "The identifier is none"),
		(status = 409, description = "The data set is not erased on chain, or not finally"),
		(status = 429, description = "Too many requests of this account"),
		(status = 503, description = "The chain or the disk cannot be asked"),
	),
)]
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

/// Show the certificate of an erasure
///
/// What was destroyed of a data set, signed by the store. It says nothing that is not for everybody.
#[utoipa::path(
	get,
	path = "/v1/datasets/{dataset}/erasure",
	operation_id = "showErasure",
	params(
		("dataset" = String, Path, description = "The data set, as 64 hexadecimal digits"),
	),
	responses(
		(status = 200, description = "The certificate", body = SignedCertificate),
		(status = 404, description = "No erasure of the data set is certified here yet"),
		(status = 429, description = "Too many requests of this account"),
	),
)]
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
