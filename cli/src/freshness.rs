//! How fresh a data set is: when the newest of its batches was committed to.
//!
//! The chain keeps how many batches there are, not since when. Their number never falls, so that the
//! block in which it reached what it is now is found by halving, in the states that the node keeps.

use msec_worker_common::{
	chain::{BlockClient, ChainClient, ChainError},
	H256,
};
use std::time::SystemTime;

/// When the newest batch of a data set was committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
	/// The block in which it was, or the first one whose state the node keeps.
	pub block: u64,
	/// When this block was made.
	pub time: SystemTime,
	/// Whether the batch came in exactly this block, not in one before it.
	pub is_exact: bool,
}

/// The freshness of a data set; `None` when it has no batches or was erased.
///
/// # Errors
///
/// When the node does not answer.
pub async fn of_dataset(
	chain: &ChainClient,
	head: &BlockClient,
	dataset: &H256,
) -> Result<Option<Freshness>, ChainError> {
	let batches = batches_at(head, dataset).await?;
	if batches == 0 {
		return Ok(None);
	}
	let has_all = async |number| match chain.at_number(number).await {
		Ok(block) => Ok(Some(batches_at(&block, dataset).await? == batches)),
		Err(error) if error.is_pruned() => Ok(None),
		Err(error) => Err(error),
	};
	let (block, is_exact) = first_block(head.number(), has_all).await?;
	let time = chain.at_number(block).await?.time().await?;
	Ok(Some(Freshness { block, time, is_exact }))
}

async fn batches_at(block: &BlockClient, dataset: &H256) -> Result<u32, ChainError> {
	let details = block.dataset(&dataset.0).await?;
	Ok(details.filter(|details| !details.erased).map_or(0, |details| details.batches))
}

/// The first known block from which on something holds that holds at `head` and not at the beginning,
/// and whether it does not hold in the block before. What is `None` is not known, nor anything before.
///
/// Looks at fewer than twice as many blocks as the age has binary digits.
async fn first_block<E>(
	head: u64,
	mut holds: impl AsyncFnMut(u64) -> Result<Option<bool>, E>,
) -> Result<(u64, bool), E> {
	let (mut before, mut first, mut is_exact) = (0, head, true);
	// Leaps back that double until one is too long, then halves.
	let mut leap = Some(1);
	while before + 1 < first {
		let number = match leap {
			Some(blocks) if blocks < first - before => first - blocks,
			_ => before + (first - before) / 2,
		};
		match holds(number).await? {
			Some(true) => {
				first = number;
				leap = leap.map(|blocks| blocks * 2);
			},
			other => {
				before = number;
				is_exact = other.is_some();
				leap = None;
			},
		}
	}
	Ok((first, is_exact))
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::convert::Infallible;

	/// Looks for `first`, where states before `kept` are gone; gives the answer and how many were looked
	/// at.
	async fn found(head: u64, first: u64, kept: u64) -> ((u64, bool), u32) {
		let mut looks = 0;
		let holds = async |number: u64| {
			looks += 1;
			assert!(number > 0 && number < head, "{number} is known");
			Ok::<_, Infallible>((number >= kept).then_some(number >= first))
		};
		let Ok(answer) = first_block(head, holds).await;
		(answer, looks)
	}

	#[tokio::test]
	async fn the_first_block_is_found_wherever_it_is() {
		for head in 1..40 {
			for first in 1..=head {
				assert_eq!(found(head, first, 0).await.0, (first, true), "{first} of {head}");
			}
		}
	}

	#[tokio::test]
	async fn what_the_node_has_forgotten_is_said() {
		for kept in 1..=30 {
			for first in 1..=30 {
				let expected = match first > kept {
					true => (first, true),
					false => (kept, false),
				};
				let expected = if kept == 1 && first == 1 { (1, true) } else { expected };
				assert_eq!(found(30, first, kept).await.0, expected, "{first}, kept from {kept}");
			}
		}
	}

	#[tokio::test]
	async fn what_is_fresh_is_found_fast() {
		assert_eq!(found(10_000_000, 10_000_000, 0).await, ((10_000_000, true), 1));
		let (answer, looks) = found(10_000_000, 9_999_000, 0).await;
		assert_eq!(answer, (9_999_000, true));
		assert!(looks <= 20, "{looks}");
		let (answer, looks) = found(10_000_000, 1, 0).await;
		assert_eq!(answer, (1, true));
		assert!(looks <= 48, "{looks}");
	}
}
