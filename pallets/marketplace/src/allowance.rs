//! Allowances: subscriptions that are charged by the reading.
//!
//! The chain sees batches, not readings: how many readings a batch holds is the seller's word. What the
//! chain makes sure of is that no more is claimed than the advertised frequency yields in the time that
//! was used, nothing without new batches that were delivered, and never more than the allowance.

use crate::{
	pallet::*, pricing::ReadingPrice, purchase::Purchase, types::Rate, BalanceOf, OrderOf,
	OrderState, Pricing, SubscriptionOf,
};
use frame_support::{ensure, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_commitments::{MAX_CHUNKS_PER_BATCH, MAX_CHUNK_PLAINTEXT};
use msec_primitives::{ListingId, OrderId};
use sp_core::H256;
use sp_runtime::{
	traits::{Saturating, Zero},
	DispatchResult, SaturatedConversion,
};

/// Most readings of a batch: each takes a digit and the end of its line at least.
const MAX_READINGS_PER_BATCH: u64 = MAX_CHUNKS_PER_BATCH as u64 * MAX_CHUNK_PLAINTEXT as u64 / 2;

/// How much may be spent, and for how long.
pub(crate) struct Allowance<T: Config> {
	pub amount: BalanceOf<T>,
	pub duration: BlockNumberFor<T>,
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_open_allowance(
		payer: T::AccountId,
		listing_id: ListingId,
		terms_hash: H256,
		allowance: Allowance<T>,
		beneficiary: T::AccountId,
		buyer_key: [u8; 32],
	) -> DispatchResult {
		let listing = Self::listing_on_offer(listing_id, terms_hash)?;
		let Pricing::PerReading(pricing) = listing.terms.pricing else {
			return Err(Error::<T>::OtherPricing.into());
		};
		let Allowance { amount, duration } = allowance;
		ensure!(amount >= Self::minimum_of(&pricing)?, Error::<T>::PriceTooLow);
		let periods = T::MinPeriod::get()..=T::MaxAccessPeriod::get();
		ensure!(periods.contains(&duration), Error::<T>::InvalidPeriod);
		let rate = Rate::PerReading {
			pricing,
			interval_seconds: listing.terms.interval_seconds,
			claimed: 0,
			batches: Self::range_for_sale(&listing.terms)?.batches,
		};
		let purchase = Purchase { payer, beneficiary, buyer_key, price: amount };
		Self::open_subscription(listing_id, listing, purchase, rate, duration)
	}

	pub(crate) fn do_claim_readings(
		who: T::AccountId,
		id: OrderId,
		readings: u32,
	) -> DispatchResult {
		let mut order = Orders::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(order.seller == who, Error::<T>::NotAuthorized);
		let mut subscription = Self::subscription_of(id, &order)?;
		Self::ensure_not_frozen(id, &order)?;
		let now = frame_system::Pallet::<T>::block_number();
		ensure!(now > Self::settle_after(&order)?, Error::<T>::TooEarly);
		ensure!(now <= Self::deliver_by(id, &order, &subscription), Error::<T>::TooLate);
		Self::ensure_active(&order.dataset)?;

		subscription.cleared = Self::due(&order, &subscription);
		let amount = Self::count_readings(&order, &mut subscription, readings)?;
		let settle_after = now.saturating_add(order.confirmation_period);
		order.state = OrderState::Delivered { settle_after };
		Subscriptions::<T>::insert(order.dataset, id, subscription);
		Orders::<T>::insert(id, order);
		Self::deposit_event(Event::ReadingsClaimed { order: id, readings, amount, settle_after });
		Ok(())
	}

	/// Earns `readings` more, and gives what they earn.
	fn count_readings(
		order: &OrderOf<T>,
		subscription: &mut SubscriptionOf<T>,
		readings: u32,
	) -> Result<BalanceOf<T>, Error<T>> {
		let until = subscription.delivered_at.min(subscription.ends_at);
		let blocks: u64 = until.saturating_sub(subscription.starts_at).saturated_into();
		let Rate::PerReading { pricing, interval_seconds, claimed, batches } =
			&mut subscription.rate
		else {
			return Err(Error::OtherPricing);
		};
		let new_batches = order.range.batches.saturating_sub(*batches);
		ensure!(!new_batches.is_zero(), Error::NothingNew);
		let seconds = blocks.saturating_mul(T::SecondsPerBlock::get().into());
		let by_frequency = seconds.checked_div((*interval_seconds).into()).unwrap_or_default();
		let by_batches = u64::from(new_batches).saturating_mul(MAX_READINGS_PER_BATCH);
		let total = claimed.checked_add(readings).ok_or(Error::TooManyReadings)?;
		ensure!(
			u64::from(total) <= by_frequency && u64::from(readings) <= by_batches,
			Error::TooManyReadings
		);
		let charged = pricing.price_of(total).ok_or(Error::AllowanceExceeded)?;
		ensure!(charged <= order.price, Error::AllowanceExceeded);
		*claimed = total;
		*batches = order.range.batches;
		// The minimum is earned already, and is not charged twice.
		let amount = charged.saturating_sub(subscription.earned);
		subscription.earned = subscription.earned.saturating_add(amount);
		Ok(amount)
	}

	/// Whether a listing can have this price.
	pub(crate) fn check_reading_price(
		pricing: &ReadingPrice<BalanceOf<T>>,
		interval_seconds: u32,
	) -> Result<(), Error<T>> {
		ensure!(!interval_seconds.is_zero(), Error::InvalidInterval);
		ensure!(Self::minimum_of(pricing)? >= T::MinimumPrice::get(), Error::PriceTooLow);
		Ok(())
	}

	/// What is owed in any case.
	fn minimum_of(pricing: &ReadingPrice<BalanceOf<T>>) -> Result<BalanceOf<T>, Error<T>> {
		pricing.price_of(pricing.minimum).ok_or(Error::PriceTooHigh)
	}
}
