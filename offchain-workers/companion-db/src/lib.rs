//! The companion database: it keeps the ciphertext of data sets and hands it out to whom the chain
//! allows. It cannot read what it keeps.
//!
//! [`store`] is what is on disk, [`access`] what is asked of the chain, [`http`] the interface, and
//! [`sweep`] destroys what the chain says is erased.

#![forbid(unsafe_code)]

pub mod access;
pub mod http;
pub mod settings;
pub mod store;
pub mod sweep;
