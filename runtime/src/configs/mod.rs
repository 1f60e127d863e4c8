//! How each pallet is configured, one file for each group.

mod attestation;
mod consensus;
mod governance;
mod market;
mod money;
pub mod origins;
mod system;

pub use market::StorageDeposit;
pub use money::TreasuryAccount;
pub use system::RuntimeBlockWeights;
