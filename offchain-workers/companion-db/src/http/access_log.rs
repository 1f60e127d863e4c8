//! What the access log says, to whom it may be said: its owner all of a data set, each account its own
//! requests, the operator everything.

use super::{
	authorization::{authenticate, authorize_owner},
	parse_id,
	problem::Problem,
	Service,
};
use axum::{
	extract::{rejection::QueryRejection, Path, Query, Request, State},
	http::StatusCode,
	Json,
};
use msec_worker_common::{
	access_log::{
		parse_day, DayAnswer, DayTrees, GroupAnswer, LinesAnswer, Operation, Subject, MAX_LINES,
	},
	H256,
};
use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};
use utoipa::IntoParams;

/// Which lines.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
	/// How many of the day's first lines are looked at; all when not said.
	entries: Option<u32>,
	/// How many of the lines in question are left out.
	#[serde(default)]
	from: u32,
}

/// Show a day of the access log
///
/// What the root of the day is computed from, which the chain has once the day is over.
#[utoipa::path(
	get,
	path = "/v1/access-log/{day}",
	operation_id = "showDay",
	params(
		("day" = String, Path, description = "The day in UTC, like 2026-01-31"),
		("entries" = Option<u32>, Query,
			description = "How many of the day's first lines are looked at; all when not said"),
	),
	responses(
		(status = 200, description = "The head of the day", body = DayAnswer),
		(status = 404, description = "The log has no line of this day"),
		(status = 422, description = "The query makes no sense"),
		(status = 429, description = "Too many requests of this account"),
		(status = 503, description = "Others are asking"),
	),
)]
pub(super) async fn day(
	State(service): State<Arc<Service>>,
	Path(day): Path<String>,
	page: Result<Query<Page>, QueryRejection>,
	request: Request,
) -> Result<Json<DayAnswer>, Problem> {
	let (day, page) = (parse(&day)?, parse_page(page)?);
	authenticate(&service, &request.into_parts().0)?;
	let _place = place(&service.open_audits)?;
	let (trees, closed) = find(&service, day, &page).await?;
	Ok(Json(DayAnswer { head: *trees.head(), closed }))
}

/// List all lines of a day
///
/// At most 400 of them, for the operator of the store.
#[utoipa::path(
	get,
	path = "/v1/access-log/{day}/all",
	operation_id = "listLines",
	params(
		("day" = String, Path, description = "The day in UTC, like 2026-01-31"),
		Page,
	),
	responses(
		(status = 200, description = "The lines in their order", body = LinesAnswer),
		(status = 403, description = "It is not the operator who asks"),
		(status = 404, description = "The log has no line of this day"),
		(status = 410, description = "The lines of this day are no longer kept"),
		(status = 422, description = "The query makes no sense"),
		(status = 429, description = "Too many requests of this account"),
		(status = 503, description = "Others are asking"),
	),
)]
pub(super) async fn all(
	State(service): State<Arc<Service>>,
	Path(day): Path<String>,
	page: Result<Query<Page>, QueryRejection>,
	request: Request,
) -> Result<Json<LinesAnswer>, Problem> {
	let (day, page) = (parse(&day)?, parse_page(page)?);
	if authenticate(&service, &request.into_parts().0)? != service.operator {
		return Err(Problem::forbidden("only the operator of the store sees all lines"));
	}
	let _place = place(&service.audits)?;
	let (trees, closed) = find_lines(&service, day, &page).await?;
	let head = *trees.head();
	let lines = service.log.lines(day, head.entries, None, page.from, MAX_LINES).await?;
	Ok(Json(LinesAnswer { head, closed, lines }))
}

