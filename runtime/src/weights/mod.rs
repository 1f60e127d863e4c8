//! What calls, blocks, transactions and accesses to the database cost, measured by `scripts/weights.sh`.

pub mod block_weights;
pub mod extrinsic_weights;
pub mod frame_system;
pub mod frame_system_extensions;
pub mod pallet_balances;
pub mod pallet_collective;
pub mod pallet_membership;
pub mod pallet_sudo;
pub mod pallet_timestamp;
pub mod pallet_transaction_payment;
pub mod pallet_utility;
// What is written there about each figure documents a field of an expression.
#[allow(unused_doc_comments)]
pub mod paritydb_weights;

#[cfg(not(feature = "runtime-benchmarks"))]
pub mod own;
/// While weights are measured, each pallet's own estimates: the measured ones may be of other calls.
#[cfg(feature = "runtime-benchmarks")]
pub mod own {
	pub type AccessControl = ();
	pub type Attestation = ();
	pub type Campaigns = ();
	pub type Demands = ();
	pub type Licences = ();
	pub type Marketplace = ();
	pub type Records = ();
	pub type Token = ();
}
