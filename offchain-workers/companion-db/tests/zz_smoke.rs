use msec_commitments::{envelope::{wrap_key_tree, open_order}, ChunkKey, EnvelopeSecret, KeyTree, OrderContext};
use msec_worker_common::{batch_frame::Frame, chain::{runtime, BoundedVec, ChainClient, ListingTerms}, keys::AccountKey, store_client::StoreClient, transactions::Submitter, H256};
use std::{process::{Command, Child, Stdio}, sync::Arc, time::Duration};
struct Kill(Child);
impl Drop for Kill { fn drop(&mut self) { let _ = self.0.kill(); let _ = self.0.wait(); } }
fn spawn(program: &str, args: &[&str], log: &str) -> Kill {
	let f = std::fs::File::create(format!("/tmp/smoke-{log}.log")).unwrap();
	Kill(Command::new(program).args(args).env("RUST_LOG", std::env::var("SMOKE_LOG").unwrap_or("info".into())).stdout(Stdio::null()).stderr(f).spawn().unwrap())
}
#[tokio::test(flavor = "multi_thread")]
async fn smoke() {
	msec_worker_common::telemetry::init();
	let target = std::env::var("HOME").unwrap() + "/.cache/msec-target/release/msec-node";
	let dir = tempfile::tempdir().unwrap();
	let d = |s: &str| dir.path().join(s).display().to_string();
	let node = spawn(&target, &["--dev", "--base-path", &d("node"), "--rpc-port", "31944", "--port", "0", "--no-prometheus"], "node");
	let url = "ws://127.0.0.1:31944";
	let mut chain = None;
	for _ in 0..20 { match ChainClient::connect(url).await { Ok(c) => { chain = Some(c); break }, Err(e) => { eprintln!("{e}"); tokio::time::sleep(Duration::from_secs(1)).await } } }
	let chain = chain.unwrap();
	eprintln!("connected, head age {:?}", chain.best().await.unwrap().age().await);
	let alice = Arc::new(AccountKey::from_uri("//Alice").unwrap());
	let bob = Arc::new(AccountKey::from_uri("//Bob").unwrap());
	let a = Submitter::open(&dir.path().join("a"), chain.clone(), alice.clone()).unwrap();
	let b = Submitter::open(&dir.path().join("b"), chain.clone(), bob.clone()).unwrap();
	let out = Command::new(env!("CARGO_BIN_EXE_msec-key-agent")).args(["keygen", "--directory", &d("agent"), "--output", "json"]).output().unwrap();
	eprintln!("{}", String::from_utf8_lossy(&out.stdout));
	let keys: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
	let agent: msec_worker_common::AccountId32 = keys["account"].as_str().unwrap().parse().unwrap();
	let mut agent_key = [0u8; 32]; hex::decode_to_slice(&keys["encryption-key"].as_str().unwrap()[2..], &mut agent_key).unwrap();
	let tx = runtime::transactions;
	let fee = a.estimate_fee(&tx().balances().transfer_keep_alive(agent.into(), 10_000_000_000_000)).await.unwrap();
	eprintln!("fee {fee}");
	let s1 = a.submit("fund", &tx().balances().transfer_keep_alive(agent.into(), 10_000_000_000_000)).await.unwrap();
	let s2 = a.submit("store", &tx().records().register_store(BoundedVec(b"http://127.0.0.1:31460".to_vec()), H256([0; 32]))).await.unwrap();
	let s3 = a.submit("dataset", &tx().records().create_dataset(H256([1; 32]), BoundedVec(vec![alice.account_id()]), Some(agent))).await.unwrap();
	s1.finalized().await.unwrap(); s2.finalized().await.unwrap();
	let done = s3.finalized().await.unwrap();
	eprintln!("{done:?} events {:?}", done.events.as_ref().unwrap().iter().map(|e| { let e = e.unwrap(); format!("{}.{}", e.pallet_name(), e.event_name()) }).collect::<Vec<_>>());
	let again = a.execute("dataset", &tx().records().create_dataset(H256([1; 32]), BoundedVec(vec![alice.account_id()]), Some(agent))).await.unwrap();
	assert_eq!(again.block_hash, done.block_hash);
	let err = a.execute("dataset2", &tx().records().create_dataset(H256([1; 32]), BoundedVec(vec![alice.account_id()]), Some(agent))).await.unwrap_err();
	eprintln!("expected failure: {err}");
	let poor = Arc::new(AccountKey::from_seed(&[9; 32]));
	let p = Submitter::open(&dir.path().join("p"), chain.clone(), poor).unwrap();
	eprintln!("poor: {}", p.execute("x", &tx().records().deregister_store()).await.unwrap_err());
	let id = chain.finalized().await.unwrap().datasets_by_owner(&alice.account_id(), None, 10).await.unwrap()[0];
	let _db = spawn(env!("CARGO_BIN_EXE_msec-companion-db"), &["--node", url, "--listen", "127.0.0.1:31460", "--health-listen", "127.0.0.1:31461", "--data-directory", &d("db"), "--account", &alice.address()], "db");
	let agent_args = ["--node", url, "--account-key", &d("agent/account.key"), "--envelope-key", &d("agent/envelope.key"), "--state-directory", &d("state"), "--health-listen", "127.0.0.1:31462"].map(str::to_owned);
	let agent_args: Vec<&str> = agent_args.iter().map(|s| s.as_str()).collect();
	let store = StoreClient::new("http://127.0.0.1:31460", alice.clone()).unwrap();
	let tree = KeyTree::from_seed([3; 32]);
	let chunks = |batch: u32| (0..3u32).map(|c| tree.batch_key(batch).chunk_key(c).seal(b"time,t\n").unwrap()).collect::<Vec<_>>();
	let frames = [Frame::new(0, &chunks(0)).unwrap(), Frame::new(1, &chunks(1)).unwrap()];
	let stored = store.upload(&id.0, &frames).await.unwrap();
	eprintln!("{stored:?}");
	let wrapped = wrap_key_tree(&tree, &agent_key, &chain.genesis(), &id.0, [4; 32]).unwrap();
	store.put_key(&id.0, &agent, &wrapped).await.unwrap();
	let batches = frames.iter().map(|f| subxt::utils::Static(f.commitment())).collect();
	a.execute("append", &tx().records().append(id, 0, BoundedVec(batches))).await.unwrap();
	let dataset = chain.finalized().await.unwrap().dataset(&id.0).await.unwrap().unwrap();
	eprintln!("{dataset:?}");
	let terms = ListingTerms { dataset: id, kind: "air-temperature".into(), unit: "Cel".into(), interval_seconds: 60, place: "u33d".into(), licence: "CC-BY-4.0".into(), sample: "x".into(), price: Some(5_000_000_000_000), delivery_period: 100, confirmation_period: 100, access_period: 1000 };
	a.execute("list", &tx().marketplace().create_listing(H256([2; 32]), terms.to_runtime())).await.unwrap();
	let at = chain.finalized().await.unwrap();
	let (listing, details) = at.listings_by_kind("air-temperature", None, 10).await.unwrap().remove(0);
	assert_eq!(details.terms_hash, terms.hash());
	assert_eq!(at.listings_by_cell("u33d", None, 10).await.unwrap().len(), 1);
	let secret = EnvelopeSecret::from_bytes([8; 32]);
	let bought = b.execute("buy", &tx().marketplace().buy(listing, details.terms_hash, 5_000_000_000_000, None, secret.public_key())).await.unwrap();
	let order = bought.event::<runtime::marketplace::events::OrderOpened>().unwrap().order;
	eprintln!("order {order:?}");
	// agent started late, killed once, node restarted
	let agent1 = spawn(env!("CARGO_BIN_EXE_msec-key-agent"), &agent_args, "agent1");
	tokio::time::sleep(Duration::from_millis(1200)).await;
	drop(agent1);
	let _agent = spawn(env!("CARGO_BIN_EXE_msec-key-agent"), &agent_args, "agent2");
	let envelope = loop {
		if let Some(e) = chain.finalized().await.unwrap().envelope(&order.0).await.unwrap() { break e }
		tokio::time::sleep(Duration::from_millis(500)).await;
	};
	let context = OrderContext { genesis: chain.genesis(), order: order.0, dataset: id.0 };
	let cover = open_order(&envelope, &secret, &context).ok().unwrap();
	let buyer = StoreClient::new("http://127.0.0.1:31460", bob.clone()).unwrap();
	let frame = buyer.batch(&id.0, 1).await.unwrap();
	let plain: Vec<_> = frame.chunks().enumerate().map(|(i, c)| cover.batch_key(1).unwrap().chunk_key(i as u32).open(&c.commitment, c.ciphertext).unwrap()).collect();
	eprintln!("{:?}", String::from_utf8_lossy(&plain[0]));
	let _ = ChunkKey::from_bytes([0; 32]);
	// node killed while a transaction is pending
	eprintln!("orders {:?}", chain.finalized().await.unwrap().orders_of(&bob.account_id(), None, 5).await.unwrap());
	let pending = b.submit("confirm", &tx().marketplace().confirm(order)).await.unwrap();
	drop(node);
	let _node = spawn(&target, &["--dev", "--base-path", &d("node"), "--rpc-port", "31944", "--port", "0", "--no-prometheus"], "node2");
	let done = tokio::time::timeout(Duration::from_secs(120), pending.finalized()).await.unwrap().unwrap();
	eprintln!("confirmed {done:?} {:?}", chain.finalized().await.unwrap().account(&alice.account_id()).await.unwrap());
	for port in [31461, 31462] { eprintln!("{}", reqwest::get(format!("http://127.0.0.1:{port}/health/ready")).await.unwrap().text().await.unwrap()); }
}
