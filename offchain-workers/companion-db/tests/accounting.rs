//! What the store writes down, proves, anchors and certifies.

use crate::common::{self, *};
use msec_companion_db::{
	duties::{anchor, certify},
	store::Store,
};
use msec_worker_common::{
	access_log::{verify_links, verify_root, Entry, Operation, Outcome, Subject},
	chain::{Action, AnchoredCertificate, DatasetEvents, Purpose},
	AccountId32, H256,
};
use reqwest::{Method, StatusCode};
use std::sync::Arc;

const SUBJECT: Subject = Subject::Dataset(H256(DATASET));

/// Everything that is written down of today.
async fn entries(fixture: &Fixture) -> Vec<Entry> {
	let lines = fixture.log.lines(DAY, u32::MAX, None, 0, u32::MAX).await.unwrap();
	lines.iter().map(|line| Entry::parse(line).unwrap()).collect()
}

#[tokio::test]
async fn every_decision_is_written_down_with_its_reason() {
	let fixture = Fixture::start().await;
	let (owner, reader, stranger) = (fixture.owner.clone(), key(2), key(3));
	fixture.grant(&reader, Action::Read);
	let client = fixture.owner_client();
	client.upload(&DATASET, &[frame(0, 1)]).await.unwrap();
	client.put_key(&DATASET, &reader.account_id(), &wrapped_key()).await.unwrap();
	fixture.client(&reader).batches(&DATASET, 0, 9).await.unwrap();
	fixture.client(&reader).chunk(&DATASET, 0, 1).await.unwrap();
	fixture.client(&stranger).batch(&DATASET, 0).await.unwrap_err();
	fixture.client(&stranger).batch(&[1; 32], 4).await.unwrap_err();
	client.key(&DATASET, &reader.account_id()).await.unwrap();
	client.erase(&DATASET).await.unwrap_err();

	let recipient = reader.account_id();
	let (read, list) = (Operation::Read { from: 0, to: 1 }, Operation::List { from: 0, to: 9 });
	let served = |basis: &str| Outcome::Served(basis.to_owned());
	let refused = |reason: &str| Outcome::Refused(reason.to_owned());
	let expected = [
		(&owner, DATASET, Operation::Upload, served("Owner")),
		(&owner, DATASET, Operation::PutKey { recipient }, served("Owner")),
		(&reader, DATASET, list, served("Grant")),
		(&reader, DATASET, read.clone(), served("Grant")),
		(&stranger, DATASET, read, refused("NoGrant")),
		(&stranger, [1; 32], Operation::Read { from: 4, to: 5 }, refused("UnknownResource")),
		(&owner, DATASET, Operation::ReadKey { recipient }, served("Owner")),
		(&owner, DATASET, Operation::Erase, refused("NotErased")),
	];
	let entries = entries(&fixture).await;
	assert_eq!(entries.len(), expected.len());
	for (entry, (account, dataset, operation, outcome)) in entries.iter().zip(expected) {
		assert_eq!((entry.account, entry.dataset.0), (account.account_id(), dataset));
		assert_eq!((&entry.operation, &entry.outcome), (&operation, &outcome));
		assert_eq!(entry.block, BLOCK);
	}
}

#[tokio::test]
async fn rules_of_the_store_and_purposes_are_written_down_too() {
	let fixture = Fixture::start().await;
	let reader = key(2);
	fixture.chain.change(|state| state.purpose = Some(Purpose::PublicBenefit));
	let path = format!("{}/0?purpose=public-benefit", batches_path());
	fixture.signed(&reader, Method::GET, &path, vec![]).await;
	fixture.grant(&reader, Action::Read);
	fixture.client(&reader).key(&DATASET, &AccountId32([8; 32])).await.unwrap_err();
	fixture.change(|dataset| dataset.stores = vec![AccountId32([98; 32])]);
	fixture.owner_client().dataset(&DATASET).await.unwrap_err();
	let entries = entries(&fixture).await;
	let outcomes: Vec<_> = entries.iter().map(|entry| entry.outcome.clone()).collect();
	let refused = |reason: &str| Outcome::Refused(reason.to_owned());
	assert_eq!(
		outcomes,
		[Outcome::Served("Grant".into()), refused("Forbidden"), refused("NotKeptHere")]
	);
	assert_eq!(entries[0].purpose.as_deref(), Some("public-benefit"));
	assert_eq!(entries[1].purpose, None);
}

