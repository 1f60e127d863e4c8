//! What the registrar asks the chain, and says to it.

use futures::{future::BoxFuture, FutureExt};
use msec_worker_common::{
	chain::{
		attestation::{self, Distrust, LogVerdict, Trust},
		ChainError,
	},
	transactions::{Submitter, TransactionError},
	AccountId32, H256,
};

/// As what a device is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
	/// Public area of its attestation key, a TPMT_PUBLIC.
	pub attestation_key: Vec<u8>,
	/// With what its quotes are compared.
	pub profile: H256,
	/// Whether a registrar that is still accredited endorses it.
	pub is_endorsed: bool,
	/// Whether that is this registrar.
	pub is_endorsed_here: bool,
	/// Height of the block of which all this is said.
	pub block: u64,
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

	/// Says what the logs of a device are worth until the block `valid_until`, under a name that makes it
	/// one submission; the finalized block's height.
	fn state_log_verdict<'a>(
		&'a self,
		device: [u8; 32],
		verdict: LogVerdict,
		valid_until: u32,
		name: &'a str,
	) -> BoxFuture<'a, Result<u64, TransactionError>>;
}

/// The chain itself, through a node.
pub struct NodeChain {
	submitter: Submitter,
	account: AccountId32,
}

impl NodeChain {
	/// Endorses as `account`, which is that of `submitter`.
	pub fn new(submitter: Submitter, account: AccountId32) -> Self {
		Self { submitter, account }
	}
}

impl RegistrarChain for NodeChain {
	fn registration(
		&self,
		device: [u8; 32],
	) -> BoxFuture<'_, Result<Option<Registration>, ChainError>> {
		async move {
			let block = self.submitter.chain().finalized().await?;
			let Some(found) = block.device(&device).await? else { return Ok(None) };
			let revoked = Trust::NotTrusted(Distrust::RegistrarRevoked);
			let endorsement = match block.trust(&device).await? == revoked {
				true => None,
				false => found.endorsement,
			};
			Ok(Some(Registration {
				attestation_key: found.attestation_key,
				profile: found.profile,
				is_endorsed: endorsement.is_some(),
				is_endorsed_here: endorsement.is_some_and(|given| given.registrar == self.account),
				block: block.number(),
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
			Ok(self.submitter.execute(name, &call).await?.block_number)
		}
		.boxed()
	}

	fn state_log_verdict<'a>(
		&'a self,
		device: [u8; 32],
		verdict: LogVerdict,
		valid_until: u32,
		name: &'a str,
	) -> BoxFuture<'a, Result<u64, TransactionError>> {
		async move {
			let call = attestation::state_log_verdict(H256(device), verdict, valid_until);
			Ok(self.submitter.execute(name, &call).await?.block_number)
		}
		.boxed()
	}
}
