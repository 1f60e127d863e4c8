//! What the registrar asks the chain, and says to it.

use futures::{future::BoxFuture, FutureExt};
use msec_worker_common::{
	chain::{
		attestation::{self, LogVerdict},
		ChainError,
	},
	transactions::{Submitter, TransactionError},
	H256,
};

/// As what a device is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
	/// Public area of its attestation key, a TPMT_PUBLIC.
	pub attestation_key: Vec<u8>,
	/// With what its quotes are compared.
	pub profile: H256,
}

/// The chain, as far as registrars are concerned.
pub trait RegistrarChain: Send + Sync + 'static {
	/// As what a device is registered in the finalized state.
	fn registration(
		&self,
		device: [u8; 32],
	) -> BoxFuture<'_, Result<Option<Registration>, ChainError>>;

	/// Endorses a device with its profile, under a name that makes it one submission; the finalized
	/// block's height.
	fn endorse<'a>(
		&'a self,
		device: [u8; 32],
		profile: H256,
		name: &'a str,
	) -> BoxFuture<'a, Result<u64, TransactionError>>;

	/// Says what the logs of a device are worth for so many blocks, under a name that makes it one
	/// submission; the finalized block's height.
	fn state_log_verdict<'a>(
		&'a self,
		device: [u8; 32],
		verdict: LogVerdict,
		valid_for: u32,
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
	fn registration(
		&self,
		device: [u8; 32],
	) -> BoxFuture<'_, Result<Option<Registration>, ChainError>> {
		async move {
			let device = self.0.chain().finalized().await?.device(&device).await?;
			Ok(device.map(|device| Registration {
				attestation_key: device.attestation_key,
				profile: device.profile,
			}))
		}
		.boxed()
	}

	fn endorse<'a>(
		&'a self,
		device: [u8; 32],
		profile: H256,
		name: &'a str,
	) -> BoxFuture<'a, Result<u64, TransactionError>> {
		async move {
			let call = attestation::endorse(H256(device), profile);
			Ok(self.0.execute(name, &call).await?.block_number)
		}
		.boxed()
	}

	fn state_log_verdict<'a>(
		&'a self,
		device: [u8; 32],
		verdict: LogVerdict,
		valid_for: u32,
		name: &'a str,
	) -> BoxFuture<'a, Result<u64, TransactionError>> {
		async move {
			let call = attestation::state_log_verdict(H256(device), verdict, valid_for);
			Ok(self.0.execute(name, &call).await?.block_number)
		}
		.boxed()
	}
}
