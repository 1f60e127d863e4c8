use crate::{mock::*, pallet::*, Distrust, Trust};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::traits::BadOrigin;

#[test]
fn a_device_in_quarantine_is_not_trusted_until_released() {
	with_trusted_device(|_| {
		let (root, trusted) = (RuntimeOrigin::root, trust());
		assert_noop!(Attestation::quarantine(signed(OWNER), DEVICE), BadOrigin);
		assert_noop!(Attestation::release(root(), DEVICE), Error::<Test>::NotQuarantined);
		assert_ok!(Attestation::quarantine(root(), DEVICE));
		assert_eq!(events(), [Event::Quarantined { device: DEVICE }]);
		assert_eq!(trust(), Trust::NotTrusted(Distrust::Quarantined));
		assert_noop!(Attestation::quarantine(root(), DEVICE), Error::<Test>::AlreadyQuarantined);

		assert_noop!(Attestation::release(signed(OWNER), DEVICE), BadOrigin);
		assert_ok!(Attestation::release(root(), DEVICE));
		assert_eq!(events(), [Event::Released { device: DEVICE }]);
		assert_eq!(trust(), trusted);
	});
}

#[test]
fn quotes_do_not_end_a_quarantine() {
	with_device(|profile| {
		assert_ok!(Attestation::quarantine(RuntimeOrigin::root(), DEVICE));
		assert_ok!(Evidence::new().submit());
		endorse(DEVICE, profile);
		assert_eq!(trust(), Trust::NotTrusted(Distrust::Quarantined));
		assert_noop!(Attestation::challenge(signed(STRANGER), DEVICE), Error::<Test>::NotTrusted);
	});
}

#[test]
fn there_must_be_a_device() {
	build_and_execute(|| {
		let root = RuntimeOrigin::root;
		assert_noop!(Attestation::quarantine(root(), DEVICE), Error::<Test>::NotFound);
		assert_noop!(Attestation::release(root(), DEVICE), Error::<Test>::NotFound);
	});
}
