//! Questions to the chain at one block.

use super::{
	client::within,
	runtime,
	types::{bounded, text},
	Account, Action, Answer, ChainError, Challenge, Complaint, Config, Dataset, Decision, Demand,
	EncryptionKey, Licence, Listing, Order, Purpose, Request, Store, Subscription,
};
use crate::{AccountId32, H256};
use codec::{Decode, Encode};
use msec_commitments::Hash;
use std::{
	collections::BTreeMap,
	time::{Duration, SystemTime, UNIX_EPOCH},
};
use subxt::{
	client::OnlineClientAtBlock,
	events::Events,
	ext::{frame_decode::view_functions::decode_view_function_response, scale_decode::IntoVisitor},
	storage::Address,
	view_functions::Payload,
};

/// How long ago a block was made, by the local clock.
pub(super) fn age(made: SystemTime) -> Duration {
	// A block from the future, by a clock that runs slow, is as fresh as can be.
	SystemTime::now().duration_since(made).unwrap_or_default()
}

/// Refuses a block of this age when it is older than `max_age`.
pub(super) fn ensure_fresh(age: Duration, max_age: Duration) -> Result<(), ChainError> {
	match age > max_age {
		true => Err(ChainError::StaleHead(age)),
		false => Ok(()),
	}
}

/// The chain's state after one block.
#[derive(Clone)]
pub struct BlockClient(OnlineClientAtBlock<Config>);

impl BlockClient {
	pub(super) fn new(inner: OnlineClientAtBlock<Config>) -> Self {
		Self(inner)
	}

	/// The block's height.
	pub fn number(&self) -> u64 {
		self.0.block_number()
	}

	/// The block's hash.
	pub fn hash(&self) -> H256 {
		self.0.block_hash()
	}

	/// For everything that has no method here.
	pub fn inner(&self) -> &OnlineClientAtBlock<Config> {
		&self.0
	}

	/// When the block was made, by its author's clock.
	pub async fn time(&self) -> Result<SystemTime, ChainError> {
		let now = self.0.storage().entry(runtime::storage().timestamp().now())?;
		let milliseconds = within(now.fetch(())).await?.decode()?;
		Ok(UNIX_EPOCH + Duration::from_millis(milliseconds))
	}

	/// How long ago the block was made, by the local clock.
	pub async fn age(&self) -> Result<Duration, ChainError> {
		Ok(age(self.time().await?))
	}

	/// Whether `subject` may do `action` with `dataset` in this state.
	pub async fn can_access(
		&self,
		subject: &AccountId32,
		dataset: &Hash,
		action: Action,
		purpose: Option<Purpose>,
	) -> Result<Decision, ChainError> {
		let question = runtime::runtime_apis().access_control_api().can_access(
			*subject,
			H256(*dataset),
			action,
			purpose,
		);
		within(self.0.runtime_apis().call(question)).await
	}

	/// A data set or its tombstone.
	pub async fn dataset(&self, id: &Hash) -> Result<Option<Dataset>, ChainError> {
		let entry = self.0.storage().entry(runtime::storage().records().datasets())?;
		let found = within(entry.try_fetch((H256(*id),))).await?;
		found.map(|value| Dataset::try_from(value.decode()?)).transpose()
	}

	/// The data sets of `owner` after `start_after`, at most 100, by ascending identifier.
	pub async fn datasets_by_owner(
		&self,
		owner: &AccountId32,
		start_after: Option<H256>,
		limit: u32,
	) -> Result<Vec<H256>, ChainError> {
		let view = runtime::view_functions().records();
		self.ask(view.datasets_by_owner(*owner, start_after, limit)).await
	}

	/// The store that `operator` registered.
	pub async fn store(&self, operator: &AccountId32) -> Result<Option<Store>, ChainError> {
		let found = self.ask(runtime::view_functions().records().store(*operator)).await?;
		Ok(found.map(Store::from))
	}

	/// The registered stores with their operators after `start_after`, at most 100.
	pub async fn stores(
		&self,
		start_after: Option<AccountId32>,
		limit: u32,
	) -> Result<Vec<(AccountId32, Store)>, ChainError> {
		let page = self.ask(runtime::view_functions().records().stores(start_after, limit)).await?;
		Ok(page.into_iter().map(|(operator, store)| (operator, store.into())).collect())
	}

	/// The encryption key that `account` published.
	pub async fn encryption_key(
		&self,
		account: &AccountId32,
	) -> Result<Option<EncryptionKey>, ChainError> {
		let found = self.ask(runtime::view_functions().records().encryption_key(*account)).await?;
		Ok(found.map(|details| EncryptionKey { key: details.key, version: details.version }))
	}

