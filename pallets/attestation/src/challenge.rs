//! Challenges: a device must show its state, or loses its trust.

use crate::{pallet::*, Challenge, ChallengeOf, ChallengeOutcome, DeviceId, DeviceOf, TrustTier};
use frame_support::{
	ensure,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::{traits::Saturating, DispatchResult};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_challenge(challenger: T::AccountId, id: DeviceId) -> DispatchResult {
		let mut device = Devices::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(device.owner != challenger, Error::<T>::OwnDevice);
		ensure!(device.challenge.is_none(), Error::<T>::AlreadyChallenged);
		ensure!(Self::trusted_result(&device).is_ok(), Error::<T>::NotTrusted);
		let bond = T::ChallengeBond::get();
		T::Currency::hold(&HoldReason::ChallengeBond.into(), &challenger, bond)?;

		let challenged_at = frame_system::Pallet::<T>::block_number();
		let answer_by = challenged_at.saturating_add(T::ChallengePeriod::get());
		device.challenge = Some(Challenge {
			challenger: challenger.clone(),
			bond,
			challenged_at,
			answer_by,
			is_answered: false,
		});
		Devices::<T>::insert(id, device);
		Self::deposit_event(Event::Challenged { device: id, challenger, bond, answer_by });
		Ok(())
	}

	pub(crate) fn do_settle_challenge(id: DeviceId) -> DispatchResult {
		let mut device = Devices::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		let challenge = device.challenge.as_ref().ok_or(Error::<T>::NotChallenged)?;
		let is_over = challenge.is_answered || Self::is_overdue(challenge);
		ensure!(is_over, Error::<T>::TooEarly);
		Self::close_challenge(id, &mut device)?;
		Devices::<T>::insert(id, device);
		Ok(())
	}

	/// Takes an accepted quote as an answer, if it is one: one that speaks against the device is none.
	pub(crate) fn note_answer(
		id: DeviceId,
		device: &mut DeviceOf<T>,
		block_number: BlockNumberFor<T>,
	) {
		let Some(challenge) = device.challenge.as_mut() else { return };
		let is_affirming = device.result.is_some_and(|result| result.tier == TrustTier::Affirming);
		let is_in_time = block_number >= challenge.challenged_at && !Self::is_overdue(challenge);
		let is_answer = is_affirming && is_in_time;
		if is_answer && !challenge.is_answered {
			challenge.is_answered = true;
			Self::deposit_event(Event::ChallengeAnswered { device: id });
		}
	}

	/// Gives the bond to whom it belongs, and ends a result that was not confirmed.
	pub(crate) fn close_challenge(id: DeviceId, device: &mut DeviceOf<T>) -> DispatchResult {
		let Some(challenge) = device.challenge.take() else { return Ok(()) };
		let outcome = if challenge.is_answered {
			Self::award_bond(&challenge, &device.owner)?;
			ChallengeOutcome::Answered
		} else {
			Self::return_bond(&challenge)?;
			if let Some(result) = device.result.as_mut() {
				if result.appraised_at <= challenge.answer_by {
					result.valid_until = result.valid_until.min(challenge.answer_by);
				}
			}
			ChallengeOutcome::Unanswered
		};
		let bond = challenge.bond;
		Self::deposit_event(Event::ChallengeSettled { device: id, outcome, bond });
		Ok(())
	}

	/// Whether the time for an answer is over.
	pub(crate) fn is_overdue(challenge: &ChallengeOf<T>) -> bool {
		frame_system::Pallet::<T>::block_number() > challenge.answer_by
	}

	// The bond is no longer the challenger's to freeze, hence `Force`.
	fn award_bond(challenge: &ChallengeOf<T>, owner: &T::AccountId) -> DispatchResult {
		T::Currency::transfer_on_hold(
			&HoldReason::ChallengeBond.into(),
			&challenge.challenger,
			owner,
			challenge.bond,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)?;
		Ok(())
	}

	fn return_bond(challenge: &ChallengeOf<T>) -> DispatchResult {
		T::Currency::release(
			&HoldReason::ChallengeBond.into(),
			&challenge.challenger,
			challenge.bond,
			Precision::Exact,
		)?;
		Ok(())
	}
}