/// List the lines of an account
///
/// At most 400 of the lines about the requests of the account that asks, with the proof for all of them.
#[utoipa::path(
	get,
	path = "/v1/access-log/{day}/own",
	operation_id = "listOwnLines",
	params(
		("day" = String, Path, description = "The day in UTC, like 2026-01-31"),
		Page,
	),
	responses(
		(status = 200, description = "The lines in their order, and their proof", body = GroupAnswer),
		(status = 404, description = "The log has no line of this day"),
		(status = 410, description = "The lines of this day are no longer kept"),
		(status = 422, description = "The query makes no sense"),
		(status = 429, description = "Too many requests of this account"),
		(status = 503, description = "Others are asking"),
	),
)]
pub(super) async fn own(
	State(service): State<Arc<Service>>,
	Path(day): Path<String>,
	page: Result<Query<Page>, QueryRejection>,
	request: Request,
) -> Result<Json<GroupAnswer>, Problem> {
	let (day, page) = (parse(&day)?, parse_page(page)?);
	let account = authenticate(&service, &request.into_parts().0)?;
	let _place = place(&service.open_audits)?;
	group(&service, day, &page, Subject::Account(account)).await
}

/// List the lines of a data set
///
/// At most 400 of the lines about a data set, with the proof for all of them, for its owner.
#[utoipa::path(
	get,
	path = "/v1/access-log/{day}/datasets/{dataset}",
	operation_id = "listDatasetLines",
	params(
		("day" = String, Path, description = "The day in UTC, like 2026-01-31"),
		("dataset" = String, Path, description = "The data set, as 64 hexadecimal digits"),
		Page,
	),
	responses(
		(status = 200, description = "The lines in their order, and their proof", body = GroupAnswer),
		(status = 403, description = "The data set is unknown, or it is not the owner who asks"),
		(status = 404, description = "The log has no line of this day"),
		(status = 410, description = "The lines of this day are no longer kept"),
		(status = 422, description = "The query makes no sense"),
		(status = 429, description = "Too many requests of this account"),
		(status = 503, description = "Others are asking, or the chain cannot be asked"),
	),
)]
pub(super) async fn of_dataset(
	State(service): State<Arc<Service>>,
	Path((day, dataset)): Path<(String, String)>,
	page: Result<Query<Page>, QueryRejection>,
	request: Request,
) -> Result<Json<GroupAnswer>, Problem> {
	let (day, page, id) = (parse(&day)?, parse_page(page)?, parse_id(&dataset)?);
	authorize_owner(&service, &request.into_parts().0, &id, Operation::Audit).await?;
	let _place = place(&service.audits)?;
	group(&service, day, &page, Subject::Dataset(H256(id))).await
}

async fn group(
	service: &Service,
	day: u32,
	page: &Page,
	subject: Subject,
) -> Result<Json<GroupAnswer>, Problem> {
	let (trees, closed) = find_lines(service, day, page).await?;
	let head = *trees.head();
	let (group, path) = trees.prove(&subject);
	let lines = match group {
		Some(_) => {
			service.log.lines(day, head.entries, Some(subject), page.from, MAX_LINES).await?
		},
		None => Vec::new(),
	};
	Ok(Json(GroupAnswer { head, closed, group, path, lines }))
}

async fn find(service: &Service, day: u32, page: &Page) -> Result<(Arc<DayTrees>, bool), Problem> {
	let missing = || Problem::not_found("the access log has no line of this day");
	service.log.day(day, page.entries).await?.ok_or_else(missing)
}

/// [`find`] for what needs the day's lines.
async fn find_lines(
	service: &Service,
	day: u32,
	page: &Page,
) -> Result<(Arc<DayTrees>, bool), Problem> {
	if service.log.is_pruned(day).await? {
		let detail = "the lines of this day are no longer kept";
		return Err(Problem::new(StatusCode::GONE, "no-longer-kept", detail));
	}
	find(service, day, page).await
}

/// One of `places`, while it is held.
fn place(places: &Semaphore) -> Result<SemaphorePermit<'_>, Problem> {
	places.try_acquire().map_err(|_| Problem::busy())
}

fn parse(day: &str) -> Result<u32, Problem> {
	parse_day(day).ok_or_else(|| Problem::not_found("a day is written like 2026-01-31"))
}

fn parse_page(page: Result<Query<Page>, QueryRejection>) -> Result<Page, Problem> {
	page.map(|Query(page)| page)
		.map_err(|error| Problem::unprocessable("invalid-query", error.body_text()))
}
