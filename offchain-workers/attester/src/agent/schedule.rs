//! When a quote is due.

use super::View;
use msec_worker_common::chain::attestation::{AttestationResult, Device, TrustTier};
use std::time::Duration;

/// Seconds between two blocks.
const BLOCK_SECONDS: u64 = 3;
/// After how many finalized blocks a quote that did not arrive is made anew.
const AGAIN_AFTER: u64 = 10;
/// After how many blocks a device that was not affirmed tries again: ten minutes.
const RECOVER_AFTER: u64 = 200;

/// Why a quote is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
	/// There was none before.
	First,
	/// Somebody challenged the device.
	Challenge,
	/// The last one gets old.
	Schedule,
	/// The last one was not affirmed, which may have changed.
	Recovery,
}

impl Occasion {
	/// A name for logs and metrics.
	pub fn name(self) -> &'static str {
		match self {
			Self::First => "first",
			Self::Challenge => "challenge",
			Self::Schedule => "schedule",
			Self::Recovery => "recovery",
		}
	}
}

/// Decides when quotes are made, by what the chain knows.
#[derive(Clone, Debug)]
pub struct Schedule {
	/// Most blocks between two quotes.
	interval: u64,
	/// Finalized block after which the last quote of this process was sent.
	sent_at: Option<u64>,
}

impl Schedule {
	/// At least one quote in `interval`, and one before half of a result's time is over.
	pub fn new(interval: Duration) -> Self {
		Self { interval: (interval.as_secs() / BLOCK_SECONDS).max(1), sent_at: None }
	}

	/// Remembers that a quote was sent after a finalized block.
	pub fn sent(&mut self, block_number: u64) {
		self.sent_at = Some(block_number);
	}

	/// Why a quote is due, if one is.
	pub fn due(&self, view: &View, device: &Device) -> Option<Occasion> {
		let now = view.block_number;
		let is_under_way = self.sent_at.is_some_and(|sent| now < sent + AGAIN_AFTER);
		let Some(last) = device.last_quote else {
			return (!is_under_way).then_some(Occasion::First);
		};
		let accepted_at = u64::from(last.accepted_at);
		// What was sent has arrived if something was accepted since.
		let is_under_way = is_under_way && self.sent_at.is_some_and(|sent| accepted_at <= sent);
		if is_under_way || now < accepted_at + u64::from(view.context.min_quote_interval) {
			return None;
		}
		let is_challenged = device.challenge.as_ref().is_some_and(|challenge| {
			!challenge.is_answered && last.block_number < challenge.challenged_at
		});
		if is_challenged {
			return Some(Occasion::Challenge);
		}
		match &device.result {
			Some(result) if result.tier == TrustTier::Affirming => {
				let age = now.saturating_sub(accepted_at);
				(age >= self.interval.min(half(result))).then_some(Occasion::Schedule)
			},
			_ => self.may_recover(now, accepted_at).then_some(Occasion::Recovery),
		}
	}

	/// Whoever starts the agent anew, usually with the device, wants to know.
	fn may_recover(&self, now: u64, accepted_at: u64) -> bool {
		self.sent_at.is_none() || now >= accepted_at + RECOVER_AFTER.min(self.interval)
	}
}

/// Half of the blocks for which a result counts.
fn half(result: &AttestationResult) -> u64 {
	u64::from(result.valid_until.saturating_sub(result.appraised_at) / 2)
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_worker_common::{
		chain::attestation::{
			Contraindication, DeviceChallenge, Distrust, LastQuote, QuoteContext, Trust,
		},
		AccountId32, H256,
	};

	fn view(block_number: u64) -> View {
		View {
			genesis: [0; 32],
			block_number,
			block_hash: [1; 32],
			device: None,
			trust: Trust::NotTrusted(Distrust::NotAppraised),
			context: QuoteContext {
				genesis_hash: H256([0; 32]),
				max_quote_age: 50,
				min_quote_interval: 5,
				quote_fee: 1,
			},
		}
	}

	fn device(accepted_at: Option<u32>, tier: TrustTier) -> Device {
		let result = |appraised_at| AttestationResult {
			tier,
			appraised_at,
			valid_until: appraised_at + 1000,
		};
		let quote = |accepted_at| LastQuote { block_number: accepted_at - 3, accepted_at };
		Device {
			owner: AccountId32([0; 32]),
			attestation_key: Vec::new(),
			profile: H256([0; 32]),
			selection: 1,
			endorsement: None,
			is_quarantined: false,
			quote_budget: 1,
			last_quote: accepted_at.map(quote),
			result: accepted_at.map(result),
			challenge: None,
		}
	}

	fn challenged(mut device: Device, challenged_at: u32) -> Device {
		device.challenge = Some(DeviceChallenge {
			challenger: AccountId32([1; 32]),
			challenged_at,
			answer_by: challenged_at + 20,
			is_answered: false,
		});
		device
	}

	fn schedule() -> Schedule {
		Schedule::new(Duration::from_secs(900))
	}

	#[test]
	fn the_first_is_made_at_once_and_again_if_it_does_not_arrive() {
		let mut schedule = schedule();
		let device = device(None, TrustTier::Affirming);
		assert_eq!(schedule.due(&view(10), &device), Some(Occasion::First));
		schedule.sent(10);
		assert_eq!(schedule.due(&view(19), &device), None);
		assert_eq!(schedule.due(&view(20), &device), Some(Occasion::First));
	}

	#[test]
	fn the_next_comes_after_the_interval_or_half_of_the_validity() {
		let device = device(Some(100), TrustTier::Affirming);
		assert_eq!(schedule().due(&view(399), &device), None);
		assert_eq!(schedule().due(&view(400), &device), Some(Occasion::Schedule));
		let rare = Schedule::new(Duration::from_secs(1_000_000));
		assert_eq!(rare.due(&view(599), &device), None);
		assert_eq!(rare.due(&view(600), &device), Some(Occasion::Schedule));
	}

	#[test]
	fn a_challenge_is_answered_by_a_younger_quote_only() {
		let before = challenged(device(Some(100), TrustTier::Affirming), 110);
		assert_eq!(schedule().due(&view(110), &before), Some(Occasion::Challenge));
		let after = challenged(device(Some(120), TrustTier::Affirming), 110);
		assert_eq!(schedule().due(&view(130), &after), None);
		let soon = challenged(device(Some(108), TrustTier::Affirming), 110);
		assert_eq!(schedule().due(&view(112), &soon), None);
		assert_eq!(schedule().due(&view(113), &soon), Some(Occasion::Challenge));
	}

	#[test]
	fn what_was_not_affirmed_is_tried_after_a_start_and_then_seldom() {
		let tier = TrustTier::Contraindicated(Contraindication::PcrNotAllowed { index: 7 });
		let device = device(Some(100), tier);
		let mut schedule = schedule();
		assert_eq!(schedule.due(&view(110), &device), Some(Occasion::Recovery));
		schedule.sent(95);
		assert_eq!(schedule.due(&view(110), &device), None);
		assert_eq!(schedule.due(&view(300), &device), Some(Occasion::Recovery));
	}

	#[test]
	fn what_is_under_way_is_waited_for() {
		let device = device(Some(100), TrustTier::Affirming);
		let mut schedule = schedule();
		schedule.sent(400);
		assert_eq!(schedule.due(&view(409), &device), None);
		assert_eq!(schedule.due(&view(410), &device), Some(Occasion::Schedule));
	}
}
