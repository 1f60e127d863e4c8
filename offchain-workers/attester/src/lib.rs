//! The attester: how devices prove to the chain, by their TPM, that they are what they claim.
//!
//! Roles and terms are those of RFC 9334 (RATS). The [`agent`] runs on the device, the Attester: it has the
//! TPM quote the state and sends this Evidence to the chain, the Verifier. The [`registrar`] is an Endorser:
//! it finds out that a quoting key lives in a manufacturer's TPM. [`log`] replays what the state came from.

#![forbid(unsafe_code)]

pub mod agent;
pub mod certificate;
pub mod credential;
pub mod endorsement;
pub mod files;
pub mod log;
pub mod protocol;
pub mod registrar;
pub mod tpm;
