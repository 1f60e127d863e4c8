//! The key that signs batches: a primary key of the endorsement hierarchy that is sealed to what the PCRs
//! say now. It grows from the same seed each time, and is another one in another state.

use super::{command, keys::signing_key_template, pcr::selection_list, Tpm, TpmError};
use msec_evidence::{pcr_digest, policy_pcr, PcrSelection};
use tss_esapi::{
	attributes::ObjectAttributesBuilder,
	constants::tss::{TPM2_RH_NULL, TPM2_ST_HASHCHECK},
	handles::{KeyHandle, ObjectHandle, SessionHandle},
	interface_types::session_handles::{AuthSession, PolicySession},
	structures::{
		Data, Digest, HashcheckTicket, PcrSelectionList, Public, Signature, SignatureScheme,
	},
	traits::Marshall,
	tss2_esys::TPMT_TK_HASHCHECK,
};

/// A key, and the attestation key's word that it is in the same TPM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertifiedKey {
	/// The key's public area, a TPMT_PUBLIC.
	pub public_area: Vec<u8>,
	/// TPMS_ATTEST of type TPM_ST_ATTEST_CERTIFY.
	pub attest: Vec<u8>,
	/// TPMT_SIGNATURE over it.
	pub signature: Vec<u8>,
}

/// What a batch key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedDigest {
	/// The key's public area, a TPMT_PUBLIC.
	pub public_area: Vec<u8>,
	/// TPMT_SIGNATURE.
	pub signature: Vec<u8>,
}

impl Tpm {
	/// Has the attestation key certify the batch key of the present state, together with
	/// `qualifying_data`.
	pub fn certify_batch_key(
		&mut self,
		qualifying_data: [u8; 32],
		selection: PcrSelection,
	) -> Result<CertifiedKey, TpmError> {
		const WHAT: &str = "certify the batch key";
		let data = Data::try_from(qualifying_data.to_vec()).map_err(command(WHAT))?;
		self.with_batch_key(selection, |tpm, batch_key| {
			let public_area = tpm.public_area(batch_key)?;
			let (attest, signature) = tpm.with_attestation_key(|tpm, attestation_key| {
				// The administrator's role, which certifies, needs no policy; both passwords are empty.
				let sessions = (Some(AuthSession::Password), Some(AuthSession::Password), None);
				tpm.0
					.execute_with_sessions(sessions, |context| {
						let key = ObjectHandle::from(batch_key);
						context.certify(key, attestation_key, data, SignatureScheme::Null)
					})
					.map_err(command(WHAT))
			})?;
			Ok(CertifiedKey {
				public_area,
				attest: attest.marshall().map_err(command(WHAT))?,
				signature: signature.marshall().map_err(command(WHAT))?,
			})
		})
	}

	/// Signs a digest with the batch key of the present state.
	pub fn sign_batches(
		&mut self,
		digest: [u8; 32],
		selection: PcrSelection,
	) -> Result<SignedDigest, TpmError> {
		const WHAT: &str = "sign with the batch key";
		let digest = Digest::try_from(digest.to_vec()).map_err(command(WHAT))?;
		let indices: Vec<u8> = selection.indices().collect();
		let selected = selection_list(&indices).map_err(command(WHAT))?;
		self.with_batch_key(selection, |tpm, batch_key| {
			let public_area = tpm.public_area(batch_key)?;
			let session = tpm.start_policy_session()?;
			let outcome = tpm.sign_in(session, batch_key, digest, selected);
			let flushed = tpm.0.flush_context(ObjectHandle::from(SessionHandle::from(session)));
			let signature = outcome.map_err(command(WHAT))?;
			flushed.map_err(command("end a session"))?;
			let signature = signature.marshall().map_err(command(WHAT))?;
			Ok(SignedDigest { public_area, signature })
		})
	}

	/// Does `job` with the batch key of the present state.
	fn with_batch_key<T>(
		&mut self,
		selection: PcrSelection,
		job: impl FnOnce(&mut Self, KeyHandle) -> Result<T, TpmError>,
	) -> Result<T, TpmError> {
		let values = self.pcr_values(selection)?;
		let policy = policy_pcr(selection, &pcr_digest(values.iter()));
		let template =
			batch_key_template(policy).map_err(command("know the batch key's template"))?;
		let key = self.create_primary(template, "make the batch key")?;
		let outcome = job(self, key);
		self.flush_after(key, outcome)
	}

	/// The key wants a policy session in which the PCRs were shown to be what it is sealed to.
	fn sign_in(
		&mut self,
		session: AuthSession,
		batch_key: KeyHandle,
		digest: Digest,
		selected: PcrSelectionList,
	) -> tss_esapi::Result<Signature> {
		let policy = PolicySession::try_from(session)?;
		// Without a digest the TPM takes the values as they are.
		self.0.policy_pcr(policy, Digest::default(), selected)?;
		// The digest was not made by the TPM, which an unrestricted key does not ask for.
		let validation = HashcheckTicket::try_from(TPMT_TK_HASHCHECK {
			tag: TPM2_ST_HASHCHECK,
			hierarchy: TPM2_RH_NULL,
			digest: Default::default(),
		})?;
		self.0.execute_with_session(Some(session), |context| {
			context.sign(batch_key, digest, SignatureScheme::Null, validation)
		})
	}
}

fn batch_key_template(policy: [u8; 32]) -> tss_esapi::Result<Public> {
	// Without `userWithAuth` the policy is the only way to sign.
	let attributes = ObjectAttributesBuilder::new()
		.with_fixed_tpm(true)
		.with_fixed_parent(true)
		.with_sensitive_data_origin(true)
		.with_no_da(true)
		.with_sign_encrypt(true)
		.build()?;
	signing_key_template(attributes, Digest::try_from(policy.to_vec())?)
}
