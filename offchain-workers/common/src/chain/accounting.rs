//! What stores account for on the chain: days of their access logs, and what they erased.

use super::{
	runtime,
	runtime::records::events,
	runtime::runtime_types::{
		pallet_access_control::types as access, pallet_records::types as records,
	},
	BlockClient, ChainError,
};
use crate::{AccountId32, H256};
use msec_commitments::Hash;
use serde::{Deserialize, Serialize};

/// How many days of each store's access log the chain keeps.
pub const MAX_ACCESS_LOG_ANCHORS: usize = 400;

/// A day of a store's access log, as the chain has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessLogAnchor {
	/// The day, counted from 1970-01-01 in UTC.
	pub day: u32,
	/// What the day's lines are committed to by.
	pub root: H256,
	/// How many lines it has.
	pub entries: u32,
}

/// What a store has certified of an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnchoredCertificate {
	/// Hash of the certificate.
	pub hash: H256,
	/// The block in which it was anchored.
	pub at: u32,
}

/// An erasure, and which stores have certified it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
	/// The block in which the data set was erased.
	pub erased_at: u32,
	/// The stores that the data set named then, with what they certified.
	pub stores: Vec<(AccountId32, Option<AnchoredCertificate>)>,
}

/// What happened to data sets in a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatasetEvents {
	/// Those that were erased.
	pub erased: Vec<Hash>,
	/// Those whose retention or stores were changed.
	pub changed: Vec<Hash>,
}

impl From<access::AccessLogAnchor> for AccessLogAnchor {
	fn from(anchor: access::AccessLogAnchor) -> Self {
		Self { day: anchor.day, root: anchor.root, entries: anchor.entries }
	}
}

impl From<records::ErasureDetails> for Erasure {
	fn from(details: records::ErasureDetails) -> Self {
		let stores = details.stores.0.into_iter().map(|duty| {
			let certificate = duty.certificate.map(|certificate| AnchoredCertificate {
				hash: certificate.hash,
				at: certificate.at,
			});
			(duty.store, certificate)
		});
		Self { erased_at: details.erased_at, stores: stores.collect() }
	}
}

impl BlockClient {
	/// The last days that `store` anchored of its access log, in ascending order.
	pub async fn access_log_anchors(
		&self,
		store: &AccountId32,
	) -> Result<Vec<AccessLogAnchor>, ChainError> {
		let view = runtime::view_functions().access_control();
		let anchors = self.ask(view.access_log_anchors(*store)).await?;
		Ok(anchors.0.into_iter().map(AccessLogAnchor::from).collect())
	}

	/// When a data set was erased, and which stores have certified it.
	pub async fn erasure(&self, dataset: &Hash) -> Result<Option<Erasure>, ChainError> {
		let view = runtime::view_functions().records();
		Ok(self.ask(view.erasure(H256(*dataset))).await?.map(Erasure::from))
	}

	/// What happened to data sets in this block.
	pub async fn dataset_events(&self) -> Result<DatasetEvents, ChainError> {
		let all = self.events().await?;
		let mut found = DatasetEvents::default();
		for event in all.find::<events::Erased>() {
			found.erased.push(event?.dataset.0);
		}
		for event in all.find::<events::RetentionSet>() {
			found.changed.push(event?.dataset.0);
		}
		for event in all.find::<events::StoresChanged>() {
			found.changed.push(event?.dataset.0);
		}
		Ok(found)
	}

	/// The last block in which a data set is kept, where there is one.
	pub async fn retention(&self, dataset: &Hash) -> Result<Option<u32>, ChainError> {
		self.ask(runtime::view_functions().records().retention(H256(*dataset))).await
	}
}
