use crate::{mock::*, pallet::*};
use frame_support::{assert_noop, assert_ok};
use msec_evidence::{
	certification_data, pcr_digest, policy_pcr,
	software_tpm::{SoftwareTpm, BATCH_KEY_ATTRIBUTES},
	PcrSelection,
};
use sp_core::H256;

/// A key under the policy for registers with values.
fn sealed_to(registers: &[u8], values: &[H256]) -> BatchKeyEvidence {
	let digest = pcr_digest(values.iter().map(H256::as_fixed_bytes));
	let selection = PcrSelection::of(registers.iter().copied()).unwrap();
	let policy = policy_pcr(selection, &digest);
	BatchKeyEvidence::with_key(SoftwareTpm::new(BATCH_TPM).batch_key(&policy))
}

/// What is said of the certification after one of its bytes became another.
fn with_byte(position: usize, byte: u8) -> sp_runtime::DispatchResult {
	let evidence = BatchKeyEvidence::new();
	let mut attest = evidence.attest();
	attest[position] = byte;
	let signature = SoftwareTpm::new(TPM).sign(&attest);
	evidence.certify_with(OWNER, attest, signature)
}

#[test]
fn a_certified_key_is_the_devices() {
	with_trusted_device(|_| {
		let before = deposit_of(OWNER);
		assert_eq!(Attestation::batch_key(DEVICE), None);
		let evidence = BatchKeyEvidence::new();
		assert_ok!(evidence.certify());
		let public_area: crate::PublicArea = evidence.public_area.try_into().unwrap();
		assert_eq!(Attestation::batch_key(DEVICE), Some(public_area.clone()));
		assert_eq!(events(), [Event::BatchKeyCertified { device: DEVICE, public_area }]);
		assert_eq!(deposit_of(OWNER), before);
	});
}

#[test]
fn another_key_takes_its_place() {
	with_trusted_device(|_| {
		assert_ok!(BatchKeyEvidence::new().certify());
		run_to(1 + INTERVAL);
		let renewed = [BOOT, RENEWED_KERNEL];
		let evidence = Evidence::new().but(|evidence| evidence.pcr_values = renewed.to_vec());
		assert_ok!(evidence.submit());
		assert_noop!(BatchKeyEvidence::new().certify(), Error::<Test>::OtherPolicy);
		let other = sealed_to(&[0, 8], &renewed);
		assert_ok!(other.certify());
		assert_eq!(Attestation::batch_key(DEVICE).unwrap().to_vec(), other.public_area);
	});
}

#[test]
fn it_goes_with_profile_and_device() {
	with_trusted_device(|profile| {
		assert_ok!(BatchKeyEvidence::new().certify());
		assert_ok!(Attestation::change_profile(signed(OWNER), DEVICE, profile));
		assert_eq!(Attestation::batch_key(DEVICE), None);
		endorse(DEVICE, profile);
		run_to(1 + INTERVAL);
		assert_ok!(Evidence::new().submit());
		assert_ok!(BatchKeyEvidence::new().certify());
		assert_ok!(Attestation::retire_device(signed(OWNER), DEVICE));
		assert_eq!(Attestation::batch_key(DEVICE), None);
		assert_noop!(BatchKeyEvidence::new().certify(), Error::<Test>::NotFound);
	});
}

#[test]
fn only_the_owner_certifies() {
	with_trusted_device(|_| {
		let evidence = BatchKeyEvidence::new();
		let signature = SoftwareTpm::new(TPM).sign(&evidence.attest());
		assert_noop!(
			evidence.certify_with(STRANGER, evidence.attest(), signature),
			Error::<Test>::NotAuthorized
		);
	});
}

#[test]
fn there_must_be_a_state_that_is_trusted() {
	with_device(|profile| {
		assert_noop!(BatchKeyEvidence::new().certify(), Error::<Test>::NotTrusted);
		assert_ok!(Evidence::new().submit());
		run_to(1 + VALIDITY + 1);
		assert_noop!(BatchKeyEvidence::new().certify(), Error::<Test>::NotTrusted);
		assert_ok!(Evidence::new().but(|evidence| evidence.pcr_values[1] = BOOT).submit());
		let contraindicated = sealed_to(&[0, 8], &[BOOT, BOOT]);
		assert_noop!(contraindicated.certify(), Error::<Test>::NotTrusted);
		run_to(now() + INTERVAL);
		assert_ok!(Evidence::new().submit());
		assert_ok!(BatchKeyEvidence::new().certify());
		assert_ok!(Attestation::retire_profile(signed(CITY), profile));
		assert_noop!(BatchKeyEvidence::new().certify(), Error::<Test>::NotTrusted);
	});
}

