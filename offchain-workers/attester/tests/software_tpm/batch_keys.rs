//! Batch keys as the chain verifies them.

use crate::swtpm::Swtpm;
use msec_attester::tpm::CertifiedKey;
use msec_evidence::{pcr_digest, AttestationKey, BatchKey, Certification, PcrSelection};

const DATA: [u8; 32] = [0xba; 32];
const DIGEST: [u8; 32] = [0xd1; 32];

fn selection() -> PcrSelection {
	PcrSelection::of([0, 7, 23]).unwrap()
}

#[test]
fn a_batch_key_is_certified_and_sealed_to_the_present_state() {
	let swtpm = Swtpm::start();
	let mut tpm = swtpm.open();
	let CertifiedKey { public_area, attest, signature } =
		tpm.certify_batch_key(DATA, selection()).unwrap();
	assert!(public_area.len() <= 128 && attest.len() <= 256 && signature.len() <= 80);
	let key = BatchKey::parse(&public_area).unwrap();
	let values = tpm.pcr_values(selection()).unwrap();
	assert!(key.is_sealed_to(selection(), &pcr_digest(values.iter())));

	let attestation_key = AttestationKey::parse(&tpm.attestation_key().unwrap()).unwrap();
	attestation_key.verify(&attest, &signature).unwrap();
	let certification = Certification::parse(&attest).unwrap();
	let signer = attestation_key.qualified_name_in_endorsement_hierarchy();
	assert_eq!(certification.qualified_signer, signer);
	assert_eq!(certification.extra_data, DATA);
	assert_eq!(certification.name, key.name());
}

#[test]
fn the_certified_key_signs() {
	let swtpm = Swtpm::start();
	let mut tpm = swtpm.open();
	let certified = tpm.certify_batch_key(DATA, selection()).unwrap();
	for _ in 0..4 {
		let signed = tpm.sign_batches(DIGEST, selection()).unwrap();
		assert_eq!(signed.public_area, certified.public_area);
		let key = BatchKey::parse(&signed.public_area).unwrap();
		assert_eq!(key.verify(&DIGEST, &signed.signature), Ok(()));
	}
}

#[test]
fn another_state_has_another_key() {
	let swtpm = Swtpm::start();
	let mut tpm = swtpm.open();
	let before = tpm.sign_batches(DIGEST, selection()).unwrap();
	tpm.pcr_extend(23, [0x11; 32]).unwrap();
	let after = tpm.sign_batches(DIGEST, selection()).unwrap();
	assert_ne!(after.public_area, before.public_area);
	let key = BatchKey::parse(&before.public_area).unwrap();
	assert!(key.verify(&DIGEST, &after.signature).is_err());
}
