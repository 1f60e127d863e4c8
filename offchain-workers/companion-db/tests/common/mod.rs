//! A store that runs, with decisions from a chain that exists in memory only.

use axum::Router;
use futures::{future::BoxFuture, FutureExt};
use msec_commitments::{envelope::wrap_key_tree, ChunkKey, EnvelopeSecret, Hash, KeyTree, Peaks};
use msec_companion_db::{
	access::ChainAccess,
	access_log::AccessLog,
	duties::Duties,
	erasures::Erasures,
	http::{routes, Limits, Service},
	registry::Registry,
	store::Store,
};
use msec_worker_common::{
	access_log::{start_of, DayHead},
	batch_frame::Frame,
	chain::{
		AccessLogAnchor, Action, AnchoredCertificate, Basis, ChainError, Dataset, DatasetEvents,
		Decision, Erasure, Purpose, Refusal,
	},
	keys::AccountKey,
	signature::{sign_request, BodyDigest, RequestParts, SignedHeaders, AHEAD_SECONDS},
	store_client::{Problem, StoreClient, StoreError},
	AccountId32, H256,
};
use reqwest::{Method, StatusCode};
use std::{
	collections::HashMap,
	path::Path,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc, Mutex,
	},
	time::{Duration, SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

pub const DATASET: Hash = [7; 32];
pub const GENESIS: Hash = [3; 32];
/// The day on which the log of a store that was just started is.
pub const DAY: u32 = 20_783;

/// The account that operates the store.
pub fn operator() -> AccountId32 {
	key(99).account_id()
}

#[derive(Default)]
pub struct State {
	pub stale: bool,
	pub datasets: HashMap<Hash, Dataset>,
	pub grants: Vec<(AccountId32, Action)>,
	/// Everybody may do everything for this.
	pub purpose: Option<Purpose>,
	pub anchors: Vec<AccessLogAnchor>,
	pub erasures: HashMap<Hash, Erasure>,
	/// Data sets whose time is over.
	pub expired: Vec<Hash>,
	/// Whether transactions fail.
	pub refuses: bool,
	/// When the last block was made, in milliseconds since 1970.
	pub time: u64,
	/// What happened in the blocks after [`BLOCK`].
	pub blocks: Vec<DatasetEvents>,
	/// Whether the node no longer has what happened.
	pub pruned: bool,
}

impl State {
	/// Leaves a tombstone, as the chain does.
	pub fn erase(&mut self, id: Hash) {
		let dataset = self.datasets.get_mut(&id).unwrap();
		dataset.erased = true;
		let stores = dataset.stores.drain(..).map(|store| (store, None)).collect();
		self.erasures.insert(id, Erasure { erased_at: BLOCK as u32, stores });
	}
}

/// The height of the block by which decisions are made, and of the first one that is finalized.
pub const BLOCK: u64 = 7;

#[derive(Default)]
pub struct TestChain(Mutex<State>);

impl TestChain {
	pub fn change(&self, change: impl FnOnce(&mut State)) {
		change(&mut self.0.lock().unwrap());
	}

	/// Something of the state.
	pub fn get<T>(&self, get: impl FnOnce(&State) -> T) -> T {
		get(&self.0.lock().unwrap())
	}

	fn find(&self, id: &Hash) -> Result<Option<Dataset>, ChainError> {
		Ok(self.0.lock().unwrap().datasets.get(id).cloned())
	}

	fn decision(
		&self,
		subject: &AccountId32,
		id: &Hash,
		action: Action,
		purpose: Option<Purpose>,
	) -> Decision {
		let state = self.0.lock().unwrap();
		match state.datasets.get(id) {
			None => Decision::Deny(Refusal::UnknownResource),
			Some(dataset) if dataset.erased => Decision::Deny(Refusal::Erased),
			Some(dataset) if dataset.owner == *subject => Decision::Allow(Basis::Owner),
			Some(dataset)
				if matches!(action, Action::Describe | Action::Read)
					&& dataset.key_agent == Some(*subject) =>
			{
				Decision::Allow(Basis::KeyAgent)
			},
			Some(_) if state.grants.contains(&(*subject, action)) => Decision::Allow(Basis::Grant),
			Some(_) if purpose.is_some() && purpose == state.purpose => {
				Decision::Allow(Basis::Grant)
			},
			Some(_) => Decision::Deny(Refusal::NoGrant),
		}
	}
}

impl ChainAccess for TestChain {
	fn decide<'a>(
		&'a self,
		subject: &'a AccountId32,
		dataset: &'a Hash,
		action: Action,
		purpose: Option<Purpose>,
	) -> BoxFuture<'a, Result<(Decision, u64), ChainError>> {
		let stale = self.0.lock().unwrap().stale;
		async move {
			if stale {
				return Err(ChainError::StaleHead(Duration::from_secs(60)));
			}
			Ok((self.decision(subject, dataset, action, purpose), BLOCK))
		}
		.boxed()
	}

	fn dataset<'a>(
		&'a self,
		dataset: &'a Hash,
	) -> BoxFuture<'a, Result<Option<Dataset>, ChainError>> {
		async move { self.find(dataset) }.boxed()
	}

	fn finalized_dataset<'a>(
		&'a self,
		dataset: &'a Hash,
	) -> BoxFuture<'a, Result<Option<Dataset>, ChainError>> {
		self.dataset(dataset)
	}

	fn finalized_block(&self) -> BoxFuture<'_, Result<u64, ChainError>> {
		async move { Ok(self.get(|state| BLOCK + state.blocks.len() as u64)) }.boxed()
	}

	fn finalized_time(&self) -> BoxFuture<'_, Result<u64, ChainError>> {
		async move { Ok(self.get(|state| state.time)) }.boxed()
	}

	fn dataset_events(&self, block: u64) -> BoxFuture<'_, Result<DatasetEvents, ChainError>> {
		async move {
			if self.get(|state| state.pruned) {
				return Err(ChainError::from(codec::Error::from("State already discarded")));
			}
			let position = (block - BLOCK - 1) as usize;
			Ok(self.get(|state| state.blocks[position].clone()))
		}
		.boxed()
	}
}

