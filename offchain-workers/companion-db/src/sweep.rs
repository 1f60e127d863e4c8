//! Destroys what the chain says is erased.

use crate::{
	access::ChainAccess,
	duties::{blocking, datasets},
	erasures::Erasures,
};

/// Destroys the data sets that are erased in the finalized state; how many they were.
pub async fn sweep(erasures: &Erasures, chain: &dyn ChainAccess) -> anyhow::Result<usize> {
	let mut erased = 0;
	let mut candidates = datasets(erasures).await?;
	candidates.extend(blocking(erasures, Erasures::interrupted).await?);
	candidates.sort_unstable();
	candidates.dedup();
	for dataset in candidates {
		let found = chain.finalized_dataset(&dataset).await?;
		if found.is_some_and(|dataset| dataset.erased) {
			let block = chain.finalized_block().await?;
			blocking(erasures, move |erasures| erasures.destroy(&dataset, block)).await?;
			erased += 1;
		}
	}
	Ok(erased)
}
