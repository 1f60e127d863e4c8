//! The M-Sec runtime: the pallets, wired together.
//!
//! `configs` has one file for each group of pallets, and `configs/origins.rs` says who may decide what.
//! The runtime's answers to the node and to clients are in `apis`, its first states in
//! `genesis_presets`.

#![cfg_attr(not(feature = "std"), no_std)]
// The runtime's types nest deeply.
#![recursion_limit = "512"]

extern crate alloc;

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

pub mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
pub mod configs;
pub mod genesis_presets;
mod weights;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{
	generic, impl_opaque_keys,
	traits::{BlakeTwo256, IdentifyAccount, Verify},
	MultiAddress, MultiSignature,
};
use sp_version::RuntimeVersion;

pub use msec_primitives::units::{
	Balance, BlockNumber, DAYS, HOURS, MICRO_MSEC, MILLISECONDS_PER_BLOCK, MILLI_MSEC, MINUTES,
	MSEC,
};

/// A signature of a transaction: sr25519, ed25519 or ecdsa.
pub type Signature = MultiSignature;
/// The hash of a signer's public key.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// How transactions name accounts.
pub type Address = MultiAddress<AccountId, ()>;
/// How many transactions an account has signed.
pub type Nonce = u32;
/// A BLAKE2b-256 hash.
pub type Hash = sp_core::H256;
/// A block's header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;

/// Blocks as the node sees them: it passes transactions on without looking into them, and its JSON-RPC
/// shows them in hexadecimal digits.
pub mod opaque {
	use super::*;

	/// A block of opaque transactions.
	pub type Block = generic::Block<Header, sp_runtime::OpaqueExtrinsic>;
}

/// What every signed transaction carries besides its call.
pub type TxExtension = (
	frame_system::CheckNonZeroSender<Runtime>,
	frame_system::CheckSpecVersion<Runtime>,
	frame_system::CheckTxVersion<Runtime>,
	frame_system::CheckGenesis<Runtime>,
	frame_system::CheckEra<Runtime>,
	frame_system::CheckNonce<Runtime>,
	frame_system::CheckWeight<Runtime>,
	pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
	frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
	frame_system::WeightReclaim<Runtime>,
);
/// A transaction as it comes in.
pub type UncheckedExtrinsic =
	generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What a signature is over.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;

/// Dispatches to the pallets.
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

impl_opaque_keys! {
	/// The keys with which a validator seals and finalizes blocks.
	pub struct SessionKeys {
		/// Block production.
		pub aura: Aura,
		/// Finality.
		pub grandpa: Grandpa,
	}
}

/// The version of this runtime.
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: Cow::Borrowed("msec"),
	impl_name: Cow::Borrowed("msec"),
	authoring_version: 1,
	spec_version: 100,
	impl_version: 1,
	apis: apis::RUNTIME_API_VERSIONS,
	transaction_version: 1,
	system_version: 1,
};

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(2)]
	pub type Utility = pallet_utility;

	#[runtime::pallet_index(10)]
	pub type Authorship = pallet_authorship;
	#[runtime::pallet_index(11)]
	pub type Session = pallet_session;
	#[runtime::pallet_index(12)]
	pub type Aura = pallet_aura;
	#[runtime::pallet_index(13)]
	pub type Grandpa = pallet_grandpa;

	#[runtime::pallet_index(20)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(21)]
	pub type TransactionPayment = pallet_transaction_payment;
	#[runtime::pallet_index(22)]
	pub type Treasury = pallet_treasury;

	#[runtime::pallet_index(30)]
	pub type Council = pallet_collective<Instance1>;
	#[runtime::pallet_index(31)]
	pub type CouncilMembership = pallet_membership<Instance1>;
	#[runtime::pallet_index(32)]
	pub type Sudo = pallet_sudo;
	#[runtime::pallet_index(33)]
	pub type Arbiters = pallet_collective<Instance2>;
	#[runtime::pallet_index(34)]
	pub type ArbiterMembership = pallet_membership<Instance2>;

	#[runtime::pallet_index(40)]
	pub type Token = pallet_token;
	#[runtime::pallet_index(41)]
	pub type Records = pallet_records;
	#[runtime::pallet_index(42)]
	pub type AccessControl = pallet_access_control;
	#[runtime::pallet_index(43)]
	pub type Marketplace = pallet_marketplace;
	#[runtime::pallet_index(60)]
	pub type Demands = pallet_demands;
	#[runtime::pallet_index(61)]
	pub type Campaigns = pallet_campaigns;
	#[runtime::pallet_index(62)]
	pub type Licences = pallet_licences;
	#[runtime::pallet_index(63)]
	pub type Attestation = pallet_attestation;
}
