//! Client of a companion database. Every request is signed; what fails for a passing reason is signed
//! anew and tried again.

use crate::{
	access_log::{day_name, DayAnswer, GroupAnswer, LinesAnswer, Subject},
	batch_frame::{Frame, FrameError, MAX_FRAME_LENGTH},
	erasure_certificate::SignedCertificate,
	keys::AccountKey,
	signature::{sign_request, BodyDigest, RequestParts},
	AccountId32,
};
use bytes::{Bytes, BytesMut};
use futures::stream;
use msec_commitments::{BatchCommitment, Hash};
use reqwest::{header::RETRY_AFTER, Body, Method, Response, StatusCode, Url};
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use std::{sync::Arc, time::Duration};
use utoipa::ToSchema;

/// How often a request is tried.
const ATTEMPTS: u32 = 6;
/// Before the second attempt; doubled before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Longest that a server may make a client wait between two attempts.
const MAX_PAUSE: Duration = Duration::from_secs(10);
/// Longest that a connection or the next bytes may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Most bytes of an answer that is not a frame.
const MAX_ANSWER_LENGTH: usize = 1024 * 1024;
/// Most characters of each text of a store that are shown.
const MAX_SHOWN: usize = 300;
/// Most batches that one page of a list has.
pub const MAX_PAGE: u32 = 1000;

/// A batch as a store lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoredBatch {
	/// Position in the data set.
	pub batch: u32,
	/// Number of chunks.
	pub chunks: u32,
	/// Head of the Merkle tree over the chunks, as 0x-hex.
	pub root: String,
	/// Length of the frame.
	pub bytes: u64,
}

impl StoredBatch {
	/// What the chain is told of the batch; `None` when the root is not a hash.
	pub fn commitment(&self) -> Option<BatchCommitment> {
		let mut root = [0; 32];
		hex::decode_to_slice(self.root.strip_prefix("0x")?, &mut root).ok()?;
		Some(BatchCommitment { chunks: self.chunks, root })
	}
}

/// What a store says of a data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoredDataset {
	/// The data set, as 0x-hex.
	pub dataset: String,
	/// Number of batches the store has.
	pub batches: u64,
	/// One more than the last batch the store has, or zero.
	pub next_batch: u32,
	/// Length of all frames.
	pub bytes: u64,
}

/// Heads of the parts of a range of batches, as a store has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoredHeads {
	/// Heads of equal parts from left to right, at most 256, as 0x-hex.
	pub heads: Vec<String>,
}

/// An error as servers describe it (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
	/// The HTTP status again.
	pub status: u16,
	/// What happened, for people.
	pub title: String,
	/// What happened here, for people.
	#[serde(default, skip_serializing_if = "String::is_empty")]
	pub detail: String,
	/// What happened, for programs.
	#[serde(default)]
	pub code: String,
	/// The chain's reason, when access was refused.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub refusal: Option<String>,
}

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
	/// The address of the store is not one.
	#[error("{} is not the address of a store", shown(.0))]
	InvalidEndpoint(String),
	/// The store cannot be reached.
	#[error("the store cannot be reached: {0}")]
	Unreachable(#[source] reqwest::Error),
	/// The store refused.
	#[error("the store answered {} {}{}", .0.status, shown(&.0.title), detail(.0))]
	Refused(Problem),
	/// The store's answer is not what was asked for.
	#[error("the store's answer is not valid: {}", shown(.0))]
	InvalidAnswer(String),
}

impl StoreError {
	/// Whether there is no such thing at the store.
	pub fn is_not_found(&self) -> bool {
		matches!(self, Self::Refused(problem) if problem.status == StatusCode::NOT_FOUND.as_u16())
	}

	fn is_passing(&self) -> bool {
		match self {
			Self::Unreachable(_) => true,
			Self::Refused(problem) => {
				[StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS]
					.iter()
					.any(|status| problem.status == status.as_u16())
					|| problem.code == "before-start"
			},
			Self::InvalidEndpoint(_) | Self::InvalidAnswer(_) => false,
		}
	}
}

