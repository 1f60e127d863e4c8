//! Activation of credentials.

use super::{command, Tpm, TpmError};
use tss_esapi::{
	constants::SessionType,
	handles::{AuthHandle, KeyHandle, ObjectHandle, SessionHandle},
	interface_types::{
		algorithm::HashingAlgorithm,
		session_handles::{AuthSession, PolicySession},
	},
	structures::{Digest, EncryptedSecret, IdObject, Nonce, SymmetricDefinition},
};
use zeroize::Zeroizing;

const WHAT: &str = "activate the credential";

impl Tpm {
	/// The secret of a credential that was made for this TPM's endorsement and attestation key: only a TPM
	/// that holds both finds it.
	///
	/// `credential_blob` is a TPMS_ID_OBJECT, `encrypted_secret` the bytes of a TPM2B_ENCRYPTED_SECRET.
	pub fn activate_credential(
		&mut self,
		credential_blob: Vec<u8>,
		encrypted_secret: Vec<u8>,
	) -> Result<Zeroizing<Vec<u8>>, TpmError> {
		let blob = IdObject::try_from(credential_blob).map_err(command(WHAT))?;
		let secret = EncryptedSecret::try_from(encrypted_secret).map_err(command(WHAT))?;
		self.with_endorsement_key(|tpm, endorsement_key| {
			tpm.with_attestation_key(|tpm, attestation_key| {
				let session = tpm.start_policy_session()?;
				let outcome =
					tpm.activate_in(session, attestation_key, endorsement_key, blob, secret);
				let flushed = tpm.0.flush_context(ObjectHandle::from(SessionHandle::from(session)));
				let secret = outcome.map_err(command(WHAT))?;
				flushed.map_err(command("end a session"))?;
				Ok(Zeroizing::new(secret.value().to_vec()))
			})
		})
	}

	/// A new policy session of SHA-256.
	pub(super) fn start_policy_session(&mut self) -> Result<AuthSession, TpmError> {
		self.0
			.start_auth_session(
				None,
				None,
				None,
				SessionType::Policy,
				SymmetricDefinition::AES_128_CFB,
				HashingAlgorithm::Sha256,
			)
			.map_err(command("start a session"))?
			.ok_or(TpmError::InvalidAnswer("there is no session"))
	}

	/// The endorsement key wants a policy session in which the endorsement hierarchy's authorization was
	/// shown; the attestation key has an empty password.
	fn activate_in(
		&mut self,
		session: AuthSession,
		attestation_key: KeyHandle,
		endorsement_key: KeyHandle,
		blob: IdObject,
		secret: EncryptedSecret,
	) -> tss_esapi::Result<Digest> {
		let policy = PolicySession::try_from(session)?;
		self.0.execute_with_session(Some(AuthSession::Password), |context| {
			context.policy_secret(
				policy,
				AuthHandle::Endorsement,
				Nonce::default(),
				Digest::default(),
				Nonce::default(),
				None,
			)
		})?;
		let sessions = (Some(AuthSession::Password), Some(session), None);
		self.0.execute_with_sessions(sessions, |context| {
			context.activate_credential(attestation_key, endorsement_key, blob, secret)
		})
	}
}
