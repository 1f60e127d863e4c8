//! Complaints about what cannot be proved, decided by arbiters.

use crate::{pallet::*, Complaint, ComplaintOf, ComplaintState, OrderOf, RefundReason};
use core::cmp::Ordering;
use frame_support::{ensure, traits::Get};
use msec_primitives::OrderId;
use sp_core::H256;
use sp_runtime::{
	traits::{Saturating, Zero},
	DispatchResult, Permill,
};

/// Whose share is larger wins; equal shares have no loser.
const HALF: Permill = Permill::from_percent(50);

impl<T: Config> Pallet<T> {
	pub(crate) fn do_complain(
		complainant: T::AccountId,
		id: OrderId,
		evidence: H256,
	) -> DispatchResult {
		let order = Self::disputable_order(&complainant, id)?;
		Self::ensure_not_frozen(id, &order)?;
		let held = Self::held_for(id, &order);
		ensure!(!held.is_zero(), Error::<T>::NothingToDivide);
		let share = T::ComplaintBondShare::get().mul_ceil(held);
		let bond = share.max(T::MinimumComplaintBond::get());
		Self::hold_bond(&complainant, bond)?;
		let now = frame_system::Pallet::<T>::block_number();
		let respond_by = now.saturating_add(T::ResponsePeriod::get());
		let state = ComplaintState::AwaitingResponse { respond_by };
		Complaints::<T>::insert(id, Complaint { evidence, bond, state });
		Self::deposit_event(Event::Complained {
			order: id,
			complainant,
			evidence,
			bond,
			respond_by,
		});
		Ok(())
	}

	pub(crate) fn do_respond(
		respondent: T::AccountId,
		id: OrderId,
		evidence: H256,
	) -> DispatchResult {
		let order = Orders::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(order.seller == respondent, Error::<T>::NotAuthorized);
		let mut complaint = Complaints::<T>::get(id).ok_or(Error::<T>::NoComplaint)?;
		let ComplaintState::AwaitingResponse { respond_by } = complaint.state else {
			return Err(Error::<T>::AlreadyExists.into());
		};
		let now = frame_system::Pallet::<T>::block_number();
		ensure!(now <= respond_by, Error::<T>::TooLate);
		Self::hold_bond(&respondent, complaint.bond)?;
		let decide_by = now.saturating_add(T::DecisionPeriod::get());
		complaint.state = ComplaintState::AwaitingDecision { evidence, decide_by };
		let bond = complaint.bond;
		Complaints::<T>::insert(id, complaint);
		Self::deposit_event(Event::Responded { order: id, respondent, evidence, bond, decide_by });
		Ok(())
	}

	pub(crate) fn do_decide(id: OrderId, payer_share: Permill, evidence: H256) -> DispatchResult {
		let order = Orders::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		let complaint = Complaints::<T>::get(id).ok_or(Error::<T>::NoComplaint)?;
		let ComplaintState::AwaitingDecision { decide_by, .. } = complaint.state else {
			return Err(Error::<T>::TooEarly.into());
		};
		let now = frame_system::Pallet::<T>::block_number();
		ensure!(now <= decide_by, Error::<T>::TooLate);
		let loser = match payer_share.cmp(&HALF) {
			Ordering::Less => Some(&order.beneficiary),
			Ordering::Equal => None,
			Ordering::Greater => Some(&order.seller),
		};
		Complaints::<T>::remove(id);
		Self::end_bonds(&order, &complaint, loser)?;
		Self::deposit_event(Event::Decided { order: id, payer_share, evidence });
		Self::divide(id, order, payer_share)
	}

	pub(crate) fn do_conclude(id: OrderId) -> DispatchResult {
		let order = Orders::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		let complaint = Complaints::<T>::get(id).ok_or(Error::<T>::NoComplaint)?;
		ensure!(Self::withdrawal(&order).is_none(), Error::<T>::Withdrawn);
		let now = frame_system::Pallet::<T>::block_number();
		match complaint.state {
			ComplaintState::AwaitingResponse { respond_by } => {
				ensure!(now > respond_by, Error::<T>::TooEarly);
				Self::refund_payer(id, order, RefundReason::NoResponse)
			},
			ComplaintState::AwaitingDecision { decide_by, .. } => {
				ensure!(now > decide_by, Error::<T>::TooEarly);
				Complaints::<T>::remove(id);
				Self::end_bonds(&order, &complaint, None)?;
				let payer_share = T::DefaultPayerShare::get();
				Self::deposit_event(Event::Undecided { order: id, payer_share });
				Self::divide(id, order, payer_share)
			},
		}
	}

	/// Ends the complaint about an order that is refunded for another reason than a decision: a
	/// seller who responded has lost.
	pub(crate) fn drop_complaint(id: OrderId, order: &OrderOf<T>) -> DispatchResult {
		match Complaints::<T>::take(id) {
			Some(complaint) => Self::end_bonds(order, &complaint, Some(&order.seller)),
			None => Ok(()),
		}
	}

	/// Returns the bonds that are held for a complaint, but for that of the `loser`.
	fn end_bonds(
		order: &OrderOf<T>,
		complaint: &ComplaintOf<T>,
		loser: Option<&T::AccountId>,
	) -> DispatchResult {
		let (complainant, seller) = (&order.beneficiary, &order.seller);
		let respondent = complaint.state.has_response().then_some((seller, complainant));
		for (party, other) in [Some((complainant, seller)), respondent].into_iter().flatten() {
			match loser == Some(party) {
				true => Self::award_bond(party, other, complaint.bond)?,
				false => Self::return_bond(party, complaint.bond)?,
			}
		}
		Ok(())
	}

	/// What may end an order must wait for its challenges and its complaint.
	pub(crate) fn ensure_not_frozen(id: OrderId, order: &OrderOf<T>) -> Result<(), Error<T>> {
		ensure!(!Self::is_frozen(id, order), Error::Frozen);
		Ok(())
	}

	/// Whether the order's time to dispute stands still.
	pub(crate) fn is_frozen(id: OrderId, order: &OrderOf<T>) -> bool {
		OpenChallenges::<T>::contains_key(order.dataset, id) || Complaints::<T>::contains_key(id)
	}
}
