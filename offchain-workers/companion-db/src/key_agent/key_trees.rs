//! The key trees of data sets, fetched from their stores and kept in memory.

use anyhow::{anyhow, Context};
use msec_commitments::{envelope::unwrap_key_tree, EnvelopeSecret, Hash, KeyTree};
use msec_worker_common::{
	chain::{BlockClient, Dataset},
	keys::AccountKey,
	store_client::StoreClient,
	AccountId32,
};
use std::{
	collections::HashMap,
	sync::Arc,
	time::{Duration, Instant},
};

/// How many key trees are kept in memory. They are wiped when they are dropped.
const CAPACITY: usize = 1024;
/// Longest that one store may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// For how long a data set's stores are not asked again after they failed.
const PAUSE: Duration = Duration::from_secs(30);

pub struct KeyTrees {
	genesis: Hash,
	account: Arc<AccountKey>,
	secret: EnvelopeSecret,
	known: HashMap<Hash, KeyTree>,
	/// Data sets that no store had the key of, so that their orders do not hold up others.
	failed: HashMap<Hash, Instant>,
}

impl KeyTrees {
	pub fn new(genesis: Hash, account: Arc<AccountKey>, secret: EnvelopeSecret) -> Self {
		Self { genesis, account, secret, known: HashMap::new(), failed: HashMap::new() }
	}

	/// The key tree of a data set, from memory or from the first of its stores that has it.
	pub async fn get(
		&mut self,
		block: &BlockClient,
		id: &Hash,
		dataset: &Dataset,
	) -> anyhow::Result<KeyTree> {
		if let Some(tree) = self.known.get(id) {
			return Ok(tree.clone());
		}
		if self.failed.get(id).is_some_and(|at| at.elapsed() < PAUSE) {
			return Err(anyhow!("its stores failed just now"));
		}
		let mut last_error = anyhow!("the data set names no store");
		for operator in &dataset.stores {
			match self.fetch(block, id, operator).await {
				Ok(tree) => {
					self.failed.remove(id);
					if self.known.len() >= CAPACITY {
						self.known.clear();
					}
					self.known.insert(*id, tree.clone());
					return Ok(tree);
				},
				Err(error) => {
					let error = error.context(format!("the store of {operator}"));
					tracing::warn!("{error:#}");
					last_error = error;
				},
			}
		}
		self.failed.insert(*id, Instant::now());
		Err(last_error)
	}

	/// Forgets data sets for which `keep` says no.
	pub fn retain(&mut self, keep: impl Fn(&Hash) -> bool) {
		self.known.retain(|id, _| keep(id));
		self.failed.retain(|id, _| keep(id));
	}

	async fn fetch(
		&self,
		block: &BlockClient,
		id: &Hash,
		operator: &AccountId32,
	) -> anyhow::Result<KeyTree> {
		let store = block.store(operator).await?.context("it is not registered any more")?;
		let client = StoreClient::new(&store.endpoint, operator, self.account.clone())?;
		let account = self.account.account_id();
		let wrapped = tokio::time::timeout(PATIENCE, client.key(id, &account))
			.await
			.context("it takes too long")??;
		unwrap_key_tree(&wrapped, &self.secret, &self.genesis, id)
			.map_err(|error| anyhow!("its wrapped key does not open: {error:?}"))
	}
}
