//! Certificates of endorsement keys (TCG EK Credential Profile), and the manufacturers that are trusted.

use crate::{endorsement::EndorsementKey, files};
use rsa::{pkcs1::DecodeRsaPublicKey, traits::PublicKeyParts, BigUint, RsaPublicKey};
use rustls_pki_types::{pem::PemObject, CertificateDer, TrustAnchor, UnixTime};
use std::path::{Path, PathBuf};
use webpki::{anchor_from_trusted_cert, EndEntityCert, KeyUsage, ALL_VERIFICATION_ALGS};
use x509_cert::{
	der::{oid::ObjectIdentifier, Decode},
	ext::pkix::ExtendedKeyUsage,
	Certificate,
};

/// tcg-kp-EKCertificate, 2.23.133.8.1, as DER has it.
const ENDORSEMENT_KEY_PURPOSE: &[u8] = &[0x67, 0x81, 0x05, 0x08, 0x01];
const ENDORSEMENT_KEY_PURPOSE_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.23.133.8.1");
const EXPONENT: u32 = 65_537;
/// Longest certificate in bytes; those of TPMs are one to two thousand.
pub const MAX_CERTIFICATE_LENGTH: usize = 8 * 1024;
/// Longest file with certificates of manufacturers in bytes.
pub const MAX_STORE_FILE_LENGTH: usize = 4 * 1024 * 1024;
/// Most certificates between the endorsement key's and a manufacturer's.
pub const MAX_INTERMEDIATES: usize = 4;

/// Why a certificate does not show that a key is a manufacturer's endorsement key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
	/// It is longer than any, or there are more than any chain has.
	#[error("at most {MAX_INTERMEDIATES} certificates of {MAX_CERTIFICATE_LENGTH} bytes are taken beside the endorsement key's")]
	TooLarge,
	/// It cannot be read.
	#[error("the certificate is malformed")]
	Malformed,
	/// It is a certificate for something else.
	#[error("the certificate is not for an endorsement key (extended key usage 2.23.133.8.1)")]
	OtherPurpose,
	/// It is about another key.
	#[error("the certificate is for another key")]
	OtherKey,
	/// It, or one above it, has expired.
	#[error("the certificate, or one above it, has expired")]
	Expired,
	/// It, or one above it, does not hold yet.
	#[error("the certificate, or one above it, is not valid yet")]
	NotYetValid,
	/// No path leads from it to a trusted manufacturer.
	#[error("no trusted manufacturer issued the certificate: {0}")]
	Untrusted(String),
}

/// Why there is no list of trusted manufacturers.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
	/// A file or the folder cannot be read.
	#[error("{path}: {reason}", path = .path.display())]
	Unreadable {
		/// Which.
		path: PathBuf,
		/// What the system says.
		reason: std::io::Error,
	},
	/// A file holds something else than certificates.
	#[error("{path}: {reason}", path = .path.display())]
	Malformed {
		/// Which.
		path: PathBuf,
		/// What is wrong.
		reason: String,
	},
	/// There is nobody to trust.
	#[error("{} holds no certificate (*.pem) of a manufacturer", .0.display())]
	Empty(PathBuf),
}

/// The manufacturers that are trusted.
pub struct ManufacturerStore(Vec<TrustAnchor<'static>>);

impl ManufacturerStore {
	/// Trusts every certificate in the files `*.pem` of a folder: roots, or the intermediate ones to which
	/// trust is to be limited.
	pub fn open(folder: &Path) -> Result<Self, StoreError> {
		let unreadable = |path: &Path| {
			let path = path.to_owned();
			move |reason| StoreError::Unreadable { path, reason }
		};
		let mut anchors = Vec::new();
		for entry in folder.read_dir().map_err(unreadable(folder))? {
			let path = entry.map_err(unreadable(folder))?.path();
			if path.extension().is_some_and(|extension| extension == "pem") {
				let content =
					files::read(&path, MAX_STORE_FILE_LENGTH).map_err(unreadable(&path))?;
				let malformed = |reason| StoreError::Malformed { path: path.clone(), reason };
				anchors.extend(anchors_in(&content).map_err(malformed)?);
			}
		}
		match anchors.is_empty() {
			true => Err(StoreError::Empty(folder.to_owned())),
			false => Ok(Self(anchors)),
		}
	}

	/// How many certificates are trusted.
	pub fn len(&self) -> usize {
		self.0.len()
	}

	/// Whether none is trusted.
	pub fn is_empty(&self) -> bool {
		self.0.is_empty()
	}

	/// Checks that a trusted manufacturer certified `key` as an endorsement key: purpose, key, validity at
	/// `now`, and the path through `intermediates`, all in DER.
	pub fn verify(
		&self,
		key: &EndorsementKey,
		certificate: &[u8],
		intermediates: &[Vec<u8>],
		now: UnixTime,
	) -> Result<(), CertificateError> {
		let is_long = |certificate: &[u8]| certificate.len() > MAX_CERTIFICATE_LENGTH;
		// Nothing is parsed before it is known to be short.
		let any_long = is_long(certificate) || intermediates.iter().any(|above| is_long(above));
		if any_long || intermediates.len() > MAX_INTERMEDIATES {
			return Err(CertificateError::TooLarge);
		}
		let parsed = Certificate::from_der(certificate).map_err(|_| CertificateError::Malformed)?;
		ensure_purpose(&parsed)?;
		ensure_key(&parsed, key)?;
		self.ensure_path(certificate, intermediates, now)
	}

	fn ensure_path(
		&self,
		certificate: &[u8],
		intermediates: &[Vec<u8>],
		now: UnixTime,
	) -> Result<(), CertificateError> {
		let certificate = CertificateDer::from(certificate);
		let leaf = EndEntityCert::try_from(&certificate).map_err(path_error)?;
		let intermediates: Vec<_> =
			intermediates.iter().map(|above| CertificateDer::from(&above[..])).collect();
		// The certificates above are not bound to a purpose; that of the leaf is checked already.
		let purpose = KeyUsage::required_if_present(ENDORSEMENT_KEY_PURPOSE);
		leaf.verify_for_usage(
			ALL_VERIFICATION_ALGS,
			&self.0,
			&intermediates,
			now,
			purpose,
			None,
			None,
		)
		.map(drop)
		.map_err(path_error)
	}
}

fn anchors_in(content: &[u8]) -> Result<Vec<TrustAnchor<'static>>, String> {
	let certificates = CertificateDer::pem_slice_iter(content);
	let anchors = certificates.map(|certificate| {
		let certificate = certificate.map_err(|error| error.to_string())?;
		let anchor = anchor_from_trusted_cert(&certificate).map_err(|error| error.to_string())?;
		Ok(anchor.to_owned())
	});
	anchors.collect()
}