#[test]
fn it_is_sealed_to_what_was_quoted() {
	with_trusted_device(|_| {
		for other in [
			sealed_to(&[0, 8], &[BOOT, RENEWED_KERNEL]),
			sealed_to(&[0, 8], &[KERNEL, BOOT]),
			sealed_to(&[0], &[BOOT]),
			sealed_to(&[0, 9], &[BOOT, KERNEL]),
			sealed_to(&[], &[]),
		] {
			assert_noop!(other.certify(), Error::<Test>::OtherPolicy);
		}
	});
}

#[test]
fn only_keys_that_their_policy_guards_are_certified() {
	with_trusted_device(|_| {
		let tpm = SoftwareTpm::new(BATCH_TPM);
		let with_attributes = |attributes| {
			let public_area = tpm.public_area_under(attributes, &[7; 32]);
			BatchKeyEvidence::with_key(public_area).certify()
		};
		for attributes in [
			BATCH_KEY_ATTRIBUTES | 1 << 6,
			BATCH_KEY_ATTRIBUTES | 1 << 16,
			BATCH_KEY_ATTRIBUTES & !(1 << 1),
		] {
			assert_noop!(with_attributes(attributes), Error::<Test>::BatchKeyNotSealed);
		}
		let sound = BatchKeyEvidence::new().public_area;
		let cut = sound[..sound.len() - 1].to_vec();
		let longer = [sound.as_slice(), &[0]].concat();
		for key in [vec![], cut, longer, vec![0xff; 128]] {
			let evidence = BatchKeyEvidence::with_key(key);
			assert_noop!(evidence.certify(), Error::<Test>::BatchKeyInvalid);
		}
	});
}

#[test]
fn the_attestation_is_one_of_a_key() {
	with_trusted_device(|_| {
		assert_noop!(with_byte(0, 0), Error::<Test>::NotTpmGenerated);
		// `TPM_ST_ATTEST_QUOTE`.
		assert_noop!(with_byte(5, 0x18), Error::<Test>::NotCertification);
		// The size of the qualified signer.
		assert_noop!(with_byte(6, 0xff), Error::<Test>::CertificationMalformed);
		// Whether the clock is safe.
		assert_noop!(with_byte(92, 2), Error::<Test>::CertificationMalformed);
		let evidence = BatchKeyEvidence::new();
		let longer = [evidence.attest(), vec![0]].concat();
		let signature = SoftwareTpm::new(TPM).sign(&longer);
		assert_noop!(
			evidence.certify_with(OWNER, longer, signature),
			Error::<Test>::CertificationMalformed
		);
	});
}

#[test]
fn it_is_for_this_device_of_this_chain() {
	with_trusted_device(|_| {
		let bound_to = |genesis: H256, device: H256| {
			let data = certification_data(&genesis.0, &device.0).to_vec();
			BatchKeyEvidence::new().but(|evidence| evidence.extra_data = data)
		};
		for other in [
			bound_to(H256::repeat_byte(1), DEVICE),
			bound_to(GENESIS, OTHER_DEVICE),
			BatchKeyEvidence::new().but(|evidence| evidence.extra_data.clear()),
		] {
			assert_noop!(other.certify(), Error::<Test>::OtherQualifyingData);
		}
	});
}

#[test]
fn it_is_of_this_key_by_the_devices_own() {
	with_trusted_device(|_| {
		let another = sealed_to(&[0, 8], &[BOOT, RENEWED_KERNEL]).name;
		let of_another = BatchKeyEvidence::new().but(|evidence| evidence.name = another);
		assert_noop!(of_another.certify(), Error::<Test>::OtherKeyCertified);

		let stranger = Evidence::of(OTHER_DEVICE, OTHER_TPM).signer;
		let by_another = BatchKeyEvidence::new()
			.but(|evidence| (evidence.tpm, evidence.signer) = (OTHER_TPM, stranger));
		assert_noop!(by_another.certify(), Error::<Test>::OtherSigner);

		let pretended = BatchKeyEvidence::new().but(|evidence| evidence.tpm = OTHER_TPM);
		assert_noop!(pretended.certify(), Error::<Test>::SignatureInvalid);
		let evidence = BatchKeyEvidence::new();
		assert_noop!(
			evidence.certify_with(OWNER, evidence.attest(), vec![]),
			Error::<Test>::SignatureInvalid
		);
	});
}