fn detail(problem: &Problem) -> String {
	let refusal = problem.refusal.iter().map(|refusal| format!(" ({})", shown(refusal)));
	let detail = Some(&problem.detail).filter(|detail| !detail.is_empty());
	refusal.chain(detail.map(|detail| format!(": {}", shown(detail)))).collect()
}

/// What a stranger wrote, without what commands a terminal and no longer than anybody reads.
fn shown(text: &str) -> String {
	let mut characters = text.chars().filter(|character| !character.is_control());
	let mut shown: String = characters.by_ref().take(MAX_SHOWN).collect();
	if characters.next().is_some() {
		shown.push('…');
	}
	shown
}

/// Talks to one store in the name of one account.
#[derive(Clone)]
pub struct StoreClient {
	http: reqwest::Client,
	endpoint: Url,
	operator: String,
	key: Arc<AccountKey>,
	/// For what is asked, in kebab case.
	purpose: Option<String>,
}

impl StoreClient {
	/// A client of the store that `operator` registered at `endpoint`: `http://` or `https://`.
	pub fn new(
		endpoint: &str,
		operator: &AccountId32,
		key: Arc<AccountKey>,
	) -> Result<Self, StoreError> {
		let invalid = || StoreError::InvalidEndpoint(endpoint.to_owned());
		let mut url = Url::parse(endpoint).map_err(|_| invalid())?;
		if !matches!(url.scheme(), "http" | "https") || url.cannot_be_a_base() {
			return Err(invalid());
		}
		if !url.path().ends_with('/') {
			url.set_path(&format!("{}/", url.path()));
		}
		let http = reqwest::Client::builder()
			.connect_timeout(TIMEOUT)
			.read_timeout(TIMEOUT)
			.redirect(reqwest::redirect::Policy::none())
			.build()
			.map_err(StoreError::Unreachable)?;
		Ok(Self { http, endpoint: url, operator: operator.to_string(), key, purpose: None })
	}

	/// Declares with every request what it is for, such as `public-benefit`.
	pub fn with_purpose(self, purpose: Option<String>) -> Self {
		Self { purpose, ..self }
	}

	/// Asks a key agent, whose client this is, for the keys of a data set that a grant allows to read,
	/// sealed for `recipient`.
	pub async fn reader_keys(
		&self,
		dataset: &Hash,
		recipient: &[u8; 32],
	) -> Result<Bytes, StoreError> {
		let key = [Bytes::copy_from_slice(recipient)];
		let response =
			self.send(Method::POST, &format!("{}/keys", path(dataset)), None, &key).await?;
		body(response, MAX_ANSWER_LENGTH).await
	}

	/// Uploads frames in one request: all of them become visible, or none.
	pub async fn upload(
		&self,
		dataset: &Hash,
		frames: &[Frame],
	) -> Result<Vec<StoredBatch>, StoreError> {
		let body: Vec<_> = frames.iter().map(|frame| frame.bytes().clone()).collect();
		let response =
			self.send(Method::POST, &format!("{}/batches", path(dataset)), None, &body).await?;
		json(response).await
	}

	/// The batches `[from, to)` that the store has, at most [`MAX_PAGE`].
	pub async fn batches(
		&self,
		dataset: &Hash,
		from: u32,
		to: u32,
	) -> Result<Vec<StoredBatch>, StoreError> {
		let query = format!("from={from}&to={to}");
		let path = format!("{}/batches", path(dataset));
		json(self.send(Method::GET, &path, Some(&query), &[]).await?).await
	}

	/// The commitments of the first `batches` batches. Whether these are the chain's is for the caller
	/// to check.
	pub async fn commitments(
		&self,
		dataset: &Hash,
		batches: u32,
	) -> Result<Vec<BatchCommitment>, StoreError> {
		let mut found = Vec::new();
		while (found.len() as u64) < u64::from(batches) {
			let from = found.len() as u32;
			let to = batches.min(from.saturating_add(MAX_PAGE));
			let page = self.batches(dataset, from, to).await?;
			let in_order = page.iter().zip(from..to).all(|(entry, index)| entry.batch == index);
			if page.is_empty() || !in_order || page.len() as u64 > u64::from(to - from) {
				return Err(StoreError::InvalidAnswer(format!("batch {from} is missing")));
			}
			for entry in &page {
				let commitment = entry
					.commitment()
					.ok_or_else(|| StoreError::InvalidAnswer("a root is no hash".to_owned()))?;
				found.push(commitment);
			}
		}
		Ok(found)
	}

