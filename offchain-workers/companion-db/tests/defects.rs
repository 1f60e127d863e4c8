//! The defects of the store that this one replaces, one test each, by name.

use crate::common::*;
use msec_companion_db::duties::anchor;
use msec_worker_common::{
	access_log::{verify_root, Entry, Outcome, Subject},
	chain::Action,
	keys::AccountKey,
	AccountId32, H256,
};
use reqwest::{Method, StatusCode};

const PLAINTEXT: u8 = 1;

/// What every path that hands something out answers `key`, or somebody without a signature.
async fn read_everything(fixture: &Fixture, key: Option<&AccountKey>) -> Vec<StatusCode> {
	let dataset = dataset_path();
	let paths = [
		dataset.clone(),
		format!("{dataset}/batches"),
		format!("{dataset}/batches/0"),
		format!("{dataset}/batches/0/chunks/0"),
		format!("{dataset}/keys/0x{}", hex::encode(fixture.owner.public())),
		format!("/v1/access-log/2026-11-26{}", dataset.strip_prefix("/v1").unwrap()),
	];
	let mut answers = Vec::new();
	for path in paths {
		answers.push(match key {
			Some(key) => fixture.signed(key, Method::GET, &path, vec![]).await.0,
			None => {
				let url = format!("{}{path}", fixture.endpoint);
				reqwest::get(url).await.unwrap().status()
			},
		});
	}
	answers
}

async fn filled() -> Fixture {
	let fixture = Fixture::start().await;
	let client = fixture.owner_client();
	client.upload(&DATASET, &[frame(0, PLAINTEXT)]).await.unwrap();
	client.put_key(&DATASET, &fixture.owner.account_id(), &wrapped_key()).await.unwrap();
	fixture
}

async fn entries(fixture: &Fixture) -> Vec<Entry> {
	let lines = fixture.log.lines(DAY, u32::MAX, None, 0, u32::MAX).await.unwrap();
	lines.iter().map(|line| Entry::parse(line).unwrap()).collect()
}

#[tokio::test]
async fn master_secret_kept_in_clear() {
	let fixture = filled().await;
	// The store takes sealed keys only, and neither seed nor readings are anywhere in its folder.
	let seed = [6; 32];
	let put = fixture.owner_client().put_key(&DATASET, &fixture.owner.account_id(), &seed).await;
	assert_eq!(refused(put.unwrap_err()).code, "invalid-key");
	assert!(!contains(fixture.directory.path(), &seed));
	assert!(!contains(fixture.directory.path(), &[PLAINTEXT; 32]));
	assert!(contains(fixture.directory.path(), &wrapped_key()));
}

#[tokio::test]
async fn read_path_without_authorization() {
	let fixture = filled().await;
	assert_eq!(read_everything(&fixture, None).await, [StatusCode::UNAUTHORIZED; 6]);
	assert_eq!(read_everything(&fixture, Some(&key(3))).await, [StatusCode::FORBIDDEN; 6]);
	assert_eq!(read_everything(&fixture, Some(&fixture.owner)).await, [StatusCode::OK; 6]);
}

