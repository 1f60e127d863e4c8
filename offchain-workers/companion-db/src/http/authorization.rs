//! Who asks, what the chain says about it, and that it is written down.

use super::{problem::Problem, Service};
use crate::access_log::Decided;
use axum::{
	extract::Query,
	http::{request::Parts, StatusCode},
};
use msec_commitments::Hash;
use msec_worker_common::{
	access_log::{Operation, Outcome},
	chain::{parse_purpose, Action, Basis, ChainError, Dataset, Decision, Purpose, Refusal},
	signature::{BodyDigest, RequestParts, Unclaimed, Verifier},
	AccountId32,
};
use serde::Deserialize;
use std::time::Instant;

/// What a request declares in its query, whatever it asks for.
#[derive(Deserialize)]
struct Declared {
	purpose: Option<String>,
}

/// Who asks for what.
struct Question {
	account: AccountId32,
	dataset: Hash,
	action: Action,
	operation: Operation,
	/// What for, as the request declared.
	declared: Option<String>,
	/// The same as the chain knows it.
	purpose: Option<Purpose>,
}

impl Question {
	/// What is answered by now, and the height of the block by whose state it was decided.
	async fn judge(
		&self,
		service: &Service,
	) -> Result<(Result<Allowed, Refused>, u64), ChainError> {
		let Self { account, dataset, action, purpose, .. } = self;
		let (decision, block) = service.chain.decide(account, dataset, *action, *purpose).await?;
		let dataset = match decision {
			Decision::Allow(_) | Decision::Deny(Refusal::NoGrant) => {
				service.chain.dataset(dataset).await?
			},
			Decision::Deny(_) => None,
		};
		Ok((judge(service, self, decision, dataset), block))
	}

	/// How a decision is written down.
	fn entry(&self, operation: Operation, outcome: Outcome, block: u64) -> Decided {
		Decided {
			account: self.account,
			dataset: self.dataset,
			operation,
			purpose: self.declared.clone(),
			outcome,
			block,
		}
	}

	/// How a refusal is written down.
	fn refusal(&self, reason: String, block: u64) -> Decided {
		self.entry(self.operation.clone(), Outcome::Refused(reason), block)
	}
}

/// A request that may be carried out.
pub(super) struct Authorized {
	question: Question,
	/// Whose data set it is.
	owner: AccountId32,
	content_digest: Hash,
}

/// What a request is allowed.
struct Allowed {
	dataset: Dataset,
	/// As it is written down.
	operation: Operation,
	/// Why, as it is written down.
	basis: String,
}

impl Allowed {
	fn by_chain(dataset: Dataset, operation: &Operation, basis: &Basis) -> Self {
		Self { dataset, operation: operation.clone(), basis: basis_text(basis) }
	}

	/// What another store of the data set asks for.
	fn for_replica(dataset: Dataset, operation: &Operation) -> Self {
		let operation = match operation {
			Operation::Read { from, to } => Operation::Replicate { from: *from, to: *to },
			other => other.clone(),
		};
		Self { dataset, operation, basis: "Store".to_owned() }
	}
}

/// Why a request is refused.
struct Refused {
	/// As it is written down.
	reason: String,
	/// As it is answered.
	problem: Box<Problem>,
}

impl Refused {
	fn new(reason: &str, problem: Problem) -> Self {
		Self { reason: reason.to_owned(), problem: Box::new(problem) }
	}

	fn by_chain(refusal: Refusal) -> Self {
		Self::new(&format!("{refusal:?}"), Problem::refused(refusal))
	}
}

impl Authorized {
	/// Who asks.
	pub fn account(&self) -> &AccountId32 {
		&self.question.account
	}

	/// Whether the owner of the data set asks.
	pub fn is_owner(&self) -> bool {
		self.question.account == self.owner
	}

	/// Whether the body is the one that was signed.
	pub fn check_body(&self, digest: &Hash) -> Result<(), Problem> {
		check_digest(&self.content_digest, digest)
	}

	/// The data set as it is by now, if the request is still allowed: what takes long is asked for again
	/// before it takes effect. A refusal is written down.
	pub async fn confirm(&self, service: &Service) -> Result<Dataset, Problem> {
		let (judged, block) = self.question.judge(service).await?;
		match judged {
			Ok(allowed) => Ok(allowed.dataset),
			Err(Refused { reason, problem }) => {
				service.log.append(self.question.refusal(reason, block)).await?;
				Err(*problem)
			},
		}
	}
}