	/// Heads of the parts of two to the power of `height` batches from `first` on. Whether these lead to
	/// what the chain has is for the caller to check.
	pub async fn heads(
		&self,
		dataset: &Hash,
		first: u32,
		height: u32,
	) -> Result<Vec<Hash>, StoreError> {
		let query = format!("first={first}&height={height}");
		let path = format!("{}/heads", path(dataset));
		let found: StoredHeads =
			json(self.send(Method::GET, &path, Some(&query), &[]).await?).await?;
		let parse = |head: &String| {
			let mut hash = [0; 32];
			hex::decode_to_slice(head.strip_prefix("0x")?, &mut hash).ok()?;
			Some(hash)
		};
		let invalid = || StoreError::InvalidAnswer("a head is no hash".to_owned());
		found.heads.iter().map(parse).collect::<Option<_>>().ok_or_else(invalid)
	}

	/// One batch, checked against the commitments it carries. Whether those are the chain's is for the
	/// caller to check.
	pub async fn batch(&self, dataset: &Hash, batch: u32) -> Result<Frame, StoreError> {
		let path = format!("{}/batches/{batch}", path(dataset));
		let response = self.send(Method::GET, &path, None, &[]).await?;
		let frame = Frame::decode(body(response, MAX_FRAME_LENGTH).await?)
			.map_err(|error: FrameError| StoreError::InvalidAnswer(error.to_string()))?;
		if frame.batch() != batch {
			return Err(StoreError::InvalidAnswer(format!("it is batch {}", frame.batch())));
		}
		Ok(frame)
	}

	/// One chunk, as [`crate::batch_frame::decode_chunk`] reads it.
	pub async fn chunk(&self, dataset: &Hash, batch: u32, chunk: u32) -> Result<Bytes, StoreError> {
		let path = format!("{}/batches/{batch}/chunks/{chunk}", path(dataset));
		body(self.send(Method::GET, &path, None, &[]).await?, MAX_ANSWER_LENGTH).await
	}

	/// What the store says of the data set.
	pub async fn dataset(&self, dataset: &Hash) -> Result<StoredDataset, StoreError> {
		json(self.send(Method::GET, &path(dataset), None, &[]).await?).await
	}

	/// Leaves the wrapped key tree for `recipient`, in place of an older one.
	pub async fn put_key(
		&self,
		dataset: &Hash,
		recipient: &AccountId32,
		wrapped: &[u8],
	) -> Result<(), StoreError> {
		let body = [Bytes::copy_from_slice(wrapped)];
		self.send(Method::PUT, &key_path(dataset, recipient), None, &body).await.map(drop)
	}

	/// Fetches the wrapped key tree of `recipient`.
	pub async fn key(&self, dataset: &Hash, recipient: &AccountId32) -> Result<Bytes, StoreError> {
		let response = self.send(Method::GET, &key_path(dataset, recipient), None, &[]).await?;
		body(response, MAX_ANSWER_LENGTH).await
	}

	/// For whom the store has wrapped key trees.
	pub async fn key_recipients(&self, dataset: &Hash) -> Result<Vec<AccountId32>, StoreError> {
		let path = format!("{}/keys", path(dataset));
		json(self.send(Method::GET, &path, None, &[]).await?).await
	}

	/// Destroys what the store has of a data set that the chain says is erased.
	pub async fn erase(&self, dataset: &Hash) -> Result<(), StoreError> {
		self.send(Method::DELETE, &path(dataset), None, &[]).await.map(drop)
	}

	/// The certificate of what the store destroyed of an erased data set.
	pub async fn erasure_certificate(
		&self,
		dataset: &Hash,
	) -> Result<SignedCertificate, StoreError> {
		let path = format!("{}/erasure", path(dataset));
		json(self.send(Method::GET, &path, None, &[]).await?).await
	}

