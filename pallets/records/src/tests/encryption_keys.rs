use crate::{mock::*, EncryptionKeys, Error, Event, Suite};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{ArithmeticError, TokenError};

fn publish(account: AccountId, key: [u8; 32]) -> frame_support::dispatch::DispatchResult {
	Records::publish_encryption_key(RuntimeOrigin::signed(account), Suite::X25519, key)
}

fn published(key: [u8; 32], version: u32) -> Event<Test> {
	Event::EncryptionKeyPublished { account: OWNER, suite: Suite::X25519, key, version }
}

#[test]
fn the_first_key_is_version_one_and_holds_a_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(publish(OWNER, [1; 32]));

		let details = Records::encryption_key(OWNER).unwrap();
		assert_eq!((details.suite, details.key, details.version), (Suite::X25519, [1; 32], 1));
		assert_eq!(held(OWNER), ENCRYPTION_KEY_DEPOSIT);
		assert_eq!(Balances::free_balance(OWNER), INITIAL_BALANCE - ENCRYPTION_KEY_DEPOSIT);
		assert_eq!(take_events(), [published([1; 32], 1)]);
	});
}

#[test]
fn a_further_key_replaces_the_former_for_the_same_deposit() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(publish(OWNER, [1; 32]));
		assert_ok!(publish(OWNER, [2; 32]));

		let details = Records::encryption_key(OWNER).unwrap();
		assert_eq!((details.key, details.version), ([2; 32], 2));
		assert_eq!(held(OWNER), ENCRYPTION_KEY_DEPOSIT);
		assert_eq!(take_events(), [published([1; 32], 1), published([2; 32], 2)]);
	});
}

#[test]
fn a_key_of_zeros_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(publish(OWNER, [0; 32]), Error::<Test>::InvalidKey);
	});
}

#[test]
fn a_deposit_that_cannot_be_paid_stops_the_publication() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(publish(99, [1; 32]), TokenError::FundsUnavailable);
	});
}

#[test]
fn versions_do_not_wrap() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(publish(OWNER, [1; 32]));
		EncryptionKeys::<Test>::mutate(OWNER, |details| {
			details.as_mut().unwrap().version = u32::MAX
		});
		assert_noop!(publish(OWNER, [2; 32]), ArithmeticError::Overflow);
	});
}

#[test]
fn removing_returns_the_deposit_and_versions_begin_again() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(publish(OWNER, [1; 32]));
		assert_ok!(Records::remove_encryption_key(RuntimeOrigin::signed(OWNER)));

		assert_eq!(Records::encryption_key(OWNER), None);
		assert_eq!(held(OWNER), 0);
		assert_eq!(Balances::free_balance(OWNER), INITIAL_BALANCE);

		assert_ok!(publish(OWNER, [2; 32]));
		assert_eq!(
			take_events(),
			[
				published([1; 32], 1),
				Event::EncryptionKeyRemoved { account: OWNER },
				published([2; 32], 1),
			]
		);
	});
}

#[test]
fn only_a_key_that_exists_is_removed() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Records::remove_encryption_key(RuntimeOrigin::signed(OWNER)),
			Error::<Test>::NotFound
		);
	});
}
