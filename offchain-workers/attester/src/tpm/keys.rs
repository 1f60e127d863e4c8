//! Endorsement key and attestation key.

use super::{command, Tpm, TpmError};
use crate::endorsement::EndorsementKey;
use tss_esapi::{
	abstraction::{ek, AsymmetricAlgorithmSelection},
	attributes::{ObjectAttributes, ObjectAttributesBuilder},
	constants::CapabilityType,
	handles::{KeyHandle, NvIndexTpmHandle, PersistentTpmHandle, TpmHandle},
	interface_types::{
		algorithm::{HashingAlgorithm, PublicAlgorithm},
		ecc::EccCurve,
		key_bits::RsaKeyBits,
		resource_handles::Hierarchy,
		session_handles::AuthSession,
	},
	structures::{
		CapabilityData, Digest, EccPoint, EccScheme, HashScheme, KeyDerivationFunctionScheme,
		Public, PublicBuilder, PublicEccParametersBuilder, SymmetricDefinitionObject,
	},
	traits::Marshall,
};

/// RSA-2048 with SHA-256: what every TPM of the PC Client profile has a certificate for.
const ENDORSEMENT: AsymmetricAlgorithmSelection =
	AsymmetricAlgorithmSelection::Rsa(RsaKeyBits::Rsa2048);
/// Where the endorsement key is kept, if it is (TCG TPM v2.0 Provisioning Guidance, 7.8).
const PERSISTENT_ENDORSEMENT_KEY: u32 = 0x8101_0001;
/// Where its certificate is (TCG EK Credential Profile 2.3, 2.2.1.4).
const CERTIFICATE_INDEX: u32 = 0x01c0_0002;

/// What the manufacturer gave the TPM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endorsement {
	/// The endorsement key's public area, a TPMT_PUBLIC.
	pub public_area: Vec<u8>,
	/// Its certificate in DER; `None` where the TPM holds none.
	pub certificate: Option<Vec<u8>>,
}

impl Tpm {
	/// The endorsement key's public area and certificate.
	pub fn endorsement(&mut self) -> Result<Endorsement, TpmError> {
		let public_area = self.with_endorsement_key(|tpm, key| tpm.public_area(key))?;
		Ok(Endorsement { public_area, certificate: self.endorsement_certificate()? })
	}

	/// The attestation key's public area, a TPMT_PUBLIC. It is the same every time.
	pub fn attestation_key(&mut self) -> Result<Vec<u8>, TpmError> {
		self.with_attestation_key(|tpm, key| tpm.public_area(key))
	}

	/// Does `job` with the endorsement key: the one that is kept in the TPM if it is of the standard
	/// template, else the one that grows from the template, which certificates are for as well.
	pub(super) fn with_endorsement_key<T>(
		&mut self,
		job: impl FnOnce(&mut Self, KeyHandle) -> Result<T, TpmError>,
	) -> Result<T, TpmError> {
		if let Some(kept) = self.kept_endorsement_key()? {
			return job(self, kept);
		}
		let template = ek::create_ek_public_from_default_template_2(ENDORSEMENT, None)
			.map_err(command("know the endorsement key's template"))?;
		let key = self.create_primary(template, "make its endorsement key")?;
		let outcome = job(self, key);
		self.flush_after(key, outcome)
	}

	/// Does `job` with the attestation key: a primary key of the endorsement hierarchy, which grows from
	/// the same seed and the same template each time.
	pub(super) fn with_attestation_key<T>(
		&mut self,
		job: impl FnOnce(&mut Self, KeyHandle) -> Result<T, TpmError>,
	) -> Result<T, TpmError> {
		let template =
			attestation_key_template().map_err(command("know the attestation key's template"))?;
		let key = self.create_primary(template, "make the attestation key")?;
		let outcome = job(self, key);
		self.flush_after(key, outcome)
	}

	/// A primary key of the endorsement hierarchy. Its place has to be freed.
	pub(super) fn create_primary(
		&mut self,
		template: Public,
		what: &'static str,
	) -> Result<KeyHandle, TpmError> {
		self.0
			.execute_with_session(Some(AuthSession::Password), |context| {
				context.create_primary(Hierarchy::Endorsement, template, None, None, None, None)
			})
			.map(|created| created.key_handle)
			.map_err(command(what))
	}