fn ensure_purpose(certificate: &Certificate) -> Result<(), CertificateError> {
	let usage = certificate
		.tbs_certificate
		.get::<ExtendedKeyUsage>()
		.map_err(|_| CertificateError::Malformed)?;
	match usage {
		Some((_, usage)) if usage.0.contains(&ENDORSEMENT_KEY_PURPOSE_ID) => Ok(()),
		_ => Err(CertificateError::OtherPurpose),
	}
}

/// Some manufacturers name RSAES-OAEP as the key's algorithm; the key itself has one form.
fn ensure_key(certificate: &Certificate, key: &EndorsementKey) -> Result<(), CertificateError> {
	let bits = &certificate.tbs_certificate.subject_public_key_info.subject_public_key;
	let bytes = bits.as_bytes().ok_or(CertificateError::Malformed)?;
	let certified = RsaPublicKey::from_pkcs1_der(bytes).map_err(|_| CertificateError::OtherKey)?;
	let is_key = *certified.n() == BigUint::from_bytes_be(key.modulus())
		&& *certified.e() == BigUint::from(EXPONENT);
	is_key.then_some(()).ok_or(CertificateError::OtherKey)
}

fn path_error(error: webpki::Error) -> CertificateError {
	match error {
		webpki::Error::BadDer | webpki::Error::BadDerTime => CertificateError::Malformed,
		webpki::Error::CertExpired { .. } => CertificateError::Expired,
		webpki::Error::CertNotValidYet { .. } => CertificateError::NotYetValid,
		other => CertificateError::Untrusted(other.to_string()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::time::Duration;

	const KEY: &[u8] = include_bytes!("../tests/corpus/examples/endorsement-key.tpmt-public");
	const CERTIFICATE: &[u8] = include_bytes!("../tests/corpus/examples/certificate.der");
	const MANUFACTURER: &[u8] = include_bytes!("../tests/corpus/examples/manufacturer.pem");
	/// Seconds since 1970: in 2030.
	const NOW: u64 = 1_900_000_000;

	fn verify(certificate: &[u8], intermediates: &[Vec<u8>]) -> Result<(), CertificateError> {
		let folder = tempfile::tempdir().unwrap();
		std::fs::write(folder.path().join("manufacturer.pem"), MANUFACTURER).unwrap();
		let store = ManufacturerStore::open(folder.path()).unwrap();
		let key = EndorsementKey::parse(KEY).unwrap();
		let now = UnixTime::since_unix_epoch(Duration::from_secs(NOW));
		store.verify(&key, certificate, intermediates, now)
	}

	#[test]
	fn certificates_are_bounded_in_length_and_number() {
		assert_eq!(verify(CERTIFICATE, &[]), Ok(()));
		let longest = [CERTIFICATE, &vec![0; MAX_CERTIFICATE_LENGTH - CERTIFICATE.len()]].concat();
		assert_eq!(verify(&longest, &[]), Err(CertificateError::Malformed));
		let longer = [&longest[..], &[0]].concat();
		assert_eq!(verify(&longer, &[]), Err(CertificateError::TooLarge));
		assert_eq!(verify(CERTIFICATE, &[longer]), Err(CertificateError::TooLarge));
		let many = vec![CERTIFICATE.to_vec(); MAX_INTERMEDIATES];
		assert_eq!(verify(CERTIFICATE, &many), Ok(()));
		let more = [&many[..], &[CERTIFICATE.to_vec()]].concat();
		assert_eq!(verify(CERTIFICATE, &more), Err(CertificateError::TooLarge));
	}

	#[test]
	fn nesting_without_end_is_malformed() {
		// Sequences in sequences, each as long as its length says.
		let mut nested = Vec::new();
		while nested.len() + 4 <= MAX_CERTIFICATE_LENGTH {
			let length = (nested.len() as u16).to_be_bytes();
			nested = [&[0x30, 0x82][..], &length, &nested].concat();
		}
		assert_eq!(verify(&nested, &[]), Err(CertificateError::Malformed));
	}

	#[test]
	fn files_of_manufacturers_are_bounded() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("manufacturer.pem");
		std::fs::write(&path, vec![b'\n'; MAX_STORE_FILE_LENGTH + 1]).unwrap();
		let opened = ManufacturerStore::open(folder.path()).err().unwrap();
		assert!(matches!(opened, StoreError::Unreadable { path: named, .. } if named == path));
	}
}