impl TestChain {
	/// What a transaction does, unless it fails.
	fn transact(&self, change: impl FnOnce(&mut State)) -> anyhow::Result<()> {
		let mut state = self.0.lock().unwrap();
		anyhow::ensure!(!state.refuses, "the chain is away");
		change(&mut state);
		Ok(())
	}
}

impl Registry for TestChain {
	fn anchors(&self) -> BoxFuture<'_, anyhow::Result<Vec<AccessLogAnchor>>> {
		async move { Ok(self.get(|state| state.anchors.clone())) }.boxed()
	}

	fn anchor<'a>(&'a self, head: &'a DayHead) -> BoxFuture<'a, anyhow::Result<()>> {
		async move {
			let last = self.get(|state| state.anchors.last().map(|anchor| anchor.day));
			anyhow::ensure!(last.is_none_or(|last| last < head.day), "unexpected day");
			let root = H256(head.root());
			let anchor = AccessLogAnchor { day: head.day, root, entries: head.entries };
			self.transact(|state| state.anchors.push(anchor))
		}
		.boxed()
	}

	fn erasure<'a>(&'a self, dataset: &'a Hash) -> BoxFuture<'a, anyhow::Result<Option<Erasure>>> {
		async move { Ok(self.get(|state| state.erasures.get(dataset).cloned())) }.boxed()
	}

	fn certify<'a>(
		&'a self,
		dataset: &'a Hash,
		certificate: Hash,
	) -> BoxFuture<'a, anyhow::Result<()>> {
		let anchored = AnchoredCertificate { hash: H256(certificate), at: BLOCK as u32 };
		let change = move |state: &mut State| {
			let stores = &mut state.erasures.get_mut(dataset).unwrap().stores;
			let duty = stores.iter_mut().find(|(store, _)| *store == operator()).unwrap();
			assert_eq!(duty.1.replace(anchored), None, "certified twice");
		};
		async move { self.transact(change) }.boxed()
	}

	fn retention<'a>(&'a self, dataset: &'a Hash) -> BoxFuture<'a, anyhow::Result<Option<u32>>> {
		let is_expired = self.get(|state| state.expired.contains(dataset));
		async move { Ok(is_expired.then_some(1)) }.boxed()
	}

	fn expire<'a>(&'a self, dataset: &'a Hash) -> BoxFuture<'a, anyhow::Result<()>> {
		let change = move |state: &mut State| {
			state.expired.retain(|expired| expired != dataset);
			state.erase(*dataset);
		};
		async move { self.transact(change) }.boxed()
	}
}

