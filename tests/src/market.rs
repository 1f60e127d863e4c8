//! A market on one machine: a chain, a store, a key agent, and people.

use crate::{
	msec::{write_private, Msec},
	node::Node,
	process::built,
	sandbox::Sandbox,
	services::{Agent, Store},
	wait,
};
use msec_commitments::Hash;
use msec_worker_common::{
	chain::{ChainClient, Listing, Order, OrderState},
	keys::AccountKey,
	AccountId32,
};
use serde_json::Value;
use std::{path::Path, sync::Arc};

/// Who operates the store.
pub const STORE_OPERATOR: &str = "//Dave";
/// Whose account the key agent uses.
const AGENT: &str = "//Eve";

/// A market with a chain of its own.
pub struct Market {
	/// Everything on the disk.
	pub sandbox: Sandbox,
	/// The chain's only validator.
	pub node: Node,
	/// The store, registered.
	pub store: Store,
	/// The key agent.
	pub agent: Agent,
	/// The chain, seen by the test itself.
	pub chain: ChainClient,
	/// Who sells: the development account Charlie.
	pub owner: Msec,
	/// Who buys: the development account Bob.
	pub buyer: Msec,
}

impl Market {
	/// Starts node, store and agent, and registers the store.
	pub async fn open() -> Self {
		let sandbox = Sandbox::default();
		let node = Node::development(&sandbox).await;
		let (logs, url) = (sandbox.logs(), node.url());
		let mut store = store_with_key(&sandbox, "store", STORE_OPERATOR, &url, Vec::new);
		let mut agent = Agent::start(&logs, &sandbox.folder("agent"), AGENT, &url);
		let operator = Msec::new(&sandbox, "operator", STORE_OPERATOR, &url);
		let register = ["store", "register", &store.endpoint()];
		tokio::join!(
			operator.text(&register),
			store.service.wait_until_ready(),
			agent.service.wait_until_ready(),
		);
		let chain = ChainClient::connect(&url).await.expect("the node answers");
		let owner = Msec::new(&sandbox, "owner", "//Charlie", &url);
		let buyer = Msec::new(&sandbox, "buyer", "//Bob", &url);
		Self { sandbox, node, store, agent, chain, owner, buyer }
	}

	/// A person with a development account.
	pub fn person(&self, name: &str, uri: &str) -> Msec {
		Msec::new(&self.sandbox, name, uri, &self.node.url())
	}

	/// Starts another store, which has the key of the development account `uri` and keeps everything in
	/// the folder `name`. Nobody registers it.
	pub async fn start_store(&self, name: &str, uri: &str) -> Store {
		self.start_store_with(name, uri, Vec::new).await
	}

	/// As [`Self::start_store`], with what `options` says at each start.
	pub async fn start_store_with(
		&self,
		name: &str,
		uri: &str,
		options: impl Fn() -> Vec<String> + Send + 'static,
	) -> Store {
		let mut store = store_with_key(&self.sandbox, name, uri, &self.node.url(), options);
		store.service.wait_until_ready().await;
		store
	}

