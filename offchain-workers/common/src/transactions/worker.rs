//! The task that signs, sends and watches.

use super::{
	outbox::{Done, Outbox, Pending, Signed},
	submitter::{encoding, FinalizedTransaction, Outcome},
	TransactionError, MORTALITY,
};
use crate::{
	chain::{within, BlockClient, ChainClient, ChainError, Config},
	keys::AccountKey,
};
use msec_commitments::Hash;
use std::{
	collections::{BTreeMap, HashMap},
	sync::Arc,
	time::Duration,
};
use subxt::{
	config::{substrate::BlakeTwo256, DefaultExtrinsicParamsBuilder, Hasher},
	error::DispatchError,
	extrinsics::ExtrinsicEvents,
	rpcs,
};
use tokio::{
	sync::{mpsc, oneshot},
	time::MissedTickBehavior,
};

/// How often the node is asked for its last finalized block.
const POLL: Duration = Duration::from_millis(500);
/// After how many finalized blocks the same bytes are sent again.
const RESEND_AFTER: u64 = 4;

/// A submission on its way to the task.
pub(super) struct Command {
	pub key: String,
	pub call: Vec<u8>,
	pub transaction_version: u32,
	/// Answered when the call is written down.
	pub accepted: oneshot::Sender<Result<(), TransactionError>>,
	/// Answered when it is finalized.
	pub outcome: oneshot::Sender<Outcome>,
}

struct Entry {
	pending: Pending,
	waiting: Vec<oneshot::Sender<Outcome>>,
	/// Height of the last finalized block when the bytes were sent last.
	sent_at: Option<u64>,
	/// Whether a node may have taken the present bytes.
	maybe_taken: bool,
}

pub(super) struct Worker {
	chain: ChainClient,
	key: Arc<AccountKey>,
	outbox: Outbox,
	entries: BTreeMap<String, Entry>,
	/// The last block that was compared with what is pending.
	compared: Option<u64>,
}

impl Worker {
	pub fn new(
		chain: ChainClient,
		key: Arc<AccountKey>,
		outbox: Outbox,
	) -> Result<Self, TransactionError> {
		let entries: BTreeMap<_, _> = outbox
			.pending()?
			.into_iter()
			.map(|(key, pending)| {
				let entry =
					Entry { pending, waiting: Vec::new(), sent_at: None, maybe_taken: true };
				(key, entry)
			})
			.collect();
		let births = entries.values().filter_map(|entry| entry.pending.signed.as_ref());
		let compared = births.map(|signed| signed.birth).min();
		Ok(Self { chain, key, outbox, entries, compared })
	}