	/// A day of the access log; `None` when the store has no line of it.
	pub async fn access_log_day(&self, day: u32) -> Result<Option<DayAnswer>, StoreError> {
		self.access_log(&log_path(day)?, None, 0).await
	}

	/// The lines of a data set, or of the account that asks, on a day, and the proof that they are all;
	/// `None` when the store has no line of the day. Whether the proof holds is for the caller to check.
	pub async fn access_log_group(
		&self,
		day: u32,
		subject: &Subject,
	) -> Result<Option<GroupAnswer>, StoreError> {
		let path = match subject {
			Subject::Dataset(dataset) => format!("{}/datasets/{dataset:?}", log_path(day)?),
			Subject::Account(_) => format!("{}/own", log_path(day)?),
		};
		let Some(mut answer) = self.access_log::<GroupAnswer>(&path, None, 0).await? else {
			return Ok(None);
		};
		let entries = answer.head.entries;
		let expected = answer.group.map_or(0, |group| group.entries);
		while (answer.lines.len() as u64) < u64::from(expected) {
			let from = answer.lines.len() as u32;
			let page: Option<GroupAnswer> = self.access_log(&path, Some(entries), from).await?;
			let page = page.filter(|page| page.head == answer.head);
			append(&mut answer.lines, page.map(|page| page.lines))?;
		}
		Ok(Some(answer))
	}

	/// All lines of a day, which only the store's operator sees; `None` when there is none.
	pub async fn access_log_lines(&self, day: u32) -> Result<Option<LinesAnswer>, StoreError> {
		let path = format!("{}/all", log_path(day)?);
		let Some(mut answer) = self.access_log::<LinesAnswer>(&path, None, 0).await? else {
			return Ok(None);
		};
		let entries = answer.head.entries;
		while (answer.lines.len() as u64) < u64::from(entries) {
			let from = answer.lines.len() as u32;
			let page: Option<LinesAnswer> = self.access_log(&path, Some(entries), from).await?;
			let page = page.filter(|page| page.head == answer.head);
			append(&mut answer.lines, page.map(|page| page.lines))?;
		}
		Ok(Some(answer))
	}

	async fn access_log<T: DeserializeOwned>(
		&self,
		path: &str,
		entries: Option<u32>,
		from: u32,
	) -> Result<Option<T>, StoreError> {
		let query = entries.map(|entries| format!("entries={entries}&from={from}"));
		match self.send(Method::GET, path, query.as_deref(), &[]).await {
			Ok(response) => json(response).await.map(Some),
			Err(error) if error.is_not_found() => Ok(None),
			Err(error) => Err(error),
		}
	}

	async fn send(
		&self,
		method: Method,
		path: &str,
		query: Option<&str>,
		body: &[Bytes],
	) -> Result<Response, StoreError> {
		let mut digest = BodyDigest::default();
		body.iter().for_each(|part| digest.update(part));
		let digest = digest.finish();
		let purpose = self.purpose.as_ref().map(|purpose| format!("purpose={purpose}"));
		let parts: Vec<&str> = query.into_iter().chain(purpose.as_deref()).collect();
		let query = Some(parts.join("&")).filter(|query| !query.is_empty());
		let query = query.as_deref();
		let mut pause = FIRST_PAUSE;
		for _ in 1..ATTEMPTS {
			match self.attempt(&method, path, query, body, &digest).await {
				Err((error, wanted)) if error.is_passing() => {
					tracing::debug!(%error, "trying the store again");
					tokio::time::sleep(wanted.unwrap_or(pause).min(MAX_PAUSE)).await;
					pause *= 2;
				},
				outcome => return outcome.map_err(|(error, _)| error),
			}
		}
		self.attempt(&method, path, query, body, &digest).await.map_err(|(error, _)| error)
	}

