//! What every M-Sec worker and the command line share: the chain client, the transaction submitter,
//! keys and their rotation, signed requests, provenance records, access logs, erasure certificates, the
//! store's client and wire format, configuration, health and shutdown.

#![forbid(unsafe_code)]

pub mod access_log;
pub mod batch_frame;
pub mod batch_signer;
pub mod chain;
pub mod configuration;
pub mod database;
pub mod erasure_certificate;
pub mod health;
pub mod keys;
pub mod provenance;
pub mod rotation;
pub mod shutdown;
pub mod signature;
pub mod store_client;
pub mod telemetry;
pub mod transactions;

/// An account of the chain, displayed and parsed as SS58.
pub use subxt::utils::AccountId32;
/// A 32-byte identifier as the chain's interface has it.
pub use subxt::utils::H256;
