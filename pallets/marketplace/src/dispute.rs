//! Disputes that the chain decides by computing.

use crate::{pallet::*, ChunkCiphertext, OrderOf, RefundReason};
use frame_support::ensure;
use frame_system::pallet_prelude::BlockNumberFor;
use msec_commitments::{
	verify_wrong_data, verify_wrong_key, ChunkKey, ChunkProof, DisputeRejection, EnvelopeSecret,
	OrderContext,
};
use msec_primitives::OrderId;
use sp_runtime::{traits::Zero, DispatchResult};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_dispute_key(
		who: T::AccountId,
		id: OrderId,
		secret: [u8; 32],
		proof: Option<ChunkProof>,
	) -> DispatchResult {
		let order = Self::disputable_order(&who, id)?;
		let envelope = Envelopes::<T>::get(id).ok_or(Error::<T>::NotDelivered)?;
		verify_wrong_key(
			&EnvelopeSecret::from_bytes(secret),
			&order.buyer_key,
			&envelope,
			&Self::order_context(id, &order),
			order.range.batches,
			order.range.root.as_fixed_bytes(),
			proof.as_ref(),
		)
		.map_err(Error::<T>::from)?;
		Self::refund_payer(id, order, RefundReason::WrongKey)
	}

	pub(crate) fn do_dispute_data(
		who: T::AccountId,
		id: OrderId,
		proof: ChunkProof,
		chunk_key: [u8; 32],
		ciphertext: ChunkCiphertext,
	) -> DispatchResult {
		let order = Self::disputable_order(&who, id)?;
		verify_wrong_data(
			&proof,
			&ChunkKey::from_bytes(chunk_key),
			&ciphertext,
			order.range.batches,
			order.range.root.as_fixed_bytes(),
		)
		.map_err(Error::<T>::from)?;
		Self::refund_payer(id, order, RefundReason::WrongData)
	}

	/// What the envelope of an order is bound to.
	pub(crate) fn order_context(id: OrderId, order: &OrderOf<T>) -> OrderContext {
		let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
		OrderContext { genesis: genesis.0, order: id.0, dataset: order.dataset.0 }
	}

	/// The order, when `who` is its beneficiary and may dispute. While it is frozen, no time passes.
	pub(crate) fn disputable_order(
		who: &T::AccountId,
		id: OrderId,
	) -> Result<OrderOf<T>, Error<T>> {
		let order = Self::order_of_beneficiary(who, id)?;
		let now = frame_system::Pallet::<T>::block_number();
		let in_time = now <= Self::settle_after(&order)?;
		ensure!(in_time || Self::is_frozen(id, &order), Error::TooLate);
		Ok(order)
	}
}

impl<T> From<DisputeRejection> for Error<T> {
	fn from(rejection: DisputeRejection) -> Self {
		match rejection {
			DisputeRejection::OtherKey => Self::OtherKey,
			DisputeRejection::ProofMissing => Self::ProofMissing,
			DisputeRejection::ProofInvalid => Self::ProofInvalid,
			DisputeRejection::KeyIsCorrect => Self::KeyIsCorrect,
			DisputeRejection::OtherCiphertext => Self::OtherCiphertext,
			DisputeRejection::DataIsCorrect => Self::DataIsCorrect,
		}
	}
}
