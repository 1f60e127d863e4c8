//! Each reason for which evidence is refused.

use msec_evidence::{
	policy_pcr,
	software_tpm::{SoftwareTpm, ATTESTATION_KEY_ATTRIBUTES, BATCH_KEY_ATTRIBUTES},
	AttestationKey, BatchKey, BatchKeyError, Certification, CertificationError, KeyError,
	ParseError, PcrSelection, Quote, SignatureError,
};
use std::ops::Range;

/// Where the values stand when the qualified name has 34 bytes and the extra data 32.
const SAFE: usize = 92;
const BANKS: usize = 104;
const BANK: usize = 106;
const SELECT_LENGTH: usize = 107;
const DIGEST_LENGTH: usize = 112;

/// Where the coordinates of a key stand.
const X: Range<usize> = 22..54;
const Y: Range<usize> = 56..88;

fn quote() -> Quote<'static> {
	Quote {
		qualified_signer: &[1; 34],
		extra_data: &[2; 32],
		clock: u64::MAX,
		reset_count: 3,
		restart_count: 4,
		safe: false,
		firmware_version: 5,
		selection: PcrSelection(0x80_0001),
		pcr_digest: [6; 32],
	}
}

/// What is said of the quote after one of its bytes became another.
fn with_byte(position: usize, byte: u8) -> Result<(), ParseError> {
	let mut bytes = quote().marshal();
	assert_ne!(bytes[position], byte);
	bytes[position] = byte;
	Quote::parse(&bytes).map(|_| ())
}

#[test]
fn a_quote_reads_as_it_was_written() {
	assert_eq!(Quote::parse(&quote().marshal()), Ok(quote()));
}

#[test]
fn other_structures_are_no_quotes() {
	assert_eq!(with_byte(0, 0), Err(ParseError::NotTpmGenerated));
	// `TPM_ST_ATTEST_CERTIFY`.
	assert_eq!(with_byte(5, 0x17), Err(ParseError::NotQuote));
	assert_eq!(with_byte(SAFE, 2), Err(ParseError::InvalidBoolean));
	let bytes = quote().marshal();
	assert_eq!(Quote::parse(&bytes[..bytes.len() - 1]), Err(ParseError::Truncated));
	assert_eq!(Quote::parse(&[bytes, vec![0]].concat()), Err(ParseError::TrailingBytes));
}

#[test]
fn other_banks_are_refused() {
	for banks in [0, 2] {
		assert_eq!(with_byte(BANKS, banks), Err(ParseError::OtherBank));
	}
	// `TPM_ALG_SHA1`, `TPM_ALG_SHA384`.
	for bank in [0x04, 0x0c] {
		assert_eq!(with_byte(BANK, bank), Err(ParseError::OtherBank));
	}
	for length in [0, 2, 4] {
		assert_eq!(with_byte(SELECT_LENGTH, length), Err(ParseError::OtherBank));
	}
}

#[test]
fn a_digest_has_32_bytes() {
	let mut bytes = quote().marshal();
	bytes[DIGEST_LENGTH] = 31;
	bytes.pop();
	assert_eq!(Quote::parse(&bytes), Err(ParseError::OtherDigest));
}

#[test]
fn keys_must_be_restricted_and_stay_in_the_tpm() {
	let tpm = SoftwareTpm::new(1);
	let parse = |attributes| AttestationKey::parse(&tpm.public_area(attributes)).map(|_| ());
	assert_eq!(parse(ATTESTATION_KEY_ATTRIBUTES), Ok(()));
	for bit in [1, 4, 5, 16, 18] {
		let without = ATTESTATION_KEY_ATTRIBUTES & !(1 << bit);
		assert_eq!(parse(without), Err(KeyError::NotRestricted), "without bit {bit}");
	}
	assert_eq!(parse(ATTESTATION_KEY_ATTRIBUTES | 1 << 17), Err(KeyError::NotRestricted));
}

#[test]
fn keys_of_other_algorithms_are_refused() {
	let key = SoftwareTpm::new(1).attestation_key();
	// Type, name algorithm; symmetric algorithm, scheme, its hash, curve, key derivation.
	for position in [1, 3, 11, 13, 15, 17, 19] {
		let mut other = key.clone();
		other[position] ^= 0x40;
		assert_eq!(AttestationKey::parse(&other), Err(KeyError::OtherAlgorithm), "at {position}");
	}
	assert_eq!(AttestationKey::parse(&key[..key.len() - 1]), Err(KeyError::Truncated));
	assert_eq!(AttestationKey::parse(&[key, vec![0]].concat()), Err(KeyError::TrailingBytes));
}

