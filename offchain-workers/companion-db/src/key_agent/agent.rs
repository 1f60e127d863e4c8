//! From an order to its envelope.

use crate::{
	answers::Answers,
	key_trees::{Fetcher, KeyTrees},
};
use anyhow::{anyhow, Context};
use hmac::{Hmac, KeyInit, Mac};
use msec_commitments::{
	envelope::seal_order, EnvelopeError, Hash, OrderContext, WrappingKey, WrappingSecret,
};
use msec_worker_common::{
	chain::{
		runtime, Action, BlockClient, BoundedVec, ChainError, Challenge, ChallengeState, Dataset,
		Decision, Order, OrderState, Subscription, PURPOSES,
	},
	health::Readiness,
	transactions::{Submission, Submitter},
	AccountId32, H256,
};
use sha2::Sha256;
use std::{
	collections::{HashMap, HashSet},
	iter,
	time::Duration,
};
use tokio::{task::JoinSet, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// How often the node is asked for its last finalized block.
const POLL: Duration = Duration::from_secs(1);
/// After how many blocks an order that could not be served is tried again: half a minute.
const RETRY_AFTER: u64 = 10;

pub struct Agent {
	submitter: Submitter,
	secret: WrappingSecret,
	fetcher: Fetcher,
	key_trees: KeyTrees,
	/// Whether a key tree was found since orders were served.
	has_new_keys: bool,
	readiness: Readiness,
	/// Orders whose envelope is on its way.
	under_way: HashSet<H256>,
	/// Orders that failed, and the block from which they are tried again.
	postponed: HashMap<H256, u64>,
	deliveries: JoinSet<(H256, Result<(), String>)>,
	answers: Answers,
}

/// What became of an order in one attempt.
enum Attempt {
	Submitted(Submission),
	/// The key of its data set is not known yet, or nothing more is due.
	Waits,
	/// It needs nothing from this agent.
	Skipped,
}

impl Agent {
	pub fn new(submitter: Submitter, secret: WrappingSecret, readiness: Readiness) -> Self {
		let genesis = submitter.chain().genesis();
		let fetcher = Fetcher::new(genesis, submitter.key().clone(), secret.clone());
		Self {
			answers: Answers::new(submitter.clone()),
			submitter,
			secret,
			fetcher,
			key_trees: KeyTrees::new(),
			has_new_keys: false,
			readiness,
			under_way: HashSet::new(),
			postponed: HashMap::new(),
			deliveries: JoinSet::new(),
		}
	}

	/// The key to which owners wrap the keys of their data sets.
	pub fn public_key(&self) -> WrappingKey {
		self.secret.public_key()
	}

	/// Serves the orders of each finalized block until `stop`, and again when a key is found; answers
	/// challenges.
	pub async fn run(mut self, stop: CancellationToken) {
		let mut poll = tokio::time::interval(POLL);
		poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
		let mut served = None;
		loop {
			tokio::select! {
				() = stop.cancelled() => return,
				_ = poll.tick() => {
					let outcome = self.serve_new_head(&mut served).await;
					if let Err(error) = &outcome {
						tracing::warn!("orders wait: {error:#}");
					}
					self.readiness.set(outcome.map_err(|error| format!("{error:#}")));
				},
				Some((dataset, outcome)) = self.key_trees.next() => match outcome {
					Ok(()) => self.has_new_keys = true,
					Err(error) => {
						metrics::counter!("msec_agent_failures_total").increment(1);
						tracing::warn!(dataset = ?H256(dataset), "no key: {error:#}");
					},
				},
				Some(delivery) = self.deliveries.join_next() => {
					if let Ok((order, outcome)) = delivery {
						self.end(order, outcome, served.unwrap_or_default());
					}
				},
				Some(()) = self.answers.next(served.unwrap_or_default()) => (),
			}
		}
	}

	async fn serve_new_head(&mut self, served: &mut Option<u64>) -> anyhow::Result<()> {
		let head = self.submitter.chain().finalized().await?;
		if served.is_some_and(|served| head.number() <= served) && !self.has_new_keys {
			return Ok(());
		}
		self.has_new_keys = false;
		// A subscription that waits for its first key is in both.
		let mut orders: HashMap<H256, H256> = HashMap::new();
		for (dataset, order) in head.awaiting_delivery().await? {
			orders.insert(order, dataset);
		}
		for (dataset, order) in head.subscriptions().await? {
			orders.insert(order, dataset);
		}
		self.postponed.retain(|order, _| orders.contains_key(order));
		let sold: HashSet<Hash> = orders.values().map(|dataset| dataset.0).collect();
		self.key_trees.retain(|dataset| sold.contains(dataset));
		metrics::gauge!("msec_agent_orders_under_way").set(self.under_way.len() as f64);
		for (order, dataset) in orders {
			self.serve(&head, dataset, order).await?;
		}
		self.answers.serve(&head).await?;
		*served = Some(head.number());
		Ok(())
	}

	/// Serves one order, unless that is under way or postponed, or its key is. Fails only when the chain
	/// does.
	async fn serve(
		&mut self,
		head: &BlockClient,
		dataset: H256,
		order: H256,
	) -> anyhow::Result<()> {
		let postponed = self.postponed.get(&order).is_some_and(|until| head.number() < *until);
		if postponed || self.under_way.contains(&order) {
			return Ok(());
		}
		let has_key = self.key_trees.get(&dataset.0).is_some();
		if !has_key && !self.key_trees.is_wanted(&dataset.0) {
			return Ok(());
		}
		let details = head.dataset(&dataset.0).await?.context("an order's data set is missing")?;
		if details.key_agent != Some(self.account()) || details.erased {
			return Ok(());
		}
		match self.attempt(head, &dataset.0, details, &order.0).await {
			Ok(Attempt::Submitted(submission)) => {
				self.under_way.insert(order);
				self.deliveries.spawn(async move {
					let outcome = submission.finalized().await;
					(order, outcome.map(drop).map_err(|error| error.to_string()))
				});
			},
			Ok(Attempt::Waits) => (),
			Ok(Attempt::Skipped) => {
				// Looked at again, should it come to wait longer than that.
				self.postponed.insert(order, u64::MAX);
			},
			Err(error) => self.postpone(order, &format!("{error:#}"), head.number()),
		}
		Ok(())
	}

	async fn attempt(
		&mut self,
		head: &BlockClient,
		dataset: &Hash,
		details: Dataset,
		id: &Hash,
	) -> anyhow::Result<Attempt> {
		let Some(order) = head.order(id).await? else {
			return Ok(Attempt::Skipped);
		};
		let subscription = head.subscription(id).await?;
		// The chain would refuse it, for a fee.
		let maximum_age =
			subscription.as_ref().and_then(|subscription| subscription.maximum_verdict_age);
		if head.distrust(dataset, maximum_age).await?.is_some() {
			return Ok(Attempt::Waits);
		}
		if !may_read(head, &order.beneficiary, dataset).await? {
			return Ok(Attempt::Waits);
		}
		let batches = match order.state {
			OrderState::AwaitingDelivery if u64::from(order.deliver_by) > head.number() => {
				order.range.batches
			},
			OrderState::Delivered { settle_after } => {
				let Some(subscription) = subscription else {
					return Ok(Attempt::Skipped);
				};
				if !has_time_for_instalment(&subscription, settle_after, head.number()) {
					return Ok(Attempt::Waits);
				}
				if is_frozen(head, id).await? {
					return Ok(Attempt::Waits);
				}
				// An instalment must be of all there is when it comes.
				let best = self.submitter.chain().best().await?;
				let present = on_offer(&best, dataset, maximum_age).await?;
				if present <= order.range.batches {
					return Ok(Attempt::Waits);
				}
				present
			},
			OrderState::AwaitingDelivery => return Ok(Attempt::Skipped),
			_ => return Ok(Attempt::Waits),
		};
		let Some(tree) = self.key_trees.get(dataset) else {
			let fetch = self.fetcher.clone().fetch(head.clone(), *dataset, details);
			self.key_trees.fetch(*dataset, fetch);
			return Ok(Attempt::Waits);
		};
		let envelope = match self.seal(&tree.cover(batches), batches, id, &order) {
			Ok(envelope) => BoundedVec(envelope),
			Err(EnvelopeError::InvalidRecipient) => {
				tracing::warn!(order = ?H256(*id), "skipped: no key can be sealed for this buyer");
				return Ok(Attempt::Skipped);
			},
			Err(error) => return Err(anyhow!("the envelope cannot be sealed: {error:?}")),
		};
		let market = runtime::transactions().marketplace();
		let name = format!("deliver 0x{}", hex::encode(id));
		let submission = if order.state == OrderState::AwaitingDelivery {
			self.submitter.submit(&name, &market.deliver(H256(*id), envelope)).await?
		} else {
			let call = market.deliver_instalment(H256(*id), batches, envelope);
			self.submitter.submit(&format!("{name} up to {batches}"), &call).await?
		};
		Ok(Attempt::Submitted(submission))
	}

	fn seal(
		&self,
		cover: &msec_commitments::KeyCover,
		batches: u32,
		id: &Hash,
		order: &Order,
	) -> Result<Vec<u8>, EnvelopeError> {
		let genesis = self.submitter.chain().genesis();
		let context = OrderContext { genesis, order: *id, dataset: order.dataset.0 };
		seal_order(cover, &order.buyer_key, &context, *envelope_seed(&self.secret, id, batches))
	}

	fn end(&mut self, order: H256, outcome: Result<(), String>, head: u64) {
		self.under_way.remove(&order);
		match outcome {
			Ok(()) => {
				tracing::info!(?order, "delivered");
				metrics::counter!("msec_agent_deliveries_total").increment(1);
			},
			Err(error) => self.postpone(order, &error, head),
		}
	}

	fn postpone(&mut self, order: H256, error: &str, head: u64) {
		tracing::warn!(?order, error, "not delivered yet");
		metrics::counter!("msec_agent_failures_total").increment(1);
		self.postponed.insert(order, head + RETRY_AFTER);
	}

	fn account(&self) -> AccountId32 {
		self.submitter.key().account_id()
	}
}

/// Whether the chain would accept an instalment after block `now`: while the subscription goes on, when the
/// delivery before can no longer be disputed, and once after its end.
fn has_time_for_instalment(subscription: &Subscription, settle_after: u32, now: u64) -> bool {
	let ends_at = subscription.ends_at;
	if now < ends_at.into() {
		return now > settle_after.into();
	}
	let deliver_by = ends_at.saturating_add(subscription.delivery_period);
	subscription.delivered_at < ends_at && now < deliver_by.into()
}

/// How many batches of a data set can be delivered: all of them, or of attested data those that its device
/// signed.
async fn on_offer(
	block: &BlockClient,
	dataset: &Hash,
	maximum_age: Option<u32>,
) -> Result<u32, ChainError> {
	Ok(match maximum_age {
		Some(_) => {
			block.attested_batches(dataset).await?.map_or(0, |attested| attested.range.batches)
		},
		None => block.dataset(dataset).await?.map_or(0, |details| details.batches),
	})
}

/// Whether a beneficiary may read for any purpose. What is posted is public for ever, even where the chain
/// refuses it.
async fn may_read(
	head: &BlockClient,
	beneficiary: &AccountId32,
	dataset: &Hash,
) -> anyhow::Result<bool> {
	for purpose in iter::once(None).chain(PURPOSES.map(|(_, purpose)| Some(purpose))) {
		let decision = head.can_access(beneficiary, dataset, Action::Read, purpose).await?;
		if matches!(decision, Decision::Allow(_)) {
			return Ok(true);
		}
	}
	Ok(false)
}

/// Whether a dispute about an order is open, so that it takes no instalment.
async fn is_frozen(head: &BlockClient, order: &Hash) -> anyhow::Result<bool> {
	let is_open = |challenge: &Challenge| matches!(challenge.state, ChallengeState::Open { .. });
	Ok(head.complaint(order).await?.is_some() || head.challenges(order).await?.iter().any(is_open))
}

/// The secret from which an envelope is made: always the same for the same order and number of batches, and
/// never for two envelopes that differ.
fn envelope_seed(secret: &WrappingSecret, order: &Hash, batches: u32) -> Zeroizing<[u8; 32]> {
	let mut mac = Hmac::<Sha256>::new_from_slice(&*secret.to_bytes())
		.expect("a key of HMAC can have any length; qed");
	mac.update(b"m-sec envelope seed");
	mac.update(order);
	mac.update(&batches.to_le_bytes());
	Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_worker_common::{
		chain::{PeriodPrice, Rate},
		keys::{wrapping_secret, Suite},
	};

	#[test]
	fn the_seed_depends_on_secret_order_and_batches_only() {
		let secret = wrapping_secret(Suite::X25519, [1; 32]);
		let seed = envelope_seed(&secret, &[2; 32], 5);
		assert_eq!(seed, envelope_seed(&secret, &[2; 32], 5));
		assert_ne!(seed, envelope_seed(&secret, &[3; 32], 5));
		assert_ne!(seed, envelope_seed(&secret, &[2; 32], 6));
		assert_ne!(seed, envelope_seed(&wrapping_secret(Suite::XWing, [4; 32]), &[2; 32], 5));
	}

	#[test]
	fn instalments_come_when_they_are_accepted() {
		let pricing = PeriodPrice { price: 1, period: 50, minimum: 1, discounts: Vec::new() };
		let subscription = Subscription {
			rate: Rate::PerPeriod { pricing, periods: 2 },
			starts_at: 1,
			ends_at: 101,
			delivery_period: 10,
			maximum_verdict_age: None,
			delivered_at: 11,
			earned: 0,
			paid: 0,
		};
		let has_time = |now| has_time_for_instalment(&subscription, 31, now);
		assert_eq!(
			[31, 32, 100, 101, 110, 111].map(has_time),
			[false, true, true, true, true, false]
		);
		let last = Subscription { delivered_at: 101, ..subscription.clone() };
		assert!(!has_time_for_instalment(&last, 121, 105));
		// The delivery before may still be disputed when the last one comes.
		let just_before = Subscription { delivered_at: 99, ..subscription };
		assert!(!has_time_for_instalment(&just_before, 119, 100));
		assert!(has_time_for_instalment(&just_before, 119, 105));
	}
}
