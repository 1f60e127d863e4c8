//! What must hold for any bytes, for each parser of what others send. None may panic; what is accepted must
//! be what was meant. `main.rs` runs it on mutations of good examples, `fuzz/` on whatever a fuzzer finds.

use msec_attester::{
	certificate::ManufacturerStore,
	credential::make_credential,
	endorsement::{EndorsementKey, MODULUS_LENGTH, PUBLIC_AREA_LENGTH},
	log::{
		appraisal::Appraisal,
		boot,
		envelope::PolicyKey,
		ima::{self, Replay},
		policy::RuntimePolicy,
	},
};
use msec_evidence::{
	device_id, software_tpm::SoftwareTpm, AttestationKey, BatchKey, Certification, Quote,
};
use rustls_pki_types::UnixTime;
use std::{sync::LazyLock, time::Duration};

/// An endorsement key's public area.
pub const ENDORSEMENT_KEY: &[u8] = include_bytes!("examples/endorsement-key.tpmt-public");
/// Its certificate.
pub const CERTIFICATE: &[u8] = include_bytes!("examples/certificate.der");
/// An envelope with a policy.
pub const ENVELOPE: &[u8] = include_bytes!("../keylime/signed.envelope");
/// The policy.
pub const POLICY: &[u8] = include_bytes!("../keylime/all.policy");
/// A list.
pub const LIST: &str = include_str!("../keylime/sig.list");
/// What the examples of signatures sign.
pub const SIGNED: &[u8] = b"attest";
/// The seed of the key that signs them.
pub const SIGNER: u64 = 7;
/// Seconds since 1970 at which certificates are looked at: in 2030.
const NOW: u64 = 1_900_000_000;

static POLICY_KEY: LazyLock<PolicyKey> = LazyLock::new(|| {
	PolicyKey::from_pem(include_bytes!("../keylime/policy-key.pem")).expect("it is a key")
});

static ATTESTATION_KEY: LazyLock<AttestationKey> = LazyLock::new(|| {
	let public_area = SoftwareTpm::new(SIGNER).attestation_key();
	AttestationKey::parse(&public_area).expect("it is a key")
});

static MANUFACTURERS: LazyLock<ManufacturerStore> = LazyLock::new(|| {
	let folder = tempfile::tempdir().expect("there is a folder for temporary files");
	let certificate = include_bytes!("examples/manufacturer.pem");
	std::fs::write(folder.path().join("manufacturer.pem"), certificate).expect("it is writable");
	ManufacturerStore::open(folder.path()).expect("it holds a certificate")
});

/// Quotes have one form.
pub fn quote(bytes: &[u8]) {
	if let Ok(quote) = Quote::parse(bytes) {
		assert_eq!(quote.marshal(), bytes);
	}
}

/// A key's name is about all of its bytes.
pub fn attestation_key(bytes: &[u8]) {
	if let Ok(key) = AttestationKey::parse(bytes) {
		assert_eq!(key.name()[2..], device_id(bytes));
	}
}

/// A certification is as long as what was read of it.
pub fn certification(bytes: &[u8]) {
	if let Ok(certification) = Certification::parse(bytes) {
		assert_eq!(certification.marshal().len(), bytes.len());
	}
}

/// A batch key's name is about all of its bytes.
pub fn batch_key(bytes: &[u8]) {
	if let Ok(key) = BatchKey::parse(bytes) {
		assert_eq!(key.name()[2..], device_id(bytes));
	}
}

/// A signature that is accepted holds two numbers of at most 32 bytes, and no more.
pub fn signature(bytes: &[u8]) {
	if ATTESTATION_KEY.verify(SIGNED, bytes).is_ok() {
		assert!(bytes.len() <= 72);
	}
}

/// All but the modulus is given, and credentials can be made for it, or refused.
pub fn endorsement_key(bytes: &[u8]) {
	if let Ok(key) = EndorsementKey::parse(bytes) {
		assert_eq!(bytes.len(), PUBLIC_AREA_LENGTH);
		assert_eq!(&bytes[PUBLIC_AREA_LENGTH - MODULUS_LENGTH..], key.modulus());
		assert_eq!(key.device(), device_id(bytes));
		let _ = make_credential(&key, &[1; 34], &[2; 32]);
	}
}

/// The manufacturer signed one certificate only.
pub fn certificate(bytes: &[u8]) {
	if is_certified(bytes) {
		assert_eq!(bytes, CERTIFICATE);
	}
}

/// Whether it is a certificate of the endorsement key by the manufacturer.
pub fn is_certified(certificate: &[u8]) -> bool {
	let key = EndorsementKey::parse(ENDORSEMENT_KEY).expect("it is a key");
	let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
	MANUFACTURERS.verify(&key, certificate, &[], now).is_ok()
}

/// What was replayed is about registers that there are, and made of bytes of the log.
pub fn boot_log(bytes: &[u8]) {
	if let Ok(replayed) = boot::replay(bytes) {
		assert!(replayed.values.keys().all(|pcr| *pcr < 24));
		assert!(replayed.events.iter().all(|event| replayed.values.contains_key(&event.pcr)));
		let data: usize = replayed.events.iter().map(|event| event.data.len()).sum();
		assert!(data <= bytes.len());
	}
}

/// A list has the same value at once and line by line.
pub fn ima_list(bytes: &[u8]) {
	let mut appraisal = Appraisal::new(None);
	let read = appraisal.read(&mut &*bytes, |_| false);
	let replayed = ima::replay(bytes);
	assert_eq!(replayed.is_ok(), read.is_ok());
	if let Ok(Replay { pcr, value, entries }) = replayed {
		let read = appraisal.replayed();
		assert_eq!((pcr, value), (read.pcr(), read.value()));
		assert_eq!(entries.len(), read.entries());
	}
}

/// A policy can be asked about any list, and finds in it what it finds while the list is read.
pub fn runtime_policy(bytes: &[u8]) {
	if let Ok(policy) = RuntimePolicy::parse(bytes) {
		let replayed = ima::replay(LIST).expect("the example replays");
		let mut appraisal = Appraisal::new(Some(&policy));
		appraisal.read(&mut LIST.as_bytes(), |_| false).expect("the example replays");
		assert_eq!(policy.appraise(&replayed.entries).as_ref(), appraisal.finding());
	}
}

/// The owner of the key signed one policy only.
pub fn envelope(bytes: &[u8]) {
	if let Ok(payload) = POLICY_KEY.open(bytes) {
		assert_eq!(payload, POLICY);
	}
}
