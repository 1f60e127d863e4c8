//! What stores account for over the real runtime: days of their access logs, and what they erased.

use crate::common::*;
use frame_support::{assert_noop, assert_ok, traits::Get, BoundedVec};
use msec_primitives::{
	AccessPolicy, Action, DatasetId, DatasetInfo, DatasetStatus, Decision, Refusal,
};
use msec_runtime::{AccessControl, AccountId, Records, Runtime, RuntimeOrigin};
use pallet_access_control::{AccessLogAnchor, Call as Access, Config as AccessConfig};
use pallet_records::Call as Record;
use sp_core::H256;

const OWNER: u8 = 1;
const STORE: u8 = 2;
const STRANGER: u8 = 3;
const ROOT: H256 = H256::repeat_byte(7);

fn register(operator: u8) {
	let endpoint = BoundedVec::truncate_from(b"http://127.0.0.1:8460".to_vec());
	let register = Record::register_store { endpoint, terms_hash: H256::zero() };
	assert_ok!(call(&account(operator), register));
}

fn make_dataset() -> DatasetId {
	let salt = H256::repeat_byte(1);
	let stores: BoundedVec<AccountId, _> = BoundedVec::truncate_from(vec![account(STORE)]);
	assert_ok!(call(&account(OWNER), Record::create_dataset { salt, stores, key_agent: None }));
	Records::dataset_id(&account(OWNER), &salt)
}

#[test]
fn registered_stores_anchor_their_logs_and_nobody_else() {
	with_accounts(STRANGER, || {
		register(STORE);
		let anchor = |who| {
			let origin = RuntimeOrigin::signed(account(who));
			AccessControl::anchor_access_log(origin, 20_783, ROOT, 5)
		};
		assert_noop!(anchor(STRANGER), pallet_access_control::Error::<Runtime>::StoreNotFound);
		let before = held(&account(STORE));
		assert_ok!(anchor(STORE));
		assert_eq!(held(&account(STORE)), before, "anchors have no deposit");
		let kept = AccessLogAnchor { day: 20_783, root: ROOT, entries: 5 };
		assert_eq!(AccessControl::access_log_anchor(account(STORE), 20_783), Some(kept));
		// Who left anchors nothing, and what it anchored stays.
		assert_ok!(call(&account(STORE), Record::deregister_store {}));
		let next = Access::anchor_access_log { day: 20_784, root: ROOT, entries: 5 };
		assert!(call(&account(STORE), next).is_err());
		assert_eq!(AccessControl::access_log_anchors(account(STORE)).len(), 1);
	});
}

/// Clients count on it: they know by it whether the chain has forgotten days.
#[test]
fn so_many_days_are_kept() {
	assert_eq!(<<Runtime as AccessConfig>::MaxAnchors as Get<u32>>::get(), 400);
}

#[test]
fn a_data_set_whose_time_is_over_ends_for_everybody_and_is_certified() {
	with_accounts(STRANGER, || {
		register(STORE);
		let dataset = make_dataset();
		let retain_until = 10;
		assert_ok!(call(&account(OWNER), Record::set_retention { dataset, retain_until }));
		assert!(call(&account(STORE), Record::expire { dataset }).is_err());
		advance(10);
		assert_ok!(call(&account(STORE), Record::expire { dataset }));
		assert_eq!(
			<Records as DatasetInfo<AccountId>>::status(&dataset),
			Some(DatasetStatus::Erased)
		);
		assert_eq!(
			<AccessControl as AccessPolicy<AccountId>>::can_access(
				&account(OWNER),
				&dataset,
				Action::Read,
				None
			),
			Decision::Deny(Refusal::Erased)
		);
		let certify = || Record::certify_erasure { dataset, certificate: ROOT };
		assert!(call(&account(STRANGER), certify()).is_err());
		assert_ok!(call(&account(STORE), certify()));
		let erasure = Records::erasure(dataset).expect("it was erased");
		assert_eq!(erasure.stores[0].store, account(STORE));
		assert_eq!(erasure.stores[0].certificate.map(|found| found.hash), Some(ROOT));
	});
}