	/// Runs until every [`super::Submitter`] is gone.
	pub async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
		let mut poll = tokio::time::interval(POLL);
		poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
		loop {
			let progress = tokio::select! {
				command = commands.recv() => match command {
					Some(command) => self.take(command).await,
					None => return,
				},
				_ = poll.tick() => self.advance().await,
			};
			if let Err(error) = progress {
				tracing::warn!(%error, "transactions wait");
			}
		}
	}

	/// Writes a submission down, then signs and sends it.
	async fn take(&mut self, command: Command) -> Result<(), TransactionError> {
		let Command { key, call, transaction_version, accepted, outcome } = command;
		if let Some(entry) = self.entries.get_mut(&key) {
			let written = if entry.pending.call == call {
				entry.waiting.push(outcome);
				Ok(())
			} else {
				Err(TransactionError::KeyInUse(key))
			};
			let _ = accepted.send(written);
			return Ok(());
		}
		match self.write_down(&key, call, transaction_version) {
			Ok(Some(done)) => {
				let _ = accepted.send(Ok(()));
				let _ = outcome.send(self.outcome_again(&done).await);
				Ok(())
			},
			Ok(None) => {
				let _ = accepted.send(Ok(()));
				if let Some(entry) = self.entries.get_mut(&key) {
					entry.waiting.push(outcome);
				}
				let head = self.chain.finalized().await?;
				self.compared.get_or_insert(head.number());
				self.sign_and_send(&key, &head).await
			},
			Err(error) => {
				let _ = accepted.send(Err(error));
				Ok(())
			},
		}
	}

	/// Makes a call pending, unless it took effect before.
	fn write_down(
		&mut self,
		key: &str,
		call: Vec<u8>,
		transaction_version: u32,
	) -> Result<Option<Done>, TransactionError> {
		if let Some(done) = self.outbox.done(key)? {
			return Ok(Some(done));
		}
		let pending = Pending { call, transaction_version, signed: None };
		self.outbox.put(key, &pending)?;
		let entry = Entry { pending, waiting: Vec::new(), sent_at: None, maybe_taken: false };
		self.entries.insert(key.to_owned(), entry);
		Ok(None)
	}

	/// Compares newly finalized blocks with what is pending, then sends what is not there yet.
	async fn advance(&mut self) -> Result<(), TransactionError> {
		if self.entries.is_empty() {
			self.compared = None;
			return Ok(());
		}
		let head = self.chain.finalized().await?;
		let compared = self.compared.unwrap_or(head.number());
		for number in compared + 1..=head.number() {
			self.compare(number).await?;
			self.compared = Some(number);
		}
		self.compared.get_or_insert(head.number());
		self.send_what_waits(&head).await
	}

	/// Ends every pending transaction that is in the finalized block of this height.
	async fn compare(&mut self, number: u64) -> Result<(), TransactionError> {
		let wanted: HashMap<Hash, String> = self
			.entries
			.iter()
			.filter_map(|(key, entry)| Some((entry.pending.signed.as_ref()?.hash, key.clone())))
			.collect();
		if wanted.is_empty() {
			return Ok(());
		}
		// A node keeps the bodies of blocks whose state it has pruned.
		let (block_hash, transactions) = self.chain.body(number).await?;
		for transaction in transactions {
			let transaction_hash = BlakeTwo256.hash(&transaction).0;
			let Some(key) = wanted.get(&transaction_hash) else { continue };
			let done = Done {
				block_hash: block_hash.0,
				block_number: number,
				transaction_hash,
				success_known: true,
			};
			match self.outcome(&done).await {
				Ok(outcome) => self.end(key, outcome.is_ok().then_some(&done), outcome)?,
				Err(error) if error.is_pruned() => {
					let done = Done { success_known: false, ..done };
					self.end(key, Some(&done), Err(unknown(&done)))?;
				},
				Err(error) => return Err(error.into()),
			}
		}
		Ok(())
	}

	/// How a transaction ended that is in a finalized block.
	async fn outcome(&self, done: &Done) -> Result<Outcome, ChainError> {
		let block = self.chain.at(done.block_hash.into()).await?;
		Ok(outcome_of(&block, done, self.events(done).await?))
	}

	/// Sends again what was sent some time ago, and signs anew what can no longer be included.
	async fn send_what_waits(&mut self, head: &BlockClient) -> Result<(), TransactionError> {
		let transactions = head.inner().transactions();
		let used_nonces = within(transactions.account_nonce(&self.key.account_id())).await?;
		let keys: Vec<String> = self.entries.keys().cloned().collect();
		for key in keys {
			let Some(entry) = self.entries.get(&key) else { continue };
			let spec_version = head.inner().spec_version();
			match &entry.pending.signed {
				Some(signed) if !is_dead(signed, head.number(), used_nonces, spec_version) => {
					let due = entry.sent_at.is_none_or(|at| head.number() >= at + RESEND_AFTER);
					if due {
						self.send(&key, head.number()).await?;
					}
				},
				_ => self.sign_and_send(&key, head).await?,
			}
		}
		Ok(())
	}

	async fn sign_and_send(
		&mut self,
		key: &str,
		head: &BlockClient,
	) -> Result<(), TransactionError> {
		let nonce = self.free_nonce(key).await?;
		let Some(entry) = self.entries.get_mut(key) else {
			return Ok(());
		};
		match sign(&self.key, &entry.pending, head, nonce) {
			Ok(signed) => {
				entry.pending.signed = Some(signed);
				entry.maybe_taken = false;
				self.outbox.put(key, &entry.pending)?;
				self.send(key, head.number()).await
			},
			Err(error) => self.end(key, None, Err(error)),
		}
	}

	/// The lowest nonce that neither the node's pool nor another pending transaction uses.
	async fn free_nonce(&self, key: &str) -> Result<u64, TransactionError> {
		let account = self.key.account_id();
		let first = within(self.chain.rpc().system_account_next_index(&account)).await?;
		let others: Vec<u64> = self
			.entries
			.iter()
			.filter(|(other, _)| *other != key)
			.filter_map(|(_, entry)| Some(entry.pending.signed.as_ref()?.nonce))
			.collect();
		Ok((first..).find(|nonce| !others.contains(nonce)).unwrap_or(first))
	}

	async fn send(&mut self, key: &str, head: u64) -> Result<(), TransactionError> {
		let Some(entry) = self.entries.get_mut(key) else {
			return Ok(());
		};
		let Some(signed) = &entry.pending.signed else {
			return Ok(());
		};
		entry.sent_at = Some(head);
		match within(self.chain.rpc().author_submit_extrinsic(&signed.bytes)).await {
			Ok(_) => {
				entry.maybe_taken = true;
				Ok(())
			},
			Err(ChainError::Node(error)) => match judge(&error) {
				Judgement::Rejected(reason) if !entry.maybe_taken => {
					self.end(key, None, Err(TransactionError::Rejected(reason)))
				},
				Judgement::Rejected(reason) | Judgement::Wait(reason) => {
					tracing::debug!(key, reason, "the node does not take the transaction now");
					entry.maybe_taken = true;
					Ok(())
				},
			},
			Err(error) => {
				// It may have arrived although no answer came back.
				entry.maybe_taken = true;
				Err(error.into())
			},
		}
	}

	fn end(
		&mut self,
		key: &str,
		done: Option<&Done>,
		outcome: Outcome,
	) -> Result<(), TransactionError> {
		self.outbox.end(key, done)?;
		if let Some(entry) = self.entries.remove(key) {
			for waiting in entry.waiting {
				let _ = waiting.send(outcome.clone());
			}
		}
		Ok(())
	}

	/// How a call ended that was finalized before.
	async fn outcome_again(&self, done: &Done) -> Outcome {
		if !done.success_known {
			return Err(unknown(done));
		}
		Ok(FinalizedTransaction::new(done, self.events(done).await.ok()))
	}

	/// The events of a transaction that was finalized before.
	async fn events(&self, done: &Done) -> Result<ExtrinsicEvents<Config>, ChainError> {
		let block = self.chain.at(done.block_hash.into()).await?;
		let extrinsics = within(block.inner().extrinsics().fetch()).await?;
		let extrinsic = extrinsics
			.iter()
			.flatten()
			.find(|extrinsic| extrinsic.hash().0 == done.transaction_hash)
			.ok_or(ChainError::InvalidAnswer("a transaction is no longer in its block"))?;
		within(extrinsic.events()).await
	}
}