	/// A listing.
	pub async fn listing(&self, id: &Hash) -> Result<Option<Listing>, ChainError> {
		let found = self.ask(runtime::view_functions().marketplace().listing(H256(*id))).await?;
		Ok(found.map(Listing::from))
	}

	/// The listings of `owner` after `start_after`, at most 100, by ascending identifier.
	pub async fn listings_by_owner(
		&self,
		owner: &AccountId32,
		start_after: Option<H256>,
		limit: u32,
	) -> Result<Vec<(H256, Listing)>, ChainError> {
		let view = runtime::view_functions().marketplace();
		let page = self.ask(view.listings_by_owner(*owner, start_after, limit)).await?;
		Ok(convert(page))
	}

	/// An order.
	pub async fn order(&self, id: &Hash) -> Result<Option<Order>, ChainError> {
		let found = self.ask(runtime::view_functions().marketplace().order(H256(*id))).await?;
		Ok(found.map(Order::from))
	}

	/// What makes an order a subscription that goes on.
	pub async fn subscription(&self, order: &Hash) -> Result<Option<Subscription>, ChainError> {
		let view = runtime::view_functions().marketplace();
		let found = self.ask(view.subscription(H256(*order))).await?;
		Ok(found.map(Subscription::from))
	}

	/// The delivered envelope of an order.
	pub async fn envelope(&self, order: &Hash) -> Result<Option<Vec<u8>>, ChainError> {
		let found =
			self.ask(runtime::view_functions().marketplace().envelope(H256(*order))).await?;
		Ok(found.map(|envelope| envelope.0))
	}

	/// The orders in which `account` is payer, beneficiary or seller, after `start_after`, at most 100,
	/// by ascending identifier.
	pub async fn orders_of(
		&self,
		account: &AccountId32,
		start_after: Option<H256>,
		limit: u32,
	) -> Result<Vec<(H256, Order)>, ChainError> {
		let view = runtime::view_functions().marketplace();
		let page = self.ask(view.orders_of(*account, start_after, limit)).await?;
		Ok(convert(page))
	}

	/// The orders of all data sets whose key is to be delivered: data set and order.
	pub async fn awaiting_delivery(&self) -> Result<Vec<(H256, H256)>, ChainError> {
		self.orders_by_dataset(runtime::storage().marketplace().awaiting_delivery()).await
	}

	/// The keys of an index of orders by data set.
	async fn orders_by_dataset(
		&self,
		index: impl Address<KeyParts = (H256, H256)>,
	) -> Result<Vec<(H256, H256)>, ChainError> {
		let entry = self.0.storage().entry(index)?;
		let mut entries = within(entry.iter(())).await?;
		let mut found = Vec::new();
		while let Some(next) = tokio::time::timeout(super::DEADLINE, entries.next())
			.await
			.map_err(|_| ChainError::TimedOut)?
		{
			found.push(next?.key()?.decode()?);
		}
		Ok(found)
	}

	/// The challenges about an order, answered ones included.
	pub async fn challenges(&self, order: &Hash) -> Result<Vec<Challenge>, ChainError> {
		let found =
			self.ask(runtime::view_functions().marketplace().challenges(H256(*order))).await?;
		Ok(found.into_iter().map(Challenge::from).collect())
	}

	/// The orders of all data sets of which a chunk is to be posted: data set and order.
	pub async fn challenged(&self) -> Result<Vec<(H256, H256)>, ChainError> {
		self.orders_by_dataset(runtime::storage().marketplace().open_challenges()).await
	}

	/// The subscriptions to all data sets that go on: data set and order.
	pub async fn subscriptions(&self) -> Result<Vec<(H256, H256)>, ChainError> {
		self.orders_by_dataset(runtime::storage().marketplace().subscriptions()).await
	}

	/// The open complaint about an order.
	pub async fn complaint(&self, order: &Hash) -> Result<Option<Complaint>, ChainError> {
		let found =
			self.ask(runtime::view_functions().marketplace().complaint(H256(*order))).await?;
		Ok(found.map(Complaint::from))
	}

	/// A standing demand.
	pub async fn demand(&self, id: &Hash) -> Result<Option<Demand>, ChainError> {
		let found = self.ask(runtime::view_functions().demands().demand(H256(*id))).await?;
		Ok(found.map(Demand::from))
	}

	/// The demands for exactly `kind` and `area` from the best on, after the one with the highest price
	/// and the number `start_after`, at most 100.
	pub async fn demands_by_area(
		&self,
		kind: &str,
		area: &str,
		start_after: Option<(u128, u64)>,
		limit: u32,
	) -> Result<Vec<(H256, Demand)>, ChainError> {
		let view = runtime::view_functions().demands();
		let (kind, area) = (bounded(kind), bounded(area));
		let page = self.ask(view.demands_by_area(kind, area, start_after, limit)).await?;
		Ok(convert(page))
	}

