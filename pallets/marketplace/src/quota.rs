//! How many free orders of one account there can be at a time.

use crate::{pallet::*, ListingTermsOf, OrderOf, Pricing};
use frame_support::{ensure, traits::Footprint};
use msec_primitives::ListingId;
use sp_runtime::traits::{Saturating, Zero};

/// What the count of an account's free orders takes, in bytes.
const COUNT_SIZE: u64 = 116;

impl<T: Config> Pallet<T> {
	/// Whether `payer` may open one more order under these terms.
	pub(crate) fn ensure_quota(
		listing: ListingId,
		terms: &ListingTermsOf<T>,
		payer: &T::AccountId,
	) -> Result<(), Error<T>> {
		let Pricing::FreeQuota { orders } = terms.pricing else { return Ok(()) };
		ensure!(FreeOrders::<T>::get(listing, payer) < orders, Error::QuotaExceeded);
		Ok(())
	}

	/// Counts an order, if it is free.
	pub(crate) fn count_free_order(order: &OrderOf<T>) {
		if order.price.is_zero() {
			FreeOrders::<T>::mutate(order.listing, &order.payer, |count| {
				count.saturating_accrue(1)
			});
		}
	}

	/// Counts an order no longer, if it was free.
	pub(crate) fn forget_free_order(order: &OrderOf<T>) {
		if order.price.is_zero() {
			FreeOrders::<T>::mutate_exists(order.listing, &order.payer, |count| {
				*count = count.unwrap_or_default().checked_sub(1).filter(|count| !count.is_zero());
			});
		}
	}

	/// A free order, with its count: the most for which [`Pallet::buy`] takes a deposit.
	pub fn free_order_footprint() -> Footprint {
		let order = Self::order_footprint();
		Footprint { size: order.size.saturating_add(COUNT_SIZE), ..order }
	}
}