#[test]
fn keys_are_points_of_the_curve() {
	let key = SoftwareTpm::new(1).attestation_key();
	let mut beside_the_curve = key.clone();
	beside_the_curve[Y.end - 1] ^= 1;
	let mut zero = key.clone();
	zero[X].fill(0);
	zero[Y].fill(0);
	let too_long = [&key[..Y.start - 1], &[33, 0], &key[Y]].concat();
	for wrong in [beside_the_curve, zero, too_long] {
		assert_eq!(AttestationKey::parse(&wrong), Err(KeyError::InvalidPoint));
	}
}

#[test]
fn leading_zeros_of_numbers_may_be_missing() {
	let tpm = SoftwareTpm::new(1);
	let key = AttestationKey::parse(&tpm.attestation_key()).unwrap();
	let (attest, signature) = (0..)
		.map(|number: u32| number.to_be_bytes())
		.map(|attest| (attest, tpm.sign(&attest)))
		.find(|(_, signature)| signature[6] == 0)
		.unwrap();
	let shorter = [&signature[..5], &[31], &signature[7..]].concat();
	assert_eq!(key.verify(&attest, &shorter), Ok(()));
	let longer = [&signature[..5], &[33, 0], &signature[6..]].concat();
	assert_eq!(key.verify(&attest, &longer), Err(SignatureError::Invalid));
}

#[test]
fn signatures_must_fit_key_and_bytes() {
	let tpm = SoftwareTpm::new(1);
	let key = AttestationKey::parse(&tpm.attestation_key()).unwrap();
	let signature = tpm.sign(b"attest");
	assert_eq!(key.verify(b"attest", &signature), Ok(()));
	assert_eq!(key.verify(b"other", &signature), Err(SignatureError::Invalid));
	let other = SoftwareTpm::new(2).sign(b"attest");
	assert_eq!(key.verify(b"attest", &other), Err(SignatureError::Invalid));
	let mut zero = signature.clone();
	zero[6..38].fill(0);
	assert_eq!(key.verify(b"attest", &zero), Err(SignatureError::Invalid));

	let mut other_scheme = signature.clone();
	// `TPM_ALG_RSASSA`.
	other_scheme[1] = 0x14;
	assert_eq!(key.verify(b"attest", &other_scheme), Err(SignatureError::OtherAlgorithm));
	let shorter = &signature[..signature.len() - 1];
	assert_eq!(key.verify(b"attest", shorter), Err(SignatureError::Truncated));
	let longer = [signature, vec![0]].concat();
	assert_eq!(key.verify(b"attest", &longer), Err(SignatureError::TrailingBytes));
}

#[test]
fn names_depend_on_key_attributes_and_parent() {
	let (one, two) = (SoftwareTpm::new(1), SoftwareTpm::new(2));
	let key = |bytes: Vec<u8>| AttestationKey::parse(&bytes).unwrap();
	let first = key(one.attestation_key());
	let other_attributes = key(one.public_area(ATTESTATION_KEY_ATTRIBUTES | 1 << 3));
	for other in [key(two.attestation_key()), other_attributes] {
		assert_ne!(other.name(), first.name());
		assert_ne!(
			other.qualified_name_in_endorsement_hierarchy(),
			first.qualified_name_in_endorsement_hierarchy()
		);
	}
	assert_ne!(first.name(), first.qualified_name_in_endorsement_hierarchy());
}

fn certification() -> Certification<'static> {
	Certification {
		qualified_signer: &[1; 34],
		extra_data: &[2; 32],
		name: &[3; 34],
		qualified_name: &[4; 34],
	}
}

#[test]
fn other_structures_are_no_certifications() {
	let bytes = certification().marshal();
	assert_eq!(Certification::parse(&bytes), Ok(certification()));
	let with_byte = |position: usize, byte: u8| {
		let mut bytes = bytes.clone();
		assert_ne!(bytes[position], byte);
		bytes[position] = byte;
		Certification::parse(&bytes).map(|_| ())
	};
	assert_eq!(with_byte(0, 0), Err(CertificationError::NotTpmGenerated));
	// `TPM_ST_ATTEST_QUOTE`.
	assert_eq!(with_byte(5, 0x18), Err(CertificationError::NotCertification));
	assert_eq!(with_byte(SAFE, 2), Err(CertificationError::InvalidBoolean));
	for length in 0..bytes.len() {
		let cut = Certification::parse(&bytes[..length]);
		assert_eq!(cut, Err(CertificationError::Truncated), "{length} bytes");
	}
	let longer = [bytes.as_slice(), &[0]].concat();
	assert_eq!(Certification::parse(&longer), Err(CertificationError::TrailingBytes));
	let quote = quote().marshal();
	assert_eq!(Certification::parse(&quote), Err(CertificationError::NotCertification));
	assert_eq!(Quote::parse(&bytes), Err(ParseError::NotQuote));
}

