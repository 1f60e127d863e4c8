use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use msec_primitives::{DatasetStatus, DeviceStatus};
use sp_core::H256;
use sp_runtime::TokenError;

/// 10, and 1 a byte: 97 of the assignment, 64 of the key.
const ASSIGNMENT_DEPOSIT: u64 = 171;

fn assign(who: AccountId) -> sp_runtime::DispatchResult {
	Attestation::assign_dataset(signed(who), DEVICE, AIR)
}

#[test]
fn whoever_owns_both_assigns_and_unassigns() {
	with_device(|_| {
		let before = deposit_of(OWNER);
		assert_ok!(assign(OWNER));
		assert_eq!(deposit_of(OWNER), before + ASSIGNMENT_DEPOSIT);
		assert_eq!(events(), [Event::DatasetAssigned { dataset: AIR, device: DEVICE }]);
		assert_eq!(Attestation::device_of_dataset(AIR), Some(DEVICE));
		assert_noop!(assign(OWNER), Error::<Test>::AlreadyAssigned);

		let unassign = |who| Attestation::unassign_dataset(signed(who), AIR);
		assert_noop!(unassign(STRANGER), Error::<Test>::NotAuthorized);
		assert_ok!(unassign(OWNER));
		assert_eq!(deposit_of(OWNER), before);
		assert_eq!(events(), [Event::DatasetUnassigned { dataset: AIR, device: DEVICE }]);
		assert_eq!(Attestation::device_of_dataset(AIR), None);
		assert_noop!(unassign(OWNER), Error::<Test>::NotFound);
	});
}

#[test]
fn both_must_exist_and_be_own() {
	with_device(|_| {
		assert_noop!(assign(STRANGER), Error::<Test>::NotAuthorized);
		assert_noop!(
			Attestation::assign_dataset(signed(OWNER), OTHER_DEVICE, AIR),
			Error::<Test>::NotFound
		);
		assert_noop!(
			Attestation::assign_dataset(signed(OWNER), DEVICE, H256::zero()),
			Error::<Test>::NotFound
		);
		Datasets::set([(AIR, (STRANGER, DatasetStatus::Active))].into());
		assert_noop!(assign(OWNER), Error::<Test>::NotAuthorized);
		Datasets::set([(AIR, (OWNER, DatasetStatus::Erased))].into());
		assert_noop!(assign(OWNER), Error::<Test>::DatasetErased);
	});
}

#[test]
fn a_deposit_must_be_there() {
	with_device(|_| {
		let rest = free(OWNER) - EXISTENTIAL_DEPOSIT;
		assert_ok!(Attestation::fund_quotes(signed(OWNER), DEVICE, rest));
		assert_noop!(assign(OWNER), TokenError::FundsUnavailable);
	});
}

#[test]
fn other_pallets_learn_whether_the_device_is_trusted() {
	with_device(|_| {
		let trusted_at = || <Attestation as DeviceStatus<u64>>::trusted_at(&AIR);
		assert!(<Attestation as DeviceStatus<u64>>::is_available());
		run_to(4);
		assert_eq!(trusted_at(), None);
		assert_ok!(assign(OWNER));
		assert_eq!(trusted_at(), None);
		assert_ok!(Evidence::new().submit());
		assert_eq!(trusted_at(), Some(3));
		run_to(4 + VALIDITY);
		assert_eq!(trusted_at(), Some(3));
		run_to(4 + VALIDITY + 1);
		assert_eq!(trusted_at(), None);
		assert_ok!(Evidence::new().submit());
		assert_eq!(trusted_at(), Some(now() - 1));
		assert_ok!(Attestation::retire_device(signed(OWNER), DEVICE));
		assert_eq!(trusted_at(), None);
		assert_ok!(Attestation::unassign_dataset(signed(OWNER), AIR));
		assert_eq!(deposit_of(OWNER), 0);
	});
}