/// A running store with one data set.
pub struct Fixture {
	pub chain: Arc<TestChain>,
	pub erasures: Erasures,
	pub log: AccessLog,
	pub owner: Arc<AccountKey>,
	pub endpoint: String,
	pub server: JoinHandle<()>,
	pub directory: TempDir,
	/// The time of the access log, in milliseconds since 1970.
	pub time: Arc<AtomicU64>,
}

impl Drop for Fixture {
	fn drop(&mut self) {
		self.server.abort();
	}
}

impl Fixture {
	pub async fn start() -> Self {
		Self::with_limits(Limits::default()).await
	}

	pub async fn with_limits(limits: Limits) -> Self {
		Self::with_owners(limits, vec![]).await
	}

	pub async fn with_owners(limits: Limits, owners: Vec<AccountId32>) -> Self {
		let owner = key(1);
		let chain = Arc::new(TestChain::default());
		let dataset = Dataset {
			owner: owner.account_id(),
			key_agent: None,
			stores: vec![operator()],
			erased: false,
			batches: 0,
			peaks: Some(Peaks::default()),
		};
		chain.change(|state| drop(state.datasets.insert(DATASET, dataset)));
		let directory = tempfile::tempdir().unwrap();
		let erasures = erasures(Store::open(directory.path()).unwrap(), directory.path());
		let time = Arc::new(AtomicU64::new(start_of(DAY)));
		let log = open_log(directory.path(), &time);
		let (endpoint, server) = serve(&erasures, &log, &chain, limits, owners).await;
		Self { chain, erasures, log, owner, endpoint, server, directory, time }
	}

	pub fn store(&self) -> &Store {
		self.erasures.store()
	}

	/// What the store does by itself.
	pub fn duties(&self) -> Duties {
		Duties {
			erasures: self.erasures.clone(),
			log: self.log.clone(),
			chain: self.chain.clone(),
			registry: Some(self.chain.clone()),
			access_log_days: 1,
			operator: operator(),
			followed: self.directory.path().join("followed.redb"),
		}
	}

	/// Ends a day of the access log.
	pub fn pass_a_day(&self) {
		let time = self.time.fetch_add(start_of(1), Ordering::SeqCst) + start_of(1);
		self.chain.change(|state| state.time = time);
	}

	pub fn client(&self, key: &Arc<AccountKey>) -> StoreClient {
		StoreClient::new(&self.endpoint, &operator(), key.clone()).unwrap()
	}

	pub fn owner_client(&self) -> StoreClient {
		self.client(&self.owner)
	}

	pub fn change(&self, change: impl FnOnce(&mut Dataset)) {
		self.chain.change(|state| change(state.datasets.get_mut(&DATASET).unwrap()));
	}

	pub fn grant(&self, key: &AccountKey, action: Action) {
		self.chain.change(|state| state.grants.push((key.account_id(), action)));
	}

	/// Sends a request whose headers were made for something else, perhaps.
	pub async fn send(
		&self,
		method: Method,
		path: &str,
		headers: &SignedHeaders,
		body: Vec<u8>,
	) -> (StatusCode, Option<Problem>) {
		let mut request =
			reqwest::Client::new().request(method, format!("{}{path}", self.endpoint));
		for (name, value) in headers.iter() {
			request = request.header(name, value);
		}
		let response = request.body(body).send().await.unwrap();
		let status = response.status();
		let problem = response.headers().get("content-type").cloned();
		let document = response.bytes().await.unwrap();
		if status.is_success() {
			return (status, None);
		}
		assert_eq!(problem.unwrap(), "application/problem+json");
		(status, Some(serde_json::from_slice(&document).unwrap()))
	}

