//! Keys of the TPM, and credentials for them.

use crate::swtpm::Swtpm;
use msec_attester::{
	credential::{make_credential, Credential},
	endorsement::EndorsementKey,
	tpm::{Tpm, TpmError},
};
use msec_evidence::{AttestationKey, PcrSelection};

const SECRET: [u8; 32] = [0x5e; 32];

fn credential(tpm: &mut Tpm) -> Credential {
	let endorsement = EndorsementKey::parse(&tpm.endorsement().unwrap().public_area).unwrap();
	let key = AttestationKey::parse(&tpm.attestation_key().unwrap()).unwrap();
	make_credential(&endorsement, &key.name(), &SECRET).unwrap()
}

#[test]
fn keys_are_the_same_after_every_start_and_other_in_another_tpm() {
	let mut swtpm = Swtpm::start();
	let keys = |swtpm: &Swtpm| {
		let mut tpm = swtpm.open();
		(tpm.endorsement().unwrap(), tpm.attestation_key().unwrap())
	};
	let first = keys(&swtpm);
	assert_eq!(keys(&swtpm), first);
	swtpm.reset();
	assert_eq!(keys(&swtpm), first);
	let other = keys(&Swtpm::start());
	assert_ne!(other.0.public_area, first.0.public_area);
	assert_ne!(other.1, first.1);
}

#[test]
fn the_endorsement_key_grows_from_its_template_when_it_is_not_kept() {
	let swtpm = Swtpm::start();
	let kept = swtpm.open().endorsement().unwrap();
	swtpm.tool("tpm2_evictcontrol", &["-C", "o", "-c", "0x81010001"]);
	assert_eq!(swtpm.open().endorsement().unwrap(), kept);
	let mut tpm = swtpm.open();
	let Credential { blob, encrypted_secret } = credential(&mut tpm);
	assert_eq!(tpm.activate_credential(blob, encrypted_secret).unwrap().as_slice(), SECRET);
}

#[test]
fn a_credential_opens_in_the_tpm_it_was_made_for_only() {
	let swtpm = Swtpm::start();
	let mut tpm = swtpm.open();
	let Credential { blob, encrypted_secret } = credential(&mut tpm);
	let opened = tpm.activate_credential(blob.clone(), encrypted_secret.clone()).unwrap();
	assert_eq!(opened.as_slice(), SECRET);

	let mut changed = blob.clone();
	changed[40] ^= 1;
	let refused = tpm.activate_credential(changed, encrypted_secret.clone());
	assert!(matches!(refused, Err(TpmError::Command { .. })));

	let endorsement = EndorsementKey::parse(&tpm.endorsement().unwrap().public_area).unwrap();
	let foreign = make_credential(&endorsement, &[7; 34], &SECRET).unwrap();
	let refused = tpm.activate_credential(foreign.blob, foreign.encrypted_secret);
	assert!(matches!(refused, Err(TpmError::Command { .. })));

	let other = Swtpm::start();
	let refused = other.open().activate_credential(blob, encrypted_secret);
	assert!(matches!(refused, Err(TpmError::Command { .. })));
}

#[test]
fn places_that_others_left_taken_are_freed() {
	let swtpm = Swtpm::start();
	for context in ["a", "b", "c"] {
		swtpm.tool("tpm2_createprimary", &["-C", "o", "-G", "ecc", "-c", context]);
	}
	let selection = PcrSelection::of([0]).unwrap();
	for _ in 0..5 {
		swtpm.open().quote([1; 32], selection).unwrap();
	}
}

/// A command without authorization (TPM 2.0 Library Part 1, 18).
fn marshalled(code: u32, body: &[u8]) -> Vec<u8> {
	let length = 10 + body.len() as u32;
	[&[0x80, 0x01][..], &length.to_be_bytes(), &code.to_be_bytes(), body].concat()
}

/// A policy session that nobody ends; its handle.
fn leave_session(swtpm: &Swtpm) -> Vec<u8> {
	const START_AUTH_SESSION: u32 = 0x0176;
	let body = [
		// Neither a key nor an object: TPM_RH_NULL.
		&[0x40, 0, 0, 7, 0x40, 0, 0, 7][..],
		// A nonce of 16 bytes, no salt.
		&[0, 16],
		&[5; 16],
		&[0, 0],
		// TPM_SE_POLICY, no encryption, SHA-256.
		&[1, 0, 0x10, 0, 0x0b],
	];
	let answer = swtpm.send(&marshalled(START_AUTH_SESSION, &body.concat()));
	answer[10..14].to_vec()
}

#[test]
fn sessions_that_the_dead_left_are_ended_and_saved_ones_are_kept() {
	const CONTEXT_SAVE: u32 = 0x0162;
	const CONTEXT_LOAD: u32 = 0x0161;
	let swtpm = Swtpm::start();
	let saved = swtpm.send(&marshalled(CONTEXT_SAVE, &leave_session(&swtpm)));
	let selection = PcrSelection::of([0]).unwrap();
	for _ in 0..2 {
		// As many as the TPM has places for.
		for _ in 0..3 {
			leave_session(&swtpm);
		}
		swtpm.open().sign_batches([1; 32], selection).unwrap();
	}
	let loaded = swtpm.send(&marshalled(CONTEXT_LOAD, &saved[10..]));
	assert_eq!(loaded.len(), 14);
}