/// Whether no block after the finalized one at `head` can include the transaction.
fn is_dead(signed: &Signed, head: u64, used_nonces: u64, spec_version: u32) -> bool {
	head + 1 >= signed.death || used_nonces > signed.nonce || spec_version != signed.spec_version
}

fn sign(
	key: &AccountKey,
	pending: &Pending,
	head: &BlockClient,
	nonce: u64,
) -> Result<Signed, TransactionError> {
	if head.inner().transaction_version() != pending.transaction_version {
		return Err(encoding("the chain's runtime encodes calls differently now"));
	}
	let transactions = head.inner().transactions();
	let call = transactions.from_call_data_bytes(&pending.call).map_err(encoding)?;
	let parameters = DefaultExtrinsicParamsBuilder::<Config>::new()
		.nonce(nonce)
		.mortal_from_unchecked(MORTALITY, head.number(), head.hash())
		.build();
	let signed = transactions
		.create_signable_offline(&call, parameters)
		.and_then(|mut signable| signable.sign(key))
		.map_err(encoding)?;
	Ok(Signed {
		hash: head.inner().hasher().hash(signed.encoded()).0,
		bytes: signed.into_encoded(),
		nonce,
		birth: head.number(),
		death: head.number() + MORTALITY,
		spec_version: head.inner().spec_version(),
	})
}

