//! The connection to a node.

use super::{
	block::ensure_fresh, compatibility, finality::Finality, BlockClient, ChainError, Config,
};
use crate::H256;
use msec_commitments::Hash;
use std::{future::Future, sync::Arc, time::Duration};
use subxt::{
	backend::LegacyBackend,
	config::RpcConfigFor,
	rpcs::{
		client::reconnecting_rpc_client::{ExponentialBackoff, RpcClient as Reconnecting},
		LegacyRpcMethods, RpcClient,
	},
	OnlineClient, PolkadotConfig,
};

/// Longest that one request to the node may take.
pub const DEADLINE: Duration = Duration::from_secs(20);
/// Age above which a best block is stale: four times the time between two blocks.
pub const MAX_HEAD_AGE: Duration = Duration::from_secs(12);
/// Longest pause between two attempts to reconnect.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// A connection to a node. Clones share it.
#[derive(Clone)]
pub struct ChainClient {
	online: OnlineClient<Config>,
	rpc: LegacyRpcMethods<RpcConfigFor<Config>>,
	/// What the node must stand by.
	finality: Option<Arc<Finality>>,
}

impl ChainClient {
	/// Connects to the node at `url` (`ws://…` or `wss://…`) and checks that its runtime is the one this
	/// program was made for.
	pub async fn connect(url: &str) -> Result<Self, ChainError> {
		let client = Self::connect_unchecked(url).await?;
		compatibility::check(&client.finalized().await?)?;
		Ok(client)
	}

	/// Connects without checking the runtime, for telling what is wrong with it.
	pub async fn connect_unchecked(url: &str) -> Result<Self, ChainError> {
		let unreachable = |reason: String| ChainError::Unreachable { url: url.to_owned(), reason };
		let backoff = ExponentialBackoff::from_millis(100).max_delay(MAX_PAUSE);
		let rpc = Reconnecting::builder()
			.request_timeout(DEADLINE)
			.connection_timeout(DEADLINE)
			.retry_policy(backoff)
			.build(url);
		let rpc = tokio::time::timeout(DEADLINE, rpc)
			.await
			.map_err(|_| unreachable(format!("nothing within {} seconds", DEADLINE.as_secs())))?
			.map_err(|error| unreachable(error.to_string()))?;
		let rpc = RpcClient::new(rpc);
		let backend = LegacyBackend::builder().build(rpc.clone());
		let config = PolkadotConfig::builder().use_historic_types(false).build();
		let online = within(OnlineClient::from_backend_with_config(config, backend.into())).await?;
		Ok(Self { online, rpc: LegacyRpcMethods::new(rpc), finality: None })
	}

	/// From now on the node must stand by what it calls final: [`Self::finalized`] fails
	/// with [`ChainError::OtherFork`] while it does not have the last such block. For those who act on what
	/// is final and cannot undo it.
	pub fn holding_to_finality(self) -> Self {
		Self { finality: Some(Arc::default()), ..self }
	}

	/// Hash of the chain's first block.
	pub fn genesis(&self) -> Hash {
		self.online.genesis_hash().0
	}

	/// Refuses a node that follows another chain.
	pub fn ensure_genesis(&self, expected: &Hash) -> Result<(), ChainError> {
		if self.genesis() == *expected {
			return Ok(());
		}
		let text = |hash: &Hash| format!("0x{}", hex::encode(hash));
		Err(ChainError::OtherChain { expected: text(expected), found: text(&self.genesis()) })
	}

	/// The last finalized block.
	pub async fn finalized(&self) -> Result<BlockClient, ChainError> {
		let block = within(self.online.at_current_block()).await.map(BlockClient::new)?;
		if let Some(finality) = &self.finality {
			let known = (block.number(), block.hash());
			finality.check(known, |number| self.hash_at(number)).await?;
		}
		Ok(block)
	}

	/// Hash of the block of this height on the best chain, if it has one.
	async fn hash_at(&self, number: u64) -> Result<Option<H256>, ChainError> {
		within(self.rpc.chain_get_block_hash(Some(number.into()))).await
	}

	/// The best block, which may still be abandoned for another.
	pub async fn best(&self) -> Result<BlockClient, ChainError> {
		let hash = within(self.rpc.chain_get_block_hash(None))
			.await?
			.ok_or(ChainError::InvalidAnswer("there is no best block"))?;
		self.at(hash).await
	}

	/// The block with this hash.
	pub async fn at(&self, hash: H256) -> Result<BlockClient, ChainError> {
		within(self.online.at_block(hash)).await.map(BlockClient::new)
	}

	/// The block of this height on the best chain.
	pub async fn at_number(&self, number: u64) -> Result<BlockClient, ChainError> {
		within(self.online.at_block(number)).await.map(BlockClient::new)
	}

	/// Hash and encoded transactions of the block of this height on the best chain. The node needs no
	/// state for it.
	pub async fn body(&self, number: u64) -> Result<(H256, Vec<Vec<u8>>), ChainError> {
		const MISSING: &str = "a block below the finalized one is missing";
		let hash = self.hash_at(number).await?.ok_or(ChainError::InvalidAnswer(MISSING))?;
		let details = within(self.rpc.chain_get_block(Some(hash)))
			.await?
			.ok_or(ChainError::InvalidAnswer(MISSING))?;
		Ok((hash, details.block.extrinsics.into_iter().map(|bytes| bytes.0).collect()))
	}

	/// The best block, unless it is older than `max_age` by the local clock.
	pub async fn fresh_best(&self, max_age: Duration) -> Result<BlockClient, ChainError> {
		let best = self.best().await?;
		ensure_fresh(best.age().await?, max_age)?;
		Ok(best)
	}

	/// Gives the node a transaction, signed or bare; its hash.
	pub async fn submit(&self, transaction: &[u8]) -> Result<H256, ChainError> {
		within(self.rpc.author_submit_extrinsic(transaction)).await
	}

	/// The client that this one is made of.
	pub fn online(&self) -> &OnlineClient<Config> {
		&self.online
	}

	/// The node's plain JSON-RPC methods.
	pub(crate) fn rpc(&self) -> &LegacyRpcMethods<RpcConfigFor<Config>> {
		&self.rpc
	}
}

/// Waits for an answer of the node, but not for ever.
pub(crate) async fn within<T, E: Into<subxt::Error>>(
	request: impl Future<Output = Result<T, E>>,
) -> Result<T, ChainError> {
	tokio::time::timeout(DEADLINE, request)
		.await
		.map_err(|_| ChainError::TimedOut)?
		.map_err(ChainError::from)
}
