//! Where the money of an order goes, and the end of orders.

use crate::{pallet::*, BalanceOf, OrderOf, OrderState, RefundReason};
use frame_support::{
	ensure,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Consideration, Get,
	},
};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_primitives::{DatasetInfo, DatasetStatus, OrderAccess, OrderId};
use sp_runtime::{
	traits::{Saturating, Zero},
	DispatchResult, PerThing, Permill,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_confirm(who: T::AccountId, id: OrderId) -> DispatchResult {
		let order = Self::order_of_beneficiary(&who, id)?;
		Self::settle_after(&order)?;
		Self::ensure_not_frozen(id, &order)?;
		match Subscriptions::<T>::get(order.dataset, id) {
			Some(subscription) => Self::accept_instalment(id, order, subscription),
			None => Self::pay_seller(id, order),
		}
	}

	pub(crate) fn do_settle(id: OrderId) -> DispatchResult {
		let order = Orders::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		let now = frame_system::Pallet::<T>::block_number();
		ensure!(now > Self::settle_after(&order)?, Error::<T>::TooEarly);
		Self::ensure_not_frozen(id, &order)?;
		ensure!(Self::withdrawal(&order).is_none(), Error::<T>::Withdrawn);
		match Subscriptions::<T>::get(order.dataset, id) {
			Some(subscription) => Self::settle_subscription(id, order, subscription),
			None => Self::pay_seller(id, order),
		}
	}

	pub(crate) fn do_refund(id: OrderId) -> DispatchResult {
		let order = Orders::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		let reason = Self::refund_reason(id, &order)?;
		AwaitingDelivery::<T>::remove(order.dataset, id);
		Self::refund_payer(id, order, reason)
	}

	pub(crate) fn do_reject(who: T::AccountId, id: OrderId) -> DispatchResult {
		let order = Self::order_of_beneficiary(&who, id)?;
		ensure!(order.state == OrderState::AwaitingDelivery, Error::<T>::NotAwaitingDelivery);
		AwaitingDelivery::<T>::remove(order.dataset, id);
		Self::refund_payer(id, order, RefundReason::Rejected)
	}

	pub(crate) fn do_prune_order(id: OrderId) -> DispatchResult {
		let order = Orders::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		let ended_at = order.state.ended_at().ok_or(Error::<T>::NotEnded)?;
		let keep_until = ended_at.saturating_add(T::RetentionPeriod::get()).max(order.access_until);
		let now = frame_system::Pallet::<T>::block_number();
		ensure!(now > keep_until, Error::<T>::TooEarly);

		T::Access::close(&order.dataset, &order.beneficiary, id);
		for account in [&order.payer, &order.beneficiary, &order.seller] {
			OrdersByAccount::<T>::remove(account, id);
		}
		Self::forget_free_order(&order);
		Envelopes::<T>::remove(id);
		Challenges::<T>::remove(id);
		Orders::<T>::remove(id);
		order.ticket.drop(&order.payer)?;
		Self::deposit_event(Event::Pruned { order: id });
		Ok(())
	}

	/// Releases the price, ends access and disputes, and closes the order. What is due for a subscription
	/// goes to the seller first.
	pub(crate) fn refund_payer(
		id: OrderId,
		mut order: OrderOf<T>,
		reason: RefundReason,
	) -> DispatchResult {
		let at = frame_system::Pallet::<T>::block_number();
		// Before the disputes are dropped: they tell what is not due.
		let amount = Self::end_subscription_with_order(id, &order, reason);
		Self::drop_challenges(id, &order)?;
		Self::drop_complaint(id, &order)?;
		Self::release_payment(&order.payer, amount)?;
		T::Access::close(&order.dataset, &order.beneficiary, id);
		order.access_until = order.access_until.min(at);
		order.state = OrderState::Refunded { at, reason };
		Orders::<T>::insert(id, &order);
		Self::deposit_event(Event::Refunded { order: id, payer: order.payer, amount, reason });
		Ok(())
	}

	/// The order, when `who` is its beneficiary.
	pub(crate) fn order_of_beneficiary(
		who: &T::AccountId,
		id: OrderId,
	) -> Result<OrderOf<T>, Error<T>> {
		let order = Orders::<T>::get(id).ok_or(Error::NotFound)?;
		ensure!(order.beneficiary == *who, Error::NotAuthorized);
		Ok(order)
	}

	/// Last block of the time to dispute.
	pub(crate) fn settle_after(order: &OrderOf<T>) -> Result<BlockNumberFor<T>, Error<T>> {
		match order.state {
			OrderState::Delivered { settle_after } => Ok(settle_after),
			_ => Err(Error::NotDelivered),
		}
	}

	fn refund_reason(id: OrderId, order: &OrderOf<T>) -> Result<RefundReason, Error<T>> {
		ensure!(order.state.ended_at().is_none(), Error::NotAwaitingDelivery);
		if let Some(reason) = Self::withdrawal(order) {
			return Ok(reason);
		}
		if Self::is_withheld(id)? {
			return Ok(RefundReason::Withheld);
		}
		ensure!(order.state == OrderState::AwaitingDelivery, Error::NotAwaitingDelivery);
		let now = frame_system::Pallet::<T>::block_number();
		ensure!(now > order.deliver_by, Error::TooEarly);
		Ok(RefundReason::NotDelivered)
	}

	/// How the owner took back what is sold, so that the stores refuse the beneficiary.
	pub(crate) fn withdrawal(order: &OrderOf<T>) -> Option<RefundReason> {
		if T::Datasets::status(&order.dataset) != Some(DatasetStatus::Active) {
			return Some(RefundReason::Erased);
		}
		T::Access::is_denied(&order.dataset, &order.beneficiary).then_some(RefundReason::Denied)
	}

	/// Gives the payer `payer_share` of the price, rounded down, and the seller the rest; the fee is
	/// taken from the seller's part only. Of a subscription, what is in dispute is divided.
	pub(crate) fn divide(
		id: OrderId,
		mut order: OrderOf<T>,
		payer_share: Permill,
	) -> DispatchResult {
		if payer_share == Permill::one() {
			return Self::refund_payer(id, order, RefundReason::Awarded);
		}
		if let Some(subscription) = Subscriptions::<T>::get(order.dataset, id) {
			return Self::divide_subscription(id, order, subscription, payer_share);
		}
		if payer_share.is_zero() {
			return Self::pay_seller(id, order);
		}
		let refund = payer_share.mul_floor(order.price);
		let fee = payer_share.left_from_one().mul_floor(order.fee);
		let amount = order.price.saturating_sub(refund).saturating_sub(fee);
		Self::release_payment(&order.payer, refund)?;
		Self::pay_out(&order, amount, fee)?;
		let at = frame_system::Pallet::<T>::block_number();
		order.state = OrderState::Divided { at };
		Orders::<T>::insert(id, &order);
		let (payer, seller) = (order.payer, order.seller);
		Self::deposit_event(Event::Divided { order: id, payer, refund, seller, amount, fee });
		Ok(())
	}

	fn pay_seller(id: OrderId, mut order: OrderOf<T>) -> DispatchResult {
		let amount = order.price.saturating_sub(order.fee);
		Self::pay_out(&order, amount, order.fee)?;
		let at = frame_system::Pallet::<T>::block_number();
		order.state = OrderState::Settled { at };
		Orders::<T>::insert(id, &order);
		let (seller, fee) = (order.seller, order.fee);
		Self::deposit_event(Event::Settled { order: id, seller, amount, fee });
		Ok(())
	}

	/// Pays `amount` to the seller and `fee` to its destination, both from what is held for the order.
	pub(crate) fn pay_out(
		order: &OrderOf<T>,
		amount: BalanceOf<T>,
		fee: BalanceOf<T>,
	) -> DispatchResult {
		Self::pay_from_hold(&order.payer, &order.seller, amount)?;
		if Self::pay_from_hold(&order.payer, &T::FeeDestination::get(), fee).is_err() {
			Self::burn_from_hold(&order.payer, fee)?;
		}
		Ok(())
	}

	/// Gives `amount` of what is held for an order back to its payer.
	pub(crate) fn release_payment(payer: &T::AccountId, amount: BalanceOf<T>) -> DispatchResult {
		if !amount.is_zero() {
			let hold = HoldReason::Payment.into();
			T::Currency::release(&hold, payer, amount, Precision::Exact)?;
		}
		Ok(())
	}

	// The payment is no longer the payer's to freeze, hence `Force`.
	fn pay_from_hold(
		payer: &T::AccountId,
		payee: &T::AccountId,
		amount: BalanceOf<T>,
	) -> DispatchResult {
		if amount.is_zero() {
			return Ok(());
		}
		T::Currency::transfer_on_hold(
			&HoldReason::Payment.into(),
			payer,
			payee,
			amount,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)?;
		Ok(())
	}

	fn burn_from_hold(payer: &T::AccountId, amount: BalanceOf<T>) -> DispatchResult {
		let hold = HoldReason::Payment.into();
		T::Currency::burn_held(&hold, payer, amount, Precision::Exact, Fortitude::Force)?;
		Ok(())
	}
}