#[tokio::test]
async fn on_chain_check_that_is_always_true() {
	let fixture = filled().await;
	let reader = key(2);
	let batch = format!("{}/0", batches_path());
	let read = async || fixture.signed(&reader, Method::GET, &batch, vec![]).await;
	// The answer follows the chain's, each time it changes.
	for _ in 0..2 {
		assert_eq!(read().await.0, StatusCode::FORBIDDEN);
		fixture.grant(&reader, Action::Read);
		assert_eq!(read().await.0, StatusCode::OK);
		fixture.chain.change(|state| state.grants.clear());
	}
	// Without an answer of the chain nothing is served.
	fixture.grant(&reader, Action::Read);
	fixture.chain.change(|state| state.stale = true);
	assert_eq!(read().await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn unknown_users_served_plaintext() {
	let fixture = filled().await;
	let url = format!("{}{}/0", fixture.endpoint, batches_path());
	let answer = reqwest::get(url).await.unwrap();
	assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
	let body = answer.bytes().await.unwrap();
	assert!(!body.windows(8).any(|part| part == [PLAINTEXT; 8]));
	// Not even the owner is served plaintext: the store has none.
	let frame = fixture.owner_client().batch(&DATASET, 0).await.unwrap();
	assert!(!frame.bytes().windows(8).any(|part| part == [PLAINTEXT; 8]));
}

#[tokio::test]
async fn delete_without_ownership_check() {
	let fixture = filled().await;
	let (writer, reader) = (key(2), key(3));
	fixture.grant(&writer, Action::Write);
	fixture.grant(&reader, Action::Read);
	fixture.change(|dataset| dataset.erased = true);
	for key in [&writer, &reader, &key(4)] {
		let (status, _) = fixture.signed(key, Method::DELETE, &dataset_path(), vec![]).await;
		assert_eq!(status, StatusCode::FORBIDDEN);
	}
	assert_eq!(fixture.store().datasets().unwrap(), [DATASET]);
	// The owner neither, as long as the chain does not say that it is erased.
	fixture.change(|dataset| dataset.erased = false);
	let problem = refused(fixture.owner_client().erase(&DATASET).await.unwrap_err());
	assert_eq!(problem.code, "not-erased");
	assert_eq!(fixture.store().datasets().unwrap(), [DATASET]);
}

#[tokio::test]
async fn authorization_events_never_emitted() {
	let fixture = filled().await;
	let before = entries(&fixture).await.len();
	assert_eq!(read_everything(&fixture, Some(&key(3))).await.len(), 6);
	assert_eq!(read_everything(&fixture, Some(&fixture.owner)).await.len(), 6);
	let entries = entries(&fixture).await.split_off(before);
	let is_refused = |entry: &&Entry| matches!(entry.outcome, Outcome::Refused(_));
	assert_eq!(entries.len(), 12);
	assert_eq!(entries.iter().filter(is_refused).count(), 6);
	assert!(entries[..6].iter().all(|entry| entry.account == key(3).account_id()));
}

#[tokio::test]
async fn revocation_that_leaves_the_reader_able_to_read_new_data() {
	let fixture = filled().await;
	let reader = key(2);
	fixture.grant(&reader, Action::Read);
	fixture.client(&reader).batch(&DATASET, 0).await.unwrap();
	fixture.chain.change(|state| state.grants.clear());
	fixture.owner_client().upload(&DATASET, &[frame(1, 2)]).await.unwrap();
	for batch in 0..2 {
		let problem = refused(fixture.client(&reader).batch(&DATASET, batch).await.unwrap_err());
		assert_eq!(problem.refusal.as_deref(), Some("NoGrant"));
	}
}

#[tokio::test]
async fn no_audit() {
	let fixture = filled().await;
	let reader = key(2);
	fixture.grant(&reader, Action::Read);
	fixture.client(&reader).batch(&DATASET, 0).await.unwrap();
	fixture.pass_a_day();
	anchor(&fixture.log, &*fixture.chain).await.unwrap();
	let subject = Subject::Dataset(H256(DATASET));
	let answer = fixture.owner_client().access_log_group(DAY, &subject).await.unwrap().unwrap();
	let verify = |lines: &[String]| {
		answer.head.verify_group(&subject, answer.group.as_ref(), &answer.path, lines)
	};
	verify_root(&answer.head, &fixture.chain.get(|state| state.anchors[0])).unwrap();
	let readers: Vec<AccountId32> =
		verify(&answer.lines).unwrap().iter().map(|entry| entry.account).collect();
	assert_eq!(readers.last(), Some(&reader.account_id()));
	// The reader cannot be left out or exchanged for another.
	assert!(verify(&answer.lines[..answer.lines.len() - 1]).is_err());
	let other = key(9).account_id().to_string();
	let exchange = |line: &String| line.replace(&reader.account_id().to_string(), &other);
	assert!(verify(&answer.lines.iter().map(exchange).collect::<Vec<_>>()).is_err());
}
