//! A chain of one validator, a store with its default limits unless said otherwise, and an owner of data
//! sets.

use anyhow::Context;
use msec_commitments::Hash;
use msec_end_to_end::{
	market::{address, hash, key, member},
	msec::{write_private, Msec},
	node::Node,
	process::built,
	sandbox::Sandbox,
	services::Store,
};
use msec_worker_common::{
	chain::ChainClient, keys::AccountKey, store_client::StoreClient, AccountId32,
};
use std::{fs, sync::Arc};

/// Who operates the store.
const OPERATOR: &str = "//Dave";
/// Who owns everything in it.
const OWNER: &str = "//Charlie";

/// Everything that runs.
pub struct Site {
	// Fields are dropped in this order: the programs before their folder.
	/// The store, registered.
	pub store: Store,
	/// The chain, seen by the benchmark itself.
	pub chain: ChainClient,
	/// The owner, with a published encryption key.
	pub owner: Msec,
	_node: Node,
	/// Everything on the disk.
	pub sandbox: Sandbox,
}

impl Site {
	/// Starts node and store, the latter with more `options`, and publishes the owner's key `main`.
	pub async fn open(options: &[&'static str]) -> anyhow::Result<Self> {
		let sandbox = Sandbox::default();
		let node = Node::development(&sandbox).await;
		let (logs, url) = (sandbox.logs(), node.url());
		let key_file = sandbox.path().join("store.key");
		write_private(&key_file, OPERATOR);
		let options = options.to_vec();
		let program = move || {
			let mut command = built("msec-companion-db");
			command.arg(format!("--account-key={}", key_file.display())).args(&options);
			command
		};
		let (data, account) = (sandbox.folder("store"), address(OPERATOR).to_string());
		let mut store = Store::start_by(&logs, "store", &data, &account, &url, program);
		let operator = Msec::new(&sandbox, "operator", OPERATOR, &url);
		let register = ["store", "register", &store.endpoint()];
		tokio::join!(operator.text(&register), store.service.wait_until_ready());
		let chain = ChainClient::connect(&url).await?;
		let owner = Msec::new(&sandbox, "owner", OWNER, &url);
		owner.text(&["key", "create", "main"]).await;
		owner.text(&["key", "publish", "main"]).await;
		Ok(Self { store, chain, owner, _node: node, sandbox })
	}

	/// Makes a data set in the store.
	pub async fn create_dataset(&self, name: &str) -> Hash {
		let arguments = ["dataset", "create", name, "--store", &self.store.account];
		hash(&member(&self.owner.json(&arguments).await, "dataset"))
	}

	/// The owner's client of the store.
	pub fn client(&self) -> anyhow::Result<StoreClient> {
		let endpoint = self.store.endpoint();
		Ok(StoreClient::new(&endpoint, &self.operator(), self.owner_key())?)
	}

	/// Who operates the store.
	pub fn operator(&self) -> AccountId32 {
		address(OPERATOR)
	}

	/// The owner's key.
	pub fn owner_key(&self) -> Arc<AccountKey> {
		key(OWNER)
	}

	/// The most memory that the store ever had resident since it was started, in mebibytes.
	pub fn peak_memory(&mut self) -> anyhow::Result<f64> {
		let status = format!("/proc/{}/status", self.store.service.process().id());
		let text = fs::read_to_string(&status).context(status)?;
		let peak =
			|line: &str| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok();
		let kibibytes: Option<f64> = text.lines().find_map(peak);
		Ok(kibibytes.context("the kernel does not tell peaks of memory")? / 1024.0)
	}
}
