//! Destroys what the chain says is erased.

use crate::{access::ChainAccess, store::Store};
use msec_commitments::Hash;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Time between two sweeps.
const PAUSE: Duration = Duration::from_secs(60);

/// Sweeps again and again until `stop`.
pub async fn run(store: Store, chain: Arc<dyn ChainAccess>, stop: CancellationToken) {
	loop {
		match sweep(&store, &*chain).await {
			Ok(0) => {},
			Ok(erased) => {
				tracing::info!(erased, "data sets destroyed that the chain says are erased")
			},
			Err(error) => tracing::warn!(%error, "the sweep is tried again later"),
		}
		tokio::select! {
			() = stop.cancelled() => return,
			() = tokio::time::sleep(PAUSE) => {},
		}
	}
}

/// Destroys the data sets that are erased in the finalized state; how many they were.
pub async fn sweep(store: &Store, chain: &dyn ChainAccess) -> anyhow::Result<usize> {
	let mut erased = 0;
	for dataset in blocking(store, Store::datasets).await? {
		if is_erased(chain, &dataset).await? {
			blocking(store, move |store| store.erase(&dataset)).await?;
			erased += 1;
		}
	}
	Ok(erased)
}

async fn is_erased(chain: &dyn ChainAccess, dataset: &Hash) -> anyhow::Result<bool> {
	Ok(chain.finalized_dataset(dataset).await?.is_some_and(|dataset| dataset.erased))
}

async fn blocking<T: Send + 'static>(
	store: &Store,
	job: impl FnOnce(&Store) -> Result<T, crate::store::StoreFault> + Send + 'static,
) -> anyhow::Result<T> {
	let store = store.clone();
	Ok(tokio::task::spawn_blocking(move || job(&store)).await??)
}
