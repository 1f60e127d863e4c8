//! What a node called final, which it cannot take back.

use super::ChainError;
use crate::H256;
use std::{
	future::Future,
	sync::{Mutex, PoisonError},
};

/// A block by height and hash.
type Block = (u64, H256);

/// Remembers the last block that the node called final.
#[derive(Debug, Default)]
pub(super) struct Finality(Mutex<Option<Block>>);

impl Finality {
	/// Lets a block pass that the node calls final, if the node still has the one that it called final
	/// before. `hash_at` asks the node for the block of a height.
	pub async fn check<Answer>(
		&self,
		block: Block,
		hash_at: impl FnOnce(u64) -> Answer,
	) -> Result<(), ChainError>
	where
		Answer: Future<Output = Result<Option<H256>, ChainError>>,
	{
		let known = self.known();
		if let Some((number, hash)) = known.filter(|known| *known != block) {
			if hash_at(number).await? != Some(hash) {
				return Err(ChainError::OtherFork { number, hash });
			}
		}
		self.remember(block);
		Ok(())
	}

	fn known(&self) -> Option<Block> {
		*self.0.lock().unwrap_or_else(PoisonError::into_inner)
	}

	/// Keeps the higher one: answers may overtake one another.
	fn remember(&self, block: Block) {
		let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		if known.is_none_or(|known| known.0 < block.0) {
			*known = Some(block);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::future::ready;

	fn block(number: u64, fork: u8) -> Block {
		(number, H256([fork; 32]))
	}

	/// Checks a block of a node that has `at` where the last one was.
	async fn check(finality: &Finality, block: Block, at: Option<u8>) -> Result<(), ChainError> {
		finality.check(block, |_| ready(Ok(at.map(|fork| H256([fork; 32]))))).await
	}

	#[tokio::test]
	async fn a_chain_that_grows_passes() {
		let finality = Finality::default();
		check(&finality, block(5, 1), None).await.unwrap();
		check(&finality, block(5, 1), None).await.unwrap();
		check(&finality, block(7, 2), Some(1)).await.unwrap();
		assert_eq!(finality.known(), Some(block(7, 2)));
	}

	#[tokio::test]
	async fn an_answer_that_was_overtaken_passes() {
		let finality = Finality::default();
		check(&finality, block(7, 2), None).await.unwrap();
		check(&finality, block(6, 1), Some(2)).await.unwrap();
		assert_eq!(finality.known(), Some(block(7, 2)));
	}

	#[tokio::test]
	async fn a_node_without_the_block_it_called_final_is_refused_until_it_has_it_again() {
		let finality = Finality::default();
		check(&finality, block(5, 1), None).await.unwrap();
		let forks = [(block(5, 9), Some(9)), (block(4, 9), None), (block(8, 9), Some(8))];
		for (block, at) in forks {
			let Err(ChainError::OtherFork { number, hash }) = check(&finality, block, at).await
			else {
				panic!("{block:?} passes");
			};
			assert_eq!((number, hash), (5, H256([1; 32])));
		}
		assert_eq!(finality.known(), Some(block(5, 1)));
		check(&finality, block(8, 3), Some(1)).await.unwrap();
	}

	#[tokio::test]
	async fn without_an_answer_nothing_passes() {
		let finality = Finality::default();
		check(&finality, block(5, 1), None).await.unwrap();
		let failed = finality.check(block(6, 1), |_| ready(Err(ChainError::TimedOut))).await;
		assert!(matches!(failed, Err(ChainError::TimedOut)));
		assert_eq!(finality.known(), Some(block(5, 1)));
	}
}
