//! Rotation of owners' and agents' keys at a store, over HTTP. Each test is named for a defect of the
//! product before.

use futures::{future::BoxFuture, FutureExt};
use msec_commitments::{
	wrapping::{unwrap, wrap},
	EnvelopeError, Hash, KeyTree, WrappingSecret,
};
use msec_companion_db::{
	access::ChainAccess,
	http::{routes, Limits, Service},
	store::Store,
};
use msec_worker_common::{
	chain::{Action, Basis, ChainError, Dataset, Decision, Purpose, Refusal},
	keys::{wrapping_secret, AccountKey, Suite},
	rotation::{rewrap, Rewrapped, RotationError},
	store_client::StoreClient,
	AccountId32,
};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

const DATASET: Hash = [7; 32];
const GENESIS: Hash = [1; 32];
const OPERATOR: AccountId32 = AccountId32([99; 32]);

/// A chain with one data set.
struct TestChain(Mutex<Dataset>);

impl TestChain {
	fn dataset(&self) -> Dataset {
		self.0.lock().unwrap().clone()
	}
}

impl ChainAccess for TestChain {
	fn decide<'a>(
		&'a self,
		subject: &'a AccountId32,
		_: &'a Hash,
		action: Action,
		_: Option<Purpose>,
	) -> BoxFuture<'a, Result<Decision, ChainError>> {
		let dataset = self.dataset();
		let decision = match action {
			_ if dataset.owner == *subject => Decision::Allow(Basis::Owner),
			Action::Describe | Action::Read if dataset.key_agent == Some(*subject) => {
				Decision::Allow(Basis::KeyAgent)
			},
			_ => Decision::Deny(Refusal::NoGrant),
		};
		async move { Ok(decision) }.boxed()
	}

	fn dataset<'a>(&'a self, _: &'a Hash) -> BoxFuture<'a, Result<Option<Dataset>, ChainError>> {
		let dataset = self.dataset();
		async move { Ok(Some(dataset)) }.boxed()
	}

	fn finalized_dataset<'a>(
		&'a self,
		dataset: &'a Hash,
	) -> BoxFuture<'a, Result<Option<Dataset>, ChainError>> {
		ChainAccess::dataset(self, dataset)
	}
}

struct Fixture {
	chain: Arc<TestChain>,
	endpoint: String,
	server: JoinHandle<()>,
	_directory: TempDir,
}

impl Drop for Fixture {
	fn drop(&mut self) {
		self.server.abort();
	}
}

fn account(number: u8) -> Arc<AccountKey> {
	Arc::new(AccountKey::from_seed(&[number; 32]))
}

fn owner() -> Arc<AccountKey> {
	account(1)
}

impl Fixture {
	async fn start(key_agent: AccountId32) -> Self {
		let directory = tempfile::tempdir().unwrap();
		let chain = Arc::new(TestChain(Mutex::new(Dataset {
			owner: owner().account_id(),
			key_agent: Some(key_agent),
			stores: vec![OPERATOR],
			erased: false,
			batches: 0,
			peaks: None,
		})));
		let store = Store::open(directory.path()).unwrap();
		let service = Service::new(store, chain.clone(), OPERATOR, Limits::default());
		let router = routes(Arc::new(service));
		let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
		let endpoint = format!("http://{}", listener.local_addr().unwrap());
		let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
		Self { chain, endpoint, server, _directory: directory }
	}

	fn client(&self, key: Arc<AccountKey>) -> StoreClient {
		StoreClient::new(&self.endpoint, &OPERATOR, key).unwrap()
	}

	/// Leaves `tree` for `recipient`, as the owner.
	async fn leave(&self, tree: &KeyTree, recipient: &AccountId32, key: &WrappingSecret) {
		let wrapped = wrap(tree, &key.public_key(), &GENESIS, &DATASET, [5; 32]).unwrap();
		self.client(owner()).put_key(&DATASET, recipient, &wrapped).await.unwrap();
	}
}

