//! Keys for readers without an order, over HTTP, with decisions from a chain that exists in memory only.

use futures::{future::BoxFuture, FutureExt};
use msec_commitments::{
	envelope::open_as_reader, EnvelopeError, EnvelopeSecret, Hash, KeyTree, ReaderContext,
};
use msec_companion_db::{
	access::ChainAccess,
	http::readers::{routes, KeySource, ReaderService},
};
use msec_worker_common::{
	chain::{Action, Basis, ChainError, Dataset, DatasetEvents, Decision, Purpose, Refusal},
	keys::AccountKey,
	store_client::{Problem, StoreClient, StoreError},
	AccountId32,
};
use std::sync::{Arc, Mutex};
use tokio::{net::TcpListener, task::JoinHandle};

const DATASET: Hash = [7; 32];
const GENESIS: Hash = [1; 32];
const AGENT: AccountId32 = AccountId32([98; 32]);
const BATCHES: u32 = 12;
/// The height of every block.
const BLOCK: u64 = 7;

/// What the chain says of everybody, and of whom it says it for which purpose.
struct TestChain {
	dataset: Mutex<Option<Dataset>>,
	decision: Mutex<Decision>,
	asked: Mutex<Vec<(AccountId32, Option<Purpose>)>>,
}

impl ChainAccess for TestChain {
	fn decide<'a>(
		&'a self,
		subject: &'a AccountId32,
		_: &'a Hash,
		action: Action,
		purpose: Option<Purpose>,
	) -> BoxFuture<'a, Result<(Decision, u64), ChainError>> {
		assert!(action == Action::Read);
		self.asked.lock().unwrap().push((*subject, purpose));
		let decision = *self.decision.lock().unwrap();
		async move { Ok((decision, BLOCK)) }.boxed()
	}

	fn dataset<'a>(&'a self, _: &'a Hash) -> BoxFuture<'a, Result<Option<Dataset>, ChainError>> {
		async { panic!("only what is finalized counts") }.boxed()
	}

	fn finalized_dataset<'a>(
		&'a self,
		_: &'a Hash,
	) -> BoxFuture<'a, Result<Option<Dataset>, ChainError>> {
		let dataset = self.dataset.lock().unwrap().clone();
		async move { Ok(dataset) }.boxed()
	}

	fn finalized_block(&self) -> BoxFuture<'_, Result<u64, ChainError>> {
		async { Ok(BLOCK) }.boxed()
	}

	fn finalized_time(&self) -> BoxFuture<'_, Result<u64, ChainError>> {
		async { Ok(0) }.boxed()
	}

	fn dataset_events(&self, _: u64) -> BoxFuture<'_, Result<DatasetEvents, ChainError>> {
		async { Ok(DatasetEvents::default()) }.boxed()
	}
}

struct Fixture {
	chain: Arc<TestChain>,
	endpoint: String,
	server: JoinHandle<()>,
}

impl Drop for Fixture {
	fn drop(&mut self) {
		self.server.abort();
	}
}

fn tree() -> KeyTree {
	KeyTree::from_seed([6; 32]).renewed(5, [7; 32]).unwrap()
}

fn reader() -> Arc<AccountKey> {
	Arc::new(AccountKey::from_seed(&[3; 32]))
}

impl Fixture {
	/// A key agent that fetches the secret of a data set, or fails to.
	async fn start(has_secret: bool) -> Self {
		let dataset = Dataset {
			owner: AccountId32([2; 32]),
			key_agent: Some(AGENT),
			stores: vec![],
			erased: false,
			batches: BATCHES,
			peaks: None,
		};
		let chain = Arc::new(TestChain {
			dataset: Mutex::new(Some(dataset)),
			decision: Mutex::new(Decision::Allow(Basis::Grant)),
			asked: Mutex::default(),
		});
		let source: KeySource = Arc::new(move |_: Hash, _: Dataset| {
			async move {
				match has_secret {
					true => Ok(tree()),
					false => Err(anyhow::anyhow!("no store answers")),
				}
			}
			.boxed()
		});
		let service = ReaderService::new(chain.clone(), source, AGENT, GENESIS);
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let endpoint = format!("http://{}", listener.local_addr().unwrap());
		let router = routes(Arc::new(service));
		let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
		Self { chain, endpoint, server }
	}

