use crate::{mock::*, ClockInfo, Contraindication, Distrust, Trust, TrustTier};
use frame_support::assert_ok;
use sp_core::H256;

/// What the device's next quote says.
fn tier_of(change: impl FnOnce(&mut Evidence)) -> TrustTier {
	run_to(now() + INTERVAL);
	assert_ok!(Evidence::new().but(change).submit());
	Attestation::device(DEVICE).unwrap().result.unwrap().tier
}

fn contraindicated(reason: Contraindication) -> TrustTier {
	TrustTier::Contraindicated(reason)
}

#[test]
fn each_register_contains_one_of_its_allowed_values() {
	with_device(|_| {
		let tier = |boot, kernel| tier_of(|evidence| evidence.pcr_values = [boot, kernel].into());
		let wrong = |index| contraindicated(Contraindication::PcrNotAllowed { index });
		assert_eq!(tier(BOOT, KERNEL), TrustTier::Affirming);
		assert_eq!(tier(BOOT, RENEWED_KERNEL), TrustTier::Affirming);
		assert_eq!(tier(BOOT, BOOT), wrong(8));
		assert_eq!(tier(KERNEL, KERNEL), wrong(0));
		assert_eq!(tier(H256::zero(), H256::zero()), wrong(0));
		let reason = Contraindication::PcrNotAllowed { index: 0 };
		assert_eq!(trust(), Trust::NotTrusted(Distrust::Contraindicated(reason)));
	});
}

#[test]
fn a_device_recovers_by_its_next_quote() {
	with_device(|_| {
		tier_of(|evidence| evidence.pcr_values[1] = BOOT);
		assert!(matches!(trust(), Trust::NotTrusted(_)));
		tier_of(|_| ());
		assert!(matches!(trust(), Trust::Trusted { .. }));
	});
}

#[test]
fn firmware_lies_in_a_range() {
	with_device(|_| {
		let tier = |version| tier_of(|evidence| evidence.firmware = version);
		let wrong = contraindicated(Contraindication::FirmwareNotAllowed);
		assert_eq!(tier(FIRMWARE - 1), wrong);
		assert_eq!(tier(FIRMWARE), TrustTier::Affirming);
		assert_eq!(tier(FIRMWARE + 2), TrustTier::Affirming);
		assert_eq!(tier(FIRMWARE + 3), wrong);
		assert_eq!(tier(u64::MAX), wrong);
	});
}

#[test]
fn an_unsafe_clock_is_not_trusted() {
	with_device(|_| {
		let wrong = contraindicated(Contraindication::ClockUnsafe);
		assert_eq!(tier_of(|evidence| evidence.safe = false), wrong);
	});
}

#[test]
fn counters_do_not_go_back() {
	with_device(|_| {
		let tier = |counters| tier_of(|evidence| evidence.counters = counters);
		let wrong = contraindicated(Contraindication::ClockWentBack);
		assert_eq!(tier((5, 5, 500)), TrustTier::Affirming);
		assert_eq!(tier((5, 5, 500)), TrustTier::Affirming);
		assert_eq!(tier((5, 5, 499)), wrong);
		assert_eq!(tier((5, 4, 900)), wrong);
		assert_eq!(tier((4, 9, 900)), wrong);
		assert_eq!(tier((5, 6, 0)), TrustTier::Affirming);
		assert_eq!(tier((6, 0, 0)), TrustTier::Affirming);
		assert_eq!(tier((5, 9, 999)), wrong);
		let highest = ClockInfo { reset_count: 6, restart_count: 0, clock: 0 };
		assert_eq!(Attestation::device(DEVICE).unwrap().clock, Some(highest));
	});
}

#[test]
fn the_first_reason_counts() {
	with_device(|_| {
		tier_of(|evidence| evidence.counters = (9, 0, 0));
		let tier = |firmware, kernel, safe| {
			tier_of(|evidence| {
				evidence.firmware = firmware;
				evidence.pcr_values = [BOOT, kernel].into();
				evidence.safe = safe;
			})
		};
		assert_eq!(tier(0, BOOT, false), contraindicated(Contraindication::FirmwareNotAllowed));
		let wrong = Contraindication::PcrNotAllowed { index: 8 };
		assert_eq!(tier(FIRMWARE, BOOT, false), contraindicated(wrong));
		assert_eq!(tier(FIRMWARE, KERNEL, false), contraindicated(Contraindication::ClockUnsafe));
		assert_eq!(tier(FIRMWARE, KERNEL, true), contraindicated(Contraindication::ClockWentBack));
	});
}
