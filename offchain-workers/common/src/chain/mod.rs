//! The chain as workers and the command see it, through one node's JSON-RPC.
//!
//! A [`ChainClient`] reconnects by itself, and no request takes longer than [`DEADLINE`]. Questions are
//! asked at one block: [`ChainClient::best`] or [`ChainClient::finalized`] yields a [`BlockClient`].

mod accounting;
pub mod attestation;
mod block;
mod bundles;
mod campaigns;
mod client;
mod compatibility;
mod decisions;
mod discovery;
mod finality;
pub mod grants;
pub mod protection;
mod types;

pub use accounting::{
	AccessLogAnchor, AnchoredCertificate, DatasetEvents, Erasure, MAX_ACCESS_LOG_ANCHORS,
};
pub use block::BlockClient;
pub use bundles::{Bundle, BundleMember, BundleOffer};
pub use campaigns::{Campaign, CampaignTerms, Contributor};
pub(crate) use client::within;
pub use client::{ChainClient, DEADLINE, MAX_HEAD_AGE};
pub use decisions::AccessDecisions;
pub use discovery::{PriceBand, SearchCursor, SearchPage, SearchScope};
pub use types::{
	Account, Answer, Challenge, ChallengeState, Complaint, ComplaintState, Dataset, Demand,
	DemandTerms, Discount, EncryptionKey, Licence, Listing, ListingTerms, Order, OrderState,
	PeriodPrice, Pricing, RangeCommitment, Rate, ReadingPrice, RefundReason, Request, RequestTerms,
	Right, Store, Subscription,
};

/// The configuration under which transactions are made.
pub type Config = subxt::PolkadotConfig;

/// The chain's interface, generated from `metadata/msec.scale`.
#[subxt::subxt(
	runtime_metadata_path = "metadata/msec.scale",
	derive_for_all_types = "Clone, PartialEq, Eq",
	substitute_type(
		path = "msec_commitments::range::BatchCommitment",
		with = "::subxt::utils::Static<::msec_commitments::BatchCommitment>"
	),
	substitute_type(
		path = "msec_commitments::proof::ChunkProof",
		with = "::subxt::utils::Static<::msec_commitments::ChunkProof>"
	),
	derive_for_type(
		path = "pallet_marketplace::types::ListingTerms",
		derive = "::codec::Encode",
		recursive
	),
	derive_for_type(path = "msec_primitives::access::Action", derive = "Copy, Hash"),
	derive_for_type(path = "msec_primitives::access::Basis", derive = "Copy", recursive),
	derive_for_type(path = "msec_primitives::access::Purpose", derive = "Copy, Hash"),
	derive_for_type(path = "msec_primitives::access::Refusal", derive = "Copy"),
	derive_for_type(path = "msec_primitives::access::Decision", derive = "Copy"),
	derive_for_type(path = "msec_primitives::protection::LegalBasis", derive = "Copy"),
	derive_for_type(path = "msec_primitives::protection::Region", derive = "Copy")
)]
pub mod runtime {}

/// A list of bounded length, as calls take it.
pub use runtime::runtime_types::bounded_collections::bounded_vec::BoundedVec;
/// A value of one of our own types, as calls take it.
pub use subxt::utils::Static;

/// What access decisions are made of.
pub use runtime::runtime_types::msec_primitives::access::{
	Action, Basis, Decision, Purpose, Refusal,
};

use crate::H256;
use std::time::Duration;

/// All purposes and their names in kebab case, in the order in which they are declared.
pub const PURPOSES: [(&str, Purpose); 6] = [
	("service-provision", Purpose::ServiceProvision),
	("research-and-development", Purpose::ResearchAndDevelopment),
	("public-benefit", Purpose::PublicBenefit),
	("commercial-purpose", Purpose::CommercialPurpose),
	("enforce-security", Purpose::EnforceSecurity),
	("fulfilment-of-obligation", Purpose::FulfilmentOfObligation),
];

/// The purpose of a name in kebab case, such as `public-benefit`.
pub fn parse_purpose(name: &str) -> Option<Purpose> {
	PURPOSES.into_iter().find_map(|(its_name, purpose)| (its_name == name).then_some(purpose))
}

/// Why the chain did not answer, or not to be relied on.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
	/// No node at this address.
	#[error("no node answers at {url}: {reason}; is it running?")]
	Unreachable {
		/// Where it was sought.
		url: String,
		/// What went wrong.
		reason: String,
	},
	/// The node took too long.
	#[error("the node did not answer within {} seconds", DEADLINE.as_secs())]
	TimedOut,
	/// The node's runtime is not the one this program was made for.
	#[error("this program does not fit the chain's runtime (version {spec_version}): {differences}; get the version that does")]
	Incompatible {
		/// The runtime's version.
		spec_version: u32,
		/// Which calls, storage items and functions differ.
		differences: String,
	},
	/// The node follows another chain.
	#[error("the node follows another chain: its genesis is {found}, not {expected}")]
	OtherChain {
		/// What it should be, as 0x-hex.
		expected: String,
		/// What it is, as 0x-hex.
		found: String,
	},
	/// The node no longer has a block that it called final.
	#[error(
		"the node does not have block {number} ({hash:?}) any more, which it called final: it follows \
		another fork, or has lost blocks"
	)]
	OtherFork {
		/// Height of the block.
		number: u64,
		/// Its hash.
		hash: H256,
	},
	/// The node's best block is old: it does not see the chain's present state.
	#[error("the node's best block is {} seconds old; it may be disconnected", .0.as_secs())]
	StaleHead(Duration),
	/// The node answered with an error.
	#[error("the node answered: {0}")]
	Node(Box<subxt::Error>),
	/// The node's answer makes no sense.
	#[error("the node's answer is not valid: {0}")]
	InvalidAnswer(&'static str),
}

impl ChainError {
	/// Whether the node says that it no longer keeps a block's state.
	pub fn is_pruned(&self) -> bool {
		matches!(self, Self::Node(error) if format!("{error:?}").contains("discarded"))
	}
}

impl<E: Into<subxt::Error>> From<E> for ChainError {
	fn from(error: E) -> Self {
		Self::Node(Box::new(error.into()))
	}
}
