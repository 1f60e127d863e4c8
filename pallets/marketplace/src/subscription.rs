//! Subscriptions: orders that go on, delivered and paid in instalments.
//!
//! The price of the whole time is held. It is earned block by block, as far as deliveries reach: a
//! delivery earns what was used until it came, and where nothing was committed to since, what was used
//! until now. What was earned is due once the time to dispute the delivery is over.

use crate::{
	challenge::extension,
	pallet::*,
	pricing::{pro_rata, PeriodPrice},
	purchase::Purchase,
	types::Rate,
	BalanceOf, Envelope, ListingOf, OrderOf, OrderState, Pricing, RateOf, RefundReason,
	Subscription, SubscriptionOf,
};
use codec::MaxEncodedLen;
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, Footprint, Get},
};
use frame_system::pallet_prelude::BlockNumberFor;
use msec_commitments::envelope::check_format;
use msec_primitives::{DatasetInfo, ListingId, OrderAccess, OrderId};
use sp_core::H256;
use sp_runtime::{
	traits::{One, Saturating, Zero},
	DispatchError, DispatchResult, Permill,
};

/// Where the money of a subscription that ended went last.
struct Closing<Balance> {
	/// What the seller got.
	amount: Balance,
	/// The fee besides.
	fee: Balance,
	/// What the payer has back.
	rest: Balance,
}

