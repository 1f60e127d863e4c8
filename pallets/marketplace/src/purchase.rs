//! Opening orders.

use crate::{
	pallet::*, BalanceOf, ListingOf, ListingStatus, ListingTermsOf, Order, OrderOf, OrderState,
	Right,
};
use codec::{Encode, MaxEncodedLen};
use frame_support::{
	ensure,
	traits::{fungible::MutateHold, Consideration, Footprint, Get},
};
use msec_commitments::{envelope::is_valid_recipient, Peaks, MAX_ENVELOPE_LENGTH};
use msec_primitives::{ListingId, OrderAccess, OrderId, RangeCommitment};
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::{
	traits::{Saturating, Zero},
	DispatchError, DispatchResult,
};

/// What an order's grant of access, its keys and its four index entries take, in bytes.
const GRANT_AND_KEYS_SIZE: usize = 704;

/// Who buys, and for how much.
pub(crate) struct Purchase<T: Config> {
	pub payer: T::AccountId,
	pub beneficiary: T::AccountId,
	pub buyer_key: [u8; 32],
	pub price: BalanceOf<T>,
}

impl<T: Config> Pallet<T> {
	/// BLAKE2b-256 of the SCALE encoding of (listing, beneficiary, buyer key).
	pub fn order_id(
		listing: &ListingId,
		beneficiary: &T::AccountId,
		buyer_key: &[u8; 32],
	) -> OrderId {
		(listing, beneficiary, buyer_key).using_encoded(blake2_256).into()
	}

	pub(crate) fn do_buy(
		payer: T::AccountId,
		listing_id: ListingId,
		terms_hash: H256,
		max_price: BalanceOf<T>,
		beneficiary: T::AccountId,
		buyer_key: [u8; 32],
	) -> DispatchResult {
		let listing = Self::listing_on_offer(listing_id, terms_hash)?;
		let price = listing.terms.pricing.one_time_price().ok_or(Error::<T>::OtherPricing)?;
		ensure!(price <= max_price, Error::<T>::PriceTooHigh);
		Self::ensure_quota(listing_id, &listing.terms, &payer)?;
		let purchase = Purchase { payer, beneficiary, buyer_key, price };
		let footprint = match price.is_zero() {
			true => Self::free_order_footprint(),
			false => Self::order_footprint(),
		};
		let (id, order) = Self::pin_order(listing_id, listing, purchase, footprint)?;
		Self::open_order(id, order)
	}

	/// A listing that can be bought now.
	pub(crate) fn listing_for_sale(id: ListingId) -> Result<ListingOf<T>, Error<T>> {
		let listing = Listings::<T>::get(id).ok_or(Error::NotFound)?;
		Self::ensure_for_sale(&listing)?;
		Ok(listing)
	}

	/// Whether `listing` can be bought now.
	pub(crate) fn ensure_for_sale(listing: &ListingOf<T>) -> Result<(), Error<T>> {
		ensure!(listing.status == ListingStatus::Active, Error::Paused);
		let terms = &listing.terms;
		Self::ensure_device_trusted(&terms.dataset, terms.maximum_verdict_age)?;
		if terms.right == Right::Read && terms.maximum_verdict_age.is_some() {
			Self::range_on_offer(&terms.dataset, terms.maximum_verdict_age)?;
		}
		Ok(())
	}

	/// A listing that can be bought now under the terms with this hash.
	pub(crate) fn listing_on_offer(
		id: ListingId,
		terms_hash: H256,
	) -> Result<ListingOf<T>, Error<T>> {
		let listing = Self::listing_for_sale(id)?;
		ensure!(listing.terms_hash == terms_hash, Error::TermsChanged);
		Ok(listing)
	}

