//! The agent on a device: it enrols, quotes on schedule and when challenged, and says what came of it.
//!
//! A quote is bound to a finalized block. It goes to the chain as a transaction that nobody signs, because
//! devices hold no money: the owner's budget pays. Whether the chain took it is read from finalized state,
//! so that the agent remembers nothing and can be killed at any time.

mod chain;
mod enrolment;
mod identity;
mod logs;
mod schedule;
pub mod settings;
mod signer;

pub use chain::{AgentChain, BoundEvidence, NodeChain, Submission, View};
pub use enrolment::{EnrolmentError, RegistrarClient};
pub use identity::Identity;
pub use logs::{LogDelivery, LogError, LogFiles};
pub use schedule::{Occasion, Schedule};
pub use signer::BatchSigner;

use crate::tpm::TpmClient;
use msec_evidence::{qualifying_data, PcrSelection};
use msec_worker_common::{
	chain::attestation::{Device, Distrust, Trust, TrustTier},
	health::Readiness,
};
use std::{
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often the node is asked for its last finalized block.
const POLL: Duration = Duration::from_secs(2);
/// After how many blocks enrolment is tried again: a minute.
const ENROL_AGAIN_AFTER: u64 = 20;

/// Attests for one device.
pub struct Agent {
	tpm: TpmClient,
	identity: Identity,
	chain: Arc<dyn AgentChain>,
	registrar: Option<RegistrarClient>,
	schedule: Schedule,
	readiness: Readiness,
	/// Block from which enrolment may be tried.
	enrol_from: u64,
	/// The result that was told last, by the block of its quote.
	told: Option<u32>,
	/// The state that was told last.
	state: Option<Result<(), String>>,
}

impl Agent {
	/// An agent that quotes at least once in `interval`, and enrols at `registrar` if there is one.
	pub fn new(
		tpm: TpmClient,
		identity: Identity,
		chain: Arc<dyn AgentChain>,
		registrar: Option<RegistrarClient>,
		interval: Duration,
		readiness: Readiness,
	) -> Self {
		Self {
			tpm,
			identity,
			chain,
			registrar,
			schedule: Schedule::new(interval),
			readiness,
			enrol_from: 0,
			told: None,
			state: None,
		}
	}

	/// Attests until `stop`.
	pub async fn run(mut self, stop: CancellationToken) {
		let mut poll = tokio::time::interval(POLL);
		poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
		while stop.run_until_cancelled(poll.tick()).await.is_some() {
			// What is begun ends: neither a TPM nor a registrar is left in the middle for a stop.
			self.step().await;
		}
	}

	/// Does what is due after the last finalized block.
	pub async fn step(&mut self) {
		let state = self.attest().await;
		metrics::gauge!("msec_attester_trusted").set(if state.is_ok() { 1.0 } else { 0.0 });
		if self.state.as_ref() != Some(&state) {
			match &state {
				Ok(()) => tracing::info!("the device is trusted"),
				Err(reason) => tracing::warn!("the device is not trusted: {reason}"),
			}
			self.state = Some(state.clone());
		}
		self.readiness.set(state);
	}

	/// Whether the device is trusted, or why not, in words.
	async fn attest(&mut self) -> Result<(), String> {
		let words = |error: &dyn std::error::Error| error.to_string();
		let view = self.chain.view(self.identity.device).await.map_err(|error| words(&error))?;
		let device = self.own(&view)?;
		self.tell_result(device);
		if needs_endorsement(device, &view.trust) {
			self.enrol(view.block_number).await?;
		} else if let Some(occasion) = self.schedule.due(&view, device) {
			ensure_budget(device, view.context.quote_fee)?;
			self.quote(&view, device, occasion).await?;
		}
		match view.trust {
			Trust::Trusted { .. } => Ok(()),
			Trust::NotTrusted(distrust) => Err(distrust.to_string()),
		}
	}

	/// The device as it is registered, if it is, and with the key of this TPM.
	fn own<'a>(&self, view: &'a View) -> Result<&'a Device, String> {
		let id = hex::encode(self.identity.device);
		let Some(device) = &view.device else {
			return Err(match view.trust {
				Trust::NotTrusted(Distrust::Retired) => Distrust::Retired.to_string(),
				_ => format!("no owner has registered 0x{id} on chain"),
			});
		};
		match device.attestation_key == self.identity.attestation_key {
			true => Ok(device),
			false => Err(format!(
				"0x{id} is registered with another attestation key; was its TPM cleared?"
			)),
		}
	}

	async fn enrol(&mut self, block_number: u64) -> Result<(), String> {
		let Some(registrar) = &self.registrar else {
			return Err(format!("{}, and no --registrar is named", Distrust::NotEndorsed));
		};
		if block_number < self.enrol_from {
			return Err(Distrust::NotEndorsed.to_string());
		}
		self.enrol_from = block_number + ENROL_AGAIN_AFTER;
		match registrar.enrol(&self.tpm, &self.identity).await {
			Ok(block) => {
				tracing::info!(block, "a registrar endorsed the device");
				Err(Distrust::NotAppraised.to_string())
			},
			Err(error) => {
				metrics::counter!("msec_attester_enrolment_failures_total").increment(1);
				Err(format!("{}: {error}", Distrust::NotEndorsed))
			},
		}
	}

	async fn quote(
		&mut self,
		view: &View,
		device: &Device,
		occasion: Occasion,
	) -> Result<(), String> {
		let selection = PcrSelection(device.selection);
		let nonce = qualifying_data(&view.genesis, &view.block_hash, &self.identity.device);
		let begun = Instant::now();
		let evidence = self
			.tpm
			.run(move |tpm| tpm.quote(nonce, selection))
			.await
			.map_err(|error| error.to_string())?;
		metrics::histogram!("msec_attester_quote_seconds").record(begun.elapsed().as_secs_f64());
		let block_number =
			u32::try_from(view.block_number).map_err(|_| "blocks have 32-bit numbers")?;
		let bound = BoundEvidence { device: self.identity.device, block_number, evidence };
		let outcome = self.chain.submit(bound).await.map_err(|error| error.to_string())?;
		self.schedule.sent(view.block_number);
		match outcome {
			Submission::Sent => {
				metrics::counter!("msec_attester_quotes_total", "occasion" => occasion.name())
					.increment(1);
				tracing::info!(block_number, occasion = occasion.name(), "a quote was sent");
				Ok(())
			},
			Submission::Refused(reason) => {
				metrics::counter!("msec_attester_refusals_total").increment(1);
				Err(format!("the chain does not take the quote: {reason}"))
			},
		}
	}

	/// Says once what the chain made of a quote.
	fn tell_result(&mut self, device: &Device) {
		let Some(result) = device.result else {
			return;
		};
		if self.told.replace(result.appraised_at) == Some(result.appraised_at) {
			return;
		}
		let (block, until) = (result.appraised_at, result.valid_until);
		match result.tier {
			TrustTier::Affirming => tracing::info!(block, until, "the chain affirms the quote"),
			TrustTier::Contraindicated(reason) => {
				tracing::warn!(block, "the chain does not affirm the quote: {reason}");
			},
		}
	}
}

fn needs_endorsement(device: &Device, trust: &Trust) -> bool {
	device.endorsement.is_none()
		|| matches!(trust, Trust::NotTrusted(Distrust::RegistrarRevoked | Distrust::NotEndorsed))
}

fn ensure_budget(device: &Device, fee: u128) -> Result<(), String> {
	match device.quote_budget >= fee {
		true => Ok(()),
		false => Err("the owner's budget for quotes is used up; see `msec device fund`".into()),
	}
}
