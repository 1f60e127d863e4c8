//! From the logs of a device to a statement on chain.

use super::{
	pending::{parse_id, Full},
	policies::LogPolicies,
	problem::{Problem, PROBLEM_JSON},
	Service, PATIENCE,
};
use crate::{
	log::{
		appraisal::{Appraisal, ListError},
		boot,
	},
	protocol::{
		log_qualifying_data, AppraisalRequest, Bytes, LogChallenge, LogEvidence, LogFault,
		LogOutcome, StatedVerdict, LOG_PCRS, NOTHING_APPRAISED,
	},
};
use axum::{
	body::Body,
	extract::{rejection::JsonRejection, Path, State},
	http::StatusCode,
	Json,
};
use futures::{stream, Stream, StreamExt};
use msec_evidence::{pcr_digest, AttestationKey, PcrSelection, Quote};
use msec_worker_common::chain::attestation::{LogTier, LogVerdict};
use std::{
	io::{self, BufRead, Read},
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};
use tokio_util::io::{StreamReader, SyncIoBridge};

/// Longest first line of evidence in bytes.
const MAX_HEADER_LENGTH: u64 = 16 * 1024;
/// How long that line may take, which is made before the request is.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);
/// Longest IMA list in bytes.
const MAX_LIST_LENGTH: u64 = 512 * 1024 * 1024;
/// The register of the IMA list.
const IMA_PCR: u8 = 10;
/// Registers that nothing but the firmware extends, all of it in the log.
const FIRMWARE_PCRS: u8 = 8;
/// Blocks for which a verdict is stated, from the one at which the nonce was made: twelve hours.
const VALID_FOR: u32 = 14_400;

/// An appraisal whose evidence is awaited.
pub(super) struct AwaitedLogs {
	device: [u8; 32],
	attestation_key: Vec<u8>,
	nonce: [u8; 32],
	/// Last block for which a verdict will be stated.
	valid_until: u32,
}

/// Begin an appraisal of logs
///
/// The device is answered with a nonce, to which its next quote must be bound.
#[utoipa::path(
	post,
	path = "/v1/appraisals",
	operation_id = "beginAppraisal",
	request_body = AppraisalRequest,
	responses(
		(status = CREATED, description = "A nonce", body = LogChallenge),
		(status = 400, description = "The body is not JSON", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 404, description = "The device is not registered on chain", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 409, description = "This registrar does not endorse the device", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 413, description = "The body is too large", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 415, description = "The body is not said to be JSON", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 422, description = "The body is no request, or names no device", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 429, description = "Too much is begun", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 503, description = "Too much is open, or the chain cannot be asked",
			body = Problem, content_type = PROBLEM_JSON),
	),
)]
pub(super) async fn begin(
	State(service): State<Arc<Service>>,
	request: Result<Json<AppraisalRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<LogChallenge>), Problem> {
	let Json(AppraisalRequest { device: Bytes(device) }) = request?;
	service.rate.take(Instant::now()).map_err(Problem::too_many)?;
	let device = <[u8; 32]>::try_from(device).map_err(|_| {
		Problem::unprocessable("device-malformed", "a device's identifier has 32 bytes")
	})?;
	let Some(registration) = service.chain.registration(device).await? else {
		return Err(Problem::not_found("device-unknown", "the device is not registered on chain"));
	};
	if !registration.is_endorsed_here {
		let detail = "this registrar does not endorse the device, and cannot speak of its logs";
		return Err(Problem::new(StatusCode::CONFLICT, "not-endorsed-here", detail));
	}
	let nonce = rand::random();
	let begun_at = u32::try_from(registration.block).unwrap_or(u32::MAX);
	let valid_until = begun_at.saturating_add(VALID_FOR);
	let attestation_key = registration.attestation_key;
	let awaited = AwaitedLogs { device, attestation_key, nonce, valid_until };
	let id = service.awaited_logs.open(awaited, Instant::now()).map_err(|Full| Problem::busy())?;
	let challenge = LogChallenge {
		appraisal: Bytes(id.to_vec()),
		nonce: Bytes(nonce.to_vec()),
		expires_in: PATIENCE.as_secs(),
	};
	Ok((StatusCode::CREATED, Json(challenge)))
}