	/// An order with all that it takes over from the listing, and with the payer's storage deposit.
	/// Counts the sale.
	pub(crate) fn pin_order(
		listing_id: ListingId,
		mut listing: ListingOf<T>,
		purchase: Purchase<T>,
		footprint: Footprint,
	) -> Result<(OrderId, OrderOf<T>), DispatchError> {
		let Purchase { payer, beneficiary, buyer_key, price } = purchase;
		let is_seller = |account: &T::AccountId| *account == listing.owner;
		ensure!(!is_seller(&payer) && !is_seller(&beneficiary), Error::<T>::OwnListing);
		ensure!(is_valid_recipient(&buyer_key), Error::<T>::InvalidBuyerKey);
		let range = Self::range_of_purchase(&listing.terms)?;
		let id = Self::order_id(&listing_id, &beneficiary, &buyer_key);
		ensure!(!Orders::<T>::contains_key(id), Error::<T>::AlreadyExists);

		listing.sales = listing.sales.saturating_add(1);
		let now = frame_system::Pallet::<T>::block_number();
		let confirmation_period = listing.terms.confirmation_period;
		let order = Order {
			ticket: T::Consideration::new(&payer, footprint)?,
			listing: listing_id,
			dataset: listing.terms.dataset,
			seller: listing.owner.clone(),
			payer,
			beneficiary,
			buyer_key,
			terms_hash: listing.terms_hash,
			price,
			fee: T::FeeShare::get().mul_floor(price),
			right: listing.terms.right,
			range,
			opened_at: now,
			deliver_by: now.saturating_add(listing.terms.delivery_period),
			confirmation_period,
			access_until: now.saturating_add(listing.terms.access_period),
			state: match listing.terms.right {
				Right::Read => OrderState::AwaitingDelivery,
				Right::Use | Right::Act => {
					OrderState::Delivered { settle_after: now.saturating_add(confirmation_period) }
				},
			},
		};
		Listings::<T>::insert(listing_id, listing);
		Ok((id, order))
	}

	pub(crate) fn open_order(id: OrderId, order: OrderOf<T>) -> DispatchResult {
		if !order.price.is_zero() {
			T::Currency::hold(&HoldReason::Payment.into(), &order.payer, order.price)?;
		}
		Self::open_access(id, &order)?;
		for account in [&order.payer, &order.beneficiary, &order.seller] {
			OrdersByAccount::<T>::insert(account, id, ());
		}
		if order.state == OrderState::AwaitingDelivery {
			AwaitingDelivery::<T>::insert(order.dataset, id, ());
		}
		Self::count_free_order(&order);
		Orders::<T>::insert(id, &order);
		Self::deposit_event(Event::OrderOpened {
			order: id,
			listing: order.listing,
			dataset: order.dataset,
			payer: order.payer,
			beneficiary: order.beneficiary,
			price: order.price,
			batches: order.range.batches,
		});
		Ok(())
	}

	pub(crate) fn open_access(id: OrderId, order: &OrderOf<T>) -> DispatchResult {
		let actions = order.right.actions();
		T::Access::open(&order.dataset, &order.beneficiary, id, actions, order.access_until)
	}

	fn range_of_purchase(terms: &ListingTermsOf<T>) -> Result<RangeCommitment, Error<T>> {
		match terms.right {
			Right::Read => Self::range_for_sale(terms),
			Right::Use | Right::Act => {
				Self::ensure_active(&terms.dataset)?;
				Ok(RangeCommitment { batches: 0, root: Peaks::default().root().into() })
			},
		}
	}

	pub(crate) fn range_for_sale(terms: &ListingTermsOf<T>) -> Result<RangeCommitment, Error<T>> {
		Self::ensure_active(&terms.dataset)?;
		let range = Self::range_on_offer(&terms.dataset, terms.maximum_verdict_age)?;
		ensure!(!range.batches.is_zero(), Error::NothingToSell);
		Ok(range)
	}

	/// An order with the longest envelope.
	pub(crate) fn order_footprint() -> Footprint {
		let size = OrderOf::<T>::max_encoded_len()
			.saturating_add(MAX_ENVELOPE_LENGTH as usize)
			.saturating_add(GRANT_AND_KEYS_SIZE);
		Footprint::from_parts(1, size)
	}
}
