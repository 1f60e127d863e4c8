//! A new version of the owner's key: the secrets of all data sets are sealed for it, and nothing of the
//! data is touched.

use crate::{rows::Row, say, site::Site};
use anyhow::{anyhow, ensure};
use futures::{stream, StreamExt, TryStreamExt};
use msec::ids;
use msec_commitments::{wrapping::wrap, KeyTree, WrappingKey};
use msec_end_to_end::market::member;
use msec_worker_common::{
	chain::{runtime, BoundedVec},
	keys::read_wrapping_key,
	transactions::Submitter,
	H256,
};
use std::time::Instant;

/// Data sets of the owner.
const DATASETS: u64 = 300;
/// Secrets that are on their way to the store.
const UPLOADS: usize = 4;
const MEGABYTE: f64 = 1e6;

pub async fn measure() -> anyhow::Result<Vec<Row>> {
	let site = Site::open(&[]).await?;
	say("Data sets");
	let datasets = create_datasets(&site).await?;
	let keys = site.owner.json(&["key", "list"]).await;
	let key = read_wrapping_key(&member(&keys[0], "public_key")).map_err(|error| anyhow!(error))?;
	let bytes = leave_secrets(&site, &datasets, &key).await?;
	// Otherwise the command also waits until the new key is published.
	site.owner.text(&["key", "use", "main"]).await;

	say("A new version of the key");
	let begun = Instant::now();
	let rotated = site.owner.json(&["key", "rotate", "main"]).await;
	let seconds = begun.elapsed().as_secs_f64();
	ensure!(rotated["secrets"]["sealed"] == DATASETS, "not all secrets were sealed: {rotated}");
	let row = Row::new("rotation of metadata", bytes as f64 / MEGABYTE / seconds, "MB/s");
	Ok(vec![row.with_note(format!(
		"`msec key rotate`: {:.0} data sets a second, each of whose secrets has {} bytes and opens \
		any amount of data",
		DATASETS as f64 / seconds,
		bytes / DATASETS,
	))])
}

/// Many data sets at once, which no command makes.
async fn create_datasets(site: &Site) -> anyhow::Result<Vec<H256>> {
	let outbox = site.sandbox.path().join("outbox.redb");
	let submitter = Submitter::open(&outbox, site.chain.clone(), site.owner_key())?;
	let mut submissions = Vec::new();
	for number in 0..DATASETS {
		let salt = H256(rand::random());
		let stores = BoundedVec(vec![site.operator()]);
		let call = runtime::transactions().records().create_dataset(salt, stores, None);
		let submission = submitter.submit(&format!("dataset/{number}"), &call).await?;
		submissions.push((ids::dataset(&site.owner_key().account_id(), &salt), submission));
	}
	let mut datasets = Vec::new();
	for (dataset, submission) in submissions {
		submission.finalized().await?;
		datasets.push(dataset);
	}
	Ok(datasets)
}

/// Leaves a secret of each data set at the store, sealed for the owner; how many bytes these have.
async fn leave_secrets(site: &Site, datasets: &[H256], key: &WrappingKey) -> anyhow::Result<u64> {
	let (client, owner) = (site.client()?, site.owner_key().account_id());
	let genesis = site.chain.genesis();
	let lengths: Vec<u64> = stream::iter(datasets)
		.map(|dataset| {
			let client = &client;
			async move {
				let tree = KeyTree::from_seed(rand::random());
				let sealed = wrap(&tree, key, &genesis, &dataset.0, rand::random())
					.map_err(|error| anyhow!("nothing can be sealed for the owner: {error:?}"))?;
				client.put_key(&dataset.0, &owner, &sealed).await?;
				anyhow::Ok(sealed.len() as u64)
			}
		})
		.buffer_unordered(UPLOADS)
		.try_collect()
		.await?;
	Ok(lengths.iter().sum())
}
