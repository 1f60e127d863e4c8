//! The handle by which calls are submitted.

use super::{
	outbox::{Done, Outbox},
	worker::{Command, Worker},
	TransactionError,
};
use crate::{
	chain::{ChainClient, Config},
	keys::AccountKey,
	H256,
};
use std::{fmt, path::Path, sync::Arc};
use subxt::{
	config::DefaultExtrinsicParamsBuilder, extrinsics::ExtrinsicEvents, transactions::Payload,
};
use tokio::sync::{mpsc, oneshot};

/// How many submissions may wait to be written down.
const QUEUE: usize = 64;

/// How a transaction ended, once it is finalized.
pub(super) type Outcome = Result<FinalizedTransaction, TransactionError>;

/// Submits the transactions of one account. Clones share the outbox; the task behind it ends with the
/// last clone.
#[derive(Clone)]
pub struct Submitter {
	chain: ChainClient,
	key: Arc<AccountKey>,
	commands: mpsc::Sender<Command>,
}

/// A transaction that took effect.
#[derive(Clone)]
pub struct FinalizedTransaction {
	/// Hash of its block.
	pub block_hash: H256,
	/// Height of its block.
	pub block_number: u64,
	/// Its hash.
	pub transaction_hash: H256,
	/// What it emitted; `None` when it took effect before this submission, so long ago that the node no
	/// longer has its events.
	pub events: Option<Arc<ExtrinsicEvents<Config>>>,
}

impl fmt::Debug for FinalizedTransaction {
	fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(formatter, "{:?} in block {}", self.transaction_hash, self.block_number)
	}
}

impl FinalizedTransaction {
	pub(super) fn new(done: &Done, events: Option<ExtrinsicEvents<Config>>) -> Self {
		Self {
			block_hash: H256(done.block_hash),
			block_number: done.block_number,
			transaction_hash: H256(done.transaction_hash),
			events: events.map(Arc::new),
		}
	}

	/// The first event of a kind, such as `runtime::marketplace::events::OrderOpened`.
	pub fn event<E: subxt::events::DecodeAsEvent>(&self) -> Option<E> {
		self.events.as_ref()?.find_first::<E>()?.ok()
	}
}

/// A call that is written down and will take effect or fail, whether or not anybody waits.
pub struct Submission(oneshot::Receiver<Outcome>);

impl Submission {
	/// Waits until the call is finalized.
	pub async fn finalized(self) -> Result<FinalizedTransaction, TransactionError> {
		self.0.await.map_err(|_| TransactionError::Stopped)?
	}
}

impl Submitter {
	/// Opens the outbox at `path`, takes up what is pending there, and starts the task that sends it.
	/// Needs a tokio runtime.
	pub fn open(
		path: &Path,
		chain: ChainClient,
		key: Arc<AccountKey>,
	) -> Result<Self, TransactionError> {
		let outbox = Outbox::open(path, &chain.genesis(), &key.public())?;
		let (commands, receiver) = mpsc::channel(QUEUE);
		let worker = Worker::new(chain.clone(), key.clone(), outbox)?;
		tokio::spawn(worker.run(receiver));
		Ok(Self { chain, key, commands })
	}

	/// Writes `call` down under `idempotency_key` and sends it.
	///
	/// When a call with this key is pending, this waits for that one; when it took effect before, the
	/// submission resolves at once; when it failed, it is tried again.
	pub async fn submit<Call: Payload>(
		&self,
		idempotency_key: &str,
		call: &Call,
	) -> Result<Submission, TransactionError> {
		let at = self.chain.finalized().await?;
		let transactions = at.inner().transactions();
		transactions.validate(call).map_err(encoding)?;
		let (accepted, written) = oneshot::channel();
		let (outcome, submission) = oneshot::channel();
		let command = Command {
			key: idempotency_key.to_owned(),
			call: transactions.call_data(call).map_err(encoding)?,
			transaction_version: at.inner().transaction_version(),
			accepted,
			outcome,
		};
		self.commands.send(command).await.map_err(|_| TransactionError::Stopped)?;
		written.await.map_err(|_| TransactionError::Stopped)??;
		Ok(Submission(submission))
	}

	/// Submits and waits until the call is finalized.
	pub async fn execute<Call: Payload>(
		&self,
		idempotency_key: &str,
		call: &Call,
	) -> Result<FinalizedTransaction, TransactionError> {
		self.submit(idempotency_key, call).await?.finalized().await
	}

	/// What the call would cost in fees now, in the smallest unit. Nothing is sent.
	pub async fn estimate_fee<Call: Payload>(&self, call: &Call) -> Result<u128, TransactionError> {
		let at = self.chain.finalized().await?;
		let parameters = DefaultExtrinsicParamsBuilder::<Config>::new().build();
		let signed = at
			.inner()
			.transactions()
			.create_signable_offline(call, parameters)
			.and_then(|mut signable| signable.sign(&*self.key))
			.map_err(encoding)?;
		let fee = crate::chain::within(signed.partial_fee_estimate()).await?;
		Ok(fee)
	}

	/// Who signs.
	pub fn key(&self) -> &Arc<AccountKey> {
		&self.key
	}

	/// The chain that calls are sent to.
	pub fn chain(&self) -> &ChainClient {
		&self.chain
	}
}

pub(super) fn encoding(error: impl ToString) -> TransactionError {
	TransactionError::Encoding(error.to_string())
}
