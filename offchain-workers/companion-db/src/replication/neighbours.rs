//! The other stores of a data set.

use super::ranges::BatchRange;
use futures::{future::BoxFuture, FutureExt};
use msec_commitments::{BatchCommitment, Hash};
use msec_worker_common::{
	batch_frame::Frame,
	chain::{ChainClient, ChainError, Dataset},
	keys::AccountKey,
	store_client::{StoreClient, StoreError, StoredBatch},
	AccountId32,
};
use std::sync::Arc;

/// Another store of a data set. What it says is not to be believed.
pub trait Replica: Send + Sync {
	/// Who runs it.
	fn operator(&self) -> AccountId32;

	/// Heads of the parts of a range.
	fn heads_of_parts(
		&self,
		dataset: Hash,
		range: BatchRange,
	) -> BoxFuture<'_, Result<Vec<Hash>, StoreError>>;

	/// Commitments of the batches of a range; `None` if it has not all of them.
	fn commitments(
		&self,
		dataset: Hash,
		range: BatchRange,
	) -> BoxFuture<'_, Result<Option<Vec<BatchCommitment>>, StoreError>>;

	/// One batch.
	fn batch(&self, dataset: Hash, batch: u32) -> BoxFuture<'_, Result<Frame, StoreError>>;
}

/// Finds the other stores of data sets.
pub trait Neighbours: Send + Sync {
	/// The other stores of a data set.
	fn of<'a>(
		&'a self,
		dataset: &'a Dataset,
	) -> BoxFuture<'a, Result<Vec<Box<dyn Replica>>, ChainError>>;
}

/// The stores that the chain knows.
pub struct NodeNeighbours {
	chain: ChainClient,
	/// Signs what is asked of them.
	key: Arc<AccountKey>,
}

impl NodeNeighbours {
	/// Asks other stores in the name of the store whose key this is.
	pub fn new(chain: ChainClient, key: Arc<AccountKey>) -> Self {
		Self { chain, key }
	}

	async fn find(&self, dataset: &Dataset) -> Result<Vec<Box<dyn Replica>>, ChainError> {
		let state = self.chain.finalized().await?;
		let own = self.key.account_id();
		let mut replicas: Vec<Box<dyn Replica>> = Vec::new();
		for operator in dataset.stores.iter().filter(|operator| **operator != own) {
			let Some(store) = state.store(operator).await? else {
				continue;
			};
			match StoreClient::new(&store.endpoint, operator, self.key.clone()) {
				Ok(client) => replicas.push(Box::new(RemoteStore { operator: *operator, client })),
				Err(error) => tracing::warn!(%operator, %error, "this store cannot be asked"),
			}
		}
		Ok(replicas)
	}
}

impl Neighbours for NodeNeighbours {
	fn of<'a>(
		&'a self,
		dataset: &'a Dataset,
	) -> BoxFuture<'a, Result<Vec<Box<dyn Replica>>, ChainError>> {
		self.find(dataset).boxed()
	}
}

/// A store that is asked over HTTP.
struct RemoteStore {
	operator: AccountId32,
	client: StoreClient,
}

impl Replica for RemoteStore {
	fn operator(&self) -> AccountId32 {
		self.operator
	}

	fn heads_of_parts(
		&self,
		dataset: Hash,
		range: BatchRange,
	) -> BoxFuture<'_, Result<Vec<Hash>, StoreError>> {
		async move { self.client.heads(&dataset, range.first(), range.height()).await }.boxed()
	}

	fn commitments(
		&self,
		dataset: Hash,
		range: BatchRange,
	) -> BoxFuture<'_, Result<Option<Vec<BatchCommitment>>, StoreError>> {
		async move {
			let page = self.client.batches(&dataset, range.first(), range.end()).await?;
			let is_whole = page.len() == range.batches() as usize
				&& page.iter().zip(range.first()..).all(|(entry, batch)| entry.batch == batch);
			let commitments = page.iter().map(StoredBatch::commitment).collect::<Option<Vec<_>>>();
			match commitments {
				None => Err(StoreError::InvalidAnswer("a root is no hash".to_owned())),
				commitments => Ok(commitments.filter(|_| is_whole)),
			}
		}
		.boxed()
	}

	fn batch(&self, dataset: Hash, batch: u32) -> BoxFuture<'_, Result<Frame, StoreError>> {
		async move { self.client.batch(&dataset, batch).await }.boxed()
	}
}