	/// Arguments of `msec dataset create` for a data set in this store, served by this agent.
	pub fn dataset_arguments<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
		[&self.dataset_arguments_without_agent(name)[..], &self.agent_arguments()].concat()
	}

	/// Arguments of `msec dataset create` for a data set in this store, whose owner delivers alone.
	pub fn dataset_arguments_without_agent<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
		vec!["dataset", "create", name, "--store", &self.store.account]
	}

	fn agent_arguments(&self) -> [&str; 4] {
		["--key-agent", &self.agent.account, "--key-agent-key", &self.agent.encryption_key]
	}

	/// Makes a data set; gives its identifier.
	pub async fn create_dataset(&self, name: &str) -> String {
		member(&self.owner.json(&self.dataset_arguments(name)).await, "dataset")
	}

	/// Makes a data set and publishes a file in it; gives its identifier.
	pub async fn publish(&self, name: &str, file: &Path) -> String {
		let dataset = self.create_dataset(name).await;
		self.owner.text(&["publish", name, &file.to_string_lossy()]).await;
		dataset
	}

	/// Puts a data set on offer with `more` arguments; gives the listing.
	pub async fn list(&self, dataset: &str, more: &[&str]) -> String {
		let arguments = [&listing_arguments(dataset), more].concat();
		member(&self.owner.json(&arguments).await, "listing")
	}

	/// Height of the last finalized block.
	pub async fn height(&self) -> u64 {
		self.chain.finalized().await.expect("the node answers").number()
	}

	/// An order as it is in the last finalized block.
	pub async fn order(&self, id: &str) -> Order {
		let block = self.chain.finalized().await.expect("the node answers");
		let order = block.order(&hash(id)).await.expect("the node answers");
		order.unwrap_or_else(|| panic!("there is no order {id}"))
	}

	/// A listing as it is in the last finalized block.
	pub async fn listing(&self, id: &str) -> Listing {
		let block = self.chain.finalized().await.expect("the node answers");
		let listing = block.listing(&hash(id)).await.expect("the node answers");
		listing.unwrap_or_else(|| panic!("there is no listing {id}"))
	}

	/// The delivered envelope of an order.
	pub async fn envelope(&self, order: &str) -> Option<Vec<u8>> {
		let block = self.chain.finalized().await.expect("the node answers");
		block.envelope(&hash(order)).await.expect("the node answers")
	}

	/// Waits until all stores of an erased data set have certified that; gives what `msec` says of them.
	pub async fn wait_for_certificates(&self, dataset: &str) -> Value {
		let output = wait::until("the erasure is certified", wait::A_FEW_BLOCKS, async || {
			let outcome = self.owner.attempt(&["dataset", "erasure", dataset]).await;
			outcome.status.success().then_some(outcome.output)
		})
		.await;
		serde_json::from_str(&output).expect("it is JSON")
	}

	/// Waits until the envelope of an order is in a finalized block.
	pub async fn wait_for_delivery(&self, order: &str) -> Vec<u8> {
		wait::until("the order is delivered", wait::A_FEW_BLOCKS, async || {
			self.envelope(order).await
		})
		.await
	}

	/// Waits until an order has come to a state.
	pub async fn wait_for_state(
		&self,
		order: &str,
		what: &str,
		is_there: impl Fn(&OrderState) -> bool,
	) {
		wait::until(what, wait::A_FEW_BLOCKS, async || {
			is_there(&self.order(order).await.state).then_some(())
		})
		.await;
	}
}

/// Starts a store that has its account's key.
fn store_with_key(
	sandbox: &Sandbox,
	name: &str,
	uri: &str,
	node: &str,
	options: impl Fn() -> Vec<String> + Send + 'static,
) -> Store {
	let key = sandbox.path().join(format!("{name}.key"));
	write_private(&key, uri);
	let program = move || {
		let mut command = built("msec-companion-db");
		command.args(options()).arg(format!("--account-key={}", key.display()));
		command
	};
	let account = address(uri).to_string();
	Store::start_by(&sandbox.logs(), name, &sandbox.folder(name), &account, node, program)
}

/// Arguments of `msec listing create` without price and periods.
pub fn listing_arguments(dataset: &str) -> [&str; 13] {
	[
		"listing",
		"create",
		dataset,
		"--kind",
		"air-temperature",
		"--unit",
		"[degF]",
		"--interval",
		"1h",
		"--place",
		"dr5x1",
		"--licence",
		"CC0-1.0",
	]
}

/// The account with that secret URI.
pub fn address(uri: &str) -> AccountId32 {
	key(uri).account_id()
}

/// The key with that secret URI.
pub fn key(uri: &str) -> Arc<AccountKey> {
	Arc::new(AccountKey::from_uri(uri).expect("the URI is one of ours"))
}

/// A text that a JSON answer must have.
pub fn member(answer: &Value, name: &str) -> String {
	answer[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {answer}")).to_owned()
}

/// 32 bytes from hexadecimal digits after `0x`.
pub fn hash(text: &str) -> Hash {
	let mut hash = [0; 32];
	hex::decode_to_slice(text.trim_start_matches("0x"), &mut hash)
		.unwrap_or_else(|error| panic!("{text:?}: {error}"));
	hash
}