#[tokio::test]
async fn another_store_of_the_data_set_is_written_down_as_such() {
	let fixture = Fixture::start().await;
	fixture.owner_client().upload(&DATASET, &[frame(0, 1)]).await.unwrap();
	let other = key(6);
	fixture.change(|dataset| dataset.stores.push(other.account_id()));
	let client = fixture.client(&other);
	client.heads(&DATASET, 0, 0).await.unwrap();
	client.batches(&DATASET, 0, 1).await.unwrap();
	client.batch(&DATASET, 0).await.unwrap();
	// With a grant it is a reader like others.
	fixture.grant(&other, Action::Read);
	client.batch(&DATASET, 0).await.unwrap();
	let entries = entries(&fixture).await;
	let asked: Vec<_> =
		entries[1..].iter().map(|entry| (entry.operation.clone(), entry.outcome.clone())).collect();
	let by = |basis: &str| Outcome::Served(basis.to_owned());
	assert_eq!(
		asked,
		[
			(Operation::Compare { from: 0, to: 1 }, by("Store")),
			(Operation::List { from: 0, to: 1 }, by("Store")),
			(Operation::Replicate { from: 0, to: 1 }, by("Store")),
			(Operation::Read { from: 0, to: 1 }, by("Grant")),
		]
	);
}

/// Fault: strangers send requests that are refused, as fast as they can
/// Promise: refusals fill the access log with at most 20 lines a second, and owners are served
#[tokio::test]
async fn strangers_cannot_fill_the_log() {
	let fixture = Fixture::start().await;
	let store = &fixture;
	let ask = |number: u8| async move {
		store.signed(&key(number), Method::GET, &batches_path(), vec![]).await.0
	};
	// Each has an account of his own.
	let answers = futures::future::join_all((100..=255).map(ask)).await;
	let decided = answers.iter().filter(|status| **status == StatusCode::FORBIDDEN).count();
	let put_off = answers.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count();
	assert_eq!(decided + put_off, answers.len());
	assert!(decided > 0 && put_off > 0);
	assert_eq!(entries(&fixture).await.len(), decided);
	// Whom the chain allows is not concerned.
	fixture.owner_client().dataset(&DATASET).await.unwrap();
}

#[tokio::test]
async fn a_line_that_was_changed_on_disk_is_noticed() {
	let fixture = Fixture::start().await;
	let client = fixture.owner_client();
	for _ in 0..3 {
		client.dataset(&DATASET).await.unwrap();
	}
	let file = fixture.directory.path().join("access-log/2026-11-26.log");
	let lines = std::fs::read_to_string(&file).unwrap();
	std::fs::write(&file, lines.replacen("describe", "listkeys", 1)).unwrap();
	let problem = common::refused(client.access_log_group(DAY, &SUBJECT).await.unwrap_err());
	assert_eq!((problem.status, problem.code.as_str()), (500, "log-damaged"));
}

#[tokio::test]
async fn what_is_no_decision_is_not_written_down() {
	let fixture = Fixture::start().await;
	let path = dataset_path();
	reqwest::get(format!("{}{path}", fixture.endpoint)).await.unwrap();
	let headers = sign(&fixture.owner, &Method::GET, &path, &[]);
	fixture.send(Method::GET, &batches_path(), &headers, vec![]).await;
	fixture.chain.change(|state| state.stale = true);
	fixture.send(Method::GET, &path, &headers, vec![]).await;
	assert!(entries(&fixture).await.is_empty());
	fixture.chain.change(|state| state.stale = false);
	assert_eq!(fixture.send(Method::GET, &path, &headers, vec![]).await.0, StatusCode::OK);
	// A replay was decided before.
	fixture.send(Method::GET, &path, &headers, vec![]).await;
	assert_eq!(entries(&fixture).await.len(), 1);
}