fn outcome_of(block: &BlockClient, done: &Done, events: ExtrinsicEvents<Config>) -> Outcome {
	let failure = events
		.iter()
		.flatten()
		.find(|event| event.pallet_name() == "System" && event.event_name() == "ExtrinsicFailed");
	let Some(failure) = failure else {
		return Ok(FinalizedTransaction::new(done, Some(events)));
	};
	Err(match DispatchError::decode_from(failure.field_bytes(), block.inner().metadata()) {
		Ok(DispatchError::Module(error)) => module_error(&error),
		Ok(error) => TransactionError::Failed { name: "Failed".into(), docs: error.to_string() },
		Err(error) => TransactionError::Failed { name: "Failed".into(), docs: error.to_string() },
	})
}

fn module_error(error: &subxt::error::ModuleError) -> TransactionError {
	let docs = error.details().map(|details| details.variant.docs.join(" ")).unwrap_or_default();
	TransactionError::Failed { name: error.details_string(), docs: docs.trim().to_owned() }
}

fn unknown(done: &Done) -> TransactionError {
	TransactionError::OutcomeUnknown(done.block_number)
}

/// What a node's refusal means.
#[derive(Debug, PartialEq, Eq)]
enum Judgement {
	/// It may be in the pool, in a block, or welcome later.
	Wait(String),
	/// It will not be included as it is.
	Rejected(String),
}

/// The node refuses with code 1010 what it finds invalid and says why in `data`.
fn judge(error: &subxt::Error) -> Judgement {
	const INVALID: i32 = 1010;
	const PASSING: [&str; 3] = ["outdated", "ancient birth block", "exhaust"];
	let subxt::Error::OtherRpcClientError(rpcs::Error::User(error)) = error else {
		return Judgement::Wait(error.to_string());
	};
	let data = error.data.as_ref().map_or("", |data| data.get().trim_matches('"'));
	let reason = if data.is_empty() { error.message.clone() } else { data.to_owned() };
	if error.code != INVALID || PASSING.iter().any(|passing| reason.contains(passing)) {
		Judgement::Wait(reason)
	} else {
		Judgement::Rejected(reason)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn signed(nonce: u64, birth: u64) -> Signed {
		let death = birth + MORTALITY;
		Signed { bytes: Vec::new(), hash: [0; 32], nonce, birth, death, spec_version: 1 }
	}

	fn refusal(code: i32, data: &str) -> subxt::Error {
		let data = serde_json::value::RawValue::from_string(format!("{data:?}")).unwrap();
		let error = rpcs::UserError { code, message: "message".into(), data: Some(data) };
		rpcs::Error::User(error).into()
	}

	proptest! {
		#[test]
		fn bytes_are_dead_only_when_no_later_block_can_have_them(
			birth in 0u64..1000, nonce in 0u64..100, head in 0u64..2000, used in 0u64..100,
		) {
			let signed = signed(nonce, birth);
			let next = head + 1;
			let may_be_included = next < birth + MORTALITY && used <= nonce;
			prop_assert_eq!(is_dead(&signed, head, used, 1), !may_be_included);
			prop_assert!(is_dead(&signed, head, used, 2));
		}
	}

	#[test]
	fn only_what_stays_invalid_is_rejected() {
		let wait = |code, data| matches!(judge(&refusal(code, data)), Judgement::Wait(_));
		assert!(wait(1012, "banned"));
		assert!(wait(1013, "already imported"));
		assert!(wait(1014, "priority is too low"));
		assert!(wait(1010, "Transaction is outdated"));
		assert!(wait(1010, "Transaction has an ancient birth block"));
		let reason = "Inability to pay some fees (e.g. account balance too low)";
		assert_eq!(judge(&refusal(1010, reason)), Judgement::Rejected(reason.into()));
	}
}