/// Show logs
///
/// The body is a line of JSON (`LogEvidence`), the boot log, and the IMA list, one after the other. Logs are
/// replayed and compared with the quote; of the IMA list, what comes after the quoted value is not looked at.
/// The verdict is stated on chain; the answer comes when that is final. There is one attempt.
#[utoipa::path(
	post,
	path = "/v1/appraisals/{appraisal}/evidence",
	operation_id = "showLogs",
	params(("appraisal" = String, Path, description = "The appraisal, as 0x and 32 hexadecimal digits")),
	request_body(content = Vec<u8>, content_type = "application/vnd.msec.log-evidence"),
	responses(
		(status = OK, description = "What was stated on chain", body = StatedVerdict),
		(status = 400, description = "The body breaks off", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 404, description = "There is no such appraisal, or its time is over",
			body = Problem, content_type = PROBLEM_JSON),
		(status = 408, description = "The body did not arrive in time", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 422, description = "The quote is malformed, or not the one that was asked for, or \
			neither log could be appraised", body = Problem, content_type = PROBLEM_JSON),
		(status = 500, description = "The registrar failed", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 502, description = "The chain refuses the statement", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 503, description = "All places are taken, or one by this device, so that a new \
			appraisal has to be begun later; or the chain cannot be asked", body = Problem,
			content_type = PROBLEM_JSON),
	),
)]
pub(super) async fn appraise(
	State(service): State<Arc<Service>>,
	Path(appraisal): Path<String>,
	body: Body,
) -> Result<Json<StatedVerdict>, Problem> {
	let found = parse_id(&appraisal)
		.and_then(|id| Some((id, service.awaited_logs.take(&id, Instant::now())?)));
	let Some((id, awaited)) = found else {
		let detail = "there is no such appraisal, or it was answered, or its time is over";
		return Err(Problem::not_found("appraisal-unknown", detail));
	};
	let (device, valid_until) = (awaited.device, awaited.valid_until);
	let mut body = StreamReader::new(Box::pin(parts_of(body)));
	let evidence = read_header(&mut body).await?;
	let values = awaited.verify(&evidence)?;
	// Only devices whose TPM answered get a place: names of devices are known to everybody.
	let place = service.log_places.take(device).ok_or_else(Problem::busy)?;
	let mut reader = SyncIoBridge::new(body);
	let policies = service.log_policies.clone();
	let work = move || {
		let _place = place;
		appraise_logs(&mut reader, evidence.boot_log_length, &values, &policies)
	};
	let found = tokio::task::spawn_blocking(work).await.map_err(|_| Problem::internal())??;
	let verdict = LogVerdict { boot: tier(found.boot), ima: tier(found.ima) };
	if verdict == LogVerdict::default() {
		// Whoever shows nothing must not replace what was found out before.
		let detail = "neither log was shown and has a policy here; nothing is stated";
		return Err(Problem::unprocessable(NOTHING_APPRAISED, detail));
	}
	let name = format!("logs/{}", hex::encode(id));
	let block = service.chain.state_log_verdict(device, verdict, valid_until, &name).await?;
	metrics::counter!("msec_registrar_log_verdicts_total").increment(1);
	tracing::info!(device = hex::encode(device), ?verdict, block, "logs were appraised");
	let Found { boot, ima, faults } = found;
	Ok(Json(StatedVerdict { boot, ima, faults, block }))
}

/// The parts of a body, until patience is at an end.
fn parts_of(body: Body) -> impl Stream<Item = io::Result<axum::body::Bytes>> {
	let deadline = tokio::time::Instant::now() + PATIENCE;
	stream::try_unfold(body.into_data_stream(), move |mut parts| async move {
		match tokio::time::timeout_at(deadline, parts.next()).await {
			Ok(Some(Ok(part))) => Ok(Some((part, parts))),
			Ok(Some(Err(error))) => Err(io::Error::other(error)),
			Ok(None) => Ok(None),
			Err(_) => Err(io::ErrorKind::TimedOut.into()),
		}
	})
}