#[tokio::test]
async fn a_day_that_has_ended_is_anchored_once_and_its_lines_are_proved() {
	let fixture = Fixture::start().await;
	let reader = key(2);
	fixture.grant(&reader, Action::Read);
	let client = fixture.owner_client();
	client.upload(&DATASET, &[frame(0, 1)]).await.unwrap();
	fixture.client(&reader).batch(&DATASET, 0).await.unwrap();
	fixture.client(&key(3)).batch(&[1; 32], 0).await.unwrap_err();
	assert_eq!(anchor(&fixture.log, &*fixture.chain).await.unwrap(), 0);

	fixture.pass_a_day();
	assert_eq!(anchor(&fixture.log, &*fixture.chain).await.unwrap(), 1);
	assert_eq!(anchor(&fixture.log, &*fixture.chain).await.unwrap(), 0);
	let anchors = fixture.chain.get(|state| state.anchors.clone());
	assert_eq!((anchors[0].day, anchors[0].entries), (DAY, 3));

	let answer = client.access_log_group(DAY, &SUBJECT).await.unwrap().unwrap();
	verify_root(&answer.head, &anchors[0]).unwrap();
	let verified = answer
		.head
		.verify_group(&SUBJECT, answer.group.as_ref(), &answer.path, &answer.lines)
		.unwrap();
	assert_eq!(verified.len(), 2);
	let own = Subject::Account(reader.account_id());
	let answer = fixture.client(&reader).access_log_group(DAY, &own).await.unwrap().unwrap();
	let verified =
		answer.head.verify_group(&own, answer.group.as_ref(), &answer.path, &answer.lines).unwrap();
	assert_eq!(verified[0].operation, Operation::Read { from: 0, to: 1 });
	let all = fixture.client(&key(99)).access_log_lines(DAY).await.unwrap().unwrap();
	assert_eq!(all.head.verify_all(&all.lines).unwrap().len(), 3);
}

#[tokio::test]
async fn days_that_were_missed_are_anchored_in_their_order() {
	let fixture = Fixture::start().await;
	let client = fixture.owner_client();
	fixture.chain.change(|state| state.refuses = true);
	for _ in 0..3 {
		client.dataset(&DATASET).await.unwrap();
		fixture.pass_a_day();
		assert!(anchor(&fixture.log, &*fixture.chain).await.is_err());
	}
	fixture.chain.change(|state| state.refuses = false);
	assert_eq!(anchor(&fixture.log, &*fixture.chain).await.unwrap(), 3);
	let days = fixture
		.chain
		.get(|state| state.anchors.iter().map(|anchor| anchor.day).collect::<Vec<_>>());
	assert_eq!(days, [DAY, DAY + 1, DAY + 2]);
	verify_links(&fixture.log.closed_after(None).await.unwrap(), true).unwrap();
}

#[tokio::test]
async fn long_answers_come_in_pages() {
	let fixture = Fixture::start().await;
	let client = fixture.owner_client();
	for _ in 0..900 {
		let decided = msec_companion_db::access_log::Decided {
			account: fixture.owner.account_id(),
			dataset: DATASET,
			operation: Operation::Describe,
			purpose: None,
			outcome: Outcome::Served("Owner".to_owned()),
			block: BLOCK,
		};
		fixture.log.append(decided).await.unwrap();
	}
	let answer = client.access_log_group(DAY, &SUBJECT).await.unwrap().unwrap();
	// Asking is itself written down, before the first page is read.
	assert_eq!(answer.lines.len(), 901);
	answer.head.verify_group(&SUBJECT, answer.group.as_ref(), &answer.path, &answer.lines).unwrap();
	assert!(!answer.closed);
}