	fn client(&self) -> StoreClient {
		StoreClient::new(&self.endpoint, &AGENT, reader()).unwrap()
	}

	fn decide(&self, decision: Decision) {
		*self.chain.decision.lock().unwrap() = decision;
	}

	async fn refusal(&self, key: &[u8; 32]) -> Problem {
		match self.client().reader_keys(&DATASET, key).await.unwrap_err() {
			StoreError::Refused(problem) => problem,
			other => panic!("{other}"),
		}
	}
}

#[tokio::test]
async fn a_reader_with_a_grant_receives_the_keys_of_what_is_finalized() {
	let fixture = Fixture::start(true).await;
	let secret = EnvelopeSecret::from_bytes([9; 32]);
	let client = fixture.client().with_purpose(Some("public-benefit".to_owned()));
	let sealed = client.reader_keys(&DATASET, &secret.public_key()).await.unwrap();
	let reader = reader().account_id();
	let context = ReaderContext { genesis: GENESIS, dataset: DATASET, reader: reader.0 };
	let cover = open_as_reader(&sealed, &secret, &context).ok().unwrap();
	assert!(cover == tree().cover(BATCHES));
	assert!(cover.batch_key(BATCHES).is_none());
	let stranger = EnvelopeSecret::from_bytes([8; 32]);
	let opened = open_as_reader(&sealed, &stranger, &context);
	assert!(opened == Err(EnvelopeError::Undecryptable));
	let asked = fixture.chain.asked.lock().unwrap().clone();
	assert!(asked.iter().all(|asked| *asked == (reader, Some(Purpose::PublicBenefit))));
}

#[tokio::test]
async fn the_chain_decides_who_receives_keys() {
	let fixture = Fixture::start(true).await;
	let key = EnvelopeSecret::from_bytes([9; 32]).public_key();
	for refusal in [Refusal::NoGrant, Refusal::Denied, Refusal::OtherPurpose] {
		fixture.decide(Decision::Deny(refusal));
		let problem = fixture.refusal(&key).await;
		assert_eq!((problem.status, problem.code.as_str()), (403, "refused"));
		assert_eq!(problem.refusal, Some(format!("{refusal:?}")));
	}
	let order = msec_worker_common::H256([5; 32]);
	for basis in [Basis::Order(order), Basis::KeyAgent] {
		fixture.decide(Decision::Allow(basis));
		assert_eq!(fixture.refusal(&key).await.code, "forbidden");
	}
	fixture.decide(Decision::Allow(Basis::Owner));
	assert!(fixture.client().reader_keys(&DATASET, &key).await.is_ok());
}

#[tokio::test]
async fn requests_for_other_agents_and_data_sets_and_keys_that_are_none_are_refused() {
	let fixture = Fixture::start(true).await;
	let key = EnvelopeSecret::from_bytes([9; 32]).public_key();
	assert_eq!(fixture.refusal(&[0; 32]).await.code, "invalid-key");
	let other = AccountId32([97; 32]);
	let client = StoreClient::new(&fixture.endpoint, &other, reader()).unwrap();
	let refused = client.reader_keys(&DATASET, &key).await.unwrap_err();
	assert!(refused.to_string().contains("401"), "{refused}");
	fixture.chain.dataset.lock().unwrap().as_mut().unwrap().key_agent = Some(other);
	assert_eq!(fixture.refusal(&key).await.code, "not-served-here");
	*fixture.chain.dataset.lock().unwrap() = None;
	assert_eq!(fixture.refusal(&key).await.refusal, Some("UnknownResource".to_owned()));
}

#[tokio::test]
async fn a_secret_that_no_store_has_is_told() {
	let fixture = Fixture::start(false).await;
	let key = EnvelopeSecret::from_bytes([9; 32]).public_key();
	assert_eq!(fixture.refusal(&key).await.code, "no-key");
}
