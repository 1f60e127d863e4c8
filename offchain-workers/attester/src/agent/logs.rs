//! Delivery of the device's logs to its registrar, beside the quotes for the chain.

use super::{
	enrolment::{read_answer, EnrolmentError},
	RegistrarClient,
};
use crate::{
	protocol::{
		log_qualifying_data, AppraisalRequest, Bytes, LogChallenge, LogEvidence, StatedVerdict,
		APPRAISALS, LOG_EVIDENCE, LOG_PCRS, NOTHING_APPRAISED,
	},
	tpm::{TpmClient, TpmError},
};
use futures::{stream, StreamExt};
use msec_evidence::PcrSelection;
use reqwest::{header::CONTENT_TYPE, Body};
use std::{
	io,
	path::{Path, PathBuf},
	time::Duration,
};
use tokio::fs::File;
use tokio_util::{io::ReaderStream, sync::CancellationToken};

/// How often logs are shown; a registrar's word lasts for twice as long.
const INTERVAL: Duration = Duration::from_secs(6 * 3600);
/// When to try again.
const AGAIN_AFTER: Duration = Duration::from_secs(600);

/// Why logs were not appraised.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
	/// The TPM does not quote.
	#[error(transparent)]
	Tpm(#[from] TpmError),
	/// The registrar does not take them.
	#[error(transparent)]
	Registrar(#[from] EnrolmentError),
	/// A log cannot be read.
	#[error("{path}: {reason}", path = .path.display())]
	Unreadable {
		/// Which.
		path: PathBuf,
		/// What the system says.
		reason: io::Error,
	},
}

/// Where the kernel shows its logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFiles {
	/// The log of the measured boot.
	pub boot: Option<PathBuf>,
	/// The list of measured files.
	pub ima: Option<PathBuf>,
}

impl LogFiles {
	/// Whether there is nothing to show.
	pub fn is_empty(&self) -> bool {
		self.boot.is_none() && self.ima.is_none()
	}
}

/// Shows logs to a registrar.
pub struct LogDelivery {
	tpm: TpmClient,
	device: [u8; 32],
	registrar: RegistrarClient,
	files: LogFiles,
}

impl LogDelivery {
	/// Shows the logs of `device` to `registrar`.
	pub fn new(
		tpm: TpmClient,
		device: [u8; 32],
		registrar: RegistrarClient,
		files: LogFiles,
	) -> Self {
		Self { tpm, device, registrar, files }
	}

	/// Shows them now and then until `stop`.
	pub async fn run(self, stop: CancellationToken) {
		loop {
			let Some(delivered) = stop.run_until_cancelled(self.deliver()).await else {
				return;
			};
			let pause = pause_after(&delivered);
			match delivered {
				Ok(stated) => tell(&stated),
				Err(error) => {
					metrics::counter!("msec_attester_log_failures_total").increment(1);
					tracing::warn!(%error, "logs were not appraised");
				},
			}
			if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
				return;
			}
		}
	}

	/// Shows them once; what the registrar stated on chain.
	pub async fn deliver(&self) -> Result<StatedVerdict, LogError> {
		let request = AppraisalRequest { device: Bytes(self.device.to_vec()) };
		let challenge: LogChallenge = self.registrar.post(APPRAISALS, &request).await?;
		let nonce = challenge.nonce.0.as_slice();
		let nonce = nonce.try_into().map_err(|_| EnrolmentError::InvalidAnswer)?;
		let bound = log_qualifying_data(nonce, &self.device);
		let selection = PcrSelection::of(LOG_PCRS).unwrap_or_default();
		let evidence = self.tpm.run(move |tpm| tpm.quote(bound, selection)).await?;
		// Logs are read after the quote, so that they have everything that was quoted.
		let boot = match &self.files.boot {
			Some(path) => tokio::fs::read(path).await.map_err(unreadable(path))?,
			None => Vec::new(),
		};
		let header = LogEvidence {
			attest: Bytes(evidence.attest),
			signature: Bytes(evidence.signature),
			pcr_values: evidence.pcr_values.iter().map(|value| Bytes(value.to_vec())).collect(),
			boot_log_length: boot.len() as u64,
		};
		let body = self.body(&header, boot).await?;
		let appraisal = hex::encode(challenge.appraisal.0);
		let url = format!("{}{APPRAISALS}/0x{appraisal}/evidence", self.registrar.url);
		let request = self.registrar.http.post(url).header(CONTENT_TYPE, LOG_EVIDENCE).body(body);
		let response = request.send().await.map_err(EnrolmentError::Unreachable)?;
		Ok(read_answer(response).await?)
	}

	/// A line of JSON, the boot log, and the list as it is read.
	async fn body(&self, header: &LogEvidence, boot: Vec<u8>) -> Result<Body, LogError> {
		let mut first = serde_json::to_vec(header).map_err(|_| EnrolmentError::InvalidAnswer)?;
		first.push(b'\n');
		first.extend(boot);
		let Some(path) = &self.files.ima else {
			return Ok(first.into());
		};
		let list = ReaderStream::new(File::open(path).await.map_err(unreadable(path))?);
		let first = stream::iter([io::Result::Ok(axum::body::Bytes::from(first))]);
		Ok(Body::wrap_stream(first.chain(list)))
	}
}