#[tokio::test]
async fn no_rotation() {
	let fixture = Fixture::start(account(2).account_id()).await;
	let client = fixture.client(owner());
	let owner = owner().account_id();
	let tree = KeyTree::from_seed([6; 32]).renewed(10, [7; 32]).unwrap();
	let secrets = [
		wrapping_secret(Suite::X25519, [1; 32]),
		wrapping_secret(Suite::XWing, [2; 32]),
		wrapping_secret(Suite::X25519, [3; 32]),
	];
	fixture.leave(&tree, &owner, &secrets[0]).await;
	for versions in secrets.windows(2) {
		let [former, key] = versions else { panic!("two versions were taken") };
		for expected in [Rewrapped::Now, Rewrapped::Already] {
			let former = std::slice::from_ref(former);
			let done = rewrap(&client, &GENESIS, &DATASET, &owner, former, key).await;
			assert_eq!(done.unwrap(), expected);
		}
		let wrapped = client.key(&DATASET, &owner).await.unwrap();
		assert!(unwrap(&wrapped, key, &GENESIS, &DATASET) == Ok(tree.clone()));
		assert!(unwrap(&wrapped, former, &GENESIS, &DATASET).is_err());
	}
	// Of several former keys one suffices; with none of them the store keeps what it has.
	let all = [secrets[1].clone(), secrets[2].clone()];
	let done = rewrap(&client, &GENESIS, &DATASET, &owner, &all, &secrets[0]).await;
	assert_eq!(done.unwrap(), Rewrapped::Now);
	let kept = client.key(&DATASET, &owner).await.unwrap();
	let done = rewrap(&client, &GENESIS, &DATASET, &owner, &all, &secrets[1]).await;
	assert!(matches!(done, Err(RotationError::OtherKey)));
	assert_eq!(client.key(&DATASET, &owner).await.unwrap(), kept);
	let nobody = account(9).account_id();
	let done = rewrap(&client, &GENESIS, &DATASET, &nobody, &all, &secrets[0]).await;
	assert!(matches!(done, Err(RotationError::Store(error)) if error.is_not_found()));
}

#[tokio::test]
async fn revocation_that_leaves_the_reader_able_to_read_new_data() {
	let (former, next) = (account(2), account(3));
	let fixture = Fixture::start(former.account_id()).await;
	let [former_key, next_key] = [4, 5].map(|byte| wrapping_secret(Suite::XWing, [byte; 32]));
	let tree = KeyTree::from_seed([6; 32]);
	fixture.leave(&tree, &former.account_id(), &former_key).await;
	let wrapped = fixture.client(former.clone());
	let wrapped = wrapped.key(&DATASET, &former.account_id()).await.unwrap();
	let known = unwrap(&wrapped, &former_key, &GENESIS, &DATASET).unwrap();

	let renewed = known.renewed(100, [8; 32]).unwrap();
	fixture.leave(&renewed, &next.account_id(), &next_key).await;
	fixture.chain.0.lock().unwrap().key_agent = Some(next.account_id());

	// The store hands nothing more to the former agent, not even what was sealed for it.
	for recipient in [&former, &next] {
		let asked = fixture.client(former.clone()).key(&DATASET, &recipient.account_id()).await;
		assert!(asked.is_err());
	}
	// And what it has, or steals, opens nothing that is sealed from now on.
	let wrapped = fixture.client(next.clone()).key(&DATASET, &next.account_id()).await.unwrap();
	let stolen = unwrap(&wrapped, &former_key, &GENESIS, &DATASET);
	assert!(stolen == Err(EnvelopeError::Undecryptable));
	let current = unwrap(&wrapped, &next_key, &GENESIS, &DATASET).unwrap();
	assert!(current.batch_key(99) == known.batch_key(99), "what was sold before stays readable");
	for batch in 100..200 {
		let sealed = current.batch_key(batch).chunk_key(0).seal(b"new").unwrap();
		assert!(known.batch_key(batch).chunk_key(0).open(&sealed.0, &sealed.1).is_err());
		let cover = current.cover(batch + 1);
		let bought = cover.batch_key(batch).unwrap().chunk_key(0);
		assert_eq!(bought.open(&sealed.0, &sealed.1).unwrap().as_slice(), b"new");
	}
}
