//! Ciphertext that is withheld: bonded challenges to post it.

use crate::{
	pallet::*, BalanceOf, Challenge, ChallengeOf, ChallengeState, ChunkCiphertext, OrderOf,
	OrderState,
};
use frame_support::{ensure, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_commitments::{sha256, ChunkProof, MAX_CHUNKS_PER_BATCH};
use msec_primitives::OrderId;
use sp_runtime::{
	traits::{Saturating, Zero},
	DispatchResult,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_challenge(
		challenger: T::AccountId,
		id: OrderId,
		batch: u32,
		chunk: u32,
	) -> DispatchResult {
		let order = Self::disputable_order(&challenger, id)?;
		ensure!(!Complaints::<T>::contains_key(id), Error::<T>::Frozen);
		let exists = batch < order.range.batches && chunk < MAX_CHUNKS_PER_BATCH;
		ensure!(exists, Error::<T>::NoSuchChunk);
		let mut challenges = Challenges::<T>::get(id);
		let is_same = |other: &ChallengeOf<T>| (other.batch, other.chunk) == (batch, chunk);
		ensure!(!challenges.iter().any(is_same), Error::<T>::AlreadyExists);
		let now = frame_system::Pallet::<T>::block_number();
		let answer_by = now.saturating_add(answer_period::<T>(&order));
		let bond = T::ChallengeBond::get();
		let state = ChallengeState::Open { answer_by };
		challenges
			.try_push(Challenge { batch, chunk, bond, state })
			.map_err(|_| Error::<T>::MaxChallengesExceeded)?;
		Self::hold_bond(&challenger, bond)?;

		OpenChallenges::<T>::insert(order.dataset, id, ());
		Challenges::<T>::insert(id, challenges);
		Self::deposit_event(Event::Challenged {
			order: id,
			batch,
			chunk,
			challenger,
			bond,
			answer_by,
		});
		Ok(())
	}

	pub(crate) fn do_answer(
		answerer: T::AccountId,
		id: OrderId,
		proof: ChunkProof,
		ciphertext: ChunkCiphertext,
	) -> DispatchResult {
		let mut order = Orders::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		let root = order.range.root.as_fixed_bytes();
		ensure!(proof.verify(order.range.batches, root), Error::<T>::ProofInvalid);
		let hash = sha256(&[&ciphertext]);
		ensure!(hash == proof.commitment.ciphertext, Error::<T>::OtherCiphertext);
		let mut challenges = Challenges::<T>::get(id);
		let met = challenges.iter_mut().find(|challenge| is_met(challenge, &proof));
		let challenge = met.ok_or(Error::<T>::NotChallenged)?;
		let now = frame_system::Pallet::<T>::block_number();
		let in_time = challenge.answer_by().is_some_and(|last| now <= last);
		ensure!(in_time, Error::<T>::TooLate);

		let settle_after =
			Self::settle_after(&order)?.max(now.saturating_add(extension::<T>(&order)));
		challenge.state = ChallengeState::Answered { at: now };
		let Challenge { batch, chunk, bond, .. } = *challenge;
		Self::forfeit_bond(&order.beneficiary, bond)?;
		if challenges.iter().all(|challenge| challenge.answer_by().is_none()) {
			OpenChallenges::<T>::remove(order.dataset, id);
		}
		Challenges::<T>::insert(id, challenges);
		order.state = OrderState::Delivered { settle_after };
		Orders::<T>::insert(id, order);
		Self::deposit_event(Event::Answered {
			order: id,
			batch,
			chunk,
			answerer,
			bond,
			settle_after,
		});
		Ok(())
	}

	/// Whether a chunk was not posted in time. Fails while one may still be.
	pub(crate) fn is_withheld(id: OrderId) -> Result<bool, Error<T>> {
		let challenges = Challenges::<T>::get(id);
		let Some(first) = challenges.iter().filter_map(|open| open.answer_by()).min() else {
			return Ok(false);
		};
		let now = frame_system::Pallet::<T>::block_number();
		ensure!(now > first, Error::TooEarly);
		Ok(true)
	}

	/// Ends the challenges of an order that is refunded; the bonds of open ones return.
	pub(crate) fn drop_challenges(id: OrderId, order: &OrderOf<T>) -> DispatchResult {
		let challenges = Challenges::<T>::take(id);
		let open = challenges.iter().filter(|challenge| challenge.answer_by().is_some());
		let bonds =
			open.fold(Zero::zero(), |sum: BalanceOf<T>, open| sum.saturating_add(open.bond));
		OpenChallenges::<T>::remove(order.dataset, id);
		Self::return_bond(&order.beneficiary, bonds)
	}
}

/// Blocks in which a chunk must be posted: as many as the seller asked for to deliver the key.
fn answer_period<T: Config>(order: &OrderOf<T>) -> BlockNumberFor<T> {
	order.deliver_by.saturating_sub(order.opened_at)
}

/// Blocks that remain to dispute what was posted.
pub(crate) fn extension<T: Config>(order: &OrderOf<T>) -> BlockNumberFor<T> {
	order.confirmation_period.min(T::ExtensionPeriod::get())
}

/// Whether an open challenge asks for the chunk of `proof`, which holds.
fn is_met<Balance, BlockNumber: Copy>(
	challenge: &Challenge<Balance, BlockNumber>,
	proof: &ChunkProof,
) -> bool {
	let last = proof.chunks.saturating_sub(1);
	challenge.answer_by().is_some()
		&& challenge.batch == proof.batch
		&& challenge.chunk.min(last) == proof.chunk
}
