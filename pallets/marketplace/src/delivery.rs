//! Handing over keys.

use crate::{pallet::*, Envelope, OrderOf, OrderState};
use frame_support::ensure;
use msec_commitments::envelope::check_format;
use msec_primitives::{DatasetInfo, OrderId};
use sp_runtime::{traits::Saturating, DispatchResult};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_deliver(who: T::AccountId, id: OrderId, envelope: Envelope) -> DispatchResult {
		let mut order = Orders::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(Self::may_deliver(&who, &order), Error::<T>::NotAuthorized);
		ensure!(order.state == OrderState::AwaitingDelivery, Error::<T>::NotAwaitingDelivery);
		let now = frame_system::Pallet::<T>::block_number();
		ensure!(now <= order.deliver_by, Error::<T>::TooLate);
		Self::ensure_active(&order.dataset)?;
		ensure!(Self::withdrawal(&order).is_none(), Error::<T>::Withdrawn);
		ensure!(check_format(&envelope), Error::<T>::InvalidEnvelope);
		Self::begin_subscription(id, &order)?;

		let settle_after = now.saturating_add(order.confirmation_period);
		order.state = OrderState::Delivered { settle_after };
		AwaitingDelivery::<T>::remove(order.dataset, id);
		Envelopes::<T>::insert(id, &envelope);
		Orders::<T>::insert(id, order);
		Self::deposit_event(Event::Delivered { order: id, envelope, settle_after });
		Ok(())
	}

	pub(crate) fn may_deliver(who: &T::AccountId, order: &OrderOf<T>) -> bool {
		order.seller == *who || T::Datasets::key_agent(&order.dataset).as_ref() == Some(who)
	}
}
