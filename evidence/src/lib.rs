//! Evidence of TPMs (RFC 9334), for the chain and its clients alike.
//!
//! A device proves its state with a [`Quote`]: its TPM signs the values of Platform Configuration
//! Registers, its clock, and [`qualifying_data`] that binds the quote to a chain, a block and the device.
//! The signature is that of an [`AttestationKey`], which never leaves the TPM and signs nothing but what
//! the TPM itself made. It also [certifies](Certification) a [`BatchKey`], which works only while registers
//! have certain values. The structures are those of the TPM 2.0 Library, revision 01.38, of which "Part 1"
//! to "Part 3" are quoted.
//!
//! Nothing here allocates, and no function panics on any input.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

pub mod attestation_key;
pub mod batch_key;
pub mod certification;
pub mod pcr;
pub mod quote;
#[cfg(feature = "software-tpm")]
pub mod software_tpm;

mod attest;
mod binding;
mod constants;
mod hash;
mod public_area;
mod reader;
mod signature;

pub use attestation_key::{AttestationKey, KeyError};
pub use batch_key::{BatchKey, BatchKeyError};
pub use binding::{batches_digest, certification_data, device_id, qualifying_data};
pub use certification::{Certification, CertificationError};
pub use pcr::{pcr_digest, policy_pcr, PcrSelection, PCR_COUNT};
pub use public_area::{Name, NAME_LENGTH};
pub use quote::{ParseError, Quote};
pub use signature::SignatureError;
