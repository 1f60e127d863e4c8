//! Enrolment with a registrar.

use super::Identity;
use crate::{
	protocol::{
		Activation, Bytes, CredentialChallenge, EndorsedDevice, EnrolmentRequest, ENROLMENTS,
	},
	tpm::{TpmClient, TpmError},
};
use msec_worker_common::store_client::Problem;
use reqwest::{Client, Response};
use serde::{de::DeserializeOwned, Serialize};
use std::time::Duration;

/// Longest that the registrar may take; it waits until the chain has finalized the endorsement.
const DEADLINE: Duration = Duration::from_secs(120);
/// Longest answer in bytes.
const MAX_ANSWER_LENGTH: usize = 16 * 1024;

/// Why a device was not endorsed.
#[derive(Debug, thiserror::Error)]
pub enum EnrolmentError {
	/// The TPM does not play its part.
	#[error(transparent)]
	Tpm(#[from] TpmError),
	/// There is nothing that shows who made the TPM.
	#[error("the TPM holds no certificate of its endorsement key (RSA-2048, NV index 0x01c00002)")]
	NoCertificate,
	/// The registrar cannot be reached.
	#[error("the registrar cannot be asked: {0}")]
	Unreachable(reqwest::Error),
	/// The registrar says no.
	#[error("the registrar refuses ({code}): {detail}")]
	Refused {
		/// What for, for programs.
		code: String,
		/// What for, for people.
		detail: String,
	},
	/// The registrar's answer makes no sense.
	#[error("the registrar's answer is not valid")]
	InvalidAnswer,
}

/// A registrar, as a device sees it.
#[derive(Clone)]
pub struct RegistrarClient {
	pub(super) http: Client,
	pub(super) url: String,
	/// Certificates between the endorsement key's and the manufacturer's, in DER.
	intermediates: Vec<Vec<u8>>,
}

impl RegistrarClient {
	/// A client of the registrar at `url`. It is told `intermediates` beside the TPM's own certificate.
	pub fn new(url: &str, intermediates: Vec<Vec<u8>>) -> Result<Self, EnrolmentError> {
		let http =
			Client::builder().timeout(DEADLINE).build().map_err(EnrolmentError::Unreachable)?;
		Ok(Self { http, url: url.trim_end_matches('/').to_owned(), intermediates })
	}

	/// Shows the registrar that the attestation key lives in the TPM with the certified endorsement key;
	/// the registrar then endorses the device on chain. The finalized block's height.
	pub async fn enrol(&self, tpm: &TpmClient, identity: &Identity) -> Result<u64, EnrolmentError> {
		let certificate = identity.certificate.clone().ok_or(EnrolmentError::NoCertificate)?;
		let request = EnrolmentRequest {
			endorsement_key: Bytes(identity.endorsement_key.clone()),
			certificate: Bytes(certificate),
			intermediates: self.intermediates.iter().cloned().map(Bytes).collect(),
			attestation_key: Bytes(identity.attestation_key.clone()),
		};
		let challenge: CredentialChallenge = self.post(ENROLMENTS, &request).await?;
		let (blob, sealed) = (challenge.credential_blob.0, challenge.encrypted_secret.0);
		let secret = tpm.run(move |tpm| tpm.activate_credential(blob, sealed)).await?;
		let path = format!("{ENROLMENTS}/0x{}/activation", hex::encode(challenge.enrolment.0));
		let activation = Activation { secret: Bytes(secret.to_vec()) };
		let endorsed: EndorsedDevice = self.post(&path, &activation).await?;
		match endorsed.device.0 == identity.device {
			true => Ok(endorsed.block),
			false => Err(EnrolmentError::InvalidAnswer),
		}
	}

	pub(super) async fn post<Answer: DeserializeOwned>(
		&self,
		path: &str,
		body: &impl Serialize,
	) -> Result<Answer, EnrolmentError> {
		let response = self
			.http
			.post(format!("{}{path}", self.url))
			.json(body)
			.send()
			.await
			.map_err(EnrolmentError::Unreachable)?;
		read_answer(response).await
	}
}

/// What a registrar says, or why it does not.
pub(super) async fn read_answer<Answer: DeserializeOwned>(
	response: Response,
) -> Result<Answer, EnrolmentError> {
	let is_success = response.status().is_success();
	let answer = read_bounded(response).await?;
	if is_success {
		return serde_json::from_slice(&answer).map_err(|_| EnrolmentError::InvalidAnswer);
	}
	let problem: Problem =
		serde_json::from_slice(&answer).map_err(|_| EnrolmentError::InvalidAnswer)?;
	Err(EnrolmentError::Refused { code: problem.code, detail: problem.detail })
}

async fn read_bounded(mut response: Response) -> Result<Vec<u8>, EnrolmentError> {
	let mut answer = Vec::new();
	while let Some(part) = response.chunk().await.map_err(EnrolmentError::Unreachable)? {
		if answer.len() + part.len() > MAX_ANSWER_LENGTH {
			return Err(EnrolmentError::InvalidAnswer);
		}
		answer.extend_from_slice(&part);
	}
	Ok(answer)
}
