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
};
use msec_commitments::{envelope::check_wrapped_format, MAX_WRAPPED_LENGTH};
use msec_worker_common::{chain::Action, signature::BodyDigest, AccountId32};
use std::sync::Arc;

/// Keeps a wrapped key tree in place of an older one. Only the owner knows the right one.
pub(super) async fn put(
	State(service): State<Arc<Service>>,
	Path((dataset, recipient)): Path<(String, String)>,
	request: Request,
) -> Result<StatusCode, Problem> {
	let (id, recipient) = (parse_id(&dataset)?, AccountId32(parse_id(&recipient)?));
	let (parts, body) = request.into_parts();
	let authorized = authorize(&service, &parts, &id, Action::Write).await?;
	if authorized.account != authorized.dataset.owner {
		return Err(Problem::forbidden("only the owner leaves keys"));
	}
	let wrapped = to_bytes(body, MAX_WRAPPED_LENGTH as usize)
		.await
		.map_err(|_| Problem::too_large(MAX_WRAPPED_LENGTH.into()))?;
	authorized.check_body(&BodyDigest::of(&wrapped))?;
	if !check_wrapped_format(&wrapped) {
		return Err(Problem::unprocessable("invalid-key", "the body is not a sealed key"));
	}
	service.with_store(move |store| store.put_key(&id, &recipient, &wrapped)).await?;
	Ok(StatusCode::NO_CONTENT)
}

/// Hands a wrapped key tree to its recipient, the owner or the key agent.
pub(super) async fn get(
	State(service): State<Arc<Service>>,
	Path((dataset, recipient)): Path<(String, String)>,
	request: Request,
) -> Result<impl IntoResponse, Problem> {
	let (id, recipient) = (parse_id(&dataset)?, AccountId32(parse_id(&recipient)?));
	let authorized =
		authorize_empty(&service, &request.into_parts().0, &id, Action::Describe).await?;
	let account = authorized.account;
	let dataset = &authorized.dataset;
	if account != recipient && account != dataset.owner && Some(account) != dataset.key_agent {
		return Err(Problem::forbidden("the key is for somebody else"));
	}
	let wrapped = service
		.with_store(move |store| store.key(&id, &recipient))
		.await?
		.ok_or_else(|| Problem::not_found("there is no key for this recipient"))?;
	Ok(([(CONTENT_TYPE, "application/octet-stream")], wrapped))
}
