use crate::{mock::*, DutiesOf, ErasureCertificate, ErasureDetails, ErasureDuty, Error, Event};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use msec_primitives::StoreInfo;
use sp_core::H256;
use sp_runtime::DispatchError;

const HASH: H256 = H256::repeat_byte(6);

fn certify(who: AccountId) -> DispatchResult {
	Records::certify_erasure(RuntimeOrigin::signed(who), dataset(), HASH)
}

fn erase() {
	assert_ok!(Records::erase(RuntimeOrigin::signed(OWNER), dataset(), H256::zero()));
}

#[test]
fn each_store_of_an_erased_data_set_certifies_once() {
	ExtBuilder::default().with_stores(&[OTHER_STORE]).with_dataset().build_and_execute(|| {
		let both = stores(&[STORE, OTHER_STORE]);
		assert_ok!(Records::set_stores(RuntimeOrigin::signed(OWNER), dataset(), both));
		System::set_block_number(4);
		erase();
		System::set_block_number(6);
		take_events();
		assert_ok!(certify(OTHER_STORE));
		let certified =
			Event::ErasureCertified { dataset: dataset(), store: OTHER_STORE, certificate: HASH };
		assert_eq!(take_events(), [certified]);
		let duties = vec![
			ErasureDuty { store: STORE, certificate: None },
			ErasureDuty {
				store: OTHER_STORE,
				certificate: Some(ErasureCertificate { hash: HASH, at: 6 }),
			},
		];
		let stores: DutiesOf<Test> = duties.try_into().expect("they are few; qed");
		assert_eq!(Records::erasure(dataset()), Some(ErasureDetails { erased_at: 4, stores }));
		assert_noop!(certify(OTHER_STORE), Error::<Test>::AlreadyExists);
		assert_ok!(certify(STORE));
	});
}

#[test]
fn only_stores_that_the_data_set_named_certify_it() {
	ExtBuilder::default().with_stores(&[OTHER_STORE]).with_dataset().build_and_execute(|| {
		assert_noop!(certify(STORE), Error::<Test>::NotErased);
		erase();
		for who in [OWNER, WRITER, AGENT, OTHER_STORE] {
			assert_noop!(certify(who), Error::<Test>::NotAuthorized);
		}
		let unsigned = Records::certify_erasure(RuntimeOrigin::none(), dataset(), HASH);
		assert_noop!(unsigned, DispatchError::BadOrigin);
		let unknown = Records::certify_erasure(RuntimeOrigin::signed(STORE), H256::zero(), HASH);
		assert_noop!(unknown, Error::<Test>::NotFound);
	});
}

#[test]
fn a_store_that_left_still_certifies() {
	ExtBuilder::default().with_dataset().build_and_execute(|| {
		erase();
		assert!(Records::is_registered(&STORE));
		assert_ok!(Records::deregister_store(RuntimeOrigin::signed(STORE)));
		assert!(!Records::is_registered(&STORE));
		assert_ok!(certify(STORE));
	});
}