#[tokio::test]
async fn the_log_is_shown_to_whom_it_concerns() {
	let fixture = Fixture::start().await;
	let reader = key(2);
	fixture.grant(&reader, Action::Read);
	fixture.client(&reader).batches(&DATASET, 0, 1).await.unwrap();
	let refused = fixture.client(&reader).access_log_group(DAY, &SUBJECT).await.unwrap_err();
	assert_eq!(common::refused(refused).status, 403);
	let refused = fixture.owner_client().access_log_lines(DAY).await.unwrap_err();
	assert_eq!(common::refused(refused).status, 403);
	// Another account's own lines cannot be asked for: it is always the one that signs.
	let own = Subject::Account(key(3).account_id());
	let answer = fixture.client(&key(3)).access_log_group(DAY, &own).await.unwrap().unwrap();
	assert_eq!(answer.group, None);
	answer.head.verify_group(&own, None, &answer.path, &answer.lines).unwrap();
	assert!(fixture.owner_client().access_log_day(DAY + 1).await.unwrap().is_none());
}

#[tokio::test]
async fn an_erasure_is_certified_and_anchored() {
	let fixture = Fixture::start().await;
	let client = fixture.owner_client();
	client.upload(&DATASET, &[frame(0, 1), frame(1, 2)]).await.unwrap();
	client.put_key(&DATASET, &key(2).account_id(), &wrapped_key()).await.unwrap();
	assert!(client.erasure_certificate(&DATASET).await.unwrap_err().is_not_found());
	fixture.chain.change(|state| state.erase(DATASET));

	fixture.duties().once().await;
	assert!(fixture.store().datasets().unwrap().is_empty());
	let certificate = fixture.client(&key(5)).erasure_certificate(&DATASET).await.unwrap();
	assert!(certificate.is_genuine());
	assert_eq!(certificate.store, operator());
	let destruction = certificate.destruction;
	assert_eq!((destruction.genesis.0, destruction.dataset.0), (GENESIS, DATASET));
	assert_eq!((destruction.keys, destruction.batches, destruction.block), (1, 2, BLOCK));
	let bytes = frame(0, 1).bytes().len() + frame(1, 2).bytes().len();
	assert_eq!(destruction.bytes, bytes as u64);
	let anchored = fixture.chain.get(|state| state.erasures[&DATASET].stores[0].1.unwrap());
	assert_eq!(anchored.hash.0, certificate.hash());
	// Nothing is certified twice, neither by a request nor by the next round.
	client.erase(&DATASET).await.unwrap();
	fixture.duties().once().await;
	assert_eq!(client.erasure_certificate(&DATASET).await.unwrap(), certificate);
}

#[tokio::test]
async fn a_certificate_that_was_lost_is_not_replaced_by_another() {
	let fixture = Fixture::start().await;
	let client = fixture.owner_client();
	client.upload(&DATASET, &[frame(0, 1)]).await.unwrap();
	let lost = AnchoredCertificate { hash: H256([7; 32]), at: BLOCK as u32 };
	fixture.chain.change(|state| {
		state.erase(DATASET);
		state.erasures.get_mut(&DATASET).unwrap().stores[0].1 = Some(lost);
	});
	for _ in 0..2 {
		fixture.duties().once().await;
		assert!(fixture.store().datasets().unwrap().is_empty());
		assert!(client.erasure_certificate(&DATASET).await.unwrap_err().is_not_found());
	}
	let upload = client.upload(&DATASET, &[frame(0, 1)]).await.unwrap_err();
	assert_eq!(common::refused(upload).refusal.as_deref(), Some("Erased"));
}

#[tokio::test]
async fn a_certificate_waits_until_the_chain_is_there() {
	let fixture = Fixture::start().await;
	fixture.owner_client().upload(&DATASET, &[frame(0, 1)]).await.unwrap();
	fixture.chain.change(|state| {
		state.erase(DATASET);
		state.refuses = true;
	});
	fixture.owner_client().erase(&DATASET).await.unwrap();
	assert!(certify(&fixture.erasures, &*fixture.chain).await.is_err());
	fixture.chain.change(|state| state.refuses = false);
	assert_eq!(certify(&fixture.erasures, &*fixture.chain).await.unwrap(), 1);
	assert_eq!(certify(&fixture.erasures, &*fixture.chain).await.unwrap(), 0);
}