	/// The demands of `account` after `start_after`, at most 100, by ascending identifier.
	pub async fn demands_of(
		&self,
		account: &AccountId32,
		start_after: Option<H256>,
		limit: u32,
	) -> Result<Vec<(H256, Demand)>, ChainError> {
		let view = runtime::view_functions().demands();
		Ok(convert(self.ask(view.demands_of(*account, start_after, limit)).await?))
	}

	/// The licences that terms can name, and those that are retired, by identifier.
	pub async fn licences(&self) -> Result<BTreeMap<String, Licence>, ChainError> {
		let found = self.ask(runtime::view_functions().licences().licences()).await?;
		Ok(found.into_iter().map(|(id, licence)| (text(id), licence.into())).collect())
	}

	/// A request that is open.
	pub async fn request(&self, id: &Hash) -> Result<Option<Request>, ChainError> {
		let found = self.ask(runtime::view_functions().demands().request(H256(*id))).await?;
		Ok(found.map(Request::from))
	}

	/// The open requests for exactly `kind` after `start_after`, at most 100, by ascending identifier.
	pub async fn requests_by_kind(
		&self,
		kind: &str,
		start_after: Option<H256>,
		limit: u32,
	) -> Result<Vec<(H256, Request)>, ChainError> {
		let view = runtime::view_functions().demands();
		Ok(convert(self.ask(view.requests_by_kind(bounded(kind), start_after, limit)).await?))
	}

	/// The open requests of `account` after `start_after`, at most 100, by ascending identifier.
	pub async fn requests_of(
		&self,
		account: &AccountId32,
		start_after: Option<H256>,
		limit: u32,
	) -> Result<Vec<(H256, Request)>, ChainError> {
		let view = runtime::view_functions().demands();
		Ok(convert(self.ask(view.requests_of(*account, start_after, limit)).await?))
	}

	/// The answers to a request with their contributors after `start_after`, at most 100.
	pub async fn answers(
		&self,
		request: &Hash,
		start_after: Option<AccountId32>,
		limit: u32,
	) -> Result<Vec<(AccountId32, Answer)>, ChainError> {
		let view = runtime::view_functions().demands();
		let page = self.ask(view.answers(H256(*request), start_after, limit)).await?;
		Ok(page.into_iter().map(|(account, answer)| (account, answer.into())).collect())
	}

	/// What happened in the block.
	pub async fn events(&self) -> Result<Events<Config>, ChainError> {
		within(self.0.events().fetch()).await
	}

	/// What `account` has.
	pub async fn account(&self, account: &AccountId32) -> Result<Account, ChainError> {
		let entry = self.0.storage().entry(runtime::storage().system().account())?;
		let info = within(entry.fetch((*account,))).await?.decode()?;
		Ok(Account { free: info.data.free, held: info.data.reserved, nonce: info.nonce })
	}

	/// Calls a view function.
	pub async fn ask<P: Payload>(&self, question: P) -> Result<P::ReturnType, ChainError> {
		let views = self.0.view_functions();
		views.validate(&question)?;
		// The runtime takes the arguments as bytes with their length and answers likewise; subxt writes
		// and reads them plain.
		let call = views.encode_args(&question)?;
		let (id, arguments) =
			call.split_at_checked(VIEW_ID_LENGTH).ok_or(ChainError::InvalidAnswer(VIEW_ANSWER))?;
		let call = [id, &arguments.encode()].concat();
		let answer = within(views.call_raw(Some(&call))).await?;
		let value = match answer.split_first() {
			Some((0, value)) => Vec::<u8>::decode(&mut &*value),
			_ => return Err(ChainError::InvalidAnswer(VIEW_ANSWER)),
		};
		let value = value.map_err(|_| ChainError::InvalidAnswer(VIEW_ANSWER))?;
		let metadata = self.0.metadata_ref();
		decode_view_function_response(
			question.pallet_name(),
			question.function_name(),
			&mut &*value,
			metadata,
			metadata.types(),
			P::ReturnType::into_visitor(),
		)
		.map_err(|_| ChainError::InvalidAnswer(VIEW_ANSWER))
	}
}

/// Length of a view function's identifier.
const VIEW_ID_LENGTH: usize = 32;
const VIEW_ANSWER: &str = "a view function does not answer as the metadata says";

pub(super) fn convert<Found, Item: From<Found>>(page: Vec<(H256, Found)>) -> Vec<(H256, Item)> {
	page.into_iter().map(|(id, found)| (id, found.into())).collect()
}
