//! Wrapped key trees.

use super::{
	authorization::{authorize, authorize_empty},
	parse_id,
	problem::Problem,
	Service,
};
use axum::{
	body::to_bytes,
	extract::{Path, Request, State},
	http::{header::CONTENT_TYPE, StatusCode},
	response::IntoResponse,
	Json,
};
use msec_commitments::{envelope::check_format, MAX_ENVELOPE_LENGTH};
use msec_worker_common::{
	access_log::Operation, chain::Action, signature::BodyDigest, AccountId32,
};
use std::sync::Arc;

/// Keeps a wrapped key tree in place of an older one. Only the owner knows the right one.
pub(super) async fn put(
	State(service): State<Arc<Service>>,
	Path((dataset, recipient)): Path<(String, String)>,
	request: Request,
) -> Result<StatusCode, Problem> {
	let (id, recipient) = (parse_id(&dataset)?, AccountId32(parse_id(&recipient)?));
	let (parts, body) = request.into_parts();
	let operation = Operation::PutKey { recipient };
	let authorized = authorize(&service, &parts, &id, Action::Write, operation).await?;
	let wrapped = to_bytes(body, MAX_ENVELOPE_LENGTH as usize)
		.await
		.map_err(|_| Problem::too_large(MAX_ENVELOPE_LENGTH.into()))?;
	authorized.check_body(&BodyDigest::of(&wrapped))?;
	if !check_format(&wrapped) {
		return Err(Problem::unprocessable("invalid-key", "the body is not a sealed key"));
	}
	service.with_store(move |store| store.put_key(&id, &recipient, &wrapped)).await?;
	Ok(StatusCode::NO_CONTENT)
}

/// For whom there are wrapped key trees.
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

/// Hands a wrapped key tree to its recipient, the owner or the key agent.
pub(super) async fn get(
	State(service): State<Arc<Service>>,
	Path((dataset, recipient)): Path<(String, String)>,
	request: Request,
) -> Result<impl IntoResponse, Problem> {
	let (id, recipient) = (parse_id(&dataset)?, AccountId32(parse_id(&recipient)?));
	let operation = Operation::ReadKey { recipient };
	authorize_empty(&service, &request.into_parts().0, &id, Action::Describe, operation).await?;
	let wrapped = service
		.with_store(move |store| store.key(&id, &recipient))
		.await?
		.ok_or_else(|| Problem::not_found("there is no key for this recipient"))?;
	Ok(([(CONTENT_TYPE, "application/octet-stream")], wrapped))
}
