//! A signed record of every image that the service gives out.

use crate::{
	detection::runtime::ModelIdentity,
	job::OriginalsKey,
	provenance::{settings_sha256, Origin, ProvenanceError, Recorder},
	removal::Method,
	Settings,
};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};

/// How often it is looked whether a file of records is old enough to be finished.
const FINISH_PERIOD: Duration = Duration::from_secs(10);

/// Records what the service makes, with the settings that it works with.
pub struct Records {
	originals: OriginalsKey,
	recorder: Recorder,
	settings_sha256: [u8; 32],
	method: Method,
}

impl Records {
	/// Originals are hashed under the key `originals`; `recorder` signs.
	pub fn new(originals: OriginalsKey, recorder: Recorder, settings: &Settings) -> Self {
		let (settings_sha256, method) = (settings_sha256(settings), settings.method);
		Self { originals, recorder, settings_sha256, method }
	}

	/// The record is on the disk when this returns.
	pub(super) fn add(
		&self,
		original: &[u8],
		output: &[u8],
		models: &[ModelIdentity],
	) -> Result<(), ProvenanceError> {
		let origin = Origin {
			original_hmac: self.originals.hash(original),
			models,
			settings_sha256: self.settings_sha256,
			method: self.method,
		};
		self.recorder.record(&origin, Sha256::digest(output).into())
	}

	/// Finishes each file of records when it is old enough, as long as the process lives.
	pub async fn finish_in_time(self: Arc<Self>) -> Result<(), ProvenanceError> {
		let mut period = tokio::time::interval(FINISH_PERIOD);
		loop {
			period.tick().await;
			self.recorder.finish_if_old()?;
		}
	}
}
