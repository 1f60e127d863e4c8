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
use subxt::transactions::{TransactionInvalid, ValidationResult};

/// What `InvalidTransaction::Custom` says of a quote, from 1 on.
const REJECTIONS: [&str; 15] = [
	"no such device is registered",
	"the device showed a quote a short time ago",
	"there is no money for another quote",
	"it is bound to a future block",
	"it is bound to a block too long ago",
	"it is not younger than the last one",
	"it is malformed",
	"it was not made by a TPM",
	"it is an attestation of something else",
	"it is of other banks than that of SHA-256",
	"it is bound to another device, block or chain",
	"it is of other registers than the profile's",
	"another key signed it, or one that is not primary in the endorsement hierarchy",
	"the registers contained other values",
	"its signature does not fit",
];

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

/// What became of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submission {
	/// The node took it.
	Sent,
	/// The chain would not take it; why, in words.
	Refused(String),
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
			let best = self.0.best().await?;
			let (transaction, validity) = best.bare_transaction(&call).await?;
			if let ValidationResult::Invalid(reason) = validity {
				return Ok(Submission::Refused(words(&reason)));
			}
			self.0.submit(&transaction).await?;
			Ok(Submission::Sent)
		}
		.boxed()
	}
}

fn words(reason: &TransactionInvalid) -> String {
	match reason {
		TransactionInvalid::Custom(code) => {
			let known = usize::from(*code).checked_sub(1).and_then(|index| REJECTIONS.get(index));
			known.map_or_else(|| format!("code {code}"), |words| (*words).to_owned())
		},
		other => format!("{other:?}"),
	}
}