	/// One attempt; with an error comes the pause that the server asks for.
	async fn attempt(
		&self,
		method: &Method,
		path: &str,
		query: Option<&str>,
		body: &[Bytes],
		digest: &Hash,
	) -> Result<Response, (StoreError, Option<Duration>)> {
		let mut url = self
			.endpoint
			.join(path)
			.map_err(|_| (StoreError::InvalidEndpoint(self.endpoint.to_string()), None))?;
		url.set_query(query);
		let parts = RequestParts { method: method.as_str(), path: url.path(), query: url.query() };
		let headers = sign_request(&self.key, &self.operator, &parts, digest);
		let mut request = self.http.request(method.clone(), url.clone());
		for (name, value) in headers.iter() {
			request = request.header(name, value);
		}
		if !body.is_empty() {
			let parts: Vec<_> = body.iter().cloned().map(Ok::<_, std::io::Error>).collect();
			request = request.body(Body::wrap_stream(stream::iter(parts)));
		}
		let response =
			request.send().await.map_err(|error| (StoreError::Unreachable(error), None))?;
		if response.status().is_success() {
			return Ok(response);
		}
		let pause = response
			.headers()
			.get(RETRY_AFTER)
			.and_then(|value| value.to_str().ok()?.parse().ok())
			.map(Duration::from_secs);
		Err((refusal(response).await, pause))
	}
}

fn path(dataset: &Hash) -> String {
	format!("v1/datasets/0x{}", hex::encode(dataset))
}

fn key_path(dataset: &Hash, recipient: &AccountId32) -> String {
	format!("{}/keys/0x{}", path(dataset), hex::encode(recipient.0))
}

fn log_path(day: u32) -> Result<String, StoreError> {
	let invalid = || StoreError::InvalidAnswer(format!("{day} is not a day"));
	Ok(format!("v1/access-log/{}", day_name(day).ok_or_else(invalid)?))
}

/// Adds the lines of the next page, of which there must be some.
fn append(lines: &mut Vec<String>, page: Option<Vec<String>>) -> Result<(), StoreError> {
	match page {
		Some(page) if !page.is_empty() => {
			lines.extend(page);
			Ok(())
		},
		_ => Err(StoreError::InvalidAnswer("lines of the access log are missing".to_owned())),
	}
}

async fn refusal(response: Response) -> StoreError {
	let status = response.status();
	let problem = body(response, MAX_ANSWER_LENGTH)
		.await
		.ok()
		.and_then(|body| serde_json::from_slice(&body).ok())
		.unwrap_or_else(|| Problem {
			status: status.as_u16(),
			title: status.canonical_reason().unwrap_or("unknown").to_owned(),
			detail: String::new(),
			code: String::new(),
			refusal: None,
		});
	StoreError::Refused(problem)
}

async fn json<T: DeserializeOwned>(response: Response) -> Result<T, StoreError> {
	let body = body(response, MAX_ANSWER_LENGTH).await?;
	serde_json::from_slice(&body).map_err(|error| StoreError::InvalidAnswer(error.to_string()))
}

async fn body(mut response: Response, limit: usize) -> Result<Bytes, StoreError> {
	let mut body = BytesMut::new();
	while let Some(part) = response.chunk().await.map_err(StoreError::Unreachable)? {
		if body.len() + part.len() > limit {
			return Err(StoreError::InvalidAnswer(format!("it is longer than {limit} bytes")));
		}
		body.extend_from_slice(&part);
	}
	Ok(body.freeze())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_store_commands_no_terminal_and_fills_no_screen() {
		let error = StoreError::Refused(Problem {
			status: 403,
			title: "no\x1b[2J\r\n".into(),
			detail: "x\u{9b}31m".repeat(10_000),
			code: String::new(),
			refusal: Some("Denied\x07".into()),
		});
		let text = error.to_string();
		assert!(text.starts_with("the store answered 403 no[2J (Denied): x31mx31m"), "{text}");
		assert!(text.ends_with('…') && !text.chars().any(char::is_control), "{text}");
		assert!(text.chars().count() < 2 * MAX_SHOWN);
		let plain = StoreError::InvalidAnswer("it is batch 7".into());
		assert_eq!(plain.to_string(), "the store's answer is not valid: it is batch 7");
	}
}
