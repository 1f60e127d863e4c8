//! Keys that sign batches, sealed to the state in which the chain saw the device.

use crate::{pallet::*, DeviceId, DeviceOf, PublicArea};
use frame_support::ensure;
use msec_evidence::{
	certification_data, AttestationKey, BatchKey, BatchKeyError, Certification, CertificationError,
	PcrSelection,
};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_certify_batch_key(
		who: T::AccountId,
		id: DeviceId,
		public_area: PublicArea,
		attest: &[u8],
		signature: &[u8],
	) -> DispatchResult {
		let mut device = Self::owned_device(&who, id)?;
		let key = BatchKey::parse(&public_area).map_err(Error::<T>::from)?;
		Self::check_seal(&device, &key)?;
		Self::check_certification(id, &device, &key, attest, signature)?;
		device.batch_key = Some(public_area.clone());
		Devices::<T>::insert(id, device);
		Self::deposit_event(Event::BatchKeyCertified { device: id, public_area });
		Ok(())
	}

	/// Whether the key works only in the state that makes the device trusted now.
	fn check_seal(device: &DeviceOf<T>, key: &BatchKey) -> Result<(), Error<T>> {
		Self::trusted_result(device).map_err(|_| Error::NotTrusted)?;
		// Whatever made the device trusted is its last quote.
		let quote = device.last_quote.ok_or(Error::NotTrusted)?;
		let selection = PcrSelection(device.selection);
		let is_sealed = key.is_sealed_to(selection, quote.pcr_digest.as_fixed_bytes());
		ensure!(is_sealed, Error::OtherPolicy);
		Ok(())
	}

	/// Whether the device's attestation key certified this key, for this device of this chain.
	fn check_certification(
		id: DeviceId,
		device: &DeviceOf<T>,
		key: &BatchKey,
		attest: &[u8],
		signature: &[u8],
	) -> Result<(), Error<T>> {
		let certification = Certification::parse(attest)?;
		let wanted = certification_data(Self::genesis_hash().as_fixed_bytes(), id.as_fixed_bytes());
		ensure!(certification.extra_data == wanted, Error::OtherQualifyingData);
		ensure!(certification.name == key.name(), Error::OtherKeyCertified);
		// Every key that was registered can be parsed.
		let attestation_key =
			AttestationKey::parse(&device.attestation_key).map_err(|_| Error::OtherSigner)?;
		let signer = attestation_key.qualified_name_in_endorsement_hierarchy();
		ensure!(certification.qualified_signer == signer, Error::OtherSigner);
		attestation_key.verify(attest, signature).map_err(|_| Error::SignatureInvalid)
	}
}

impl<T> From<BatchKeyError> for Error<T> {
	fn from(error: BatchKeyError) -> Self {
		match error {
			BatchKeyError::NotSealed => Self::BatchKeyNotSealed,
			BatchKeyError::Truncated
			| BatchKeyError::TrailingBytes
			| BatchKeyError::OtherAlgorithm
			| BatchKeyError::InvalidPoint => Self::BatchKeyInvalid,
		}
	}
}

impl<T> From<CertificationError> for Error<T> {
	fn from(error: CertificationError) -> Self {
		match error {
			CertificationError::NotTpmGenerated => Self::NotTpmGenerated,
			CertificationError::NotCertification => Self::NotCertification,
			CertificationError::Truncated
			| CertificationError::TrailingBytes
			| CertificationError::InvalidBoolean => Self::CertificationMalformed,
		}
	}
}
