//! The store over HTTP, with decisions from a chain that exists in memory only.

use axum::Router;
use futures::{future::BoxFuture, FutureExt};
use msec_commitments::{envelope::wrap_key_tree, ChunkKey, EnvelopeSecret, Hash, KeyTree, Peaks};
use msec_companion_db::{
	access::ChainAccess,
	http::{routes, Limits, Service},
	store::Store,
	sweep::sweep,
};
use msec_worker_common::{
	batch_frame::{decode_chunk, Frame},
	chain::{Action, Basis, ChainError, Dataset, Decision, Purpose, Refusal},
	keys::AccountKey,
	signature::{sign_request, BodyDigest, RequestParts, SignedHeaders, AHEAD_SECONDS},
	store_client::{Problem, StoreClient, StoreError},
	AccountId32,
};
use reqwest::{Method, StatusCode};
use std::{
	collections::HashMap,
	sync::{Arc, Mutex},
	time::{Duration, SystemTime, UNIX_EPOCH},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

const DATASET: Hash = [7; 32];
const OPERATOR: AccountId32 = AccountId32([99; 32]);

#[derive(Default)]
struct State {
	stale: bool,
	datasets: HashMap<Hash, Dataset>,
	grants: Vec<(AccountId32, Action)>,
	/// Everybody may do everything for this.
	purpose: Option<Purpose>,
}

#[derive(Default)]
struct TestChain(Mutex<State>);

impl TestChain {
	fn change(&self, change: impl FnOnce(&mut State)) {
		change(&mut self.0.lock().unwrap());
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
	) -> BoxFuture<'a, Result<Decision, ChainError>> {
		let stale = self.0.lock().unwrap().stale;
		async move {
			if stale {
				return Err(ChainError::StaleHead(Duration::from_secs(60)));
			}
			Ok(self.decision(subject, dataset, action, purpose))
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
}

/// A running store with one data set.
struct Fixture {
	chain: Arc<TestChain>,
	store: Store,
	owner: Arc<AccountKey>,
	endpoint: String,
	server: JoinHandle<()>,
	directory: TempDir,
}

impl Drop for Fixture {
	fn drop(&mut self) {
		self.server.abort();
	}
}

impl Fixture {
	async fn start() -> Self {
		Self::with_limits(Limits::default()).await
	}

	async fn with_limits(limits: Limits) -> Self {
		Self::with_owners(limits, vec![]).await
	}

	async fn with_owners(limits: Limits, owners: Vec<AccountId32>) -> Self {
		let owner = key(1);
		let chain = Arc::new(TestChain::default());
		let dataset = Dataset {
			owner: owner.account_id(),
			key_agent: None,
			stores: vec![OPERATOR],
			erased: false,
			batches: 0,
			peaks: Some(Peaks::default()),
		};
		chain.change(|state| drop(state.datasets.insert(DATASET, dataset)));
		let directory = tempfile::tempdir().unwrap();
		let store = Store::open(directory.path()).unwrap();
		let (endpoint, server) = serve(&store, &chain, limits, owners).await;
		Self { chain, store, owner, endpoint, server, directory }
	}

	fn client(&self, key: &Arc<AccountKey>) -> StoreClient {
		StoreClient::new(&self.endpoint, &OPERATOR, key.clone()).unwrap()
	}

	fn owner_client(&self) -> StoreClient {
		self.client(&self.owner)
	}

	fn change(&self, change: impl FnOnce(&mut Dataset)) {
		self.chain.change(|state| change(state.datasets.get_mut(&DATASET).unwrap()));
	}

	fn grant(&self, key: &AccountKey, action: Action) {
		self.chain.change(|state| state.grants.push((key.account_id(), action)));
	}

	/// Sends a request whose headers were made for something else, perhaps.
	async fn send(
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
	async fn signed(
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

/// Serves, and returns once requests signed from now on are accepted.
async fn serve(
	store: &Store,
	chain: &Arc<TestChain>,
	limits: Limits,
	owners: Vec<AccountId32>,
) -> (String, JoinHandle<()>) {
	let service = Service::new(store.clone(), chain.clone(), OPERATOR, limits).with_owners(owners);
	let router: Router = routes(Arc::new(service));
	let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
	let endpoint = format!("http://{}", listener.local_addr().unwrap());
	let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
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
	(endpoint, server)
}

fn key(seed: u8) -> Arc<AccountKey> {
	Arc::new(AccountKey::from_seed(&[seed; 32]))
}

fn frame(batch: u32, seed: u8) -> Frame {
	let chunks: Vec<_> = (0..3)
		.map(|chunk| {
			ChunkKey::from_bytes([seed.wrapping_add(chunk); 32])
				.seal(&vec![seed; 1000 + usize::from(chunk)])
				.unwrap()
		})
		.collect();
	Frame::new(batch, &chunks).unwrap()
}

fn sign(key: &AccountKey, method: &Method, path: &str, body: &[u8]) -> SignedHeaders {
	let (path, query) = match path.split_once('?') {
		Some((path, query)) => (path, Some(query)),
		None => (path, None),
	};
	let parts = RequestParts { method: method.as_str(), path, query };
	sign_request(key, &OPERATOR.to_string(), &parts, &BodyDigest::of(body))
}

fn dataset_path() -> String {
	format!("/v1/datasets/0x{}", hex::encode(DATASET))
}

fn batches_path() -> String {
	format!("{}/batches", dataset_path())
}

fn refused(error: StoreError) -> Problem {
	match error {
		StoreError::Refused(problem) => problem,
		other => panic!("{other}"),
	}
}

fn wrapped_key() -> Vec<u8> {
	let recipient = EnvelopeSecret::from_bytes([5; 32]).public_key();
	wrap_key_tree(&KeyTree::from_seed([6; 32]), &recipient, &[0; 32], &DATASET, [1; 32]).unwrap()
}

#[tokio::test]
async fn what_is_uploaded_is_listed_and_comes_back() {
	let fixture = Fixture::start().await;
	let client = fixture.owner_client();
	let frames = [frame(0, 1), frame(1, 2)];
	let stored = client.upload(&DATASET, &frames).await.unwrap();
	assert_eq!(stored.len(), 2);
	for (stored, frame) in stored.iter().zip(&frames) {
		assert_eq!(stored.commitment(), Some(frame.commitment()));
		assert_eq!(stored.bytes, frame.bytes().len() as u64);
	}
	assert_eq!(client.batches(&DATASET, 0, 10).await.unwrap(), stored);
	assert_eq!(client.batches(&DATASET, 1, 10).await.unwrap(), stored[1..]);
	assert_eq!(client.batch(&DATASET, 1).await.unwrap(), frames[1]);
	let chunk = client.chunk(&DATASET, 1, 2).await.unwrap();
	assert_eq!(decode_chunk(&chunk), frames[1].chunks().nth(2));
	let status = client.dataset(&DATASET).await.unwrap();
	assert_eq!((status.batches, status.next_batch), (2, 2));
	assert!(client.batch(&DATASET, 2).await.unwrap_err().is_not_found());
	assert!(client.chunk(&DATASET, 1, 3).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn the_chain_decides_who_may_do_what() {
	let fixture = Fixture::start().await;
	fixture.owner_client().upload(&DATASET, &[frame(0, 1)]).await.unwrap();
	let (reader, stranger) = (key(2), key(3));
	fixture.grant(&reader, Action::Read);

	assert!(fixture.client(&reader).batch(&DATASET, 0).await.is_ok());
	let problem =
		refused(fixture.client(&reader).upload(&DATASET, &[frame(1, 1)]).await.unwrap_err());
	assert_eq!((problem.status, problem.refusal.as_deref()), (403, Some("NoGrant")));
	let problem = refused(fixture.client(&stranger).batch(&DATASET, 0).await.unwrap_err());
	assert_eq!((problem.status, problem.refusal.as_deref()), (403, Some("NoGrant")));
	let problem = refused(fixture.client(&stranger).batch(&[0; 32], 0).await.unwrap_err());
	assert_eq!((problem.status, problem.refusal.as_deref()), (403, Some("UnknownResource")));

	fixture.chain.change(|state| state.grants.clear());
	let problem = refused(fixture.client(&reader).batch(&DATASET, 0).await.unwrap_err());
	assert_eq!(problem.refusal.as_deref(), Some("NoGrant"));
}

#[tokio::test]
async fn pages_of_any_origin_may_ask_and_read_the_answer() {
	let fixture = Fixture::start().await;
	let url = format!("{}{}", fixture.endpoint, dataset_path());
	let http = reqwest::Client::new();
	let header = |response: &reqwest::Response, name: &str| {
		response.headers().get(name).map(|value| value.to_str().unwrap().to_lowercase())
	};
	for method in ["GET", "POST", "PUT", "DELETE"] {
		let response = http
			.request(Method::OPTIONS, &url)
			.header("origin", "https://city.example")
			.header("access-control-request-method", method)
			.header("access-control-request-headers", "content-digest,signature,signature-input")
			.send()
			.await
			.unwrap();
		assert!(response.status().is_success());
		assert_eq!(header(&response, "access-control-allow-origin").as_deref(), Some("*"));
		assert!(header(&response, "access-control-allow-credentials").is_none());
		let allowed = header(&response, "access-control-allow-headers").unwrap();
		for name in ["content-digest", "signature", "signature-input"] {
			assert!(allowed.split(',').any(|allowed| allowed == name), "{allowed}");
		}
		let methods = header(&response, "access-control-allow-methods").unwrap();
		assert!(methods.contains(&method.to_lowercase()), "{methods}");
	}
	// A page must be able to read why it was refused, and when to come back.
	let response = http.get(&url).header("origin", "https://city.example").send().await.unwrap();
	assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
	assert_eq!(header(&response, "access-control-allow-origin").as_deref(), Some("*"));
	assert_eq!(header(&response, "access-control-expose-headers").as_deref(), Some("retry-after"));
}

#[tokio::test]
async fn unsigned_and_replayed_requests_are_refused() {
	let fixture = Fixture::start().await;
	let path = dataset_path();
	let response = reqwest::get(format!("{}{path}", fixture.endpoint)).await.unwrap();
	assert_eq!(response.status(), StatusCode::UNAUTHORIZED);

	let headers = sign(&fixture.owner, &Method::GET, &path, &[]);
	assert_eq!(fixture.send(Method::GET, &path, &headers, vec![]).await.0, StatusCode::OK);
	let (status, problem) = fixture.send(Method::GET, &path, &headers, vec![]).await;
	assert_eq!(status, StatusCode::UNAUTHORIZED);
	assert_eq!(problem.unwrap().code, "replayed");

	let headers = sign(&fixture.owner, &Method::GET, &path, &[]);
	let (status, problem) = fixture.send(Method::GET, &batches_path(), &headers, vec![]).await;
	assert_eq!(status, StatusCode::UNAUTHORIZED);
	assert_eq!(problem.unwrap().code, "signature-mismatch");
}

#[tokio::test]
async fn a_restart_makes_no_replay_possible_and_clients_sign_again() {
	let fixture = Fixture::start().await;
	let path = dataset_path();
	let headers = sign(&fixture.owner, &Method::GET, &path, &[]);
	assert_eq!(fixture.send(Method::GET, &path, &headers, vec![]).await.0, StatusCode::OK);

	let service =
		Service::new(fixture.store.clone(), fixture.chain.clone(), OPERATOR, Limits::default());
	let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
	let endpoint = format!("http://{}", listener.local_addr().unwrap());
	let server = tokio::spawn(async move {
		axum::serve(listener, routes(Arc::new(service))).await.unwrap();
	});
	let mut request = reqwest::Client::new().get(format!("{endpoint}{path}"));
	for (name, value) in headers.iter() {
		request = request.header(name, value);
	}
	let response = request.send().await.unwrap();
	assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
	let problem: Problem = response.json().await.unwrap();
	assert_eq!(problem.code, "before-start");
	let client = StoreClient::new(&endpoint, &OPERATOR, fixture.owner.clone()).unwrap();
	client.dataset(&DATASET).await.unwrap();
	server.abort();
}

#[tokio::test]
async fn without_the_chains_present_state_nothing_is_served() {
	let fixture = Fixture::start().await;
	fixture.chain.change(|state| state.stale = true);
	let path = dataset_path();
	let headers = sign(&fixture.owner, &Method::GET, &path, &[]);
	let mut request = reqwest::Client::new().get(format!("{}{path}", fixture.endpoint));
	for (name, value) in headers.iter() {
		request = request.header(name, value);
	}
	let response = request.send().await.unwrap();
	assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
	assert!(response.headers().contains_key("retry-after"));
	assert_eq!(response.json::<Problem>().await.unwrap().code, "stale-head");
	// The nonce was not used up: the same request succeeds once the chain is seen again.
	fixture.chain.change(|state| state.stale = false);
	assert_eq!(fixture.send(Method::GET, &path, &headers, vec![]).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_body_that_is_not_whole_or_not_the_signed_one_leaves_nothing() {
	let fixture = Fixture::start().await;
	let path = batches_path();
	let whole = [frame(0, 1).bytes().as_ref(), frame(1, 1).bytes()].concat();

	let cut = whole[..whole.len() - 10].to_vec();
	let (status, problem) = fixture.signed(&fixture.owner, Method::POST, &path, cut.clone()).await;
	assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
	assert_eq!(problem.unwrap().code, "invalid-frame");

	let headers = sign(&fixture.owner, &Method::POST, &path, &cut);
	let (status, problem) = fixture.send(Method::POST, &path, &headers, whole.clone()).await;
	assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
	assert_eq!(problem.unwrap().code, "digest-mismatch");

	let mut tampered = whole;
	*tampered.last_mut().unwrap() ^= 1;
	let (status, problem) = fixture.signed(&fixture.owner, Method::POST, &path, tampered).await;
	assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
	let problem = problem.unwrap();
	assert_eq!(problem.code, "invalid-frame");
	assert!(problem.detail.contains("chunk 2 of batch 1"), "{}", problem.detail);

	assert!(fixture.owner_client().batches(&DATASET, 0, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_oversized_body_is_refused_whether_declared_or_not() {
	let limits = Limits { max_upload_bytes: 1000, max_uploads: 1, ..Limits::default() };
	let fixture = Fixture::with_limits(limits).await;
	let (status, problem) = fixture
		.signed(&fixture.owner, Method::POST, &batches_path(), frame(0, 1).bytes().to_vec())
		.await;
	assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
	assert_eq!(problem.unwrap().code, "too-large");
	// The client streams and declares no length.
	let problem =
		refused(fixture.owner_client().upload(&DATASET, &[frame(0, 1)]).await.unwrap_err());
	assert_eq!(problem.code, "too-large");
}

#[tokio::test]
async fn a_data_set_has_a_quota() {
	let whole = frame(0, 1).bytes().len() as u64;
	let limits = Limits { max_dataset_bytes: 2 * whole, ..Limits::default() };
	let fixture = Fixture::with_limits(limits).await;
	let client = fixture.owner_client();
	client.upload(&DATASET, &[frame(0, 1), frame(1, 2)]).await.unwrap();
	let problem = refused(client.upload(&DATASET, &[frame(2, 3)]).await.unwrap_err());
	assert_eq!((problem.status, problem.code.as_str()), (507, "quota-exceeded"));
	assert!(client.batch(&DATASET, 2).await.unwrap_err().is_not_found());
	// What takes the place of something else is no addition.
	client.upload(&DATASET, &[frame(1, 3)]).await.unwrap();
}

#[tokio::test]
async fn a_store_may_choose_its_owners() {
	let fixture = Fixture::with_owners(Limits::default(), vec![key(5).account_id()]).await;
	let problem =
		refused(fixture.owner_client().upload(&DATASET, &[frame(0, 1)]).await.unwrap_err());
	assert_eq!((problem.status, problem.code.as_str()), (404, "not-kept-here"));
	fixture.change(|dataset| dataset.owner = key(5).account_id());
	fixture.client(&key(5)).upload(&DATASET, &[frame(0, 1)]).await.unwrap();
}

#[tokio::test]
async fn a_grant_for_a_purpose_opens_to_requests_that_declare_it() {
	let fixture = Fixture::start().await;
	fixture.owner_client().upload(&DATASET, &[frame(0, 1)]).await.unwrap();
	fixture.chain.change(|state| state.purpose = Some(Purpose::PublicBenefit));
	let mut answers = Vec::new();
	for query in ["", "?purpose=commercial-purpose", "?purpose=public-benefit", "?purpose=fun"] {
		let path = format!("{}/0{query}", batches_path());
		answers.push(fixture.signed(&key(2), Method::GET, &path, vec![]).await.0.as_u16());
	}
	assert_eq!(answers, [403, 403, 200, 422]);
}

#[tokio::test]
async fn a_batch_is_replaced_until_the_chain_has_it() {
	let fixture = Fixture::start().await;
	let client = fixture.owner_client();
	client.upload(&DATASET, &[frame(0, 1)]).await.unwrap();
	client.upload(&DATASET, &[frame(0, 2)]).await.unwrap();
	assert_eq!(client.batch(&DATASET, 0).await.unwrap(), frame(0, 2));
	fixture.change(|dataset| dataset.batches = 1);
	client.upload(&DATASET, &[frame(0, 2)]).await.unwrap();
	let problem = refused(client.upload(&DATASET, &[frame(1, 1), frame(0, 3)]).await.unwrap_err());
	assert_eq!((problem.status, problem.code.as_str()), (409, "conflict"));
	assert_eq!(client.batch(&DATASET, 0).await.unwrap(), frame(0, 2));
	assert!(client.batch(&DATASET, 1).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn a_data_set_that_names_other_stores_is_not_kept_here() {
	let fixture = Fixture::start().await;
	fixture.change(|dataset| dataset.stores = vec![AccountId32([98; 32])]);
	let problem = refused(fixture.owner_client().dataset(&DATASET).await.unwrap_err());
	assert_eq!((problem.status, problem.code.as_str()), (404, "not-kept-here"));
}

#[tokio::test]
async fn wrapped_keys_go_to_recipient_owner_and_agent_only() {
	let fixture = Fixture::start().await;
	let (recipient, agent, reader) = (key(2), key(3), key(4));
	fixture.change(|dataset| dataset.key_agent = Some(agent.account_id()));
	for key in [&recipient, &agent, &reader] {
		fixture.grant(key, Action::Describe);
	}
	let owner = fixture.owner_client();
	let account = recipient.account_id();
	assert!(owner.key(&DATASET, &account).await.unwrap_err().is_not_found());
	owner.put_key(&DATASET, &account, &wrapped_key()).await.unwrap();
	for key in [&recipient, &agent, &fixture.owner] {
		assert_eq!(fixture.client(key).key(&DATASET, &account).await.unwrap(), wrapped_key());
	}
	let problem = refused(fixture.client(&reader).key(&DATASET, &account).await.unwrap_err());
	assert_eq!(problem.status, 403);
	let problem = refused(
		fixture.client(&reader).put_key(&DATASET, &account, &wrapped_key()).await.unwrap_err(),
	);
	assert_eq!(problem.refusal.as_deref(), Some("NoGrant"));
	// Who may upload may still not replace what only the owner knows.
	fixture.grant(&reader, Action::Write);
	let put = fixture.client(&reader).put_key(&DATASET, &account, &wrapped_key()).await;
	assert_eq!(refused(put.unwrap_err()).status, 403);
	let problem = refused(owner.put_key(&DATASET, &account, b"no key").await.unwrap_err());
	assert_eq!(problem.code, "invalid-key");
	let problem = refused(owner.put_key(&DATASET, &account, &[1; 2049]).await.unwrap_err());
	assert_eq!(problem.code, "too-large");
}

#[tokio::test]
async fn an_erased_data_set_is_destroyed_on_request_or_by_the_sweep() {
	let fixture = Fixture::start().await;
	let client = fixture.owner_client();
	let fill = || async {
		client.upload(&DATASET, &[frame(0, 1)]).await.unwrap();
		client.put_key(&DATASET, &key(2).account_id(), &wrapped_key()).await.unwrap();
	};
	fill().await;
	let problem = refused(client.erase(&DATASET).await.unwrap_err());
	assert_eq!((problem.status, problem.code.as_str()), (409, "not-erased"));
	assert_eq!(sweep(&fixture.store, &*fixture.chain).await.unwrap(), 0);

	fixture.change(|dataset| dataset.erased = true);
	let problem = refused(fixture.client(&key(2)).erase(&DATASET).await.unwrap_err());
	assert_eq!(problem.status, 403);
	client.erase(&DATASET).await.unwrap();
	assert!(fixture.store.datasets().unwrap().is_empty());
	let problem = refused(client.batch(&DATASET, 0).await.unwrap_err());
	assert_eq!(problem.refusal.as_deref(), Some("Erased"));

	fixture.change(|dataset| dataset.erased = false);
	fill().await;
	fixture.change(|dataset| dataset.erased = true);
	assert_eq!(sweep(&fixture.store, &*fixture.chain).await.unwrap(), 1);
	assert!(fixture.store.datasets().unwrap().is_empty());
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
	let mut fixture = Fixture::start().await;
	fixture.owner_client().upload(&DATASET, &[frame(0, 1)]).await.unwrap();
	fixture.server.abort();
	let _ = (&mut fixture.server).await;
	let elsewhere = tempfile::tempdir().unwrap();
	fixture.store = Store::open(elsewhere.path()).unwrap();
	let reopened = retry_open(fixture.directory.path()).await;
	let (endpoint, server) = serve(&reopened, &fixture.chain, Limits::default(), vec![]).await;
	fixture.endpoint = endpoint;
	fixture.server = server;
	assert_eq!(fixture.owner_client().batch(&DATASET, 0).await.unwrap(), frame(0, 1));
}

/// The file is free once the last connection of the old server is gone.
async fn retry_open(directory: &std::path::Path) -> Store {
	let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
	loop {
		match Store::open(directory) {
			Ok(store) => return store,
			Err(fault) if tokio::time::Instant::now() > deadline => panic!("{fault}"),
			Err(_) => tokio::task::yield_now().await,
		}
	}
}

#[tokio::test]
async fn unknown_paths_and_identifiers_are_problems_too() {
	let fixture = Fixture::start().await;
	for path in ["/v2", "/v1/datasets/xyz", "/v1/datasets/0x00/batches/1"] {
		let (status, problem) = fixture.signed(&fixture.owner, Method::GET, path, vec![]).await;
		assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
		assert_eq!(problem.unwrap().code, "not-found");
	}
	let path = format!("{}?from=x", batches_path());
	let (status, problem) = fixture.signed(&fixture.owner, Method::GET, &path, vec![]).await;
	assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
	assert_eq!(problem.unwrap().code, "invalid-query");
}