#[test]
fn batch_keys_stay_in_the_tpm_and_work_under_their_policy_alone() {
	let tpm = SoftwareTpm::new(1);
	let parse =
		|attributes| BatchKey::parse(&tpm.public_area_under(attributes, &[7; 32])).map(|_| ());
	assert_eq!(parse(BATCH_KEY_ATTRIBUTES), Ok(()));
	for bit in [1, 4, 5, 18] {
		let without = BATCH_KEY_ATTRIBUTES & !(1 << bit);
		assert_eq!(parse(without), Err(BatchKeyError::NotSealed), "without bit {bit}");
	}
	// `userWithAuth`, `restricted`, `decrypt`.
	for bit in [6, 16, 17] {
		let with = BATCH_KEY_ATTRIBUTES | 1 << bit;
		assert_eq!(parse(with), Err(BatchKeyError::NotSealed), "with bit {bit}");
	}
	for policy in [&[] as &[u8], &[7; 20], &[7; 48]] {
		let key = BatchKey::parse(&tpm.public_area_under(BATCH_KEY_ATTRIBUTES, policy));
		assert_eq!(key, Err(BatchKeyError::NotSealed));
	}
	let attestation_key = BatchKey::parse(&tpm.attestation_key());
	assert_eq!(attestation_key, Err(BatchKeyError::NotSealed));
}

#[test]
fn batch_keys_of_other_algorithms_are_refused() {
	let key = SoftwareTpm::new(1).batch_key(&[7; 32]);
	// Type, name algorithm; behind the policy: symmetric algorithm, scheme, its hash, curve, derivation.
	for position in [1, 3, 43, 45, 47, 49, 51] {
		let mut other = key.clone();
		other[position] ^= 0x40;
		assert_eq!(BatchKey::parse(&other), Err(BatchKeyError::OtherAlgorithm), "at {position}");
	}
	for length in 0..key.len() {
		let cut = BatchKey::parse(&key[..length]);
		assert_eq!(cut, Err(BatchKeyError::Truncated), "{length} bytes");
	}
	let mut beside_the_curve = key.clone();
	*beside_the_curve.last_mut().unwrap() ^= 1;
	assert_eq!(BatchKey::parse(&beside_the_curve), Err(BatchKeyError::InvalidPoint));
	assert_eq!(BatchKey::parse(&[key, vec![0]].concat()), Err(BatchKeyError::TrailingBytes));
}

#[test]
fn a_batch_key_is_sealed_to_one_state() {
	let selection = PcrSelection::of([0, 8]).unwrap();
	let policy = policy_pcr(selection, &[7; 32]);
	let key = BatchKey::parse(&SoftwareTpm::new(1).batch_key(&policy)).unwrap();
	assert!(key.is_sealed_to(selection, &[7; 32]));
	assert!(!key.is_sealed_to(selection, &[8; 32]));
	assert!(!key.is_sealed_to(PcrSelection::of([0]).unwrap(), &[7; 32]));
}

#[test]
fn signatures_of_batches_must_fit_key_and_digest() {
	let tpm = SoftwareTpm::new(1);
	let key = BatchKey::parse(&tpm.batch_key(&[7; 32])).unwrap();
	let signature = tpm.sign_digest(&[5; 32]);
	assert_eq!(key.verify(&[5; 32], &signature), Ok(()));
	assert_eq!(key.verify(&[6; 32], &signature), Err(SignatureError::Invalid));
	let other = SoftwareTpm::new(2).sign_digest(&[5; 32]);
	assert_eq!(key.verify(&[5; 32], &other), Err(SignatureError::Invalid));
	assert_eq!(key.verify(&[5; 32], &signature[1..]), Err(SignatureError::OtherAlgorithm));
	let cut = &signature[..signature.len() - 1];
	assert_eq!(key.verify(&[5; 32], cut), Err(SignatureError::Truncated));
}