	/// Signs and sends.
	pub async fn signed(
		&self,
		key: &AccountKey,
		method: Method,
		path: &str,
		body: Vec<u8>,
	) -> (StatusCode, Option<Problem>) {
		let headers = sign(key, &method, path, &body);
		self.send(method, path, &headers, body).await
	}
}

/// What destroys what `store` has and certifies it as the operator.
pub fn erasures(store: Store, directory: &Path) -> Erasures {
	Erasures::open(&directory.join("erasures"), store, GENESIS, Some(key(99))).unwrap()
}

/// The access log in a store's folder, whose clock stands at `time`.
pub fn open_log(directory: &Path, time: &Arc<AtomicU64>) -> AccessLog {
	let time = time.clone();
	let clock = Arc::new(move || time.load(Ordering::SeqCst));
	AccessLog::with_clock(&directory.join("access-log"), operator(), clock).unwrap()
}

/// Serves, and returns once requests signed from now on are accepted.
pub async fn serve(
	erasures: &Erasures,
	log: &AccessLog,
	chain: &Arc<TestChain>,
	limits: Limits,
	owners: Vec<AccountId32>,
) -> (String, JoinHandle<()>) {
	let service = Service::new(erasures.clone(), log.clone(), chain.clone(), operator(), limits)
		.with_owners(owners);
	let router: Router = routes(Arc::new(service));
	let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
	let endpoint = format!("http://{}", listener.local_addr().unwrap());
	let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
	wait_until_signatures_count().await;
	(endpoint, server)
}

/// Requests that were signed before a service began are refused.
pub async fn wait_until_signatures_count() {
	let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
	let refused_until = now().as_secs() + AHEAD_SECONDS;
	tokio::time::timeout(Duration::from_secs(AHEAD_SECONDS + 5), async {
		let mut clock = tokio::time::interval(Duration::from_millis(50));
		while now().as_secs() <= refused_until {
			clock.tick().await;
		}
	})
	.await
	.unwrap();
}

pub fn key(seed: u8) -> Arc<AccountKey> {
	Arc::new(AccountKey::from_seed(&[seed; 32]))
}

pub fn frame(batch: u32, seed: u8) -> Frame {
	let chunks: Vec<_> = (0..3)
		.map(|chunk| {
			ChunkKey::from_bytes([seed.wrapping_add(chunk); 32])
				.seal(&vec![seed; 1000 + usize::from(chunk)])
				.unwrap()
		})
		.collect();
	Frame::new(batch, &chunks).unwrap()
}

pub fn sign(key: &AccountKey, method: &Method, path: &str, body: &[u8]) -> SignedHeaders {
	let (path, query) = match path.split_once('?') {
		Some((path, query)) => (path, Some(query)),
		None => (path, None),
	};
	let parts = RequestParts { method: method.as_str(), path, query };
	sign_request(key, &operator().to_string(), &parts, &BodyDigest::of(body))
}

pub fn dataset_path() -> String {
	format!("/v1/datasets/0x{}", hex::encode(DATASET))
}

pub fn batches_path() -> String {
	format!("{}/batches", dataset_path())
}

pub fn refused(error: StoreError) -> Problem {
	match error {
		StoreError::Refused(problem) => problem,
		other => panic!("{other}"),
	}
}

pub fn wrapped_key() -> Vec<u8> {
	let recipient = EnvelopeSecret::from_bytes([5; 32]).public_key();
	wrap_key_tree(&KeyTree::from_seed([6; 32]), &recipient, &[0; 32], &DATASET, [1; 32]).unwrap()
}

/// Whether a file in a folder has these bytes in it.
pub fn contains(folder: &Path, needle: &[u8]) -> bool {
	std::fs::read_dir(folder).unwrap().any(|entry| {
		let path = entry.unwrap().path();
		match path.is_dir() {
			true => contains(&path, needle),
			false => std::fs::read(&path).unwrap().windows(needle.len()).any(|part| part == needle),
		}
	})
}
