//! Whether a device is trusted, computed when somebody asks.

use crate::{
	pallet::*, AttestationResult, ChallengeOf, DeviceId, DeviceOf, Distrust, Trust, TrustTier,
};
use frame_support::ensure;
use frame_system::pallet_prelude::BlockNumberFor;

type ResultOf<T> = AttestationResult<BlockNumberFor<T>>;

impl<T: Config> Pallet<T> {
	pub(crate) fn trust_of(id: DeviceId) -> Trust<BlockNumberFor<T>> {
		let device = Devices::<T>::get(id).ok_or_else(|| Self::why_unknown(id));
		match device.and_then(|device| Self::trusted_result(&device)) {
			Ok(AttestationResult { appraised_at, valid_until, .. }) => {
				Trust::Trusted { appraised_at, valid_until }
			},
			Err(reason) => Trust::NotTrusted(reason),
		}
	}

	/// The result by which a device is trusted now, or why it is not.
	pub(crate) fn trusted_result(device: &DeviceOf<T>) -> Result<ResultOf<T>, Distrust> {
		ensure!(!device.is_quarantined, Distrust::Quarantined);
		let endorsement = device.endorsement.as_ref().ok_or(Distrust::NotEndorsed)?;
		ensure!(Self::is_accredited(endorsement), Distrust::RegistrarRevoked);
		let profile = Profiles::<T>::get(device.profile).ok_or(Distrust::ProfileRetired)?;
		// What was said before a profile was retired does not count when it is published again.
		let result = device.result.filter(|result| result.appraised_at >= profile.published_at);
		let result = result.ok_or(Distrust::NotAppraised)?;
		if let TrustTier::Contraindicated(reason) = result.tier {
			return Err(Distrust::Contraindicated(reason));
		}
		let now = frame_system::Pallet::<T>::block_number();
		ensure!(now <= result.valid_until, Distrust::Expired);
		let has_ended = device
			.challenge
			.as_ref()
			.is_some_and(|challenge| Self::was_ended_by(challenge, &result));
		ensure!(!has_ended, Distrust::ChallengeUnanswered);
		Ok(result)
	}

	/// Whether the device was silent, and the result is not younger than that.
	fn was_ended_by(challenge: &ChallengeOf<T>, result: &ResultOf<T>) -> bool {
		!challenge.is_answered
			&& Self::is_overdue(challenge)
			&& result.appraised_at <= challenge.answer_by
	}

	fn why_unknown(id: DeviceId) -> Distrust {
		match RetiredDevices::<T>::contains_key(id) {
			true => Distrust::Retired,
			false => Distrust::NotFound,
		}
	}
}