/// What was found out about both logs.
struct Found {
	boot: LogOutcome,
	ima: LogOutcome,
	faults: Vec<LogFault>,
}

/// What was found out about one.
type Outcome = Result<LogOutcome, LogFault>;

impl AwaitedLogs {
	/// The quoted values, if the quote is what was asked for.
	fn verify(&self, evidence: &LogEvidence) -> Result<Vec<[u8; 32]>, Problem> {
		let refused = |code, detail: &str| Problem::unprocessable(code, detail);
		let key = AttestationKey::parse(&self.attestation_key).map_err(|_| {
			refused("attestation-key-invalid", "the device's attestation key cannot be used")
		})?;
		let Bytes(attest) = &evidence.attest;
		let quote = Quote::parse(attest).map_err(|error| {
			Problem::unprocessable("quote-malformed", format!("this is no quote: {error:?}"))
		})?;
		if quote.qualified_signer != key.qualified_name_in_endorsement_hierarchy() {
			return Err(refused("quote-other-signer", "another key signed the quote"));
		}
		if quote.extra_data != log_qualifying_data(&self.nonce, &self.device) {
			return Err(refused("quote-other-nonce", "the quote is not bound to the nonce"));
		}
		if Some(quote.selection) != PcrSelection::of(LOG_PCRS) {
			return Err(refused("quote-other-selection", "the quote is not one of PCRs 0 to 10"));
		}
		let values =
			evidence.pcr_values.iter().map(|Bytes(value)| value.as_slice().try_into().ok());
		let values: Vec<[u8; 32]> = values.collect::<Option<_>>().unwrap_or_default();
		if values.len() != quote.selection.count() || quote.pcr_digest != pcr_digest(values.iter())
		{
			return Err(refused("quote-other-values", "the registers contained other values"));
		}
		key.verify(attest, &evidence.signature.0).map_err(|_| {
			refused("quote-signature-invalid", "the quote's signature does not fit")
		})?;
		Ok(values)
	}
}

async fn read_header(body: &mut (impl AsyncBufRead + Unpin)) -> Result<LogEvidence, Problem> {
	let mut line = Vec::new();
	let mut header = body.take(MAX_HEADER_LENGTH);
	let read = tokio::time::timeout(HEADER_PATIENCE, header.read_until(b'\n', &mut line));
	let read = read.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
	read.map_err(|error| unreadable(&error))?;
	serde_json::from_slice(&line)
		.map_err(|error| Problem::unprocessable("malformed", error.to_string()))
}

/// What follows the header: a boot log of this length, and the IMA list.
fn appraise_logs(
	reader: &mut impl BufRead,
	boot_log_length: u64,
	quoted: &[[u8; 32]],
	policies: &LogPolicies,
) -> Result<Found, Problem> {
	let boot = appraise_boot(reader, boot_log_length, quoted, policies)?;
	let ima = appraise_ima(reader, &quoted[usize::from(IMA_PCR)], policies)?;
	let mut faults = Vec::new();
	let mut outcome = |outcome: Outcome| {
		outcome.unwrap_or_else(|fault| {
			faults.push(fault);
			LogOutcome::Contraindicated
		})
	};
	let (boot, ima) = (outcome(boot), outcome(ima));
	Ok(Found { boot, ima, faults })
}

fn appraise_boot(
	reader: &mut impl BufRead,
	length: u64,
	quoted: &[[u8; 32]],
	policies: &LogPolicies,
) -> Result<Outcome, Problem> {
	if length > boot::MAX_LOG_LENGTH as u64 {
		let detail = format!("a boot log has at most {} bytes", boot::MAX_LOG_LENGTH);
		return Err(Problem::unprocessable("boot-log-too-large", detail));
	}
	// A list that grows is in memory twice.
	let mut log = Vec::with_capacity(length as usize);
	reader.by_ref().take(length).read_to_end(&mut log).map_err(|error| unreadable(&error))?;
	if log.len() as u64 != length {
		let detail = "the body ends in the boot log";
		return Err(Problem::unprocessable("malformed", detail));
	}
	Ok(match log.is_empty() {
		true => Ok(LogOutcome::NotAppraised),
		false => judge_boot(&log, quoted, policies),
	})
}