fn check_digest(signed: &Hash, digest: &Hash) -> Result<(), Problem> {
	if signed == digest {
		return Ok(());
	}
	Err(Problem::unprocessable("digest-mismatch", "the body is not the one that was signed"))
}

/// Checks signature, decision, and that the data set is kept here; uses up the nonce. The decision is
/// written down before this returns.
pub(super) async fn authorize(
	service: &Service,
	request: &Parts,
	id: &Hash,
	action: Action,
	operation: Operation,
) -> Result<Authorized, Problem> {
	decide(service, request, id, action, operation, None).await
}

/// [`authorize`] for requests without a body.
pub(super) async fn authorize_empty(
	service: &Service,
	request: &Parts,
	id: &Hash,
	action: Action,
	operation: Operation,
) -> Result<Authorized, Problem> {
	decide(service, request, id, action, operation, Some(BodyDigest::of(&[]))).await
}

async fn decide(
	service: &Service,
	request: &Parts,
	id: &Hash,
	action: Action,
	operation: Operation,
	body: Option<Hash>,
) -> Result<Authorized, Problem> {
	let unclaimed = identify(service, &service.verifier, request)?;
	let account = *unclaimed.account();
	let declared = declared(request)?;
	let purpose = parse(declared.as_deref())?;
	let question = Question { account, dataset: *id, action, operation, declared, purpose };
	let (judged, block) = question.judge(service).await?;
	let Allowed { dataset, operation, basis } = match judged {
		Ok(allowed) => allowed,
		Err(Refused { reason, problem }) => {
			write_refusal(service, unclaimed, question.refusal(reason, block)).await?;
			return Err(*problem);
		},
	};
	let verified = unclaimed.claim()?;
	if let Some(body) = &body {
		check_digest(&verified.content_digest, body)?;
	}
	service.log.append(question.entry(operation, Outcome::Served(basis), block)).await?;
	let owner = dataset.owner;
	Ok(Authorized { question, owner, content_digest: verified.content_digest })
}

/// Writes a refusal down and uses up the nonce. What all refused requests together write is limited, lest
/// strangers, who may have any number of accounts, fill disk and memory.
async fn write_refusal(
	service: &Service,
	unclaimed: Unclaimed<'_>,
	refusal: Decided,
) -> Result<(), Problem> {
	service.refusals.take(&service.operator, Instant::now()).map_err(Problem::too_many)?;
	unclaimed.claim()?;
	service.log.append(refusal).await?;
	Ok(())
}

/// What a request is allowed, and why, as it is written down.
fn judge(
	service: &Service,
	question: &Question,
	decision: Decision,
	dataset: Option<Dataset>,
) -> Result<Allowed, Refused> {
	let Question { account, action, operation, .. } = question;
	let allowed = match (decision, dataset) {
		(Decision::Allow(basis), Some(dataset)) => Allowed::by_chain(dataset, operation, &basis),
		(Decision::Deny(Refusal::NoGrant), Some(dataset))
			if is_replica(&dataset, account, operation) =>
		{
			Allowed::for_replica(dataset, operation)
		},
		(Decision::Deny(refusal), _) => return Err(Refused::by_chain(refusal)),
		(Decision::Allow(_), None) => return Err(Refused::by_chain(Refusal::UnknownResource)),
	};
	let dataset = &allowed.dataset;
	let kept = match action {
		Action::Write => service.takes_from(&dataset.owner),
		_ => true,
	};
	if !kept || !dataset.stores.contains(&service.operator) {
		let detail = "the data set does not name this store, or its owner is no customer here";
		let problem = Problem::new(StatusCode::NOT_FOUND, "not-kept-here", detail);
		return Err(Refused::new("NotKeptHere", problem));
	}
	match check_rules(account, dataset, operation) {
		Ok(()) => Ok(allowed),
		Err(detail) => Err(Refused::new("Forbidden", Problem::forbidden(detail))),
	}
}

/// Whether another store of the data set asks for ciphertext, which the owner chose it to keep, or for what
/// is known of it.
fn is_replica(dataset: &Dataset, account: &AccountId32, operation: &Operation) -> bool {
	let is_about_ciphertext = matches!(
		operation,
		Operation::List { .. } | Operation::Read { .. } | Operation::Compare { .. }
	);
	is_about_ciphertext && dataset.stores.contains(account)
}

