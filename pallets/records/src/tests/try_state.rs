use crate::{
	mock::*, DatasetDetails, Datasets, DatasetsByOwner, EncryptionKeys, Erasures, Retentions,
	Stores, Suite,
};
use frame_support::{assert_ok, BoundedVec};
use msec_primitives::DatasetStatus;
use sp_core::H256;

/// Breaks the state by `damage` and expects to be told of it.
fn assert_noticed(message: &'static str, damage: impl FnOnce()) {
	ExtBuilder::default().with_dataset().build().execute_with(|| {
		let publish = Records::publish_encryption_key;
		assert_ok!(publish(RuntimeOrigin::signed(OWNER), Suite::X25519, [1; 32]));
		assert_ok!(Records::do_try_state());
		damage();
		assert_eq!(Records::do_try_state(), Err(message.into()));
	});
}

fn damage_dataset(damage: impl FnOnce(&mut DatasetDetails<Test>)) {
	Datasets::<Test>::mutate(dataset(), |details| damage(details.as_mut().unwrap()));
}

fn erase() {
	assert_ok!(Records::erase(RuntimeOrigin::signed(OWNER), dataset(), H256::zero()));
}

#[test]
fn malformed_stores_and_keys_are_noticed() {
	assert_noticed("endpoint is not an HTTP address", || {
		Stores::<Test>::mutate(STORE, |store| store.as_mut().unwrap().endpoint = BoundedVec::new());
	});
	assert_noticed("encryption key is zero", || {
		EncryptionKeys::<Test>::mutate(OWNER, |key| key.as_mut().unwrap().key = [0; 32]);
	});
	assert_noticed("encryption key without a version", || {
		EncryptionKeys::<Test>::mutate(OWNER, |key| key.as_mut().unwrap().version = 0);
	});
}

#[test]
fn a_wrong_index_is_noticed() {
	assert_noticed("indexed data set does not exist", || {
		DatasetsByOwner::<Test>::insert(OWNER, H256::zero(), ());
	});
	assert_noticed("data set is indexed under another owner", || {
		DatasetsByOwner::<Test>::insert(STRANGER, dataset(), ());
	});
	assert_noticed("data set is not indexed under its owner", || {
		DatasetsByOwner::<Test>::remove(OWNER, dataset());
	});
}

#[test]
fn malformed_data_sets_are_noticed() {
	assert_noticed("data set without a store", || {
		damage_dataset(|details| details.stores = stores(&[]));
	});
	assert_noticed("data set names a store twice", || {
		damage_dataset(|details| details.stores = stores(&[STORE, STORE]));
	});
	assert_noticed("peaks do not fit the number of batches", || {
		damage_dataset(|details| details.batches = 1);
	});
}

#[test]
fn malformed_tombstones_are_noticed() {
	assert_noticed("tombstone names a store", || {
		erase();
		damage_dataset(|details| details.stores = stores(&[STORE]));
	});
	assert_noticed("tombstone names a key agent", || {
		erase();
		damage_dataset(|details| details.key_agent = Some(AGENT));
	});
	assert_noticed("tombstone has peaks", || {
		erase();
		damage_dataset(|details| details.peaks = vec![[1; 32]].try_into().unwrap());
	});
}

#[test]
fn erasures_and_retentions_of_the_wrong_data_sets_are_noticed() {
	assert_noticed("an erasure of what is not erased", || {
		erase();
		damage_dataset(|details| details.status = DatasetStatus::Active);
	});
	assert_noticed("an erasure without a store", || {
		erase();
		Erasures::<Test>::mutate(dataset(), |erasure| {
			erasure.as_mut().unwrap().stores = BoundedVec::new();
		});
	});
	assert_noticed("a retention of what is not in use", || {
		erase();
		Retentions::<Test>::insert(dataset(), 5);
	});
}
