//! Quotes as the chain verifies them.

use crate::swtpm::Swtpm;
use msec_attester::tpm::Evidence;
use msec_evidence::{pcr_digest, AttestationKey, PcrSelection, Quote};
use sha2::{Digest, Sha256};

const NONCE: [u8; 32] = [0xab; 32];

fn verify(key: &[u8], evidence: &Evidence, selection: PcrSelection) {
	let key = AttestationKey::parse(key).unwrap();
	key.verify(&evidence.attest, &evidence.signature).unwrap();
	let quote = Quote::parse(&evidence.attest).unwrap();
	assert_eq!(quote.qualified_signer, key.qualified_name_in_endorsement_hierarchy());
	assert_eq!(quote.extra_data, NONCE);
	assert_eq!(quote.selection, selection);
	assert_eq!(quote.pcr_digest, pcr_digest(evidence.pcr_values.iter()));
	assert_eq!(evidence.pcr_values.len(), selection.count());
}

#[test]
fn a_quote_is_evidence_of_all_pcrs_or_some() {
	let swtpm = Swtpm::start();
	let mut tpm = swtpm.open();
	let key = tpm.attestation_key().unwrap();
	for indices in [vec![0], vec![0, 1, 2, 7, 10], (0..24).collect::<Vec<_>>()] {
		let selection = PcrSelection::of(indices).unwrap();
		let evidence = tpm.quote(NONCE, selection).unwrap();
		verify(&key, &evidence, selection);
		assert!(evidence.attest.len() <= 256 && evidence.signature.len() <= 80);
	}
}

#[test]
fn what_is_extended_is_quoted() {
	let swtpm = Swtpm::start();
	let mut tpm = swtpm.open();
	let selection = PcrSelection::of([7, 10]).unwrap();
	let before = tpm.quote(NONCE, selection).unwrap();
	tpm.pcr_extend(10, [0x11; 32]).unwrap();
	let after = tpm.quote(NONCE, selection).unwrap();
	assert_eq!(after.pcr_values[0], before.pcr_values[0]);
	let extended: [u8; 32] = Sha256::digest([before.pcr_values[1], [0x11; 32]].concat()).into();
	assert_eq!(after.pcr_values[1], extended);
	verify(&tpm.attestation_key().unwrap(), &after, selection);
}

#[test]
fn a_reset_shows_in_the_counters() {
	let mut swtpm = Swtpm::start();
	let selection = PcrSelection::of([0]).unwrap();
	let resets = |swtpm: &Swtpm| {
		let evidence = swtpm.open().quote(NONCE, selection).unwrap();
		Quote::parse(&evidence.attest).unwrap().reset_count
	};
	let before = resets(&swtpm);
	assert_eq!(resets(&swtpm), before);
	swtpm.reset();
	assert!(resets(&swtpm) > before);
}
