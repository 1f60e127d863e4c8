//! Heads of ranges, for other stores of the same data set and its owner.

use super::{authorization::authorize_empty, parse_id, problem::Problem, to_hex, Service};
use crate::replication::{heads_of_parts, BatchRange};
use axum::{
	extract::{rejection::QueryRejection, Path, Query, Request, State},
	Json,
};
use msec_worker_common::{access_log::Operation, chain::Action, store_client::StoredHeads};
use serde::Deserialize;
use std::sync::Arc;

/// Which range is meant.
#[derive(Deserialize)]
pub(super) struct Asked {
	first: u32,
	height: u32,
}

/// Show heads of ranges
///
/// The heads of the Merkle trees (RFC 9162) over equal parts of two to the power of `height` batches, so that
/// another store of the data set finds where it differs. For such stores and the owner.
#[utoipa::path(
	get,
	path = "/v1/datasets/{dataset}/heads",
	operation_id = "showHeads",
	params(
		("dataset" = String, Path, description = "The data set, as 64 hexadecimal digits"),
		("first" = u32, Query, description = "The first batch, a multiple of the number of batches"),
		("height" = u32, Query, description = "Two to the power of this many batches"),
		("purpose" = Option<String>, Query, description = "What the data is for, where a grant asks for it"),
	),
	responses(
		(status = 200, description = "The heads of up to 256 parts", body = StoredHeads),
		(status = 403, description = "The chain does not allow it, or neither a store of the data set nor the owner asks"),
		(status = 404, description = "The data set is not kept here, or not all of these batches"),
		(status = 422, description = "There is no such range"),
		(status = 429, description = "Too many requests of this account"),
		(status = 503, description = "Others are asking, or the chain or the disk cannot be asked"),
	),
)]
pub(super) async fn show(
	State(service): State<Arc<Service>>,
	Path(dataset): Path<String>,
	asked: Result<Query<Asked>, QueryRejection>,
	request: Request,
) -> Result<Json<StoredHeads>, Problem> {
	let id = parse_id(&dataset)?;
	let Query(asked) =
		asked.map_err(|error| Problem::unprocessable("invalid-query", error.body_text()))?;
	let range = BatchRange::new(asked.first, asked.height)
		.ok_or_else(|| Problem::unprocessable("invalid-query", "there is no such range"))?;
	let operation = Operation::Compare { from: range.first(), to: range.end() };
	let request = request.into_parts().0;
	let authorized = authorize_empty(&service, &request, &id, Action::Read, operation).await?;
	// It reads the records of the whole range.
	let places = match authorized.is_owner() {
		true => &service.owner_heads,
		false => &service.heads,
	};
	let _place = places.try_acquire().map_err(|_| Problem::busy())?;
	let heads = service
		.with_store(move |store| heads_of_parts(store, &id, range))
		.await?
		.ok_or_else(|| Problem::not_found("not all of these batches are here"))?;
	Ok(Json(StoredHeads { heads: heads.iter().map(to_hex).collect() }))
}