fn judge_boot(log: &[u8], quoted: &[[u8; 32]], policies: &LogPolicies) -> Outcome {
	let replayed =
		boot::replay(log).map_err(|error| fault("boot-log-unreadable", error.to_string()))?;
	let differs = |pcr: &u8| {
		// Boot loaders and kernels extend higher registers beside the log, unless the policy names them:
		// then their events cannot be left out.
		let is_named = policies.boot.as_ref().is_some_and(|policy| policy.names(*pcr));
		let expected = match replayed.values.get(pcr) {
			None if *pcr >= FIRMWARE_PCRS && !is_named => return false,
			expected => expected.copied().unwrap_or_default(),
		};
		quoted.get(usize::from(*pcr)) != Some(&expected)
	};
	if let Some(pcr) = (0..IMA_PCR).find(differs) {
		let detail = format!("the boot log does not replay to the value that PCR {pcr} has");
		return Err(fault("boot-log-not-replayed", detail));
	}
	let Some(policy) = &policies.boot else {
		return Ok(LogOutcome::NotAppraised);
	};
	match policy.appraise(&replayed) {
		None => Ok(LogOutcome::Affirming),
		Some(unexpected) => Err(fault("boot-event-not-allowed", unexpected.to_string())),
	}
}

/// The list is read after the quote was made, so that it may be longer than what was quoted.
fn appraise_ima(
	reader: &mut impl BufRead,
	quoted: &[u8; 32],
	policies: &LogPolicies,
) -> Result<Outcome, Problem> {
	let mut list = reader.by_ref().take(MAX_LIST_LENGTH);
	let mut appraisal = Appraisal::new(policies.runtime.as_ref());
	let mut is_replayed = false;
	let end = appraisal.read(&mut list, |replayed| {
		is_replayed = replayed.pcr() == IMA_PCR && replayed.value() == *quoted;
		is_replayed
	});
	match end {
		Ok(()) => Ok(judge_ima(&appraisal, is_replayed, policies)),
		Err(ListError::Entry(error)) => Ok(Err(fault("ima-list-unreadable", error.to_string()))),
		// That says nothing about the device.
		Err(ListError::Unreadable(error)) => Err(unreadable(&error)),
	}
}

fn judge_ima(appraisal: &Appraisal<'_>, is_replayed: bool, policies: &LogPolicies) -> Outcome {
	if appraisal.replayed().entries() == 0 {
		return Ok(LogOutcome::NotAppraised);
	}
	if !is_replayed {
		let detail = format!("the IMA list does not replay to the value that PCR {IMA_PCR} has");
		return Err(fault("ima-list-not-replayed", detail));
	}
	match appraisal.finding() {
		Some(finding) => Err(fault("ima-entry-not-allowed", finding.to_string())),
		None if policies.runtime.is_some() => Ok(LogOutcome::Affirming),
		None => Ok(LogOutcome::NotAppraised),
	}
}

fn unreadable(error: &io::Error) -> Problem {
	match error.kind() {
		io::ErrorKind::TimedOut => {
			let detail = "the rest of the body did not arrive in time";
			Problem::new(StatusCode::REQUEST_TIMEOUT, "timed-out", detail)
		},
		_ => Problem::new(StatusCode::BAD_REQUEST, "malformed", error.to_string()),
	}
}

fn fault(code: &str, detail: String) -> LogFault {
	LogFault { code: code.to_owned(), detail }
}

fn tier(outcome: LogOutcome) -> LogTier {
	match outcome {
		LogOutcome::NotAppraised => LogTier::NotAppraised,
		LogOutcome::Affirming => LogTier::Affirming,
		LogOutcome::Contraindicated => LogTier::Contraindicated,
	}
}
