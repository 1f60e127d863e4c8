//! What must hold at every moment.

use crate::{pallet::*, BalanceOf, OrderOf, OrderState, RefundReason, Right};
use alloc::collections::BTreeMap;
use frame_support::{ensure, traits::fungible::InspectHold};
use msec_primitives::OrderId;
use sp_runtime::{
	traits::{Saturating, Zero},
	TryRuntimeError,
};

impl<T: Config> Pallet<T> {
	/// Checks listings, orders, their indexes, and that exactly what open orders still owe is held.
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		Self::check_listings()?;
		Self::check_listing_indexes()?;
		Self::check_orders()?;
		Self::check_order_indexes()?;
		Self::check_subscriptions()?;
		Self::check_free_orders()?;
		Self::check_bundles()?;
		Self::check_disputes()?;
		Self::check_payments()?;
		Self::check_bonds()
	}

	fn check_listings() -> Result<(), TryRuntimeError> {
		for (id, listing) in Listings::<T>::iter() {
			ensure!(listing.terms_hash == listing.terms.hash(), "a listing has another hash");
			ensure!(
				ListingsByOwner::<T>::contains_key(&listing.owner, id)
					&& ListingsByKind::<T>::contains_key(&listing.terms.kind, id)
					&& ListingsByCell::<T>::contains_key(listing.terms.cell(), id),
				"a listing is missing in an index"
			);
		}
		Ok(())
	}

	// With every listing in each index once, equal counts leave no room for stray entries.
	fn check_listing_indexes() -> Result<(), TryRuntimeError> {
		let listings = Listings::<T>::iter_keys().count();
		ensure!(
			ListingsByOwner::<T>::iter_keys().count() == listings
				&& ListingsByKind::<T>::iter_keys().count() == listings
				&& ListingsByCell::<T>::iter_keys().count() == listings,
			"an index of listings has a stray entry"
		);
		Ok(())
	}

	fn check_orders() -> Result<(), TryRuntimeError> {
		for (id, order) in Orders::<T>::iter() {
			ensure!(
				id == Self::order_id(&order.listing, &order.beneficiary, &order.buyer_key),
				"an order has another id"
			);
			ensure!(order.fee <= order.price, "a fee exceeds its price");
			ensure!(
				(order.right == Right::Read) != order.range.batches.is_zero(),
				"an order bought no data, or data with another right"
			);
			ensure!(
				Self::parties(&order)
					.iter()
					.all(|account| OrdersByAccount::<T>::contains_key(account, id)),
				"an order is missing in the index of an account"
			);
			let awaits = order.state == OrderState::AwaitingDelivery;
			ensure!(
				AwaitingDelivery::<T>::contains_key(order.dataset, id) == awaits,
				"the orders to be delivered differ from their states"
			);
			ensure!(
				was_delivered::<T>(&order)
					.is_none_or(|delivered| Envelopes::<T>::contains_key(id) == delivered),
				"an envelope differs from its order's state"
			);
		}
		Ok(())
	}

	fn check_order_indexes() -> Result<(), TryRuntimeError> {
		for (account, id) in OrdersByAccount::<T>::iter_keys() {
			let order = Self::indexed_order(id)?;
			ensure!(Self::parties(&order).contains(&account), "an account has a stray order");
		}
		for (dataset, id) in AwaitingDelivery::<T>::iter_keys() {
			ensure!(Self::indexed_order(id)?.dataset == dataset, "a data set has a stray order");
		}
		for id in Envelopes::<T>::iter_keys() {
			Self::indexed_order(id)?;
		}
		Ok(())
	}

	fn check_subscriptions() -> Result<(), TryRuntimeError> {
		for (dataset, id, subscription) in Subscriptions::<T>::iter() {
			let order = Self::indexed_order(id)?;
			ensure!(order.dataset == dataset, "a data set has a stray subscription");
			ensure!(order.state.ended_at().is_none(), "a subscription outlives its order");
			ensure!(
				subscription.starts_at <= subscription.ends_at
					&& subscription.ends_at < order.access_until,
				"a subscription's times are not in order"
			);
			ensure!(
				subscription.cleared <= subscription.earned && subscription.earned <= order.price,
				"a subscription earned more than its price"
			);
			ensure!(subscription.paid <= order.price, "more was paid than the price");
		}
		Ok(())
	}

	fn check_free_orders() -> Result<(), TryRuntimeError> {
		let mut counts = BTreeMap::<_, u32>::new();
		for order in Orders::<T>::iter_values().filter(|order| order.price.is_zero()) {
			let count = counts.entry((order.listing, order.payer)).or_default();
			*count = count.saturating_add(1);
		}
		let stored: BTreeMap<_, u32> = FreeOrders::<T>::iter()
			.map(|(listing, payer, count)| ((listing, payer), count))
			.collect();
		ensure!(stored == counts, "the free orders are counted wrong");
		Ok(())
	}

	fn check_bundles() -> Result<(), TryRuntimeError> {
		for bundle in Bundles::<T>::iter_values() {
			ensure!(
				Self::bundle_price(&bundle.members).is_some_and(|price| !price.is_zero()),
				"a bundle has no price"
			);
		}
		Ok(())
	}

	fn check_payments() -> Result<(), TryRuntimeError> {
		let mut owed = BTreeMap::<T::AccountId, BalanceOf<T>>::new();
		for (id, order) in Orders::<T>::iter() {
			let open = order.state.ended_at().is_none();
			let price = if open { Self::held_for(id, &order) } else { Zero::zero() };
			let sum = owed.entry(order.payer).or_default();
			*sum = sum.saturating_add(price);
		}
		let reason = HoldReason::Payment.into();
		for (payer, sum) in owed {
			ensure!(
				T::Currency::balance_on_hold(&reason, &payer) == sum,
				"what is held from a payer differs from what the open orders owe"
			);
		}
		Ok(())
	}

	fn check_disputes() -> Result<(), TryRuntimeError> {
		for (id, challenges) in Challenges::<T>::iter() {
			let order = Self::indexed_order(id)?;
			let open = challenges.iter().any(|challenge| challenge.answer_by().is_some());
			ensure!(
				OpenChallenges::<T>::contains_key(order.dataset, id) == open,
				"the orders with a chunk to be posted differ from their challenges"
			);
			ensure!(
				challenges.iter().all(|challenge| challenge.batch < order.range.batches),
				"a challenge asks for what was not bought"
			);
		}
		for (dataset, id) in OpenChallenges::<T>::iter_keys() {
			let order = Self::indexed_order(id)?;
			ensure!(order.dataset == dataset, "a data set has a stray challenge");
			ensure!(!Challenges::<T>::get(id).is_empty(), "an index names no challenge");
			ensure!(
				Self::settle_after(&order).is_ok(),
				"an order was challenged too early or ended"
			);
			ensure!(!Complaints::<T>::contains_key(id), "an order has challenge and complaint");
		}
		for id in Complaints::<T>::iter_keys() {
			let order = Self::indexed_order(id)?;
			ensure!(Self::settle_after(&order).is_ok(), "a complaint outlived its order");
		}
		Ok(())
	}

	fn check_bonds() -> Result<(), TryRuntimeError> {
		let mut owed = BTreeMap::<T::AccountId, BalanceOf<T>>::new();
		let mut owe = |who, bond| {
			let sum = owed.entry(who).or_default();
			*sum = sum.saturating_add(bond);
		};
		for (id, order) in Orders::<T>::iter() {
			Self::parties(&order).into_iter().for_each(|party| owe(party, Zero::zero()));
			for challenge in Challenges::<T>::get(id) {
				if challenge.answer_by().is_some() {
					owe(order.beneficiary.clone(), challenge.bond);
				}
			}
			let Some(complaint) = Complaints::<T>::get(id) else { continue };
			owe(order.beneficiary, complaint.bond);
			if complaint.state.has_response() {
				owe(order.seller, complaint.bond);
			}
		}
		let reason = HoldReason::DisputeBond.into();
		for (who, sum) in owed {
			ensure!(
				T::Currency::balance_on_hold(&reason, &who) == sum,
				"what is held from somebody differs from the bonds of open disputes"
			);
		}
		Ok(())
	}

	fn indexed_order(id: OrderId) -> Result<OrderOf<T>, TryRuntimeError> {
		Orders::<T>::get(id).ok_or_else(|| "an index names an order that is not there".into())
	}

	fn parties(order: &OrderOf<T>) -> [T::AccountId; 3] {
		[order.payer.clone(), order.beneficiary.clone(), order.seller.clone()]
	}
}

/// Whether a key came; a state of an order that was withdrawn does not tell.
fn was_delivered<T: Config>(order: &OrderOf<T>) -> Option<bool> {
	if order.right != Right::Read {
		return Some(false);
	}
	match order.state {
		OrderState::AwaitingDelivery => Some(false),
		OrderState::Delivered { .. } | OrderState::Settled { .. } | OrderState::Divided { .. } => {
			Some(true)
		},
		OrderState::Refunded { reason, .. } => match reason {
			RefundReason::NotDelivered | RefundReason::Rejected => Some(false),
			RefundReason::WrongKey
			| RefundReason::WrongData
			| RefundReason::Withheld
			| RefundReason::NoResponse
			| RefundReason::Awarded => Some(true),
			RefundReason::Erased | RefundReason::Denied => None,
		},
	}
}
