//! What the agent asks the chain, and says to it.

use crate::tpm::Evidence;
use futures::{future::BoxFuture, FutureExt};
use msec_worker_common::{
	chain::{
		attestation::{submit_quote, Device, QuoteContext, Trust},
		ChainClient, ChainError,
	},
	H256,
};

pub use msec_worker_common::chain::attestation::Submission;

/// A finalized block, and what it knows of the device.
#[derive(Clone, Debug)]
pub struct View {
	/// Hash of the chain's first block.
	pub genesis: [u8; 32],
	/// The block's height.
	pub block_number: u64,
	/// The block's hash.
	pub block_hash: [u8; 32],
	/// The device, if it is registered and not retired.
	pub device: Option<Device>,
	/// Whether it is trusted.
	pub trust: Trust,
	/// What quotes must keep to.
	pub context: QuoteContext,
}

/// Evidence that is bound to a block.
#[derive(Clone, Debug)]
pub struct BoundEvidence {
	/// Whose it is.
	pub device: [u8; 32],
	/// The block's height.
	pub block_number: u32,
	/// What the TPM made.
	pub evidence: Evidence,
}

/// The chain, as far as devices are concerned.
pub trait AgentChain: Send + Sync + 'static {
	/// The last finalized block.
	fn view(&self, device: [u8; 32]) -> BoxFuture<'_, Result<View, ChainError>>;

	/// Sends evidence, if the chain would take it.
	fn submit(&self, evidence: BoundEvidence) -> BoxFuture<'_, Result<Submission, ChainError>>;
}

/// The chain itself, through a node.
pub struct NodeChain(ChainClient);

impl NodeChain {
	/// Asks through `chain`.
	pub fn new(chain: ChainClient) -> Self {
		Self(chain)
	}
}

impl AgentChain for NodeChain {
	fn view(&self, device: [u8; 32]) -> BoxFuture<'_, Result<View, ChainError>> {
		async move {
			let block = self.0.finalized().await?;
			Ok(View {
				genesis: self.0.genesis(),
				block_number: block.number(),
				block_hash: block.hash().0,
				device: block.device(&device).await?,
				trust: block.trust(&device).await?,
				context: block.quote_context().await?,
			})
		}
		.boxed()
	}

	fn submit(&self, bound: BoundEvidence) -> BoxFuture<'_, Result<Submission, ChainError>> {
		async move {
			let Evidence { attest, signature, pcr_values } = bound.evidence;
			let values = pcr_values.into_iter().map(H256).collect();
			let call =
				submit_quote(H256(bound.device), bound.block_number, attest, signature, values);
			self.0.send_quote(&call).await
		}
		.boxed()
	}
}
