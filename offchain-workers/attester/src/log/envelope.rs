//! Policies in signed envelopes (DSSE 1.0), as Keylime signs them.

use base64::{
	engine::general_purpose::{STANDARD, URL_SAFE},
	DecodeError, Engine,
};
use rustls_pki_types::{pem::PemObject, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer};
use serde::Deserialize;
use webpki::ring::{ECDSA_P256_SHA256, ECDSA_P384_SHA256};
use x509_cert::{
	der::{oid::ObjectIdentifier, Decode},
	spki::SubjectPublicKeyInfoRef,
};

/// Longest envelope in bytes: the longest policy in base64, and some signatures.
pub const MAX_ENVELOPE_LENGTH: usize = 96 * 1024 * 1024;
/// Longest file with a public key in bytes.
pub const MAX_KEY_LENGTH: usize = 64 * 1024;
/// What Keylime says is in its envelopes.
const PAYLOAD_TYPE: &str = "application/vnd.keylime+json";
/// Most signatures that are looked at.
const MAX_SIGNATURES: usize = 16;
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const NIST_P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const NIST_P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// What was given as key is none for policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key of the policy is no public key of P-256 or P-384 in PEM")]
pub struct NotAPolicyKey;

/// Why there is nothing in an envelope to be trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
	/// It is none.
	#[error("the policy is not in a signed envelope (DSSE): {0}")]
	Malformed(String),
	/// There is something else in it.
	#[error("the envelope holds {0:?}, not a runtime policy ({PAYLOAD_TYPE})")]
	OtherPayload(String),
	/// Somebody else signed it, or something else was signed.
	#[error("no signature of the envelope is one of the policy's key")]
	NotSigned,
}

/// A key whose owner says what a policy is.
#[derive(Clone, Debug)]
pub struct PolicyKey {
	algorithm: &'static dyn SignatureVerificationAlgorithm,
	point: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
	payload: String,
	payload_type: String,
	signatures: Vec<Signature>,
}

#[derive(Deserialize)]
struct Signature {
	sig: String,
}

impl PolicyKey {
	/// Reads a public key in PEM. Keylime signs with ECDSA and SHA-256, whatever the curve.
	pub fn from_pem(pem: &[u8]) -> Result<Self, NotAPolicyKey> {
		let der = SubjectPublicKeyInfoDer::from_pem_slice(pem).map_err(|_| NotAPolicyKey)?;
		let key = SubjectPublicKeyInfoRef::from_der(&der).map_err(|_| NotAPolicyKey)?;
		let curve = key.algorithm.parameters_oid().map_err(|_| NotAPolicyKey)?;
		let algorithm = match (key.algorithm.oid, curve) {
			(EC_PUBLIC_KEY, NIST_P256) => ECDSA_P256_SHA256,
			(EC_PUBLIC_KEY, NIST_P384) => ECDSA_P384_SHA256,
			_ => return Err(NotAPolicyKey),
		};
		let point = key.subject_public_key.as_bytes().ok_or(NotAPolicyKey)?.to_vec();
		Ok(Self { algorithm, point })
	}

	/// What is in an envelope that the key's owner signed.
	pub fn open(&self, envelope: &[u8]) -> Result<Vec<u8>, EnvelopeError> {
		let malformed = |error: &dyn std::error::Error| EnvelopeError::Malformed(error.to_string());
		if envelope.len() > MAX_ENVELOPE_LENGTH {
			let reason = format!("it has more than {MAX_ENVELOPE_LENGTH} bytes");
			return Err(EnvelopeError::Malformed(reason));
		}
		let envelope: Envelope =
			serde_json::from_slice(envelope).map_err(|error| malformed(&error))?;
		if envelope.payload_type != PAYLOAD_TYPE {
			return Err(EnvelopeError::OtherPayload(envelope.payload_type));
		}
		let payload = decode(&envelope.payload).map_err(|error| malformed(&error))?;
		let message = pre_authentication_encoding(&payload);
		let is_signed = envelope.signatures.iter().take(MAX_SIGNATURES).any(|signature| {
			decode(&signature.sig).is_ok_and(|signature| self.verifies(&message, &signature))
		});
		is_signed.then_some(payload).ok_or(EnvelopeError::NotSigned)
	}

	fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
		self.algorithm.verify_signature(&self.point, message, signature).is_ok()
	}
}

/// What is signed.
fn pre_authentication_encoding(payload: &[u8]) -> Vec<u8> {
	let (kind, length) = (PAYLOAD_TYPE, payload.len());
	[format!("DSSEv1 {} {kind} {length} ", kind.len()).as_bytes(), payload].concat()
}

/// Both alphabets are allowed.
fn decode(text: &str) -> Result<Vec<u8>, DecodeError> {
	STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text))
}

#[cfg(test)]
mod tests {
	use super::*;

	const ENVELOPE: &str = include_str!("../../tests/keylime/signed.envelope");
	const KEY: &[u8] = include_bytes!("../../tests/keylime/policy-key.pem");

	fn open(envelope: &str) -> Result<Vec<u8>, EnvelopeError> {
		PolicyKey::from_pem(KEY).unwrap().open(envelope.as_bytes())
	}

	#[test]
	fn what_the_owner_of_the_key_signed_is_taken_out() {
		let policy = include_bytes!("../../tests/keylime/all.policy");
		assert_eq!(open(ENVELOPE).as_deref(), Ok(policy.as_slice()));
	}

	#[test]
	fn everything_else_is_refused() {
		let changed = ENVELOPE.replacen("eyJtZXRh", "eyJNZXRh", 1);
		assert_eq!(open(&changed), Err(EnvelopeError::NotSigned));
		let unsigned = ENVELOPE.replace("\"sig\": \"M", "\"sig\": \"N");
		assert_eq!(open(&unsigned), Err(EnvelopeError::NotSigned));
		let other = ENVELOPE.replace(PAYLOAD_TYPE, "text/plain");
		assert_eq!(open(&other), Err(EnvelopeError::OtherPayload("text/plain".into())));
		for malformed in ["", "{}", &ENVELOPE.replacen("eyJ", "!!!", 1)] {
			assert!(matches!(open(malformed), Err(EnvelopeError::Malformed(_))), "{malformed}");
		}
	}

	#[test]
	fn only_keys_of_known_curves_are_taken() {
		let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
		for pem in ["", certificate, "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n"]
		{
			assert_eq!(PolicyKey::from_pem(pem.as_bytes()).err(), Some(NotAPolicyKey), "{pem}");
		}
	}
}
