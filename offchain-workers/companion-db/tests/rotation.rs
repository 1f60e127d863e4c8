//! Rotation of owners' and agents' keys at a store, over HTTP. Each test is named for a defect of the
//! product before.

use crate::common::*;
use msec_commitments::{
	wrapping::{unwrap, wrap},
	EnvelopeError, KeyTree, WrappingSecret,
};
use msec_worker_common::{
	keys::{wrapping_secret, Suite},
	rotation::{rewrap, Rewrapped, RotationError},
	AccountId32,
};

/// A store with a data set that `key_agent` serves.
async fn start(key_agent: AccountId32) -> Fixture {
	let fixture = Fixture::start().await;
	fixture.change(|dataset| dataset.key_agent = Some(key_agent));
	fixture
}

/// Leaves `tree` for `recipient`, as the owner.
async fn leave(fixture: &Fixture, tree: &KeyTree, recipient: &AccountId32, key: &WrappingSecret) {
	let wrapped = wrap(tree, &key.public_key(), &GENESIS, &DATASET, [5; 32]).unwrap();
	fixture.owner_client().put_key(&DATASET, recipient, &wrapped).await.unwrap();
}

#[tokio::test]
async fn no_rotation() {
	let fixture = start(key(2).account_id()).await;
	let client = fixture.owner_client();
	let owner = fixture.owner.account_id();
	let tree = KeyTree::from_seed([6; 32]).renewed(10, [7; 32]).unwrap();
	let secrets = [
		wrapping_secret(Suite::X25519, [1; 32]),
		wrapping_secret(Suite::XWing, [2; 32]),
		wrapping_secret(Suite::X25519, [3; 32]),
	];
	leave(&fixture, &tree, &owner, &secrets[0]).await;
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
	let nobody = key(9).account_id();
	let done = rewrap(&client, &GENESIS, &DATASET, &nobody, &all, &secrets[0]).await;
	assert!(matches!(done, Err(RotationError::Store(error)) if error.is_not_found()));
}

#[tokio::test]
async fn revocation_that_leaves_the_reader_able_to_read_new_data() {
	let (former, next) = (key(2), key(3));
	let fixture = start(former.account_id()).await;
	let [former_key, next_key] = [4, 5].map(|byte| wrapping_secret(Suite::XWing, [byte; 32]));
	let tree = KeyTree::from_seed([6; 32]);
	leave(&fixture, &tree, &former.account_id(), &former_key).await;
	let wrapped = fixture.client(&former).key(&DATASET, &former.account_id()).await.unwrap();
	let known = unwrap(&wrapped, &former_key, &GENESIS, &DATASET).unwrap();

	let renewed = known.renewed(100, [8; 32]).unwrap();
	leave(&fixture, &renewed, &next.account_id(), &next_key).await;
	fixture.change(|dataset| dataset.key_agent = Some(next.account_id()));

	// The store hands nothing more to the former agent, not even what was sealed for it.
	for recipient in [&former, &next] {
		let asked = fixture.client(&former).key(&DATASET, &recipient.account_id()).await;
		assert!(asked.is_err());
	}
	// And what it has, or steals, opens nothing that is sealed from now on.
	let wrapped = fixture.client(&next).key(&DATASET, &next.account_id()).await.unwrap();
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