#[tokio::test]
async fn a_data_set_whose_time_is_over_is_erased_without_being_asked() {
	let fixture = Fixture::start().await;
	fixture.owner_client().upload(&DATASET, &[frame(0, 1)]).await.unwrap();
	fixture.duties().once().await;
	assert_eq!(fixture.duties().expire().await.unwrap(), 0);
	let happened = DatasetEvents { erased: vec![], changed: vec![DATASET] };
	fixture.chain.change(|state| {
		state.expired.push(DATASET);
		state.blocks.push(happened);
	});
	fixture.duties().once().await;
	assert!(fixture.store().datasets().unwrap().is_empty());
	let certified = fixture.chain.get(|state| state.erasures[&DATASET].stores[0].1.is_some());
	assert!(certified);
}

#[tokio::test]
async fn lines_are_kept_for_a_time_and_the_days_after_them_stay_proved() {
	let fixture = Fixture::start().await;
	let client = fixture.owner_client();
	for _ in 0..3 {
		client.dataset(&DATASET).await.unwrap();
		fixture.pass_a_day();
		fixture.duties().once().await;
	}
	let gone = client.access_log_group(DAY, &SUBJECT).await.unwrap_err();
	assert_eq!(refused(gone).status, 410);
	let mut heads = Vec::new();
	for day in DAY..DAY + 3 {
		heads.push(client.access_log_day(day).await.unwrap().unwrap().head);
	}
	verify_links(&heads, true).unwrap();
	let answer = client.access_log_group(DAY + 2, &SUBJECT).await.unwrap().unwrap();
	let anchors = fixture.chain.get(|state| state.anchors.clone());
	verify_root(&answer.head, &anchors[2]).unwrap();
}

/// Backups leave the folder `keys` out.
#[tokio::test]
async fn a_backup_holds_no_keys_that_would_outlive_an_erasure() {
	let fixture = Fixture::start().await;
	let client = fixture.owner_client();
	client.upload(&DATASET, &[frame(0, 1)]).await.unwrap();
	client.put_key(&DATASET, &key(2).account_id(), &wrapped_key()).await.unwrap();
	let folder = fixture.directory.path();
	assert!(contains(&folder.join("keys"), &wrapped_key()));
	std::fs::remove_dir_all(folder.join("keys")).unwrap();
	assert!(!contains(folder, &wrapped_key()));
}

/// Fault: the access log cannot be written
/// Promise: nothing is served until it can
#[tokio::test]
async fn nothing_is_served_that_cannot_be_written_down() {
	let fixture = Fixture::start().await;
	fixture.owner_client().upload(&DATASET, &[frame(0, 1)]).await.unwrap();
	// The folder is gone, and the next day needs a new file in it.
	std::fs::remove_dir_all(fixture.directory.path().join("access-log")).unwrap();
	fixture.pass_a_day();
	let (status, problem) =
		fixture.signed(&fixture.owner, Method::GET, &dataset_path(), vec![]).await;
	assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
	assert_eq!(problem.unwrap().code, "internal");
}

#[tokio::test]
async fn the_log_goes_on_after_a_restart() {
	let fixture = Fixture::start().await;
	fixture.owner_client().dataset(&DATASET).await.unwrap();
	let log = open_log(fixture.directory.path(), &fixture.time);
	let elsewhere = tempfile::tempdir().unwrap();
	let other = erasures(Store::open(elsewhere.path()).unwrap(), elsewhere.path());
	let chain = Arc::clone(&fixture.chain);
	let limits = msec_companion_db::http::Limits::default();
	let (endpoint, server) = serve(&other, &log, &chain, limits, vec![]).await;
	let client = msec_worker_common::store_client::StoreClient::new(
		&endpoint,
		&operator(),
		fixture.owner.clone(),
	)
	.unwrap();
	client.dataset(&DATASET).await.unwrap();
	let answer = client.access_log_group(DAY, &SUBJECT).await.unwrap().unwrap();
	answer.head.verify_group(&SUBJECT, answer.group.as_ref(), &answer.path, &answer.lines).unwrap();
	assert_eq!(answer.lines.len(), 3);
	server.abort();
}