fn pause_after(delivered: &Result<StatedVerdict, LogError>) -> Duration {
	match delivered {
		Ok(_) => INTERVAL,
		// A registrar without policies says the same again.
		Err(LogError::Registrar(EnrolmentError::Refused { code, .. }))
			if code == NOTHING_APPRAISED =>
		{
			INTERVAL
		},
		Err(_) => AGAIN_AFTER,
	}
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> LogError {
	let path = path.to_owned();
	move |reason| LogError::Unreadable { path, reason }
}

fn tell(stated: &StatedVerdict) {
	let (boot, ima, block) = (stated.boot, stated.ima, stated.block);
	tracing::info!(?boot, ?ima, block, "a registrar appraised the logs");
	for fault in &stated.faults {
		tracing::warn!(code = fault.code, "a log speaks against the device: {}", fault.detail);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const UNIT: &str = include_str!("../../msec-attester.service");
	const TMPFILES: &str = include_str!("../../msec-attester.tmpfiles");

	fn settings_of(unit: &'static str, name: &str) -> Vec<&'static str> {
		let of_line = |line: &'static str| line.strip_prefix(name)?.strip_prefix('=');
		unit.lines().filter_map(of_line).collect()
	}

	#[test]
	fn a_registrar_without_policies_is_not_asked_more_often() {
		let refused = |code: &str| {
			let (code, detail) = (code.to_owned(), String::new());
			Err(EnrolmentError::Refused { code, detail }.into())
		};
		assert_eq!(pause_after(&refused(NOTHING_APPRAISED)), INTERVAL);
		assert_eq!(pause_after(&refused("busy")), AGAIN_AFTER);
		assert_eq!(pause_after(&Err(EnrolmentError::InvalidAnswer.into())), AGAIN_AFTER);
	}

	#[test]
	fn the_group_of_the_unit_reads_the_logs_and_no_capability_does() {
		assert_eq!(settings_of(UNIT, "CapabilityBoundingSet"), [""]);
		assert!(settings_of(UNIT, "AmbientCapabilities").is_empty());
		let groups = settings_of(UNIT, "SupplementaryGroups");
		let lines: Vec<_> = TMPFILES.lines().filter(|line| !line.starts_with('#')).collect();
		assert_eq!(lines.len(), 2);
		for line in lines {
			let fields: Vec<_> = line.split_whitespace().collect();
			assert_eq!(fields[0], "z");
			assert!(fields[1].starts_with("/sys/kernel/security/"), "{line}");
			assert_eq!(fields[2..4], ["0440", "root"]);
			assert_eq!(groups, [fields[4]]);
		}
	}
}
