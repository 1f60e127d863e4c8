//! Whatever bytes arrive, nothing panics, and nothing but the key's own signature is accepted.

use msec_evidence::{
	pcr_digest, software_tpm::SoftwareTpm, AttestationKey, BatchKey, Certification, PcrSelection,
	Quote,
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn bytes() -> impl Strategy<Value = Vec<u8>> {
	proptest::collection::vec(any::<u8>(), 0..300)
}

/// Bytes that begin as a real structure does, so that parsers go further.
fn nearly(real: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
	(0..=real.len(), bytes()).prop_map(move |(kept, rest)| [&real[..kept], &rest].concat())
}

fn certification() -> Vec<u8> {
	Certification {
		qualified_signer: &[1; 34],
		extra_data: &[2; 32],
		name: &[3; 34],
		qualified_name: &[4; 34],
	}
	.marshal()
}

prop_compose! {
	fn quotes()(
		signer in proptest::collection::vec(any::<u8>(), 0..70),
		extra_data in proptest::collection::vec(any::<u8>(), 0..70),
		(clock, reset_count, restart_count, safe) in any::<(u64, u32, u32, bool)>(),
		(firmware_version, selection, digest) in any::<(u64, u32, [u8; 32])>(),
	) -> Vec<u8> {
		let quote = Quote {
			qualified_signer: &signer,
			extra_data: &extra_data,
			clock,
			reset_count,
			restart_count,
			safe,
			firmware_version,
			selection: PcrSelection(selection & 0xff_ffff),
			pcr_digest: digest,
		};
		quote.marshal()
	}
}

proptest! {
	#![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

	#[test]
	fn every_quote_reads_as_it_was_written(attest in quotes()) {
		let quote = Quote::parse(&attest).unwrap();
		prop_assert_eq!(quote.marshal(), attest);
	}

	#[test]
	fn what_reads_as_a_quote_has_one_form(
		bytes in quotes().prop_flat_map(|quote| prop_oneof![bytes(), nearly(quote)]),
	) {
		if let Ok(quote) = Quote::parse(&bytes) {
			prop_assert_eq!(quote.marshal(), bytes);
		}
	}

	#[test]
	fn arbitrary_keys_are_read_without_panic(
		key in prop_oneof![bytes(), nearly(SoftwareTpm::new(1).attestation_key())],
	) {
		let real = SoftwareTpm::new(1).attestation_key();
		if let Ok(parsed) = AttestationKey::parse(&key) {
			let same_name = parsed.name() == AttestationKey::parse(&real).unwrap().name();
			prop_assert_eq!(same_name, key == real);
		}
	}

	#[test]
	fn every_certification_reads_as_it_was_written(
		[qualified_signer, extra_data, name, qualified_name] in [bytes(), bytes(), bytes(), bytes()],
	) {
		let certification = Certification {
			qualified_signer: &qualified_signer,
			extra_data: &extra_data,
			name: &name,
			qualified_name: &qualified_name,
		};
		let attest = certification.marshal();
		prop_assert_eq!(Certification::parse(&attest), Ok(certification));
	}

	#[test]
	fn arbitrary_certifications_and_batch_keys_are_read_without_panic(
		attest in prop_oneof![bytes(), nearly(certification())],
		key in prop_oneof![bytes(), nearly(SoftwareTpm::new(1).batch_key(&[7; 32]))],
	) {
		let _ = Certification::parse(&attest);
		let real = SoftwareTpm::new(1).batch_key(&[7; 32]);
		if let Ok(parsed) = BatchKey::parse(&key) {
			let same_name = parsed.name() == BatchKey::parse(&real).unwrap().name();
			prop_assert_eq!(same_name, key == real);
		}
	}

	#[test]
	fn arbitrary_signatures_are_refused(
		attest in bytes(),
		signature in prop_oneof![bytes(), nearly(SoftwareTpm::new(2).sign(b"attest"))],
	) {
		let key = AttestationKey::parse(&SoftwareTpm::new(1).attestation_key()).unwrap();
		prop_assert!(key.verify(&attest, &signature).is_err());
	}

	#[test]
	fn own_signatures_are_accepted(seed in 1u64.., attest in bytes()) {
		let tpm = SoftwareTpm::new(seed);
		let key = AttestationKey::parse(&tpm.attestation_key()).unwrap();
		prop_assert_eq!(key.verify(&attest, &tpm.sign(&attest)), Ok(()));
	}

	#[test]
	fn selections_are_sets(bits in 0u32..1 << 24) {
		let selection = PcrSelection(bits);
		prop_assert_eq!(PcrSelection::of(selection.indices()), Some(selection));
		prop_assert_eq!(selection.count(), bits.count_ones() as usize);
	}

	#[test]
	fn the_digest_of_registers_is_that_of_their_values(values in proptest::collection::vec(any::<[u8; 32]>(), 0..24)) {
		let expected: [u8; 32] = Sha256::digest(values.concat()).into();
		prop_assert_eq!(pcr_digest(values.iter()), expected);
	}
}
