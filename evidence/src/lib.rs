//! Evidence of TPMs (RFC 9334), for the chain and its clients alike.
//!
//! A device proves its state with a [`Quote`]: its TPM signs the values of Platform Configuration
//! Registers, its clock, and [`qualifying_data`] that binds the quote to a chain, a block and the device.
//! The signature is that of an [`AttestationKey`], which never leaves the TPM and signs nothing but what
//! the TPM itself made. The structures are those of the TPM 2.0 Library, revision 01.38, of which "Part 1"
//! and "Part 2" are quoted.
//!
//! Nothing here allocates, and no function panics on any input.

#![cfg_attr(not(feature = "std"), no_std)]
#![forbid(unsafe_code)]

pub mod attestation_key;
pub mod pcr;
pub mod quote;
#[cfg(feature = "software-tpm")]
pub mod software_tpm;

mod binding;
mod constants;
mod hash;
mod reader;

pub use attestation_key::{AttestationKey, KeyError, Name, SignatureError, NAME_LENGTH};
pub use binding::{device_id, qualifying_data};
pub use pcr::{pcr_digest, PcrSelection, PCR_COUNT};
pub use quote::{ParseError, Quote};
