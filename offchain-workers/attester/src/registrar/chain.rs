//! What the registrar asks the chain, and says to it.

use futures::{future::BoxFuture, FutureExt};
use msec_worker_common::{
	chain::{attestation, ChainError},
	transactions::{Submitter, TransactionError},
	H256,
};

/// The chain, as far as registrars are concerned.
pub trait RegistrarChain: Send + Sync + 'static {
	/// Public area of the attestation key with which a device is registered in the finalized state.
	fn attestation_key(
		&self,
		device: [u8; 32],
	) -> BoxFuture<'_, Result<Option<Vec<u8>>, ChainError>>;

	/// Endorses a device, under a name that makes it one submission; the finalized block's height.
	fn endorse<'a>(
		&'a self,
		device: [u8; 32],
		name: &'a str,
	) -> BoxFuture<'a, Result<u64, TransactionError>>;
}

/// The chain itself, through a node.
pub struct NodeChain(Submitter);

impl NodeChain {
	/// Endorses as the account of `submitter`.
	pub fn new(submitter: Submitter) -> Self {
		Self(submitter)
	}
}

impl RegistrarChain for NodeChain {
	fn attestation_key(
		&self,
		device: [u8; 32],
	) -> BoxFuture<'_, Result<Option<Vec<u8>>, ChainError>> {
		async move {
			let device = self.0.chain().finalized().await?.device(&device).await?;
			Ok(device.map(|device| device.attestation_key))
		}
		.boxed()
	}

	fn endorse<'a>(
		&'a self,
		device: [u8; 32],
		name: &'a str,
	) -> BoxFuture<'a, Result<u64, TransactionError>> {
		async move {
			let call = attestation::endorse(H256(device));
			Ok(self.0.execute(name, &call).await?.block_number)
		}
		.boxed()
	}
}
