//! A seller's score, from the orders that the chain keeps.
//!
//! It is the expected share of sales that end well, by the beta reputation of Jøsang and Ismail (2002).
//! Each order weighs as much as its fee, so that praising oneself costs money, and orders that are free
//! do not count.

use msec_worker_common::{
	chain::{BlockClient, ChainError, Order, OrderState, RefundReason},
	AccountId32,
};

/// Most orders of a seller that are looked at. They come in the order of their identifiers, which are
/// hashes: as good as at random.
const MAX_ORDERS: usize = 1_000;
/// Longest list that the chain gives at once.
const PAGE: u32 = 100;
/// What speaks for somebody unknown, and as much against: the fee of a sale for one MSEC.
const PRIOR: f64 = 0.02 * 1e12;

/// The score of `seller`, above 0 and below 1; a half for somebody without sales.
///
/// # Errors
///
/// When the node does not answer.
pub async fn of_seller(block: &BlockClient, seller: &AccountId32) -> Result<f64, ChainError> {
	let mut orders = Vec::new();
	while orders.len() < MAX_ORDERS {
		let last = orders.last().map(|(id, _)| *id);
		let page = block.orders_of(seller, last, PAGE).await?;
		if page.is_empty() {
			break;
		}
		orders.extend(page);
	}
	let orders = orders.iter().map(|(_, order)| order);
	Ok(score(orders.filter(|order| order.seller == *seller)))
}

fn score<'a>(orders: impl Iterator<Item = &'a Order>) -> f64 {
	let (mut good, mut all) = (PRIOR, 2.0 * PRIOR);
	for order in orders {
		if let Some(part) = part_done_well(&order.state) {
			good += part * order.fee as f64;
			all += order.fee as f64;
		}
	}
	good / all
}

/// Which part of an ended order the seller did well; `None` where there is nothing to judge.
fn part_done_well(state: &OrderState) -> Option<f64> {
	match state {
		OrderState::AwaitingDelivery | OrderState::Delivered { .. } => None,
		OrderState::Refunded { reason: RefundReason::Rejected, .. } => None,
		OrderState::Settled { .. } => Some(1.0),
		OrderState::Divided { .. } => Some(0.5),
		OrderState::Refunded { .. } => Some(0.0),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use msec_worker_common::{
		chain::{RangeCommitment, Right},
		H256,
	};

	const FEE: u128 = 20_000_000_000;

	fn order(fee: u128, state: OrderState) -> Order {
		let nobody = AccountId32([0; 32]);
		Order {
			listing: H256::zero(),
			dataset: H256::zero(),
			seller: nobody,
			payer: nobody,
			beneficiary: nobody,
			buyer_key: [0; 32],
			terms_hash: H256::zero(),
			price: 50 * fee,
			fee,
			right: Right::Read,
			range: RangeCommitment { batches: 1, root: H256::zero() },
			opened_at: 1,
			deliver_by: 2,
			confirmation_period: 3,
			access_until: 4,
			state,
		}
	}

	fn scored(orders: &[Order]) -> f64 {
		score(orders.iter())
	}

	#[test]
	fn sales_that_end_well_raise_the_score() {
		let refunded = |reason| order(FEE, OrderState::Refunded { at: 9, reason });
		let settled = order(FEE, OrderState::Settled { at: 9 });
		assert_eq!(scored(&[]), 0.5);
		assert_eq!(scored(&[settled.clone(), settled.clone()]), 0.75);
		assert_eq!(scored(&[settled.clone(), refunded(RefundReason::Withheld)]), 0.5);
		assert_eq!(
			scored(&[refunded(RefundReason::NotDelivered), refunded(RefundReason::Awarded)]),
			0.25
		);
		assert_eq!(scored(&[order(2 * FEE, OrderState::Divided { at: 9 })]), 0.5);
		let dear = order(98 * FEE, OrderState::Settled { at: 9 });
		assert_eq!(scored(&[dear]), 0.99);
	}

	#[test]
	fn what_is_open_free_or_given_back_says_nothing() {
		let reason = RefundReason::Rejected;
		for nothing in [
			order(0, OrderState::Settled { at: 9 }),
			order(FEE, OrderState::AwaitingDelivery),
			order(FEE, OrderState::Delivered { settle_after: 9 }),
			order(FEE, OrderState::Refunded { at: 9, reason }),
		] {
			assert_eq!(scored(&[nothing]), 0.5);
		}
	}
}
