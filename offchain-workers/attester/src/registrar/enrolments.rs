//! From keys and a certificate to an endorsement on chain.

use super::{
	pending::{parse_id, Enrolment, Full},
	problem::{Problem, PROBLEM_JSON},
	Service, PATIENCE,
};
use crate::{
	credential::{make_credential, SECRET_LENGTH},
	endorsement::EndorsementKey,
	protocol::{Activation, Bytes, CredentialChallenge, EndorsedDevice, EnrolmentRequest},
};
use axum::{
	extract::{rejection::JsonRejection, Path, State},
	http::StatusCode,
	Json,
};
use msec_evidence::AttestationKey;
use msec_worker_common::H256;
use rustls_pki_types::UnixTime;
use std::{sync::Arc, time::Instant};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Begin an enrolment
///
/// The device shows its keys and the certificate of its endorsement key. If a trusted manufacturer issued it,
/// and the device is registered on chain with this attestation key, it is answered with a credential that
/// only a TPM with both keys opens.
#[utoipa::path(
	post,
	path = "/v1/enrolments",
	operation_id = "beginEnrolment",
	request_body = EnrolmentRequest,
	responses(
		(status = CREATED, description = "A credential", body = CredentialChallenge),
		(status = 400, description = "The body is not JSON", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 404, description = "The device is not registered on chain", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 409, description = "It is registered with another attestation key",
			body = Problem, content_type = PROBLEM_JSON),
		(status = 413, description = "The body is too large", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 415, description = "The body is not said to be JSON", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 422, description = "A key or the certificate cannot be accepted, or the profile \
			is none of this registrar's", body = Problem, content_type = PROBLEM_JSON),
		(status = 429, description = "Too many enrolments are begun", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 503, description = "Too many enrolments are open, or the chain cannot be asked",
			body = Problem, content_type = PROBLEM_JSON),
	),
)]
pub(super) async fn begin(
	State(service): State<Arc<Service>>,
	request: Result<Json<EnrolmentRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<CredentialChallenge>), Problem> {
	let Json(request) = request?;
	service.rate.take(Instant::now()).map_err(Problem::too_many)?;
	let endorsement_key = EndorsementKey::parse(&request.endorsement_key.0)
		.map_err(|error| Problem::unprocessable("endorsement-key-invalid", error.to_string()))?;
	let attestation_key = AttestationKey::parse(&request.attestation_key.0).map_err(|error| {
		let detail = format!("the attestation key cannot be used: {error:?}");
		Problem::unprocessable("attestation-key-invalid", detail)
	})?;
	let intermediates: Vec<_> =
		request.intermediates.into_iter().map(|certificate| certificate.0).collect();
	service.manufacturers.verify(
		&endorsement_key,
		&request.certificate.0,
		&intermediates,
		UnixTime::now(),
	)?;
	let device = endorsement_key.device();
	service.ensure_registered(&device, &request.attestation_key.0).await?;

	let secret: Zeroizing<[u8; SECRET_LENGTH]> = Zeroizing::new(rand::random());
	let credential = make_credential(&endorsement_key, &attestation_key.name(), &secret)?;
	let enrolment = Enrolment { device, attestation_key: request.attestation_key.0, secret };
	let id = service.pending.open(enrolment, Instant::now()).map_err(|Full| Problem::busy())?;
	metrics::counter!("msec_registrar_enrolments_total").increment(1);
	tracing::info!(device = hex::encode(device), "a credential is on its way");
	let challenge = CredentialChallenge {
		enrolment: Bytes(id.to_vec()),
		credential_blob: Bytes(credential.blob),
		encrypted_secret: Bytes(credential.encrypted_secret),
		expires_in: PATIENCE.as_secs(),
	};
	Ok((StatusCode::CREATED, Json(challenge)))
}

/// Answer the credential
///
/// The device that found the secret is endorsed on chain; the answer comes when that is final. There is one
/// attempt.
#[utoipa::path(
	post,
	path = "/v1/enrolments/{enrolment}/activation",
	operation_id = "activateCredential",
	params(("enrolment" = String, Path, description = "The enrolment, as 0x and 32 hexadecimal digits")),
	request_body = Activation,
	responses(
		(status = OK, description = "The device is endorsed", body = EndorsedDevice),
		(status = 400, description = "The body is not JSON", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 403, description = "It is another secret", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 404, description = "There is no such enrolment, its time is over, or the device \
			is no longer registered", body = Problem, content_type = PROBLEM_JSON),
		(status = 409, description = "The device was registered with another attestation key \
			since", body = Problem, content_type = PROBLEM_JSON),
		(status = 413, description = "The body is too large", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 415, description = "The body is not said to be JSON", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 422, description = "The body is no answer, or the profile is none of this \
			registrar's any more", body = Problem, content_type = PROBLEM_JSON),
		(status = 502, description = "The chain refuses the endorsement", body = Problem,
			content_type = PROBLEM_JSON),
		(status = 503, description = "The chain cannot be asked", body = Problem,
			content_type = PROBLEM_JSON),
	),
)]
pub(super) async fn activate(
	State(service): State<Arc<Service>>,
	Path(enrolment): Path<String>,
	activation: Result<Json<Activation>, JsonRejection>,
) -> Result<Json<EndorsedDevice>, Problem> {
	let Json(Activation { secret: Bytes(answer) }) = activation?;
	let answer = Zeroizing::new(answer);
	let found =
		parse_id(&enrolment).and_then(|id| Some((id, service.pending.take(&id, Instant::now())?)));
	let Some((id, Enrolment { device, attestation_key, secret })) = found else {
		let detail = "there is no such enrolment, or it was answered, or its time is over";
		return Err(Problem::not_found("enrolment-unknown", detail));
	};
	if !bool::from(answer.as_slice().ct_eq(&secret[..])) {
		tracing::warn!(device = hex::encode(device), "the answer to a credential is wrong");
		let detail = "this is not the secret; the enrolment is over";
		return Err(Problem::new(StatusCode::FORBIDDEN, "wrong-secret", detail));
	}
	// In the meantime the device may have been registered with another key.
	let profile = service.ensure_registered(&device, &attestation_key).await?;
	let name = format!("endorse/{}", hex::encode(id));
	let block = service.chain.endorse(device, profile, &name).await?;
	metrics::counter!("msec_registrar_endorsements_total").increment(1);
	tracing::info!(device = hex::encode(device), block, "endorsed");
	Ok(Json(EndorsedDevice { device: Bytes(device.to_vec()), block }))
}

impl Service {
	/// What is endorsed is what stands on chain, so that must be what was checked. The device's profile.
	async fn ensure_registered(
		&self,
		device: &[u8; 32],
		attestation_key: &[u8],
	) -> Result<H256, Problem> {
		let Some(registration) = self.chain.registration(*device).await? else {
			let detail = "the device is not registered on chain; its owner does that first";
			return Err(Problem::not_found("device-unknown", detail));
		};
		if registration.attestation_key != attestation_key {
			let detail = "the device is registered on chain with another attestation key";
			return Err(Problem::new(StatusCode::CONFLICT, "other-attestation-key", detail));
		}
		// An endorsement lets the TPM's counters begin anew, which is not the device's own decision.
		if registration.is_endorsed {
			let detail = "the device is endorsed already; whoever cleared its TPM asks the registrar's operator";
			return Err(Problem::new(StatusCode::CONFLICT, "already-endorsed", detail));
		}
		if !self.profiles.contains(&registration.profile) {
			let detail = "this registrar does not endorse devices with that profile";
			return Err(Problem::unprocessable("profile-not-accepted", detail));
		}
		Ok(registration.profile)
	}
}