	fn kept_endorsement_key(&mut self) -> Result<Option<KeyHandle>, TpmError> {
		const WHAT: &str = "show its endorsement key";
		let handle = PersistentTpmHandle::new(PERSISTENT_ENDORSEMENT_KEY).map_err(command(WHAT))?;
		let handle = TpmHandle::Persistent(handle);
		if !self.exists(handle, PERSISTENT_ENDORSEMENT_KEY)? {
			return Ok(None);
		}
		let key = KeyHandle::from(self.0.tr_from_tpm_public(handle).map_err(command(WHAT))?);
		let public_area = self.public_area(key)?;
		Ok(EndorsementKey::parse(&public_area).is_ok().then_some(key))
	}

	fn endorsement_certificate(&mut self) -> Result<Option<Vec<u8>>, TpmError> {
		const WHAT: &str = "show its endorsement certificate";
		let index = NvIndexTpmHandle::new(CERTIFICATE_INDEX).map_err(command(WHAT))?;
		if !self.exists(TpmHandle::NvIndex(index), CERTIFICATE_INDEX)? {
			return Ok(None);
		}
		let stored = ek::retrieve_ek_pubcert(&mut self.0, ENDORSEMENT).map_err(command(WHAT))?;
		without_padding(&stored)
			.map(|certificate| Some(certificate.to_vec()))
			.ok_or(TpmError::InvalidAnswer("the endorsement certificate is cut"))
	}

	/// Whether there is something at a handle; handles are listed from `number` on.
	fn exists(&mut self, handle: TpmHandle, number: u32) -> Result<bool, TpmError> {
		let (found, _) = self
			.0
			.get_capability(CapabilityType::Handles, number, 1)
			.map_err(command("list what it holds"))?;
		match found {
			CapabilityData::Handles(handles) => Ok(handles.first() == Some(&handle)),
			_ => Err(TpmError::InvalidAnswer("a list of handles is none")),
		}
	}

	/// A key's public area, a TPMT_PUBLIC.
	pub(super) fn public_area(&mut self, key: KeyHandle) -> Result<Vec<u8>, TpmError> {
		const WHAT: &str = "show a public key";
		let (public, _, _) = self.0.read_public(key).map_err(command(WHAT))?;
		public.marshall().map_err(command(WHAT))
	}
}

fn attestation_key_template() -> tss_esapi::Result<Public> {
	let attributes = ObjectAttributesBuilder::new()
		.with_fixed_tpm(true)
		.with_fixed_parent(true)
		.with_sensitive_data_origin(true)
		.with_user_with_auth(true)
		// A TPM that locks out after wrong passwords goes on quoting.
		.with_no_da(true)
		.with_restricted(true)
		.with_sign_encrypt(true)
		.build()?;
	signing_key_template(attributes, Digest::default())
}

/// A key of P-256 for ECDSA with SHA-256.
pub(super) fn signing_key_template(
	attributes: ObjectAttributes,
	authorization_policy: Digest,
) -> tss_esapi::Result<Public> {
	let parameters = PublicEccParametersBuilder::new()
		.with_symmetric(SymmetricDefinitionObject::Null)
		.with_ecc_scheme(EccScheme::EcDsa(HashScheme::new(HashingAlgorithm::Sha256)))
		.with_curve(EccCurve::NistP256)
		.with_key_derivation_function_scheme(KeyDerivationFunctionScheme::Null)
		.with_is_signing_key(true)
		.with_is_decryption_key(false)
		.with_restricted(attributes.restricted())
		.build()?;
	PublicBuilder::new()
		.with_public_algorithm(PublicAlgorithm::Ecc)
		.with_name_hashing_algorithm(HashingAlgorithm::Sha256)
		.with_object_attributes(attributes)
		.with_auth_policy(authorization_policy)
		.with_ecc_parameters(parameters)
		.with_ecc_unique_identifier(EccPoint::default())
		.build()
}

/// The certificate at the beginning of what a TPM stores; some fill the rest of the place with anything.
fn without_padding(stored: &[u8]) -> Option<&[u8]> {
	const SEQUENCE: u8 = 0x30;
	const TWO_BYTES_OF_LENGTH: u8 = 0x82;
	let &[SEQUENCE, TWO_BYTES_OF_LENGTH, high, low, ..] = stored else {
		return None;
	};
	stored.get(..usize::from(u16::from_be_bytes([high, low])) + 4)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn padding_is_left_off_and_cuts_are_seen() {
		let certificate = [&[0x30, 0x82, 1, 0][..], &[7; 256]].concat();
		let padded = [&certificate[..], &[0xff; 9]].concat();
		assert_eq!(without_padding(&padded), Some(&certificate[..]));
		assert_eq!(without_padding(&certificate), Some(&certificate[..]));
		assert_eq!(without_padding(&certificate[..200]), None);
		assert_eq!(without_padding(&[]), None);
	}
}
