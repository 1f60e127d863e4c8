//! Wrapped key trees.

use super::{
	authorization::{authorize, authorize_empty},
	parse_id,
	problem::Problem,
	Service,
};
use crate::store::Store;
use axum::{
	body::to_bytes,
	extract::{Path, Request, State},
	http::{header::CONTENT_TYPE, StatusCode},
	response::IntoResponse,
	Json,
};
use msec_commitments::{envelope::check_wrapped_format, MAX_WRAPPED_LENGTH};
use msec_worker_common::{
	access_log::Operation, chain::Action, signature::BodyDigest, AccountId32,
};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

/// Longest that a key may take to arrive.
const PATIENCE: Duration = Duration::from_secs(15);

/// Leave a sealed key
///
/// It takes the place of an older one for the same recipient. Only the owner may, who alone knows the right
/// one.
#[utoipa::path(
	put,
	path = "/v1/datasets/{dataset}/keys/{recipient}",
	operation_id = "putKey",
	params(
		("dataset" = String, Path, description = "The data set, as 64 hexadecimal digits"),
		("recipient" = String, Path, description = "The account, as 64 hexadecimal digits"),
	),
	request_body(content = Vec<u8>, content_type = "application/octet-stream"),
	responses(
		(status = 204, description = "It is kept"),
		(status = 403, description = "The chain does not allow it, or it is not the owner who asks"),
		(status = 404, description = "The data set is not kept here"),
		(status = 408, description = "The body arrives too slowly"),
		(status = 413, description = "The body is too large"),
		(status = 422, description = "The body is no sealed key, or not the signed one"),
		(status = 429, description = "Too many requests of this account"),
		(status = 503, description = "The chain or the disk cannot be asked"),
		(status = 507, description = "The disk is full, or there are too many recipients"),
	),
)]
pub(super) async fn put(
	State(service): State<Arc<Service>>,
	Path((dataset, recipient)): Path<(String, String)>,
	request: Request,
) -> Result<StatusCode, Problem> {
	let (id, recipient) = (parse_id(&dataset)?, AccountId32(parse_id(&recipient)?));
	let (parts, body) = request.into_parts();
	let operation = Operation::PutKey { recipient };
	let authorized = authorize(&service, &parts, &id, Action::Write, operation).await?;
	let wrapped = timeout(PATIENCE, to_bytes(body, MAX_WRAPPED_LENGTH as usize))
		.await
		.map_err(|_| Problem::timed_out())?
		.map_err(|_| Problem::too_large(MAX_WRAPPED_LENGTH.into()))?;
	authorized.check_body(&BodyDigest::of(&wrapped))?;
	if !check_wrapped_format(&wrapped) {
		return Err(Problem::unprocessable("invalid-key", "the body is not a sealed key"));
	}
	let put = move |store: &Store| store.put_key(&id, &recipient, &wrapped);
	service.with_erasures(move |erasures| erasures.unless_erased(&id, put)).await?;
	Ok(StatusCode::NO_CONTENT)
}

/// List recipients of keys
///
/// The accounts for which sealed keys are here. Only the owner sees them.
#[utoipa::path(
	get,
	path = "/v1/datasets/{dataset}/keys",
	operation_id = "listKeys",
	params(
		("dataset" = String, Path, description = "The data set, as 64 hexadecimal digits"),
	),
	responses(
		(status = 200, description = "The accounts (SS58)", body = Vec<String>),
		(status = 403, description = "The chain does not allow it, or it is not the owner who asks"),
		(status = 404, description = "The data set is not kept here"),
		(status = 429, description = "Too many requests of this account"),
		(status = 503, description = "The chain or the disk cannot be asked"),
		(status = 507, description = "The disk is full, so that nothing can be written down"),
	),
)]
pub(super) async fn list(
	State(service): State<Arc<Service>>,
	Path(dataset): Path<String>,
	request: Request,
) -> Result<Json<Vec<AccountId32>>, Problem> {
	let id = parse_id(&dataset)?;
	let operation = Operation::ListKeys;
	authorize_empty(&service, &request.into_parts().0, &id, Action::Describe, operation).await?;
	Ok(Json(service.with_store(move |store| store.recipients(&id)).await?))
}

/// Fetch a sealed key
///
/// It goes to its recipient, if he may read the data set, to the owner and to the key agent.
#[utoipa::path(
	get,
	path = "/v1/datasets/{dataset}/keys/{recipient}",
	operation_id = "getKey",
	params(
		("dataset" = String, Path, description = "The data set, as 64 hexadecimal digits"),
		("recipient" = String, Path, description = "The account, as 64 hexadecimal digits"),
		("purpose" = Option<String>, Query, description = "What the data is for, where a grant asks for it"),
	),
	responses(
		(status = 200, description = "The sealed key", body = Vec<u8>,
			content_type = "application/octet-stream"),
		(status = 403, description = "The chain does not allow it, or the key is for somebody else"),
		(status = 404, description = "There is no such key, or the data set is not kept here"),
		(status = 429, description = "Too many requests of this account"),
		(status = 503, description = "The chain or the disk cannot be asked"),
	),
)]
pub(super) async fn get(
	State(service): State<Arc<Service>>,
	Path((dataset, recipient)): Path<(String, String)>,
	request: Request,
) -> Result<impl IntoResponse, Problem> {
	let (id, recipient) = (parse_id(&dataset)?, AccountId32(parse_id(&recipient)?));
	let operation = Operation::ReadKey { recipient };
	authorize_empty(&service, &request.into_parts().0, &id, Action::Read, operation).await?;
	let wrapped = service
		.with_store(move |store| store.key(&id, &recipient))
		.await?
		.ok_or_else(|| Problem::not_found("there is no key for this recipient"))?;
	Ok(([(CONTENT_TYPE, "application/octet-stream")], wrapped))
}