/// What a subscription's own key takes, in bytes.
const KEY_SIZE: usize = 96;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_subscribe(
		payer: T::AccountId,
		listing_id: ListingId,
		terms_hash: H256,
		periods: u32,
		max_price: BalanceOf<T>,
		beneficiary: T::AccountId,
		buyer_key: [u8; 32],
	) -> DispatchResult {
		let listing = Self::listing_on_offer(listing_id, terms_hash)?;
		let Pricing::PerPeriod(pricing) = listing.terms.pricing.clone() else {
			return Err(Error::<T>::OtherPricing.into());
		};
		ensure!(periods >= pricing.minimum, Error::<T>::TooFewPeriods);
		let price = Self::price_of(&pricing, periods)?;
		ensure!(price <= max_price, Error::<T>::PriceTooHigh);
		let duration = Self::duration_of(&pricing, periods)?;
		let purchase = Purchase { payer, beneficiary, buyer_key, price };
		let rate = Rate::PerPeriod { pricing, periods };
		Self::open_subscription(listing_id, listing, purchase, rate, duration)
	}

	/// Opens an order that goes on for `duration` blocks.
	pub(crate) fn open_subscription(
		listing_id: ListingId,
		listing: ListingOf<T>,
		purchase: Purchase<T>,
		rate: RateOf<T>,
		duration: BlockNumberFor<T>,
	) -> DispatchResult {
		let starts_at = frame_system::Pallet::<T>::block_number();
		let ends_at = starts_at.saturating_add(duration);
		let access_until = ends_at.saturating_add(listing.terms.access_period);
		let subscription = Subscription {
			rate,
			starts_at,
			ends_at,
			delivery_period: listing.terms.delivery_period,
			maximum_verdict_age: listing.terms.maximum_verdict_age,
			delivered_at: starts_at,
			earned: Zero::zero(),
			cleared: Zero::zero(),
			paid: Zero::zero(),
		};
		let footprint = Self::subscription_footprint();
		let (id, order) = Self::pin_order(listing_id, listing, purchase, footprint)?;
		Subscriptions::<T>::insert(order.dataset, id, subscription);
		Self::open_order(id, OrderOf::<T> { access_until, ..order })?;
		Self::deposit_event(Event::Subscribed { order: id, starts_at, ends_at });
		Ok(())
	}

	/// What the first delivery of a subscription earns, if it can be delivered now. Does nothing for other
	/// orders.
	pub(crate) fn begin_subscription(id: OrderId, order: &OrderOf<T>) -> Result<(), Error<T>> {
		let Some(mut subscription) = Subscriptions::<T>::get(order.dataset, id) else {
			return Ok(());
		};
		Self::ensure_device_trusted(&order.dataset, subscription.maximum_verdict_age)?;
		Self::earn(order, &mut subscription);
		Subscriptions::<T>::insert(order.dataset, id, subscription);
		Ok(())
	}

	pub(crate) fn do_deliver_instalment(
		who: T::AccountId,
		id: OrderId,
		batches: u32,
		envelope: Envelope,
	) -> DispatchResult {
		let mut order = Orders::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(Self::may_deliver(&who, &order), Error::<T>::NotAuthorized);
		let mut subscription = Self::subscription_of(id, &order)?;
		Self::ensure_not_frozen(id, &order)?;
		Self::ensure_instalment_is_timely(id, &order, &subscription)?;
		Self::ensure_active(&order.dataset)?;
		ensure!(Self::withdrawal(&order).is_none(), Error::<T>::Withdrawn);
		Self::ensure_device_trusted(&order.dataset, subscription.maximum_verdict_age)?;
		let range = Self::range_on_offer(&order.dataset, subscription.maximum_verdict_age)?;
		ensure!(range.batches > order.range.batches, Error::<T>::NothingNew);
		ensure!(range.batches == batches, Error::<T>::OtherRange);
		ensure!(check_format(&envelope), Error::<T>::InvalidEnvelope);

		subscription.cleared = Self::due(&order, &subscription);
		Self::earn(&order, &mut subscription);
		let now = frame_system::Pallet::<T>::block_number();
		// Each delivery can be challenged anew. The time that answers left the seller stays.
		if now >= subscription.ends_at {
			let deliver_by = Self::deliver_by(id, &order, &subscription);
			subscription.delivery_period = deliver_by.saturating_sub(subscription.ends_at);
		}
		Challenges::<T>::remove(id);
		let settle_after = now.saturating_add(order.confirmation_period);
		order.range = range;
		order.state = OrderState::Delivered { settle_after };
		Subscriptions::<T>::insert(order.dataset, id, subscription);
		Envelopes::<T>::insert(id, &envelope);
		Orders::<T>::insert(id, order);
		Self::deposit_event(Event::InstalmentDelivered {
			order: id,
			batches,
			envelope,
			settle_after,
		});
		Ok(())
	}

	pub(crate) fn do_claim(who: T::AccountId, id: OrderId) -> DispatchResult {
		let order = Orders::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(order.seller == who, Error::<T>::NotAuthorized);
		let mut subscription = Self::subscription_of(id, &order)?;
		Self::ensure_not_frozen(id, &order)?;
		let due = Self::due(&order, &subscription);
		ensure!(due > subscription.paid, Error::<T>::NothingToClaim);
		Self::pay_due(id, &order, &mut subscription, due)?;
		Subscriptions::<T>::insert(order.dataset, id, subscription);
		Ok(())
	}

	pub(crate) fn do_extend_subscription(
		who: T::AccountId,
		id: OrderId,
		periods: u32,
		max_price: BalanceOf<T>,
	) -> DispatchResult {
		let mut order = Orders::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(order.payer == who, Error::<T>::NotAuthorized);
		let mut subscription = Self::subscription_of(id, &order)?;
		Self::ensure_not_frozen(id, &order)?;
		let now = frame_system::Pallet::<T>::block_number();
		ensure!(now < subscription.ends_at, Error::<T>::TooLate);
		ensure!(Self::withdrawal(&order).is_none(), Error::<T>::Withdrawn);
		Self::listing_on_offer(order.listing, order.terms_hash)?;
		let Rate::PerPeriod { pricing, periods: agreed } = &mut subscription.rate else {
			return Err(Error::<T>::OtherPricing.into());
		};
		ensure!(!periods.is_zero(), Error::<T>::TooFewPeriods);
		*agreed = agreed.checked_add(periods).ok_or(Error::<T>::InvalidPeriod)?;
		let duration = Self::duration_of(pricing, *agreed)?;
		// More periods may cost less than fewer; what was agreed stays.
		let price = Self::price_of(pricing, *agreed)?.max(order.price);
		let more = price.saturating_sub(order.price);
		ensure!(more <= max_price, Error::<T>::PriceTooHigh);

		let after_end = order.access_until.saturating_sub(subscription.ends_at);
		subscription.ends_at = subscription.starts_at.saturating_add(duration);
		order.price = price;
		order.fee = T::FeeShare::get().mul_floor(price).max(order.fee);
		if !more.is_zero() {
			T::Currency::hold(&HoldReason::Payment.into(), &order.payer, more)?;
		}
		let ends_at = subscription.ends_at;
		Self::move_access(id, &mut order, ends_at.saturating_add(after_end))?;
		Subscriptions::<T>::insert(order.dataset, id, subscription);
		Orders::<T>::insert(id, order);
		Self::deposit_event(Event::SubscriptionChanged { order: id, ends_at, price });
		Ok(())
	}

	pub(crate) fn do_end_subscription(who: T::AccountId, id: OrderId) -> DispatchResult {
		let mut order = Orders::<T>::get(id).ok_or(Error::<T>::NotFound)?;
		ensure!(order.payer == who || order.beneficiary == who, Error::<T>::NotAuthorized);
		let mut subscription = Self::subscription_of(id, &order)?;
		let settle_after = Self::settle_after(&order)?;
		Self::ensure_not_frozen(id, &order)?;
		ensure!(Self::withdrawal(&order).is_none(), Error::<T>::Withdrawn);
		let owed = Self::owed_for_use(&order, &subscription, settle_after)?;
		Self::shorten_access(id, &mut order, &subscription)?;
		if let Some(owed) = owed {
			return Self::finish_subscription(id, order, subscription, owed);
		}
		let now = frame_system::Pallet::<T>::block_number();
		let (ends_at, price) = (now.min(subscription.ends_at), order.price);
		subscription.ends_at = ends_at;
		Subscriptions::<T>::insert(order.dataset, id, subscription);
		Orders::<T>::insert(id, order);
		Self::deposit_event(Event::SubscriptionChanged { order: id, ends_at, price });
		Ok(())
	}

	/// Ends the time to dispute the last delivery, and pays what is due by then.
	pub(crate) fn accept_instalment(
		id: OrderId,
		mut order: OrderOf<T>,
		mut subscription: SubscriptionOf<T>,
	) -> DispatchResult {
		let before = frame_system::Pallet::<T>::block_number().saturating_sub(One::one());
		let settle_after = Self::settle_after(&order)?.min(before);
		order.state = OrderState::Delivered { settle_after };
		let due = Self::due(&order, &subscription);
		if Self::is_complete(id, &order, &subscription) {
			return Self::finish_subscription(id, order, subscription, due);
		}
		Self::pay_due(id, &order, &mut subscription, due)?;
		Subscriptions::<T>::insert(order.dataset, id, subscription);
		Orders::<T>::insert(id, order);
		Ok(())
	}

	/// Ends a subscription whose time is over.
	pub(crate) fn settle_subscription(
		id: OrderId,
		order: OrderOf<T>,
		subscription: SubscriptionOf<T>,
	) -> DispatchResult {
		ensure!(Self::is_complete(id, &order, &subscription), Error::<T>::TooEarly);
		let due = Self::due(&order, &subscription);
		Self::finish_subscription(id, order, subscription, due)
	}

	/// Ends a subscription together with its order, whose payer is refunded: pays the seller what is
	/// due, and gives what is left of the price. That is all of it for other orders. What is disputed is
	/// not due, however long the dispute takes.
	pub(crate) fn end_subscription_with_order(
		id: OrderId,
		order: &OrderOf<T>,
		reason: RefundReason,
	) -> BalanceOf<T> {
		let Some(mut subscription) = Subscriptions::<T>::take(order.dataset, id) else {
			return order.price;
		};
		let is_withdrawn = matches!(reason, RefundReason::Erased | RefundReason::Denied);
		let due = match is_withdrawn && !Self::is_frozen(id, order) {
			true => Self::due(order, &subscription),
			false => subscription.cleared,
		};
		// What the seller's account cannot take goes back as well.
		let _ = Self::pay_due(id, order, &mut subscription, due);
		order.price.saturating_sub(subscription.paid)
	}

	/// Ends a subscription after a complaint. What its subscriber would owe on ending it is the seller's,
	/// but for `payer_share` of what can still be disputed, rounded down. The rest goes back.
	pub(crate) fn divide_subscription(
		id: OrderId,
		mut order: OrderOf<T>,
		subscription: SubscriptionOf<T>,
		payer_share: Permill,
	) -> DispatchResult {
		let settle_after = Self::settle_after(&order)?;
		let owed = Self::owed_for_use(&order, &subscription, settle_after)?;
		let owed = owed.unwrap_or(subscription.earned);
		let undisputed = subscription.cleared.max(subscription.paid);
		let due = owed.saturating_sub(payer_share.mul_floor(owed.saturating_sub(undisputed)));
		// Access to what was withdrawn cannot be given anew.
		if Self::withdrawal(&order).is_none() {
			Self::shorten_access(id, &mut order, &subscription)?;
		}
		if payer_share.is_zero() {
			return Self::finish_subscription(id, order, subscription, due);
		}
		let at = frame_system::Pallet::<T>::block_number();
		order.state = OrderState::Divided { at };
		let Closing { amount, fee, rest: refund } =
			Self::close_subscription(id, &order, subscription, due)?;
		let (payer, seller) = (order.payer, order.seller);
		Self::deposit_event(Event::Divided { order: id, payer, refund, seller, amount, fee });
		Ok(())
	}

	/// What is held for an order that has not ended.
	pub(crate) fn held_for(id: OrderId, order: &OrderOf<T>) -> BalanceOf<T> {
		let paid = Subscriptions::<T>::get(order.dataset, id).map(|subscription| subscription.paid);
		order.price.saturating_sub(paid.unwrap_or_default())
	}

	/// Whether a listing can have this price.
	pub(crate) fn check_period_price(
		pricing: &PeriodPrice<BalanceOf<T>, BlockNumberFor<T>>,
	) -> Result<(), Error<T>> {
		ensure!(pricing.period >= T::MinPeriod::get(), Error::InvalidPeriod);
		ensure!(!pricing.minimum.is_zero(), Error::TooFewPeriods);
		ensure!(pricing.has_valid_discounts(), Error::InvalidDiscount);
		Self::duration_of(pricing, pricing.minimum)?;
		Self::price_of(pricing, pricing.minimum)?;
		Ok(())
	}

	/// What `periods` periods cost, when that is neither too little to be paid nor too much to exist.
	fn price_of(
		pricing: &PeriodPrice<BalanceOf<T>, BlockNumberFor<T>>,
		periods: u32,
	) -> Result<BalanceOf<T>, Error<T>> {
		let price = pricing.price_of(periods).ok_or(Error::PriceTooHigh)?;
		ensure!(price >= T::MinimumPrice::get(), Error::PriceTooLow);
		Ok(price)
	}

	fn duration_of(
		pricing: &PeriodPrice<BalanceOf<T>, BlockNumberFor<T>>,
		periods: u32,
	) -> Result<BlockNumberFor<T>, Error<T>> {
		let duration = pricing.duration_of(periods).ok_or(Error::InvalidPeriod)?;
		ensure!(duration <= T::MaxAccessPeriod::get(), Error::InvalidPeriod);
		Ok(duration)
	}

	pub(crate) fn subscription_of(
		id: OrderId,
		order: &OrderOf<T>,
	) -> Result<SubscriptionOf<T>, Error<T>> {
		Subscriptions::<T>::get(order.dataset, id).ok_or(Error::NotSubscribed)
	}

	/// While it goes on, one delivery is disputed at a time; after its end one more may come.
	fn ensure_instalment_is_timely(
		id: OrderId,
		order: &OrderOf<T>,
		subscription: &SubscriptionOf<T>,
	) -> Result<(), Error<T>> {
		let settle_after = Self::settle_after(order)?;
		let now = frame_system::Pallet::<T>::block_number();
		if now < subscription.ends_at {
			ensure!(now > settle_after, Error::TooEarly);
			return Ok(());
		}
		let had_last = subscription.delivered_at >= subscription.ends_at;
		let deliver_by = Self::deliver_by(id, order, subscription);
		ensure!(!had_last && now <= deliver_by, Error::TooLate);
		Ok(())
	}

	/// Last block of a delivery, or a claim of readings, after the end. A challenge that was answered
	/// leaves the seller the whole period of delivery after the time to dispute what was posted.
	pub(crate) fn deliver_by(
		id: OrderId,
		order: &OrderOf<T>,
		subscription: &SubscriptionOf<T>,
	) -> BlockNumberFor<T> {
		let agreed = subscription.deliver_by();
		let challenges = Challenges::<T>::get(id);
		let answered = challenges.iter().filter_map(|challenge| challenge.answered_at()).max();
		let Some(answered) = answered else { return agreed };
		let after = extension::<T>(order).saturating_add(subscription.delivery_period);
		agreed.max(answered.saturating_add(after))
	}

	/// Counts what was used until now as earned by a delivery.
	fn earn(order: &OrderOf<T>, subscription: &mut SubscriptionOf<T>) {
		let now = frame_system::Pallet::<T>::block_number();
		subscription.delivered_at = now;
		subscription.earned = subscription.earned.max(subscription.accrued(order.price, now));
	}

	/// Whether the beneficiary has the keys of everything that was committed to.
	fn is_up_to_date(order: &OrderOf<T>) -> bool {
		Self::withdrawal(order).is_none()
			&& T::Datasets::range(&order.dataset).as_ref() == Some(&order.range)
	}

	/// What is due to the seller, fees and what was paid before included.
	pub(crate) fn due(order: &OrderOf<T>, subscription: &SubscriptionOf<T>) -> BalanceOf<T> {
		let now = frame_system::Pallet::<T>::block_number();
		match order.state {
			OrderState::Delivered { settle_after } if now > settle_after => {
				if Self::is_up_to_date(order) {
					subscription.accrued(order.price, now).max(subscription.earned)
				} else {
					subscription.earned
				}
			},
			_ => subscription.cleared,
		}
	}

	/// What a subscriber owes who ends now: what was used, and the minimum at least. The time since the
	/// last delivery counts as long as the next one is not late. `None` where readings are still to be
	/// claimed.
	fn owed_for_use(
		order: &OrderOf<T>,
		subscription: &SubscriptionOf<T>,
		settle_after: BlockNumberFor<T>,
	) -> Result<Option<BalanceOf<T>>, Error<T>> {
		let Rate::PerPeriod { pricing, .. } = &subscription.rate else { return Ok(None) };
		let next_by = settle_after.saturating_add(subscription.delivery_period);
		let now = frame_system::Pallet::<T>::block_number();
		let until = if Self::is_up_to_date(order) { now } else { now.min(next_by) };
		let used = until.min(subscription.ends_at).saturating_sub(subscription.starts_at);
		let minimum = Self::duration_of(pricing, pricing.minimum)?;
		let owed = pricing.price_of_use(used.max(minimum)).max(subscription.earned);
		Ok(Some(owed.max(subscription.paid).min(order.price)))
	}

	/// Whether nothing more will be delivered, earned or disputed.
	fn is_complete(id: OrderId, order: &OrderOf<T>, subscription: &SubscriptionOf<T>) -> bool {
		let now = frame_system::Pallet::<T>::block_number();
		let is_undisputed = Self::settle_after(order).is_ok_and(|settle_after| now > settle_after);
		let deliver_by = Self::deliver_by(id, order, subscription);
		let is_over = match &subscription.rate {
			Rate::PerPeriod { .. } => {
				let had_last =
					subscription.delivered_at >= subscription.ends_at || Self::is_up_to_date(order);
				now >= subscription.ends_at && (had_last || now > deliver_by)
			},
			Rate::PerReading { .. } => subscription.earned >= order.price || now > deliver_by,
		};
		is_undisputed && is_over
	}

	/// Pays the seller as far as `due`, with the fee's share of it.
	fn pay_due(
		id: OrderId,
		order: &OrderOf<T>,
		subscription: &mut SubscriptionOf<T>,
		due: BalanceOf<T>,
	) -> DispatchResult {
		let (amount, fee) = Self::pay_part(order, subscription, due)?;
		if !amount.is_zero() || !fee.is_zero() {
			let seller = order.seller.clone();
			Self::deposit_event(Event::InstalmentPaid { order: id, seller, amount, fee });
		}
		Ok(())
	}

	/// What the seller got, and the fee.
	fn pay_part(
		order: &OrderOf<T>,
		subscription: &mut SubscriptionOf<T>,
		due: BalanceOf<T>,
	) -> Result<(BalanceOf<T>, BalanceOf<T>), DispatchError> {
		let part = due.saturating_sub(subscription.paid);
		let fee_of = |paid| pro_rata(order.fee, paid, order.price);
		let fee = fee_of(due).saturating_sub(fee_of(subscription.paid)).min(part);
		let amount = part.saturating_sub(fee);
		Self::pay_out(order, amount, fee)?;
		subscription.paid = subscription.paid.saturating_add(part);
		Ok((amount, fee))
	}

	/// Pays the seller as far as `owed`, releases the rest and closes the order.
	fn finish_subscription(
		id: OrderId,
		mut order: OrderOf<T>,
		subscription: SubscriptionOf<T>,
		owed: BalanceOf<T>,
	) -> DispatchResult {
		let at = frame_system::Pallet::<T>::block_number();
		order.state = OrderState::Settled { at };
		let Closing { amount, fee, rest } =
			Self::close_subscription(id, &order, subscription, owed)?;
		let (seller, payer) = (order.seller, order.payer);
		Self::deposit_event(Event::Settled { order: id, seller, amount, fee });
		if !rest.is_zero() {
			Self::deposit_event(Event::RestReleased { order: id, payer, amount: rest });
		}
		Ok(())
	}

	/// Pays the seller as far as `owed`, releases the rest and stores the order, which has ended.
	fn close_subscription(
		id: OrderId,
		order: &OrderOf<T>,
		mut subscription: SubscriptionOf<T>,
		owed: BalanceOf<T>,
	) -> Result<Closing<BalanceOf<T>>, DispatchError> {
		// What the seller's account cannot take goes back.
		let paid = Self::pay_part(order, &mut subscription, owed);
		let (amount, fee) = paid.unwrap_or_default();
		let rest = order.price.saturating_sub(subscription.paid);
		Self::release_payment(&order.payer, rest)?;
		Subscriptions::<T>::remove(order.dataset, id);
		Orders::<T>::insert(id, order);
		Ok(Closing { amount, fee, rest })
	}

	/// Access ends as long after now as it would have ended after the subscription.
	fn shorten_access(
		id: OrderId,
		order: &mut OrderOf<T>,
		subscription: &SubscriptionOf<T>,
	) -> DispatchResult {
		let after_end = order.access_until.saturating_sub(subscription.ends_at);
		let now = frame_system::Pallet::<T>::block_number();
		if now < subscription.ends_at {
			Self::move_access(id, order, now.saturating_add(after_end))?;
		}
		Ok(())
	}

	/// Lets the beneficiary fetch until another block than was agreed.
	fn move_access(
		id: OrderId,
		order: &mut OrderOf<T>,
		until: BlockNumberFor<T>,
	) -> DispatchResult {
		T::Access::close(&order.dataset, &order.beneficiary, id);
		order.access_until = until;
		Self::open_access(id, order)
	}

	/// An order with the longest envelope, and a subscription.
	pub(crate) fn subscription_footprint() -> Footprint {
		let order = Self::order_footprint();
		let size = SubscriptionOf::<T>::max_encoded_len().saturating_add(KEY_SIZE);
		Footprint { size: order.size.saturating_add(size as u64), ..order }
	}
}
