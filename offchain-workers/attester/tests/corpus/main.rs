//! Parsers of what others send, on mutations of good examples: each truncation, each bit that is flipped,
//! and a fixed number of other changes by a seeded generator, so that every run is the same.

mod checks;

use checks::{CERTIFICATE, ENDORSEMENT_KEY, ENVELOPE, LIST, POLICY, SIGNED, SIGNER};
use msec_evidence::{software_tpm::SoftwareTpm, Certification};
use rand::{rngs::StdRng, Rng, SeedableRng};
use serde_json::Value;

/// What a TPM made.
const VECTOR: &str = include_str!("../../../../evidence/tests/data/swtpm-0.7.1.json");
const BOOT_LOG: &[u8] = include_bytes!("../keylime/whole.boot");
const BUFFERS: &str = include_str!("../keylime/buf.list");
const SEED: u64 = 0x6d73_6563;
/// Changes besides truncations and flipped bits.
const CHANGES: usize = 3_000;
/// Longest part that is moved or put in.
const MAX_PART: usize = 48;
/// What lengths and counts are confused by.
const EXTREMES: [&[u8]; 6] =
	[&[0], &[0xff], &[0xff, 0xff], &[0xff; 4], &[0x7f, 0xff, 0xff, 0xff], &[0, 0, 0, 0x80]];

fn run(example: &[u8], check: fn(&[u8])) {
	check(example);
	for length in 0..example.len() {
		check(&example[..length]);
	}
	for bit in 0..example.len() * 8 {
		let mut flipped = example.to_vec();
		flipped[bit / 8] ^= 1 << (bit % 8);
		check(&flipped);
	}
	let mut random = StdRng::seed_from_u64(SEED);
	for _ in 0..CHANGES {
		check(&changed(example, &mut random));
	}
}

/// One to three changes.
fn changed(example: &[u8], random: &mut StdRng) -> Vec<u8> {
	let mut bytes = example.to_vec();
	for _ in 0..random.random_range(1..=3) {
		change(&mut bytes, random);
	}
	bytes
}

fn change(bytes: &mut Vec<u8>, random: &mut StdRng) {
	let from = random.random_range(0..=bytes.len());
	let to = random.random_range(from..=bytes.len().min(from + MAX_PART));
	let at = random.random_range(0..=bytes.len());
	match random.random_range(0..5) {
		// A part is missing, stands twice, is something else, is an extreme, or bytes are put in.
		0 => drop(bytes.drain(from..to)),
		1 => {
			let part = bytes[from..to].to_vec();
			drop(bytes.splice(at..at, part));
		},
		2 => random.fill(&mut bytes[from..to]),
		3 => {
			let extreme = EXTREMES[random.random_range(0..EXTREMES.len())];
			let end = bytes.len().min(from + extreme.len());
			drop(bytes.splice(from..end, extreme.iter().copied()));
		},
		_ => {
			let mut part = vec![0; to - from];
			random.fill(&mut part[..]);
			drop(bytes.splice(at..at, part));
		},
	}
}

fn of_vector(field: &str) -> Vec<u8> {
	let vector: Value = serde_json::from_str(VECTOR).unwrap();
	hex::decode(vector[field].as_str().unwrap()).unwrap()
}

#[test]
fn quotes() {
	run(&of_vector("tpms_attest"), checks::quote);
}

#[test]
fn attestation_keys() {
	run(&of_vector("tpmt_public"), checks::attestation_key);
}

#[test]
fn certifications() {
	let certification = Certification {
		qualified_signer: &[1; 34],
		extra_data: &[2; 32],
		name: &[3; 34],
		qualified_name: &[4; 34],
	};
	run(&certification.marshal(), checks::certification);
}

#[test]
fn batch_keys() {
	run(&SoftwareTpm::new(SIGNER).batch_key(&[7; 32]), checks::batch_key);
}

#[test]
fn signatures() {
	run(&SoftwareTpm::new(SIGNER).sign(SIGNED), checks::signature);
}

#[test]
fn endorsement_keys() {
	run(ENDORSEMENT_KEY, checks::endorsement_key);
}

#[test]
fn certificates() {
	run(CERTIFICATE, checks::certificate);
}

#[test]
fn boot_logs() {
	run(BOOT_LOG, checks::boot_log);
}

#[test]
fn ima_lists() {
	for list in [LIST, BUFFERS] {
		run(list.as_bytes(), checks::ima_list);
	}
}

#[test]
fn runtime_policies() {
	run(POLICY, checks::runtime_policy);
}

#[test]
fn envelopes() {
	run(ENVELOPE, checks::envelope);
}

#[test]
fn the_examples_are_good() {
	use msec_attester::{endorsement::EndorsementKey, log};
	use msec_evidence::{AttestationKey, Quote};

	assert!(Quote::parse(&of_vector("tpms_attest")).is_ok());
	assert!(AttestationKey::parse(&of_vector("tpmt_public")).is_ok());
	assert!(EndorsementKey::parse(ENDORSEMENT_KEY).is_ok());
	assert!(checks::is_certified(CERTIFICATE));
	assert!(log::boot::replay(BOOT_LOG).is_ok());
	assert!(log::ima::replay(LIST).is_ok() && log::ima::replay(BUFFERS).is_ok());
	assert!(log::policy::RuntimePolicy::parse(POLICY).is_ok());
}
