//! The submitter: transactions that take effect once, whatever happens in between.
//!
//! [`Submitter::submit`] writes the call to an outbox on disk, then signs it for [`MORTALITY`] blocks,
//! writes the signed bytes down too, and only then sends them. A task reads every finalized block and
//! compares it with what is pending: what is found there is done, and its handle resolves. The same
//! bytes are sent again until then, also after a restart. A call is signed anew only when its bytes can
//! no longer be included in any block: after their last block is finalized, when another transaction
//! has used their nonce, or when the runtime has changed. The same idempotency key therefore never
//! takes effect twice.

mod outbox;
mod submitter;
mod worker;

pub use submitter::{FinalizedTransaction, Submission, Submitter};

use crate::chain::ChainError;

/// For how many blocks a signature holds.
pub const MORTALITY: u64 = 64;

/// Why a transaction did not take effect.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TransactionError {
	/// The outbox cannot be read or written.
	#[error("the outbox fails: {0}")]
	Outbox(String),
	/// The chain cannot be asked. What is in the outbox stays there and is sent later.
	#[error("{0}")]
	Chain(String),
	/// The call does not fit the chain's runtime.
	#[error("the call cannot be encoded: {0}")]
	Encoding(String),
	/// The idempotency key belongs to another call that is still pending.
	#[error("`{0}` names another call that is still pending")]
	KeyInUse(String),
	/// The node does not take the transaction, for instance because its fee cannot be paid. Nothing
	/// happened on chain.
	#[error("the node does not take the transaction: {0}")]
	Rejected(String),
	/// The call was executed and failed. Its fee was paid, nothing else happened.
	#[error("{name}: {docs}")]
	Failed {
		/// The error's name, such as `Marketplace::PriceTooHigh`.
		name: String,
		/// What the error means.
		docs: String,
	},
	/// The transaction was finalized so long ago that the node no longer knows how it ended.
	#[error("the transaction is in block {0}, but the node no longer has that block's events")]
	OutcomeUnknown(u64),
	/// The submitter was stopped. What is in the outbox is sent after the next start.
	#[error("the submitter was stopped")]
	Stopped,
}

impl From<ChainError> for TransactionError {
	fn from(error: ChainError) -> Self {
		Self::Chain(error.to_string())
	}
}
