//! What the store asks the chain.

use futures::{future::BoxFuture, FutureExt};
use msec_commitments::Hash;
use msec_worker_common::{
	chain::{
		AccessDecisions, Action, ChainClient, ChainError, Dataset, DatasetEvents, Decision, Purpose,
	},
	AccountId32,
};
use std::time::{Duration, UNIX_EPOCH};

/// Answers questions about rights and data sets.
pub trait ChainAccess: Send + Sync + 'static {
	/// Whether `subject` may do `action` with `dataset` for `purpose`, by the best and the finalized state, and
	/// the block by whose state it was decided. Fails when the chain's present state is not known.
	fn decide<'a>(
		&'a self,
		subject: &'a AccountId32,
		dataset: &'a Hash,
		action: Action,
		purpose: Option<Purpose>,
	) -> BoxFuture<'a, Result<(Decision, u64), ChainError>>;

	/// The data set in the best state.
	fn dataset<'a>(
		&'a self,
		dataset: &'a Hash,
	) -> BoxFuture<'a, Result<Option<Dataset>, ChainError>>;

	/// The data set in the finalized state.
	fn finalized_dataset<'a>(
		&'a self,
		dataset: &'a Hash,
	) -> BoxFuture<'a, Result<Option<Dataset>, ChainError>>;

	/// Height of the last finalized block.
	fn finalized_block(&self) -> BoxFuture<'_, Result<u64, ChainError>>;

	/// When the last finalized block was made, in milliseconds since 1970.
	fn finalized_time(&self) -> BoxFuture<'_, Result<u64, ChainError>>;

	/// What happened to data sets in a finalized block.
	fn dataset_events(&self, block: u64) -> BoxFuture<'_, Result<DatasetEvents, ChainError>>;
}

/// The chain itself, through a node.
pub struct NodeAccess {
	chain: ChainClient,
	decisions: AccessDecisions,
}

impl NodeAccess {
	/// Asks through `chain`, as long as its best block is not older than `max_head_age`.
	pub fn new(chain: ChainClient, max_head_age: Duration) -> Self {
		Self { decisions: AccessDecisions::new(chain.clone(), max_head_age), chain }
	}
}

impl ChainAccess for NodeAccess {
	fn decide<'a>(
		&'a self,
		subject: &'a AccountId32,
		dataset: &'a Hash,
		action: Action,
		purpose: Option<Purpose>,
	) -> BoxFuture<'a, Result<(Decision, u64), ChainError>> {
		self.decisions.decide(subject, dataset, action, purpose).boxed()
	}

	fn dataset<'a>(
		&'a self,
		dataset: &'a Hash,
	) -> BoxFuture<'a, Result<Option<Dataset>, ChainError>> {
		self.decisions.dataset(dataset).boxed()
	}

	fn finalized_dataset<'a>(
		&'a self,
		dataset: &'a Hash,
	) -> BoxFuture<'a, Result<Option<Dataset>, ChainError>> {
		async { self.chain.finalized().await?.dataset(dataset).await }.boxed()
	}

	fn finalized_block(&self) -> BoxFuture<'_, Result<u64, ChainError>> {
		async { Ok(self.chain.finalized().await?.number()) }.boxed()
	}

	fn finalized_time(&self) -> BoxFuture<'_, Result<u64, ChainError>> {
		async {
			let time = self.chain.finalized().await?.time().await?;
			let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
			Ok(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
		}
		.boxed()
	}

	fn dataset_events(&self, block: u64) -> BoxFuture<'_, Result<DatasetEvents, ChainError>> {
		async move { self.chain.at_number(block).await?.dataset_events().await }.boxed()
	}
}
