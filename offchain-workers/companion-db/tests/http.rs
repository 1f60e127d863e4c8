//! The store over HTTP, with decisions from a chain that exists in memory only.

use crate::common::*;
use futures::{stream, StreamExt};
use msec_commitments::{tree, ChunkKey, Hash};
use msec_companion_db::{
	http::{routes, Connections, Limits, Service},
	store::Store,
};
use msec_worker_common::{
	access_log::{Entry, Outcome},
	batch_frame::{decode_chunk, Frame},
	chain::{Action, Dataset, DatasetEvents, Purpose},
	keys::AccountKey,
	store_client::{Problem, StoreClient},
	AccountId32,
};
use reqwest::{Method, StatusCode};
use std::{sync::Arc, time::Duration};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::{TcpListener, TcpStream},
	sync::oneshot,
	task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

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

	// A refused request is used up as well.
	let headers = sign(&key(3), &Method::GET, &path, &[]);
	assert_eq!(fixture.send(Method::GET, &path, &headers, vec![]).await.0, StatusCode::FORBIDDEN);
	let (_, problem) = fixture.send(Method::GET, &path, &headers, vec![]).await;
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

	let (erasures, log) = (fixture.erasures.clone(), fixture.log.clone());
	let service = Service::new(erasures, log, fixture.chain.clone(), operator(), Limits::default());
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
	let client = StoreClient::new(&endpoint, &operator(), fixture.owner.clone()).unwrap();
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
async fn an_upload_of_too_many_frames_is_refused_and_leaves_nothing() {
	let fixture = Fixture::start().await;
	let client = fixture.owner_client();
	let chunk = ChunkKey::from_bytes([9; 32]).seal(&[9]).unwrap();
	let frames: Vec<_> =
		(0..=1024).map(|batch| Frame::new(batch, std::slice::from_ref(&chunk)).unwrap()).collect();
	let problem = refused(client.upload(&DATASET, &frames).await.unwrap_err());
	assert_eq!((problem.status, problem.code.as_str()), (422, "too-many-frames"));
	assert!(client.batches(&DATASET, 0, 10).await.unwrap().is_empty());
	let stored = client.upload(&DATASET, &frames[..1024]).await.unwrap();
	assert_eq!(stored.len(), 1024);
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
async fn an_owner_has_a_quota_over_all_data_sets() {
	let whole = frame(0, 1).bytes().len() as u64;
	let limits = Limits { max_owner_bytes: Some(2 * whole), ..Limits::default() };
	let fixture = Fixture::with_limits(limits).await;
	let (mine, other) = ([8; 32], [9; 32]);
	fixture.chain.change(|state| {
		let dataset = state.datasets[&DATASET].clone();
		state.datasets.insert(mine, dataset.clone());
		state.datasets.insert(other, Dataset { owner: key(5).account_id(), ..dataset });
	});
	let client = fixture.owner_client();
	client.upload(&DATASET, &[frame(0, 1)]).await.unwrap();
	client.upload(&mine, &[frame(0, 1)]).await.unwrap();
	let problem = refused(client.upload(&mine, &[frame(1, 1)]).await.unwrap_err());
	assert_eq!((problem.status, problem.code.as_str()), (507, "quota-exceeded"));
	// What is there already is no addition, and others have their own.
	client.upload(&mine, &[frame(0, 1)]).await.unwrap();
	fixture.client(&key(5)).upload(&other, &[frame(0, 1), frame(1, 1)]).await.unwrap();
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
	for key in [&recipient, &reader] {
		fixture.grant(key, Action::Read);
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
	assert_eq!(owner.key_recipients(&DATASET).await.unwrap(), [account]);
	let problem = refused(fixture.client(&reader).key_recipients(&DATASET).await.unwrap_err());
	assert_eq!(problem.status, 403);
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
async fn a_wrapped_key_goes_to_nobody_who_may_not_read() {
	let fixture = Fixture::start().await;
	let (former, store) = (key(2), key(6));
	fixture.grant(&former, Action::Describe);
	fixture.change(|dataset| dataset.stores.push(store.account_id()));
	for recipient in [&former, &store] {
		let account = recipient.account_id();
		fixture.owner_client().put_key(&DATASET, &account, &wrapped_key()).await.unwrap();
		let asked = fixture.client(recipient).key(&DATASET, &account).await;
		assert_eq!(refused(asked.unwrap_err()).refusal.as_deref(), Some("NoGrant"));
		fixture.grant(recipient, Action::Read);
		assert!(fixture.client(recipient).key(&DATASET, &account).await.is_ok());
	}
}

#[tokio::test]
async fn an_erased_data_set_is_destroyed_on_request_or_when_its_block_is_read() {
	let fixture = Fixture::start().await;
	let client = fixture.owner_client();
	client.upload(&DATASET, &[frame(0, 1)]).await.unwrap();
	client.put_key(&DATASET, &key(2).account_id(), &wrapped_key()).await.unwrap();
	let problem = refused(client.erase(&DATASET).await.unwrap_err());
	assert_eq!((problem.status, problem.code.as_str()), (409, "not-erased"));
	assert_eq!(fixture.duties().follow().await.unwrap(), 0);

	fixture.change(|dataset| dataset.erased = true);
	let problem = refused(fixture.client(&key(2)).erase(&DATASET).await.unwrap_err());
	assert_eq!(problem.status, 403);
	client.erase(&DATASET).await.unwrap();
	assert!(fixture.store().datasets().unwrap().is_empty());
	let problem = refused(client.batch(&DATASET, 0).await.unwrap_err());
	assert_eq!(problem.refusal.as_deref(), Some("Erased"));

	// As from a backup.
	fixture.store().put_key(&DATASET, &key(2).account_id(), &wrapped_key()).unwrap();
	// Nothing happened that the store does not know.
	assert_eq!(fixture.duties().follow().await.unwrap(), 0);
	let happened = DatasetEvents { erased: vec![[1; 32], DATASET], changed: vec![] };
	fixture.chain.change(|state| state.blocks.push(happened));
	assert_eq!(fixture.duties().follow().await.unwrap(), 1);
	assert!(fixture.store().datasets().unwrap().is_empty());
}

/// Fault: a data set cannot be destroyed, because a key cannot be overwritten or nothing can be
/// written down
/// Promise: other erasures go on, and this one is tried again until it is done
#[tokio::test]
async fn an_erasure_that_fails_keeps_no_other_back() {
	const OTHER: Hash = [8; 32];
	let name = hex::encode(DATASET);
	for obstacle in [format!("erasures/{name}.tmp"), format!("keys/{name}/obstacle")] {
		let fixture = Fixture::start().await;
		fixture.owner_client().upload(&DATASET, &[frame(0, 1)]).await.unwrap();
		for dataset in [DATASET, OTHER] {
			fixture.store().put_key(&dataset, &key(2).account_id(), &wrapped_key()).unwrap();
		}
		assert_eq!(fixture.duties().follow().await.unwrap(), 0);
		let obstacle = fixture.directory.path().join(obstacle);
		std::fs::create_dir(&obstacle).unwrap();
		fixture.chain.change(|state| {
			let dataset = state.datasets.get_mut(&DATASET).unwrap();
			dataset.erased = true;
			let other = dataset.clone();
			state.datasets.insert(OTHER, other);
			let erased = vec![DATASET, OTHER];
			state.blocks.push(DatasetEvents { erased, changed: vec![] });
		});
		let failure = fixture.duties().follow().await.unwrap_err();
		assert!(failure.to_string().contains("disk fails"), "{failure}");
		assert_eq!(fixture.store().datasets().unwrap(), [DATASET]);

		std::fs::remove_dir(&obstacle).unwrap();
		assert_eq!(fixture.duties().follow().await.unwrap(), 1);
		assert_eq!(fixture.store().datasets().unwrap(), [[0; 32]; 0]);
	}
}

#[tokio::test]
async fn blocks_that_nobody_has_any_more_are_made_up_for_by_looking_at_everything() {
	let fixture = Fixture::start().await;
	fixture.owner_client().upload(&DATASET, &[frame(0, 1)]).await.unwrap();
	assert_eq!(fixture.duties().follow().await.unwrap(), 0);
	fixture.change(|dataset| dataset.erased = true);
	fixture.chain.change(|state| {
		state.blocks.push(DatasetEvents::default());
		state.pruned = true;
	});
	assert_eq!(fixture.duties().follow().await.unwrap(), 1);
	assert!(fixture.store().datasets().unwrap().is_empty());

	// Nor are very many blocks read one by one.
	fixture.store().put_key(&DATASET, &key(2).account_id(), &wrapped_key()).unwrap();
	fixture.chain.change(|state| state.blocks.resize(2000, DatasetEvents::default()));
	assert_eq!(fixture.duties().follow().await.unwrap(), 1);
	assert_eq!(fixture.duties().follow().await.unwrap(), 0);
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
	let mut fixture = Fixture::start().await;
	fixture.owner_client().upload(&DATASET, &[frame(0, 1)]).await.unwrap();
	fixture.server.abort();
	let _ = (&mut fixture.server).await;
	let elsewhere = tempfile::tempdir().unwrap();
	fixture.erasures = erasures(Store::open(elsewhere.path()).unwrap(), elsewhere.path());
	let reopened = retry_open(fixture.directory.path()).await;
	let reopened = erasures(reopened, fixture.directory.path());
	let (endpoint, server) =
		serve(&reopened, &fixture.log, &fixture.chain, Limits::default(), vec![]).await;
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

#[tokio::test]
async fn what_is_damaged_on_disk_is_named_and_not_served() {
	let mut fixture = Fixture::start().await;
	let frames = [frame(0, 1), frame(1, 2), large_frame(2)];
	fixture.owner_client().upload(&DATASET, &frames).await.unwrap();
	fixture.server.abort();
	let _ = (&mut fixture.server).await;
	let elsewhere = tempfile::tempdir().unwrap();
	fixture.erasures = erasures(Store::open(elsewhere.path()).unwrap(), elsewhere.path());
	drop(retry_open(fixture.directory.path()).await);
	let file = fixture.directory.path().join("batches.redb");
	let mut content = std::fs::read(&file).unwrap();
	// In the first batch, and at the end of the large one.
	flip(&mut content, &frames[0].bytes()[500..564]);
	flip(&mut content, &frames[2].bytes()[frames[2].bytes().len() - 64..]);
	std::fs::write(&file, content).unwrap();

	let reopened = retry_open(fixture.directory.path()).await;
	let reopened = erasures(reopened, fixture.directory.path());
	let (endpoint, server) =
		serve(&reopened, &fixture.log, &fixture.chain, Limits::default(), vec![]).await;
	fixture.endpoint = endpoint;
	fixture.server = server;
	let client = fixture.owner_client();
	for batch in [0, 2] {
		let problem = refused(client.batch(&DATASET, batch).await.unwrap_err());
		assert_eq!((problem.status, problem.code.as_str()), (500, "damaged"));
		assert!(problem.detail.contains(&format!("batch {batch}")), "{}", problem.detail);
		let problem = refused(client.chunk(&DATASET, batch, 0).await.unwrap_err());
		assert_eq!(problem.code, "damaged");
	}
	assert_eq!(client.batch(&DATASET, 1).await.unwrap(), frames[1]);
}

/// A frame of more than one block.
fn large_frame(batch: u32) -> Frame {
	let chunk = ChunkKey::from_bytes([9; 32]).seal(&[9; 4096]).unwrap();
	Frame::new(batch, &vec![chunk; 400]).unwrap()
}

/// Flips a bit wherever these bytes are.
fn flip(content: &mut [u8], bytes: &[u8]) {
	let places: Vec<_> = content
		.windows(bytes.len())
		.enumerate()
		.filter(|(_, window)| *window == bytes)
		.map(|(place, _)| place)
		.collect();
	assert!(!places.is_empty());
	places.iter().for_each(|place| content[place + 10] ^= 2);
}

#[tokio::test]
async fn an_account_that_asks_too_much_is_told_when_to_come_again() {
	let limits = Limits { max_requests_per_second: 1, ..Limits::default() };
	let fixture = Fixture::with_limits(limits).await;
	let path = dataset_path();
	let first = fixture.signed(&fixture.owner, Method::GET, &path, vec![]).await;
	assert_eq!(first.0, StatusCode::OK);
	let mut last = first;
	for _ in 0..50 {
		last = fixture.signed(&fixture.owner, Method::GET, &path, vec![]).await;
		if last.0 != StatusCode::OK {
			break;
		}
	}
	assert_eq!(last.0, StatusCode::TOO_MANY_REQUESTS);
	assert_eq!(last.1.unwrap().code, "too-many-requests");
	// Others are not concerned.
	let (status, _) = fixture.signed(&key(2), Method::GET, &path, vec![]).await;
	assert_eq!(status, StatusCode::FORBIDDEN);
}

/// An upload whose last bytes are sent when the caller says so.
struct HeldUpload {
	rest: oneshot::Sender<()>,
	answer: JoinHandle<reqwest::Result<reqwest::Response>>,
}

impl HeldUpload {
	/// Begins to upload `frame`, and returns once it is decided about, as the `decisions`th request.
	async fn begin(fixture: &Fixture, key: &AccountKey, frame: &Frame, decisions: usize) -> Self {
		let whole = frame.bytes().clone();
		let headers = sign(key, &Method::POST, &batches_path(), &whole);
		let (rest, wanted) = oneshot::channel::<()>();
		let last = whole.slice(100..);
		let body = stream::once(async move { Ok::<_, std::io::Error>(whole.slice(..100)) }).chain(
			stream::once(async move {
				let _ = wanted.await;
				Ok::<_, std::io::Error>(last)
			}),
		);
		let url = format!("{}{}", fixture.endpoint, batches_path());
		let mut request = reqwest::Client::new().post(url);
		for (name, value) in headers.iter() {
			request = request.header(name, value);
		}
		let answer = tokio::spawn(request.body(reqwest::Body::wrap_stream(body)).send());
		let decided = async {
			while fixture.log.lines(DAY, u32::MAX, None, 0, u32::MAX).await.unwrap().len()
				< decisions
			{
				tokio::task::yield_now().await;
			}
		};
		tokio::time::timeout(Duration::from_secs(20), decided).await.unwrap();
		Self { rest, answer }
	}

	/// Sends the last bytes; what is answered.
	async fn end(self) -> reqwest::Response {
		self.rest.send(()).unwrap();
		self.answer.await.unwrap().unwrap()
	}
}

#[tokio::test]
async fn an_upload_ends_when_its_right_is_revoked_on_the_way() {
	let fixture = Fixture::start().await;
	let writer = key(2);
	fixture.grant(&writer, Action::Write);
	let upload = HeldUpload::begin(&fixture, &writer, &frame(0, 1), 1).await;
	fixture.chain.change(|state| state.grants.clear());
	let answer = upload.end().await;
	assert_eq!(answer.status(), StatusCode::FORBIDDEN);
	let problem: Problem = answer.json().await.unwrap();
	assert_eq!(problem.refusal.as_deref(), Some("NoGrant"));
	// Allowed at the beginning, and refused at the end.
	let lines = fixture.log.lines(DAY, u32::MAX, None, 0, u32::MAX).await.unwrap();
	let outcomes: Vec<_> = lines.iter().map(|line| Entry::parse(line).unwrap().outcome).collect();
	let expected = [Outcome::Served("Grant".to_owned()), Outcome::Refused("NoGrant".to_owned())];
	assert_eq!(outcomes, expected);

	let upload = HeldUpload::begin(&fixture, &fixture.owner, &frame(0, 1), 3).await;
	fixture.change(|dataset| dataset.stores = vec![AccountId32([98; 32])]);
	let answer = upload.end().await;
	assert_eq!(answer.status(), StatusCode::NOT_FOUND);
	assert_eq!(answer.json::<Problem>().await.unwrap().code, "not-kept-here");

	fixture.change(|dataset| dataset.stores = vec![operator()]);
	assert!(fixture.owner_client().batches(&DATASET, 0, 10).await.unwrap().is_empty());
	let upload = HeldUpload::begin(&fixture, &fixture.owner, &frame(0, 1), 6).await;
	assert_eq!(upload.end().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_account_leaves_others_memory_for_their_uploads() {
	let limits = Limits { max_uploads: 2, ..Limits::default() };
	let fixture = Fixture::with_limits(limits).await;
	let writer = key(2);
	fixture.grant(&writer, Action::Write);
	let upload = HeldUpload::begin(&fixture, &fixture.owner, &frame(0, 1), 1).await;
	let body = frame(1, 1).bytes().to_vec();
	let (status, problem) =
		fixture.signed(&fixture.owner, Method::POST, &batches_path(), body.clone()).await;
	assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
	assert_eq!(problem.unwrap().code, "too-many-requests");
	let (status, _) = fixture.signed(&writer, Method::POST, &batches_path(), body).await;
	assert_eq!(status, StatusCode::OK);
	assert_eq!(upload.end().await.status(), StatusCode::OK);
	fixture.owner_client().upload(&DATASET, &[frame(2, 1)]).await.unwrap();
}

/// Fault: the store is stopped in the middle of an upload
/// Promise: the upload ends at once, and nothing of it is left
#[tokio::test]
async fn a_stop_ends_uploads_and_leaves_nothing() {
	let fixture = Fixture::start().await;
	let stop = CancellationToken::new();
	let (erasures, log) = (fixture.erasures.clone(), fixture.log.clone());
	let service = Service::new(erasures, log, fixture.chain.clone(), operator(), Limits::default())
		.with_stop(stop.clone());
	let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
	let endpoint = format!("http://{}", listener.local_addr().unwrap());
	let server = tokio::spawn(msec_companion_db::http::serve(
		listener,
		routes(Arc::new(service)),
		Connections::default(),
		stop.clone(),
	));
	wait_until_signatures_count().await;
	// The second half of the body never comes.
	let whole = frame(0, 1).bytes().clone();
	let headers = sign(&fixture.owner, &Method::POST, &batches_path(), &whole);
	let (begun, wait) = tokio::sync::oneshot::channel::<()>();
	let body = futures::stream::once(async move { Ok::<_, std::io::Error>(whole.slice(..100)) })
		.chain(futures::stream::once(async move {
			begun.send(()).unwrap();
			std::future::pending().await
		}));
	let mut request = reqwest::Client::new().post(format!("{endpoint}{}", batches_path()));
	for (name, value) in headers.iter() {
		request = request.header(name, value);
	}
	let answer = tokio::spawn(request.body(reqwest::Body::wrap_stream(body)).send());
	wait.await.unwrap();
	stop.cancel();
	// The answer may be lost with the connection, because the body was not read to its end.
	if let Ok(answer) = answer.await.unwrap() {
		assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
		let problem: Problem = answer.json().await.unwrap();
		assert!(["stopping", "busy"].contains(&problem.code.as_str()), "{}", problem.code);
	}
	tokio::time::timeout(Duration::from_secs(20), server).await.unwrap().unwrap().unwrap();
	assert!(fixture.owner_client().batches(&DATASET, 0, 10).await.unwrap().is_empty());
}

/// What a server says that is ready for the body.
const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

/// Begins an upload that does not say how long it is, and waits until there is room for it.
async fn begin_upload(fixture: &Fixture, body: &[u8]) -> TcpStream {
	let headers = sign(&fixture.owner, &Method::POST, &batches_path(), body);
	let signed = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).concat();
	let head = format!(
		"POST {} HTTP/1.1\r\nhost: store\r\nconnection: close\r\nexpect: 100-continue\r\n\
		transfer-encoding: chunked\r\n{signed}\r\n",
		batches_path()
	);
	let address = fixture.endpoint.trim_start_matches("http://");
	let mut stream = TcpStream::connect(address).await.unwrap();
	stream.write_all(head.as_bytes()).await.unwrap();
	// The store asks for the body when it has found room.
	let mut answer = [0; CONTINUE.len()];
	stream.read_exact(&mut answer).await.unwrap();
	assert_eq!(String::from_utf8_lossy(&answer), CONTINUE);
	stream
}

/// Sends the body of an upload that was begun; the answer.
async fn end_upload(mut stream: TcpStream, body: &[u8]) -> String {
	let length = format!("{:x}\r\n", body.len());
	let chunks = [length.as_bytes(), body, b"\r\n0\r\n\r\n"].concat();
	stream.write_all(&chunks).await.unwrap();
	let mut answer = String::new();
	stream.read_to_string(&mut answer).await.unwrap();
	answer
}

/// Fault: more uploads come at a time than the store has memory for
/// Promise: a further one is refused with 503 `busy`, those under way go on, and it is taken when one
/// of them has ended
#[tokio::test]
async fn an_upload_without_room_is_told_to_come_again() {
	let fixture = Fixture::with_limits(Limits { max_uploads: 1, ..Limits::default() }).await;
	let (first, second) = (frame(0, 1), frame(1, 2));
	let stream = begin_upload(&fixture, first.bytes()).await;
	let upload = async || {
		let body = second.bytes().to_vec();
		fixture.signed(&fixture.owner, Method::POST, &batches_path(), body).await
	};
	let (status, problem) = upload().await;
	assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
	assert_eq!(problem.unwrap().code, "busy");

	let answer = end_upload(stream, first.bytes()).await;
	assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
	assert_eq!(upload().await.0, StatusCode::OK);
	let client = fixture.owner_client();
	assert_eq!(client.batch(&DATASET, 0).await.unwrap(), first);
	assert_eq!(client.batch(&DATASET, 1).await.unwrap(), second);
}

#[tokio::test]
async fn the_interface_describes_itself() {
	let fixture = Fixture::start().await;
	let url = format!("{}/openapi.json", fixture.endpoint);
	let description: serde_json::Value = reqwest::get(url).await.unwrap().json().await.unwrap();
	assert_eq!(description["info"]["title"], "M-Sec companion database");
	let (status, problem) =
		fixture.signed(&fixture.owner, Method::PUT, &dataset_path(), vec![]).await;
	assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
	assert_eq!(problem.unwrap().code, "method-not-allowed");
}

#[tokio::test]
async fn another_store_of_the_data_set_may_read_ciphertext() {
	let fixture = Fixture::start().await;
	let client = fixture.owner_client();
	client.upload(&DATASET, &[frame(0, 1), frame(1, 1)]).await.unwrap();
	let replica = key(6);
	let refusal = refused(fixture.client(&replica).batch(&DATASET, 0).await.unwrap_err());
	assert_eq!(refusal.refusal.as_deref(), Some("NoGrant"));
	fixture.change(|dataset| dataset.stores.push(replica.account_id()));
	let replica = fixture.client(&replica);
	assert_eq!(replica.batch(&DATASET, 0).await.unwrap(), frame(0, 1));
	let head = tree::root(&[0, 1].map(|batch| frame(batch, 1).commitment().leaf_hash()));
	assert_eq!(replica.heads(&DATASET, 0, 1).await.unwrap(), [head]);
	assert!(replica.heads(&DATASET, 0, 2).await.unwrap_err().is_not_found());
	assert_eq!(refused(replica.heads(&DATASET, 1, 1).await.unwrap_err()).status, 422);
	assert_eq!(client.heads(&DATASET, 0, 1).await.unwrap(), [head]);
	// Who only reads has nothing to compare.
	let reader = key(7);
	fixture.grant(&reader, Action::Read);
	let refusal = refused(fixture.client(&reader).heads(&DATASET, 0, 1).await.unwrap_err());
	assert_eq!((refusal.status, refusal.code.as_str()), (403, "forbidden"));
	let refusal = refused(replica.upload(&DATASET, &[frame(2, 1)]).await.unwrap_err());
	assert_eq!(refusal.refusal.as_deref(), Some("NoGrant"));
	fixture.change(|dataset| dataset.erased = true);
	let refusal = refused(replica.batch(&DATASET, 0).await.unwrap_err());
	assert_eq!(refusal.refusal.as_deref(), Some("Erased"));
}
