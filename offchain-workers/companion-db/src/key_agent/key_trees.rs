//! The key trees of data sets, fetched from their stores and kept in memory.
//!
//! Stores are strangers, and slow ones must not hold up the orders of others: trees are fetched in the
//! background, many at a time, and the longer a data set's stores fail, the more rarely they are asked.

use anyhow::{anyhow, Context};
use futures::stream::{FuturesUnordered, StreamExt};
use msec_commitments::{wrapping::unwrap, Hash, KeyTree, WrappingSecret};
use msec_worker_common::{
	chain::{BlockClient, Dataset},
	keys::AccountKey,
	store_client::StoreClient,
	AccountId32,
};
use std::{
	collections::{HashMap, HashSet},
	future::Future,
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::{sync::Semaphore, task::JoinSet};

/// How many key trees are kept in memory. They are wiped when they are dropped.
const CAPACITY: usize = 1024;
/// How many key trees are fetched at the same time.
const MAX_FETCHES: usize = 256;
/// Longest that the stores of a data set may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// For how long a data set's stores are not asked again after they failed once; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// Longest such pause: much shorter than what owners usually have to deliver.
const MAX_PAUSE: Duration = Duration::from_secs(240);

/// The key trees that are known, and those that are sought.
pub struct KeyTrees {
	known: HashMap<Hash, KeyTree>,
	sought: HashSet<Hash>,
	failed: HashMap<Hash, Failure>,
	fetches: JoinSet<(Hash, anyhow::Result<KeyTree>)>,
	places: Arc<Semaphore>,
}

/// How often a data set's stores failed, and when they are asked again.
struct Failure {
	times: u32,
	until: Instant,
}

impl KeyTrees {
	pub fn new() -> Self {
		Self {
			known: HashMap::new(),
			sought: HashSet::new(),
			failed: HashMap::new(),
			fetches: JoinSet::new(),
			places: Arc::new(Semaphore::new(MAX_FETCHES)),
		}
	}

	/// The key tree of a data set, when it is known.
	pub fn get(&self, id: &Hash) -> Option<&KeyTree> {
		self.known.get(id)
	}

	/// Whether [`Self::fetch`] would begin something: the tree is not known, and neither is it sought
	/// already nor have its stores failed just now.
	pub fn is_wanted(&self, id: &Hash) -> bool {
		let pauses = self.failed.get(id).is_some_and(|failure| Instant::now() < failure.until);
		!pauses && !self.known.contains_key(id) && !self.sought.contains(id)
	}

	/// Begins to fetch the key tree of a data set by `fetch`, as soon as there is a place.
	pub fn fetch(
		&mut self,
		id: Hash,
		fetch: impl Future<Output = anyhow::Result<KeyTree>> + Send + 'static,
	) {
		if !self.is_wanted(&id) {
			return;
		}
		self.sought.insert(id);
		let places = self.places.clone();
		self.fetches.spawn(async move {
			let _place = places.acquire_owned().await;
			let fetched = tokio::time::timeout(PATIENCE, fetch).await;
			(id, fetched.unwrap_or_else(|_| Err(anyhow!("its stores take too long"))))
		});
	}

	/// Waits until something that was sought is found, or was sought in vain; `None` when nothing is
	/// sought. Nothing is lost when the wait is given up.
	pub async fn next(&mut self) -> Option<(Hash, anyhow::Result<()>)> {
		let Ok((id, fetched)) = self.fetches.join_next().await? else {
			// Only a task that panicked or was cancelled ends so, and there are none.
			return None;
		};
		self.sought.remove(&id);
		let outcome = match fetched {
			Ok(tree) => {
				self.failed.remove(&id);
				if self.known.len() >= CAPACITY {
					self.known.clear();
				}
				self.known.insert(id, tree);
				Ok(())
			},
			Err(error) => {
				let times = self.failed.get(&id).map_or(0, |failure| failure.times);
				let failure = Failure {
					times: times.saturating_add(1),
					until: Instant::now() + pause(times),
				};
				self.failed.insert(id, failure);
				Err(error)
			},
		};
		Some((id, outcome))
	}

	/// Forgets data sets for which `keep` says no.
	pub fn retain(&mut self, keep: impl Fn(&Hash) -> bool) {
		self.known.retain(|id, _| keep(id));
		self.failed.retain(|id, _| keep(id));
	}
}

/// For how long stores are not asked that failed `times` times before.
fn pause(times: u32) -> Duration {
	FIRST_PAUSE.saturating_mul(2u32.saturating_pow(times)).min(MAX_PAUSE)
}

/// Fetches key trees from stores.
#[derive(Clone)]
pub struct Fetcher {
	genesis: Hash,
	account: Arc<AccountKey>,
	secret: WrappingSecret,
}

impl Fetcher {
	pub fn new(genesis: Hash, account: Arc<AccountKey>, secret: WrappingSecret) -> Self {
		Self { genesis, account, secret }
	}

	/// The key tree of a data set, from the first of its stores that answers with it.
	pub async fn fetch(
		self,
		block: BlockClient,
		id: Hash,
		dataset: Dataset,
	) -> anyhow::Result<KeyTree> {
		let mut stores = Vec::new();
		for operator in &dataset.stores {
			if let Some(store) = block.store(operator).await? {
				stores.push((*operator, store.endpoint));
			}
		}
		self.fetch_from(&stores, &id).await
	}

	async fn fetch_from(
		&self,
		stores: &[(AccountId32, String)],
		id: &Hash,
	) -> anyhow::Result<KeyTree> {
		let mut answers: FuturesUnordered<_> = stores
			.iter()
			.map(|(operator, endpoint)| async move {
				let tree = self.ask(operator, endpoint, id).await;
				tree.with_context(|| format!("the store of {operator}"))
			})
			.collect();
		let mut faults = Vec::new();
		while let Some(answer) = answers.next().await {
			match answer {
				Ok(tree) => return Ok(tree),
				Err(error) => faults.push(format!("{error:#}")),
			}
		}
		match faults.is_empty() {
			true => Err(anyhow!("none of its stores is registered")),
			false => Err(anyhow!(faults.join("; "))),
		}
	}

	async fn ask(
		&self,
		operator: &AccountId32,
		endpoint: &str,
		id: &Hash,
	) -> anyhow::Result<KeyTree> {
		let client = StoreClient::new(endpoint, operator, self.account.clone())?;
		let wrapped = client.key(id, &self.account.account_id()).await?;
		unwrap(&wrapped, &self.secret, &self.genesis, id)
			.map_err(|error| anyhow!("its wrapped key does not open: {error:?}"))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_commitments::wrapping::wrap;
	use msec_worker_common::keys::{wrapping_secret, Suite};
	use std::future::{pending, ready};
	use tokio::{
		io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
		net::TcpListener,
	};

	const DATASET: Hash = [7; 32];

	fn tree() -> KeyTree {
		KeyTree::from_seed([1; 32])
	}

	fn number(number: usize) -> Hash {
		let mut id = [0; 32];
		id[..8].copy_from_slice(&number.to_le_bytes());
		id
	}

	#[tokio::test]
	async fn stores_that_never_answer_hold_up_nobody_else() {
		let mut trees = KeyTrees::new();
		for silent in 1..MAX_FETCHES {
			trees.fetch(number(silent), pending());
		}
		trees.fetch(DATASET, ready(Ok(tree())));
		assert!(!trees.is_wanted(&DATASET) && trees.get(&DATASET).is_none());
		let (id, outcome) = trees.next().await.unwrap();
		assert_eq!(id, DATASET);
		outcome.unwrap();
		assert!(trees.get(&DATASET) == Some(&tree()));
		assert!(!trees.is_wanted(&number(1)), "it is sought");
	}

	#[tokio::test]
	async fn places_come_back() {
		let mut trees = KeyTrees::new();
		for failing in 0..2 * MAX_FETCHES {
			trees.fetch(number(failing), ready(Err(anyhow!("no"))));
		}
		trees.fetch(DATASET, ready(Ok(tree())));
		let mut found = 0;
		while let Some((id, outcome)) = trees.next().await {
			assert_eq!(outcome.is_ok(), id == DATASET);
			found += 1;
		}
		assert_eq!(found, 2 * MAX_FETCHES + 1);
	}

	#[tokio::test]
	async fn failing_stores_are_asked_more_and_more_rarely() {
		let mut trees = KeyTrees::new();
		let mut times = 0;
		for _ in 0..2 {
			trees.fetch(DATASET, ready(Err(anyhow!("no"))));
			assert!(trees.next().await.unwrap().1.is_err());
			assert!(!trees.is_wanted(&DATASET));
			let failure = trees.failed.get_mut(&DATASET).unwrap();
			times += 1;
			assert_eq!(failure.times, times);
			failure.until = Instant::now();
			assert!(trees.is_wanted(&DATASET));
		}
		assert_eq!(
			[0, 1, 2, 3, 4, u32::MAX].map(|times| pause(times).as_secs()),
			[30, 60, 120, 240, 240, 240]
		);
		trees.retain(|_| false);
		assert!(trees.failed.is_empty());
	}

	/// A store that takes connections and says `answer` to each request, or nothing at all.
	async fn store(answer: Option<Vec<u8>>) -> String {
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let endpoint = format!("http://{}", listener.local_addr().unwrap());
		tokio::spawn(async move {
			let mut silent = Vec::new();
			while let Ok((mut connection, _)) = listener.accept().await {
				let Some(answer) = &answer else {
					silent.push(connection);
					continue;
				};
				let (reader, mut writer) = connection.split();
				let mut lines = BufReader::new(reader).lines();
				while lines.next_line().await.unwrap().is_some_and(|line| !line.is_empty()) {}
				let head = format!(
					"HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
					answer.len()
				);
				writer.write_all(&[head.as_bytes(), answer].concat()).await.unwrap();
			}
		});
		endpoint
	}

	#[tokio::test]
	async fn the_first_store_that_has_the_key_is_enough() {
		let secret = wrapping_secret(Suite::XWing, [5; 32]);
		let recipient = secret.public_key();
		let wrapped = wrap(&tree(), &recipient, &[0; 32], &DATASET, [1; 32]).unwrap();
		let endpoints =
			[store(None).await, store(Some(b"no key".to_vec())).await, store(Some(wrapped)).await];
		let stores: Vec<_> = (1..).map(|number| AccountId32([number; 32])).zip(endpoints).collect();
		let account = Arc::new(AccountKey::from_seed(&[2; 32]));
		let fetcher = Fetcher::new([0; 32], account, secret);
		let found = tokio::time::timeout(PATIENCE, fetcher.fetch_from(&stores, &DATASET)).await;
		assert!(found.unwrap().unwrap() == tree());
		let error = fetcher.fetch_from(&stores[1..2], &DATASET).await.err().unwrap().to_string();
		assert!(error.contains("does not open"), "{error}");
	}
}
