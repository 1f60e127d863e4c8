//! What the store tells the chain in its own name.

use anyhow::Context;
use futures::{future::BoxFuture, FutureExt};
use msec_commitments::Hash;
use msec_worker_common::{
	access_log::DayHead,
	chain::{runtime, AccessLogAnchor, Erasure},
	transactions::Submitter,
	H256,
};

/// The chain as the store's account sees it. What is told takes effect once, however often it is told.
pub trait Registry: Send + Sync + 'static {
	/// The days of this store's access log that are anchored, in ascending order.
	fn anchors(&self) -> BoxFuture<'_, anyhow::Result<Vec<AccessLogAnchor>>>;

	/// Anchors a day; returns when that is finalized.
	fn anchor<'a>(&'a self, head: &'a DayHead) -> BoxFuture<'a, anyhow::Result<()>>;

	/// Which stores have certified an erasure, in the finalized state.
	fn erasure<'a>(&'a self, dataset: &'a Hash) -> BoxFuture<'a, anyhow::Result<Option<Erasure>>>;

	/// Anchors a certificate of an erasure; returns when that is finalized.
	fn certify<'a>(
		&'a self,
		dataset: &'a Hash,
		certificate: Hash,
	) -> BoxFuture<'a, anyhow::Result<()>>;

	/// The last block in which a data set is kept, where there is one, in the finalized state.
	fn retention<'a>(&'a self, dataset: &'a Hash) -> BoxFuture<'a, anyhow::Result<Option<u32>>>;

	/// Erases a data set whose time is over; returns when that is finalized.
	fn expire<'a>(&'a self, dataset: &'a Hash) -> BoxFuture<'a, anyhow::Result<()>>;
}

/// The chain itself, through a node.
pub struct NodeRegistry(Submitter);

impl NodeRegistry {
	/// Sends the transactions by `submitter`, whose account is the store's.
	pub fn new(submitter: Submitter) -> Self {
		Self(submitter)
	}
}

impl Registry for NodeRegistry {
	fn anchors(&self) -> BoxFuture<'_, anyhow::Result<Vec<AccessLogAnchor>>> {
		async move {
			let store = self.0.key().account_id();
			Ok(self.0.chain().finalized().await?.access_log_anchors(&store).await?)
		}
		.boxed()
	}

	fn anchor<'a>(&'a self, head: &'a DayHead) -> BoxFuture<'a, anyhow::Result<()>> {
		async move {
			let call = runtime::transactions().access_control().anchor_access_log(
				head.day,
				H256(head.root()),
				head.entries,
			);
			self.0
				.execute(&format!("anchor {}", head.day), &call)
				.await
				.map(drop)
				.with_context(|| format!("anchoring day {}", head.day))
		}
		.boxed()
	}

	fn erasure<'a>(&'a self, dataset: &'a Hash) -> BoxFuture<'a, anyhow::Result<Option<Erasure>>> {
		async move { Ok(self.0.chain().finalized().await?.erasure(dataset).await?) }.boxed()
	}

	fn certify<'a>(
		&'a self,
		dataset: &'a Hash,
		certificate: Hash,
	) -> BoxFuture<'a, anyhow::Result<()>> {
		async move {
			let records = runtime::transactions().records();
			let call = records.certify_erasure(H256(*dataset), H256(certificate));
			let name = format!("certify 0x{}", hex::encode(dataset));
			self.0.execute(&name, &call).await.map(drop).context(name)
		}
		.boxed()
	}

	fn retention<'a>(&'a self, dataset: &'a Hash) -> BoxFuture<'a, anyhow::Result<Option<u32>>> {
		async move { Ok(self.0.chain().finalized().await?.retention(dataset).await?) }.boxed()
	}

	fn expire<'a>(&'a self, dataset: &'a Hash) -> BoxFuture<'a, anyhow::Result<()>> {
		async move {
			let call = runtime::transactions().records().expire(H256(*dataset));
			let name = format!("expire 0x{}", hex::encode(dataset));
			self.0.execute(&name, &call).await.map(drop).context(name)
		}
		.boxed()
	}
}
