//! Certificates of endorsement keys.

use crate::swtpm::Swtpm;
use msec_attester::{
	certificate::{CertificateError, ManufacturerStore, StoreError, MAX_CERTIFICATE_LENGTH},
	endorsement::EndorsementKey,
};
use rustls_pki_types::UnixTime;
use std::time::Duration;

struct Device {
	swtpm: Swtpm,
	key: EndorsementKey,
	certificate: Vec<u8>,
}

impl Device {
	fn new() -> Self {
		let swtpm = Swtpm::start();
		let endorsement = swtpm.open().endorsement().unwrap();
		Self {
			swtpm,
			key: EndorsementKey::parse(&endorsement.public_area).unwrap(),
			certificate: endorsement.certificate.unwrap(),
		}
	}

	fn verify(
		&self,
		store: &ManufacturerStore,
		certificate: &[u8],
		now: UnixTime,
	) -> Result<(), CertificateError> {
		store.verify(&self.key, certificate, &[self.swtpm.intermediate()], now)
	}
}

fn year(year: u64) -> UnixTime {
	const SECONDS: u64 = 31_556_952;
	UnixTime::since_unix_epoch(Duration::from_secs((year - 1970) * SECONDS))
}

#[test]
fn the_manufacturers_certificate_is_accepted_and_everything_else_refused() {
	let device = Device::new();
	let store = device.swtpm.manufacturers();
	let now = UnixTime::now();
	assert_eq!(device.verify(&store, &device.certificate, now), Ok(()));

	let cut = &device.certificate[..device.certificate.len() - 1];
	assert_eq!(device.verify(&store, cut, now), Err(CertificateError::Malformed));
	let long = vec![0x30; MAX_CERTIFICATE_LENGTH + 1];
	assert_eq!(device.verify(&store, &long, now), Err(CertificateError::TooLarge));
	let of_authority = device.swtpm.intermediate();
	let other_purpose = device.verify(&store, &of_authority, now);
	assert_eq!(other_purpose, Err(CertificateError::OtherPurpose));
	let late = device.verify(&store, &device.certificate, year(10_001));
	assert_eq!(late, Err(CertificateError::Expired));
	let early = device.verify(&store, &device.certificate, year(1971));
	assert_eq!(early, Err(CertificateError::NotYetValid));
	let many = vec![of_authority; 5];
	let many = store.verify(&device.key, &device.certificate, &many, now);
	assert_eq!(many, Err(CertificateError::TooLarge));
	let no_path = store.verify(&device.key, &device.certificate, &[], now);
	assert!(matches!(no_path, Err(CertificateError::Untrusted(_))));

	let mut forged = device.certificate.clone();
	*forged.last_mut().unwrap() ^= 1;
	let forged = device.verify(&store, &forged, now);
	assert!(matches!(forged, Err(CertificateError::Untrusted(_))), "{forged:?}");

	let other = Device::new();
	let foreign_root = device.verify(&other.swtpm.manufacturers(), &device.certificate, now);
	assert!(matches!(foreign_root, Err(CertificateError::Untrusted(_))));
	let other_key = device.verify(&store, &other.certificate, now);
	assert_eq!(other_key, Err(CertificateError::OtherKey));
}

#[test]
fn trust_can_be_limited_to_an_intermediate_certificate() {
	let device = Device::new();
	let folder = device.swtpm.file("intermediate");
	std::fs::create_dir(&folder).unwrap();
	assert!(matches!(ManufacturerStore::open(&folder), Err(StoreError::Empty(_))));
	std::fs::copy(device.swtpm.file("ca/issuercert.pem"), folder.join("issuer.pem")).unwrap();
	let store = ManufacturerStore::open(&folder).unwrap();
	assert_eq!(store.len(), 1);
	assert_eq!(store.verify(&device.key, &device.certificate, &[], UnixTime::now()), Ok(()));

	std::fs::write(folder.join("other.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n").unwrap();
	assert!(matches!(ManufacturerStore::open(&folder), Err(StoreError::Malformed { .. })));
	let nowhere = device.swtpm.file("nowhere");
	assert!(matches!(ManufacturerStore::open(&nowhere), Err(StoreError::Unreadable { .. })));
}
