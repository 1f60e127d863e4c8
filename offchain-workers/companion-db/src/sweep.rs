//! Destroys what the chain says is erased.

use crate::{
	access::ChainAccess,
	duties::{blocking, datasets_after},
	erasures::Erasures,
};
use msec_commitments::Hash;

/// Destroys the data sets that are erased in the finalized state; how many they were.
pub async fn sweep(erasures: &Erasures, chain: &dyn ChainAccess) -> anyhow::Result<usize> {
	let interrupted = blocking(erasures, Erasures::interrupted).await?;
	let mut erased = sweep_some(erasures, chain, &interrupted).await?;
	let mut after = None;
	loop {
		let page = datasets_after(erasures, after).await?;
		erased += sweep_some(erasures, chain, &page).await?;
		match page.last() {
			Some(last) => after = Some(*last),
			None => return Ok(erased),
		}
	}
}

async fn sweep_some(
	erasures: &Erasures,
	chain: &dyn ChainAccess,
	datasets: &[Hash],
) -> anyhow::Result<usize> {
	let mut erased = 0;
	for dataset in datasets.iter().copied() {
		let found = chain.finalized_dataset(&dataset).await?;
		if found.is_some_and(|dataset| dataset.erased) {
			let block = chain.finalized_block().await?;
			blocking(erasures, move |erasures| erasures.destroy(&dataset, block)).await?;
			erased += 1;
		}
	}
	Ok(erased)
}