/// What the chain's decision leaves open.
fn check_rules(
	account: &AccountId32,
	dataset: &Dataset,
	operation: &Operation,
) -> Result<(), &'static str> {
	let is_owner = *account == dataset.owner;
	match operation {
		Operation::PutKey { .. } if !is_owner => Err("only the owner leaves keys"),
		Operation::Compare { .. } if !is_owner && !dataset.stores.contains(account) => {
			Err("only the owner and the stores of the data set compare")
		},
		Operation::ListKeys if !is_owner => Err("only the owner sees for whom keys are kept"),
		Operation::ReadKey { recipient }
			if !is_owner && account != recipient && Some(*account) != dataset.key_agent =>
		{
			Err("the key is for somebody else")
		},
		_ => Ok(()),
	}
}

fn basis_text(basis: &Basis) -> String {
	format!("{basis:?}")
}

/// Checks that the request is from the owner of a data set, erased or not, and writes that down.
pub(super) async fn authorize_owner(
	service: &Service,
	request: &Parts,
	id: &Hash,
	operation: Operation,
) -> Result<(), Problem> {
	let unclaimed = identify(service, &service.verifier, request)?;
	let account = *unclaimed.account();
	let dataset = service.chain.finalized_dataset(id).await?;
	let block = service.chain.finalized_block().await?;
	let refused = match &dataset {
		None => Some(Refused::by_chain(Refusal::UnknownResource)),
		Some(dataset) if dataset.owner != account => Some(Refused::by_chain(Refusal::NoGrant)),
		Some(dataset) if operation == Operation::Erase && !dataset.erased => {
			let detail = "erase the data set on chain first, and wait until that is finalized";
			let problem = Problem::new(StatusCode::CONFLICT, "not-erased", detail);
			Some(Refused::new("NotErased", problem))
		},
		Some(_) => None,
	};
	let entry = |outcome| Decided {
		account,
		dataset: *id,
		operation: operation.clone(),
		purpose: None,
		outcome,
		block,
	};
	if let Some(Refused { reason, problem }) = refused {
		write_refusal(service, unclaimed, entry(Outcome::Refused(reason))).await?;
		return Err(*problem);
	}
	let verified = unclaimed.claim()?;
	check_digest(&verified.content_digest, &BodyDigest::of(&[]))?;
	service.log.append(entry(Outcome::Served(basis_text(&Basis::Owner)))).await?;
	Ok(())
}

/// Who signed a request that everybody may make, but for the own account only.
pub(super) fn authenticate(service: &Service, request: &Parts) -> Result<AccountId32, Problem> {
	let verified = identify(service, &service.open_verifier, request)?.claim()?;
	check_digest(&verified.content_digest, &BodyDigest::of(&[]))?;
	Ok(verified.account)
}

/// What the query says that the request is for.
pub(super) fn purpose(request: &Parts) -> Result<Option<Purpose>, Problem> {
	parse(declared(request)?.as_deref())
}

fn declared(request: &Parts) -> Result<Option<String>, Problem> {
	let Query(query) = Query::<Declared>::try_from_uri(&request.uri)
		.map_err(|error| Problem::unprocessable("invalid-query", error.body_text()))?;
	Ok(query.purpose)
}

fn parse(declared: Option<&str>) -> Result<Option<Purpose>, Problem> {
	let invalid = || Problem::unprocessable("invalid-query", "unknown purpose");
	declared.map(|name| parse_purpose(name).ok_or_else(invalid)).transpose()
}

/// Checks the signature, and whether the account has asked too much.
fn identify<'a>(
	service: &Service,
	verifier: &'a Verifier,
	request: &Parts,
) -> Result<Unclaimed<'a>, Problem> {
	let unclaimed = verify(verifier, request)?;
	service.rate.take(unclaimed.account(), Instant::now()).map_err(Problem::too_many)?;
	Ok(unclaimed)
}

/// Checks the signature of a request.
pub(super) fn verify<'a>(
	verifier: &'a Verifier,
	request: &Parts,
) -> Result<Unclaimed<'a>, Problem> {
	let parts = RequestParts {
		method: request.method.as_str(),
		path: request.uri.path(),
		query: request.uri.query(),
	};
	let headers = |name: &'static str| {
		request.headers.get_all(name).into_iter().map(|value| value.as_bytes())
	};
	Ok(verifier.verify(&parts, headers)?)
}
